//! `wsm`: who is in a workspace, and as what, at Paradigm and PandaDoc. See `docs/cli.md`.

mod args;
mod commands;
mod config;
mod connections;
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
use clap::Parser;
use exit::Exit;
use failure::{Failure, Result};
use output::Output;
use report::Report;
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let output = Output::new(cli.common.output);
    let answer = run(cli, output);
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
    // Where the output is closed there is nobody left to tell.
    if !error.use_stderr() {
        let _ = error.print();
        return Exit::Done.into();
    }
    // It quotes arguments as they came, on a terminal with whatever they hold, and scripts pass on the names of strangers.
    let text = error.render().to_string();
    let lines: Vec<_> = text.lines().map(output::plain).collect();
    let _ = writeln!(std::io::stderr(), "{}", lines.join("\n"));
    Exit::Input.into()
}

/// Nothing that costs time, such as a runtime, is set up before it is known to be needed.
fn run(cli: Cli, output: Output) -> Result<Report> {
    let Cli { common, command } = cli;
    if let Command::Completions { shell } = command {
        return commands::completions::run(shell);
    }
    trace::start(common.verbose);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::config(format!("the asynchronous runtime cannot be set up: {error}")))?;
    runtime.block_on(commands::run(&common, command, output))
}
