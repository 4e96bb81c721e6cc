//! What PandaDoc protects, charges, mails and hides.

use reqwest::Method;
use serde_json::{Value, json};
use workspace_members_simulator::pandadoc::{MailKind, PandaDocState};
use workspace_members_simulator::{Options, Simulator, State};

use crate::client::{Client, send};
use crate::contract::Contract;

/// A world with a workspace owned by `owner`, administered by `admin` (key `admin`, an organization admin) and by
/// `local` (key `local`, an Admin of this workspace only).
struct Small {
    simulator: Simulator,
    workspace: String,
    admin: String,
    local: String,
}

impl Small {
    async fn start(more: impl FnOnce(&mut PandaDocState, &str)) -> Self {
        let mut state = State::empty();
        let pandadoc = &mut state.pandadoc;
        let [owner, admin, local] =
            ["owner", "admin", "local"].map(|name| pandadoc.add_user(format!("{name}@example.com"), "Full"));
        let workspace = pandadoc.add_workspace("Contracts", &owner);
        pandadoc.user_mut(&admin).unwrap().is_organization_admin = true;
        for user in [&admin, &local] {
            pandadoc.add_member(&workspace, user, "Admin");
        }
        pandadoc.add_key("admin", &admin, &workspace);
        pandadoc.add_key("local", &local, &workspace);
        pandadoc.organization.seats = 3;
        more(pandadoc, &workspace);
        Self { simulator: Simulator::start(state).await.unwrap(), workspace, admin, local }
    }

    fn client(&self) -> Client {
        Client::pandadoc(&self.simulator)
    }

    fn members(&self) -> String {
        format!("/public/v1/workspaces/{}/members", self.workspace)
    }

    fn state(&self) -> PandaDocState {
        self.simulator.state().pandadoc
    }

    /// The path of somebody's membership.
    fn member(&self, user_id: &str) -> String {
        let state = self.state();
        format!("{}/{}", self.members(), state.member(&self.workspace, user_id).unwrap().membership_id)
    }
}

#[tokio::test]
async fn a_key_dies_with_its_owners_membership() {
    let small = Small::start(|_, _| {}).await;
    let (client, local) = (small.client(), small.client().with("API-Key local"));
    assert_eq!(local.get("/public/v1/members/current").await.body["email"], "local@example.com");
    assert_eq!(local.delete(&small.member(&small.local)).await.status, 204, "nothing stops it");
    assert_eq!(local.get("/public/v1/members/current").await.status, 401);
    // Added again, the person has a new membership, and the old key stays dead.
    let body = json!({ "user_id": small.local, "role": "Admin" });
    assert_eq!(client.post(&small.members(), body).await.status, 201);
    assert_eq!(local.get("/public/v1/members/current").await.status, 401);
    // With removed memberships both are listed, and nothing shows which one has ended.
    for (query, memberships) in [("?show_removed=false", 1), ("", 2)] {
        let users = client.get(&format!("/public/v1/users{query}")).await;
        let user = &users.body["results"][2];
        assert_eq!(user["email"], "local@example.com");
        assert_eq!(user["workspaces"].as_array().unwrap().len(), memberships, "{query}");
    }
    let one = client.get(&format!("/public/v1/users/{}", small.local)).await;
    assert_eq!(one.body["workspaces"].as_array().unwrap().len(), 1);
    // The organization admin can lock themselves out just the same.
    assert_eq!(client.delete(&small.member(&small.admin)).await.status, 204);
    assert_eq!(client.get("/public/v1/users").await.status, 401);
}

#[tokio::test]
async fn rights_follow_the_key_owners_role() {
    let small = Small::start(|pandadoc, workspace| {
        let other = pandadoc.users[0].user_id.clone();
        pandadoc.add_workspace("Elsewhere", &other);
        pandadoc.add_custom_role(workspace, "Role Editor");
        pandadoc.workspaces[0].custom_roles[0].edits_roles = true;
        let editor = pandadoc.add_user("editor@example.com", "Full");
        pandadoc.add_member(workspace, &editor, "Role Editor");
        pandadoc.add_key("editor", &editor, workspace);
        pandadoc.add_user("new@example.com", "Full");
    })
    .await;
    let state = small.state();
    let (editor, new) = (&state.users[3].user_id, &state.users[4].user_id);
    let elsewhere = &state.workspaces[1].id;
    let local = small.client().with("API-Key local");
    let body = json!({ "user_id": new, "role": "Member" });
    let away = format!("/public/v1/workspaces/{elsewhere}/members");
    assert_eq!(local.post(&away, body.clone()).await.status, 403, "a key is bound to its workspace");
    assert_eq!(small.client().post(&away, body.clone()).await.status, 201, "unless of an organization admin");
    assert_eq!(local.post(&small.members(), body.clone()).await.status, 201);
    for path in ["users", "workspaces"] {
        assert_eq!(local.get(&format!("/public/v1/{path}")).await.status, 403, "{path}");
    }
    // A role that may edit roles does only that.
    let editing = small.client().with("API-Key editor");
    let path = small.member(new);
    assert_eq!(editing.patch(&format!("{path}/role"), json!({ "role": "Manager" })).await.status, 200);
    assert_eq!(editing.delete(&path).await.status, 403);
    // Demoted, the former Admin's key can no longer change anything.
    let role = format!("{}/role", small.member(&small.local));
    assert_eq!(small.client().patch(&role, json!({ "role": "Manager" })).await.status, 200);
    assert_eq!(local.delete(&small.member(editor)).await.status, 403);
    // A deactivated workspace is gone.
    small.simulator.change(|state| state.pandadoc.workspaces[1].active = false).unwrap();
    assert_eq!(small.client().post(&away, body).await.status, 404);
    assert_eq!(small.client().get("/public/v1/workspaces").await.body["total"], 1);
    let shown = small.client().get(&format!("/public/v1/users/{new}")).await;
    assert_eq!(shown.body["workspaces"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_last_admin_privileges_stay() {
    let small = Small::start(|pandadoc, workspace| {
        // An owner who is no Admin, so that the owner's own rule does not come first.
        pandadoc.memberships[0].role = "Member".to_owned();
        pandadoc.add_custom_role(workspace, "Deputy");
        pandadoc.workspaces[0].custom_roles[0].admin = true;
    })
    .await;
    let client = small.client();
    let local = format!("{}/role", small.member(&small.local));
    let own = format!("{}/role", small.member(&small.admin));
    assert_eq!(client.patch(&local, json!({ "role": "Member" })).await.status, 200);
    let refused = client.patch(&own, json!({ "role": "Manager" })).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["detail"], "Cannot change the role of the last member with admin privileges.");
    assert_eq!(
        client.patch(&own, json!({ "role": "Deputy" })).await.status,
        200,
        "another role with privileges"
    );
    assert_eq!(client.patch(&own, json!({ "role": "Member" })).await.status, 400);
    assert_eq!(client.patch(&local, json!({ "role": "Admin" })).await.status, 200);
    assert_eq!(client.patch(&own, json!({ "role": "Member" })).await.status, 200, "there is another one");
}

#[tokio::test]
async fn promoting_a_guest_costs_a_seat() {
    let small = Small::start(|pandadoc, workspace| {
        for number in 0..2 {
            let guest = pandadoc.add_user(format!("guest{number}@example.com"), "Guest");
            if number == 0 {
                pandadoc.add_member(workspace, &guest, "Collaborator");
            }
        }
        pandadoc.organization.seats = 4;
    })
    .await;
    let client = small.client();
    let seats = || {
        let organization = small.state().organization;
        (organization.seats, organization.seats_bought)
    };
    let guests = [3, 4].map(|at| small.state().users[at].user_id.clone());
    let licence = |at: usize| small.state().users[at].license.clone();
    let role = format!("{}/role", small.member(&guests[0]));
    assert_eq!(client.patch(&role, json!({ "role": "Collaborator" })).await.status, 200);
    assert_eq!((licence(3).as_str(), seats()), ("Guest", (4, 0)));
    assert_eq!(client.patch(&role, json!({ "role": "Member" })).await.status, 200);
    assert_eq!((licence(3).as_str(), seats()), ("Full", (4, 0)), "one was free");
    let mut options = Options::default();
    options.pandadoc.add_upgrades_guests = false;
    small.simulator.set_options(options);
    let body = json!({ "user_id": guests[1], "role": "Member" });
    assert_eq!(client.post(&small.members(), body.clone()).await.status, 201);
    assert_eq!((licence(4).as_str(), seats()), ("Guest", (4, 0)));
    assert_eq!(client.delete(&small.member(&guests[1])).await.status, 204);
    small.simulator.set_options(Options::default());
    assert_eq!(client.post(&small.members(), body).await.status, 201);
    assert_eq!((licence(4).as_str(), seats()), ("Full", (5, 1)), "none was free");
}

#[tokio::test]
async fn mails_are_sent_unless_told_not_to() {
    let small = Small::start(|pandadoc, _| {
        pandadoc.add_user("new@example.com", "Full");
    })
    .await;
    let client = small.client();
    let new = small.state().users[3].user_id.clone();
    let again = async |query: &str| {
        small.simulator.change(|state| state.pandadoc.mails.clear()).unwrap();
        let body = json!({ "user_id": new, "role": "Member" });
        let added = client.post(&format!("{}{query}", small.members()), body).await;
        assert_eq!(added.status, 201, "{query}");
        assert_eq!(client.delete(&small.member(&new)).await.status, 204);
        small.state().mails.iter().map(|mail| (mail.kind, mail.to.clone())).collect::<Vec<_>>()
    };
    assert_eq!(again("?notify_user=false&notify_ws_admins=false").await, []);
    // The official Python SDK writes booleans as Python does.
    assert_eq!(again("?notify_user=False&notify_ws_admins=False").await, []);
    let user = (MailKind::NotifyUser, "new@example.com".to_owned());
    assert_eq!(again("?notify_user=True&notify_ws_admins=False").await, [user]);
    let admins = again("?notify_user=false&notify_ws_admins=TRUE").await;
    let to: Vec<&str> = admins.iter().map(|(_, to)| to.as_str()).collect();
    assert_eq!(to, ["owner@example.com", "admin@example.com", "local@example.com"]);
    assert_eq!(again("").await.len(), 4, "no default is documented; this one finds out who relies on it");
    let body = json!({ "user_id": new, "role": "Member" });
    let wrong = client.post(&format!("{}?notify_user=maybe", small.members()), body).await;
    assert_eq!(
        (wrong.status, &wrong.body["detail"]["notify_user"][0]),
        (400, &json!("Must be a valid boolean."))
    );
    assert!(small.state().member(&small.workspace, &new).is_none());
}

#[tokio::test]
async fn listings_show_removed_people_unless_told_not_to() {
    let simulator = Simulator::start(State::sample()).await.unwrap();
    let client = Client::pandadoc(&simulator);
    let state = simulator.state().pandadoc;
    let left = state.users.iter().find(|user| user.removed).unwrap();
    let all = async |query: &str| {
        let mut users: Vec<Value> = Vec::new();
        for page in 1..=3 {
            let answer = client.get(&format!("/public/v1/users?page={page}{query}")).await;
            users.extend(answer.body["results"].as_array().unwrap().clone());
        }
        users
    };
    let id = json!(left.user_id);
    let shown = all("").await;
    assert_eq!(shown.len(), 54);
    let former = shown.iter().find(|user| user["user_id"] == id).unwrap();
    assert_eq!(former["workspaces"].as_array().unwrap().len(), 1, "and nothing says that it ended");
    for word in ["false", "False", "FALSE"] {
        let shown = all(&format!("&show_removed={word}")).await;
        assert_eq!(shown.len(), 53, "{word}");
        assert!(shown.iter().all(|user| user["user_id"] != id));
    }
    assert_eq!(client.get(&format!("/public/v1/users/{}", left.user_id)).await.status, 404);
    let contracts = &state.workspaces[0].id;
    let body = json!({ "user_id": left.user_id, "role": "Member" });
    let refused = client.post(&format!("/public/v1/workspaces/{contracts}/members"), body).await;
    assert_eq!(refused.body["detail"], json!({ "user_id": ["User doesn't exist"] }));
    Contract::pandadoc().check(&simulator.requests());
}

#[tokio::test]
async fn pages_have_documented_borders() {
    let small = Small::start(|pandadoc, workspace| {
        for number in 0..98 {
            let user = pandadoc.add_user(format!("user{number}@example.com"), "Full");
            pandadoc.add_member(workspace, &user, "Member");
        }
    })
    .await;
    let client = small.client();
    let users = async |query: &str| {
        let answer = client.get(&format!("/public/v1/users{query}")).await;
        (answer.body["total"].as_u64().unwrap(), answer.ids("results", "user_id"))
    };
    let (total, first) = users("").await;
    assert_eq!((total, first.len()), (101, 50));
    assert_eq!(users("?page=1&count=50").await, (101, first.clone()));
    assert_eq!(users("?page=0").await, (101, first), "allowed, and not explained");
    assert_eq!(users("?page=3").await.1.len(), 1);
    assert_eq!(users("?page=4").await, (101, vec![]), "behind the last page is nothing");
    assert_eq!(users("?count=0").await, (101, vec![]));
    assert_eq!(users("?count=1&page=101").await.1.len(), 1);
    let whole = client.get("/public/v1/members").await;
    assert_eq!(whole.ids("results", "user_id").len(), 101, "members come in one piece");
    assert_eq!(whole.body.get("total"), None);
    Contract::pandadoc().check(&small.simulator.requests());
}

#[tokio::test]
async fn members_hide_custom_names_and_show_the_active_workspace() {
    let simulator = Simulator::start(State::sample()).await.unwrap();
    let client = Client::pandadoc(&simulator);
    let state = simulator.state().pandadoc;
    let custom = state.memberships.iter().find(|member| member.role == "Legal Reviewer").unwrap();
    let listed = client.get("/public/v1/members").await;
    let results = listed.body["results"].as_array().unwrap();
    let shown =
        results.iter().find(|member| member["membership_id"] == custom.membership_id.as_str()).unwrap();
    assert_eq!(shown["role"], "Custom");
    let user = client.get(&format!("/public/v1/users/{}", custom.user_id)).await;
    assert_eq!(user.body["workspaces"][0]["role"], "Legal Reviewer", "users have the name");
    assert!(results.iter().any(|member| member["is_active"] == false), "blocked people are listed");
    let elsewhere: Vec<&Value> =
        results.iter().filter(|member| member["workspace"] != state.workspaces[0].id.as_str()).collect();
    assert_eq!(elsewhere.len(), 1);
    assert_eq!(elsewhere[0]["workspace_name"], "Human Resources");
}

#[tokio::test]
async fn unknown_paths_and_methods_answer_like_the_framework() {
    let small = Small::start(|_, _| {}).await;
    let client = small.client();
    assert_eq!(
        client.get("/public/v1/users/me").await.status,
        404,
        "no such thing, whatever some code believes"
    );
    assert_eq!(client.get("/public/v1/logs").await.status, 404);
    assert_eq!(client.get("/public/v1/members/").await.status, 404, "no trailing slash");
    let post = send(client.request(Method::POST, "/public/v1/users").json(&json!({}))).await;
    assert_eq!(post.status, 405, "creating people is not simulated");
    let requests = small.simulator.requests();
    assert_eq!(requests.iter().filter(|request| request.operation.is_none()).count(), 3);
    small.simulator.clear_requests();
    assert!(small.simulator.requests().is_empty());
}
