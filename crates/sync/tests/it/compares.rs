//! Diffs between workspaces, and dumps of what is there.

use crate::faulty::{Faulty, When};
use crate::support::*;
use futures_util::FutureExt;
use proptest::prelude::*;
use std::sync::Arc;
use workspace_members_core::{
    Behaviour, EmailAddress, ErrorKind, GroupId, InMemory, MemberKey, Operation, RemoveMember, User, UserId,
    Workspace, WorkspaceMembers,
};
use workspace_members_sync::{Desired, Diff, Observed, People, Person, Plan, Side, dump};

async fn seen(account: &InMemory, connection: &str) -> Observed {
    Observed::read_twice(account, connection, &[ws(1)]).await.unwrap()
}

fn side(observed: &Observed, workspace: u64) -> Side<'_> {
    let roster = observed.roster(&ws(workspace)).unwrap();
    Side::new(observed.connection(), observed.capabilities(), roster)
}

async fn compared(left: &InMemory, right: &InMemory, people: &People) -> Diff {
    let (left, right) = (seen(left, "lighton").await, seen(right, "panda").await);
    Diff::compute(&side(&left, 1), &side(&right, 1), people)
}

fn labels(members: &[workspace_members_sync::DiffMember]) -> Vec<&str> {
    members.iter().map(|member| member.label.as_str()).collect()
}

#[tokio::test]
async fn people_are_matched_by_address_and_alias_over_providers() {
    let left = account(paradigm())
        .with_member(ws(1), user(1), native("owner"))
        .with_member(ws(1), user(2), native("editor"))
        .with_member(ws(1), user(3), native("viewer"))
        .with_group(group(7, None))
        .with_member(ws(1), GroupId::from(7), native("viewer"));
    let right = account(pandadoc())
        .with_user(User::new(user(2)).with_email(Some(EmailAddress::new("BO@example.com").unwrap())))
        .with_user(person(40, "cy.smith"))
        .with_user(User::new(user(41)))
        .with_member(ws(1), user(2), native("Manager"))
        .with_member(ws(1), user(4), native("Member"))
        .with_member(ws(1), user(40), native("Collaborator"))
        .with_member(ws(1), user(41), native("Member"));
    let diff = compared(&left, &right, &People::new()).await;
    assert_eq!(labels(&diff.only_left), ["ana@example.com", "cy@example.com"]);
    assert_eq!(labels(&diff.only_right), ["cy.smith@example.com", "di@example.com"]);
    assert_eq!((diff.roles.len(), diff.roles[0].who.as_str(), diff.same), (1, "bo@example.com", 1));
    assert_eq!(labels(&diff.unmatched_left), ["group 7"]);
    assert_eq!(labels(&diff.unmatched_right), ["user:41"]);
    let people =
        People::from([("cy".into(), Person::new(email("cy")).with_alias("pandadoc", email("cy.smith")))]);
    let aliased = compared(&left, &right, &people).await;
    assert_eq!((labels(&aliased.only_left), aliased.same), (vec!["ana@example.com"], 2));
    assert!(!aliased.is_empty());
}

#[tokio::test]
async fn an_ambiguous_address_is_reported_and_never_guessed() {
    let left = account(paradigm()).with_member(ws(1), user(1), native("owner"));
    let right = account(pandadoc())
        .with_user(User::new(user(50)).with_email(Some(email("ANA"))))
        .with_member(ws(1), user(1), native("Admin"))
        .with_member(ws(1), user(50), native("Member"));
    let diff = compared(&left, &right, &People::new()).await;
    assert_eq!(diff.ambiguous.len(), 1);
    assert_eq!((diff.ambiguous[0].left.len(), diff.ambiguous[0].right.len()), (1, 2));
    assert!(diff.only_left.is_empty() && diff.only_right.is_empty() && diff.roles.is_empty());
    let people = People::from(["a", "b"].map(|name| (name.to_owned(), Person::new(email("ana")))));
    assert_eq!(compared(&left, &left_again(), &people).await.ambiguous.len(), 2);
}

fn left_again() -> InMemory {
    account(pandadoc()).with_member(ws(1), user(1), native("Admin"))
}

#[tokio::test]
async fn within_one_account_ids_match_and_a_role_that_is_not_named_may_differ() {
    let account = account(pandadoc())
        .with_member(ws(1), user(1), native("Custom"))
        .with_member(ws(2), user(1), native("Custom"))
        .with_member(ws(1), user(2), native("Custom"))
        .with_member(ws(2), user(2), native("Member"));
    let seen = Observed::read_twice(&account, "panda", &[ws(1), ws(2)]).await.unwrap();
    let diff = Diff::compute(&side(&seen, 1), &side(&seen, 2), &People::new());
    assert_eq!((diff.same, diff.roles.len(), diff.roles[0].certain), (2, 1, false));
    assert_eq!(diff.left.to_string(), "panda:1");
}

#[tokio::test]
async fn within_one_account_logins_match_as_the_provider_compares_them() {
    let with = |login: &str| {
        let login = UserId::new(login).unwrap();
        account(paradigm().with_behaviours(&[Behaviour::UserIdsFoldCase]))
            .with_user(User::new(login.clone()))
            .with_member(ws(1), login, native("viewer"))
    };
    let (left, right) = (seen(&with("Ana"), "hub").await, seen(&with("ana"), "hub").await);
    let diff = Diff::compute(&side(&left, 1), &side(&right, 1), &People::new());
    assert!(diff.is_empty() && diff.same == 2, "{diff:?}");
}

#[tokio::test]
async fn a_dump_reads_well_and_plans_to_nothing() {
    let account = account(pandadoc())
        .with_workspace(Workspace::new(ws(1), "Legal \"A\"\n").with_owner(Some(email("ana"))))
        .with_user(User::new(user(50)).with_email(Some(email("BO"))).with_name(Some("Bo\nTwo".into())))
        .with_member(ws(1), user(1), native("Admin"))
        .with_member(ws(1), user(2), native("Manager"))
        .with_member(ws(1), user(50), native("Collaborator"))
        .with_member(ws(1), user(3), native("Legal \"review\""))
        .with_member(ws(1), user(4), native("Custom"));
    let seen = seen(&account, "panda").await;
    let text = dump(std::slice::from_ref(&seen)).unwrap();
    assert_eq!(
        text,
        r#"[[workspace]]
target = "panda:1"
mode = "authoritative"
account = "acme"
name = "Legal \"A\"\U0000000A"
[workspace.members]
owner = [
  "ana@example.com",
  "robot@example.com",
]
manager = [
  "user:2", # bo@example.com
]
viewer = [
  "user:50", # BO@example.com
]
"native:Custom" = [
  "di@example.com",
]
"native:Legal \"review\"" = [
  "cy@example.com",
]
"#
    );
    let desired = Desired::from_toml(&text, "dump.toml").unwrap();
    let observed = Observed::read(&account, "panda", &desired).await.unwrap();
    assert!(Plan::compute(&desired, &[observed], &loose()).unwrap().is_empty());
    assert_eq!(dump(&[]).unwrap(), "");
}

#[tokio::test]
async fn a_workspace_that_changes_between_two_readings_is_not_dumped() {
    let account = Arc::new(account(paradigm()).with_member(ws(1), user(1), native("viewer")));
    // Somebody leaves between the first and the second listing of members.
    let moving = Faulty::new(account.clone()).meanwhile(When::Now(2, Operation::ListMembers), |account| {
        let key = MemberKey::new(ws(1), user(1));
        account.remove(&RemoveMember::new(key)).now_or_never().unwrap().unwrap();
    });
    let error = Observed::read_twice(&*moving, "acme", &[ws(1)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ListingChanged);
}

proptest! {
    #[test]
    fn any_roster_dumps_to_a_desired_state_that_changes_nothing(
        members in proptest::collection::btree_map(1u64..30, 0usize..6, 0..12),
        names in proptest::collection::vec("[^\\p{C}]{1,12}", 2),
        twins in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let roles = ["Admin", "Manager", "Member", "Collaborator", "Custom", names[0].as_str()];
            let mut account = account(pandadoc()).with_workspace(Workspace::new(ws(1), names[1].clone()));
            for (id, role) in &members {
                let name = if twins { id % 5 } else { *id };
                account = account.with_user(person(*id, &format!("p{name}"))).with_member(ws(1), user(*id), native(roles[*role]));
            }
            let text = dump(&[seen(&account, "panda").await]).unwrap();
            let desired = Desired::from_toml(&text, "dump.toml").unwrap();
            let observed = Observed::read(&account, "panda", &desired).await.unwrap();
            let plan = Plan::compute(&desired, &[observed], &workspace_members_sync::Guards::new());
            prop_assert!(plan.is_ok_and(|plan| plan.is_empty()));
            Ok(())
        })?;
    }
}
