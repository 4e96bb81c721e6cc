//! Whether a request is sent again, when, and what became of a write whose answer was lost.

use crate::RetryConfig;
use crate::budget::Budget;
use crate::call::Call;
use crate::duration::shown;
use crate::lock::lock;
use futures_util::future::BoxFuture;
use std::sync::Mutex;
use std::time::Duration;
use workspace_members_core::ops::{About, Attempt, Verdict, Write, resolve};
use workspace_members_core::{Capabilities, Capability, Effect, Error, ErrorKind, Member, Result};

/// What the read that resolves a write gets even where the deadline has passed: knowing what happened is worth more than
/// being on time.
pub(crate) const READ_BACK_GRACE: Duration = Duration::from_secs(10);

/// What follows where the answer of a request was lost.
pub(crate) enum IfLost<'a, T> {
    /// The error is returned.
    Return,
    /// The request is sent again.
    Repeat,
    /// The member is read back, and says whether the write happened.
    ReadBack(&'a dyn Write<Done = T>),
}

/// Reads through the whole stack, with attempts of its own.
pub(crate) trait Reader: Sync {
    fn capabilities(&self) -> &Capabilities;
    /// Reads the member of a write within the write's call, and says how many requests that took.
    fn read_back<'a>(
        &'a self,
        call: &'a mut Call<'_>,
        of: About<'a>,
    ) -> BoxFuture<'a, (Result<Option<Member>>, u32)>;
}

/// How calls are repeated.
#[derive(Debug)]
pub(crate) struct RetryPolicy {
    config: RetryConfig,
    budget: Budget,
    rng: Mutex<fastrand::Rng>,
}

impl RetryPolicy {
    pub(crate) fn new(config: RetryConfig) -> Self {
        let budget = Budget::new(config.budget);
        Self { config, budget, rng: Mutex::new(fastrand::Rng::new()) }
    }

    pub(crate) fn with_seed(mut self, seed: u64) -> Self {
        self.rng = Mutex::new(fastrand::Rng::with_seed(seed));
        self
    }

    /// Begins the attempts of a call, which gets the deadline and pays into the budget, unless it has a deadline already: it
    /// then reads back for another call.
    pub(crate) fn begin(&self, call: &mut Call<'_>) -> RetryLoop<'_> {
        if call.deadline.is_none() {
            call.deadline = Some(self.config.deadline);
            self.budget.deposit(call.started);
        }
        RetryLoop { policy: self, slept: Duration::ZERO, renewed: false, attempt: Attempt::First }
    }

    /// A random wait of at most `base * 2^(attempts - 1)`, and at most the cap.
    fn backoff(&self, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(31);
        let bound = self.config.base.saturating_mul(1 << doublings).min(self.config.cap);
        let micros = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(lock(&self.rng).u64(0..=micros))
    }
}

/// The attempts of one call.
#[derive(Debug)]
pub(crate) struct RetryLoop<'a> {
    policy: &'a RetryPolicy,
    slept: Duration,
    /// Whether the one repetition with a new key was made.
    renewed: bool,
    /// Repeated, once the answer of an attempt was lost. Reading showed that it had not happened, or there were no other
    /// attempt; but it may have been late.
    attempt: Attempt,
}

impl RetryLoop<'_> {
    /// What follows an attempt that failed: what the call returns, or nothing where another attempt is to be made now.
    pub(crate) async fn next<T: Send>(
        &mut self,
        call: &mut Call<'_>,
        mut error: Error,
        lost: &IfLost<'_, T>,
        reader: &dyn Reader,
    ) -> Option<Result<T>> {
        let repeated = self.attempt == Attempt::Repeated;
        let in_doubt = match (error.effect(), lost) {
            (Effect::NotApplied, _) | (Effect::Unknown, IfLost::Repeat) if may_repeat(&error) => None,
            (Effect::Unknown, IfLost::ReadBack(write)) => Some(write),
            (Effect::Rejected, IfLost::ReadBack(write)) if repeated && write.may_mean_done(&error) => {
                Some(write)
            }
            _ => return Some(Err(attempted(call, error))),
        };
        let mut again = self.wait_for(call, &error);
        if in_doubt.is_none() {
            again = again.and_then(|wait| self.pay(&error).map(|()| wait));
        }
        // The wait comes first, so that the read is the last thing before the next attempt.
        if let Ok(wait) = again {
            tracing::info!(
                wsm.operation = call.operation.as_str(),
                wsm.attempt = call.attempt,
                error.type = error.kind().as_str(),
                wsm.effect = error.effect().as_str(),
                http.response.status_code = error.status(),
                wsm.wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                "an attempt failed; waiting before what follows"
            );
            tokio::time::sleep(wait).await;
            self.slept += wait;
        }
        if let Some(write) = in_doubt {
            let attempt = std::mem::replace(&mut self.attempt, Attempt::Repeated);
            let (verdict, reads) = read_back(call, *write, error, attempt, reader).await;
            report(call, &verdict, reads);
            error = match verdict {
                Verdict::Applied(answer) => return Some(Ok(answer)),
                Verdict::NotApplied(error) => error,
                Verdict::Final(error) if error.effect() == Effect::Unknown => {
                    return Some(Err(self.give_up(call, error, &tried(call, reads))));
                }
                Verdict::Final(error) => return Some(Err(attempted(call, error))),
            };
            // Only now is it known that the write must be sent again, which is what the budget is for.
            again = again.and_then(|wait| has_time(call).and_then(|()| self.pay(&error)).map(|()| wait));
        }
        again.err().map(|why| Err(self.give_up(call, error, &why)))
    }

    /// How long to wait before the next attempt, or why there is none. Empty where nothing needs to be said.
    fn wait_for(&mut self, call: &Call<'_>, error: &Error) -> Result<Duration, String> {
        if error.kind() == ErrorKind::Unauthenticated {
            let first = !std::mem::replace(&mut self.renewed, true);
            return if first { Ok(Duration::ZERO) } else { Err(String::new()) };
        }
        let config = &self.policy.config;
        if call.attempt >= config.max_attempts {
            return Err(if call.attempt > 1 { "no attempts are left".to_owned() } else { String::new() });
        }
        let backoff = self.policy.backoff(call.attempt);
        let wait = match error.retry_after() {
            None => backoff,
            Some(asked) if asked > config.max_retry_after => {
                return Err(format!(
                    "the provider asks to wait {}, and at most {} is allowed",
                    shown(asked),
                    shown(config.max_retry_after)
                ));
            }
            // A little more than asked, so that not all who have to wait come back at once.
            Some(asked) => asked.saturating_add(backoff.min(config.base)),
        };
        if call.left().is_some_and(|left| wait >= left) {
            return Err(format!("waiting {} would pass the {}", shown(wait), call.deadline_shown()));
        }
        Ok(wait)
    }

    /// Takes a repetition from the budget. One after a 429 is free, and so is the one with a new key.
    fn pay(&self, error: &Error) -> Result<(), String> {
        let free = matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Unauthenticated);
        let paid = free || self.policy.budget.withdraw();
        paid.then_some(()).ok_or_else(|| "the budget for repetitions is spent".to_owned())
    }

    /// An error that more attempts might have mended, and why there are none.
    fn give_up(&self, call: &Call<'_>, error: Error, why: &str) -> Error {
        let mut message = error.message().to_owned();
        if call.attempt > 1 {
            let (took, slept) = (shown(call.started.elapsed()), shown(self.slept));
            message = format!(
                "{message}; gave up after {} attempts in {took} ({slept} of it waiting)",
                call.attempt
            );
        }
        if !why.is_empty() {
            message = format!("{message}; {why}");
        }
        attempted(call, error.with_message(message))
    }
}

/// Says so if reading back took all the time that was left.
fn has_time(call: &Call<'_>) -> Result<(), String> {
    let passed = call.left().is_some_and(|left| left.is_zero());
    if passed { Err(format!("the {} has passed", call.deadline_shown())) } else { Ok(()) }
}

/// An error that more attempts would not mend.
fn attempted(call: &Call<'_>, error: Error) -> Error {
    if call.attempt > 1 { error.with_attempts(call.attempt) } else { error }
}

/// What was tried for a write that is still in doubt.
fn tried(call: &Call<'_>, reads: u32) -> String {
    let times = |count, what| if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") };
    format!("tried: {} and {}", times(call.attempt, "write"), times(reads, "read"))
}

/// What became of a write in doubt, and how many requests it took to find out.
async fn read_back<T: Send>(
    call: &mut Call<'_>,
    write: &dyn Write<Done = T>,
    error: Error,
    attempt: Attempt,
    reader: &dyn Reader,
) -> (Verdict<T>, u32) {
    if !reader.capabilities().has(Capability::GetMember) {
        let message = format!(
            "{}; whether it happened is unknown, for this connection cannot read one member back",
            error.message()
        );
        return (Verdict::Final(error.with_effect(Effect::Unknown).with_message(message)), 0);
    }
    let (found, reads) = reader.read_back(call, write.about()).await;
    (resolve(write, error, found, reader.capabilities(), attempt), reads)
}

/// Says what became of a write whose answer was lost.
fn report<T>(call: &Call<'_>, verdict: &Verdict<T>, reads: u32) {
    let resolved = match verdict {
        Verdict::Applied(_) => "applied",
        Verdict::NotApplied(_) => "not_applied",
        Verdict::Final(error) if error.effect() == Effect::Unknown => "unknown",
        Verdict::Final(_) => "rejected",
    };
    tracing::info!(
        wsm.operation = call.operation.as_str(),
        wsm.attempt = call.attempt,
        wsm.resolved = resolved,
        wsm.reads = reads,
        "the answer of a write was lost or refused, and its outcome was read back"
    );
}

/// Whether the same request may do better in a moment. A listing that changed does not: it must start over, which its
/// caller does. An answer that could not be read is mostly a proxy's page, which passes.
fn may_repeat(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::ListingChanged => false,
        ErrorKind::UnexpectedResponse => true,
        ErrorKind::Unauthenticated => error.effect() == Effect::NotApplied,
        kind => kind.is_transient(),
    }
}
