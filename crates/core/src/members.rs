//! The contract: one trait, its requests, and what every implementation must keep.

use crate::{
    CancelInvitation, Capabilities, Capability, DeleteUser, Group, Identity, Invitation, Invite, Invited,
    Member, MemberKey, NativeRole, Operation, Page, PageRequest, PrincipalId, Provider, Result, Role,
    SetUserActive, User, Workspace, WorkspaceId,
};
#[cfg(doc)]
use crate::{Effect, ErrorKind};
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;

/// What a listing of members is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum ListOf {
    /// One workspace.
    Workspace(WorkspaceId),
    /// All workspaces of the account in one pass ([`Capability::ListAccountMembers`]).
    Account,
}

impl From<WorkspaceId> for ListOf {
    fn from(id: WorkspaceId) -> Self {
        Self::Workspace(id)
    }
}

/// Whom the provider mails about an addition. Nobody by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Notify {
    /// The member who was added ([`Capability::NotifyMember`]).
    pub member: bool,
    /// Every administrator of the workspace ([`Capability::NotifyAdmins`]).
    pub admins: bool,
}

impl Notify {
    /// Mails the new member only.
    pub const MEMBER: Self = Self { member: true, admins: false };
    /// Mails nobody.
    pub const NOBODY: Self = Self { member: false, admins: false };

    /// Mails every administrator of the workspace as well.
    pub const fn with_admins(mut self, admins: bool) -> Self {
        self.admins = admins;
        self
    }
}

/// Make a principal a member.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct AddMember {
    /// Of which workspace.
    pub workspace: WorkspaceId,
    /// Who.
    pub principal: PrincipalId,
    /// In which role.
    pub role: Role,
    /// Whom the provider mails about it.
    pub notify: Notify,
}

impl AddMember {
    /// Mails nobody.
    pub fn new(workspace: WorkspaceId, principal: impl Into<PrincipalId>, role: Role) -> Self {
        Self { workspace, principal: principal.into(), role, notify: Notify::NOBODY }
    }

    /// Says whom the provider mails.
    pub fn with_notify(mut self, notify: Notify) -> Self {
        self.notify = notify;
        self
    }

    /// The member that this addresses.
    pub fn key(&self) -> MemberKey {
        MemberKey::new(self.workspace.clone(), self.principal.clone())
    }
}

/// Give a member another role.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SetRole {
    /// Which member; with its membership id where the provider goes by it.
    pub key: MemberKey,
    /// The new role.
    pub role: Role,
    /// The role until now, where the caller knows it: for the record, not a condition.
    pub from: Option<NativeRole>,
}

impl SetRole {
    /// The old role is not known.
    pub fn new(key: MemberKey, role: Role) -> Self {
        Self { key, role, from: None }
    }

    /// Says what the role was.
    pub fn with_from(mut self, from: Option<NativeRole>) -> Self {
        self.from = from;
        self
    }
}

/// End a membership.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RemoveMember {
    /// Which member; with its membership id where the provider goes by it.
    pub key: MemberKey,
    /// The role until now, where the caller knows it: for the record, not a condition.
    pub from: Option<NativeRole>,
}

impl RemoveMember {
    /// The old role is not known.
    pub fn new(key: MemberKey) -> Self {
        Self { key, from: None }
    }

    /// Says what the role was.
    pub fn with_from(mut self, from: Option<NativeRole>) -> Self {
        self.from = from;
        self
    }
}

/// Who is in a workspace, and as what, at any provider. One value is one account.
///
/// # For callers
///
/// Each method is one request at most, so each answers for one thing that happened or did not. What takes several
/// requests (a whole roster, a person by e-mail, "make sure they are in") is in
/// [`WorkspaceMembersExt`](crate::WorkspaceMembersExt), which every implementation gets for free. These methods guard
/// nothing: [`remove`](Self::remove) removes the last owner if the provider lets it.
///
/// The trait is object safe: hold an `Arc<dyn WorkspaceMembers>` and which provider is behind it is a matter of
/// configuration. Futures are `Send`; a value may be used from any number of tasks at once.
///
/// # Cancellation
///
/// Dropping a future gives up waiting and undoes nothing. A read that is dropped has no effect. A write that is dropped
/// may take effect all the same, as one whose answer was lost ([`Effect::Unknown`]): read before repeating it.
///
/// # For implementors
///
/// * **One method, one request.** Never look something up first, never retry, never page: layers and the extension
///   trait do that, and they count on it.
/// * **Claims hold.** What [`capabilities`](Self::capabilities) claims works; for anything else answer
///   [`ErrorKind::Unsupported`] without a request. [`Capabilities::require`] and the `check_*` methods do both. A method
///   that the provider has no operation for need not be written: its default does the same.
/// * **Errors are classified by operation**, never by status alone, and carry the [`Effect`]: a write of which the
///   answer was lost is [`Effect::Unknown`], not a failure.
/// * **A write is confirmed.** If the answer shows the result, compare it with what was asked
///   ([`Capabilities::confirm`]), and answer [`ErrorKind::Unconfirmed`] where they differ.
/// * **Nothing is lost.** Unknown roles become [`Role::Custom`], unknown fields are ignored, missing ones are `None`.
/// * **Wrappers forward every method.** Put `#[deny(clippy::missing_trait_methods)]` on the `impl`, so that one that is
///   forgotten, or added later, does not answer "unsupported" in place of what is wrapped.
///
/// `workspace-members-testkit` runs these rules against any implementation.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait WorkspaceMembers: fmt::Debug + Send + Sync {
    /// The provider's name.
    fn provider(&self) -> Provider;

    /// What this value can do, as configured, the layers around it included. Never I/O, always the same.
    fn capabilities(&self) -> &Capabilities;

    /// Whom the credential acts as. Idempotent.
    async fn me(&self) -> Result<Identity> {
        Err(self.capabilities().unsupported(Capability::Me, Operation::Me))
    }

    /// One page of the account's workspaces. Idempotent.
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        let _ = page;
        Err(self.capabilities().unsupported(Capability::ListWorkspaces, Operation::ListWorkspaces))
    }

    /// One page of the account's users, members of a workspace or not. Idempotent.
    ///
    /// [`ErrorKind::Forbidden`] names the right that the credential's user lacks.
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        let _ = page;
        Err(self.capabilities().unsupported(Capability::ListUsers, Operation::ListUsers))
    }

    /// One page of the account's groups. Idempotent.
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        let _ = page;
        Err(self.capabilities().unsupported(Capability::ListGroups, Operation::ListGroups))
    }

    /// One page of a listing of members. Idempotent.
    ///
    /// One page is never a whole list: use [`members`](crate::WorkspaceMembersExt::members) or
    /// [`roster`](crate::WorkspaceMembersExt::roster). [`ErrorKind::NotFound`] if the provider tells that the
    /// workspace does not exist; some providers cannot tell, and yield nothing. A listing that takes requests of several
    /// kinds is one listing, whose cursor chains its parts: see [`Parts`](crate::adapter::Parts).
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>>;

    /// One member, or `None` if the principal is not a member. Idempotent.
    ///
    /// [`ErrorKind::NotFound`] if the provider tells that the workspace or the principal does not exist. Where it answers
    /// the same for several things, [`Error::missing`](crate::Error::missing) lists them all, the membership among them;
    /// [`find_member`](crate::WorkspaceMembersExt::find_member) finds out which it is.
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>>;

    /// Makes a principal a member. Not idempotent: whoever is a member already is [`ErrorKind::AlreadyMember`],
    /// whatever the role, which is not changed; or, with [`Behaviour::AddUpserts`](crate::Behaviour::AddUpserts), gets
    /// the role.
    ///
    /// Answers the member as the provider confirmed it, [`Status::Pending`](crate::Status::Pending) if they must accept
    /// an invitation first. Use [`ensure`](crate::WorkspaceMembersExt::ensure) to accept those who are members already.
    async fn add(&self, request: &AddMember) -> Result<Member>;

    /// Changes a member's role in one step. Idempotent. [`ErrorKind::NotFound`] for whoever is not a member.
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        let capability = Capability::set_role(request.key.principal.kind());
        Err(self.capabilities().unsupported(capability, Operation::SetRole))
    }

    /// Ends a membership. Repeating it is [`ErrorKind::NotFound`]; use
    /// [`remove_member`](crate::WorkspaceMembersExt::remove_member) to accept those who have left already.
    async fn remove(&self, request: &RemoveMember) -> Result<()>;

    /// Invites somebody who is not a user of the account yet. Not idempotent: two invitations may be two mails.
    ///
    /// [`ErrorKind::AlreadyMember`] for the address of a user of the account, where the provider tells.
    async fn invite(&self, request: &Invite) -> Result<Invited> {
        let _ = request;
        Err(self.capabilities().unsupported(Capability::InviteUser, Operation::Invite))
    }

    /// One page of the open invitations, to one workspace or of the whole account. Idempotent.
    async fn invitations_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Invitation>> {
        let _ = (of, page);
        Err(self.capabilities().unsupported(Capability::ListInvitations, Operation::ListInvitations))
    }

    /// Withdraws an open invitation. Repeating it is [`ErrorKind::NotFound`].
    async fn cancel_invitation(&self, request: &CancelInvitation) -> Result<()> {
        let _ = request;
        Err(self.capabilities().unsupported(Capability::CancelInvitation, Operation::CancelInvitation))
    }

    /// Deactivates a user of the account, or activates them again. Idempotent.
    async fn set_user_active(&self, request: &SetUserActive) -> Result<User> {
        let _ = request;
        Err(self.capabilities().unsupported(Capability::SetUserActive, Operation::SetUserActive))
    }

    /// Deletes a user of the account, and with them all their memberships. Repeating it is [`ErrorKind::NotFound`].
    async fn delete_user(&self, request: &DeleteUser) -> Result<()> {
        let _ = request;
        Err(self.capabilities().unsupported(Capability::DeleteUser, Operation::DeleteUser))
    }
}

macro_rules! forward {
    ($(<$($lifetime:lifetime,)? T> for $pointer:ty;)+) => {$(
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<$($lifetime,)? T: WorkspaceMembers + ?Sized> WorkspaceMembers for $pointer {
            fn provider(&self) -> Provider {
                (**self).provider()
            }
            fn capabilities(&self) -> &Capabilities {
                (**self).capabilities()
            }
            async fn me(&self) -> Result<Identity> {
                (**self).me().await
            }
            async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
                (**self).workspaces_page(page).await
            }
            async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
                (**self).users_page(page).await
            }
            async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
                (**self).groups_page(page).await
            }
            async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
                (**self).members_page(of, page).await
            }
            async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
                (**self).get(workspace, principal).await
            }
            async fn add(&self, request: &AddMember) -> Result<Member> {
                (**self).add(request).await
            }
            async fn set_role(&self, request: &SetRole) -> Result<Member> {
                (**self).set_role(request).await
            }
            async fn remove(&self, request: &RemoveMember) -> Result<()> {
                (**self).remove(request).await
            }
            async fn invite(&self, request: &Invite) -> Result<Invited> {
                (**self).invite(request).await
            }
            async fn invitations_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Invitation>> {
                (**self).invitations_page(of, page).await
            }
            async fn cancel_invitation(&self, request: &CancelInvitation) -> Result<()> {
                (**self).cancel_invitation(request).await
            }
            async fn set_user_active(&self, request: &SetUserActive) -> Result<User> {
                (**self).set_user_active(request).await
            }
            async fn delete_user(&self, request: &DeleteUser) -> Result<()> {
                (**self).delete_user(request).await
            }
        }
    )+};
}

forward! {
    <T> for Arc<T>;
    <T> for Box<T>;
    <'a, T> for &'a T;
}
