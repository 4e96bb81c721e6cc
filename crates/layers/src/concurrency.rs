//! A bound on how many requests are under way at once.

use tokio::sync::{Semaphore, SemaphorePermit};

/// As many permits as requests may be under way. Tokio's semaphore is fair, and forgets those who stop waiting.
#[derive(Debug)]
pub(crate) struct ConcurrencyLimit {
    permits: Semaphore,
}

impl ConcurrencyLimit {
    /// So many, at least 1.
    pub(crate) fn new(max: u32) -> Self {
        let max = usize::try_from(max.max(1)).unwrap_or(usize::MAX);
        Self { permits: Semaphore::new(max.min(Semaphore::MAX_PERMITS)) }
    }

    /// Waits for a permit, which is given back when it is dropped. Never `None`: the semaphore is never closed.
    pub(crate) async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        self.permits.acquire().await.ok()
    }
}
