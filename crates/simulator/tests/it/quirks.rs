//! The odd side: on, it departs from the schemas, and only where it says so.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};
use workspace_members_simulator::{Options, Simulator, State};

use crate::client::Client;
use crate::contract::Contract;

async fn start() -> Simulator {
    let options = Options::default().with_quirks();
    Simulator::builder().state(State::sample()).options(options).start().await.unwrap()
}

#[tokio::test]
async fn paradigm_can_be_odd() {
    let simulator = start().await;
    let client = Client::paradigm(&simulator);
    let members = client.get("/api/v3/workspaces/1/members").await;
    assert_eq!(members.body["users"][0]["created_at"], Value::Null);
    assert_eq!(members.body["users"][0]["email"], "camille.laurent@example.com");
    let me = client.get("/api/v3/users/me").await;
    assert_eq!(me.body["profile"]["full_name"], "Camille Laurent");
    let groups = client.get("/api/v3/groups?per_page=3&page=2").await;
    assert_eq!(groups.body["pagination"], json!({ "page": 2, "per_page": 3, "total": 4, "pages": 2 }));
    assert_eq!(groups.body["data"][0]["user_ids"].as_array().unwrap().len(), 6);
    departs(&Contract::paradigm(), &simulator);
}

#[tokio::test]
async fn pandadoc_can_be_odd() {
    let simulator = start().await;
    let client = Client::pandadoc(&simulator);
    let current = client.get("/public/v1/members/current").await.body;
    assert_eq!((&current["email_verified"], &current["emails_verified"]), (&json!(true), &Value::Null));
    assert_eq!(
        (&current["date_modified"], &current["user_license"]),
        (&Value::Null, &json!("Full (Standard)"))
    );
    let users = client.get("/public/v1/users?show_removed=false").await;
    assert_eq!(users.body["results"][1]["phone_number"], Value::Null);
    let workspace = simulator.state().pandadoc.workspaces[0].id.clone();
    let refused = client.post(&format!("/public/v1/workspaces/{workspace}/members"), json!({})).await;
    assert_eq!((refused.status, refused.body.get("detail")), (400, None));
    assert_eq!(refused.body["details"]["role"], json!(["This field is required"]));
    let local = client.with("API-Key simulated-pandadoc-workspace-admin");
    assert!(local.get("/public/v1/users").await.body["detail"].is_object());
    departs(&Contract::pandadoc(), &simulator);
}

/// Each request of the log, alone, must be found out by the strict schemas.
fn departs(contract: &Contract, simulator: &Simulator) {
    for request in simulator.requests() {
        let alone = std::slice::from_ref(&request);
        let checked = catch_unwind(AssertUnwindSafe(|| contract.check(alone)));
        assert!(checked.is_err(), "{:?} fits", request.operation);
    }
}
