//! What the provider answers.

use super::InMemory;
use super::state::State;
use crate::{
    AddMember, Behaviour, Capabilities, Capability, Effect, EmailAddress, Error, ErrorKind, Group, Identity,
    Invitation, InvitationId, Invite, Invited, ListOf, Mark, Member, MemberKey, NativeRole, Operation, Page,
    PageRequest, PrincipalId, Provider, RemoveMember, Resource, Result, SetRole, Status, User, UserId,
    Workspace, WorkspaceId, WorkspaceMembers,
};
use async_trait::async_trait;

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl WorkspaceMembers for InMemory {
    fn provider(&self) -> Provider {
        self.capabilities.provider().clone()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn me(&self) -> Result<Identity> {
        let _live = self.claimed(Capability::Me, Operation::Me)?;
        self.me.clone().ok_or_else(|| {
            let message = "no acting identity was given to this account";
            self.fail(Error::new(ErrorKind::Unauthenticated, Effect::Rejected, message), Operation::Me)
        })
    }

    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        let state = self.claimed(Capability::ListWorkspaces, Operation::ListWorkspaces)?;
        let shown = |workspace: &Workspace| self.shown(workspace.clone(), |workspace| &mut workspace.owner);
        let all: Vec<_> = state.workspaces.values().map(shown).collect();
        self.page(&all, &page, Operation::ListWorkspaces)
    }

    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        let state = self.claimed(Capability::ListUsers, Operation::ListUsers)?;
        let all: Vec<_> =
            state.users().map(|user| self.shown(user.clone(), |user| &mut user.email)).collect();
        self.page(&all, &page, Operation::ListUsers)
    }

    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        let state = self.claimed(Capability::ListGroups, Operation::ListGroups)?;
        let all: Vec<_> = state.groups.values().cloned().collect();
        self.page(&all, &page, Operation::ListGroups)
    }

    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.capabilities.check_list(of)?;
        let state = self.live(Operation::ListMembers)?;
        if let Some(id) = of.workspace() {
            self.check_workspace(&state, id, Operation::ListMembers)?;
        }
        let pending = self.capabilities.has(Capability::ListPending);
        let listed = |member: &&Member| {
            of.workspace().is_none_or(|id| member.key.workspace == *id)
                && (pending || member.status != Status::Pending)
        };
        let listed = state.members.values().filter(listed);
        let all: Vec<Member> = listed.map(|member| self.shown_member(member.clone())).collect();
        if self.in_parts {
            self.page_in_parts(&all, &page)
        } else {
            self.page(&all, &page, Operation::ListMembers)
        }
    }

    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.capabilities.check_get(principal)?;
        let state = self.live(Operation::Get)?;
        let found = state.members.get(&self.member_id(workspace, principal));
        if self.ambiguous_not_found && found.is_none() {
            let kind = principal.kind();
            let message = format!("the workspace or the {kind} does not exist, or they are no member of it");
            let missing = [Resource::Workspace, kind.into(), Resource::Member];
            return Err(self.fail(Error::not_found(message, &missing), Operation::Get));
        }
        self.check_workspace(&state, workspace, Operation::Get)?;
        Ok(found.map(|member| self.shown_member(member.clone())))
    }

    async fn add(&self, request: &AddMember) -> Result<Member> {
        let operation = Operation::Add;
        let asked = self.capabilities.check_add(request)?;
        let mut state = self.live(operation)?;
        self.check_workspace(&state, &request.workspace, operation)?;
        self.check_principal(&state, &request.principal)?;
        let role = self.role_given(&state, &request.principal, asked.native);
        if state.members.contains_key(&self.member_id(&request.workspace, &request.principal)) {
            if self.capabilities.behaves(Behaviour::AddUpserts) {
                return self.change(&mut state, &request.key(), role, operation);
            }
            let message = format!("{} is a member already", request.key());
            let error = Error::new(ErrorKind::AlreadyMember, Effect::Rejected, message);
            return Err(self.fail(error, operation));
        }
        let member = self.put_member(&mut state, request.workspace.clone(), request.principal.clone(), role);
        state.mails += self.mails(member.status == Status::Pending, request.notify);
        Ok(member)
    }

    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        let role = self.capabilities.check_set_role(request)?;
        let mut state = self.live(Operation::SetRole)?;
        self.change(&mut state, &request.key, role.native, Operation::SetRole)
    }

    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.capabilities.check_remove(request)?;
        let mut state = self.live(Operation::Remove)?;
        let member = self.addressed(&state, &request.key, Operation::Remove)?;
        self.check_loss(&state, &member, None, Operation::Remove)?;
        self.take_member(&mut state, &request.key.workspace, &request.key.principal);
        if self.capabilities.behaves(Behaviour::KeyDiesWithMembership) && self.is_me(&request.key.principal) {
            state.key_is_dead = true;
        }
        Ok(())
    }

    async fn invite(&self, request: &Invite) -> Result<Invited> {
        let operation = Operation::Invite;
        let roles = self.capabilities.check_invite(request)?;
        let mut state = self.live(operation)?;
        for (workspace, _) in &request.workspaces {
            self.check_workspace(&state, workspace, operation)?;
        }
        let theirs = |email: Option<&EmailAddress>| email == Some(&request.email);
        let already = |message| {
            let error = Error::new(ErrorKind::AlreadyMember, Effect::Rejected, message);
            Err(self.fail(error, operation))
        };
        if state.users().any(|user| theirs(user.email.as_ref())) {
            return already("the address is that of a user of the account");
        }
        if state.invitations.values().any(|open| theirs(open.email.as_ref())) {
            return already("the address is invited already");
        }
        let into = request.workspaces.iter().zip(roles);
        let into: Vec<(WorkspaceId, NativeRole)> =
            into.map(|((workspace, _), role)| (workspace.clone(), role.native)).collect();
        let known = state.people.values().find(|person| theirs(person.user.email.as_ref()));
        let mut id = known.map(|person| person.user.id.clone());
        let mut invited = Invited::default();
        if self.capabilities.behaves(Behaviour::AddMayInvite) {
            let open = state.open_invitation(Some(request.email.clone()), id.clone());
            open.workspaces =
                into.iter().map(|(workspace, role)| (workspace.clone(), Some(role.clone()))).collect();
            invited.invitation = Some(open.clone());
        } else {
            let user = User::new(id.unwrap_or_else(|| state.free_user_id()))
                .with_email(Some(request.email.clone()))
                .with_name(request.name.clone())
                .with_status(Status::Active)
                .with_license(request.seat.clone());
            id = Some(user.id.clone());
            self.put_person(&mut state, user.clone(), false);
            invited.user = Some(self.shown(user, |user| &mut user.email));
        }
        state.mails += self.mails(invited.invitation.is_some(), request.notify);
        // Somebody whom the provider does not know has no id, so that they are no member before they accept.
        if let Some(id) = id {
            for (workspace, role) in into {
                invited.members.push(self.put_member(&mut state, workspace, id.clone().into(), role));
            }
        }
        Ok(invited)
    }

    async fn invitations_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Invitation>> {
        let operation = Operation::ListInvitations;
        let state = self.claimed(Capability::ListInvitations, operation)?;
        if let Some(id) = of.workspace() {
            self.check_workspace(&state, id, operation)?;
        }
        let listed = |invitation: &&Invitation| {
            of.workspace().is_none_or(|id| invitation.workspaces.iter().any(|(into, _)| into == id))
        };
        let all: Vec<Invitation> = state.invitations.values().filter(listed).cloned().collect();
        self.page(&all, &page, operation)
    }

    async fn cancel_invitation(&self, id: &InvitationId) -> Result<()> {
        let operation = Operation::CancelInvitation;
        let mut state = self.claimed(Capability::CancelInvitation, operation)?;
        let Some(invitation) = state.invitations.remove(id) else {
            let message = format!("invitation {id} does not exist, or is open no more");
            return Err(self.fail(Error::not_found(message, &[]), operation));
        };
        if let Some(user) = invitation.user.map(PrincipalId::from) {
            for (workspace, _) in &invitation.workspaces {
                self.take_member(&mut state, workspace, &user);
            }
        }
        Ok(())
    }

    async fn set_user_active(&self, user: &UserId, active: bool) -> Result<User> {
        let operation = Operation::SetUserActive;
        let mut state = self.claimed(Capability::SetUserActive, operation)?;
        let user = self.check_user(&state, user, operation)?;
        let user = user.with_status(if active { Status::Active } else { Status::Inactive });
        self.put_person(&mut state, user.clone(), false);
        let principal = user.id.clone().into();
        for member in state.members.values_mut() {
            if self.capabilities.same_principal(&member.key.principal, &principal) {
                member.status = user.status;
            }
        }
        state.key_is_dead = !active && self.is_me(&principal);
        Ok(self.shown(user, |user| &mut user.email))
    }

    async fn delete_user(&self, user: &UserId) -> Result<()> {
        let operation = Operation::DeleteUser;
        let mut state = self.claimed(Capability::DeleteUser, operation)?;
        let principal = PrincipalId::from(self.check_user(&state, user, operation)?.id);
        let keys = state.members.values().map(|member| member.key.clone());
        let theirs: Vec<MemberKey> =
            keys.filter(|key| self.capabilities.same_principal(&key.principal, &principal)).collect();
        for key in &theirs {
            let member = self.addressed(&state, key, operation)?;
            self.check_loss(&state, &member, None, operation)?;
        }
        for key in &theirs {
            self.take_member(&mut state, &key.workspace, &key.principal);
        }
        state.people.remove(&*self.capabilities.folded(&principal));
        state.key_is_dead = self.is_me(&principal);
        Ok(())
    }
}

impl InMemory {
    /// Gives a member another role, unless something else sets it.
    fn change(
        &self,
        state: &mut State,
        key: &MemberKey,
        role: NativeRole,
        operation: Operation,
    ) -> Result<Member> {
        let mut member = self.addressed(state, key, operation)?;
        let role = if member.is(Mark::RoleFixed) { member.native_role.clone() } else { role };
        self.check_loss(state, &member, Some(&role), operation)?;
        let roles = self.capabilities.roles();
        (member.role, member.fit, member.native_role) = (roles.normalize(&role), roles.fit(&role), role);
        self.put(state, member.clone());
        Ok(self.shown_member(member))
    }
}
