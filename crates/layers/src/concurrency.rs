//! A bound on how many requests are under way at once.

use crate::turn;
use async_trait::async_trait;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use workspace_members_core::{
    AddMember, Capabilities, Group, Identity, ListOf, Member, Operation, Page, PageRequest, PrincipalId,
    Provider, RemoveMember, Result, SetRole, User, Workspace, WorkspaceId, WorkspaceMembers,
};

/// Lets so many calls through at once; the others wait, first come, first served.
///
/// A call that is dropped while it waits leaves nothing behind. The bound is per value, not per account. A call that
/// stands in line for a limit of a [`RateLimit`](crate::RateLimit) inside gives its place to others meanwhile, so that
/// calls that the limit does not cover pass it.
#[derive(Debug)]
pub struct Concurrency<M> {
    inner: M,
    permits: Arc<Semaphore>,
}

tokio::task_local! {
    static PLACE: Place;
}

/// The place of one call, if it has it right now.
struct Place {
    permits: Arc<Semaphore>,
    held: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Place {
    fn put(&self, permit: Option<OwnedSemaphorePermit>) {
        // Nothing panics while the lock is held.
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = permit;
    }
}

/// Gives the place of this call to others, where it has one.
pub(crate) fn give_place() {
    _ = PLACE.try_with(|place| place.put(None));
}

/// Takes a place again, after [`give_place`].
pub(crate) async fn take_place() {
    if let Ok(permits) = PLACE.try_with(|place| Arc::clone(&place.permits)) {
        // The semaphore is never closed, so this is never an error; were it so, nothing would be bounded.
        let permit = permits.acquire_owned().await.ok();
        _ = PLACE.try_with(|place| place.put(permit));
    }
}

impl<M: WorkspaceMembers> Concurrency<M> {
    /// Lets `max` calls through at once, at least 1.
    pub fn new(inner: M, max: u32) -> Self {
        let max = usize::try_from(max.max(1)).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        Self { inner, permits: Arc::new(Semaphore::new(max)) }
    }

    async fn admitted<T>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let held = Mutex::new(self.enter(operation).await);
        PLACE.scope(Place { permits: Arc::clone(&self.permits), held }, call).await
    }

    async fn enter(&self, operation: Operation) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Some(permit);
        }
        tracing::debug!(wsm.operation = operation.as_str(), "waiting for another call to finish");
        // Never an error, as above.
        turn::wait_for(Arc::clone(&self.permits).acquire_owned()).await.ok()
    }
}

#[async_trait]
impl<M: WorkspaceMembers> WorkspaceMembers for Concurrency<M> {
    fn provider(&self) -> Provider {
        self.inner.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }
    async fn me(&self) -> Result<Identity> {
        self.admitted(Operation::Me, self.inner.me()).await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.admitted(Operation::ListWorkspaces, self.inner.workspaces_page(page)).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.admitted(Operation::ListUsers, self.inner.users_page(page)).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.admitted(Operation::ListGroups, self.inner.groups_page(page)).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.admitted(Operation::ListMembers, self.inner.members_page(of, page)).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.admitted(Operation::Get, self.inner.get(workspace, principal)).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        self.admitted(Operation::Add, self.inner.add(request)).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        self.admitted(Operation::SetRole, self.inner.set_role(request)).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.admitted(Operation::Remove, self.inner.remove(request)).await
    }
}
