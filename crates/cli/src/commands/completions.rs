//! `wsm completions SHELL`.

use crate::args::Cli;
use crate::failure::Result;
use crate::report::Report;
use clap::CommandFactory;
use clap_complete::Shell;

/// Writes the script to standard output, to be put where the shell looks for such scripts.
#[expect(clippy::unnecessary_wraps, reason = "every command answers alike")]
pub(crate) fn run(shell: Shell) -> Result<Report> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "wsm", &mut script);
    // A reader that has gone has seen enough.
    let _ = std::io::Write::write_all(&mut std::io::stdout(), &script);
    Ok(Report::silent())
}
