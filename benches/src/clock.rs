//! Time that this process spent, as opposed to time that passed.

use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::io::{Error, Result};
use std::time::{Duration, Instant};

/// CPU time of this process so far, user and system.
pub fn cpu() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    let (seconds, nanos) = (u64::try_from(spent.tv_sec), u32::try_from(spent.tv_nsec));
    Duration::new(seconds.unwrap_or(0), nanos.unwrap_or(0))
}

/// CPU time of all child processes that have ended, and of theirs, user and system, to the nearest 10 ms.
pub fn cpu_of_children() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The second field is the program's name in brackets, which may hold anything.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    let ticks: Option<u64> =
        fields.split_whitespace().skip(13).take(2).map(|field| field.parse::<u64>().ok()).sum();
    // A tick is 10 ms on every Linux that Rust supports (USER_HZ).
    ticks.map(|ticks| Duration::from_millis(ticks * 10)).ok_or_else(|| Error::other("/proc/self/stat"))
}

/// What something took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    /// CPU time of this process.
    pub cpu: Duration,
    /// Time on the wall.
    pub wall: Duration,
}

/// Starts both clocks.
#[derive(Debug)]
pub struct Stopwatch {
    cpu: Duration,
    wall: Instant,
}

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self { cpu: cpu(), wall: Instant::now() }
    }

    /// What was spent since.
    pub fn stop(self) -> Spent {
        let wall = self.wall.elapsed();
        Spent { cpu: cpu().saturating_sub(self.cpu), wall }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_costs_time_and_waiting_does_not() {
        let watch = Stopwatch::start();
        let mut sum = 0_u64;
        while watch.wall.elapsed() < Duration::from_millis(20) {
            sum = std::hint::black_box(sum + 1);
        }
        let busy = watch.stop();
        assert!(busy.cpu > Duration::ZERO && busy.wall >= Duration::from_millis(20));
    }

    #[test]
    fn children_are_counted_when_they_have_ended() {
        let before = cpu_of_children().unwrap();
        std::process::Command::new("true").status().unwrap();
        assert!(cpu_of_children().unwrap() >= before);
    }
}
