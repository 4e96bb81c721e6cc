//! Where keys come from, and that they appear nowhere.

use crate::support::{Here, Shell};
use std::path::Path;
use std::process::Stdio;
use workspace_members_simulator::{Simulator, State};
use workspace_members_testkit::{Answer, Fault, Rule};

const CANARY: &str = "canary-7f3a9c";

/// The sample with a key that is easy to recognize.
fn world() -> Here {
    let mut state = State::sample();
    let (paradigm, pandadoc) = (state.paradigm.keys[0].clone(), state.pandadoc.keys[0].clone());
    state.paradigm.add_key(CANARY, paradigm.user);
    state.pandadoc.add_key(CANARY, &pandadoc.user_id, &pandadoc.workspace_id);
    Here::start(state)
}

fn config(simulator: &Simulator, key: &str) -> String {
    format!(
        "[connections.p]\nprovider = \"paradigm\"\nbase_url = \"{}\"\n{key}\n\n\
         [connections.d]\nprovider = \"pandadoc\"\nbase_url = \"{}\"\n{key}\n",
        simulator.paradigm_url(),
        simulator.pandadoc_url()
    )
}

#[test]
fn no_key_appears_in_any_output() {
    let here = world();
    let shell = Shell::at(&here.simulator).with("PARADIGM_API_KEY", CANARY).with("PANDADOC_API_KEY", CANARY);
    let refused = Shell::at(&here.simulator)
        .with("PARADIGM_API_KEY", &format!("{CANARY}-wrong"))
        .with("PANDADOC_API_KEY", &format!("{CANARY}-wrong"));
    let nowhere = Shell::new().with("PARADIGM_API_KEY", CANARY);
    nowhere.file(
        "wsm.toml",
        "[connections.nowhere]
provider = \"paradigm\"
base_url = \"http://127.0.0.1:1\"
key_env = \
         \"PARADIGM_API_KEY\"
layers.retry.max_attempts = 1
",
    );
    let ran = nowhere.run(&["-vv", "list"]).ends(1);
    assert!(!format!("{ran:?}").contains(CANARY), "{ran:?}");
    let commands: &[&[&str]] = &[
        &["list"],
        &["workspaces"],
        &["capabilities"],
        &["roles"],
        &["doctor"],
        &["find", "camille.laurent@example.com"],
        &["add", "paradigm:1", "--user", "40", "--role", "viewer"],
        &["remove", "paradigm:1", "user:40"],
        &["add", "pandadoc:Contracts", "--email", "nobody@example.com", "--role", "viewer"],
        &["remove", "pandadoc:Contracts", "dorian.petit@example.com"],
    ];
    for shell in [&shell, &refused] {
        for command in commands {
            for format in ["table", "json", "csv"] {
                let ran = shell.run(&[&["-vv", "-o", format], *command].concat());
                assert!(!format!("{ran:?}").contains(CANARY), "{command:?}: {ran:?}");
            }
        }
    }
}

#[test]
fn keys_come_from_the_environment_a_file_or_a_command() {
    let here = world();
    let shell = Shell::new().with("MY_KEY", CANARY);
    shell.file("the-key", &format!("{CANARY}\n"));
    shell.file("printer", &format!("#!/bin/sh\n[ \"$1\" = 'a b;c' ] && echo {CANARY}\n"));
    #[cfg(unix)]
    std::fs::set_permissions(
        shell.path().join("printer"),
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .unwrap();
    let printer = shell.path().join("printer");
    for key in [
        "key_env = \"MY_KEY\"".to_owned(),
        // Beside the config file, wherever that is.
        "key_file = \"the-key\"".to_owned(),
        // One argument, which a shell would have made three of.
        format!("key_command = [{:?}, \"a b;c\"]", printer.to_str().unwrap()),
    ] {
        shell.file("wsm.toml", &config(&here.simulator, &key));
        let config = shell.path().join("wsm.toml").to_str().unwrap().to_owned();
        let ran = shell.run(&["--config", &config, "-o", "json", "workspaces"]).ends(0);
        assert_eq!(ran.json().as_array().unwrap().len(), 4, "{key}");
    }
}

#[test]
fn a_file_that_lies_in_the_folder_runs_nothing_unless_it_was_asked_for() {
    let here = world();
    let shell = Shell::new();
    let ran = shell.path().join("ran");
    let command = format!("key_command = [\"sh\", \"-c\", \"touch {} && echo {CANARY}\"]", ran.display());
    shell.file("wsm.toml", &config(&here.simulator, &command));
    let words =
        ["wsm.toml:4:1: `key_command` runs a program", "wsm.toml:9:1: ", "--config wsm.toml", "WSM_CONFIG"];
    for command in [&["list"][..], &["plan", "desired.toml"], &["doctor"], &["capabilities"]] {
        shell.run(command).complains(2, &words);
    }
    assert!(!ran.exists(), "it was run");
    // The same file, asked for; and the user's own.
    shell.run(&["--config", "wsm.toml", "workspaces"]).ends(0);
    assert!(ran.exists());
    let asked = Shell { folder: shell.folder, variables: Vec::new() }.with("WSM_CONFIG", "wsm.toml");
    asked.run(&["workspaces"]).ends(0);
    let own = Shell::new();
    std::fs::create_dir_all(own.path().join(".config/wsm")).unwrap();
    own.file(".config/wsm/wsm.toml", &config(&here.simulator, &command));
    own.run(&["workspaces"]).ends(0);

    // Nor may it say that a key of the environment goes to a host of its choice.
    let shell = Shell::new().with("PARADIGM_API_KEY", CANARY);
    let text = "[connections.a]\nprovider = \"paradigm\"\nbase_url = \"https://127.0.0.1:1\"\nkey_env = \"PARADIGM_API_KEY\"\n";
    shell.file("wsm.toml", text);
    shell.run(&["list"]).complains(2, &["wsm.toml:3:1: `base_url` decides who gets a key"]);
}

#[test]
fn a_key_that_cannot_be_had_fails_its_connection_only() {
    let here = world();
    let shell = Shell::new().with("GOOD", CANARY);
    let text = config(&here.simulator, "key_env = \"GOOD\"").replacen("GOOD", "MISSING", 1);
    shell.file("wsm.toml", &text);
    let words = ["p: ", "the environment variable MISSING is not set"];
    let rows = shell.run(&["-o", "json", "list"]).complains(3, &words).json();
    assert!(rows.as_array().unwrap().iter().all(|row| row["connection"] == "d"));
}

#[test]
fn keys_in_clear_text_are_refused() {
    let here = world();
    let shell = Shell::new();
    for key in
        [format!("key = \"{CANARY}\""), format!("api_key = \"{CANARY}\""), format!("key_env = \"{CANARY}\"")]
    {
        shell.file("wsm.toml", &config(&here.simulator, &key));
        let ran = shell.run(&["list"]).complains(2, &["wsm.toml:4:", "environment variable"]);
        assert!(!format!("{ran:?}").contains(CANARY), "{ran:?}");
    }
    shell.file("wsm.toml", &config(&here.simulator, "key_file = \"open\""));
    std::fs::write(shell.path().join("open"), CANARY).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(shell.path().join("open"), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .unwrap();
    shell.run(&["list"]).complains(1, &["chmod"]);
    assert_eq!(here.requests(), 0);
}

#[test]
fn oauth_keeps_a_refresh_token_in_a_private_file() {
    let here = world();
    let shell = Shell::new().with("APP_SECRET", "simulated-client-secret");
    shell.file("token", "simulated-refresh-token\n");
    shell.file(
        "wsm.toml",
        &format!(
            "[connections.d]\nprovider = \"pandadoc\"\nbase_url = \"{}\"\n[connections.d.oauth]\nclient_id = \
             \"simulated-client\"\nclient_secret_env = \"APP_SECRET\"\nrefresh_token_file = \"token\"\n",
            here.simulator.pandadoc_url()
        ),
    );
    for _ in 0..2 {
        let rows = shell.answer(&["workspaces"]);
        assert_eq!(rows.as_array().unwrap().len(), 2);
    }
    // A token that one run has spent is of no use to another that read it before. Access tokens may be replaced under a run's
    // hands here; the refresh token is what nobody could get back.
    let all: Vec<_> = (0..6)
        .map(|_| shell.command(&["workspaces"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    for one in all {
        let output = one.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("invalid_grant"), "{said}");
    }
    assert_eq!(shell.answer(&["workspaces"]).as_array().unwrap().len(), 2);
    #[cfg(unix)]
    {
        let mode = std::fs::metadata(shell.path().join("token")).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&mode.permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// Every file below a folder, with what is in it.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            all.push((path.display().to_string(), text));
        }
    }
    all
}

/// Plan, journal, audit record, lock: a provider that repeats the key refuses an addition in the middle of removing and
/// adding, so that each of them contains as much as it ever will.
#[test]
fn no_file_that_a_run_leaves_holds_the_key() {
    let here = world();
    let proxy = here.in_front_of(here.simulator.paradigm_url());
    let shell = Shell::at(&here.simulator).with("PARADIGM_BASE_URL", &proxy.url());
    let shell = shell.with("PARADIGM_API_KEY", CANARY).with("PANDADOC_API_KEY", CANARY);
    shell.file(
        "desired.toml",
        "[guards]\nallow_remove_then_add = true\n[[workspace]]\ntarget = \"paradigm:2\"\nmode = \"additive\"\n\
         [workspace.members]\neditor = [\"tomas.vega@example.com\"]\n",
    );
    let repeated = Answer::json(400, format!("{{\"detail\": \"{CANARY} is not welcome\"}}"))
        .with_header("x-request-id", CANARY);
    proxy.inject(
        Rule::new(Fault::Answer(repeated)).times(usize::MAX).when(|request| request.method == "POST"),
    );
    shell.run(&["-vv", "plan", "desired.toml", "--out", "plan.json"]).ends(5);
    let mut said = String::new();
    for format in ["table", "json"] {
        let ran = shell.run(&["-vv", "-o", format, "--audit", "audit.jsonl", "apply", "plan.json", "--yes"]);
        assert_ne!(ran.code, Some(0), "{ran:?}");
        said.extend([format!("{ran:?}")]);
    }
    let left = files(shell.path());
    for (name, word) in
        [("plan.json", "tomas.vega"), ("audit.jsonl", "[redacted]"), (".journal", "\"open\""), (".lock", "")]
    {
        let found = left.iter().any(|(path, text)| path.ends_with(name) && text.contains(word));
        assert!(found, "no {name} with {word:?}: {left:?}");
    }
    for (path, text) in left {
        assert!(!text.contains(CANARY), "{path}: {text}");
    }
    assert!(!said.contains(CANARY), "{said}");

    proxy.clear_rules();
    let recovered = shell.run(&["-vv", "apply", "desired.toml", "--yes"]).ends(0);
    assert!(
        recovered.stderr.contains("tomas.vega") || recovered.stdout.contains("tomas.vega"),
        "{recovered:?}"
    );
}
