//! Paradigm's adapter over Paradigm's simulator.

use async_trait::async_trait;
use serde_json::{Value, json};
use std::sync::Arc;
use workspace_members_core::{GroupId, NativeRole, PrincipalId, UserId, WorkspaceId};
use workspace_members_http::HttpSettings;
use workspace_members_paradigm::{Level, Paradigm, ParadigmConfig};
use workspace_members_simulator::{Options, Simulator, State};
use workspace_members_testkit::{Answer, Grant, Harness, HarnessError, Ids, Proxy, Seed, World};
use workspace_members_tests::{CANARY, key, shared_transport};

/// One level of Paradigm's interface.
#[derive(Debug, Clone)]
pub(crate) struct ParadigmHarness {
    pub(crate) level: Level,
    /// Serves and uses what no document shows, too.
    pub(crate) inferred: bool,
    /// The provider shows its odd side.
    pub(crate) quirks: bool,
    /// Larger pages make the suite quicker, and leave fewer boundaries in it.
    pub(crate) page_size: u32,
}

impl Default for ParadigmHarness {
    fn default() -> Self {
        Self { level: Level::Owner, inferred: false, quirks: false, page_size: 5 }
    }
}

impl ParadigmHarness {
    /// The seed, as the simulator's state file has it. The acting user may do everything at every level.
    fn state(seed: &Seed) -> Result<State, HarnessError> {
        let number = |text: &str| text.parse::<u64>();
        let mut users = Vec::new();
        for user in &seed.users {
            let email = user.email.as_ref().map(ToString::to_string).unwrap_or_default();
            let roles = if user.id == seed.me.user { json!(["admin", "company_admin"]) } else { json!([]) };
            users.push(
                json!({ "id": number(user.id.as_str())?, "email": email, "company": 1, "roles": roles }),
            );
        }
        let mut groups = Vec::new();
        for group in &seed.groups {
            groups.push(json!({ "id": number(group.id.as_str())?, "name": group.name, "company": 1 }));
        }
        let mut workspaces = Vec::new();
        for workspace in &seed.workspaces {
            let (mut people, mut teams) = (Vec::new(), Vec::new());
            for (principal, role) in seed.members_of(&workspace.id) {
                let grant: Value = json!({ "id": number(principal.as_str())?, "role": role.as_str() });
                match principal {
                    PrincipalId::User(_) => people.push(grant),
                    PrincipalId::Group(_) => teams.push(grant),
                    other => return Err(format!("{other} is of a kind that Paradigm does not have").into()),
                }
            }
            let kind = if workspace.may_be_manageable() { "custom" } else { "company" };
            workspaces.push(json!({
                "id": number(workspace.id.as_str())?, "name": workspace.name, "company": 1, "workspace_type": kind,
                "users": people, "groups": teams,
            }));
        }
        let me = number(seed.me.user.as_str())?;
        Ok(serde_json::from_value(json!({ "paradigm": {
            "keys": [{ "key": CANARY, "user": me }],
            "companies": [{ "id": 1, "name": "Example SA" }],
            "users": users, "groups": groups, "workspaces": workspaces,
        }}))?)
    }
}

/// Who is where, as the simulator keeps it.
fn truth(simulator: &Simulator) -> Vec<Grant> {
    let mut grants = Vec::new();
    for workspace in simulator.state().paradigm.workspaces {
        let id = WorkspaceId::from(workspace.id);
        for user in workspace.users {
            grants.push(Grant::new(id.clone(), UserId::from(user.id), NativeRole::new(user.role)));
        }
        for group in workspace.groups {
            grants.push(Grant::new(id.clone(), GroupId::from(group.id), NativeRole::new(group.role)));
        }
    }
    grants
}

/// No limits, since the suite sends thousands of requests a minute; with the odd side of the documents, or without.
fn options(quirks: bool) -> Options {
    let options = Options::default().without_limits();
    if quirks { options.with_quirks() } else { options }
}

#[async_trait]
impl Harness for ParadigmHarness {
    fn name(&self) -> String {
        let inferred = if self.inferred { ", inferred operations" } else { "" };
        let quirks = if self.quirks { ", odd answers" } else { "" };
        format!("paradigm ({} level{inferred}{quirks})", self.level.as_str())
    }

    fn ids(&self) -> Ids {
        Ids::Numbers
    }

    fn fixed_workspaces(&self) -> bool {
        true
    }

    fn refusal(&self, status: u16) -> Answer {
        Answer::json(status, r#"{"detail":"Refused for the sake of a test."}"#)
    }

    async fn start(&self, seed: &Seed) -> Result<World, HarnessError> {
        let mut options = options(self.quirks);
        options.paradigm.inferred = self.inferred;
        let simulator =
            Arc::new(Simulator::builder().state(Self::state(seed)?).options(options).start().await?);
        let proxy = Proxy::start(simulator.paradigm_url()).await?;
        let http =
            HttpSettings::at(proxy.url()).with_page_size(self.page_size).with_transport(shared_transport()?);
        let config = ParadigmConfig::default().with_level(self.level).with_inferred(self.inferred);
        let reader = simulator.clone();
        Ok(World::new(Paradigm::new(&config, &http, key())?)
            .with_proxy(proxy)
            .with_secret(CANARY)
            .with_truth(move || truth(&reader))
            .keep(simulator))
    }
}
