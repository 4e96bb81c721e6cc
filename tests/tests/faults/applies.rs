//! A plan of fifty steps, carried out while something fails at one of its requests, or from one of them on.

use crate::account::{Account, Kind, group};
use crate::trouble::{SIDE_BY_SIDE, Trouble, at_each, faults, lasting, layers, no_answer, none_differ};
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use workspace_members_core::WorkspaceMembers;
use workspace_members_layers::LayersConfig;
use workspace_members_paradigm::Level;
use workspace_members_sync::{
    ApplyError, ApplyOptions, Cause, Connections, Desired, Guard, Guards, Limit, Plan, Refusal, Report,
    StepOutcome, apply, observe, open_changes, recover,
};

const STEPS: usize = 50;

/// With this variable every fault meets every request, which takes some minutes; without it, every eleventh pair of them
/// does. There are thirteen faults, so that each request meets one and each fault many requests.
const ALL: &str = "WORKSPACE_MEMBERS_TEST_ALL_FAULTS";

/// Users 3 to 12 are viewers and become editors, 13 to 22 are editors and go, 23 to 52 come. At Paradigm a group comes in
/// place of the last one, and another changes its role in place of user 3.
fn desired(kind: Kind) -> Desired {
    let mut lists: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut put = |role, who: String| lists.entry(role).or_default().push(format!("{who:?}"));
    for owner in [1, 2] {
        put("owner", kind.user(owner).to_string());
    }
    for number in 3..=12 {
        let stays = kind.is_paradigm() && number == 3;
        put(if stays { "viewer" } else { "editor" }, kind.user(number).to_string());
    }
    let last = if kind.is_paradigm() { 51 } else { 52 };
    for number in 23..=last {
        put("viewer", kind.user(number).to_string());
    }
    if kind.is_paradigm() {
        put("editor", group(8).to_string());
        put("viewer", group(9).to_string());
    }
    let mut text = format!(
        "[[workspace]]\ntarget = \"c:{}\"\nmode = \"authoritative\"\n[workspace.members]\n",
        kind.workspace(101)
    );
    for (role, people) in lists {
        let _ = writeln!(text, "{role} = [{}]", people.join(", "));
    }
    Desired::from_toml(&text, "desired.toml").unwrap()
}

async fn start(kind: Kind) -> Account {
    let viewers = (3..=12).map(|number| (number, "viewer"));
    let editors = (13..=22).map(|number| (number, "editor"));
    let members: Vec<_> = viewers.chain(editors).collect();
    Account::new(kind, 53, &members, 100).await
}

fn guards() -> Guards {
    let all = Limit::percent(100);
    let loose = Guards::new().with_max_removals(all).with_max_demotions(all).with_max_owner_changes(all);
    loose.with_billable(true).with_remove_then_add(true)
}

/// What `wsm apply` does: recovers, reads, plans, applies.
async fn once(
    stack: &Arc<dyn WorkspaceMembers>,
    desired: &Desired,
    state: &Path,
) -> Result<Report, ApplyError> {
    let connections = Connections::from([("c".to_owned(), Arc::clone(stack))]);
    let options = ApplyOptions::new(state);
    recover(&connections, &options).await?;
    let observed = observe(&connections, desired).await?;
    let plan = Plan::compute(desired, &observed, &guards())?;
    apply(&connections, &plan, &options).await
}

/// What a run left behind, and a second, undisturbed one after it if the first did not do everything.
#[derive(Debug, Default)]
struct Left {
    /// How the first run ended.
    end: &'static str,
    put_back: usize,
    steps: usize,
    truth: Vec<String>,
    writes: Vec<String>,
    requests: usize,
    wrong: Vec<String>,
}

fn state() -> tempfile::TempDir {
    // The journal is synced to disk; where there is a disk in memory, that costs nothing.
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// The limits that the adapters assume are a minute's, and a run that met one would wait until it has passed, so there are
/// others here. The script runs under the real ones.
fn without_limits(trouble: Option<&Trouble>) -> LayersConfig {
    let limits = serde_json::from_value(serde_json::json!({ "limits": [{ "max": 100_000 }] })).unwrap();
    layers(trouble).with_rate_limit(limits)
}

fn of_acting_identity(refusal: &Refusal) -> bool {
    refusal.cause == Cause::Guard(Guard::ActingIdentity)
}

async fn run(kind: Kind, trouble: Option<Trouble>) -> Left {
    let account = start(kind).await;
    let (desired, state, mut left) = (desired(kind), state(), Left::default());
    let must_complete = trouble.as_ref().is_none_or(|trouble| trouble.times <= 3);
    let stack = account.stack(&without_limits(trouble.as_ref()));
    let disturbed = trouble.is_some();
    if let Some(trouble) = trouble {
        trouble.arm(&account.proxy);
    }
    let first = once(&stack, &desired, state.path()).await;
    left.requests = account.proxy.count();
    if disturbed && account.proxy.log().iter().all(|exchange| exchange.fault.is_none()) {
        left.wrong.push("the fault met no request".to_owned());
    }
    let end = match &first {
        Ok(report) if report.is_complete() => "complete",
        Ok(report) if report.count(StepOutcome::Unknown) > 0 => "a step unknown",
        Ok(report) if report.count(StepOutcome::Failed) > 0 => "a step failed",
        Ok(report) if report.last_reading.is_some() => "all done, not read again",
        Err(ApplyError::Read { .. }) => "not begun: could not be read",
        // Who acts could not be read, so that anybody may be the key's own user.
        Err(ApplyError::Refused(refused)) if refused.refusals.iter().all(of_acting_identity) => {
            "not begun: a guard could not be checked"
        }
        other => {
            left.wrong.push(format!("no allowed end: {other:?}"));
            "another"
        }
    };
    left.end = end;
    if let Ok(report) = &first {
        left.steps = report.steps.len();
        let messages = report.steps.iter().filter_map(|step| step.message.as_ref());
        left.put_back = messages.filter(|message| message.contains("was put back")).count();
    }
    if end != "complete" {
        if must_complete {
            left.wrong.push(format!("ended with {end}: {first:?}"));
        }
        account.proxy.clear_rules();
        // A new process: a new stack, which knows nothing of the first.
        match once(&account.stack(&without_limits(None)), &desired, state.path()).await {
            Ok(report) if report.is_complete() => {}
            other => left.wrong.push(format!("the second run is not complete: {other:?}")),
        }
    }
    if !open_changes(state.path()).unwrap().is_empty() {
        left.wrong.push("a change is still open".to_owned());
    }
    left.truth = account.truth();
    left.writes = account.writes();
    left.writes.sort();
    left
}

/// The same writes; each who was put back in the old role was removed and added once more.
fn same_writes(left: &Left, model: &Left) -> bool {
    if left.put_back == 0 {
        return left.writes == model.writes;
    }
    left.writes.len() <= model.writes.len() + 3 * left.put_back
        && model.writes.iter().all(|write| left.writes.contains(write))
}

async fn matrix(kind: Kind) {
    let model = run(kind, None).await;
    assert!(model.wrong.is_empty(), "{:?}", model.wrong);
    let requests = model.requests;
    assert!(requests > STEPS && model.end == "complete", "{requests} requests, {}", model.end);
    let mut cases = at_each(&faults(), 1..=requests, 1);
    let bursts: Vec<_> = faults().into_iter().filter(|fault| !no_answer(fault)).collect();
    cases.extend(at_each(&bursts, (1..=requests).step_by(10), 3));
    // More in a row than one call has attempts, and without end.
    cases.extend(at_each(&lasting(), (2..=requests).step_by(6), 6));
    cases.extend(at_each(&lasting(), (3..=requests).step_by(6), usize::MAX));
    let step = if std::env::var_os(ALL).is_some() { 1 } else { 11 };
    let cases: Vec<_> = cases.into_iter().step_by(step).collect();
    let total = cases.len();
    let (mut runs, mut ends, mut bad) = (0, BTreeMap::<&str, usize>::new(), Vec::new());
    let mut put_back = 0;
    let mut outcomes = futures_util::stream::iter(cases)
        .map(|trouble| async move { (format!("{trouble:?}"), run(kind, Some(trouble)).await) })
        .buffer_unordered(SIDE_BY_SIDE);
    while let Some((case, left)) = outcomes.next().await {
        runs += 1;
        put_back += left.put_back;
        *ends.entry(left.end).or_default() += 1;
        if !left.wrong.is_empty() || left.truth != model.truth || !same_writes(&left, &model) {
            let new: Vec<_> = left.writes.iter().filter(|write| !model.writes.contains(write)).collect();
            bad.push(format!(
                "{case}: {:?}, roster same {}, {} writes for {}, others {new:?}",
                left.wrong,
                left.truth == model.truth,
                left.writes.len(),
                model.writes.len()
            ));
        }
    }
    println!(
        "{kind:?}: {runs} runs of {STEPS} steps in {requests} requests; the first applies ended {ends:?}; {put_back} \
         steps put somebody back; {} bad",
        bad.len()
    );
    none_differ(kind, &bad);
    assert_eq!(runs, total);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_steps_at_paradigm_end_the_same_whatever_fails() {
    matrix(Kind::Paradigm(Level::Owner, false)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_steps_at_pandadoc_end_the_same_whatever_fails() {
    matrix(Kind::Organization).await;
}
