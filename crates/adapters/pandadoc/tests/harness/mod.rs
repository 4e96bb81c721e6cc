//! PandaDoc's adapter over PandaDoc's simulator.

use async_trait::async_trait;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use workspace_members_core::{NativeRole, UserId, WorkspaceId};
use workspace_members_http::HttpSettings;
use workspace_members_pandadoc::{PandaDoc, PandaDocConfig, Reach};
use workspace_members_simulator::{Options, Simulator, State};
use workspace_members_testkit::{Answer, Grant, Harness, HarnessError, Proxy, Seed, Throttled, World};
use workspace_members_tests::{CANARY, key, shared_transport};

/// One reach of PandaDoc's interface.
#[derive(Debug, Clone)]
pub(crate) struct PandaDocHarness {
    /// The key's own workspace, not the whole organization.
    pub(crate) one_workspace: bool,
    /// The provider shows its odd side.
    pub(crate) quirks: bool,
    /// Larger pages make the suite quicker, and leave fewer boundaries in it.
    pub(crate) page_size: u32,
}

impl Default for PandaDocHarness {
    fn default() -> Self {
        Self { one_workspace: false, quirks: false, page_size: 5 }
    }
}

impl PandaDocHarness {
    /// The seed, as the simulator's state file has it. The key belongs to the first workspace; the acting user
    /// administrates the organization.
    fn state(seed: &Seed) -> Result<State, HarnessError> {
        let me = &seed.me.user;
        let users = seed.users.iter().map(|user| {
            let email = user.email.as_ref().map(ToString::to_string).unwrap_or_default();
            json!({ "user_id": user.id.as_str(), "email": email, "is_organization_admin": user.id == *me })
        });
        let custom: Vec<_> = seed.custom_roles.iter().map(|role| json!({ "name": role.as_str() })).collect();
        let workspaces = seed.workspaces.iter().map(|workspace| {
            let owner = workspace.owner.as_ref().and_then(|email| seed.user_of(email)).map_or(me, |user| &user.id);
            json!({
                "id": workspace.id.as_str(), "name": workspace.name, "owner": owner.as_str(), "custom_roles": custom,
            })
        });
        let memberships = seed.members.iter().enumerate().map(|(number, grant)| {
            json!({
                "membership_id": format!("membership-{number}"), "user_id": grant.principal.as_str(),
                "workspace_id": grant.workspace.as_str(), "role": grant.role.as_str(),
            })
        });
        let home = seed.workspaces.first().map(|workspace| workspace.id.as_str()).unwrap_or_default();
        Ok(serde_json::from_value(json!({ "pandadoc": {
            "keys": [{ "key": CANARY, "user_id": me.as_str(), "workspace_id": home }],
            "organization": { "seats": 10_000 },
            "users": users.collect::<Vec<_>>(),
            "workspaces": workspaces.collect::<Vec<_>>(),
            "memberships": memberships.collect::<Vec<_>>(),
        }}))?)
    }
}

/// Who is where, as the simulator keeps it.
fn truth(simulator: &Simulator) -> Vec<Grant> {
    let memberships = simulator.state().pandadoc.memberships;
    let there = memberships.into_iter().filter(|membership| !membership.removed);
    let grants = there.filter_map(|membership| {
        let workspace = WorkspaceId::new(membership.workspace_id).ok()?;
        Some(Grant::new(workspace, UserId::new(membership.user_id).ok()?, NativeRole::new(membership.role)))
    });
    grants.collect()
}

/// No limits, since the suite sends thousands of requests a minute; with the odd side of the documents, or without.
fn options(quirks: bool) -> Options {
    let options = Options::default().without_limits();
    if quirks { options.with_quirks() } else { options }
}

#[async_trait]
impl Harness for PandaDocHarness {
    fn name(&self) -> String {
        let reach = if self.one_workspace { "one workspace" } else { "organization" };
        format!("pandadoc ({reach}{})", if self.quirks { ", odd answers" } else { "" })
    }

    fn one_workspace(&self) -> bool {
        self.one_workspace
    }

    fn refusal(&self, status: u16) -> Answer {
        Answer::json(status, r#"{"type":"request_error","detail":"Refused for the sake of a test."}"#)
    }

    /// PandaDoc says how long in words: "Request was throttled. Expected available in 13 seconds."
    fn throttled(&self) -> Vec<Throttled> {
        let worded = |kind: &str, seconds: u64| {
            let text = format!("Request was throttled. Expected available in {seconds} seconds.");
            let answer = Answer::json(429, json!({ "type": kind, "detail": text }).to_string());
            Throttled::new(answer, Some(Duration::from_secs(seconds)))
        };
        let mut ways = Throttled::standard();
        ways.extend([worded("request_error", 13), worded("throttled", 1), worded("throttled", 0)]);
        let silent = Answer::json(429, r#"{"type":"throttled","detail":"Request was throttled."}"#);
        ways.push(Throttled::new(silent, None));
        ways
    }

    async fn start(&self, seed: &Seed) -> Result<World, HarnessError> {
        let state = Self::state(seed)?;
        let simulator =
            Arc::new(Simulator::builder().state(state).options(options(self.quirks)).start().await?);
        let proxy = Proxy::start(simulator.pandadoc_url()).await?;
        let http =
            HttpSettings::at(proxy.url()).with_page_size(self.page_size).with_transport(shared_transport()?);
        let mut config = PandaDocConfig::default();
        if let (true, Some(home)) = (self.one_workspace, seed.workspaces.first()) {
            config = config.with_reach(Reach::Workspace(home.id.clone()));
        }
        let (reader, postman) = (simulator.clone(), simulator.clone());
        Ok(World::new(PandaDoc::new(&config, &http, key())?)
            .with_proxy(proxy)
            .with_secret(CANARY)
            .with_truth(move || truth(&reader))
            .with_mails(move || postman.state().pandadoc.mails.len())
            .keep(simulator))
    }
}
