//! Every verb at a simulated Paradigm, with the requests that it took and the state that it left.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use futures_util::TryStreamExt;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use workspace_members_core::{
    AddMember, Change, Effect, EmailAddress, ErrorKind, IfPresent, NativeRole, PrincipalId, Protection,
    RemoveMember, Resource, Role, Status, UserId, WorkspaceId, WorkspaceMembers, WorkspaceMembersExt,
};
use workspace_members_http::{Credential, HttpSettings};
use workspace_members_paradigm::{Level, Paradigm, ParadigmConfig};
use workspace_members_simulator::paradigm::{ErrorStyle, PlatformRole};
use workspace_members_simulator::{Options, RateLimit, Simulator, State};
use workspace_members_tests::{Call, Reply, Server, key, member, principal, settings, workspace};

const ADMIN: &str = "simulated-paradigm-company-admin";
const OWNER: &str = "simulated-paradigm-workspace-owner";

/// The sample, reached with a key of its own.
struct World {
    simulator: Simulator,
}

impl World {
    async fn new() -> Self {
        let options = Options::default().without_limits();
        let simulator = Simulator::builder().state(State::sample()).options(options).start().await.unwrap();
        Self { simulator }
    }

    fn reach(&self, key: &str, change: impl FnOnce(ParadigmConfig) -> ParadigmConfig) -> Paradigm {
        self.with(key, HttpSettings::default(), change)
    }

    fn with(
        &self,
        key: &str,
        http: HttpSettings,
        change: impl FnOnce(ParadigmConfig) -> ParadigmConfig,
    ) -> Paradigm {
        let http = http.with_base_url(self.simulator.paradigm_url());
        Paradigm::new(&change(ParadigmConfig::default()), &http, Credential::from_key(key)).unwrap()
    }

    fn admin(&self) -> Paradigm {
        self.reach(ADMIN, |config| config)
    }

    fn user(&self, address: &str) -> PrincipalId {
        let state = self.simulator.state();
        let user = state.paradigm.users.iter().find(|user| user.email == address);
        UserId::from(user.unwrap_or_else(|| panic!("{address} is not in the sample")).id).into()
    }

    fn workspace(&self, name: &str) -> WorkspaceId {
        let state = self.simulator.state();
        WorkspaceId::from(state.paradigm.workspaces.iter().find(|known| known.name == name).unwrap().id)
    }

    /// A user's role in a workspace, as the provider has it.
    fn role(&self, of: &WorkspaceId, who: &PrincipalId) -> Option<String> {
        let (of, id): (u64, u64) = (of.as_str().parse().unwrap(), who.as_str().parse().unwrap());
        let state = self.simulator.state();
        let known = state.paradigm.workspace(of).unwrap().clone();
        let grants = if who.as_user().is_some() { known.users } else { known.groups };
        grants.into_iter().find(|grant| grant.id == id).map(|grant| grant.role)
    }

    /// What was asked since the last time, as `METHOD operation status`.
    fn log(&self) -> Vec<String> {
        let requests = self.simulator.requests();
        self.simulator.clear_requests();
        let line = |r: &workspace_members_simulator::Request| {
            format!("{} {} {}", r.method, r.operation.unwrap_or("-"), r.status)
        };
        requests.iter().map(line).collect()
    }
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::new(text).unwrap()
}

#[tokio::test]
async fn rosters_hold_everybody_and_take_one_request_each() {
    let world = World::new().await;
    let (paradigm, research, sales) = (world.admin(), world.workspace("Research"), world.workspace("Sales"));
    let roster = paradigm.roster(&research).await.unwrap();
    assert_eq!((roster.len(), roster.owners().count()), (25, 2));
    let groups: Vec<_> = roster.iter().filter_map(|member| member.name.as_deref()).collect();
    assert_eq!(groups, ["Data Team"]);
    assert_eq!(world.log(), ["GET list_members 201"]);
    let rosters = paradigm.rosters(&[sales.clone(), research.clone()]).await.unwrap();
    assert_eq!((rosters[0].len(), rosters[1].len()), (21, 25));
    assert_eq!(rosters[1].fingerprint(), roster.fingerprint());
    assert_eq!(world.log(), ["GET list_members 201"; 2]);

    let streamed: Vec<_> = paradigm.members(research).try_collect().await.unwrap();
    assert_eq!(streamed.len(), 25);
    let error = paradigm.roster(&workspace("9999")).await.unwrap_err();
    assert_eq!((error.kind(), error.missing()), (ErrorKind::NotFound, &[Resource::Workspace][..]));
    let error = paradigm.roster(&world.workspace("Example SA")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden, "a company workspace has no members of its own");
}

#[tokio::test]
async fn quirks_and_200_change_nothing_that_is_read() {
    let world = World::new().await;
    let paradigm = world.with(ADMIN, HttpSettings::default().with_page_size(1), |config| config);
    let read = || async {
        let workspaces: Vec<_> = paradigm.workspaces().try_collect().await.unwrap();
        let groups: Vec<_> = paradigm.groups().map_ok(|group| group.name).try_collect().await.unwrap();
        let users: Vec<_> = paradigm.users().try_collect().await.unwrap();
        let roster = paradigm.roster(&world.workspace("Sales")).await.unwrap();
        (workspaces, groups, users, roster, paradigm.me().await.unwrap().user)
    };
    let plain = read().await;
    let mut options = Options::default().without_limits().with_quirks();
    options.paradigm.list_status = 200;
    world.simulator.set_options(options);
    assert_eq!(read().await, plain);
    assert_eq!((plain.0.len(), plain.1.len(), plain.2.len()), (4, 4, 44));
}

#[tokio::test]
async fn pages_of_any_size_hold_the_same() {
    let world = World::new().await;
    for (size, workspaces, groups) in [(1, 4, 4), (2, 2, 2), (3, 2, 2), (100, 1, 1)] {
        let paradigm = world.with(ADMIN, HttpSettings::default().with_page_size(size), |config| config);
        world.log();
        let ids: HashSet<_> = paradigm.workspaces().map_ok(|w| w.id).try_collect().await.unwrap();
        assert_eq!((ids.len(), world.log().len()), (4, workspaces), "pages of {size}");
        let ids: HashSet<_> = paradigm.groups().map_ok(|g| g.id).try_collect().await.unwrap();
        assert_eq!((ids.len(), world.log().len()), (4, groups), "pages of {size}");
    }
    // More than fifty users, in the provider's own pages of twenty.
    world
        .simulator
        .change(|state| {
            for n in 0..30 {
                state.paradigm.add_user(format!("n{n}@example.com"), 1);
            }
        })
        .unwrap();
    let users: Vec<_> = world.admin().users().try_collect().await.unwrap();
    assert_eq!((users.len(), world.log().len()), (74, 4));
    let of = |status| users.iter().filter(|user| user.status == status).count();
    assert_eq!((of(Status::Pending), of(Status::Unknown)), (1, 0));
}

#[tokio::test]
async fn a_person_is_found_by_address_or_not_at_all() {
    let world = World::new().await;
    let paradigm = world.admin();
    let found = paradigm.find_user(&address("AIKO.tanaka@EXAMPLE.com")).await.unwrap();
    assert_eq!(PrincipalId::User(found.id), world.user("aiko.tanaka@example.com"));
    assert_eq!(world.log(), ["GET list_users 200"; 3]);
    let error = paradigm.find_user(&address("nobody@example.com")).await.unwrap_err();
    assert_eq!((error.kind(), error.missing()), (ErrorKind::NotFound, &[Resource::User][..]));
    world.simulator.change(|state| state.paradigm.add_user("Aiko.Tanaka@example.com", 1)).unwrap();
    let error = paradigm.find_user(&address("aiko.tanaka@example.com")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    let owner = world.reach(OWNER, |config| config);
    let error = owner.find_user(&address("aiko.tanaka@example.com")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.message().contains("company administrator"), "{error}");
}

#[tokio::test]
async fn ensure_adds_once_and_treats_a_member_as_the_request_says() {
    let world = World::new().await;
    let (paradigm, sales) = (world.admin(), world.workspace("Sales"));
    let newcomer = world.user("maya.patel@example.com");
    let request = |role| AddMember::new(sales.clone(), newcomer.clone(), role);
    world.log();
    let added = paradigm.ensure(&request(Role::Viewer), IfPresent::Fail).await.unwrap();
    assert_eq!((added.change, added.member.role), (Change::Applied, Role::Viewer));
    assert_eq!(added.member.email, Some(address("maya.patel@example.com")));
    assert_eq!(world.log(), ["POST add_member 201"]);

    let again = paradigm.ensure(&request(Role::Viewer), IfPresent::SetRole).await.unwrap();
    assert_eq!(again.change, Change::Unchanged);
    assert_eq!(world.log(), ["POST add_member 409", "GET list_members 201"]);
    let kept = paradigm.ensure(&request(Role::Owner), IfPresent::Keep).await.unwrap();
    assert_eq!((kept.change, kept.member.role), (Change::Unchanged, Role::Viewer));
    let error = paradigm.ensure(&request(Role::Owner), IfPresent::Fail).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyMember);
    let error = paradigm.ensure(&request(Role::Owner), IfPresent::SetRole).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("removing and adding, which must be asked for"), "{error}");
    assert_eq!(world.role(&sales, &newcomer).as_deref(), Some("viewer"), "the role is as it was");

    // A group of a user's number is somebody else.
    let group = principal("group:2");
    assert_eq!(world.role(&sales, &group), None);
    let request = AddMember::new(sales.clone(), group.clone(), Role::Editor);
    let added = paradigm.ensure(&request, IfPresent::Fail).await.unwrap();
    assert_eq!((added.member.key.principal.clone(), added.member.email), (group, None));
}

#[tokio::test]
async fn a_role_is_changed_only_by_the_verb_that_says_how() {
    let world = World::new().await;
    let (paradigm, research) = (world.admin(), world.workspace("Research"));
    let who = world.user("aiko.tanaka@example.com");
    let error = paradigm.change_role(&research, &who, &Role::Editor).await.unwrap_err();
    assert_eq!((error.kind(), world.log().len()), (ErrorKind::Unsupported, 0));

    let change = |who, role| {
        let (paradigm, research) = (&paradigm, &research);
        async move { paradigm.change_role_by_remove_then_add(research, &who, &role).await }
    };
    let changed = change(who.clone(), Role::Editor).await.unwrap();
    assert_eq!((changed.change, changed.member.role), (Change::Applied, Role::Editor));
    assert_eq!(world.role(&research, &who).as_deref(), Some("editor"));
    let expected =
        ["GET list_members 201", "GET get_me 200", "DELETE remove_user 204", "POST add_member 201"];
    assert_eq!(world.log(), expected);
    let same = change(who.clone(), Role::Editor).await.unwrap();
    assert_eq!((same.change, world.log().len()), (Change::Unchanged, 1));
    let group = change(principal("group:3"), Role::Viewer).await.unwrap();
    assert_eq!(group.change, Change::Applied, "a group as well");
    world.log();

    let me = world.user("camille.laurent@example.com");
    let error = change(me, Role::Viewer).await.unwrap_err();
    assert_eq!((error.kind(), error.protection()), (ErrorKind::Protected, Some(Protection::ActingIdentity)));
    let outsider = world.user("maya.patel@example.com");
    let error = change(outsider, Role::Viewer).await.unwrap_err();
    assert_eq!((error.kind(), error.missing()), (ErrorKind::NotFound, &[Resource::Member][..]));
    let error = change(who, Role::Manager).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRole);
    assert!(world.log().iter().all(|line| line.starts_with("GET")), "nothing was changed by any of these");
}

#[tokio::test]
async fn the_only_owner_is_not_taken_out_even_for_a_moment() {
    let world = World::new().await;
    let mut options = Options::default().without_limits();
    options.paradigm.inferred = true;
    world.simulator.set_options(options);
    let research = world.workspace("Research");
    let (camille, dorian) =
        (world.user("camille.laurent@example.com"), world.user("dorian.petit@example.com"));
    // An administrator of the company who is no member: the only owner is somebody else.
    let id: u64 = research.as_str().parse().unwrap();
    world
        .simulator
        .change(|state| {
            state.paradigm.workspace_mut(id).unwrap().users.retain(|u| u.id.to_string() != camille.as_str());
        })
        .unwrap();
    let company = world.reach(ADMIN, |config| config.with_level(Level::Company).with_inferred(true));
    let error = company.change_role_by_remove_then_add(&research, &dorian, &Role::Editor).await.unwrap_err();
    assert_eq!((error.kind(), error.protection()), (ErrorKind::Protected, Some(Protection::LastOwner)));
    assert!(world.log().iter().all(|line| line.starts_with("GET")));
    // Asked for outright, the provider refuses it.
    let mut guarded = company.guarded().allow(Protection::LastOwner);
    let error = guarded.remove_member(&research, &dorian).await.unwrap_err();
    assert_eq!((error.kind(), error.protection()), (ErrorKind::Protected, Some(Protection::LastOwner)));
    assert_eq!((error.effect(), error.status()), (Effect::Rejected, Some(400)));
    assert_eq!(world.role(&research, &dorian).as_deref(), Some("owner"));
}

/// A Paradigm with one viewer, 7, that refuses additions in these roles. Keeps who is in.
async fn refusing(refused: &'static [&'static str]) -> (Server, Arc<Mutex<Vec<Value>>>) {
    let owner = json!({"id": 1, "email": "me@example.com", "role": "owner"});
    let start = vec![owner, json!({"id": 7, "email": "a@example.com", "role": "viewer"})];
    let users = Arc::new(Mutex::new(start));
    let shared = Arc::clone(&users);
    let server = Server::start(move |request, _| {
        let mut users = shared.lock().unwrap();
        match request.method.as_str() {
            "DELETE" => {
                users.retain(|user| user["id"] != 7);
                Reply::empty(204)
            }
            "POST" if refused.contains(&request.json()["role"].as_str().unwrap()) => {
                Reply::json(400, json!({"role": ["Not now."]}))
            }
            "POST" => {
                users.push(json!({"id": 7, "email": "a@example.com", "role": request.json()["role"]}));
                Reply::json(201, json!({"users": *users, "groups": []}))
            }
            _ if request.path().ends_with("/me") => Reply::json(200, json!({"profile": {"id": 1}})),
            _ => Reply::json(200, json!({"users": *users, "groups": []})),
        }
    })
    .await;
    (server, users)
}

#[tokio::test]
async fn an_old_role_is_put_back_where_the_new_one_is_refused() {
    let (of, who) = (workspace("42"), principal("user:7"));
    let (server, users) = refusing(&["editor"]).await;
    let paradigm = Paradigm::new(&ParadigmConfig::default(), &settings(&server.url()), key()).unwrap();
    let error = paradigm.change_role_by_remove_then_add(&of, &who, &Role::Editor).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Rejected, Effect::Rejected));
    assert!(error.message().contains("the old role viewer was put back"), "{error}");
    assert_eq!(users.lock().unwrap().last().unwrap()["role"], "viewer");
    let methods: Vec<_> = server.requests().into_iter().map(|request| request.method).collect();
    assert_eq!(methods, ["GET", "GET", "DELETE", "POST", "POST"]);

    let (server, users) = refusing(&["editor", "viewer"]).await;
    let paradigm = Paradigm::new(&ParadigmConfig::default(), &settings(&server.url()), key()).unwrap();
    let error = paradigm.change_role_by_remove_then_add(&of, &who, &Role::Editor).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Partial);
    assert_eq!(error.done(), ["removed user:7 in workspace 42 (viewer)"]);
    assert!(error.message().contains("so they are outside"), "{error}");
    assert_eq!(users.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_removal_is_done_once_and_then_needs_nothing() {
    let world = World::new().await;
    let (paradigm, research, sales) = (world.admin(), world.workspace("Research"), world.workspace("Sales"));
    for who in [world.user("aiko.tanaka@example.com"), principal("group:3")] {
        assert!(world.role(&research, &who).is_some());
        world.log();
        assert_eq!(paradigm.remove_member(&research, &who).await.unwrap(), Change::Applied);
        let log = world.log();
        let lists =
            log.iter().filter(|line| line.contains("list_groups") || line.contains("list_users")).count();
        assert_eq!(log.len() - lists, 3, "who it is, whom the key acts as, and the removal: {log:?}");
        assert_eq!(
            lists > 0,
            who.as_group().is_some(),
            "of a group, whether the key's user is in it: {log:?}"
        );
        assert_eq!(world.role(&research, &who), None);
        assert_eq!(paradigm.remove_member(&research, &who).await.unwrap(), Change::Unchanged);
        assert_eq!(world.log(), ["GET list_members 201"]);
        // The bare method says what it finds.
        let request = RemoveMember::new(member(research.as_str(), &who.to_string(), None));
        let error = paradigm.remove(&request).await.unwrap_err();
        assert_eq!((error.kind(), error.missing().len()), (ErrorKind::NotFound, 3));
    }
    let me = world.user("camille.laurent@example.com");
    for style in [ErrorStyle::Drf, ErrorStyle::Envelope] {
        let mut options = Options::default().without_limits();
        options.paradigm.errors = style;
        world.simulator.set_options(options);
        let mut guarded = paradigm.guarded().allow(Protection::ActingIdentity).allow(Protection::LastOwner);
        let error = guarded.remove_member(&sales, &me).await.unwrap_err();
        assert_eq!((error.kind(), error.protection()), (ErrorKind::Protected, Some(Protection::LastOwner)));
    }
    let error = paradigm.remove_member(&workspace("9999"), &me).await.unwrap_err();
    assert_eq!((error.kind(), error.missing()), (ErrorKind::NotFound, &[Resource::Workspace][..]));
}

#[tokio::test]
async fn of_several_missing_things_a_read_finds_out_which() {
    let world = World::new().await;
    let (paradigm, sales) = (world.admin(), world.workspace("Sales"));
    for (of, who, missing) in [
        (sales.clone(), "user:9999", vec![Resource::User]),
        (sales.clone(), "group:9999", vec![Resource::Group]),
        (workspace("9999"), "user:3", vec![Resource::Workspace]),
        (workspace("9999"), "user:9999", vec![Resource::Workspace]),
    ] {
        let request = AddMember::new(of, principal(who), Role::Viewer);
        let plain = paradigm.add(&request).await.unwrap_err();
        assert_eq!((plain.kind(), plain.missing().len()), (ErrorKind::NotFound, 2), "{who}");
        let error = paradigm.ensure(&request, IfPresent::Keep).await.unwrap_err();
        assert_eq!((error.kind(), error.missing()), (ErrorKind::NotFound, missing.as_slice()), "{who}");
    }
    // Without the right to list users it stays open, and nothing is guessed.
    let owner = world.reach(OWNER, |config| config);
    let request = AddMember::new(world.workspace("Research"), principal("user:9999"), Role::Viewer);
    let error = owner.ensure(&request, IfPresent::Keep).await.unwrap_err();
    assert_eq!((error.kind(), error.missing().len()), (ErrorKind::NotFound, 2));
}

#[tokio::test]
async fn a_workspace_is_found_by_id_or_by_a_name_that_one_has() {
    let world = World::new().await;
    let (paradigm, sales) = (world.admin(), world.workspace("Sales"));
    assert_eq!(paradigm.find_workspace("Sales").await.unwrap().id, sales);
    assert_eq!(paradigm.find_workspace(sales.as_str()).await.unwrap().name, "Sales");
    let manageable: Vec<_> = paradigm.workspaces().try_collect::<Vec<_>>().await.unwrap();
    let named: Vec<_> =
        manageable.iter().filter(|w| w.may_be_manageable()).map(|w| w.name.as_str()).collect();
    assert_eq!(named.iter().copied().collect::<HashSet<_>>(), HashSet::from(["Research", "Sales"]));
    assert_eq!(paradigm.find_workspace("sales").await.unwrap_err().kind(), ErrorKind::NotFound);
    let me: u64 = world.user("camille.laurent@example.com").as_str().parse().unwrap();
    world
        .simulator
        .change(|state| {
            let twin = state.paradigm.add_workspace("Sales", 1);
            state.paradigm.grant_user(twin, me, "owner");
        })
        .unwrap();
    let error = paradigm.find_workspace("Sales").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.message().contains(sales.as_str()), "{error}");
}

#[tokio::test]
async fn the_bound_handle_takes_addresses() {
    let world = World::new().await;
    let paradigm = world.admin();
    let sales = paradigm.workspace(world.workspace("Sales"));
    let maya = address("maya.patel@example.com");
    assert_eq!(sales.get(maya.clone()).await.unwrap(), None);
    assert_eq!(sales.ensure(maya.clone(), Role::Editor).await.unwrap().change, Change::Applied);
    assert_eq!(sales.get(maya.clone()).await.unwrap().unwrap().role, Role::Editor);
    assert_eq!(sales.roster().await.unwrap().by_email(&maya).count(), 1);
    assert_eq!(sales.remove(maya.clone()).await.unwrap(), Change::Applied);
    assert_eq!(sales.remove(maya).await.unwrap(), Change::Unchanged);
}

#[tokio::test]
async fn each_level_does_what_it_claims() {
    let world = World::new().await;
    let (research, aiko) = (world.workspace("Research"), world.user("aiko.tanaka@example.com"));
    let key = || member(research.as_str(), &aiko.to_string(), None);
    let company = |key: &str| world.reach(key, |config| config.with_level(Level::Company));
    assert_eq!(company(ADMIN).roster(&research).await.unwrap().len(), 25);
    let error = company(OWNER).roster(&research).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.message().contains("no company administrator"), "{error}");
    Call::remove(key()).run(&company(ADMIN)).await.unwrap();
    assert_eq!(world.role(&research, &aiko), None);

    let camille: u64 = world.user("camille.laurent@example.com").as_str().parse().unwrap();
    world
        .simulator
        .change(|state| {
            state.paradigm.grant_user(1, 3, "viewer");
            state.paradigm.user_mut(camille).unwrap().roles.push(PlatformRole::SystemAdmin);
        })
        .unwrap();
    let instance = world.reach(ADMIN, |config| config.with_level(Level::Instance));
    Call::remove(key()).run(&instance).await.unwrap();
    assert_eq!(world.role(&research, &aiko), None);

    // What is turned on and not there after all is said to be missing, and does no harm.
    let inferring = world.reach(ADMIN, |config| config.with_level(Level::Company).with_inferred(true));
    let error = Call::add("1", "user:3", Role::Viewer).run(&inferring).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unsupported, Effect::Rejected));
    let mut options = Options::default().without_limits();
    options.paradigm.inferred = true;
    world.simulator.set_options(options);
    Call::add("1", "user:3", Role::Viewer).run(&inferring).await.unwrap();
    let inferred = world.reach(ADMIN, |config| config.with_level(Level::Instance).with_inferred(true));
    assert_eq!(inferred.roster(&research).await.unwrap().len(), 25);
    Call::remove(member("1", "group:3", None)).run(&inferred).await.unwrap();
}

#[tokio::test]
async fn every_way_of_writing_errors_means_the_same() {
    let world = World::new().await;
    let (paradigm, sales) = (world.admin(), world.workspace("Sales"));
    let of = sales.as_str();
    for style in [ErrorStyle::Drf, ErrorStyle::Envelope, ErrorStyle::Empty] {
        let mut options = Options::default().without_limits();
        options.paradigm.errors = style;
        world.simulator.set_options(options);
        for (call, kind) in [
            (Call::add(of, "user:1", Role::Viewer), ErrorKind::AlreadyMember),
            (Call::add(of, "user:9999", Role::Viewer), ErrorKind::NotFound),
            (Call::add("9999", "user:1", Role::Viewer), ErrorKind::NotFound),
            (Call::list("9999"), ErrorKind::NotFound),
            (Call::list(world.workspace("Example SA").as_str()), ErrorKind::Forbidden),
        ] {
            let error = call.run(&paradigm).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{style:?}: {call:?}");
            assert_eq!(error.provider_message().is_some(), style != ErrorStyle::Empty, "{style:?}: {call:?}");
        }
        let unknown = world.reach("no-such-key", |config| config);
        let error = unknown.me().await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unauthenticated, Effect::Rejected));
    }
}

#[tokio::test]
async fn limits_and_maintenance_are_told_apart() {
    let world = World::new().await;
    let mut options = Options::default();
    options.paradigm.users_limit = Some(RateLimit::per_minute(2));
    world.simulator.set_options(options.clone());
    let paradigm = world.admin();
    let error = paradigm.find_user(&address("aiko.tanaka@example.com")).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::RateLimited, Effect::NotApplied));
    let wait = error.retry_after().unwrap().as_secs();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(error.provider_message().unwrap().contains("throttled"));

    options.paradigm.maintenance = Some("Back at noon.".to_owned());
    world.simulator.set_options(options);
    let error = paradigm.me().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::NotApplied));
    let error = Call::add("1", "user:43", Role::Viewer).run(&paradigm).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::Unknown));
    assert_eq!(error.provider_message(), Some("Back at noon."));
}

#[tokio::test]
async fn each_method_is_one_request_in_the_providers_log() {
    let world = World::new().await;
    let (paradigm, research) = (world.admin(), world.workspace("Research"));
    let of = research.as_str();
    let page = Default::default;
    let calls = [
        (Call::Me, "GET get_me 200"),
        (Call::Workspaces(page()), "GET list_workspaces 200"),
        (Call::Users(page()), "GET list_users 200"),
        (Call::Groups(page()), "GET list_groups 200"),
        (Call::list(of), "GET list_members 201"),
        (Call::get(of, "user:3"), "GET list_members 201"),
        (Call::get(of, "user:9999"), "GET list_members 201"),
        (Call::add(of, "user:43", Role::Viewer), "POST add_member 201"),
        (Call::add(of, "user:43", Role::Viewer), "POST add_member 409"),
        (Call::add(of, "user:9999", Role::Viewer), "POST add_member 404"),
        (Call::add(of, "group:4", Role::Viewer), "POST add_member 201"),
        (Call::remove(member(of, "user:43", None)), "DELETE remove_user 204"),
        (Call::remove(member(of, "user:43", None)), "DELETE remove_user 404"),
        (Call::remove(member(of, "group:4", None)), "DELETE remove_group 204"),
        (Call::list("9999"), "GET list_members 404"),
    ];
    for (call, line) in &calls {
        drop(call.run(&paradigm).await);
        assert_eq!(world.log(), [*line], "{call:?}");
    }
    // The same with a key that is refused, and with what is never sent.
    let unknown = world.reach("no-such-key", |config| config);
    for (call, _) in &calls {
        drop(call.run(&unknown).await);
        let log = world.log();
        assert!(log.len() == 1 && log[0].ends_with(" 401"), "{call:?}: {log:?}");
    }
    for call in [
        Call::set_role(member(of, "user:3", None), Role::Viewer),
        Call::add(of, "user:43", Role::Custom(NativeRole::from_static("reviewer"))),
        Call::list("x"),
    ] {
        call.run(&paradigm).await.unwrap_err();
        assert!(world.log().is_empty(), "{call:?}");
    }
}
