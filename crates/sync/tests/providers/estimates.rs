//! What a plan says it takes, against what the simulators saw.

use crate::dying::Dying;
use crate::{changed, connections, loose, read_all, simulator, state};
use std::sync::Arc;
use workspace_members_core::{Role, WorkspaceMembers};
use workspace_members_simulator::Simulator;
use workspace_members_sync::{ApplyOptions, Connections, Consequence, Desired, Plan, apply, observe};

/// The connections, each claiming that one request a second is allowed.
fn limited(simulator: &Simulator) -> Connections {
    let limit = |(name, inner)| (name, Dying::limited(inner) as Arc<dyn WorkspaceMembers>);
    connections(simulator).into_iter().map(limit).collect()
}

async fn planned(connections: &Connections, desired: &Desired) -> Plan {
    Plan::compute(desired, &observe(connections, desired).await.unwrap(), &loose()).unwrap()
}

/// Carries a plan out and answers how many requests were seen; checks that they are as many as the plan says.
async fn counted(simulator: &Simulator, connections: &Connections, plan: &Plan) -> u64 {
    simulator.clear_requests();
    let state = state();
    let report = apply(connections, plan, &ApplyOptions::new(state.path())).await.unwrap();
    assert!(report.is_complete(), "{:#?}", report.steps);
    let seen = simulator.requests();
    let writes = seen.iter().filter(|request| request.method != "GET").count() as u64;
    assert_eq!(writes, plan.requests.writes);
    let sent = seen.len() as u64;
    assert!(sent <= plan.requests.total(), "{sent} requests, {:?}", plan.requests);
    sent
}

/// More people than fit on a page of Paradigm's users, many of them in the first workspace.
fn crowd(simulator: &Simulator) {
    let grown = simulator.change(|state| {
        let paradigm = &mut state.paradigm;
        let (workspace, company) = (paradigm.workspaces[0].id, paradigm.workspaces[0].company);
        for at in 0..90 {
            let user = paradigm.add_user(format!("crowd{at}@example.com"), company);
            if at < 60 {
                paradigm.grant_user(workspace, user, if at < 3 { "owner" } else { "viewer" });
            }
        }
    });
    grown.unwrap();
}

#[tokio::test]
async fn a_plan_says_at_most_and_at_the_least_what_it_takes_at_both_providers() {
    for (name, crowded) in [("paradigm", false), ("paradigm", true), ("pandadoc", false)] {
        let simulator = simulator().await;
        if crowded {
            crowd(&simulator);
        }
        let connections = limited(&simulator);
        let mut seen = read_all(&connections).await;
        seen.retain(|seen| seen.connection() == name);
        let plan = planned(&connections, &changed(&seen, 1)).await;
        assert!(plan.steps.len() > 8, "{name}: {}", plan.steps.len());
        let sent = counted(&simulator, &connections, &plan).await;
        assert!(plan.eta_seconds < sent, "{name}: {sent} requests, {} at the least", plan.eta_seconds + 1);
        // They are of use: neither is far from the truth.
        let (least, most) = (plan.eta_seconds + 1, plan.requests.total());
        assert!(most <= least + least / 2, "{name}: {least} to {most} requests, and {sent} were sent");
    }
}

#[tokio::test]
async fn a_change_at_one_provider_reads_the_other_again_too() {
    let simulator = simulator().await;
    let connections = connections(&simulator);
    let seen = read_all(&connections).await;
    let dumped = Desired::from_toml(&workspace_members_sync::dump(&seen).unwrap(), "dump.toml").unwrap();
    let nothing = planned(&connections, &dumped).await;
    assert_eq!((nothing.steps.len(), nothing.requests.writes), (0, 0));
    counted(&simulator, &connections, &nothing).await;
    // One member less at Paradigm.
    let mut less = dumped.clone();
    let editor = |desired_member: &workspace_members_sync::DesiredMember| {
        desired_member.membership == workspace_members_sync::DesiredMembership::Role(Role::Editor)
    };
    let workspace = less
        .workspaces
        .iter_mut()
        .find(|workspace| workspace.target.connection == "paradigm" && workspace.members.iter().any(editor))
        .unwrap();
    let at = workspace.members.iter().position(editor).unwrap();
    let mut left = workspace.members.to_vec();
    left.remove(at);
    workspace.members = left.into();
    let one = planned(&connections, &less).await;
    assert_eq!(one.steps.len(), 1);
    counted(&simulator, &connections, &one).await;
}

#[tokio::test]
async fn as_many_mails_are_sent_as_the_plan_says() {
    let simulator = simulator().await;
    let made = simulator.change(|state| {
        let pandadoc = &mut state.pandadoc;
        let admin = pandadoc.keys[0].user_id.clone();
        let workspace = pandadoc.add_workspace("Mailed", &admin);
        for at in 0..12 {
            pandadoc.add_user(format!("mailed{at}@example.com"), "Full");
        }
        workspace
    });
    let workspace = made.unwrap();
    let list = |range: std::ops::Range<u32>| {
        range.map(|at| format!("\"mailed{at}@example.com\"")).collect::<Vec<_>>().join(", ")
    };
    let text = format!(
        "[[workspace]]\ntarget = \"pandadoc:{workspace}\"\nmode = \"additive\"\nnotify = [\"admins\"]\n[workspace.members]\nowner = [{}]\neditor = [{}]\n",
        list(0..2),
        list(2..12)
    );
    let desired = Desired::from_toml(&text, "mailed.toml").unwrap();
    let connections = connections(&simulator);
    let plan = planned(&connections, &desired).await;
    let mails = plan.steps.iter().flat_map(|step| &step.consequences).map(|consequence| match consequence {
        Consequence::Mails { count } => *count as usize,
        _ => 0,
    });
    let mails: usize = mails.sum();
    counted(&simulator, &connections, &plan).await;
    assert_eq!((mails, simulator.state().pandadoc.mails.len()), (35, 35));
}
