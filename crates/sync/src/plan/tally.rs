//! The guards that count over all steps, and those that allow what single steps do.

use super::judge::Case;
use super::refusal::{Cause, Refusal};
use super::step::{Action, Consequence, Step, Strategy};
use crate::guards::{Guard, Limits};
use workspace_members_core::{NativeRole, Role};

/// What all steps of a workspace did so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    removals: u64,
    demotions: u64,
    owner_changes: u64,
}

impl Tally {
    /// Counts a step. Each guard refuses at the first step beyond it, and once.
    pub(super) fn count(&mut self, case: &Case<'_>, step: &Step, limits: &Limits) -> Vec<Refusal> {
        let members = case.members.len();
        let roles = case.directory.observed.capabilities().roles();
        let may_own = |native: &Option<NativeRole>| {
            native
                .as_ref()
                .is_some_and(|native| roles.normalize(native) == Role::Owner || roles.is_placeholder(native))
        };
        let was = may_own(&step.from);
        let is = may_own(&step.to) || step.has(&Consequence::RoleSetByProvider);
        let counted = [
            (
                Guard::MaxRemovals,
                limits.max_removals,
                step.action == Action::Remove,
                &mut self.removals,
                "removed",
            ),
            (
                Guard::MaxDemotions,
                limits.max_demotions,
                matches!(step.action, Action::Change | Action::Demote),
                &mut self.demotions,
                "given a lower or incomparable role",
            ),
            (
                Guard::MaxOwnerChanges,
                limits.max_owner_changes,
                was != is || (was && step.lowers()),
                &mut self.owner_changes,
                "made owner, or no longer be one",
            ),
        ];
        let mut refusals = Vec::new();
        for (guard, limit, counts, so_far, done) in counted {
            if !counts {
                continue;
            }
            *so_far += 1;
            let allowed = limit.allows(members, limits.floor);
            if *so_far == allowed + 1 {
                let message = format!("more than {allowed} of {members} members would be {done} ({limit})");
                let advice = "check that the listing and the desired state are right; then raise the limit, or \
                              override it for this plan";
                refusals.push(case.refusal(guard, step, message, advice));
            }
        }
        refusals
    }
}

impl Case<'_> {
    pub(super) fn allowances(&self, step: &Step, limits: &Limits) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        if step.may_cost() && !limits.allow_billable && !costs_unknown(step, limits) {
            let message = format!("to {step} may cost money");
            let advice = "set allow_billable = true if it may";
            refusals.push(self.refusal(Guard::AllowBillable, step, message, advice));
        }
        if step.strategy == Strategy::RemoveThenAdd && !limits.allow_remove_then_add {
            let message =
                format!("to {step} takes removing and adding them, so they have no access in between");
            let advice = "set allow_remove_then_add = true if that is acceptable";
            refusals.push(self.refusal(Guard::AllowRemoveThenAdd, step, message, advice));
        }
        refusals
    }
}

/// Whether this is an addition of somebody whose licence is not known. That is reported; it refuses only where somebody
/// said that nothing may cost money.
fn costs_unknown(step: &Step, limits: &Limits) -> bool {
    step.action == Action::Add && !step.has(&Consequence::LicenceUpgraded) && !limits.forbid_billable
}

/// Judges the mails that a whole plan sends, whatever the workspace.
pub(super) fn mails(steps: &[Step], limits: &Limits) -> Option<Refusal> {
    let allowed = u64::from(limits.max_mails?);
    let mut sent = 0u64;
    let count = |step: &Step| {
        let mails = step.consequences.iter().map(|consequence| match consequence {
            Consequence::Mails { count } => u64::from(*count),
            _ => 0,
        });
        mails.sum::<u64>()
    };
    let total: u64 = steps.iter().map(count).sum();
    let step = steps.iter().find(|step| {
        sent += count(step);
        sent > allowed
    })?;
    Some(Refusal {
        cause: Cause::Guard(Guard::MaxMails),
        target: Some(step.target.clone()),
        step: Some(step.number),
        people: vec![step.label.clone()],
        message: format!("{total} mails would be sent, and {allowed} are allowed"),
        advice: "ask for fewer notifications, or raise max_mails".to_owned(),
        overridable: true,
    })
}
