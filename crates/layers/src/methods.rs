//! Each method of the trait, as a call that goes through the stack.

use crate::call::{Answer, Subject};
use crate::retry::IfLost;
use crate::stack::{Once, Request, Stack};
use async_trait::async_trait;
use workspace_members_core::ops::Write;
use workspace_members_core::{
    AddMember, Capabilities, Capability, Group, Identity, Invitation, InvitationId, Invite, Invited, ListOf,
    Member, Notify, Operation, Page, PageRequest, PrincipalId, Provider, RemoveMember, Result, SetRole, User,
    UserId, Workspace, WorkspaceId, WorkspaceMembers,
};

impl<M: WorkspaceMembers> Stack<M> {
    async fn read<'a, T: Answer>(
        &'a self,
        operation: Operation,
        subject: impl Into<Subject<'a>>,
        send: Once<'_, T>,
    ) -> Result<T> {
        self.call(&mut self.begin(operation, subject.into()), &Request::read(send)).await
    }

    /// `is_allowed` says whether the claims allow it.
    async fn write<'a, 'r, T: Answer>(
        &'a self,
        operation: Operation,
        subject: impl Into<Subject<'a>>,
        is_allowed: bool,
        lost: IfLost<'r, T>,
        send: Once<'r, T>,
    ) -> Result<T> {
        let request = Request { send, lost, is_allowed };
        self.call(&mut self.begin(operation, subject.into()), &request).await
    }

    async fn write_member<W: Write<Done: Answer>>(
        &self,
        request: &W,
        notify: Option<Notify>,
        is_allowed: bool,
    ) -> Result<W::Done> {
        let subject = Subject { notify, ..request.about().into() };
        let send: Once<'_, _> = &|| request.send(&self.adapter);
        self.write(request.operation(), subject, is_allowed, IfLost::ReadBack(request), send).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<M: WorkspaceMembers> WorkspaceMembers for Stack<M> {
    fn provider(&self) -> Provider {
        self.adapter.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    async fn me(&self) -> Result<Identity> {
        let identity = self.read(Operation::Me, Subject::default(), &|| self.adapter.me()).await?;
        #[cfg(feature = "audit")]
        if let Some(audit) = &self.audit {
            audit.acts_as(&identity);
        }
        Ok(identity)
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        let send: Once<'_, _> = &|| self.adapter.workspaces_page(page.clone());
        self.read(Operation::ListWorkspaces, Subject::default(), send).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        let send: Once<'_, _> = &|| self.adapter.users_page(page.clone());
        self.read(Operation::ListUsers, Subject::default(), send).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        let send: Once<'_, _> = &|| self.adapter.groups_page(page.clone());
        self.read(Operation::ListGroups, Subject::default(), send).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        let send: Once<'_, _> = &|| self.adapter.members_page(of, page.clone());
        self.read(Operation::ListMembers, of, send).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        let send: Once<'_, _> = &|| self.adapter.get(workspace, principal);
        self.read(Operation::Get, Subject::member(workspace, principal), send).await
    }
    async fn invitations_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Invitation>> {
        let send: Once<'_, _> = &|| self.adapter.invitations_page(of, page.clone());
        self.read(Operation::ListInvitations, of, send).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        let is_allowed = self.capabilities.check_add(request).is_ok();
        self.write_member(request, Some(request.notify), is_allowed).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        self.write_member(request, None, self.capabilities.check_set_role(request).is_ok()).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.write_member(request, None, self.capabilities.check_remove(request).is_ok()).await
    }
    async fn invite(&self, request: &Invite) -> Result<Invited> {
        let is_allowed = self.capabilities.has(Capability::InviteUser);
        let send: Once<'_, _> = &|| self.adapter.invite(request);
        self.write(Operation::Invite, request, is_allowed, IfLost::Return, send).await
    }
    async fn cancel_invitation(&self, id: &InvitationId) -> Result<()> {
        let is_allowed = self.capabilities.has(Capability::CancelInvitation);
        let send: Once<'_, _> = &|| self.adapter.cancel_invitation(id);
        let subject = Subject { invitation: Some(id), ..Subject::default() };
        self.write(Operation::CancelInvitation, subject, is_allowed, IfLost::Return, send).await
    }
    async fn set_user_active(&self, user: &UserId, active: bool) -> Result<User> {
        let is_allowed = self.capabilities.has(Capability::SetUserActive);
        let send: Once<'_, _> = &|| self.adapter.set_user_active(user, active);
        let subject = Subject { active: Some(active), ..Subject::user(user) };
        self.write(Operation::SetUserActive, subject, is_allowed, IfLost::Repeat, send).await
    }
    async fn delete_user(&self, user: &UserId) -> Result<()> {
        let is_allowed = self.capabilities.has(Capability::DeleteUser);
        let send: Once<'_, _> = &|| self.adapter.delete_user(user);
        self.write(Operation::DeleteUser, Subject::user(user), is_allowed, IfLost::Return, send).await
    }
}
