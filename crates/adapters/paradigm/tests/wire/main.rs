//! Paradigm on the wire: what is sent, field by field, and what each documented answer means.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

mod answers;
mod errors;
mod paging;
mod requests;

use serde_json::{Value, json};
use workspace_members_core::{ListOf, PageRequest, Role};
use workspace_members_http::HttpSettings;
use workspace_members_paradigm::{Paradigm, ParadigmConfig};
use workspace_members_tests::{Call, Recorded, Reply, key, member, settings};

const FIRST: fn() -> PageRequest = PageRequest::default;

/// An account at this base URL, with the canary as key, changed as the test likes.
fn paradigm(url: &str, change: impl FnOnce(ParadigmConfig) -> ParadigmConfig) -> Paradigm {
    paradigm_over(&settings(url), change)
}

/// The same over other settings.
fn paradigm_over(http: &HttpSettings, change: impl FnOnce(ParadigmConfig) -> ParadigmConfig) -> Paradigm {
    Paradigm::new(&change(ParadigmConfig::default()), http, key()).unwrap()
}

#[expect(clippy::needless_pass_by_value, reason = "it reads better where it is called")]
fn list_of(users: Value, groups: Value) -> Value {
    json!({ "users": users, "groups": groups })
}

/// What a Paradigm answers when nothing is wrong.
fn ordinary(request: &Recorded) -> Reply {
    let end = request.path().rsplit('/').next().unwrap();
    match (request.method.as_str(), end) {
        ("DELETE", _) => Reply::empty(204),
        ("POST", "members") => {
            let body = request.json();
            let (role, mut users, mut groups) = (&body["role"], vec![], vec![]);
            if let Some(id) = body.get("user_id") {
                users.push(json!({"id": id, "email": "a@example.com", "role": role}));
            }
            if let Some(id) = body.get("group_id") {
                groups.push(json!({"id": id, "name": "Data", "role": role}));
            }
            Reply::json(201, list_of(users.into(), groups.into()))
        }
        (_, "members") => Reply::json(201, list_of(json!([]), json!([]))),
        (_, "me") => Reply::json(200, json!({"profile": {"id": 1}})),
        _ => Reply::json(200, json!({"count": 0, "next": null, "previous": null, "results": []})),
    }
}

/// A call with its name and what it sends: the method, the target behind `/api/v3` with `%` for the level's prefix, and
/// the body. No method means that it is never sent.
struct Row(&'static str, Call, &'static str, &'static str, Option<Value>);

/// One call of every kind.
fn calls() -> Vec<Row> {
    let removed = |who| Call::remove(member("42", who, None));
    let body = |id: &str, role: &str| Some(json!({id: 7, "role": role}));
    let members = "%/workspaces/42/members";
    vec![
        Row("me", Call::Me, "GET", "/users/me", None),
        Row("workspaces", Call::Workspaces(FIRST()), "GET", "%/workspaces?page=1&page_size=100", None),
        Row("users", Call::Users(FIRST()), "GET", "/users?page=1", None),
        Row("groups", Call::Groups(FIRST()), "GET", "/groups?page=1&per_page=100", None),
        Row("list", Call::list("42"), "GET", members, None),
        Row("get user", Call::get("42", "user:7"), "GET", members, None),
        Row("get group", Call::get("42", "group:7"), "GET", members, None),
        Row("add user", Call::add("42", "user:7", Role::Editor), "POST", members, body("user_id", "editor")),
        Row(
            "add group",
            Call::add("42", "group:7", Role::Viewer),
            "POST",
            members,
            body("group_id", "viewer"),
        ),
        Row("remove user", removed("user:7"), "DELETE", "%/workspaces/42/members/users/7", None),
        Row("remove group", removed("group:7"), "DELETE", "%/workspaces/42/members/groups/7", None),
        Row("set role", Call::set_role(member("42", "user:7", None), Role::Viewer), "", "", None),
        Row("list account", Call::Members(ListOf::Account, FIRST()), "", "", None),
    ]
}
