//! `wsm completions SHELL`.

use crate::failure::Result;
use crate::report::Report;
use clap_complete::Shell;
use std::path::Path;

/// The script, to be put where the shell looks for such scripts. It is for the program as it was called.
#[expect(clippy::unnecessary_wraps, reason = "every command returns the same type")]
pub(crate) fn run(shell: Shell, mut command: clap::Command) -> Result<Report> {
    let called = std::env::args_os().next();
    let name = called.as_deref().map(Path::new).and_then(Path::file_stem).and_then(|name| name.to_str());
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name.unwrap_or("wsm"), &mut script);
    let text = Some(String::from_utf8_lossy(&script).into_owned());
    Ok(Report { text, ..Report::default() })
}
