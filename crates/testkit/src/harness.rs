//! What somebody writes to have an adapter run through the suite.

use crate::proxy::{Answer, Proxy};
use crate::seed::{Grant, Ids, Seed, Seedable};
use async_trait::async_trait;
use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use workspace_members_core::{
    Capabilities, Fit, Identity, NativeRole, Provider, Role, RoleRow, RoleTable, User, UserId, Workspace,
    WorkspaceMembers,
};

/// A harness could not set a world up.
pub type HarnessError = Box<dyn std::error::Error + Send + Sync>;

type Truth = Box<dyn Fn() -> Vec<Grant> + Send + Sync>;
type Mails = Box<dyn Fn() -> usize + Send + Sync>;

/// A provider with everything a [`Seed`] says in it, and the adapter under test in front of it.
///
/// It lives as long as the case; what must live as long (a server, a runtime) is kept in it.
pub struct World {
    pub(crate) members: Arc<dyn WorkspaceMembers>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) truth: Option<Truth>,
    pub(crate) mails: Option<Mails>,
    pub(crate) secret: Option<String>,
    keep: Vec<Box<dyn Any + Send + Sync>>,
}

impl World {
    /// A world without HTTP between the adapter and the provider. Cases that need the log of requests or inject faults do
    /// not apply to it, and the summary says so.
    pub fn new(members: impl WorkspaceMembers + 'static) -> Self {
        Self {
            members: Arc::new(members),
            proxy: None,
            truth: None,
            mails: None,
            secret: None,
            keep: Vec::new(),
        }
    }

    /// The adapter speaks to its provider through this proxy.
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// How to read, without the adapter, who the members of all workspaces are. Errors that cancel out in the adapter (a
    /// role swapped in writing and in reading) show only so.
    pub fn with_truth(mut self, truth: impl Fn() -> Vec<Grant> + Send + Sync + 'static) -> Self {
        self.truth = Some(Box::new(truth));
        self
    }

    /// How to read, without the adapter, how many mails the provider has sent.
    pub fn with_mails(mut self, mails: impl Fn() -> usize + Send + Sync + 'static) -> Self {
        self.mails = Some(Box::new(mails));
        self
    }

    /// The credential in use, which must show nowhere.
    pub fn with_secret(mut self, secret: impl Into<String>) -> Self {
        self.secret = Some(secret.into());
        self
    }

    /// Keeps something alive as long as the world.
    pub fn keep(mut self, part: impl Any + Send + Sync) -> Self {
        self.keep.push(Box::new(part));
        self
    }

    /// The adapter under test.
    pub fn members(&self) -> &Arc<dyn WorkspaceMembers> {
        &self.members
    }

    /// Puts something around the adapter.
    pub fn map(mut self, wrap: impl FnOnce(Arc<dyn WorkspaceMembers>) -> Arc<dyn WorkspaceMembers>) -> Self {
        self.members = wrap(self.members);
        self
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("members", &self.members)
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}

/// One way in which the provider says that there were too many requests.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Throttled {
    /// The answer.
    pub answer: Answer,
    /// How long it asks to wait; `None` if it does not say.
    pub wait: Option<Duration>,
}

impl Throttled {
    /// This answer asks to wait so long.
    pub fn new(answer: Answer, wait: Option<Duration>) -> Self {
        Self { answer, wait }
    }

    /// The ways that HTTP itself has (RFC 9110, section 10.2.3): silent, in seconds, until a date.
    pub fn standard() -> Vec<Self> {
        let wait = Duration::from_mins(1);
        let refusal = Answer::json(429, r#"{"detail":"too many requests"}"#);
        let date = httpdate::fmt_http_date(SystemTime::now() + wait);
        vec![
            Self::new(refusal.clone(), None),
            Self::new(Answer::status(429), None),
            Self::new(refusal.clone().with_header("retry-after", "17"), Some(Duration::from_secs(17))),
            Self::new(refusal.clone().with_header("retry-after", "0"), Some(Duration::ZERO)),
            Self::new(refusal.with_header("retry-after", date), Some(wait)),
        ]
    }
}

/// Sets worlds up for one adapter, and says how its provider answers. Only its name and [`start`](Self::start) must be written.
#[async_trait]
pub trait Harness: Send + Sync + 'static {
    /// What the summary calls it.
    fn name(&self) -> String;

    /// A fresh provider that holds what the seed says, and the adapter in front of it. Called at least once per case,
    /// from several threads at once; worlds must not know of each other.
    async fn start(&self, seed: &Seed) -> Result<World, HarnessError>;

    /// Which identifiers the provider takes. Any text, unless overridden.
    fn ids(&self) -> Ids {
        Ids::Text
    }

    /// Whether one method sends one request at most, and an error is about exactly one attempt: true for an adapter,
    /// false for a stack with a layer that retries.
    fn bare(&self) -> bool {
        true
    }

    /// Whether the stack ends a call by itself that is not answered.
    fn gives_up(&self) -> bool {
        false
    }

    /// Whether the provider has workspaces whose members cannot be changed ([`Workspace::manageable`]).
    fn fixed_workspaces(&self) -> bool {
        false
    }

    /// Whether seeds may hold this. No, unless overridden: what the harness cannot seed, the suite does not ask for.
    fn can_seed(&self, _what: Seedable) -> bool {
        false
    }

    /// Whether the adapter as configured reaches the first workspace of a seed only.
    fn one_workspace(&self) -> bool {
        false
    }

    /// How many random sequences of calls are compared with the reference implementation. 24; `PROPTEST_CASES` overrules it.
    fn sequences(&self) -> u32 {
        24
    }

    /// How the provider words a refusal with this status: 400, 401, 403, 404, 409, 422 or a 5xx, for a reason that no
    /// adapter could recognize.
    fn refusal(&self, status: u16) -> Answer {
        Answer::json(status, r#"{"detail":"refused for the sake of a test"}"#)
    }

    /// Each way in which the provider says that there were too many requests.
    fn throttled(&self) -> Vec<Throttled> {
        Throttled::standard()
    }

    /// What the adapter claims. Starts an empty world, unless there is a shorter way.
    async fn capabilities(&self) -> Result<Capabilities, HarnessError> {
        let me: UserId = self.ids().make(1);
        let address = Some("acting@example.com".parse()?);
        let workspace = Workspace::new(self.ids().make(101), "Legal");
        let seed = Seed {
            me: Identity::new(me.clone()).with_admin(Some(true)),
            users: vec![User::new(me).with_email(address.clone())],
            groups: Vec::new(),
            workspaces: vec![workspace.with_owner(address)],
            members: Vec::new(),
            custom_roles: Vec::new(),
        };
        Ok(self.start(&seed).await?.members.capabilities().clone())
    }
}

type Wrap = Box<dyn Fn(Arc<dyn WorkspaceMembers>) -> Arc<dyn WorkspaceMembers> + Send + Sync>;

/// Another harness with layers around its adapter: how a layer or a whole stack runs through the suite.
pub struct Layered<H> {
    inner: H,
    name: String,
    wrap: Wrap,
    bare: bool,
    gives_up: bool,
    sequences: Option<u32>,
}

impl<H: Harness> Layered<H> {
    /// Puts what `wrap` makes around every adapter of `inner`. Taken for a stack that may retry.
    pub fn new(
        name: impl Into<String>,
        inner: H,
        wrap: impl Fn(Arc<dyn WorkspaceMembers>) -> Arc<dyn WorkspaceMembers> + Send + Sync + 'static,
    ) -> Self {
        Self { inner, name: name.into(), wrap: Box::new(wrap), bare: false, gives_up: false, sequences: None }
    }

    /// The layers send each request once, so what holds for an adapter holds for them.
    pub fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    /// Compares so many random sequences of calls instead of as many as the inner harness.
    pub fn sequences(mut self, count: u32) -> Self {
        self.sequences = Some(count);
        self
    }

    /// A layer ends calls that are not answered.
    pub fn gives_up(mut self) -> Self {
        self.gives_up = true;
        self
    }
}

impl<H: Harness> fmt::Debug for Layered<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layered").field("name", &self.name).field("bare", &self.bare).finish_non_exhaustive()
    }
}

#[async_trait]
impl<H: Harness> Harness for Layered<H> {
    fn name(&self) -> String {
        format!("{} around {}", self.name, self.inner.name())
    }
    async fn start(&self, seed: &Seed) -> Result<World, HarnessError> {
        Ok(self.inner.start(seed).await?.map(|members| (self.wrap)(members)))
    }
    fn ids(&self) -> Ids {
        self.inner.ids()
    }
    fn bare(&self) -> bool {
        self.bare && self.inner.bare()
    }
    fn gives_up(&self) -> bool {
        self.gives_up || self.inner.gives_up()
    }
    fn fixed_workspaces(&self) -> bool {
        self.inner.fixed_workspaces()
    }
    fn can_seed(&self, what: Seedable) -> bool {
        self.inner.can_seed(what)
    }
    fn one_workspace(&self) -> bool {
        self.inner.one_workspace()
    }
    fn sequences(&self) -> u32 {
        self.sequences.unwrap_or_else(|| self.inner.sequences())
    }
    fn refusal(&self, status: u16) -> Answer {
        self.inner.refusal(status)
    }
    fn throttled(&self) -> Vec<Throttled> {
        self.inner.throttled()
    }
}

/// A role table with all four built-in roles and custom ones, for made-up providers.
pub(crate) fn plain_roles() -> RoleTable {
    let row = |role, native| RoleRow::new(role, NativeRole::from_static(native), Fit::Exact);
    let rows = [
        row(Role::Owner, "owner"),
        row(Role::Manager, "manager"),
        row(Role::Editor, "editor"),
        row(Role::Viewer, "viewer"),
    ];
    RoleTable::new(rows).map_or_else(|error| panic!("{error}"), |table| table.with_custom_roles(true))
}

/// A made-up provider's name.
pub(crate) const MADE_UP: Provider = Provider::from_static("in-memory");
