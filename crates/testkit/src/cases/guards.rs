//! Verbs that take access away: what they refuse by themselves, and what they do when that is allowed.

use super::protection::{expect_protected, one_owner};
use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{ANA, BEN, LEGAL, ME};
use crate::context::Context;
use crate::failure::{check, check_eq, outcome};
use crate::scripted::{Called, Scripted};
use crate::stage::Stage;
use std::sync::Arc;
use workspace_members_core::{
    AddMember, Behaviour, Capability, Change, ErrorKind, IfPresent, Operation, Protection, Role,
    WorkspaceMembers, WorkspaceMembersExt,
};

cases! {
    verbs_keep_the_user_that_the_key_acts_as [RemoveUser, GetMember, Me, Roster];
    verbs_keep_the_last_owner [RemoveUser, GetMember, Me, Roster];
    a_demotion_of_the_last_owner_is_refused [SetUserRole, GetMember, Me, Roster];
    what_is_allowed_is_left_to_the_provider [RemoveUser, GetMember, Me, Roster];
    who_acts_unknown_loses_nobody [RemoveUser, GetMember];
    a_guard_reads_no_more_than_it_needs [RemoveUser, GetMember, Me, Roster];
}

type Watched = Scripted<Arc<dyn WorkspaceMembers>>;

fn watched(stage: &Stage) -> Watched {
    Scripted::new(stage.members().clone())
}

fn writes(members: &Watched) -> Vec<Called> {
    members.calls().into_iter().filter(|call| call.operation().is_write()).collect()
}

async fn verbs_keep_the_user_that_the_key_acts_as(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let (legal, me) = (stage.workspace(LEGAL), stage.user(ME));
    let members = watched(&stage);
    let result = members.remove_member(&legal, &me).await;
    expect_protected(&stage, "removing the key's own user", result, &[Protection::ActingIdentity])?;
    check_eq!(writes(&members), [], "what was written though it was refused");
    stage.expect_unchanged("after refusing to remove the key's own user").await?;
    Ok(RAN)
}

/// Where the key's own user may go, the last owner still stays.
async fn verbs_keep_the_last_owner(context: &Context) -> Verdict {
    let stage = context.stage(one_owner(context)).await?;
    if let Some(apart) = without_owner(&stage) {
        return Ok(apart);
    }
    let members = watched(&stage);
    let mut guarded = members.guarded().allow(Protection::ActingIdentity);
    let result = guarded.remove_member(&stage.workspace(LEGAL), &stage.user(ME)).await;
    expect_protected(&stage, "removing the last owner", result, &[Protection::LastOwner])?;
    check_eq!(writes(&members), [], "what was written though it was refused");
    stage.expect_unchanged("after refusing to remove the last owner").await?;
    Ok(RAN)
}

/// Why a case about the last owner may have no meaning here.
fn without_owner(stage: &Stage) -> Option<Outcome> {
    let owner = stage.claims().roles().normalize(&stage.ruling()) == Role::Owner;
    let why = if !owner {
        "the table has no owner"
    } else if stage.behaves(Behaviour::FixedWorkspaceOwner) {
        "the last owner is the one whom the provider keeps anyway"
    } else {
        return None;
    };
    Some(Outcome::NotApplicable(why.to_owned()))
}

async fn a_demotion_of_the_last_owner_is_refused(context: &Context) -> Verdict {
    let stage = context.stage(one_owner(context)).await?;
    if let Some(apart) = without_owner(&stage) {
        return Ok(apart);
    }
    let (lower, _) = stage.two_roles();
    if stage.native(&lower) == stage.ruling() {
        return Ok(Outcome::NotApplicable("there is only one role".to_owned()));
    }
    let legal = stage.workspace(LEGAL);
    for allowed in [Some(Protection::ActingIdentity), None] {
        let members = watched(&stage);
        let mut guarded = members.guarded();
        if let Some(allowed) = allowed {
            guarded = guarded.allow(allowed);
        }
        let kept = [Protection::LastOwner, Protection::ActingIdentity];
        let kept = if allowed.is_some() { &kept[..1] } else { &kept };
        let result = guarded.change_role(&legal, &stage.user(ME), &lower).await;
        expect_protected(&stage, "demoting the last owner", result, kept)?;
        if stage.has(Capability::AddUser) {
            let add = AddMember::new(legal.clone(), stage.user_id(ME), lower.clone());
            let result = guarded.ensure(&add, IfPresent::SetRole).await;
            expect_protected(&stage, "ensuring a lower role for the last owner", result, kept)?;
            // To leave them as they are takes nothing from anybody.
            let ensured = guarded.ensure(&add, IfPresent::Keep).await?;
            check_eq!(ensured.change, Change::Unchanged, "ensuring that the last owner is there");
        }
        let sent: Vec<_> =
            writes(&members).into_iter().filter(|call| !matches!(call, Called::Add(_))).collect();
        check_eq!(sent, [], "what was written though it was refused");
        stage.expect_unchanged("after refusing to demote the last owner").await?;
    }
    Ok(RAN)
}

/// The request is sent; a provider that keeps them by itself refuses it.
async fn what_is_allowed_is_left_to_the_provider(context: &Context) -> Verdict {
    let stage = context.stage(one_owner(context)).await?;
    if let Some(apart) = without_owner(&stage) {
        return Ok(apart);
    }
    let members = watched(&stage);
    let (legal, me) = (stage.workspace(LEGAL), stage.user(ME));
    let mut guarded = members.guarded().allow(Protection::ActingIdentity).allow(Protection::LastOwner);
    let result = guarded.remove_member(&legal, &me).await;
    check_eq!(members.count(Operation::Remove), 1, "removals sent, once they were allowed");
    let mut people = stage.seed.members_of(&legal);
    match &result {
        Ok(change) => {
            check_eq!(*change, Change::Applied, "removing the last owner, once it was allowed");
            people.remove(&me);
        }
        Err(error) => {
            let kept = error.kind() == ErrorKind::Protected && stage.behaves(Behaviour::KeepsLastOwner);
            check!(kept, "removing the last owner, once it was allowed: {}", outcome(&result));
        }
    }
    stage.expect_kept(&legal, &people, "after what was allowed")?;
    Ok(RAN)
}

/// It might be the key's own user who is removed.
async fn who_acts_unknown_loses_nobody(context: &Context) -> Verdict {
    if context.has(Capability::Me) {
        return Ok(Outcome::NotApplicable("it is known who the credential acts as".to_owned()));
    }
    let stage = context.usual().await?;
    let (legal, ben) = (stage.workspace(LEGAL), stage.user(BEN));
    let members = watched(&stage);
    let result = members.remove_member(&legal, &ben).await;
    expect_protected(&stage, "removing somebody", result, &[Protection::ActingIdentity])?;
    check_eq!(writes(&members), [], "what was written though it was refused");
    let mut guarded = stage.guarded();
    check_eq!(guarded.remove_member(&legal, &ben).await?, Change::Applied, "removing somebody, once allowed");
    let mut people = stage.seed.members_of(&legal);
    people.remove(&ben);
    stage.expect_after(&legal, &people, "after a removal that was allowed").await?;
    Ok(RAN)
}

/// Of somebody who is no owner, the other owners need not be known; and a loop asks once who acts.
async fn a_guard_reads_no_more_than_it_needs(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let (first, second) = stage.two_roles();
    if [&first, &second].iter().any(|role| stage.native(role) == stage.ruling()) {
        return Ok(Outcome::NotApplicable("everybody is an owner".to_owned()));
    }
    let members = watched(&stage);
    let mut guarded = members.guarded();
    let legal = stage.workspace(LEGAL);
    let mut people = stage.seed.members_of(&legal);
    for number in [ANA, BEN] {
        let who = stage.user(number);
        check_eq!(guarded.remove_member(&legal, &who).await?, Change::Applied, "removing {who}");
        people.remove(&who);
    }
    stage.expect_after(&legal, &people, "after two removals").await?;
    let count = |operation| members.count(operation);
    check!(count(Operation::Me) <= 1, "asked {} times who acts", count(Operation::Me));
    check_eq!(count(Operation::ListMembers), 0, "listings read to remove members who are no owners");
    check_eq!((count(Operation::Get), count(Operation::Remove)), (2, 2), "reads and removals");
    Ok(RAN)
}
