//! Making a plan: drafting what would change, then judging it.

use super::cost::{self, Pricing, Requests};
use super::directory::Directory;
use super::draft::Draft;
use super::judge::{self, Case};
use super::members::Members;
use super::names;
use super::refusal::{Cause, Problem, Refusal, Refused};
use super::{Plan, PlanFingerprint, PlanRequests, PlannedAccount, PlannedRoster, consequences};
use crate::desired::{Desired, DesiredWorkspace, Entry};
use crate::guards::Guards;
use crate::observe::Observed;
use std::collections::BTreeMap;
use std::time::Duration;

/// A plan before it is judged.
pub(crate) struct Unjudged<'a> {
    pub(crate) plan: Plan,
    pub(crate) problems: Vec<Refusal>,
    /// One for each account of the plan.
    pub(crate) directories: Vec<Directory<'a>>,
    /// In the order of the steps.
    drafted: Vec<Drafted<'a>>,
}

/// A workspace whose steps are drafted.
struct Drafted<'a> {
    workspace: &'a DesiredWorkspace,
    members: Members<'a>,
    /// The index of its account's directory.
    directory: usize,
    /// How many steps it has.
    steps: usize,
}

impl Plan {
    /// Decides what would change. No I/O; the same input gives the same plan, in whatever order it comes.
    ///
    /// Refused, with every reason, if a guard forbids what would come out after any step, or if the desired state cannot
    /// be met: somebody is unknown, a role cannot be given, the provider cannot do a step.
    pub fn compute(desired: &Desired, observed: &[Observed], guards: &Guards) -> Result<Self, Refused> {
        let unjudged = Unjudged::draft(desired, observed, &desired.guards.stricter(guards));
        let refusals = unjudged.judge(&unjudged.plan.guards);
        Refused::unless_none(refusals, unjudged.plan)
    }
}

impl<'a> Unjudged<'a> {
    /// Drafts the steps of every workspace, and the plan around them.
    pub(crate) fn draft(desired: &'a Desired, observed: &'a [Observed], guards: &Guards) -> Self {
        let (mut accounts, mut directories, mut drafted) = (Vec::new(), Vec::new(), Vec::new());
        let (mut steps, mut kept, mut problems) = (Vec::new(), Vec::new(), names::twice(desired, observed));
        let mut costs: Vec<(&Observed, Requests, Requests)> = Vec::new();
        for connection in desired.connections() {
            let Some(seen) = observed.iter().find(|seen| seen.connection() == connection) else {
                problems.extend(desired.of_connection(connection).map(not_read));
                continue;
            };
            let mut directory = Directory::new(seen, &desired.people);
            let of_guards = guards.protect.iter().chain(&guards.required_owners);
            let members = desired.of_connection(connection).flat_map(|workspace| workspace.members.iter());
            if of_guards.chain(members.map(|member| &member.who)).any(Entry::may_be_address) {
                directory = directory.with_addresses();
            }
            let (me, capabilities) = (seen.me(), seen.capabilities());
            let mut account = PlannedAccount {
                connection: connection.to_owned(),
                provider: seen.provider().clone(),
                endpoint: capabilities.endpoint().to_owned(),
                variant: capabilities.variant().to_owned(),
                account: me.and_then(|me| me.account_id.clone()),
                me: me.map(|me| me.user.clone()),
                rosters: BTreeMap::new(),
            };
            // Applying reads everything again before its first step.
            let (mut total, mut again) = (Requests::exactly(seen.reads()), cost::after(seen));
            for workspace in desired.of_connection(connection) {
                let id = &workspace.target.workspace;
                let Some(members) = Members::of(seen, id) else {
                    problems.push(not_read(workspace));
                    continue;
                };
                let planned = PlannedRoster {
                    name: seen.workspace(id).map(|workspace| workspace.name.clone()),
                    members: members.all.len(),
                    complete: members.complete,
                    fingerprint: members.fingerprint(),
                };
                account.rosters.insert(id.clone(), planned);
                let mut draft = Draft::of(workspace, members, &directory, guards);
                let pricing = Pricing::new(&directory, id, members, &draft.steps, guards.min_owners());
                for step in &mut draft.steps {
                    let of_step = pricing.of_step(step);
                    step.requests = of_step.most();
                    total.add(&of_step);
                }
                again.add(&pricing.again());
                let (directory, number) = (directories.len(), draft.steps.len());
                drafted.push(Drafted { workspace, members, directory, steps: number });
                steps.append(&mut draft.steps);
                kept.append(&mut draft.kept);
                problems.append(&mut draft.problems);
            }
            accounts.push(account);
            costs.push((seen, total, again));
            directories.push(directory);
        }
        let (mut requests, mut eta) = (PlanRequests::default(), Duration::ZERO);
        for (seen, mut total, again) in costs {
            // Once anything was done anywhere, everything is read again.
            if !steps.is_empty() {
                total.add(&again);
            }
            requests.writes += total.most_writes();
            requests.reads += total.most() - total.most_writes();
            eta = eta.max(total.eta(seen.capabilities()));
        }
        for (number, step) in (1..).zip(&mut steps) {
            step.number = number;
        }
        let mut plan = Plan {
            version: Plan::VERSION,
            fingerprint: PlanFingerprint::NONE,
            desired: desired.clone(),
            guards: guards.clone(),
            accounts,
            consequences: consequences(&steps),
            steps,
            kept,
            requests,
            eta_seconds: eta.as_secs() + u64::from(eta.subsec_nanos() > 0),
        };
        plan.fingerprint = plan.content_fingerprint();
        Self { plan, problems, directories, drafted }
    }

    /// Why the given guards, or the desired state itself, refuse the plan.
    pub(crate) fn judge(&self, guards: &Guards) -> Vec<Refusal> {
        let mut refusals = self.problems.clone();
        for entry in guards.protect.iter().chain(&guards.required_owners) {
            // It would guard nobody.
            if matches!(entry, Entry::Person(name) if !self.plan.desired.people.contains_key(name)) {
                let message = format!("a guard names {entry}, whom the desired state does not define");
                let advice = "define them in [people], or name an address in the guard";
                let cause = Cause::Problem(Problem::UnknownPerson);
                refusals.push(Refusal::new(cause, None, entry.to_string(), message, advice));
            }
        }
        let mut rest = self.plan.steps.as_slice();
        for Drafted { workspace, members, directory, steps } in &self.drafted {
            let case = Case { target: &workspace.target, directory: &self.directories[*directory], guards };
            let (steps, others) = rest.split_at(*steps);
            rest = others;
            refusals.extend(case.judge(steps, *members, workspace.mode));
        }
        refusals.extend(judge::mails(&self.plan.steps, guards));
        refusals.sort_by_key(|refusal| (refusal.step.is_some(), refusal.step));
        refusals
    }
}

fn not_read(workspace: &DesiredWorkspace) -> Refusal {
    let (target, advice) = (workspace.target.clone(), "read this connection before planning");
    Refusal::new(Cause::Problem(Problem::NotRead), target, None, "the workspace was not read", advice)
}
