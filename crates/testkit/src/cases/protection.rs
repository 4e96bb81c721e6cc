//! Who stays: the owner whom the provider keeps, the last owner, and the user whose key this is.

use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{BOSS, LEGAL, ME, SALES};
use crate::context::Context;
use crate::failure::{check, check_eq, outcome};
use crate::seed::Seed;
use crate::stage::Stage;
use workspace_members_core::{
    Behaviour, Capability, ErrorKind, Mark, Protection, RemoveMember, SetRole, WorkspaceMembersExt,
};

cases! {
    the_owner_whom_the_provider_keeps_is_not_removed [RemoveUser];
    the_owner_whom_the_provider_keeps_stays_owner [SetUserRole];
    the_owner_whom_the_provider_keeps_is_marked [Roster];
    the_last_owner_is_not_removed [RemoveUser];
    the_last_owner_stays_owner [SetUserRole];
    the_last_owner_can_be_given_the_role_they_have [SetUserRole];
    an_owner_who_is_not_the_last_can_go [RemoveUser];
    a_key_dies_with_its_users_membership [RemoveUser];
}

/// Why the protection was refused, if it says.
pub(super) fn expect_protected<T: std::fmt::Debug>(
    stage: &Stage,
    what: &str,
    result: Result<T, workspace_members_core::Error>,
    reasons: &[Protection],
) -> Result<(), crate::Failure> {
    if let Some(error) = stage.expect_error(what, result, &[ErrorKind::Protected])? {
        check_eq!(error.effect(), workspace_members_core::Effect::Rejected, "{what}: the effect");
        let named = error.protection().is_some_and(|reason| reasons.contains(&reason));
        check!(named, "{what}: one of {reasons:?} was expected, and it says {:?}", error.protection());
    }
    Ok(())
}

fn without_fixed_owner() -> Outcome {
    Outcome::NotApplicable("no owner is fixed by the provider".to_owned())
}

async fn the_owner_whom_the_provider_keeps_is_not_removed(context: &Context) -> Verdict {
    if !context.behaves(Behaviour::FixedWorkspaceOwner) {
        return Ok(without_fixed_owner());
    }
    let stage = context.usual().await?;
    let removal = RemoveMember::new(stage.key(&stage.workspace(LEGAL), &stage.user(BOSS)).await?);
    let result = stage.members().remove(&removal).await;
    expect_protected(&stage, "removing the owner", result, &[Protection::ProviderOwner])?;
    stage.expect_unchanged("after removing the owner").await?;
    Ok(RAN)
}

async fn the_owner_whom_the_provider_keeps_stays_owner(context: &Context) -> Verdict {
    if !context.behaves(Behaviour::FixedWorkspaceOwner) {
        return Ok(without_fixed_owner());
    }
    let stage = context.usual().await?;
    let key = stage.key(&stage.workspace(LEGAL), &stage.user(BOSS)).await?;
    let result = stage.members().set_role(&SetRole::new(key, stage.two_roles().0)).await;
    expect_protected(&stage, "demoting the owner", result, &[Protection::ProviderOwner])?;
    stage.expect_unchanged("after demoting the owner").await?;
    Ok(RAN)
}

async fn the_owner_whom_the_provider_keeps_is_marked(context: &Context) -> Verdict {
    if !context.behaves(Behaviour::FixedWorkspaceOwner) {
        return Ok(without_fixed_owner());
    }
    let stage = context.usual().await?;
    let roster = stage.members().roster(&stage.workspace(LEGAL)).await?;
    let marked: Vec<_> = roster.members().iter().filter(|member| member.is(Mark::Immovable)).collect();
    let marked: Vec<_> = marked.iter().map(|member| &member.key.principal).collect();
    check_eq!(marked, [&stage.user(BOSS)], "those who cannot go");
    Ok(RAN)
}

/// The acting identity is the only owner of the first workspace.
pub(super) fn one_owner(context: &Context) -> Seed {
    let mut seed = context.seed();
    let (legal, boss) = (context.workspace(LEGAL), context.user(BOSS));
    seed.members.retain(|grant| grant.workspace != legal || grant.principal != boss);
    seed
}

/// Why these cases may have no meaning here.
fn keeps_last_owner(context: &Context) -> Option<Outcome> {
    let why = if !context.behaves(Behaviour::KeepsLastOwner) {
        "the provider lets the last owner go"
    } else if context.behaves(Behaviour::FixedWorkspaceOwner) {
        "the last owner is the one whom the provider keeps anyway"
    } else if context.native(&context.two_roles().0) == context.ruling() {
        "there is only one role"
    } else {
        return None;
    };
    Some(Outcome::NotApplicable(why.to_owned()))
}

const LAST: [Protection; 2] = [Protection::LastOwner, Protection::ActingIdentity];

async fn the_last_owner_is_not_removed(context: &Context) -> Verdict {
    if let Some(apart) = keeps_last_owner(context) {
        return Ok(apart);
    }
    let stage = context.stage(one_owner(context)).await?;
    let removal = RemoveMember::new(stage.key(&stage.workspace(LEGAL), &stage.user(ME)).await?);
    let result = stage.members().remove(&removal).await;
    expect_protected(&stage, "removing the last owner", result, &LAST)?;
    stage.expect_unchanged("after removing the last owner").await?;
    Ok(RAN)
}

async fn the_last_owner_stays_owner(context: &Context) -> Verdict {
    if let Some(apart) = keeps_last_owner(context) {
        return Ok(apart);
    }
    let stage = context.stage(one_owner(context)).await?;
    let key = stage.key(&stage.workspace(LEGAL), &stage.user(ME)).await?;
    let result = stage.members().set_role(&SetRole::new(key, stage.two_roles().0)).await;
    expect_protected(&stage, "demoting the last owner", result, &LAST)?;
    stage.expect_unchanged("after demoting the last owner").await?;
    Ok(RAN)
}

async fn the_last_owner_can_be_given_the_role_they_have(context: &Context) -> Verdict {
    if let Some(apart) = keeps_last_owner(context) {
        return Ok(apart);
    }
    let stage = context.stage(one_owner(context)).await?;
    let Some(role) = stage.writable().into_iter().find(|role| stage.native(role) == stage.ruling()) else {
        return Ok(Outcome::NotApplicable("the highest role cannot be written".to_owned()));
    };
    let key = stage.key(&stage.workspace(LEGAL), &stage.user(ME)).await?;
    let result = stage.members().set_role(&SetRole::new(key, role)).await;
    check!(result.is_ok(), "the last owner becomes owner: {}", outcome(&result));
    stage.expect_unchanged("after the last owner became owner").await?;
    Ok(RAN)
}

async fn an_owner_who_is_not_the_last_can_go(context: &Context) -> Verdict {
    if context.behaves(Behaviour::FixedWorkspaceOwner) {
        return Ok(Outcome::NotApplicable("the other owner is the one whom the provider keeps".to_owned()));
    }
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    stage.members().remove(&RemoveMember::new(stage.key(&legal, &stage.user(BOSS)).await?)).await?;
    let mut people = stage.seed.members_of(&legal);
    people.remove(&stage.user(BOSS));
    stage.expect_after(&legal, &people, "after removing one of two owners").await?;
    Ok(RAN)
}

/// The first workspace is the one that the credential belongs to, where it belongs to one.
async fn a_key_dies_with_its_users_membership(context: &Context) -> Verdict {
    if !context.behaves(Behaviour::KeyDiesWithMembership) {
        return Ok(Outcome::NotApplicable("keys do not die with a membership".to_owned()));
    }
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    let result = stage.members().remove(&RemoveMember::new(stage.key(&legal, &stage.user(ME)).await?)).await;
    if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Protected) {
        // An adapter may refuse to saw off its own branch.
        stage.expect_unchanged("after refusing to remove the acting identity").await?;
        return Ok(RAN);
    }
    check!(result.is_ok(), "removing the acting identity: {}", outcome(&result));
    for capability in
        [Capability::Me, Capability::ListWorkspaces, Capability::ListUsers, Capability::GetMember]
    {
        if stage.has(capability) {
            let result = stage.call(capability).await?.send(&**stage.members()).await;
            stage.expect_error("a call with a dead key", result, &[ErrorKind::Unauthenticated])?;
        }
    }
    if let Some(truth) = &stage.world.truth {
        let sales = truth().into_iter().filter(|grant| grant.workspace == stage.workspace(SALES)).count();
        check_eq!(sales, stage.seed.members_of(&stage.workspace(SALES)).len(), "members elsewhere");
    }
    Ok(RAN)
}
