//! `wsm workspaces`.

use crate::args::Only;
use crate::connections::Connections;
use crate::failure::Result;
use crate::output::Output;
use crate::report::{Report, Sheet};
use futures_util::future::join_all;
use serde_json::json;

/// Lists workspaces, of one connection or of all.
pub(crate) async fn run(connections: &Connections, only: &Only, all: bool, output: Output) -> Result<Report> {
    let selected = connections.select(only)?;
    let answers = join_all(selected.iter().map(|connection| connection.workspaces())).await;
    let mut sheet = Sheet::new(&["TARGET", "NAME", "KIND", "OWNER", "MANAGEABLE"]);
    let (mut rows, mut failures, mut succeeded) = (Vec::new(), Vec::new(), 0);
    for (connection, answer) in selected.into_iter().zip(answers) {
        let found = match answer {
            Ok(found) => found,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        succeeded += 1;
        let total = found.len();
        let shown: Vec<_> =
            found.into_iter().filter(|workspace| all || workspace.may_be_manageable()).collect();
        connection.note_left_out(total - shown.len(), output);
        for workspace in shown {
            rows.push(json!({
                "connection": connection.name,
                "provider": connection.provider(),
                "workspace": workspace.id.as_str(),
                "name": workspace.name,
            }));
            sheet.push([
                format!("{}:{}", connection.name, workspace.id),
                workspace.name,
                workspace.kind.unwrap_or_default(),
                workspace.owner.map(|owner| owner.to_string()).unwrap_or_default(),
                match workspace.manageable {
                    Some(true) => "yes",
                    Some(false) => "no",
                    None => "unknown",
                }
                .to_owned(),
            ]);
        }
    }
    let report = Report::rows("connection,provider,workspace,name", rows, vec![sheet]);
    Ok(report.with_failures(succeeded, failures))
}
