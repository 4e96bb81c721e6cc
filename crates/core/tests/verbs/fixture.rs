//! One account, and a wrapper that counts its calls and lets them fail.

use async_trait::async_trait;
use std::collections::VecDeque;
use std::sync::Mutex;
pub(crate) use workspace_members_core::{
    AddMember, Behaviour, Capabilities, Capability, Change, Cursor, Effect, EmailAddress, Error, ErrorKind,
    Evidence, Fit, Group, GroupId, Identity, IfPresent, InMemory, ListOf, Mark, Member, MemberKey,
    NativeRole, Operation, Page, PageRequest, PrincipalId, Protection, Provider, RemoveMember, Resource,
    Result, Role, RolePolicy, RoleRow, RoleTable, Roster, SetRole, Status, User, UserId, Workspace,
    WorkspaceId, WorkspaceMembers, WorkspaceMembersExt,
};

/// What happens to the next call of a write.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// It works.
    Pass,
    /// It is refused.
    Refuse,
    /// It takes effect, and the answer is lost.
    Lose,
    /// It does not take effect, and the answer is lost.
    Drop,
    /// It takes effect, and cannot be recorded.
    Unrecorded,
    /// It is refused, and meanwhile somebody else adds the same user as a viewer.
    Overtaken,
}

pub(crate) type Twist = Box<dyn Fn(Page<Member>) -> Page<Member> + Send + Sync>;

/// An account that counts calls, fails some on demand, and may show other pages than it has.
pub(crate) struct Twisted {
    pub(crate) inner: InMemory,
    pub(crate) adds: Mutex<VecDeque<Fault>>,
    sets: Mutex<VecDeque<Fault>>,
    removes: Mutex<VecDeque<Fault>>,
    pages: Option<Twist>,
    broken: Vec<Operation>,
    forbidden: Vec<Operation>,
    calls: Mutex<Vec<String>>,
    /// Listings under way now, and the most there ever were.
    pub(crate) listings: Mutex<(usize, usize)>,
}

impl std::fmt::Debug for Twisted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

impl Twisted {
    pub(crate) fn new(inner: InMemory) -> Self {
        Self {
            inner,
            adds: Mutex::default(),
            sets: Mutex::default(),
            removes: Mutex::default(),
            pages: None,
            broken: Vec::new(),
            forbidden: Vec::new(),
            calls: Mutex::default(),
            listings: Mutex::default(),
        }
    }

    pub(crate) fn adds(self, faults: &[Fault]) -> Self {
        *self.adds.lock().unwrap() = faults.iter().copied().collect();
        self
    }

    pub(crate) fn sets(self, faults: &[Fault]) -> Self {
        *self.sets.lock().unwrap() = faults.iter().copied().collect();
        self
    }

    pub(crate) fn removes(self, faults: &[Fault]) -> Self {
        *self.removes.lock().unwrap() = faults.iter().copied().collect();
        self
    }

    pub(crate) fn pages(
        mut self,
        twist: impl Fn(Page<Member>) -> Page<Member> + Send + Sync + 'static,
    ) -> Self {
        self.pages = Some(Box::new(twist));
        self
    }

    /// These reads answer that the provider is out of order.
    pub(crate) fn broken(mut self, operations: &[Operation]) -> Self {
        self.broken = operations.to_vec();
        self
    }

    /// These reads answer that the key may not.
    pub(crate) fn forbidden(mut self, operations: &[Operation]) -> Self {
        self.forbidden = operations.to_vec();
        self
    }

    /// What was called since this was asked last.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    /// All writes so far.
    pub(crate) fn writes(&self) -> Vec<String> {
        let calls = self.calls.lock().unwrap();
        let write = |call: &&String| ["add ", "set ", "remove "].iter().any(|verb| call.starts_with(verb));
        calls.iter().filter(write).cloned().collect()
    }

    fn read(&self, operation: Operation) -> Result<()> {
        self.calls.lock().unwrap().push(operation.to_string());
        if self.broken.contains(&operation) {
            return Err(refused().with_operation(operation));
        }
        if self.forbidden.contains(&operation) {
            let error = Error::new(ErrorKind::Forbidden, Effect::Rejected, "it takes an administrator");
            return Err(error.with_operation(operation));
        }
        Ok(())
    }

    fn write(&self, text: String, faults: &Mutex<VecDeque<Fault>>) -> Fault {
        self.calls.lock().unwrap().push(text);
        faults.lock().unwrap().pop_front().unwrap_or(Fault::Pass)
    }
}

fn refused() -> Error {
    Error::new(ErrorKind::Unavailable, Effect::NotApplied, "out of order")
}

fn lost() -> Error {
    Error::new(ErrorKind::Timeout, Effect::Unknown, "no answer came in time")
}

/// What a write answers that took effect or not.
async fn after<T>(fault: Fault, write: impl Future<Output = Result<T>>) -> Result<T> {
    match fault {
        Fault::Pass => write.await,
        Fault::Lose => write.await.and(Err(lost())),
        Fault::Unrecorded => {
            let error = Error::new(ErrorKind::RecordFailed, Effect::Partial, "the audit log does not say so");
            write.await.and(Err(error.with_done(vec!["the change".to_owned()])))
        }
        Fault::Drop => Err(lost()),
        Fault::Refuse | Fault::Overtaken => Err(refused()),
    }
}

#[async_trait]
impl WorkspaceMembers for Twisted {
    fn provider(&self) -> Provider {
        self.inner.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }
    async fn me(&self) -> Result<Identity> {
        self.read(Operation::Me)?;
        self.inner.me().await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.read(Operation::ListWorkspaces)?;
        self.inner.workspaces_page(page).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.read(Operation::ListUsers)?;
        self.inner.users_page(page).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.read(Operation::ListGroups)?;
        self.inner.groups_page(page).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.read(Operation::ListMembers)?;
        {
            let (now, most) = &mut *self.listings.lock().unwrap();
            *now += 1;
            *most = (*most).max(*now);
        }
        tokio::task::yield_now().await;
        self.listings.lock().unwrap().0 -= 1;
        let page = self.inner.members_page(of, page).await?;
        Ok(match &self.pages {
            Some(twist) => twist(page),
            None => page,
        })
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.read(Operation::Get)?;
        self.inner.get(workspace, principal).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        let fault = self.write(format!("add {} {}", request.principal, request.role), &self.adds);
        if matches!(fault, Fault::Overtaken) {
            let mut other = request.clone();
            other.role = Role::Viewer;
            self.inner.add(&other).await?;
        }
        after(fault, self.inner.add(request)).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        let fault = self.write(format!("set {} {}", request.key.principal, request.role), &self.sets);
        after(fault, self.inner.set_role(request)).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        let fault = self.write(format!("remove {}", request.key.principal), &self.removes);
        after(fault, self.inner.remove(request)).await
    }
}

pub(crate) fn ws() -> WorkspaceId {
    WorkspaceId::from(1)
}

pub(crate) fn user(id: u64) -> PrincipalId {
    UserId::from(id).into()
}

pub(crate) fn native(role: &str) -> NativeRole {
    NativeRole::new(role)
}

pub(crate) fn email(text: &str) -> EmailAddress {
    EmailAddress::new(text).unwrap()
}

pub(crate) fn roles() -> RoleTable {
    RoleTable::new([
        RoleRow::new(Role::Owner, native("boss"), Fit::Exact),
        RoleRow::new(Role::Editor, native("writer"), Fit::Exact),
        RoleRow::new(Role::Viewer, native("reader"), Fit::Narrower),
    ])
    .unwrap()
    .with_custom_roles(true)
    .with_placeholder(native("Custom"))
}

pub(crate) fn everything() -> Capabilities {
    Capabilities::new(Provider::from_static("example"), roles())
        .claim(Evidence::Documented, Capability::ALL)
        .with_behaviours(&[Behaviour::KeepsLastOwner, Behaviour::GroupsGrantAccess])
        .with_page_size(3)
}

/// Users 1 to 8 (1 acts), groups 1 and 2, a workspace of four members.
pub(crate) fn account(capabilities: Capabilities) -> InMemory {
    let mut account = InMemory::new(capabilities)
        .with_me(Identity::new(UserId::from(1)))
        .with_workspace(Workspace::new(ws(), "Legal"))
        .with_workspace(Workspace::new(WorkspaceId::from(2), "Sales"))
        .with_workspace(Workspace::new(WorkspaceId::from(3), "Sales"))
        .with_group(Group::new(GroupId::from(1), "All"))
        .with_group(Group::new(GroupId::from(2), "Some"));
    for id in 1..=8 {
        let address = email(&format!("u{id}@example.com"));
        account = account
            .with_user(User::new(UserId::from(id)).with_email(Some(address)).with_status(Status::Active));
    }
    account
        .with_member(ws(), UserId::from(1), native("boss"))
        .with_member(ws(), UserId::from(2), native("boss"))
        .with_member(ws(), UserId::from(3), native("writer"))
        .with_member(ws(), GroupId::from(1), native("reader"))
}
