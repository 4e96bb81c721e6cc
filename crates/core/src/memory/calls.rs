//! What the provider answers.

use super::InMemory;
use super::state::place;
use crate::{
    AddMember, Behaviour, CancelInvitation, Capabilities, Capability, DeleteUser, Effect, Error, ErrorKind,
    Group, Identity, Invitation, Invite, Invited, ListOf, Mark, Member, MemberKey, NativeRole, Operation,
    Page, PageRequest, PrincipalId, PrincipalKind, Provider, RemoveMember, Resource, Result, SetRole,
    SetUserActive, Status, User, Workspace, WorkspaceId, WorkspaceMembers,
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
        self.capabilities.require(Capability::Me, Operation::Me)?;
        let _live = self.live(Operation::Me)?;
        let unknown = || {
            let message = "no acting identity was given to this account";
            self.fail(Error::new(ErrorKind::Unauthenticated, Effect::Rejected, message), Operation::Me)
        };
        self.me.clone().ok_or_else(unknown)
    }

    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.capabilities.require(Capability::ListWorkspaces, Operation::ListWorkspaces)?;
        let state = self.live(Operation::ListWorkspaces)?;
        let all: Vec<_> = state.workspaces.values().map(|one| self.shown_workspace(one.clone())).collect();
        self.page(&all, &page, Operation::ListWorkspaces)
    }

    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.capabilities.require(Capability::ListUsers, Operation::ListUsers)?;
        let state = self.live(Operation::ListUsers)?;
        let all: Vec<_> = state.users().map(|user| self.shown_user(user.clone())).collect();
        self.page(&all, &page, Operation::ListUsers)
    }

    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.capabilities.require(Capability::ListGroups, Operation::ListGroups)?;
        let all: Vec<_> = self.live(Operation::ListGroups)?.groups.values().cloned().collect();
        self.page(&all, &page, Operation::ListGroups)
    }

    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.capabilities.check_list(of)?;
        let state = self.live(Operation::ListMembers)?;
        if let ListOf::Workspace(id) = of {
            self.check_workspace(&state, id, Operation::ListMembers)?;
        }
        let pending = self.capabilities.has(Capability::ListPending);
        let all: Vec<Member> = state
            .members
            .values()
            .filter(|member| match of {
                ListOf::Workspace(id) => member.key.workspace == *id,
                ListOf::Account => true,
            })
            .filter(|member| pending || member.status != Status::Pending)
            .map(|member| self.shown_member(member.clone()))
            .collect();
        if self.in_parts {
            self.page_in_parts(&all, &page)
        } else {
            self.page(&all, &page, Operation::ListMembers)
        }
    }

    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.capabilities.check_get(principal)?;
        let state = self.live(Operation::Get)?;
        let found = state.members.get(&place(&self.capabilities, workspace, principal));
        if self.ambiguous_not_found && found.is_none() {
            let (what, resource) = match principal.kind() {
                PrincipalKind::User => ("user", Resource::User),
                PrincipalKind::Group => ("group", Resource::Group),
            };
            let message = format!("the workspace or the {what} does not exist, or they are no member of it");
            let missing = [Resource::Workspace, resource, Resource::Member];
            return Err(self.fail(Error::not_found(message, &missing), Operation::Get));
        }
        self.check_workspace(&state, workspace, Operation::Get)?;
        Ok(found.map(|member| self.shown_member(member.clone())))
    }

    async fn add(&self, request: &AddMember) -> Result<Member> {
        let asked = self.capabilities.check_add(request)?;
        let mut state = self.live(Operation::Add)?;
        self.check_workspace(&state, &request.workspace, Operation::Add)?;
        self.check_principal(&state, &request.principal)?;
        let role = self.role_given(&state, &request.principal, asked.native);
        let at = place(&self.capabilities, &request.workspace, &request.principal);
        if let Some(member) = state.members.get(&at) {
            if !self.capabilities.behaves(Behaviour::AddUpserts) {
                let message = format!("{} is a member already", request.key());
                let error = Error::new(ErrorKind::AlreadyMember, Effect::Rejected, message);
                return Err(self.fail(error, Operation::Add));
            }
            let key = member.key.clone();
            return self.change(&mut state, &key, role, Operation::Add);
        }
        let member = state.put_member(&self.capabilities, &request.workspace, &request.principal, role);
        state.mails += self.mails(member.status == Status::Pending, request.notify);
        Ok(self.shown_member(member))
    }

    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        let role = self.capabilities.check_set_role(request)?;
        let mut state = self.live(Operation::SetRole)?;
        self.change(&mut state, &request.key, role.native, Operation::SetRole)
    }

    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.capabilities.check_remove(request)?;
        let mut state = self.live(Operation::Remove)?;
        self.check_loss(&state, &request.key, None, Operation::Remove)?;
        state.take_member(&self.capabilities, &request.key.workspace, &request.key.principal);
        if self.capabilities.behaves(Behaviour::KeyDiesWithMembership) && self.is_me(&request.key.principal) {
            state.key_is_dead = true;
        }
        Ok(())
    }

    async fn invite(&self, request: &Invite) -> Result<Invited> {
        let roles = self.capabilities.check_invite(request)?;
        let mut state = self.live(Operation::Invite)?;
        for (workspace, _) in &request.workspaces {
            self.check_workspace(&state, workspace, Operation::Invite)?;
        }
        let theirs = |email: Option<&crate::EmailAddress>| email == Some(&request.email);
        let already = if state.users().any(|user| theirs(user.email.as_ref())) {
            Some("the address is that of a user of the account")
        } else if state.invitations.values().any(|open| theirs(open.email.as_ref())) {
            Some("the address is invited already")
        } else {
            None
        };
        if let Some(message) = already {
            let error = Error::new(ErrorKind::AlreadyMember, Effect::Rejected, message);
            return Err(self.fail(error, Operation::Invite));
        }
        let into = request.workspaces.iter().map(|(workspace, _)| workspace.clone());
        let into: Vec<(WorkspaceId, NativeRole)> =
            into.zip(roles.into_iter().map(|role| role.native)).collect();
        let known = state.people.values().find(|person| theirs(person.user.email.as_ref()));
        let known = known.map(|person| person.user.id.clone());
        let mut invited = Invited::default();
        if self.capabilities.behaves(Behaviour::AddMayInvite) {
            let open = state.open_invitation(|id| {
                let invitation = Invitation::new(id).with_invitee(Some(request.email.clone()), known.clone());
                into.iter().fold(invitation, |invitation, (workspace, role)| {
                    invitation.with_workspace(workspace.clone(), Some(role.clone()))
                })
            });
            invited.invitation = Some(open);
        }
        state.mails += self.mails(invited.invitation.is_some(), request.notify);
        let user = match (known, &invited.invitation) {
            (Some(id), _) => id,
            (None, None) => state.free_user_id(),
            // Nobody has an id yet.
            (None, Some(_)) => return Ok(invited),
        };
        if invited.invitation.is_none() {
            let joined = User::new(user.clone())
                .with_email(Some(request.email.clone()))
                .with_name(request.name.clone())
                .with_status(Status::Active)
                .with_license(request.seat.clone());
            state.put_person(&self.capabilities, joined.clone(), false);
            invited.user = Some(self.shown_user(joined));
        }
        for (workspace, role) in into {
            let member = state.put_member(&self.capabilities, &workspace, &user.clone().into(), role);
            invited.members.push(self.shown_member(member));
        }
        Ok(invited)
    }

    async fn invitations_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Invitation>> {
        self.capabilities.check_list_invitations(of)?;
        let state = self.live(Operation::ListInvitations)?;
        if let ListOf::Workspace(id) = of {
            self.check_workspace(&state, id, Operation::ListInvitations)?;
        }
        let all: Vec<Invitation> = state
            .invitations
            .values()
            .filter(|invitation| match of {
                ListOf::Workspace(id) => invitation.workspaces.iter().any(|(into, _)| into == id),
                ListOf::Account => true,
            })
            .cloned()
            .collect();
        self.page(&all, &page, Operation::ListInvitations)
    }

    async fn cancel_invitation(&self, request: &CancelInvitation) -> Result<()> {
        self.capabilities.check_cancel_invitation(request)?;
        let mut state = self.live(Operation::CancelInvitation)?;
        let Some(invitation) = state.invitations.remove(&request.id) else {
            let message = format!("invitation {} does not exist, or is open no more", request.id);
            return Err(self.fail(Error::not_found(message, &[]), Operation::CancelInvitation));
        };
        if let Some(user) = invitation.user.map(PrincipalId::from) {
            for (workspace, _) in &invitation.workspaces {
                state.take_member(&self.capabilities, workspace, &user);
            }
        }
        Ok(())
    }

    async fn set_user_active(&self, request: &SetUserActive) -> Result<User> {
        self.capabilities.check_set_user_active(request)?;
        let mut state = self.live(Operation::SetUserActive)?;
        let user = self.check_user(&state, &request.user, Operation::SetUserActive)?;
        let status = if request.active { Status::Active } else { Status::Inactive };
        let user = user.with_status(status);
        state.put_person(&self.capabilities, user.clone(), false);
        let principal = user.id.clone().into();
        for member in state.members.values_mut().filter(|member| member.key.principal == principal) {
            member.status = status;
        }
        state.key_is_dead = !request.active && self.is_me(&principal);
        Ok(self.shown_user(user))
    }

    async fn delete_user(&self, request: &DeleteUser) -> Result<()> {
        self.capabilities.check_delete_user(request)?;
        let operation = Operation::DeleteUser;
        let mut state = self.live(operation)?;
        let principal = PrincipalId::from(self.check_user(&state, &request.user, operation)?.id);
        let theirs: Vec<MemberKey> = state
            .members
            .values()
            .filter(|member| member.key.principal == principal)
            .map(|member| member.key.clone())
            .collect();
        for key in &theirs {
            self.check_loss(&state, key, None, operation)?;
        }
        for key in &theirs {
            state.take_member(&self.capabilities, &key.workspace, &key.principal);
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
        state: &mut super::state::State,
        key: &MemberKey,
        role: NativeRole,
        operation: Operation,
    ) -> Result<Member> {
        let at = place(&self.capabilities, &key.workspace, &key.principal);
        let fixed = state.members.get(&at).filter(|member| member.is(Mark::RoleFixed));
        let role = fixed.map_or(role, |member| member.native_role.clone());
        self.check_loss(state, key, Some(&role), operation)?;
        let Some(member) = state.members.get_mut(&at) else {
            let message = format!("{key} is not a member");
            return Err(self.fail(Error::not_found(message, &[Resource::Member]), operation));
        };
        let roles = self.capabilities.roles();
        (member.role, member.fit) = (roles.normalize(&role), roles.fit(&role));
        member.native_role = role;
        Ok(self.shown_member(member.clone()))
    }
}
