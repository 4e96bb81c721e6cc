//! The operation of the mission, whatever every other endpoint answers: add a member to a workspace, by id, through the
//! adapter, the verbs and `connect`.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use serde_json::{Value, json};
use std::sync::Arc;
use workspace_members::{Config, Credential, connect};
use workspace_members_core::{
    AddMember, Change, EmailAddress, ErrorKind, IfPresent, Notify, Role, UserId, WorkspaceId,
    WorkspaceMembers, WorkspaceMembersExt,
};
use workspace_members_http::HttpSettings;
use workspace_members_pandadoc::{PandaDoc, PandaDocConfig, Reach};
use workspace_members_tests::{Reply, Server};

const WORKSPACE: &str = "BhVzRcxH9Z2LgfPPGXFUBa";
const USER: &str = "2eWSKSvVqmuVCnuUK3iWwD";
const PATH: &str = "/public/v1/workspaces/BhVzRcxH9Z2LgfPPGXFUBa/members";

/// What every other endpoint answers.
fn elsewhere() -> [Reply; 3] {
    [
        Reply::json(403, json!({"type": "permission_error", "detail": "You do not have permission."})),
        Reply::json(404, json!({"type": "request_error", "detail": "Not found"})),
        Reply::text(200, "text/html", "<!doctype html><title>Sign in</title>"),
    ]
}

/// The seed's endpoint. `AddMemberResponse` requires no field; the example's workspace is another than the one in the
/// path.
async fn provider(other: Reply, answer: fn(&Value) -> Value) -> Server {
    Server::start(move |request, number| match (request.method.as_str(), request.path()) {
        ("POST", PATH) if number == 0 => Reply::json(201, answer(&request.json())),
        ("POST", PATH) => Reply::json(
            400,
            json!({"type": "request_error", "detail": {"user_id": ["Member already exists"]}}),
        ),
        _ => other.clone(),
    })
    .await
}

fn whole(sent: &Value) -> Value {
    json!({
        "member_id": "iMymdDd9XFD3HyxP5VD67Q", "workspace_id": "2eWSKSvVqmuVCnuUK3iWwD", "role": sent["role"],
        "email": "email@example.com", "first_name": "John", "last_name": "Doe",
    })
}

/// The adapter alone with both reaches, and as `connect` gives it.
fn accounts(server: &Server) -> [Arc<dyn WorkspaceMembers>; 3] {
    let key = || Credential::from_key("key");
    let adapter = |config: PandaDocConfig| {
        let adapter = PandaDoc::new(&config, &HttpSettings::at(server.url()), key()).unwrap();
        Arc::new(adapter) as Arc<dyn WorkspaceMembers>
    };
    let one = PandaDocConfig::default().with_reach(Reach::Workspace(workspace()));
    let connected = connect(&Config::new("pandadoc").with_base_url(server.url()), key());
    [adapter(PandaDocConfig::default()), adapter(one), connected.unwrap()]
}

fn workspace() -> WorkspaceId {
    WorkspaceId::new(WORKSPACE).unwrap()
}

fn user() -> UserId {
    UserId::new(USER).unwrap()
}

#[tokio::test]
async fn a_user_is_added_by_id_with_one_request_whatever_the_rest_answers() {
    for other in elsewhere() {
        for which in 0..3 {
            for (role, native) in [
                (Role::Owner, "Admin"),
                (Role::Manager, "Manager"),
                (Role::Editor, "Member"),
                (Role::Viewer, "Collaborator"),
            ] {
                let server = provider(other.clone(), whole).await;
                let account = &accounts(&server)[which];
                let add = AddMember::new(workspace(), user(), role.clone()).with_notify(Notify::MEMBER);
                let added = account.add(&add).await.unwrap();
                assert_eq!((added.key.workspace.as_str(), added.key.principal.as_str()), (WORKSPACE, USER));
                assert_eq!(added.key.membership.as_ref().unwrap().as_str(), "iMymdDd9XFD3HyxP5VD67Q");
                assert_eq!((added.role, added.native_role.as_str()), (role, native));
                assert_eq!(added.email, EmailAddress::new("email@example.com").ok());
                assert_eq!(added.name.as_deref(), Some("John Doe"));
                let again = account.add(&add).await.unwrap_err();
                assert_eq!(again.kind(), ErrorKind::AlreadyMember);

                let [sent, _] = server.requests().try_into().unwrap();
                assert_eq!(sent.json(), json!({"user_id": USER, "role": native}));
                assert_eq!(sent.query(), "notify_user=true&notify_ws_admins=false");
                assert_eq!(sent.header("authorization"), Some("API-Key key"));
            }
        }
    }
}

/// No field of the answer is required.
#[tokio::test]
async fn an_answer_that_says_less_is_enough() {
    let some: [fn(&Value) -> Value; 2] =
        [|sent| json!({"role": sent["role"]}), |_| json!({"member_id": "iMymdDd9XFD3HyxP5VD67Q"})];
    for other in elsewhere() {
        for answer in some {
            let server = provider(other.clone(), answer).await;
            let add = AddMember::new(workspace(), user(), Role::Editor);
            let added = accounts(&server)[2].add(&add).await.unwrap();
            assert_eq!((added.role, added.key.principal), (Role::Editor, user().into()));
            assert_eq!(server.requests().len(), 1);
        }
    }
}

#[tokio::test]
async fn the_verb_adds_by_id_whatever_the_rest_answers() {
    for other in elsewhere() {
        for which in 0..3 {
            for if_present in [IfPresent::Fail, IfPresent::Keep, IfPresent::SetRole] {
                let server = provider(other.clone(), whole).await;
                let account = &accounts(&server)[which];
                let add = AddMember::new(workspace(), user(), Role::Editor);
                let ensured = account.ensure(&add, if_present).await.unwrap();
                assert_eq!((ensured.change, ensured.member.role), (Change::Applied, Role::Editor));
                assert_eq!(server.requests().len(), 1, "nothing is looked up first");
            }
        }
    }
}
