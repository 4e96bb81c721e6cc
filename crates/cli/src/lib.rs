//! `wsm`, as a library: the whole command line, for whichever adapters it is given. See `docs/cli.md`.
//!
//! A binary with an adapter of your own:
//!
//! ```no_run
//! # mod clubhouse { pub use workspace_members::paradigm::ADAPTER; }
//! use std::process::ExitCode;
//! use workspace_members_cli::{Registry, main_with};
//!
//! fn main() -> ExitCode {
//!     main_with(&Registry::with_defaults().with(clubhouse::ADAPTER))
//! }
//! ```

mod args;
mod commands;
mod config;
mod connections;
mod credentials;
mod exit;
mod failure;
mod input;
mod output;
mod planned;
mod progress;
mod records;
mod report;
mod simulate;
mod target;
mod trace;

use args::{Cli, Command, Format};
use clap::FromArgMatches as _;
use exit::Exit;
use failure::{Failure, Result};
use output::Output;
use report::Report;
use std::io::Write as _;
use std::process::ExitCode;

pub use workspace_members::Registry;

/// Runs the command that was typed, with these adapters, and returns the exit code that `docs/cli.md` names.
pub fn main_with(registry: &Registry) -> ExitCode {
    let parsed = args::command(registry).try_get_matches();
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let output = Output::new(cli.common.output);
    let answer = run(cli, output, registry);
    progress::clear();
    let exit = match answer {
        Ok(report) => output.report(&report),
        Err(failure) => output.failure(&failure),
    };
    exit.into()
}

/// Help and versions are no failure; for anything else, scripts that read JSON get some.
fn refuse(error: &clap::Error) -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().map(|text| text.to_string_lossy().into_owned()).collect();
    let wants_json = arguments.windows(2).any(|pair| {
        matches!(pair[0].as_str(), "-o" | "--output") && pair[1] == "json"
            || matches!(pair[1].as_str(), "--output=json" | "-ojson" | "-o=json")
    });
    if error.use_stderr() && wants_json {
        let text = error.render().to_string();
        // What is wrong, which may be a list; then come usage and hints.
        let lines: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
        let text = lines.join(" ");
        let failure = Failure::input(text.strip_prefix("error: ").unwrap_or(&text));
        return Output::new(Format::Json).failure(&failure).into();
    }
    // Where the output is closed nobody can see it.
    if !error.use_stderr() {
        let _ = error.print();
        return Exit::Done.into();
    }
    // It quotes arguments as they came, and scripts pass names that other people chose.
    let text = error.render().to_string();
    let lines: Vec<_> = text.lines().map(output::plain).collect();
    let _ = writeln!(std::io::stderr(), "{}", lines.join("\n"));
    Exit::Input.into()
}

/// Nothing that costs time, such as a runtime, is set up before it is known to be needed.
fn run(cli: Cli, output: Output, registry: &Registry) -> Result<Report> {
    let Cli { common, command } = cli;
    if let Command::Completions { shell } = command {
        return commands::completions::run(shell, args::command(registry));
    }
    trace::start(common.verbose);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::config(format!("the asynchronous runtime cannot be set up: {error}")))?;
    runtime.block_on(commands::run(&common, command, output, registry))
}
