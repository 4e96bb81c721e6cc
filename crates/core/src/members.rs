//! The contract: one trait, and what every implementation must keep.

use crate::{
    AddMember, Capabilities, Capability, Group, Identity, Invitation, InvitationId, Invite, Invited, ListOf,
    Member, Operation, Page, PageRequest, PrincipalId, Provider, RemoveMember, Result, SetRole, User, UserId,
    Workspace, WorkspaceId,
};
#[cfg(doc)]
use crate::{Effect, ErrorKind, Role};
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;

/// Who is in a workspace, and as what, at any provider. One value is one account.
///
/// # For callers
///
/// Each method is one request at most, so each answers for one thing that happened or did not. What takes several
/// requests (a whole roster, a person by e-mail, "make sure they are in") is in
/// [`WorkspaceMembersExt`](crate::WorkspaceMembersExt), which every implementation gets for free. These methods guard
/// nothing: [`remove`](Self::remove) removes the last owner if the provider lets it.
///
/// Hold an `Arc<dyn WorkspaceMembers>`, and which provider is behind it is a matter of configuration.
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
/// * **Claims hold.** What [`capabilities`](Self::capabilities) claims works; anything else is
///   [`ErrorKind::Unsupported`] without a request, as [`Capabilities::require`], the `check_*` methods and the methods'
///   defaults answer.
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
#[expect(unused_variables, reason = "a method that is not written refuses whatever is asked")]
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
        Err(self.capabilities().unsupported(Capability::ListWorkspaces, Operation::ListWorkspaces))
    }

    /// One page of the account's users, members of a workspace or not. Idempotent.
    ///
    /// [`ErrorKind::Forbidden`] names the right that the credential's user lacks.
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        Err(self.capabilities().unsupported(Capability::ListUsers, Operation::ListUsers))
    }

    /// One page of the account's groups. Idempotent.
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        Err(self.capabilities().unsupported(Capability::ListGroups, Operation::ListGroups))
    }

    /// One page of a listing of members. Idempotent.
    ///
    /// For a whole list use [`members`](crate::WorkspaceMembersExt::members) or
    /// [`roster`](crate::WorkspaceMembersExt::roster). [`ErrorKind::NotFound`] if the provider reports that the workspace
    /// does not exist; some do not know, and yield nothing. [`Parts`](crate::adapter::Parts) make one listing of requests
    /// of several kinds.
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>>;

    /// One member, or `None` if the principal is not a member. Idempotent.
    ///
    /// [`ErrorKind::NotFound`] if the workspace or the principal does not exist. Where the provider answers the same for
    /// several things, [`Error::missing`](crate::Error::missing) lists them all, the membership among them;
    /// [`find_member`](crate::WorkspaceMembersExt::find_member) finds out which it is.
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>>;

    /// Makes a principal a member. Not idempotent: somebody who is a member already is [`ErrorKind::AlreadyMember`],
    /// whatever the role, which is not changed; or, with [`Behaviour::AddUpserts`](crate::Behaviour::AddUpserts), gets
    /// the role.
    ///
    /// Answers the member as the provider confirmed it, [`Status::Pending`](crate::Status::Pending) if they must accept
    /// an invitation first. Use [`ensure`](crate::WorkspaceMembersExt::ensure) to accept those who are members already.
    async fn add(&self, request: &AddMember) -> Result<Member>;

    /// Changes a member's role in one step. Idempotent. [`ErrorKind::NotFound`] for somebody who is not a member.
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        let capability = Capability::set_role(request.key.principal.kind());
        Err(self.capabilities().unsupported(capability, Operation::SetRole))
    }

    /// Ends a membership. Repeating it is [`ErrorKind::NotFound`]; use
    /// [`remove_member`](crate::WorkspaceMembersExt::remove_member) to accept those who have left already.
    async fn remove(&self, request: &RemoveMember) -> Result<()>;

    /// Invites somebody who is not a user of the account yet. Not idempotent: two invitations may be two mails.
    ///
    /// [`ErrorKind::AlreadyMember`] for the address of a user of the account, where the provider reports it.
    async fn invite(&self, request: &Invite) -> Result<Invited> {
        Err(self.capabilities().unsupported(Capability::InviteUser, Operation::Invite))
    }

    /// One page of the open invitations, to one workspace or of the whole account. Idempotent.
    async fn invitations_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Invitation>> {
        Err(self.capabilities().unsupported(Capability::ListInvitations, Operation::ListInvitations))
    }

    /// Withdraws an open invitation. Repeating it is [`ErrorKind::NotFound`].
    async fn cancel_invitation(&self, id: &InvitationId) -> Result<()> {
        Err(self.capabilities().unsupported(Capability::CancelInvitation, Operation::CancelInvitation))
    }

    /// Deactivates a user of the account, or activates them again (`active`). Their memberships stay. Idempotent.
    async fn set_user_active(&self, user: &UserId, active: bool) -> Result<User> {
        Err(self.capabilities().unsupported(Capability::SetUserActive, Operation::SetUserActive))
    }

    /// Deletes a user of the account, and with them all their memberships. Repeating it is [`ErrorKind::NotFound`].
    async fn delete_user(&self, user: &UserId) -> Result<()> {
        Err(self.capabilities().unsupported(Capability::DeleteUser, Operation::DeleteUser))
    }
}

/// Implements the trait for a pointer to an implementation `T`.
macro_rules! forward {
    ($pointer:ty $(, $lifetime:lifetime)?) => {
        forward! { @methods [$($lifetime)?] $pointer:
            me() -> Identity;
            workspaces_page(page: PageRequest) -> Page<Workspace>;
            users_page(page: PageRequest) -> Page<User>;
            groups_page(page: PageRequest) -> Page<Group>;
            members_page(of: &ListOf, page: PageRequest) -> Page<Member>;
            get(workspace: &WorkspaceId, principal: &PrincipalId) -> Option<Member>;
            add(request: &AddMember) -> Member;
            set_role(request: &SetRole) -> Member;
            remove(request: &RemoveMember) -> ();
            invite(request: &Invite) -> Invited;
            invitations_page(of: &ListOf, page: PageRequest) -> Page<Invitation>;
            cancel_invitation(id: &InvitationId) -> ();
            set_user_active(user: &UserId, active: bool) -> User;
            delete_user(user: &UserId) -> ();
        }
    };
    (@methods [$($lifetime:lifetime)?] $pointer:ty: $($method:ident($($name:ident: $type:ty),*) -> $answer:ty;)+) => {
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<$($lifetime,)? T: WorkspaceMembers + ?Sized> WorkspaceMembers for $pointer {
            fn provider(&self) -> Provider {
                (**self).provider()
            }
            fn capabilities(&self) -> &Capabilities {
                (**self).capabilities()
            }
            $(async fn $method(&self, $($name: $type),*) -> Result<$answer> {
                (**self).$method($($name),*).await
            })+
        }
    };
}

forward! { Arc<T> }
forward! { Box<T> }
forward! { &'a T, 'a }
