//! What the guides show works.

use crate::support::Shell;

const GUIDES: [&str; 2] = [include_str!("../../../../docs/cli.md"), include_str!("../../README.md")];

#[test]
fn every_command_of_the_guides_runs() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let commands =
        GUIDES.iter().flat_map(|guide| guide.lines()).filter_map(|line| line.strip_prefix("$ wsm "));
    let mut ran = 0;
    for command in commands {
        let shell = Shell::new();
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let output = shell.command(&arguments).current_dir(root).output().unwrap();
        let pending = arguments.contains(&"plan");
        assert_eq!(output.status.code(), Some(if pending { 5 } else { 0 }), "{command}: {output:?}");
        ran += 1;
    }
    assert!(ran > 10, "{ran}");
}

#[test]
fn the_guides_configuration_is_valid() {
    let guide = GUIDES[0];
    let (_, from) = guide.split_once("```toml\n[connections.acme]").unwrap();
    let (text, _) = from.split_once("```").unwrap();
    let shell = Shell::new();
    shell.file("wsm.toml", &format!("[connections.acme]{text}"));
    // Any certificate will do.
    shell.file("acme-ca.pem", &certificate());
    let names = shell.answer(&["--config", "wsm.toml", "capabilities"]);
    let names: Vec<&str> =
        names.as_array().unwrap().iter().map(|one| one["connection"].as_str().unwrap()).collect();
    assert_eq!(names, ["acme", "contracts", "app"]);
}

fn certificate() -> String {
    rcgen::generate_simple_self_signed(["acme.example".to_owned()]).unwrap().cert.pem()
}

#[test]
fn every_exit_code_and_command_is_documented() {
    let help = Shell::new().run(&["--help"]).ends(0).stdout;
    for code in 0..=5 {
        assert!(GUIDES[0].contains(&format!("\n| {code} | ")), "{code}");
        assert!(help.contains(&format!("{code} ")), "{code}");
    }
    let commands = help.split_once("Commands:").unwrap().1.split_once("Options:").unwrap().0;
    let names = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    for name in
        names.filter(|name| *name != "help" && name.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
    {
        for guide in GUIDES {
            assert!(guide.contains(&format!("`{name}`")) || guide.contains(&format!("wsm {name}")), "{name}");
        }
    }
}
