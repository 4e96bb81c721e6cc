//! People who are not users of the account yet, and what becomes of users as such: the requests and what they answer.

use crate::adapter::{Record, RecordKey};
use crate::{EmailAddress, InvitationId, Member, NativeRole, Notify, Role, User, UserId, WorkspaceId};

/// Invite somebody who is not a user of the account yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Invite {
    /// Whom.
    pub email: EmailAddress,
    /// Their name, where it is known.
    pub name: Option<String>,
    /// Into which workspaces, in which roles. A provider that takes none, or not so many, in one request refuses.
    pub workspaces: Vec<(WorkspaceId, Role)>,
    /// Whom the provider mails about it. Where invitations are always mailed
    /// ([`Behaviour::InvitationsMail`](crate::Behaviour::InvitationsMail)) they are mailed anyway.
    pub notify: Notify,
    /// Which seat or licence they get, in the provider's words, where it sells some.
    pub seat: Option<String>,
}

impl Invite {
    /// Into no workspace, mailing nobody.
    pub fn new(email: EmailAddress) -> Self {
        Self { email, name: None, workspaces: Vec::new(), notify: Notify::NOBODY, seat: None }
    }

    /// Adds the name.
    pub fn with_name(mut self, name: Option<String>) -> Self {
        self.name = name;
        self
    }

    /// Adds a workspace and the role in it.
    pub fn with_workspace(mut self, workspace: WorkspaceId, role: Role) -> Self {
        self.workspaces.push((workspace, role));
        self
    }

    /// Says whom the provider mails.
    pub fn with_notify(mut self, notify: Notify) -> Self {
        self.notify = notify;
        self
    }

    /// Says which seat they get.
    pub fn with_seat(mut self, seat: Option<String>) -> Self {
        self.seat = seat;
        self
    }
}

/// What the provider made of an invitation: a user with memberships, or an invitation that is open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Invited {
    /// The user, if there is one now.
    pub user: Option<User>,
    /// Their memberships, as far as the answer shows them.
    pub members: Vec<Member>,
    /// The invitation, if they still have to accept.
    pub invitation: Option<Invitation>,
}

impl Invited {
    /// There is a user now.
    pub fn user(user: User, members: Vec<Member>) -> Self {
        Self { user: Some(user), members, invitation: None }
    }

    /// They have to accept.
    pub fn pending(invitation: Invitation) -> Self {
        Self { user: None, members: Vec::new(), invitation: Some(invitation) }
    }
}

/// An invitation that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Who was invited, where the provider says the address.
    pub email: Option<EmailAddress>,
    /// Who was invited, if they are a user of the provider already.
    pub user: Option<UserId>,
    /// Into which workspaces, with the role where the provider says it.
    pub workspaces: Vec<(WorkspaceId, Option<NativeRole>)>,
}

impl Invitation {
    /// An invitation of which only the id is known.
    pub fn new(id: InvitationId) -> Self {
        Self { id, email: None, user: None, workspaces: Vec::new() }
    }

    /// Says whom it is for.
    pub fn with_invitee(mut self, email: Option<EmailAddress>, user: Option<UserId>) -> Self {
        (self.email, self.user) = (email, user);
        self
    }

    /// Adds a workspace.
    pub fn with_workspace(mut self, workspace: WorkspaceId, role: Option<NativeRole>) -> Self {
        self.workspaces.push((workspace, role));
        self
    }
}

impl Record for Invitation {
    fn record_key(&self) -> RecordKey {
        RecordKey::of(&self.id)
    }
}

/// Withdraw an open invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CancelInvitation {
    /// Which one.
    pub id: InvitationId,
}

impl CancelInvitation {
    /// Withdraws this one.
    pub fn new(id: InvitationId) -> Self {
        Self { id }
    }
}

/// Deactivate a user of the account, or activate them again. Their memberships stay.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SetUserActive {
    /// Whom.
    pub user: UserId,
    /// Whether they can use their access afterwards.
    pub active: bool,
}

impl SetUserActive {
    /// Says who, and which.
    pub fn new(user: UserId, active: bool) -> Self {
        Self { user, active }
    }
}

/// Delete a user of the account, and with them all their memberships.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DeleteUser {
    /// Whom.
    pub user: UserId,
}

impl DeleteUser {
    /// Deletes this one.
    pub fn new(user: UserId) -> Self {
        Self { user }
    }
}
