//! PandaDoc on the wire: what is sent, field by field, and what each documented answer means.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use futures_util::TryStreamExt;
use serde_json::{Value, json};
use workspace_members_core::{
    AddMember, Capability, Cursor, Effect, ErrorKind, Evidence, Fit, ListOf, Mark, NativeRole, Notify,
    Operation, PageRequest, Protection, Resource, Role, RolePolicy, RoleRow, RoleTable, Status,
    WorkspaceMembers, WorkspaceMembersExt,
};
use workspace_members_http::HttpSettings;
use workspace_members_pandadoc::{Auth, KeyKind, PandaDoc, PandaDocConfig, Reach, Region};
use workspace_members_tests::{
    CANARY, Call, Expected, Recorded, Reply, STATUSES, Server, key, member, principal, settings, workspace,
};

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

/// What a PandaDoc that is content answers.
fn content(request: &Recorded) -> Reply {
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

#[tokio::test]
async fn each_operation_is_one_request_of_the_documented_form() {
    for (auth, scheme) in [(Auth::ApiKey, "API-Key"), (Auth::Bearer, "Bearer")] {
        for reach in [Reach::Organization, Reach::Workspace(workspace("W1"))] {
            let server = Server::start(|request, _| content(request)).await;
            let own = reach != Reach::Organization;
            let pandadoc = pandadoc(&server.url(), |config| config.with_auth(auth).with_reach(reach));
            let mut sent = 0;
            for Row(name, call, method, target, body) in calls() {
                // With one workspace, members come from the key's own list, and there is no list of users.
                let (method, target) = match (own, name) {
                    (true, "list" | "get") => (method, "/members"),
                    (true, "users" | "list account") => ("", ""),
                    _ => (method, target),
                };
                let case = format!("{name}, {}", pandadoc.capabilities().variant());
                let result = call.run(&pandadoc).await;
                if method.is_empty() {
                    let error = result.unwrap_err();
                    let expected = Expected::refused(ErrorKind::Unsupported);
                    expected.check(&error, call.operation(), "pandadoc", &case);
                    assert_eq!(server.requests().len(), sent, "{case} is refused unsent");
                    continue;
                }
                result.unwrap_or_else(|error| panic!("{case}: {error:?}"));
                sent += 1;
                let requests = server.requests();
                assert_eq!(requests.len(), sent, "{case} is one request");
                let request = requests.last().unwrap();
                assert_eq!(request.method, method, "{case}");
                assert_eq!(request.target, format!("/public/v1{target}"), "{case}");
                assert_eq!(request.header("authorization"), Some(format!("{scheme} {CANARY}").as_str()));
                assert_eq!(request.header("accept"), Some("application/json"), "{case}");
                assert_eq!(request.header("accept-encoding"), None, "{case}");
                assert_eq!(request.header("cookie"), None, "{case}");
                assert_eq!(request.header("content-type"), body.as_ref().map(|_| "application/json"));
                match body {
                    Some(body) => assert_eq!(request.json(), body, "{case}"),
                    None => assert!(request.body.is_empty(), "{case}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn a_connection_that_reaches_one_workspace_is_refused_every_other_unsent() {
    let server = Server::start(|request, _| content(request)).await;
    let own = Reach::Workspace(workspace("W1"));
    let pandadoc = pandadoc(&server.url(), |config| config.with_reach(own));
    let key = || member("W2", "user:u1", Some("m1"));
    for call in [
        Call::list("W2"),
        Call::list("w1"),
        Call::get("W2", "user:u1"),
        Call::add("W2", "user:u1", Role::Viewer),
        Call::set_role(key(), Role::Viewer),
        Call::remove(key()),
    ] {
        let error = call.run(&pandadoc).await.unwrap_err();
        Expected::refused(ErrorKind::Unsupported).check(&error, call.operation(), "pandadoc", "another");
        assert!(error.message().contains("takes reach organization"), "{error}");
    }
    let error = pandadoc.roster(&workspace("W1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "nothing says that the list is of W1");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn mails_are_always_decided_and_sent_only_when_asked_for() {
    let server = Server::start(|request, _| content(request)).await;
    let pandadoc = pandadoc(&server.url(), |config| config);
    for (notify, query) in [
        (Notify::NOBODY, "notify_user=false&notify_ws_admins=false"),
        (Notify::MEMBER, "notify_user=true&notify_ws_admins=false"),
        (Notify::NOBODY.with_admins(true), "notify_user=false&notify_ws_admins=true"),
        (Notify::MEMBER.with_admins(true), "notify_user=true&notify_ws_admins=true"),
    ] {
        let request = AddMember::new(workspace("W1"), principal("user:u1"), Role::Viewer);
        Call::Add(request.with_notify(notify)).run(&pandadoc).await.unwrap();
        assert_eq!(server.requests().last().unwrap().query(), query);
    }
}

#[tokio::test]
async fn each_role_is_sent_in_the_providers_word() {
    let server = Server::start(|request, _| content(request)).await;
    let pandadoc = pandadoc(&server.url(), |config| config);
    for (role, native) in [
        (Role::Owner, "Admin"),
        (Role::Manager, "Manager"),
        (Role::Editor, "Member"),
        (Role::Viewer, "Collaborator"),
        (Role::Custom(NativeRole::from_static("Admin")), "Admin"),
    ] {
        Call::add("W1", "user:u1", role.clone()).run(&pandadoc).await.unwrap();
        assert_eq!(server.requests().last().unwrap().json()["role"], native);
        Call::set_role(member("W1", "user:u1", Some("m1")), role).run(&pandadoc).await.unwrap();
        assert_eq!(server.requests().last().unwrap().json(), json!({"role": native}));
    }
    let sent = server.requests().len();
    let placeholder = Role::Custom(NativeRole::from_static("Custom"));
    for call in [
        Call::add("W1", "user:u1", placeholder.clone()),
        Call::set_role(member("W1", "user:u1", Some("m1")), placeholder),
        Call::set_role(member("W1", "user:u1", Some("m1")), Role::Custom(NativeRole::from_static(""))),
    ] {
        let error = call.run(&pandadoc).await.unwrap_err();
        Expected::refused(ErrorKind::InvalidRole).check(&error, call.operation(), "pandadoc", "placeholder");
    }
    assert_eq!(server.requests().len(), sent, "the placeholder is never written");
}

#[tokio::test]
async fn awkward_ids_stay_within_their_part_of_the_path() {
    let server = Server::start(|request, _| content(request)).await;
    let pandadoc = pandadoc(&server.url(), |config| config);
    for (id, encoded) in [
        ("a/b", "a%2Fb"),
        ("50%", "50%25"),
        ("%2F", "%252F"),
        ("a+b", "a+b"),
        ("Ünï", "%C3%9Cn%C3%AF"),
        ("a b", "a%20b"),
        ("x?y=1#z", "x%3Fy=1%23z"),
        ("...", "..."),
        ("%2e%2e", "%252e%252e"),
        ("\\..\\", "%5C..%5C"),
        ("\u{202e}id", "%E2%80%AEid"),
    ] {
        let who = format!("user:{id}");
        let key = || member(id, &who, Some(id));
        for (call, path) in [
            (Call::get("W1", &who), format!("/public/v1/users/{encoded}")),
            (Call::add(id, &who, Role::Viewer), format!("/public/v1/workspaces/{encoded}/members")),
            (
                Call::set_role(key(), Role::Viewer),
                format!("/public/v1/workspaces/{encoded}/members/{encoded}/role"),
            ),
            (Call::remove(key()), format!("/public/v1/workspaces/{encoded}/members/{encoded}")),
        ] {
            call.run(&pandadoc).await.unwrap_or_else(|error| panic!("{id}: {error:?}"));
            let requests = server.requests();
            let request = requests.last().unwrap();
            assert_eq!(request.path(), path, "{id}");
            if request.method == "POST" {
                assert_eq!(request.json()["user_id"], id, "as it is in the body");
            }
        }
    }
}

#[tokio::test]
async fn what_goes_by_membership_id_is_refused_without_one() {
    let server = Server::start(|request, _| content(request)).await;
    let pandadoc = pandadoc(&server.url(), |config| config);
    let key = || member("W1", "user:u1", None);
    for call in [Call::set_role(key(), Role::Viewer), Call::remove(key())] {
        let error = call.run(&pandadoc).await.unwrap_err();
        Expected::refused(ErrorKind::InvalidInput).check(&error, call.operation(), "pandadoc", "no id");
        assert!(error.message().contains("which `get` or a listing yields"), "{error}");
    }
    assert_eq!(server.connections(), 0);
}

/// Bodies whose words have no meaning of their own, and what of each is the provider's own words.
fn bodies() -> Vec<(Reply, Option<&'static str>)> {
    let json = |body: Value| Reply::json(400, body);
    let denied = "You do not have permission to perform this action.";
    vec![
        (Reply::empty(400), None),
        (json(json!({"type": "request_error", "detail": "Not found"})), Some("Not found")),
        (
            json(json!({"type": "authentication_error", "detail": "Credentials were not provided."})),
            Some("Credentials were not provided."),
        ),
        (json(json!({"type": "permission_error", "detail": denied})), Some(denied)),
        (
            json(
                json!({"type": "permissions_error", "detail": {"message": denied}, "info_message": "Outside.",
                "links": [{"rel": "status", "href": "https://x.example", "type": "POST"}]}),
            ),
            Some("message: You do not have permission to perform this action."),
        ),
        (
            json(json!({"type": "permissions_error", "info_message": "Outside of your organization"})),
            Some("Outside of your organization"),
        ),
        (
            json(json!({"type": "request_error", "details": {"non_field_errors": ["Both."]}})),
            Some("non_field_errors: Both."),
        ),
        (
            json(json!({"type": "validation_error", "detail": {"name": ["Too long."]}})),
            Some("name: Too long."),
        ),
        (
            json(json!({"type": "request_error", "detail": {"count": "A valid integer is required."}})),
            Some("count: A valid integer is required."),
        ),
        (json(json!({"type": "request_error", "detail": "\u{9b}2J\u{7}beep"})), Some(" 2J beep")),
        (json(json!({"type": "request_error"})), Some("type: request_error")),
        (json(json!({"code": "x", "details": []})), None),
        (json(json!({"error": "invalid_grant"})), Some("invalid_grant")),
        (json(json!(null)), None),
        (json(json!({"detail": null})), None),
        (json(json!({"detail": 7})), None),
        (Reply::text(400, "text/html", "<html><h1>Bad gateway</h1>"), None),
        (Reply::text(400, "text/plain", "upstream connect error"), None),
        (Reply::text(400, "application/json", "{\"type\": "), None),
    ]
}

/// What a status means for an operation.
fn meaning(call: &Call, status: u16) -> Expected {
    use Resource::{Member, User, Workspace};
    let expected = match (status, call) {
        (401, _) => Expected::refused(ErrorKind::Unauthenticated),
        (403, _) => Expected::refused(ErrorKind::Forbidden),
        (404, Call::Add(_)) => Expected::missing(&[Workspace, User]),
        (404, Call::SetRole(_) | Call::Remove(_)) => Expected::missing(&[Workspace, Member]),
        (404, Call::Get(..)) => Expected::missing(&[User]),
        (404, _) => Expected::missing(&[]),
        _ => Expected::at_any_provider(status, call.operation()),
    };
    expected.status(status)
}

#[tokio::test]
async fn every_status_with_every_body_means_what_it_means_for_the_operation() {
    let server = Server::adjustable().await;
    let pandadoc = pandadoc(&server.url(), |config| config);
    let mut runs = 0;
    for Row(name, call, method, ..) in calls() {
        if method.is_empty() {
            continue;
        }
        for status in STATUSES {
            for (at, (reply, says)) in bodies().into_iter().enumerate() {
                // What a refused request was refused for cannot be read, so it may be asked again.
                let mut expected = if status == 400 && !reply.is_json() {
                    Expected::new(ErrorKind::UnexpectedResponse, Effect::NotApplied).status(status)
                } else {
                    meaning(&call, status)
                };
                server.answer(reply.with_status(status));
                let error = call.run(&pandadoc).await.unwrap_err();
                if let Some(words) = says {
                    expected = expected.says(words);
                }
                expected.check(&error, call.operation(), "pandadoc", &format!("{name}, {status}, body {at}"));
                assert_eq!(server.requests().len(), 1, "{name}, {status}: never a second attempt");
                runs += 1;
            }
        }
    }
    println!("{runs} answers classified");
}

#[tokio::test]
async fn each_documented_message_of_a_400_has_its_meaning() {
    let server = Server::adjustable().await;
    let pandadoc = pandadoc(&server.url(), |config| config);
    let key = || member("W1", "user:u1", Some("m1"));
    let (add, set_role, remove) =
        (Call::add("W1", "user:u1", Role::Viewer), Call::set_role(key(), Role::Viewer), Call::remove(key()));
    let no_such_role = "The role 'X' does not exist in the workspace with ID 'W1'. Please ensure the role is \
                        correctly defined and try again.";
    let all = json!({
        "user_id": ["User doesn't exist", "Member already exists", "This field is required"],
        "role": ["Role is not a valid choice", "This field is required"],
    });
    let kind = Expected::refused;
    let table = [
        (&add, json!({"user_id": ["Member already exists"]}), kind(ErrorKind::AlreadyMember)),
        (&add, json!({"user_id": ["User doesn't exist"]}), Expected::missing(&[Resource::User])),
        (&add, json!({"user_id": ["User doesn\u{2019}t exist."]}), Expected::missing(&[Resource::User])),
        (&add, json!({"user_id": ["This field is required"]}), kind(ErrorKind::Rejected)),
        (&add, json!({"role": ["Role is not a valid choice"]}), kind(ErrorKind::InvalidRole)),
        (&add, json!({"role": ["This field is required"]}), kind(ErrorKind::Rejected)),
        (&add, json!({"license": ["Unable to add more licenses."]}), kind(ErrorKind::SeatLimit)),
        (&add, json!({"email": ["Member already exists"]}), kind(ErrorKind::Rejected)),
        // Several at once, in whatever order they come.
        (&add, all, kind(ErrorKind::AlreadyMember)),
        (
            &add,
            json!({"role": ["Role is not a valid choice"], "user_id": ["User doesn't exist"]}),
            Expected::missing(&[Resource::User]),
        ),
        (&set_role, json!({"role": [no_such_role]}), kind(ErrorKind::InvalidRole)),
        (
            &set_role,
            json!("Cannot change the role of the workspace owner."),
            Expected::protected(Protection::ProviderOwner),
        ),
        (
            &set_role,
            json!("Cannot change the role of the last member with admin privileges."),
            Expected::protected(Protection::LastOwner),
        ),
        (&remove, json!("Owner can not be removed."), Expected::protected(Protection::ProviderOwner)),
        (&remove, json!("Something else."), kind(ErrorKind::Rejected)),
    ];
    let mut runs = 0;
    for (call, detail, expected) in table {
        for upper in [false, true] {
            for name in ["detail", "details"] {
                let detail = if upper { shouted(&detail) } else { detail.clone() };
                let body = json!({"type": "request_error", name: detail});
                server.answer(Reply::json(400, body.clone()));
                let error = call.run(&pandadoc).await.unwrap_err();
                let words = error.provider_message().unwrap_or_default().to_owned();
                let expected = expected.clone().status(400).says(&words);
                expected.check(&error, call.operation(), "pandadoc", &body.to_string());
                assert!(!words.is_empty(), "the provider's own words are kept");
                runs += 1;
            }
        }
    }
    // Both fields at once is a body too.
    server
        .answer(Reply::json(400, json!({"detail": null, "details": {"user_id": ["Member already exists"]}})));
    assert_eq!(add.run(&pandadoc).await.unwrap_err().kind(), ErrorKind::AlreadyMember);
    println!("{runs} messages classified");
}

/// The same texts in capitals and with a full stop.
fn shouted(detail: &Value) -> Value {
    match detail {
        Value::String(text) => format!("{}.", text.to_uppercase().trim_end_matches('.')).into(),
        Value::Array(items) => items.iter().map(shouted).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shouted(value))).collect(),
        other => other.clone(),
    }
}

#[tokio::test]
async fn how_long_to_wait_is_in_the_header_or_in_the_words() {
    let server = Server::adjustable().await;
    let pandadoc = pandadoc(&server.url(), |config| config);
    let call = Call::add("W1", "user:u1", Role::Viewer);
    for (words, header, seconds) in [
        ("Request was throttled. Expected available in 13 seconds.", None, Some(13)),
        ("Request was throttled. Expected available in 1 second.", None, Some(1)),
        ("Request was throttled. Expected available in 13 seconds.", Some("4"), Some(4)),
        ("Request was throttled.", None, None),
        ("Expected available in a while.", None, None),
        ("Expected available in", None, None),
        ("Expected available in 18446744073709551615 seconds.", None, Some(86_400)),
        ("Expected available in 99999999999999999999 seconds.", None, None),
        ("Expected available in -5 seconds.", None, None),
    ] {
        for kind in ["throttled", "request_error"] {
            let reply = Reply::json(429, json!({"type": kind, "detail": words}));
            server.answer(match header {
                Some(value) => reply.with_header("Retry-After", value),
                None => reply,
            });
            let error = call.run(&pandadoc).await.unwrap_err();
            let expected = Expected::new(ErrorKind::RateLimited, Effect::NotApplied).status(429).says(words);
            let expected = if let Some(seconds) = seconds { expected.wait(seconds) } else { expected };
            expected.check(&error, Operation::Add, "pandadoc", words);
        }
    }
}

#[tokio::test]
async fn missing_rights_are_named() {
    let server = Server::adjustable().await;
    let pandadoc = pandadoc(&server.url(), |config| config);
    for (call, words) in [
        (Call::Users(FIRST()), "no organization administrator; with a workspace's key use reach workspace"),
        (Call::list("W1"), "no organization administrator"),
        (Call::get("W1", "user:u1"), "no organization administrator"),
        (Call::add("W1", "user:u1", Role::Viewer), "neither of the organization nor of this workspace"),
        (Call::remove(member("W1", "user:u1", Some("m1"))), "neither of the organization nor"),
        (Call::Me, "may not do this"),
    ] {
        server.answer(Reply::empty(403));
        let error = call.run(&pandadoc).await.unwrap_err();
        let expected = Expected::refused(ErrorKind::Forbidden).status(403);
        expected.check(&error, call.operation(), "pandadoc", words);
        assert!(error.message().contains(words), "{error}");
    }
}

#[tokio::test]
async fn an_addition_is_what_its_answer_says() {
    let unread = Err(ErrorKind::UnexpectedResponse);
    for (case, reply, expected) in [
        (
            "documented",
            json!({"member_id": "m9", "workspace_id": "W1", "role": "Member", "email": "J@example.com",
                "first_name": "John", "last_name": "Doe"}),
            Ok(("m9", "Member", Some("John Doe"))),
        ),
        (
            "unknown fields",
            json!({"member_id": "m9", "role": "Member", "x": [1]}),
            Ok(("m9", "Member", None)),
        ),
        (
            "nulls",
            json!({"member_id": "m9", "role": null, "email": null, "first_name": null}),
            Ok(("m9", "Member", None)),
        ),
        ("a number as id", json!({"member_id": 9, "role": "Member"}), Ok(("9", "Member", None))),
        // It stands for a custom role, and none was asked for.
        ("the placeholder", json!({"member_id": "m9", "role": "Custom"}), Err(ErrorKind::Unconfirmed)),
        ("a higher role", json!({"member_id": "m9", "role": "Admin"}), Err(ErrorKind::Unconfirmed)),
        ("a role of another case", json!({"member_id": "m9", "role": "member"}), Err(ErrorKind::Unconfirmed)),
        ("an id with an escape", json!({"member_id": "m\u{1b}9", "role": "Member"}), unread),
        ("an empty id", json!({"member_id": "", "role": "Member"}), unread),
        ("an id without end", json!({"member_id": "9".repeat(300), "role": "Member"}), unread),
        ("a dot segment as id", json!({"member_id": "..", "role": "Member"}), unread),
        ("nothing", json!({}), unread),
        ("a name alone", json!({"first_name": "John", "member_id": null}), unread),
        ("a list", json!([]), unread),
        ("null", json!(null), unread),
        ("text", json!("ok"), unread),
    ] {
        for status in [200, 201] {
            let server = Server::always(Reply::json(status, reply.clone())).await;
            let pandadoc = pandadoc(&server.url(), |config| config);
            let request = AddMember::new(workspace("W1"), principal("user:u1"), Role::Editor);
            let result = pandadoc.add(&request).await;
            let got = result.as_ref().map(|member| {
                let id = member.key.membership.as_ref().unwrap().as_str();
                (id, member.native_role.as_str(), member.name.as_deref())
            });
            let got = got.map_err(|error| {
                assert_eq!(
                    (error.effect(), error.operation()),
                    (Effect::Unknown, Some(Operation::Add)),
                    "{case}"
                );
                assert!(!error.message().contains(char::is_control), "{case}: {error}");
                assert!(error.message().len() < 300, "{case}: {error}");
                error.kind()
            });
            assert_eq!(got, expected, "{case}, {status}");
        }
    }
    for reply in
        [Reply::empty(201), Reply::empty(204), Reply::empty(202), Reply::text(200, "text/html", "<p>")]
    {
        let server = Server::always(reply).await;
        let pandadoc = pandadoc(&server.url(), |config| config);
        let error = Call::add("W1", "user:u1", Role::Viewer).run(&pandadoc).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown));
    }
}

#[tokio::test]
async fn a_change_of_role_keeps_the_membership_id() {
    let server = Server::adjustable().await;
    let pandadoc = pandadoc(&server.url(), |config| config);
    server
        .answer(Reply::json(200, json!({"workspace_id": "W1", "role": "Manager", "email": "a@example.com"})));
    let request = workspace_members_core::SetRole::new(member("W1", "user:u1", Some("m1")), Role::Manager);
    let changed = pandadoc.set_role(&request).await.unwrap();
    assert_eq!((changed.key, changed.role), (request.key.clone(), Role::Manager));
    let custom = workspace_members_core::SetRole::new(
        request.key.clone(),
        Role::Custom(NativeRole::from_static("Legal review")),
    );
    server.answer(Reply::json(200, json!({"member_id": "m1", "role": "Custom"})));
    assert_eq!(pandadoc.set_role(&custom).await.unwrap().native_role.as_str(), "Custom");
    for other in [json!({"role": "Member"}), json!({"member_id": "m2", "role": "Manager"})] {
        server.answer(Reply::json(200, other.clone()));
        let error = pandadoc.set_role(&request).await.unwrap_err();
        let expected = Expected::new(ErrorKind::Unconfirmed, Effect::Unknown).status(200);
        expected.check(&error, Operation::SetRole, "pandadoc", &other.to_string());
    }
}

async fn read(body: Value, call: Call) -> Result<String, (ErrorKind, String)> {
    let server = Server::always(Reply::json(200, body)).await;
    let pandadoc = pandadoc(&server.url(), |config| config);
    call.run(&pandadoc).await.map_err(|error| (error.kind(), error.message().to_owned()))
}

#[tokio::test]
async fn a_user_without_what_is_needed_makes_no_list() {
    let listed = |user: Value| json!({"total": 1, "results": [user]});
    let of = |membership: Value| listed(json!({"user_id": "u1", "workspaces": [membership]}));
    for (case, body) in [
        ("no user id", listed(json!({"email": "a@b", "workspaces": []}))),
        ("null user id", listed(json!({"user_id": null, "workspaces": []}))),
        ("empty user id", listed(json!({"user_id": "", "workspaces": []}))),
        ("a user id with an escape", listed(json!({"user_id": "\u{1b}[2J", "workspaces": []}))),
        ("a user id with a line break", listed(json!({"user_id": "a\nb", "workspaces": []}))),
        ("a dot segment", listed(json!({"user_id": "..", "workspaces": []}))),
        ("no list of workspaces", listed(json!({"user_id": "u1"}))),
        ("null in its place", listed(json!({"user_id": "u1", "workspaces": null}))),
        ("no workspace id", of(json!({"role": "Admin", "membership_id": "m1"}))),
        ("no role", of(json!({"workspace_id": "W1", "membership_id": "m1"}))),
        ("null role", of(json!({"workspace_id": "W1", "membership_id": "m1", "role": null}))),
        (
            "a membership id with an escape",
            of(json!({"workspace_id": "W1", "membership_id": "\u{7}", "role": "Admin"})),
        ),
        ("no results", json!({"total": 0})),
        ("null results", json!({"total": 0, "results": null})),
        ("a bare list", json!([])),
    ] {
        let (kind, message) = read(body, Call::list("W1")).await.unwrap_err();
        assert_eq!(kind, ErrorKind::UnexpectedResponse, "{case}");
        assert!(!message.contains(char::is_control) && !message.contains("[2J"), "{case}: {message:?}");
    }
}

#[tokio::test]
async fn members_are_read_with_what_they_say() {
    let server = Server::always(Reply::json(
        200,
        json!({"total": 4, "results": [
            {"user_id": "u1", "email": "Own@Example.com", "first_name": "O", "last_name": null, "license": "Full",
                "is_organization_owner": true, "phone_number": null, "workspaces": [
                    {"role": "Admin", "workspace_id": "W1", "membership_id": "m1"},
                    {"role": "Member", "workspace_id": "W2", "membership_id": "m2"}]},
            {"user_id": 22, "email": null, "first_name": "", "last_name": "", "license": "guest",
                "workspaces": [{"role": "Collaborator", "workspace_id": "W1", "membership_id": 23}]},
            {"user_id": "u3", "email": "not an address", "license": null, "invited_by": null,
                "workspaces": [{"role": "Legal Review", "workspace_id": "W1", "membership_id": null}]},
            {"user_id": "u4", "first_name": "\u{1b}[31mRed", "workspaces": []},
        ]}),
    ))
    .await;
    let pandadoc = pandadoc(&server.url(), |config| config);
    let page = pandadoc.members_page(&ListOf::Workspace(workspace("W1")), FIRST()).await.unwrap();
    assert_eq!((page.records.len(), page.total, page.next), (4, Some(4), None), "a record is a user");
    let shown: Vec<String> = page
        .items
        .iter()
        .map(|member| {
            let id = member.key.membership.as_ref().map_or("-", |id| id.as_str());
            let marks: Vec<String> = member.marks.iter().map(ToString::to_string).collect();
            let email = member.email.as_ref().map_or("-", |email| email.as_str());
            let name = member.name.as_deref().unwrap_or("-");
            let license = member.license.as_deref().unwrap_or("-");
            format!(
                "{} {id} {email} {name} {} {license} {}",
                member.key.principal,
                member.role,
                marks.join(",")
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "user:u1 m1 Own@Example.com O owner Full account-owner",
            "user:22 23 - - viewer guest seat-on-promotion",
            "user:u3 - - - native:Legal Review - ",
        ]
    );
    let fits: Vec<_> = page.items.iter().map(|member| member.fit).collect();
    assert_eq!(fits, [Some(Fit::Exact), Some(Fit::Incomparable), Some(Fit::Exact)]);
    assert!(page.items[1].is(Mark::SeatOnPromotion));
    assert!(page.items.iter().all(|member| member.status == Status::Unknown), "PandaDoc does not say");

    let all = pandadoc.members_page(&ListOf::Account, FIRST()).await.unwrap();
    assert_eq!((all.items.len(), all.records.len()), (4, 4), "two memberships of one user, none of another");
    let users = pandadoc.users_page(FIRST()).await.unwrap().items;
    assert_eq!(users[3].name.as_deref(), Some("\u{1b}[31mRed"), "escapes in a name are data");
    assert_eq!(users[1].license.as_deref(), Some("guest"));
    let marks: Vec<_> = users.iter().map(|user| user.marks.clone()).collect();
    assert_eq!(marks, [vec![Mark::AccountOwner], vec![Mark::SeatOnPromotion], vec![], vec![]]);
}

#[tokio::test]
async fn get_reads_one_user_and_believes_no_other() {
    let body = |id: Value| json!({"user_id": id, "workspaces": [{"role": "Admin", "workspace_id": "W1", "membership_id": "m1"}]});
    let found = read(body(json!("u1")), Call::get("W1", "user:u1")).await.unwrap();
    assert!(found.contains("MembershipId(\"m1\")"), "{found}");
    assert_eq!(read(body(json!("u1")), Call::get("W2", "user:u1")).await.unwrap(), "None");
    let (kind, message) = read(body(json!("u2")), Call::get("W1", "user:u1")).await.unwrap_err();
    assert_eq!(kind, ErrorKind::UnexpectedResponse);
    assert!(message.contains("another user"), "{message}");
    let (kind, _) = read(body(Value::Null), Call::get("W1", "user:u1")).await.unwrap_err();
    assert_eq!(kind, ErrorKind::UnexpectedResponse);
    assert!(read(body(json!(7)), Call::get("W1", "user:7")).await.unwrap().contains("m1"));
}

#[tokio::test]
async fn whoever_comes_without_a_list_of_workspaces_is_not_taken_for_gone() {
    for user in [json!({"user_id": "u1"}), json!({"user_id": "u1", "workspaces": null})] {
        let server = Server::always(Reply::json(200, user.clone())).await;
        let pandadoc = pandadoc(&server.url(), |config| config);
        let removed = pandadoc.remove_member(&workspace("W1"), &principal("user:u1")).await;
        let error = removed.unwrap_err();
        let expected = Expected::new(ErrorKind::UnexpectedResponse, Effect::NotApplied).status(200);
        expected.check(&error, Operation::Get, "pandadoc", &user.to_string());
    }
}

#[tokio::test]
async fn the_keys_own_workspace_is_read_from_its_members() {
    let details = json!({"results": [
        // `workspace` is what the person looks at in the browser; it says nothing about the membership.
        {"user_id": "u1", "membership_id": "m1", "email": "a@b", "first_name": "A", "last_name": "B", "is_active": true,
            "workspace": "W9", "workspace_name": "Other", "email_verified": true, "role": "Custom",
            "user_license": "Guest", "date_created": "2023-08-03T11:49:16.364213Z", "date_modified": null},
        {"user_id": "u2", "membership_id": "m2", "is_active": false, "emails_verified": false, "role": "Member",
            "user_license": "Full (Standard)"},
        {"user_id": "u3", "membership_id": "m3", "is_active": null, "role": "Admin"},
    ]});
    let server = Server::always(Reply::json(200, details)).await;
    let own = Reach::Workspace(workspace("W1"));
    let pandadoc = pandadoc(&server.url(), |config| config.with_reach(own));
    let page = pandadoc.members_page(&ListOf::Workspace(workspace("W1")), FIRST()).await.unwrap();
    let statuses: Vec<_> = page.items.iter().map(|member| member.status).collect();
    assert_eq!(statuses, [Status::Active, Status::Inactive, Status::Unknown]);
    assert!(page.items.iter().all(|member| member.key.workspace == workspace("W1")));
    assert_eq!((page.items[0].fit, page.items[0].is(Mark::SeatOnPromotion)), (None, true), "a placeholder");
    let found = pandadoc.get(&workspace("W1"), &principal("user:u2")).await.unwrap().unwrap();
    assert_eq!(found.key.membership.unwrap().as_str(), "m2");
    assert_eq!(pandadoc.get(&workspace("W1"), &principal("user:u9")).await.unwrap(), None);
    let at = PageRequest::at(Some(Cursor::new("2x50")));
    let call = Call::Members(ListOf::Workspace(workspace("W1")), at);
    let error = call.run(&pandadoc).await.unwrap_err();
    Expected::refused(ErrorKind::InvalidInput).check(&error, Operation::ListMembers, "pandadoc", "cursor");
    assert_eq!(server.requests().len(), 3);
}

fn page_of(request: &Recorded) -> (usize, usize) {
    let value = |name: &str| request.query().split('&').find_map(|part| part.strip_prefix(name)).unwrap();
    (value("page=").parse().unwrap(), value("count=").parse().unwrap())
}

/// So many users, with or without the total.
async fn organization(people: usize, total: bool) -> Server {
    Server::start(move |request, _| {
        let (page, count) = page_of(request);
        let ids = (0..people).skip((page - 1) * count).take(count);
        let results: Vec<Value> = ids.map(|id| user(&format!("u{id}"), "Member", "W1")).collect();
        let total = if total { json!(people) } else { Value::Null };
        Reply::json(200, json!({"total": total, "results": results}))
    })
    .await
}

#[tokio::test]
async fn pages_go_on_until_the_total_or_a_page_that_is_not_full() {
    for (people, total, size, requests) in [
        (0, true, 50, 1),
        (49, true, 50, 1),
        (50, true, 50, 1),
        (51, true, 50, 2),
        (101, true, 50, 3),
        (7, true, 3, 3),
        (0, false, 50, 1),
        (49, false, 50, 1),
        // Without a total, a full page may be followed by an empty one.
        (50, false, 50, 2),
        (51, false, 50, 2),
    ] {
        let server = organization(people, total).await;
        let http = settings(&server.url()).with_page_size(size);
        let pandadoc = pandadoc_over(&http, |config| config);
        let members: Vec<_> = pandadoc.members(workspace("W1")).try_collect().await.unwrap();
        let case = format!("{people} people, pages of {size}, total {total}");
        assert_eq!((members.len(), server.requests().len()), (people, requests), "{case}");
        assert!(server.requests().iter().all(|r| r.query().starts_with("show_removed=false&")), "{case}");
    }
}

#[tokio::test]
async fn a_listing_that_disagrees_with_itself_makes_no_list() {
    let lying = |total: fn(usize) -> u64, ids: fn(usize) -> usize| async move {
        let server = Server::start(move |request, _| {
            let (page, _) = page_of(request);
            let from = ids(page);
            let results: Vec<Value> =
                (from..from + 50).map(|id| user(&format!("u{id}"), "Member", "W1")).collect();
            Reply::json(200, json!({"total": total(page), "results": results}))
        })
        .await;
        let pandadoc = pandadoc(&server.url(), |config| config);
        let result: Result<Vec<_>, _> = pandadoc.members(workspace("W1")).try_collect().await;
        (result.unwrap_err().kind(), server.requests().len())
    };
    let changed = ErrorKind::ListingChanged;
    assert_eq!(lying(|page| 150 + page as u64, |page| page * 50).await, (changed, 2), "the total moves");
    assert_eq!(lying(|_| 150, |_| 0).await, (changed, 2), "the same page again");
    assert_eq!(lying(|_| 150, |page| page * 49).await, (changed, 2), "somebody moved between pages");
    assert_eq!(lying(|_| u64::MAX, |page| page * 50 / page).await, (changed, 2), "a total without end");
    assert_eq!(lying(|_| 20, |page| page * 50).await, (changed, 1), "more than it counts");
}

#[test]
fn what_is_read_from_one_address_shares_one_window() {
    use Operation::{Get, ListMembers, ListUsers};
    let windows = |reach: Reach, operation: Operation| -> Vec<Vec<Operation>> {
        let pandadoc = pandadoc("http://127.0.0.1:1", |config| config.with_reach(reach));
        let limits = pandadoc.capabilities().limits().iter();
        limits.filter(|limit| limit.covers(operation)).map(|limit| limit.operations.clone()).collect()
    };

    assert_eq!(windows(Reach::Organization, ListMembers), [[ListUsers, ListMembers]]);
    assert_eq!(windows(Reach::Organization, Get), [[Get]]);
    assert_eq!(windows(Reach::Workspace(workspace("W1")), Get), [[ListMembers, Get]]);
    for reach in [Reach::Organization, Reach::Workspace(workspace("W1"))] {
        for operation in [Operation::Me, Operation::Add, Operation::SetRole, Operation::Remove, Get] {
            assert_eq!(windows(reach.clone(), operation).len(), 1, "{operation}");
        }
    }
}

#[test]
fn a_table_of_the_callers_undoes_neither_policy_nor_placeholder() {
    let rows = [RoleRow::new(Role::Viewer, NativeRole::from_static("Collaborator"), Fit::Incomparable)];
    let table = || RoleTable::new(rows.clone()).unwrap().with_custom_roles(true);
    let http = settings("http://127.0.0.1:1");
    let policy = http.clone().with_role_policy(RolePolicy::ExactOnly).with_roles(table());
    let pandadoc = pandadoc_over(&policy, |config| config);
    let roles = pandadoc.capabilities().roles();
    assert_eq!(roles.policy(), RolePolicy::ExactOnly);
    assert!(roles.resolve(&Role::Viewer).is_err());
    assert!(roles.resolve(&Role::Custom(NativeRole::from_static("Custom"))).is_err());
    let strict = http.with_roles(table().with_policy(RolePolicy::ExactOnly));
    let pandadoc = pandadoc_over(&strict, |config| config);
    assert_eq!(pandadoc.capabilities().roles().policy(), RolePolicy::ExactOnly, "the table's own");
}

#[test]
fn regions_reaches_and_keys_are_what_they_say() {
    let endpoint = |config: PandaDocConfig, http: HttpSettings| {
        PandaDoc::new(&config, &http, key()).map(|account| account.capabilities().endpoint().to_owned())
    };
    let eu = PandaDocConfig::default().with_region(Region::Eu);
    let elsewhere = HttpSettings::at("https://proxy.example.com/pandadoc/");
    let default = endpoint(PandaDocConfig::default(), HttpSettings::default());
    assert_eq!(default.unwrap(), "https://api.pandadoc.com");
    assert_eq!(endpoint(eu.clone(), HttpSettings::default()).unwrap(), "https://api.pandadoc.eu");
    let both = endpoint(eu, elsewhere.clone()).unwrap_err();
    assert!(both.to_string().contains("not both"), "{both}");
    let other = endpoint(PandaDocConfig::default(), elsewhere);
    assert_eq!(other.unwrap(), "https://proxy.example.com/pandadoc");

    let sandbox = pandadoc("http://127.0.0.1:1", |config| config.with_key_kind(KeyKind::Sandbox));
    let [limit] = sandbox.capabilities().limits() else { panic!("one window for everything") };
    assert!(limit.max == 10 && limit.published && Operation::ALL.iter().all(|one| limit.covers(*one)));
    let documented = sandbox.capabilities().claims().all(|(_, evidence)| evidence == Evidence::Documented);
    assert!(documented && sandbox.capabilities().has(Capability::Roster));
}
