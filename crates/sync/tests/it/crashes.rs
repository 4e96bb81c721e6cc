//! Killed at any request, and run again.

use crate::faulty::{Fault, Faulty, When};
use crate::support::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use workspace_members_core::{
    Capabilities, Identity, IfPresent, InMemory, Notify, Operation, RemoveMember, Role, WorkspaceMembers,
};
use workspace_members_sync::{
    AccountKey, ApplyError, ApplyOptions, Connections, Desired, FileStore, Lease, Recovery, StateStore as _,
    StepOutcome, apply, apply_desired, open_changes, recover,
};

/// Fifty changes over two workspaces: additions, changes of role in both directions, removals.
fn many(
    capabilities: &Capabilities,
) -> (impl Fn() -> Arc<InMemory> + use<>, Desired, BTreeMap<String, String>) {
    let name = |text: &str| capabilities.roles().resolve(&text.parse().unwrap()).unwrap().native;
    let (owner, editor, viewer) = (name("owner"), name("editor"), name("viewer"));
    let made = capabilities.clone();
    let (o, e, v) = (owner.clone(), editor.clone(), viewer.clone());
    let build = move || {
        let mut account = account(made.clone());
        for id in 11..=60u64 {
            account = account.with_user(person(id, &format!("p{id}")));
            if id > 20 {
                let role = match id % 3 {
                    0 => &o,
                    1 => &e,
                    _ => &v,
                };
                account = account.with_member(ws(1 + id % 2), user(id), role.clone());
            }
        }
        Arc::new(account)
    };
    let mut lists: BTreeMap<(u64, &str), Vec<String>> = BTreeMap::new();
    let mut expected = BTreeMap::new();
    let mut put =
        |workspace: u64, id: u64, role: &'static str, native: &workspace_members_core::NativeRole| {
            lists.entry((workspace, role)).or_default().push(format!("\"user:{id}\""));
            expected.insert(format!("{workspace} user:{id}"), native.to_string());
        };
    for workspace in [1, 2] {
        put(workspace, 99, "owner", &owner);
    }
    for id in 11..=20u64 {
        put(1 + id % 2, id, "editor", &editor);
    }
    // One role up or down for most of them, and nobody above 50.
    for id in 21..=50u64 {
        let (role, native) = match (id + 1) % 3 {
            0 => ("owner", &owner),
            1 => ("editor", &editor),
            _ => ("viewer", &viewer),
        };
        put(1 + id % 2, id, role, native);
    }
    let mut text = String::new();
    for workspace in [1, 2] {
        text.extend([format!(
            "[[workspace]]\ntarget = \"acme:{workspace}\"\nmode = \"authoritative\"\n[workspace.members]\n"
        )]);
        for ((_, role), people) in lists.iter().filter(|((at, _), _)| *at == workspace) {
            text.extend([format!("{role} = [{}]\n", people.join(", "))]);
        }
    }
    (build, Desired::from_toml(&text, "many.toml").unwrap(), expected)
}

async fn everybody(account: &InMemory) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for workspace in [1, 2] {
        all.extend(
            who(account, workspace).await.into_iter().map(|(id, role)| (format!("{workspace} {id}"), role)),
        );
    }
    all
}

/// Kills a run at every request, before it is sent and after it took effect; then runs again.
async fn kill_everywhere(capabilities: Capabilities) {
    let (build, desired, expected) = many(&capabilities);
    let steps = plan(&*build(), &desired, &loose()).await.unwrap().steps.len();
    assert_eq!(steps, 50);
    let mut at = 1;
    'requests: loop {
        // After a read nothing is different from before the next request.
        let mut writes = true;
        for fault in [Fault::DieBefore, Fault::DieAfter] {
            if !writes {
                break;
            }
            let account = build();
            let state = state();
            let dying = Faulty::new(account.clone()).at(When::Nth(at), fault);
            let guards = loose();
            let first = run(dying.clone(), &desired, &guards, state.path());
            tokio::select! {
                biased;
                () = dying.died() => {}
                done = first => {
                    assert!(done.unwrap().is_complete());
                    break 'requests;
                }
            }
            writes = dying.log().last().is_some_and(|operation| operation.is_write());
            // People who are outside between two requests are known to the store.
            let now = everybody(&account).await;
            let waiting: Vec<String> = open_changes(state.path())
                .unwrap()
                .iter()
                .map(|i| format!("{} {}", i.workspace, i.principal))
                .collect();
            for who in expected.keys().filter(|who| !now.contains_key(*who)) {
                let id: u64 = who.split(':').nth(1).unwrap().parse().unwrap();
                assert!(id <= 20 || waiting.contains(who), "{who} was left outside at request {at}");
            }
            let report = run(account.clone(), &desired, &guards, state.path()).await.unwrap();
            assert!(report.is_complete(), "killed at {at}: {report:?}");
            assert_eq!(everybody(&account).await, expected, "killed at {at} {fault:?}");
            assert!(open_changes(state.path()).unwrap().is_empty());
        }
        at += 1;
    }
    assert!(at > 100, "only {at} requests");
}

#[tokio::test]
async fn killed_at_any_request_it_converges() {
    kill_everywhere(pandadoc()).await;
}

#[tokio::test]
async fn killed_at_any_request_of_removing_and_adding_nobody_is_left_outside() {
    kill_everywhere(paradigm()).await;
}

fn editor_to_owner() -> (Arc<InMemory>, Desired) {
    let account = account(paradigm()).with_member(ws(1), user(1), native("editor"));
    (Arc::new(account), desired("additive", "owner = [\"ana@example.com\"]"))
}

/// Dies between removal and addition.
async fn leave_outside(account: &Arc<InMemory>, desired: &Desired, state: &std::path::Path) {
    let dying = Faulty::new(account.clone()).at(When::Now(1, Operation::Add), Fault::DieBefore);
    let guards = loose();
    tokio::select! {
        biased;
        () = dying.died() => {}
        _ = run(dying.clone(), desired, &guards, state) => panic!("it should have died"),
    }
    assert!(!who(&**account, 1).await.contains_key("user:1"));
}

#[tokio::test]
async fn recovering_comes_before_everything_else() {
    let (account, desired) = editor_to_owner();
    let state = state();
    let before = plan(&*account, &desired, &loose()).await.unwrap();
    leave_outside(&account, &desired, state.path()).await;
    // A plan that has nothing to do with it adds them again all the same.
    let other =
        plan(&*account, &crate::support::desired("additive", "viewer = [\"bo@example.com\"]"), &loose())
            .await
            .unwrap();
    let result = apply(&connections(account.clone()), &other, &ApplyOptions::new(state.path())).await;
    // That changed the roster, so the plan is stale now.
    assert!(matches!(result, Err(ApplyError::Stale { .. })));
    assert_eq!(who(&*account, 1).await["user:1"], "owner");
    let after = apply(&connections(account.clone()), &before, &ApplyOptions::new(state.path())).await;
    assert!(matches!(after, Err(ApplyError::Stale { .. })));
}

#[tokio::test]
async fn an_open_change_that_cannot_be_recovered_stops_the_run_and_stays_known() {
    let (account, desired) = editor_to_owner();
    let state = state();
    leave_outside(&account, &desired, state.path()).await;
    let down = Faulty::new(account.clone()).at(When::Each(Operation::Add), Fault::LoseRequest);
    let options = ApplyOptions::new(state.path());
    let result = recover(&connections(down), &options).await;
    assert!(matches!(result, Err(ApplyError::Unrecovered { .. })));
    assert_eq!(open_changes(state.path()).unwrap().len(), 1);
    let recovered = recover(&connections(account.clone()), &options).await.unwrap();
    assert_eq!(recovered[0].how, Recovery::Added);
    assert!(recover(&connections(account), &options).await.unwrap().is_empty());
}

#[tokio::test]
async fn if_the_new_role_is_refused_the_old_one_is_put_back() {
    let (account, desired) = editor_to_owner();
    let state = state();
    leave_outside(&account, &desired, state.path()).await;
    let refusing = Faulty::new(account.clone()).at(When::Now(1, Operation::Add), Fault::Refuse);
    let recovered = recover(&connections(refusing), &ApplyOptions::new(state.path())).await.unwrap();
    assert_eq!(recovered[0].how, Recovery::PutBack);
    assert_eq!(who(&*account, 1).await["user:1"], "editor");
    // The same within one run.
    let refusing = Faulty::new(account.clone()).at(When::Now(1, Operation::Add), Fault::Refuse);
    let report = run(refusing, &desired, &loose(), state.path()).await.unwrap();
    assert_eq!(outcomes(&report), [StepOutcome::Failed]);
    assert!(report.steps[0].message.as_ref().unwrap().contains("the old role editor was put back"));
    assert!(open_changes(state.path()).unwrap().is_empty());
}

#[tokio::test]
async fn if_nothing_can_be_put_back_the_report_says_so_and_the_change_stays_open() {
    let (account, desired) = editor_to_owner();
    let state = state();
    let refusing = Faulty::new(account.clone()).at(When::Each(Operation::Add), Fault::Refuse);
    let report = run(refusing, &desired, &loose(), state.path()).await.unwrap();
    assert_eq!(outcomes(&report), [StepOutcome::Unknown]);
    assert!(report.steps[0].message.as_ref().unwrap().contains("they may be outside"));
    assert_eq!(open_changes(state.path()).unwrap(), report.open_changes);
    assert_eq!(report.open_changes.len(), 1);
    assert!(run(account, &desired, &loose(), state.path()).await.unwrap().is_complete());
}

#[tokio::test]
async fn a_store_that_cannot_be_written_lets_nobody_leave() {
    let (account, desired) = editor_to_owner();
    let state = state();
    let file = state.path().join("taken");
    std::fs::write(&file, "").unwrap();
    let plan = plan(&*account, &desired, &loose()).await.unwrap();
    let faulty = Faulty::new(account.clone());
    let result = apply(&connections(faulty.clone()), &plan, &ApplyOptions::new(file)).await;
    assert!(matches!(result, Err(ApplyError::State { .. })));
    assert_eq!(faulty.writes(), 0);
}

#[tokio::test]
async fn somebody_who_was_added_again_by_others_is_only_noted() {
    let (account, desired) = editor_to_owner();
    let state = state();
    leave_outside(&account, &desired, state.path()).await;
    account.add(&workspace_members_core::AddMember::new(ws(1), user(1), Role::Viewer)).await.unwrap();
    let recovered = recover(&connections(account.clone()), &ApplyOptions::new(state.path())).await.unwrap();
    assert_eq!((recovered[0].how, who(&*account, 1).await["user:1"].as_str()), (Recovery::Inside, "viewer"));
    let key = account.get(&ws(1), &user(1).into()).await.unwrap().unwrap().key;
    account.remove(&RemoveMember::new(key)).await.unwrap();
}

#[tokio::test]
async fn only_the_connection_that_began_it_brings_somebody_back() {
    let (account, desired) = editor_to_owner();
    let state = state();
    let options = ApplyOptions::new(state.path());
    leave_outside(&account, &desired, state.path()).await;
    // Another key of the same account may not see the workspace, and must not take that for its end.
    let other = Connections::from([("other".to_owned(), account.clone() as Arc<dyn WorkspaceMembers>)]);
    let recovered = recover(&other, &options).await.unwrap();
    assert_eq!((recovered[0].how, open_changes(state.path()).unwrap().len()), (Recovery::Left, 1));
    let recovered = recover(&connections(account.clone()), &options).await.unwrap();
    assert_eq!((recovered[0].how, open_changes(state.path()).unwrap().len()), (Recovery::Added, 0));
}

/// A run that has removed ana in order to add her again, and holds its lease.
async fn left_open(store: &FileStore, account: &AccountKey) -> Lease {
    let change = serde_json::json!({
        "connection": "acme", "workspace": "1", "principal": {"kind": "user", "id": "1"},
        "label": "ana@example.com", "from": "editor", "to": "viewer",
    });
    let lease = store.take_lease(account).await.unwrap().unwrap();
    store.begin_change(&lease, &serde_json::from_value(change).unwrap()).await.unwrap();
    lease
}

/// One run may read whom its key acts as, and so its account, and another one may not.
#[tokio::test]
async fn an_open_change_is_found_whether_or_not_either_run_knows_the_account() {
    let only_add =
        Desired::add("acme:1".parse().unwrap(), email("cy"), Role::Viewer, Notify::NOBODY, IfPresent::Fail);
    for (first_knows, second_knows) in [(true, true), (true, false), (false, true), (false, false)] {
        for only_adds in [false, true] {
            let (account, state) = (Arc::new(account(paradigm())), state());
            let store = FileStore::new(state.path());
            let me = account.me().await.unwrap();
            let key = AccountKey::of(account.capabilities(), Some(&me).filter(|_| first_knows));
            let lease = left_open(&store, &key).await;
            let second = Faulty::new(account.clone());
            let second =
                if second_knows { second } else { second.at(When::Each(Operation::Me), Fault::Refuse) };
            let (connections, options) = (connections(second), ApplyOptions::new(state.path()));
            let context = format!("{first_knows} {second_knows} {only_adds}");
            let locked = recover(&connections, &options).await;
            assert!(matches!(locked, Err(ApplyError::Locked { .. })), "{context}: {locked:?}");
            drop(lease);
            let recovered = if only_adds {
                apply_desired(&connections, &only_add, &options).await.unwrap().recovered
            } else {
                recover(&connections, &options).await.unwrap()
            };
            assert_eq!(recovered.len(), 1, "{context}");
            assert_eq!(recovered[0].how, Recovery::Added, "{context}");
            assert!(open_changes(state.path()).unwrap().is_empty(), "{context}");
        }
    }
}

#[tokio::test]
async fn an_open_change_of_another_account_behind_the_same_url_is_left_alone() {
    let (account, state) = (Arc::new(account(paradigm())), state());
    let store = FileStore::new(state.path());
    let other = Identity::new(user(99)).with_account(Some("other".into()), None);
    let key = AccountKey::of(account.capabilities(), Some(&other));
    let _lease = left_open(&store, &key).await;
    // And it is no hindrance that its run goes on.
    let recovered = recover(&connections(account.clone()), &ApplyOptions::new(state.path())).await.unwrap();
    assert!(recovered.is_empty() && !who(&*account, 1).await.contains_key("user:1"));
    assert_eq!(open_changes(state.path()).unwrap().len(), 1);
}

#[tokio::test]
async fn a_workspace_that_is_not_visible_is_not_taken_for_gone() {
    let (account, desired) = editor_to_owner();
    let state = state();
    let options = ApplyOptions::new(state.path());
    leave_outside(&account, &desired, state.path()).await;
    let blind = Faulty::new(account.clone()).at(When::Each(Operation::Get), Fault::HideWorkspace);
    let recovered = recover(&connections(blind), &options).await.unwrap();
    assert_eq!((recovered[0].how, open_changes(state.path()).unwrap().len()), (Recovery::Left, 1));
    assert_eq!(recover(&connections(account), &options).await.unwrap()[0].how, Recovery::Added);
}

#[tokio::test]
async fn a_change_stays_open_while_its_removal_may_still_take_effect() {
    let (account, desired) = editor_to_owner();
    let state = state();
    let slow = Faulty::new(account.clone()).at(When::Now(1, Operation::Remove), Fault::LoseRequest);
    let report = run(slow, &desired, &loose(), state.path()).await.unwrap();
    assert_eq!(outcomes(&report), [StepOutcome::Unknown]);
    assert_eq!(open_changes(state.path()).unwrap().len(), 1);
    // It arrives after all.
    let key = account.get(&ws(1), &user(1).into()).await.unwrap().unwrap().key;
    account.remove(&RemoveMember::new(key)).await.unwrap();
    let recovered = recover(&connections(account.clone()), &ApplyOptions::new(state.path())).await.unwrap();
    assert_eq!((recovered[0].how, who(&*account, 1).await["user:1"].as_str()), (Recovery::Added, "owner"));
}
