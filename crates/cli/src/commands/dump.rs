//! `wsm dump`.

use super::list::choose;
use crate::connections::Connections;
use crate::failure::{self, Failure, Result};
use crate::output::{Output, escaped};
use crate::report::{MEMBER_HEADING, Report, member_row};
use crate::target::Target;
use serde_json::Value;
use workspace_members::sync::{self, Observed};
use workspace_members::{Effect, Error, ErrorKind, WorkspaceId};

/// Writes the targets as a desired state that plans to nothing, from two readings that agree.
pub(crate) async fn run(connections: &Connections, targets: &[Target], output: Output) -> Result<Report> {
    let (mut observed, mut rows) = (Vec::new(), Vec::new());
    for (connection, named) in connections.selected(targets)? {
        let chosen = choose(connection, named.as_deref(), output).await?;
        let ids: Vec<WorkspaceId> = chosen.chosen.into_iter().map(|chosen| chosen.id).collect();
        let seen = Observed::read_twice(&*connection.members, &connection.name, &ids)
            .await
            .map_err(|error| connection.fail(error))?;
        let row = |member| member_row(&connection.name, connection.provider(), member);
        rows.extend(seen.rosters().values().flatten().map(row));
        observed.push(seen);
    }
    let text = sync::dump(&observed).map_err(|error| {
        Failure::from(Error::new(ErrorKind::UnexpectedResponse, Effect::NotApplied, failure::line(&error)))
    })?;
    let text = escaped(&text);
    let mut report = Report::rows(MEMBER_HEADING, rows, Vec::new());
    // The same keys as in TOML, so that it is a desired state as well.
    report.json = toml::from_str::<Value>(&text)
        .map_err(|error| Failure::input(format!("the dump cannot be read back: {}", error.message())))?;
    report.text = Some(text);
    Ok(report)
}
