//! An account with few people in it, as plain data; a proxy in front of it; and the adapter that talks through both.

use serde_json::{Value, json};
use std::sync::Arc;
use workspace_members_core::{MemberKey, MembershipId, PrincipalId, WorkspaceId, WorkspaceMembers};
use workspace_members_http::{HttpSettings, StaticCredential};
use workspace_members_layers::{LayersConfig, Stack};
use workspace_members_pandadoc::{PandaDoc, PandaDocConfig, Reach};
use workspace_members_paradigm::{Level, Paradigm, ParadigmConfig};
use workspace_members_simulator::{Options, Simulator, State};
use workspace_members_testkit::Proxy;
use workspace_members_tests::shared_transport;

/// An adapter as it can be configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// At this level; with what no document shows, or without.
    Paradigm(Level, bool),
    /// The whole organization.
    Organization,
    /// The key's own workspace.
    OneWorkspace,
}

/// The roles that both providers have, from the highest.
const ROLES: [[&str; 3]; 2] = [["owner", "editor", "viewer"], ["Admin", "Member", "Collaborator"]];

impl Kind {
    pub(crate) fn is_paradigm(self) -> bool {
        matches!(self, Self::Paradigm(..))
    }

    /// The provider's word for `owner`, `editor` or `viewer`.
    fn role(self, role: &str) -> &'static str {
        let at = ROLES[0].iter().position(|known| *known == role).unwrap();
        ROLES[usize::from(!self.is_paradigm())][at]
    }

    pub(crate) fn workspace(self, number: u64) -> WorkspaceId {
        WorkspaceId::new(if self.is_paradigm() { number.to_string() } else { format!("W{number}") }).unwrap()
    }

    pub(crate) fn user(self, number: u64) -> PrincipalId {
        let id = if self.is_paradigm() { number.to_string() } else { format!("U{number}") };
        format!("user:{id}").parse().unwrap()
    }

    /// What addresses a member of the first workspace.
    pub(crate) fn key(self, who: PrincipalId) -> MemberKey {
        let membership =
            (!self.is_paradigm()).then(|| MembershipId::new(format!("M{}", &who.as_str()[1..])).unwrap());
        MemberKey::new(self.workspace(101), who).with_membership(membership)
    }

    /// The account: user 1 acts, 1 and 2 own both workspaces, 101 and 102, and these are in the first one beside them.
    /// Groups are 7 to 9, of which 8 is a member.
    fn state(self, users: u64, members: &[(u64, &str)]) -> State {
        let owners = [(1, "owner"), (2, "owner")];
        let legal: Vec<_> = owners.iter().chain(members).copied().collect();
        let key = "a-key-of-the-matrix";
        let email = |number: u64| format!("p{number}@example.com");
        let value = if self.is_paradigm() {
            let grant = |(id, role): &(u64, &str)| json!({ "id": id, "role": self.role(role) });
            let grants = |all: &[(u64, &str)]| all.iter().map(grant).collect::<Vec<Value>>();
            let user = |id: u64| {
                let roles = if id == 1 { json!(["admin", "company_admin"]) } else { json!([]) };
                json!({ "id": id, "email": email(id), "company": 1, "roles": roles })
            };
            let group = |id: u64| json!({ "id": id, "name": format!("G {id}"), "company": 1 });
            let workspace = |id: u64, name: &str, people: Vec<Value>, groups: Value| {
                json!({
                    "id": id, "name": name, "company": 1, "workspace_type": "custom",
                    "users": people, "groups": groups,
                })
            };
            json!({ "paradigm": {
                "keys": [{ "key": key, "user": 1 }],
                "companies": [{ "id": 1, "name": "Example SA" }],
                "users": (1..=users).map(user).collect::<Vec<_>>(),
                "groups": (7..=9).map(group).collect::<Vec<_>>(),
                "workspaces": [
                    workspace(101, "Legal", grants(&legal), json!([{ "id": 8, "role": "viewer" }])),
                    workspace(102, "Sales", grants(&owners), json!([])),
                ],
            }})
        } else {
            let user = |id: u64| json!({ "user_id": format!("U{id}"), "email": email(id), "is_organization_admin": id == 1 });
            let custom = json!([{ "name": "Legal review" }]);
            let workspace = |id: u64, name: &str| json!({ "id": format!("W{id}"), "name": name, "owner": "U1", "custom_roles": custom });
            let membership = |at: u64, id: u64, role: &str| {
                json!({
                    "membership_id": format!("M{}{id}", if at == 101 { "" } else { "S" }),
                    "user_id": format!("U{id}"), "workspace_id": format!("W{at}"), "role": self.role(role),
                })
            };
            let first = legal.iter().map(|(id, role)| membership(101, *id, role));
            let second = owners.iter().map(|(id, role)| membership(102, *id, role));
            json!({ "pandadoc": {
                "keys": [{ "key": key, "user_id": "U1", "workspace_id": "W101" }],
                "organization": { "seats": 1000 },
                "users": (1..=users).map(user).collect::<Vec<_>>(),
                "workspaces": [workspace(101, "Legal"), workspace(102, "Sales")],
                "memberships": first.chain(second).collect::<Vec<_>>(),
            }})
        };
        serde_json::from_value(value).unwrap()
    }
}

/// A group; only Paradigm has any.
pub(crate) fn group(number: u64) -> PrincipalId {
    format!("group:{number}").parse().unwrap()
}

/// A simulator of its own, and the way to it.
pub(crate) struct Account {
    pub(crate) kind: Kind,
    pub(crate) proxy: Proxy,
    page_size: u32,
    simulator: Simulator,
}

impl Account {
    pub(crate) async fn new(kind: Kind, users: u64, members: &[(u64, &str)], page_size: u32) -> Self {
        let mut options = Options::default().without_limits();
        options.paradigm.inferred = true;
        let state = kind.state(users, members);
        let simulator = Simulator::builder().state(state).options(options).start().await.unwrap();
        let url = if kind.is_paradigm() { simulator.paradigm_url() } else { simulator.pandadoc_url() };
        let proxy = Proxy::start(url).await.unwrap();
        Self { kind, proxy, page_size, simulator }
    }

    /// The standard stack around an adapter whose requests go through the proxy.
    pub(crate) fn stack(&self, layers: &LayersConfig) -> Arc<dyn WorkspaceMembers> {
        let url = self.proxy.url();
        let key = |key: &str| Arc::new(StaticCredential::new(key.into()));
        let http =
            HttpSettings::at(url).with_page_size(self.page_size).with_transport(shared_transport().unwrap());
        let adapter: Arc<dyn WorkspaceMembers> = if let Kind::Paradigm(level, inferred) = self.kind {
            let config = ParadigmConfig::default().with_level(level).with_inferred(inferred);
            Arc::new(Paradigm::new(&config, &http, key(self.simulator.paradigm_key())).unwrap())
        } else {
            let mut config = PandaDocConfig::default();
            if self.kind == Kind::OneWorkspace {
                config = config.with_reach(Reach::Workspace(self.kind.workspace(101)));
            }
            Arc::new(PandaDoc::new(&config, &http, key(self.simulator.pandadoc_key())).unwrap())
        };
        Arc::new(Stack::standard(adapter, layers).unwrap())
    }

    /// Who is where, as the provider itself has it, sorted.
    pub(crate) fn truth(&self) -> Vec<String> {
        let state = self.simulator.state();
        let mut all = Vec::new();
        for workspace in state.paradigm.workspaces {
            all.extend(workspace.users.iter().map(|m| format!("{} user:{} {}", workspace.id, m.id, m.role)));
            all.extend(
                workspace.groups.iter().map(|m| format!("{} group:{} {}", workspace.id, m.id, m.role)),
            );
        }
        let there = state.pandadoc.memberships.iter().filter(|membership| !membership.removed);
        all.extend(there.map(|m| format!("{} user:{} {}", m.workspace_id, m.user_id, m.role)));
        all.sort();
        all
    }

    /// The writes that took effect, in order: method and path, which says whom.
    pub(crate) fn writes(&self) -> Vec<String> {
        let seen = self.simulator.requests();
        let done = seen.iter().filter(|request| request.method != "GET" && request.status < 300);
        done.map(|request| format!("{} {} {:?}", request.method, request.path, request.body)).collect()
    }

    /// How many mails the provider sent.
    pub(crate) fn mails(&self) -> usize {
        self.simulator.state().pandadoc.mails.len()
    }
}
