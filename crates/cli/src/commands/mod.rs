//! One module per command: asks the library, answers a [`Report`].

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

use crate::args::{Add, Command, Common, Remove, SetRole};
use crate::connections::{Connections, Need};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;
use crate::report::Report;
use crate::simulate;
use serde_json::Value;
use workspace_members::Registry;

/// Runs a command. Everything typed is checked against the configuration before the first request.
pub(crate) async fn run(
    common: &Common,
    command: Command,
    output: Output,
    registry: &Registry,
) -> Result<Report> {
    let need = match &command {
        Command::Add(Add { how, .. })
        | Command::SetRole(SetRole { how, .. })
        | Command::Remove(Remove { how, .. })
            if how.dry_run =>
        {
            Need::Reading
        }
        Command::Roles { .. } | Command::Capabilities { .. } => Need::Claims,
        Command::Add(_) | Command::SetRole(_) | Command::Remove(_) | Command::Apply(_) => Need::Changes,
        _ => Need::Reading,
    };
    if let Command::Simulate(args) = command {
        simulate::run(args).await?;
        return Ok(Report::silent());
    }
    let connections = Connections::open(common, need, registry).await?;
    match command {
        Command::List { targets } => list::run(&connections, &targets, output).await,
        Command::Add(args) => change::add(&connections, &args, output).await,
        Command::SetRole(args) => change::set_role(&connections, &args, output).await,
        Command::Remove(args) => change::remove(&connections, &args, output).await,
        Command::Plan(args) => plan::run(&connections, &args).await,
        Command::Apply(args) => apply::run(&connections, &args, output).await,
        Command::Diff(args) => diff::run(&connections, &args).await,
        Command::Dump(args) => dump::run(&connections, &args.targets, output).await,
        Command::Find { who } => find::run(&connections, &who, output).await,
        Command::Workspaces { connection, all } => {
            workspaces::run(&connections, connection.as_deref(), all, output).await
        }
        Command::Roles { connection } => roles::run(&connections, connection.as_deref()),
        Command::Capabilities { connection } => capabilities::run(&connections, connection.as_deref()),
        Command::Doctor { connection } => doctor::run(&connections, connection.as_deref(), output).await,
        Command::Simulate(_) | Command::Completions { .. } => Ok(Report::silent()),
    }
}

impl Report {
    /// A command that has nothing to say, or has said it.
    pub(crate) fn silent() -> Self {
        Self {
            json: Value::Null,
            csv: (Vec::new(), Vec::new()),
            sheets: Vec::new(),
            text: None,
            failures: Vec::new(),
            exit: Exit::Done,
        }
    }
}
