//! What the account has in it.

use crate::{
    EmailAddress, Group, Invitation, InvitationId, Member, PrincipalId, User, UserId, Workspace, WorkspaceId,
};
use std::collections::BTreeMap;

/// A person whom the provider knows.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) user: User,
    /// Whether they are no user of the account: somebody whom an addition invites, if it may.
    pub(super) outside: bool,
}

/// Principals are kept by their ids as those compare ([`Capabilities::folded`](crate::Capabilities::folded)), in the
/// spelling they came in.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) workspaces: BTreeMap<WorkspaceId, Workspace>,
    pub(super) people: BTreeMap<PrincipalId, Person>,
    pub(super) groups: BTreeMap<PrincipalId, Group>,
    pub(super) members: BTreeMap<(WorkspaceId, PrincipalId), Member>,
    pub(super) invitations: BTreeMap<InvitationId, Invitation>,
    /// How many ids were given to memberships, invitations and users.
    made: u64,
    pub(super) key_is_dead: bool,
    /// How many mails were sent.
    pub(super) mails: usize,
}

impl State {
    pub(super) fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// The users of the account.
    pub(super) fn users(&self) -> impl Iterator<Item = &User> {
        self.people.values().filter(|person| !person.outside).map(|person| &person.user)
    }

    /// An id that no user has.
    pub(super) fn free_user_id(&mut self) -> UserId {
        loop {
            let id = UserId::from(1_000_000 + self.next());
            if !self.people.contains_key(&id.clone().into()) {
                return id;
            }
        }
    }

    /// Opens an invitation into no workspace yet.
    pub(super) fn open_invitation(
        &mut self,
        email: Option<EmailAddress>,
        user: Option<UserId>,
    ) -> &mut Invitation {
        let id = InvitationId::from(self.next());
        let invitation = Invitation::new(id.clone()).with_invitee(email, user);
        self.invitations.entry(id).or_insert(invitation)
    }
}
