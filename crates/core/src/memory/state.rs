//! What the account holds.

use crate::{
    Behaviour, Capabilities, Group, Invitation, InvitationId, Member, MemberKey, MembershipId, NativeRole,
    PrincipalId, Status, User, UserId, Workspace, WorkspaceId,
};
use std::collections::BTreeMap;

/// A person whom the provider knows.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) user: User,
    /// Whether they are no user of the account: somebody whom an addition invites, if it may.
    pub(super) outside: bool,
}

/// Principals are kept by their ids as those compare ([`Capabilities::folded`]), in the spelling they came in.
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

/// Where a member is kept.
pub(super) fn place(
    capabilities: &Capabilities,
    workspace: &WorkspaceId,
    principal: &PrincipalId,
) -> (WorkspaceId, PrincipalId) {
    (workspace.clone(), capabilities.folded(principal).into_owned())
}

impl State {
    fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    pub(super) fn person(&self, capabilities: &Capabilities, id: &UserId) -> Option<&Person> {
        self.people.get(&*capabilities.folded(&id.clone().into()))
    }

    pub(super) fn put_person(&mut self, capabilities: &Capabilities, user: User, outside: bool) {
        let id = capabilities.folded(&user.id.clone().into()).into_owned();
        self.people.insert(id, Person { user, outside });
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

    /// Makes somebody a member; pending, with an open invitation, if they are no user of the account.
    pub(super) fn put_member(
        &mut self,
        capabilities: &Capabilities,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
        role: NativeRole,
    ) -> Member {
        let membership =
            capabilities.behaves(Behaviour::MembershipIds).then(|| MembershipId::from(self.next()));
        let id = capabilities.folded(principal).into_owned();
        let key =
            |principal: PrincipalId| MemberKey::new(workspace.clone(), principal).with_membership(membership);
        let member = if let Some(Person { user, outside }) = self.people.get(&id) {
            let status = if *outside { Status::Pending } else { user.status };
            let member = Member::new(key(user.id.clone().into()), role, capabilities.roles())
                .with_email(user.email.clone())
                .with_name(user.name.clone())
                .with_status(status)
                .with_license(user.license.clone());
            user.marks.iter().copied().fold(member, Member::with_mark)
        } else if let Some(group) = self.groups.get(&id) {
            Member::new(key(group.id.clone().into()), role, capabilities.roles())
                .with_name(Some(group.name.clone()))
        } else {
            Member::new(key(principal.clone()), role, capabilities.roles())
        };
        if self.people.get(&id).is_some_and(|person| person.outside) {
            self.invite_into(&member);
        }
        self.members.insert((workspace.clone(), id), member.clone());
        member
    }

    /// Takes a member out, and the invitation to this workspace if it is open.
    pub(super) fn take_member(
        &mut self,
        capabilities: &Capabilities,
        workspace: &WorkspaceId,
        id: &PrincipalId,
    ) {
        let Some(member) = self.members.remove(&place(capabilities, workspace, id)) else { return };
        self.invitations.retain(|_, invitation| {
            if invitation.user.as_ref() == member.key.principal.as_user() {
                invitation.workspaces.retain(|(into, _)| into != workspace);
                return !invitation.workspaces.is_empty();
            }
            true
        });
    }

    /// The pending member is invited into the workspace: by the invitation they have, or by a new one.
    fn invite_into(&mut self, member: &Member) {
        let Some(user) = member.key.principal.as_user() else { return };
        let into = (member.key.workspace.clone(), Some(member.native_role.clone()));
        if let Some(open) = self.invitations.values_mut().find(|open| open.user.as_ref() == Some(user)) {
            open.workspaces.retain(|(workspace, _)| *workspace != into.0);
            open.workspaces.push(into);
            return;
        }
        let id = self.next();
        let mut invitation =
            Invitation::new(id.into()).with_invitee(member.email.clone(), Some(user.clone()));
        invitation.workspaces.push(into);
        self.invitations.insert(invitation.id.clone(), invitation);
    }

    /// Opens an invitation for an address, under a new id.
    pub(super) fn open_invitation(
        &mut self,
        invitation: impl FnOnce(InvitationId) -> Invitation,
    ) -> Invitation {
        let id = self.next();
        let invitation = invitation(id.into());
        self.invitations.insert(invitation.id.clone(), invitation.clone());
        invitation
    }
}
