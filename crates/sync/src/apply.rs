//! Carrying out a plan, and nothing but that plan.

mod error;
mod final_reading;
mod leases;
mod options;
mod progress;
mod recheck;
mod recover;
mod report;
mod steps;
mod write;

pub use error::ApplyError;
pub use options::ApplyOptions;
pub use progress::{Event, Progress};
pub use report::{Recovered, Recovery, Report, StepOutcome, StepReport};

use crate::desired::{DesiredWorkspace, Target};
use crate::guards::Limits;
use crate::observe::{Known, Observed};
use crate::plan::{Directory, Members, Plan, Unjudged};
use error::read;
use final_reading::conclude;
use futures_util::future::{BoxFuture, try_join_all};
use futures_util::{FutureExt, StreamExt, stream};
use leases::Leases;
use recheck::{Recheck, owners_needed};
use std::collections::BTreeMap;
use std::sync::Arc;
use steps::Runner;
use workspace_members_core::WorkspaceMembers;

/// The connections that a plan is carried out over, by name.
pub type Connections = BTreeMap<String, Arc<dyn WorkspaceMembers>>;

fn pick<'a>(
    connections: &'a Connections,
    names: &[&'a str],
) -> Result<Vec<(&'a str, &'a dyn WorkspaceMembers)>, ApplyError> {
    let one = |name: &&'a str| match connections.get(*name) {
        Some(members) => Ok((*name, &**members)),
        None => Err(ApplyError::NoConnection((*name).to_owned())),
    };
    names.iter().map(one).collect()
}

/// Recovers the open changes of earlier runs at these connections: adds again whoever was left outside. Do it before
/// planning, as it changes the rosters that a plan is made from. Idempotent.
pub async fn recover(
    connections: &Connections,
    options: &ApplyOptions,
) -> Result<Vec<Recovered>, ApplyError> {
    let names: Vec<&str> = connections.keys().map(String::as_str).collect();
    let picked = pick(connections, &names)?;
    Leases::take(&picked, &*options.store, |_| false).await?.recover(&picked, &options.progress).await
}

/// Reads everything that plans for this desired state are made from: all its connections, side by side.
pub async fn observe(
    connections: &Connections,
    desired: &crate::Desired,
) -> Result<Vec<Observed>, ApplyError> {
    let picked = pick(connections, &desired.connections())?;
    observe_with(&picked, desired, |_| Known::new(), &Progress::default()).await
}

async fn observe_with(
    connections: &[(&str, &dyn WorkspaceMembers)],
    desired: &crate::Desired,
    known: impl Fn(&str) -> Known,
    progress: &Progress,
) -> Result<Vec<Observed>, ApplyError> {
    let mut all: Vec<BoxFuture<'_, Result<Observed, ApplyError>>> = Vec::with_capacity(connections.len());
    for &(name, members) in connections {
        let known = known(name);
        let reading = async move {
            progress.tell(&Event::Reading { connection: name });
            Observed::read_knowing(members, name, desired, known).await.map_err(read(name))
        };
        all.push(reading.boxed());
    }
    try_join_all(all).await
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
    let run = Run::begin(connections, &plan.desired, options).await?;
    let unjudged = Unjudged::draft(&plan.desired, &run.observed, &plan.guards);
    if unjudged.plan.fingerprint != plan.fingerprint && !options.replan {
        let changed = changed(plan, &unjudged.plan);
        return Err(ApplyError::Stale {
            planned: plan.fingerprint.clone(),
            changed,
            now: Box::new(unjudged.plan),
        });
    }
    let limits = plan.guards.stricter(&options.guards).limits();
    let (plan, steps) = run.carry_out(unjudged, &limits).await?;
    Ok(run.report(&plan, steps).await)
}

/// Plans a desired state and carries the plan out in one go, for whoever need not look at it in between.
///
/// As [`apply`] in everything else. What the plan is made from is read once, under the lease, and not a second time, as
/// nobody took time to decide. The guards are the desired state's and this host's.
pub async fn apply_desired(
    connections: &Connections,
    desired: &crate::Desired,
    options: &ApplyOptions,
) -> Result<Report, ApplyError> {
    let run = Run::begin(connections, desired, options).await?;
    let guards = desired.guards.stricter(&options.guards);
    let unjudged = Unjudged::draft(desired, &run.observed, &guards);
    let (plan, steps) = run.carry_out(unjudged, &guards.limits()).await?;
    Ok(run.report(&plan, steps).await)
}

/// One run: the leases on its accounts, and what it found there.
struct Run<'a> {
    leases: Leases<'a>,
    picked: Vec<(&'a str, &'a dyn WorkspaceMembers)>,
    options: &'a ApplyOptions,
    recovered: Vec<Recovered>,
    observed: Vec<Observed>,
}

impl<'a> Run<'a> {
    /// Takes the leases, recovers, reads.
    async fn begin(
        connections: &'a Connections,
        desired: &'a crate::Desired,
        options: &'a ApplyOptions,
    ) -> Result<Self, ApplyError> {
        let picked = pick(connections, &desired.connections())?;
        // Only adding people leaves nothing open, and needs to know neither who acts nor which account it is; unless an
        // earlier run left something open there.
        let open = options.store.all_open_changes().await;
        let only_adds = |name: &str| {
            let nothing_open = open.as_ref().is_ok_and(|all| !all.iter().any(|open| open.connection == name));
            nothing_open && desired.of_connection(name).all(DesiredWorkspace::only_adds)
        };
        let leases = Leases::take(&picked, &*options.store, only_adds).await?;
        let recovered = leases.recover(&picked, &options.progress).await?;
        let known = |name: &str| {
            let known =
                options.known.get(name).cloned().unwrap_or_default().with_guards(options.guards.clone());
            leases.identity(name).cloned().into_iter().fold(known, Known::with_me)
        };
        let observed = observe_with(&picked, desired, known, &options.progress).await?;
        options.progress.tell(&Event::Read(&observed));
        Ok(Self { leases, picked, options, recovered, observed })
    }

    /// Judges, and takes the steps.
    async fn carry_out(
        &self,
        unjudged: Unjudged<'_>,
        limits: &Limits,
    ) -> Result<(Plan, Vec<StepReport>), ApplyError> {
        let options = self.options;
        let directories = Arc::clone(&unjudged.directories);
        let plan = match unjudged.judge(limits) {
            Ok(plan) => plan,
            Err(refused) => refused.overridden(&options.overrides)?,
        };
        if let Some(limit) = options.time_limit.filter(|limit| plan.eta_seconds > limit.as_secs()) {
            return Err(ApplyError::TooSlow { eta_seconds: plan.eta_seconds, limit });
        }
        options.progress.tell(&Event::Planned(&plan));
        options.progress.tell(&Event::Starting { steps: plan.steps.len(), eta_seconds: plan.eta_seconds });
        let steps = take_steps(&self.leases, &self.picked, &plan, &directories, limits, options).await;
        Ok((plan, steps))
    }

    /// Reads again, unless there was nothing to do, and reports. The leases end then.
    async fn report(self, plan: &Plan, steps: Vec<StepReport>) -> Report {
        let Self { leases, picked, options, recovered, observed } = self;
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
            options.progress.tell(&Event::Rereading);
            match again(&picked, &report.observed).await {
                Ok(observed) => conclude(&mut report, plan, observed),
                Err(error) => report.unread(&error),
            }
        }
        match leases.open_changes().await {
            Ok(open_changes) => report.open_changes = open_changes,
            Err(error) => report.unread(&error),
        }
        report
    }
}

/// The same rosters of all connections once more, side by side.
async fn again(
    connections: &[(&str, &dyn WorkspaceMembers)],
    observed: &[Observed],
) -> Result<Vec<Observed>, ApplyError> {
    let mut all: Vec<BoxFuture<'_, Result<Observed, ApplyError>>> = Vec::with_capacity(observed.len());
    for &(name, members) in connections {
        let seen = observed.iter().filter(move |seen| seen.connection() == name);
        all.extend(seen.map(|seen| async move { seen.again(members).await.map_err(read(name)) }.boxed()));
    }
    try_join_all(all).await
}

/// The workspaces whose rosters differ between two plans.
fn changed(old: &Plan, new: &Plan) -> Vec<Target> {
    let rosters = |plan: &Plan| -> BTreeMap<Target, String> {
        let of = |account: &crate::plan::PlannedAccount| {
            let connection = account.connection.clone();
            let one =
                move |(id, roster): (&workspace_members_core::WorkspaceId, &crate::plan::PlannedRoster)| {
                    (Target::new(connection.clone(), id.clone()), roster.fingerprint.clone())
                };
            account.rosters.iter().map(one).collect::<Vec<_>>()
        };
        plan.accounts.iter().flat_map(of).collect()
    };
    let (old, new) = (rosters(old), rosters(new));
    new.into_iter()
        .filter(|(target, roster)| old.get(target) != Some(roster))
        .map(|(target, _)| target)
        .collect()
}

async fn take_steps(
    leases: &Leases<'_>,
    connections: &[(&str, &dyn WorkspaceMembers)],
    plan: &Plan,
    directories: &[Directory<'_>],
    limits: &Limits,
    options: &ApplyOptions,
) -> Vec<StepReport> {
    let mut all = plan.steps_by_target();
    let mut runs: Vec<BoxFuture<'_, Vec<StepReport>>> = Vec::new();
    for workspace in &plan.desired.workspaces {
        // Judging refuses a desired state that names a workspace twice.
        let Some(steps) = all.remove(&workspace.target) else { continue };
        let name = workspace.target.connection.as_str();
        let members = connections.iter().find(|(known, _)| *known == name).map(|(_, members)| *members);
        let directory = directories.iter().find(|directory| directory.observed.connection() == name);
        let known =
            directory.and_then(|directory| Members::of(directory.observed, &workspace.target.workspace));
        let (Some(members), Some(directory), Some(roster)) = (members, directory, known) else { continue };
        let recheck = Recheck {
            members,
            workspace: &workspace.target.workspace,
            roster,
            mode: workspace.mode,
            directory,
            limits,
            owners_needed: owners_needed(roster, directory, limits),
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
