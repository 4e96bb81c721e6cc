//! Desired states: planned, judged, carried out, and refused.

use crate::support::{Here, Shell, Simulated, WSM};
use serde_json::Value;
use workspace_members_simulator::State;
use workspace_members_testkit::{Answer, Fault, Request, Rule};

const ACME: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/acme.toml");

fn roster(shell: &Shell, target: &str) -> Vec<(String, String)> {
    let rows = shell.answer(&["list", target]);
    let row = |row: &Value| {
        let who = row["email"].as_str().or(row["name"].as_str()).unwrap().to_lowercase();
        (who, row["native_role"].as_str().unwrap().to_owned())
    };
    rows.as_array().unwrap().iter().map(row).collect()
}

fn has(shell: &Shell, target: &str, who: &str, role: &str) -> bool {
    roster(shell, target).contains(&(who.to_owned(), role.to_owned()))
}

/// Additive, so that guards on shares have nothing to say.
fn desired(members: &str) -> String {
    format!("[[workspace]]\ntarget = \"paradigm:2\"\nmode = \"additive\"\n[workspace.members]\n{members}\n")
}

#[test]
fn the_example_is_planned_and_applied_over_both_providers() {
    let simulated = Simulated::start(&[]);
    let shell = &simulated.shell;
    let plan = shell.run(&["-o", "json", "plan", ACME]).ends(5).json();
    for name in ["fingerprint", "steps", "kept", "consequences", "requests", "eta_seconds"] {
        assert!(plan.get(name).is_some(), "{name}: {plan}");
    }
    let steps = plan["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["label"] == "tomas.vega@example.com").unwrap();
    assert_eq!((&step["action"], &step["strategy"]), (&"promote".into(), &"remove-then-add".into()));
    assert_eq!(
        (&step["from"], &step["to"], &step["fit"]),
        (&"viewer".into(), &"editor".into(), &"exact".into())
    );
    assert!(step["reason"].as_str().unwrap().contains("desired as editor"), "{step}");
    let both = ["paradigm:2", "pandadoc:"];
    assert!(
        both.iter()
            .all(|target| steps.iter().any(|step| step["target"].as_str().unwrap().starts_with(target)))
    );

    let people = shell.run(&["plan", ACME]).ends(5).stdout;
    for sentence in [
        "Plan: 7 changes",
        "^ promote tomas.vega@example.com from viewer to editor in paradigm:2",
        "removed and added again; without access for a moment",
        "- remove quentin.moreau@example.com (viewer) from paradigm:2",
        "not in the desired state (mode: authoritative)",
        "At most ",
    ] {
        assert!(people.contains(sentence), "{sentence:?}: {people}");
    }

    let report = shell.answer(&["apply", ACME, "--yes"]);
    let outcomes = report["steps"].as_array().unwrap();
    assert_eq!(outcomes.len(), steps.len());
    assert!(outcomes.iter().all(|step| step["outcome"] == "applied"), "{report}");
    assert_eq!(report["remaining"], 0);
    assert!(
        report["rosters"].as_array().unwrap().iter().any(|row| row["email"] == "jonas.weber@example.com")
    );
    assert!(has(shell, "paradigm:2", "tomas.vega@example.com", "editor"));
    assert!(has(shell, "pandadoc:Contracts", "amelie.durand@example.com", "Manager"));
    assert!(!roster(shell, "paradigm:2").iter().any(|(who, _)| who == "quentin.moreau@example.com"));

    // Again: nothing to do, and said so.
    assert_eq!(shell.answer(&["plan", ACME])["steps"], Value::Array(Vec::new()));
    let again = shell.run(&["apply", ACME, "--yes"]).ends(0);
    assert!(again.stdout.contains("Nothing to change."), "{again:?}");
}

#[test]
fn inside_one_process_it_shows_what_was_and_what_is() {
    let ran = Shell::new().run(&["--simulate", "apply", ACME, "--yes"]).ends(0);
    let at =
        |text: &str| ran.stdout.find(text).unwrap_or_else(|| panic!("{text:?} is missing: {}", ran.stdout));
    let order = [
        "Before:",
        "Plan: 7 changes",
        "^ promote tomas",
        "7 changes: 7 applied.",
        "No changes remain: all workspaces match the desired state.",
        "After:",
    ];
    assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("promote tomas").count(), 1, "said once: {}", ran.stdout);
    let sales = ran.stdout[at("After:")..].lines().find(|line| line.contains("Sales")).unwrap();
    assert!(sales.contains("  21  "), "{sales}");
    assert!(
        ran.stderr.contains("applied: promote tomas.vega"),
        "a line per step without a terminal: {}",
        ran.stderr
    );
}

#[test]
fn a_kept_plan_is_carried_out_or_refused_when_it_is_stale() {
    let simulated = Simulated::start(&[]);
    let shell = &simulated.shell;
    shell.file(
        "desired.toml",
        &desired("viewer = [\"jonas.weber@example.com\", \"leo.andersson@example.com\"]"),
    );
    shell.run(&["plan", "desired.toml", "--out", "plan.json"]).ends(5);
    // Somebody else is faster with a part of it.
    shell.run(&["add", "paradigm:2", "--email", "leo.andersson@example.com", "--role", "viewer"]).ends(0);
    let stale = shell.error(4, &["apply", "plan.json", "--yes"]);
    assert_eq!(stale["stale"], serde_json::json!(["paradigm:2"]), "{stale}");
    assert!(stale["advice"].as_str().unwrap().contains("--replan"), "{stale}");
    assert!(!has(shell, "paradigm:2", "jonas.weber@example.com", "viewer"));
    let report = shell.answer(&["apply", "plan.json", "--yes", "--replan"]);
    assert_eq!(report["steps"].as_array().unwrap().len(), 1);
    assert!(has(shell, "paradigm:2", "jonas.weber@example.com", "viewer"));

    shell.file("desired.toml", &desired("viewer = [\"maya.patel@example.com\"]"));
    shell.run(&["plan", "desired.toml", "--out", "plan.json"]).ends(5);
    let text = std::fs::read_to_string(shell.path().join("plan.json")).unwrap();
    shell.file("forged.json", &text.replace("maya.patel@example.com", "nguyen.minh+ops@example.com"));
    shell.run(&["apply", "forged.json", "--yes"]).complains(2, &["forged.json", "changed after it was made"]);
    assert_eq!(shell.answer(&["apply", "plan.json", "--yes"])["remaining"], 0);
}

#[test]
fn a_kept_plan_is_known_by_its_content_and_planned_anew_in_sight() {
    let simulated = Simulated::start(&[]);
    let shell = &simulated.shell;
    shell.file("desired.toml", &desired("viewer = [\"jonas.weber@example.com\"]"));
    shell.run(&["plan", "desired.toml", "--out", "approved"]).ends(5);
    assert_eq!(shell.answer(&["apply", "approved", "--yes"])["remaining"], 0);
    // Nothing to do when it was kept, and something by now: that is shown before it is done.
    shell.run(&["plan", "desired.toml", "--out", "nothing.plan"]).ends(0);
    shell.run(&["remove", "paradigm:2", "jonas.weber@example.com"]).ends(0);
    shell.run(&["apply", "nothing.plan", "--yes"]).complains(4, &["no longer current"]);
    let ran = shell.run(&["apply", "nothing.plan", "--yes", "--replan"]).ends(0);
    assert!(ran.stdout.contains("Plan: 1 change") && ran.stdout.contains("+ add jonas.weber"), "{ran:?}");
    assert!(has(shell, "paradigm:2", "jonas.weber@example.com", "viewer"));
}

#[test]
fn guards_refuse_and_are_lifted_for_one_plan_only() {
    let simulated = Simulated::start(&[]);
    let shell = &simulated.shell;
    let authoritative =
        desired("owner = [\"camille.laurent@example.com\"]").replace("additive", "authoritative");
    shell.file("desired.toml", &authoritative);
    let before = roster(shell, "paradigm:2");
    let refused = shell.error(4, &["plan", "desired.toml"]);
    assert_eq!((&refused["kind"], &refused["guard"]), (&"protected".into(), &"max_removals".into()));
    assert!(refused["people"].as_array().is_some_and(|people| !people.is_empty()), "{refused}");
    shell.run(&["plan", "desired.toml"]).complains(4, &["max_removals", "--override max_removals="]);
    shell.run(&["apply", "desired.toml", "--yes"]).complains(4, &["max_removals"]);
    assert_eq!(roster(shell, "paradigm:2"), before);

    let lift = format!("max_removals={}", refused["fingerprint"].as_str().unwrap());
    let other = format!("max_removals={}", "0".repeat(64));
    shell.run(&["apply", "desired.toml", "--yes", "--override", &other]).ends(4);
    assert_eq!(roster(shell, "paradigm:2"), before);
    shell.run(&["apply", "desired.toml", "--yes", "--override", &lift]).ends(0);
    assert_eq!(roster(shell, "paradigm:2").len(), 1);
    shell.run(&["plan", "desired.toml", "--override", "everything=1"]).complains(2, &["max_removals"]);
}

#[test]
fn the_stricter_guards_of_file_and_host_hold() {
    let simulated = Simulated::start(&[]);
    let shell = &simulated.shell;
    let connection = "[connections.paradigm]\nprovider = \"paradigm\"\nkey_env = \"PARADIGM_API_KEY\"\n";
    let base = shell.variables.iter().find(|(name, _)| name == "PARADIGM_BASE_URL").unwrap();
    let connection = format!("{connection}base_url = \"{}\"\n", base.1);
    shell.file(
        "wsm.toml",
        &format!("{connection}[guards]\nprotect = [\"soren.dahl@example.com\"]\nmax_removals = 0\n"),
    );
    shell.run(&["remove", "paradigm:2", "soren.dahl@example.com"]).complains(4, &["protect"]);
    shell.run(&["remove", "paradigm:2", "hanna.kowalska@example.com"]).complains(4, &["max_removals"]);
    shell.file("wsm.toml", &format!("{connection}[guards]\nallow_remove_then_add = false\n"));
    let change = [
        "set-role",
        "paradigm:2",
        "hanna.kowalska@example.com",
        "--role",
        "editor",
        "--allow-remove-then-add",
    ];
    shell.run(&change).complains(4, &["allow_remove_then_add"]);
    shell.file("wsm.toml", &connection);
    shell.run(&change).ends(0);
}

#[test]
fn everything_wrong_with_a_file_is_said_at_once_and_nothing_is_sent() {
    let here = Here::start(State::sample());
    let shell = Shell::at(&here.simulator);
    let text = "[[workspace]]\ntarget = \"paradigm\"\nmode = \"authorative\"\n[workspace.members]\nboss = [\"a@b.c\"]\n";
    shell.file("desired.toml", text);
    let words =
        ["desired.toml:2:", "desired.toml:3:", "desired.toml:5:", "authoritative, additive or remove-only"];
    let ran = shell.run(&["plan", "desired.toml"]).complains(2, &words);
    let lines =
        ran.stderr.lines().filter(|line| line.trim_start_matches("error: ").starts_with("desired.toml:"));
    assert_eq!(lines.count(), 3, "each in a line of its own: {}", ran.stderr);
    shell.run(&["apply", "desired.toml", "--yes"]).complains(2, &words);
    shell.file("desired.toml", &desired("viewer = []").replace("paradigm:2", "acme:2"));
    shell.run(&["plan", "desired.toml"]).complains(2, &["unknown connection \"acme\"", "paradigm, pandadoc"]);
    shell.run(&["plan", "missing.toml"]).complains(2, &["missing.toml", "cannot be read"]);
    assert_eq!(here.requests(), 0);
    // An unknown person stops the plan before any write.
    shell.file("desired.toml", &desired("viewer = [\"jonas.weber@example.com\", \"nobody@example.com\"]"));
    shell.run(&["apply", "desired.toml", "--yes"]).complains(2, &["nobody@example.com"]);
    assert!(here.simulator.requests().iter().all(|request| request.method == "GET"));
}

#[test]
fn without_a_terminal_nobody_is_asked_and_nothing_is_done() {
    let here = Here::start(State::sample());
    let shell = Shell::at(&here.simulator);
    shell.file("desired.toml", &desired("viewer = [\"jonas.weber@example.com\"]"));
    shell.run(&["apply", "desired.toml"]).complains(2, &["--yes"]);
    assert_eq!(here.requests(), 0);
}

#[test]
fn killed_while_applying_it_converges_when_run_again() {
    let here = Here::start(State::sample());
    let shell = Shell::at(&here.simulator);
    let mut desired_states = ACME_LIKE.to_owned();
    desired_states.insert_str(0, "[guards]\nallow_remove_then_add = true\nmax_demotions = \"100%\"\n");
    shell.file("desired.toml", &desired_states);
    // Killed once after every further write, until one run comes through.
    for writes in 1.. {
        let mut child = shell
            .command(&["apply", "desired.toml", "--yes"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        here.simulator.clear_requests();
        let done = loop {
            let made = here.simulator.requests().iter().filter(|request| request.method != "GET").count();
            if made >= writes {
                child.kill().unwrap();
                child.wait().unwrap();
                break false;
            }
            if let Some(status) = child.try_wait().unwrap() {
                break status.success();
            }
            std::thread::yield_now();
        };
        if done {
            break;
        }
        assert!(writes < 100, "it does not come to an end");
    }
    let plan = shell.answer(&["plan", "desired.toml"]);
    assert_eq!(plan["steps"], Value::Array(Vec::new()));
    let rows = roster(&shell, "paradigm:2");
    assert_eq!(rows.len(), 21, "nobody is left outside: {rows:?}");
}

#[test]
fn one_provider_that_refuses_leaves_the_other_done() {
    let here = Here::start(State::sample());
    let proxy = here.in_front_of(here.simulator.paradigm_url());
    let refusal = Fault::Answer(Answer::status(403));
    proxy.inject(Rule::new(refusal).when(Request::is_write));
    let shell = Shell::at(&here.simulator).with("PARADIGM_BASE_URL", &proxy.url());
    let ran = shell.run(&["-o", "json", "apply", ACME, "--yes"]).ends(3);
    let report = ran.json();
    let outcomes = |connection: &str| -> Vec<String> {
        let steps = report["steps"].as_array().unwrap().iter();
        let of = steps.filter(|step| step["step"]["target"].as_str().unwrap().starts_with(connection));
        of.map(|step| step["outcome"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(outcomes("pandadoc"), ["applied"; 4]);
    assert_eq!(outcomes("paradigm"), ["failed", "skipped", "skipped"]);
    assert_eq!(report["remaining"], 3);
    let advised =
        report["steps"].as_array().unwrap().iter().find(|step| step["outcome"] == "failed").unwrap();
    assert!(advised["advice"].is_string() && advised["message"].is_string(), "{advised}");
    // One step that fails is a failed command.
    proxy.inject(Rule::new(Fault::Answer(Answer::status(403))).when(Request::is_write));
    let error = shell.error(1, &["remove", "paradigm:2", "hanna.kowalska@example.com"]);
    assert_eq!(error["effect"], "rejected");
    // After a lost answer the member is read, and what is true is reported.
    proxy.clear_rules();
    proxy.inject(Rule::new(Fault::CutAfter).when(Request::is_write));
    let answer = shell.answer(&["remove", "paradigm:2", "hanna.kowalska@example.com"]);
    assert_eq!(answer["change"], "applied");
}

#[test]
fn a_dump_plans_to_nothing_and_a_diff_finds_who_differs() {
    let simulated = Simulated::start(&[]);
    let shell = &simulated.shell;
    let text =
        shell.run(&["dump", "paradigm", "pandadoc:Contracts"]).complains(0, &["2 workspaces more"]).stdout;
    shell.file("dump.toml", &text);
    let plan = shell.answer(&["plan", "dump.toml"]);
    assert_eq!(plan["steps"], Value::Array(Vec::new()));
    assert_eq!(plan["desired"]["workspaces"].as_array().unwrap().len(), 3);
    let json = shell.run(&["-o", "json", "dump", "paradigm:Sales"]).ends(0).stdout;
    shell.file("dump.json", &json);
    assert_eq!(shell.answer(&["plan", "dump.json"])["steps"], Value::Array(Vec::new()));

    shell.run(&["diff", "paradigm:1", "paradigm:Research"]).ends(0);
    let diff = shell.run(&["-o", "json", "diff", "paradigm:Sales", "pandadoc:Contracts"]).ends(5).json();
    for name in ["left", "right", "only_left", "only_right", "roles", "same", "ambiguous", "unmatched_left"] {
        assert!(diff.get(name).is_some(), "{name}: {diff}");
    }
    let of = |list: &str| -> Vec<String> {
        diff[list].as_array().unwrap().iter().map(|one| one["label"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of("only_left"), ["hanna.kowalska@example.com"]);
    assert!(of("only_right").contains(&"dorian.petit@example.com".to_owned()));
    let groups = ["Data Team", "Partners"];
    assert!(of("unmatched_left").iter().all(|label| groups.contains(&label.as_str())));
    // Capitals in an address make nobody another person.
    assert!(!of("only_right").iter().any(|label| label.eq_ignore_ascii_case("amelie.durand@example.com")));
    let roles: Vec<&str> =
        diff["roles"].as_array().unwrap().iter().map(|one| one["who"].as_str().unwrap()).collect();
    assert!(roles.contains(&"tomas.vega@example.com"), "{roles:?}");
    let people = shell.run(&["diff", "paradigm:Sales", "pandadoc:Contracts", "--people", ACME]).ends(5);
    assert!(people.stdout.contains("  < hanna.kowalska@example.com (viewer, viewer)"), "{people:?}");
}

/// Everybody of Sales, with viewers and editors exchanged among six.
const ACME_LIKE: &str = r#"
[[workspace]]
target = "paradigm:2"
mode = "additive"
[workspace.members]
editor = ["hanna.kowalska@example.com", "soren.dahl@example.com", "tomas.vega@example.com", "yara.costa@example.com",
    "zoe.devries@example.com", "viktor.horvat@example.com"]
"#;

#[test]
fn a_prompt_is_asked_on_a_terminal() {
    let simulated = Simulated::start(&[]);
    let shell = &simulated.shell;
    shell.file("desired.toml", &desired("viewer = [\"jonas.weber@example.com\"]"));
    let exports = simulated.lines.join("; ");
    let desired = shell.path().join("desired.toml");
    for (answer, there) in [("n", false), ("y", true)] {
        let command = format!("{exports}; {WSM} apply {}; echo ended with $?", desired.display());
        let screen = crate::terminal::Terminal::answer(120, &command, "[y/N]", answer);
        assert!(screen.contains("+ add jonas.weber@example.com as viewer to paradigm:2"), "{screen}");
        assert!(screen.contains(if there { "ended with 0" } else { "ended with 2" }), "{screen}");
        assert_eq!(has(shell, "paradigm:2", "jonas.weber@example.com", "viewer"), there);
    }
}

/// What was read is shown where something was read, and "nothing to change" only where that is so.
#[test]
fn nothing_is_shown_that_is_not_so() {
    let here = Here::start(State::sample());
    let shell = Shell::at(&here.simulator);
    shell.file("desired.toml", &desired("viewer = [\"nobody@example.com\"]"));
    let ran = shell.run(&["plan", "desired.toml"]).complains(2, &["nobody@example.com"]);
    assert_eq!(ran.stdout, "");
    let proxy = here.in_front_of(here.simulator.paradigm_url());
    let shell = shell.with("PARADIGM_BASE_URL", &proxy.url());
    let members = |request: &Request| request.path().ends_with("/members") && request.method == "GET";
    proxy.inject(Rule::new(Fault::Answer(Answer::status(403))).when(members).times(usize::MAX));
    shell.file("desired.toml", &desired("viewer = [\"user:43\"]"));
    let ran = shell.run(&["apply", "desired.toml", "--yes"]);
    assert!(ran.stdout.contains("Plan: 1 change\n") && !ran.stdout.contains("Before:"), "{ran:?}");
    proxy.clear_rules();
    // One step that fails: one change that remains.
    proxy.inject(Rule::new(Fault::Answer(Answer::status(403))).when(Request::is_write));
    shell.file("desired.toml", &desired("viewer = [\"jonas.weber@example.com\"]"));
    let ran = shell.run(&["apply", "desired.toml", "--yes"]).ends(1);
    for said in ["failed    add jonas.weber", "1 change: 1 failed.", "Still to do: 1 change; plan again."] {
        assert!(ran.stdout.contains(said), "{said:?}: {ran:?}");
    }
}
