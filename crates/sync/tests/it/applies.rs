//! Carrying out plans while things go wrong.

use crate::faulty::{Fault, Faulty, When};
use crate::memory_store::MemoryStore;
use crate::support::*;
use std::sync::{Arc, Mutex};
use workspace_members_core::{
    AddMember, Behaviour, Effect, ErrorKind, InMemory, Operation, RemoveMember, Role, SetRole, Status,
    Workspace, WorkspaceMembers, WorkspaceMembersExt,
};
use workspace_members_sync::StepOutcome::{Applied, Failed, Skipped, Unchanged};
use workspace_members_sync::{
    ApplyError, ApplyOptions, Desired, Event, Guards, Limit, Override, Plan, Progress, StepOutcome, apply,
    observe,
};

fn block<T>(future: impl Future<Output = T>) -> T {
    futures_util::FutureExt::now_or_never(future).expect("an account in memory answers at once")
}

fn pandadoc_account() -> Arc<InMemory> {
    Arc::new(
        account(pandadoc())
            .with_member(ws(1), user(1), native("Admin"))
            .with_member(ws(1), user(2), native("Collaborator"))
            .with_member(ws(1), user(3), native("Manager"))
            .with_member(ws(1), user(4), native("Member")),
    )
}

fn whole_desired() -> Desired {
    desired(
        "authoritative",
        "owner = [\"bo@example.com\", \"robot@example.com\"]\neditor = [\"cy@example.com\", \"ed@example.com\"]\nviewer = [\"ana@example.com\"]",
    )
}

async fn planned(members: &dyn WorkspaceMembers, desired: &Desired) -> Plan {
    plan(members, desired, &loose()).await.unwrap()
}

#[tokio::test]
async fn a_plan_applied_is_as_desired_and_a_second_one_is_empty() {
    for (account, expected) in [
        (pandadoc_account(), ["Collaborator", "Admin", "Member", "Member", "Admin"]),
        (
            Arc::new(
                account(paradigm())
                    .with_member(ws(1), user(1), native("owner"))
                    .with_member(ws(1), user(2), native("viewer"))
                    .with_member(ws(1), user(4), native("editor")),
            ),
            ["viewer", "owner", "editor", "editor", "owner"],
        ),
    ] {
        let state = state();
        let report = run(account.clone(), &whole_desired(), &loose(), state.path()).await.unwrap();
        assert!(report.is_complete(), "{report:?}");
        for done in &report.steps {
            let ids = account.capabilities().behaves(Behaviour::MembershipIds);
            let id = done.member.as_ref().map(|member| member.key.membership.is_some());
            assert_eq!(id, done.step.to.as_ref().map(|_| ids), "{}", done.step);
        }
        let now = who(&*account, 1).await;
        let expected: std::collections::BTreeMap<String, String> =
            ["user:1", "user:2", "user:3", "user:5", "user:99"]
                .iter()
                .map(ToString::to_string)
                .zip(expected.map(str::to_owned))
                .collect();
        assert_eq!(now, expected);
        let again = run(account.clone(), &whole_desired(), &loose(), state.path()).await.unwrap();
        assert!(again.steps.is_empty() && again.is_complete() && !again.changed());
    }
}

/// A service spawns it.
#[test]
fn applying_can_be_sent_to_another_thread() {
    fn sent<T: Send>(_: T) {}
    let (connections, options) = (connections(pandadoc_account()), ApplyOptions::new("unused"));
    let plan = block(planned(&*pandadoc_account(), &whole_desired()));
    sent(apply(&connections, &plan, &options));
    sent(observe(&connections, &plan.desired));
    sent(workspace_members_sync::recover(&connections, &options));
}

#[tokio::test]
async fn a_stale_plan_is_refused_or_replanned() {
    let (account, state) = (pandadoc_account(), state());
    let plan = planned(&*account, &whole_desired()).await;
    account.add(&AddMember::new(ws(1), user(8), Role::Viewer)).await.unwrap();
    let faulty = Faulty::new(account.clone());
    let connections = connections(faulty.clone());
    let options = ApplyOptions::new(state.path());
    let Err(ApplyError::Stale { changed, now, .. }) = apply(&connections, &plan, &options).await else {
        panic!()
    };
    assert_eq!(changed, ["acme:1".parse().unwrap()]);
    assert_eq!((now.steps.len(), faulty.writes()), (6, 0));
    let report = apply(&connections, &plan, &options.with_replan(true)).await.unwrap();
    assert!(report.is_complete());
    assert_ne!(report.fingerprint, plan.fingerprint);
    assert!(!who(&*account, 1).await.contains_key("user:8"));
}

#[tokio::test]
async fn a_plan_from_a_file_is_judged_by_the_guards_of_this_host() {
    let (account, state) = (pandadoc_account(), state());
    let plan = Plan::from_json(&planned(&*account, &whole_desired()).await.to_json().unwrap()).unwrap();
    let faulty = Faulty::new(account.clone());
    let connections = connections(faulty.clone());
    let options =
        ApplyOptions::new(state.path()).with_guards(Guards::new().with_max_removals(Limit::count(0)));
    let Err(ApplyError::Refused(refused)) = apply(&connections, &plan, &options).await else { panic!() };
    assert_eq!((causes(&refused), faulty.writes()), (vec!["max_removals".to_owned()], 0));
    let lifted: Override = format!("max_removals={}", plan.fingerprint).parse().unwrap();
    let options = options.with_overrides([lifted].into());
    assert!(apply(&connections, &plan, &options).await.unwrap().is_complete());
}

#[tokio::test]
async fn a_plan_for_another_account_is_stale() {
    let state = state();
    let plan = planned(&*pandadoc_account(), &whole_desired()).await;
    let other = Arc::new(account(pandadoc().with_endpoint("https://elsewhere.example")));
    let result = apply(&connections(other), &plan, &ApplyOptions::new(state.path())).await;
    assert!(matches!(result, Err(ApplyError::Stale { .. })));
    let none =
        apply(&workspace_members_sync::Connections::new(), &plan, &ApplyOptions::new(state.path())).await;
    assert!(matches!(none, Err(ApplyError::NoConnection(name)) if name == "acme"));
}

#[tokio::test]
async fn a_partial_or_moving_listing_removes_nobody() {
    let account = Arc::new((1..=8).fold(account(paradigm().with_page_size(3)), |account, id| {
        account.with_member(ws(1), user(id), native("viewer"))
    }));
    let only_robot = desired("authoritative", "owner = [\"robot@example.com\"]");
    for fault in [Fault::MoveTotals, Fault::BreakSecondPage, Fault::EndEarly, Fault::RepeatPage] {
        let faulty = Faulty::new(account.clone()).at(When::Each(Operation::ListMembers), fault);
        let state = state();
        let error = run(faulty.clone(), &only_robot, &loose(), state.path()).await.unwrap_err();
        assert!(error.contains("Read"), "{fault:?}: {error}");
        assert_eq!((faulty.writes(), account.all_members().len()), (0, 10), "{fault:?}");
    }
    // Nor does one that moves between planning and applying.
    let plan = planned(&*account, &only_robot).await;
    let faulty = Faulty::new(account.clone()).at(When::Each(Operation::ListMembers), Fault::MoveTotals);
    let state = state();
    assert!(apply(&connections(faulty), &plan, &ApplyOptions::new(state.path())).await.is_err());
    assert_eq!(account.all_members().len(), 10);
}

#[tokio::test]
async fn two_runs_on_one_host_exclude_each_other() {
    let (account, state) = (pandadoc_account(), state());
    let plan = planned(&*account, &whole_desired()).await;
    let hung = Faulty::new(account.clone()).at(When::Now(1, Operation::Add), Fault::DieBefore);
    let (one, two) = (connections(hung.clone()), connections(account.clone()));
    let options = ApplyOptions::new(state.path());
    {
        let first = apply(&one, &plan, &options);
        tokio::pin!(first);
        tokio::select! { _ = &mut first => panic!("it should hang"), () = hung.died() => {} }
        let second = apply(&two, &plan, &options).await;
        assert!(matches!(second, Err(ApplyError::Locked { connection }) if connection == "acme"));
        assert_eq!(who(&*account, 1).await.len(), 5);
    }
    assert!(apply(&two, &plan, &options).await.unwrap().is_complete());
}

#[tokio::test]
async fn two_runs_on_two_hosts_do_not_take_the_last_owner_between_them() {
    for capabilities in [pandadoc(), paradigm()] {
        let owner = capabilities.roles().resolve(&Role::Owner).unwrap().native;
        let account = Arc::new(
            account(capabilities)
                .with_user(person(99, "robot").with_status(Status::Inactive))
                .with_member(ws(1), user(99), owner.clone())
                .with_member(ws(1), user(1), owner.clone())
                .with_member(ws(1), user(2), owner),
        );
        let guards = loose().with_min_owners(1);
        let (ana, bo) = (
            Desired::remove("acme:1".parse().unwrap(), email("ana")),
            Desired::remove("acme:1".parse().unwrap(), email("bo")),
        );
        let (one, two) =
            (plan(&*account, &ana, &guards).await.unwrap(), plan(&*account, &bo, &guards).await.unwrap());
        // The other host's removal falls between this one's reading and its own removal.
        let other = account.clone();
        let there = ApplyOptions::with_store(Arc::new(MemoryStore::default()));
        let here = state();
        let racing = Faulty::new(account.clone());
        let progress = Progress::new(move |event| {
            if let Event::Step(_) = event {
                let connections = connections(other.clone());
                let report = block(apply(&connections, &two, &there)).unwrap();
                assert!(report.is_complete());
            }
        });
        let options = ApplyOptions::new(here.path()).with_progress(progress);
        let report = apply(&connections(racing.clone()), &one, &options).await.unwrap();
        assert_eq!(outcomes(&report), [Skipped]);
        assert_eq!(
            report.steps[0].refusal.as_ref().unwrap().guard(),
            Some(workspace_members_sync::Guard::MinOwners)
        );
        assert_eq!((racing.writes(), who(&*account, 1).await.contains_key("user:1")), (0, true));
    }
}

#[tokio::test]
async fn a_member_who_changed_meanwhile_is_left_alone_and_ends_the_workspace() {
    let account = pandadoc_account();
    let plan = planned(&*account, &whole_desired()).await;
    let there = account.clone();
    let progress = Progress::new(move |event| {
        // Cy was to be demoted from Manager; somebody makes them Admin just before.
        if let Event::Step(step) = event
            && step.label == "cy@example.com"
        {
            let key = block(there.get(&ws(1), &user(3).into())).unwrap().unwrap().key;
            block(there.set_role(&SetRole::new(key, Role::Owner))).unwrap();
        }
    });
    let state = state();
    let options = ApplyOptions::new(state.path()).with_progress(progress);
    let report = apply(&connections(account.clone()), &plan, &options).await.unwrap();
    assert_eq!(outcomes(&report), [Applied, Applied, Skipped, Skipped, Skipped]);
    assert!(report.steps[2].message.as_ref().unwrap().contains("was Manager and is Admin by now"));
    assert_eq!(report.remaining, Some(3));
    assert_eq!(who(&*account, 1).await["user:3"], "Admin");
}

#[tokio::test]
async fn what_somebody_else_did_already_is_unchanged() {
    let account = pandadoc_account();
    let plan = planned(&*account, &whole_desired()).await;
    let there = account.clone();
    let progress = Progress::new(move |event| {
        if let Event::Step(step) = event {
            let key = block(there.get(&ws(1), &step.principal)).unwrap().map(|member| member.key);
            match (step.label.as_str(), key) {
                ("ed@example.com", _) => {
                    block(there.add(&AddMember::new(ws(1), user(5), Role::Editor))).map(drop).unwrap();
                }
                ("di@example.com", Some(key)) => block(there.remove(&RemoveMember::new(key))).unwrap(),
                ("ana@example.com", Some(key)) => {
                    block(there.set_role(&SetRole::new(key, Role::Viewer))).map(drop).unwrap();
                }
                _ => {}
            }
        }
    });
    let state = state();
    let options = ApplyOptions::new(state.path()).with_progress(progress);
    let report = apply(&connections(account), &plan, &options).await.unwrap();
    assert_eq!(outcomes(&report), [Unchanged, Applied, Applied, Unchanged, Unchanged]);
    assert!(report.is_complete());
}

#[tokio::test]
async fn an_addition_that_exists_with_another_role_is_no_success() {
    let account = pandadoc_account();
    let plan = planned(&*account, &whole_desired()).await;
    let faulty = Faulty::new(account.clone()).meanwhile(When::Now(1, Operation::Add), |account| {
        block(account.add(&AddMember::new(ws(1), user(5), Role::Owner))).map(drop).unwrap();
    });
    let state = state();
    let report = apply(&connections(faulty), &plan, &ApplyOptions::new(state.path())).await.unwrap();
    assert_eq!(report.steps[0].outcome, Failed);
    assert!(report.steps[0].message.as_ref().unwrap().contains("a member already, as Admin"));
    // And nobody was removed after an addition that failed.
    assert_eq!(report.count(Skipped), 4);
    assert!(who(&*account, 1).await.contains_key("user:4"));
}

#[tokio::test]
async fn a_lost_answer_is_resolved_by_reading_and_never_repeated() {
    for operation in [Operation::Add, Operation::SetRole, Operation::Remove] {
        for fault in [Fault::LoseAnswer, Fault::LoseRequest] {
            let account = pandadoc_account();
            let faulty = Faulty::new(account.clone()).at(When::Now(1, operation), fault);
            let state = state();
            let report = run(faulty.clone(), &whole_desired(), &loose(), state.path()).await.unwrap();
            if fault == Fault::LoseAnswer {
                assert!(report.is_complete(), "{operation}: {report:?}");
                assert_eq!(faulty.writes(), 5, "{operation}");
            } else {
                assert_eq!(report.count(StepOutcome::Unknown), 1, "{operation}");
                assert!(report.remaining.unwrap() > 0);
                // Run again, it converges.
                let again = run(account.clone(), &whole_desired(), &loose(), state.path()).await.unwrap();
                assert!(again.is_complete());
            }
        }
    }
}

#[tokio::test]
async fn a_refused_step_ends_its_workspace_and_no_other() {
    let text = |workspace: u64| {
        format!(
            "[[workspace]]\ntarget = \"acme:{workspace}\"\nmode = \"authoritative\"\n[workspace.members]\nowner = [\"robot@example.com\"]\neditor = [\"ana@example.com\", \"bo@example.com\"]\n"
        )
    };
    let desired = Desired::from_toml(&format!("{}{}", text(1), text(2)), "x").unwrap();
    let account = Arc::new(account(paradigm()).with_member(ws(1), user(4), native("viewer")).with_member(
        ws(2),
        user(4),
        native("viewer"),
    ));
    let faulty = Faulty::new(account.clone()).at(When::Now(1, Operation::Add), Fault::Refuse);
    let state = state();
    let report = run(faulty, &desired, &loose(), state.path()).await.unwrap();
    // Side by side, so it may be either.
    let mut workspaces: Vec<Vec<StepOutcome>> = outcomes(&report).chunks(3).map(<[_]>::to_vec).collect();
    workspaces.sort();
    assert_eq!(workspaces, [[Applied; 3], [Failed, Skipped, Skipped]]);
    let failed = report.steps.iter().find(|step| step.outcome == Failed).unwrap();
    assert!(failed.advice.as_ref().unwrap().contains("give the key's user the right"));
    let mut left = [who(&*account, 1).await.len(), who(&*account, 2).await.len()];
    left.sort_unstable();
    assert_eq!(left, [2, 3]);
}

#[tokio::test]
async fn the_last_reading_has_the_last_word() {
    let account = pandadoc_account();
    let plan = planned(&*account, &desired("additive", "editor = [\"ed@example.com\"]")).await;
    let there = account.clone();
    let progress = Progress::new(move |event| {
        if let Event::Rereading = event {
            let key = block(there.get(&ws(1), &user(5).into())).unwrap().unwrap().key;
            block(there.remove(&RemoveMember::new(key))).unwrap();
        }
    });
    let state = state();
    let options = ApplyOptions::new(state.path()).with_progress(progress);
    let report = apply(&connections(account), &plan, &options).await.unwrap();
    assert_eq!((outcomes(&report), report.remaining), (vec![StepOutcome::Unknown], Some(1)));
    assert!(report.steps[0].message.as_ref().unwrap().contains("shows them as not a member"));
}

#[tokio::test]
async fn a_hundred_workspaces_take_one_pass_over_the_account() {
    let mut account = account(pandadoc());
    let mut text = String::new();
    for id in 1..=100 {
        account = account
            .with_workspace(Workspace::new(ws(id), format!("w{id}")))
            .with_member(ws(id), user(99), native("Admin"))
            .with_member(ws(id), user(1), native("Member"));
        text.extend([format!(
            "[[workspace]]\ntarget = \"acme:{id}\"\nmode = \"authoritative\"\n[workspace.members]\nowner = [\"robot@example.com\"]\neditor = [\"ana@example.com\", \"bo@example.com\"]\n"
        )]);
    }
    let desired = Desired::from_toml(&text, "x").unwrap();
    let account = Arc::new(account);
    let faulty = Faulty::new(account.clone());
    let seen = observe(&connections(faulty.clone()), &desired).await.unwrap();
    // 200 members at 50 a page, 100 workspaces at 50 a page, users, and who acts.
    assert_eq!(faulty.log().iter().filter(|operation| **operation == Operation::ListMembers).count(), 4);
    assert_eq!(faulty.log().len(), 4 + 2 + 1 + 1);
    let plan = Plan::compute(&desired, &seen, &loose()).unwrap();
    assert_eq!(plan.steps.len(), 100);
    let running = Arc::new(Mutex::new((0usize, 0usize)));
    let count = running.clone();
    let progress = Progress::new(move |event| {
        let mut running = count.lock().unwrap();
        match event {
            Event::Step(_) => running.0 += 1,
            Event::Done(_) => running.0 -= 1,
            _ => {}
        }
        running.1 = running.1.max(running.0);
    });
    let state = state();
    let options = ApplyOptions::new(state.path()).with_progress(progress).with_concurrency(8);
    let report = apply(&connections(faulty.clone()), &plan, &options).await.unwrap();
    assert!(report.is_complete());
    assert_eq!(faulty.writes(), 100);
    assert!(running.lock().unwrap().1 <= 8);
    assert_eq!(account.roster(&ws(100)).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_plan_says_how_many_requests_it_takes_at_most() {
    for account in [
        pandadoc_account(),
        Arc::new(account(paradigm()).with_member(ws(1), user(1), native("viewer")).with_member(
            ws(1),
            user(4),
            native("editor"),
        )),
    ] {
        let plan = planned(&*account, &whole_desired()).await;
        let faulty = Faulty::new(account.clone());
        let state = state();
        let report =
            apply(&connections(faulty.clone()), &plan, &ApplyOptions::new(state.path())).await.unwrap();
        assert!(report.is_complete());
        let writes = faulty.writes() as u64;
        assert!(writes <= plan.requests.writes, "{writes} writes, {:?}", plan.requests);
        let reads = faulty.log().len() as u64 - writes;
        assert!(reads <= plan.requests.reads, "{reads} reads, {:?}: {:?}", plan.requests, faulty.log());
    }
}

#[tokio::test]
async fn one_workspace_has_one_step_at_a_time() {
    let text = |workspace: u64| {
        format!(
            "[[workspace]]\ntarget = \"acme:{workspace}\"\nmode = \"additive\"\n[workspace.members]\neditor = [\"ana@example.com\", \"bo@example.com\", \"cy@example.com\"]\n"
        )
    };
    let desired = Desired::from_toml(&format!("{}{}", text(1), text(2)), "x").unwrap();
    let account = Arc::new(account(pandadoc()));
    let plan = planned(&*account, &desired).await;
    let running = Arc::new(Mutex::new(std::collections::BTreeMap::<String, i32>::new()));
    let seen = running.clone();
    let progress = Progress::new(move |event| {
        let mut seen = seen.lock().unwrap();
        match event {
            Event::Step(step) => {
                let now = seen.entry(step.target.to_string()).or_default();
                *now += 1;
                assert_eq!(*now, 1, "two steps at a time in {}", step.target);
            }
            Event::Done(report) => *seen.get_mut(&report.step.target.to_string()).unwrap() -= 1,
            _ => {}
        }
    });
    let state = state();
    let options = ApplyOptions::new(state.path()).with_progress(progress);
    assert!(apply(&connections(account), &plan, &options).await.unwrap().is_complete());
    assert_eq!(running.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_plan_that_takes_too_long_is_not_begun() {
    let account = Arc::new(account(pandadoc()));
    let desired =
        desired("additive", "editor = [\"ana@example.com\", \"bo@example.com\", \"cy@example.com\"]");
    let plan = planned(&*account, &desired).await;
    let faulty = Faulty::new(account);
    let state = state();
    let options = ApplyOptions::new(state.path()).with_time_limit(std::time::Duration::from_secs(59));
    let result = apply(&connections(faulty.clone()), &plan, &options).await;
    assert!(matches!(result, Err(ApplyError::TooSlow { eta_seconds: 60, .. })));
    assert_eq!(faulty.writes(), 0);
    let enough = options.with_time_limit(std::time::Duration::from_mins(1));
    assert!(apply(&connections(faulty), &plan, &enough).await.unwrap().is_complete());
}

#[tokio::test]
async fn a_promotion_does_not_lower_a_member_who_was_promoted_further_meanwhile() {
    for capabilities in
        [pandadoc(), pandadoc().without(&[workspace_members_core::Capability::GetMember], "test")]
    {
        let account = Arc::new(account(capabilities).with_member(ws(1), user(1), native("Member")));
        let plan = planned(&*account, &desired("additive", "manager = [\"ana@example.com\"]")).await;
        let there = account.clone();
        let progress = Progress::new(move |event| {
            if let Event::Step(_) = event {
                let key = block(there.roster(&ws(1))).unwrap().get(&user(1).into()).unwrap().key.clone();
                block(there.set_role(&SetRole::new(key, Role::Owner))).unwrap();
            }
        });
        let state = state();
        let options = ApplyOptions::new(state.path()).with_progress(progress);
        let report = apply(&connections(account.clone()), &plan, &options).await.unwrap();
        assert_eq!(outcomes(&report), [Skipped]);
        assert_eq!(who(&*account, 1).await["user:1"], "Admin");
    }
}

#[tokio::test]
async fn a_change_that_the_audit_log_misses_is_made_and_the_run_is_not_complete() {
    let account = pandadoc_account();
    let desired = desired("additive", "editor = [\"ed@example.com\", \"flo@example.com\"]");
    let plan = planned(&*account, &desired).await;
    let faulty = Faulty::new(account.clone()).at(When::Now(1, Operation::Add), Fault::Unrecorded);
    let state = state();
    let report = apply(&connections(faulty), &plan, &ApplyOptions::new(state.path())).await.unwrap();
    assert_eq!(outcomes(&report), [Applied, Skipped]);
    assert!(report.changed() && !report.is_complete());
    let error = report.steps[0].error.as_ref().unwrap();
    assert_eq!(error.kind(), ErrorKind::RecordFailed);
    // A removal and a change of role likewise.
    for (mode, lists) in
        [("remove-only", "owner = [\"robot@example.com\"]"), ("additive", "manager = [\"bo@example.com\"]")]
    {
        let (account, desired) = (pandadoc_account(), crate::support::desired(mode, lists));
        let plan = planned(&*account, &desired).await;
        let first = if mode == "additive" { Operation::SetRole } else { Operation::Remove };
        let faulty = Faulty::new(account).at(When::Now(1, first), Fault::Unrecorded);
        let state = crate::support::state();
        let report = apply(&connections(faulty), &plan, &ApplyOptions::new(state.path())).await.unwrap();
        assert_eq!(report.steps[0].outcome, Applied, "{mode}");
        assert!(!report.is_complete(), "{mode}");
    }
}

#[tokio::test]
async fn what_was_done_of_a_step_is_said() {
    let account = pandadoc_account();
    let plan =
        planned(&*account, &desired("additive", "\"native:Legal review\" = [\"ed@example.com\"]")).await;
    let faulty = Faulty::new(account.clone()).at(When::Now(1, Operation::SetRole), Fault::Refuse);
    let state = state();
    let report = apply(&connections(faulty), &plan, &ApplyOptions::new(state.path())).await.unwrap();
    assert_eq!(outcomes(&report), [Failed]);
    let message = report.steps[0].message.as_ref().unwrap();
    assert!(message.contains("done before: added") && message.contains("Collaborator"), "{message}");
    assert!(report.changed());
    assert_eq!(report.steps[0].error.as_ref().unwrap().effect(), Effect::Partial);
}

#[tokio::test]
async fn a_member_who_vanished_with_their_user_is_no_member_and_stops_nothing() {
    let account = pandadoc_account();
    let plan =
        planned(&*account, &desired("remove-only", "owner = [\"robot@example.com\", \"ana@example.com\"]"))
            .await;
    assert_eq!(plan.steps.len(), 3);
    let gone = plan.steps[0].principal.clone();
    let faulty = Faulty::new(account.clone()).at(When::Now(1, Operation::Get), Fault::HideUser).meanwhile(
        When::Now(1, Operation::Get),
        move |account| {
            let key = block(account.roster(&ws(1))).unwrap().get(&gone).unwrap().key.clone();
            block(account.remove(&RemoveMember::new(key))).unwrap();
        },
    );
    let state = state();
    let report = apply(&connections(faulty), &plan, &ApplyOptions::new(state.path())).await.unwrap();
    assert_eq!(outcomes(&report), [Unchanged, Applied, Applied]);
    assert!(report.is_complete());
}
