//! A day's script: twenty calls in a row through one stack, while the simulators enforce their limits.

use crate::trouble::{SIDE_BY_SIDE, Trouble, at_each, faults, layers, no_answer, none_differ};
use futures_util::{StreamExt, TryStreamExt};
use std::sync::{Arc, Mutex};
use workspace_members_core::{
    AddMember, Capability, IfPresent, PrincipalId, Result, Role, Status, User, Workspace, WorkspaceId,
    WorkspaceMembers, WorkspaceMembersExt,
};
use workspace_members_http::{HttpSettings, StaticCredential};
use workspace_members_layers::{Appended, AuditSink, StackBuilder};
use workspace_members_pandadoc::{PandaDoc, PandaDocConfig};
use workspace_members_paradigm::{Paradigm, ParadigmConfig};
use workspace_members_simulator::{Options, RateLimit, Simulator, State};
use workspace_members_testkit::Proxy;
use workspace_members_tests::shared_transport;

#[derive(Debug, Default)]
struct Lines(Mutex<Vec<String>>);

impl AuditSink for Lines {
    fn append(&self, line: String) -> Appended {
        self.0.lock().unwrap().push(line);
        Box::pin(async { Ok(()) })
    }
}

#[derive(Debug, Clone, Copy)]
enum Which {
    Paradigm,
    PandaDoc,
}

impl Which {
    fn address(self, simulator: &Simulator) -> (String, String) {
        let (url, key) = match self {
            Self::Paradigm => (simulator.paradigm_url(), simulator.paradigm_key()),
            Self::PandaDoc => (simulator.pandadoc_url(), simulator.pandadoc_key()),
        };
        (url.to_owned(), key.to_owned())
    }

    fn adapter(self, url: &str, key: &str) -> Arc<dyn WorkspaceMembers> {
        let key = Arc::new(StaticCredential::new(key.into()));
        let http = HttpSettings::at(url).with_transport(shared_transport().unwrap());
        match self {
            Self::Paradigm => Arc::new(Paradigm::new(&ParadigmConfig::default(), &http, key).unwrap()),
            Self::PandaDoc => Arc::new(PandaDoc::new(&PandaDocConfig::default(), &http, key).unwrap()),
        }
    }
}

/// Whom the script is about: three active people who are not in the workspace yet.
struct Cast {
    workspace: WorkspaceId,
    people: [PrincipalId; 3],
}

async fn cast(members: &dyn WorkspaceMembers) -> Cast {
    let workspaces: Vec<Workspace> = members.workspaces().try_collect().await.unwrap();
    let users: Vec<User> = members.users().try_collect().await.unwrap();
    let active = users.iter().filter(|user| !matches!(user.status, Status::Inactive | Status::Pending));
    for workspace in workspaces.iter().filter(|workspace| workspace.may_be_manageable()) {
        let roster = members.roster(&workspace.id).await.unwrap();
        let outside = active.clone().map(|user| PrincipalId::from(user.id.clone()));
        let outside: Vec<_> = outside.filter(|id| roster.get(id).is_none()).take(3).collect();
        if let Ok(people) = outside.try_into() {
            return Cast { workspace: workspace.id.clone(), people };
        }
    }
    panic!("the sample has a workspace that three people are not in");
}

/// Twenty calls: every verb, repeated ones among them, each of one to six requests.
async fn script(members: &dyn WorkspaceMembers, cast: &Cast) -> Result<()> {
    let workspace = &cast.workspace;
    let [a, b, c] = &cast.people;
    let ensure = async |who: &PrincipalId, role: Role| {
        let request = AddMember::new(workspace.clone(), who.clone(), role);
        members.ensure(&request, IfPresent::SetRole).await.map(drop)
    };
    let change = async |who: &PrincipalId, role: Role| {
        if members.capabilities().has(Capability::SetUserRole) {
            members.change_role(workspace, who, &role).await.map(drop)
        } else {
            members.change_role_by_remove_then_add(workspace, who, &role).await.map(drop)
        }
    };
    members.me().await?;
    members.find_workspace(workspace.as_str()).await?;
    members.roster(workspace).await?;
    ensure(a, Role::Viewer).await?;
    ensure(b, Role::Editor).await?;
    ensure(c, Role::Viewer).await?;
    ensure(a, Role::Viewer).await?;
    change(a, Role::Editor).await?;
    change(b, Role::Viewer).await?;
    members.remove_member(workspace, b).await?;
    members.remove_member(workspace, b).await?;
    ensure(b, Role::Viewer).await?;
    members.roster(workspace).await?;
    change(c, Role::Owner).await?;
    members.remove_member(workspace, c).await?;
    ensure(c, Role::Editor).await?;
    change(a, Role::Viewer).await?;
    members.get(workspace, a).await?;
    members.remove_member(workspace, a).await?;
    members.me().await.map(drop)
}

/// What a run left behind.
struct Left {
    result: Result<()>,
    roster: Vec<String>,
    requests: usize,
    writes: usize,
    limited: usize,
    intents: usize,
    outcomes: usize,
}

async fn run(which: Which, trouble: Option<Trouble>) -> Left {
    // The simulator enforces the limits that the adapters assume; `direct` shares the key, and so the limits, with the stack.
    let mut options = Options::default();
    options.paradigm.other_limit = Some(RateLimit::per_minute(100));
    options.pandadoc.other_limit = Some(RateLimit::per_minute(100));
    let simulator = Simulator::builder().state(State::sample()).options(options).start().await.unwrap();
    let (url, key) = which.address(&simulator);
    let direct = which.adapter(&url, &key);
    let cast = cast(&direct).await;
    simulator.clear_requests();

    let proxy = Proxy::start(&url).await.unwrap();
    let lines = Arc::new(Lines::default());
    let config = layers(trouble.as_ref());
    let stack =
        StackBuilder::new(config).with_sink(lines.clone()).build(which.adapter(&proxy.url(), &key)).unwrap();
    if let Some(trouble) = trouble {
        trouble.arm(&proxy);
    }
    let result = script(&stack, &cast).await;

    let roster = direct.roster(&cast.workspace).await.unwrap();
    let seen = simulator.requests();
    let lines = lines.0.lock().unwrap().clone();
    let count =
        |event: &str| lines.iter().filter(|line| line.contains(&format!("\"event\":\"{event}\""))).count();
    Left {
        result,
        roster: roster.iter().map(|m| format!("{} {}", m.key.principal, m.native_role)).collect(),
        requests: proxy.count(),
        writes: seen.iter().filter(|r| r.method != "GET" && r.status < 300).count(),
        limited: seen.iter().filter(|r| r.status == 429).count(),
        intents: count("intent"),
        outcomes: count("outcome"),
    }
}

/// Each fault once at each request, and three times in a row at every fourth: storms of 429, bursts of 5xx.
fn troubles(requests: usize) -> Vec<Trouble> {
    let mut all = at_each(&faults(), 1..=requests, 1);
    // Three answers that never come would only take three times as long.
    let bursts: Vec<_> = faults().into_iter().filter(|fault| !no_answer(fault)).collect();
    all.extend(at_each(&bursts, (1..=requests).step_by(4), 3));
    all
}

async fn matrix(which: Which) {
    let model = run(which, None).await;
    model.result.as_ref().unwrap();
    assert!(model.requests > 20 && model.writes >= 10, "the script does something");
    let cases = troubles(model.requests);
    let total = cases.len();
    let (mut runs, mut bad) = (0, Vec::new());
    let mut outcomes = futures_util::stream::iter(cases)
        .map(|case| async move { (format!("{case:?}"), run(which, Some(case)).await) })
        .buffer_unordered(SIDE_BY_SIDE);
    while let Some((case, left)) = outcomes.next().await {
        runs += 1;
        let same = left.result.is_ok()
            && left.roster == model.roster
            && left.writes == model.writes
            && left.limited == 0
            && (left.intents, left.outcomes) == (model.intents, model.outcomes);
        if !same {
            let Left { result, writes, intents, outcomes, roster, .. } = left;
            let roster = if roster == model.roster { "same" } else { "differs" };
            bad.push(format!(
                "{case}: {result:?}, {writes} writes, {intents}/{outcomes} lines, roster {roster}"
            ));
        }
    }
    println!("{which:?}: {runs} runs of {} requests each, {} bad", model.requests, bad.len());
    none_differ(which, &bad);
    assert_eq!(runs, total);
}

#[tokio::test(flavor = "multi_thread")]
async fn paradigm_ends_the_same_whatever_happens_on_the_way() {
    matrix(Which::Paradigm).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pandadoc_ends_the_same_whatever_happens_on_the_way() {
    matrix(Which::PandaDoc).await;
}
