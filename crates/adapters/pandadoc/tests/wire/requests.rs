//! What is sent, field by field, and what is refused unsent.

use super::{Row, calls, ordinary, pandadoc, pandadoc_over};
use serde_json::json;
use workspace_members_core::{
    AddMember, Capability, ErrorKind, Evidence, Fit, NativeRole, Notify, Operation, Role, RolePolicy,
    RoleRow, RoleTable, WorkspaceMembers, WorkspaceMembersExt,
};
use workspace_members_http::HttpSettings;
use workspace_members_pandadoc::{Auth, KeyKind, PandaDoc, PandaDocConfig, Reach, Region};
use workspace_members_tests::{CANARY, Call, Expected, Server, key, member, principal, settings, workspace};

#[tokio::test]
async fn each_operation_is_one_request_of_the_documented_form() {
    for (auth, scheme) in [(Auth::ApiKey, "API-Key"), (Auth::Bearer, "Bearer")] {
        for reach in [Reach::Organization, Reach::Workspace(workspace("W1"))] {
            let server = Server::start(|request, _| ordinary(request)).await;
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
    let server = Server::start(|request, _| ordinary(request)).await;
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
    let server = Server::start(|request, _| ordinary(request)).await;
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
    let server = Server::start(|request, _| ordinary(request)).await;
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
    let server = Server::start(|request, _| ordinary(request)).await;
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
    let server = Server::start(|request, _| ordinary(request)).await;
    let pandadoc = pandadoc(&server.url(), |config| config);
    let key = || member("W1", "user:u1", None);
    for call in [Call::set_role(key(), Role::Viewer), Call::remove(key())] {
        let error = call.run(&pandadoc).await.unwrap_err();
        Expected::refused(ErrorKind::InvalidInput).check(&error, call.operation(), "pandadoc", "no id");
        assert!(error.message().contains("which `get` or a listing yields"), "{error}");
    }
    assert_eq!(server.connections(), 0);
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
