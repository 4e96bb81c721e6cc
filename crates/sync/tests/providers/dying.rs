//! A connection whose process dies after its n-th request took effect, or that claims another limit.

use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify as Bell;
use workspace_members_core::{
    AddMember, Capabilities, Group, Identity, ListOf, Member, Page, PageRequest, PrincipalId, Provider,
    RateLimit, RemoveMember, Result, SetRole, User, Workspace, WorkspaceId, WorkspaceMembers,
};

#[derive(Debug)]
pub(crate) struct Dying {
    inner: Arc<dyn WorkspaceMembers>,
    capabilities: Capabilities,
    left: AtomicUsize,
    bell: Bell,
}

impl Dying {
    pub(crate) fn new(inner: Arc<dyn WorkspaceMembers>, at: usize) -> Arc<Self> {
        let capabilities = inner.capabilities().clone();
        Arc::new(Self { inner, capabilities, left: AtomicUsize::new(at), bell: Bell::new() })
    }

    /// Lives, and claims that one request a second is allowed: a plan's seconds are then its requests, less the first.
    pub(crate) fn limited(inner: Arc<dyn WorkspaceMembers>) -> Arc<Self> {
        let limit = RateLimit::assumed(&[], 1, Duration::from_secs(1), "a test");
        let capabilities = inner.capabilities().clone().with_limits([limit]);
        Arc::new(Self { inner, capabilities, left: AtomicUsize::new(usize::MAX), bell: Bell::new() })
    }

    pub(crate) async fn died(&self) {
        self.bell.notified().await;
    }

    async fn after<T>(&self, answer: impl Future<Output = T>) -> T {
        let answer = answer.await;
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.bell.notify_one();
            std::future::pending::<()>().await;
        }
        answer
    }
}

#[async_trait]
impl WorkspaceMembers for Dying {
    fn provider(&self) -> Provider {
        self.inner.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    async fn me(&self) -> Result<Identity> {
        self.after(self.inner.me()).await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.after(self.inner.workspaces_page(page)).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.after(self.inner.users_page(page)).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.after(self.inner.groups_page(page)).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.after(self.inner.members_page(of, page)).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.after(self.inner.get(workspace, principal)).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        self.after(self.inner.add(request)).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        self.after(self.inner.set_role(request)).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.after(self.inner.remove(request)).await
    }
}
