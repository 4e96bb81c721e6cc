//! `wsm list`.

use super::listing::{Choice, Chosen};
use crate::connections::{Connection, Connections};
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::report::{MemberRow, Report, roster_sheet};
use crate::target::Target;
use futures_util::future::join_all;
use workspace_members::{Capability, Member};

/// What one connection answered.
struct Listed {
    workspaces: Vec<(Chosen, Vec<Member>)>,
    failures: Vec<Failure>,
}

/// Lists the targets, or everything. Connections are read side by side and shown in order.
pub(crate) async fn run(connections: &Connections, targets: &[Target], output: Output) -> Result<Report> {
    let mut wanted = connections.wanted(targets)?;
    if targets.is_empty() {
        wanted.extend(connections.all().iter().map(|connection| (connection, None)));
    }
    let listed =
        join_all(wanted.iter().map(|(connection, wanted)| list(connection, wanted.as_deref(), output))).await;

    let (mut rows, mut sheets, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    let mut succeeded = 0;
    for ((connection, _), mut listed) in wanted.into_iter().zip(listed) {
        failures.append(&mut listed.failures);
        for (workspace, members) in listed.workspaces {
            succeeded += 1;
            let name = workspace.name.as_deref();
            sheets.push(roster_sheet(&connection.name, &workspace.id, name, &members));
            let provider = connection.provider();
            rows.extend(
                members.iter().map(|member| MemberRow::new(&connection.name, provider, member).value()),
            );
        }
    }
    Ok(Report::rows(&MemberRow::COLUMNS, rows, sheets).with_failures(succeeded, failures))
}

async fn list(connection: &Connection, wanted: Option<&[&str]>, output: Output) -> Listed {
    let mut listed = Listed { workspaces: Vec::new(), failures: Vec::new() };
    let chosen = choose(connection, wanted, output).await;
    let chosen = match chosen {
        Ok(chosen) => chosen,
        Err(failure) => {
            listed.failures.push(failure);
            return listed;
        }
    };
    if let workspace_members::Support::Absent(why) =
        connection.members.capabilities().support(Capability::Roster)
        && connection.members.capabilities().has(Capability::ListMembers)
    {
        output.note(&format!("{}: not known to be a complete roster: {why}", connection.name));
    }
    for (workspace, members) in chosen.chosen.iter().zip(connection.members_of(&chosen, output).await) {
        match members {
            Ok(members) => listed.workspaces.push((workspace.clone(), members)),
            Err(failure) => listed.failures.push(failure),
        }
    }
    listed
}

/// The workspaces wanted, or all that can be managed, with a word about the others.
pub(super) async fn choose(
    connection: &Connection,
    wanted: Option<&[&str]>,
    output: Output,
) -> Result<Choice> {
    let Some(wanted) = wanted else {
        let choice = connection.manageable().await?;
        if choice.left_out > 0 {
            output.note(&format!(
                "{name}: {more} more not listed: not this key's to manage, or without members of their own; `wsm \
                 workspaces {name} --all` shows them",
                name = connection.name,
                more = workspaces(choice.left_out),
            ));
        }
        return Ok(choice);
    };
    connection.chosen(wanted).await
}

pub(super) fn workspaces(count: usize) -> String {
    if count == 1 { "1 workspace".to_owned() } else { format!("{count} workspaces") }
}
