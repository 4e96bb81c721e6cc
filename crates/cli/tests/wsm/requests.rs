//! How many requests each verb takes, as the guide says.

use crate::fifty::small;
use crate::support::{Here, Shell};
use workspace_members_simulator::Provider;

const GUIDE: &str = include_str!("../../../../docs/cli.md");

/// The rows of the guide's table: a command, and its requests at Paradigm and at PandaDoc.
fn documented() -> Vec<(String, [Option<usize>; 2])> {
    let (_, table) = GUIDE.split_once("| command | Paradigm | PandaDoc |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        (cells[0].to_owned(), [cells[1].parse().ok(), cells[2].parse().ok()])
    })
    .collect()
}

/// What is run for a row at a provider. Each finds what the one before left.
fn command(row: &str, target: &'static str) -> Vec<&'static str> {
    let add = |who| vec!["add", target, "--email", who, "--role", "viewer"];
    match row {
        "`list TARGET`" => vec!["list", target],
        "`add`" => add("p15@example.com"),
        "`add` of a member, `--if-present keep`" => {
            [add("p5@example.com"), vec!["--if-present", "keep"]].concat()
        }
        "`set-role`" => vec!["set-role", target, "p5@example.com", "--role", "manager"],
        "`set-role --allow-remove-then-add`" => {
            vec!["set-role", target, "p5@example.com", "--role", "editor", "--allow-remove-then-add"]
        }
        "`remove`" => vec!["remove", target, "p5@example.com"],
        "`remove` of somebody who is no member" => vec!["remove", target, "p14@example.com"],
        other => panic!("how is {other} run?"),
    }
}

#[test]
fn each_verb_takes_as_many_requests_as_the_guide_says() {
    let here = Here::start(small());
    let shell = Shell::at(&here.simulator);
    let rows = documented();
    assert!(rows.len() >= 6, "{rows:?}");
    let mut found = Vec::new();
    for (row, expected) in &rows {
        for (provider, expected) in expected.iter().enumerate() {
            let Some(expected) = expected else { continue };
            here.simulator.clear_requests();
            shell.run(&command(row, ["paradigm:Sales", "pandadoc:Contracts"][provider])).ends(0);
            let log = here.simulator.requests();
            let of = [Provider::Paradigm, Provider::PandaDoc][provider];
            assert!(log.iter().all(|request| request.provider == of), "{row}");
            let said: Vec<_> = log.iter().map(|request| request.operation.unwrap_or("none")).collect();
            found.push((row, provider, *expected, said.len(), said));
        }
    }
    let wrong: Vec<_> = found.iter().filter(|(_, _, expected, seen, _)| expected != seen).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
