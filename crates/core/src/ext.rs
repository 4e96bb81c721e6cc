//! Every verb that takes more than one request, written once for all providers.

mod bound;
mod changes;
mod missing;
mod rosters;

pub use bound::BoundWorkspace;

use crate::listing::{collect, walk};
use crate::{
    AddMember, Capability, Change, Effect, EmailAddress, Error, ErrorKind, Group, ListOf, Listing, Member,
    MemberKey, Operation, PrincipalId, RemoveMember, Resource, Result, Role, Roster, User, Who, Workspace,
    WorkspaceId, WorkspaceMembers,
};
use async_trait::async_trait;

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
    fn applied(member: Member) -> Self {
        Self { change: Change::Applied, member }
    }

    fn unchanged(member: Member) -> Self {
        Self { change: Change::Unchanged, member }
    }
}

/// What takes several requests, for every [`WorkspaceMembers`]. Nothing to implement.
///
/// A verb that stopped half-way answers [`Effect::Partial`] and says in [`Error::done`] what was done.
///
/// # Cancellation
///
/// A verb that is dropped half-way stops where it is, and nobody puts anything back. Those that only read have no effect.
/// [`remove_member`](Self::remove_member) and [`change_role`](Self::change_role) write once;
/// [`ensure`](Self::ensure) may leave somebody added in the lowest role on the way to a custom one;
/// [`change_role_by_remove_then_add`](Self::change_role_by_remove_then_add) may leave them removed, so let it run to its
/// end, for instance in a task of its own.
#[async_trait]
pub trait WorkspaceMembersExt: WorkspaceMembers {
    /// All workspaces of the account, as a stream.
    fn workspaces(&self) -> Listing<'_, Workspace> {
        walk(Operation::ListWorkspaces, self.provider(), |page| self.workspaces_page(page))
    }

    /// All users of the account, as a stream.
    fn users(&self) -> Listing<'_, User> {
        walk(Operation::ListUsers, self.provider(), |page| self.users_page(page))
    }

    /// All groups of the account, as a stream.
    fn groups(&self) -> Listing<'_, Group> {
        walk(Operation::ListGroups, self.provider(), |page| self.groups_page(page))
    }

    /// The members of one workspace, or of all in one pass, as a stream.
    ///
    /// For decisions about who is *not* a member use [`roster`](Self::roster).
    fn members(&self, of: impl Into<ListOf>) -> Listing<'_, Member> {
        let of = of.into();
        walk(Operation::ListMembers, self.provider(), move |page| {
            let of = of.clone();
            async move { self.members_page(&of, page).await }
        })
    }

    /// A handle on one workspace.
    fn workspace(&self, id: WorkspaceId) -> BoundWorkspace<'_, Self> {
        BoundWorkspace { members: self, id }
    }

    /// Everybody in one workspace, complete or not at all. Idempotent.
    ///
    /// A listing that changed while it was read starts over once, then fails as [`ErrorKind::ListingChanged`]. Needs
    /// [`Capability::Roster`]. Reads the list of workspaces too where that shows the owner who cannot be removed, or
    /// where the provider's listing does not tell an empty workspace from a missing one.
    async fn roster(&self, workspace: &WorkspaceId) -> Result<Roster> {
        let mut rosters = self.rosters(std::slice::from_ref(workspace)).await?;
        rosters
            .pop()
            .ok_or_else(|| Error::not_found(missing::missing_workspace(workspace), &[Resource::Workspace]))
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
        rosters::rosters(self, workspaces, listed).await
    }

    /// The workspace with this id or, if none has it, with this name. Idempotent.
    ///
    /// [`ErrorKind::Ambiguous`] if several have the name; the message lists their ids.
    async fn find_workspace(&self, id_or_name: &str) -> Result<Workspace> {
        let all = collect(|| self.workspaces()).await?;
        if let Some(found) = all.iter().find(|workspace| workspace.id.as_str() == id_or_name) {
            return Ok(found.clone());
        }
        let named: Vec<&Workspace> = all.iter().filter(|workspace| workspace.name == id_or_name).collect();
        match named.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(Error::not_found(
                format!("no workspace has the id or name {id_or_name:?}, or it is not visible"),
                &[Resource::Workspace],
            )
            .with_operation(Operation::ListWorkspaces)
            .with_provider(self.provider())),
            several => {
                let ids = several.iter().map(|w| w.id.to_string()).collect::<Vec<_>>().join(", ");
                let message = format!("{} workspaces are named {id_or_name:?}: {ids}", several.len());
                Err(Error::new(ErrorKind::Ambiguous, Effect::Rejected, message)
                    .with_operation(Operation::ListWorkspaces)
                    .with_provider(self.provider()))
            }
        }
    }

    /// The one user with this address. Reads the whole list of users, since providers cannot search it. Idempotent.
    ///
    /// [`ErrorKind::NotFound`] for none, [`ErrorKind::Ambiguous`] for several, [`ErrorKind::Forbidden`] if the
    /// credential's user may not list users; then use an id.
    async fn find_user(&self, email: &EmailAddress) -> Result<User> {
        let users = collect(|| self.users()).await?;
        let named = |error: Error| error.with_operation(Operation::ListUsers).with_provider(self.provider());
        only_match(email, users.iter()).map_err(named)?.ok_or_else(|| {
            let message = format!("no user of the account has the address {email}");
            named(Error::not_found(message, &[Resource::User]))
        })
    }

    /// The principal that a caller named. No request for an id. Idempotent.
    async fn resolve(&self, who: &Who) -> Result<PrincipalId> {
        match who {
            Who::Id(id) => Ok(id.clone()),
            Who::Email(email) => Ok(self.find_user(email).await?.id.into()),
        }
    }

    /// Makes sure that a principal is a member. Idempotent, unless asked to [`IfPresent::Fail`]. A custom role that the
    /// provider shows as a placeholder is given each time, since it does not show which one it is.
    ///
    /// Adds first; for whoever is a member already, reads back the role and does as `if_present` says. With
    /// [`IfPresent::SetRole`] at a provider without a one-step change of role, somebody in another role is
    /// [`ErrorKind::Unsupported`]: see [`change_role_by_remove_then_add`](Self::change_role_by_remove_then_add). A
    /// custom role that can only be given in a second step starts as the lowest role.
    async fn ensure(&self, request: &AddMember, if_present: IfPresent) -> Result<Ensured> {
        changes::ensure(self, request, if_present).await
    }

    /// Changes a member's role in one step. Idempotent: the role they have already is [`Change::Unchanged`].
    async fn change_role(
        &self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
        role: &Role,
    ) -> Result<Ensured> {
        let capability = Capability::set_role(principal.kind());
        self.capabilities().require(capability, Operation::SetRole)?;
        match self.find_member(workspace, principal, Operation::SetRole).await? {
            Some(member) => changes::give_role(self, member, role).await,
            None => Err(missing::not_a_member(self.provider(), workspace, principal, Operation::SetRole)),
        }
    }

    /// Changes a member's role by removing and adding them, where the provider has no other way.
    ///
    /// Between the two requests they have no access. Refuses, before any change, for the only visible owner, for the
    /// acting identity, and for a role that could not be put back. If the addition fails, the old role is put back;
    /// [`Effect::Partial`] says that this failed too, and they are, or may be, outside. Idempotent: the role they have
    /// already is [`Change::Unchanged`].
    async fn change_role_by_remove_then_add(
        &self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
        role: &Role,
    ) -> Result<Ensured> {
        changes::remove_then_add(self, workspace, principal, role).await
    }

    /// Makes sure that a principal is not a member. Idempotent: [`Change::Unchanged`] for whoever is none, once the
    /// workspace is known to exist.
    ///
    /// A provider that reads members by user tells whom it does not know at all: that is [`ErrorKind::NotFound`] with
    /// [`Resource::User`], since it may as well be a slip in the id.
    async fn remove_member(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Change> {
        let capability = Capability::remove(principal.kind());
        self.capabilities().require(capability, Operation::Remove)?;
        let Some(member) = self.find_member(workspace, principal, Operation::Remove).await? else {
            return Ok(Change::Unchanged);
        };
        let request = RemoveMember::new(member.key).with_from(Some(member.native_role));
        match self.remove(&request).await {
            Ok(()) => Ok(Change::Applied),
            // Somebody else was faster: what was asked for holds.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                match self.find_member(workspace, principal, Operation::Remove).await? {
                    None => Ok(Change::Unchanged),
                    Some(_) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// One member, or `None` once the workspace is known to exist: a provider that reads members by user does not
    /// notice a wrong workspace. Idempotent.
    async fn find_member(
        &self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
        operation: Operation,
    ) -> Result<Option<Member>> {
        missing::find_member(self, workspace, principal, operation).await
    }

    /// Finds out by reading which of several things a [`ErrorKind::NotFound`] is about. Any other error, and one that
    /// reading cannot tell, comes back as it is. Idempotent.
    async fn narrow_not_found(&self, error: Error, key: &MemberKey) -> Error {
        missing::narrow_not_found(self, error, key).await
    }
}

impl<T: WorkspaceMembers + ?Sized> WorkspaceMembersExt for T {}

/// Finds the one user of an address among those given, comparing with ASCII letters folded.
fn only_match<'a>(email: &EmailAddress, users: impl Iterator<Item = &'a User>) -> Result<Option<User>> {
    let mut found: Option<&User> = None;
    for user in users.filter(|user| user.email.as_ref() == Some(email)) {
        match found {
            Some(first) if first.id != user.id => {
                let message = format!("{email} is the address of users {} and {}", first.id, user.id);
                return Err(Error::new(ErrorKind::Ambiguous, Effect::Rejected, message));
            }
            _ => found = Some(user),
        }
    }
    Ok(found.cloned())
}
