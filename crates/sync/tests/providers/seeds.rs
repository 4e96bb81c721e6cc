//! An addition by id where nothing else works at the provider.

use crate::{state, transport};
use serde_json::json;
use std::sync::Arc;
use workspace_members_core::{IfPresent, Notify, PrincipalId, Role, UserId, WorkspaceMembers};
use workspace_members_http::{HttpSettings, StaticCredential};
use workspace_members_paradigm::{Paradigm, ParadigmConfig};
use workspace_members_sync::{
    ApplyOptions, Connections, Consequence, Desired, Guards, Observed, Plan, StepOutcome, apply_desired,
};
use workspace_members_tests::{Recorded, Reply, Server};

fn broken() -> Vec<Reply> {
    vec![
        Reply::json(403, json!({"detail": "refused"})),
        Reply::json(404, json!({"detail": "Not found."})),
        Reply::json(200, json!({"surprise": true})),
    ]
}

async fn provider(others: Reply) -> (Server, Connections) {
    let added = json!({"users": [{"id": 7, "email": "ana@example.com", "role": "viewer"}], "groups": []});
    let server = Server::start(move |request: &Recorded, _| {
        let seed = request.method == "POST" && request.path() == "/api/v3/workspaces/42/members";
        if seed { Reply::json(201, added.clone()) } else { others.clone() }
    })
    .await;
    let settings = HttpSettings::at(server.url()).with_transport(transport());
    let key = Arc::new(StaticCredential::new("key".into()));
    let paradigm = Paradigm::new(&ParadigmConfig::default(), &settings, key).unwrap();
    let members: Arc<dyn WorkspaceMembers> = Arc::new(paradigm);
    (server, Connections::from([("acme".to_owned(), members)]))
}

fn added(if_present: IfPresent) -> Desired {
    let who = PrincipalId::User(UserId::from(7));
    Desired::add("acme:42".parse().unwrap(), who, Role::Viewer, Notify::NOBODY, if_present)
}

#[tokio::test]
async fn a_plain_addition_needs_nothing_but_its_own_endpoint() {
    for others in broken() {
        for if_present in [IfPresent::Fail, IfPresent::Keep] {
            let (server, connections) = provider(others.clone()).await;
            let state = state();
            let options = ApplyOptions::new(state.path());
            let report = apply_desired(&connections, &added(if_present), &options).await.unwrap();
            assert_eq!(report.steps[0].outcome, StepOutcome::Applied, "{:?}", report.steps);
            assert!(report.steps[0].step.consequences.contains(&Consequence::MembershipUnknown));
            assert!(report.last_reading.is_some() && report.remaining.is_none());
            assert_eq!(report.found[0].unread().len(), 1);
            assert_eq!(server.requests().len(), 3, "{:?}", server.requests());
        }
    }
}

#[tokio::test]
async fn so_does_one_in_a_desired_state_that_only_adds() {
    for others in broken() {
        let (_server, connections) = provider(others).await;
        let text =
            "[[workspace]]\ntarget = \"acme:42\"\nmode = \"additive\"\nmembers = { viewer = [\"user:7\"] }\n";
        let desired = Desired::from_toml(text, "acme.toml").unwrap();
        let state = state();
        let report = apply_desired(&connections, &desired, &ApplyOptions::new(state.path())).await.unwrap();
        assert_eq!(report.steps[0].outcome, StepOutcome::Applied, "{:?}", report.steps);
        assert!(report.last_reading.is_some());
    }
}

#[tokio::test]
async fn a_plan_says_what_could_not_be_read() {
    for others in broken() {
        let (_server, connections) = provider(others).await;
        let seen = Observed::read(&*connections["acme"], "acme", &added(IfPresent::Fail)).await.unwrap();
        let plan = Plan::compute(&added(IfPresent::Fail), &[seen], &Guards::default()).unwrap();
        assert_eq!(plan.steps[0].reason, "desired as viewer; whether they are a member could not be read");
        assert!(!plan.accounts[0].rosters.values().next().unwrap().complete);
    }
}
