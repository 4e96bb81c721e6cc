//! A handle on one workspace.

use super::ensure::{Ensured, IfPresent};
use super::guarded::Guarded;
use super::{find, listing};
use crate::listing::collect;
use crate::{
    AddMember, Capability, Change, ErrorKind, ListOf, Listing, Member, Notify, Operation, PrincipalId,
    Protection, Result, Role, Roster, Who, WorkspaceId, WorkspaceMembers,
};

/// One workspace of an account: what [`WorkspaceMembersExt`](crate::WorkspaceMembersExt) offers, without naming the
/// workspace each time, and with people named by address or id.
#[derive(Debug)]
pub struct BoundWorkspace<'a, M: ?Sized> {
    members: &'a M,
    id: WorkspaceId,
    allowed: Vec<Protection>,
}

impl<'a, M: WorkspaceMembers + ?Sized> BoundWorkspace<'a, M> {
    pub(super) fn new(members: &'a M, id: WorkspaceId) -> Self {
        Self { members, id, allowed: Vec::new() }
    }

    /// Allows what would be refused for this reason. Each call guards anew; for a loop, use a [`Guarded`] handle.
    pub fn allow(mut self, protection: Protection) -> Self {
        self.allowed.push(protection);
        self
    }

    fn guarded(&self) -> Guarded<'a, M> {
        self.allowed.iter().fold(Guarded::new(self.members), |guarded, allowed| guarded.allow(*allowed))
    }

    /// Which workspace.
    pub fn id(&self) -> &WorkspaceId {
        &self.id
    }

    /// See [`members`](crate::WorkspaceMembersExt::members).
    pub fn members(&self) -> Listing<'_, Member> {
        listing::members(self.members, ListOf::Workspace(self.id.clone()))
    }

    /// See [`roster`](crate::WorkspaceMembersExt::roster).
    pub async fn roster(&self) -> Result<Roster> {
        listing::roster(&self.members, &self.id).await
    }

    /// The member, or `None`. See [`find_member`](crate::WorkspaceMembersExt::find_member).
    pub async fn get(&self, who: impl Into<Who>) -> Result<Option<Member>> {
        let principal = self.resolve(&who.into()).await?;
        find::find_member(&self.members, &self.id, &principal, Operation::Get).await
    }

    /// Makes sure that somebody is a member in this role. See [`ensure`](crate::WorkspaceMembersExt::ensure).
    pub async fn ensure(&self, who: impl Into<Who>, role: Role) -> Result<Ensured> {
        self.add(who, role, Notify::NOBODY, IfPresent::SetRole).await
    }

    /// Adds somebody, with everything that can be said about it. See [`ensure`](crate::WorkspaceMembersExt::ensure).
    pub async fn add(
        &self,
        who: impl Into<Who>,
        role: Role,
        notify: Notify,
        if_present: IfPresent,
    ) -> Result<Ensured> {
        let principal = self.resolve(&who.into()).await?;
        let request = AddMember::new(self.id.clone(), principal, role).with_notify(notify);
        self.guarded().ensure(&request, if_present).await
    }

    /// See [`change_role`](crate::WorkspaceMembersExt::change_role).
    pub async fn change_role(&self, who: impl Into<Who>, role: Role) -> Result<Ensured> {
        let principal = self.resolve(&who.into()).await?;
        self.guarded().change_role(&self.id, &principal, &role).await
    }

    /// See [`change_role_by_remove_then_add`](crate::WorkspaceMembersExt::change_role_by_remove_then_add).
    pub async fn change_role_by_remove_then_add(&self, who: impl Into<Who>, role: Role) -> Result<Ensured> {
        let principal = self.resolve(&who.into()).await?;
        self.guarded().change_role_by_remove_then_add(&self.id, &principal, &role).await
    }

    /// See [`remove_member`](crate::WorkspaceMembersExt::remove_member).
    pub async fn remove(&self, who: impl Into<Who>) -> Result<Change> {
        let principal = self.resolve(&who.into()).await?;
        self.guarded().remove_member(&self.id, &principal).await
    }

    /// The principal that a caller named. Where the credential may not list users, a member is found in the workspace's
    /// own list.
    async fn resolve(&self, who: &Who) -> Result<PrincipalId> {
        let (error, email) = match (find::principal(&self.members, who).await, who) {
            (Err(error), Who::Email(email)) => (error, email),
            (resolved, _) => return resolved,
        };
        if error.kind() != ErrorKind::Forbidden && self.members.capabilities().has(Capability::ListUsers) {
            return Err(error);
        }
        // Somebody who is not in that list may still exist, so not to be found is no answer.
        let Ok(members) = collect(|| self.members()).await else { return Err(error) };
        let mut found = members.into_iter().filter(|member| member.email.as_ref() == Some(email));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one.key.principal),
            _ => Err(error),
        }
    }
}
