//! `wsm apply`.

use crate::args;
use crate::connections::Connections;
use crate::failure::{Failure, Result};
use crate::input::{self, Input};
use crate::output::Output;
use crate::report::{Report, counted};
use crate::{planned, progress};
use std::io::{BufRead, IsTerminal, Write};
use workspace_members::sync::{self, ApplyOptions, Plan};

/// Carries out a desired state or a kept plan, after showing it and asking.
pub(crate) async fn run(connections: &Connections, args: &args::Apply, output: Output) -> Result<Report> {
    let desired = input::desired_or_plan(&args.file, connections)?;
    let handles = connections.handles(&match &desired {
        Input::Desired(desired) => desired.connections(),
        Input::Plan(plan) => plan.desired.connections(),
    })?;
    let can_ask = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if !args.yes && !can_ask {
        return Err(Failure::input("nobody can be asked here: look at `wsm plan`, then say --yes"));
    }
    let options = ApplyOptions::new(&connections.state_dir)
        .with_guards(connections.guards.clone())
        .with_overrides(args.lift.overrides())
        .with_progress(progress::of_apply(args.yes.then_some(output)));
    if args.yes {
        let report = match desired {
            Input::Plan(plan) if !args.replan => sync::apply(&handles, &plan, &options).await,
            desired => sync::apply_desired(&handles, &desired.desired(), &options).await,
        };
        return Ok(planned::applied(&report.map_err(planned::not_applied)?));
    }
    let mut recovered = Vec::new();
    let plan = match desired {
        Input::Plan(plan) if !args.replan => *plan,
        desired => {
            // What is shown and agreed to is what is carried out: a plan made now.
            let desired = desired.desired();
            // Open changes of earlier runs are recovered before the plan is made.
            recovered = sync::recover(&handles, &options).await.map_err(planned::not_applied)?;
            let observed = sync::observe(&handles, &desired).await.map_err(planned::not_applied)?;
            output.interim(planned::overview("Before:", &observed).as_slice(), true);
            Plan::compute(&desired, &observed, &connections.guards)
                .or_else(|refused| refused.overridden(&options.overrides))
                .map_err(|refused| planned::refused(&refused))?
        }
    };
    output.interim(&[planned::sheet(&plan)], true);
    if !plan.is_empty() && !agreed(plan.steps.len())? {
        return Err(Failure::input("not agreed; none of these changes was made"));
    }
    // Everything is read again, since the answer took its time.
    let mut report = sync::apply(&handles, &plan, &options).await.map_err(planned::not_applied)?;
    report.recovered.splice(0..0, recovered);
    Ok(planned::applied(&report))
}

/// Asks on the terminal.
fn agreed(changes: usize) -> Result<bool> {
    let cannot = |error: std::io::Error| Failure::input(format!("nobody can be asked here: {error}"));
    let mut err = std::io::stderr();
    write!(err, "Make {}? [y/N] ", counted(changes, "change")).and_then(|()| err.flush()).map_err(cannot)?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(cannot)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
