//! Each guard, where it refuses and where it does not.

use crate::faulty::{Fault, Faulty, When};
use crate::support::*;
use workspace_members_core::{GroupId, Identity, InMemory, Mark, Notify, Operation, Role, Status, Workspace};
use workspace_members_sync::{
    Consequence, Desired, DesiredMember, DesiredMembership, DesiredWorkspace, Guards, KeptReason, Limit,
    Mode, Override,
};

/// Owners ana and robot, editor bo, viewers cy and di.
fn legal(capabilities: workspace_members_core::Capabilities) -> InMemory {
    let name = |role: &Role| capabilities.roles().resolve(role).unwrap().native;
    let (owner, editor, viewer) = (name(&Role::Owner), name(&Role::Editor), name(&Role::Viewer));
    account(capabilities)
        .with_member(ws(1), user(1), owner)
        .with_member(ws(1), user(2), editor)
        .with_member(ws(1), user(3), viewer.clone())
        .with_member(ws(1), user(4), viewer)
}

async fn refusals(account: &InMemory, desired: &Desired, guards: &Guards) -> Vec<String> {
    match plan(account, desired, guards).await {
        Ok(_) => Vec::new(),
        Err(refused) => causes(&refused),
    }
}

fn one(membership: DesiredMembership, name: &str) -> Desired {
    let workspace = DesiredWorkspace::new("acme:1".parse().unwrap(), Mode::Additive);
    Desired::new().with_workspace(workspace.with_members([DesiredMember::new(email(name), membership)]))
}

#[tokio::test]
async fn the_defaults_are_as_published() {
    let limits = Guards::new();
    assert_eq!((limits.min_owners(), limits.floor(), limits.max_mails), (1, 4, None));
    assert_eq!(limits.max_removals(), Limit::percent(25));
    assert_eq!(limits.max_demotions(), Limit::percent(25));
    assert_eq!(limits.max_owner_changes(), Limit::count(1));
    assert!(limits.allow_billable.is_none() && !limits.allow_remove_then_add());
}

#[tokio::test]
async fn owners_that_may_be_active_must_be_left_after_every_step() {
    // Only ana owns besides the acting robot, who is blocked: blocked owners do not count.
    let blocked = legal(pandadoc()).with_user(person(99, "robot").with_status(Status::Inactive)).with_member(
        ws(1),
        user(99),
        native("Admin"),
    );
    for membership in [DesiredMembership::Absent, DesiredMembership::SetRole(Role::Viewer)] {
        assert_eq!(
            refusals(&blocked, &one(membership.clone(), "ana"), &loose().with_min_owners(1)).await,
            ["min_owners"]
        );
        assert!(
            refusals(&legal(pandadoc()), &one(membership, "ana"), &loose().with_min_owners(1))
                .await
                .is_empty()
        );
    }
    // A successor in the same plan comes first, and counts.
    let swap = desired(
        "authoritative",
        "owner = [\"bo@example.com\", \"robot@example.com\"]\nviewer = [\"ana@example.com\", \"cy@example.com\", \"di@example.com\"]",
    );
    assert!(refusals(&blocked, &swap, &loose().with_min_owners(1)).await.is_empty());
    // One who is pending or blocked does not.
    for status in [Status::Pending, Status::Inactive] {
        let later = legal(pandadoc())
            .with_user(person(99, "robot").with_status(Status::Inactive))
            .with_member(ws(1), user(99), native("Admin"))
            .with_user(person(2, "bo").with_status(status))
            .with_member(ws(1), user(2), native("Member"));
        assert_eq!(refusals(&later, &swap, &loose().with_min_owners(1)).await, ["min_owners"], "{status}");
    }
}

#[tokio::test]
async fn the_gap_of_removing_and_adding_is_an_outcome_too() {
    let blocked = legal(paradigm()).with_user(person(99, "robot").with_status(Status::Inactive)).with_member(
        ws(1),
        user(99),
        native("owner"),
    );
    let demotion = one(DesiredMembership::SetRole(Role::Editor), "ana");
    assert_eq!(refusals(&blocked, &demotion, &loose().with_min_owners(1)).await, ["min_owners"]);
    assert!(refusals(&legal(paradigm()), &demotion, &loose().with_min_owners(1)).await.is_empty());
}

#[tokio::test]
async fn users_of_owner_groups_count_only_where_they_are_known_and_active() {
    let with = |users: Option<&[u64]>| {
        legal(paradigm())
            .with_user(person(99, "robot").with_status(Status::Inactive))
            .with_member(ws(1), user(99), native("owner"))
            .with_group(group(7, users))
            .with_member(ws(1), GroupId::from(7), native("owner"))
    };
    let removal = one(DesiredMembership::Absent, "ana");
    let guards = loose().with_min_owners(1);
    assert!(refusals(&with(Some(&[5])), &removal, &guards).await.is_empty());
    assert_eq!(refusals(&with(Some(&[])), &removal, &guards).await, ["min_owners"]);
    assert_eq!(refusals(&with(None), &removal, &guards).await, ["min_owners"]);
    // The same person twice, directly and through the group, is one owner.
    assert_eq!(refusals(&with(Some(&[1])), &removal, &loose().with_min_owners(2)).await, ["min_owners"]);
}

#[tokio::test]
async fn required_owners_stay_and_are_there_at_the_end() {
    let required = loose().with_required_owner(email("ANA"));
    let account = legal(pandadoc());
    for membership in [DesiredMembership::Absent, DesiredMembership::SetRole(Role::Manager)] {
        assert_eq!(refusals(&account, &one(membership, "ana"), &required).await, ["required_owners"]);
    }
    assert!(refusals(&account, &one(DesiredMembership::Absent, "bo"), &required).await.is_empty());
    let missing = loose().with_required_owner(email("ed"));
    let all = "owner = [\"ana@example.com\", \"robot@example.com\"]\neditor = [\"bo@example.com\"]\nviewer = [\"cy@example.com\", \"di@example.com\"]";
    assert_eq!(refusals(&account, &desired("authoritative", all), &missing).await, ["required_owners"]);
    assert!(refusals(&account, &desired("additive", all), &missing).await.is_empty());
    // Through a group too, unless they are blocked.
    for (status, refused) in [(Status::Active, false), (Status::Inactive, true)] {
        let account = legal(paradigm())
            .with_user(person(5, "ed").with_status(status))
            .with_group(group(7, Some(&[5])))
            .with_member(ws(1), GroupId::from(7), native("owner"));
        let all = all.replacen(']', ", \"group:7\"]", 1);
        let refusals = refusals(&account, &desired("authoritative", &all), &missing).await;
        assert_eq!(refusals.contains(&"required_owners".to_owned()), refused, "{status} {refusals:?}");
    }
}

#[tokio::test]
async fn removals_demotions_and_owner_changes_are_counted_apart() {
    let account = legal(pandadoc());
    let only = "owner = [\"ana@example.com\", \"robot@example.com\"]\neditor = [\"bo@example.com\"]";
    // Five members, so a quarter is one.
    assert_eq!(refusals(&account, &desired("authoritative", only), &Guards::new()).await, ["max_removals"]);
    assert!(
        refusals(
            &account,
            &desired("authoritative", only),
            &Guards::new().with_max_removals(Limit::count(2))
        )
        .await
        .is_empty()
    );
    let lowered = "owner = [\"ana@example.com\", \"robot@example.com\"]\nviewer = [\"bo@example.com\", \"cy@example.com\", \"di@example.com\"]";
    assert!(refusals(&account, &desired("authoritative", lowered), &Guards::new()).await.is_empty());
    let none = Guards::new().with_max_demotions(Limit::count(0));
    assert_eq!(refusals(&account, &desired("authoritative", lowered), &none).await, ["max_demotions"]);
    let owners =
        "owner = [\"ana@example.com\", \"robot@example.com\", \"ed@example.com\", \"flo@example.com\"]";
    assert_eq!(refusals(&account, &desired("additive", owners), &Guards::new()).await, ["max_owner_changes"]);
}

#[tokio::test]
async fn demoting_every_owner_is_not_free() {
    let account = legal(pandadoc()).with_member(ws(1), user(5), native("Admin")).with_member(
        ws(1),
        user(6),
        native("Admin"),
    );
    let demoted = "owner = [\"robot@example.com\"]\neditor = [\"bo@example.com\", \"ana@example.com\", \"ed@example.com\", \"flo@example.com\"]\nviewer = [\"cy@example.com\", \"di@example.com\"]";
    let refused = refusals(&account, &desired("authoritative", demoted), &Guards::new()).await;
    assert_eq!(refused, ["max_demotions", "max_owner_changes"]);
}

#[tokio::test]
async fn a_change_to_or_from_a_custom_role_counts_as_a_loss() {
    let account = legal(pandadoc()).with_member(ws(1), user(5), native("Legal review"));
    let none = loose().with_max_demotions(Limit::count(0)).with_max_owner_changes(Limit::count(0));
    let up = one(DesiredMembership::SetRole(Role::Owner), "ed");
    assert_eq!(refusals(&account, &up, &none).await, ["max_demotions", "max_owner_changes"]);
    let down = one(DesiredMembership::SetRole(Role::Custom(native("Legal review"))), "ana");
    assert_eq!(refusals(&account, &down, &none).await, ["max_demotions", "max_owner_changes"]);
}

#[tokio::test]
async fn pending_people_count_as_removed() {
    let account = legal(pandadoc()).with_user(person(5, "ed").with_status(Status::Pending)).with_member(
        ws(1),
        user(5),
        native("Member"),
    );
    let none = loose().with_max_removals(Limit::count(0));
    assert_eq!(refusals(&account, &one(DesiredMembership::Absent, "ed"), &none).await, ["max_removals"]);
}

#[tokio::test]
async fn the_acting_identity_is_neither_lowered_nor_removed() {
    for capabilities in [paradigm(), pandadoc()] {
        let account = legal(capabilities);
        for membership in [
            DesiredMembership::Absent,
            DesiredMembership::SetRole(Role::Editor),
            DesiredMembership::SetRole(Role::Viewer),
        ] {
            let desired = one(membership, "robot");
            let refused = plan(&account, &desired, &loose()).await.unwrap_err();
            assert_eq!(causes(&refused), ["acting_identity"]);
            let noted = refused.plan.consequences.contains(&Consequence::KeyDeactivated);
            let pandadoc = refused.plan.accounts[0].provider.as_str() == "pandadoc";
            assert_eq!(noted, pandadoc && refused.plan.steps[0].to.is_none());
            // Not even with an override.
            let lifted = Override::new(
                workspace_members_sync::Guard::ActingIdentity,
                refused.plan.fingerprint.clone(),
            );
            assert!(refused.overridden(&[lifted].into()).is_err());
        }
        // Not in the desired state, they are kept and reported.
        let all = "owner = [\"ana@example.com\"]\neditor = [\"bo@example.com\"]\nviewer = [\"cy@example.com\", \"di@example.com\"]";
        let kept = plan(&account, &desired("authoritative", all), &loose()).await.unwrap();
        assert!(kept.is_empty());
        assert_eq!(
            (kept.kept[0].label.as_str(), kept.kept[0].reason),
            ("robot@example.com", KeptReason::ActingIdentity)
        );
    }
}

#[tokio::test]
async fn a_group_that_holds_the_acting_identity_or_may_is_not_lowered() {
    let group_gone = || {
        let workspace = DesiredWorkspace::new("acme:1".parse().unwrap(), Mode::Additive);
        let group = workspace_members_core::PrincipalId::Group(GroupId::from(7));
        Desired::new()
            .with_workspace(workspace.with_members([DesiredMember::new(group, DesiredMembership::Absent)]))
    };
    let with = |users: Option<&[u64]>| {
        legal(paradigm()).with_group(group(7, users)).with_member(ws(1), GroupId::from(7), native("viewer"))
    };
    for (users, overridable) in [(Some(&[99][..]), false), (None, true)] {
        let refused = plan(&with(users), &group_gone(), &loose()).await.unwrap_err();
        assert_eq!(causes(&refused), ["acting_identity"]);
        assert_eq!(refused.refusals[0].overridable, overridable);
        let all = "owner = [\"ana@example.com\"]\neditor = [\"bo@example.com\"]\nviewer = [\"cy@example.com\", \"di@example.com\"]";
        let kept = plan(&with(users), &desired("authoritative", all), &loose()).await.unwrap();
        assert!(kept.is_empty() && kept.kept.iter().any(|kept| kept.label == "group 7"), "{:?}", kept.kept);
    }
    assert!(plan(&with(Some(&[5])), &group_gone(), &loose()).await.is_ok());
}

#[tokio::test]
async fn nobody_says_who_acts_so_anybody_may() {
    let nameless = paradigm().without(&[workspace_members_core::Capability::Me], "test");
    let account = legal(nameless);
    assert_eq!(
        refusals(&account, &one(DesiredMembership::Absent, "bo"), &loose()).await,
        ["acting_identity"]
    );
    assert!(refusals(&account, &one(DesiredMembership::Role(Role::Viewer), "ed"), &loose()).await.is_empty());
}

#[tokio::test]
async fn protected_people_are_kept_or_refused() {
    let account = legal(pandadoc());
    let guards = loose().with_protected(email("Bo"));
    for membership in [DesiredMembership::Absent, DesiredMembership::SetRole(Role::Viewer)] {
        assert_eq!(refusals(&account, &one(membership, "bo"), &guards).await, ["protect"]);
    }
    assert!(
        refusals(&account, &one(DesiredMembership::SetRole(Role::Manager), "bo"), &guards).await.is_empty()
    );
    let others = "owner = [\"ana@example.com\", \"robot@example.com\"]\nviewer = [\"cy@example.com\", \"di@example.com\"]";
    let kept = plan(&account, &desired("authoritative", others), &guards).await.unwrap();
    assert!(kept.is_empty());
    assert_eq!(kept.kept[0].reason, KeptReason::Protected);
    // Somebody without an address may be the protected one, if nobody else has that address.
    let nameless = legal(pandadoc()).with_user(workspace_members_core::User::new(user(60))).with_member(
        ws(1),
        user(60),
        native("Member"),
    );
    let somebody = loose().with_protected(email("somebody"));
    let removal =
        Desired::remove("acme:1".parse().unwrap(), workspace_members_core::PrincipalId::User(user(60)));
    assert_eq!(refusals(&nameless, &removal, &somebody).await, ["protect"]);
    assert!(refusals(&nameless, &removal, &guards).await.is_empty());
}

#[tokio::test]
async fn the_providers_owner_is_kept_or_refused() {
    let account =
        legal(pandadoc()).with_workspace(Workspace::new(ws(1), "Legal").with_owner(Some(email("bo"))));
    for membership in [DesiredMembership::Absent, DesiredMembership::SetRole(Role::Viewer)] {
        assert_eq!(refusals(&account, &one(membership, "bo"), &loose()).await, ["immovable"]);
    }
    let others = "owner = [\"ana@example.com\", \"robot@example.com\"]\nviewer = [\"cy@example.com\", \"di@example.com\"]";
    let kept = plan(&account, &desired("authoritative", others), &loose()).await.unwrap();
    assert_eq!((kept.steps.len(), kept.kept[0].reason), (0, KeptReason::Immovable));
}

#[tokio::test]
async fn the_accounts_owner_is_kept_or_refused() {
    let account = legal(pandadoc()).with_user(person(2, "bo").with_mark(Mark::AccountOwner)).with_member(
        ws(1),
        user(2),
        native("Member"),
    );
    let others = "owner = [\"ana@example.com\", \"robot@example.com\"]\nviewer = [\"cy@example.com\", \"di@example.com\"]";
    let kept = plan(&account, &desired("authoritative", others), &loose()).await.unwrap();
    assert_eq!((kept.steps.len(), kept.kept[0].reason), (0, KeptReason::AccountOwner));
    for membership in [
        DesiredMembership::Absent,
        DesiredMembership::SetRole(Role::Viewer),
        DesiredMembership::SetRole(Role::Custom(native("Legal review"))),
    ] {
        let refused = plan(&account, &one(membership, "bo"), &loose()).await.unwrap_err();
        assert_eq!(causes(&refused), ["protect"]);
        let lifted = Override::new(workspace_members_sync::Guard::Protect, refused.plan.fingerprint.clone());
        assert!(refused.overridden(&[lifted].into()).is_ok());
    }
    assert!(
        refusals(&account, &one(DesiredMembership::SetRole(Role::Owner), "bo"), &loose()).await.is_empty()
    );
}

#[tokio::test]
async fn nothing_costs_money_unless_it_may() {
    let account = legal(pandadoc())
        .with_user(guest(5, "ed"))
        .with_user(person(6, "flo").with_license(None))
        .with_user(guest(7, "gus"))
        .with_member(ws(1), user(7), native("Collaborator"));
    let add = |name: &str, role| one(DesiredMembership::Role(role), name);
    let guards = || loose().with_billable(false);
    // A guest, and somebody whose licence is not known.
    assert_eq!(refusals(&account, &add("ed", Role::Editor), &guards()).await, ["allow_billable"]);
    assert_eq!(refusals(&account, &add("flo", Role::Viewer), &guards()).await, ["allow_billable"]);
    assert_eq!(refusals(&account, &add("gus", Role::Editor), &guards()).await, ["allow_billable"]);
    assert!(refusals(&account, &add("ed", Role::Viewer), &guards()).await.is_empty());
    assert!(refusals(&account, &add("hal", Role::Owner), &guards()).await.is_empty());
    let plan = plan(&account, &add("gus", Role::Editor), &loose()).await.unwrap();
    assert_eq!(plan.consequences, [Consequence::SeatMayBeBought, Consequence::LicenceUpgraded]);
}

#[tokio::test]
async fn a_mark_or_licence_seen_in_another_workspace_is_known_here_too() {
    // The list of users is refused, so only the rosters say it: gus is a guest in workspace 2, and flo has a licence there.
    let account = std::sync::Arc::new(
        legal(pandadoc())
            .with_user(guest(7, "gus"))
            .with_member(ws(2), user(7), native("Collaborator"))
            .with_member(ws(2), user(6), native("Collaborator")),
    );
    let blind = Faulty::new(account).at(When::Each(Operation::ListUsers), Fault::Refuse);
    let asked = |who: u64, role: &str, with_two: bool| {
        let two = "[[workspace]]\ntarget = \"acme:2\"\nmode = \"additive\"\nmembers = { viewer = [] }\n";
        let text = format!(
            "{}[[workspace]]\ntarget = \"acme:1\"\nmode = \"additive\"\nmembers = {{ {role} = [\"user:{who}\"] }}\n",
            if with_two { two } else { "" }
        );
        Desired::from_toml(&text, "desired.toml").unwrap()
    };
    let added = async |who, role, with_two| {
        let plan = plan(&*blind, &asked(who, role, with_two), &loose()).await.unwrap();
        plan.steps[0]
            .consequences
            .iter()
            .filter(|c| **c != Consequence::Unverified)
            .cloned()
            .collect::<Vec<_>>()
    };
    let upgrade = [Consequence::SeatMayBeBought, Consequence::LicenceUpgraded];
    assert_eq!(added(7, "editor", true).await, upgrade);
    assert_eq!(added(7, "viewer", true).await, []);
    assert_eq!(added(6, "editor", true).await, []);
    // Without that roster nothing is known of either.
    assert_eq!(added(7, "viewer", false).await, [Consequence::SeatMayBeBought]);
    assert_eq!(added(6, "editor", false).await, [Consequence::SeatMayBeBought]);
}

#[tokio::test]
async fn mails_are_counted_over_the_whole_plan() {
    let account = legal(pandadoc());
    let asked = |admins| {
        let workspace = DesiredWorkspace::new("acme:1".parse().unwrap(), Mode::Additive)
            .with_notify(Notify::MEMBER.with_admins(admins))
            .with_members([DesiredMember::new(email("ed"), DesiredMembership::Role(Role::Editor))])
            .with_members([DesiredMember::new(email("flo"), DesiredMembership::Role(Role::Editor))]);
        Desired::new().with_workspace(workspace)
    };
    // Asked for, they may be sent, unless a limit says otherwise.
    let plan = plan(&account, &asked(true), &loose()).await.unwrap();
    assert_eq!(plan.consequences, [Consequence::Mails { count: 3 }]);
    assert!(refusals(&account, &asked(false), &loose().with_max_mails(2)).await.is_empty());
    assert_eq!(refusals(&account, &asked(false), &loose().with_max_mails(1)).await, ["max_mails"]);
    assert_eq!(refusals(&account, &asked(true), &loose().with_max_mails(0)).await, ["max_mails"]);
}

#[tokio::test]
async fn owners_who_were_just_added_are_mailed_about_those_who_follow() {
    // Robot alone owns the workspace. Ana may be mailed about herself and bo, and both about cy and di.
    let account = account(pandadoc());
    let lists = "notify = [\"admins\"]\n[workspace.members]\nowner = [\"ana@example.com\", \"bo@example.com\"]\neditor = [\"cy@example.com\", \"di@example.com\"]";
    let desired = Desired::from_toml(
        &format!("[[workspace]]\ntarget = \"acme:1\"\nmode = \"additive\"\n{lists}\n"),
        "desired.toml",
    )
    .unwrap();
    let accepted = plan(&account, &desired, &loose().with_max_mails(2 + 3 + 3 + 3)).await.unwrap();
    let mails: Vec<Consequence> =
        accepted.steps.iter().flat_map(|step| step.consequences.iter().cloned()).collect();
    assert_eq!(mails, [2, 3, 3, 3].map(|count| Consequence::Mails { count }));
    assert_eq!(refusals(&account, &desired, &loose().with_max_mails(10)).await, ["max_mails"]);
}

#[tokio::test]
async fn an_override_is_good_for_one_guard_and_one_plan() {
    let account = legal(pandadoc());
    let removal = desired("authoritative", "owner = [\"ana@example.com\", \"robot@example.com\"]");
    let refused = plan(&account, &removal, &Guards::new()).await.unwrap_err();
    assert_eq!(causes(&refused), ["max_removals"]);
    assert_eq!(refused.refusals[0].step, Some(2));
    assert_eq!(refused.refusals[0].people, ["di@example.com"]);
    let text = format!("max_removals={}", refused.plan.fingerprint);
    let lifted: Override = text.parse().unwrap();
    assert_eq!(lifted.to_string(), text);
    let wrong: Override = format!("max_demotions={}", refused.plan.fingerprint).parse().unwrap();
    assert!(refused.clone().overridden(&[wrong].into()).is_err());
    assert!(refused.clone().overridden(&[lifted.clone()].into()).is_ok());
    // Once somebody else is in the workspace, it is another plan.
    let drifted = legal(pandadoc()).with_member(ws(1), user(8), native("Member"));
    let again = plan(&drifted, &removal, &Guards::new()).await.unwrap_err();
    assert!(again.overridden(&[lifted].into()).is_err());
    assert!("max_removals".parse::<Override>().is_err() && "max_removals=12".parse::<Override>().is_err());
}

#[tokio::test]
async fn a_refusal_names_guard_step_and_people_in_data() {
    let account = legal(pandadoc()).with_me(Identity::new(user(99)));
    let refused = plan(
        &account,
        &one(DesiredMembership::Absent, "bo"),
        &Guards::new().with_max_removals(Limit::count(0)),
    )
    .await
    .unwrap_err();
    let data = serde_json::to_value(&*refused).unwrap();
    let first = &data["refusals"][0];
    assert_eq!((first["guard"].as_str(), first["step"].as_u64()), (Some("max_removals"), Some(1)));
    assert_eq!(first["people"][0], "bo@example.com");
    assert!(data["plan"]["fingerprint"].is_string());
    let text = refused.to_string();
    assert!(
        text.starts_with(
            "the plan is refused: max_removals: acme:1: more than 0 of 5 members would be removed"
        ),
        "{text}"
    );
}

#[tokio::test]
async fn a_guard_that_names_nobody_refuses() {
    let account = legal(pandadoc());
    let guards = loose().with_protected(workspace_members_sync::Entry::Person("typo".to_owned()));
    assert_eq!(
        refusals(&account, &one(DesiredMembership::Role(Role::Editor), "ed"), &guards).await,
        ["unknown_person"]
    );
}
