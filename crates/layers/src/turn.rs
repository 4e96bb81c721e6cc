//! Tells waiting for one's turn from working, so that a queue in front of a healthy provider uses up no deadline.
//!
//! [`Retry`](crate::Retry) bounds a call by a deadline. Behind a limit of ten requests a minute a call may stand in line
//! for minutes, and nothing is wrong. The layers that make calls stand in line say so here, through what is set while
//! the call is polled; used without `Retry` they say it to nobody.

use std::cell::Cell;
use std::time::Duration;
use tokio::time::Instant;

thread_local! {
    /// Of the call that is being polled.
    static LINE: Cell<Option<Line>> = const { Cell::new(None) };
}

/// How long one call has stood in line, over all its attempts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Line {
    since: Option<Instant>,
    before: Duration,
}

impl Line {
    /// Polls a call whose waits count here.
    pub(crate) fn during<R>(&mut self, poll: impl FnOnce() -> R) -> R {
        let outer = LINE.replace(Some(*self));
        let _polled = Polled { line: self, outer };
        poll()
    }

    /// All waits until now.
    pub(crate) fn waited(&self) -> Duration {
        self.before + self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Whether the call stood in line when it was last polled, so that nothing of this attempt was sent.
    pub(crate) fn is_waiting(&self) -> bool {
        self.since.is_some()
    }

    /// Ends the wait, if there is one.
    pub(crate) fn leave(&mut self) {
        if let Some(since) = self.since.take() {
            self.before += since.elapsed();
        }
    }
}

/// Puts everything back when it drops.
struct Polled<'a> {
    line: &'a mut Line,
    outer: Option<Line>,
}

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        if let Some(line) = LINE.replace(self.outer) {
            *self.line = line;
        }
    }
}

/// Ends the wait when it drops, in the line that is set then: a wait that is dropped while its call is not polled ends with
/// the attempt.
struct Waiting;

impl Waiting {
    fn begin() -> Self {
        change(|line| line.since = Some(Instant::now()));
        Self
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        change(Line::leave);
    }
}

fn change(how: impl FnOnce(&mut Line)) {
    if let Some(mut line) = LINE.get() {
        how(&mut line);
        LINE.set(Some(line));
    }
}

/// Stands in line until `turn` completes.
pub(crate) async fn wait_for<F: Future>(turn: F) -> F::Output {
    let waiting = Waiting::begin();
    let passed = turn.await;
    drop(waiting);
    passed
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::pin::pin;
    use tokio::time::{sleep, timeout};

    /// Runs a call whose waits count.
    async fn run<F: Future>(line: &mut Line, call: F) -> F::Output {
        let mut call = pin!(call);
        poll_fn(|context| line.during(|| call.as_mut().poll(context))).await
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_time_in_line_counts() {
        let mut line = Line::default();
        let call = async {
            sleep(Duration::from_secs(1)).await;
            wait_for(sleep(Duration::from_secs(5))).await;
            sleep(Duration::from_secs(2)).await;
        };
        run(&mut line, call).await;
        assert_eq!(line.waited().as_secs(), 5);
        assert!(!line.is_waiting());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_the_call_gives_up_ends() {
        let mut line = Line::default();
        let call = async {
            timeout(Duration::from_secs(1), wait_for(sleep(Duration::from_secs(5)))).await.unwrap_err();
            sleep(Duration::from_secs(2)).await;
        };
        run(&mut line, call).await;
        assert!(!line.is_waiting());
        assert_eq!(line.waited().as_secs(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_seen_while_it_lasts_and_by_its_own_call_only() {
        let (mut outer, mut inner) = (Line::default(), Line::default());
        let wait = Box::pin(run(&mut inner, wait_for(sleep(Duration::from_secs(5)))));
        timeout(Duration::from_secs(2), run(&mut outer, wait)).await.unwrap_err();
        assert_eq!((outer.is_waiting(), outer.waited().as_secs()), (false, 0));
        assert_eq!((inner.is_waiting(), inner.waited().as_secs()), (true, 2));
        assert!(LINE.get().is_none());
    }
}
