//! How far it is: bars with the time left on a terminal, plain lines elsewhere. On standard error.

mod counted;

pub(crate) use counted::Counted;

use crate::output::{Output, plain};
use crate::planned;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;
use workspace_members::sync::{Event, Progress, StepOutcome};

/// All bars, so that they stand below each other. Invisible where standard error is no terminal.
static BARS: LazyLock<MultiProgress> =
    LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));

/// How often the time left is drawn anew, also while nothing comes.
const TICK: Duration = Duration::from_millis(200);

const COUNTED: &str = "{bar:24} {pos}/{len} {prefix}, {eta} left  {wide_msg}";
const UNCOUNTED: &str = "{spinner} {pos} {prefix}  {wide_msg}";

/// A bar that counts something.
pub(crate) fn bar(length: usize, what: impl Into<String>) -> ProgressBar {
    let bar = BARS.add(ProgressBar::new(length as u64));
    style(&bar, COUNTED);
    bar.set_prefix(plain(&what.into()).into_owned());
    bar.enable_steady_tick(TICK);
    bar
}

fn style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

/// Takes all bars away: what is written next is to stand.
pub(crate) fn clear() {
    // Where standard error is closed there is nobody left to see them.
    let _ = BARS.clear();
}

/// A line above the bars.
fn line(text: &str) {
    let text = plain(text).into_owned();
    // Where standard error is closed there is nobody left to tell.
    BARS.suspend(|| {
        let _ = writeln!(std::io::stderr(), "{text}");
    });
}

/// Says only who was brought back: for a command that answers with one change.
pub(crate) fn of_settling() -> Progress {
    Progress::new(|event| {
        if let Event::Settled(settled) = event {
            line(&planned::settling(settled));
        }
    })
}

/// Shows what apply does, as it does it. With `shown`, also what it found and plans, for whoever is not asked.
pub(crate) fn of_apply(shown: Option<Output>) -> Progress {
    let terminal = std::io::stderr().is_terminal();
    let running: Arc<Mutex<Option<ProgressBar>>> = Arc::default();
    Progress::new(move |event| {
        let mut bar_now = running.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Read(observed) => {
                shown.iter().for_each(|output| output.interim(&[planned::overview(observed)], false));
            }
            Event::Planned(plan) => {
                shown.iter().for_each(|output| output.interim(&[planned::sheet(plan)], false));
            }
            Event::Starting { steps, eta_seconds } if terminal && *steps > 0 => {
                let bar = bar(*steps, "changes");
                bar.set_message(format!("at least {eta_seconds} s"));
                *bar_now = Some(bar);
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
            Event::Settled(settled) => {
                line(&planned::settling(settled));
            }
            _ => {}
        }
    })
}
