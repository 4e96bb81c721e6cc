//! When a request is sent again. The loop itself is in [`stack`](crate::Stack); here is what it decides by.

use crate::RetryConfig;
use crate::budget::Budget;
use crate::call::Call;
use crate::duration::shown;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use workspace_members_core::ops::{Verdict, Write, resolve};
use workspace_members_core::{
    Capabilities, Effect, Error, ErrorKind, Member, PrincipalId, Result, WorkspaceId,
};

/// What the read that resolves a write gets even where the deadline has passed: knowing what happened is worth more than
/// being on time.
pub(crate) const READ_BACK_GRACE: Duration = Duration::from_secs(10);

/// What follows an attempt that failed.
pub(crate) enum Next<'a, T> {
    /// The error is returned.
    Return,
    /// The request is sent again.
    Repeat,
    /// The member is read back, and says whether the write happened.
    ReadBack(&'a dyn ReadBack<T>),
}

/// A write to one membership. What [`Write`] has, as a trait object.
pub(crate) trait ReadBack<T>: Sync {
    fn member(&self) -> (&WorkspaceId, &PrincipalId);
    fn may_echo(&self, refusal: &Error) -> bool;
    fn resolve(&self, error: Error, read: Result<Option<Member>>, capabilities: &Capabilities) -> Verdict<T>;
}

impl<W: Write> ReadBack<W::Done> for W {
    fn member(&self) -> (&WorkspaceId, &PrincipalId) {
        self.addresses()
    }
    fn may_echo(&self, refusal: &Error) -> bool {
        Write::may_echo(self, refusal)
    }
    fn resolve(
        &self,
        error: Error,
        read: Result<Option<Member>>,
        capabilities: &Capabilities,
    ) -> Verdict<W::Done> {
        resolve(self, error, read, capabilities)
    }
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
        RetryLoop { policy: self, slept: Duration::ZERO, renewed: false, doubted: false }
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

/// The attempts of one call.
#[derive(Debug)]
pub(crate) struct RetryLoop<'a> {
    policy: &'a RetryPolicy,
    slept: Duration,
    /// Whether the one repetition with a new key was made.
    renewed: bool,
    /// Whether the answer of an earlier attempt was lost. Reading showed that it had not happened, or there were no other
    /// attempt; but it may have been late.
    doubted: bool,
}

impl RetryLoop<'_> {
    /// What follows an attempt that failed, if time, attempts and budget allow; `lost` is what follows a lost answer.
    pub(crate) fn next<'r, T>(&mut self, error: &Error, lost: &Next<'r, T>) -> Next<'r, T> {
        match (error.effect(), lost) {
            (Effect::NotApplied, _) | (Effect::Unknown, Next::Repeat) if may_repeat(error) => Next::Repeat,
            (Effect::Unknown, Next::ReadBack(write)) => {
                self.doubted = true;
                Next::ReadBack(*write)
            }
            (Effect::Rejected, Next::ReadBack(write)) if self.doubted && write.may_echo(error) => {
                Next::ReadBack(*write)
            }
            _ => Next::Return,
        }
    }

    /// Waits before the next attempt, or says why there is none. Empty where nothing needs to be said.
    pub(crate) async fn pause(&mut self, call: &Call<'_>, error: &Error) -> Result<(), String> {
        if error.kind() == ErrorKind::Unauthenticated {
            let first = !std::mem::replace(&mut self.renewed, true);
            return if first { Ok(()) } else { Err(String::new()) };
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
            // A little more than asked, so that not everybody who was told the same comes back at once.
            Some(asked) => asked.saturating_add(backoff.min(config.base)),
        };
        if call.left().is_some_and(|left| wait >= left) {
            return Err(format!("waiting {} would pass the {}", shown(wait), call.deadline_shown()));
        }
        let asked_for = error.kind() == ErrorKind::RateLimited;
        if !asked_for && !self.policy.budget.withdraw() {
            return Err("the budget for repetitions is spent".to_owned());
        }
        tracing::info!(
            wsm.operation = call.operation.as_str(),
            wsm.attempt = call.attempt,
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

    /// An error that more attempts might have mended, and why there are none.
    pub(crate) fn give_up(&self, call: &Call<'_>, error: Error, why: &str) -> Error {
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
pub(crate) fn has_time(call: &Call<'_>) -> Result<(), String> {
    let passed = call.left().is_some_and(|left| left.is_zero());
    if passed { Err(format!("the {} has passed", call.deadline_shown())) } else { Ok(()) }
}

/// An error that more attempts would not mend.
pub(crate) fn attempted(call: &Call<'_>, error: Error) -> Error {
    if call.attempt > 1 { error.with_attempts(call.attempt) } else { error }
}

/// What was tried for a write that is still in doubt.
pub(crate) fn tried(call: &Call<'_>, reads: u32) -> String {
    let times = |count, what| if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") };
    format!("tried: {} and {}", times(call.attempt, "write"), times(reads, "read"))
}

/// The error of a write in doubt where members cannot be read one by one.
pub(crate) fn unreadable(error: Error) -> Error {
    let message = format!(
        "{}; whether it happened is unknown, for this connection cannot read one member back",
        error.message()
    );
    error.with_effect(Effect::Unknown).with_message(message)
}

/// Says what became of a write whose answer was lost.
pub(crate) fn report<T>(call: &Call<'_>, verdict: &Verdict<T>, reads: u32) {
    let resolved = match verdict {
        Verdict::Applied(_) => "applied",
        Verdict::NotApplied(_) => "not_applied",
        Verdict::Stands(error) if error.effect() == Effect::Unknown => "unknown",
        Verdict::Stands(_) => "rejected",
    };
    tracing::info!(
        wsm.operation = call.operation.as_str(),
        wsm.attempt = call.attempt,
        wsm.resolved = resolved,
        wsm.reads = reads,
        "the answer of a write was lost or refused, and its outcome was read back"
    );
}

/// Whether the same request may do better in a moment. A listing that changed does not: it must start over, which is for
/// whoever walks its pages. An answer that could not be read is mostly a proxy's page in place of it, and passes.
fn may_repeat(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::ListingChanged => false,
        ErrorKind::UnexpectedResponse => true,
        ErrorKind::Unauthenticated => error.effect() == Effect::NotApplied,
        kind => kind.is_transient(),
    }
}
