//! A connection whose listings are counted while they are read.

use super::{COUNTED, UNCOUNTED, bar, line, style};
use crate::report::counted;
use async_trait::async_trait;
use indicatif::ProgressBar;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use workspace_members::{
    AddMember, Capabilities, Group, Identity, Invitation, InvitationId, Invite, Invited, ListOf, Member,
    Operation, Page, PageRequest, PrincipalId, Provider, RemoveMember, Result, SetRole, User, UserId,
    Workspace, WorkspaceId, WorkspaceMembers,
};

/// Without a terminal, a line is written each time that so many more records were read.
const LINE_EVERY: u64 = 1000;

/// Shows how many records of long listings were read so far, and of how many where the provider counts them.
#[derive(Debug)]
pub(crate) struct Counted {
    connection: String,
    inner: Arc<dyn WorkspaceMembers>,
    capabilities: Capabilities,
    reading: Mutex<Reading>,
}

/// The listings that are under way at a connection.
#[derive(Debug, Default)]
struct Reading {
    under_way: u64,
    pages: u64,
    read: u64,
    /// How many there are in all listings so far; `None` once one did not say.
    total: Option<u64>,
    /// How many were read when a line was last written.
    shown: u64,
    bar: Option<ProgressBar>,
}

impl Counted {
    /// Of these capabilities, which are those of the connection.
    pub(crate) fn new(
        connection: &str,
        inner: Arc<dyn WorkspaceMembers>,
        capabilities: Capabilities,
    ) -> Arc<Self> {
        Arc::new(Self { connection: connection.to_owned(), inner, capabilities, reading: Mutex::default() })
    }

    /// Counts the records of a page when it comes.
    async fn count<T>(
        &self,
        operation: Operation,
        first: bool,
        page: impl Future<Output = Result<Page<T>>>,
    ) -> Result<Page<T>> {
        if first {
            let mut reading = self.reading();
            if reading.under_way == 0 {
                *reading = Reading { total: Some(0), ..Reading::default() };
            }
            reading.under_way += 1;
        }
        let page = page.await;
        let mut reading = self.reading();
        if let Ok(page) = &page {
            reading.pages += 1;
            reading.read += page.records.len() as u64;
            if first {
                reading.total = reading.total.zip(page.total).map(|(known, more)| known + more);
            }
        }
        match &page {
            Ok(page) if page.next.is_some() => {
                let what =
                    format!("{} of {}", operation.as_str().trim_start_matches("list_"), self.connection);
                reading.show(what, self.each(operation, page.records.len()));
            }
            _ => reading.end(),
        }
        page
    }

    /// How long a record takes at the least under the account's limits, with so many to a page.
    fn each(&self, operation: Operation, page: usize) -> Duration {
        let limits = self.capabilities().limits().iter().filter(|limit| limit.covers(operation));
        let slowest = limits.map(|limit| limit.per / limit.max.max(1)).max().unwrap_or_default();
        slowest / u32::try_from(page.max(1)).unwrap_or(u32::MAX)
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reading {
    /// A listing has ended, or failed.
    fn end(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        if let (0, Some(bar)) = (self.under_way, &self.bar) {
            bar.finish_and_clear();
        }
    }

    fn show(&mut self, what: String, each: Duration) {
        if std::io::stderr().is_terminal() {
            let bar = self.bar.get_or_insert_with(|| bar(0, "", each));
            style(bar, if self.total.is_some() { COUNTED } else { UNCOUNTED }, each);
            bar.set_prefix(what);
            bar.set_length(self.total.unwrap_or_default().max(self.read));
            bar.set_position(self.read);
            bar.set_message(counted(self.pages, "page"));
        } else if self.read >= self.shown + LINE_EVERY {
            self.shown = self.read;
            let of = self.total.map(|total| format!(" of {total}")).unwrap_or_default();
            line(&format!("reading {what}: {}{of}", self.read));
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl WorkspaceMembers for Counted {
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
        let first = page.cursor.is_none();
        self.count(Operation::ListWorkspaces, first, self.inner.workspaces_page(page)).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.count(Operation::ListUsers, page.cursor.is_none(), self.inner.users_page(page)).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.count(Operation::ListGroups, page.cursor.is_none(), self.inner.groups_page(page)).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.count(Operation::ListMembers, page.cursor.is_none(), self.inner.members_page(of, page)).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.inner.get(workspace, principal).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        self.inner.add(request).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        self.inner.set_role(request).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.inner.remove(request).await
    }
    async fn invite(&self, request: &Invite) -> Result<Invited> {
        self.inner.invite(request).await
    }
    async fn invitations_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Invitation>> {
        let first = page.cursor.is_none();
        self.count(Operation::ListInvitations, first, self.inner.invitations_page(of, page)).await
    }
    async fn cancel_invitation(&self, id: &InvitationId) -> Result<()> {
        self.inner.cancel_invitation(id).await
    }
    async fn set_user_active(&self, user: &UserId, active: bool) -> Result<User> {
        self.inner.set_user_active(user, active).await
    }
    async fn delete_user(&self, user: &UserId) -> Result<()> {
        self.inner.delete_user(user).await
    }
}
