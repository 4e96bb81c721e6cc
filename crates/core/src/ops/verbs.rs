//! Every verb that takes more than one request, for all providers.

use super::bound::BoundWorkspace;
use super::ensure::{Ensured, IfPresent};
use super::guarded::Guarded;
use super::{find, listing};
use crate::{
    AddMember, Change, EmailAddress, Error, Group, ListOf, Listing, Member, MemberKey, Operation,
    PrincipalId, Result, Role, Roster, User, Who, Workspace, WorkspaceId, WorkspaceMembers,
};
#[cfg(doc)]
use crate::{Behaviour, Capability, Effect, ErrorKind, Resource, RoleTable, Status};
use async_trait::async_trait;

/// What takes several requests, for every [`WorkspaceMembers`]. Nothing to implement.
///
/// A verb that stopped half-way answers [`Effect::Partial`] and says in [`Error::done`] what was done. Where the answer to
/// a write was lost, the verb reads once whether it took effect, and never sends it again, which is for the retry layer.
/// What is still unknown then is [`Effect::Unknown`].
///
/// Those that may take something away refuse to lock out the key's own user and to take the last owner: see [`Guarded`].
///
/// # Cancellation
///
/// A verb that is dropped half-way stops where it is. Most write once at the most. [`ensure`](Self::ensure) may leave
/// somebody added in the lowest role on the way to a custom one;
/// [`change_role_by_remove_then_add`](Self::change_role_by_remove_then_add) may leave them removed, so let it run to its
/// end, for instance in a task of its own.
#[async_trait]
pub trait WorkspaceMembersExt: WorkspaceMembers {
    /// All workspaces of the account, as a stream.
    fn workspaces(&self) -> Listing<'_, Workspace> {
        listing::workspaces(self)
    }

    /// All users of the account, as a stream.
    fn users(&self) -> Listing<'_, User> {
        listing::users(self)
    }

    /// All groups of the account, as a stream.
    fn groups(&self) -> Listing<'_, Group> {
        listing::groups(self)
    }

    /// The members of one workspace, or of all in one pass, as a stream.
    ///
    /// For decisions about who is *not* a member use [`roster`](Self::roster).
    fn members(&self, of: impl Into<ListOf>) -> Listing<'_, Member> {
        listing::members(self, of.into())
    }

    /// A handle on one workspace.
    fn workspace(&self, id: WorkspaceId) -> BoundWorkspace<'_, Self> {
        BoundWorkspace::new(self, id)
    }

    /// A handle for changes that may take something away, which says what may be and reads less in a loop.
    fn guarded(&self) -> Guarded<'_, Self> {
        Guarded::new(self)
    }

    /// Everybody in one workspace, complete or not at all. Idempotent.
    ///
    /// A listing that changed while it was read starts over once, then fails as [`ErrorKind::ListingChanged`]. Needs
    /// [`Capability::Roster`], and the list of workspaces where
    /// [`rosters_need_workspaces`](crate::Capabilities::rosters_need_workspaces).
    async fn roster(&self, workspace: &WorkspaceId) -> Result<Roster> {
        listing::roster(&self, workspace).await
    }

    /// Everybody in each of these workspaces, in the order asked; in one pass over the account where the provider has
    /// one, else up to 32 workspaces side by side. Idempotent. As [`roster`](Self::roster) in everything else.
    async fn rosters(&self, workspaces: &[WorkspaceId]) -> Result<Vec<Roster>> {
        self.rosters_among(workspaces, None).await
    }

    /// The same, where the account's workspaces may have been listed just before: then they are not listed again.
    async fn rosters_among(
        &self,
        workspaces: &[WorkspaceId],
        listed: Option<&[Workspace]>,
    ) -> Result<Vec<Roster>> {
        listing::rosters(&self, workspaces, listed).await
    }

    /// The workspace with this id or, if none has it, with this name. Idempotent.
    ///
    /// [`ErrorKind::Ambiguous`] if several have the name; the message lists their ids.
    async fn find_workspace(&self, id_or_name: &str) -> Result<Workspace> {
        find::find_workspace(&self, id_or_name).await
    }

    /// The one user with this address. Reads the whole list of users, since providers cannot search it. Idempotent.
    ///
    /// [`ErrorKind::NotFound`] for none, [`ErrorKind::Ambiguous`] for several, [`ErrorKind::Forbidden`] if the
    /// credential's user may not list users, and [`ErrorKind::Unsupported`] where the provider hides addresses
    /// ([`Capability::SeeAddresses`]); then use an id.
    async fn find_user(&self, email: &EmailAddress) -> Result<User> {
        find::find_user(&self, email).await
    }

    /// The principal that a caller named. No request for an id. Idempotent.
    async fn resolve(&self, who: &Who) -> Result<PrincipalId> {
        find::principal(&self, who).await
    }

    /// Makes sure that a principal is a member. Idempotent, unless asked to [`IfPresent::Fail`]. A custom role that the
    /// provider shows as a placeholder is given each time, since it does not show which one it is. Somebody who must accept
    /// an invitation first is [`Status::Pending`] in the answer.
    ///
    /// Adds first; for somebody who is a member already, reads the role and does as `if_present` says. Where
    /// [`IfPresent::SetRole`] takes a change of role that the provider has no one-step operation for, that is
    /// [`ErrorKind::Unsupported`]: see [`change_role_by_remove_then_add`](Self::change_role_by_remove_then_add). A role that
    /// something else sets stays as it is. A custom role that can only be given in a second step starts as the lowest role.
    ///
    /// Where adding changes the role of members ([`Behaviour::AddUpserts`]), this reads first, and fails if that fails.
    /// Between the two requests somebody else may add them, which no client can prevent there.
    ///
    /// Lowering a role is guarded: see [`Guarded`]. Somebody has a normalized role in any native role that stands for it,
    /// and one by its native name in that alone: see [`RoleTable::satisfies`].
    async fn ensure(&self, request: &AddMember, if_present: IfPresent) -> Result<Ensured> {
        self.guarded().ensure(request, if_present).await
    }

    /// Changes a member's role in one step. Idempotent: the role they have already, and a role that something else sets,
    /// is [`Change::Unchanged`]. Lowering it is guarded: see [`Guarded`].
    async fn change_role(
        &self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
        role: &Role,
    ) -> Result<Ensured> {
        self.guarded().change_role(workspace, principal, role).await
    }

    /// Changes a member's role by removing and adding them, where the provider has no other way.
    ///
    /// Between the two requests they have no access, so it is guarded as a removal is (see [`Guarded`]), and refused for a
    /// role that could not be put back. If the addition fails, the old role is put back; [`Effect::Partial`] says that
    /// this failed too, and they are, or may be, outside. Idempotent, as [`change_role`](Self::change_role) is.
    async fn change_role_by_remove_then_add(
        &self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
        role: &Role,
    ) -> Result<Ensured> {
        self.guarded().change_role_by_remove_then_add(workspace, principal, role).await
    }

    /// Makes sure that a principal is not a member. Idempotent: [`Change::Unchanged`] for somebody who is none, once
    /// the workspace is known to exist. Guarded: see [`Guarded`].
    ///
    /// A provider that reads members by user reports a user whom it does not know at all: that is
    /// [`ErrorKind::NotFound`] with [`Resource::User`], since it may as well be a slip in the id.
    async fn remove_member(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Change> {
        self.guarded().remove_member(workspace, principal).await
    }

    /// One member, or `None` once the workspace is known to exist: a provider that reads members by user does not
    /// notice a wrong workspace, and one that answers the same for everything that is missing does not say. Idempotent.
    ///
    /// Where it stays open whether the workspace exists, the provider's [`ErrorKind::NotFound`] stays.
    async fn find_member(
        &self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
        operation: Operation,
    ) -> Result<Option<Member>> {
        find::find_member(&self, workspace, principal, operation).await
    }

    /// Finds out by reading which of several things a [`ErrorKind::NotFound`] is about. Any other error, and one of
    /// which reading shows no more, comes back as it is. Idempotent.
    async fn narrow_not_found(&self, error: Error, key: &MemberKey) -> Error {
        find::narrow_not_found(&self, error, key).await
    }
}

impl<T: WorkspaceMembers + ?Sized> WorkspaceMembersExt for T {}
