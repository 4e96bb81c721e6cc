//! `wsm plan`.

use crate::args;
use crate::connections::Connections;
use crate::failure::{Failure, Result};
use crate::report::Report;
use crate::{input, planned};
use std::path::Path;
use workspace_members::sync::{self, Plan};

/// Shows what would change, and keeps it if asked. Reads only.
pub(crate) async fn run(connections: &Connections, args: &args::Plan) -> Result<Report> {
    let desired = input::desired(&args.file)?;
    let handles = connections.handles(&desired.connections())?;
    let observed = sync::observe(&handles, &desired).await.map_err(planned::not_applied)?;
    let overrides = args.lift.overrides.iter().cloned().collect();
    let planned = Plan::compute(&desired, &observed, &connections.guards)
        .or_else(|refused| refused.overridden(&overrides));
    let plan = match planned {
        Ok(plan) => plan,
        Err(refused) => {
            // What was refused is worth seeing.
            let failure = planned::refused(&refused, None);
            let mut report = planned::plan(&refused.plan);
            report.json = failure.json();
            report.exit = failure.exit;
            report.failures = vec![failure];
            return Ok(report);
        }
    };
    if let Some(path) = &args.out {
        keep(&plan, path)?;
    }
    let mut report = planned::plan(&plan);
    if let Some(sheet) = report.sheets.first_mut() {
        planned::unread(&observed, sheet);
    }
    Ok(report)
}

fn keep(plan: &Plan, path: &Path) -> Result<()> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::input(format!("{} cannot be written: {error}", path.display()))
    };
    let text = plan.to_json().map_err(|error| cannot(&error))?;
    std::fs::write(path, text + "\n").map_err(|error| cannot(&error))
}
