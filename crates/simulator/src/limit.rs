//! Rate limits as the providers count them.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::log::Provider;

/// So many requests in any window of this length.
///
/// The window slides: a request is refused while the last `window` already holds `requests` accepted ones. Refused
/// requests do not count. Django REST framework, which both providers' wording points to, counts in this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests accepted in one window. Zero refuses everything.
    pub requests: u32,
    /// Length of the window.
    pub window: Duration,
}

impl RateLimit {
    /// So many requests in any 60 seconds.
    pub const fn per_minute(requests: u32) -> Self {
        Self { requests, window: Duration::from_mins(1) }
    }
}

/// Whose window, and of what: a provider counts per user and operation, over all keys of that user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Window {
    pub(crate) provider: Provider,
    pub(crate) user: String,
    pub(crate) operation: &'static str,
}

/// The accepted requests of every window, on tokio's clock, so that a test can turn it.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    accepted: HashMap<Window, VecDeque<Instant>>,
}

impl Limiter {
    /// Counts one request, or says how long until the next one would be accepted.
    pub(crate) fn check(&mut self, window: Window, limit: RateLimit) -> Result<(), Duration> {
        let now = Instant::now();
        let accepted = self.accepted.entry(window).or_default();
        while accepted.front().is_some_and(|first| now.duration_since(*first) >= limit.window) {
            accepted.pop_front();
        }
        let allowed = usize::try_from(limit.requests).unwrap_or(usize::MAX);
        if accepted.len() < allowed {
            accepted.push_back(now);
            return Ok(());
        }
        // A key with a lower limit shares the window, which may thus hold more than this key's limit: then wait until
        // all but `allowed - 1` have left.
        let leaving = accepted.len() - allowed;
        Err(accepted
            .get(leaving)
            .map_or(limit.window, |at| limit.window.saturating_sub(now.duration_since(*at))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(user: &str) -> Window {
        Window { provider: Provider::PandaDoc, user: user.to_owned(), operation: "list_users" }
    }

    #[tokio::test(start_paused = true)]
    async fn the_window_slides() {
        let limit = RateLimit::per_minute(3);
        let mut limiter = Limiter::default();
        for _ in 0..3 {
            limiter.check(window("a"), limit).unwrap();
            tokio::time::advance(Duration::from_secs(10)).await;
        }
        // Accepted at 0, 10 and 20; it is 30 now, the first leaves at 60.
        assert_eq!(limiter.check(window("a"), limit), Err(Duration::from_secs(30)));
        assert_eq!(limiter.check(window("b"), limit), Ok(()), "each user has their own window");
        tokio::time::advance(Duration::from_millis(29_999)).await;
        assert_eq!(limiter.check(window("a"), limit), Err(Duration::from_millis(1)));
        tokio::time::advance(Duration::from_millis(1)).await;
        limiter.check(window("a"), limit).unwrap();
        // Only one has left, so only one more was accepted: no burst at the window's edge.
        assert_eq!(limiter.check(window("a"), limit), Err(Duration::from_secs(10)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lower_limit_on_the_same_window_waits_for_enough_to_leave() {
        let mut limiter = Limiter::default();
        for _ in 0..5 {
            limiter.check(window("a"), RateLimit::per_minute(100)).unwrap();
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        // Five in the window, two allowed: the fourth (accepted at 3) has to leave, which it does at 63.
        assert_eq!(limiter.check(window("a"), RateLimit::per_minute(2)), Err(Duration::from_secs(58)));
        assert_eq!(limiter.check(window("a"), RateLimit::per_minute(0)), Err(Duration::from_mins(1)));
    }
}
