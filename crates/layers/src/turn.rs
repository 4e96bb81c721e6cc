//! Tells waiting for one's turn from working, so that a queue in front of a healthy provider uses up no deadline.
//!
//! [`Retry`](crate::Retry) bounds a call by a deadline. Behind a limit of ten requests a minute a call may stand in line
//! for minutes, and nothing is wrong. The layers that make calls stand in line say so here, through what is set while
//! the call is polled; used without `Retry` they say it to nobody.

use futures_util::FutureExt;
use std::cell::RefCell;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

thread_local! {
    /// Of the call that is being polled.
    static TURN: RefCell<Option<Arc<Turn>>> = const { RefCell::new(None) };
}

/// How long one call has stood in line, over all its attempts.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    line: Mutex<Line>,
    passed: Notify,
}

#[derive(Debug, Default)]
struct Line {
    since: Option<Instant>,
    before: Duration,
}

impl Turn {
    /// Runs a call whose waits count here.
    pub(crate) fn of<F: Future + Unpin>(self: &Arc<Self>, mut call: F) -> impl Future<Output = F::Output> {
        poll_fn(move |context| {
            let _outer = Polled(TURN.replace(Some(Arc::clone(self))));
            call.poll_unpin(context)
        })
    }

    /// All waits until now.
    pub(crate) fn waited(&self) -> Duration {
        let line = self.line();
        line.before + line.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Whether the call stands in line right now, so that nothing of this attempt was sent.
    pub(crate) fn is_waiting(&self) -> bool {
        self.line().since.is_some()
    }

    /// Completes when a wait ends, or ended since this was last asked.
    pub(crate) async fn passed(&self) {
        self.passed.notified().await;
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        // Nothing panics while the lock is held.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was there before, to be put back.
struct Polled(Option<Arc<Turn>>);

impl Drop for Polled {
    fn drop(&mut self) {
        TURN.set(self.0.take());
    }
}

/// Ends the wait when it drops: also where the waiting future is dropped.
struct Waiting(Arc<Turn>);

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut line = self.0.line();
        if let Some(since) = line.since.take() {
            line.before += since.elapsed();
        }
        drop(line);
        self.0.passed.notify_one();
    }
}

/// Stands in line until `turn` completes.
pub(crate) async fn wait_for<F: Future>(turn: F) -> F::Output {
    let waiting = TURN.with_borrow(Clone::clone).map(|mine| {
        mine.line().since = Some(Instant::now());
        Waiting(mine)
    });
    let passed = turn.await;
    drop(waiting);
    passed
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    #[tokio::test(start_paused = true)]
    async fn only_the_time_in_line_counts() {
        let turn = Arc::new(Turn::default());
        turn.of(Box::pin(async {
            sleep(Duration::from_secs(1)).await;
            wait_for(sleep(Duration::from_secs(5))).await;
            sleep(Duration::from_secs(2)).await;
        }))
        .await;
        assert_eq!(turn.waited().as_secs(), 5);
        assert!(!turn.is_waiting());
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_wait_ends() {
        let turn = Arc::new(Turn::default());
        let call = turn.of(Box::pin(wait_for(sleep(Duration::from_secs(5)))));
        tokio::time::timeout(Duration::from_secs(1), call).await.unwrap_err();
        assert!(!turn.is_waiting());
        assert_eq!(turn.waited().as_secs(), 1);
    }
}
