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
    let desired = input::desired(&args.file, connections)?;
    let handles = connections.handles(&desired.connections())?;
    let observed = sync::observe(&handles, &desired).await.map_err(planned::not_applied)?;
    let planned = Plan::compute(&desired, &observed, &connections.guards)
        .or_else(|refused| refused.overridden(&args.lift.overrides()));
    let plan = match planned {
        Ok(plan) => plan,
        Err(refused) => {
            // The refused plan is shown too, if there is one.
            let (failure, mut shown) = (planned::refused(&refused), planned::plan(&refused.plan));
            if refused.plan.is_empty() {
                shown.sheets.clear();
            }
            let (json, exit) = (failure.json(), failure.exit);
            return Ok(Report { json, exit, failures: vec![failure], ..shown });
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
    let text = plan.to_json().map_err(std::io::Error::from);
    text.and_then(|text| std::fs::write(path, text + "\n"))
        .map_err(|error| Failure::input(format!("{} cannot be written: {error}", path.display())))
}
