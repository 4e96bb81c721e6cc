//! Providers that are not alike: what planning makes of each behaviour that they declare.

use crate::faulty::{Fault, Faulty, When};
use crate::support::*;
use futures_util::FutureExt;
use std::sync::Arc;
use workspace_members_core::{
    Behaviour, Capabilities, Capability, Fit, Identity, IfPresent, InMemory, Mark, MemberKey, Notify,
    Operation, PrincipalId, Role, RoleRow, RoleTable, SetRole, Status, User, UserId, WorkspaceMembers,
};
use workspace_members_sync::{
    ApplyOptions, Consequence, Desired, DesiredMember, DesiredMembership, DesiredWorkspace, Event, Guard,
    Guards, KeptReason, Limit, Membership, Mode, Observed, Progress, StepOutcome, Strategy, apply,
};

/// Logins that fold case, roles changed in one step, no addresses.
fn github() -> Capabilities {
    let row = |role, name, fit| RoleRow::new(role, native(name), fit);
    let roles = RoleTable::new([
        row(Role::Owner, "maintainer", Fit::Exact),
        row(Role::Viewer, "member", Fit::Exact),
        row(Role::Viewer, "observer", Fit::Exact).read_only(),
    ]);
    let taken = [Capability::SeeAddresses, Capability::ListAccountMembers];
    Capabilities::new(workspace_members_core::Provider::from_static("github"), roles.unwrap())
        .claim(workspace_members_core::Evidence::Documented, Capability::ALL)
        .without(&taken, "test")
        .with_behaviours(&[Behaviour::UserIdsFoldCase, Behaviour::AddMayInvite, Behaviour::InvitationsMail])
}

fn login(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

fn team(capabilities: Capabilities) -> InMemory {
    InMemory::new(capabilities)
        .with_me(Identity::new(login("robot")))
        .with_workspace(workspace_members_core::Workspace::new(ws(1), "Team"))
        .with_user(User::new(login("robot")).with_status(Status::Active))
        .with_user(User::new(login("ana")).with_status(Status::Active))
        .with_user(User::new(login("Bo")).with_status(Status::Active))
        .with_member(ws(1), login("robot"), native("maintainer"))
        .with_member(ws(1), login("ana"), native("member"))
}

fn by_id(name: &str) -> PrincipalId {
    login(name).into()
}

fn add(name: &str, role: Role, if_present: IfPresent) -> Desired {
    Desired::add("acme:1".parse().unwrap(), by_id(name), role, Notify::NOBODY, if_present)
}

#[tokio::test]
async fn a_login_in_another_case_is_the_same_person() {
    let account = team(github());
    let same = desired("authoritative", "owner = [\"user:ROBOT\"]\nviewer = [\"user:Ana\"]");
    assert!(plan(&account, &same, &loose()).await.unwrap().is_empty());
    // Somebody who is added is spelled as the provider spells them.
    let added = plan(&account, &desired("additive", "viewer = [\"user:bO\"]"), &loose()).await.unwrap();
    assert_eq!(lines(&added), ["add user:Bo as member to acme:1"]);
    // One person, named twice.
    for lists in
        ["viewer = [\"user:Ana\"]\nowner = [\"user:ana\"]", "viewer = [\"user:bo\"]\nowner = [\"user:BO\"]"]
    {
        let refused = plan(&account, &desired("additive", lists), &loose()).await.unwrap_err();
        assert_eq!(causes(&refused), ["conflict"], "{lists}");
    }
    // Guards know them too.
    let nobody = desired("authoritative", "owner = []");
    let guards = loose().with_protected(by_id("ANA"));
    let kept = plan(&account, &nobody, &guards).await.unwrap();
    let reasons: Vec<_> = kept.kept.iter().map(|kept| (kept.label.as_str(), kept.reason)).collect();
    assert_eq!(reasons, [("user:ana", KeptReason::Protected), ("user:robot", KeptReason::ActingIdentity)]);
    let observed = Observed::read(&account, "acme", &nobody).await.unwrap();
    assert!(matches!(observed.membership(&ws(1), &by_id("aNa")), Membership::Inside(_)));
    // Elsewhere capitals make another person.
    let exact = team(github_without(Behaviour::UserIdsFoldCase));
    let refused = plan(&exact, &desired("additive", "viewer = [\"user:Ana\"]"), &loose()).await.unwrap_err();
    assert_eq!(causes(&refused), ["unknown_person"]);
}

fn github_without(taken: Behaviour) -> Capabilities {
    let kept: Vec<Behaviour> = github().behaviours().filter(|behaviour| *behaviour != taken).collect();
    let roles = github().roles().clone();
    Capabilities::new(workspace_members_core::Provider::from_static("github"), roles)
        .claim(workspace_members_core::Evidence::Documented, Capability::ALL)
        .with_behaviours(&kept)
}

#[tokio::test]
async fn the_last_owner_is_found_again_whatever_the_case_of_their_login() {
    // As logins compare ana comes before Bo, and by the bytes of their names after.
    let account = team(github())
        .with_me(Identity::new(login("elsewhere")))
        .with_member(ws(1), login("ana"), native("maintainer"))
        .with_member(ws(1), login("Bo"), native("maintainer"))
        .with_member(ws(1), login("robot"), native("member"));
    let account = Arc::new(account);
    let gone = Desired::remove("acme:1".parse().unwrap(), by_id("ana"));
    let plan = plan(&*account, &gone, &loose().with_min_owners(1)).await.unwrap();
    let there = account.clone();
    let progress = Progress::new(move |event| {
        if let Event::Step(_) = event {
            let key = MemberKey::new(ws(1), login("Bo"));
            there.set_role(&SetRole::new(key, Role::Viewer)).now_or_never().unwrap().unwrap();
        }
    });
    let state = state();
    let options = ApplyOptions::new(state.path()).with_progress(progress);
    let report = apply(&connections(account), &plan, &options).await.unwrap();
    assert_eq!(outcomes(&report), [StepOutcome::Skipped]);
    assert_eq!(report.steps[0].refusal.as_ref().unwrap().guard(), Some(Guard::MinOwners));
}

#[tokio::test]
async fn a_role_that_something_else_sets_is_kept_and_noted_before_the_first_addition() {
    let chief = |name: &str| User::new(login(name)).with_status(Status::Active).with_mark(Mark::RoleFixed);
    let account = team(github()).with_user(chief("ana")).with_user(chief("Bo")).with_member(
        ws(1),
        login("ana"),
        native("maintainer"),
    );
    // Neither drift nor a change.
    for membership in [DesiredMembership::Role(Role::Viewer), DesiredMembership::SetRole(Role::Viewer)] {
        let workspace = DesiredWorkspace::new("acme:1".parse().unwrap(), Mode::Additive)
            .with_members([DesiredMember::new(by_id("ana"), membership)]);
        let kept = plan(&account, &Desired::new().with_workspace(workspace), &loose()).await.unwrap();
        assert!(kept.is_empty());
        assert_eq!(kept.kept[0].reason, KeptReason::RoleFixed);
    }
    let viewer = desired("additive", "viewer = [\"user:Bo\"]");
    let added = plan(&account, &viewer, &loose()).await.unwrap();
    assert!(added.steps[0].consequences.contains(&Consequence::RoleSetByProvider), "{:?}", added.steps);
    // They may become an owner.
    let none = loose().with_max_owner_changes(Limit::count(0));
    assert_eq!(causes(&plan(&account, &viewer, &none).await.unwrap_err()), ["max_owner_changes"]);
    // They can be removed. And as an owner who comes only they are not counted on.
    let gone = Desired::remove("acme:1".parse().unwrap(), by_id("ana"));
    assert_eq!(lines(&plan(&account, &gone, &loose()).await.unwrap()).len(), 1);
    let swap = desired("authoritative", "owner = [\"user:Bo\"]");
    let other = account.with_me(Identity::new(login("elsewhere")));
    let refused = plan(&other, &swap, &loose().with_min_owners(1)).await.unwrap_err();
    assert!(causes(&refused).contains(&"min_owners".to_owned()), "{refused}");
}

#[tokio::test]
async fn an_invited_member_is_inside_and_no_owner_and_can_be_removed() {
    let account = team(github()).with_user(User::new(login("ana")).with_status(Status::Pending)).with_member(
        ws(1),
        login("ana"),
        native("maintainer"),
    );
    let again = plan(&account, &desired("additive", "owner = [\"user:ana\"]"), &loose()).await.unwrap();
    assert!(again.is_empty());
    let gone = Desired::remove("acme:1".parse().unwrap(), by_id("ana"));
    assert_eq!(lines(&plan(&account, &gone, &loose()).await.unwrap()).len(), 1);
    let other = account.with_me(Identity::new(login("elsewhere")));
    let last = Desired::remove("acme:1".parse().unwrap(), by_id("robot"));
    let refused = plan(&other, &last, &loose().with_min_owners(1)).await.unwrap_err();
    assert_eq!(causes(&refused), ["min_owners"]);
}

#[tokio::test]
async fn an_addition_that_may_invite_says_so_and_its_mail_is_counted() {
    let account = team(github());
    let viewer = desired("additive", "viewer = [\"user:Bo\"]");
    let added = plan(&account, &viewer, &loose()).await.unwrap();
    assert_eq!(added.consequences, [Consequence::Mails { count: 1 }, Consequence::MayInvite]);
    let none = loose().with_max_mails(0);
    assert_eq!(causes(&plan(&account, &viewer, &none).await.unwrap_err()), ["max_mails"]);
    let silent = team(github_without(Behaviour::InvitationsMail));
    assert_eq!(plan(&silent, &viewer, &none).await.unwrap().consequences, [Consequence::MayInvite]);
}

#[tokio::test]
async fn an_address_where_addresses_are_hidden_is_refused_as_that() {
    let account = team(github());
    for asked in [
        desired("additive", "viewer = [\"bo@example.com\"]"),
        Desired::remove("acme:1".parse().unwrap(), email("bo")),
        Desired::add("acme:1".parse().unwrap(), email("bo"), Role::Viewer, Notify::NOBODY, IfPresent::Fail),
    ] {
        let refused = plan(&account, &asked, &loose()).await.unwrap_err();
        assert_eq!(causes(&refused), ["unknown_person"]);
        let refusal = &refused.refusals[0];
        assert!(refusal.message.contains("does not show addresses"), "{refusal}");
        assert!(refusal.advice.contains("by id"), "{}", refusal.advice);
    }
    // Somebody who may be the protected one is not lowered.
    let guards = loose().with_protected(email("somebody"));
    let gone = Desired::remove("acme:1".parse().unwrap(), by_id("ana"));
    assert_eq!(causes(&plan(&account, &gone, &guards).await.unwrap_err()), ["protect"]);
}

#[tokio::test]
async fn any_of_the_providers_names_for_a_role_is_that_role() {
    let account = team(github()).with_member(ws(1), login("ana"), native("observer"));
    let same = desired("authoritative", "owner = [\"user:robot\"]\nviewer = [\"user:ana\"]");
    assert!(plan(&account, &same, &loose()).await.unwrap().is_empty());
}

/// Members that cannot be read, in whichever way.
fn blind(account: InMemory) -> Arc<Faulty> {
    Faulty::new(Arc::new(account))
        .at(When::Each(Operation::ListMembers), Fault::Refuse)
        .at(When::Each(Operation::Get), Fault::Refuse)
}

#[tokio::test]
async fn where_an_addition_changes_roles_nobody_is_added_blind() {
    for if_present in [IfPresent::Fail, IfPresent::Keep] {
        let asked = add("Bo", Role::Viewer, if_present);
        let upserts = blind(team(github().with_behaviours(&[Behaviour::AddUpserts])));
        let refused = plan(&*upserts, &asked, &loose()).await.unwrap_err();
        assert_eq!(causes(&refused), ["not_read"], "{if_present:?}");
        assert!(refused.refusals[0].message.contains("could not be read"), "{refused}");
        // Elsewhere the provider's own answer decides.
        let planned = plan(&*blind(team(github())), &asked, &loose()).await.unwrap();
        assert_eq!(planned.steps[0].if_present, Some(if_present));
        assert!(planned.consequences.contains(&Consequence::MembershipUnknown));
    }
    let additive = desired("additive", "viewer = [\"user:Bo\"]");
    let upserts = blind(team(github().with_behaviours(&[Behaviour::AddUpserts])));
    assert_eq!(causes(&plan(&*upserts, &additive, &loose()).await.unwrap_err()), ["not_read"]);
    // A look before each addition is counted.
    let seen = team(github().with_behaviours(&[Behaviour::AddUpserts]));
    assert_eq!(
        plan(&seen, &add("Bo", Role::Viewer, IfPresent::Fail), &loose()).await.unwrap().steps[0].requests,
        2
    );
}

#[tokio::test]
async fn a_role_that_an_addition_can_change_is_changed_in_one_step() {
    let set_role = [Capability::SetUserRole, Capability::SetGroupRole];
    let upserts =
        github().with_behaviours(&[Behaviour::AddUpserts]).without(&set_role, "one request does both");
    let account = Arc::new(team(upserts));
    let desired = desired("additive", "owner = [\"user:ana\"]");
    let planned = plan(&*account, &desired, &loose()).await.unwrap();
    assert_eq!(planned.steps.len(), 1);
    assert_eq!(planned.steps[0].strategy, Strategy::Atomic, "nobody is removed for it");
    let state = state();
    let options = ApplyOptions::new(state.path());
    let report = apply(&connections(account.clone()), &planned, &options).await.unwrap();
    assert_eq!(outcomes(&report), [StepOutcome::Applied]);
    let ana = account.get(&ws(1), &by_id("ana")).await.unwrap().unwrap();
    assert_eq!(ana.role, Role::Owner);
}

#[tokio::test]
async fn a_plain_addition_by_id_reads_only_whether_they_are_a_member() {
    let account = account(paradigm()).with_member(ws(1), user(1), native("viewer"));
    let who = |id: u64| PrincipalId::User(user(id));
    let asked =
        |id| Desired::add("acme:1".parse().unwrap(), who(id), Role::Viewer, Notify::NOBODY, IfPresent::Keep);
    for id in [1, 2] {
        let observed = Observed::read(&account, "acme", &asked(id)).await.unwrap();
        assert_eq!(observed.reads().values().sum::<u64>(), 1, "{:?}", observed.reads());
        assert!(observed.me().is_none() && observed.users().is_none() && observed.workspaces().is_none());
    }
    // Where licences are sold and nothing is said about money, the licence is looked up.
    let sold = crate::support::account(pandadoc());
    let observed = Observed::read(&sold, "acme", &asked(2)).await.unwrap();
    assert_eq!(observed.reads().keys().copied().collect::<Vec<_>>(), [Operation::ListUsers, Operation::Get]);
    let allowed = asked(2).with_guards(Guards::new().with_billable(true));
    let observed = Observed::read(&sold, "acme", &allowed).await.unwrap();
    assert_eq!(observed.reads().keys().copied().collect::<Vec<_>>(), [Operation::Get]);
}

#[tokio::test]
async fn an_unknown_licence_is_reported_and_refuses_only_where_nothing_may_cost() {
    let account = account(pandadoc()).with_user(person(6, "flo").with_license(None));
    let asked = Desired::add(
        "acme:1".parse().unwrap(),
        PrincipalId::User(user(6)),
        Role::Viewer,
        Notify::NOBODY,
        IfPresent::Fail,
    );
    let planned = plan(&account, &asked, &Guards::new()).await.unwrap();
    assert!(planned.steps[0].may_cost());
    let never = plan(&account, &asked, &Guards::new().with_billable(false)).await.unwrap_err();
    assert_eq!(causes(&never), ["allow_billable"]);
    // A cost that is known is refused as ever.
    let account = account.with_user(guest(6, "flo"));
    let owner = Desired::add(
        "acme:1".parse().unwrap(),
        PrincipalId::User(user(6)),
        Role::Owner,
        Notify::NOBODY,
        IfPresent::Fail,
    );
    assert_eq!(causes(&plan(&account, &owner, &Guards::new()).await.unwrap_err()), ["allow_billable"]);
}

#[tokio::test]
async fn a_loss_is_refused_where_nobody_says_who_acts() {
    let account = Arc::new(account(paradigm()).with_member(ws(1), user(1), native("viewer")));
    let blind = Faulty::new(account).at(When::Each(Operation::Me), Fault::Refuse);
    let gone = Desired::remove("acme:1".parse().unwrap(), PrincipalId::User(user(1)));
    let refused = plan(&*blind, &gone, &loose()).await.unwrap_err();
    assert_eq!(causes(&refused), ["acting_identity"]);
    assert!(refused.refusals[0].overridable);
    let added = plan(&*blind, &desired("additive", "viewer = [\"user:2\"]"), &loose()).await.unwrap();
    assert_eq!(added.steps.len(), 1);
    let state = state();
    let report =
        run(blind, &desired("additive", "viewer = [\"user:2\"]"), &loose(), state.path()).await.unwrap();
    assert_eq!(outcomes(&report), [StepOutcome::Applied]);
}
