//! Verbs that take access away: what they refuse by themselves, and what they do when that is allowed.

use super::prelude::*;
use super::protection::{expect_protected, one_owner};
use crate::scripted::Scripted;

cases! {
    __guards_cases;
    verbs_keep_the_user_that_the_key_acts_as [RemoveUser, GetMember, Me, Roster] in usual;
    verbs_keep_the_last_owner [RemoveUser, GetMember, Me, Roster] in with_one_owner;
    a_demotion_of_the_last_owner_is_refused [SetUserRole, GetMember, Me, Roster] in with_one_owner;
    what_is_allowed_is_left_to_the_provider [RemoveUser, GetMember, Me, Roster] in with_one_owner;
    nobody_is_removed_while_it_is_unknown_who_acts [RemoveUser, GetMember] in usual;
    a_guard_reads_no_more_than_it_needs [RemoveUser, GetMember, Me, Roster] in usual;
}

fn writes(members: &Scripted<Arc<dyn WorkspaceMembers>>) -> Vec<Operation> {
    members.calls().into_iter().filter(|operation| operation.is_write()).collect()
}

async fn verbs_keep_the_user_that_the_key_acts_as(stage: Stage) -> Checked {
    let members = stage.scripted();
    let result = members.remove_member(&stage.legal, &stage.user(ME)).await;
    expect_protected(&stage, "removing the key's own user", result, &[Protection::ActingIdentity])?;
    check_eq!(writes(&members), [], "what was written though it was refused");
    stage.expect_state("after refusing to remove the key's own user").await
}

/// A world in which the acting identity is the last owner; only if the table has owners, and the provider keeps none of
/// them anyway.
async fn with_one_owner(context: &Context) -> Checked<Stage> {
    let owner = context.capabilities.roles().normalize(&context.highest()) == Role::Owner;
    only_if(owner, "the table has no owner")?;
    let fixed = context.behaves(Behaviour::FixedWorkspaceOwner);
    only_if(!fixed, "the last owner is the one whom the provider keeps anyway")?;
    context.stage(one_owner(context)).await
}

/// Where the key's own user may go, the last owner still stays.
async fn verbs_keep_the_last_owner(stage: Stage) -> Checked {
    let members = stage.scripted();
    let mut guarded = members.guarded().allow(Protection::ActingIdentity);
    let result = guarded.remove_member(&stage.legal, &stage.user(ME)).await;
    expect_protected(&stage, "removing the last owner", result, &[Protection::LastOwner])?;
    check_eq!(writes(&members), [], "what was written though it was refused");
    stage.expect_state("after refusing to remove the last owner").await
}

async fn a_demotion_of_the_last_owner_is_refused(stage: Stage) -> Checked {
    let (me, lower) = (stage.user(ME), &stage.first);
    only_if(stage.native(lower) != stage.highest(), "there is only one role")?;
    for allowed in [true, false] {
        let members = stage.scripted();
        let guarded = members.guarded();
        let mut guarded = if allowed { guarded.allow(Protection::ActingIdentity) } else { guarded };
        let kept = [Protection::LastOwner, Protection::ActingIdentity];
        let kept = if allowed { &kept[..1] } else { &kept };
        let result = guarded.change_role(&stage.legal, &me, lower).await;
        expect_protected(&stage, "demoting the last owner", result, kept)?;
        if stage.has(Capability::AddUser) {
            let add = stage.adding(me.clone(), lower);
            let result = guarded.ensure(&add, IfPresent::SetRole).await;
            expect_protected(&stage, "ensuring a lower role for the last owner", result, kept)?;
            // To leave them as they are takes nothing from anybody.
            let ensured = guarded.ensure(&add, IfPresent::Keep).await?;
            check_eq!(ensured.change, Change::Unchanged, "ensuring that the last owner is there");
        }
        let mut sent = writes(&members);
        sent.retain(|operation| *operation != Operation::Add);
        check_eq!(sent, [], "what was written though it was refused");
        stage.expect_state("after refusing to demote the last owner").await?;
    }
    Ok(())
}

/// The request is sent; a provider that keeps them by itself refuses it.
async fn what_is_allowed_is_left_to_the_provider(stage: Stage) -> Checked {
    let (members, me) = (stage.scripted(), stage.user(ME));
    let mut guarded = members.guarded().allow(Protection::ActingIdentity).allow(Protection::LastOwner);
    let result = guarded.remove_member(&stage.legal, &me).await;
    check_eq!(members.count(Operation::Remove), 1, "removals sent, once they were allowed");
    match &result {
        Ok(change) => {
            check_eq!(*change, Change::Applied, "removing the last owner, once it was allowed");
            stage.expect_out(&stage.legal, &me);
        }
        Err(error) => {
            let kept = error.kind() == ErrorKind::Protected && stage.behaves(Behaviour::KeepsLastOwner);
            check!(kept, "removing the last owner, once it was allowed: {}", outcome(&result));
        }
    }
    stage.expect_kept(&stage.legal, "after what was allowed")?;
    Ok(())
}

/// It might be the key's own user who is removed.
async fn nobody_is_removed_while_it_is_unknown_who_acts(stage: Stage) -> Checked {
    only_if(!stage.has(Capability::Me), "it is known who the credential acts as")?;
    let (members, ben) = (stage.scripted(), stage.user(BEN));
    let result = members.remove_member(&stage.legal, &ben).await;
    expect_protected(&stage, "removing somebody", result, &[Protection::ActingIdentity])?;
    check_eq!(writes(&members), [], "what was written though it was refused");
    let change = stage.guarded().remove_member(&stage.legal, &ben).await?;
    check_eq!(change, Change::Applied, "removing somebody, once allowed");
    stage.expect_out(&stage.legal, &ben);
    stage.expect_state("after a removal that was allowed").await
}

/// Of somebody who is no owner, the other owners need not be known; and a loop asks once who acts.
async fn a_guard_reads_no_more_than_it_needs(stage: Stage) -> Checked {
    let owners = [&stage.first, &stage.second].iter().any(|role| stage.native(role) == stage.highest());
    only_if(!owners, "everybody is an owner")?;
    let members = stage.scripted();
    let mut guarded = members.guarded();
    for who in [stage.user(ANA), stage.user(BEN)] {
        let change = guarded.remove_member(&stage.legal, &who).await?;
        check_eq!(change, Change::Applied, "removing {who}");
        stage.expect_out(&stage.legal, &who);
    }
    stage.expect_state("after two removals").await?;
    let count = |operation| members.count(operation);
    check!(count(Operation::Me) <= 1, "asked {} times who acts", count(Operation::Me));
    check_eq!(count(Operation::ListMembers), 0, "listings read to remove members who are no owners");
    check_eq!((count(Operation::Get), count(Operation::Remove)), (2, 2), "reads and removals");
    Ok(())
}
