//! Keeps the provider's limits.

use crate::call::Call;
use crate::limiter::{End, Limiter, Slot};
use workspace_members_core::{ErrorKind, Result};

/// How fast requests are sent.
#[derive(Debug)]
pub(crate) struct RatePolicy {
    limiter: Limiter,
}

impl RatePolicy {
    pub(crate) fn new(limiter: Limiter) -> Self {
        Self { limiter }
    }

    /// Stands in line for a slot.
    pub(crate) async fn slot(&self, call: &Call<'_>) -> Result<Slot<'_>> {
        self.limiter.acquire(call.operation).await.map_err(|error| call.named(error))
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
