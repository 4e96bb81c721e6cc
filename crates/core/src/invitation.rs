//! People who are not users of the account yet.

use crate::adapter::{Record, RecordKey};
use crate::{EmailAddress, InvitationId, Member, NativeRole, User, UserId, WorkspaceId};

/// What the provider made of a request to invite: a user with memberships, or an invitation that is open.
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
