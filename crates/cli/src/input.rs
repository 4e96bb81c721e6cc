//! Files that say how workspaces should be, and plans that were kept.

use crate::connections::{Connection, Connections};
use crate::failure::{self, Failure, Result};
use std::path::Path;
use workspace_members::sync::{Desired, DesiredWorkspace, People, Plan};

/// The content of a file given to `apply`.
#[derive(Debug)]
pub(crate) enum Input {
    Desired(Box<Desired>),
    Plan(Box<Plan>),
}

impl Input {
    /// What is desired; of a plan, under the guards that it was made with.
    pub(crate) fn desired(self) -> Desired {
        match self {
            Self::Desired(desired) => *desired,
            Self::Plan(plan) => {
                let Plan { desired, guards, .. } = *plan;
                desired.with_guards(guards)
            }
        }
    }
}

fn text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::input(format!("{} cannot be read: {error}", path.display())))
}

/// Reads a desired state for these connections. All errors are shown at once.
pub(crate) fn desired(path: &Path, connections: &Connections) -> Result<Desired> {
    checked(&text(path)?, path, connections)
}

/// The people of a desired state, whatever its workspaces.
pub(crate) fn people(path: &Path) -> Result<People> {
    Ok(parse(&text(path)?, path)?.people)
}

/// JSON by its ending, else TOML.
fn parse(text: &str, path: &Path) -> Result<Desired> {
    let name = path.display().to_string();
    let is_json = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let read = if is_json { Desired::from_json(text, &name) } else { Desired::from_toml(text, &name) };
    read.map_err(|errors| Failure::input(errors.to_string()))
}

/// Each target must be of a connection that there is, and its workspace an id by its looks.
fn checked(text: &str, path: &Path, connections: &Connections) -> Result<Desired> {
    let desired = parse(text, path)?;
    let wrong = desired.workspaces.iter().filter_map(|DesiredWorkspace { target, .. }| {
        let check =
            |connection: &Connection| connection.members.capabilities().check_workspace_id(&target.workspace);
        let failure = match connections.named(&target.connection).map(check) {
            Ok(checked) => Failure::from(checked.err()?),
            Err(failure) => failure,
        };
        let spelled = target.to_string();
        let at = text.lines().position(|line| line.split(['"', '\'']).any(|part| part == spelled));
        let line = at.map(|at| format!(":{}", at + 1)).unwrap_or_default();
        Some(format!("{}{line}: {}", path.display(), failure.line()))
    });
    let wrong: Vec<String> = wrong.collect();
    if wrong.is_empty() { Ok(desired) } else { Err(Failure::input(wrong.join("\n"))) }
}

/// Reads a desired state or a plan: a plan is JSON with a fingerprint, whatever the file is called.
pub(crate) fn desired_or_plan(path: &Path, connections: &Connections) -> Result<Input> {
    let text = text(path)?;
    let is_plan = text.trim_start().starts_with('{')
        && serde_json::from_str::<serde_json::Value>(&text)
            .is_ok_and(|json| json.get("fingerprint").is_some());
    if !is_plan {
        return checked(&text, path, connections).map(Box::new).map(Input::Desired);
    }
    Plan::from_json(&text)
        .map(Box::new)
        .map(Input::Plan)
        .map_err(|error| Failure::input(format!("{}: {}", path.display(), failure::line(&error))))
}
