//! Paradigm on the wire: what is sent, field by field, and what each documented answer means.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use futures_util::TryStreamExt;
use serde_json::{Value, json};
use workspace_members_core::{
    Capability, Cursor, Effect, ErrorKind, Evidence, Fit, ListOf, NativeRole, Operation, PageRequest,
    PrincipalId, Protection, Resource, Role, Status, WorkspaceMembers, WorkspaceMembersExt,
};
use workspace_members_http::{HttpSettings, Transport, TransportConfig};
use workspace_members_paradigm::{Level, Paradigm, ParadigmConfig};
use workspace_members_tests::{
    Authority, CANARY, Call, Expected, Issued, Recorded, Reply, STATUSES, Server, chain, key, member,
    principal, settings, workspace,
};

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

#[tokio::test]
async fn each_operation_is_one_request_of_the_documented_form_at_each_level() {
    // What is refused unsent, by level and by whether inferred operations are turned on.
    let table: [(Level, bool, &str, &[&str]); 6] = [
        (Level::Owner, false, "", &[]),
        (Level::Owner, true, "", &[]),
        (Level::Company, false, "/company", &["add user", "add group", "remove group"]),
        (Level::Company, true, "/company", &[]),
        (
            Level::Instance,
            false,
            "/instance",
            &["workspaces", "list", "get user", "get group", "add user", "add group", "remove group"],
        ),
        (Level::Instance, true, "/instance", &["workspaces"]),
    ];
    for (level, inferred, prefix, refused) in table {
        let server = Server::start(|request, _| content(request)).await;
        let paradigm = paradigm(&server.url(), |config| config.with_level(level).with_inferred(inferred));
        let mut sent = 0;
        for Row(name, call, method, target, body) in calls() {
            let case = format!("{name} at level {}", level.as_str());
            let result = call.run(&paradigm).await;
            if method.is_empty() || refused.contains(&name) {
                let error = result.unwrap_err();
                Expected::refused(ErrorKind::Unsupported).check(&error, call.operation(), "paradigm", &case);
                assert_eq!(server.requests().len(), sent, "{case} is refused unsent");
                continue;
            }
            result.unwrap_or_else(|error| panic!("{case}: {error:?}"));
            sent += 1;
            let requests = server.requests();
            assert_eq!(requests.len(), sent, "{case} is one request");
            let request = requests.last().unwrap();
            assert_eq!(request.method, method, "{case}");
            assert_eq!(request.target, format!("/api/v3{}", target.replace('%', prefix)), "{case}");
            assert_eq!(request.header("authorization"), Some(format!("Bearer {CANARY}").as_str()), "{case}");
            assert_eq!(request.header("accept"), Some("application/json"), "{case}");
            assert_eq!(request.header("accept-encoding"), None, "{case}");
            assert_eq!(request.header("cookie"), None, "{case}");
            assert!(request.header("user-agent").unwrap().starts_with("workspace-members/"), "{case}");
            assert_eq!(request.header("content-type"), body.as_ref().map(|_| "application/json"), "{case}");
            match body {
                // Equal as a whole: exactly one id, the role, and nothing that is null.
                Some(body) => assert_eq!(request.json(), body, "{case}"),
                None => assert!(request.body.is_empty(), "{case}"),
            }
        }
    }
}

#[tokio::test]
async fn each_role_is_sent_in_the_providers_word_and_others_are_not_sent() {
    let server = Server::start(|request, _| content(request)).await;
    let paradigm = paradigm(&server.url(), |config| config);
    for (role, native) in [
        (Role::Owner, "owner"),
        (Role::Editor, "editor"),
        (Role::Viewer, "viewer"),
        (Role::Custom(NativeRole::from_static("viewer")), "viewer"),
    ] {
        Call::add("1", "user:1", role).run(&paradigm).await.unwrap();
        assert_eq!(server.requests().last().unwrap().json()["role"], native);
    }
    for role in [Role::Manager, Role::Custom(NativeRole::from_static("reviewer"))] {
        let error = Call::add("1", "user:1", role).run(&paradigm).await.unwrap_err();
        let expected = Expected::refused(ErrorKind::InvalidRole);
        expected.check(&error, Operation::Add, "paradigm", "a role that is none");
        assert!(error.message().contains("supported: owner, editor, viewer"), "{error}");
    }
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_path_prefix_of_the_base_url_is_kept() {
    let server = Server::start(|request, _| content(request)).await;
    for base in ["/tenant", "/tenant/", "/tenant//"] {
        let paradigm = paradigm(&format!("{}{base}", server.url()), |config| config);
        Call::list("42").run(&paradigm).await.unwrap();
        assert_eq!(server.requests().last().unwrap().target, "/tenant/api/v3/workspaces/42/members");
    }
}

#[tokio::test]
async fn ids_that_are_no_positive_integers_are_refused_unsent() {
    let server = Server::start(|request, _| content(request)).await;
    let paradigm = paradigm(&server.url(), |config| config);
    let bad =
        ["0", "-1", "+7", "007", "7.0", " 7", "7 ", "seven", "٧", "7/../8", "9223372036854775808", "%37"];
    for id in bad {
        let (user, group) = (format!("user:{id}"), format!("group:{id}"));
        let calls = [
            Call::list(id),
            Call::get(id, "user:7"),
            Call::get("42", &user),
            Call::get("42", &group),
            Call::add(id, "user:7", Role::Viewer),
            Call::add("42", &user, Role::Viewer),
            Call::add("42", &group, Role::Viewer),
            Call::remove(member(id, "user:7", None)),
            Call::remove(member("42", &user, None)),
            Call::remove(member("42", &group, None)),
        ];
        for call in calls {
            let error = call.run(&paradigm).await.unwrap_err();
            let expected = Expected::refused(ErrorKind::InvalidInput);
            expected.check(&error, call.operation(), "paradigm", &format!("{call:?}"));
        }
    }
    assert_eq!(server.connections(), 0);
    Call::list("9223372036854775807").run(&paradigm).await.unwrap();
}

async fn read_list(status: u16, body: Value) -> Result<Vec<String>, ErrorKind> {
    let server = Server::always(Reply::json(status, body)).await;
    let paradigm = paradigm(&server.url(), |config| config);
    let page = paradigm.members_page(&ListOf::Workspace(workspace("42")), FIRST()).await;
    let page = page.map_err(|error| {
        assert_eq!(error.effect(), Effect::NotApplied);
        error.kind()
    })?;
    assert_eq!((page.next, page.total), (None, None));
    let shown = page.items.iter().map(|member| {
        assert_eq!((member.status, member.license.as_ref(), member.marks.len()), (Status::Unknown, None, 0));
        assert_eq!(member.key.membership, None);
        let (name, email) = (member.name.as_deref().unwrap_or("-"), member.email.as_ref());
        let email = email.map_or("-", |email| email.as_str());
        format!("{} {email} {name} {} {}", member.key.principal, member.role, member.native_role)
    });
    Ok(shown.collect())
}

#[tokio::test]
async fn any_success_with_a_valid_body_is_a_list() {
    let users = json!([
        {"id": 7, "email": "Ana@Example.com", "role": "owner"},
        {"id": 8, "email": "b@example.com", "role": "viewer"},
    ]);
    let body = list_of(users, json!([{"id": 7, "name": "Data", "role": "editor"}]));
    for status in [200, 201, 203, 206] {
        let got = read_list(status, body.clone()).await.unwrap();
        let expected = [
            "user:7 Ana@Example.com - owner owner",
            "user:8 b@example.com - viewer viewer",
            "group:7 - Data editor editor",
        ];
        assert_eq!(got, expected, "{status}");
    }
}

#[tokio::test]
async fn what_the_schema_leaves_open_is_read() {
    let user = |user: Value| list_of(json!([user]), json!([]));
    let group = |group: Value| list_of(json!([]), json!([group]));
    for (case, body, expected) in [
        (
            "unknown role",
            user(json!({"id": 1, "email": "a@b", "role": "Reviewer"})),
            "user:1 a@b - native:Reviewer Reviewer",
        ),
        (
            "role of another case",
            user(json!({"id": 1, "email": "a@b", "role": "Owner"})),
            "user:1 a@b - native:Owner Owner",
        ),
        ("empty role", user(json!({"id": 1, "email": "a@b", "role": ""})), "user:1 a@b - native: "),
        (
            "unknown fields",
            user(json!({"id": 1, "email": "a@b", "role": "viewer", "x": {"y": [null]}, "created_at": null})),
            "user:1 a@b - viewer viewer",
        ),
        ("no address", user(json!({"id": 1, "role": "viewer"})), "user:1 - - viewer viewer"),
        ("null address", user(json!({"id": 1, "email": null, "role": "viewer"})), "user:1 - - viewer viewer"),
        (
            "an address that is none",
            user(json!({"id": 1, "email": "deleted user", "role": "viewer"})),
            "user:1 - - viewer viewer",
        ),
        ("id as text", user(json!({"id": "12", "role": "viewer"})), "user:12 - - viewer viewer"),
        (
            "a large id",
            user(json!({"id": 9_223_372_036_854_775_807_u64, "role": "viewer"})),
            "user:9223372036854775807 - - viewer viewer",
        ),
        ("null name", group(json!({"id": 1, "name": null, "role": "viewer"})), "group:1 - - viewer viewer"),
        (
            "escapes in a name are data",
            group(json!({"id": 1, "name": "\u{1b}[2Jx", "role": "viewer"})),
            "group:1 - \u{1b}[2Jx viewer viewer",
        ),
    ] {
        assert_eq!(read_list(200, body).await.unwrap(), [expected], "{case}");
    }
    assert!(read_list(200, list_of(json!([]), json!([]))).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_the_schema_requires_is_demanded() {
    let user = |user: Value| list_of(json!([user]), json!([]));
    for (case, body) in [
        ("no groups", json!({"users": []})),
        ("no users", json!({"groups": []})),
        ("null users", json!({"users": null, "groups": []})),
        ("nothing", json!({})),
        ("a bare list", json!([])),
        ("null", json!(null)),
        ("no id", user(json!({"email": "a@b", "role": "viewer"}))),
        ("id zero", user(json!({"id": 0, "email": "a@b", "role": "viewer"}))),
        ("negative id", user(json!({"id": -1, "email": "a@b", "role": "viewer"}))),
        ("null id", user(json!({"id": null, "email": "a@b", "role": "viewer"}))),
        ("id with a path in it", user(json!({"id": "1/2", "email": "a@b", "role": "viewer"}))),
        ("no role", user(json!({"id": 1, "email": "a@b"}))),
        ("null role", user(json!({"id": 1, "email": "a@b", "role": null}))),
        ("users by id", json!({"users": {"1": {"role": "viewer"}}, "groups": []})),
    ] {
        assert_eq!(read_list(200, body).await, Err(ErrorKind::UnexpectedResponse), "{case}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_not_quoted() {
    let somebody = "somebody@example.com";
    let user = json!({"id": somebody, "email": somebody, "role": {somebody: somebody}});
    for body in [
        json!(somebody),
        list_of(json!(somebody), json!([])),
        list_of(json!([somebody]), json!([])),
        list_of(json!([user]), json!([])),
    ] {
        let server = Server::always(Reply::json(200, body)).await;
        let paradigm = paradigm(&server.url(), |config| config);
        let error = Call::list("42").run(&paradigm).await.unwrap_err();
        assert!(!chain(&error).contains("somebody"), "{error:?}");
        assert!(std::error::Error::source(&error).is_some(), "what was expected is said");
    }
}

#[tokio::test]
async fn get_finds_the_principal_of_its_kind_and_no_other() {
    let users = json!([{"id": 7, "email": "a@b", "role": "owner"}]);
    let body = list_of(users, json!([{"id": 8, "name": "Data", "role": "viewer"}]));
    let server = Server::always(Reply::json(201, body)).await;
    let paradigm = paradigm(&server.url(), |config| config);
    for (who, role) in
        [("user:7", Some(Role::Owner)), ("group:8", Some(Role::Viewer)), ("user:8", None), ("group:7", None)]
    {
        let found = paradigm.get(&workspace("42"), &principal(who)).await.unwrap();
        assert_eq!(found.as_ref().map(|member| member.role.clone()), role, "{who}");
        assert_eq!(found.map(|member| member.fit), role.map(|_| Some(Fit::Exact)), "{who}");
    }
}

#[tokio::test]
async fn an_addition_is_confirmed_by_the_list_that_it_answers() {
    let seven = |role: &str| json!([{"id": 7, "email": "a@b", "role": role}]);
    let listed = |users: Value, groups: Value| Reply::json(201, list_of(users, groups));
    let eight = json!([{"id": 8, "email": "b@b", "role": "viewer"}]);
    let unreadable = ErrorKind::UnexpectedResponse;
    for (case, reply, expected) in [
        ("documented", listed(seven("viewer"), json!([])), Ok(())),
        ("200", listed(seven("viewer"), json!([])).with_status(200), Ok(())),
        ("not in it", listed(eight, json!([])), Err(ErrorKind::Unconfirmed)),
        ("nobody in it", listed(json!([]), json!([])), Err(ErrorKind::Unconfirmed)),
        ("a group of the number", listed(json!([]), seven("viewer")), Err(ErrorKind::Unconfirmed)),
        ("a higher role", listed(seven("owner"), json!([])), Err(ErrorKind::Unconfirmed)),
        ("an unknown role", listed(seven("Viewer"), json!([])), Err(ErrorKind::Unconfirmed)),
        ("204", Reply::empty(204), Err(unreadable)),
        ("201 without a body", Reply::empty(201), Err(unreadable)),
        ("202 without a body", Reply::empty(202), Err(unreadable)),
        ("a web page", Reply::text(200, "text/html", "<html>"), Err(unreadable)),
        ("the member alone", Reply::json(201, json!({"id": 7, "role": "viewer"})), Err(unreadable)),
        ("null", Reply::json(201, Value::Null), Err(unreadable)),
    ] {
        let server = Server::always(reply).await;
        let paradigm = paradigm(&server.url(), |config| config);
        let result = Call::add("42", "user:7", Role::Viewer).run(&paradigm).await;
        let result = result.map(drop).map_err(|error| {
            assert_eq!(
                (error.effect(), error.operation()),
                (Effect::Unknown, Some(Operation::Add)),
                "{case}"
            );
            assert!(error.status().is_some(), "{case}: {error:?}");
            assert!(!chain(&error).contains('@'), "{case}: the list of others is in no error: {error:?}");
            error.kind()
        });
        assert_eq!(result, expected, "{case}");
        assert_eq!(server.requests().len(), 1, "{case}");
    }
}

/// Error bodies as both generations write them, and what of each is the provider's own words.
fn bodies() -> Vec<(Reply, Option<&'static str>)> {
    let json = |body: Value| Reply::json(400, body);
    let envelope = json!({
        "id": null, "code": 422, "error": "validation_error", "detail": "Bad.", "doc_url": "https://x.example",
        "fields": {"role": [{"error": "required", "detail": "Required."}]},
    });
    vec![
        (Reply::empty(400), None),
        (json(json!({"detail": "No."})), Some("No.")),
        (json(json!({"error": "No."})), Some("No.")),
        (json(json!({"role": ["Not a choice."]})), Some("role: Not a choice.")),
        (json(json!({"a": ["One.", "Two."]})), Some("a: One.; a: Two.")),
        (json(envelope), Some("Bad.; detail: Required.; error: required")),
        (
            json(json!({"error": "service_maintenance", "detail": "Back at noon.", "mode": "full_shutdown"})),
            Some("Back at noon."),
        ),
        (json(json!({"detail": {"message": "Nested."}})), Some("message: Nested.")),
        (json(json!(["Bare."])), Some("Bare.")),
        (json(json!({"detail": "\u{1b}[31mred\r\n"})), Some(" [31mred  ")),
        (json(json!(null)), None),
        (json(json!(7)), None),
        (Reply::text(400, "text/html", "<html><h1>Bad gateway</h1>"), None),
        (Reply::text(400, "text/plain", "no such luck"), None),
        (Reply::text(400, "application/json", "{\"detail\": \"cut"), None),
        (Reply::text(400, "application/json", b"\xff\xfe".as_slice()), None),
    ]
}

/// What a status means for an operation.
fn meaning(call: &Call, status: u16) -> Expected {
    use Resource::{Group, Member, User, Workspace};
    let who = |key: &PrincipalId| if matches!(key, PrincipalId::User(_)) { User } else { Group };
    let expected = match (status, call) {
        (401, _) => Expected::refused(ErrorKind::Unauthenticated),
        (403, _) => Expected::refused(ErrorKind::Forbidden),
        (404, Call::Members(..) | Call::Get(..)) => Expected::missing(&[Workspace]),
        (404, Call::Add(add)) => Expected::missing(&[Workspace, who(&add.principal)]),
        (404, Call::Remove(remove)) => Expected::missing(&[Workspace, who(&remove.key.principal), Member]),
        (404, _) => Expected::missing(&[]),
        (409, Call::Add(_)) => Expected::refused(ErrorKind::AlreadyMember),
        _ => Expected::at_any_provider(status, call.operation()),
    };
    expected.status(status)
}

#[tokio::test]
async fn every_status_with_every_body_means_what_it_means_for_the_operation() {
    let server = Server::adjustable().await;
    let paradigm = paradigm(&server.url(), |config| config);
    let mut runs = 0;
    for Row(name, call, method, ..) in calls() {
        if method.is_empty() {
            continue;
        }
        for status in STATUSES {
            for (at, (reply, says)) in bodies().into_iter().enumerate() {
                server.answer(reply.with_status(status));
                let error = call.run(&paradigm).await.unwrap_err();
                let mut expected = meaning(&call, status);
                if let Some(words) = says {
                    expected = expected.says(words);
                }
                expected.check(&error, call.operation(), "paradigm", &format!("{name}, {status}, body {at}"));
                assert_eq!(server.requests().len(), 1, "{name}, {status}: never a second attempt");
                runs += 1;
            }
        }
    }
    println!("{runs} answers classified");
}

#[tokio::test]
async fn waits_and_request_ids_are_read_from_the_headers() {
    let server = Server::adjustable().await;
    let paradigm = paradigm(&server.url(), |config| config);
    for status in [429, 503] {
        let reply = Reply::json(status, json!({"detail": "Request was throttled."}));
        server.answer(reply.with_header("Retry-After", "13").with_header("X-Request-Id", "r-1"));
        let call = Call::add("42", "user:7", Role::Viewer);
        let error = call.run(&paradigm).await.unwrap_err();
        let expected = meaning(&call, status).wait(13).says("Request was throttled.");
        expected.check(&error, Operation::Add, "paradigm", "wait");
        assert_eq!(error.request_id(), Some("r-1"));
    }
}

#[tokio::test]
async fn the_last_owner_is_told_by_the_words_alone() {
    let server = Server::adjustable().await;
    let paradigm = paradigm(&server.url(), |config| config);
    for who in ["user:7", "group:7"] {
        let call = Call::remove(member("42", who, None));
        for status in [400, 403, 409, 422] {
            for words in [
                "Cannot remove the only remaining owner group.",
                "You cannot remove the last OWNER of the workspace",
                "At least one owner must remain: only one is left",
            ] {
                let bodies =
                    [json!({"detail": words}), json!({"non_field_errors": [words]}), json!({"error": words})];
                for body in bodies {
                    server.answer(Reply::json(status, body.clone()));
                    let error = call.run(&paradigm).await.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Protected, "{status} {body}");
                    assert_eq!(error.protection(), Some(Protection::LastOwner));
                    assert_eq!((error.effect(), error.status()), (Effect::Rejected, Some(status)));
                }
            }
            let denied = [
                "Only custom workspaces can be changed.",
                "You must be an owner.",
                "Last call.",
                "Only workspace owners can remove members.",
                "The owner was last seen today; only then it changed.",
            ];
            // Of a right that is denied, and of nothing else.
            let only = ["Only owner may remove members.", "This action takes the only owner."];
            for words in denied.into_iter().chain(only.into_iter().filter(|_| status == 403)) {
                server.answer(Reply::json(status, json!({"detail": words})));
                let error = call.run(&paradigm).await.unwrap_err();
                assert_ne!(error.kind(), ErrorKind::Protected, "{status} {words}");
            }
        }
    }
}

#[tokio::test]
async fn missing_rights_are_named() {
    let server = Server::adjustable().await;
    let removal = || Call::remove(member("42", "user:7", None));
    for (level, call, words) in [
        (Level::Owner, Call::Users(FIRST()), "takes a company administrator; name people by user:ID"),
        (Level::Owner, Call::list("42"), "does not own this workspace; administrators use level company"),
        (Level::Owner, Call::add("42", "user:7", Role::Viewer), "does not own this workspace"),
        (Level::Owner, removal(), "does not own this workspace"),
        (Level::Company, Call::list("42"), "no company administrator"),
        (Level::Instance, removal(), "no instance administrator"),
    ] {
        let paradigm = paradigm(&server.url(), |config| config.with_level(level));
        server.answer(Reply::empty(403));
        let error = call.run(&paradigm).await.unwrap_err();
        let expected = Expected::refused(ErrorKind::Forbidden).status(403);
        expected.check(&error, call.operation(), "paradigm", words);
        assert!(error.message().contains(words), "{error}");
    }
}

/// Five workspaces in the form of Django REST framework, pages of two.
fn pages(request: &Recorded, next: impl Fn(u32) -> Value) -> Reply {
    let page: u32 =
        request.query().split('&').find_map(|p| p.strip_prefix("page=")).unwrap().parse().unwrap();
    let all = [1, 2, 3, 4, 5];
    let from = (page as usize - 1) * 2;
    let results: Vec<Value> =
        all.iter().skip(from).take(2).map(|id| json!({"id": id, "name": "x"})).collect();
    let next = if from + 2 < all.len() { next(page + 1) } else { Value::Null };
    Reply::json(200, json!({"count": 5, "next": next, "previous": null, "results": results}))
}

#[tokio::test]
async fn of_a_next_address_only_the_page_number_is_used() {
    let nexts: [fn(u32) -> Value; 4] = [
        |page| json!(format!("https://paradigm.example.com/api/v3/workspaces?page={page}")),
        |page| json!(format!("http://evil.example:1/x?key=y&page={page}&page_size=1#page=9")),
        |page| json!(format!("//evil.example/?page={page}")),
        |page| json!(format!("?page={page}")),
    ];
    for next in nexts {
        let server = Server::start(move |request, _| pages(request, next)).await;
        let paradigm = paradigm_over(&settings(&server.url()).with_page_size(2), |config| config);
        let ids: Vec<String> =
            paradigm.workspaces().map_ok(|workspace| workspace.id.to_string()).try_collect().await.unwrap();
        assert_eq!(ids, ["1", "2", "3", "4", "5"]);
        let targets: Vec<String> = server.requests().into_iter().map(|request| request.target).collect();
        let expected: Vec<String> =
            (1..=3).map(|page| format!("/api/v3/workspaces?page={page}&page_size=2")).collect();
        assert_eq!(targets, expected);
    }
    for next in ["https://paradigm.example.com/?cursor=abc", "", "?page=0", "?page=x", "?page=-1"] {
        let server = Server::start(move |request, _| pages(request, move |_| json!(next))).await;
        let paradigm = paradigm(&server.url(), |config| config);
        let error = Call::Workspaces(FIRST()).run(&paradigm).await.unwrap_err();
        let expected = Expected::new(ErrorKind::UnexpectedResponse, Effect::NotApplied).status(200);
        expected.check(&error, Operation::ListWorkspaces, "paradigm", next);
    }
}

/// A server that does not know of the TLS before it names its pages with http.
#[tokio::test]
async fn a_next_address_over_http_behind_tls_is_asked_for_over_tls() {
    let authority = Authority::new();
    let tls = authority.acceptor(&["localhost"], Issued::Now);
    let server = Server::start_tls(tls, |request, _| {
        let host = request.header("host").unwrap().to_owned();
        let listed = |page| json!(format!("http://{host}/api/v3/workspaces?page={page}"));
        pages(request, listed)
    });
    let server = server.await;
    let mut config = TransportConfig::default();
    config.root_ca_pem = Some(authority.pem().as_bytes().to_vec());
    let pool = Transport::new(config).unwrap();
    let http = HttpSettings::at(server.url()).with_page_size(2).with_transport(pool);
    let paradigm = paradigm_over(&http, |config| config);
    assert_eq!(paradigm.workspaces().try_collect::<Vec<_>>().await.unwrap().len(), 5);
    // This server takes nothing but TLS, so all three pages came by it.
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn both_described_forms_of_a_list_are_read() {
    let one = json!([{"id": 1}]);
    for (case, body, next, total) in [
        ("results", json!({"count": 3, "next": "?page=2", "results": one}), Some("2x100"), Some(3)),
        ("data", json!({"data": one, "pagination": {"total": 3, "next": "?page=2"}}), Some("2x100"), Some(3)),
        ("pages", json!({"data": one, "pagination": {"count": 3, "total_pages": 2}}), Some("2x100"), Some(3)),
        (
            "pages by another name",
            json!({"data": one, "pagination": {"total": 3, "pages": 3}}),
            Some("2x100"),
            Some(3),
        ),
        ("a total", json!({"data": one, "pagination": {"total": 101}}), Some("2x100"), Some(101)),
        ("a total of one page", json!({"data": one, "pagination": {"total": 100}}), None, Some(100)),
        (
            "pages of another size",
            json!({"data": one, "pagination": {"total": 100, "per_page": 20}}),
            Some("2x100"),
            Some(100),
        ),
        ("last page", json!({"data": one, "pagination": {"count": 1, "total_pages": 1}}), None, Some(1)),
        ("bare", json!({"results": one}), None, None),
    ] {
        let server = Server::always(Reply::json(200, body)).await;
        let paradigm = paradigm(&server.url(), |config| config);
        let page = paradigm.groups_page(FIRST()).await.unwrap_or_else(|error| panic!("{case}: {error:?}"));
        assert_eq!(page.items.len(), 1, "{case}");
        assert_eq!(page.next.as_ref().map(Cursor::as_str), next, "{case}");
        assert_eq!(page.total, total, "{case}");
    }
}

#[tokio::test]
async fn a_full_page_that_tells_nothing_is_not_the_last() {
    let full = |count: u32| (1..=count).map(|id| json!({"id": id})).collect::<Value>();
    for (case, body, next) in [
        ("bare", json!({"results": full(100)}), Some("2x100")),
        ("not full", json!({"results": full(99)}), None),
        ("null says that it is the last", json!({"results": full(100), "next": null}), None),
        ("so does a count", json!({"results": full(100), "count": 100}), None),
        ("data", json!({"data": full(100), "pagination": {"page": 1, "per_page": 100}}), Some("2x100")),
        ("a number of pages", json!({"data": full(100), "pagination": {"num_pages": 1}}), None),
    ] {
        let server = Server::always(Reply::json(200, body)).await;
        let paradigm = paradigm(&server.url(), |config| config);
        let page = paradigm.groups_page(FIRST()).await.unwrap();
        assert_eq!(page.next.as_ref().map(Cursor::as_str), next, "{case}");
    }
    // The provider fixes the size of this list, so it is full at 20 whatever was asked for.
    let server = Server::start(move |request, _| {
        let from: u32 = request.query().strip_prefix("page=").unwrap().parse().unwrap();
        Reply::json(200, json!({"results": full(45).as_array().unwrap().chunks(20).nth(from as usize - 1)}))
    })
    .await;
    let paradigm = paradigm(&server.url(), |config| config);
    let users: Vec<_> = paradigm.users().try_collect().await.unwrap();
    assert_eq!((users.len(), server.requests().len()), (45, 3));
    let page = paradigm.users_page(FIRST().with_size(100)).await.unwrap();
    assert_eq!(page.next.as_ref().map(Cursor::as_str), Some("2x20"));
}

#[tokio::test]
async fn a_chain_of_pages_that_never_ends_is_ended() {
    let endless = |results: fn(u32) -> Value, count: Value, step: u32| async move {
        let server = Server::start(move |request, _| {
            let page: u32 = request.query().strip_prefix("page=").unwrap().parse().unwrap();
            let next = format!("?page={}", page + step);
            Reply::json(200, json!({"count": count, "next": next, "results": results(page)}))
        })
        .await;
        let paradigm = paradigm(&server.url(), |config| config);
        let result: Result<Vec<_>, _> = paradigm.users().try_collect().await;
        (result.unwrap_err().kind(), server.requests().len())
    };
    let nobody: fn(u32) -> Value = |_| json!([]);
    let same: fn(u32) -> Value = |_| json!([{"id": 1}]);
    let more: fn(u32) -> Value = |page| json!([{"id": page}]);
    assert_eq!(endless(nobody, Value::Null, 1).await, (ErrorKind::UnexpectedResponse, 100), "empty pages");
    assert_eq!(endless(same, Value::Null, 1).await, (ErrorKind::ListingChanged, 2), "the same record again");
    assert_eq!(
        endless(nobody, Value::Null, 0).await,
        (ErrorKind::UnexpectedResponse, 2),
        "the same page again"
    );
    assert_eq!(endless(more, json!(10), 1).await, (ErrorKind::ListingChanged, 11), "more than it counts");
}

#[tokio::test]
async fn the_acting_identity_is_read_in_both_described_forms() {
    let server = Server::adjustable().await;
    let paradigm = paradigm(&server.url(), |config| config);
    server.answer(Reply::json(
        200,
        json!({
            "profile": {"id": 1, "username": "c", "first_name": "Camille", "last_name": "Laurent", "email": "c@x"},
            "company": {"id": 9, "name": "Example SA", "login_method": "sso"},
            "permissions": {"is_admin": true, "can_manage_documents": false}, "settings": {}, "compliance": null,
        }),
    ));
    let me = paradigm.me().await.unwrap();
    assert_eq!((me.user.as_str(), me.name.as_deref(), me.admin), ("1", Some("Camille Laurent"), Some(true)));
    assert_eq!((me.account_id.as_deref(), me.account_name.as_deref()), (Some("9"), Some("Example SA")));
    server
        .answer(Reply::json(200, json!({"profile": {"id": 1, "full_name": "Camille L."}, "company": null})));
    let me = paradigm.me().await.unwrap();
    assert_eq!(
        (me.name.as_deref(), me.email, me.account_id, me.admin),
        (Some("Camille L."), None, None, None)
    );
}

#[tokio::test]
async fn workspaces_users_and_groups_are_read_with_what_they_say() {
    let server = Server::adjustable().await;
    let paradigm = paradigm(&server.url(), |config| config);
    server.answer(Reply::json(
        200,
        json!({"count": 10, "next": null, "results": [
            {"id": 1, "name": "Ours", "workspace_type": "custom", "user_role": "owner"},
            {"id": 2, "name": "Read", "workspace_type": "custom", "user_role": "viewer"},
            {"id": 3, "name": "All", "workspace_type": "company", "user_role": "owner"},
            {"id": 4, "name": null, "workspace_type": "shared", "user_role": ""},
            {"id": 5, "workspace_type": "personal", "user_role": "owner"},
            {"id": 6, "workspace_type": "custom", "user_role": null},
            {"id": 7, "workspace_type": "custom"},
            {"id": 8, "workspace_type": " ", "user_role": "Owner"},
            {"id": 9, "user_role": "editor"},
            {"id": 10, "workspace_type": "company"},
        ]}),
    ));
    let page = paradigm.workspaces_page(FIRST()).await.unwrap();
    let shown: Vec<_> = page
        .items
        .iter()
        .map(|w| (w.id.as_str(), w.name.as_str(), w.kind.as_deref(), w.manageable))
        .collect();
    let expected = [
        ("1", "Ours", Some("custom"), Some(true)),
        ("2", "Read", Some("custom"), Some(false)),
        ("3", "All", Some("company"), Some(false)),
        // What is blank, null or missing is not known, and the provider's own refusal decides.
        ("4", "", Some("shared"), None),
        ("5", "", Some("personal"), Some(false)),
        ("6", "", Some("custom"), None),
        ("7", "", Some("custom"), None),
        ("8", "", Some(" "), None),
        ("9", "", None, Some(false)),
        ("10", "", Some("company"), Some(false)),
    ];
    assert_eq!(shown, expected);

    let groups = json!([{"id": 3, "name": "x", "role": "owner"}]);
    server.answer(Reply::json(
        200,
        json!({"count": 4, "next": null, "results": [
            {"id": 1, "email": "a@b", "first_name": "A", "last_name": "", "is_active": true, "groups": groups},
            {"id": 2, "email": "b@b", "is_active": false, "invitation_status": "Pending", "groups": []},
            {"id": 3, "email": "c@b", "is_active": false, "invitation_status": "accepted"},
            {"id": 4},
        ]}),
    ));
    let users = paradigm.users_page(FIRST()).await.unwrap().items;
    let statuses: Vec<_> = users.iter().map(|user| user.status).collect();
    assert_eq!(statuses, [Status::Active, Status::Pending, Status::Inactive, Status::Unknown]);
    let groups: Vec<_> = users.iter().map(|user| user.groups.as_ref().map(Vec::len)).collect();
    assert_eq!(groups, [Some(1), Some(0), None, None]);

    server.answer(Reply::json(
        200,
        json!({"results": [
            {"id": 1, "name": "A", "user_ids": [1, 2]},
            {"id": 2, "name": "B", "user_ids": "[1, 2]"},
            {"id": 3, "name": "C", "user_ids": [1, null]},
            {"id": 4, "user_ids": []},
        ]}),
    ));
    let groups = paradigm.groups_page(FIRST()).await.unwrap().items;
    let known: Vec<_> = groups.iter().map(|group| group.users.as_ref().map(Vec::len)).collect();
    assert_eq!(
        known,
        [Some(2), None, None, Some(0)],
        "what is no list of ids is not known, rather than empty"
    );
}

#[tokio::test]
async fn cursors_of_others_are_refused_unsent_and_sizes_kept_within_bounds() {
    let server = Server::start(|request, _| content(request)).await;
    let paradigm = paradigm(&server.url(), |config| config);
    for text in ["", "2", "0x20", "2x0", "2x101", "99999999999x20", "2x20x2", "../x"] {
        let at = PageRequest::at(Some(Cursor::new(text)));
        let calls = [
            Call::Workspaces(at.clone()),
            Call::Users(at.clone()),
            Call::Groups(at.clone()),
            Call::Members(ListOf::Workspace(workspace("42")), at),
        ];
        for call in calls {
            let error = call.run(&paradigm).await.unwrap_err();
            let expected = Expected::refused(ErrorKind::InvalidInput);
            expected.check(&error, call.operation(), "paradigm", &format!("{call:?}"));
        }
    }
    assert_eq!(server.connections(), 0);
    for (size, sent) in [(1, "1"), (7, "7"), (1000, "100"), (0, "1")] {
        Call::Groups(FIRST().with_size(size)).run(&paradigm).await.unwrap();
        assert_eq!(server.requests().last().unwrap().query(), format!("page=1&per_page={sent}"));
    }
}

#[test]
fn what_is_inferred_is_said_to_be() {
    use Capability::{AddGroup, AddUser, GetMember, ListMembers, ListUsers, RemoveGroup, RemoveUser, Roster};
    let inferred = |paradigm: &Paradigm| -> Vec<Capability> {
        let claims = paradigm.capabilities().claims();
        claims.filter(|(_, evidence)| *evidence == Evidence::Inferred).map(|(what, _)| what).collect()
    };
    let at = |level, on| {
        inferred(&paradigm("http://127.0.0.1:1", |config| config.with_level(level).with_inferred(on)))
    };
    assert_eq!(at(Level::Owner, false), [ListUsers, RemoveUser]);
    assert_eq!(at(Level::Owner, true), [ListUsers, RemoveUser]);
    assert_eq!(at(Level::Company, false), [ListUsers]);
    assert_eq!(at(Level::Company, true), [ListUsers, AddUser, AddGroup, RemoveGroup]);
    assert_eq!(at(Level::Instance, false), [ListUsers]);
    let all = [ListUsers, ListMembers, Roster, GetMember, AddUser, AddGroup, RemoveGroup];
    assert_eq!(at(Level::Instance, true), all);
}
