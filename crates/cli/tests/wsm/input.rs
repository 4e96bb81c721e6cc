//! Wrong input gets one line that says what would be right, and nothing is sent.

use crate::support::{Here, Shell};
use workspace_members_simulator::State;

#[test]
fn each_slip_has_its_line() {
    let here = Here::start(State::sample());
    let shell = Shell::at(&here.simulator);
    let cases: &[(&[&str], &[&str])] = &[
        (&["list", "acme"], &["unknown connection \"acme\"", "paradigm, pandadoc"]),
        (&["list", "paradigm:"], &["CONNECTION:WORKSPACE"]),
        (&["capabilities", "acme"], &["unknown connection", "paradigm, pandadoc"]),
        (&["add", "paradigm", "--user", "1", "--role", "owner"], &["write paradigm:WORKSPACE"]),
        (&["add", "paradigm:1", "--role", "owner"], &["--email", "--user", "--group"]),
        (
            &["add", "paradigm:1", "--user", "1", "--email", "a@b.c", "--role", "owner"],
            &["cannot be used with"],
        ),
        (&["add", "paradigm:1", "--email", "ana", "--role", "owner"], &["\"ana\"", "local@domain"]),
        (
            &["add", "paradigm:1", "--user", "1", "--role", "boss"],
            &["owner, manager, editor, viewer", "native:NAME"],
        ),
        (
            &["add", "paradigm:1", "--email", "a@b.c", "--role", "manager"],
            &["supported: owner, editor, viewer", "nearest narrower: editor"],
        ),
        (
            &["add", "paradigm:1", "--email", "a@b.c", "--role", "owner", "--notify"],
            &["no mail can be asked for"],
        ),
        (
            &["add", "pandadoc:x", "--group", "4", "--role", "owner"],
            &["PandaDoc has no groups", "supported: adding a user"],
        ),
        (&["set-role", "paradigm:1", "ana", "--role", "owner"], &["\"ana\"", "user:ID"]),
        (
            &["set-role", "paradigm:1", "a@b.c", "--role", "owner"],
            &["not supported", "--allow-remove-then-add"],
        ),
        (&["remove", "pandadoc:x", "group:4"], &["PandaDoc has no groups"]),
        (&["find", "ana"], &["write an e-mail address, user:ID or group:ID"]),
        (&["--output", "xml", "list"], &["table", "json", "csv"]),
        (&["--config", "/no/such/wsm.toml", "list"], &["/no/such/wsm.toml", "cannot be read"]),
        (&["frobnicate"], &["unrecognized subcommand"]),
        (&["doctor", "pandadoc:Contracts"], &["about a whole connection: write pandadoc"]),
    ];
    for (arguments, words) in cases {
        let ran = shell.run(arguments).complains(2, words);
        assert_eq!(ran.stdout, "", "{arguments:?}");
        assert!(ran.stderr.starts_with("error: "), "{ran:?}");
    }
    assert_eq!(here.requests(), 0, "nothing is sent when the input is wrong");
}

#[test]
fn without_any_key_it_says_what_to_set() {
    let words = ["PARADIGM_API_KEY", "PANDADOC_API_KEY", "wsm.toml", "wsm --simulate list"];
    Shell::new().run(&["list"]).complains(2, &words);
    // With one key, only that connection exists.
    let here = Here::start(State::sample());
    let shell = Shell::new()
        .with("PANDADOC_BASE_URL", here.simulator.pandadoc_url())
        .with("PANDADOC_API_KEY", here.simulator.pandadoc_key());
    let rows = shell.answer(&["workspaces"]);
    assert!(rows.as_array().unwrap().iter().all(|row| row["connection"] == "pandadoc"));
    shell.run(&["list", "paradigm"]).complains(2, &["set PARADIGM_API_KEY"]);
}

#[test]
fn a_config_error_shows_file_line_and_column() {
    let shell = Shell::new();
    shell.file("wsm.toml", "[connections.a]\nprovider = \"paradigm\"\nkey_env = \"K\"\nlevle = \"owner\"\n");
    shell.run(&["list"]).complains(2, &["wsm.toml:4:1: paradigm has no setting `levle`", "`level`"]);
    shell.file("wsm.toml", "[connections.a]\nprovider = \"paradigm\nkey_env = \"K\"\n");
    shell.run(&["list"]).complains(2, &["wsm.toml:2:"]);
    shell.file("wsm.toml", "[connections.a]\nprovider = \"pandadoc\"\nkey_env = \"K\"\nlevel = \"owner\"\n");
    shell.run(&["list"]).complains(2, &["`level` is a setting of paradigm"]);
    shell.file("wsm.toml", "[connections.a]\nprovider = \"dropbox\"\nkey_env = \"K\"\n");
    shell.run(&["list"]).complains(2, &["\"dropbox\"", "paradigm, pandadoc"]);
}

#[test]
fn the_configuration_is_found_in_its_order() {
    let here = Here::start(State::sample());
    let shell = Shell::new().with("K", here.simulator.paradigm_key());
    let config = |name: &str| {
        format!(
            "[connections.{name}]\nprovider = \"paradigm\"\nbase_url = \"{}\"\nkey_env = \"K\"\n",
            here.simulator.paradigm_url()
        )
    };
    let connection = |shell: &Shell, arguments: &[&str]| {
        shell.answer(&[arguments, &["workspaces"]].concat())[0]["connection"].as_str().unwrap().to_owned()
    };
    std::fs::create_dir_all(shell.path().join(".config/wsm")).unwrap();
    shell.file(".config/wsm/wsm.toml", &config("home"));
    assert_eq!(connection(&shell, &[]), "home");
    std::fs::create_dir_all(shell.path().join("xdg/wsm")).unwrap();
    shell.file("xdg/wsm/wsm.toml", &config("xdg"));
    let xdg = shell.path().join("xdg").to_str().unwrap().to_owned();
    let shell = shell.with("XDG_CONFIG_HOME", &xdg);
    assert_eq!(connection(&shell, &[]), "xdg");
    shell.file("wsm.toml", &config("here"));
    assert_eq!(connection(&shell, &[]), "here");
    shell.file("variable.toml", &config("variable"));
    let shell = shell.with("WSM_CONFIG", "variable.toml");
    assert_eq!(connection(&shell, &[]), "variable");
    shell.file("argument.toml", &config("argument"));
    assert_eq!(connection(&shell, &["--config", "argument.toml"]), "argument");
}

#[test]
fn versions_help_and_completions_need_nothing() {
    let shell = Shell::new();
    assert!(shell.run(&["--version"]).ends(0).stdout.starts_with("wsm "));
    assert!(shell.run(&["--help"]).ends(0).stdout.contains("Exit codes"));
    for name in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(shell.run(&["completions", name]).ends(0).stdout.contains("set-role"), "{name}");
    }
}

#[test]
fn scripts_get_the_whole_slip() {
    let shell = Shell::new();
    let missing = shell.error(2, &["add", "paradigm:1"]);
    let message = missing["message"].as_str().unwrap();
    assert!(message.contains("--role") && message.contains("--email"), "{message}");
    assert_eq!(shell.run(&["-o", "json", "completions", "bash"]).ends(0).stdout, {
        shell.run(&["completions", "bash"]).ends(0).stdout
    });
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let shell = Shell::new();
    let output = shell.command(&["list"]).arg(std::ffi::OsStr::from_bytes(b"\xff")).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn nobody_is_advised_to_do_what_the_provider_does_not() {
    let shell = Shell::new().with("PANDADOC_API_KEY", "unused");
    let refused = shell.error(2, &["set-role", "pandadoc:x", "group:4", "--role", "editor"]);
    assert!(!refused["advice"].as_str().unwrap().contains("allow-remove-then-add"), "{refused}");
}

#[test]
fn without_a_place_for_the_journal_nothing_is_changed() {
    let here = Here::start(State::sample());
    let shell = Shell::at(&here.simulator);
    for home in [None, Some(".")] {
        let mut command = shell.command(&["remove", "paradigm:2", "hanna.kowalska@example.com"]);
        command.env_remove("HOME").envs(home.map(|home| ("HOME", home)));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("set HOME or XDG_STATE_HOME"), "{output:?}");
    }
    assert_eq!(here.requests(), 0);
}

/// A workspace's name is looked up on the command line. Where only an id can stand, a text that is none is refused.
#[test]
fn what_is_not_an_id_is_not_tried_as_one() {
    let here = Here::start(State::sample());
    let shell = Shell::at(&here.simulator).with("K", here.simulator.pandadoc_key());
    let desired = |target: &str| {
        format!(
            "# a file\n[[workspace]]\ntarget = \"{target}\"\nmode = \"additive\"\nmembers.viewer = [\"user:1\"]\n"
        )
    };
    shell.file("desired.toml", &desired("paradigm:Sales"));
    let said = "desired.toml:3: paradigm: \"Sales\" is not a workspace's id; write a positive whole number";
    shell.run(&["plan", "desired.toml"]).complains(2, &[said]);
    shell.run(&["apply", "desired.toml", "--yes"]).complains(2, &[said]);
    // That PandaDoc's ids have 22 letters is known from examples only.
    let one = here.simulator.state().pandadoc.workspaces[0].id.clone();
    shell.file(
        "wsm.toml",
        &format!(
            "[connections.hr]\nprovider = \"pandadoc\"\nbase_url = \"{}\"\nkey_env = \"K\"\nreach = {{ workspace = \"{one}\" }}\n",
            here.simulator.pandadoc_url()
        ),
    );
    for command in
        [&["list", "hr:Contracts"][..], &["add", "hr:Contracts", "--user", "x", "--role", "viewer"]]
    {
        shell.run(command).complains(2, &["this connection reaches workspace", "only; Contracts takes"]);
    }
    assert_eq!(here.requests(), 0);
}

/// The table of exit codes in `docs/cli.md`, row by row.
#[test]
fn each_exit_code_means_what_is_documented() {
    let here = Here::start(State::sample());
    let shell = Shell::at(&here.simulator);
    let file = |name: &str, who: &str| {
        let text =
            "[[workspace]]\ntarget = \"paradigm:2\"\nmode = \"additive\"\n[workspace.members]\nviewer = ";
        shell.file(name, &format!("{text}[{who}]\n"));
    };
    file("jonas.toml", "\"jonas.weber@example.com\"");
    file("nobody.toml", "\"nobody@example.com\"");
    file("nothing.toml", "");
    let hanna = "hanna.kowalska@example.com";
    let cases: &[(i32, &[&str])] = &[
        (0, &["list", "paradigm:2"]),
        (0, &["plan", "nothing.toml"]),
        (0, &["remove", "paradigm:2", "jonas.weber@example.com"]),
        // The provider, or what is there, does not let it happen.
        (1, &["add", "paradigm:2", "--email", hanna, "--role", "viewer"]),
        (1, &["remove", "pandadoc:Contracts", "dorian.petit@example.com"]),
        // Wrong input: its form, what the provider cannot do, and names of nobody and nothing.
        (2, &["list", "acme"]),
        (2, &["list", "paradigm:999"]),
        (2, &["list", "paradigm:Nowhere"]),
        (2, &["list", "pandadoc:Nowhere"]),
        (2, &["list", "pandadoc:AAAAAAAAAAAAAAAAAAAAAA"]),
        (2, &["diff", "paradigm:2", "pandadoc:Nowhere"]),
        (2, &["add", "paradigm:999", "--user", "1", "--role", "viewer"]),
        (2, &["add", "paradigm:2", "--email", "nobody@example.com", "--role", "viewer"]),
        (2, &["add", "paradigm:2", "--user", "1", "--role", "native:Boss"]),
        (2, &["set-role", "pandadoc:Contracts", "user:nobody", "--role", "viewer"]),
        (2, &["remove", "paradigm:2", "nobody@example.com"]),
        (2, &["remove", "pandadoc:Contracts", "group:1"]),
        (2, &["plan", "nobody.toml"]),
        (2, &["plan", "missing.toml"]),
        (2, &["apply", "nobody.toml", "--yes"]),
        (2, &["apply", "jonas.toml"]),
        (3, &["list", "paradigm:2", "pandadoc:Nowhere"]),
        (4, &["remove", "paradigm:Sales", "camille.laurent@example.com"]),
        (5, &["plan", "jonas.toml"]),
        (5, &["remove", "paradigm:2", hanna, "--dry-run"]),
        (5, &["diff", "paradigm:2", "pandadoc:Contracts"]),
    ];
    let before = serde_json::to_value(here.simulator.state()).unwrap();
    for (code, command) in cases {
        let ran = shell.run(command);
        assert_eq!(ran.code, Some(*code), "{command:?}: {ran:?}");
    }
    assert_eq!(serde_json::to_value(here.simulator.state()).unwrap(), before, "something was changed");
    // Added, and not given the role of the second step.
    let nix = ["add", "pandadoc:Contracts", "--email", "tara.byrne@example.com", "--role", "native:Nix"];
    shell.run(&nix).complains(3, &["done before: added"]);
    here.simulator.change(|state| state.paradigm.users.clear()).unwrap();
    shell.run(&["doctor", "paradigm"]).ends(1);
}
