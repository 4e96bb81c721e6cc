//! What a success says.

use super::{FIRST, list_of, paradigm};
use serde_json::{Value, json};
use workspace_members_core::{Effect, ErrorKind, Fit, ListOf, Operation, Role, Status, WorkspaceMembers};
use workspace_members_tests::{Call, Reply, Server, chain, principal, workspace};

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
async fn of_one_user_listed_twice_no_role_is_chosen() {
    let user = |role: &str| json!({"id": 7, "email": "a@b", "role": role});
    let body = list_of(json!([user("viewer"), user("owner")]), json!([]));
    let server = Server::always(Reply::json(201, body)).await;
    let error = Call::get("42", "user:7").run(&paradigm(&server.url(), |config| config)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Ambiguous, Effect::Rejected));
    assert!(error.message().contains("is there twice, as viewer and owner"), "{error}");
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
