//! A provider that fails, hangs, lies or is changed by somebody else at a chosen request.

use async_trait::async_trait;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify as Bell;
use workspace_members_core::{
    AddMember, Capabilities, Effect, Error, ErrorKind, Group, Identity, InMemory, ListOf, Member, Operation,
    Page, PageRequest, PrincipalId, Provider, RemoveMember, Resource, Result, SetRole, Status, User,
    Workspace, WorkspaceId, WorkspaceMembers,
};

/// What happens at a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The addition ends as an invitation that is not accepted.
    Invite,
    /// The addition gives the owner's role, whatever was asked for, and the answer says so.
    MakeOwner,
    /// The process dies before it is sent.
    DieBefore,
    /// The process dies after it took effect.
    DieAfter,
    /// It takes effect, and the answer is lost.
    LoseAnswer,
    /// It does not take effect, and no answer comes.
    LoseRequest,
    /// The provider refuses it.
    Refuse,
    /// It takes effect, and the audit log cannot say so.
    Unrecorded,
    /// The provider says that there is no such workspace.
    HideWorkspace,
    /// The provider says that there is no such user.
    HideUser,
    /// Page totals move from page to page.
    MoveTotals,
    /// The second page cannot be had.
    BreakSecondPage,
    /// The listing ends early.
    EndEarly,
    /// The first page comes again as the second.
    RepeatPage,
}

type Meanwhile = Box<dyn Fn(&InMemory) + Send + Sync>;

pub(crate) struct Faulty {
    pub(crate) account: Arc<InMemory>,
    plan: Mutex<Vec<(When, Fault)>>,
    meanwhile: Mutex<Option<(When, Meanwhile)>>,
    requests: AtomicUsize,
    log: Mutex<Vec<Operation>>,
    dead: Bell,
}

/// At which request: the n-th of all from 1, or every one of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Nth(usize),
    Each(Operation),
    Now(usize, Operation),
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

impl Faulty {
    pub(crate) fn new(account: Arc<InMemory>) -> Arc<Self> {
        let (plan, meanwhile, log) = (Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Self { account, plan, meanwhile, requests: AtomicUsize::new(0), log, dead: Bell::new() })
    }

    pub(crate) fn at(self: Arc<Self>, when: When, fault: Fault) -> Arc<Self> {
        self.plan.lock().unwrap().push((when, fault));
        self
    }

    /// Somebody else changes the account just before this request.
    pub(crate) fn meanwhile(
        self: Arc<Self>,
        before: When,
        change: impl Fn(&InMemory) + Send + Sync + 'static,
    ) -> Arc<Self> {
        *self.meanwhile.lock().unwrap() = Some((before, Box::new(change)));
        self
    }

    /// Rings when the process died.
    pub(crate) async fn died(&self) {
        self.dead.notified().await;
    }

    pub(crate) fn log(&self) -> Vec<Operation> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn writes(&self) -> usize {
        self.log().iter().filter(|operation| operation.is_write()).count()
    }

    fn fault(&self, operation: Operation) -> Option<Fault> {
        let number = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        let of_operation = self.log.lock().unwrap().iter().filter(|known| **known == operation).count() + 1;
        self.log.lock().unwrap().push(operation);
        let due = |when: &When| match when {
            When::Nth(n) => *n == number,
            When::Each(of) => *of == operation,
            When::Now(n, of) => *of == operation && *n == of_operation,
        };
        let mut meanwhile = self.meanwhile.lock().unwrap();
        if meanwhile.as_ref().is_some_and(|(before, _)| due(before))
            && let Some((_, change)) = meanwhile.take()
        {
            change(&self.account);
        }
        self.plan.lock().unwrap().iter().find(|(when, _)| due(when)).map(|(_, fault)| *fault)
    }

    async fn die<T>(&self) -> T {
        self.dead.notify_one();
        std::future::pending().await
    }

    async fn run<T>(&self, operation: Operation, request: impl Future<Output = Result<T>>) -> Result<T> {
        let lost = || {
            Err(Error::new(ErrorKind::Timeout, Effect::Unknown, "no answer came")
                .with_operation(operation)
                .with_provider(self.provider()))
        };
        match self.fault(operation) {
            Some(Fault::DieBefore) => self.die().await,
            Some(Fault::DieAfter) => {
                let _ = request.await;
                self.die().await
            }
            Some(Fault::LoseAnswer) => {
                let _ = request.await;
                lost()
            }
            Some(Fault::LoseRequest) => lost(),
            Some(Fault::Unrecorded) => {
                request.await?;
                Err(Error::new(ErrorKind::RecordFailed, Effect::Partial, "the disk is full")
                    .with_done(vec!["the change".to_owned()]))
            }
            Some(Fault::HideWorkspace) => Err(Error::not_found("no such workspace", &[Resource::Workspace])),
            Some(Fault::HideUser) => Err(Error::not_found("no such user", &[Resource::User])),
            Some(Fault::Refuse) => {
                Err(Error::new(ErrorKind::Forbidden, Effect::Rejected, "not allowed")
                    .with_operation(operation))
            }
            _ => request.await,
        }
    }

    async fn pages<T>(
        &self,
        operation: Operation,
        page: PageRequest,
        request: impl Future<Output = Result<Page<T>>>,
    ) -> Result<Page<T>> {
        let planned = self
            .plan
            .lock()
            .unwrap()
            .iter()
            .find(|(when, _)| *when == When::Each(operation))
            .map(|(_, f)| *f);
        let mut answer = self.run(operation, request).await?;
        let second = page.cursor.is_some();
        match planned {
            Some(Fault::MoveTotals) if second => answer.total = answer.total.map(|total| total + 1),
            Some(Fault::BreakSecondPage) if second => {
                return Err(Error::new(ErrorKind::Unavailable, Effect::NotApplied, "out of order"));
            }
            Some(Fault::EndEarly) => answer.next = None,
            Some(Fault::RepeatPage) if second => answer.records.clone_from(&vec![first_record(); 1]),
            Some(Fault::RepeatPage) => answer.records.push(first_record()),
            _ => {}
        }
        Ok(answer)
    }
}

fn first_record() -> workspace_members_core::adapter::RecordKey {
    workspace_members_core::adapter::RecordKey::of(&"the same")
}

#[async_trait]
impl WorkspaceMembers for Faulty {
    fn provider(&self) -> Provider {
        self.account.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        self.account.capabilities()
    }
    async fn me(&self) -> Result<Identity> {
        self.run(Operation::Me, self.account.me()).await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.pages(Operation::ListWorkspaces, page.clone(), self.account.workspaces_page(page)).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.pages(Operation::ListUsers, page.clone(), self.account.users_page(page)).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.pages(Operation::ListGroups, page.clone(), self.account.groups_page(page)).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.pages(Operation::ListMembers, page.clone(), self.account.members_page(of, page)).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.run(Operation::Get, self.account.get(workspace, principal)).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        let planned = self.plan.lock().unwrap().first().copied();
        let member = self.run(Operation::Add, self.account.add(request)).await?;
        match planned {
            Some((_, Fault::Invite)) => {
                self.account.remove(&RemoveMember::new(member.key.clone())).await?;
                Ok(member.with_status(Status::Pending))
            }
            Some((_, Fault::MakeOwner)) => {
                let owner = workspace_members_core::Role::Owner;
                self.account.set_role(&SetRole::new(member.key, owner)).await
            }
            _ => Ok(member),
        }
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        self.run(Operation::SetRole, self.account.set_role(request)).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.run(Operation::Remove, self.account.remove(request)).await
    }
}
