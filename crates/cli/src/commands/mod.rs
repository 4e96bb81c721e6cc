//! One module per command: calls the library and returns a [`Report`].

mod apply;
mod capabilities;
mod change;
pub(crate) mod completions;
mod diff;
mod doctor;
mod dump;
mod find;
mod list;
mod listing;
mod plan;
mod roles;
mod workspaces;

use crate::args::{Command, Common};
use crate::connections::Connections;
use crate::failure::Result;
use crate::output::Output;
use crate::report::Report;
use crate::simulate;
use workspace_members::Registry;

/// Runs a command. Everything typed is checked against the configuration before the first request.
pub(crate) async fn run(
    common: &Common,
    command: Command,
    output: Output,
    registry: &Registry,
) -> Result<Report> {
    if let Command::Simulate(args) = command {
        simulate::run(args).await?;
        return Ok(Report::default());
    }
    let connections = &Connections::open(common, command.need(), registry).await?;
    match command {
        Command::List { targets } => list::run(connections, &targets, output).await,
        Command::Add(args) => change::add(connections, &args, output).await,
        Command::SetRole(args) => change::set_role(connections, &args, output).await,
        Command::Remove(args) => change::remove(connections, &args, output).await,
        Command::Plan(args) => plan::run(connections, &args).await,
        Command::Apply(args) => apply::run(connections, &args, output).await,
        Command::Diff(args) => diff::run(connections, &args).await,
        Command::Dump { targets } => dump::run(connections, &targets, output).await,
        Command::Find { who } => find::run(connections, &who, output).await,
        Command::Workspaces { only, all } => workspaces::run(connections, &only, all, output).await,
        Command::Roles(only) => roles::run(connections, &only),
        Command::Capabilities(only) => capabilities::run(connections, &only),
        Command::Doctor(only) => doctor::run(connections, &only, output).await,
        Command::Simulate(_) | Command::Completions { .. } => Ok(Report::default()),
    }
}
