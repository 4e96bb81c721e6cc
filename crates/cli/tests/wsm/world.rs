//! Two providers that outlive their restarts, with a proxy before each, and who is to be where in them.

use crate::support::Shell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use workspace_members_simulator::paradigm::{GroupCategory, WorkspaceType};
use workspace_members_simulator::{Options, Provider, Request, Simulator, State};
use workspace_members_testkit::Proxy;

pub(crate) const CONNECTIONS: [&str; 2] = ["paradigm", "pandadoc"];

/// Who is where, in the providers' own words: by target, then by `user:ID` or `group:ID`.
pub(crate) type Rosters = BTreeMap<String, BTreeMap<String, String>>;

/// The rosters of every workspace whose members can be managed, as the simulator's state has them.
pub(crate) fn rosters(state: &State) -> Rosters {
    let mut all = Rosters::new();
    let custom = state.paradigm.workspaces.iter().filter(|one| one.workspace_type == WorkspaceType::Custom);
    for workspace in custom {
        let roster = all.entry(format!("paradigm:{}", workspace.id)).or_default();
        roster.extend(workspace.users.iter().map(|grant| (format!("user:{}", grant.id), grant.role.clone())));
        let groups = workspace.groups.iter();
        roster.extend(groups.map(|grant| (format!("group:{}", grant.id), grant.role.clone())));
    }
    for membership in state.pandadoc.memberships.iter().filter(|one| !one.removed) {
        let roster = all.entry(format!("pandadoc:{}", membership.workspace_id)).or_default();
        roster.insert(format!("user:{}", membership.user_id), membership.role.clone());
    }
    all
}

/// Everybody who could be added somewhere at a connection, as `user:ID` or `group:ID`.
pub(crate) fn everybody(state: &State, target: &str) -> Vec<String> {
    if target.starts_with("pandadoc:") {
        let there = state.pandadoc.users.iter().filter(|user| !user.removed);
        return there.map(|user| format!("user:{}", user.user_id)).collect();
    }
    let users = state.paradigm.users.iter().map(|user| format!("user:{}", user.id));
    let groups = state.paradigm.groups.iter().filter(|group| group.category == GroupCategory::Custom);
    users.chain(groups.map(|group| format!("group:{}", group.id))).collect()
}

/// These rosters as a desired state, and nobody else: with limits out of the way that are tested elsewhere.
pub(crate) fn desired(rosters: &Rosters) -> String {
    let mut text =
        "[guards]\nmax_removals = \"100%\"\nmax_demotions = \"100%\"\nmax_owner_changes = \"100%\"\n\
                    allow_billable = true\nallow_remove_then_add = true\n"
            .to_owned();
    for (target, roster) in rosters {
        let mut roles: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (who, role) in roster {
            roles.entry(role).or_default().push(format!("{who:?}"));
        }
        let lines = roles.iter().map(|(role, who)| format!("\"native:{role}\" = [{}]\n", who.join(", ")));
        let lines = lines.collect::<String>();
        text.extend([format!(
            "[[workspace]]\ntarget = \"{target}\"\nmode = \"authoritative\"\n[workspace.members]\n{lines}"
        )]);
    }
    text
}

/// A folder in memory where there is one: thousands of files are written, and none is kept.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

/// A change that a provider made because it was asked to.
pub(crate) type Effect = (Provider, String, String, String);

/// Both providers, with their state in a file.
pub(crate) struct World {
    pub(crate) shell: Shell,
    pub(crate) proxies: [Proxy; 2],
    file: PathBuf,
    simulator: Option<Simulator>,
    effects: Vec<Effect>,
}

impl World {
    pub(crate) async fn start(state: &State) -> Self {
        let mut shell = Shell { folder: folder(), variables: Vec::new() };
        let file = shell.path().join("state.json");
        state.save(&file).unwrap();
        let simulator = serve(&file).await;
        let proxies = [
            Proxy::start(simulator.paradigm_url()).await.unwrap(),
            Proxy::start(simulator.pandadoc_url()).await.unwrap(),
        ];
        let keys = [simulator.paradigm_key(), simulator.pandadoc_key()];
        for ((name, proxy), key) in ["PARADIGM", "PANDADOC"].iter().zip(&proxies).zip(keys) {
            shell =
                shell.with(&format!("{name}_BASE_URL"), &proxy.url()).with(&format!("{name}_API_KEY"), key);
        }
        Self { shell, proxies, file, simulator: Some(simulator), effects: Vec::new() }
    }

    pub(crate) fn simulator(&self) -> &Simulator {
        self.simulator.as_ref().unwrap()
    }

    pub(crate) fn rosters(&self) -> Rosters {
        rosters(&self.simulator().state())
    }

    /// Ends the providers' process and starts it again from its file, behind the same addresses. Nothing that was
    /// sent before this can take effect after it.
    pub(crate) async fn restart(&mut self) {
        let simulator = self.simulator.take().unwrap();
        self.note(simulator.shutdown().await);
        let simulator = serve(&self.file).await;
        for (proxy, url) in self.proxies.iter().zip([simulator.paradigm_url(), simulator.pandadoc_url()]) {
            proxy.lead_to(url).unwrap();
        }
        self.simulator = Some(simulator);
    }

    /// Keeps what the providers' log says of changes.
    fn note(&mut self, log: Vec<Request>) {
        for request in log.into_iter().filter(|request| request.method != "GET") {
            assert!(request.status < 300, "a write that was refused: {request:?}");
            let body = format!("{:?}", request.body);
            self.effects.push((request.provider, request.method, request.path, body));
        }
    }

    /// Every change that the providers made so far, sorted.
    pub(crate) fn effects(&mut self) -> Vec<Effect> {
        let log = self.simulator().requests();
        self.simulator().clear_requests();
        self.note(log);
        self.effects.sort();
        self.effects.clone()
    }

    /// The journals and locks that runs left behind: names, and what is in them.
    pub(crate) fn left_behind(&self) -> Vec<(String, String)> {
        let folder = self.shell.path().join(".local/state/wsm");
        let mut all: Vec<(String, String)> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            // The number of the latest lease stays.
            .filter(|path| path.extension().is_none_or(|ending| ending != "generation"))
            .map(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, std::fs::read_to_string(path).unwrap())
            })
            .collect();
        all.sort();
        all
    }
}

async fn serve(file: &Path) -> Simulator {
    let options = Options::default().without_limits();
    Simulator::builder().state_file(file).options(options).start().await.unwrap()
}
