//! People and their memberships: how they change, and how they are shown.

use super::InMemory;
use super::state::{Person, State};
use crate::{
    Behaviour, Capability, EmailAddress, Invitation, Member, MemberKey, MembershipId, NativeRole,
    PrincipalId, Status, User, UserId, WorkspaceId,
};

impl InMemory {
    /// What a membership is kept by.
    pub(super) fn member_id(
        &self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
    ) -> (WorkspaceId, PrincipalId) {
        (workspace.clone(), self.capabilities.folded(principal).into_owned())
    }

    pub(super) fn person<'s>(&self, state: &'s State, id: &PrincipalId) -> Option<&'s Person> {
        state.people.get(&*self.capabilities.folded(id))
    }

    pub(super) fn put_person(&self, state: &mut State, user: User, outside: bool) {
        let id = self.capabilities.folded(&user.id.clone().into()).into_owned();
        state.people.insert(id, Person { user, outside });
    }

    /// Makes somebody a member; pending, with an open invitation, if they are no user of the account.
    pub(super) fn put_member(
        &self,
        state: &mut State,
        workspace: WorkspaceId,
        principal: PrincipalId,
        role: NativeRole,
    ) -> Member {
        let (principal, outsider) = match self.person(state, &principal) {
            Some(Person { user, outside }) => (user.id.clone().into(), outside.then(|| user.clone())),
            None => (principal, None),
        };
        let with_id = self.capabilities.behaves(Behaviour::MembershipIds);
        let id = with_id.then(|| MembershipId::from(state.next()));
        let key = MemberKey::new(workspace, principal).with_membership(id);
        let member = self.new_member(state, key, role);
        if let Some(user) = outsider {
            self.invite_into(state, user, &member);
        }
        self.put(state, member.clone());
        self.shown_member(member)
    }

    /// Puts a member in, or in place of what they were.
    pub(super) fn put(&self, state: &mut State, member: Member) {
        state.members.insert(self.member_id(&member.key.workspace, &member.key.principal), member);
    }

    /// Takes a member out, and the invitation to this workspace if it is open.
    pub(super) fn take_member(&self, state: &mut State, workspace: &WorkspaceId, principal: &PrincipalId) {
        let Some(member) = state.members.remove(&self.member_id(workspace, principal)) else { return };
        state.invitations.retain(|_, invitation| {
            if !self.is_for(invitation, &member.key.principal) {
                return true;
            }
            invitation.workspaces.retain(|(into, _)| into != workspace);
            !invitation.workspaces.is_empty()
        });
    }

    /// A member, with what is known of the user or group now.
    fn new_member(&self, state: &State, key: MemberKey, role: NativeRole) -> Member {
        let person = self.person(state, &key.principal);
        let group = state.groups.get(&key.principal);
        let member = Member::new(key, role, self.capabilities.roles());
        if let Some(Person { user, outside }) = person {
            let status = if *outside { Status::Pending } else { user.status };
            let member = member
                .with_email(user.email.clone())
                .with_name(user.name.clone())
                .with_status(status)
                .with_license(user.license.clone());
            user.marks.iter().copied().fold(member, Member::with_mark)
        } else {
            member.with_name(group.map(|group| group.name.clone()))
        }
    }

    /// A member as answers show them.
    pub(super) fn shown_member(&self, member: Member) -> Member {
        self.shown(member, |member| &mut member.email)
    }

    /// Something as answers show it: without its address where those are hidden.
    pub(super) fn shown<T>(&self, mut what: T, address: fn(&mut T) -> &mut Option<EmailAddress>) -> T {
        if !self.capabilities.has(Capability::SeeAddresses) {
            *address(&mut what) = None;
        }
        what
    }

    fn is_for(&self, invitation: &Invitation, principal: &PrincipalId) -> bool {
        let same = |user: &UserId| self.capabilities.same_principal(&user.clone().into(), principal);
        invitation.user.as_ref().is_some_and(same)
    }

    /// Invites an outsider into the workspace where they are pending: by the invitation they have, or by a new one.
    fn invite_into(&self, state: &mut State, user: User, member: &Member) {
        let mut open = state.invitations.values_mut();
        let invitation = match open.find(|open| self.is_for(open, &member.key.principal)) {
            Some(open) => open,
            None => state.open_invitation(user.email, Some(user.id)),
        };
        invitation.workspaces.retain(|(workspace, _)| *workspace != member.key.workspace);
        invitation.workspaces.push((member.key.workspace.clone(), Some(member.native_role.clone())));
    }
}
