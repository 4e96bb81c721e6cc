//! Adding: the one asked for, in the role asked for, and nobody else.

use super::prelude::*;

cases! {
    __adding_cases;
    an_added_user_is_there_in_that_role [AddUser] => |c| add_one(c, c.user(CLEO));
    an_added_group_is_there_in_that_role [AddGroup] => |c| add_one(c, c.group(OTHER_GROUP));
    an_addition_shows_in_get [AddUser, GetMember] in usual;
    additions_leave_everybody_else_alone [AddUser] in usual;
    a_user_can_be_in_two_workspaces_in_two_roles [AddUser] in usual;
    adding_a_member_again_is_refused_and_changes_nothing [AddUser] => |c| add_again(c, c.user(ANA));
    adding_a_group_again_is_refused_and_changes_nothing [AddGroup] => |c| add_again(c, c.group(MEMBER_GROUP));
    adding_an_unknown_user_is_not_found [AddUser]
        => |c| add_unknown(c, c.legal.clone(), c.user(NOBODY), Resource::User);
    adding_an_unknown_group_is_not_found [AddGroup]
        => |c| add_unknown(c, c.legal.clone(), c.group(NOBODY), Resource::Group);
    adding_to_an_unknown_workspace_is_not_found [AddUser]
        => |c| add_unknown(c, c.workspace(NOBODY), c.user(CLEO), Resource::Workspace);
    ensure_refuses_a_member_with_fail [AddUser, GetMember]
        => |c| ensure_leaves_a_member(c, IfPresent::Fail, Err(ErrorKind::AlreadyMember));
    ensure_keeps_the_role_with_keep [AddUser, GetMember]
        => |c| ensure_leaves_a_member(c, IfPresent::Keep, Ok(Change::Unchanged));
    ensure_sets_the_role_with_set_role [AddUser, GetMember, SetUserRole] in usual;
    ensure_refuses_a_change_of_role_that_is_not_supported [AddUser, GetMember] in usual;
    ensure_adds_an_outsider_with_any_of_them [AddUser, GetMember];
    ensure_gives_a_custom_role_in_one_step_or_two [AddUser, GetMember] in usual;
    nobody_is_notified_unless_asked [AddUser] in usual;
    a_member_can_be_notified [NotifyMember] => |c| notified(c, Capability::NotifyMember);
    administrators_can_be_notified [NotifyAdmins] => |c| notified(c, Capability::NotifyAdmins);
}

async fn add_one(context: &Context, who: PrincipalId) -> Checked {
    let stage = context.usual().await?;
    let member = stage.add(&who, &stage.first).await?;
    if context.behaves(Behaviour::MembershipIds)
        && let Some(read) = stage.listed_member(&who).await?
    {
        let (read, answered) = (read.key.membership, member.key.membership);
        check_eq!(read, answered, "the membership id as read and as answered");
    }
    Ok(())
}

async fn an_addition_shows_in_get(stage: Stage) -> Checked {
    let cleo = stage.user(CLEO);
    let added = stage.add(&cleo, &stage.second).await?;
    let Some(got) = stage.members().get(&stage.legal, &cleo).await? else {
        return Err(Stop::failed("added, and not got"));
    };
    stage.expect_answer(&got, (&stage.legal, &cleo), &stage.second)?;
    check_eq!(got.key.membership, added.key.membership, "the membership id");
    Ok(())
}

/// Several additions in a row, to both workspaces.
async fn additions_leave_everybody_else_alone(stage: Stage) -> Checked {
    stage.only_with_two_workspaces()?;
    for (workspace, number, role) in [
        (&stage.legal, CLEO, &stage.first),
        (&stage.legal, DAN, &stage.second),
        (&stage.legal, SEVEN, &stage.first),
        (&stage.sales, CLEO, &stage.second),
    ] {
        stage.add_to(workspace, &stage.user(number), role).await?;
        for read in [&stage.legal, &stage.sales] {
            stage.expect_members(read, "after an addition").await?;
        }
    }
    Ok(())
}

async fn a_user_can_be_in_two_workspaces_in_two_roles(stage: Stage) -> Checked {
    stage.only_with_two_workspaces()?;
    // In the first workspace since the beginning, in the first role.
    stage.add_to(&stage.sales, &stage.user(ANA), &stage.second).await?;
    Ok(())
}

async fn add_again(context: &Context, who: PrincipalId) -> Checked {
    only_if(!context.behaves(Behaviour::AddUpserts), "adding a member changes their role")?;
    let stage = context.usual().await?;
    let highest = stage.writable().first().cloned().unwrap_or(Role::Viewer);
    for role in [&stage.first, &stage.second, &highest] {
        let result = stage.members().add(&stage.adding(who.clone(), role)).await;
        let what = format!("adding {who} again as {role}");
        stage.expect_refusal(&what, result, &[ErrorKind::AlreadyMember])?;
        stage.expect_state("after adding a member again").await?;
    }
    Ok(())
}

/// Also through [`ensure`](WorkspaceMembersExt::ensure), which finds out which of several things is missing.
async fn add_unknown(
    context: &Context,
    workspace: WorkspaceId,
    who: PrincipalId,
    missing: Resource,
) -> Checked {
    let stage = context.usual().await?;
    let add = AddMember::new(workspace, who, stage.first.clone());
    let results = [
        ("add", stage.members().add(&add).await.map(drop)),
        ("ensure", stage.guarded().ensure(&add, IfPresent::SetRole).await.map(drop)),
    ];
    for (verb, result) in results {
        stage.expect_missing(&format!("{verb}, {missing} unknown"), result, missing)?;
    }
    stage.expect_state("after adding what does not exist").await
}

/// Ensures Ana, who is a member, and returns what became of it.
async fn ensure_ana(stage: &Stage, role: &Role, if_present: IfPresent) -> Checked<Result<Change, ErrorKind>> {
    let add = stage.adding(stage.user(ANA), role);
    match stage.guarded().ensure(&add, if_present).await {
        Ok(ensured) => {
            let key = &ensured.member.key;
            check!(stage.same(&key.principal, &add.principal), "the answer is about {key}");
            Ok(Ok(ensured.change))
        }
        Err(error) => Ok(Err(error.kind())),
    }
}

async fn ensure_leaves_a_member(
    context: &Context,
    if_present: IfPresent,
    expected: Result<Change, ErrorKind>,
) -> Checked {
    let stage = context.usual().await?;
    for role in [&stage.first, &stage.second] {
        check_eq!(ensure_ana(&stage, role, if_present).await?, expected, "ensuring a member as {role}");
        stage.expect_state("after ensuring a member").await?;
    }
    Ok(())
}

async fn ensure_sets_the_role_with_set_role(stage: Stage) -> Checked {
    let steps = [
        (&stage.first, Change::Unchanged),
        (&stage.second, Change::Applied),
        (&stage.first, Change::Applied),
    ];
    for (role, expected) in steps {
        let ensured = ensure_ana(&stage, role, IfPresent::SetRole).await?;
        check_eq!(ensured, Ok(expected), "ensuring a member as {role}");
        stage.expect_in(&stage.legal, &stage.user(ANA), stage.native(role));
        stage.expect_state("after ensuring a role").await?;
    }
    Ok(())
}

async fn ensure_refuses_a_change_of_role_that_is_not_supported(stage: Stage) -> Checked {
    let one_step = stage.has(Capability::SetUserRole) || stage.behaves(Behaviour::AddUpserts);
    only_if(!one_step, "roles change in one step")?;
    let same = ensure_ana(&stage, &stage.first, IfPresent::SetRole).await?;
    check_eq!(same, Ok(Change::Unchanged), "ensuring the role they have");
    let other = ensure_ana(&stage, &stage.second, IfPresent::SetRole).await?;
    check_eq!(other, Err(ErrorKind::Unsupported), "ensuring another role without a way to give it");
    stage.expect_state("after a change of role that is not supported").await
}

async fn ensure_adds_an_outsider_with_any_of_them(context: &Context) -> Checked {
    for if_present in [IfPresent::Fail, IfPresent::Keep, IfPresent::SetRole] {
        let stage = context.usual().await?;
        let add = stage.adding(stage.user(CLEO), &stage.first);
        let ensured = stage.guarded().ensure(&add, if_present).await?;
        check_eq!(ensured.change, Change::Applied, "ensuring an outsider, {if_present:?}");
        stage.now_member(&ensured.member, (&add.workspace, &add.principal), &add.role)?;
        stage.expect_state("after ensuring an outsider").await?;
    }
    Ok(())
}

async fn ensure_gives_a_custom_role_in_one_step_or_two(stage: Stage) -> Checked {
    let custom = stage.only_with_custom_roles()?;
    let add = stage.adding(stage.user(CLEO), &Role::Custom(custom.clone()));
    stage.expect_in(&stage.legal, &add.principal, custom.clone());
    for expected in [Change::Applied, Change::Unchanged] {
        if expected == Change::Unchanged && stage.shown_role(&custom) != custom {
            // Nobody can tell from here that it is this custom role already, so giving it once more is no fault.
            continue;
        }
        let result = stage.guarded().ensure(&add, IfPresent::SetRole).await;
        let change = result.as_ref().ok().map(|ensured| ensured.change);
        check_eq!(change, Some(expected), "ensuring {custom}: {}", outcome(&result));
        stage.expect_state("after ensuring a custom role").await?;
    }
    Ok(())
}

/// An addition that does not ask for mails sends none, whatever the provider does by itself.
async fn nobody_is_notified_unless_asked(stage: Stage) -> Checked {
    use Capability::{AddGroup, AddUser, RemoveUser, SetUserRole};
    stage.mails()?;
    for capability in [AddUser, AddGroup, SetUserRole, RemoveUser] {
        if stage.has(capability) {
            Call::of(&stage, capability).await?.send(stage.members()).await?;
        }
    }
    check_eq!(stage.mails()?, 0, "mails sent that nobody asked for");
    Ok(())
}

/// The member is added, and where the harness can tell, mails were sent.
async fn notified(context: &Context, capability: Capability) -> Checked {
    let stage = context.usual().await?;
    let call = Call::of(&stage, capability).await?;
    let Call::Add(add) = &call else { return Err(Stop::failed("a notification goes with an addition")) };
    let result = stage.members().add(add).await;
    check!(result.is_ok(), "adding with a mail: {}", outcome(&result));
    call.expect_applied(&stage, true, "after adding with a mail").await?;
    if let Some(mails) = &stage.world.mails {
        check!(mails() > 0, "a mail was asked for, and none was sent");
    }
    if stage.behaves(Behaviour::AddUpserts) {
        return Ok(());
    }
    let again = stage.adding(stage.user(BEN), &add.role).with_notify(add.notify);
    let result = stage.members().add(&again).await;
    stage.expect_refusal("adding again with a mail", result, &[ErrorKind::AlreadyMember])
}
