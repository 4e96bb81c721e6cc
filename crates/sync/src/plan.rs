//! What would change, as data. Pure: nothing here can read or write at a provider.

mod cost;
mod digest;
mod directory;
mod draft;
mod fingerprint;
mod grant;
mod groups;
mod judge;
mod key;
mod members;
mod names;
mod notes;
mod outcome;
mod refusal;
mod step;
mod tally;
mod users;

pub(crate) use cost::{is_rechecked, looks_at_target_only, reads_singly};
pub(crate) use directory::Directory;
pub use fingerprint::PlanFingerprint;
pub(crate) use judge::Case;
pub(crate) use members::Members;
pub(crate) use outcome::Outcome;
pub use refusal::{Cause, Override, Overrides, Problem, Refusal, Refused};
pub use step::{Action, Consequence, Kept, KeptReason, Step, Strategy};

use crate::desired::{Desired, DesiredWorkspace, Entry, Target};
use crate::guards::{Guards, Limits};
use crate::observe::Observed;
use draft::Drafter;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use workspace_members_core::{Provider, UserId, WorkspaceId};

/// The members of a workspace that a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PlannedRoster {
    /// The workspace's name, where it was read.
    pub name: Option<String>,
    /// How many members were read.
    pub members: usize,
    /// Whether these were all. Where people are only added, the others need not be read, or cannot.
    pub complete: bool,
    /// Who they are and as what; of a complete roster its [`workspace_members_core::Fingerprint`].
    pub fingerprint: String,
}

/// An account that a plan was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PlannedAccount {
    /// The connection's name.
    pub connection: String,
    /// The provider.
    pub provider: Provider,
    /// The base URL.
    pub endpoint: String,
    /// How the adapter is set up.
    pub variant: String,
    /// The account's own id, where the provider says it.
    pub account: Option<String>,
    /// Whom the credential acts as.
    pub me: Option<UserId>,
    /// The rosters, by workspace.
    pub rosters: BTreeMap<WorkspaceId, PlannedRoster>,
}

/// How many requests a plan takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PlanRequests {
    /// Requests that only read: before, between and after the writes.
    pub reads: u64,
    /// Requests that change something.
    pub writes: u64,
}

impl PlanRequests {
    /// Both together.
    pub fn total(self) -> u64 {
        self.reads.saturating_add(self.writes)
    }
}

/// What would change in all workspaces of a desired state, and everything that this depends on.
///
/// Made by [`compute`](Self::compute), carried out by [`apply`](crate::apply), which recomputes it from what is then
/// there and refuses it if anything differs. So a plan may be kept in a file and read by people; its steps are never
/// taken from the file.
///
/// ```compile_fail
/// // Nothing that could write is accepted where a plan is made.
/// fn plan(account: &workspace_members_core::InMemory, desired: &workspace_members_sync::Desired) {
///     let guards = workspace_members_sync::Guards::new();
///     let _ = workspace_members_sync::Plan::compute(desired, &[account], &guards);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Plan {
    /// The version of this form: 1.
    pub version: u32,
    /// Identifies the plan.
    pub fingerprint: PlanFingerprint,
    /// What is desired.
    pub desired: Desired,
    /// The guards it was judged by: the stricter of the desired state's and the caller's.
    pub guards: Guards,
    /// The accounts, ordered by connection.
    pub accounts: Vec<PlannedAccount>,
    /// What would be done: by workspace, and in each those who gain first, then those who lose a role, then removals.
    pub steps: Vec<Step>,
    /// Who stays although the desired state says otherwise, or says nothing.
    pub kept: Vec<Kept>,
    /// Every consequence of any step, each once.
    pub consequences: Vec<Consequence>,
    /// How many requests it takes, at most, if everything is as it was read. What a layer repeats counts once.
    pub requests: PlanRequests,
    /// How many seconds it takes at the least under the accounts' limits: those of the fewest requests that do it.
    pub eta_seconds: u64,
}

/// A plan file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPlan {
    /// It is not a plan, or of another version, or has fields that this version does not know.
    #[error("the file is not a plan of this version")]
    Form(#[source] serde_json::Error),
    /// It was changed after it was made.
    #[error("the plan's fingerprint is not that of its content: it was changed after it was made")]
    Changed,
}

/// A plan before it is judged.
pub(crate) struct Unjudged<'a> {
    pub(crate) plan: Plan,
    pub(crate) problems: Vec<Refusal>,
    /// One for each account of the plan. Shared, for whoever carries out what was judged.
    pub(crate) directories: Arc<[Directory<'a>]>,
    /// In the order of the steps.
    drafted: Vec<Drafted<'a>>,
}

/// A workspace whose steps are drafted.
struct Drafted<'a> {
    workspace: &'a DesiredWorkspace,
    members: Members<'a>,
    /// The place of its account's directory.
    directory: usize,
    /// Whom each of its steps changes, as a place among the members.
    places: Vec<Option<usize>>,
}

impl Plan {
    /// The one version of the form.
    pub const VERSION: u32 = 1;

    /// Decides what would change. No I/O; the same input gives the same plan, in whatever order it comes.
    ///
    /// Refused, with every reason, if a guard forbids what would come out after any step, or if the desired state cannot be met:
    /// somebody is unknown, a role cannot be given, the provider cannot do a step.
    pub fn compute(desired: &Desired, observed: &[Observed], guards: &Guards) -> Result<Self, Refused> {
        let unjudged = Unjudged::draft(desired, observed, &desired.guards.stricter(guards));
        let limits = unjudged.plan.guards.limits();
        unjudged.judge(&limits)
    }

    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The steps of each workspace that has any, in order.
    pub(crate) fn steps_by_target(&self) -> BTreeMap<&Target, Vec<&Step>> {
        let mut all: BTreeMap<&Target, Vec<&Step>> = BTreeMap::new();
        for step in &self.steps {
            all.entry(&step.target).or_default().push(step);
        }
        all
    }

    /// The steps of one workspace, in order.
    pub fn steps_of<'a>(&'a self, target: &'a Target) -> impl Iterator<Item = &'a Step> {
        self.steps.iter().filter(move |step| step.target == *target)
    }

    /// The plan as JSON, for [`from_json`](Self::from_json).
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// Reads a plan file. It is not trusted: unknown fields are refused, the fingerprint is recomputed, and
    /// [`apply`](crate::apply) judges it again.
    pub fn from_json(text: &str) -> Result<Self, InvalidPlan> {
        let plan: Self = serde_json::from_str(text).map_err(InvalidPlan::Form)?;
        if plan.version != Self::VERSION {
            let why = format!("it is of version {}, and this is version {}", plan.version, Self::VERSION);
            return Err(InvalidPlan::Form(serde::de::Error::custom(why)));
        }
        if plan.consequences != consequences(&plan.steps) || digest::of(&plan) != plan.fingerprint {
            return Err(InvalidPlan::Changed);
        }
        Ok(plan)
    }
}

impl<'a> Unjudged<'a> {
    /// Drafts the steps of every workspace, and the plan around them.
    pub(crate) fn draft(desired: &'a Desired, observed: &'a [Observed], guards: &Guards) -> Self {
        let limits = guards.limits();
        let mut accounts: Vec<PlannedAccount> = Vec::new();
        let mut directories: Vec<Directory<'a>> = Vec::new();
        let mut drafted = Vec::new();
        let (mut steps, mut kept, mut problems) = (Vec::new(), Vec::new(), names::twice(desired, observed));
        let mut costs: Vec<(&Observed, cost::Requests, cost::Requests)> = Vec::new();
        for connection in desired.connections() {
            let Some(seen) = observed.iter().find(|seen| seen.connection() == connection) else {
                problems
                    .extend(desired.of_connection(connection).map(|workspace| not_read(&workspace.target)));
                continue;
            };
            let mut account = account(seen);
            let directory = Directory::new(seen, &desired.people);
            let (mut total, mut again) = (cost::before(seen), cost::after(seen));
            for workspace in desired.of_connection(connection) {
                let Some(members) = Members::of(seen, &workspace.target.workspace) else {
                    problems.push(not_read(&workspace.target));
                    continue;
                };
                let id = &workspace.target.workspace;
                account.rosters.insert(id.clone(), planned(seen, id, members));
                let mut draft = Drafter::new(workspace, members, &directory, &limits).draft();
                let pricing = cost::Pricing::new(&directory, id, members, &draft.steps, limits.min_owners);
                for step in &mut draft.steps {
                    let of_step = pricing.of_step(step);
                    step.requests = of_step.most();
                    total.add(&of_step);
                }
                again.add(&pricing.again());
                steps.append(&mut draft.steps);
                kept.append(&mut draft.kept);
                problems.append(&mut draft.problems);
                let directory = directories.len();
                drafted.push(Drafted { workspace, members, directory, places: draft.places });
            }
            accounts.push(account);
            costs.push((seen, total, again));
            directories.push(directory);
        }
        let (mut requests, mut eta) = (PlanRequests::default(), std::time::Duration::ZERO);
        for (seen, mut total, again) in costs {
            // Once anything was done anywhere, everything is read again.
            if !steps.is_empty() {
                total.add(&again);
            }
            requests.writes += total.most_writes();
            requests.reads += total.most() - total.most_writes();
            eta = eta.max(total.eta(seen.capabilities()));
        }
        for (index, step) in steps.iter_mut().enumerate() {
            step.number = index + 1;
        }
        let mut plan = Plan {
            version: Plan::VERSION,
            fingerprint: PlanFingerprint(String::new()),
            desired: desired.clone(),
            guards: guards.clone(),
            accounts,
            consequences: consequences(&steps),
            steps,
            kept,
            requests,
            eta_seconds: eta.as_secs() + u64::from(eta.subsec_nanos() > 0),
        };
        plan.fingerprint = digest::of(&plan);
        Self { plan, problems, directories: directories.into(), drafted }
    }

    /// Judges the drafted plan by the given limits.
    pub(crate) fn judge(self, limits: &Limits) -> Result<Plan, Refused> {
        let Self { plan, problems: mut refusals, directories, drafted } = self;
        let guarded = limits.protect.iter().chain(&limits.required_owners);
        let unknown = guarded
            .filter(|entry| matches!(entry, Entry::Person(name) if plan.desired.people.get(name).is_none()));
        refusals.extend(unknown.map(Refusal::unknown_in_guards));
        let mut rest = plan.steps.as_slice();
        for Drafted { workspace, members, directory, places } in &drafted {
            let case = Case {
                target: &workspace.target,
                mode: workspace.mode,
                members: members.all,
                directory: &directories[*directory],
            };
            let (steps, behind) = rest.split_at(places.len());
            rest = behind;
            refusals.extend(case.judge(steps, places, limits));
        }
        refusals.extend(tally::mails(&plan.steps, limits));
        if refusals.is_empty() {
            return Ok(plan);
        }
        refusals.sort_by_key(|refusal| (refusal.step.is_some(), refusal.step));
        Err(Refused { refusals, plan: Box::new(plan) })
    }
}

/// Every consequence of any step, each once, sorted.
fn consequences(steps: &[Step]) -> Vec<Consequence> {
    let all: BTreeSet<&Consequence> = steps.iter().flat_map(|step| &step.consequences).collect();
    all.into_iter().cloned().collect()
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
        text
    })
}

/// Without its rosters.
fn account(seen: &Observed) -> PlannedAccount {
    PlannedAccount {
        connection: seen.connection().to_owned(),
        provider: seen.provider().clone(),
        endpoint: seen.capabilities().endpoint().to_owned(),
        variant: seen.capabilities().variant().to_owned(),
        account: seen.me().and_then(|me| me.account_id.clone()),
        me: seen.me().map(|me| me.user.clone()),
        rosters: BTreeMap::new(),
    }
}

fn planned(seen: &Observed, workspace: &WorkspaceId, members: Members<'_>) -> PlannedRoster {
    PlannedRoster {
        name: seen.workspace(workspace).map(|workspace| workspace.name.clone()),
        members: members.all.len(),
        complete: members.complete,
        fingerprint: members.fingerprint(),
    }
}

fn not_read(target: &Target) -> Refusal {
    let message = "the workspace was not read".to_owned();
    Refusal::problem(Problem::NotRead, target, None, message, "read this connection before planning")
}
