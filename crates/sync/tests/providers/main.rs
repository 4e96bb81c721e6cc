//! Plans over both adapters and their simulators, by real requests on loopback.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod doubled;
mod dying;
mod estimates;
mod seeds;

use dying::Dying;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use workspace_members_core::{Mark, Workspace, WorkspaceId, WorkspaceMembers, WorkspaceMembersExt};
use workspace_members_http::{HttpSettings, StaticCredential, Transport, TransportConfig};
use workspace_members_pandadoc::{PandaDoc, PandaDocConfig};
use workspace_members_paradigm::{Paradigm, ParadigmConfig};
use workspace_members_simulator::{Options, Simulator, State};
use workspace_members_sync::{
    ApplyOptions, Connections, Desired, Diff, Guards, Limit, Observed, People, Plan, Report, Side, apply,
    dump, observe, open_changes, recover,
};

async fn simulator() -> Simulator {
    let mut options = Options::default().without_limits();
    options.paradigm.inferred = true;
    Simulator::builder().state(State::sample()).options(options).start().await.unwrap()
}

/// One pool for all tests: setting it up takes longer than a test.
fn transport() -> Transport {
    static TRANSPORT: OnceLock<Transport> = OnceLock::new();
    TRANSPORT.get_or_init(|| Transport::new(TransportConfig::default()).unwrap()).clone()
}

fn connections(simulator: &Simulator) -> Connections {
    let key = |key: &str| Arc::new(StaticCredential::new(key.into()));
    let at = |url: &str| HttpSettings::at(url).with_transport(transport());
    let paradigm = Paradigm::new(
        &ParadigmConfig::default().with_inferred(true),
        &at(simulator.paradigm_url()),
        key(simulator.paradigm_key()),
    );
    let pandadoc = PandaDoc::new(
        &PandaDocConfig::default(),
        &at(simulator.pandadoc_url()),
        key(simulator.pandadoc_key()),
    );
    Connections::from([
        ("paradigm".to_owned(), Arc::new(paradigm.unwrap()) as Arc<dyn WorkspaceMembers>),
        ("pandadoc".to_owned(), Arc::new(pandadoc.unwrap()) as Arc<dyn WorkspaceMembers>),
    ])
}

/// Both workspaces that the sample has, by connection.
async fn targets(connections: &Connections) -> BTreeMap<String, Vec<WorkspaceId>> {
    use futures_util::TryStreamExt as _;
    let mut all = BTreeMap::new();
    for (name, members) in connections {
        let listed: Vec<_> = members.workspaces().try_collect().await.unwrap();
        let manageable = listed.into_iter().filter(Workspace::may_be_manageable);
        all.insert(name.clone(), manageable.map(|workspace| workspace.id).collect());
    }
    all
}

async fn read_all(connections: &Connections) -> Vec<Observed> {
    let mut all = Vec::new();
    for (name, ids) in targets(connections).await {
        all.push(Observed::read_twice(&*connections[&name], &name, &ids).await.unwrap());
    }
    all
}

fn loose() -> Guards {
    let all = Limit::percent(100);
    Guards::new()
        .with_max_removals(all)
        .with_max_demotions(all)
        .with_max_owner_changes(all)
        .with_billable(true)
        .with_remove_then_add(true)
}

async fn run(connections: &Connections, desired: &Desired, state: &Path) -> Report {
    let options = ApplyOptions::new(state);
    recover(connections, &options).await.unwrap();
    let observed = observe(connections, desired).await.unwrap();
    let plan = Plan::compute(desired, &observed, &loose()).unwrap();
    apply(connections, &plan, &options).await.unwrap()
}

fn state() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

#[tokio::test]
async fn what_is_dumped_plans_to_nothing_at_both_providers() {
    let simulator = simulator().await;
    let connections = connections(&simulator);
    let seen = read_all(&connections).await;
    assert!(seen.iter().map(|seen| seen.rosters().len()).sum::<usize>() >= 4);
    let text = dump(&seen).unwrap();
    let desired = Desired::from_toml(&text, "dump.toml").unwrap();
    let observed = observe(&connections, &desired).await.unwrap();
    let plan = Plan::compute(&desired, &observed, &Guards::new()).unwrap();
    assert!(plan.is_empty(), "{text}\n{:?}", plan.steps);
    let simulated = simulator.requests();
    assert!(simulated.iter().all(|request| request.method == "GET"), "a dump or a plan wrote");
}

/// Of every workspace: the first three without a mark go, the next become viewers or owners, and three come.
fn changed(seen: &[Observed], connections: usize) -> Desired {
    let mut text = String::new();
    for seen in seen.iter().take(connections) {
        for roster in seen.rosters().values() {
            let me = &seen.me().unwrap().user;
            let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
            let mut put =
                |role: &str, who: &str| lists.entry(role.to_owned()).or_default().push(format!("{who:?}"));
            let mut free = 0;
            for member in roster {
                let who = member.key.principal.to_string();
                let fixed = member.is(Mark::Immovable)
                    || member.key.principal.as_user() == Some(me)
                    || member.key.principal.as_user().is_none()
                    || seen.capabilities().roles().is_placeholder(&member.native_role);
                free += usize::from(!fixed);
                match free {
                    _ if fixed => put(&member.role.to_string(), &who),
                    1 | 2 => {}
                    3 => put("owner", &who),
                    4 => put("viewer", &who),
                    5 => put("editor", &who),
                    _ => put(&member.role.to_string(), &who),
                }
            }
            let outsiders =
                seen.users().unwrap().iter().filter(|user| roster.get(&user.id.clone().into()).is_none());
            for user in outsiders.take(3) {
                put("editor", &format!("user:{}", user.id));
            }
            let lines: Vec<String> = lists
                .into_iter()
                .map(|(role, people)| format!("{role:?} = [{}]", people.join(", ")))
                .collect();
            text.extend([format!(
                "[[workspace]]\ntarget = \"{}:{}\"\nmode = \"authoritative\"\n[workspace.members]\n{}\n",
                seen.connection(),
                roster.workspace(),
                lines.join("\n")
            )]);
        }
    }
    Desired::from_toml(&text, "changed.toml").unwrap()
}

#[tokio::test]
async fn one_file_is_applied_over_both_providers_and_then_holds() {
    let simulator = simulator().await;
    let connections = connections(&simulator);
    let seen = read_all(&connections).await;
    let desired = changed(&seen, 2);
    let state = state();
    let report = run(&connections, &desired, state.path()).await;
    assert!(
        report.is_complete(),
        "{:#?}",
        report.steps.iter().map(|s| (&s.outcome, &s.message)).collect::<Vec<_>>()
    );
    assert!(report.steps.len() > 15, "{}", report.steps.len());
    let again = run(&connections, &desired, state.path()).await;
    assert!(again.steps.is_empty() && again.is_complete());
    assert!(simulator.state().pandadoc.mails.is_empty());
    let (left, right) = (&again.observed[0], &again.observed[1]);
    let [one, other] = [left, right].map(|seen| {
        Side::new(seen.connection(), seen.capabilities(), seen.rosters().values().next().unwrap())
    });
    let diff = Diff::compute(&one, &other, &People::new());
    assert!(diff.ambiguous.is_empty() && diff.same + diff.roles.len() + diff.only_left.len() > 0);
}

/// Kills a run at every request, and runs again.
async fn killed_everywhere(name: &str) {
    let first = simulator().await;
    let mut seen = read_all(&connections(&first)).await;
    seen.retain(|seen| seen.connection() == name);
    let desired = changed(&seen, 1);
    let mut at = 1;
    loop {
        let simulator = simulator().await;
        let connections = connections(&simulator);
        let dying = Dying::new(connections[name].clone(), at);
        let mut mortal = connections.clone();
        mortal.insert(name.to_owned(), dying.clone());
        let state = state();
        tokio::select! {
            biased;
            () = dying.died() => {}
            report = run(&mortal, &desired, state.path()) => {
                assert!(report.is_complete());
                break;
            }
        }
        let report = run(&connections, &desired, state.path()).await;
        assert!(report.is_complete(), "killed at {at}: {:#?}", report.steps);
        assert!(open_changes(state.path()).unwrap().is_empty());
        at += 1;
    }
    assert!(at > 30, "only {at} requests");
}

#[tokio::test]
async fn killed_at_any_request_to_paradigm_it_converges() {
    killed_everywhere("paradigm").await;
}

#[tokio::test]
async fn killed_at_any_request_to_pandadoc_it_converges() {
    killed_everywhere("pandadoc").await;
}
