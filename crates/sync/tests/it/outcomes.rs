//! What becomes of steps at providers that are not alike, and of a run that loses its account.

use crate::faulty::{Fault, Faulty, When};
use crate::memory_store::MemoryStore;
use crate::support::*;
use std::sync::Arc;
use workspace_members_core::{
    AddMember, Behaviour, Capability, InMemory, Mark, Operation, Role, WorkspaceMembers,
};
use workspace_members_sync::StepOutcome::{Applied, Failed, Skipped, Unchanged};
use workspace_members_sync::{ApplyOptions, Event, Plan, Progress, Report, StateStore, apply};

fn block<T>(future: impl Future<Output = T>) -> T {
    futures_util::FutureExt::now_or_never(future).expect("an account in memory answers at once")
}

#[tokio::test]
async fn a_run_that_lost_its_account_sends_nothing_more() {
    for capabilities in [pandadoc(), paradigm()] {
        let viewer = capabilities.roles().resolve(&Role::Viewer).unwrap().native;
        for lost_before in [1, 2] {
            let account = account(capabilities.clone()).with_member(ws(1), user(1), viewer.clone());
            let faulty = Faulty::new(Arc::new(account));
            let both = desired("additive", "editor = [\"ana@example.com\", \"bo@example.com\"]");
            let plan = plan(&*faulty.account, &both, &loose()).await.unwrap();
            assert_eq!(plan.steps.len(), 2);
            let store = MemoryStore::default();
            let seen = store.clone();
            let progress = Progress::new(move |event| {
                if let Event::Step(step) = event
                    && step.number == lost_before
                {
                    // As if another run had taken it over.
                    seen.accounts().iter().for_each(|account| seen.expire(account));
                }
            });
            let options = ApplyOptions::with_store(Arc::new(store.clone())).with_progress(progress);
            let report = apply(&connections(faulty.clone()), &plan, &options).await.unwrap();
            let expected = if lost_before == 1 { [Failed, Skipped] } else { [Applied, Failed] };
            assert_eq!(outcomes(&report), expected, "{report:?}");
            assert_eq!(faulty.writes(), lost_before - 1);
            let message = report.steps[lost_before - 1].message.as_ref().unwrap();
            assert!(message.contains("nothing was sent: the lease on account"), "{message}");
            for account in store.accounts() {
                assert!(store.open_changes(&account).await.unwrap().is_empty());
            }
        }
    }
}

/// An account whose additions change the roles of members.
fn upserting() -> InMemory {
    account(pandadoc().with_behaviours(&[Behaviour::AddUpserts]))
}

async fn add_ed(account: &Arc<Faulty>, progress: Progress) -> (Plan, Report) {
    let ed = desired("additive", "editor = [\"ed@example.com\"]");
    let plan = plan(&*account.account, &ed, &loose()).await.unwrap();
    let state = state();
    let options = ApplyOptions::new(state.path()).with_progress(progress);
    let report = apply(&connections(account.clone()), &plan, &options).await.unwrap();
    (plan, report)
}

#[tokio::test]
async fn an_addition_that_would_change_the_role_of_a_new_member_is_not_sent() {
    for (role, expected) in [(Role::Owner, Skipped), (Role::Editor, Unchanged)] {
        let account = Arc::new(upserting());
        let there = account.clone();
        let progress = Progress::new(move |event| {
            if let Event::Step(_) = event {
                block(there.add(&AddMember::new(ws(1), user(5), role.clone()))).map(drop).unwrap();
            }
        });
        let faulty = Faulty::new(account);
        let (plan, report) = add_ed(&faulty, progress).await;
        assert_eq!((outcomes(&report), faulty.writes()), (vec![expected], 0), "{report:?}");
        let (reads, said) = (faulty.log().len() as u64, plan.requests.reads);
        assert!(reads <= said, "{reads} reads, and the plan said {said}");
    }
}

#[tokio::test]
async fn a_lost_addition_that_upserts_is_resolved_by_reading() {
    let faulty = Faulty::new(Arc::new(upserting())).at(When::Now(1, Operation::Add), Fault::LoseAnswer);
    let (_, report) = add_ed(&faulty, Progress::default()).await;
    assert_eq!((outcomes(&report), faulty.writes()), (vec![Applied], 1), "{report:?}");
    assert!(report.is_complete());
}

#[tokio::test]
async fn an_addition_that_ends_as_an_invitation_is_applied_and_pending() {
    let hidden = pandadoc().without(&[Capability::ListPending], "it does not list them");
    for (capabilities, complete) in [(hidden, true), (pandadoc(), false)] {
        let account = account(capabilities.with_behaviours(&[Behaviour::AddMayInvite]));
        let faulty = Faulty::new(Arc::new(account)).at(When::Each(Operation::Add), Fault::Invite);
        let (_, report) = add_ed(&faulty, Progress::default()).await;
        let step = &report.steps[0];
        // Where pending members are listed and this one is not, the invitation is gone.
        assert_eq!((step.outcome == Applied, report.is_complete()), (complete, complete), "{report:?}");
        if complete {
            assert!(step.pending && step.message.as_ref().unwrap().contains("invited"));
            assert_eq!(serde_json::to_value(&report).unwrap()["steps"][0]["pending"], true);
        }
    }
}

#[tokio::test]
async fn an_addition_that_is_answered_with_a_fixed_role_is_applied() {
    let fixed = person(5, "ed").with_mark(Mark::RoleFixed);
    let account = account(pandadoc()).with_user(fixed);
    let faulty = Faulty::new(Arc::new(account)).at(When::Each(Operation::Add), Fault::MakeOwner);
    let (_, report) = add_ed(&faulty, Progress::default()).await;
    assert_eq!(outcomes(&report), [Applied], "{report:?}");
    assert!(report.steps[0].message.as_ref().unwrap().contains("their role is Admin"), "{report:?}");
    assert_eq!(who(&*faulty.account, 1).await["user:5"], "Admin");
    // Where nothing fixes it, another role than asked for is no success.
    let account = crate::support::account(pandadoc());
    let faulty = Faulty::new(Arc::new(account)).at(When::Each(Operation::Add), Fault::MakeOwner);
    let (_, report) = add_ed(&faulty, Progress::default()).await;
    assert_ne!(outcomes(&report), [Applied], "{report:?}");
}
