//! All concerns around an adapter, in the one right order.

use crate::Limiter;
use crate::RetryConfig;
#[cfg(feature = "audit")]
use crate::audit::Audit;
use crate::call::{Answer, Call, Subject};
use crate::concurrency::ConcurrencyLimit;
use crate::rate_limit::{RatePolicy, ending};
use crate::read_only;
use crate::retry::{
    Next, READ_BACK_GRACE, ReadBack, RetryPolicy, attempted, has_time, report, tried, unreadable,
};
use crate::timeout::{self, RequestTimeout};
use crate::trace::Trace;
use async_trait::async_trait;
use futures_util::future::BoxFuture;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument;
use workspace_members_core::ops::Verdict;
use workspace_members_core::{
    AddMember, CancelInvitation, Capabilities, Capability, DeleteUser, Effect, Error, Group, Identity,
    Invitation, Invite, Invited, ListOf, Member, Operation, Page, PageRequest, PrincipalId, Provider,
    RemoveMember, Result, SetRole, SetUserActive, User, Workspace, WorkspaceId, WorkspaceMembers,
};

/// An adapter with what a client should do around its calls. Each concern is optional; their order is fixed.
///
/// A call goes down through the concerns, and its answer goes up:
///
/// 1. **audit** sees what the caller asked, also where it is refused, and what came of it in the end;
/// 2. **read-only** refuses before anything below wakes up;
/// 3. **trace** makes one span of a call with all its attempts;
/// 4. **retry** waits outside of what follows, so that a waiting call holds nothing there. For each attempt:
/// 5. **rate limit** and **concurrency** let it wait for a slot, and then for a permit. In this order, so that calls that
///    stand in line for a limit hold no permit: a hundred additions that wait for theirs hold up no read;
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
    adapter: M,
    /// The adapter's, with the limits that are kept, and without writing where it is refused.
    capabilities: Capabilities,
    connection: Option<String>,
    #[cfg(feature = "audit")]
    audit: Option<Audit>,
    read_only: bool,
    trace: Option<Trace>,
    retry: Option<RetryPolicy>,
    rate: Option<RatePolicy>,
    concurrency: Option<ConcurrencyLimit>,
    timeout: Option<RequestTimeout>,
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
    /// is sent, and takes back what the adapter claims about writing, with the reason.
    pub fn with_read_only(mut self) -> Self {
        self.capabilities = self.capabilities.read_only(read_only::REASON);
        self.read_only = true;
        self
    }

    /// Puts each call into a `tracing` span named `workspace_members`, level info, with an event at its end. All field
    /// names are in [`FIELDS`](crate::FIELDS).
    ///
    /// Nothing above debug holds an e-mail address, also where a provider has such for ids, and nothing at all a key. A
    /// call that its caller drops ends with an event at debug.
    pub fn with_trace(mut self) -> Self {
        self.trace = Some(Trace::new(self.capabilities.endpoint()));
        self
    }

    /// Repeats calls that failed for the moment, where that is safe. What [`RetryConfig::validate`] refuses is taken to
    /// repeat less: no attempts are one, and a share or rate of the budget that is no number, or less than 0, is 0.
    ///
    /// What is done follows from the error's [`Effect`](workspace_members_core::Effect):
    ///
    /// * A **read** changes nothing and is repeated if the kind is transient, or the answer could not be read.
    /// * A write that **surely did not happen** (`NotApplied`: 429, no connection) is repeated.
    /// * A write to a membership **in doubt** (`Unknown`: the answer was lost) is resolved by reading the member back. It
    ///   happened: success. It did not: repeated. The read fails, or does not name the role, or the connection cannot read
    ///   members: the error is returned, still `Unknown`, with what was tried.
    /// * Activating and deactivating a user is idempotent, and in doubt sent again. An invitation, its withdrawal and the
    ///   deletion of a user in doubt are returned: no read tells what became of them.
    /// * What was **refused** (`Rejected`) is returned, except where the refusal is the echo of an own attempt whose
    ///   answer was lost: "already a member" after an addition in doubt (resolved by reading), "not found" after a removal
    ///   in doubt of somebody whom the read still showed (success).
    /// * A 401 after which the adapter found another key (`Unauthenticated` with `NotApplied`) is repeated once, at once.
    ///
    /// Waits are random below a bound that doubles (full jitter). A wait that the provider asks for is kept, up to a cap;
    /// beyond it the error is returned at once. Attempts, waits and reads count against a deadline, and time in a queue
    /// does not. A [budget](crate::BudgetConfig) bounds the share of repetitions over all calls.
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
    /// kept. [`RateLimited`](workspace_members_core::ErrorKind::RateLimited) from the provider holds the limiter back, and
    /// is returned.
    pub fn with_limiter(mut self, limiter: Limiter) -> Self {
        self.capabilities = self.capabilities.with_limits(limiter.limits().iter().cloned());
        self.rate = Some(RatePolicy::new(limiter));
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
    /// An adapter that bounds its requests by that much or less itself
    /// ([`Capabilities::own_timeout`]) is not cut: it alone knows when a request is sent, and so what it waits for before
    /// that, a credential or a free connection, takes nothing from the request's time.
    pub fn with_timeout(mut self, after: Duration) -> Self {
        let own = self.adapter.capabilities().own_timeout();
        self.timeout = own.is_none_or(|own| own > after).then_some(RequestTimeout { after });
        self
    }

    /// The way of a call, down and up. What is done once: audit, read-only, trace; the rest is [`attempts`](Self::attempts).
    async fn call<T: Answer>(
        &self,
        operation: Operation,
        subject: impl Into<Subject<'_>>,
        request: Request<'_, T>,
    ) -> Result<T> {
        let mut call = self.begin(operation, subject.into());
        #[cfg(feature = "audit")]
        let entry = match &self.audit {
            Some(audit) if call.operation.is_write() => {
                let entry = audit.begin(&call, &self.capabilities, request.is_allowed, || self.me());
                Some(entry.await?)
            }
            _ => None,
        };

        let inside = async {
            if self.read_only && call.operation.is_write() {
                return Err(read_only::refusal(&call, &self.capabilities));
            }
            match &self.trace {
                None => self.attempts(&mut call, &request).await,
                Some(trace) => {
                    let span = trace.begin(&call);
                    let result = self.attempts(&mut call, &request).instrument(span.inner()).await;
                    span.end(&call, &result);
                    result
                }
            }
        };

        #[cfg(feature = "audit")]
        if let Some(mut entry) = entry {
            let result = inside.instrument(entry.send()).await;
            return entry.end(&call, result).await;
        }
        inside.await
    }

    /// Retry: attempts until one succeeds, or until there is a reason to stop.
    async fn attempts<T: Answer>(&self, call: &mut Call<'_>, request: &Request<'_, T>) -> Result<T> {
        let mut retry = self.retry.as_ref().map(|policy| policy.begin(call));
        loop {
            let error = match self.attempt(call, request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let Some(retry) = &mut retry else { return Err(error) };
            match retry.next(&error, &request.lost) {
                Next::Return => return Err(attempted(call, error)),
                Next::Repeat => {
                    if let Err(why) = retry.pause(call, &error).await {
                        return Err(retry.give_up(call, error, &why));
                    }
                }
                Next::ReadBack(write) => {
                    // The wait comes first, so that the read is the last thing before the next attempt.
                    let paused = retry.pause(call, &error).await;
                    let (verdict, reads) = self.read_back(call, write, error).await;
                    report(call, &verdict, reads);
                    match (verdict, paused) {
                        (Verdict::Applied(answer), _) => return Ok(answer),
                        (Verdict::NotApplied(error), paused) => {
                            if let Err(why) = paused.and_then(|()| has_time(call)) {
                                return Err(retry.give_up(call, error, &why));
                            }
                        }
                        (Verdict::Stands(error), _) if error.effect() == Effect::Unknown => {
                            return Err(retry.give_up(call, error, &tried(call, reads)));
                        }
                        (Verdict::Stands(error), _) => return Err(attempted(call, error)),
                    }
                }
            }
        }
    }

    /// One attempt: rate limit, concurrency, timeout, adapter.
    async fn attempt<T: Answer>(&self, call: &mut Call<'_>, request: &Request<'_, T>) -> Result<T> {
        call.attempt += 1;
        let arrived = Instant::now();
        let turn = async {
            // The slot comes before the permit: who stands in line for a limit holds up nobody whom it does not cover.
            let mut slot = match &self.rate {
                Some(rate) => Some(rate.slot(call).await?),
                None => None,
            };
            let permit = match &self.concurrency {
                Some(limit) => limit.permit().await,
                None => None,
            };
            // The provider may have asked to hold back while the call waited.
            if let Some(slot) = &mut slot {
                slot.start().await.map_err(|error| call.named(error))?;
            }
            Ok::<_, Error>((slot, permit))
        };
        let turn = turn.await;
        let queued = arrived.elapsed();
        call.queued += queued;
        let (slot, _permit) = turn?;
        if queued.as_millis() > 0 {
            tracing::debug!(
                wsm.operation = call.operation.as_str(),
                wsm.wait_ms = u64::try_from(queued.as_millis()).unwrap_or(u64::MAX),
                "waited for the rate limit, or for other calls to finish"
            );
        }

        let result = timeout::bounded(self.timeout, call, (request.send)()).await;
        if let Some(slot) = slot {
            slot.end(ending(&result));
        }
        result
    }

    /// Reads back the member of a write whose answer was lost, with attempts of their own. Says how many those were.
    async fn read_back<T>(
        &self,
        call: &mut Call<'_>,
        write: &dyn ReadBack<T>,
        error: Error,
    ) -> (Verdict<T>, u32) {
        if !self.capabilities.has(Capability::GetMember) {
            return (Verdict::Stands(unreadable(error)), 0);
        }
        let (workspace, principal) = write.member();
        let mut read = self.begin(Operation::Get, Subject::member(workspace, principal));
        read.deadline = call.left().map(|left| left.max(READ_BACK_GRACE));
        let found = self.read_member(&mut read, workspace, principal).await;
        // Time in a queue counts against neither.
        call.queued += read.queued;
        (write.resolve(error, found, &self.capabilities), read.attempt)
    }

    /// In a box, since these attempts are made within others.
    fn read_member<'a>(
        &'a self,
        call: &'a mut Call<'_>,
        workspace: &'a WorkspaceId,
        principal: &'a PrincipalId,
    ) -> BoxFuture<'a, Result<Option<Member>>> {
        Box::pin(async move {
            self.attempts(call, &Request::read(&|| self.adapter.get(workspace, principal))).await
        })
    }

    async fn read<T: Answer>(
        &self,
        operation: Operation,
        subject: impl Into<Subject<'_>>,
        send: Once<'_, T>,
    ) -> Result<T> {
        self.call(operation, subject, Request::read(send)).await
    }

    fn begin<'a>(&'a self, operation: Operation, subject: Subject<'a>) -> Call<'a> {
        Call::new(self.capabilities.provider(), self.connection.as_deref(), operation, subject)
    }
}

/// One request to the adapter, which may be sent more than once.
struct Request<'a, T> {
    send: Once<'a, T>,
    /// What follows where its answer was lost.
    lost: Next<'a, T>,
    /// Whether the adapter's claims allow it, so that it will be sent at all.
    #[cfg_attr(not(feature = "audit"), expect(dead_code, reason = "for the audit log alone"))]
    is_allowed: bool,
}

impl<'a, T> Request<'a, T> {
    fn read(send: Once<'a, T>) -> Self {
        Self { send, lost: Next::Repeat, is_allowed: true }
    }
}

/// Sends a request once.
type Once<'a, T> = &'a (dyn Fn() -> BoxFuture<'a, Result<T>> + Send + Sync);

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<M: WorkspaceMembers> WorkspaceMembers for Stack<M> {
    fn provider(&self) -> Provider {
        self.adapter.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    async fn me(&self) -> Result<Identity> {
        let identity = self.read(Operation::Me, Subject::default(), &|| self.adapter.me()).await?;
        #[cfg(feature = "audit")]
        if let Some(audit) = &self.audit {
            audit.acts_as(&identity);
        }
        Ok(identity)
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        let send: Once<'_, _> = &|| self.adapter.workspaces_page(page.clone());
        self.read(Operation::ListWorkspaces, Subject::default(), send).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        let send: Once<'_, _> = &|| self.adapter.users_page(page.clone());
        self.read(Operation::ListUsers, Subject::default(), send).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        let send: Once<'_, _> = &|| self.adapter.groups_page(page.clone());
        self.read(Operation::ListGroups, Subject::default(), send).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        let send: Once<'_, _> = &|| self.adapter.members_page(of, page.clone());
        self.read(Operation::ListMembers, of, send).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        let send: Once<'_, _> = &|| self.adapter.get(workspace, principal);
        self.read(Operation::Get, Subject::member(workspace, principal), send).await
    }
    async fn invitations_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Invitation>> {
        let send: Once<'_, _> = &|| self.adapter.invitations_page(of, page.clone());
        self.read(Operation::ListInvitations, of, send).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        let is_allowed = self.capabilities.check_add(request).is_ok();
        let send: Once<'_, _> = &|| self.adapter.add(request);
        self.call(Operation::Add, request, Request { send, lost: Next::ReadBack(request), is_allowed }).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        let is_allowed = self.capabilities.check_set_role(request).is_ok();
        let send: Once<'_, _> = &|| self.adapter.set_role(request);
        self.call(Operation::SetRole, request, Request { send, lost: Next::ReadBack(request), is_allowed })
            .await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        let is_allowed = self.capabilities.check_remove(request).is_ok();
        let send: Once<'_, _> = &|| self.adapter.remove(request);
        self.call(Operation::Remove, request, Request { send, lost: Next::ReadBack(request), is_allowed })
            .await
    }
    async fn invite(&self, request: &Invite) -> Result<Invited> {
        let is_allowed = self.capabilities.has(Capability::InviteUser);
        let send: Once<'_, _> = &|| self.adapter.invite(request);
        self.call(Operation::Invite, request, Request { send, lost: Next::Return, is_allowed }).await
    }
    async fn cancel_invitation(&self, request: &CancelInvitation) -> Result<()> {
        let is_allowed = self.capabilities.has(Capability::CancelInvitation);
        let send: Once<'_, _> = &|| self.adapter.cancel_invitation(request);
        self.call(Operation::CancelInvitation, request, Request { send, lost: Next::Return, is_allowed })
            .await
    }
    async fn set_user_active(&self, request: &SetUserActive) -> Result<User> {
        let is_allowed = self.capabilities.has(Capability::SetUserActive);
        let send: Once<'_, _> = &|| self.adapter.set_user_active(request);
        self.call(Operation::SetUserActive, request, Request { send, lost: Next::Repeat, is_allowed }).await
    }
    async fn delete_user(&self, request: &DeleteUser) -> Result<()> {
        let is_allowed = self.capabilities.has(Capability::DeleteUser);
        let send: Once<'_, _> = &|| self.adapter.delete_user(request);
        self.call(Operation::DeleteUser, request, Request { send, lost: Next::Return, is_allowed }).await
    }
}
