//! Each verb at each provider, with `wsm simulate` in a second process: it works, or it is refused as `capabilities` says.

use crate::support::{Here, Shell, Simulated};
use serde_json::Value;
use workspace_members_simulator::State;
use workspace_members_testkit::{Answer, Fault, Rule};

const BOTH: [(&str, &str); 2] = [("paradigm", "Research"), ("pandadoc", "Contracts")];

fn supports(shell: &Shell, connection: &str, capability: &str) -> bool {
    let documents = shell.answer(&["capabilities", connection]);
    let claims = documents[0]["claims"].as_array().unwrap();
    let claim = claims.iter().find(|claim| claim["capability"] == capability).unwrap();
    claim["supported"].as_bool().unwrap()
}

/// Runs it; if the capability is not claimed, it must be refused before any request.
#[track_caller]
fn verb(shell: &Shell, connection: &str, capability: &str, arguments: &[&str]) -> Option<Value> {
    if supports(shell, connection, capability) {
        return Some(shell.answer(arguments));
    }
    let error = shell.error(2, arguments);
    assert_eq!((&error["kind"], &error["effect"]), (&"unsupported".into(), &"rejected".into()), "{error}");
    None
}

fn members(shell: &Shell, target: &str) -> Vec<Value> {
    shell.answer(&["list", target]).as_array().unwrap().clone()
}

fn role_of(shell: &Shell, target: &str, email: &str) -> Option<Value> {
    let found = members(shell, target).into_iter().find(|row| row["email"] == email);
    found.map(|row| row["native_role"].clone())
}

#[test]
fn users_come_change_and_go() {
    let simulated = Simulated::start(&[]);
    let shell = &simulated.shell;
    for (connection, workspace) in BOTH {
        let target = &format!("{connection}:{workspace}");
        // A user of the account who is not a member.
        let email =
            if connection == "paradigm" { "leo.andersson@example.com" } else { "rosa.navarro@example.com" };
        let add = ["add", target, "--email", email, "--role", "viewer"];
        let before = members(shell, target).len();
        let added = verb(shell, connection, "add_user", &add).unwrap();
        assert_eq!((&added["change"], &added["member"]["role"]), (&"applied".into(), &"viewer".into()));
        assert_eq!(members(shell, target).len(), before + 1);

        // Again: an error unless asked otherwise.
        let again = shell.error(1, &add);
        assert_eq!(again["kind"], "already_member");
        let kept = shell.answer(&[&add[..], &["--if-present", "keep"]].concat());
        assert_eq!(kept["change"], "unchanged");

        let change = ["set-role", target, email, "--role", "editor"];
        if let Some(changed) = verb(shell, connection, "set_user_role", &change) {
            assert_eq!(changed["change"], "applied");
        } else {
            let two_steps = [&change[..], &["--allow-remove-then-add"]].concat();
            assert_eq!(shell.answer(&two_steps)["change"], "applied");
        }
        let native = if connection == "paradigm" { "editor" } else { "Member" };
        assert_eq!(role_of(shell, target, email), Some(native.into()));

        let removed = verb(shell, connection, "remove_user", &["remove", target, email]).unwrap();
        assert_eq!((&removed["change"], &removed["member"]["email"]), (&"applied".into(), &email.into()));
        assert_eq!(role_of(shell, target, email), None);
        let again = shell.answer(&["remove", target, email]);
        assert_eq!((&again["change"], &again["member"]), (&"unchanged".into(), &Value::Null));
    }
}

#[test]
fn groups_come_and_go_where_there_are_any() {
    let simulated = Simulated::start(&[]);
    let shell = &simulated.shell;
    for (connection, workspace) in BOTH {
        let target = &format!("{connection}:{workspace}");
        let add = ["add", target, "--group", "4", "--role", "viewer"];
        let added = verb(shell, connection, "add_group", &add);
        if let Some(added) = &added {
            let member = &added["member"];
            assert_eq!(
                (&member["kind"], &member["id"], &member["name"]),
                (&"group".into(), &"4".into(), &"Partners".into())
            );
        }
        let change = ["set-role", target, "group:4", "--role", "editor"];
        let changed = verb(shell, connection, "set_group_role", &change);
        if changed.is_none() && added.is_some() {
            let two_steps = [&change[..], &["--allow-remove-then-add"]].concat();
            assert_eq!(shell.answer(&two_steps)["member"]["role"], "editor");
        }
        let removed = verb(shell, connection, "remove_group", &["remove", target, "group:4"]);
        assert_eq!(removed.is_some(), added.is_some());
    }
}

#[test]
fn custom_roles_and_mails_where_there_are_any() {
    let simulated = Simulated::start(&[]);
    let shell = &simulated.shell;
    let email = "paul.lefevre@example.com";
    let custom = ["add", "pandadoc:Contracts", "--email", email, "--role", "native:Legal Reviewer"];
    let added = shell.answer(&custom);
    assert_eq!(added["member"]["role"], serde_json::json!({"custom": "Legal Reviewer"}));
    let notified =
        ["add", "pandadoc:Contracts", "--email", "rosa.navarro@example.com", "--role", "manager", "--notify"];
    assert_eq!(shell.answer(&notified)["member"]["native_role"], "Manager");
    let refused = ["add", "paradigm:Research", "--user", "40", "--role", "viewer", "--notify"];
    assert_eq!(shell.error(2, &refused)["kind"], "unsupported");
    let refused = ["add", "paradigm:Research", "--user", "40", "--role", "native:Legal Reviewer"];
    assert_eq!(shell.error(2, &refused)["kind"], "invalid_role");
}

#[test]
fn who_keeps_the_workspace_reachable_is_protected() {
    let simulated = Simulated::start(&[]);
    let shell = &simulated.shell;
    let owner = shell.error(1, &["remove", "pandadoc:Contracts", "dorian.petit@example.com"]);
    assert_eq!((&owner["kind"], &owner["provider"]), (&"protected".into(), &"pandadoc".into()));
    // The only owner of Sales, and whom the key acts as.
    let me = [
        "set-role",
        "paradigm:Sales",
        "camille.laurent@example.com",
        "--role",
        "viewer",
        "--allow-remove-then-add",
    ];
    let refused = shell.error(4, &me);
    assert_eq!((&refused["kind"], &refused["operation"]), (&"protected".into(), &"set_role".into()));
    let guards: Vec<&str> = refused["refusals"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|refusal| refusal["guard"].as_str())
        .collect();
    assert_eq!(guards, ["min_owners", "acting_identity"]);
    assert_eq!(role_of(shell, "paradigm:Sales", "camille.laurent@example.com"), Some("owner".into()));
}

#[test]
fn advice_is_for_whoever_typed_the_command() {
    let simulated = Simulated::start(&[]);
    let shell = &simulated.shell;
    let add = ["add", "paradigm:Sales", "--email", "hanna.kowalska@example.com", "--role", "viewer"];
    shell.run(&add).complains(1, &["is a member of paradigm:2 already", "--if-present keep"]);
    shell.file("wsm.toml", "[guards]\nmax_removals = 0\n");
    let remove = ["remove", "paradigm:Sales", "hanna.kowalska@example.com"];
    let config = ["--simulate", "--config", "wsm.toml"];
    let refused = shell.run(&[&config[..], &remove].concat());
    let refused =
        refused.complains(4, &["more than 0 of 21 members", "raise the limit under [guards] in wsm.toml"]);
    // The override that it prints fits the next run, whose simulator has other ports.
    let lift = refused.stderr.split_once("--override ").unwrap().1.split_whitespace().next().unwrap();
    let removed = shell.run(&[&config[..], &remove, &["--override", lift]].concat()).ends(0).stdout;
    assert!(removed.contains("applied: remove hanna.kowalska@example.com (viewer)"), "{removed}");
    assert!(removed.contains("No longer a member:\nWHO"), "{removed}");
}

#[test]
fn a_loss_that_may_be_the_keys_own_says_why_that_is_not_known() {
    let here = Here::start(State::sample());
    let proxy = here.in_front_of(here.simulator.paradigm_url());
    let refusal = Answer::json(403, "{\"detail\": \"No profile for this key.\"}".to_owned());
    let me = Rule::new(Fault::Answer(refusal)).times(usize::MAX);
    proxy.inject(me.when(|request| request.path().ends_with("/users/me")));
    let shell = Shell::at(&here.simulator).with("PARADIGM_BASE_URL", &proxy.url());
    let remove = ["remove", "paradigm:2", "hanna.kowalska@example.com"];
    let refused = shell.error(4, &remove);
    let message = refused["refusals"][0]["message"].as_str().unwrap();
    assert!(message.contains("the key may act as hanna.kowalska@example.com"), "{refused}");
    assert!(message.contains("whom it acts as could not be read: "), "{refused}");
    let lift = format!("acting_identity={}", refused["fingerprint"].as_str().unwrap());
    assert_eq!(shell.answer(&[&remove[..], &["--override", &lift]].concat())["change"], "applied");
}

#[test]
fn changes_are_recorded_and_traced_where_asked() {
    let simulated = Simulated::start(&[]);
    let shell = &simulated.shell;
    let add = ["add", "paradigm:Sales", "--email", "leo.andersson@example.com", "--role", "viewer"];
    let traced = shell.run(&[&["--audit", "audit.jsonl", "-v"], &add[..]].concat()).ends(0);
    assert!(traced.stderr.contains("changed") && traced.stderr.contains("add"), "{}", traced.stderr);
    let record = std::fs::read_to_string(shell.path().join("audit.jsonl")).unwrap();
    let lines: Vec<Value> = record.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "an intent and an outcome: {record}");
    assert!(record.contains("camille.laurent@example.com"), "who did it: {record}");
    // Reading records nothing, and a record that cannot be kept stops the change.
    shell.run(&["--audit", "other.jsonl", "list"]).ends(0);
    assert!(!shell.path().join("other.jsonl").exists());
    let gone =
        shell.run(&["--audit", "no/such/folder/x", "remove", "paradigm:Sales", "leo.andersson@example.com"]);
    gone.complains(2, &["no/such/folder/x"]);
    assert!(role_of(shell, "paradigm:Sales", "leo.andersson@example.com").is_some());
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let simulated = Simulated::start(&[]);
    let shell = &simulated.shell;
    for (connection, workspace) in BOTH {
        let target = &format!("{connection}:{workspace}");
        let before = members(shell, target);
        let email = "leo.andersson@example.com";
        let email = if connection == "paradigm" { email } else { "rosa.navarro@example.com" };
        let ran = shell.run(&["add", target, "--email", email, "--role", "viewer", "--dry-run"]).ends(5);
        assert!(ran.stdout.contains("would add"), "{ran:?}");
        let somebody = before.iter().find(|row| row["role"] == "editor").unwrap()["email"].as_str().unwrap();
        let json = shell.run(&["-o", "json", "remove", target, somebody, "--dry-run"]).ends(5).json();
        assert_eq!((&json["change"], &json["member"]["email"]), (&"pending".into(), &somebody.into()));
        shell.run(&["remove", target, email, "--dry-run"]).ends(0);
        // Nobody at all is a slip.
        shell
            .run(&["remove", target, "nobody@example.com", "--dry-run"])
            .complains(2, &["nobody@example.com"]);
        assert_eq!(members(shell, target), before);
    }
}

#[test]
fn what_a_change_leaves_behind_is_shown_when_it_is_done() {
    let here = Here::start(State::sample());
    let shell = Shell::at(&here.simulator);
    let lucia = "lucia.fernandez@example.com";
    let answer = shell.answer(&["remove", "paradigm:1", lucia]);
    assert_eq!(answer["consequences"].as_array().unwrap().len(), 1, "{answer}");
    let ran = shell.run(&["remove", "paradigm:2", "quentin.moreau@example.com"]);
    assert!(ran.stdout.contains("No longer a member:"), "{ran:?}");
}

#[test]
fn what_was_not_done_is_never_called_as_desired() {
    let here = Here::start(State::sample());
    let shell = Shell::at(&here.simulator);
    let text = "[[workspace]]\ntarget = \"pandadoc:mreXwGBmsrQzkURDUhZPkU\"\nmode = \"additive\"\n[workspace.members]\n";
    shell.file("nix.toml", &format!("{text}\"native:Nix\" = [\"tara.byrne@example.com\"]\n"));
    for _ in 0..2 {
        let ran = shell.run(&["apply", "nix.toml", "--yes"]);
        assert!(!ran.stdout.contains("all workspaces match the desired state"), "{ran:?}");
    }
}
