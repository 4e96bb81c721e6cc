//! Every PandaDoc operation with every status it has, each request and answer against its schema.

use reqwest::Method;
use serde_json::{Value, json};
use workspace_members_simulator::pandadoc::{Membership, User, Workspace};
use workspace_members_simulator::{Options, RateLimit, Simulator, State};

use crate::client::{Answer, Client, send};
use crate::contract::Contract;

/// The sample, with a key of somebody who is blocked and one of a plain member.
fn state() -> State {
    let mut state = State::sample();
    let pandadoc = &mut state.pandadoc;
    let contracts = pandadoc.workspaces[0].id.clone();
    let mut key = |name: &str, chosen: fn(&Membership) -> bool| {
        let member = pandadoc.memberships.iter().find(|m| m.workspace_id == contracts && chosen(m)).unwrap();
        let user = member.user_id.clone();
        pandadoc.add_key(name, &user, &contracts);
    };
    key("blocked", |member| !member.is_active);
    key("member", |member| member.is_active && member.role == "Member");
    state
}

/// The sample's organization and who asks in it.
struct World {
    simulator: Simulator,
    /// An organization admin.
    admin: Client,
    /// The workspace of the admin's key, and its members' path.
    contracts: Workspace,
    members: String,
    /// The owner's membership of that workspace, and of the other one.
    owner: Membership,
    owner_in_hr: Membership,
    /// Somebody who is not in it.
    outsider: User,
}

const FORM: [(&str, &str); 5] = [
    ("grant_type", "refresh_token"),
    ("client_id", "simulated-client"),
    ("client_secret", "simulated-client-secret"),
    ("refresh_token", "simulated-refresh-token"),
    ("scope", "read+write"),
];

impl World {
    async fn start() -> Self {
        let simulator = Simulator::start(state()).await.unwrap();
        let state = simulator.state().pandadoc;
        let [contracts, hr] = &state.workspaces[..] else { panic!("two workspaces") };
        let outside = |user: &&User| state.member(&contracts.id, &user.user_id).is_none();
        Self {
            admin: Client::pandadoc(&simulator),
            contracts: contracts.clone(),
            members: format!("/public/v1/workspaces/{}/members", contracts.id),
            owner: state.member(&contracts.id, &contracts.owner).unwrap().clone(),
            owner_in_hr: state.member(&hr.id, &hr.owner).unwrap().clone(),
            outsider: state.users.iter().find(outside).unwrap().clone(),
            simulator,
        }
    }

    async fn token(&self, form: &[(&str, &str)]) -> Answer {
        send(self.admin.anonymous().request(Method::POST, "/oauth2/access_token").form(form)).await
    }

    /// Every operation that takes a key.
    fn every(&self) -> [(Method, String); 9] {
        let (members, owner) = (&self.members, &self.owner.membership_id);
        [
            (Method::POST, members.clone()),
            (Method::DELETE, format!("{members}/{owner}")),
            (Method::PATCH, format!("{members}/{owner}/role")),
            (Method::GET, "/public/v1/users".to_owned()),
            (Method::GET, format!("/public/v1/users/{}", self.outsider.user_id)),
            (Method::GET, "/public/v1/workspaces".to_owned()),
            (Method::GET, "/public/v1/members".to_owned()),
            (Method::GET, "/public/v1/members/current".to_owned()),
            (Method::GET, format!("/public/v1/members/{owner}")),
        ]
    }

    /// What succeeds. Answers the new access token and the path of a membership that is gone.
    async fn successes(&self) -> (String, String) {
        let (admin, members) = (&self.admin, &self.members);
        let body = json!({ "user_id": self.outsider.user_id, "role": "Member" });
        let added = admin.post(&format!("{members}?notify_user=False&notify_ws_admins=false"), body).await;
        assert_eq!(added.status, 201);
        assert_eq!(
            (&added.body["role"], &added.body["email"]),
            (&json!("Member"), &json!(self.outsider.email))
        );
        let path = format!("{members}/{}", added.body["member_id"].as_str().unwrap());
        let changed = admin.patch(&format!("{path}/role"), json!({ "role": "Legal Reviewer" })).await;
        assert_eq!((changed.status, &changed.body["role"]), (200, &json!("Legal Reviewer")));
        for path in [
            "users?count=10&page=2&show_removed=False",
            &format!("users/{}", self.outsider.user_id),
            "workspaces?count=100&page=1",
            "members",
            "members/current",
            &format!("members/{}", self.owner.membership_id),
        ] {
            assert_eq!(admin.get(&format!("/public/v1/{path}")).await.status, 200, "{path}");
        }
        assert_eq!(admin.delete(&path).await.status, 204);
        let refreshed = self.token(&FORM).await;
        assert_eq!(refreshed.status, 200);
        let token = refreshed.body["access_token"].as_str().unwrap();
        let by_token = admin.with(&format!("Bearer {token}"));
        assert_eq!(by_token.get("/public/v1/members/current").await.status, 200);
        assert_eq!(self.token(&FORM).await.body, json!({ "error": "invalid_grant" }), "the old one is spent");
        (token.to_owned(), path)
    }

    /// 401 and 403, at every operation.
    async fn credentials(&self) {
        let member = self.admin.with("API-Key member");
        let blocked = self.admin.with("API-Key blocked");
        let unauthenticated = json!({
            "type": "authentication_error",
            "detail": "Authentication credentials were not provided.",
        });
        let forbidden = json!({
            "type": "permission_error",
            "detail": "You do not have permission to perform this action.",
        });
        for (method, path) in self.every() {
            for wrong in
                ["API-Key nobody", "Bearer nobody", "Basic bm86Ym9keQ==", "simulated-pandadoc-org-admin"]
            {
                let answer = send(self.admin.with(wrong).request(method.clone(), &path)).await;
                assert_eq!((answer.status, &answer.body), (401, &unauthenticated), "{path}");
            }
            let client = if path.contains("/v1/members") { &blocked } else { &member };
            let answer = send(client.request(method, &path)).await;
            assert_eq!((answer.status, &answer.body), (403, &forbidden), "{path}");
        }
    }

    /// 404, with one text for a missing workspace and a missing member.
    async fn missing(&self, removed: &str) {
        let (admin, members) = (&self.admin, &self.members);
        let body = json!({ "user_id": self.outsider.user_id, "role": "Member" });
        let nowhere = "/public/v1/workspaces/nowhere/members";
        let not_found = json!({ "type": "request_error", "detail": "Not found" });
        let gone = json!({ "type": "request_error", "detail": "This member or workspace does not exist." });
        assert_eq!(admin.post(nowhere, body).await.body, not_found);
        let of_hr = format!("{members}/{}", self.owner_in_hr.membership_id);
        for path in [&format!("{nowhere}/nobody"), &format!("{members}/nobody"), removed, &of_hr] {
            let answer = admin.delete(path).await;
            assert_eq!((answer.status, &answer.body), (404, &gone), "{path}");
        }
        let role = json!({ "role": "Member" });
        assert_eq!(admin.patch(&format!("{members}/nobody/role"), role).await.body, not_found);
        assert_eq!(admin.get("/public/v1/users/nobody").await.body, not_found);
        assert_eq!(admin.get("/public/v1/members/nobody").await.body, not_found);
        // A key whose owner is not a member of its workspace.
        let add = |state: &mut State| {
            state.pandadoc.add_key("outsider", &self.outsider.user_id, &self.contracts.id);
        };
        self.simulator.change(add).unwrap();
        assert_eq!(admin.with("API-Key outsider").get("/public/v1/members/current").await.body, not_found);
    }

    /// 400, each with the words of the document.
    async fn refused(&self) {
        let (admin, members) = (&self.admin, &self.members);
        let bad = |detail: Value| json!({ "type": "request_error", "detail": detail });
        let required = json!(["This field is required"]);
        let (outsider, owner) = (&self.outsider.user_id, &self.contracts.owner);
        for (body, detail) in [
            (json!({ "user_id": owner, "role": "Member" }), json!({ "user_id": ["Member already exists"] })),
            (json!({ "user_id": "nobody", "role": "Member" }), json!({ "user_id": ["User doesn't exist"] })),
            (
                json!({ "user_id": outsider, "role": "Legal Reviewer" }),
                json!({ "role": ["Role is not a valid choice"] }),
            ),
            (json!({}), json!({ "user_id": required, "role": required })),
        ] {
            assert_eq!(admin.post(members, body).await.body, bad(detail));
        }
        let membership = format!("{members}/{}", self.owner.membership_id);
        assert_eq!(admin.delete(&membership).await.body, bad(json!("Owner can not be removed.")));
        let unknown = format!(
            "The role 'member' does not exist in the workspace with ID '{}'. Please ensure the role is correctly \
             defined and try again.",
            self.contracts.id
        );
        for (body, detail) in [
            (json!({ "role": "Member" }), json!("Cannot change the role of the workspace owner.")),
            (json!({}), json!({ "role": ["This field is required."] })),
            (json!({ "role": "member" }), json!({ "role": [unknown] })),
        ] {
            assert_eq!(admin.patch(&format!("{membership}/role"), body).await.body, bad(detail));
        }
        let text = admin.request(Method::POST, members).header("Content-Type", "text/plain").body("role");
        assert_eq!(send(text).await.status, 415);
    }

    async fn wrong_queries(&self) {
        for path in [
            "users?count=51",
            "users?count=-1",
            "users?count=x",
            "users?show_removed=2",
            "workspaces?count=0",
            "workspaces?count=101",
            "workspaces?page=0",
            "members?count=x",
            "members/current?count=x",
            "members/nobody?count=x",
        ] {
            assert_eq!(self.admin.get(&format!("/public/v1/{path}")).await.status, 400, "{path}");
        }
    }

    async fn wrong_tokens(&self) {
        for (form, error) in [
            (vec![("grant_type", "password")], "unsupported_grant_type"),
            (vec![("grant_type", "refresh_token")], "invalid_request"),
            ([&FORM[..2], &[("client_secret", "wrong")], &FORM[3..]].concat(), "invalid_client"),
            ([&FORM[..3], &[("refresh_token", "wrong")]].concat(), "invalid_grant"),
            (
                [&[("grant_type", "authorization_code")], &FORM[1..3], &[("code", "used")]].concat(),
                "invalid_grant",
            ),
        ] {
            let answer = self.token(&form).await;
            assert_eq!((answer.status, answer.body), (400, json!({ "error": error })));
        }
    }

    /// 429 everywhere, with every limit at nothing.
    async fn throttled(&self) {
        let mut options = Options::default();
        options.pandadoc.list_limit = Some(RateLimit::per_minute(0));
        options.pandadoc.other_limit = Some(RateLimit::per_minute(0));
        self.simulator.set_options(options);
        let detail = "Request was throttled. Expected available in 60 seconds.";
        for (method, path) in self.every() {
            let answer = send(self.admin.request(method, &path)).await;
            assert_eq!((answer.status, answer.retry_after), (429, None), "{path}");
            assert_eq!(answer.body, json!({ "type": "throttled", "detail": detail }));
        }
    }
}

#[tokio::test]
async fn every_operation_and_status_fits_its_schema() {
    let world = World::start().await;
    let (token, removed) = world.successes().await;
    world.credentials().await;
    world.missing(&removed).await;
    world.refused().await;
    world.wrong_queries().await;
    world.wrong_tokens().await;
    world.throttled().await;

    let requests = world.simulator.requests();
    let contract = Contract::pandadoc();
    contract.cover(&contract.check(&requests));
    let log = format!("{requests:?}");
    let secrets =
        ["simulated-pandadoc-org-admin", "simulated-client-secret", "simulated-refresh-token", &token];
    for (number, secret) in secrets.iter().enumerate() {
        assert!(!log.contains(secret), "secret {number} in the log");
    }
}
