//! A stack that cannot change anything.

use async_trait::async_trait;
use workspace_members_core::{
    AddMember, Capabilities, Capability, Error, Group, Identity, ListOf, Member, Operation, Page,
    PageRequest, PrincipalId, Provider, RemoveMember, Result, SetRole, User, Workspace, WorkspaceId,
    WorkspaceMembers,
};

const REASON: &str = "the connection is read-only, by its read-only layer";

/// Refuses every write as [`ErrorKind::Unsupported`](workspace_members_core::ErrorKind::Unsupported), before anything
/// is sent, and takes back what the stack claimed about writing, with the reason.
#[derive(Debug)]
pub struct ReadOnly<M> {
    inner: M,
    capabilities: Capabilities,
}

impl<M: WorkspaceMembers> ReadOnly<M> {
    /// Makes the stack read-only.
    pub fn new(inner: M) -> Self {
        let capabilities = inner.capabilities().clone().read_only(REASON);
        Self { inner, capabilities }
    }

    fn refusal(&self, capability: Capability, operation: Operation) -> Error {
        match self.capabilities.require(capability, operation) {
            Err(refusal) => refusal,
            Ok(()) => {
                Error::unsupported(REASON).with_operation(operation).with_provider(self.inner.provider())
            }
        }
    }
}

#[async_trait]
impl<M: WorkspaceMembers> WorkspaceMembers for ReadOnly<M> {
    fn provider(&self) -> Provider {
        self.inner.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    async fn me(&self) -> Result<Identity> {
        self.inner.me().await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.inner.workspaces_page(page).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.inner.users_page(page).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.inner.groups_page(page).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.inner.members_page(of, page).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.inner.get(workspace, principal).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        Err(self.refusal(Capability::add(request.principal.kind()), Operation::Add))
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        Err(self.refusal(Capability::set_role(request.key.principal.kind()), Operation::SetRole))
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        Err(self.refusal(Capability::remove(request.key.principal.kind()), Operation::Remove))
    }
}
