//! The layers that do the same around each call, whichever it is: a span, attempts, and in each of these a place, a slot,
//! a clock.

use crate::concurrency::{self, Places};
use crate::rate_limit::{Pace, ending};
use crate::retry::{Attempts, Course};
use crate::timeout::Bound;
use crate::trace::{About, Spans};
use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::fmt::Debug;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Context;
use workspace_members_core::ops::Write;
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
/// Apart from the layer that it makes, so that several of them are one layer, which has one order and takes one future on the
/// heap: a call is short, and each future around it shows.
pub trait Around: Debug + Send + Sync {
    /// Puts the whole call into a span.
    fn spans(&self) -> Option<&Spans> {
        None
    }

    /// Repeats what failed for the moment, with all that follows around each attempt.
    fn attempts(&self) -> Option<&Attempts> {
        None
    }

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

    pub(crate) fn map(self, change: impl FnOnce(A) -> A) -> Self {
        Self { around: change(self.around), ..self }
    }

    pub(crate) fn inner(&self) -> &M {
        &self.inner
    }

    pub(crate) fn around(&self) -> &A {
        &self.around
    }

    async fn read<'a, T>(
        &'a self,
        operation: Operation,
        about: About<'_>,
        items: Option<fn(&T) -> usize>,
        call: impl Fn() -> BoxFuture<'a, Result<T>> + Send + Sync,
    ) -> Result<T> {
        let call = pin!(async {
            match self.around.attempts() {
                Some(attempts) => Course::begin(self, attempts, operation).read(call).await,
                None => self.once(operation, call()).await,
            }
        });
        self.traced(operation, about, items, call).await
    }

    /// Reads a page that is not of one workspace.
    async fn page<'a, T>(
        &'a self,
        operation: Operation,
        call: impl Fn() -> BoxFuture<'a, Result<Page<T>>> + Send + Sync,
    ) -> Result<Page<T>> {
        self.read(operation, About::default(), Some(count), call).await
    }

    async fn write<W: Write>(&self, write: &W) -> Result<W::Done> {
        let (workspace, principal) = write.addresses();
        let about = About { workspace: Some(workspace), principal: Some(principal), role: write.role() };
        let call = pin!(async {
            match self.around.attempts() {
                Some(attempts) => Course::begin(self, attempts, W::OPERATION).write(write).await,
                None => self.once(W::OPERATION, write.send(&self.inner)).await,
            }
        });
        self.traced(W::OPERATION, about, None, call).await
    }

    async fn traced<T>(
        &self,
        operation: Operation,
        about: About<'_>,
        items: Option<fn(&T) -> usize>,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        match self.around.spans() {
            Some(spans) => spans.traced(operation, about, items, call).await,
            None => call.await,
        }
    }

    /// One attempt.
    pub(crate) async fn once<T>(
        &self,
        operation: Operation,
        mut call: BoxFuture<'_, Result<T>>,
    ) -> Result<T> {
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

fn count<T>(page: &Page<T>) -> usize {
    page.items.len()
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
        self.read(Operation::Me, About::default(), None, || self.inner.me()).await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.page(Operation::ListWorkspaces, || self.inner.workspaces_page(page.clone())).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.page(Operation::ListUsers, || self.inner.users_page(page.clone())).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.page(Operation::ListGroups, || self.inner.groups_page(page.clone())).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        let workspace = match of {
            ListOf::Workspace(id) => Some(id),
            _ => None,
        };
        let about = About { workspace, ..About::default() };
        let call = || self.inner.members_page(of, page.clone());
        self.read(Operation::ListMembers, about, Some(count), call).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        let about = About { workspace: Some(workspace), principal: Some(principal), role: None };
        self.read(Operation::Get, about, None, || self.inner.get(workspace, principal)).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        self.write(request).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        self.write(request).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.write(request).await
    }
}
