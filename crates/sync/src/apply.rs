//! Carrying out a plan, and nothing but that plan.

mod connections;
mod error;
mod leases;
mod options;
mod progress;
mod recheck;
mod recover;
mod report;
mod steps;
mod write;

pub use connections::Connections;
pub use error::ApplyError;
pub use options::ApplyOptions;
pub use progress::{Event, Progress};
pub use report::{Recovered, Recovery, Report, StepOutcome, StepReport};

use crate::desired::{Desired, DesiredWorkspace, Target};
use crate::guards::Guards;
use crate::observe::{Known, Observed};
use crate::plan::{Directory, Members, Owners, Plan, Refused, Step, Unjudged};
use crate::store::AccountKey;
use connections::{Picked, pick};
use error::read;
use futures_util::future::{BoxFuture, try_join_all};
use futures_util::{FutureExt, StreamExt, stream};
use leases::Leases;
use recheck::Recheck;
use std::collections::{BTreeMap, BTreeSet};
use steps::Runner;
use workspace_members_core::WorkspaceId;

/// Recovers the open changes of earlier runs at these connections: adds people again who were left outside. Do it before
/// planning, as it changes the rosters that a plan is made from. Idempotent.
pub async fn recover(
    connections: &Connections,
    options: &ApplyOptions,
) -> Result<Vec<Recovered>, ApplyError> {
    let picked = pick(connections, connections.keys().map(String::as_str))?;
    let leases = Leases::take(&picked, &*options.store, |_| false).await?;
    recover::recover(&leases, &picked, &options.progress).await
}

/// Reads everything that plans for this desired state are made from: all its connections, side by side.
pub async fn observe(connections: &Connections, desired: &Desired) -> Result<Vec<Observed>, ApplyError> {
    let picked = pick(connections, desired.connections())?;
    observe_with(&picked, desired, |_| Known::new()).await
}

async fn observe_with(
    connections: &Picked<'_>,
    desired: &Desired,
    known: impl Fn(&str) -> Known,
) -> Result<Vec<Observed>, ApplyError> {
    let reading = connections.iter().map(|(&name, &members)| {
        let reading = Observed::read_knowing(members, name, desired, known(name));
        async move { reading.await.map_err(read(name)) }.boxed()
    });
    try_join_all(reading).await
}

/// Carries out a plan.
///
/// Takes the leases of its accounts, recovers open changes of earlier runs, reads everything again and computes the plan
/// anew. If that is not the very same plan it is refused as [`ApplyError::Stale`], or replaced if the options say so.
/// It is then judged by this host's guards. Workspaces are worked on side by side. Before each step that lowers
/// somebody the target and the owners are read once more. The first step of a workspace that is not done ends that
/// workspace, and no other. At the end the rosters are read again, and the report says what is then so.
///
/// May be dropped at any point. What was done stays done; planning and applying again does the rest.
pub async fn apply(
    connections: &Connections,
    plan: &Plan,
    options: &ApplyOptions,
) -> Result<Report, ApplyError> {
    let limits = plan.guards.stricter(&options.guards);
    run(connections, &plan.desired, &plan.guards, &limits, options, Some(plan)).await
}

/// Plans a desired state and carries the plan out in one go, where nobody needs to look at it in between.
///
/// As [`apply`] in everything else. What the plan is made from is read once, under the lease, and not a second time, as
/// nobody took time to decide. The guards are the desired state's and this host's.
pub async fn apply_desired(
    connections: &Connections,
    desired: &Desired,
    options: &ApplyOptions,
) -> Result<Report, ApplyError> {
    let guards = desired.guards.stricter(&options.guards);
    run(connections, desired, &guards, &guards, options, None).await
}

/// Plans anew by these guards, compares that with the plan that was seen, and carries it out if
/// `limits` allow it, which are as strict or stricter.
async fn run(
    connections: &Connections,
    desired: &Desired,
    guards: &Guards,
    limits: &Guards,
    options: &ApplyOptions,
    seen: Option<&Plan>,
) -> Result<Report, ApplyError> {
    let picked = pick(connections, desired.connections())?;
    // Only adding people leaves nothing open, and needs to know neither who acts nor which account it is; unless an
    // earlier run left something open in one of the workspaces, at whichever account behind the base URL.
    let mut only_adds = BTreeSet::new();
    for (&name, members) in &picked {
        let any = AccountKey::of(members.capabilities(), None);
        let is_desired =
            |id: &WorkspaceId| desired.of_connection(name).any(|desired| desired.target.workspace == *id);
        let open = options.store.open_changes(&any).await;
        let nothing_open =
            open.is_ok_and(|open| !open.iter().any(|(_, change)| is_desired(&change.workspace)));
        if nothing_open && desired.of_connection(name).all(DesiredWorkspace::only_adds) {
            only_adds.insert(name);
        }
    }
    let leases = Leases::take(&picked, &*options.store, |name| only_adds.contains(name)).await?;
    let recovered = recover::recover(&leases, &picked, &options.progress).await?;
    let known = |name: &str| {
        let known = options.known.get(name).cloned().unwrap_or_default().with_guards(options.guards.clone());
        Known { me: leases.identity(name).cloned().or(known.me), ..known }
    };
    let observed = observe_with(&picked, desired, known).await?;
    options.progress.report(&Event::Read(&observed));

    let unjudged = Unjudged::draft(desired, &observed, guards);
    if let Some(seen) = seen.filter(|seen| seen.fingerprint != unjudged.plan.fingerprint && !options.replan) {
        let (planned, changed) = (seen.fingerprint.clone(), changed(seen, &unjudged.plan));
        return Err(ApplyError::Stale { planned, changed, now: Box::new(unjudged.plan) });
    }
    let refusals = unjudged.judge(limits);
    let Unjudged { plan, directories, .. } = unjudged;
    let plan =
        Refused::unless_none(refusals, plan).or_else(|refused| refused.overridden(&options.overrides))?;
    if let Some(limit) = options.time_limit.filter(|limit| plan.eta_seconds > limit.as_secs()) {
        return Err(ApplyError::TooSlow { eta_seconds: plan.eta_seconds, limit });
    }
    options.progress.report(&Event::Planned(&plan));
    let steps = take_steps(&leases, &picked, &plan, &directories, limits, options).await;
    drop(directories);

    let mut report = Report {
        fingerprint: plan.fingerprint.clone(),
        steps,
        kept: plan.kept.clone(),
        recovered,
        open_changes: Vec::new(),
        remaining: Some(0),
        last_reading: None,
        found: observed.clone(),
        observed,
    };
    if !plan.is_empty() {
        options.progress.report(&Event::Rereading);
        match again(&picked, &report.observed).await {
            Ok(observed) => report.conclude(&plan, observed),
            Err(error) => report.unread(&error),
        }
    }
    match leases.open().await {
        Ok(open) => report.open_changes = open.into_iter().map(|(.., change)| change).collect(),
        Err(error) => report.unread(&error),
    }
    Ok(report)
}

/// The same rosters of all connections once more, side by side.
async fn again(connections: &Picked<'_>, observed: &[Observed]) -> Result<Vec<Observed>, ApplyError> {
    let reading = observed.iter().filter_map(|seen| {
        let (name, &members) = connections.get_key_value(seen.connection())?;
        Some(async move { seen.again(members).await.map_err(read(name)) }.boxed())
    });
    try_join_all(reading).await
}

/// The workspaces whose rosters differ between two plans.
fn changed(old: &Plan, new: &Plan) -> Vec<Target> {
    let rosters = |plan: &Plan| -> BTreeMap<Target, String> {
        let all = plan.accounts.iter().flat_map(|account| {
            let target = |id: &WorkspaceId| Target::new(&account.connection, id.clone());
            account.rosters.iter().map(move |(id, roster)| (target(id), roster.fingerprint.clone()))
        });
        all.collect()
    };
    let (old, mut new) = (rosters(old), rosters(new));
    new.retain(|target, roster| old.get(target) != Some(roster));
    new.into_keys().collect()
}

async fn take_steps(
    leases: &Leases<'_>,
    connections: &Picked<'_>,
    plan: &Plan,
    directories: &[Directory<'_>],
    limits: &Guards,
    options: &ApplyOptions,
) -> Vec<StepReport> {
    let mut all: BTreeMap<&Target, Vec<&Step>> = BTreeMap::new();
    for step in &plan.steps {
        all.entry(&step.target).or_default().push(step);
    }
    let mut runs: Vec<BoxFuture<'_, Vec<StepReport>>> = Vec::new();
    for workspace in &plan.desired.workspaces {
        // Judging refuses a desired state that names a workspace twice.
        let Some(steps) = all.remove(&workspace.target) else { continue };
        let (name, id) = (workspace.target.connection.as_str(), &workspace.target.workspace);
        let directory = directories.iter().find(|directory| directory.observed.connection() == name);
        let roster = directory.and_then(|directory| Members::of(directory.observed, id));
        let (Some(&members), Some(directory), Some(roster)) = (connections.get(name), directory, roster)
        else {
            continue;
        };
        let owners = Owners::of(roster.all, directory).count();
        let recheck = Recheck {
            members,
            workspace: id,
            roster,
            directory,
            guards: limits,
            owners_needed: owners.min(usize::try_from(limits.min_owners()).unwrap_or(usize::MAX)),
            overrides: &options.overrides,
            fingerprint: &plan.fingerprint,
        };
        let account = leases.account(name);
        let runner = Runner { members, workspace, recheck, account, progress: &options.progress };
        runs.push(async move { runner.run(&steps).await }.boxed());
    }
    let done: Vec<Vec<StepReport>> =
        stream::iter(runs).buffer_unordered(options.concurrency.max(1)).collect().await;
    let mut reports: Vec<StepReport> = done.into_iter().flatten().collect();
    reports.sort_by_key(|report| report.step.number);
    reports
}
