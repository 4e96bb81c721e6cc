//! `-v`: what is sent, on standard error.

use crate::output::acts;
use std::io::{self, IsTerminal as _, Write};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Quiet unless asked; `RUST_LOG` chooses more finely.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // Other crates' events could hold headers; ours never hold a key.
    let ours = || Targets::new().with_target("workspace_members", level);
    let asked = std::env::var("RUST_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(|| Filtered)
        .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_target(false);
    // A second subscriber cannot be there: this is called once.
    let _ = tracing_subscriber::registry().with(lines).with(asked.unwrap_or_else(ours)).try_init();
}

/// Standard error for events, which hold texts of providers. The subscriber itself escapes what begins a colour in them.
struct Filtered;

impl Write for Filtered {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let shown = |c| if acts(c) && !matches!(c, '\n' | '\u{1b}') { '\u{fffd}' } else { c };
        let text: String = String::from_utf8_lossy(event).chars().map(shown).collect();
        io::stderr().write_all(text.as_bytes()).map(|()| event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
