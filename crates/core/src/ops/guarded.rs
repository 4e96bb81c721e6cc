//! The verbs that may take something away, as a handle that says what may be.

use super::guard::Guard;
use super::{ensure, remove, role};
use crate::{
    AddMember, Change, Ensured, IfPresent, PrincipalId, Protection, Result, Role, WorkspaceId,
    WorkspaceMembers,
};
#[cfg(doc)]
use crate::{ErrorKind, WorkspaceMembersExt};

/// The verbs of [`WorkspaceMembersExt`] that may take something away, with what is allowed, and with what they have read.
///
/// A removal, and a change of role that lowers it or cannot be compared, is refused as [`ErrorKind::Protected`]:
///
/// * [`Protection::ActingIdentity`]: for the user that the key acts as, who would lock themselves out; for a group through
///   which alone they may own the workspace; and for anybody, where the key cannot say whom it acts as.
/// * [`Protection::LastOwner`]: for an owner, or a member whose role is not known to be less, where no other owner would be
///   left who may be active, or where that could not be read. Whoever has not accepted an invitation does not count.
///
/// Each can be [allowed](Self::allow). [`WorkspaceMembers`]' own methods guard nothing.
///
/// One handle for many changes asks once whom the key acts as, and reads the roster of a workspace once, if at all. It keeps
/// both up to date with its own changes and does not see those of others: use it for a loop, not for hours.
///
/// ```
/// # use workspace_members_core::{InMemory, PrincipalId, Protection, Result, WorkspaceId};
/// # use workspace_members_core::{WorkspaceMembers, WorkspaceMembersExt};
/// async fn empty(account: &dyn WorkspaceMembers, of: &WorkspaceId, people: &[PrincipalId]) -> Result<()> {
///     // The workspace is about to be deleted: it needs no owner.
///     let mut guarded = account.guarded().allow(Protection::LastOwner);
///     for person in people {
///         guarded.remove_member(of, person).await?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Guarded<'a, M: ?Sized> {
    members: &'a M,
    guard: Guard,
}

impl<'a, M: WorkspaceMembers + ?Sized> Guarded<'a, M> {
    pub(super) fn new(members: &'a M) -> Self {
        Self { members, guard: Guard::default() }
    }

    /// Allows what would be refused for this reason. What the provider itself protects, it still refuses.
    pub fn allow(mut self, protection: Protection) -> Self {
        self.guard.allow(protection);
        self
    }

    /// See [`ensure`](WorkspaceMembersExt::ensure).
    pub async fn ensure(&mut self, request: &AddMember, if_present: IfPresent) -> Result<Ensured> {
        self.guard.begin(&request.workspace);
        let done = ensure::ensure(self.members, &mut self.guard, request, if_present).await?;
        self.guard.ended_with(&done.member);
        Ok(done)
    }

    /// See [`change_role`](WorkspaceMembersExt::change_role).
    pub async fn change_role(
        &mut self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
        role: &Role,
    ) -> Result<Ensured> {
        self.guard.begin(workspace);
        let done = role::change_role(self.members, &mut self.guard, workspace, principal, role).await?;
        self.guard.ended_with(&done.member);
        Ok(done)
    }

    /// See [`change_role_by_remove_then_add`](WorkspaceMembersExt::change_role_by_remove_then_add).
    pub async fn change_role_by_remove_then_add(
        &mut self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
        role: &Role,
    ) -> Result<Ensured> {
        self.guard.begin(workspace);
        let done = role::remove_then_add(self.members, &mut self.guard, workspace, principal, role).await?;
        self.guard.ended_with(&done.member);
        Ok(done)
    }

    /// See [`remove_member`](WorkspaceMembersExt::remove_member).
    pub async fn remove_member(
        &mut self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
    ) -> Result<Change> {
        self.guard.begin(workspace);
        let done = remove::remove_member(self.members, &mut self.guard, workspace, principal).await?;
        self.guard.ended_without(workspace, principal);
        Ok(done)
    }
}
