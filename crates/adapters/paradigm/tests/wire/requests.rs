//! What is sent, field by field, and what is refused unsent.

use super::{FIRST, Row, calls, ordinary, paradigm};
use workspace_members_core::{
    Capability, Cursor, ErrorKind, Evidence, ListOf, NativeRole, Operation, PageRequest, Role,
    WorkspaceMembers,
};
use workspace_members_paradigm::{Level, Paradigm};
use workspace_members_tests::{CANARY, Call, Expected, Server, member, workspace};

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
        let server = Server::start(|request, _| ordinary(request)).await;
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
    let server = Server::start(|request, _| ordinary(request)).await;
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
    let server = Server::start(|request, _| ordinary(request)).await;
    for base in ["/tenant", "/tenant/", "/tenant//"] {
        let paradigm = paradigm(&format!("{}{base}", server.url()), |config| config);
        Call::list("42").run(&paradigm).await.unwrap();
        assert_eq!(server.requests().last().unwrap().target, "/tenant/api/v3/workspaces/42/members");
    }
}

#[tokio::test]
async fn ids_that_are_no_positive_integers_are_refused_unsent() {
    let server = Server::start(|request, _| ordinary(request)).await;
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

#[tokio::test]
async fn cursors_of_others_are_refused_unsent_and_sizes_kept_within_bounds() {
    let server = Server::start(|request, _| ordinary(request)).await;
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
