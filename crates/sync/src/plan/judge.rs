//! What the guards say about the outcome of each step.

use super::directory::Directory;
use super::groups::Tri;
use super::members::Members;
use super::owners::Owners;
use super::refusal::{Cause, Refusal};
use super::step::{Action, Consequence, Step, Strategy};
use crate::desired::{Mode, Target};
use crate::guards::{Guard, Guards};
use workspace_members_core::{Mark, Member, NativeRole, PrincipalId, Role, Status};

/// One workspace of a plan with what is needed to judge it.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) target: &'a Target,
    pub(crate) directory: &'a Directory<'a>,
    pub(crate) guards: &'a Guards,
}

impl<'a> Case<'a> {
    pub(crate) fn refusal(&self, guard: Guard, step: &Step, message: String, advice: &str) -> Refusal {
        let (cause, person) = (Cause::Guard(guard), step.label.clone());
        let refusal = Refusal::new(cause, self.target.clone(), person, message, advice);
        Refusal { step: Some(step.number), ..refusal }
    }

    /// Judges the outcome after every step, in order.
    pub(super) fn judge(&self, steps: &'a [Step], members: Members<'a>, mode: Mode) -> Vec<Refusal> {
        let mut owners = Owners::of(members.all, self.directory);
        // How many were removed, given a lower role, and made or unmade owner so far.
        let mut tally = [0; 3];
        let mut refusals = Vec::new();
        for step in steps {
            self.judge_step(step, members.get(&step.principal), &mut owners, &mut refusals);
            self.count(step, members.all.len(), &mut tally, &mut refusals);
            self.allowances(step, &mut refusals);
        }
        if mode == Mode::Authoritative {
            self.missing_owners(members, &owners, &mut refusals);
        }
        refusals
    }

    /// Judges what one step leaves behind, and takes it. The only judgement that is repeated when the step's turn comes,
    /// with the member and the owners as they then are.
    pub(crate) fn judge_step(
        &self,
        step: &'a Step,
        member: Option<&Member>,
        owners: &mut Owners<'a>,
        refusals: &mut Vec<Refusal>,
    ) {
        let mut refuse = |guard, message: String, advice| {
            refusals.push(self.refusal(guard, step, message, advice));
        };
        let left = self.take(step, member, owners);
        if self.may_own(step.from.as_ref())
            && let Some(left) = left
        {
            if (left as u64) < u64::from(self.guards.min_owners()) {
                let (left, least) = (counted(left as u64, "owner"), self.guards.min_owners());
                let message = format!(
                    "to {step} would leave {left} who may be active, and at least {least} must remain"
                );
                refuse(Guard::MinOwners, message, "make somebody else owner in the same plan");
            }
            if self.directory.means(&self.guards.required_owners, &step.principal, member) != Tri::No {
                let message = format!("{} must stay owner, or may be somebody who must", step.label);
                refuse(Guard::RequiredOwners, message, "keep them in the owner role");
            }
        }
        if !step.lowers() {
            return;
        }
        let acts = self.directory.acts(&step.principal);
        if acts != Tri::No {
            let observed = self.directory.observed;
            let why = match (acts, observed.me(), observed.me_unread()) {
                (Tri::Yes, ..) => String::new(),
                (_, Some(_), _) => ": who is in the group is not known".to_owned(),
                (_, None, Some(why)) => format!(": whom it acts as could not be read: {why}"),
                (_, None, None) => ": the provider does not say whom it acts as".to_owned(),
            };
            let verb = if acts == Tri::Yes { "acts" } else { "may act" };
            let message = format!("the key {verb} as {}, or through them{why}", step.label);
            let advice = "use the key of somebody else who may change this workspace";
            let refusal = self.refusal(Guard::ActingIdentity, step, message, advice);
            refusals.push(Refusal { overridable: acts == Tri::Unknown, ..refusal });
        }
        let mut refuse = |message: String, advice| {
            refusals.push(self.refusal(Guard::Protect, step, message, advice));
        };
        if self.directory.means(&self.guards.protect, &step.principal, member) != Tri::No {
            refuse(format!("{} is protected, or may be", step.label), "leave them their role");
        } else if self.directory.is(&step.principal, Mark::AccountOwner) {
            let advice = "leave them their role, or hand the account over at the provider first";
            refuse(format!("{} owns the whole account", step.label), advice);
        }
    }

    /// Takes a step of somebody who was read as `member`, if they are one. Answers how many owners that leaves, between its
    /// two requests or after it; `None` if they may still be an owner.
    fn take(&self, step: &'a Step, member: Option<&Member>, owners: &mut Owners<'a>) -> Option<usize> {
        let principal = &step.principal;
        owners.remove(principal);
        let left = owners.count();
        // Somebody whose role something else sets is not counted on.
        if step.makes_owner(self.directory.observed.capabilities().roles())
            && !step.has(&Consequence::RoleSetByProvider)
        {
            let unread = if step.has(&Consequence::MayInvite) { Status::Pending } else { Status::Unknown };
            let status = member.map_or(unread, |member| member.status);
            owners.add(principal, self.directory.status(principal, status));
        }
        (step.strategy == Strategy::RemoveThenAdd || !self.may_own_after(step)).then_some(left)
    }

    /// Whether somebody in this role may rule the workspace: a role that the provider does not name may be the owner's.
    fn may_own(&self, role: Option<&NativeRole>) -> bool {
        let roles = self.directory.observed.capabilities().roles();
        role.is_some_and(|native| roles.normalize(native) == Role::Owner || roles.is_placeholder(native))
    }

    fn may_own_after(&self, step: &Step) -> bool {
        self.may_own(step.to.as_ref()) || step.has(&Consequence::RoleSetByProvider)
    }

    /// Counts a step. Each guard refuses at the first step beyond it, and once.
    fn count(&self, step: &Step, members: usize, tally: &mut [u64; 3], refusals: &mut Vec<Refusal>) {
        let guards = self.guards;
        let (was, is) = (self.may_own(step.from.as_ref()), self.may_own_after(step));
        let lower = matches!(step.action, Action::Change | Action::Demote);
        let limits = [
            (step.action == Action::Remove, Guard::MaxRemovals, guards.max_removals(), "removed"),
            (lower, Guard::MaxDemotions, guards.max_demotions(), "given a lower or incomparable role"),
            (
                was != is || (was && step.lowers()),
                Guard::MaxOwnerChanges,
                guards.max_owner_changes(),
                "made owner, or no longer be one",
            ),
        ];
        for ((counts, guard, limit, done), so_far) in limits.into_iter().zip(tally) {
            *so_far += u64::from(counts);
            let allowed = limit.allows(members, guards.floor());
            if counts && *so_far == allowed + 1 {
                let members = counted(members as u64, "member");
                let message = format!("more than {allowed} of {members} would be {done} ({limit})");
                let advice = "check that the listing and the desired state are right; then raise the limit, or \
                              override it for this plan";
                refusals.push(self.refusal(guard, step, message, advice));
            }
        }
    }

    /// What a single step may do only where that is allowed.
    fn allowances(&self, step: &Step, refusals: &mut Vec<Refusal>) {
        let guards = self.guards;
        // An addition of somebody whose licence is not known is reported; it is refused only where somebody said that
        // nothing may cost money.
        let reported = step.action == Action::Add
            && !step.has(&Consequence::LicenceUpgraded)
            && guards.allow_billable.is_none();
        if step.may_cost() && guards.allow_billable != Some(true) && !reported {
            let message = format!("to {step} may cost money");
            let advice = "set allow_billable = true under [guards] if it may";
            refusals.push(self.refusal(Guard::AllowBillable, step, message, advice));
        }
        if step.strategy == Strategy::RemoveThenAdd && !guards.allow_remove_then_add() {
            let message =
                format!("to {step} takes removing and adding them, so they have no access in between");
            let advice = "set allow_remove_then_add = true under [guards] if that is acceptable";
            refusals.push(self.refusal(Guard::AllowRemoveThenAdd, step, message, advice));
        }
    }

    /// The required owners who are none at the end of a plan that rules the whole workspace.
    fn missing_owners(&self, members: Members<'_>, owners: &Owners<'_>, refusals: &mut Vec<Refusal>) {
        for entry in &self.guards.required_owners {
            let (entries, directory) = (std::slice::from_ref(entry), self.directory);
            let means = |principal: &PrincipalId| match principal {
                PrincipalId::Group(group) => directory.stands_for(group, entry),
                _ => directory.means(entries, principal, members.get(principal)) == Tri::Yes,
            };
            if owners.acting().any(means) {
                continue;
            }
            let (cause, target) = (Cause::Guard(Guard::RequiredOwners), self.target.clone());
            let message = format!("{entry} must be an active owner at the end, and would not be");
            refusals.push(Refusal::new(cause, target, entry.to_string(), message, "name them as owner"));
        }
    }
}

/// Judges the mails that a whole plan sends, whatever the workspace.
pub(super) fn mails(steps: &[Step], guards: &Guards) -> Option<Refusal> {
    let allowed = u64::from(guards.max_mails?);
    let mut sent = 0;
    let mut first = None;
    for step in steps {
        sent += step.mails();
        first = first.or((sent > allowed).then_some(step));
    }
    let step = first?;
    let (cause, target, person) = (Cause::Guard(Guard::MaxMails), step.target.clone(), step.label.clone());
    let message = format!("{} would be sent, and at most {allowed} may be", counted(sent, "mail"));
    let advice = "ask for fewer notifications, or raise max_mails";
    Some(Refusal { step: Some(step.number), ..Refusal::new(cause, target, person, message, advice) })
}

/// `1 owner`, `2 owners`.
fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
