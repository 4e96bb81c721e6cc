//! How far it is: a bar with the time left on a terminal, plain lines elsewhere. On standard error.

use crate::output::plain;
use crate::planned;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use workspace_members::sync::{Event, Progress, StepOutcome};

/// A bar that counts something; invisible where standard error is no terminal.
pub(crate) fn bar(length: usize, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length as u64), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {prefix}, {eta} left  {wide_msg}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.with_prefix(what)
}

fn tell(line: &str) {
    // Where standard error is closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "{}", plain(line));
}

/// Says only who was brought back: for a command that answers with one change.
pub(crate) fn of_settling() -> Progress {
    Progress::new(|event| {
        if let Event::Settled(settled) = event {
            tell(&planned::settling(settled));
        }
    })
}

/// Shows what apply does, as it does it.
pub(crate) fn of_apply() -> Progress {
    let terminal = std::io::stderr().is_terminal();
    let running: Arc<Mutex<Option<ProgressBar>>> = Arc::default();
    Progress::new(move |event| {
        let mut bar_now = running.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Starting { steps, eta_seconds } if terminal && *steps > 0 => {
                let bar = bar(*steps, "changes");
                bar.set_message(format!("about {eta_seconds} s"));
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
            Event::Done(done) => match &*bar_now {
                Some(bar) => bar.inc(1),
                None if !terminal || done.outcome != StepOutcome::Applied => {
                    tell(&format!("{}: {}", done.outcome, done.step));
                }
                None => {}
            },
            Event::Settled(settled) => {
                tell(&planned::settling(settled));
            }
            _ => {}
        }
    })
}
