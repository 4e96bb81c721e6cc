//! Fifty changes over both providers, and what a run does that nothing disturbs.

use crate::world::{CONNECTIONS, Effect, Rosters, World, desired, everybody, rosters};
use serde_json::Value;
use tokio::process::Command;
use workspace_members_simulator::State;
use workspace_members_simulator::paradigm::PlatformRole;

/// Two workspaces at each provider, of about a dozen members, with groups where there are such. Small, because it is
/// written to a file after every change of every run.
pub(crate) fn small() -> State {
    let mut state = State::empty();
    let paradigm = &mut state.paradigm;
    let company = paradigm.add_company("Example SA");
    let people: Vec<u64> =
        (0..16).map(|at| paradigm.add_user(format!("p{at}@example.com"), company)).collect();
    paradigm.user_mut(people[0]).unwrap().roles = vec![PlatformRole::CompanyAdmin];
    paradigm.add_key("simulated-paradigm", people[0]);
    let groups: Vec<u64> = (0..6)
        .map(|at| paradigm.add_group(format!("Group {at}"), company, people[at + 4..at + 6].iter().copied()))
        .collect();
    for name in ["Research", "Sales"] {
        let workspace = paradigm.add_workspace(name, company);
        paradigm.grant_user(workspace, people[0], "owner");
        for (at, user) in people[1..12].iter().enumerate() {
            paradigm.grant_user(workspace, *user, if at % 2 == 0 { "viewer" } else { "editor" });
        }
        for (group, role) in groups.iter().zip(["viewer", "editor", "viewer", "viewer", "editor"]) {
            paradigm.grant_group(workspace, *group, role);
        }
    }
    let pandadoc = &mut state.pandadoc;
    let people: Vec<String> =
        (0..18).map(|at| pandadoc.add_user(format!("p{at}@example.com"), "Full")).collect();
    pandadoc.user_mut(&people[0]).unwrap().is_organization_admin = true;
    pandadoc.user_mut(&people[1]).unwrap().is_organization_owner = true;
    for name in ["Contracts", "Human Resources"] {
        let workspace = pandadoc.add_workspace(name, &people[1]);
        pandadoc.add_custom_role(&workspace, "Legal Reviewer");
        pandadoc.add_member(&workspace, &people[0], "Admin");
        for (at, user) in people[2..14].iter().enumerate() {
            pandadoc.add_member(&workspace, user, if at % 2 == 0 { "Collaborator" } else { "Member" });
        }
        pandadoc.add_key(format!("simulated-{name}"), &people[0], &workspace);
    }
    state
}

/// How many of a workspace are added, promoted, demoted and removed.
type Changes = [usize; 4];

/// Roles from low to high, of which each change is one step up or down. The lowest is given to who is added.
const PARADIGM: [&str; 3] = ["viewer", "editor", "owner"];
const PANDADOC: [&str; 3] = ["Collaborator", "Member", "Manager"];

/// Fifty changes to the sample: who is to be where.
pub(crate) fn desired_member(state: &State) -> Rosters {
    let mut all = rosters(state);
    let now = all.clone();
    let changes: [Changes; 4] = [[2, 3, 3, 3], [3, 3, 3, 3], [2, 3, 3, 3], [3, 3, 3, 3]];
    for ((target, roster), [add, promote, demote, remove]) in all.iter_mut().zip(changes) {
        let roles = if target.starts_with("paradigm") { PARADIGM } else { PANDADOC };
        let rank = |role: &str| roles.iter().position(|known| *known == role);
        // A group, a user, and so on, so that each change meets both.
        let (groups, users): (Vec<_>, Vec<_>) =
            now[target].clone().into_iter().partition(|(who, _)| who.starts_with("group:"));
        let mut people: Vec<(usize, (String, String))> =
            groups.into_iter().enumerate().chain(users.into_iter().enumerate()).collect();
        people.sort_by_key(|(at, _)| *at);
        let mut take = |count: usize, may: fn(usize) -> bool| -> Vec<(String, usize)> {
            let mut taken = Vec::new();
            people.retain(|(_, (who, role))| {
                let rank = rank(role).filter(|rank| taken.len() < count && may(*rank));
                taken.extend(rank.map(|rank| (who.clone(), rank)));
                rank.is_none()
            });
            taken
        };
        for (who, rank) in take(promote, |rank| rank == 0).into_iter().chain(take(1, |rank| rank == 1)) {
            roster.insert(who, roles[rank + 1].to_owned());
        }
        for (who, rank) in take(demote, |rank| rank == 1) {
            roster.insert(who, roles[rank - 1].to_owned());
        }
        for (who, _) in take(remove, |rank| rank < 2) {
            roster.remove(&who);
        }
        let outsiders =
            everybody(state, target).into_iter().rev().filter(|who| !now[target].contains_key(who));
        for who in outsiders.take(add) {
            roster.insert(who, roles[0].to_owned());
        }
    }
    all
}

/// The command that is run: twice, of which once to its end.
pub(crate) fn apply(world: &World) -> Command {
    Command::from(world.shell.command(&["--output", "json", "apply", "desired.toml", "--yes"]))
}

/// A run that must succeed, and its answer.
pub(crate) async fn answer(mut command: Command, context: &str) -> Value {
    let output = command.output().await.unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{context}: {stdout} {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{context}: no JSON ({error}): {stdout}"))
}

/// What an undisturbed run does.
pub(crate) struct Undisturbed {
    pub(crate) state: State,
    pub(crate) desired: String,
    pub(crate) desired_member: Rosters,
    pub(crate) requests: [usize; 2],
    pub(crate) effects: Vec<Effect>,
}

pub(crate) async fn undisturbed() -> Undisturbed {
    let state = small();
    let desired_member = desired_member(&state);
    let desired = desired(&desired_member);
    let mut world = World::start(&state).await;
    world.shell.file("desired.toml", &desired);
    let report = answer(apply(&world), "undisturbed").await;
    let steps = report["steps"].as_array().unwrap();
    let count = |is: &dyn Fn(&Value) -> bool| steps.iter().filter(|step| is(&step["step"])).count();
    assert_eq!(steps.len(), 50);
    for action in ["add", "promote", "demote", "remove"] {
        for connection in CONNECTIONS {
            let there = |step: &Value| step["target"].as_str().unwrap().starts_with(connection);
            let found = count(&|step| step["action"] == action && there(step));
            assert!(found >= 5, "{found} times {action} at {connection}");
        }
        let groups = count(&|step| step["action"] == action && step["principal"]["kind"] == "group");
        assert!(groups > 0, "{action} of a group: {report}");
    }
    let in_two = count(&|step| step["strategy"] == "remove-then-add");
    assert!(in_two >= 12, "{in_two} in two requests");
    assert!(steps.iter().all(|step| step["outcome"] == "applied"), "{report}");
    assert_eq!(world.rosters(), desired_member);
    let requests = [world.proxies[0].count(), world.proxies[1].count()];
    let effects = world.effects();
    let mut distinct = effects.clone();
    distinct.dedup();
    assert_eq!(effects, distinct, "no two changes are alike, so that one made twice is seen");
    Undisturbed { state, desired, desired_member, requests, effects }
}
