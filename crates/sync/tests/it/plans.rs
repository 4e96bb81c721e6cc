//! What a plan says, and that nothing else can come of it.

use crate::support::*;
use workspace_members_core::{
    GroupId, Identity, IfPresent, InMemory, Notify, PrincipalId, Role, RolePolicy, User, Workspace,
};
use workspace_members_sync::{
    Action, Consequence, Desired, DesiredMember, DesiredMembership, DesiredWorkspace, InvalidPlan,
    KeptReason, Mode, Observed, Plan, Strategy,
};

fn paradigm_account() -> InMemory {
    account(paradigm())
        .with_member(ws(1), user(1), native("owner"))
        .with_member(ws(1), user(2), native("viewer"))
        .with_member(ws(1), user(3), native("editor"))
}

#[tokio::test]
async fn gains_come_before_losses_and_removals_last() {
    let account = account(pandadoc())
        .with_member(ws(1), user(1), native("Admin"))
        .with_member(ws(1), user(2), native("Collaborator"))
        .with_member(ws(1), user(3), native("Manager"))
        .with_member(ws(1), user(4), native("Member"));
    let desired = desired(
        "authoritative",
        "owner = [\"bo@example.com\"]\neditor = [\"CY@example.com\", \"ed@example.com\"]\nviewer = [\"ana@example.com\"]",
    );
    let plan = plan(&account, &desired, &loose()).await.unwrap();
    assert_eq!(
        lines(&plan),
        [
            "add ed@example.com as Member to acme:1",
            "promote bo@example.com from Collaborator to Admin in acme:1",
            "demote cy@example.com from Manager to Member in acme:1",
            "demote ana@example.com from Admin to Collaborator in acme:1",
            "remove di@example.com (Member) from acme:1",
        ]
    );
    assert_eq!(plan.steps[2].reason, "desired as editor and is manager");
    assert_eq!(plan.steps[4].reason, "not in the desired state (mode: authoritative)");
    assert_eq!(plan.steps[4].consequences, [Consequence::DocumentsOrphaned]);
    let kept: Vec<String> = plan.kept.iter().map(ToString::to_string).collect();
    assert_eq!(
        kept,
        ["keep robot@example.com (Admin) in acme:1: the key acts as them, or may through this group"]
    );
    assert_eq!(plan.requests.writes, 5);
}

#[tokio::test]
async fn a_provider_without_a_change_of_role_is_worked_around_only_if_allowed() {
    let account = paradigm_account();
    let desired = desired("additive", "editor = [\"bo@example.com\"]");
    let refused = plan(&account, &desired, &workspace_members_sync::Guards::new()).await.unwrap_err();
    assert_eq!(causes(&refused), ["allow_remove_then_add"]);
    let plan = plan(&account, &desired, &loose()).await.unwrap();
    assert_eq!((plan.steps[0].action, plan.steps[0].strategy), (Action::Promote, Strategy::RemoveThenAdd));
    assert!(plan.steps[0].consequences.contains(&Consequence::AccessGap));
}

#[tokio::test]
async fn modes_go_as_far_as_they_say() {
    let account = account(pandadoc()).with_member(ws(1), user(1), native("Admin")).with_member(
        ws(1),
        user(2),
        native("Collaborator"),
    );
    let lists = "owner = [\"robot@example.com\"]\nmanager = [\"bo@example.com\"]\neditor = [\"cy@example.com\"]\nviewer = [\"ana@example.com\"]";
    let additive = plan(&account, &desired("additive", lists), &loose()).await.unwrap();
    assert_eq!(
        lines(&additive),
        [
            "add cy@example.com as Member to acme:1",
            "promote bo@example.com from Collaborator to Manager in acme:1"
        ]
    );
    assert_eq!(additive.kept[0].reason, KeptReason::Mode);
    let lists = "owner = [\"robot@example.com\"]\nviewer = [\"ana@example.com\", \"cy@example.com\"]";
    let remove_only = plan(&account, &desired("remove-only", lists), &loose()).await.unwrap();
    assert_eq!(lines(&remove_only), ["remove bo@example.com (Collaborator) from acme:1"]);
    assert_eq!(remove_only.kept[0].label, "ana@example.com");
}

#[tokio::test]
async fn a_mode_keeps_members_it_does_not_reach_instead_of_refusing() {
    // No such role can be given here, and in this mode none is given.
    let account = paradigm_account();
    let lists = "owner = [\"robot@example.com\", \"ana@example.com\"]\nmanager = [\"bo@example.com\"]\n\"native:boss\" = [\"cy@example.com\"]";
    let remove_only = plan(&account, &desired("remove-only", lists), &loose()).await.unwrap();
    let kept: Vec<_> = remove_only.kept.iter().map(|kept| (kept.label.as_str(), kept.reason)).collect();
    assert!(remove_only.is_empty());
    assert_eq!(kept, [("bo@example.com", KeptReason::Mode), ("cy@example.com", KeptReason::Mode)]);
    // The provider would not lower its owner, and this mode lowers nobody.
    let owned = crate::support::account(pandadoc())
        .with_workspace(Workspace::new(ws(1), "Legal").with_owner(Some(email("ana"))))
        .with_member(ws(1), user(1), native("Admin"));
    let additive =
        plan(&owned, &desired("additive", "viewer = [\"ana@example.com\"]"), &loose()).await.unwrap();
    assert!(additive.is_empty());
    assert_eq!(
        (additive.kept[0].label.as_str(), additive.kept[0].reason),
        ("ana@example.com", KeptReason::Mode)
    );
    let authoritative =
        plan(&owned, &desired("authoritative", "viewer = [\"ana@example.com\"]"), &loose()).await;
    assert_eq!(causes(&authoritative.unwrap_err()), ["immovable"]);
}

#[tokio::test]
async fn among_those_who_lose_owners_come_last() {
    let account = account(pandadoc())
        .with_member(ws(1), user(1), native("Admin"))
        .with_member(ws(1), user(2), native("Admin"))
        .with_member(ws(1), user(3), native("Collaborator"))
        .with_member(ws(1), user(4), native("Manager"))
        .with_member(ws(1), user(5), native("Custom"))
        .with_member(ws(1), user(6), native("Legal review"));
    let gone = desired("authoritative", "owner = [\"robot@example.com\"]\nviewer = [\"bo@example.com\"]");
    let plan = plan(&account, &gone, &loose()).await.unwrap();
    assert_eq!(
        lines(&plan),
        [
            "demote bo@example.com from Admin to Collaborator in acme:1",
            "remove flo@example.com (Legal review) from acme:1",
            "remove cy@example.com (Collaborator) from acme:1",
            "remove di@example.com (Manager) from acme:1",
            // Somebody whose role is not named may be an owner too.
            "remove ana@example.com (Admin) from acme:1",
            "remove ed@example.com (Custom) from acme:1",
        ]
    );
}

#[tokio::test]
async fn the_order_of_the_input_does_not_matter() {
    let account = paradigm_account();
    let one = desired(
        "authoritative",
        "owner = [\"ana@example.com\", \"robot@example.com\"]\nviewer = [\"bo@example.com\", \"ed@example.com\"]",
    );
    let two = desired(
        "authoritative",
        "viewer = [\"ed@example.com\", \"bo@example.com\"]\nowner = [\"robot@example.com\", \"ana@example.com\"]",
    );
    let (one, two) =
        (plan(&account, &one, &loose()).await.unwrap(), plan(&account, &two, &loose()).await.unwrap());
    assert_eq!(one, two);
    let again = paradigm_account();
    assert_eq!(plan(&again, &one.desired, &loose()).await.unwrap().fingerprint, one.fingerprint);
}

#[tokio::test]
async fn an_entry_that_is_unknown_or_cannot_be_met_fails_the_whole_plan() {
    let account = paradigm_account();
    let lists = "owner = [\"nobody@example.com\", \"user:4711\", \"group:5\"]\nmanager = [\"ana@example.com\"]\n\"native:boss\" = [\"bo@example.com\"]";
    let refused = plan(&account, &desired("additive", lists), &loose()).await.unwrap_err();
    assert_eq!(causes(&refused), ["unknown_person", "unknown_person", "unknown_person", "role", "role"]);
    assert!(refused.refusals.iter().any(|r| r.message.contains("nearest narrower: editor")), "{refused}");
    let no_groups =
        plan(&crate::support::account(pandadoc()), &desired("additive", "viewer = [\"group:7\"]"), &loose())
            .await;
    assert_eq!(causes(&no_groups.unwrap_err()), ["unsupported"]);
}

#[tokio::test]
async fn an_address_of_two_users_is_ambiguous_and_two_entries_of_one_user_conflict() {
    let twins = paradigm_account().with_user(User::new(user(50)).with_email(Some(email("Ana"))));
    let refused =
        plan(&twins, &desired("additive", "owner = [\"ana@example.com\"]"), &loose()).await.unwrap_err();
    assert_eq!(causes(&refused), ["ambiguous"]);
    let lists = "owner = [\"ana@example.com\"]\nviewer = [\"user:1\"]";
    let refused = plan(&paradigm_account(), &desired("additive", lists), &loose()).await.unwrap_err();
    assert_eq!(causes(&refused), ["conflict"]);
    let lists = "owner = [\"ana@example.com\", \"user:1\"]";
    assert!(plan(&paradigm_account(), &desired("additive", lists), &loose()).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_address_counts_wherever_it_is_said() {
    // The roster says the address that the user had, the list of users the one that they have.
    let moved = || paradigm_account().with_user(User::new(user(2)).with_email(Some(email("bobby"))));
    for name in ["bo", "bobby"] {
        let step = plan(&moved(), &Desired::remove("acme:1".parse().unwrap(), email(name)), &loose()).await;
        assert_eq!(lines(&step.unwrap()), ["remove bo@example.com (viewer) from acme:1"]);
    }
    let lists = "editor = [\"bo@example.com\"]\nowner = [\"bobby@example.com\"]";
    let refused = plan(&moved(), &desired("additive", lists), &loose()).await.unwrap_err();
    assert_eq!(causes(&refused), ["conflict"]);
    let heir = moved().with_user(person(8, "bo"));
    let refused =
        plan(&heir, &desired("additive", "editor = [\"BO@example.com\"]"), &loose()).await.unwrap_err();
    assert_eq!(causes(&refused), ["ambiguous"]);
    assert!(refused.refusals[0].message.contains("of user:2 and of user:8"), "{refused}");
    // Known only from the roster of another workspace, which is read for this desired state too.
    let elsewhere = paradigm_account()
        .with_user(person(4, "old"))
        .with_member(ws(2), user(4), native("viewer"))
        .with_user(person(4, "di"));
    let mut both = desired("additive", "editor = [\"old@example.com\"]");
    let other = DesiredWorkspace::new("acme:2".parse().unwrap(), Mode::Additive);
    both = both.with_workspace(other);
    let added = plan(&elsewhere, &both, &loose()).await.unwrap();
    assert_eq!(lines(&added), ["add di@example.com as editor to acme:1"]);
}

#[tokio::test]
async fn a_desired_state_in_no_order_finds_the_same_members() {
    let mut account = paradigm_account();
    for id in 4..=7 {
        account = account.with_member(ws(1), user(id), native("viewer"));
    }
    let plan_of = async |ids: &[u64]| {
        let mut workspace = DesiredWorkspace::new("acme:1".parse().unwrap(), Mode::Authoritative);
        let desired_member = |id: &u64| {
            DesiredMember::new(PrincipalId::from(user(*id)), DesiredMembership::Role(Role::Viewer))
        };
        workspace.members = ids.iter().map(desired_member).collect();
        plan(&account, &Desired::new().with_workspace(workspace), &loose()).await.unwrap()
    };
    let sorted = plan_of(&[2, 4, 6, 7, 8]).await;
    assert_eq!(
        lines(&sorted),
        [
            "add hal@example.com as viewer to acme:1",
            "remove ed@example.com (viewer) from acme:1",
            "remove cy@example.com (editor) from acme:1",
            "remove ana@example.com (owner) from acme:1",
        ]
    );
    for ids in [[8, 7, 6, 4, 2], [6, 2, 8, 4, 7], [7, 8, 2, 6, 4]] {
        assert_eq!(plan_of(&ids).await.steps, sorted.steps, "{ids:?}");
    }
}

#[tokio::test]
async fn a_workspace_is_named_once_also_over_two_connections_of_one_account() {
    let workspace = |target: &str, who: &str| {
        DesiredWorkspace::new(target.parse().unwrap(), Mode::Additive)
            .with_members([DesiredMember::new(email(who), DesiredMembership::Absent)])
    };
    // A file cannot say it twice; code can.
    let twice =
        Desired::new().with_workspace(workspace("acme:1", "ana")).with_workspace(workspace("acme:1", "bo"));
    let refused = plan(&paradigm_account(), &twice, &loose()).await.unwrap_err();
    assert_eq!(causes(&refused), ["conflict"]);
    assert!(!refused.refusals[0].overridable);
    // Each could remove the owner whom the other counts on.
    let both =
        Desired::new().with_workspace(workspace("acme:1", "ana")).with_workspace(workspace("beta:1", "bo"));
    let at = |account: Option<&str>| {
        let me = Identity::new(user(99)).with_account(account.map(str::to_owned), None);
        paradigm_account().with_me(me)
    };
    for (left, right, one_account) in [
        (Some("a"), Some("a"), true),
        (None, Some("b"), true),
        (None, None, true),
        (Some("a"), Some("b"), false),
    ] {
        let observed = [
            Observed::read(&at(left), "acme", &both).await.unwrap(),
            Observed::read(&at(right), "beta", &both).await.unwrap(),
        ];
        match Plan::compute(&both, &observed, &loose()) {
            Ok(plan) => assert!(!one_account && plan.steps.len() == 2, "{left:?} {right:?}"),
            Err(refused) => {
                assert!(one_account && causes(&refused) == ["conflict"], "{left:?} {right:?} {refused}");
                let text = refused.to_string();
                assert!(
                    text.contains("beta:1: this is the workspace that the desired state names as acme:1"),
                    "{text}"
                );
            }
        }
    }
}

#[tokio::test]
async fn people_have_other_addresses_at_other_connections() {
    let text = |at: &str| {
        format!(
            "[people]\nana = {{ at = {{ {at} = \"user:4\" }} }}\n[[workspace]]\ntarget = \"acme:1\"\nmode = \"additive\"\nmembers = {{ viewer = [\"person:ana\"] }}\n"
        )
    };
    for at in ["acme", "paradigm"] {
        let desired = Desired::from_toml(&text(at), "x").unwrap();
        let plan = plan(&paradigm_account(), &desired, &loose()).await.unwrap();
        assert_eq!(lines(&plan), ["add di@example.com as viewer to acme:1"]);
    }
    let elsewhere = Desired::from_toml(&text("pandadoc"), "x").unwrap();
    let refused = plan(&paradigm_account(), &elsewhere, &loose()).await.unwrap_err();
    assert!(refused.refusals[0].message.contains("person:ana has no address at acme"), "{refused}");
}

#[tokio::test]
async fn account_and_name_must_be_what_the_provider_says() {
    let text = |account: &str, name: &str| {
        let text = format!(
            "[[workspace]]\ntarget = \"acme:1\"\nmode = \"additive\"\naccount = \"{account}\"\nname = \"{name}\"\nmembers = {{ owner = [] }}\n"
        );
        Desired::from_toml(&text, "x").unwrap()
    };
    let account = paradigm_account();
    assert!(plan(&account, &text("acme", "Legal"), &loose()).await.unwrap().is_empty());
    assert!(plan(&account, &text("Acme", "Legal"), &loose()).await.unwrap().is_empty());
    let refused = plan(&account, &text("other", "Sales"), &loose()).await.unwrap_err();
    assert_eq!(causes(&refused), ["account", "name"]);
    let fixed =
        paradigm_account().with_workspace(Workspace::new(ws(1), "Legal").with_manageable(Some(false)));
    let observed = Observed::read(&fixed, "acme", &text("acme", "Legal")).await;
    assert_eq!(observed.unwrap_err().kind(), workspace_members_core::ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_role_that_the_provider_does_not_name_is_no_difference_but_no_shield_either() {
    let account = account(pandadoc())
        .with_member(ws(1), user(1), native("Custom"))
        .with_member(ws(1), user(2), native("Custom"))
        .with_member(ws(1), user(3), native("Legal review"));
    let lists = "owner = [\"robot@example.com\"]\nmanager = [\"ana@example.com\"]\n\"native:Legal review\" = [\"cy@example.com\"]";
    let plan = plan(&account, &desired("authoritative", lists), &loose()).await.unwrap();
    assert_eq!(lines(&plan), ["remove bo@example.com (Custom) from acme:1"]);
    assert_eq!(
        (plan.kept[0].label.as_str(), plan.kept[0].reason),
        ("ana@example.com", KeptReason::PlaceholderRole)
    );
}

#[tokio::test]
async fn a_custom_role_that_cannot_be_given_at_once_takes_two_requests() {
    let account = account(pandadoc());
    let desired = desired("additive", "\"native:Legal review\" = [\"ana@example.com\"]");
    let plan = plan(&account, &desired, &loose()).await.unwrap();
    assert_eq!((plan.steps[0].strategy, plan.steps[0].requests), (Strategy::AddThenSetRole, 2));
}

#[tokio::test]
async fn a_custom_role_takes_two_requests_under_a_policy_of_exact_roles_too() {
    // The lowest role here is no exact viewer, and nobody asked for a viewer.
    let exact = pandadoc().roles().clone().with_policy(RolePolicy::ExactOnly);
    let account = std::sync::Arc::new(account(pandadoc().with_roles(exact)));
    let desired = desired("additive", "\"native:Legal review\" = [\"ana@example.com\"]");
    let report = run(account.clone(), &desired, &loose(), state().path()).await.unwrap();
    assert!(report.is_complete(), "{:?}", report.steps);
    assert_eq!(who(&*account, 1).await["user:1"], "Legal review");
}

#[tokio::test]
async fn access_that_remains_through_a_group_is_noted() {
    let account = paradigm_account().with_group(group(7, Some(&[3]))).with_group(group(8, None)).with_member(
        ws(1),
        GroupId::from(7),
        native("viewer"),
    );
    let desired = desired(
        "authoritative",
        "owner = [\"robot@example.com\", \"ana@example.com\"]\nviewer = [\"bo@example.com\", \"group:7\", \"group:8\"]",
    );
    let plan = plan(&account, &desired, &loose()).await.unwrap();
    let remains =
        |certain| Consequence::AccessRemainsThroughGroup { groups: vec!["group:7".to_owned()], certain };
    let removal = plan.steps.iter().find(|step| step.action == Action::Remove).unwrap();
    assert_eq!(removal.label, "cy@example.com");
    assert!(removal.consequences.contains(&remains(true)), "{removal:?}");
}

#[tokio::test]
async fn single_changes_are_plans_of_one_step() {
    let account = paradigm_account();
    let at = || "acme:1".parse().unwrap();
    let add = |who, role, present| Desired::add(at(), who, role, Notify::NOBODY, present);
    let guards = workspace_members_sync::Guards::new();
    let added = plan(&account, &add(email("ed"), Role::Viewer, IfPresent::Fail), &guards).await.unwrap();
    assert_eq!(lines(&added), ["add ed@example.com as viewer to acme:1"]);
    let again = plan(&account, &add(email("bo"), Role::Editor, IfPresent::Fail), &guards).await.unwrap_err();
    assert_eq!(causes(&again), ["already_member"]);
    assert!(
        plan(&account, &add(email("bo"), Role::Editor, IfPresent::Keep), &guards).await.unwrap().is_empty()
    );
    let lower = plan(&account, &add(email("cy"), Role::Viewer, IfPresent::SetRole), &loose()).await.unwrap();
    assert_eq!(lines(&lower), ["demote cy@example.com from editor to viewer in acme:1"]);
    let absent =
        plan(&account, &Desired::set_role(at(), email("ed"), Role::Editor), &loose()).await.unwrap_err();
    assert_eq!(causes(&absent), ["not_a_member"]);
    assert!(plan(&account, &Desired::remove(at(), email("ed")), &guards).await.unwrap().is_empty());
    let unknown = plan(&account, &Desired::remove(at(), email("nobody")), &guards).await.unwrap_err();
    assert_eq!(causes(&unknown), ["unknown_person"]);
    let gone = plan(&account, &Desired::remove(at(), email("bo")), &guards).await.unwrap();
    assert_eq!(lines(&gone), ["remove bo@example.com (viewer) from acme:1"]);
}

#[tokio::test]
async fn costs_and_time_follow_from_the_limits() {
    let account = account(pandadoc());
    let desired = desired(
        "additive",
        "editor = [\"ana@example.com\", \"bo@example.com\", \"cy@example.com\", \"di@example.com\", \"ed@example.com\"]",
    );
    let plan = plan(&account, &desired, &loose()).await.unwrap();
    // Five additions at two in sixty seconds: two at once, two after a minute, one after two.
    assert_eq!((plan.requests.writes, plan.eta_seconds), (5, 120));
    // Who acts, the workspaces, the members and the users before the first step, and the members once more after the last.
    assert_eq!(plan.requests.reads, 5);
}

#[tokio::test]
async fn a_plan_file_is_not_trusted() {
    let account = paradigm_account();
    let plan = plan(&account, &desired("additive", "viewer = [\"ed@example.com\"]"), &loose()).await.unwrap();
    let text = plan.to_json().unwrap();
    assert_eq!(Plan::from_json(&text).unwrap(), plan);
    let changed = text.replace("\"to\": \"viewer\"", "\"to\": \"owner\"");
    assert_ne!(changed, text);
    assert!(matches!(Plan::from_json(&changed), Err(InvalidPlan::Changed)));
    let unknown = text.replacen('{', "{\"note\": 1,", 1);
    assert!(matches!(Plan::from_json(&unknown), Err(InvalidPlan::Form(_))));
    let version = text.replace("\"version\": 1", "\"version\": 2");
    let Err(InvalidPlan::Form(why)) = Plan::from_json(&version) else { panic!("it was read") };
    assert_eq!(why.to_string(), "it is of version 2, and this is version 1");
    let keys: serde_json::Value = serde_json::from_str(&text).unwrap();
    for key in ["fingerprint", "steps", "kept", "consequences", "requests", "eta_seconds"] {
        assert!(keys.get(key).is_some(), "{key}");
    }
}

fn plain<T: Clone + Send + Sync + 'static>() {}

#[test]
fn planning_names_nothing_that_could_write() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![folder.join("plan.rs"), folder.join("guards.rs"), folder.join("desired.rs")];
    for part in ["plan", "desired"] {
        files.extend(std::fs::read_dir(folder.join(part)).unwrap().map(|entry| entry.unwrap().path()));
    }
    assert!(files.len() > 10);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for word in ["WorkspaceMembers", "async ", ".await"] {
            assert!(!text.contains(word), "{} names {word}", file.display());
        }
    }
    // And what it takes is plain data, which lives on its own.
    let _: fn(
        &Desired,
        &[Observed],
        &workspace_members_sync::Guards,
    ) -> Result<Plan, workspace_members_sync::Refused> = Plan::compute;
    plain::<Observed>();
}

#[tokio::test]
async fn a_direct_role_is_compared_whatever_groups_give() {
    // Bo is viewer directly and owner through a group, and is desired to be viewer.
    let account = paradigm_account().with_group(group(7, Some(&[2]))).with_member(
        ws(1),
        GroupId::from(7),
        native("owner"),
    );
    let lists = "owner = [\"ana@example.com\", \"robot@example.com\", \"group:7\"]\neditor = [\"cy@example.com\"]\nviewer = [\"bo@example.com\"]";
    assert!(plan(&account, &desired("authoritative", lists), &loose()).await.unwrap().is_empty());
}

#[tokio::test]
async fn access_given_to_somebody_who_is_blocked_is_noted() {
    let account =
        account(paradigm()).with_user(person(5, "ed").with_status(workspace_members_core::Status::Inactive));
    let plan = plan(&account, &desired("additive", "viewer = [\"ed@example.com\"]"), &loose()).await.unwrap();
    assert_eq!(plan.consequences, [Consequence::Inactive]);
}

#[tokio::test]
async fn a_key_that_may_not_list_users_still_plans_by_id_and_says_what_it_could_not_check() {
    let account = std::sync::Arc::new(paradigm_account());
    let blind = crate::faulty::Faulty::new(account).at(
        crate::faulty::When::Each(workspace_members_core::Operation::ListUsers),
        crate::faulty::Fault::Refuse,
    );
    let by_id = plan(&*blind, &desired("additive", "viewer = [\"user:4711\"]"), &loose()).await.unwrap();
    assert_eq!(by_id.consequences, [Consequence::Unverified]);
    let refused =
        plan(&*blind, &desired("additive", "viewer = [\"ed@example.com\"]"), &loose()).await.unwrap_err();
    assert!(refused.refusals[0].message.contains("this key may not list the users"), "{refused}");
    let gone =
        plan(&*blind, &Desired::remove("acme:1".parse().unwrap(), email("ed")), &loose()).await.unwrap();
    assert!(gone.is_empty());
}
