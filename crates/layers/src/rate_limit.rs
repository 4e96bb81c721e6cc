//! Keeps the provider's limits.

use crate::Limiter;
use crate::around::{Around, Called, Layer};
use crate::concurrency::{self, Place};
use crate::limiter::{End, Slot};
use crate::turn;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::future::poll_fn;
use tokio::time::Instant;
use workspace_members_core::{Capabilities, ErrorKind, Operation, Result, WorkspaceMembers};

/// Sends each request when the [`Limiter`] lets it. `capabilities().limits()` are those that are kept.
///
/// [`ErrorKind::RateLimited`] from the provider holds the limiter back, and is returned.
pub type RateLimit<M> = Layer<M, Pace>;

impl<M: WorkspaceMembers> RateLimit<M> {
    /// Goes by this limiter, which others may share.
    pub fn new(inner: M, limiter: Limiter) -> Self {
        let pace = Pace::new(limiter, inner.capabilities());
        Self::of(inner, pace)
    }
}

/// How fast requests are sent.
#[derive(Debug)]
pub struct Pace {
    limiter: Limiter,
    capabilities: Capabilities,
}

impl Around for Pace {
    fn pace(&self) -> Option<&Pace> {
        Some(self)
    }
}

impl Pace {
    /// Around something with these capabilities, of which only the limits change.
    pub(crate) fn new(limiter: Limiter, inner: &Capabilities) -> Self {
        let capabilities = inner.clone().with_limits(limiter.limits().iter().cloned());
        Self { limiter, capabilities }
    }

    /// Takes a slot, at once or after a wait in which the call's place is given to others.
    pub(crate) async fn enter(
        &self,
        Called { operation, provider }: Called<'_>,
        place: &mut Option<Place>,
    ) -> Result<Slot<'_>> {
        let slot = match self.limiter.try_acquire(operation) {
            Ok(Some(slot)) => Ok(slot),
            Ok(None) => {
                let mut wait = self.wait(operation);
                poll_fn(|context| concurrency::during(place, || wait.poll_unpin(context))).await
            }
            Err(refusal) => Err(refusal),
        };
        slot.map_err(|error| error.with_operation(operation).with_provider(provider.clone()))
    }

    pub(crate) fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Stands in line. A future of its own, so that a call that need not wait does not carry it about.
    fn wait(&self, operation: Operation) -> BoxFuture<'_, Result<Slot<'_>>> {
        Box::pin(async move {
            let asked = Instant::now();
            let slot = turn::wait_for(self.limiter.acquire(operation)).await?;
            let waited = asked.elapsed();
            if waited.as_millis() > 0 {
                tracing::debug!(
                    wsm.operation = operation.as_str(),
                    wsm.wait_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
                    "waited for the rate limit"
                );
            }
            Ok(slot)
        })
    }
}

/// How a request counts that ended so.
pub(crate) fn ending<T>(result: &Result<T>) -> End {
    let Err(error) = result else { return End::Answered };
    match error.kind() {
        ErrorKind::RateLimited => End::Limited(error.retry_after()),
        ErrorKind::Timeout | ErrorKind::Transport => End::GivenUp,
        ErrorKind::InvalidInput
        | ErrorKind::Unsupported
        | ErrorKind::InvalidRole
        | ErrorKind::Config
        | ErrorKind::Credential
            if error.status().is_none() =>
        {
            End::NotSent
        }
        _ => End::Answered,
    }
}
