//! Making sure that somebody is a member.

use super::find;
use super::guard::Guard;
use super::role::give_role;
use super::write::{lost, send};
use crate::{
    AddMember, Behaviour, Capability, Change, Effect, Error, ErrorKind, Member, Operation, Resource, Result,
    Role, SetRole, WorkspaceMembers,
};

/// What to do with somebody who is a member already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum IfPresent {
    /// Answer [`ErrorKind::AlreadyMember`].
    Fail,
    /// Leave them in whatever role they have.
    Keep,
    /// Give them the role asked for, in one step. The default.
    #[default]
    SetRole,
}

/// A member as they are now, and whether that took a change.
///
/// A member who still has to accept an invitation is [`Status::Pending`](crate::Status::Pending): they have no access yet,
/// and asking again changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Ensured {
    /// Whether anything was changed.
    pub change: Change,
    /// The member as confirmed or read.
    pub member: Member,
}

impl Ensured {
    pub(super) fn applied(member: Member) -> Self {
        Self { change: Change::Applied, member }
    }

    pub(super) fn unchanged(member: Member) -> Self {
        Self { change: Change::Unchanged, member }
    }
}

pub(super) async fn ensure<M: WorkspaceMembers + ?Sized>(
    members: &M,
    guard: &mut Guard,
    request: &AddMember,
    if_present: IfPresent,
) -> Result<Ensured> {
    let capabilities = members.capabilities();
    let first = first_step(members, request)?;
    let addition = first.as_ref().unwrap_or(request);
    let asked = capabilities.check_add(addition)?;
    // Of whoever is a member already, the first of two steps would lower the role.
    let may_lower = first.is_some() || (asked.role != Role::Owner && !guard.allows_all());
    if capabilities.behaves(Behaviour::AddUpserts) && (if_present != IfPresent::SetRole || may_lower) {
        // The addition itself would change the role of whoever is a member already. That the member may be what was not
        // found is enough: where it is something else, the addition is refused.
        match members.get(&request.workspace, &request.principal).await {
            Ok(Some(member)) => return present(members, guard, request, if_present, member, None).await,
            Ok(None) => {}
            Err(error) if find::may_be(&error, Resource::Member) => {}
            Err(error) => return Err(narrowed(members, error, request).await),
        }
    }
    let added = match send(members, addition, |_, error| lost(error)).await {
        Ok(member) => member,
        Err(failed) if failed.error.kind() == ErrorKind::AlreadyMember && if_present != IfPresent::Fail => {
            let read = match failed.read {
                Some(read) => read,
                None => find::read(members, &request.workspace, &request.principal).await?,
            };
            let Some(member) = read else {
                let message = "the provider says they are a member, and does not show the membership";
                return Err(failed.error.with_message(message));
            };
            return present(members, guard, request, if_present, member, Some(failed.error)).await;
        }
        Err(failed) => return Err(narrowed(members, failed.error, request).await),
    };
    if first.is_none() {
        return Ok(Ensured::applied(added));
    }
    let done = format!("added {} as {}", added.key, added.native_role);
    let change = SetRole::new(added.key, request.role.clone()).with_from(Some(added.native_role));
    match send(members, &change, |_, error| lost(error)).await {
        Ok(member) => Ok(Ensured::applied(member)),
        Err(failed) => Err(failed.error.with_done(vec![done])),
    }
}

/// The addition to make first where adding cannot give the role and changing it can.
fn first_step<M: WorkspaceMembers + ?Sized>(members: &M, request: &AddMember) -> Result<Option<AddMember>> {
    let capabilities = members.capabilities();
    let asked = capabilities.roles().resolve(&request.role).map_err(|refused| {
        Error::from(refused).with_operation(Operation::Add).with_provider(members.provider())
    })?;
    let two_steps = asked.custom
        && !capabilities.has(Capability::AddCustomRole)
        && capabilities.has(Capability::SetCustomRole);
    if !two_steps {
        return Ok(None);
    }
    // Whoever was added and cannot be given the role would be left in one that nobody asked for.
    capabilities.require(Capability::set_role(request.principal.kind()), Operation::Add)?;
    let mut first = request.clone();
    if let Some(lowest) = capabilities.roles().lowest() {
        // By its own name: a policy may forbid the normalized role, and this is a step on the way to another.
        first.role = Role::Custom(lowest.native.clone());
    }
    Ok(Some(first))
}

/// They are a member already, as the provider answered or as was read before.
async fn present<M: WorkspaceMembers + ?Sized>(
    members: &M,
    guard: &mut Guard,
    request: &AddMember,
    if_present: IfPresent,
    member: Member,
    refusal: Option<Error>,
) -> Result<Ensured> {
    match if_present {
        IfPresent::Keep => Ok(Ensured::unchanged(member)),
        IfPresent::SetRole => give_role(members, guard, member, &request.role).await,
        IfPresent::Fail => Err(refusal.unwrap_or_else(|| {
            let message = format!("{} is a member already, as {}", member.key, member.native_role);
            Error::new(ErrorKind::AlreadyMember, Effect::Rejected, message)
                .with_operation(Operation::Add)
                .with_provider(members.provider())
        })),
    }
}

async fn narrowed<M: WorkspaceMembers + ?Sized>(members: &M, error: Error, request: &AddMember) -> Error {
    find::narrow_not_found(members, error, &request.key()).await
}
