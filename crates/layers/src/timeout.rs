//! A bound on each single request.

use crate::duration::shown;
use async_trait::async_trait;
use std::time::Duration;
use workspace_members_core::{
    AddMember, Capabilities, Effect, Error, ErrorKind, Group, Identity, ListOf, Member, Operation, Page,
    PageRequest, PrincipalId, Provider, RemoveMember, Result, SetRole, User, Workspace, WorkspaceId,
    WorkspaceMembers,
};

/// Gives up a call after some time, with [`ErrorKind::Timeout`].
///
/// Innermost, so that it times one request and not the wait for it. A read that was given up on changed nothing
/// ([`Effect::NotApplied`]). A write may have reached the provider, which may be working on it still
/// ([`Effect::Unknown`]); [`Retry`](crate::Retry) settles that.
#[derive(Debug)]
pub struct Timeout<M> {
    inner: M,
    after: Duration,
}

impl<M: WorkspaceMembers> Timeout<M> {
    /// Allows each call that long.
    pub fn new(inner: M, after: Duration) -> Self {
        Self { inner, after }
    }

    async fn timed<T>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        match tokio::time::timeout(self.after, call).await {
            Ok(result) => result,
            Err(_elapsed) => {
                let effect = if operation.is_write() { Effect::Unknown } else { Effect::NotApplied };
                let message = format!("no answer within {}", shown(self.after));
                Err(Error::new(ErrorKind::Timeout, effect, message)
                    .with_operation(operation)
                    .with_provider(self.inner.provider()))
            }
        }
    }
}

#[async_trait]
impl<M: WorkspaceMembers> WorkspaceMembers for Timeout<M> {
    fn provider(&self) -> Provider {
        self.inner.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }
    async fn me(&self) -> Result<Identity> {
        self.timed(Operation::Me, self.inner.me()).await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.timed(Operation::ListWorkspaces, self.inner.workspaces_page(page)).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.timed(Operation::ListUsers, self.inner.users_page(page)).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.timed(Operation::ListGroups, self.inner.groups_page(page)).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.timed(Operation::ListMembers, self.inner.members_page(of, page)).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.timed(Operation::Get, self.inner.get(workspace, principal)).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        self.timed(Operation::Add, self.inner.add(request)).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        self.timed(Operation::SetRole, self.inner.set_role(request)).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.timed(Operation::Remove, self.inner.remove(request)).await
    }
}
