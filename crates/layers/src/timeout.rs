//! A bound on each single request.

use crate::duration::shown;
use async_trait::async_trait;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use workspace_members_core::{
    AddMember, Capabilities, Effect, Error, ErrorKind, Group, Identity, ListOf, Member, Operation, Page,
    PageRequest, PrincipalId, Provider, RemoveMember, Result, Sending, SetRole, User, Workspace, WorkspaceId,
    WorkspaceMembers,
};

/// Gives up a call after some time, with [`ErrorKind::Timeout`].
///
/// Innermost, so that it times one request and not the wait for it. Where the adapter itself waits before it sends
/// ([`before_sending`](workspace_members_core::before_sending): for a credential, for a free connection), that may take as
/// long by itself, and the clock starts anew when it is over.
///
/// A read that was given up on changed nothing ([`Effect::NotApplied`]), and no more did a write that was given up before it
/// was sent. Any other write may have reached the provider, which may be working on it still ([`Effect::Unknown`]);
/// [`Retry`](crate::Retry) settles that.
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
        let sending = Arc::<Sending>::default();
        let (mut call, mut clock) = (pin!(sending.watch(call)), pin!(sleep(self.after)));
        let mut held = false;
        poll_fn(|context| {
            if let Poll::Ready(result) = call.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            let was_held = std::mem::replace(&mut held, sending.is_held());
            if was_held
                && !held
                && let Some(at) = Instant::now().checked_add(self.after)
            {
                clock.as_mut().reset(at);
            }
            clock.as_mut().poll(context).map(|()| Err(self.expired(operation, held)))
        })
        .await
    }

    fn expired(&self, operation: Operation, held: bool) -> Error {
        let after = shown(self.after);
        let (effect, message) = match (held, operation.is_write()) {
            (true, _) => (
                Effect::NotApplied,
                format!("not sent within {after}, waiting for the credential or a free connection"),
            ),
            (false, true) => (Effect::Unknown, format!("no answer within {after}")),
            (false, false) => (Effect::NotApplied, format!("no answer within {after}")),
        };
        Error::new(ErrorKind::Timeout, effect, message)
            .with_operation(operation)
            .with_provider(self.inner.provider())
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
