//! What listings say: who is where, and what is not there.

use crate::case::{RAN, Verdict, cases};
use crate::cast::{ANA, CLEO, LEGAL, MEMBER_GROUP, NOBODY, SALES};
use crate::context::Context;
use crate::failure::{Failure, check, check_eq, outcome};
use crate::seed::Grant;
use futures_util::TryStreamExt;
use std::collections::BTreeSet;
use workspace_members_core::{
    Behaviour, Capability, ErrorKind, ListOf, Mark, Member, PrincipalId, PrincipalKind, Resource, Status,
    WorkspaceMembersExt,
};

cases! {
    users_are_who_they_are [ListUsers];
    groups_are_what_they_are [ListGroups];
    one_workspace_lists_its_own_members [ListMembers];
    the_account_lists_every_workspace [ListAccountMembers];
    rosters_come_in_the_order_asked_for [Roster];
    a_fingerprint_tells_rosters_apart [Roster, AddUser];
    a_workspace_without_members_is_empty_or_refused [Roster];
    the_roster_of_an_unknown_workspace_is_not_found [Roster];
    listing_an_unknown_workspace_yields_nobody [ListMembers];
    a_member_is_got_and_an_outsider_is_not [GetMember];
}

async fn users_are_who_they_are(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let listed: Vec<_> = stage.members().users().try_collect().await?;
    let count = listed.len();
    let mut listed = stage.folded(listed.into_iter().map(|user| (user.id.clone().into(), user)));
    check_eq!(listed.len(), count, "users, each of them once");
    for user in &stage.seed.users {
        let pending = user.status == Status::Pending;
        let Some(shown) = listed.remove(&*stage.claims().folded(&user.id.clone().into())) else {
            // Whoever has not accepted may not count as a user of the account yet.
            check!(pending, "{} is a user of the account, and is not listed", user.id);
            continue;
        };
        if stage.has(Capability::SeeAddresses) {
            check_eq!(shown.email, user.email, "the address of {}", user.id);
        }
        let told = if pending { shown.status != Status::Active } else { shown.status.may_be_active() };
        check!(told, "{} is {}, and is shown as {}", user.id, user.status, shown.status);
        check_eq!(
            shown.is(Mark::RoleFixed),
            user.is(Mark::RoleFixed),
            "whether something else sets the role of {}",
            user.id
        );
    }
    check!(listed.is_empty(), "nobody of the account, and listed: {listed:?}");
    Ok(RAN)
}

async fn groups_are_what_they_are(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let listed: Vec<_> = stage.members().groups().try_collect().await?;
    let shown: BTreeSet<_> = listed.iter().map(|group| (&group.id, &group.name)).collect();
    let seeded: BTreeSet<_> = stage.seed.groups.iter().map(|group| (&group.id, &group.name)).collect();
    check_eq!(shown, seeded, "ids and names");
    Ok(RAN)
}

/// A listed member says who it is as the account knows them.
fn check_member(member: &Member, context: &Context, stage: &crate::stage::Stage) -> Result<(), Failure> {
    let known = member.key.principal.as_user().and_then(|id| {
        stage.seed.users.iter().find(|user| stage.same(&user.id.clone().into(), &id.clone().into()))
    });
    if let (Some(shown), Some(known)) = (&member.email, known.and_then(|user| user.email.as_ref())) {
        check_eq!(shown, known, "the address of {}", member.key);
    }
    if member.key.principal.kind() == PrincipalKind::Group {
        check!(member.email.is_none(), "{} is a group, and has an address", member.key);
    }
    let table = context.capabilities().roles();
    check_eq!(member.role, table.normalize(&member.native_role), "the role of {}", member.key);
    check_eq!(member.fit, table.fit(&member.native_role), "the fit of {}", member.key);
    check!(
        known.is_none_or(|user| (member.status == Status::Pending) == (user.status == Status::Pending)),
        "{} is shown as {}",
        member.key,
        member.status
    );
    let ids = context.behaves(Behaviour::MembershipIds);
    check!(
        !ids || member.key.membership.is_some(),
        "{} has no membership id, by which it would be removed",
        member.key
    );
    Ok(())
}

async fn one_workspace_lists_its_own_members(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    for number in [LEGAL, SALES] {
        let workspace = stage.workspace(number);
        if stage.out_of_reach(&workspace) {
            continue;
        }
        let listed: Vec<Member> = stage.members().members(workspace.clone()).try_collect().await?;
        let mut people = stage.folded(stage.listed_of(&workspace));
        for member in &listed {
            check_eq!(member.key.workspace, workspace, "a member of another workspace was listed");
            check_eq!(
                people.remove(&*stage.claims().folded(&member.key.principal)).as_ref(),
                Some(&member.native_role),
                "{}",
                member.key
            );
            check_member(member, context, &stage)?;
        }
        check!(people.is_empty(), "not listed: {people:?}");
    }
    Ok(RAN)
}

async fn the_account_lists_every_workspace(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let listed: Vec<Member> = stage.members().members(ListOf::Account).try_collect().await?;
    let mut shown = Vec::new();
    for member in &listed {
        check_member(member, context, &stage)?;
        let (key, role) = (&member.key, member.native_role.clone());
        let who = stage.claims().folded(&key.principal).into_owned();
        shown.push(Grant::new(key.workspace.clone(), who, role));
    }
    let mut seeded = Vec::new();
    for workspace in &stage.seed.workspaces {
        let people = stage.folded(stage.listed_of(&workspace.id));
        seeded.extend(people.into_iter().map(|(who, role)| Grant::new(workspace.id.clone(), who, role)));
    }
    shown.sort();
    seeded.sort();
    check_eq!(shown, seeded, "everybody everywhere");
    Ok(RAN)
}

async fn rosters_come_in_the_order_asked_for(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    for order in [[LEGAL, SALES], [SALES, LEGAL]] {
        let mut asked = order.map(|number| stage.workspace(number)).to_vec();
        asked.retain(|workspace| !stage.out_of_reach(workspace));
        let rosters = stage.members().rosters(&asked).await?;
        let shown: Vec<_> = rosters.iter().map(|roster| (roster.workspace(), roster.len())).collect();
        let seeded: Vec<_> = asked.iter().map(|id| (id, stage.listed_of(id).len())).collect();
        check_eq!(shown, seeded, "the rosters and how many are in each");
        for roster in &rosters {
            let fixed = roster.members().iter().filter(|member| member.is(Mark::Immovable)).count();
            let expected = usize::from(stage.behaves(Behaviour::FixedWorkspaceOwner));
            check_eq!(fixed, expected, "how many of {} cannot go", roster.workspace());
        }
    }
    check_eq!(stage.members().rosters(&[]).await?.len(), 0, "the rosters of no workspace");
    Ok(RAN)
}

async fn a_fingerprint_tells_rosters_apart(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    let first = stage.members().roster(&legal).await?.fingerprint();
    check_eq!(
        stage.members().roster(&legal).await?.fingerprint(),
        first,
        "the fingerprint of an unchanged roster"
    );
    let sales = stage.workspace(SALES);
    if !stage.out_of_reach(&sales) {
        let other = stage.members().roster(&sales).await?.fingerprint();
        check!(other != first, "two rosters look the same");
    }
    stage.call(Capability::AddUser).await?.send(&**stage.members()).await?;
    check!(
        stage.members().roster(&legal).await?.fingerprint() != first,
        "the fingerprint does not show an addition"
    );
    Ok(RAN)
}

async fn a_workspace_without_members_is_empty_or_refused(context: &Context) -> Verdict {
    let mut seed = context.seed();
    let empty = context.make_workspace(103, "Empty", "boss@example.com");
    seed.workspaces.push(empty.clone());
    let stage = context.stage(seed).await?;
    let result = stage.members().roster(&empty.id).await;
    // A provider may hide from the key's user what they are not in. It must not show somebody else's people instead.
    // One that reaches a single workspace refuses the others by itself.
    let hidden = |kind| {
        matches!(kind, ErrorKind::Forbidden | ErrorKind::NotFound)
            || (kind == ErrorKind::Unsupported && stage.out_of_reach(&empty.id))
    };
    let fine = match &result {
        Ok(roster) => roster.is_empty() && *roster.workspace() == empty.id,
        Err(error) => hidden(error.kind()),
    };
    check!(fine, "the roster of a workspace without members: {}", outcome(&result));
    Ok(RAN)
}

async fn the_roster_of_an_unknown_workspace_is_not_found(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let unknown = stage.workspace(NOBODY);
    for asked in [vec![unknown.clone()], vec![stage.workspace(LEGAL), unknown]] {
        let result = stage.members().rosters(&asked).await;
        let mut kinds = vec![ErrorKind::NotFound];
        kinds.extend(stage.harness.one_workspace().then_some(ErrorKind::Unsupported));
        let error = stage.expect_error("the roster of an unknown workspace", result, &kinds)?;
        let names = |error: workspace_members_core::Error| {
            error.kind() == ErrorKind::Unsupported || error.missing().contains(&Resource::Workspace)
        };
        let told = error.is_none_or(names);
        check!(told, "the error does not say that the workspace may be missing");
    }
    Ok(RAN)
}

async fn listing_an_unknown_workspace_yields_nobody(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let result: Result<Vec<Member>, _> = stage.members().members(stage.workspace(NOBODY)).try_collect().await;
    match result {
        Ok(listed) => check!(listed.is_empty(), "an unknown workspace has members: {listed:?}"),
        // `Unsupported`: the adapter reaches one workspace only, and this is not it.
        other => {
            stage.expect_refusal("listing", other, &[ErrorKind::NotFound, ErrorKind::Unsupported])?;
        }
    }
    Ok(RAN)
}

async fn a_member_is_got_and_an_outsider_is_not(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    // Of a kind that can be neither added nor removed, a member may be shown by the list alone.
    let managed = |principal: &PrincipalId| {
        let kind = principal.kind();
        stage.has(Capability::add(kind)) || stage.has(Capability::remove(kind))
    };
    for (principal, role) in stage.seed.members_of(&legal) {
        let got = match stage.got(&legal, &principal).await {
            Err(error) if error.kind() == ErrorKind::Unsupported && !managed(&principal) => continue,
            got => got?,
        };
        let pending = stage.seed.is_pending(&principal);
        let Some(member) = got else {
            let hidden = pending && !stage.has(Capability::ListPending);
            check!(hidden, "{principal} is a member, and is not got");
            continue;
        };
        check!(
            stage.same(&member.key.principal, &principal),
            "{principal} was asked for, and {} got",
            member.key
        );
        check_eq!(member.native_role, role, "the role of {principal}");
        check_eq!(member.status == Status::Pending, pending, "whether {principal} has yet to accept");
        check_member(&member, context, &stage)?;
    }
    let mut outsiders = vec![(stage.workspace(SALES), stage.user(ANA)), (legal.clone(), stage.user(CLEO))];
    if stage.has_groups() {
        outsiders.push((stage.workspace(SALES), stage.group(MEMBER_GROUP)));
        outsiders.push((legal.clone(), stage.group(9)));
    }
    for (workspace, principal) in outsiders {
        if stage.out_of_reach(&workspace) || !managed(&principal) {
            continue;
        }
        let got = stage.got(&workspace, &principal).await?;
        check!(got.is_none(), "{principal} is not in {workspace}, and is got: {got:?}");
    }
    for (workspace, principal) in [(legal, stage.user(NOBODY)), (stage.workspace(NOBODY), stage.user(ANA))] {
        let result = stage.members().get(&workspace, &principal).await;
        let absent = match &result {
            Ok(got) => got.is_none(),
            Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unsupported),
        };
        check!(absent, "{principal} in {workspace} does not exist: {}", outcome(&result));
    }
    Ok(RAN)
}
