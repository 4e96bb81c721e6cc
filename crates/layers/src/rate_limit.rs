//! Keeps the provider's limits.

use crate::Limiter;
use crate::limiter::{End, Slot};
use crate::turn;
use async_trait::async_trait;
use futures_util::future::BoxFuture;
use tokio::time::Instant;
use workspace_members_core::{
    AddMember, Capabilities, Error, ErrorKind, Group, Identity, ListOf, Member, Operation, Page, PageRequest,
    PrincipalId, Provider, RemoveMember, Result, SetRole, User, Workspace, WorkspaceId, WorkspaceMembers,
};

/// Sends each request when the [`Limiter`] lets it. `capabilities().limits()` are those that are kept.
///
/// [`ErrorKind::RateLimited`] from the provider holds the limiter back, and is returned.
#[derive(Debug)]
pub struct RateLimit<M> {
    inner: M,
    limiter: Limiter,
    capabilities: Capabilities,
}

impl<M: WorkspaceMembers> RateLimit<M> {
    /// Goes by this limiter, which others may share.
    pub fn new(inner: M, limiter: Limiter) -> Self {
        let capabilities = inner.capabilities().clone().with_limits(limiter.limits().iter().cloned());
        Self { inner, limiter, capabilities }
    }

    async fn paced<T>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let slot = match self.limiter.try_acquire(operation) {
            Ok(Some(slot)) => Ok(slot),
            Ok(None) => self.wait(operation).await,
            Err(refusal) => Err(refusal),
        };
        let slot = slot.map_err(|e| e.with_operation(operation).with_provider(self.inner.provider()))?;
        let result = call.await;
        slot.end(result.as_ref().err().map_or(End::Answered, ending));
        result
    }

    /// Stands in line. A future of its own, so that a call that need not wait does not carry it about.
    fn wait(&self, operation: Operation) -> BoxFuture<'_, Result<Slot<'_>>> {
        Box::pin(async move {
            let asked = Instant::now();
            let slot = turn::wait_for(self.limiter.acquire(operation)).await?;
            let waited = asked.elapsed();
            if waited.as_millis() > 0 {
                tracing::debug!(
                    wsm.operation = operation.as_str(),
                    wsm.wait_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
                    "waited for the rate limit"
                );
            }
            Ok(slot)
        })
    }
}

/// How a failed request counts.
fn ending(error: &Error) -> End {
    match error.kind() {
        ErrorKind::RateLimited => End::Limited(error.retry_after()),
        ErrorKind::Timeout | ErrorKind::Transport => End::GivenUp,
        ErrorKind::InvalidInput
        | ErrorKind::Unsupported
        | ErrorKind::InvalidRole
        | ErrorKind::Config
        | ErrorKind::Credential
            if error.status().is_none() =>
        {
            End::NotSent
        }
        _ => End::Answered,
    }
}

#[async_trait]
impl<M: WorkspaceMembers> WorkspaceMembers for RateLimit<M> {
    fn provider(&self) -> Provider {
        self.inner.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    async fn me(&self) -> Result<Identity> {
        self.paced(Operation::Me, self.inner.me()).await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.paced(Operation::ListWorkspaces, self.inner.workspaces_page(page)).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.paced(Operation::ListUsers, self.inner.users_page(page)).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.paced(Operation::ListGroups, self.inner.groups_page(page)).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.paced(Operation::ListMembers, self.inner.members_page(of, page)).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.paced(Operation::Get, self.inner.get(workspace, principal)).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        self.paced(Operation::Add, self.inner.add(request)).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        self.paced(Operation::SetRole, self.inner.set_role(request)).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.paced(Operation::Remove, self.inner.remove(request)).await
    }
}
