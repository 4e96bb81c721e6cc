//! `wsm completions SHELL`.

use crate::args::Cli;
use crate::failure::Result;
use crate::report::Report;
use clap::CommandFactory;
use clap_complete::Shell;

/// Answers the script, to be put where the shell looks for such scripts.
#[expect(clippy::unnecessary_wraps, reason = "every command answers alike")]
pub(crate) fn run(shell: Shell) -> Result<Report> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "wsm", &mut script);
    let text = Some(String::from_utf8_lossy(&script).into_owned());
    Ok(Report { text, ..Report::silent() })
}
