//! Every Paradigm operation with every status it has, each request and answer against its schema.

use reqwest::Method;
use serde_json::json;
use workspace_members_simulator::paradigm::PlatformRole;
use workspace_members_simulator::{Options, Simulator, State};

use crate::client::{Client, send};
use crate::contract::Contract;

const PATHS_WITH_AN_ID: [(&str, &str); 9] = [
    ("GET", "/api/v3/workspaces/{}/members"),
    ("POST", "/api/v3/workspaces/{}/members"),
    ("DELETE", "/api/v3/workspaces/{}/members/users/3"),
    ("DELETE", "/api/v3/workspaces/{}/members/groups/3"),
    ("GET", "/api/v3/company/workspaces/{}/members"),
    ("DELETE", "/api/v3/company/workspaces/{}/members/users/3"),
    ("DELETE", "/api/v3/instance/workspaces/{}/members/users/3"),
    ("GET", "/api/v3/workspaces/{}"),
    ("GET", "/api/v3/company/workspaces/{}"),
];

const LISTINGS: [&str; 5] = [
    "/api/v3/workspaces",
    "/api/v3/company/workspaces",
    "/api/v3/instance/workspaces",
    "/api/v3/users",
    "/api/v3/groups",
];

/// The sample, with an instance admin and somebody who owns nothing.
fn state() -> State {
    let mut state = State::sample();
    let paradigm = &mut state.paradigm;
    let company = paradigm.companies[0].id;
    let admin = paradigm.add_user("instance.admin@example.com", company);
    paradigm.user_mut(admin).unwrap().roles = vec![PlatformRole::SystemAdmin];
    paradigm.add_key("instance-admin", admin);
    paradigm.add_key("viewer", paradigm.users[7].id);
    state
}

#[tokio::test]
async fn every_operation_and_status_fits_its_schema() {
    let simulator = Simulator::start(state()).await.unwrap();
    let company_admin = Client::paradigm(&simulator);
    let plain_owner = company_admin.with("Bearer simulated-paradigm-workspace-owner");
    let instance_admin = company_admin.with("Bearer instance-admin");
    let viewer = company_admin.with("Bearer viewer");
    let members = "/api/v3/workspaces/1/members";

    // Successes.
    assert_eq!(plain_owner.get(members).await.status, 201);
    let added = plain_owner.post(members, json!({ "user_id": 44, "role": "editor" })).await;
    assert_eq!(added.status, 201);
    assert_eq!(added.body["users"].as_array().unwrap().len(), 25, "the whole list");
    assert_eq!(plain_owner.post(members, json!({ "group_id": 4, "role": "viewer" })).await.status, 201);
    assert_eq!(plain_owner.delete(&format!("{members}/users/44")).await.status, 204);
    assert_eq!(plain_owner.delete(&format!("{members}/groups/4")).await.status, 204);
    let company_members = "/api/v3/company/workspaces/1/members";
    assert_eq!(company_admin.get(company_members).await.status, 201);
    assert_eq!(company_admin.delete(&format!("{company_members}/users/5")).await.status, 204);
    let instance_members = "/api/v3/instance/workspaces/1/members";
    assert_eq!(instance_admin.delete(&format!("{instance_members}/users/6")).await.status, 204);
    for path in
        ["/api/v3/workspaces?user_role=owner&workspace_type=custom&page=1&page_size=1", "/api/v3/users/me"]
    {
        assert_eq!(viewer.get(path).await.status, 200, "{path}");
    }
    assert_eq!(company_admin.get("/api/v3/workspaces/1").await.status, 200);
    assert_eq!(company_admin.get("/api/v3/company/workspaces").await.status, 200);
    assert_eq!(company_admin.get("/api/v3/company/workspaces/2").await.status, 200);
    assert_eq!(instance_admin.get("/api/v3/instance/workspaces").await.status, 200);
    assert_eq!(company_admin.get("/api/v3/users?page=3&is_active=true").await.status, 200);
    assert_eq!(company_admin.get("/api/v3/groups?per_page=2").await.status, 200);

    // Forms are accepted like JSON.
    let form = plain_owner.request(Method::POST, members).form(&[("user_id", "44"), ("role", "viewer")]);
    assert_eq!(send(form).await.status, 201);
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"group_id\"\r\n\r\n4\r\n\
                     --x\r\nContent-Disposition: form-data; name=\"role\"\r\n\r\nviewer\r\n--x--\r\n";
    let form = plain_owner
        .request(Method::POST, members)
        .header("Content-Type", "multipart/form-data; boundary=x")
        .body(multipart);
    assert_eq!(send(form).await.status, 201);

    // 401: no key, an unknown one, the wrong scheme.
    for (method, path) in PATHS_WITH_AN_ID {
        let method: Method = method.parse().unwrap();
        let path = path.replace("{}", "1");
        for client in [
            company_admin.anonymous(),
            company_admin.with("Bearer nobody"),
            company_admin.with(&format!("API-Key {}", simulator.paradigm_key())),
        ] {
            assert_eq!(send(client.request(method.clone(), &path)).await.status, 401, "{path}");
        }
    }
    for path in LISTINGS.iter().chain(&["/api/v3/users/me"]) {
        assert_eq!(company_admin.anonymous().get(path).await.status, 401, "{path}");
    }

    // 400: an id or a body that cannot be. 404: not there. 403: there, and not for this key.
    for (method, path) in PATHS_WITH_AN_ID {
        let method: Method = method.parse().unwrap();
        let admin = if path.contains("/instance/") { &instance_admin } else { &company_admin };
        let wrong = admin.request(method.clone(), &path.replace("{}", "one"));
        assert_eq!(send(wrong).await.status, 400, "{path}");
        let missing = admin.request(method.clone(), &path.replace("{}", "999"));
        assert_eq!(send(missing).await.status, 404, "{path}");
        if path != "/api/v3/workspaces/{}" {
            let forbidden = viewer.request(method, &path.replace("{}", "1"));
            assert_eq!(send(forbidden).await.status, 403, "{path}");
        }
    }
    for path in &LISTINGS {
        let page = |number: &str| format!("{path}?page={number}");
        assert_eq!(instance_admin.get(&page("99")).await.status, 404, "{path}");
        let parameter = if path.ends_with("workspaces") { "workspace_type" } else { "company_id" };
        let wrong = format!("{path}?{parameter}=x");
        assert_eq!(instance_admin.get(&wrong).await.status, 400, "{wrong}");
    }
    for path in ["/api/v3/company/workspaces", "/api/v3/instance/workspaces", "/api/v3/users"] {
        assert_eq!(viewer.get(path).await.status, 403, "{path}");
    }
    assert_eq!(plain_owner.post(members, json!({ "user_id": 4, "role": "viewer" })).await.status, 409);
    let text = plain_owner.request(Method::POST, members).header("Content-Type", "text/plain").body("role");
    assert_eq!(send(text).await.status, 415);

    // 429, with the limit turned down to what this test has used up.
    let mut options = Options::default();
    options.paradigm.users_limit.as_mut().unwrap().requests = 1;
    simulator.set_options(options);
    assert_eq!(company_admin.get("/api/v3/users").await.status, 429);

    let contract = Contract::paradigm();
    contract.cover(&contract.check(&simulator.requests()));
}
