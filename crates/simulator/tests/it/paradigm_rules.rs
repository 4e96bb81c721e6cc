//! What Paradigm refuses, shows and hides.

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use workspace_members_simulator::paradigm::{ErrorStyle, ParadigmOptions, PlatformRole};
use workspace_members_simulator::{Options, Simulator, State};

use crate::client::{Client, send};
use crate::contract::Contract;

/// One company with an owner (user 1, key `owner`) of workspace 1, and nobody else in it.
fn small() -> State {
    let mut state = State::empty();
    let paradigm = &mut state.paradigm;
    let company = paradigm.add_company("Example SA");
    let owner = paradigm.add_user("owner@example.com", company);
    let workspace = paradigm.add_workspace("Research", company);
    paradigm.grant_user(workspace, owner, "owner");
    paradigm.add_key("owner", owner);
    state
}

fn options(change: impl FnOnce(&mut ParadigmOptions)) -> Options {
    let mut options = Options::default();
    change(&mut options.paradigm);
    options
}

const MEMBERS: &str = "/api/v3/workspaces/1/members";

#[tokio::test]
async fn the_only_remaining_owner_stays() {
    let mut state = small();
    let company = state.paradigm.companies[0].id;
    let second = state.paradigm.add_user("second@example.com", company);
    let group = state.paradigm.add_group("Owners", company, [second]);
    let simulator = Simulator::start(state).await.unwrap();
    let client = Client::paradigm(&simulator);

    let refused = client.delete(&format!("{MEMBERS}/users/1")).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body, json!({ "detail": "Cannot remove the only remaining owner user." }));

    // A group that owns counts as an owner, and a viewer does not.
    assert_eq!(client.post(MEMBERS, json!({ "user_id": second, "role": "viewer" })).await.status, 201);
    assert_eq!(client.delete(&format!("{MEMBERS}/users/1")).await.status, 400);
    assert_eq!(client.post(MEMBERS, json!({ "group_id": group, "role": "owner" })).await.status, 201);
    assert_eq!(client.delete(&format!("{MEMBERS}/users/1")).await.status, 204);
    assert_eq!(
        client.get(MEMBERS).await.status,
        404,
        "they removed themselves and see the workspace no more"
    );

    // The group is now the last one. Its member owns through it.
    simulator.change(|state| state.paradigm.add_key("second", second)).unwrap();
    let second_key = client.with("Bearer second");
    let refused = second_key.delete(&format!("{MEMBERS}/groups/{group}")).await;
    assert_eq!(refused.body, json!({ "detail": "Cannot remove the only remaining owner group." }));
    simulator.set_options(options(|options| options.last_owner_status = 409));
    assert_eq!(second_key.delete(&format!("{MEMBERS}/groups/{group}")).await.status, 409);
}

#[tokio::test]
async fn exactly_one_id_and_a_known_role() {
    let simulator = Simulator::start(small()).await.unwrap();
    let client = Client::paradigm(&simulator);
    let before = simulator.state();
    let one = "Exactly one of user_id and group_id must be given.";
    let integer = "A valid integer is required.";
    let cases = [
        (json!({ "role": "viewer" }), json!({ "non_field_errors": [one] })),
        (json!({ "user_id": 1, "group_id": 1, "role": "viewer" }), json!({ "non_field_errors": [one] })),
        (json!({ "user_id": 1 }), json!({ "role": ["This field is required."] })),
        (json!({ "user_id": 1, "role": "Owner" }), json!({ "role": ["\"Owner\" is not a valid choice."] })),
        (json!({ "user_id": 1, "role": null }), json!({ "role": ["This field may not be null."] })),
        (json!({ "user_id": "x", "role": "viewer" }), json!({ "user_id": [integer] })),
        (json!({ "group_id": 1.5, "role": "viewer" }), json!({ "group_id": [integer] })),
        (
            json!({ "user_id": null, "role": "boss" }),
            json!({ "user_id": ["This field may not be null."], "role": ["\"boss\" is not a valid choice."] }),
        ),
        (json!([]), json!({ "non_field_errors": ["Invalid data. Expected a dictionary."] })),
    ];
    for (body, error) in cases {
        let answer = client.post(MEMBERS, body.clone()).await;
        assert_eq!((answer.status, answer.body), (400, error), "{body}");
    }
    let broken = client.request(Method::POST, MEMBERS).header("Content-Type", "application/json").body("{");
    assert_eq!(send(broken).await.status, 400);
    for (body, detail) in [
        (json!({ "user_id": 99, "role": "viewer" }), "User not found."),
        (json!({ "group_id": 99, "role": "viewer" }), "Group not found."),
    ] {
        let answer = client.post(MEMBERS, body).await;
        assert_eq!((answer.status, answer.body), (404, json!({ "detail": detail })));
    }
    assert_eq!(simulator.state(), before, "nothing refused changed anything");
    Contract::paradigm().check(&simulator.requests());
}

#[tokio::test]
async fn members_are_of_the_workspaces_company() {
    let mut state = small();
    let other = state.paradigm.add_company("Other SA");
    let outsider = state.paradigm.add_user("outsider@example.com", other);
    let group = state.paradigm.add_group("Outsiders", other, [outsider]);
    let simulator = Simulator::start(state).await.unwrap();
    let client = Client::paradigm(&simulator);
    assert_eq!(client.post(MEMBERS, json!({ "user_id": outsider, "role": "viewer" })).await.status, 404);
    assert_eq!(client.post(MEMBERS, json!({ "group_id": group, "role": "viewer" })).await.status, 404);
}

#[tokio::test]
async fn a_user_and_a_group_with_the_same_id_are_two_members() {
    let mut state = small();
    let company = state.paradigm.companies[0].id;
    assert_eq!(state.paradigm.add_group("One", company, []), 1, "the id of the owner too");
    let simulator = Simulator::start(state).await.unwrap();
    let client = Client::paradigm(&simulator);
    let added = client.post(MEMBERS, json!({ "group_id": 1, "role": "editor" })).await;
    let groups = json!([{ "id": 1, "name": "One", "role": "editor" }]);
    assert_eq!((&added.body["groups"], added.body["users"][0]["role"].as_str()), (&groups, Some("owner")));
    assert_eq!(client.post(MEMBERS, json!({ "group_id": 1, "role": "owner" })).await.status, 409);
    assert_eq!(client.delete(&format!("{MEMBERS}/groups/1")).await.status, 204);
    assert_eq!(client.delete(&format!("{MEMBERS}/groups/1")).await.status, 404);
    assert_eq!(client.get(MEMBERS).await.ids("users", "id"), [1]);
}

#[tokio::test]
async fn keys_expire_and_inactive_people_are_out() {
    let mut state = small();
    state.paradigm.add_key("old", 1);
    state.paradigm.add_key("new", 1);
    let hour = SignedDuration::from_hours(1);
    state.paradigm.keys[1].expires_at = Some(Timestamp::now() - hour);
    state.paradigm.keys[2].expires_at = Some(Timestamp::now() + hour);
    let simulator = Simulator::start(state).await.unwrap();
    let client = Client::paradigm(&simulator);
    assert_eq!(client.with("Bearer old").get(MEMBERS).await.status, 401);
    assert_eq!(client.with("Bearer new").get(MEMBERS).await.status, 201);
    assert_eq!(client.with("bearer new").get(MEMBERS).await.status, 201, "a scheme's name has no case");
    simulator.change(|state| state.paradigm.user_mut(1).unwrap().is_active = false).unwrap();
    assert_eq!(client.get(MEMBERS).await.status, 401);
}

#[tokio::test]
async fn only_custom_workspaces_have_members_to_manage() {
    let simulator = Simulator::start(State::sample()).await.unwrap();
    let client = Client::paradigm(&simulator);
    let listed = client.get("/api/v3/workspaces").await;
    assert_eq!(listed.ids("results", "id"), [4, 3, 2, 1], "newest first");
    assert_eq!(
        listed.ids("results", "user_role"),
        ["owner", "viewer", "owner", "owner"],
        "through groups as well"
    );
    for id in [3, 4] {
        let path = format!("/api/v3/workspaces/{id}/members");
        assert_eq!(client.get(&path).await.status, 403);
        assert_eq!(client.post(&path, json!({ "user_id": 44, "role": "viewer" })).await.status, 403);
        let company = format!("/api/v3/company/workspaces/{id}/members");
        assert_eq!(client.get(&company).await.status, 403);
    }
    let owned = client.get("/api/v3/workspaces?user_role=owner&workspace_type=custom").await;
    assert_eq!(owned.ids("results", "id"), [2, 1]);
    for (filter, ids) in [("name=SALE", vec![2]), ("group_id=3", vec![2, 1]), ("group_name=partn", vec![2])] {
        let found = client.get(&format!("/api/v3/workspaces?{filter}")).await;
        assert_eq!(found.ids("results", "id"), ids, "{filter}");
    }
}

#[tokio::test]
async fn levels_see_what_is_theirs() {
    let mut state = State::sample();
    let paradigm = &mut state.paradigm;
    let other = paradigm.add_company("Other SA");
    let admin = paradigm.add_user("instance.admin@example.com", other);
    paradigm.user_mut(admin).unwrap().roles = vec![PlatformRole::Admin];
    paradigm.add_key("instance-admin", admin);
    let elsewhere = paradigm.add_workspace("Elsewhere", other);
    let simulator = Simulator::start(state).await.unwrap();
    let company = Client::paradigm(&simulator);
    let instance = company.with("Bearer instance-admin");
    let at = |level: &str| format!("/api/v3{level}/workspaces/{elsewhere}/members");
    assert_eq!(company.get(&at("")).await.status, 404);
    assert_eq!(company.get(&at("/company")).await.status, 404, "another company's");
    assert_eq!(instance.get(&at("/company")).await.status, 201, "company admins or higher");
    assert_eq!(company.get("/api/v3/company/workspaces").await.body["count"], 4);
    assert_eq!(instance.get("/api/v3/instance/workspaces").await.body["count"], 5);
    let one = company.get("/api/v3/company/workspaces/1").await;
    assert_eq!(one.body["user_role"], "owner");
    let one = instance.get("/api/v3/company/workspaces/1").await;
    assert_eq!(one.body["user_role"], "", "no role of their own");
    assert_eq!(instance.get("/api/v3/users").await.body["count"], 45);
    assert_eq!(instance.get(&format!("/api/v3/users?company_id={other}")).await.body["count"], 1);
    assert_eq!(company.get(&format!("/api/v3/users?company_id={other}")).await.body["count"], 44, "own only");
    let plain = company.with("Bearer simulated-paradigm-workspace-owner");
    assert_eq!(plain.get("/api/v3/users").await.status, 403);
    assert_eq!(plain.get("/api/v3/groups").await.ids("results", "name"), ["Example SA"], "the own groups");
    assert_eq!(company.get("/api/v3/groups").await.body["count"], 4);
    assert_eq!(company.get("/api/v3/groups?search=data").await.ids("results", "id"), [3]);
    assert_eq!(company.get("/api/v3/groups?user_id=13&has_role=owner").await.ids("results", "id"), [3]);
    assert_eq!(company.get("/api/v3/users?group_id=3").await.body["count"], 6);
    assert_eq!(company.get("/api/v3/users?is_active=False").await.ids("results", "id"), [10, 11]);
}

#[tokio::test]
async fn inferred_paths_are_off_until_asked_for() {
    let mut state = State::sample();
    state.paradigm.users[0].roles.push(PlatformRole::SystemAdmin);
    let simulator = Simulator::start(state).await.unwrap();
    let client = Client::paradigm(&simulator);
    let new = json!({ "user_id": 44, "role": "viewer" });
    let calls: [(Method, &str, u16, u16); 7] = [
        (Method::POST, "/api/v3/company/workspaces/1/members", 405, 201),
        (Method::DELETE, "/api/v3/company/workspaces/1/members/groups/3", 404, 204),
        (Method::GET, "/api/v3/instance/workspaces/1/members", 405, 201),
        (Method::DELETE, "/api/v3/instance/workspaces/1/members/users/44", 404, 204),
        (Method::POST, "/api/v3/instance/workspaces/1/members", 405, 201),
        (Method::DELETE, "/api/v3/instance/workspaces/2/members/groups/3", 404, 204),
        (Method::GET, "/api/v3/instance/workspaces/1", 404, 200),
    ];
    for (method, path, off, _) in &calls {
        let answer = send(client.request(method.clone(), path).json(&new)).await;
        assert_eq!(answer.status, *off, "{method} {path}");
    }
    simulator.set_options(options(|options| options.inferred = true));
    for (method, path, _, on) in &calls {
        let answer = send(client.request(method.clone(), path).json(&new)).await;
        assert_eq!(answer.status, *on, "{method} {path}");
    }
    let put = client.request(Method::PUT, MEMBERS).json(&json!({ "users": [], "groups": [] }));
    assert_eq!(send(put).await.status, 405, "replacing everything is not simulated");
    let last = simulator.requests().pop().unwrap();
    assert_eq!(last.answer_headers.iter().find(|(name, _)| name == "allow").unwrap().1, "GET, POST");
    assert_eq!(client.get("/api/v3/nothing").await.status, 404);
    assert_eq!(client.get("/api/v3/workspaces/1/members/").await.status, 404, "no trailing slash");
}

#[tokio::test]
async fn pages_have_documented_borders() {
    let mut state = small();
    let company = state.paradigm.companies[0].id;
    state.paradigm.users[0].roles = vec![PlatformRole::CompanyAdmin];
    for number in 0..40 {
        state.paradigm.add_group(format!("Group {number}"), company, []);
    }
    let simulator = Simulator::start(state).await.unwrap();
    let client = Client::paradigm(&simulator);
    let base = simulator.paradigm_url();
    let groups = async |query: &str| client.get(&format!("/api/v3/groups{query}")).await;

    let first = groups("").await;
    assert_eq!((&first.body["count"], first.ids("results", "id").len()), (&json!(40), 20));
    assert_eq!(first.body["next"], format!("{base}/api/v3/groups?page=2"));
    assert_eq!(first.body["previous"], Value::Null);
    let second = groups("?page=2").await;
    assert_eq!((&second.body["next"], second.ids("results", "id").len()), (&Value::Null, 20), "exactly full");
    assert_eq!(second.body["previous"], format!("{base}/api/v3/groups"));
    assert_eq!(groups("?page=last").await.body, second.body);
    for page in ["0", "3", "-1", "x", ""] {
        assert_eq!(
            groups(&format!("?page={page}")).await.body,
            json!({ "detail": "Invalid page." }),
            "{page}"
        );
    }
    let sized = groups("?per_page=39&search=Group").await;
    assert_eq!(sized.body["next"], format!("{base}/api/v3/groups?per_page=39&search=Group&page=2"));
    assert_eq!(groups("?per_page=41").await.ids("results", "id").len(), 40);
    assert_eq!(groups("?per_page=0").await.ids("results", "id").len(), 20, "a wrong size is ignored");
    simulator.set_options(options(|options| options.max_page_size = 7));
    assert_eq!(groups("?per_page=100").await.ids("results", "id").len(), 7, "a large one is cut");
    let empty = client.get("/api/v3/workspaces?name=nothing").await;
    assert_eq!(empty.body, json!({ "count": 0, "next": null, "previous": null, "results": [] }));
}

#[tokio::test]
async fn errors_can_be_the_newer_ones_or_empty() {
    let simulator = Simulator::start(small()).await.unwrap();
    let client = Client::paradigm(&simulator);
    simulator.set_options(options(|options| options.errors = ErrorStyle::Envelope));
    let missing = client.get("/api/v3/workspaces/9/members").await;
    assert_eq!(missing.status, 404);
    assert_eq!(
        missing.body,
        json!({
            "id": null, "code": 404, "error": "not_found", "detail": "Workspace not found.",
            "doc_url": "https://developers.lighton.ai/errors#not_found",
        })
    );
    let invalid = client.post(MEMBERS, json!({ "user_id": 1, "role": "boss" })).await;
    assert_eq!(invalid.status, 422);
    let field = json!([{ "error": "invalid_choice", "detail": "\"boss\" is not a valid choice." }]);
    assert_eq!((&invalid.body["fields"]["role"], &invalid.body["code"]), (&field, &json!(422)));
    assert_eq!(client.delete(&format!("{MEMBERS}/users/1")).await.status, 400, "a rule, not a field");

    simulator.set_options(options(|options| options.errors = ErrorStyle::Empty));
    let missing = client.get("/api/v3/workspaces/9/members").await;
    assert_eq!((missing.status, missing.body), (404, Value::Null));

    simulator.set_options(options(|options| {
        options.maintenance = Some("Back at noon.".to_owned());
        options.list_status = 200;
    }));
    let closed = client.get(MEMBERS).await;
    assert_eq!((closed.status, &closed.body["error"]), (503, &json!("service_maintenance")));
    simulator.set_options(options(|options| options.list_status = 200));
    assert_eq!(client.get(MEMBERS).await.status, 200);
}

#[tokio::test]
async fn a_role_that_nobody_knows_is_shown_as_it_is() {
    let mut state = small();
    let company = state.paradigm.companies[0].id;
    let auditor = state.paradigm.add_user("auditor@example.com", company);
    state.paradigm.grant_user(1, auditor, "auditor");
    let simulator = Simulator::start(state).await.unwrap();
    let members = Client::paradigm(&simulator).get(MEMBERS).await;
    assert_eq!(members.ids("users", "role"), ["owner", "auditor"]);
    Contract::paradigm().check(&simulator.requests());
}
