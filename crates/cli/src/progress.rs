//! Progress on standard error: bars with the time left on a terminal, plain lines elsewhere.

mod counted;

pub(crate) use counted::Counted;

use crate::output::{Output, plain};
use crate::planned;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;
use workspace_members::sync::{Event, Progress, StepOutcome};

/// All bars, one below the other. Invisible where standard error is no terminal.
static BARS: LazyLock<MultiProgress> =
    LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));

/// How often the time left is drawn, also while nothing happens.
const TICK: Duration = Duration::from_millis(200);

const COUNTED: &str = "{bar:24} {pos}/{len} {prefix}, {left}  {wide_msg}";
const UNCOUNTED: &str = "{spinner} {pos} {prefix}  {wide_msg}";

/// A bar. `each` is how long one of what it counts takes at the least under the account's limits.
pub(crate) fn bar(length: usize, what: impl Into<String>, each: Duration) -> ProgressBar {
    let bar = BARS.add(ProgressBar::new(length as u64));
    style(&bar, COUNTED, each);
    bar.set_prefix(plain(&what.into()).into_owned());
    bar.enable_steady_tick(TICK);
    bar
}

fn style(bar: &ProgressBar, template: &str, each: Duration) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        let time = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let left = left(state.elapsed(), state.pos(), state.len().unwrap_or_default(), each);
            // Where it cannot be written there is no bar either.
            let _ = match left {
                Some(left) => write!(out, "{} left", rounded(left.as_secs())),
                None => out.write_str("time not known yet"),
            };
        };
        bar.set_style(style.with_key("left", time));
    }
}

/// As people say it, never too short.
fn rounded(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

/// How long the rest takes: as fast as so far, but no faster than the limits allow. A limit lets many requests go at once
/// and then none for a while, so that neither the start nor a pause shows how fast it is.
fn left(elapsed: Duration, done: u64, all: u64, each: Duration) -> Option<Duration> {
    let rest = u32::try_from(all.saturating_sub(done)).unwrap_or(u32::MAX);
    let done = u32::try_from(done).unwrap_or(u32::MAX);
    let so_far = elapsed.checked_div(done)?;
    let time = so_far.max(each).saturating_mul(rest);
    Some(Duration::from_secs(time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))))
}

/// Removes all bars, before something is written that stays.
pub(crate) fn clear() {
    // Where standard error is closed nobody can see them.
    let _ = BARS.clear();
}

/// A line above the bars.
fn line(text: &str) {
    let text = plain(text).into_owned();
    // Where standard error is closed nobody can see it.
    BARS.suspend(|| {
        let _ = writeln!(std::io::stderr(), "{text}");
    });
}

/// Shows only who was recovered: for a command that answers with one change.
pub(crate) fn of_recovery() -> Progress {
    Progress::new(|event| {
        if let Event::Recovered(recovered) = event {
            line(&planned::recovering(recovered));
        }
    })
}

/// Shows what apply does, as it does it. With `shown`, also what it found and plans, where nobody is asked first.
pub(crate) fn of_apply(shown: Option<Output>) -> Progress {
    let terminal = std::io::stderr().is_terminal();
    let running: Arc<Mutex<Option<ProgressBar>>> = Arc::default();
    Progress::new(move |event| {
        let mut bar_now = running.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Read(observed) => {
                if let Some(output) = shown {
                    output.interim(planned::overview("Before:", observed).as_slice(), false);
                }
            }
            Event::Planned(plan) => {
                if let Some(output) = shown {
                    output.interim(&[planned::sheet(plan)], false);
                }
                let steps = plan.steps.len();
                if terminal && steps > 0 {
                    let each =
                        Duration::from_secs(plan.eta_seconds) / u32::try_from(steps).unwrap_or(u32::MAX);
                    *bar_now = Some(bar(steps, "changes", each));
                }
            }
            Event::Rereading => {
                if let Some(bar) = bar_now.take() {
                    bar.finish_and_clear();
                }
            }
            Event::Step(step) => {
                if let Some(bar) = &*bar_now {
                    bar.set_message(plain(&step.to_string()).into_owned());
                }
            }
            Event::Done(done) => {
                if let Some(bar) = &*bar_now {
                    bar.inc(1);
                }
                if bar_now.is_none() || done.outcome != StepOutcome::Applied {
                    line(&format!("{}: {}", done.outcome, done.step));
                }
            }
            Event::Recovered(recovered) => line(&planned::recovering(recovered)),
            _ => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_the_speed_and_the_limits() {
        let seconds = Duration::from_secs;
        assert_eq!(left(seconds(5), 0, 10, seconds(1)), None);
        assert_eq!(left(seconds(5), 10, 30, Duration::ZERO), Some(seconds(10)));
        // Ten at once, and then ten a minute: not the second that the start promises.
        assert_eq!(left(seconds(1), 10, 20, seconds(6)), Some(seconds(60)));
        // A pause of a minute is no slower speed.
        assert_eq!(left(seconds(59), 10, 20, seconds(6)), Some(seconds(60)));
        assert_eq!(left(seconds(61), 20, 20, seconds(6)), Some(seconds(0)));
        assert_eq!([119, 120, 7199, 7201].map(rounded), ["119 s", "2 min", "120 min", "3 h"]);
        assert_eq!(left(seconds(1), 1, u64::MAX, seconds(u64::MAX)), Some(Duration::from_secs(u64::MAX)));
    }
}
