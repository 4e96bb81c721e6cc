//! Applies over both providers that meet others, the past, or half of a list.

use crate::fifty::{answer, apply, small, undisturbed};
use crate::world::{CONNECTIONS, World, desired};
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::process::Command;
use workspace_members_simulator::paradigm::PlatformRole;
use workspace_members_simulator::{Provider, Request as Logged, State};
use workspace_members_testkit::{Answer, Exchange, Fault, Request, Rule};

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(future)
}

fn wsm(world: &World, arguments: &[&str]) -> Command {
    Command::from(world.shell.command(arguments))
}

/// A run that must fail with this code, and its error.
async fn error(code: i32, mut command: Command) -> Value {
    let output = command.output().await.unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(code), "{stdout} {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str::<Value>(&stdout).unwrap()["error"].clone()
}

#[test]
fn of_two_appliers_on_a_host_one_changes_an_account_at_a_time() {
    block(async {
        let known = undisturbed().await;
        for provider in [0, 1] {
            let mut world = World::start(&known.state).await;
            world.shell.file("desired.toml", &known.desired);
            let armed = world.proxies[provider].inject(Rule::new(Fault::HoldBefore).when(Request::is_write));
            let mut first = apply(&world).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            armed.reached().await;
            let refused = error(1, apply(&world)).await;
            let message = refused["message"].as_str().unwrap();
            assert!(message.contains("another run is changing the account"), "{refused}");
            armed.release();
            assert!(first.wait().await.unwrap().success());
            assert_eq!(world.rosters(), known.desired_member);
            assert_eq!(answer(apply(&world), "afterwards").await["steps"], json!([]));
            assert_eq!(world.effects(), known.effects, "nothing was done twice");
        }
        // Whichever comes first, and whether or not they meet.
        let mut world = World::start(&known.state).await;
        world.shell.file("desired.toml", &known.desired);
        let runs: Vec<_> = (0..3)
            .map(|_| apply(&world).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
            .collect();
        let mut codes = Vec::new();
        for mut run in runs {
            codes.push(run.wait().await.unwrap().code().unwrap());
        }
        assert!(codes.contains(&0) && codes.iter().all(|code| [0, 1].contains(code)), "{codes:?}");
        assert_eq!(world.rosters(), known.desired_member);
        assert_eq!(world.effects(), known.effects, "nothing was done twice");
    });
}

#[test]
fn a_stale_plan_is_refused_and_replanned_at_either_provider() {
    block(async {
        let known = undisturbed().await;
        for target in
            [known.desired_member.keys().next().unwrap(), known.desired_member.keys().last().unwrap()]
        {
            let mut world = World::start(&known.state).await;
            world.shell.file("desired.toml", &known.desired);
            let planned =
                wsm(&world, &["plan", "desired.toml", "--out", "plan.json"]).output().await.unwrap();
            assert_eq!(planned.status.code(), Some(5));
            // Somebody else adds a person who is not in the desired state.
            let (connection, workspace) = target.split_once(':').unwrap();
            let add = |state: &mut State| {
                if connection == "paradigm" {
                    let user = state.paradigm.users[13].id;
                    state.paradigm.grant_user(workspace.parse().unwrap(), user, "editor");
                } else {
                    let user = state.pandadoc.users[14].user_id.clone();
                    state.pandadoc.add_member(workspace, &user, "Member");
                }
            };
            world.simulator().change(add).unwrap();
            assert_eq!(world.rosters()[target].len(), crate::world::rosters(&known.state)[target].len() + 1);
            let kept = ["-o", "json", "apply", "plan.json", "--yes"];
            assert_eq!(error(4, wsm(&world, &kept)).await["stale"], json!([target]));
            assert!(world.effects().is_empty(), "a stale plan wrote");
            let report = answer(wsm(&world, &[&kept[..], &["--replan"]].concat()), target).await;
            assert_eq!((&report["remaining"], report["steps"].as_array().unwrap().len()), (&json!(0), 51));
            assert_eq!(world.rosters(), known.desired_member);
        }
    });
}

/// Sets both connections up in a file, each with these lines.
fn configure(world: &World, lines: &str) {
    let mut config = String::new();
    for (name, proxy) in CONNECTIONS.iter().zip(&world.proxies) {
        let key = name.to_uppercase();
        config.extend([format!(
            "[connections.{name}]\nprovider = \"{name}\"\nbase_url = \"{}\"\nkey_env = \"{key}_API_KEY\"\n{lines}",
            proxy.url()
        )]);
    }
    world.shell.file("wsm.toml", &config);
}

/// Two providers whose lists take several pages, and the exchanges of one reading.
async fn paged() -> (World, [Vec<Exchange>; 2]) {
    let mut state = small();
    let company = state.paradigm.companies[0].id;
    for at in 0..40 {
        state.paradigm.add_user(format!("more{at}@example.com"), company);
    }
    let world = World::start(&state).await;
    configure(&world, "page_size = 5\nlayers.retry.max_attempts = 1\n");
    // All but the owners are removed, so that a member who is wrongly taken for absent or unknown shows.
    let mut desired_member = world.rosters();
    for roster in desired_member.values_mut() {
        let owners: Vec<String> = roster
            .iter()
            .filter(|(_, role)| matches!(role.as_str(), "owner" | "Admin"))
            .map(|(who, _)| who.clone())
            .collect();
        roster.retain(|who, _| owners.contains(who));
    }
    let mut text = desired(&desired_member);
    // By address, so that users are listed at both.
    text = text.replacen("\"user:1\"", "\"p0@example.com\"", 1);
    world.shell.file("desired.toml", &text);
    let planned = wsm(&world, &["plan", "desired.toml"]).output().await.unwrap();
    assert_eq!(planned.status.code(), Some(5), "{}", String::from_utf8_lossy(&planned.stderr));
    let logs = [world.proxies[0].log(), world.proxies[1].log()];
    for proxy in &world.proxies {
        proxy.clear_log();
    }
    (world, logs)
}

/// The answer to an exchange with its JSON changed.
fn edited(exchange: &Exchange, edit: impl FnOnce(&mut Value)) -> Answer {
    let mut answer = Answer::from(exchange);
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
    edit(&mut body);
    answer.body = body.to_string().into();
    answer
}

/// The list in a page.
fn items(body: &mut Value) -> &mut Vec<Value> {
    let mut lists = body.as_object_mut().unwrap().values_mut();
    lists.find_map(Value::as_array_mut).unwrap()
}

#[test]
fn half_a_list_removes_nobody_at_either_provider() {
    block(async {
        let (mut world, logs) = paged().await;
        let mut tried = 0;
        for (provider, log) in logs.iter().enumerate() {
            let proxy = world.proxies[provider].clone();
            // Those that decide who goes. Paradigm's list of workspaces only names them.
            let deciding: &[&str] = match CONNECTIONS[provider] {
                "paradigm" => &["/users", "/groups", "/members"],
                _ => &["/users", "/groups", "/members", "/workspaces"],
            };
            let listings: Vec<&Exchange> = log
                .iter()
                .filter(|exchange| deciding.iter().any(|list| exchange.request.path().ends_with(list)))
                .collect();
            assert!(listings.len() >= 5, "{}: {}", CONNECTIONS[provider], listings.len());
            for (at, exchange) in listings.iter().enumerate() {
                let target = exchange.request.target.clone();
                let path = exchange.request.path();
                let mut faults = vec![
                    Fault::Truncate,
                    Fault::Empty,
                    Fault::Answer(Answer::status(500)),
                    Fault::Answer(Answer::html(200)),
                    Fault::Answer(edited(exchange, |body| *body = json!({}))),
                ];
                let siblings = listings.iter().filter(|other| other.request.path() == path).count();
                if siblings > 1 {
                    // A page that is shorter than it says, one that comes again, and a list that grew meanwhile.
                    faults.push(Fault::Answer(edited(exchange, |body| drop(items(body).pop()))));
                    let before = listings[..at].iter().rev().find(|other| other.request.path() == path);
                    faults.extend(before.map(|before| Fault::Answer(Answer::from(*before))));
                    faults.push(Fault::Answer(edited(exchange, |body| {
                        for name in ["total", "count"] {
                            if let Some(total) = body.get_mut(name) {
                                *total = json!(total.as_u64().unwrap() + 1);
                            }
                        }
                    })));
                }
                for fault in faults {
                    let context = format!("{target} at {} with {fault:?}", CONNECTIONS[provider]);
                    let same = target.clone();
                    proxy.inject(Rule::new(fault).times(usize::MAX).when(move |r| r.target == same));
                    let output = apply(&world).output().await.unwrap();
                    assert_eq!(output.status.code(), Some(1), "{context}: {output:?}");
                    proxy.clear_rules();
                    tried += 1;
                }
            }
        }
        assert!(world.effects().is_empty(), "half a list led to a change");
        println!("{tried} broken listings");
        assert!(tried > 60, "{tried}");
        // And with nothing in the way they do go.
        answer(apply(&world), "undisturbed").await;
        assert!(!world.effects().is_empty());
    });
}

#[test]
fn a_list_that_moves_while_it_is_read_removes_nobody() {
    block(async {
        let (mut world, _) = paged().await;
        let proxy = world.proxies[1].clone();
        let is_first =
            |request: &Request| request.path().ends_with("/users") && request.target.contains("page=1");
        // Each time the first page was read, somebody comes: before the second page, and again when it is started over.
        let armed = [1, 2].map(|nth| proxy.inject(Rule::new(Fault::HoldAfter).nth(nth).when(is_first)));
        let mut run = apply(&world).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        for (nth, armed) in armed.iter().enumerate() {
            armed.reached().await;
            let come = |state: &mut State| {
                state.pandadoc.add_user(format!("new{nth}@example.com"), "Full");
            };
            world.simulator().change(come).unwrap();
            armed.release();
        }
        assert_eq!(run.wait().await.unwrap().code(), Some(1));
        assert!(world.effects().is_empty(), "a list that moved led to a change");
        answer(apply(&world), "when it stands still").await;
    });
}

/// A hundred workspaces at each provider, and a desired state for all: somebody comes into each, or only into the first.
fn hundred() -> (State, [String; 2]) {
    let mut state = State::empty();
    let company = state.paradigm.add_company("Example SA");
    let people = ["ana", "bo", "cy"];
    let users = people.map(|name| state.paradigm.add_user(format!("{name}@example.com"), company));
    state.paradigm.user_mut(users[0]).unwrap().roles = vec![PlatformRole::CompanyAdmin];
    state.paradigm.add_key("simulated-paradigm", users[0]);
    let ids = people.map(|name| state.pandadoc.add_user(format!("{name}@example.com"), "Full"));
    state.pandadoc.user_mut(&ids[0]).unwrap().is_organization_admin = true;
    let mut texts = [String::new(), String::new()];
    for number in 1..=100 {
        let paradigm = state.paradigm.add_workspace(format!("w{number}"), company);
        state.paradigm.grant_user(paradigm, users[0], "owner");
        state.paradigm.grant_user(paradigm, users[1], "viewer");
        let pandadoc = state.pandadoc.add_workspace(format!("w{number}"), &ids[0]);
        state.pandadoc.add_member(&pandadoc, &ids[1], "Collaborator");
        for target in [format!("paradigm:{paradigm}"), format!("pandadoc:{pandadoc}")] {
            let workspace = format!(
                "[[workspace]]\ntarget = \"{target}\"\nmode = \"authoritative\"\n[workspace.members]\n\
                 owner = [\"ana@example.com\"]\nviewer = [\"bo@example.com\""
            );
            texts[0].extend([format!("{workspace}, \"cy@example.com\"]\n")]);
            let comes = if number == 1 { ", \"cy@example.com\"" } else { "" };
            texts[1].extend([format!("{workspace}{comes}]\n")]);
        }
        if number == 1 {
            state.pandadoc.add_key("simulated-pandadoc", &ids[0], &pandadoc);
        }
    }
    (state, texts)
}

/// How many requests for what, in the order of the operations' names.
fn counted(log: &[Logged], provider: Provider) -> Vec<(&'static str, usize)> {
    let mut all = std::collections::BTreeMap::new();
    for request in log.iter().filter(|request| request.provider == provider) {
        *all.entry(request.operation.unwrap()).or_insert(0) += 1;
    }
    all.into_iter().collect()
}

#[test]
fn a_hundred_workspaces_of_an_account_are_read_in_one_pass() {
    block(async {
        let (state, [all, first]) = hundred();
        let world = World::start(&state).await;
        // How many requests there are is asked here, and not how long their limit takes: that is minutes.
        configure(&world, "layers.rate_limit.off = true\n");
        world.shell.file("desired.toml", &all);
        let planned = wsm(&world, &["-o", "json", "plan", "desired.toml"]).output().await.unwrap();
        assert_eq!(planned.status.code(), Some(5), "{}", String::from_utf8_lossy(&planned.stderr));
        let plan: Value = serde_json::from_slice(&planned.stdout).unwrap();
        assert_eq!(plan["steps"].as_array().unwrap().len(), 200);
        let log = world.simulator().requests();
        world.simulator().clear_requests();
        // Everybody's memberships stand in the one list of users. It is read once for members, once for addresses.
        let read = [("current_member", 1), ("list_users", 2), ("list_workspaces", 1)];
        assert_eq!(counted(&log, Provider::PandaDoc), read);
        // No list has all members here: each workspace is asked once.
        let read = [("get_me", 1), ("list_members", 100), ("list_users", 1), ("list_workspaces", 1)];
        assert_eq!(counted(&log, Provider::Paradigm), read);

        // To change one of them costs one addition more, and the members once more at the end.
        world.shell.file("desired.toml", &first);
        let report = answer(apply(&world), "a hundred workspaces").await;
        assert_eq!((&report["remaining"], report["steps"].as_array().unwrap().len()), (&json!(0), 2));
        let log = world.simulator().requests();
        let done = [("add_member", 1), ("current_member", 1), ("list_users", 3), ("list_workspaces", 1)];
        assert_eq!(counted(&log, Provider::PandaDoc), done);
        let done = [
            ("add_member", 1),
            ("get_me", 1),
            ("list_members", 200),
            ("list_users", 1),
            ("list_workspaces", 1),
        ];
        assert_eq!(counted(&log, Provider::Paradigm), done);
    });
}
