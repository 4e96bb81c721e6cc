//! Making sure that somebody is a member.

use super::find::{may_be, narrow_not_found, read_member};
use super::guarded::Guarded;
use super::resolve::{Failed, Unread, send};
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

impl<M: WorkspaceMembers + ?Sized> Guarded<'_, M> {
    /// See [`ensure`](crate::WorkspaceMembersExt::ensure).
    pub async fn ensure(&mut self, request: &AddMember, if_present: IfPresent) -> Result<Ensured> {
        self.begin(&request.workspace);
        let done = self.ensured(request, if_present).await?;
        self.end_with(&done.member);
        Ok(done)
    }

    async fn ensured(&mut self, request: &AddMember, if_present: IfPresent) -> Result<Ensured> {
        let first = self.first_step(request)?;
        let addition = first.as_ref().unwrap_or(request);
        let capabilities = self.account().capabilities();
        capabilities.check_add(addition)?;
        if capabilities.behaves(Behaviour::AddUpserts) {
            // The addition itself would change the role of a member, unguarded. That the member may be what was not found
            // is enough: where it is something else, the addition is refused.
            match self.account().get(&request.workspace, &request.principal).await {
                Ok(Some(member)) => return self.present(request, if_present, member).await,
                Ok(None) => {}
                Err(error) if may_be(&error, Resource::Member) => {}
                Err(error) => return Err(narrow_not_found(self.account(), error, &request.key()).await),
            }
        }
        let added = match send(self.account(), addition).await {
            Ok(member) => member,
            Err(Failed { error, found })
                if error.kind() == ErrorKind::AlreadyMember && if_present != IfPresent::Fail =>
            {
                let found = match found {
                    Ok(found) => found,
                    Err(Unread) => {
                        read_member(self.account(), &request.workspace, &request.principal).await?
                    }
                };
                let Some(member) = found else {
                    let message = "the provider says they are a member, and does not show the membership";
                    return Err(error.with_message(message));
                };
                return self.present(request, if_present, member).await;
            }
            Err(failed) => return Err(narrow_not_found(self.account(), failed.error, &request.key()).await),
        };
        if first.is_none() {
            return Ok(Ensured { change: Change::Applied, member: added });
        }
        let done = format!("added {} as {}", added.key, added.native_role);
        let change = SetRole::new(added.key, request.role.clone()).with_from(Some(added.native_role));
        match send(self.account(), &change).await {
            Ok(member) => Ok(Ensured { change: Change::Applied, member }),
            Err(failed) => Err(failed.error.with_done(vec![done])),
        }
    }

    /// The addition to make first where adding cannot give the role and changing it can.
    fn first_step(&self, request: &AddMember) -> Result<Option<AddMember>> {
        let capabilities = self.account().capabilities();
        let asked = capabilities.resolve_role(&request.role, Operation::Add)?;
        let two_steps = asked.custom
            && !capabilities.has(Capability::AddCustomRole)
            && capabilities.has(Capability::SetCustomRole);
        if !two_steps {
            return Ok(None);
        }
        // Somebody who was added and cannot be given the role would be left in one that nobody asked for.
        capabilities.require(Capability::set_role(request.principal.kind()), Operation::Add)?;
        let mut first = request.clone();
        if let Some(lowest) = capabilities.roles().lowest() {
            // By its own name: a policy may forbid the normalized role, and this is a step on the way to another.
            first.role = Role::Custom(lowest.native.clone());
        }
        Ok(Some(first))
    }

    /// They are a member already, as the provider answered or as was read before.
    async fn present(
        &mut self,
        request: &AddMember,
        if_present: IfPresent,
        member: Member,
    ) -> Result<Ensured> {
        match if_present {
            IfPresent::Keep => Ok(Ensured { change: Change::Unchanged, member }),
            IfPresent::SetRole => self.give_role(member, &request.role).await,
            IfPresent::Fail => {
                let message = format!("{} is a member already, as {}", member.key, member.native_role);
                let error = Error::new(ErrorKind::AlreadyMember, Effect::Rejected, message);
                Err(self.account().capabilities().failure(Operation::Add, error))
            }
        }
    }
}
