//! What the last reading says of the steps.

use super::report::{Report, StepOutcome, StepReport};
use crate::observe::{Membership, Observed};
use crate::plan::{Action, Cause, Plan, Problem, Refusal, Unjudged};
use workspace_members_core::Capability;

/// Corrects the outcomes by what was read at the end, and counts what remains to be done.
pub(super) fn conclude(report: &mut Report, plan: &Plan, observed: Vec<Observed>) {
    for step in &mut report.steps {
        if let Some(seen) = observed.iter().find(|seen| seen.connection() == step.step.target.connection) {
            correct(step, seen);
        }
    }
    let next = Unjudged::draft(&plan.desired, &observed, &plan.guards);
    // Somebody whom a step of this plan added is a member already by now.
    let unmet = |refusal: &&Refusal| refusal.cause != Cause::Problem(Problem::AlreadyMember);
    // Somebody whom a step of this plan invited, and whom the roster does not show until they accept, would be added again.
    let invited = |step: &&crate::Step| {
        let same =
            |done: &&StepReport| done.step.principal == step.principal && done.step.target == step.target;
        step.action == Action::Add && report.steps.iter().any(|done| done.pending && same(&done))
    };
    let steps = next.plan.steps.iter().filter(|step| !invited(step)).count();
    report.remaining = Some(steps + next.problems.iter().filter(unmet).count());
    report.observed = observed;
}

fn correct(report: &mut StepReport, seen: &Observed) {
    let step = &report.step;
    let member = match seen.membership(&step.target.workspace, &step.principal) {
        Membership::Inside(member) => Some(member),
        Membership::Outside => None,
        Membership::Unknown => return,
    };
    let now = member.map(|member| &member.native_role);
    let unlisted = member.is_none() && report.pending && !seen.capabilities().has(Capability::ListPending);
    let as_asked = unlisted || step.is_met_by(member, seen.capabilities().roles());
    match report.outcome {
        StepOutcome::Applied | StepOutcome::Unchanged if !as_asked => {
            let now = now.map_or("not a member".to_owned(), ToString::to_string);
            let message = format!("it was confirmed, and the last reading shows them as {now}");
            *report = StepReport::new(step, StepOutcome::Unknown).because(
                message,
                "plan again in a minute: somebody else changed it, or the provider lags behind",
            );
        }
        StepOutcome::Unknown if as_asked => report.outcome = StepOutcome::Applied,
        // Somebody else did it.
        StepOutcome::Failed | StepOutcome::Skipped if now == step.to.as_ref() => {
            report.outcome = StepOutcome::Unchanged;
        }
        _ => {}
    }
    if let (Some(member), StepOutcome::Applied | StepOutcome::Unchanged) = (member, report.outcome) {
        report.member = Some(member.clone());
    }
}
