//! What a plan costs in requests, and how long that takes at the account's limits.

use super::step::{Action, Step, Strategy};
use crate::observe::Observed;
use std::collections::BTreeMap;
use std::time::Duration;
use workspace_members_core::{Capabilities, Capability, Operation};

/// Requests by operation.
pub(super) type Requests = BTreeMap<Operation, u64>;

pub(super) fn add(to: &mut Requests, from: &Requests) {
    for (operation, count) in from {
        *to.entry(*operation).or_default() += count;
    }
}

pub(super) fn total(requests: &Requests) -> u64 {
    requests.values().sum()
}

/// Whether the check before a lowering step reads single members, where a whole roster would take more requests.
pub(crate) fn reads_singly(capabilities: &Capabilities, members: usize, min_owners: u32) -> bool {
    let pages = (members as u64).div_ceil(u64::from(capabilities.page_size())).max(1);
    let one_pass = capabilities.has(Capability::ListAccountMembers);
    capabilities.has(Capability::GetMember) && (one_pass || pages > u64::from(min_owners) + 1)
}

/// Whether the check before a step reads nobody but the member it changes: nobody loses anything by it.
pub(crate) fn looks_at_target_only(capabilities: &Capabilities, step: &Step) -> bool {
    !step.lowers() && capabilities.has(Capability::GetMember)
}

/// The requests of one step in a workspace of so many members, at most.
pub(super) fn of_step(step: &Step, observed: &Observed, members: usize, min_owners: u32) -> Requests {
    let capabilities = observed.capabilities();
    let roster: Requests = if capabilities.has(Capability::ListAccountMembers) {
        let kept = [Operation::ListWorkspaces, Operation::ListMembers];
        observed
            .reads()
            .iter()
            .filter(|(operation, _)| kept.contains(operation))
            .map(|(o, n)| (*o, *n))
            .collect()
    } else {
        let pages = (members as u64).div_ceil(u64::from(capabilities.page_size())).max(1);
        Requests::from([(Operation::ListMembers, pages)])
    };
    let mut requests = Requests::new();
    if looks_at_target_only(capabilities, step) {
        requests.insert(Operation::Get, u64::from(step.action != Action::Add));
    } else if step.action != Action::Add {
        if reads_singly(capabilities, members, min_owners) {
            requests.insert(Operation::Get, 1 + u64::from(min_owners.max(1)));
        } else {
            add(&mut requests, &roster);
        }
    }
    match (step.action, step.strategy) {
        (Action::Remove, _) => add(&mut requests, &Requests::from([(Operation::Remove, 1)])),
        (_, Strategy::RemoveThenAdd) => {
            add(&mut requests, &roster);
            let rest = [(Operation::Me, 1), (Operation::Remove, 1), (Operation::Add, 1)];
            add(&mut requests, &Requests::from(rest));
        }
        (Action::Add, Strategy::AddThenSetRole) => {
            add(&mut requests, &Requests::from([(Operation::Add, 1), (Operation::SetRole, 1)]));
        }
        (Action::Add, _) => add(&mut requests, &Requests::from([(Operation::Add, 1)])),
        _ => add(&mut requests, &Requests::from([(Operation::SetRole, 1)])),
    }
    requests
}

/// How long so many requests take at the least under the account's limits.
///
/// A window's worth of requests may start at once, so `n` requests of a limit of `max` take `(n - 1) / max` whole
/// windows. Of several limits the slowest counts; the time that the provider takes to answer is not known and not in it.
pub(super) fn eta(requests: &Requests, capabilities: &Capabilities) -> Duration {
    let of_limit = |limit: &workspace_members_core::RateLimit| {
        let covered: u64 = requests.iter().filter(|(o, _)| limit.covers(**o)).map(|(_, count)| count).sum();
        let windows = covered.saturating_sub(1) / u64::from(limit.max.max(1));
        limit.per.saturating_mul(u32::try_from(windows).unwrap_or(u32::MAX))
    };
    capabilities.limits().iter().map(of_limit).max().unwrap_or_default()
}
