//! Adding: the one asked for, in the role asked for, and nobody else.

use crate::call::Call;
use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{ANA, BEN, CLEO, LEGAL, MEMBER_GROUP, NOBODY, SALES};
use crate::context::Context;
use crate::failure::{Failure, check, check_eq, outcome, shown};
use crate::stage::Stage;
use workspace_members_core::{
    AddMember, Behaviour, Capability, Change, ErrorKind, IfPresent, PrincipalId, Resource, Role, WorkspaceId,
};

cases! {
    an_added_user_is_there_in_that_role [AddUser];
    an_added_group_is_there_in_that_role [AddGroup];
    an_addition_shows_in_get [AddUser, GetMember];
    additions_leave_everybody_else_alone [AddUser];
    a_user_can_be_in_two_workspaces_in_two_roles [AddUser];
    adding_a_member_again_is_refused_and_changes_nothing [AddUser];
    adding_a_group_again_is_refused_and_changes_nothing [AddGroup];
    adding_an_unknown_user_is_not_found [AddUser];
    adding_an_unknown_group_is_not_found [AddGroup];
    adding_to_an_unknown_workspace_is_not_found [AddUser];
    ensure_fails_if_present_when_told_so [AddUser, GetMember];
    ensure_keeps_the_role_when_told_so [AddUser, GetMember];
    ensure_sets_the_role_when_told_so [AddUser, GetMember, SetUserRole];
    ensure_refuses_a_change_of_role_that_is_not_to_be_had [AddUser, GetMember];
    ensure_adds_an_outsider_whatever_it_is_told [AddUser, GetMember];
    ensure_gives_a_custom_role_in_one_step_or_two [AddUser, GetMember, SetCustomRole];
    nobody_is_notified_unless_asked [AddUser];
    a_member_can_be_notified [NotifyMember];
    administrators_can_be_notified [NotifyAdmins];
}

async fn add_one(context: &Context, who: PrincipalId) -> Verdict {
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    let (role, _) = stage.two_roles();
    let member = stage.members().add(&AddMember::new(legal.clone(), who.clone(), role.clone())).await?;
    stage.expect_member(&member, (&legal, &who), &role)?;
    let mut people = stage.seed.members_of(&legal);
    people.insert(who, stage.native(&role));
    stage.expect_after(&legal, &people, "after an addition").await?;
    if context.behaves(Behaviour::MembershipIds) {
        let read =
            stage.read_members(&legal).await?.and_then(|mut known| known.remove(&member.key.principal));
        if let Some(read) = read {
            check_eq!(
                read.key.membership,
                member.key.membership,
                "the membership id as read and as answered"
            );
        }
    }
    Ok(RAN)
}

async fn an_added_user_is_there_in_that_role(context: &Context) -> Verdict {
    add_one(context, context.user(CLEO)).await
}

async fn an_added_group_is_there_in_that_role(context: &Context) -> Verdict {
    add_one(context, context.group(9)).await
}

async fn an_addition_shows_in_get(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    let (_, role) = stage.two_roles();
    let added =
        stage.members().add(&AddMember::new(legal.clone(), stage.user_id(CLEO), role.clone())).await?;
    let Some(got) = stage.members().get(&legal, &stage.user(CLEO)).await? else {
        return Err(Failure::new("added, and not got"));
    };
    stage.expect_member(&got, (&legal, &stage.user(CLEO)), &role)?;
    check_eq!(got.key.membership, added.key.membership, "the membership id");
    Ok(RAN)
}

/// Several additions in a row, to both workspaces.
async fn additions_leave_everybody_else_alone(context: &Context) -> Verdict {
    if let Some(apart) = context.one_workspace() {
        return Ok(apart);
    }
    let stage = context.usual().await?;
    let (first, second) = stage.two_roles();
    let (legal, sales) = (stage.workspace(LEGAL), stage.workspace(SALES));
    let (mut in_legal, mut in_sales) = (stage.seed.members_of(&legal), stage.seed.members_of(&sales));
    for (number, role) in [(CLEO, &first), (crate::cast::DAN, &second), (crate::cast::SEVEN, &first)] {
        stage.members().add(&AddMember::new(legal.clone(), stage.user_id(number), role.clone())).await?;
        in_legal.insert(stage.user(number), stage.native(role));
        stage.expect(&legal, &in_legal, "after an addition here").await?;
        stage.expect(&sales, &in_sales, "after an addition elsewhere").await?;
    }
    stage.members().add(&AddMember::new(sales.clone(), stage.user_id(CLEO), second.clone())).await?;
    in_sales.insert(stage.user(CLEO), stage.native(&second));
    stage.expect(&legal, &in_legal, "after an addition elsewhere").await?;
    stage.expect(&sales, &in_sales, "after an addition here").await?;
    Ok(RAN)
}

async fn a_user_can_be_in_two_workspaces_in_two_roles(context: &Context) -> Verdict {
    if let Some(apart) = context.one_workspace() {
        return Ok(apart);
    }
    let stage = context.usual().await?;
    let (first, second) = stage.two_roles();
    let (legal, sales) = (stage.workspace(LEGAL), stage.workspace(SALES));
    // In the first workspace since the beginning, in the first role.
    let member =
        stage.members().add(&AddMember::new(sales.clone(), stage.user_id(ANA), second.clone())).await?;
    stage.expect_member(&member, (&sales, &stage.user(ANA)), &second)?;
    let mut people = stage.seed.members_of(&sales);
    people.insert(stage.user(ANA), stage.native(&second));
    stage.expect_after(&sales, &people, "after adding somebody who is elsewhere too").await?;
    let here = stage.seed.members_of(&legal).get(&stage.user(ANA)).cloned();
    check_eq!(here, Some(stage.native(&first)), "the role elsewhere");
    Ok(RAN)
}

async fn add_again(context: &Context, who: PrincipalId) -> Verdict {
    if context.behaves(Behaviour::AddUpserts) {
        return Ok(Outcome::NotApplicable("adding a member changes their role".to_owned()));
    }
    let stage = context.usual().await?;
    let (first, second) = stage.two_roles();
    for role in [first, second, stage.writable().first().cloned().unwrap_or(Role::Viewer)] {
        let add = AddMember::new(stage.workspace(LEGAL), who.clone(), role.clone());
        let result = stage.members().add(&add).await;
        stage.expect_refusal(
            &format!("adding {who} again as {role}"),
            result,
            &[ErrorKind::AlreadyMember],
        )?;
        stage.expect_unchanged("after adding a member again").await?;
    }
    Ok(RAN)
}

async fn adding_a_member_again_is_refused_and_changes_nothing(context: &Context) -> Verdict {
    add_again(context, context.user(ANA)).await
}

async fn adding_a_group_again_is_refused_and_changes_nothing(context: &Context) -> Verdict {
    add_again(context, context.group(MEMBER_GROUP)).await
}

/// Also through [`ensure`](WorkspaceMembersExt::ensure), which finds out which of several things is missing.
async fn add_unknown(
    context: &Context,
    workspace: WorkspaceId,
    who: PrincipalId,
    missing: Resource,
) -> Verdict {
    let stage = context.usual().await?;
    let add = AddMember::new(workspace, who, stage.two_roles().0);
    // An adapter that reaches one workspace only refuses the others by itself.
    let kinds: &[ErrorKind] = match missing {
        Resource::Workspace => &[ErrorKind::NotFound, ErrorKind::Unsupported],
        _ => &[ErrorKind::NotFound],
    };
    let results = [
        ("add", stage.members().add(&add).await.map(drop)),
        ("ensure", stage.guarded().ensure(&add, IfPresent::SetRole).await.map(drop)),
    ];
    for (verb, result) in results {
        let Some(error) = stage.expect_error(&format!("{verb}, {missing} unknown"), result, kinds)? else {
            continue;
        };
        if error.kind() == ErrorKind::NotFound {
            check!(
                error.missing().contains(&missing),
                "{verb}: {missing} is not among {:?}",
                error.missing()
            );
        }
        stage.expect_unchanged("after adding what does not exist").await?;
    }
    Ok(RAN)
}

async fn adding_an_unknown_user_is_not_found(context: &Context) -> Verdict {
    add_unknown(context, context.workspace(LEGAL), context.user(NOBODY), Resource::User).await
}

async fn adding_an_unknown_group_is_not_found(context: &Context) -> Verdict {
    add_unknown(context, context.workspace(LEGAL), context.group(NOBODY), Resource::Group).await
}

async fn adding_to_an_unknown_workspace_is_not_found(context: &Context) -> Verdict {
    add_unknown(context, context.workspace(NOBODY), context.user(CLEO), Resource::Workspace).await
}

/// Ensures Ana, who is a member, and answers what it came to.
async fn ensure_ana(
    stage: &Stage,
    role: &Role,
    if_present: IfPresent,
) -> Result<Result<Change, ErrorKind>, Failure> {
    let add = AddMember::new(stage.workspace(LEGAL), stage.user_id(ANA), role.clone());
    match stage.guarded().ensure(&add, if_present).await {
        Ok(ensured) => {
            let key = &ensured.member.key;
            check!(stage.same(&key.principal, &stage.user(ANA)), "the answer is about {key}");
            Ok(Ok(ensured.change))
        }
        Err(error) => Ok(Err(error.kind())),
    }
}

async fn ensure_fails_if_present_when_told_so(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let (first, second) = stage.two_roles();
    for role in [first, second] {
        let came_to = ensure_ana(&stage, &role, IfPresent::Fail).await?;
        check_eq!(came_to, Err(ErrorKind::AlreadyMember), "ensuring a member as {role}");
        stage.expect_unchanged("after ensuring a member").await?;
    }
    Ok(RAN)
}

async fn ensure_keeps_the_role_when_told_so(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let (first, second) = stage.two_roles();
    for role in [first, second] {
        let came_to = ensure_ana(&stage, &role, IfPresent::Keep).await?;
        check_eq!(came_to, Ok(Change::Unchanged), "ensuring a member as {role}");
        stage.expect_unchanged("after ensuring a member").await?;
    }
    Ok(RAN)
}

async fn ensure_sets_the_role_when_told_so(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let (first, second) = stage.two_roles();
    check_eq!(
        ensure_ana(&stage, &first, IfPresent::SetRole).await?,
        Ok(Change::Unchanged),
        "ensuring the role they have"
    );
    stage.expect_unchanged("after ensuring the role they have").await?;
    let mut people = stage.seed.members_of(&stage.workspace(LEGAL));
    for role in [second, first] {
        check_eq!(
            ensure_ana(&stage, &role, IfPresent::SetRole).await?,
            Ok(Change::Applied),
            "ensuring another role"
        );
        people.insert(stage.user(ANA), stage.native(&role));
        stage.expect_after(&stage.workspace(LEGAL), &people, "after ensuring another role").await?;
    }
    Ok(RAN)
}

async fn ensure_refuses_a_change_of_role_that_is_not_to_be_had(context: &Context) -> Verdict {
    if context.has(Capability::SetUserRole) || context.behaves(Behaviour::AddUpserts) {
        return Ok(Outcome::NotApplicable("roles change in one step".to_owned()));
    }
    let stage = context.usual().await?;
    let (first, second) = stage.two_roles();
    check_eq!(
        ensure_ana(&stage, &first, IfPresent::SetRole).await?,
        Ok(Change::Unchanged),
        "ensuring the role they have"
    );
    let came_to = ensure_ana(&stage, &second, IfPresent::SetRole).await?;
    check_eq!(came_to, Err(ErrorKind::Unsupported), "ensuring another role without a way to give it");
    stage.expect_unchanged("after a change of role that is not to be had").await?;
    Ok(RAN)
}

async fn ensure_adds_an_outsider_whatever_it_is_told(context: &Context) -> Verdict {
    for if_present in [IfPresent::Fail, IfPresent::Keep, IfPresent::SetRole] {
        let stage = context.usual().await?;
        let (role, _) = stage.two_roles();
        let add = AddMember::new(stage.workspace(LEGAL), stage.user_id(CLEO), role.clone());
        let ensured = stage.guarded().ensure(&add, if_present).await?;
        check_eq!(ensured.change, Change::Applied, "ensuring an outsider, {if_present:?}");
        stage.expect_member(&ensured.member, (&add.workspace, &add.principal), &role)?;
        let mut people = stage.seed.members_of(&add.workspace);
        people.insert(add.principal.clone(), stage.native(&role));
        stage.expect_after(&add.workspace, &people, "after ensuring an outsider").await?;
    }
    Ok(RAN)
}

async fn ensure_gives_a_custom_role_in_one_step_or_two(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let Some(custom) = stage.custom_role() else {
        return Ok(Outcome::NotApplicable("the role table takes no custom roles".to_owned()));
    };
    let add = AddMember::new(stage.workspace(LEGAL), stage.user_id(CLEO), Role::Custom(custom.clone()));
    for expected in [Change::Applied, Change::Unchanged] {
        if expected == Change::Unchanged && stage.shows_placeholders(&custom).is_some() {
            // Nobody can tell from here that it is this custom role already, so giving it once more is no fault.
            continue;
        }
        let result = stage.guarded().ensure(&add, IfPresent::SetRole).await;
        let change = result.as_ref().ok().map(|ensured| ensured.change);
        check_eq!(change, Some(expected), "ensuring {custom}: {}", outcome(&result));
        let mut people = stage.seed.members_of(&add.workspace);
        people.insert(add.principal.clone(), custom.clone());
        stage.expect_after(&add.workspace, &people, "after ensuring a custom role").await?;
    }
    Ok(RAN)
}

/// Whoever is added without a word about mails gets none, whatever the provider does when it is not told.
async fn nobody_is_notified_unless_asked(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let Some(mails) = &stage.world.mails else {
        return Ok(Outcome::NotApplicable("the harness does not count mails".to_owned()));
    };
    for capability in
        [Capability::AddUser, Capability::AddGroup, Capability::SetUserRole, Capability::RemoveUser]
    {
        if stage.has(capability) {
            stage.call(capability).await?.send(&**stage.members()).await?;
        }
    }
    check_eq!(mails(), 0, "mails sent that nobody asked for");
    Ok(RAN)
}

/// The member is added, and where the harness can tell, mails were sent.
async fn notified(context: &Context, capability: Capability) -> Verdict {
    let stage = context.usual().await?;
    let call = stage.call(capability).await?;
    let Call::Add(add) = &call else { return Err(Failure::new("a notification goes with an addition")) };
    let result = stage.members().add(add).await;
    check!(
        result.is_ok(),
        "adding with a mail: {}",
        result.err().map_or_else(String::new, |error| shown(&error))
    );
    let people = call.applied(&stage, stage.seed.members_of(&add.workspace));
    stage.expect_after(&add.workspace, &people, "after adding with a mail").await?;
    if let Some(mails) = &stage.world.mails {
        check!(mails() > 0, "a mail was asked for, and none was sent");
    }
    if stage.behaves(Behaviour::AddUpserts) {
        return Ok(RAN);
    }
    let again =
        AddMember::new(add.workspace.clone(), stage.user_id(BEN), add.role.clone()).with_notify(add.notify);
    stage.expect_refusal(
        "adding again with a mail",
        stage.members().add(&again).await,
        &[ErrorKind::AlreadyMember],
    )?;
    Ok(RAN)
}

async fn a_member_can_be_notified(context: &Context) -> Verdict {
    notified(context, Capability::NotifyMember).await
}

async fn administrators_can_be_notified(context: &Context) -> Verdict {
    notified(context, Capability::NotifyAdmins).await
}
