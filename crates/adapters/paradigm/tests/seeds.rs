//! The two operations of the mission, whatever every other endpoint answers: list the members of a workspace, and add
//! one, by id, through the adapter, the verbs and `connect`.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use futures_util::TryStreamExt;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use workspace_members::{Config, Credential, connect};
use workspace_members_core::{
    AddMember, Change, ErrorKind, GroupId, IfPresent, ListOf, PageRequest, PrincipalId, Role, UserId,
    WorkspaceId, WorkspaceMembers, WorkspaceMembersExt,
};
use workspace_members_http::HttpSettings;
use workspace_members_paradigm::{Paradigm, ParadigmConfig};
use workspace_members_tests::{Recorded, Reply, Server};

const PATH: &str = "/api/v3/workspaces/7/members";

/// What every other endpoint answers.
fn elsewhere() -> [Reply; 3] {
    [
        Reply::json(403, json!({"detail": "You do not have permission to perform this action."})),
        Reply::json(404, json!({"detail": "Not found."})),
        Reply::text(200, "text/html", "<!doctype html><title>Sign in</title>"),
    ]
}

/// `WorkspaceMembersV3Response`.
fn members() -> Value {
    json!({
        "users": [{"id": 1, "email": "ana@example.com", "role": "owner"}],
        "groups": [{"id": 1, "name": "Data Team", "role": "viewer"}],
    })
}

/// The seeds' endpoint, with a state of its own; success is 201 for both, as the documents say.
async fn provider(other: Reply) -> Server {
    let state = Mutex::new(members());
    Server::start(move |request, _| {
        let mut state = state.lock().unwrap();
        match (request.method.as_str(), request.target.as_str()) {
            ("GET", PATH) => Reply::json(201, state.clone()),
            ("POST", PATH) => {
                let body = request.json();
                let sent: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
                let (list, member) = match sent.as_slice() {
                    ["role", "user_id"] | ["user_id", "role"] => {
                        let member =
                            json!({"id": body["user_id"], "email": "new@example.com", "role": body["role"]});
                        ("users", member)
                    }
                    ["role", "group_id"] | ["group_id", "role"] => {
                        ("groups", json!({"id": body["group_id"], "name": "New", "role": body["role"]}))
                    }
                    _ => return Reply::json(400, json!({"detail": format!("sent were {sent:?}")})),
                };
                let list = state[list].as_array_mut().unwrap();
                if list.iter().any(|there| there["id"] == member["id"]) {
                    return Reply::json(409, json!({"detail": "Member already exists in workspace"}));
                }
                list.push(member);
                Reply::json(201, state.clone())
            }
            _ => other.clone(),
        }
    })
    .await
}

/// The adapter alone, and as `connect` gives it.
fn accounts(server: &Server) -> [Arc<dyn WorkspaceMembers>; 2] {
    let key = || Credential::from_key("key");
    let adapter = Paradigm::new(&ParadigmConfig::default(), &HttpSettings::at(server.url()), key());
    let connected = connect(&Config::new("paradigm").with_base_url(server.url()), key());
    [Arc::new(adapter.unwrap()), connected.unwrap()]
}

fn workspace() -> WorkspaceId {
    WorkspaceId::from(7)
}

/// Who there is, with everything that is said of them.
fn shown(members: &[workspace_members_core::Member]) -> Vec<String> {
    let show = |member: &workspace_members_core::Member| {
        let (email, name) = (member.email.as_ref().map(ToString::to_string), member.name.clone());
        let said = email.or(name).unwrap_or_default();
        format!("{} {said} {} {}", member.key.principal, member.role, member.native_role)
    };
    members.iter().map(show).collect()
}

#[tokio::test]
async fn a_workspaces_members_are_listed_with_one_request_whatever_the_rest_answers() {
    for other in elsewhere() {
        let server = provider(other).await;
        for account in accounts(&server) {
            let before = server.requests().len();
            let of = ListOf::Workspace(workspace());
            let page = account.members_page(&of, PageRequest::default()).await.unwrap();
            assert!(page.next.is_none());
            let stream: Vec<_> = account.members(workspace()).try_collect().await.unwrap();
            let roster = account.roster(&workspace()).await.unwrap();
            let expected =
                ["user:1 ana@example.com owner owner", "group:1 Data Team viewer viewer"].map(str::to_owned);
            for members in [page.items, stream, roster.iter().cloned().collect()] {
                assert_eq!(shown(&members), expected);
            }
            let sent = server.requests();
            assert_eq!(sent.len() - before, 3, "one request each");
            assert!(sent[before..].iter().all(|request| request.target == PATH));
        }
    }
}

#[tokio::test]
async fn a_user_and_a_group_are_added_by_id_whatever_the_rest_answers() {
    for other in elsewhere() {
        for which in 0..2 {
            for role in [Role::Owner, Role::Editor, Role::Viewer] {
                let server = provider(other.clone()).await;
                let account = &accounts(&server)[which];
                for who in [PrincipalId::from(UserId::from(20)), PrincipalId::from(GroupId::from(20))] {
                    let add = AddMember::new(workspace(), who.clone(), role.clone());
                    let added = account.add(&add).await.unwrap();
                    assert_eq!((&added.key.principal, &added.role), (&who, &role));
                    let again = account.add(&add).await.unwrap_err();
                    assert_eq!(again.kind(), ErrorKind::AlreadyMember);
                }
                let bodies: Vec<Value> = server.requests().iter().map(Recorded::json).collect();
                let native = role.to_string();
                let user = json!({"user_id": 20, "role": native});
                let group = json!({"group_id": 20, "role": native});
                assert_eq!(bodies, [user.clone(), user, group.clone(), group]);
                let sent = server.requests();
                assert!(sent.iter().all(|request| request.header("authorization") == Some("Bearer key")));
            }
        }
    }
}

#[tokio::test]
async fn the_verb_adds_and_finds_members_whatever_the_rest_answers() {
    for other in elsewhere() {
        for which in 0..2 {
            let server = provider(other.clone()).await;
            let account = &accounts(&server)[which];
            let in_it = account.workspace(workspace());
            let ensured = in_it.ensure(UserId::from(21), Role::Viewer).await.unwrap();
            assert_eq!((ensured.change, ensured.member.role), (Change::Applied, Role::Viewer));
            assert_eq!(server.requests().len(), 1, "nothing is looked up first");
            let ensured = in_it.ensure(UserId::from(21), Role::Viewer).await.unwrap();
            assert_eq!(ensured.change, Change::Unchanged);
            let group = AddMember::new(workspace(), GroupId::from(1), Role::Editor);
            let kept = account.ensure(&group, IfPresent::Keep).await.unwrap();
            assert_eq!((kept.change, kept.member.role), (Change::Unchanged, Role::Viewer));
        }
    }
}
