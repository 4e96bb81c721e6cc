//! What a success says.

use super::{FIRST, pandadoc};
use serde_json::{Value, json};
use workspace_members_core::{
    AddMember, Cursor, Effect, ErrorKind, Fit, ListOf, Mark, NativeRole, Operation, PageRequest,
    RemoveMember, Role, SetRole, Status, WorkspaceMembers, WorkspaceMembersExt,
};
use workspace_members_pandadoc::Reach;
use workspace_members_tests::{Call, Expected, Reply, Server, member, principal, workspace};

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
    let request = SetRole::new(member("W1", "user:u1", Some("m1")), Role::Manager);
    let changed = pandadoc.set_role(&request).await.unwrap();
    assert_eq!((changed.key, changed.role), (request.key.clone(), Role::Manager));
    let custom = SetRole::new(request.key.clone(), Role::Custom(NativeRole::from_static("Legal review")));
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
async fn of_two_memberships_in_one_workspace_neither_is_guessed() {
    let both = [("m2", "Member"), ("m3", "Manager")];
    let server = Server::start(move |request, _| match (request.method.as_str(), request.path()) {
        ("DELETE", _) => Reply::empty(204),
        ("PATCH", _) => Reply::json(200, json!({"member_id": "m3", "role": "Admin"})),
        (_, "/public/v1/members") => Reply::json(
            200,
            json!({"results": both.map(|(id, role)| json!({"user_id": "u1", "membership_id": id, "role": role}))}),
        ),
        (_, "/public/v1/workspaces") => Reply::json(200, json!({"total": 1, "results": [{"id": "W1"}]})),
        (_, path) => {
            let of = both.map(|(id, role)| json!({"workspace_id": "W1", "membership_id": id, "role": role}));
            let user = json!({"user_id": "u1", "workspaces": of});
            Reply::json(200, if path.ends_with("u1") { user } else { json!({"total": 1, "results": [user]}) })
        }
    })
    .await;
    let (w1, u1) = (workspace("W1"), principal("user:u1"));
    for reach in [Reach::Organization, Reach::Workspace(w1.clone())] {
        let pandadoc = pandadoc(&server.url(), |config| config.with_reach(reach));
        let refused = [
            pandadoc.get(&w1, &u1).await.unwrap_err(),
            pandadoc.guarded().change_role(&w1, &u1, &Role::Owner).await.unwrap_err(),
            pandadoc.guarded().remove_member(&w1, &u1).await.unwrap_err(),
        ];
        for error in refused {
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Ambiguous, Effect::Rejected), "{error}");
            assert!(error.message().contains("m2 (Member) and m3 (Manager)"), "{error}");
        }
        let shown = pandadoc.members_page(&ListOf::Workspace(w1.clone()), FIRST()).await.unwrap();
        assert_eq!(shown.items.len(), 2, "a listing shows what is there");
    }
    assert!(server.requests().iter().all(|request| request.method == "GET"), "nothing was changed");

    let pandadoc = pandadoc(&server.url(), |config| config);
    let key = member("W1", "user:u1", Some("m3"));
    pandadoc.set_role(&SetRole::new(key.clone(), Role::Owner)).await.unwrap();
    pandadoc.remove(&RemoveMember::new(key)).await.unwrap();
    let written = server.requests().into_iter().filter(|request| request.method != "GET");
    let paths: Vec<_> = written.map(|request| request.path().to_owned()).collect();
    let m3 = "/public/v1/workspaces/W1/members/m3";
    assert_eq!(paths, [format!("{m3}/role"), m3.to_owned()], "the membership that was named");
}

#[tokio::test]
async fn a_user_without_a_list_of_workspaces_is_not_taken_for_removed() {
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
