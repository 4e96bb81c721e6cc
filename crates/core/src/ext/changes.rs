//! Changes that take several requests.

use super::missing::not_a_member;
use crate::{
    AddMember, Capability, Effect, Ensured, Error, ErrorKind, IfPresent, Member, NativeRole, Operation,
    PrincipalId, PrincipalKind, Protection, RemoveMember, Result, Role, Roster, SetRole, UserId, WorkspaceId,
    WorkspaceMembers, WorkspaceMembersExt,
};

pub(super) async fn ensure<M: WorkspaceMembers + ?Sized>(
    members: &M,
    request: &AddMember,
    if_present: IfPresent,
) -> Result<Ensured> {
    let capabilities = members.capabilities();
    let asked = capabilities.roles().resolve(&request.role).map_err(|refused| {
        Error::from(refused).with_operation(Operation::Add).with_provider(members.provider())
    })?;
    let two_steps = asked.custom
        && !capabilities.has(Capability::AddCustomRole)
        && capabilities.has(Capability::SetCustomRole);
    let mut first = request.clone();
    if two_steps {
        // Whoever was added and cannot be given the role would be left in one that nobody asked for.
        capabilities.require(Capability::set_role(request.principal.kind()), Operation::Add)?;
        if let Some(lowest) = capabilities.roles().lowest() {
            // By its own name: a policy may forbid the normalized role, and this is a step on the way to another.
            first.role = Role::Custom(lowest.native.clone());
        }
    }
    match members.add(&first).await {
        Ok(member) if two_steps => {
            let done = format!("added {} as {}", member.key, member.native_role);
            let change = SetRole::new(member.key, request.role.clone()).with_from(Some(member.native_role));
            let member = members.set_role(&change).await.map_err(|error| error.with_done(vec![done]))?;
            Ok(Ensured::applied(member))
        }
        Ok(member) => Ok(Ensured::applied(member)),
        Err(error) if error.kind() == ErrorKind::AlreadyMember && if_present != IfPresent::Fail => {
            let Some(member) = members.get(&request.workspace, &request.principal).await? else {
                return Err(error
                    .with_message("the provider says they are a member, and does not show the membership"));
            };
            match if_present {
                IfPresent::SetRole => give_role(members, member, &request.role).await,
                _ => Ok(Ensured::unchanged(member)),
            }
        }
        Err(error) => Err(members.narrow_not_found(error, &request.key()).await),
    }
}

/// Gives a member that was just read another role, in one step.
pub(super) async fn give_role<M: WorkspaceMembers + ?Sized>(
    members: &M,
    member: Member,
    role: &Role,
) -> Result<Ensured> {
    let capabilities = members.capabilities();
    let asked = capabilities.roles().resolve(role).map_err(|refused| {
        Error::from(refused).with_operation(Operation::SetRole).with_provider(members.provider())
    })?;
    if member.native_role == asked.native {
        return Ok(Ensured::unchanged(member));
    }
    let capability = Capability::set_role(member.key.principal.kind());
    if let Err(error) = capabilities.require(capability, Operation::SetRole) {
        let message = format!(
            "{} is {} and was to become {}: {}; it can be done by removing and adding, which must be asked for",
            member.key,
            member.native_role,
            asked.native,
            error.message()
        );
        return Err(error.with_message(message));
    }
    let request = SetRole::new(member.key, role.clone()).with_from(Some(member.native_role));
    members.set_role(&request).await.map(Ensured::applied)
}

pub(super) async fn remove_then_add<M: WorkspaceMembers + ?Sized>(
    members: &M,
    workspace: &WorkspaceId,
    principal: &PrincipalId,
    role: &Role,
) -> Result<Ensured> {
    let operation = Operation::SetRole;
    let capabilities = members.capabilities();
    let add = AddMember::new(workspace.clone(), principal.clone(), role.clone());
    let asked = capabilities.check_add(&add)?;
    capabilities.require(Capability::remove(principal.kind()), operation)?;
    let roster = members.roster(workspace).await?;
    let Some(old) = roster.get(principal).cloned() else {
        return Err(not_a_member(members.provider(), workspace, principal, operation));
    };
    if old.native_role == asked.native {
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
    let me = members.me().await?;
    refuse_lockout(&roster, &old, &me.user)
        .map_err(|error| error.with_operation(operation).with_provider(members.provider()))?;

    let mut unrecorded = None;
    if let Err(error) = members.remove(&removal).await {
        // A lost answer leaves it open whether they are out; only a read can tell. A removal that was made and could not
        // be recorded must not leave them out either.
        let open = matches!(error.effect(), Effect::Unknown | Effect::Partial);
        if !open || !matches!(members.get(workspace, principal).await, Ok(None)) {
            return Err(error);
        }
        unrecorded = Some(error).filter(|error| error.kind() == ErrorKind::RecordFailed);
    }
    let member = match add_and_settle(members, &add).await {
        Ok(member) => member,
        Err(error) => return put_back(members, error, &old, &back, &asked.native).await,
    };
    match unrecorded {
        None => Ok(Ensured::applied(member)),
        Some(error) => {
            let removed = format!("removed {} ({})", old.key, old.native_role);
            Err(error.with_done(vec![removed, format!("added {} as {}", member.key, member.native_role)]))
        }
    }
}

/// After a removal whose addition failed: gives the old role again, and says where they are now.
async fn put_back<M: WorkspaceMembers + ?Sized>(
    members: &M,
    error: Error,
    old: &Member,
    back: &AddMember,
    asked: &NativeRole,
) -> Result<Ensured> {
    // They are in, and not in the role asked for.
    let inside = |error: Error, message: String| {
        let effect = if error.kind().is_transient() { Effect::NotApplied } else { Effect::Rejected };
        Err(error.with_effect(effect).with_message(message))
    };
    let Err(second) = add_and_settle(members, back).await else {
        let message = format!("{}; the old role {} was put back", error.message(), old.native_role);
        return inside(error, message);
    };
    // The first addition may have come through late, or somebody else's.
    let found = members.get(&back.workspace, &back.principal).await;
    match found {
        Ok(Some(member)) if member.native_role == *asked => Ok(Ensured::applied(member)),
        Ok(Some(member)) => {
            let message =
                format!("{}; reading back shows them in role {}", error.message(), member.native_role);
            inside(error, message)
        }
        unread => {
            let whereabouts = if unread.is_ok() { "they are outside" } else { "they may be outside" };
            let message = format!(
                "{}; putting back the old role {} failed too ({second}), so {whereabouts}",
                error.message(),
                old.native_role
            );
            let done = format!("removed {} ({})", old.key, old.native_role);
            Err(error.with_message(message).with_done(vec![done]))
        }
    }
}

/// Adds, and settles a lost answer by reading once.
async fn add_and_settle<M: WorkspaceMembers + ?Sized>(members: &M, request: &AddMember) -> Result<Member> {
    let error = match members.add(request).await {
        Ok(member) => return Ok(member),
        Err(error) => error,
    };
    if error.effect() == Effect::Unknown || error.kind() == ErrorKind::AlreadyMember {
        let asked = members.capabilities().roles().resolve(&request.role)?;
        if let Ok(Some(member)) = members.get(&request.workspace, &request.principal).await
            && member.native_role == asked.native
        {
            return Ok(member);
        }
    }
    Err(error)
}

/// Refuses to take the role, if only for a moment, from whoever keeps the workspace reachable.
fn refuse_lockout(roster: &Roster, target: &Member, me: &UserId) -> Result<()> {
    if target.key.principal.as_user() == Some(me) {
        let message = "the key acts as this member, and would lock itself out";
        return Err(Error::protected(message, Protection::ActingIdentity));
    }
    if target.role != Role::Owner {
        return Ok(());
    }
    let others = || roster.owners().filter(|owner| owner.key.principal != target.key.principal);
    if !others().any(|owner| owner.status.may_be_active()) {
        return Err(Error::protected("this is the only owner to be seen", Protection::LastOwner));
    }
    // The key's user may be an owner through this group alone; which users it holds is not known here.
    let me_directly = others().any(|owner| owner.key.principal.as_user() == Some(me));
    if target.key.principal.kind() == PrincipalKind::Group && !me_directly {
        let message = "the key's user may own the workspace through this group, and would lock itself out";
        return Err(Error::protected(message, Protection::ActingIdentity));
    }
    Ok(())
}
