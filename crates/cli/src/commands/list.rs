//! `wsm list`.

use super::listing::{Choice, Chosen};
use crate::connections::{Connection, Connections};
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::report::{MEMBER_HEADING, Report, member_row, roster_sheet};
use crate::target::Target;
use futures_util::future::join_all;
use workspace_members::{Capability, Member, Support};

/// Lists the targets, or everything. Connections are read side by side and shown in order.
pub(crate) async fn run(connections: &Connections, targets: &[Target], output: Output) -> Result<Report> {
    let mut selected = connections.selected(targets)?;
    if targets.is_empty() {
        selected.extend(connections.all().iter().map(|connection| (connection, None)));
    }
    let listed = selected.iter().map(|(connection, named)| list(connection, named.as_deref(), output));
    let listed = join_all(listed).await;

    let (mut rows, mut sheets, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    for ((connection, _), listed) in selected.into_iter().zip(listed) {
        for listed in listed {
            match listed {
                Ok((Chosen { id, name }, members)) => {
                    sheets.push(roster_sheet(&connection.name, &id, name.as_deref(), &members));
                    let row = |member| member_row(&connection.name, connection.provider(), member);
                    rows.extend(members.iter().map(row));
                }
                Err(failure) => failures.push(failure),
            }
        }
    }
    let succeeded = sheets.len();
    Ok(Report::rows(MEMBER_HEADING, rows, sheets).with_failures(succeeded, failures))
}

/// The workspaces of one connection, each with its members.
async fn list(
    connection: &Connection,
    named: Option<&[&str]>,
    output: Output,
) -> Vec<Result<(Chosen, Vec<Member>), Failure>> {
    let choice = match choose(connection, named, output).await {
        Ok(choice) => choice,
        Err(failure) => return vec![Err(failure)],
    };
    let capabilities = connection.members.capabilities();
    if let Support::Absent(why) = capabilities.support(Capability::Roster)
        && capabilities.has(Capability::ListMembers)
    {
        connection.note(output, format!("not known to be a complete roster: {why}"));
    }
    let members = connection.members_of(&choice, output).await;
    let with = |(chosen, members): (Chosen, Result<_>)| members.map(|members| (chosen, members));
    choice.chosen.into_iter().zip(members).map(with).collect()
}

/// The workspaces named, or all that can be managed, with a note about the others.
pub(super) async fn choose(
    connection: &Connection,
    named: Option<&[&str]>,
    output: Output,
) -> Result<Choice> {
    let Some(named) = named else {
        let choice = connection.manageable().await?;
        connection.note_left_out(choice.left_out, output);
        return Ok(choice);
    };
    connection.chosen(named).await
}
