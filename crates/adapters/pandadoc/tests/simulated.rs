//! Every verb at a simulated PandaDoc, with the requests that it took and the state that it left.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use futures_util::TryStreamExt;
use std::time::Duration;
use workspace_members_core::{
    AddMember, Change, Effect, EmailAddress, ErrorKind, IfPresent, ListOf, Mark, Member, NativeRole, Notify,
    PageRequest, PrincipalId, Protection, RemoveMember, Resource, Role, SetRole, Status, WorkspaceId,
    WorkspaceMembers, WorkspaceMembersExt,
};
use workspace_members_http::{Credential, HttpSettings, OAuth};
use workspace_members_pandadoc::{PandaDoc, PandaDocConfig, Reach};
use workspace_members_simulator::{Options, Simulator, State};
use workspace_members_tests::{Call, member, principal, workspace};

const ADMIN: &str = "simulated-pandadoc-org-admin";
const SANDBOX: &str = "simulated-pandadoc-sandbox";
const HR_ADMIN: &str = "simulated-pandadoc-workspace-admin";
const CUSTOM: Role = Role::Custom(NativeRole::from_static("Legal Reviewer"));

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

    fn with(
        &self,
        credential: impl Into<Credential>,
        http: HttpSettings,
        change: impl FnOnce(PandaDocConfig) -> PandaDocConfig,
    ) -> PandaDoc {
        let http = http.with_base_url(self.simulator.pandadoc_url());
        PandaDoc::new(&change(PandaDocConfig::default()), &http, credential).unwrap()
    }

    fn reach(&self, key: &str, change: impl FnOnce(PandaDocConfig) -> PandaDocConfig) -> PandaDoc {
        self.with(Credential::from_key(key), HttpSettings::default(), change)
    }

    fn admin(&self) -> PandaDoc {
        self.reach(ADMIN, |config| config)
    }

    fn user(&self, address: &str) -> PrincipalId {
        let state = self.simulator.state();
        let user = state.pandadoc.users.iter().find(|user| user.email.eq_ignore_ascii_case(address));
        let id = &user.unwrap_or_else(|| panic!("{address} is not in the sample")).user_id;
        principal(&format!("user:{id}"))
    }

    fn workspace(&self, name: &str) -> WorkspaceId {
        let state = self.simulator.state();
        workspace(&state.pandadoc.workspaces.iter().find(|known| known.name == name).unwrap().id)
    }

    /// A user's role in a workspace, as the provider has it.
    fn role(&self, of: &WorkspaceId, who: &PrincipalId) -> Option<String> {
        let state = self.simulator.state();
        state.pandadoc.member(of.as_str(), who.as_str()).map(|member| member.role.clone())
    }

    fn mails(&self) -> Vec<String> {
        let state = self.simulator.state();
        state.pandadoc.mails.iter().map(|mail| format!("{:?} {}", mail.kind, mail.to)).collect()
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
async fn all_rosters_come_in_one_pass_over_the_organization() {
    let world = World::new().await;
    let (pandadoc, contracts, hr) =
        (world.admin(), world.workspace("Contracts"), world.workspace("Human Resources"));
    let rosters = pandadoc.rosters(&[hr.clone(), contracts.clone()]).await.unwrap();
    // Fifty-three people are left in the organization: two pages.
    assert_eq!(world.log(), ["GET list_workspaces 200", "GET list_users 200", "GET list_users 200"]);
    let state = world.simulator.state();
    for (roster, of) in rosters.iter().zip([&hr, &contracts]) {
        let live = state.pandadoc.memberships.iter().filter(|m| m.workspace_id == of.as_str() && !m.removed);
        assert_eq!(roster.len(), live.count(), "{of}");
        let immovable: Vec<_> = roster.iter().filter(|member| member.is(Mark::Immovable)).collect();
        assert_eq!(immovable.len(), 1, "the owner of {of}");
        assert_eq!(immovable[0].email, Some(address("dorian.petit@example.com")));
        assert!(immovable[0].is(Mark::AccountOwner));
        assert!(roster.iter().all(|member| member.key.membership.is_some()));
    }
    assert_eq!(pandadoc.roster(&hr).await.unwrap(), rosters[0]);
    // Who has left the workspace, and with it the organization, is in no list.
    assert_eq!(rosters[1].get(&world.user("flora.marchand@example.com")), None);
    let guests: Vec<_> = rosters[1].iter().filter(|member| member.is(Mark::SeatOnPromotion)).collect();
    assert_eq!(guests.len(), 2);
    let reviewer = rosters[1].iter().find(|member| member.role == CUSTOM).unwrap();
    assert_eq!(reviewer.native_role.as_str(), "Legal Reviewer", "custom roles are read by name");

    let error = pandadoc.roster(&workspace("nowhere")).await.unwrap_err();
    assert_eq!((error.kind(), error.missing()), (ErrorKind::NotFound, &[Resource::Workspace][..]));
}

#[tokio::test]
async fn pages_of_any_size_hold_the_same() {
    let world = World::new().await;
    world
        .simulator
        .change(|state| {
            for n in 0..60 {
                state.pandadoc.add_user(format!("n{n}@example.com"), "Full");
            }
        })
        .unwrap();
    let contracts = world.workspace("Contracts");
    let mut seen: Vec<Vec<Member>> = Vec::new();
    for (size, requests) in [(50, 3), (1, 113), (7, 17), (113, 3)] {
        let http = HttpSettings::default().with_page_size(size);
        let pandadoc = world.with(Credential::from_key(ADMIN), http, |config| config);
        world.log();
        seen.push(pandadoc.members(contracts.clone()).try_collect().await.unwrap());
        assert_eq!(world.log().len(), requests, "pages of {size}");
        let users: Vec<_> = pandadoc.users().try_collect().await.unwrap();
        assert_eq!(users.len(), 113);
    }
    let state = world.simulator.state();
    let live = state.pandadoc.memberships.iter().filter(|member| !member.removed);
    let here = live.clone().filter(|member| member.workspace_id == contracts.as_str()).count();
    assert!(seen.iter().all(|members| *members == seen[0] && members.len() == here));
    let both: Vec<_> = world.admin().members(ListOf::Account).try_collect().await.unwrap();
    assert_eq!(both.len(), live.count());
}

#[tokio::test]
async fn quirks_change_nothing_that_is_read() {
    let world = World::new().await;
    let (pandadoc, contracts) = (world.admin(), world.workspace("Contracts"));
    let own = world.reach(ADMIN, |config| config.with_reach(Reach::Workspace(contracts.clone())));
    let read = || async {
        let users: Vec<_> = pandadoc.users().try_collect().await.unwrap();
        let members: Vec<_> = own.members(contracts.clone()).try_collect().await.unwrap();
        // The licence has other words in the odd lists.
        let members: Vec<_> = members.into_iter().map(|member| member.with_license(None)).collect();
        (users, members, pandadoc.roster(&contracts).await.unwrap(), pandadoc.me().await.unwrap())
    };
    let plain = read().await;
    world.simulator.set_options(Options::default().without_limits().with_quirks());
    assert_eq!(read().await, plain);
    let error = Call::add(contracts.as_str(), "user:nobody", Role::Viewer).run(&pandadoc).await.unwrap_err();
    assert_eq!((error.kind(), error.missing()), (ErrorKind::NotFound, &[Resource::User][..]));
}

#[tokio::test]
async fn ensure_adds_once_and_treats_a_member_as_the_request_says() {
    let world = World::new().await;
    let (pandadoc, hr) = (world.admin(), world.workspace("Human Resources"));
    let newcomer = world.user("aiko.tanaka@example.com");
    let request = |role| AddMember::new(hr.clone(), newcomer.clone(), role);
    let added = pandadoc.ensure(&request(Role::Viewer), IfPresent::Fail).await.unwrap();
    assert_eq!((added.change, added.member.native_role.as_str()), (Change::Applied, "Collaborator"));
    assert!(added.member.key.membership.is_some());
    assert_eq!(world.log(), ["POST add_member 201"]);

    let again = pandadoc.ensure(&request(Role::Viewer), IfPresent::SetRole).await.unwrap();
    assert_eq!(again.change, Change::Unchanged);
    assert_eq!(world.log(), ["POST add_member 400", "GET get_user 200"]);
    let kept = pandadoc.ensure(&request(Role::Owner), IfPresent::Keep).await.unwrap();
    assert_eq!((kept.change, kept.member.role), (Change::Unchanged, Role::Viewer));
    let error = pandadoc.ensure(&request(Role::Owner), IfPresent::Fail).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::AlreadyMember, Some(400)));
    world.log();
    let raised = pandadoc.ensure(&request(Role::Manager), IfPresent::SetRole).await.unwrap();
    assert_eq!((raised.change, raised.member.role), (Change::Applied, Role::Manager));
    assert_eq!(world.log(), ["POST add_member 400", "GET get_user 200", "PATCH change_member_role 200"]);
    assert_eq!(world.role(&hr, &newcomer).as_deref(), Some("Manager"));
    assert!(world.mails().is_empty(), "nobody was mailed by any of these");
}

#[tokio::test]
async fn a_custom_role_is_given_in_a_second_step() {
    let world = World::new().await;
    let (pandadoc, contracts, hr) =
        (world.admin(), world.workspace("Contracts"), world.workspace("Human Resources"));
    let newcomer = world.user("tara.byrne@example.com");
    let request = AddMember::new(contracts.clone(), newcomer.clone(), CUSTOM);
    let added = pandadoc.ensure(&request, IfPresent::Fail).await.unwrap();
    assert_eq!((added.change, added.member.role), (Change::Applied, CUSTOM));
    assert_eq!(world.log(), ["POST add_member 201", "PATCH change_member_role 200"]);
    assert_eq!(world.role(&contracts, &newcomer).as_deref(), Some("Legal Reviewer"));

    // Where the workspace does not have the role, what was done is said.
    let request = AddMember::new(hr.clone(), world.user("aiko.tanaka@example.com"), CUSTOM);
    let error = pandadoc.ensure(&request, IfPresent::Fail).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::InvalidRole, Effect::Partial));
    assert_eq!(error.done().len(), 1);
    assert!(error.done()[0].ends_with("as Collaborator"), "{:?}", error.done());
}

#[tokio::test]
async fn mails_go_out_only_to_whom_they_were_asked_for() {
    let world = World::new().await;
    let (pandadoc, hr) = (world.admin(), world.workspace("Human Resources"));
    let add = |who: &str, notify| {
        let request = AddMember::new(hr.clone(), world.user(who), Role::Viewer).with_notify(notify);
        let pandadoc = &pandadoc;
        async move { pandadoc.add(&request).await.unwrap() }
    };
    add("aiko.tanaka@example.com", Notify::NOBODY).await;
    assert!(world.mails().is_empty());
    add("bjorn.lindqvist@example.com", Notify::MEMBER).await;
    assert_eq!(world.mails(), ["NotifyUser bjorn.lindqvist@example.com"]);
    add("chiara.ricci@example.com", Notify::NOBODY.with_admins(true)).await;
    let mails = world.mails();
    assert!(mails.len() > 1 && mails[1..].iter().all(|mail| mail.starts_with("NotifyWsAdmins")), "{mails:?}");
}

#[tokio::test]
async fn a_promoted_guest_costs_a_seat_and_is_marked_before() {
    let world = World::new().await;
    let (pandadoc, contracts) = (world.admin(), world.workspace("Contracts"));
    let guest = world.user("mateo.rossi@example.com");
    let read = pandadoc.get(&contracts, &guest).await.unwrap().unwrap();
    assert!(read.is(Mark::SeatOnPromotion), "{read:?}");
    let person = pandadoc.find_user(&address("mateo.rossi@example.com")).await.unwrap();
    assert!(person.is(Mark::SeatOnPromotion), "also before they are a member anywhere");
    let changed = pandadoc.change_role(&contracts, &guest, &Role::Editor).await.unwrap();
    assert_eq!(changed.change, Change::Applied);
    assert_eq!(world.simulator.state().pandadoc.organization.seats_bought, 1);
    assert!(!pandadoc.get(&contracts, &guest).await.unwrap().unwrap().is(Mark::SeatOnPromotion));
}

#[tokio::test]
async fn a_role_is_changed_in_one_step_and_only_where_it_differs() {
    let world = World::new().await;
    let (pandadoc, contracts) = (world.admin(), world.workspace("Contracts"));
    let who = world.user("kenji.mori@example.com");
    let changed = pandadoc.change_role(&contracts, &who, &CUSTOM).await.unwrap();
    assert_eq!((changed.change, changed.member.role), (Change::Applied, CUSTOM));
    // A custom role may be a lower one, so it is asked first whom the key acts as.
    assert_eq!(world.log(), ["GET get_user 200", "GET current_member 200", "PATCH change_member_role 200"]);
    assert_eq!(pandadoc.change_role(&contracts, &who, &CUSTOM).await.unwrap().change, Change::Unchanged);
    assert_eq!(world.log(), ["GET get_user 200"]);
    let nowhere = Role::Custom(NativeRole::from_static("No Such Role"));
    let error = pandadoc.change_role(&contracts, &who, &nowhere).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::InvalidRole, Effect::Rejected));
    assert!(error.provider_message().unwrap().contains("No Such Role"));
    let outsider = world.user("zuzana.horakova@example.com");
    let error = pandadoc.change_role(&contracts, &outsider, &Role::Viewer).await.unwrap_err();
    assert_eq!((error.kind(), error.missing()), (ErrorKind::NotFound, &[Resource::Member][..]));
    // By removing and adding it can be done as well, if that is what is asked for; but not from a custom role, which
    // could not be put back.
    world.log();
    let error = pandadoc.change_role_by_remove_then_add(&contracts, &who, &Role::Editor).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unsupported, Effect::Rejected));
    assert!(error.message().contains("could not be put back"), "{error}");
    assert!(world.log().iter().all(|line| line.starts_with("GET")), "nothing was written");
    pandadoc.change_role(&contracts, &who, &Role::Manager).await.unwrap();
    let back = pandadoc.change_role_by_remove_then_add(&contracts, &who, &Role::Editor).await.unwrap();
    assert_eq!((back.change, back.member.role), (Change::Applied, Role::Editor));
    let me = world.user("camille.laurent@example.com");
    let error = pandadoc.change_role_by_remove_then_add(&contracts, &me, &Role::Editor).await.unwrap_err();
    assert_eq!(error.protection(), Some(Protection::ActingIdentity));
}

#[tokio::test]
async fn what_pandadoc_protects_is_a_typed_refusal() {
    let world = World::new().await;
    let (pandadoc, hr) = (world.admin(), world.workspace("Human Resources"));
    let owner = world.user("dorian.petit@example.com");
    let error = pandadoc.remove_member(&hr, &owner).await.unwrap_err();
    assert_eq!((error.kind(), error.protection()), (ErrorKind::Protected, Some(Protection::ProviderOwner)));
    let error = pandadoc.change_role(&hr, &owner, &Role::Viewer).await.unwrap_err();
    assert_eq!((error.kind(), error.protection()), (ErrorKind::Protected, Some(Protection::ProviderOwner)));

    // The last administrator who is not the owner: make the owner a Manager behind the scenes.
    let id =
        world.simulator.state().pandadoc.member(hr.as_str(), owner.as_str()).unwrap().membership_id.clone();
    world
        .simulator
        .change(|state| "Manager".clone_into(&mut state.pandadoc.membership_mut(&id).unwrap().role))
        .unwrap();
    let last = world.user("valentin.popescu@example.com");
    assert_eq!(world.role(&hr, &last).as_deref(), Some("Admin"));
    let mut guarded = pandadoc.guarded().allow(Protection::LastOwner);
    let error = guarded.change_role(&hr, &last, &Role::Viewer).await.unwrap_err();
    assert_eq!((error.kind(), error.protection()), (ErrorKind::Protected, Some(Protection::LastOwner)));
    assert_eq!(world.role(&hr, &last).as_deref(), Some("Admin"));

    for call in [
        Call::Groups(PageRequest::default()),
        Call::get(hr.as_str(), "group:1"),
        Call::add(hr.as_str(), "group:1", Role::Viewer),
        Call::remove(member(hr.as_str(), "group:1", Some("m"))),
    ] {
        let error = call.run(&pandadoc).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("PandaDoc has no groups"), "{error}");
    }
}

#[tokio::test]
async fn a_key_dies_with_the_membership_of_its_user() {
    let world = World::new().await;
    let (pandadoc, contracts) = (world.admin(), world.workspace("Contracts"));
    let me = pandadoc.me().await.unwrap();
    let own = pandadoc.get(&contracts, &PrincipalId::User(me.user)).await.unwrap().unwrap();
    // The bare method has no guards.
    pandadoc.remove(&RemoveMember::new(own.key)).await.unwrap();
    let error = pandadoc.me().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unauthenticated, Effect::Rejected));
    assert_eq!(error.provider_message(), Some("Authentication credentials were not provided."));
}

#[tokio::test]
async fn a_removal_is_done_once_and_then_needs_nothing() {
    let world = World::new().await;
    let (pandadoc, contracts) = (world.admin(), world.workspace("Contracts"));
    let who = world.user("kenji.mori@example.com");
    let key = pandadoc.get(&contracts, &who).await.unwrap().unwrap().key;
    world.log();
    assert_eq!(pandadoc.remove_member(&contracts, &who).await.unwrap(), Change::Applied);
    assert_eq!(world.log(), ["GET get_user 200", "GET current_member 200", "DELETE remove_member 204"]);
    assert_eq!(pandadoc.remove_member(&contracts, &who).await.unwrap(), Change::Unchanged);
    assert_eq!(world.log(), ["GET get_user 200", "GET list_workspaces 200"], "the workspace is there");
    let error = pandadoc.remove(&RemoveMember::new(key.clone())).await.unwrap_err();
    assert_eq!((error.kind(), error.missing().len()), (ErrorKind::NotFound, 2));
    let error = pandadoc.set_role(&SetRole::new(key, Role::Owner)).await.unwrap_err();
    assert_eq!((error.kind(), error.missing().len()), (ErrorKind::NotFound, 2));
    let error = pandadoc.remove_member(&workspace("nowhere"), &who).await.unwrap_err();
    assert_eq!((error.kind(), error.missing()), (ErrorKind::NotFound, &[Resource::Workspace][..]));
    let error = pandadoc.remove_member(&contracts, &principal("user:nobody")).await.unwrap_err();
    assert_eq!((error.kind(), error.missing()), (ErrorKind::NotFound, &[Resource::User][..]));
}

#[tokio::test]
async fn of_several_missing_things_a_read_finds_out_which() {
    let world = World::new().await;
    let (pandadoc, contracts) = (world.admin(), world.workspace("Contracts"));
    let known = world.user("zuzana.horakova@example.com");
    for (of, who, missing) in [
        (workspace("nowhere"), known.clone(), Resource::Workspace),
        (workspace("nowhere"), principal("user:nobody"), Resource::Workspace),
        (contracts.clone(), principal("user:nobody"), Resource::User),
        // Who has left the organization is no user any more.
        (contracts.clone(), world.user("flora.marchand@example.com"), Resource::User),
    ] {
        let request = AddMember::new(of, who, Role::Viewer);
        let error = pandadoc.ensure(&request, IfPresent::SetRole).await.unwrap_err();
        assert_eq!((error.kind(), error.missing()), (ErrorKind::NotFound, &[missing][..]), "{request:?}");
    }
    let error = pandadoc.find_user(&address("nobody@example.com")).await.unwrap_err();
    assert_eq!((error.kind(), error.missing()), (ErrorKind::NotFound, &[Resource::User][..]));
    assert_eq!(pandadoc.find_workspace("Contracts").await.unwrap().id, contracts);
    let found = pandadoc.find_user(&address("DANIEL.okafor@example.com")).await;
    assert_eq!(found.unwrap_err().kind(), ErrorKind::NotFound, "only at the other provider");
    let found = pandadoc.find_user(&address("bjorn.lindqvist@EXAMPLE.com")).await.unwrap();
    assert_eq!(PrincipalId::User(found.id), world.user("bjorn.lindqvist@example.com"));
}

#[tokio::test]
async fn a_workspaces_own_key_sees_its_workspace_and_makes_no_roster() {
    let world = World::new().await;
    let hr = world.workspace("Human Resources");
    let pandadoc = world.reach(HR_ADMIN, |config| config.with_reach(Reach::Workspace(hr.clone())));
    let members: Vec<_> = pandadoc.members(hr.clone()).try_collect().await.unwrap();
    assert_eq!(world.log(), ["GET list_members 200"]);
    assert!(members.iter().all(|member| member.status == Status::Active));
    assert_eq!(pandadoc.roster(&hr).await.unwrap_err().kind(), ErrorKind::Unsupported);
    let error = pandadoc.find_user(&address("aiko.tanaka@example.com")).await.unwrap_err();
    assert_eq!((error.kind(), world.log().len()), (ErrorKind::Unsupported, 0));

    let who = world.user("aiko.tanaka@example.com");
    let added =
        pandadoc.ensure(&AddMember::new(hr.clone(), who.clone(), Role::Viewer), IfPresent::Fail).await;
    assert_eq!(added.unwrap().change, Change::Applied);
    let changed = pandadoc.change_role(&hr, &who, &Role::Editor).await.unwrap();
    assert_eq!(changed.member.role, Role::Editor);
    assert_eq!(pandadoc.remove_member(&hr, &who).await.unwrap(), Change::Applied);
    assert_eq!(pandadoc.remove_member(&hr, &who).await.unwrap(), Change::Unchanged);
    let log = world.log();
    assert!(log.iter().all(|line| !line.contains("list_users") && !line.contains("get_user")), "{log:?}");

    // With the other reach, the same key's refusal says what it lacks.
    let wide = world.reach(HR_ADMIN, |config| config);
    let error = Call::list(hr.as_str()).run(&wide).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.message().contains("use reach workspace"), "{error}");

    // A custom role shows as the placeholder, which is never a difference and never written.
    let contracts = world.workspace("Contracts");
    let own = world.reach(ADMIN, |config| config.with_reach(Reach::Workspace(contracts.clone())));
    let reviewer = world.user("lucia.fernandez@example.com");
    let read = own.get(&contracts, &reviewer).await.unwrap().unwrap();
    assert_eq!((read.native_role.as_str(), read.fit), ("Custom", None));
    let error = own.change_role(&contracts, &reviewer, &read.role).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRole);
    let blocked = own.get(&contracts, &world.user("siobhan.o'neill@example.com")).await.unwrap().unwrap();
    assert_eq!(blocked.status, Status::Inactive);
}

#[tokio::test]
async fn a_sandbox_key_is_soon_throttled_and_the_words_say_for_how_long() {
    let world = World::new().await;
    world.simulator.set_options(Options::default());
    for kind in ["throttled", "request_error"] {
        for header in [false, true] {
            let mut options = Options::default();
            options.pandadoc.throttled_type = kind.to_owned();
            options.pandadoc.retry_after = header;
            world.simulator.set_options(options);
            let sandbox = world.reach(SANDBOX, |config| config);
            let mut last = sandbox.me().await;
            while last.is_ok() {
                last = sandbox.me().await;
            }
            let error = last.unwrap_err();
            assert_eq!((error.kind(), error.effect()), (ErrorKind::RateLimited, Effect::NotApplied));
            let wait = error.retry_after().unwrap();
            assert!(wait > Duration::ZERO && wait <= Duration::from_mins(1), "{wait:?}");
            assert!(world.log().iter().filter(|line| line.ends_with(" 200")).count() <= 10);
        }
    }
}

#[tokio::test]
async fn an_expired_access_token_is_refreshed_and_the_call_after_it_goes_through() {
    let world = World::new().await;
    let oauth = OAuth::new(
        "simulated-client",
        Credential::from_key("simulated-client-secret"),
        Credential::from_key("simulated-refresh-token"),
    );
    let pandadoc = world.with(Credential::OAuth(oauth), HttpSettings::default(), |config| config);
    pandadoc.me().await.unwrap();
    assert_eq!(world.log().len(), 2, "a token, then the call");
    for _ in 0..2 {
        // The access token is void; the refresh token is a new one each time.
        world.simulator.change(|state| state.pandadoc.oauth_tokens[0].access_token = "void".into()).unwrap();
        let error = pandadoc.me().await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unauthenticated, Effect::NotApplied));
        let log = world.log();
        assert_eq!(log.iter().filter(|line| line.contains("current_member")).count(), 1, "{log:?}");
        assert_eq!(log.len(), 2, "one call, one refresh: {log:?}");
        pandadoc.me().await.unwrap();
        assert_eq!(world.log().len(), 1);
    }
}

#[tokio::test]
async fn each_method_is_one_request_in_the_providers_log() {
    let world = World::new().await;
    let (pandadoc, contracts) = (world.admin(), world.workspace("Contracts"));
    let of = contracts.as_str();
    let tara = world.user("tara.byrne@example.com").to_string();
    let kenji = world.user("kenji.mori@example.com");
    let key = pandadoc.get(&contracts, &kenji).await.unwrap().unwrap().key;
    world.log();
    let calls = [
        (Call::Me, "GET current_member 200"),
        (Call::Workspaces(PageRequest::default()), "GET list_workspaces 200"),
        (Call::Users(PageRequest::default()), "GET list_users 200"),
        (Call::list(of), "GET list_users 200"),
        (Call::Members(ListOf::Account, PageRequest::default()), "GET list_users 200"),
        (Call::get(of, &tara), "GET get_user 200"),
        (Call::get(of, "user:nobody"), "GET get_user 404"),
        (Call::add(of, &tara, Role::Viewer), "POST add_member 201"),
        (Call::add(of, &tara, Role::Viewer), "POST add_member 400"),
        (Call::add("nowhere", &tara, Role::Viewer), "POST add_member 404"),
        (Call::set_role(key.clone(), Role::Viewer), "PATCH change_member_role 200"),
        (Call::set_role(key.clone(), CUSTOM), "PATCH change_member_role 200"),
        (Call::remove(key.clone()), "DELETE remove_member 204"),
        (Call::remove(key.clone()), "DELETE remove_member 404"),
        (Call::set_role(key, Role::Viewer), "PATCH change_member_role 404"),
    ];
    let log_of = |call: Call, pandadoc: PandaDoc| {
        let world = &world;
        async move {
            drop(call.run(&pandadoc).await);
            world.log()
        }
    };
    for (call, line) in &calls {
        let log = log_of(call.clone(), world.admin()).await;
        assert_eq!(log, [*line], "{call:?}");
        let refused = log_of(call.clone(), world.reach("no-such-key", |config| config)).await;
        assert!(refused.len() == 1 && refused[0].ends_with(" 401"), "{call:?}: {refused:?}");
    }
}
