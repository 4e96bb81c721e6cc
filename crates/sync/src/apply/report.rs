//! What came of a plan.

use crate::desired::text::display_as_named;
use crate::observe::{Membership, Observed};
use crate::plan::{Action, Cause, Kept, Plan, PlanFingerprint, Problem, Refusal, Step, Unjudged};
use crate::store::OpenChange;
use serde::Serialize;
use workspace_members_core::{Capability, Effect, Error, ErrorKind, Member};

/// What came of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepOutcome {
    /// It was done, and confirmed.
    Applied,
    /// It was so already.
    Unchanged,
    /// It was not done.
    Failed,
    /// It may have been done: no answer came, or answers disagree.
    Unknown,
    /// It was not begun.
    Skipped,
}

display_as_named!(StepOutcome);

/// One step and what came of it.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct StepReport {
    /// The step.
    pub step: Step,
    /// What came of it.
    pub outcome: StepOutcome,
    /// Whether an addition ended as an invitation that is not accepted yet.
    pub pending: bool,
    /// The member as the last reading shows them, else as the provider confirmed the step; with the membership's id where
    /// the provider has one. `None` for a removal, and for a step that is not known to be done.
    #[serde(skip)]
    pub member: Option<Member>,
    /// What happened, where that is more than the outcome says.
    pub message: Option<String>,
    /// What to do about it.
    pub advice: Option<String>,
    /// The guard that stopped it when its turn came, because the workspace had changed.
    pub refusal: Option<Refusal>,
    /// The error, where there was one. A step can be [`Applied`](StepOutcome::Applied) and have one: the change was
    /// made, and the audit log does not say so.
    #[serde(skip)]
    pub error: Option<Error>,
}

impl StepReport {
    pub(super) fn new(step: &Step, outcome: StepOutcome) -> Self {
        Self {
            step: step.clone(),
            outcome,
            pending: false,
            member: None,
            message: None,
            advice: None,
            refusal: None,
            error: None,
        }
    }

    pub(super) fn because(mut self, message: impl Into<String>, advice: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self.advice = Some(advice.into());
        self
    }

    pub(super) fn with_member(mut self, member: Option<Member>) -> Self {
        self.member = member;
        self
    }

    pub(super) fn failure(step: &Step, outcome: StepOutcome, error: Error) -> Self {
        let mut message = error.to_string();
        if let Some(words) = error.provider_message() {
            message = format!("{message}: {words}");
        }
        if !error.done().is_empty() {
            message = format!("{message}; done before: {}", error.done().join(", "));
        }
        let mut report = Self::new(step, outcome).because(message, error.advice());
        report.error = Some(error);
        report
    }

    /// Whether it was done and no later step need wait: not so where the change is missing in the audit log.
    pub(super) fn is_done(&self) -> bool {
        let recorded = self.error.as_ref().is_none_or(|error| error.kind() != ErrorKind::RecordFailed);
        matches!(self.outcome, StepOutcome::Applied | StepOutcome::Unchanged) && recorded
    }

    /// Corrects the outcome by what was read at the end.
    fn correct(&mut self, seen: &Observed) {
        let step = &self.step;
        let member = match seen.membership(&step.target.workspace, &step.principal) {
            Membership::Inside(member) => Some(member),
            Membership::Outside => None,
            Membership::Unknown => return,
        };
        let now = member.map(|member| &member.native_role);
        let unlisted = member.is_none() && self.pending && !seen.capabilities().has(Capability::ListPending);
        let as_asked = unlisted || step.is_met_by(member, seen.capabilities().roles());
        match self.outcome {
            StepOutcome::Applied | StepOutcome::Unchanged if !as_asked => {
                let now = now.map_or("not a member".to_owned(), ToString::to_string);
                let message = format!("it was confirmed, and the last reading shows them as {now}");
                *self = StepReport::new(step, StepOutcome::Unknown).because(
                    message,
                    "plan again in a minute: somebody else changed it, or the provider lags behind",
                );
            }
            StepOutcome::Unknown if as_asked => self.outcome = StepOutcome::Applied,
            // Somebody else did it.
            StepOutcome::Failed | StepOutcome::Skipped if now == step.to.as_ref() => {
                self.outcome = StepOutcome::Unchanged;
            }
            _ => {}
        }
        if let (Some(member), StepOutcome::Applied | StepOutcome::Unchanged) = (member, self.outcome) {
            self.member = Some(member.clone());
        }
    }
}

/// How an open change of an earlier run was recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Recovery {
    /// They were inside.
    Inside,
    /// They were outside, and were added in the role they were to have.
    Added,
    /// They were outside, and were added in the role they had had, since the other was refused.
    PutBack,
    /// They do not exist any more.
    Gone,
    /// Not recovered: that takes the connection that was used, which this run does not have or which does not see the
    /// workspace. The change stays open, and they may be outside.
    Left,
}

/// An open change of an earlier run, and how it was recovered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Recovered {
    /// What had been begun.
    pub open_change: OpenChange,
    /// How it was recovered.
    pub how: Recovery,
}

/// What came of a whole plan.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The plan that was carried out.
    pub fingerprint: PlanFingerprint,
    /// Every step, in the order of the plan.
    pub steps: Vec<StepReport>,
    /// Who stayed although the desired state says otherwise, or says nothing.
    pub kept: Vec<Kept>,
    /// The open changes of earlier runs, which were recovered before the first step.
    pub recovered: Vec<Recovered>,
    /// The changes that are open at the end: these people may be outside. The next run recovers them.
    pub open_changes: Vec<OpenChange>,
    /// How many steps and problems a plan from the last reading would have: 0 if everything is as desired. `None` if it could
    /// not be read.
    pub remaining: Option<usize>,
    /// Why the last reading failed, if it did; then outcomes are as the single requests reported them.
    pub last_reading: Option<String>,
    /// What was read before the first step.
    #[serde(skip)]
    pub found: Vec<Observed>,
    /// What was read at the end, or before the first step if nothing was to be done.
    #[serde(skip)]
    pub observed: Vec<Observed>,
}

impl Report {
    /// Corrects the outcomes by what was read at the end, and counts what remains to be done.
    pub(super) fn conclude(&mut self, plan: &Plan, observed: Vec<Observed>) {
        for step in &mut self.steps {
            if let Some(seen) = observed.iter().find(|seen| seen.connection() == step.step.target.connection)
            {
                step.correct(seen);
            }
        }
        let next = Unjudged::draft(&plan.desired, &observed, &plan.guards);
        // Somebody whom a step of this plan added is a member already by now.
        let unmet = |refusal: &&Refusal| refusal.cause != Cause::Problem(Problem::AlreadyMember);
        // Somebody whom a step of this plan invited, and whom the roster does not show until they accept, would be added again.
        let invited = |step: &&Step| {
            let same =
                |done: &&StepReport| done.step.principal == step.principal && done.step.target == step.target;
            step.action == Action::Add && self.steps.iter().any(|done| done.pending && same(&done))
        };
        let steps = next.plan.steps.iter().filter(|step| !invited(step)).count();
        self.remaining = Some(steps + next.problems.iter().filter(unmet).count());
        self.observed = observed;
    }

    /// The last reading failed.
    pub(super) fn unread(&mut self, error: &dyn std::error::Error) {
        self.remaining = None;
        self.last_reading = Some(with_cause(error));
    }

    /// How many steps came to this.
    pub fn count(&self, outcome: StepOutcome) -> usize {
        self.steps.iter().filter(|step| step.outcome == outcome).count()
    }

    /// Whether anything was changed, by a step, a part of one, or recovering.
    pub fn changed(&self) -> bool {
        let is_partial = |error: &Error| error.effect() == Effect::Partial;
        self.count(StepOutcome::Applied) > 0
            || self.steps.iter().filter_map(|step| step.error.as_ref()).any(is_partial)
            || self.recovered.iter().any(|s| matches!(s.how, Recovery::Added | Recovery::PutBack))
    }

    /// Whether every step is done and recorded, and the last reading shows it.
    pub fn is_complete(&self) -> bool {
        self.steps.iter().all(StepReport::is_done) && self.remaining == Some(0)
    }
}

pub(super) fn with_cause(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}
