//! Changing a member's role, in one step or by removing and adding.

use super::ensure::Ensured;
use super::find::{self, find_member, not_a_member};
use super::guard::Guard;
use super::write::{Failed, Found, Write, lost, send};
use crate::{
    AddMember, Behaviour, Capabilities, Capability, Effect, Error, ErrorKind, Mark, Member, NativeRole,
    Operation, PrincipalId, RemoveMember, Result, Role, SetRole, WorkspaceId, WorkspaceMembers,
};

pub(super) async fn change_role<M: WorkspaceMembers + ?Sized>(
    members: &M,
    guard: &mut Guard,
    workspace: &WorkspaceId,
    principal: &PrincipalId,
    role: &Role,
) -> Result<Ensured> {
    if !changes_by_adding(members.capabilities(), principal) {
        let capability = Capability::set_role(principal.kind());
        members.capabilities().require(capability, Operation::SetRole)?;
    }
    match find_member(members, workspace, principal, Operation::SetRole).await? {
        Some(member) => give_role(members, guard, member, role).await,
        None => Err(not_a_member(members.provider(), workspace, principal, Operation::SetRole)),
    }
}

/// Whether the way to change a role in one step is to add the member once more.
fn changes_by_adding(capabilities: &Capabilities, principal: &PrincipalId) -> bool {
    capabilities.behaves(Behaviour::AddUpserts)
        && capabilities.has(Capability::add(principal.kind()))
        && !capabilities.has(Capability::set_role(principal.kind()))
}

/// Gives a member that was just read another role, in one step.
pub(super) async fn give_role<M: WorkspaceMembers + ?Sized>(
    members: &M,
    guard: &mut Guard,
    member: Member,
    role: &Role,
) -> Result<Ensured> {
    let operation = Operation::SetRole;
    let capabilities = members.capabilities();
    let asked = capabilities.roles().resolve(role).map_err(|refused| {
        Error::from(refused).with_operation(operation).with_provider(members.provider())
    })?;
    if member.native_role == asked.native || member.is(Mark::RoleFixed) {
        return Ok(Ensured::unchanged(member));
    }
    let by_adding = changes_by_adding(capabilities, &member.key.principal);
    let capability = Capability::set_role(member.key.principal.kind());
    if !by_adding && let Err(error) = capabilities.require(capability, operation) {
        let message = format!(
            "{} is {} and was to become {}: {}; it can be done by removing and adding, which must be asked for",
            member.key,
            member.native_role,
            asked.native,
            error.message()
        );
        return Err(error.with_message(message));
    }
    guard.check(members, &member, Some(&asked.native), operation).await?;
    let changed = if by_adding {
        let request = AddMember::new(member.key.workspace, member.key.principal, role.clone());
        send(members, &request, |_, error| lost(error)).await
    } else {
        let request = SetRole::new(member.key, role.clone()).with_from(Some(member.native_role));
        send(members, &request, |_, error| lost(error)).await
    };
    changed.map(Ensured::applied).map_err(|failed| failed.error)
}

pub(super) async fn remove_then_add<M: WorkspaceMembers + ?Sized>(
    members: &M,
    guard: &mut Guard,
    workspace: &WorkspaceId,
    principal: &PrincipalId,
    role: &Role,
) -> Result<Ensured> {
    let operation = Operation::SetRole;
    let capabilities = members.capabilities();
    let add = AddMember::new(workspace.clone(), principal.clone(), role.clone());
    let asked = capabilities.check_add(&add)?;
    capabilities.require(Capability::remove(principal.kind()), operation)?;
    let Some(old) = find_member(members, workspace, principal, operation).await? else {
        return Err(not_a_member(members.provider(), workspace, principal, operation));
    };
    if old.native_role == asked.native || old.is(Mark::RoleFixed) {
        return Ok(Ensured::unchanged(old));
    }
    let removal = RemoveMember::new(old.key.clone()).with_from(Some(old.native_role.clone()));
    capabilities.check_remove(&removal)?;
    let back = AddMember::new(workspace.clone(), principal.clone(), Role::Custom(old.native_role.clone()));
    // Whoever is out must be able to come back in, whatever happens to the addition.
    capabilities.check_add(&back).map_err(|refused| {
        let message = format!(
            "the role {} of {} could not be put back: {}",
            old.native_role,
            old.key,
            refused.message()
        );
        Error::unsupported(message).with_operation(operation).with_provider(members.provider())
    })?;
    // They are out for a moment, whatever comes after.
    guard.check(members, &old, None, operation).await?;

    let unrecorded = take_out(members, &removal).await?;
    let member = match send(members, &add, in_doubt).await {
        Ok(member) => member,
        Err(failed) => put_back(members, failed, &old, &back, &asked.native).await?,
    };
    match unrecorded {
        None => Ok(Ensured::applied(member)),
        Some(error) => {
            let removed = format!("removed {} ({})", old.key, old.native_role);
            Err(error.with_done(vec![removed, format!("added {} as {}", member.key, member.native_role)]))
        }
    }
}

/// Between a removal and an addition, that they are a member already may be the removal's doing that is not seen yet, or
/// an addition whose answer was lost.
fn in_doubt(write: &AddMember, error: &Error) -> bool {
    lost(error) || write.may_echo(error)
}

/// Removes somebody who is to be added again. A removal that was made and could not be recorded must not leave them out:
/// then this is the error to end with.
async fn take_out<M: WorkspaceMembers + ?Sized>(
    members: &M,
    removal: &RemoveMember,
) -> Result<Option<Error>> {
    let error = match send(members, removal, |_, error| lost(error)).await {
        Ok(()) => return Ok(None),
        // It was read back and had not happened yet. Nobody sends it again here, and it may still arrive.
        Err(Failed { error, found: Found::Member(_) }) => error.with_effect(Effect::Unknown),
        Err(failed) => failed.error,
    };
    let unrecorded = error.kind() == ErrorKind::RecordFailed && error.effect() == Effect::Partial;
    if unrecorded && let Ok(None) = find::read(members, &removal.key.workspace, &removal.key.principal).await
    {
        return Ok(Some(error));
    }
    Err(error)
}

/// After a removal whose addition failed: gives the old role again, unless they turn out to have the new one, and says
/// where they are now.
async fn put_back<M: WorkspaceMembers + ?Sized>(
    members: &M,
    failed: Failed,
    old: &Member,
    back: &AddMember,
    asked: &NativeRole,
) -> Result<Member> {
    let Failed { error, mut found } = failed;
    // They are in, and not in the role asked for.
    let inside = |error: Error, how: String| {
        let effect = if error.kind().is_transient() { Effect::NotApplied } else { Effect::Rejected };
        let message = format!("{}; {how}", error.message());
        Err(error.with_effect(effect).with_message(message))
    };
    let mut second = None;
    if !matches!(found, Found::Member(_)) {
        match send(members, back, in_doubt).await {
            Ok(_) => return inside(error, format!("the old role {} was put back", old.native_role)),
            Err(failed) => {
                found = failed.found;
                second = Some(failed.error);
            }
        }
    }
    // The first addition may have come through late, or somebody else's.
    if matches!(found, Found::Unread) {
        found = Found::by(&find::read(members, &back.workspace, &back.principal).await);
    }
    match found {
        Found::Member(member) if member.native_role == *asked => Ok(member),
        Found::Member(member) => {
            inside(error, format!("reading back shows them in role {}", member.native_role))
        }
        Found::Nobody | Found::Unread => {
            let outside = matches!(found, Found::Nobody);
            let whereabouts = if outside { "they are outside" } else { "they may be outside" };
            let second = second.map_or_else(String::new, |second| format!(" ({second})"));
            let message = format!(
                "{}; putting back the old role {} failed too{second}, so {whereabouts}",
                error.message(),
                old.native_role
            );
            let done = format!("removed {} ({})", old.key, old.native_role);
            Err(error.with_message(message).with_done(vec![done]))
        }
    }
}
