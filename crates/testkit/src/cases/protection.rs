//! Who stays: the owner whom the provider keeps, the last owner, and the user whose key this is.

use super::prelude::*;
use std::fmt;

cases! {
    __protection_cases;
    the_owner_whom_the_provider_keeps_is_not_removed [RemoveUser] in with_a_kept_owner
        => |stage| not_removed(&stage, BOSS, &[Protection::ProviderOwner]);
    the_owner_whom_the_provider_keeps_stays_owner [SetUserRole] in with_a_kept_owner
        => |stage| not_demoted(&stage, BOSS, &[Protection::ProviderOwner]);
    the_owner_whom_the_provider_keeps_is_marked [Roster] in with_a_kept_owner;
    the_last_owner_is_not_removed [RemoveUser] in with_a_last_owner => |stage| not_removed(&stage, ME, &LAST);
    the_last_owner_stays_owner [SetUserRole] in with_a_last_owner => |stage| not_demoted(&stage, ME, &LAST);
    the_last_owner_can_be_given_the_role_they_have [SetUserRole] in with_a_last_owner;
    an_owner_who_is_not_the_last_can_go [RemoveUser] in usual;
    a_key_dies_with_its_users_membership [RemoveUser] in usual;
}

/// A refusal that says why they are protected, if it says.
pub(super) fn expect_protected<T: fmt::Debug>(
    stage: &Stage,
    what: &str,
    result: Result<T, Error>,
    reasons: &[Protection],
) -> Checked {
    if let Some(error) = stage.expect_error(what, result, &[ErrorKind::Protected])? {
        check_eq!(error.effect(), Effect::Rejected, "{what}: the effect");
        let named = error.protection().is_some_and(|reason| reasons.contains(&reason));
        check!(named, "{what}: one of {reasons:?} was expected, and it says {:?}", error.protection());
    }
    Ok(())
}

/// The usual world; only if its other owner is one whom the provider keeps.
async fn with_a_kept_owner(context: &Context) -> Checked<Stage> {
    let kept = context.behaves(Behaviour::FixedWorkspaceOwner);
    only_if(kept, "no owner is fixed by the provider")?;
    context.usual().await
}

async fn not_removed(stage: &Stage, owner: u64, reasons: &[Protection]) -> Checked {
    let result = stage.members().remove(&stage.removing(&stage.user(owner)).await?).await;
    expect_protected(stage, "removing the owner", result, reasons)?;
    stage.expect_state("after removing the owner").await
}

async fn not_demoted(stage: &Stage, owner: u64, reasons: &[Protection]) -> Checked {
    let change = stage.setting(&stage.user(owner), &stage.first).await?;
    let result = stage.members().set_role(&change).await;
    expect_protected(stage, "demoting the owner", result, reasons)?;
    stage.expect_state("after demoting the owner").await
}

async fn the_owner_whom_the_provider_keeps_is_marked(stage: Stage) -> Checked {
    let roster = stage.members().roster(&stage.legal).await?;
    let marked = roster.members().iter().filter(|member| member.is(Mark::Immovable));
    let marked: Vec<_> = marked.map(|member| &member.key.principal).collect();
    check_eq!(marked, [&stage.user(BOSS)], "those who cannot go");
    Ok(())
}

/// The acting identity is the only owner of the first workspace.
pub(super) fn one_owner(context: &Context) -> Seed {
    let mut seed = context.seed();
    let boss = context.user(BOSS);
    seed.members.retain(|grant| grant.workspace != context.legal || grant.principal != boss);
    seed
}

/// A world with one owner, whom the provider keeps because they are the last.
async fn with_a_last_owner(context: &Context) -> Checked<Stage> {
    only_if(context.behaves(Behaviour::KeepsLastOwner), "the provider lets the last owner go")?;
    let fixed = context.behaves(Behaviour::FixedWorkspaceOwner);
    only_if(!fixed, "the last owner is the one whom the provider keeps anyway")?;
    only_if(context.native(&context.first) != context.highest(), "there is only one role")?;
    context.stage(one_owner(context)).await
}

const LAST: [Protection; 2] = [Protection::LastOwner, Protection::ActingIdentity];

async fn the_last_owner_can_be_given_the_role_they_have(stage: Stage) -> Checked {
    let role = stage.writable().into_iter().find(|role| stage.native(role) == stage.highest());
    let role = role.ok_or_else(|| Stop::not_applicable("the highest role cannot be written"))?;
    stage.set_role(&stage.user(ME), &role).await?;
    Ok(())
}

async fn an_owner_who_is_not_the_last_can_go(stage: Stage) -> Checked {
    let fixed = stage.behaves(Behaviour::FixedWorkspaceOwner);
    only_if(!fixed, "the other owner is the one whom the provider keeps")?;
    stage.remove(&stage.user(BOSS)).await
}

/// The first workspace is the one that the credential belongs to, where it belongs to one.
async fn a_key_dies_with_its_users_membership(stage: Stage) -> Checked {
    only_if(stage.behaves(Behaviour::KeyDiesWithMembership), "keys do not die with a membership")?;
    let result = stage.members().remove(&stage.removing(&stage.user(ME)).await?).await;
    if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Protected) {
        // An adapter may refuse to end its own access.
        return stage.expect_state("after refusing to remove the acting identity").await;
    }
    check!(result.is_ok(), "removing the acting identity: {}", outcome(&result));
    for capability in
        [Capability::Me, Capability::ListWorkspaces, Capability::ListUsers, Capability::GetMember]
    {
        if stage.has(capability) {
            let result = Call::of(&stage, capability).await?.send(stage.members()).await;
            stage.expect_error("a call with a dead key", result, &[ErrorKind::Unauthenticated])?;
        }
    }
    stage.expect_kept(&stage.sales, "after removing the acting identity elsewhere")?;
    Ok(())
}
