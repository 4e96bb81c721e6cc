//! What listings say: who is where, and what is not there.

use super::prelude::*;

cases! {
    __listing_cases;
    users_are_who_they_are [ListUsers] in usual;
    groups_are_what_they_are [ListGroups] in usual;
    one_workspace_lists_its_own_members [ListMembers] in usual;
    the_account_lists_every_workspace [ListAccountMembers] in usual;
    rosters_come_in_the_order_asked_for [Roster] in usual;
    a_fingerprint_tells_rosters_apart [Roster, AddUser] in usual;
    a_workspace_without_members_is_empty_or_refused [Roster];
    the_roster_of_an_unknown_workspace_is_not_found [Roster] in usual;
    listing_an_unknown_workspace_yields_nobody [ListMembers] in usual;
    a_member_is_got_and_an_outsider_is_not [GetMember] in usual;
}

async fn users_are_who_they_are(stage: Stage) -> Checked {
    let listed: Vec<_> = stage.members().users().try_collect().await?;
    let count = listed.len();
    let mut listed = stage.by_folded_id(listed.into_iter().map(|user| (user.id.clone().into(), user)));
    check_eq!(listed.len(), count, "users, each of them once");
    for user in &stage.seed.users {
        let id = &user.id;
        let pending = user.status == Status::Pending;
        let Some(shown) = listed.remove(&stage.folded(&id.clone().into())) else {
            // Who has not accepted may not count as a user of the account yet.
            check!(pending, "{id} is a user of the account, and is not listed");
            continue;
        };
        if stage.has(Capability::SeeAddresses) {
            check_eq!(shown.email, user.email, "the address of {id}");
        }
        let fine = if pending { shown.status != Status::Active } else { shown.status.may_be_active() };
        check!(fine, "{id} is {}, and is shown as {}", user.status, shown.status);
        let (fixed, known) = (shown.is(Mark::RoleFixed), user.is(Mark::RoleFixed));
        check_eq!(fixed, known, "whether something else sets the role of {id}");
    }
    check!(listed.is_empty(), "nobody of the account, and listed: {listed:?}");
    Ok(())
}

async fn groups_are_what_they_are(stage: Stage) -> Checked {
    let listed: Vec<_> = stage.members().groups().try_collect().await?;
    let shown: BTreeSet<_> = listed.iter().map(|group| (&group.id, &group.name)).collect();
    let seeded: BTreeSet<_> = stage.seed.groups.iter().map(|group| (&group.id, &group.name)).collect();
    check_eq!(shown, seeded, "ids and names");
    Ok(())
}

/// A listed member says who it is as the account knows them.
fn check_member(member: &Member, stage: &Stage) -> Checked {
    let key = &member.key;
    let mut users = stage.seed.users.iter();
    let known = users.find(|user| stage.same(&user.id.clone().into(), &key.principal));
    if let (Some(shown), Some(known)) = (&member.email, known.and_then(|user| user.email.as_ref())) {
        check_eq!(shown, known, "the address of {key}");
    }
    if key.principal.kind() == PrincipalKind::Group {
        check!(member.email.is_none(), "{key} is a group, and has an address");
    }
    stage.expect_reading(member)?;
    let pending = |status| status == Status::Pending;
    let fine = known.is_none_or(|user| pending(member.status) == pending(user.status));
    check!(fine, "{key} is shown as {}", member.status);
    stage.expect_membership_id(key)
}

async fn one_workspace_lists_its_own_members(stage: Stage) -> Checked {
    for workspace in [&stage.legal, &stage.sales] {
        if stage.out_of_reach(workspace) {
            continue;
        }
        let listed: Vec<Member> = stage.members().members(workspace.clone()).try_collect().await?;
        let mut people = stage.expected_listing(workspace);
        for member in &listed {
            check_eq!(member.key.workspace, *workspace, "a member of another workspace was listed");
            let role = people.remove(&stage.folded(&member.key.principal));
            check_eq!(role.as_ref(), Some(&member.native_role), "{}", member.key);
            check_member(member, &stage)?;
        }
        check!(people.is_empty(), "not listed: {people:?}");
    }
    Ok(())
}

async fn the_account_lists_every_workspace(stage: Stage) -> Checked {
    for member in stage.expect_account("in the usual world").await? {
        check_member(&member, &stage)?;
    }
    Ok(())
}

async fn rosters_come_in_the_order_asked_for(stage: Stage) -> Checked {
    for order in [[&stage.legal, &stage.sales], [&stage.sales, &stage.legal]] {
        let mut asked = order.map(Clone::clone).to_vec();
        asked.retain(|workspace| !stage.out_of_reach(workspace));
        let rosters = stage.members().rosters(&asked).await?;
        let shown: Vec<_> = rosters.iter().map(|roster| (roster.workspace(), roster.len())).collect();
        let seeded: Vec<_> = asked.iter().map(|id| (id, stage.expected_listing(id).len())).collect();
        check_eq!(shown, seeded, "the rosters and how many are in each");
        for roster in &rosters {
            let fixed = roster.members().iter().filter(|member| member.is(Mark::Immovable)).count();
            let expected = usize::from(stage.behaves(Behaviour::FixedWorkspaceOwner));
            check_eq!(fixed, expected, "how many of {} cannot go", roster.workspace());
        }
    }
    check_eq!(stage.members().rosters(&[]).await?.len(), 0, "the rosters of no workspace");
    Ok(())
}

async fn a_fingerprint_tells_rosters_apart(stage: Stage) -> Checked {
    let fingerprint = async |workspace| stage.members().roster(workspace).await.map(|it| it.fingerprint());
    let first = fingerprint(&stage.legal).await?;
    check_eq!(fingerprint(&stage.legal).await?, first, "the fingerprint of an unchanged roster");
    if !stage.out_of_reach(&stage.sales) {
        check!(fingerprint(&stage.sales).await? != first, "two rosters look the same");
    }
    Call::of(&stage, Capability::AddUser).await?.send(stage.members()).await?;
    check!(fingerprint(&stage.legal).await? != first, "the fingerprint does not show an addition");
    Ok(())
}

async fn a_workspace_without_members_is_empty_or_refused(context: &Context) -> Checked {
    let mut seed = context.seed();
    let empty = context.make_workspace(THIRD, "Empty", "boss@example.com");
    seed.workspaces.push(empty.clone());
    let stage = context.stage(seed).await?;
    let result = stage.members().roster(&empty.id).await;
    let fine = match &result {
        Ok(roster) => roster.is_empty() && *roster.workspace() == empty.id,
        // A provider may hide from the key's user what they are not in. It must not show somebody else's people instead.
        // One that reaches a single workspace refuses the others by itself.
        Err(error) => match error.kind() {
            ErrorKind::Forbidden | ErrorKind::NotFound => true,
            kind => kind == ErrorKind::Unsupported && stage.out_of_reach(&empty.id),
        },
    };
    check!(fine, "the roster of a workspace without members: {}", outcome(&result));
    Ok(())
}

async fn the_roster_of_an_unknown_workspace_is_not_found(stage: Stage) -> Checked {
    let unknown = stage.workspace(NOBODY);
    for asked in [vec![unknown.clone()], vec![stage.legal.clone(), unknown]] {
        let result = stage.members().rosters(&asked).await;
        let what = "the roster of an unknown workspace";
        let unsupported = result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Unsupported);
        check!(!unsupported || stage.harness.one_workspace(), "{what}: {}", outcome(&result));
        stage.expect_missing(what, result, Resource::Workspace)?;
    }
    Ok(())
}

async fn listing_an_unknown_workspace_yields_nobody(stage: Stage) -> Checked {
    let result: Result<Vec<Member>, _> = stage.members().members(stage.workspace(NOBODY)).try_collect().await;
    match result {
        Ok(listed) => check!(listed.is_empty(), "an unknown workspace has members: {listed:?}"),
        // `Unsupported`: the adapter reaches one workspace only, and this is not it.
        other => stage.expect_refusal("listing", other, &[ErrorKind::NotFound, ErrorKind::Unsupported])?,
    }
    Ok(())
}

async fn a_member_is_got_and_an_outsider_is_not(stage: Stage) -> Checked {
    let (legal, sales) = (&stage.legal, &stage.sales);
    // Of a kind that can be neither added nor removed, a member may be shown by the list alone.
    let managed = |principal: &PrincipalId| {
        let kind = principal.kind();
        stage.has(Capability::add(kind)) || stage.has(Capability::remove(kind))
    };
    for (principal, role) in stage.seed.members_of(legal) {
        let got = match stage.got(legal, &principal).await {
            Err(error) if error.kind() == ErrorKind::Unsupported && !managed(&principal) => continue,
            got => got?,
        };
        let pending = stage.is_pending(&principal);
        let Some(member) = got else {
            let hidden = pending && !stage.has(Capability::ListPending);
            check!(hidden, "{principal} is a member, and is not got");
            continue;
        };
        let same = stage.same(&member.key.principal, &principal);
        check!(same, "{principal} was asked for, and {} got", member.key);
        check_eq!(member.native_role, role, "the role of {principal}");
        check_member(&member, &stage)?;
    }
    let mut outsiders = vec![(sales, stage.user(ANA)), (legal, stage.user(CLEO))];
    if stage.has_groups() {
        outsiders.extend([(sales, stage.group(MEMBER_GROUP)), (legal, stage.group(OTHER_GROUP))]);
    }
    for (workspace, principal) in outsiders {
        if !stage.out_of_reach(workspace) && managed(&principal) {
            let got = stage.got(workspace, &principal).await?;
            check!(got.is_none(), "{principal} is not in {workspace}, and is got: {got:?}");
        }
    }
    for (workspace, who) in [(legal, NOBODY), (&stage.workspace(NOBODY), ANA)] {
        let result = stage.members().get(workspace, &stage.user(who)).await;
        let absent = match &result {
            Ok(got) => got.is_none(),
            Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unsupported),
        };
        check!(absent, "user {who} in {workspace} does not exist: {}", outcome(&result));
    }
    Ok(())
}
