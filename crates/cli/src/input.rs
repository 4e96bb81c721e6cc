//! Files that say how workspaces should be, and plans that were kept.

use crate::failure::{self, Failure, Result};
use std::path::Path;
use workspace_members::sync::{Desired, Plan};

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

/// Reads a desired state: JSON by its ending, else TOML. All errors are shown at once.
pub(crate) fn desired(path: &Path) -> Result<Desired> {
    parse(&text(path)?, path)
}

fn parse(text: &str, path: &Path) -> Result<Desired> {
    let name = path.display().to_string();
    let read = if is_json(path) { Desired::from_json(text, &name) } else { Desired::from_toml(text, &name) };
    read.map_err(|errors| Failure::input(errors.to_string()))
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
}

/// Reads a desired state or a plan: a plan is JSON with a fingerprint, whatever the file is called.
pub(crate) fn desired_or_plan(path: &Path) -> Result<Input> {
    let text = text(path)?;
    let is_plan = text.trim_start().starts_with('{')
        && serde_json::from_str::<serde_json::Value>(&text)
            .is_ok_and(|json| json.get("fingerprint").is_some());
    if !is_plan {
        return parse(&text, path).map(Box::new).map(Input::Desired);
    }
    Plan::from_json(&text)
        .map(Box::new)
        .map(Input::Plan)
        .map_err(|error| Failure::input(format!("{}: {}", path.display(), failure::line(&error))))
}
