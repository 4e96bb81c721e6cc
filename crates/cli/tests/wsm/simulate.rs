//! The simulators in the foreground, and inside the process.

use crate::support::{Shell, Simulated};
use std::process::Command;

#[test]
fn it_prints_what_a_shell_needs_and_stops_on_a_signal() {
    for signal in ["INT", "TERM"] {
        let simulated = Simulated::start(&[]);
        let names: Vec<_> = simulated
            .lines
            .iter()
            .map(|line| line.strip_prefix("export ").unwrap().split_once('=').unwrap().0)
            .collect();
        assert_eq!(names, ["PARADIGM_BASE_URL", "PARADIGM_API_KEY", "PANDADOC_BASE_URL", "PANDADOC_API_KEY"]);
        // A shell reads the lines as they are.
        let script = format!("{}\nprintf %s \"$PARADIGM_API_KEY\"", simulated.lines.join("\n"));
        let read = Command::new("sh").args(["-c", &script]).output().unwrap();
        let key = simulated.shell.variables.iter().find(|(name, _)| name == "PARADIGM_API_KEY").unwrap();
        assert_eq!(String::from_utf8(read.stdout).unwrap(), key.1);
        let status = simulated.stop(signal);
        assert_eq!(status.code(), Some(0), "{signal}: {status:?}");
    }
}

#[test]
fn addresses_can_be_chosen_on_loopback_only() {
    let simulated = Simulated::start(&["--paradigm", "127.0.0.1:0", "--pandadoc", "[::1]:0"]);
    assert!(simulated.lines[2].starts_with("export PANDADOC_BASE_URL="), "{:?}", simulated.lines);
    assert!(simulated.lines[2].contains("[::1]:"), "{:?}", simulated.lines);
    Shell::new().run(&["simulate", "--paradigm", "0.0.0.0:0"]).complains(2, &["loopback"]);
    Shell::new().run(&["simulate", "--paradigm", "somewhere"]).complains(2, &["--paradigm"]);
}

#[test]
fn state_is_kept_in_a_file_by_both_forms() {
    let simulated = Simulated::start(&["--state", "state.json"]);
    let add = ["add", "paradigm:Sales", "--email", "leo.andersson@example.com", "--role", "viewer"];
    simulated.shell.answer(&add);
    let state = simulated.shell.path().join("state.json");
    let inside = format!("--simulate={}", state.to_str().unwrap());
    let find = ["find", "leo.andersson@example.com"];
    // One at a time uses the file.
    Shell::new().run(&[&[inside.as_str()], &find[..]].concat()).complains(2, &["in use"]);
    let copy = std::fs::read(&state).unwrap();
    simulated.stop("TERM");
    let shell = Shell::new();
    let state = shell.path().join("state.json");
    std::fs::write(&state, copy).unwrap();
    let inside = format!("--simulate={}", state.to_str().unwrap());
    let rows = shell.answer(&[&[inside.as_str()], &find[..]].concat());
    assert!(rows.as_array().unwrap().iter().any(|row| row["workspace"] == "2"), "{rows}");
    shell.answer(&[&inside, "remove", "paradigm:Sales", "leo.andersson@example.com"]);
    let rows = shell.answer(&[&[inside.as_str()], &find[..]].concat());
    let direct = rows.as_array().unwrap().iter().find(|row| row["workspace"] == "2" && row["kind"] == "user");
    assert_eq!(direct, None);
}

#[test]
fn without_a_file_every_run_starts_afresh() {
    let shell = Shell::new();
    for _ in 0..2 {
        let add = ["--simulate", "add", "paradigm:Sales", "--user", "43", "--role", "viewer"];
        assert_eq!(shell.answer(&add)["change"], "applied");
    }
    assert_eq!(std::fs::read_dir(shell.path()).unwrap().count(), 0);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    for arguments in [&["--simulate", "list"][..], &["--simulate", "-vv", "list"]] {
        // Of both pipes nobody has the end that is read.
        let ((_, out), (_, err)) = (std::io::pipe().unwrap(), std::io::pipe().unwrap());
        let status = Shell::new().command(arguments).stdout(out).stderr(err).status().unwrap();
        assert_eq!(status.code(), Some(0), "{arguments:?}");
    }
}
