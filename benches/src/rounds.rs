//! Several contenders in turn, many times over, so that whatever else the machine does hits all of them alike.

use crate::clock::Spent;
use std::time::Duration;

/// A quantity of one contender, once per round.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Collects.
    pub fn new(values: impl IntoIterator<Item = f64>) -> Self {
        Self(values.into_iter().collect())
    }

    /// One more round.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The value of one round; NaN if there was none.
    pub fn value(&self, round: usize) -> f64 {
        self.0.get(round).copied().unwrap_or(f64::NAN)
    }

    /// How many rounds.
    pub fn rounds(&self) -> usize {
        self.0.len()
    }

    /// The value below which this share of the rounds lies; NaN without rounds.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
        #[expect(clippy::cast_precision_loss, reason = "a few dozen rounds")]
        let at = share * last as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and `last`")]
        let (below, above) = (at.floor() as usize, at.ceil() as usize);
        sorted[below] + (sorted[above] - sorted[below]) * at.fract()
    }

    /// The middle one.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Round by round, this over the other.
    pub fn over(&self, floor: &Self) -> Self {
        Self(self.0.iter().zip(&floor.0).map(|(value, floor)| value / floor).collect())
    }
}

/// What one contender took, once per round.
#[derive(Debug, Clone, Default)]
pub struct Timings {
    /// CPU time per call, in seconds.
    pub cpu: Samples,
    /// Time on the wall per call, in seconds.
    pub wall: Samples,
}

impl Timings {
    /// One more round of so many calls.
    pub fn push(&mut self, spent: Spent, calls: u32) {
        let per_call = |time: Duration| time.as_secs_f64() / f64::from(calls);
        self.cpu.push(per_call(spent.cpu));
        self.wall.push(per_call(spent.wall));
    }
}

/// The order in which `count` contenders run in a round: each place falls to each of them equally often, and each
/// follows each other one.
pub fn order(round: usize, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).map(|place| (place + round) % count).collect();
    if (round / count.max(1)) % 2 == 1 {
        order.reverse();
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_between_the_rounds() {
        let samples = Samples::new([4.0, 1.0, 3.0, 2.0]);
        let close = |left: f64, right: f64| assert!((left - right).abs() < 1e-9, "{left} is not {right}");
        close(samples.quantile(0.0), 1.0);
        close(samples.median(), 2.5);
        close(samples.quantile(1.0), 4.0);
        close(samples.over(&samples).median(), 1.0);
        assert!(Samples::default().median().is_nan());
    }

    #[test]
    fn every_contender_has_every_place() {
        let mut places = [[0; 3]; 3];
        for round in 0..6 {
            for (place, contender) in order(round, 3).into_iter().enumerate() {
                places[contender][place] += 1;
            }
        }
        assert_eq!(places, [[2; 3]; 3]);
    }
}
