//! PandaDoc on the wire: what is sent, field by field, and what each documented answer means.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

mod answers;
mod errors;
mod paging;
mod requests;

use serde_json::{Value, json};
use workspace_members_core::{ListOf, NativeRole, PageRequest, Role};
use workspace_members_http::HttpSettings;
use workspace_members_pandadoc::{PandaDoc, PandaDocConfig};
use workspace_members_tests::{Call, Recorded, Reply, key, member, settings};

const FIRST: fn() -> PageRequest = PageRequest::default;

/// An account at this base URL, with the canary as key, changed as the test likes.
fn pandadoc(url: &str, change: impl FnOnce(PandaDocConfig) -> PandaDocConfig) -> PandaDoc {
    pandadoc_over(&settings(url), change)
}

/// The same over other settings.
fn pandadoc_over(http: &HttpSettings, change: impl FnOnce(PandaDocConfig) -> PandaDocConfig) -> PandaDoc {
    PandaDoc::new(&change(PandaDocConfig::default()), http, key()).unwrap()
}

fn user(id: &str, role: &str, of: &str) -> Value {
    json!({
        "user_id": id, "email": format!("{id}@example.com"), "first_name": "A", "last_name": "B", "license": "Full",
        "is_organization_owner": false,
        "workspaces": [{"role": role, "workspace_id": of, "membership_id": format!("m-{id}")}],
    })
}

/// What a PandaDoc answers when nothing is wrong.
fn ordinary(request: &Recorded) -> Reply {
    let path: Vec<&str> = request.path().trim_start_matches("/public/v1/").split('/').collect();
    let decoded = |text: &str| percent(text);
    match (request.method.as_str(), path.as_slice()) {
        ("DELETE", _) => Reply::empty(204),
        ("POST", ["workspaces", of, "members"]) => Reply::json(
            201,
            json!({"member_id": "m9", "workspace_id": decoded(of), "role": request.json()["role"]}),
        ),
        ("PATCH", ["workspaces", of, "members", id, "role"]) => Reply::json(
            200,
            json!({"member_id": decoded(id), "workspace_id": decoded(of), "role": request.json()["role"]}),
        ),
        (_, ["users", id]) => Reply::json(200, user(&decoded(id), "Member", "W1")),
        (_, ["members", "current"]) => Reply::json(200, json!({"user_id": "u1", "membership_id": "m1"})),
        (_, ["members"]) => Reply::json(200, json!({"results": []})),
        _ => Reply::json(200, json!({"total": 0, "results": []})),
    }
}

fn percent(text: &str) -> String {
    // A form's decoding, but for the plus sign, which is itself in a path.
    let text = text.replace('+', "%2B");
    url::form_urlencoded::parse(format!("x={text}").as_bytes()).next().unwrap().1.into_owned()
}

/// A call with its name and what it sends: the method, the target behind `/public/v1`, and the body. No method means
/// that it is never sent.
struct Row(&'static str, Call, &'static str, &'static str, Option<Value>);

const USERS: &str = "/users?show_removed=false&count=50&page=1";
const ADD: &str = "/workspaces/W1/members?notify_user=false&notify_ws_admins=false";

/// One call of every kind.
fn calls() -> Vec<Row> {
    let key = |who| member("W1", who, Some("m1"));
    let custom = Role::Custom(NativeRole::from_static("Legal Review"));
    vec![
        Row("me", Call::Me, "GET", "/members/current", None),
        Row("workspaces", Call::Workspaces(FIRST()), "GET", "/workspaces?count=100&page=1", None),
        Row("users", Call::Users(FIRST()), "GET", USERS, None),
        Row("list", Call::list("W1"), "GET", USERS, None),
        Row("list account", Call::Members(ListOf::Account, FIRST()), "GET", USERS, None),
        Row("get", Call::get("W1", "user:u1"), "GET", "/users/u1", None),
        Row(
            "add",
            Call::add("W1", "user:u1", Role::Editor),
            "POST",
            ADD,
            Some(json!({"user_id": "u1", "role": "Member"})),
        ),
        Row(
            "set role",
            Call::set_role(key("user:u1"), Role::Manager),
            "PATCH",
            "/workspaces/W1/members/m1/role",
            Some(json!({"role": "Manager"})),
        ),
        Row(
            "set custom role",
            Call::set_role(key("user:u1"), custom.clone()),
            "PATCH",
            "/workspaces/W1/members/m1/role",
            Some(json!({"role": "Legal Review"})),
        ),
        Row("remove", Call::remove(key("user:u1")), "DELETE", "/workspaces/W1/members/m1", None),
        Row("groups", Call::Groups(FIRST()), "", "", None),
        Row("get group", Call::get("W1", "group:g1"), "", "", None),
        Row("add group", Call::add("W1", "group:g1", Role::Viewer), "", "", None),
        Row("set role of group", Call::set_role(key("group:g1"), Role::Viewer), "", "", None),
        Row("remove group", Call::remove(key("group:g1")), "", "", None),
        Row("add with custom role", Call::add("W1", "user:u1", custom), "", "", None),
    ]
}
