//! Repeats what failed for the moment, and settles writes of which the answer was lost.

use crate::RetryConfig;
use crate::around::{Around, Layer};
use crate::budget::Budget;
use crate::duration::shown;
use crate::turn::Line;
use futures_util::future::BoxFuture;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};
use workspace_members_core::ops::{Verdict, Write, resolve};
use workspace_members_core::{Capability, Effect, Error, ErrorKind, Operation, Result, WorkspaceMembers};

/// What the read that settles a write gets even where the deadline has passed: knowing what happened is worth more
/// than being on time.
const SETTLE_GRACE: Duration = Duration::from_secs(10);

/// Repeats calls that failed for the moment. No write is ever repeated while it is open whether it happened.
///
/// What is done follows from the error's [`Effect`]:
///
/// * A **read** changes nothing and is repeated if the kind is transient, or the answer could not be read.
/// * A write that **surely did not happen** ([`Effect::NotApplied`]: 429, no connection) is repeated.
/// * A write **in doubt** ([`Effect::Unknown`]: the answer was lost) is settled by reading the member back. It happened:
///   success. It did not: repeated. The read fails, or does not name the role, or the connection cannot read members: the
///   error is returned, with [`Effect::Unknown`] and with what was tried. (A read that finds no such user or group tells
///   that there is no such member.)
/// * What was **refused** ([`Effect::Rejected`]) is returned, except where the refusal is the echo of an own attempt whose
///   answer was lost: "already a member" after an addition in doubt (settled by reading), "not found" after a removal
///   in doubt of somebody whom the read still showed (success).
/// * A 401 after which the adapter found another key ([`ErrorKind::Unauthenticated`] with [`Effect::NotApplied`]) is
///   repeated once, at once.
///
/// Waits are random below a bound that doubles (full jitter). A wait that the provider asks for is kept, up to a cap;
/// beyond it the error is returned at once. Attempts, waits and reads count against a deadline, and time in line for a
/// [`RateLimit`](crate::RateLimit) or [`Concurrency`](crate::Concurrency) layer inside does not. A
/// [budget](crate::BudgetConfig) bounds the share of repetitions over all calls.
///
/// # What reading back cannot know
///
/// A request that was given up may still be on its way, so that the read shows the state before it. The wait comes
/// before the read, so that the read is as late as it can be, and both providers refuse the second of two additions and of
/// two removals, so that nothing takes effect twice; a role set twice is the same role. What remains: if the late
/// request arrives after *somebody else* undid what it does, it does it again.
pub type Retry<M> = Layer<M, Attempts>;

/// How calls are attempted.
#[derive(Debug)]
pub struct Attempts {
    config: RetryConfig,
    budget: Budget,
    rng: Mutex<fastrand::Rng>,
}

impl Around for Attempts {
    fn attempts(&self) -> Option<&Attempts> {
        Some(self)
    }
}

impl<M: WorkspaceMembers> Retry<M> {
    /// Repeats as configured. What [`RetryConfig::validate`] refuses is taken to repeat less: no attempts are one, and a
    /// share or rate of the budget that is no number, or less than 0, is 0.
    pub fn new(inner: M, config: RetryConfig) -> Self {
        Self::of(inner, Attempts::new(config))
    }

    /// Makes the waits repeatable, for tests.
    pub fn with_seed(self, seed: u64) -> Self {
        self.map(|attempts| attempts.with_seed(seed))
    }
}

impl Attempts {
    pub(crate) fn new(config: RetryConfig) -> Self {
        let budget = Budget::new(config.budget);
        Self { config, budget, rng: Mutex::new(fastrand::Rng::new()) }
    }

    pub(crate) fn with_seed(mut self, seed: u64) -> Self {
        self.rng = Mutex::new(fastrand::Rng::with_seed(seed));
        self
    }

    /// A random wait of at most `base * 2^(attempts - 1)`, and at most the cap.
    fn backoff(&self, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(31);
        let bound = self.config.base.saturating_mul(1 << doublings).min(self.config.cap);
        let micros = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
        // Nothing panics while the lock is held.
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_micros(rng.u64(0..=micros))
    }
}

/// One call, over all its attempts.
pub(crate) struct Course<'a, M, A> {
    layer: &'a Layer<M, A>,
    rules: &'a Attempts,
    operation: Operation,
    started: Instant,
    limit: Duration,
    line: Line,
    /// How long the call had stood in line before this course began.
    waited_before: Duration,
    attempts: u32,
    slept: Duration,
    /// Whether the one repetition with a new key was made.
    renewed: bool,
    /// Whether it reads back for another course, of which the span is.
    settles: bool,
}

impl<'a, M: WorkspaceMembers, A: Around> Course<'a, M, A> {
    /// The course of a call, which pays into the budget.
    pub(crate) fn begin(layer: &'a Layer<M, A>, rules: &'a Attempts, operation: Operation) -> Self {
        let course = Self::new(layer, rules, operation, rules.config.deadline);
        rules.budget.deposit(course.started);
        course
    }

    fn new(layer: &'a Layer<M, A>, rules: &'a Attempts, operation: Operation, limit: Duration) -> Self {
        Self {
            layer,
            rules,
            operation,
            started: Instant::now(),
            limit,
            waited_before: Duration::ZERO,
            line: Line::default(),
            attempts: 0,
            slept: Duration::ZERO,
            renewed: false,
            settles: false,
        }
    }

    /// The course that reads back. It goes on with the line of this one.
    fn settling(&self) -> Self {
        let limit = self.left().max(SETTLE_GRACE);
        let (line, waited_before) = (self.line, self.line.waited());
        Self {
            line,
            waited_before,
            settles: true,
            ..Self::new(self.layer, self.rules, Operation::Get, limit)
        }
    }

    /// What is left until the deadline; time in line does not count.
    fn left(&self) -> Duration {
        let waited = self.line.waited().saturating_sub(self.waited_before);
        self.limit.saturating_sub(self.started.elapsed().saturating_sub(waited))
    }

    /// When the deadline passes, if nothing stands in line until then. `None`: never.
    fn end(&self) -> Option<Instant> {
        let waited = self.line.waited().saturating_sub(self.waited_before);
        self.started.checked_add(self.limit)?.checked_add(waited)
    }

    /// Whether the attempt ends by itself before the deadline. One that waits for a credential or a free connection may take
    /// as long again.
    fn ends_in_time(&self) -> bool {
        let Some(bound) = self.layer.around().bound() else { return false };
        // The first attempt has all the time that there is.
        bound.after < if self.attempts <= 1 { self.limit } else { self.left() }
    }

    /// One attempt, cut off at the deadline.
    async fn attempt<T>(&mut self, call: BoxFuture<'_, Result<T>>) -> Result<T> {
        self.attempts += 1;
        let bounded = self.ends_in_time();
        let mut call = pin!(self.layer.once(self.operation, call));
        let mut clock: Option<Pin<Box<Sleep>>> = None;
        let done = poll_fn(|context| {
            let polled = self.line.during(|| call.as_mut().poll(context));
            // Not while it stands in line, so never before it was sent.
            if bounded || polled.is_ready() || self.line.is_waiting() {
                return polled.map(Some);
            }
            let Some(end) = self.end() else { return Poll::Pending };
            let clock = clock.get_or_insert_with(|| Box::pin(sleep_until(end)));
            if clock.deadline() != end {
                clock.as_mut().reset(end);
            }
            clock.as_mut().poll(context).map(|()| None)
        });
        let done = done.await;
        // Also where a wait was given up and is dropped with the attempt.
        self.line.leave();
        if let Some(result) = done {
            return result;
        }
        let effect = if self.operation.is_write() { Effect::Unknown } else { Effect::NotApplied };
        let message = format!("no answer within the deadline of {}", shown(self.limit));
        Err(Error::new(ErrorKind::Timeout, effect, message)
            .with_operation(self.operation)
            .with_provider(self.layer.inner().provider()))
    }

    /// A read, to its end.
    pub(crate) async fn read<'b, T>(
        &mut self,
        call: impl Fn() -> BoxFuture<'b, Result<T>> + Send + Sync,
    ) -> Result<T> {
        loop {
            let error = match self.attempt(call()).await {
                Ok(done) => {
                    self.report();
                    return Ok(done);
                }
                Err(error) if may_repeat_read(&error) => error,
                Err(error) => return Err(self.final_error(error)),
            };
            if let Err(why) = self.pause(&error).await {
                return Err(self.give_up(error, &why));
            }
        }
    }

    /// A write, to its end.
    pub(crate) async fn write<W: Write>(&mut self, write: &W) -> Result<W::Done> {
        // Whether an earlier attempt was in doubt. Reading showed that it had not happened, or there were no other
        // attempt; but it may have been late.
        let mut doubted = false;
        loop {
            let error = match self.attempt(write.send(self.layer.inner())).await {
                Ok(done) => {
                    self.report();
                    return Ok(done);
                }
                Err(error) => error,
            };
            let echo = doubted && error.effect() == Effect::Rejected && write.may_echo(&error);
            match error.effect() {
                Effect::NotApplied if may_repeat_unapplied(&error) => {
                    if let Err(why) = self.pause(&error).await {
                        return Err(self.give_up(error, &why));
                    }
                }
                Effect::Unknown => {
                    doubted = true;
                    if let Some(done) = self.resolve(write, error).await? {
                        return Ok(done);
                    }
                }
                _ if echo => {
                    if let Some(done) = self.resolve(write, error).await? {
                        return Ok(done);
                    }
                }
                _ => return Err(self.final_error(error)),
            }
        }
    }

    /// Settles a write in doubt: done, or (`None`) to be tried again, or an error.
    async fn resolve<W: Write>(&mut self, write: &W, error: Error) -> Result<Option<W::Done>> {
        // The wait comes first, so that the read is the last thing before the next attempt.
        let paused = self.pause(&error).await;
        let (verdict, reads) = self.settle(write, error).await;
        let settled = match &verdict {
            Verdict::Applied(_) => "applied",
            Verdict::NotApplied(_) => "not_applied",
            Verdict::Stands(error) if error.effect() == Effect::Unknown => "unknown",
            Verdict::Stands(_) => "rejected",
        };
        tracing::info!(
            wsm.operation = self.operation.as_str(),
            wsm.attempt = self.attempts,
            wsm.settled = settled,
            wsm.reads = reads,
            "a write without a clear answer was settled by reading"
        );
        match verdict {
            Verdict::Applied(done) => {
                self.report();
                Ok(Some(done))
            }
            Verdict::NotApplied(error) => match paused {
                Ok(()) => Ok(None),
                Err(why) => Err(self.give_up(error, &why)),
            },
            Verdict::Stands(error) if error.effect() == Effect::Unknown => {
                let tried = format!("tried: {} and {}", times(self.attempts, "write"), times(reads, "read"));
                Err(self.give_up(error, &tried))
            }
            Verdict::Stands(error) => Err(self.final_error(error)),
        }
    }

    /// Reads the member back, and judges. Says how many reads it took.
    async fn settle<W: Write>(&mut self, write: &W, error: Error) -> (Verdict<W::Done>, u32) {
        let inner = self.layer.inner();
        if !inner.capabilities().has(Capability::GetMember) {
            let message = format!(
                "{}; whether it happened is unknown, for this connection cannot read one member back",
                error.message()
            );
            return (Verdict::Stands(error.with_effect(Effect::Unknown).with_message(message)), 0);
        }
        let mut reading = self.settling();
        let (workspace, principal) = write.addresses();
        // Boxed, since reading back is an own course of attempts inside this one.
        let found = Box::pin(reading.read(|| inner.get(workspace, principal))).await;
        // Time in line stops the clocks of both.
        self.line = reading.line;
        (resolve(write, error, found, inner.capabilities()), reading.attempts)
    }

    /// Waits before the next attempt, or says why there is none. Empty where nothing needs to be said.
    async fn pause(&mut self, error: &Error) -> Result<(), String> {
        if error.kind() == ErrorKind::Unauthenticated {
            let first = !std::mem::replace(&mut self.renewed, true);
            return if first { Ok(()) } else { Err(String::new()) };
        }
        let config = &self.rules.config;
        if self.attempts >= config.max_attempts {
            return Err(if self.attempts > 1 { "no attempts are left".to_owned() } else { String::new() });
        }
        let backoff = self.rules.backoff(self.attempts);
        let wait = match error.retry_after() {
            None => backoff,
            Some(asked) if asked > config.max_retry_after => {
                return Err(format!(
                    "the provider asks to wait {}, and at most {} is allowed",
                    shown(asked),
                    shown(config.max_retry_after)
                ));
            }
            // A little more than asked, so that not everybody who was told the same comes back at once.
            Some(asked) => asked.saturating_add(backoff.min(config.base)),
        };
        if wait >= self.left() {
            return Err(format!("waiting {} would pass the deadline of {}", shown(wait), shown(self.limit)));
        }
        let asked_for = error.kind() == ErrorKind::RateLimited;
        if !asked_for && !self.rules.budget.withdraw() {
            return Err("the budget for repetitions is spent".to_owned());
        }
        tracing::info!(
            wsm.operation = self.operation.as_str(),
            wsm.attempt = self.attempts,
            error.type = error.kind().as_str(),
            wsm.effect = error.effect().as_str(),
            http.response.status_code = error.status(),
            wsm.wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "an attempt failed, and another follows"
        );
        tokio::time::sleep(wait).await;
        self.slept += wait;
        Ok(())
    }

    /// Tells the span that encloses the call how often it was sent again.
    fn report(&self) {
        if self.attempts > 1 && !self.settles {
            tracing::Span::current().record("http.request.resend_count", self.attempts - 1);
        }
    }

    /// An error that more attempts would not mend.
    fn final_error(&self, error: Error) -> Error {
        self.report();
        if self.attempts > 1 { error.with_attempts(self.attempts) } else { error }
    }

    /// An error that more attempts might have mended, and why there are none.
    fn give_up(&self, error: Error, why: &str) -> Error {
        let mut message = error.message().to_owned();
        if self.attempts > 1 {
            let (took, slept) = (shown(self.started.elapsed()), shown(self.slept));
            message = format!(
                "{message}; gave up after {} attempts in {took} ({slept} of it waiting)",
                self.attempts
            );
        }
        if !why.is_empty() {
            message = format!("{message}; {why}");
        }
        self.final_error(error.with_message(message))
    }
}

fn times(count: u32, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Whether the same request may do better in a moment. A listing that changed does not: it must start over, which is
/// for whoever walks its pages.
fn transient(error: &Error) -> bool {
    error.kind().is_transient() && error.kind() != ErrorKind::ListingChanged
}

fn renewed_key(error: &Error) -> bool {
    error.kind() == ErrorKind::Unauthenticated && error.effect() == Effect::NotApplied
}

/// Whether the answer could not be read. A proxy's page in place of it is the usual reason, and passes.
fn unreadable(error: &Error) -> bool {
    error.kind() == ErrorKind::UnexpectedResponse
}

fn may_repeat_read(error: &Error) -> bool {
    error.effect() != Effect::Rejected && may_repeat_unapplied(error)
}

fn may_repeat_unapplied(error: &Error) -> bool {
    transient(error) || unreadable(error) || renewed_key(error)
}
