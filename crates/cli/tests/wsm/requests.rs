//! How many requests each verb takes, as the guide says.

use crate::fifty::small;
use crate::support::{Here, Shell};
use workspace_members_simulator::{Provider, State};

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

/// One provider's side of the account: a workspace by name and by id, one without members, and people by number.
struct Side {
    named: String,
    by_id: String,
    empty: String,
    /// `pN@example.com`.
    ids: Vec<String>,
    /// Two who are no members, by number.
    outsiders: [usize; 2],
}

/// With a workspace that has no members at each provider.
fn sides(state: &mut State) -> [Side; 2] {
    let paradigm = &mut state.paradigm;
    let sales = paradigm.workspaces.iter().find(|one| one.name == "Sales").unwrap();
    let (id, company) = (sales.id, sales.company);
    let empty = paradigm.add_workspace("Empty", company);
    let ids = (0..16).map(|at| {
        let email = format!("p{at}@example.com");
        paradigm.users.iter().find(|user| user.email == email).unwrap().id.to_string()
    });
    let first = Side {
        named: "paradigm:Sales".to_owned(),
        by_id: format!("paradigm:{id}"),
        ids: ids.collect(),
        empty: format!("paradigm:{empty}"),
        outsiders: [12, 13],
    };
    let pandadoc = &mut state.pandadoc;
    let contracts = pandadoc.workspaces.iter().find(|one| one.name == "Contracts").unwrap();
    let id = contracts.id.clone();
    let people: Vec<String> = (0..16)
        .map(|at| {
            let email = format!("p{at}@example.com");
            pandadoc.users.iter().find(|user| user.email == email).unwrap().user_id.clone()
        })
        .collect();
    let empty = pandadoc.add_workspace("Empty", &people[1]);
    pandadoc.memberships.retain(|one| one.workspace_id != empty);
    let second = Side {
        named: "pandadoc:Contracts".to_owned(),
        by_id: format!("pandadoc:{id}"),
        ids: people,
        empty: format!("pandadoc:{empty}"),
        outsiders: [16, 17],
    };
    [first, second]
}

/// What is run for a row at a provider. Each finds what the one before left.
fn command(row: &str, side: &Side) -> Vec<String> {
    let (named, by_id) = (side.named.as_str(), side.by_id.as_str());
    let user = |at: usize| format!("user:{}", side.ids[at]);
    let outsider = |at: usize| format!("p{}@example.com", side.outsiders[at]);
    let line = match row {
        "`list TARGET`" => format!("list {by_id}"),
        "`list TARGET` of a workspace without members" => format!("list {}", side.empty),
        "`list TARGET` by name" => format!("list {named}"),
        "`add --user`" => format!("add {by_id} --user {} --role viewer", side.ids[15]),
        "`add --user --allow-billable`" => {
            format!("add {by_id} --user {} --role viewer --allow-billable", side.ids[14])
        }
        "`add --user` of a member, `--if-present keep`" => {
            format!("add {by_id} --user {} --role viewer --if-present keep", side.ids[5])
        }
        "`add --email`" => format!("add {by_id} --email {} --role viewer", outsider(0)),
        "`add --email` to a workspace by name" => {
            format!("add {named} --email {} --role viewer", outsider(1))
        }
        "`set-role`" => format!("set-role {by_id} {} --role manager", user(5)),
        "`set-role --allow-remove-then-add`" => {
            format!("set-role {by_id} {} --role editor --allow-remove-then-add", user(5))
        }
        "`remove`" | "`remove` of somebody who is no member" => format!("remove {by_id} {}", user(5)),
        "`remove` by address" => format!("remove {by_id} p6@example.com"),
        other => panic!("how is {other} run?"),
    };
    line.split(' ').map(str::to_owned).collect()
}

#[test]
fn each_verb_takes_as_many_requests_as_the_guide_says() {
    let mut state = small();
    let sides = sides(&mut state);
    let here = Here::start(state);
    let shell = Shell::at(&here.simulator);
    let rows = documented();
    assert!(rows.len() >= 12, "{rows:?}");
    let mut found = Vec::new();
    for (row, expected) in &rows {
        for (provider, expected) in expected.iter().enumerate() {
            let Some(expected) = expected else { continue };
            here.simulator.clear_requests();
            let command = command(row, &sides[provider]);
            shell.run(&command.iter().map(String::as_str).collect::<Vec<_>>()).ends(0);
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
