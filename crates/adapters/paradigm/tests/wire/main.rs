//! Paradigm on the wire: what is sent, field by field, and what each documented answer means.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

mod answers;
mod errors;
mod paging;
mod requests;

use serde_json::{Value, json};
use workspace_members_core::{PageRequest, WorkspaceMembers};
use workspace_members_http::HttpSettings;
use workspace_members_paradigm::{Paradigm, ParadigmConfig};
use workspace_members_tests::{Recorded, Reply, key, settings};

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

/// What a Paradigm that is content answers.
fn content(request: &Recorded) -> Reply {
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
