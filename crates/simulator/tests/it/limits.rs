//! Rate limits over HTTP, on a paused clock that only the test turns.

use std::time::Duration;

use workspace_members_simulator::{Options, RateLimit, Simulator, State};

use crate::client::Client;

/// So many requests, and how many of them were accepted.
async fn burst(client: &Client, path: &str, requests: usize) -> usize {
    let mut accepted = 0;
    for _ in 0..requests {
        match client.get(path).await.status {
            200 => accepted += 1,
            429 => {}
            status => panic!("{path}: {status}"),
        }
    }
    accepted
}

async fn turn(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn paradigm_lists_users_100_times_in_any_minute() {
    let simulator = Simulator::start(State::sample()).await.unwrap();
    let client = Client::paradigm(&simulator);
    let users = "/api/v3/users";
    assert_eq!(burst(&client, users, 60).await, 60);
    turn(40).await;
    assert_eq!(burst(&client, users, 60).await, 40);
    let refused = client.get(users).await;
    assert_eq!(refused.retry_after.as_deref(), Some("20"), "when the first 60 leave");
    assert_eq!(refused.body["detail"], "Request was throttled. Expected available in 20 seconds.");
    turn(20).await;
    // A window that started anew each minute would accept 100 now: 140 in the last 60 seconds.
    assert_eq!(burst(&client, users, 100).await, 60);
    assert_eq!(
        burst(&client, "/api/v3/users/me", 110).await,
        110,
        "no other operation has a published limit"
    );
}

#[tokio::test(start_paused = true)]
async fn pandadoc_counts_per_user_over_all_keys_and_per_operation() {
    let mut state = State::sample();
    let (camille, contracts) =
        (state.pandadoc.keys[0].user_id.clone(), state.pandadoc.keys[0].workspace_id.clone());
    state.pandadoc.add_key("second", &camille, &contracts);
    let mut options = Options::default();
    options.pandadoc.list_limit = Some(RateLimit::per_minute(10));
    let simulator = Simulator::builder().state(state).options(options).start().await.unwrap();
    let first = Client::pandadoc(&simulator);
    let second = first.with("API-Key second");
    let token = first.with("Bearer simulated-access-token");
    let users = "/public/v1/users";
    assert_eq!(burst(&first, users, 4).await, 4);
    assert_eq!(burst(&second, users, 4).await, 4);
    assert_eq!(burst(&token, users, 4).await, 2, "the same person");
    assert_eq!(burst(&first, "/public/v1/workspaces", 12).await, 10, "another operation");
    let other = first.with("API-Key simulated-pandadoc-workspace-admin");
    assert_eq!(burst(&other, "/public/v1/members", 12).await, 10, "another person");
    assert_eq!(burst(&other, "/public/v1/members/current", 30).await, 30, "no figure is published");
    turn(60).await;
    assert_eq!(burst(&second, users, 12).await, 10);
}

#[tokio::test(start_paused = true)]
async fn a_sandbox_key_has_ten_requests_a_minute() {
    let simulator = Simulator::start(State::sample()).await.unwrap();
    let production = Client::pandadoc(&simulator);
    let sandbox = production.with("API-Key simulated-pandadoc-sandbox");
    assert_eq!(burst(&sandbox, "/public/v1/members/current", 15).await, 10);
    assert_eq!(burst(&production, "/public/v1/members/current", 15).await, 15);
    let refused = sandbox.get("/public/v1/members/current").await;
    assert_eq!(refused.body["detail"], "Request was throttled. Expected available in 60 seconds.");
    assert_eq!(refused.retry_after, None);
    let mut options = Options::default();
    options.pandadoc.retry_after = true;
    options.pandadoc.throttled_type = "request_error".to_owned();
    simulator.set_options(options);
    let refused = sandbox.get("/public/v1/members/current").await;
    assert_eq!(
        (refused.retry_after.as_deref(), &refused.body["type"]),
        (Some("60"), &"request_error".into())
    );
    simulator.set_options(Options::default().without_limits());
    assert_eq!(burst(&sandbox, "/public/v1/members/current", 20).await, 20);
}
