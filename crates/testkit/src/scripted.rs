//! A wrapper that fails when told to, for what is tested without HTTP: layers, verbs of several requests.

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use workspace_members_core::{
    AddMember, CancelInvitation, Capabilities, DeleteUser, Error, Group, Identity, Invitation, Invite,
    Invited, ListOf, Member, Operation, Page, PageRequest, PrincipalId, Provider, RemoveMember, Result,
    SetRole, SetUserActive, User, Workspace, WorkspaceId, WorkspaceMembers,
};

/// What happens to a call instead of an answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum Interruption {
    /// It fails; the account does not hear of it.
    Before(Error),
    /// It takes effect, and fails: the acknowledgement is lost.
    After(Error),
    /// It is never answered; the account does not hear of it.
    Never,
    /// Something else happens first, such as somebody else's change; then it is as any other call.
    First(Meanwhile),
}

/// What somebody else does while a call is on its way.
pub struct Meanwhile(BoxFuture<'static, ()>);

impl Meanwhile {
    /// This happens, once.
    pub fn new(happens: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Box::pin(happens))
    }

    /// Has it happen now.
    pub async fn happens(self) {
        self.0.await;
    }

    /// Nothing happens: to let a call pass that a later interruption is not for.
    pub fn nothing() -> Self {
        Self::new(std::future::ready(()))
    }
}

impl fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meanwhile")
    }
}

/// One call that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Called {
    /// A call without arguments worth keeping.
    Plain(Operation),
    /// A listing of members.
    List(ListOf),
    /// One member was asked for.
    Get(WorkspaceId, PrincipalId),
    /// An addition.
    Add(AddMember),
    /// A change of role.
    SetRole(SetRole),
    /// A removal.
    Remove(RemoveMember),
    /// An invitation.
    Invite(Invite),
    /// A listing of invitations.
    Invitations(ListOf),
    /// An invitation is withdrawn.
    CancelInvitation(CancelInvitation),
    /// A user is deactivated, or activated.
    SetUserActive(SetUserActive),
    /// A user is deleted.
    DeleteUser(DeleteUser),
}

impl Called {
    /// Which operation it is of.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Plain(operation) => *operation,
            Self::List(_) => Operation::ListMembers,
            Self::Get(..) => Operation::Get,
            Self::Add(_) => Operation::Add,
            Self::SetRole(_) => Operation::SetRole,
            Self::Remove(_) => Operation::Remove,
            Self::Invite(_) => Operation::Invite,
            Self::Invitations(_) => Operation::ListInvitations,
            Self::CancelInvitation(_) => Operation::CancelInvitation,
            Self::SetUserActive(_) => Operation::SetUserActive,
            Self::DeleteUser(_) => Operation::DeleteUser,
        }
    }
}

/// Passes calls on to another value and keeps a list of them; interrupts those that it was told to, in order.
///
/// Clones share script and list, so one goes into a stack and another stays with the test.
///
/// ```
/// use workspace_members_core::{Effect, Error, ErrorKind, Operation, WorkspaceMembers};
/// use workspace_members_testkit::{Interruption, Scripted};
/// # use workspace_members_core::{Capabilities, Capability, Evidence, Identity, InMemory, Provider, RoleTable, UserId};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// # let account = InMemory::new(
/// #     Capabilities::new(Provider::from_static("x"), RoleTable::new([])?).claim(Evidence::Documented, &[Capability::Me]),
/// # ).with_me(Identity::new(UserId::from(1)));
/// let scripted = Scripted::new(account);
/// let busy = Error::new(ErrorKind::RateLimited, Effect::NotApplied, "too many requests");
/// scripted.interrupt(Operation::Me, Interruption::Before(busy));
/// assert_eq!(scripted.me().await.unwrap_err().kind(), ErrorKind::RateLimited);
/// assert!(scripted.me().await.is_ok());
/// assert_eq!(scripted.calls().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Scripted<M> {
    inner: Arc<M>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<(Operation, Interruption)>,
    calls: Vec<Called>,
}

impl<M> Clone for Scripted<M> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), state: self.state.clone() }
    }
}

impl<M> Scripted<M> {
    /// Interrupts nothing yet.
    pub fn new(inner: M) -> Self {
        Self { inner: Arc::new(inner), state: Arc::default() }
    }

    /// Interrupts the next call of this operation that nothing said earlier is for.
    pub fn interrupt(&self, operation: Operation, interruption: Interruption) {
        self.state().script.push_back((operation, interruption));
    }

    /// All calls so far, interrupted or not, in order of arrival.
    pub fn calls(&self) -> Vec<Called> {
        self.state().calls.clone()
    }

    /// How many calls of one operation arrived.
    pub fn count(&self, operation: Operation) -> usize {
        self.state().calls.iter().filter(|call| call.operation() == operation).count()
    }

    /// What was said and did not happen. A test that ends with something left has not tested what it means to.
    pub fn left(&self) -> usize {
        self.state().script.len()
    }

    /// What the calls are passed on to.
    pub fn inner(&self) -> &M {
        &self.inner
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn arrive(&self, call: Called) -> Option<Interruption> {
        let mut state = self.state();
        let operation = call.operation();
        state.calls.push(call);
        let at = state.script.iter().position(|(when, _)| *when == operation)?;
        state.script.remove(at).map(|(_, interruption)| interruption)
    }

    async fn pass<T>(&self, call: Called, inner: impl Future<Output = Result<T>> + Send) -> Result<T> {
        match self.arrive(call) {
            None => inner.await,
            Some(Interruption::Before(error)) => Err(error),
            Some(Interruption::After(error)) => {
                inner.await?;
                Err(error)
            }
            Some(Interruption::Never) => std::future::pending().await,
            Some(Interruption::First(meanwhile)) => {
                meanwhile.happens().await;
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
        self.pass(Called::Plain(Operation::Me), self.inner.me()).await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.pass(Called::Plain(Operation::ListWorkspaces), self.inner.workspaces_page(page)).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.pass(Called::Plain(Operation::ListUsers), self.inner.users_page(page)).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.pass(Called::Plain(Operation::ListGroups), self.inner.groups_page(page)).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.pass(Called::List(of.clone()), self.inner.members_page(of, page)).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        let call = Called::Get(workspace.clone(), principal.clone());
        self.pass(call, self.inner.get(workspace, principal)).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        self.pass(Called::Add(request.clone()), self.inner.add(request)).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        self.pass(Called::SetRole(request.clone()), self.inner.set_role(request)).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.pass(Called::Remove(request.clone()), self.inner.remove(request)).await
    }
    async fn invite(&self, request: &Invite) -> Result<Invited> {
        self.pass(Called::Invite(request.clone()), self.inner.invite(request)).await
    }
    async fn invitations_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Invitation>> {
        self.pass(Called::Invitations(of.clone()), self.inner.invitations_page(of, page)).await
    }
    async fn cancel_invitation(&self, request: &CancelInvitation) -> Result<()> {
        self.pass(Called::CancelInvitation(request.clone()), self.inner.cancel_invitation(request)).await
    }
    async fn set_user_active(&self, request: &SetUserActive) -> Result<User> {
        self.pass(Called::SetUserActive(request.clone()), self.inner.set_user_active(request)).await
    }
    async fn delete_user(&self, request: &DeleteUser) -> Result<()> {
        self.pass(Called::DeleteUser(request.clone()), self.inner.delete_user(request)).await
    }
}
