//! `wsm dump`.

use super::list::choose;
use crate::connections::Connections;
use crate::failure::{self, Failure, Result};
use crate::output::{Output, escaped};
use crate::report::{MemberRow, Report};
use crate::target::Target;
use serde_json::Value;
use workspace_members::WorkspaceId;
use workspace_members::sync::{self, DumpError, Observed};

/// Writes the targets as a desired state that plans to nothing, from two readings that agree.
pub(crate) async fn run(connections: &Connections, targets: &[Target], output: Output) -> Result<Report> {
    let (mut observed, mut rows) = (Vec::new(), Vec::new());
    for (connection, wanted) in connections.wanted(targets)? {
        let chosen = choose(connection, wanted.as_deref(), output).await?;
        let ids: Vec<WorkspaceId> = chosen.chosen.into_iter().map(|chosen| chosen.id).collect();
        let seen = Observed::read_twice(&*connection.members, &connection.name, &ids)
            .await
            .map_err(|error| Failure::from(error).at(&connection.name))?;
        for member in seen.rosters().values().flatten() {
            rows.push(MemberRow::new(&connection.name, connection.provider(), member).value());
        }
        observed.push(seen);
    }
    let text = sync::dump(&observed).map_err(|error| cannot(&error))?;
    let text = escaped(&text);
    let mut report = Report::rows(&MemberRow::COLUMNS, rows, Vec::new());
    // The same keys as in TOML, so that it is a desired state as well.
    report.json = toml::from_str::<Value>(&text)
        .map_err(|error| Failure::input(format!("the dump cannot be read back: {}", error.message())))?;
    report.text = Some(text);
    Ok(report)
}

fn cannot(error: &DumpError) -> Failure {
    Failure::input(failure::line(error))
}
