//! The state file, starting and stopping.

use std::error::Error as _;
use std::net::{Ipv4Addr, SocketAddr};

use serde_json::json;
use workspace_members_simulator::{Simulator, StartError, State, StateError};

use crate::client::Client;

#[tokio::test]
async fn every_change_is_in_the_file_when_its_answer_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let simulator = Simulator::builder().state_file(&file).start().await.unwrap();
    assert_eq!(State::load(&file).unwrap(), State::sample(), "written at the start");
    let client = Client::paradigm(&simulator);
    let members = "/api/v3/workspaces/1/members";
    assert_eq!(client.post(members, json!({ "user_id": 44, "role": "viewer" })).await.status, 201);
    assert_eq!(State::load(&file).unwrap(), simulator.state());
    let pandadoc = Client::pandadoc(&simulator);
    let state = simulator.state().pandadoc;
    let workspace = &state.workspaces[1];
    let body = json!({ "user_id": state.users[5].user_id, "role": "Member" });
    let path = format!("/public/v1/workspaces/{}/members", workspace.id);
    assert_eq!(pandadoc.post(&path, body).await.status, 201);
    let changed = simulator.state();
    assert_eq!(State::load(&file).unwrap(), changed);
    simulator.shutdown().await;

    let again = Simulator::builder().state(State::empty()).state_file(&file).start().await.unwrap();
    assert_eq!(again.state(), changed, "a file that exists wins");
    assert_eq!(again.paradigm_key(), "simulated-paradigm-company-admin");
}

#[tokio::test]
async fn a_change_that_cannot_be_kept_did_not_happen() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gone").join("state.json");
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    let simulator = Simulator::builder().state_file(&file).start().await.unwrap();
    std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
    let client = Client::paradigm(&simulator);
    let added = client.post("/api/v3/workspaces/1/members", json!({ "user_id": 44, "role": "viewer" })).await;
    assert_eq!(added.status, 500);
    assert_eq!(simulator.state(), State::sample());
    assert_eq!(client.get("/api/v3/workspaces/1/members").await.status, 201, "reading goes on");
    assert!(simulator.change(|state| state.paradigm.keys.clear()).is_err());
    assert_eq!(simulator.state(), State::sample());
}

#[tokio::test]
async fn one_simulator_uses_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let first = Simulator::builder().state_file(&file).start().await.unwrap();
    let second = Simulator::builder().state_file(&file).start().await.unwrap_err();
    assert!(matches!(&second, StartError::State(StateError::InUse(path)) if *path == file), "{second}");
    drop(first);
    Simulator::builder().state_file(&file).start().await.unwrap();
}

#[test]
fn an_unknown_field_is_named_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    std::fs::write(&file, "{\n  \"paradigm\": {\n    \"worksapces\": []\n  }\n}\n").unwrap();
    let error = State::load(&file).unwrap_err();
    let text = error.to_string();
    assert_eq!(text, format!("state file {}, line 3, column 16: not a simulator state", file.display()));
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains("unknown field `worksapces`") && cause.contains("`workspaces`"), "{cause}");
    assert!(matches!(State::load(folder.path().join("none.json")), Err(StateError::Read(..))));
}

#[tokio::test]
async fn parts_that_do_not_fit_are_named() {
    type Break = fn(&mut State);
    let cases: [(Break, &str); 9] = [
        (
            |state| state.paradigm.grant_user(2, 99, "viewer"),
            "paradigm.workspaces[1].users: there is no user 99",
        ),
        (
            |state| state.paradigm.grant_group(1, 99, "viewer"),
            "paradigm.workspaces[0].groups: there is no group 99",
        ),
        (|state| state.paradigm.users[1].id = 1, "paradigm.users: 1 is there twice"),
        (
            |state| state.paradigm.workspaces[0].id = u64::MAX,
            "paradigm.workspaces: 18446744073709551615 is larger than 9223372036854775807, the largest id",
        ),
        (|state| state.paradigm.users[3].company = 7, "paradigm.users[3].company: there is no company 7"),
        (|state| state.paradigm.add_key("stray", 99), "paradigm.keys[2].user: there is no user 99"),
        (
            |state| {
                let key = state.pandadoc.keys[0].clone();
                state.pandadoc.keys.push(key);
            },
            "pandadoc.keys[3]: the same key as one before",
        ),
        (
            |state| state.pandadoc.workspaces[1].owner = "nobody".to_owned(),
            "pandadoc.workspaces[1].owner: there is no user nobody",
        ),
        (
            |state| state.pandadoc.users[0].active_workspace = Some("nowhere".to_owned()),
            "pandadoc.users[0].active_workspace: there is no workspace nowhere",
        ),
    ];
    for (change, fault) in cases {
        let mut state = State::sample();
        change(&mut state);
        let text = format!("simulator state: {fault}");
        assert_eq!(state.check().unwrap_err().to_string(), text);
        assert_eq!(Simulator::start(state).await.unwrap_err().to_string(), text);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    std::fs::write(&file, r#"{"paradigm": {"keys": [{"key": "stray", "user": 1}]}}"#).unwrap();
    let text = format!("state file {}: paradigm.keys[0].user: there is no user 1", file.display());
    assert_eq!(State::load(&file).unwrap_err().to_string(), text);
    let mut twice = State::sample();
    let member = twice.pandadoc.memberships[0].clone();
    twice.pandadoc.add_member(&member.workspace_id, &member.user_id, "Member");
    let error = twice.check().unwrap_err().to_string();
    assert!(error.contains("pandadoc.memberships: user ") && error.ends_with("is there twice"), "{error}");
}

#[test]
fn a_state_survives_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    for state in [State::sample(), State::empty()] {
        state.save(&file).unwrap();
        assert_eq!(State::load(&file).unwrap(), state);
    }
    std::fs::write(&file, "{}").unwrap();
    assert_eq!(State::load(&file).unwrap(), State::empty());
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["state.json"], "nothing is left beside it");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        State::empty().save(&file).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "keys are in it");
    }
}

#[tokio::test]
async fn addresses_are_chosen_and_stay_on_this_machine() {
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let first = Simulator::builder().paradigm_address(free).start().await.unwrap();
    let taken: SocketAddr = first.paradigm_url().strip_prefix("http://").unwrap().parse().unwrap();
    let error = Simulator::builder().pandadoc_address(taken).start().await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {taken} for pandadoc"));
    first.shutdown().await;
    let second = Simulator::builder().paradigm_address(taken).start().await.unwrap();
    assert_eq!(second.paradigm_url(), format!("http://{taken}"));
    let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let error = Simulator::builder().paradigm_address(everywhere).start().await.unwrap_err();
    assert!(matches!(error, StartError::NotLoopback { .. }), "{error}");
}

#[tokio::test]
async fn a_stopped_simulator_answers_nobody() {
    let simulator = Simulator::start(State::sample()).await.unwrap();
    let client = Client::paradigm(&simulator);
    assert_eq!(client.get("/api/v3/users/me").await.status, 200, "and the connection stays open");
    drop(simulator);
    let refused = client.request(reqwest::Method::GET, "/api/v3/users/me").send().await;
    assert!(refused.is_err() || refused.unwrap().status() == 503);
}

#[tokio::test]
async fn many_clients_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let simulator = Simulator::builder().state_file(&file).start().await.unwrap();
    let client = Client::paradigm(&simulator);
    let outside: Vec<u64> = (25..=44).collect();
    let tasks: Vec<_> = outside
        .iter()
        .flat_map(|user| [*user; 3])
        .map(|user| {
            let client = client.clone();
            tokio::spawn(async move {
                let body = json!({ "user_id": user, "role": "viewer" });
                client.post("/api/v3/workspaces/1/members", body).await.status
            })
        })
        .collect();
    let mut added = 0;
    for task in tasks {
        match task.await.unwrap() {
            201 => added += 1,
            409 => {}
            status => panic!("{status}"),
        }
    }
    assert_eq!(added, outside.len(), "each once");
    assert_eq!(simulator.state().paradigm.workspace(1).unwrap().users.len(), 44);
    assert_eq!(State::load(&file).unwrap(), simulator.state());
}

#[tokio::test]
async fn a_body_that_is_too_large_changes_nothing() {
    let simulator = Simulator::start(State::sample()).await.unwrap();
    let body = json!({ "user_id": 44, "role": "viewer", "note": "x".repeat(3 << 20) });
    let client = Client::paradigm(&simulator);
    // The server answers before it has read all: the client sees the answer or a closed connection.
    let sent = client.request(reqwest::Method::POST, "/api/v3/workspaces/1/members").json(&body).send().await;
    assert!(sent.is_err() || sent.unwrap().status() == 413);
    assert_eq!(simulator.state(), State::sample());
}
