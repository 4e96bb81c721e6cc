//! The three operations that this project is about, by id, at providers of which nothing else works: every other endpoint
//! refuses, denies that it is there, or answers in another form.

use crate::support::{Ran, Shell};
use serde_json::{Value, json};
use workspace_members_tests::{Recorded, Reply, Server};

const WORKSPACE: &str = "2eWSKSvVqmuVCnuUK3iWwD";
const USER: &str = "BhVzRcxH9Z2LgfPPGXFUBa";

/// What every other endpoint answers, in turn.
fn broken() -> Vec<Reply> {
    let refused =
        json!({"type": "permission_error", "detail": "You do not have permission to perform this action."});
    vec![
        Reply::json(403, refused),
        Reply::json(404, json!({"type": "request_error", "detail": "Not found"})),
        Reply::json(200, json!({"surprise": [1, 2, 3]})),
        Reply::json(200, json!([])),
    ]
}

/// Up to this one they are clear; what is in another form may come from somebody in between, and is asked for again.
const CLEAR: usize = 1;

struct Broken {
    server: Server,
    shell: Shell,
    /// The server lives on it.
    runtime: tokio::runtime::Runtime,
}

impl Broken {
    /// Only `method path` works, and answers this.
    fn but(method: &'static str, path: &'static str, works: Reply, others: Reply) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let answer = move |request: &Recorded, _: usize| {
            if request.method == method && request.path() == path { works.clone() } else { others.clone() }
        };
        let server = runtime.block_on(Server::start(answer));
        let url = server.url();
        let shell = Shell::new()
            .with("PARADIGM_BASE_URL", &url)
            .with("PARADIGM_API_KEY", "key")
            .with("PANDADOC_BASE_URL", &url)
            .with("PANDADOC_API_KEY", "key");
        Self { server, shell, runtime }
    }

    fn run(&self, line: &str) -> Ran {
        let _entered = self.runtime.enter();
        self.shell.run(&line.split(' ').collect::<Vec<_>>())
    }

    fn writes(&self) -> usize {
        self.server.requests().iter().filter(|request| request.method == "POST").count()
    }
}

fn member(id: u64, role: &str) -> Value {
    json!({"id": id, "email": "ana@example.com", "role": role})
}

#[test]
fn paradigm_lists_the_members_of_a_workspace() {
    let answer =
        json!({"users": [member(7, "viewer")], "groups": [{"id": 9, "name": "Legal", "role": "owner"}]});
    for others in broken() {
        // As the document says, with the status that it names.
        let works = Reply::json(201, answer.clone());
        let provider = Broken::but("GET", "/api/v3/workspaces/42/members", works, others);
        let rows = provider.run("-o json list paradigm:42").ends(0).json();
        let ids: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 2, "{rows}");
        assert_eq!(provider.server.requests().len(), 1, "a list by id is one request");
    }
}

#[test]
fn paradigm_adds_a_user_and_a_group() {
    let users = json!({"users": [member(7, "viewer")], "groups": []});
    let groups = json!({"users": [], "groups": [{"id": 9, "name": "Legal", "role": "viewer"}]});
    for (who, id, answer) in [("--user 7", "7", users), ("--group 9", "9", groups)] {
        let page = Reply::text(200, "text/html", "<html>Welcome</html>");
        for (at, others) in broken().into_iter().chain([page]).enumerate() {
            let works = Reply::json(201, answer.clone());
            let provider = Broken::but("POST", "/api/v3/workspaces/42/members", works, others.clone());
            let ran = provider.run(&format!("-o json add paradigm:42 {who} --role viewer")).ends(0);
            let row = ran.json();
            assert_eq!((&row["change"], &row["member"]["id"]), (&"applied".into(), &id.into()), "{ran:?}");
            assert!(ran.stderr.contains("could not be read back"), "{others:?}: {ran:?}");
            assert_eq!(provider.writes(), 1, "{who}");
            assert!(at > CLEAR || provider.server.requests().len() <= 4, "{:?}", provider.server.requests());
        }
    }
}

#[test]
fn pandadoc_adds_a_member() {
    let path = "/public/v1/workspaces/2eWSKSvVqmuVCnuUK3iWwD/members";
    let answer = json!({
        "member_id": "iMymdDd9XFD3HyxP5VD67Q", "workspace_id": WORKSPACE, "role": "Collaborator",
        "email": "email@example.com", "first_name": "John", "last_name": "Doe",
    });
    for billable in ["", " --allow-billable"] {
        for (at, others) in broken().into_iter().enumerate() {
            let provider = Broken::but("POST", path, Reply::json(201, answer.clone()), others.clone());
            let line = format!("-o json add pandadoc:{WORKSPACE} --user {USER} --role viewer{billable}");
            let ran = provider.run(&line).ends(0);
            let row = ran.json();
            assert_eq!((&row["change"], &row["member"]["id"]), (&"applied".into(), &USER.into()), "{ran:?}");
            assert_eq!(
                row["member"]["membership_id"], answer["member_id"],
                "as the answer to the addition says"
            );
            assert!(ran.stderr.contains("could not be read back"), "{others:?}: {ran:?}");
            assert_eq!(provider.writes(), 1);
            assert!(at > CLEAR || provider.server.requests().len() <= 4, "{:?}", provider.server.requests());
        }
    }
}

#[test]
fn somebody_who_is_a_member_already_is_handled_as_asked_though_that_could_not_be_read() {
    let path = "/api/v3/workspaces/42/members";
    for others in broken() {
        let works = Reply::json(409, json!({"detail": "Member already exists in workspace"}));
        let provider = Broken::but("POST", path, works, others);
        let failed = provider.run("-o json add paradigm:42 --user 7 --role viewer").ends(1);
        assert_eq!(failed.json()["error"]["kind"], "already_member");
        let kept = provider.run("-o json add paradigm:42 --user 7 --role viewer --if-present keep").ends(0);
        assert_eq!(kept.json()["change"], "unchanged");
    }
}

#[test]
fn nobody_loses_anything_where_nothing_can_be_read() {
    for others in broken() {
        let provider =
            Broken::but("DELETE", "/api/v3/workspaces/42/members/users/7", Reply::empty(204), others);
        let ran = provider.run("remove paradigm:42 user:7");
        assert!(ran.code != Some(0), "{ran:?}");
        let deletes = provider.server.requests().iter().filter(|one| one.method == "DELETE").count();
        assert_eq!(deletes, 0);
    }
}
