//! What the guards say about the outcome of each step.

use super::directory::{Directory, Tri};
use super::outcome::Outcome;
use super::refusal::{Cause, Refusal};
use super::step::Step;
use super::tally::Tally;
use crate::desired::{Entry, Mode, Target};
use crate::guards::{Guard, Limits};
use workspace_members_core::{Member, PrincipalId};

/// One workspace of a plan with what is needed to judge it.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) target: &'a Target,
    pub(crate) mode: Mode,
    /// Everybody in it, or at least whoever a judgement of one step is about; ordered by principal.
    pub(crate) members: &'a [Member],
    pub(crate) directory: &'a Directory<'a>,
}

impl<'a> Case<'a> {
    fn member(&self, principal: &PrincipalId) -> Option<&'a Member> {
        let at = self.members.binary_search_by(|member| member.key.principal.cmp(principal)).ok()?;
        self.members.get(at)
    }

    pub(crate) fn refusal(&self, guard: Guard, step: &Step, message: String, advice: &str) -> Refusal {
        Refusal {
            cause: Cause::Guard(guard),
            target: Some(self.target.clone()),
            step: Some(step.number),
            people: vec![step.label.clone()],
            message,
            advice: advice.to_owned(),
            overridable: true,
        }
    }

    /// Judges the outcome after every step, in order. `places` are whom the steps change, as places among the members, one
    /// for each step.
    pub(super) fn judge(&self, steps: &'a [Step], places: &[Option<usize>], limits: &Limits) -> Vec<Refusal> {
        let mut outcome = Outcome::of(self.members, self.directory);
        let mut tally = Tally::default();
        let mut refusals = Vec::new();
        debug_assert_eq!(steps.len(), places.len(), "every step is judged");
        for (step, place) in steps.iter().zip(places) {
            let member = place.and_then(|place| self.members.get(place));
            refusals.extend(self.step(&mut outcome, step, member, limits));
            refusals.extend(tally.count(self, step, limits));
            refusals.extend(self.allowances(step, limits));
        }
        if self.mode == Mode::Authoritative {
            refusals.extend(self.missing_owners(&outcome, limits));
        }
        refusals
    }

    /// Judges what one step leaves behind. The only judgement that is repeated when the step's turn comes, on the roster
    /// as it then is.
    pub(crate) fn judge_now(&self, step: &'a Step, limits: &Limits) -> Vec<Refusal> {
        let mut outcome = Outcome::of(self.members, self.directory);
        self.step(&mut outcome, step, self.member(&step.principal), limits)
    }

    fn step(
        &self,
        outcome: &mut Outcome<'a>,
        step: &'a Step,
        member: Option<&Member>,
        limits: &Limits,
    ) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let owned = outcome.may_own(&step.principal, member);
        let between = outcome.take(step, member);
        let loses = owned && (between.is_some() || !outcome.may_own(&step.principal, member));
        if loses {
            let left = between.unwrap_or_else(|| outcome.active_owners().len());
            if (left as u64) < u64::from(limits.min_owners) {
                let owners = if left == 1 { "owner" } else { "owners" };
                let message = format!(
                    "to {step} would leave {left} {owners} who may be active, and at least {} must remain",
                    limits.min_owners
                );
                let advice = "make somebody else owner in the same plan";
                refusals.push(self.refusal(Guard::MinOwners, step, message, advice));
            }
            if self.directory.means(&limits.required_owners, &step.principal, member) != Tri::No {
                let message = format!("{} must stay owner, or may be somebody who must", step.label);
                let advice = "keep them in the owner role";
                refusals.push(self.refusal(Guard::RequiredOwners, step, message, advice));
            }
        }
        if step.lowers() {
            refusals.extend(self.acting(step));
            if self.directory.means(&limits.protect, &step.principal, member) != Tri::No {
                let message = format!("{} is protected, or may be", step.label);
                refusals.push(self.refusal(Guard::Protect, step, message, "leave them their role"));
            } else if self.directory.owns_account(&step.principal) {
                let message = format!("{} owns the whole account", step.label);
                let advice = "leave them their role, or hand the account over at the provider first";
                refusals.push(self.refusal(Guard::Protect, step, message, advice));
            }
        }
        refusals
    }

    fn acting(&self, step: &Step) -> Option<Refusal> {
        let (message, overridable) = match self.directory.acts(&step.principal) {
            Tri::No => return None,
            Tri::Yes => (format!("the key acts as {}, or through them", step.label), false),
            Tri::Unknown => (format!("the key may act as {}, or through them", step.label), true),
        };
        let advice = "use the key of somebody else who may change this workspace";
        let mut refusal = self.refusal(Guard::ActingIdentity, step, message, advice);
        refusal.overridable = overridable;
        Some(refusal)
    }

    /// The required owners who are none at the end of a plan that rules the whole workspace.
    fn missing_owners(&self, outcome: &Outcome<'_>, limits: &Limits) -> Vec<Refusal> {
        if limits.required_owners.is_empty() {
            return Vec::new();
        }
        let owners: Vec<&PrincipalId> = outcome.acting_owners().collect();
        let owns = |entry: &Entry| {
            owners.iter().any(|principal| {
                if let PrincipalId::Group(group) = principal {
                    return self.directory.stands_for(group, entry);
                }
                let entries = std::slice::from_ref(entry);
                self.directory.means(entries, principal, self.member(principal)) == Tri::Yes
            })
        };
        let missing = limits.required_owners.iter().filter(|entry| !owns(entry));
        missing
            .map(|entry| Refusal {
                cause: Cause::Guard(Guard::RequiredOwners),
                target: Some(self.target.clone()),
                step: None,
                people: vec![entry.to_string()],
                message: format!("{entry} must be an active owner at the end, and would not be"),
                advice: "name them as owner".to_owned(),
                overridable: true,
            })
            .collect()
    }
}
