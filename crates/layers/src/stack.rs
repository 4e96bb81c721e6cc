//! All concerns around an adapter, in the one right order.

use crate::RetryConfig;
#[cfg(feature = "audit")]
use crate::audit::Audit;
use crate::call::{Answer, Call, Subject};
use crate::concurrency::ConcurrencyLimit;
use crate::lock::lock;
use crate::rate_limit::{End, Limiter, Slot};
use crate::read_only;
use crate::retry::{IfLost, READ_BACK_GRACE, Reader, RetryPolicy};
use crate::timeout;
use crate::trace::{CallSpan, Trace};
use async_trait::async_trait;
use futures_util::future::BoxFuture;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;
use tracing::{Instrument, Span};
use workspace_members_core::ops::{About, read_member};
use workspace_members_core::{
    AddMember, Capabilities, ListOf, Member, Operation, Page, PageRequest, PrincipalId, Provider,
    RemoveMember, Result, Workspace, WorkspaceId, WorkspaceMembers,
};

/// An adapter with what a client should do around its calls. Each concern is optional; their order is fixed.
///
/// A call goes down through the concerns, and its answer goes up:
///
/// 1. **audit** sees what the caller asked, also where it is refused, and what came of it in the end;
/// 2. **read-only** refuses before anything below wakes up;
/// 3. **trace** makes one span of a call with all its attempts;
/// 4. **retry** waits outside of what follows, so that a waiting call holds nothing there. For each attempt:
/// 5. **rate limit** and **concurrency** let it wait for a slot, and then for a permit. In this order, so that a hundred
///    additions that wait for their limit hold up no read;
/// 6. **timeout** bounds the request itself, and no time in a queue.
///
/// [`Stack::standard`] has all of them, as a configuration says; [`Stack::new`] has none, and `with_*` adds one:
///
/// ```
/// use workspace_members_core::WorkspaceMembers;
/// use workspace_members_layers::{RetryConfig, Stack};
///
/// fn with_retry_alone(adapter: impl WorkspaceMembers) -> impl WorkspaceMembers {
///     Stack::new(adapter).with_retry(RetryConfig::default())
/// }
/// ```
#[derive(Debug)]
pub struct Stack<M> {
    pub(crate) adapter: M,
    /// The adapter's, with the limits that are kept, and without writing where it is refused.
    pub(crate) capabilities: Capabilities,
    connection: Option<String>,
    #[cfg(feature = "audit")]
    pub(crate) audit: Option<Audit>,
    read_only: bool,
    trace: Option<Trace>,
    retry: Option<RetryPolicy>,
    rate: Option<Limiter>,
    concurrency: Option<ConcurrencyLimit>,
    timeout: Option<Duration>,
}

impl<M: WorkspaceMembers> Stack<M> {
    /// Nothing around the adapter yet.
    pub fn new(adapter: M) -> Self {
        // A stack is no adapter: around a call that it may repeat, another stack's timeout must cut.
        let capabilities = adapter.capabilities().clone().with_own_timeout(None);
        Self {
            adapter,
            capabilities,
            connection: None,
            #[cfg(feature = "audit")]
            audit: None,
            read_only: false,
            trace: None,
            retry: None,
            rate: None,
            concurrency: None,
            timeout: None,
        }
    }

    /// Names the connection in spans and audit lines.
    pub fn with_connection(mut self, name: impl Into<String>) -> Self {
        self.connection = Some(name.into());
        self
    }

    /// Records every write.
    #[cfg(feature = "audit")]
    pub fn with_audit(mut self, audit: Audit) -> Self {
        self.audit = Some(audit);
        self
    }

    /// Refuses every write as [`ErrorKind::Unsupported`](workspace_members_core::ErrorKind::Unsupported), before anything
    /// is sent. [`capabilities`](WorkspaceMembers::capabilities) no longer claim any write, and say why.
    pub fn with_read_only(mut self) -> Self {
        self.capabilities = self.capabilities.read_only(read_only::REASON);
        self.read_only = true;
        self
    }

    /// Puts each call into a `tracing` span named `workspace_members`, level info, with an event at its end; at debug, if the
    /// caller drops it. All field names, and what they may hold, are in [`FIELDS`](crate::FIELDS).
    pub fn with_trace(mut self) -> Self {
        self.trace = Some(Trace::new(self.capabilities.endpoint()));
        self
    }

    /// Repeats calls that failed for the moment, where that is safe. The settings are not checked: 0 attempts count as 1, and
    /// a share or rate of the budget that is negative or not a finite number counts as 0.
    ///
    /// What is done follows from the error's [`Effect`](workspace_members_core::Effect):
    ///
    /// * A **read** changes nothing and is repeated if the kind is transient, or the answer could not be read.
    /// * A write that **surely did not happen** (`NotApplied`: 429, no connection) is repeated.
    /// * A write to a membership **in doubt** (`Unknown`: the answer was lost) is resolved by reading the member back, and
    ///   the list of workspaces too where a "not found" may be about the workspace. It happened: success. It did not:
    ///   repeated. The read does not tell: the error is returned, still `Unknown`, with what was tried.
    /// * Activating and deactivating a user is idempotent, and in doubt sent again. An invitation, its withdrawal and the
    ///   deletion of a user in doubt are returned: no read shows what became of them.
    /// * What was **refused** (`Rejected`) is returned, except where an earlier attempt may have done it already: "already a
    ///   member" after an addition in doubt, and "not found" after a removal in doubt, are resolved by reading too.
    /// * A 401 after which the adapter found another key (`Unauthenticated` with `NotApplied`) is repeated once, at once.
    ///
    /// Waits are random below a bound that doubles (full jitter). [`RetryConfig`] has the limits on attempts, waits and time,
    /// and the [budget](crate::BudgetConfig) that bounds the share of repetitions over all calls.
    ///
    /// What reading back cannot know: a request that was given up may still be on its way, and if it arrives after
    /// *somebody else* undid what it does, it does it again.
    pub fn with_retry(mut self, config: RetryConfig) -> Self {
        self.retry = Some(RetryPolicy::new(config));
        self
    }

    /// Makes the waits of retry repeatable, for tests.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.retry = self.retry.map(|policy| policy.with_seed(seed));
        self
    }

    /// Sends each request when the limiter lets it, which others may share. `capabilities().limits()` are those that are
    /// kept. A 429 holds the limiter back, and is returned.
    pub fn with_limiter(mut self, limiter: Limiter) -> Self {
        self.capabilities = self.capabilities.with_limits(limiter.limits().iter().cloned());
        self.rate = Some(limiter);
        self
    }

    /// Lets so many requests through at once, at least 1; the others wait, first come, first served. The bound is per
    /// value, not per account.
    pub fn with_concurrency(mut self, max: u32) -> Self {
        self.concurrency = Some(ConcurrencyLimit::new(max));
        self
    }

    /// Gives up a request after some time: [`Timeout`](workspace_members_core::ErrorKind::Timeout), with
    /// [`NotApplied`](workspace_members_core::Effect::NotApplied) for a read and
    /// [`Unknown`](workspace_members_core::Effect::Unknown) for a write, which may have reached the provider.
    ///
    /// An adapter that bounds its requests by that much or less itself ([`Capabilities::own_timeout`]) is not cut: it alone
    /// knows when a request is sent, so that waiting for a credential or a free connection takes nothing from its time.
    pub fn with_timeout(mut self, after: Duration) -> Self {
        let own = self.adapter.capabilities().own_timeout();
        self.timeout = own.is_none_or(|own| own > after).then_some(after);
        self
    }

    pub(crate) fn begin<'a>(&'a self, operation: Operation, subject: Subject<'a>) -> Call<'a> {
        Call {
            provider: self.capabilities.provider(),
            connection: self.connection.as_deref(),
            operation,
            subject,
            started: Instant::now(),
            queued: Duration::ZERO,
            attempt: 0,
            deadline: None,
        }
    }

    /// The way of a call: down through the concerns in their order, and up again in the reverse one.
    pub(crate) async fn call<T: Answer>(&self, call: &mut Call<'_>, request: &Request<'_, T>) -> Result<T> {
        // Audit.
        #[cfg(feature = "audit")]
        let entry = match &self.audit {
            Some(audit) if call.operation.is_write() => {
                let entry = audit.begin(call, &self.capabilities, request.is_allowed, || self.me());
                Some(entry.await?)
            }
            _ => None,
        };
        let recorded = async {
            // Read-only.
            if self.read_only && call.operation.is_write() {
                return Err(read_only::refusal(call, &self.capabilities));
            }
            // Trace.
            let span = self.trace.as_ref().map(|trace| trace.begin(call));
            let inner = span.as_ref().map_or_else(Span::none, CallSpan::inner);
            let attempts = async {
                // Retry.
                let mut retry = self.retry.as_ref().map(|policy| policy.begin(call));
                loop {
                    call.attempt += 1;
                    let attempt = async {
                        // Rate limit, concurrency.
                        let (slot, _permit) = self.turn(call).await?;
                        // Timeout, adapter.
                        let result = timeout::bounded(self.timeout, call, (request.send)()).await;
                        if let Some(slot) = slot {
                            slot.end(End::of(&result));
                        }
                        result
                    };
                    let error = match attempt.await {
                        Ok(answer) => return Ok(answer),
                        Err(error) => error,
                    };
                    let Some(retry) = &mut retry else { return Err(error) };
                    if let Some(result) = retry.next(call, error, &request.lost, self).await {
                        return result;
                    }
                }
            };
            let result = attempts.instrument(inner).await;
            if let Some(span) = span {
                span.end(call, &result);
            }
            result
        };
        #[cfg(feature = "audit")]
        if let Some(mut entry) = entry {
            let result = recorded.instrument(entry.send()).await;
            return entry.end(call, result).await;
        }
        recorded.await
    }

    /// Waits for a slot of the rate limit, and then for a permit.
    async fn turn(&self, call: &mut Call<'_>) -> Result<(Option<Slot<'_>>, Option<SemaphorePermit<'_>>)> {
        let arrived = Instant::now();
        let turn = async {
            let mut slot = match &self.rate {
                Some(limiter) => Some(limiter.acquire(call.operation).await?),
                None => None,
            };
            let permit = match &self.concurrency {
                Some(limit) => limit.permit().await,
                None => None,
            };
            // The provider may have asked to hold back while the call waited.
            if let Some(slot) = &mut slot {
                slot.start().await?;
            }
            Ok((slot, permit))
        };
        let turn = turn.await.map_err(|error| call.named(error));
        let queued = arrived.elapsed();
        call.queued += queued;
        if turn.is_ok() && queued.as_millis() > 0 {
            tracing::debug!(
                wsm.operation = call.operation.as_str(),
                wsm.wait_ms = u64::try_from(queued.as_millis()).unwrap_or(u64::MAX),
                "waited for the rate limit, or for other calls to finish"
            );
        }
        turn
    }
}

/// One request to the adapter, which may be sent more than once.
pub(crate) struct Request<'a, T> {
    /// Sends it once.
    pub(crate) send: Once<'a, T>,
    /// What follows where its answer was lost.
    pub(crate) lost: IfLost<'a, T>,
    /// Whether the adapter's claims allow it, so that it will be sent at all.
    #[cfg_attr(not(feature = "audit"), expect(dead_code, reason = "for the audit log alone"))]
    pub(crate) is_allowed: bool,
}

impl<'a, T> Request<'a, T> {
    pub(crate) fn read(send: Once<'a, T>) -> Self {
        Self { send, lost: IfLost::Repeat, is_allowed: true }
    }
}

pub(crate) type Once<'a, T> = &'a (dyn Fn() -> BoxFuture<'a, Result<T>> + Send + Sync);

impl<M: WorkspaceMembers> Reader for Stack<M> {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn read_back<'a>(
        &'a self,
        call: &'a mut Call<'_>,
        of: About<'a>,
    ) -> BoxFuture<'a, (Result<Option<Member>>, u32)> {
        Box::pin(async move {
            let mut total = self.begin(Operation::Get, Subject::default());
            total.deadline = call.left().map(|left| left.max(READ_BACK_GRACE));
            let reads = ReadBack { stack: self, total: Mutex::new(total) };
            let found = read_member(&reads, of.workspace, of.principal).await;
            let total = lock(&reads.total);
            // Time in a queue counts against neither.
            call.queued += total.queued;
            (found, total.attempt)
        })
    }
}

/// The stack, for reads that find out what became of a write: each goes the whole way of a call, with attempts of its own,
/// and all of them together have the time that is left to the write.
#[derive(Debug)]
struct ReadBack<'a, M> {
    stack: &'a Stack<M>,
    /// When they began and must end, their time in queues, and their attempts so far.
    total: Mutex<Call<'a>>,
}

impl<M: WorkspaceMembers> ReadBack<'_, M> {
    async fn read<T: Answer>(
        &self,
        operation: Operation,
        subject: Subject<'_>,
        send: Once<'_, T>,
    ) -> Result<T> {
        let mut call = Call { operation, subject, attempt: 0, ..lock(&self.total).clone() };
        let result = self.stack.call(&mut call, &Request::read(send)).await;
        let mut total = lock(&self.total);
        total.queued = call.queued;
        total.attempt += call.attempt;
        result
    }
}

/// What [`read_member`] may ask, counted; the rest is the stack's own.
#[async_trait]
impl<M: WorkspaceMembers> WorkspaceMembers for ReadBack<'_, M> {
    fn provider(&self) -> Provider {
        self.stack.adapter.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        &self.stack.capabilities
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        let send: Once<'_, _> = &|| self.stack.adapter.get(workspace, principal);
        self.read(Operation::Get, Subject::member(workspace, principal), send).await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        let send: Once<'_, _> = &|| self.stack.adapter.workspaces_page(page.clone());
        self.read(Operation::ListWorkspaces, Subject::default(), send).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.stack.members_page(of, page).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        self.stack.add(request).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.stack.remove(request).await
    }
}
