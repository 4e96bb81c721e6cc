//! What a plan costs in requests, and how long that takes at the account's limits.

use super::directory::Directory;
use super::members::Members;
use super::step::{Action, Step, Strategy};
use crate::observe::Observed;
use std::collections::BTreeMap;
use std::time::Duration;
use workspace_members_core::{
    Behaviour, Capabilities, Capability, Operation, PrincipalId, RateLimit, Role, Status, WorkspaceId,
};

/// Requests by operation: so many at the least, and so many at most, if everything is as it was read and each step is
/// done. Requests that a layer repeats count once.
#[derive(Debug, Clone, Default)]
pub(super) struct Requests(BTreeMap<Operation, (u64, u64)>);

impl Requests {
    fn of(operations: &[Operation]) -> Self {
        Self(operations.iter().map(|operation| (*operation, (1, 1))).collect())
    }

    pub(super) fn exactly<'a>(counts: impl IntoIterator<Item = (&'a Operation, &'a u64)>) -> Self {
        Self(counts.into_iter().map(|(operation, count)| (*operation, (*count, *count))).collect())
    }

    fn between(operation: Operation, least: u64, most: u64) -> Self {
        Self(BTreeMap::from([(operation, (least, most))]))
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (operation, (least, most)) in &other.0 {
            let sum = self.0.entry(*operation).or_default();
            *sum = (sum.0 + least, sum.1 + most);
        }
    }

    fn and(mut self, other: &Self) -> Self {
        self.add(other);
        self
    }

    /// How many there are at most.
    pub(super) fn most(&self) -> u64 {
        self.0.values().map(|(_, most)| most).sum()
    }

    /// How many of them change something.
    pub(super) fn most_writes(&self) -> u64 {
        self.0.iter().filter(|(operation, _)| operation.is_write()).map(|(_, (_, most))| most).sum()
    }

    /// How long they take at the least under the account's limits.
    ///
    /// A window's worth of requests may start at once, so `n` requests of a limit of `max` take `(n - 1) / max` whole
    /// windows. Of several limits the slowest counts; the time that the provider takes to answer is not known and not in
    /// it.
    pub(super) fn eta(&self, capabilities: &Capabilities) -> Duration {
        let of_limit = |limit: &RateLimit| {
            let covered = self.0.iter().filter(|(operation, _)| limit.covers(**operation));
            let least: u64 = covered.map(|(_, (least, _))| least).sum();
            let windows = least.saturating_sub(1) / u64::from(limit.max.max(1));
            limit.per.saturating_mul(u32::try_from(windows).unwrap_or(u32::MAX))
        };
        capabilities.limits().iter().map(of_limit).max().unwrap_or_default()
    }
}

/// How many pages a list of so many members has.
fn pages(capabilities: &Capabilities, members: usize) -> u64 {
    let size = capabilities.page_size_of(Operation::ListMembers);
    size.map_or(1, |size| (members as u64).div_ceil(u64::from(size)).max(1))
}

/// What is read of a workspace's members again before a step is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing: the step changes no member.
    None,
    /// The member whom it changes: nobody loses anything by it.
    Target,
    /// That member and enough owners, one by one, where a whole roster takes more requests.
    Singly,
    /// Everybody.
    Roster,
}

impl Look {
    /// Before a promotion too: it would lower somebody whom others have promoted further meanwhile, and so would an addition
    /// where that changes the role of a member.
    pub(crate) fn before(step: &Step, capabilities: &Capabilities, members: usize, min_owners: u32) -> Self {
        let by_id = capabilities.has(Capability::GetMember);
        let one_pass = capabilities.has(Capability::ListAccountMembers);
        if step.action == Action::Add && !capabilities.behaves(Behaviour::AddUpserts) {
            Self::None
        } else if by_id && !step.lowers() {
            Self::Target
        } else if by_id && (one_pass || pages(capabilities, members) > u64::from(min_owners) + 1) {
            Self::Singly
        } else {
            Self::Roster
        }
    }
}

/// What the steps of one workspace cost.
pub(super) struct Pricing<'a> {
    capabilities: &'a Capabilities,
    members: usize,
    /// How many were read one by one, where there is no roster.
    singles: Option<u64>,
    /// Reading the roster once while the steps are taken.
    roster: Requests,
    /// Reading the target and enough owners, one by one.
    singly: Requests,
    min_owners: u32,
}

impl<'a> Pricing<'a> {
    pub(super) fn new(
        directory: &Directory<'a>,
        workspace: &WorkspaceId,
        members: Members<'_>,
        steps: &[Step],
        min_owners: u32,
    ) -> Self {
        let observed = directory.observed;
        let capabilities = observed.capabilities();
        // Owners that are looked for and do not count: they are not active, or an earlier step unmade them.
        let idle = |principal, status| {
            PrincipalId::as_group(principal).is_some() || !directory.status(principal, status).may_be_active()
        };
        let roles = capabilities.roles();
        let was =
            |step: &Step| step.from.as_ref().is_some_and(|native| roles.normalize(native) == Role::Owner);
        let known = members.owners().filter(|owner| idle(&owner.key.principal, owner.status)).count();
        let made = steps
            .iter()
            .filter(|step| was(step) || (step.makes_owner(roles) && idle(&step.principal, Status::Unknown)))
            .count();
        let owners = u64::from(min_owners.max(1)) + (known + made) as u64;
        Self {
            capabilities,
            members: members.all.len(),
            singles: observed.singles.get(workspace).map(|singles| singles.asked.len() as u64),
            roster: of_roster(observed, members.all.len(), steps),
            singly: Requests::between(Operation::Get, 1, 1 + owners),
            min_owners,
        }
    }

    /// Reading the members once more at the end, where each workspace has a list of its own or no roster is read.
    pub(super) fn again(&self) -> Requests {
        if let Some(singles) = self.singles {
            return Requests::between(Operation::Get, singles, singles);
        }
        let apart = !self.capabilities.has(Capability::ListAccountMembers);
        let lists = self.roster.0.get_key_value(&Operation::ListMembers).filter(|_| apart);
        Requests(lists.map(|(operation, count)| (*operation, *count)).into_iter().collect())
    }

    /// The requests of one step.
    pub(super) fn of_step(&self, step: &Step) -> Requests {
        let look = match Look::before(step, self.capabilities, self.members, self.min_owners) {
            Look::None => Requests::default(),
            Look::Target => Requests::of(&[Operation::Get]),
            Look::Singly => self.singly.clone(),
            Look::Roster => self.roster.clone(),
        };
        let rest: &[Operation] = match (step.action, step.strategy) {
            (Action::Remove, _) => &[Operation::Remove],
            (_, Strategy::RemoveThenAdd) => &[Operation::Get, Operation::Remove, Operation::Add],
            (Action::Add, Strategy::AddThenSetRole) => &[Operation::Add, Operation::SetRole],
            (Action::Add, _) => &[Operation::Add],
            _ if self.capabilities.changes_role_by_adding(step.principal.kind()) => &[Operation::Add],
            _ => &[Operation::SetRole],
        };
        look.and(&Requests::of(rest))
    }
}

/// Reading one roster while its steps are taken or after them: everybody who is added may be in it by then, and
/// everybody who is removed may be out.
fn of_roster(observed: &Observed, members: usize, steps: &[Step]) -> Requests {
    let capabilities = observed.capabilities();
    let list = observed.reads().get_key_value(&Operation::ListWorkspaces);
    let list = Requests::exactly(list.filter(|_| capabilities.rosters_need_workspaces()));
    if capabilities.has(Capability::ListAccountMembers) {
        return Requests::exactly(&observed.roster_reads).and(&list);
    }
    let count = |action| steps.iter().filter(|step| step.action == action).count();
    let least = pages(capabilities, members.saturating_sub(count(Action::Remove)));
    let most = pages(capabilities, members + count(Action::Add));
    Requests::between(Operation::ListMembers, least, most).and(&list)
}

/// Reading all rosters once more at the end, in the one pass that there is. Where each workspace has a list of its own:
/// [`Pricing::again`].
pub(super) fn after(observed: &Observed) -> Requests {
    let one_pass = observed.capabilities().has(Capability::ListAccountMembers);
    if one_pass { Requests::exactly(&observed.roster_reads) } else { Requests::default() }
}
