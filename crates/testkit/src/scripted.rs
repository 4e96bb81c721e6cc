//! A wrapper that interrupts calls, for what is tested without HTTP: layers, verbs of several requests.

use crate::ordinal::ordinal;
use async_trait::async_trait;
use futures_util::future::BoxFuture;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use workspace_members_core::{
    AddMember, Capabilities, Error, Group, Identity, Invitation, InvitationId, Invite, Invited, ListOf,
    Member, Operation, Page, PageRequest, PrincipalId, Provider, RemoveMember, Result, SetRole, User, UserId,
    Workspace, WorkspaceId, WorkspaceMembers,
};

/// Passes calls on to another value and keeps a list of them; interrupts those that the test says, each once.
///
/// ```
/// use workspace_members_core::{Effect, Error, ErrorKind, Operation, WorkspaceMembers};
/// use workspace_members_testkit::Scripted;
/// # use workspace_members_core::{Capabilities, Capability, Evidence, Identity, InMemory, Provider, RoleTable, UserId};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// # let account = InMemory::new(
/// #     Capabilities::new(Provider::from_static("x"), RoleTable::new([])?).claim(Evidence::Documented, &[Capability::Me]),
/// # ).with_me(Identity::new(UserId::from(1)));
/// let scripted = Scripted::new(account);
/// let busy = Error::new(ErrorKind::RateLimited, Effect::NotApplied, "too many requests");
/// scripted.fail(Operation::Me, busy);
/// assert_eq!(scripted.me().await.unwrap_err().kind(), ErrorKind::RateLimited);
/// assert!(scripted.me().await.is_ok());
/// assert_eq!(scripted.calls(), [Operation::Me, Operation::Me]);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Scripted<M> {
    inner: M,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Each is for the call of its operation that comes after so many others.
    script: VecDeque<(Operation, usize, Interruption)>,
    calls: Vec<Operation>,
    /// What was done to which call, in words.
    interrupted: Vec<String>,
}

enum Interruption {
    Fail(Error),
    LoseAnswer(Error),
    First(BoxFuture<'static, ()>),
}

impl<M: fmt::Debug> fmt::Debug for Scripted<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<M> Scripted<M> {
    /// Interrupts nothing yet.
    pub fn new(inner: M) -> Self {
        Self { inner, state: Mutex::default() }
    }

    /// The next call of this operation that nothing said earlier is for fails; the account does not hear of it.
    pub fn fail(&self, operation: Operation, error: Error) {
        self.interrupt(operation, 0, Interruption::Fail(error));
    }

    /// The next such call takes effect and fails all the same: its answer is lost.
    pub fn lose_answer(&self, operation: Operation, error: Error) {
        self.interrupt(operation, 0, Interruption::LoseAnswer(error));
    }

    /// Before the next such call, something else happens, such as somebody else's change.
    pub fn happens_first(&self, operation: Operation, first: impl Future<Output = ()> + Send + 'static) {
        self.happens_after(0, operation, first);
    }

    /// As [`happens_first`](Self::happens_first), before the call that comes after so many others of this operation.
    pub(crate) fn happens_after(
        &self,
        others: usize,
        operation: Operation,
        first: impl Future<Output = ()> + Send + 'static,
    ) {
        self.interrupt(operation, others, Interruption::First(Box::pin(first)));
    }

    /// All calls so far, interrupted or not, in order of arrival.
    pub fn calls(&self) -> Vec<Operation> {
        self.state().calls.clone()
    }

    /// How many calls of one operation arrived.
    pub fn count(&self, operation: Operation) -> usize {
        self.state().calls.iter().filter(|call| **call == operation).count()
    }

    /// Which calls were interrupted, and how, in words.
    pub(crate) fn interrupted(&self) -> Vec<String> {
        self.state().interrupted.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn interrupt(&self, operation: Operation, others: usize, interruption: Interruption) {
        self.state().script.push_back((operation, others, interruption));
    }

    fn arrive(&self, operation: Operation) -> Option<Interruption> {
        let mut state = self.state();
        state.calls.push(operation);
        let at = state.script.iter().position(|(when, ..)| *when == operation)?;
        let (_, others, _) = state.script.get_mut(at)?;
        if *others > 0 {
            *others -= 1;
            return None;
        }
        let (_, _, interruption) = state.script.remove(at)?;
        let number = state.calls.iter().filter(|call| **call == operation).count();
        let call = format!("the {} {operation}", ordinal(number));
        state.interrupted.push(match &interruption {
            Interruption::Fail(error) => format!("{call} failed before it was sent: {error}"),
            Interruption::LoseAnswer(_) => format!("the answer to {call} was lost"),
            Interruption::First(_) => format!("something else happened before {call}"),
        });
        Some(interruption)
    }

    async fn pass<T>(
        &self,
        operation: Operation,
        inner: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        match self.arrive(operation) {
            None => inner.await,
            Some(Interruption::Fail(error)) => Err(error),
            Some(Interruption::LoseAnswer(error)) => {
                inner.await?;
                Err(error)
            }
            Some(Interruption::First(first)) => {
                first.await;
                inner.await
            }
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<M: WorkspaceMembers> WorkspaceMembers for Scripted<M> {
    fn provider(&self) -> Provider {
        self.inner.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }
    async fn me(&self) -> Result<Identity> {
        self.pass(Operation::Me, self.inner.me()).await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.pass(Operation::ListWorkspaces, self.inner.workspaces_page(page)).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.pass(Operation::ListUsers, self.inner.users_page(page)).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.pass(Operation::ListGroups, self.inner.groups_page(page)).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.pass(Operation::ListMembers, self.inner.members_page(of, page)).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.pass(Operation::Get, self.inner.get(workspace, principal)).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        self.pass(Operation::Add, self.inner.add(request)).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        self.pass(Operation::SetRole, self.inner.set_role(request)).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.pass(Operation::Remove, self.inner.remove(request)).await
    }
    async fn invite(&self, request: &Invite) -> Result<Invited> {
        self.pass(Operation::Invite, self.inner.invite(request)).await
    }
    async fn invitations_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Invitation>> {
        self.pass(Operation::ListInvitations, self.inner.invitations_page(of, page)).await
    }
    async fn cancel_invitation(&self, id: &InvitationId) -> Result<()> {
        self.pass(Operation::CancelInvitation, self.inner.cancel_invitation(id)).await
    }
    async fn set_user_active(&self, user: &UserId, active: bool) -> Result<User> {
        self.pass(Operation::SetUserActive, self.inner.set_user_active(user, active)).await
    }
    async fn delete_user(&self, user: &UserId) -> Result<()> {
        self.pass(Operation::DeleteUser, self.inner.delete_user(user)).await
    }
}
