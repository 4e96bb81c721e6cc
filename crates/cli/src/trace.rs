//! `-v`: what is sent, on standard error.

use std::io::IsTerminal as _;
use tracing_subscriber::filter::{EnvFilter, LevelFilter};

/// Quiet unless asked; `RUST_LOG` chooses more finely.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let asked = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        // Other crates' events could hold headers; ours never hold a key.
        EnvFilter::new(format!("off,workspace_members={level}"))
    });
    // A second subscriber cannot be there: this is called once.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(asked)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_target(false)
        .try_init();
}
