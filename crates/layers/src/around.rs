//! The layers right before a request, which do the same around each call, whichever it is: a place, a slot, a clock.

use crate::concurrency::{self, Places};
use crate::rate_limit::{Pace, ending};
use crate::timeout::Bound;
use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::fmt::Debug;
use std::future::poll_fn;
use std::task::Context;
use workspace_members_core::{
    AddMember, Capabilities, Group, Identity, ListOf, Member, Operation, Page, PageRequest, PrincipalId,
    Provider, RemoveMember, Result, SetRole, User, Workspace, WorkspaceId, WorkspaceMembers,
};

/// What is called, for what is said about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Called<'a> {
    pub(crate) operation: Operation,
    pub(crate) provider: &'a Provider,
}

/// What is done around each call. Without a method of its own it does nothing.
///
/// Apart from the layer that it makes, so that several of them are one layer, which is done in one function and takes one
/// future on the heap: a call is short, and each future around it shows.
pub trait Around: Debug + Send + Sync {
    /// Bounds how many calls are under way.
    fn places(&self) -> Option<&Places> {
        None
    }

    /// Then keeps a rate.
    fn pace(&self) -> Option<&Pace> {
        None
    }

    /// Then bounds the time of the request.
    fn bound(&self) -> Option<&Bound> {
        None
    }
}

/// A [`WorkspaceMembers`] with something around each of its calls.
#[derive(Debug)]
pub struct Layer<M, A> {
    inner: M,
    around: A,
}

impl<M: WorkspaceMembers, A: Around> Layer<M, A> {
    pub(crate) fn of(inner: M, around: A) -> Self {
        Self { inner, around }
    }

    async fn call<T>(&self, operation: Operation, mut call: BoxFuture<'_, Result<T>>) -> Result<T> {
        let called = Called { operation, provider: self.inner.capabilities().provider() };
        let mut place = match self.around.places() {
            Some(places) => places.enter(operation).await,
            None => None,
        };
        let slot = match self.around.pace() {
            Some(rate) => Some(rate.enter(called, &mut place).await?),
            None => None,
        };
        let call = |context: &mut Context<'_>| concurrency::during(&mut place, || call.poll_unpin(context));
        let result = match self.around.bound() {
            Some(bound) => bound.timed(called, call).await,
            None => poll_fn(call).await,
        };
        if let Some(slot) = slot {
            slot.end(ending(&result));
        }
        result
    }
}

#[async_trait]
impl<M: WorkspaceMembers, A: Around> WorkspaceMembers for Layer<M, A> {
    fn provider(&self) -> Provider {
        self.inner.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        self.around.pace().map_or_else(|| self.inner.capabilities(), Pace::capabilities)
    }
    async fn me(&self) -> Result<Identity> {
        self.call(Operation::Me, self.inner.me()).await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.call(Operation::ListWorkspaces, self.inner.workspaces_page(page)).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.call(Operation::ListUsers, self.inner.users_page(page)).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.call(Operation::ListGroups, self.inner.groups_page(page)).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.call(Operation::ListMembers, self.inner.members_page(of, page)).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.call(Operation::Get, self.inner.get(workspace, principal)).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        self.call(Operation::Add, self.inner.add(request)).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        self.call(Operation::SetRole, self.inner.set_role(request)).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.call(Operation::Remove, self.inner.remove(request)).await
    }
}
