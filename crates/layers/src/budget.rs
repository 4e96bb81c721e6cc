//! How much of the load may be repetitions.

use crate::BudgetConfig;
use crate::lock::lock;
use std::sync::Mutex;
use tokio::time::Instant;

/// A bucket of tokens; a repetition costs one.
///
/// Retries help against a provider that fails now and then, and harm one that fails under load: with five attempts each,
/// every call becomes five. Each first attempt pays in a share of a token, and the reserve comes back slowly with time, so
/// that in any span of time the repetitions are at most the reserve, that share of the calls, and what time brings back.
#[derive(Debug)]
pub(crate) struct Budget {
    config: BudgetConfig,
    level: Mutex<Level>,
}

#[derive(Debug)]
struct Level {
    tokens: f64,
    at: Instant,
}

impl Budget {
    pub(crate) fn new(mut config: BudgetConfig) -> Self {
        // NaN would make the bucket one without a bottom.
        for rate in [&mut config.share, &mut config.per_second] {
            *rate = if rate.is_finite() { rate.max(0.0) } else { 0.0 };
        }
        let level = Level { tokens: f64::from(config.reserve), at: Instant::now() };
        Self { config, level: Mutex::new(level) }
    }

    /// Notes a first attempt.
    pub(crate) fn deposit(&self, now: Instant) {
        self.change(self.config.share, now);
    }

    /// Takes a token for a repetition, if there is one.
    pub(crate) fn withdraw(&self) -> bool {
        self.change(-1.0, Instant::now())
    }

    fn change(&self, by: f64, now: Instant) -> bool {
        let mut level = lock(&self.level);
        // Another thread may have been a little later.
        let now = now.max(level.at);
        let earned = now.saturating_duration_since(level.at).as_secs_f64() * self.config.per_second;
        level.at = now;
        let full = f64::from(self.config.reserve);
        level.tokens = (level.tokens + earned).min(full);
        if level.tokens + by < 0.0 {
            return false;
        }
        level.tokens = (level.tokens + by).min(full);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn budget(share: f64, reserve: u32, per_second: f64) -> Budget {
        Budget::new(
            BudgetConfig::default().with_share(share).with_reserve(reserve).with_per_second(per_second),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn repetitions_are_the_reserve_and_then_the_share() {
        let budget = budget(0.25, 4, 0.0);
        let repeated = (0..1_000).filter(|_| {
            budget.deposit(Instant::now());
            budget.withdraw()
        });
        // The bucket is full before the first call, so its deposit spills over.
        assert_eq!(repeated.count(), 4 + 249);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_no_number_counts_as_nothing() {
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0] {
            let budget = budget(odd, 2, odd);
            let repeated = (0..1_000).filter(|_| {
                budget.deposit(Instant::now());
                budget.withdraw()
            });
            assert_eq!(repeated.count(), 2, "{odd}");
            tokio::time::advance(Duration::from_hours(1)).await;
            assert!(!budget.withdraw(), "{odd}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn time_fills_it_up_to_the_reserve() {
        let budget = budget(0.0, 2, 0.5);
        assert!(budget.withdraw() && budget.withdraw() && !budget.withdraw());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(budget.withdraw() && !budget.withdraw());
        tokio::time::advance(Duration::from_hours(1)).await;
        assert!(budget.withdraw() && budget.withdraw() && !budget.withdraw());
    }
}
