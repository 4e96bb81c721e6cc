//! An account in memory that fails as scripted, and writes down what reached it; and a sink for audit lines.

use async_trait::async_trait;
use serde_json::Value;
use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;
use workspace_members_core::{
    AddMember, Behaviour, Capabilities, Capability, Effect, EmailAddress, Error, ErrorKind, Evidence, Fit,
    Group, GroupId, Identity, InMemory, Invitation, InvitationId, Invite, Invited, ListOf, Member, MemberKey,
    NativeRole, Operation, Page, PageRequest, PrincipalId, Provider, RemoveMember, Result, Role, RoleRow,
    RoleTable, SetRole, Status, User, UserId, Workspace, WorkspaceId, WorkspaceMembers,
};
use workspace_members_layers::{Appended, AuditSink};

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// It fails before it acts.
    Before(ErrorKind, Effect),
    /// 429.
    Limited(Option<Duration>),
    /// It acts, and the answer is lost.
    After(ErrorKind),
    /// It does not act and does not answer.
    Hang,
    /// It acts and does not answer.
    HangAfter,
    /// The answer is lost, and it acts when the next write arrives, just before that.
    Late,
}

type Act = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The account. Clones share everything.
#[derive(Clone)]
pub(crate) struct Scripted {
    pub(crate) account: Arc<InMemory>,
    capabilities: Capabilities,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    faults: VecDeque<Fault>,
    requests: Vec<(Operation, String, Instant)>,
    effects: Vec<String>,
    late: Vec<Act>,
    me: Option<Identity>,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripted")
    }
}

pub(crate) fn roles() -> RoleTable {
    RoleTable::new([
        RoleRow::new(Role::Owner, NativeRole::from_static("boss"), Fit::Exact),
        RoleRow::new(Role::Editor, NativeRole::from_static("writer"), Fit::Narrower),
        RoleRow::new(Role::Viewer, NativeRole::from_static("guest"), Fit::Exact),
    ])
    .unwrap()
    .with_custom_roles(true)
    .with_placeholder(NativeRole::from_static("Custom"))
}

pub(crate) fn capabilities() -> Capabilities {
    Capabilities::new(Provider::from_static("example"), roles())
        .claim(Evidence::Documented, Capability::ALL)
        .with_endpoint("https://members.example:8443/api")
}

pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId::from(4)
}

pub(crate) fn user(id: u64) -> PrincipalId {
    UserId::from(id).into()
}

pub(crate) fn key(id: u64) -> MemberKey {
    MemberKey::new(workspace(), user(id))
}

pub(crate) fn add(id: u64, role: Role) -> AddMember {
    AddMember::new(workspace(), user(id), role)
}

pub(crate) fn invite() -> Invite {
    let email = EmailAddress::new("new@example.com").unwrap();
    Invite::new(email).with_workspace(workspace(), Role::Viewer)
}

impl Scripted {
    pub(crate) fn new(capabilities: Capabilities) -> Self {
        Self::on(InMemory::new(capabilities.clone()), capabilities)
    }

    /// Workspaces 4 and 5, users 1 to 9 (1 is the owner, and who acts), group 7.
    pub(crate) fn on(account: InMemory, capabilities: Capabilities) -> Self {
        let email = |id| EmailAddress::new(format!("user{id}@example.com")).unwrap();
        let mut account = account
            .with_me(Identity::new(UserId::from(1)).with_email(Some(email(1))))
            .with_workspace(Workspace::new(workspace(), "Legal"))
            .with_workspace(Workspace::new(WorkspaceId::from(5), "Sales"))
            .with_group(Group::new(GroupId::from(7), "Others").with_users(Some(vec![UserId::from(2)])));
        for id in 1..10 {
            let user = User::new(UserId::from(id)).with_email(Some(email(id)));
            account = account.with_user(user.with_status(Status::Active));
        }
        let account = account.with_member(workspace(), UserId::from(1), NativeRole::from_static("boss"));
        Self { account: Arc::new(account), capabilities, state: Arc::default() }
    }

    pub(crate) fn faults(self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.state.lock().unwrap().faults.extend(faults);
        self
    }

    /// From now on, the key is that user's.
    pub(crate) fn act_as(&self, id: u64) {
        let email = EmailAddress::new(format!("user{id}@example.com")).unwrap();
        self.state.lock().unwrap().me = Some(Identity::new(UserId::from(id)).with_email(Some(email)));
    }

    /// Which requests arrived, in order.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        self.state.lock().unwrap().requests.iter().map(|(operation, ..)| *operation).collect()
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.iter().map(|(_, text, _)| text.clone()).collect()
    }

    pub(crate) fn times(&self) -> Vec<Instant> {
        self.state.lock().unwrap().requests.iter().map(|(.., at)| *at).collect()
    }

    /// Which writes took effect, in order.
    pub(crate) fn effects(&self) -> Vec<String> {
        self.state.lock().unwrap().effects.clone()
    }

    pub(crate) async fn role_of(&self, id: u64) -> Option<String> {
        let member = self.account.get(&workspace(), &user(id)).await.unwrap();
        member.map(|member| member.native_role.to_string())
    }

    async fn run<T>(
        &self,
        operation: Operation,
        text: String,
        act: Pin<Box<dyn Future<Output = Result<T>> + Send + '_>>,
        late: Option<Act>,
    ) -> Result<T> {
        let (fault, due) = {
            let mut state = self.state.lock().unwrap();
            state.requests.push((operation, text.clone(), Instant::now()));
            let due = if operation.is_write() { std::mem::take(&mut state.late) } else { Vec::new() };
            (state.faults.pop_front().unwrap_or(Fault::None), due)
        };
        for act in due {
            act.await;
        }
        let fail = |kind, effect| {
            Error::new(kind, effect, "scripted")
                .with_operation(operation)
                .with_provider(self.provider())
                .with_request_id(Some("req-1".to_owned()))
        };
        let lost = if operation.is_write() { Effect::Unknown } else { Effect::NotApplied };
        match fault {
            Fault::Before(kind, effect) => return Err(fail(kind, effect).with_status(503)),
            Fault::Limited(wait) => {
                let error = fail(ErrorKind::RateLimited, Effect::NotApplied).with_status(429);
                return Err(error.with_retry_after(wait));
            }
            Fault::Hang => return pending().await,
            Fault::Late => {
                self.state.lock().unwrap().late.extend(late);
                return Err(fail(ErrorKind::Transport, lost));
            }
            Fault::None | Fault::After(_) | Fault::HangAfter => {}
        }
        let before = members(&self.account).await;
        let done = act.await?;
        if members(&self.account).await != before {
            self.state.lock().unwrap().effects.push(text);
        }
        match fault {
            Fault::After(kind) => Err(fail(kind, lost)),
            Fault::HangAfter => pending().await,
            _ => Ok(done),
        }
    }

    /// The same write, later.
    fn late<T, F>(&self, text: &str, act: impl FnOnce(Arc<InMemory>) -> F) -> Act
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let (account, state, text) = (Arc::clone(&self.account), Arc::clone(&self.state), text.to_owned());
        let act = act(Arc::clone(&account));
        Box::pin(async move {
            let before = members(&account).await;
            _ = act.await;
            if members(&account).await != before {
                state.lock().unwrap().effects.push(text);
            }
        })
    }
}

/// Everybody, as they are: fewer than fill a page.
async fn members(account: &InMemory) -> Vec<Member> {
    let page = account.members_page(&ListOf::Account, PageRequest::default()).await;
    let page = page.unwrap_or_else(|_| Page::new(Vec::new()));
    assert_eq!(page.next, None);
    page.items
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl WorkspaceMembers for Scripted {
    fn provider(&self) -> Provider {
        self.capabilities.provider().clone()
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    async fn me(&self) -> Result<Identity> {
        let renewed = self.state.lock().unwrap().me.clone();
        let identity = self.run(Operation::Me, "me".to_owned(), self.account.me(), None).await?;
        Ok(renewed.unwrap_or(identity))
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        let text = format!("workspaces {page:?}");
        self.run(Operation::ListWorkspaces, text, self.account.workspaces_page(page), None).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        let text = format!("users {page:?}");
        self.run(Operation::ListUsers, text, self.account.users_page(page), None).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        let text = format!("groups {page:?}");
        self.run(Operation::ListGroups, text, self.account.groups_page(page), None).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        let text = format!("members {of:?} {page:?}");
        self.run(Operation::ListMembers, text, self.account.members_page(of, page), None).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        let text = format!("get {workspace} {principal}");
        self.run(Operation::Get, text, self.account.get(workspace, principal), None).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        let (text, again) = (format!("{request:?}"), request.clone());
        let late = self.late(&text, |account| async move { account.add(&again).await });
        self.run(Operation::Add, text, self.account.add(request), Some(late)).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        let (text, again) = (format!("{request:?}"), request.clone());
        let late = self.late(&text, |account| async move { account.set_role(&again).await });
        self.run(Operation::SetRole, text, self.account.set_role(request), Some(late)).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        let (text, again) = (format!("{request:?}"), request.clone());
        let late = self.late(&text, |account| async move { account.remove(&again).await });
        self.run(Operation::Remove, text, self.account.remove(request), Some(late)).await
    }
    async fn invite(&self, request: &Invite) -> Result<Invited> {
        let invitation =
            Invitation::new(InvitationId::from(8)).with_invitee(Some(request.email.clone()), None);
        self.user_write(Operation::Invite, format!("{request:?}"), Invited::pending(invitation)).await
    }
    async fn invitations_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Invitation>> {
        let invitations = vec![Invitation::new(InvitationId::from(8))];
        let text = format!("invitations {of:?} {page:?}");
        let answer = Box::pin(async { Ok(Page::new(invitations)) });
        self.run(Operation::ListInvitations, text, answer, None).await
    }
    async fn cancel_invitation(&self, id: &InvitationId) -> Result<()> {
        self.user_write(Operation::CancelInvitation, format!("{id:?}"), ()).await
    }
    async fn set_user_active(&self, user: &UserId, active: bool) -> Result<User> {
        let email = EmailAddress::new("user3@example.com").unwrap();
        let answer = User::new(user.clone()).with_email(Some(email));
        self.user_write(Operation::SetUserActive, format!("{user:?} {active}"), answer).await
    }
    async fn delete_user(&self, user: &UserId) -> Result<()> {
        self.user_write(Operation::DeleteUser, format!("{user:?}"), ()).await
    }
}

/// Writes to the account's users change no membership, so they answer something fixed and leave an effect by name.
impl Scripted {
    async fn user_write<T: Send>(&self, operation: Operation, text: String, answer: T) -> Result<T> {
        let done = async {
            self.state.lock().unwrap().effects.push(text.clone());
            Ok(answer)
        };
        self.run(operation, text.clone(), Box::pin(done), None).await
    }
}

/// An account that goes by membership ids.
pub(crate) fn with_memberships() -> Capabilities {
    capabilities().with_behaviours(&[Behaviour::MembershipIds])
}

/// Keeps lines in memory, and can be made to fail from some line on, or to be slow.
#[derive(Debug)]
pub(crate) struct Lines {
    taken: Mutex<Vec<String>>,
    good: AtomicUsize,
    slow: bool,
}

impl Default for Lines {
    fn default() -> Self {
        Self { taken: Mutex::default(), good: AtomicUsize::new(usize::MAX), slow: false }
    }
}

impl Lines {
    pub(crate) fn failing_after(good: usize) -> Arc<Self> {
        Arc::new(Self { good: AtomicUsize::new(good), ..Self::default() })
    }

    pub(crate) fn slow() -> Self {
        Self { slow: true, ..Self::default() }
    }

    pub(crate) fn values(&self) -> Vec<Value> {
        self.taken.lock().unwrap().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn text(&self) -> String {
        self.taken.lock().unwrap().concat()
    }
}

impl AuditSink for Lines {
    fn append(&self, line: String) -> Appended {
        assert!(line.ends_with('\n') && line.matches('\n').count() == 1, "{line:?}");
        let good = self.good.load(Ordering::Relaxed);
        if good == 0 {
            return Box::pin(async { Err(io::Error::other("the disk is full")) });
        }
        self.good.store(good - 1, Ordering::Relaxed);
        self.taken.lock().unwrap().push(line);
        let wait = if self.slow { Duration::from_secs(5) } else { Duration::ZERO };
        Box::pin(async move {
            tokio::time::sleep(wait).await;
            Ok(())
        })
    }
}
