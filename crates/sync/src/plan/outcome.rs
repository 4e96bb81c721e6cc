//! A workspace as it would be after some steps, and what the guards say about it.

use super::directory::{Directory, Sure};
use super::refusal::{Cause, Refusal};
use super::step::{Action, Consequence, Step, Strategy};
use crate::desired::{Mode, Target};
use crate::guards::{Guard, Limits};
use std::cell::OnceCell;
use std::collections::HashMap;
use workspace_members_core::{Member, NativeRole, PrincipalId, Role, Status, UserId};

/// One member of an [`Outcome`] whom a step changed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seat {
    role: Role,
    native: NativeRole,
    status: Status,
}

/// Who would be in a workspace, and as what: the members as they were read, and what the steps changed.
///
/// The owners are counted once, when first asked for, and from then on along, so that a step costs the same however many
/// members there are.
#[derive(Debug, Clone)]
pub(crate) struct Outcome<'a, 'd> {
    directory: &'a Directory<'d>,
    /// Ordered by principal.
    members: &'a [Member],
    /// `None` for who is no member any more.
    changed: HashMap<&'a PrincipalId, Option<Seat>>,
    owners: OnceCell<Owners<'a>>,
}

/// The owners that may be active, each with in how many ways.
pub(crate) type Owners<'a> = HashMap<&'a UserId, u32>;

impl<'a, 'd> Outcome<'a, 'd> {
    /// The workspace as it is, or as much of it as was read again, ordered by principal.
    pub(crate) fn of(members: &'a [Member], directory: &'a Directory<'d>) -> Self {
        Self { directory, members, changed: HashMap::new(), owners: OnceCell::new() }
    }

    /// The owners that may be active, each with in how many ways. Users in owner groups count only where they are known,
    /// and known to be active.
    pub(crate) fn active_owners(&self) -> &Owners<'a> {
        self.owners.get_or_init(|| {
            let mut owners = Owners::default();
            for (principal, status) in self.owning() {
                count_owner(&mut owners, self.directory, principal, status, true);
            }
            owners
        })
    }

    /// Counts an owner in, or out, if they are counted yet.
    fn count_owner(&mut self, principal: &'a PrincipalId, status: Status, comes: bool) {
        if let Some(owners) = self.owners.get_mut() {
            count_owner(owners, self.directory, principal, status, comes);
        }
    }

    /// Takes a step of somebody who was read as `member`, if they are one. For a change by removing and adding, also
    /// answers how many owners are left in between.
    fn take(&mut self, step: &'a Step, member: Option<&Member>) -> Option<usize> {
        let principal = &step.principal;
        let old = match self.changed.remove(principal) {
            Some(seat) => seat.map(|seat| (seat.role == Role::Owner, seat.status)),
            None => member
                .map(|member| (member.role == Role::Owner, self.directory.status(principal, member.status))),
        };
        if let Some((true, status)) = old {
            self.count_owner(principal, status, false);
        }
        let between = (step.strategy == Strategy::RemoveThenAdd).then(|| {
            self.changed.insert(principal, None);
            self.active_owners().len()
        });
        let new = step.to.as_ref().map(|native| {
            let status = old.map_or(Status::Unknown, |(_, status)| status);
            let role = self.directory.observed.capabilities().roles().normalize(native);
            Seat { role, native: native.clone(), status: self.directory.status(principal, status) }
        });
        if let Some(Seat { role: Role::Owner, status, .. }) = &new {
            self.count_owner(principal, *status, true);
        }
        self.changed.insert(principal, new);
        between
    }

    /// Whether a principal who was read as `member` rules the workspace now, as far as is known. A role that the provider
    /// does not name may be the owner's.
    fn may_own(&self, principal: &PrincipalId, member: Option<&Member>) -> bool {
        let roles = self.directory.observed.capabilities().roles();
        let owns = |role: &Role, native: &NativeRole| *role == Role::Owner || roles.is_placeholder(native);
        match self.changed.get(principal) {
            Some(seat) => seat.as_ref().is_some_and(|seat| owns(&seat.role, &seat.native)),
            None => member.is_some_and(|member| owns(&member.role, &member.native_role)),
        }
    }

    /// Those in the owner role, with their status.
    fn owning(&self) -> impl Iterator<Item = (&'a PrincipalId, Status)> + '_ {
        let as_read = self.members.iter().filter(|member| member.role == Role::Owner);
        let as_read = as_read.map(|member| (&member.key.principal, member.status));
        let as_read = as_read.filter(|(principal, _)| !self.changed.contains_key(principal));
        let as_read =
            as_read.map(|(principal, status)| (principal, self.directory.status(principal, status)));
        let changed = self.changed.iter().filter_map(|(principal, seat)| {
            let seat = seat.as_ref().filter(|seat| seat.role == Role::Owner)?;
            Some((*principal, seat.status))
        });
        as_read.chain(changed)
    }

    /// Those in the owner role who may be active themselves, and groups in it.
    fn owner_seats(&self) -> impl Iterator<Item = &'a PrincipalId> + '_ {
        self.owning().filter(|(_, status)| status.may_be_active()).map(|(principal, _)| principal)
    }
}

/// Counts an owner in, or out.
fn count_owner<'a, 'd: 'a>(
    owners: &mut Owners<'a>,
    directory: &'a Directory<'d>,
    principal: &'a PrincipalId,
    status: Status,
    comes: bool,
) {
    let mut count = |user: &'a UserId| {
        let ways = owners.entry(user).or_insert(0);
        *ways = if comes { ways.saturating_add(1) } else { ways.saturating_sub(1) };
        if *ways == 0 {
            owners.remove(user);
        }
    };
    match principal {
        PrincipalId::User(user) if status.may_be_active() => count(user),
        PrincipalId::User(_) => {}
        PrincipalId::Group(group) => {
            for user in directory.active_in(group) {
                count(user);
            }
        }
    }
}

/// What all steps of a workspace did so far, for the guards that count.
#[derive(Debug, Default)]
struct Tally {
    removals: u64,
    demotions: u64,
    owner_changes: u64,
}

/// One workspace of a plan with what is needed to judge it.
#[derive(Debug)]
pub(crate) struct Case<'a, 'd> {
    pub(crate) target: &'a Target,
    pub(crate) mode: Mode,
    /// Everybody in it, or at least whoever a judgement of one step is about; ordered by principal.
    pub(crate) members: &'a [Member],
    pub(crate) directory: &'a Directory<'d>,
}

impl<'a, 'd> Case<'a, 'd> {
    fn member(&self, principal: &PrincipalId) -> Option<&Member> {
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

    /// Judges the outcome after every step, in order. `targets` are whom the steps change, as far as they are members, one
    /// for each: so a step costs the same however many members there are.
    pub(crate) fn judge(
        &self,
        steps: &'a [Step],
        targets: &[Option<&Member>],
        limits: &Limits,
    ) -> Vec<Refusal> {
        let mut outcome = Outcome::of(self.members, self.directory);
        let mut tally = Tally::default();
        let mut refusals = Vec::new();
        debug_assert_eq!(steps.len(), targets.len(), "every step is judged");
        for (step, target) in steps.iter().zip(targets) {
            refusals.extend(self.step(&mut outcome, step, *target, limits));
            refusals.extend(self.count(&mut tally, step, limits));
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
        outcome: &mut Outcome<'a, 'd>,
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
                let message = format!(
                    "to {step} would leave {left} owner{} who may be active, and {} must be left",
                    if left == 1 { "" } else { "s" },
                    limits.min_owners
                );
                refusals.push(self.refusal(
                    Guard::MinOwners,
                    step,
                    message,
                    "appoint another owner in the same plan",
                ));
            }
            if self.directory.means(&limits.required_owners, &step.principal, member) != Sure::No {
                let message = format!("{} must stay owner", step.label);
                refusals.push(self.refusal(
                    Guard::RequiredOwners,
                    step,
                    message,
                    "keep them in the owner role",
                ));
            }
        }
        if step.lowers() {
            refusals.extend(self.acting(step));
            if self.directory.means(&limits.protect, &step.principal, member) != Sure::No {
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
            Sure::No => return None,
            Sure::Yes => (format!("the key acts as {}, or through them", step.label), false),
            Sure::Maybe => (format!("the key may act as {}, or through them", step.label), true),
        };
        let advice = "use the key of somebody else who may change this workspace";
        let mut refusal = self.refusal(Guard::ActingIdentity, step, message, advice);
        refusal.overridable = overridable;
        Some(refusal)
    }

    /// The guards that count: each refuses at the first step beyond it, and once.
    fn count(&self, tally: &mut Tally, step: &Step, limits: &Limits) -> Vec<Refusal> {
        let members = self.members.len();
        let may_own = |native: &Option<NativeRole>| {
            let roles = self.directory.observed.capabilities().roles();
            native
                .as_ref()
                .is_some_and(|native| roles.normalize(native) == Role::Owner || roles.is_placeholder(native))
        };
        let (was, is) = (may_own(&step.from), may_own(&step.to));
        let counted = [
            (
                Guard::MaxRemovals,
                limits.max_removals,
                step.action == Action::Remove,
                &mut tally.removals,
                "removed",
            ),
            (
                Guard::MaxDemotions,
                limits.max_demotions,
                matches!(step.action, Action::Change | Action::Demote),
                &mut tally.demotions,
                "given a lower or incomparable role",
            ),
            (
                Guard::MaxOwnerChanges,
                limits.max_owner_changes,
                was != is || (was && step.lowers()),
                &mut tally.owner_changes,
                "made or unmade owner",
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
                let advice = "look whether the listing and the desired state are right; then raise the limit, or override it for this plan";
                refusals.push(self.refusal(guard, step, message, advice));
            }
        }
        refusals
    }

    fn allowances(&self, step: &Step, limits: &Limits) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        if step.may_cost() && !limits.allow_billable {
            let message = format!("to {step} may cost money");
            refusals.push(self.refusal(
                Guard::AllowBillable,
                step,
                message,
                "set allow_billable = true if it may",
            ));
        }
        if step.strategy == Strategy::RemoveThenAdd && !limits.allow_remove_then_add {
            let message = format!(
                "to {step} takes removing and adding them, and they would be outside between the two"
            );
            let advice = "set allow_remove_then_add = true if they may be";
            refusals.push(self.refusal(Guard::AllowRemoveThenAdd, step, message, advice));
        }
        refusals
    }

    /// The required owners who are none at the end of a plan that rules the whole workspace.
    fn missing_owners(&self, outcome: &Outcome<'_, '_>, limits: &Limits) -> Vec<Refusal> {
        if limits.required_owners.is_empty() {
            return Vec::new();
        }
        let owners: Vec<&PrincipalId> = outcome.owner_seats().collect();
        let owns = |entry: &crate::desired::Entry| {
            owners.iter().any(|principal| match principal {
                PrincipalId::User(_) => {
                    let entries = std::slice::from_ref(entry);
                    self.directory.means(entries, principal, self.member(principal)) == Sure::Yes
                }
                PrincipalId::Group(group) => self.directory.stands_for(group, entry),
            })
        };
        let missing = limits.required_owners.iter().filter(|entry| !owns(entry));
        missing
            .map(|entry| Refusal {
                cause: Cause::Guard(Guard::RequiredOwners),
                target: Some(self.target.clone()),
                step: None,
                people: vec![entry.to_string()],
                message: format!("{entry} would not be an active owner at the end, and must be"),
                advice: "name them as owner".to_owned(),
                overridable: true,
            })
            .collect()
    }
}

/// Judges what a whole plan does, whatever the workspace.
pub(crate) fn judge_mails(steps: &[Step], limits: &Limits) -> Option<Refusal> {
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
        message: format!("{total} mails would be sent, and {allowed} may be"),
        advice: "ask for fewer notifications, or raise max_mails".to_owned(),
        overridable: true,
    })
}
