//! A connection that is read, each request counted.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use workspace_members_core::{
    AddMember, Capabilities, Error, Group, Identity, ListOf, Member, Operation, Page, PageRequest,
    PrincipalId, Provider, RemoveMember, Result, SetRole, User, Workspace, WorkspaceId, WorkspaceMembers,
};

/// Counts what is read and lets nothing be written.
#[derive(Debug)]
pub(super) struct Counted<'a> {
    inner: &'a dyn WorkspaceMembers,
    requests: Mutex<BTreeMap<Operation, u64>>,
}

impl<'a> Counted<'a> {
    pub(super) fn new(inner: &'a dyn WorkspaceMembers) -> Self {
        Self { inner, requests: Mutex::new(BTreeMap::new()) }
    }

    /// The requests since it was made, by operation.
    pub(super) fn so_far(&self) -> BTreeMap<Operation, u64> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, operation: Operation) -> &'a dyn WorkspaceMembers {
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry(operation).or_default() += 1;
        self.inner
    }

    fn refuse<T>(&self, operation: Operation) -> Result<T> {
        let error = Error::unsupported("nothing is written while a connection is read");
        Err(error.with_operation(operation).with_provider(self.inner.provider()))
    }
}

#[async_trait]
impl WorkspaceMembers for Counted<'_> {
    fn provider(&self) -> Provider {
        self.inner.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }
    async fn me(&self) -> Result<Identity> {
        self.count(Operation::Me).me().await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.count(Operation::ListWorkspaces).workspaces_page(page).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.count(Operation::ListUsers).users_page(page).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.count(Operation::ListGroups).groups_page(page).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.count(Operation::ListMembers).members_page(of, page).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.count(Operation::Get).get(workspace, principal).await
    }
    async fn add(&self, _request: &AddMember) -> Result<Member> {
        self.refuse(Operation::Add)
    }
    async fn set_role(&self, _request: &SetRole) -> Result<Member> {
        self.refuse(Operation::SetRole)
    }
    async fn remove(&self, _request: &RemoveMember) -> Result<()> {
        self.refuse(Operation::Remove)
    }
}
