//! `wsm roles`: how roles translate. Sends nothing.

use crate::args::Only;
use crate::connections::{Connection, Connections};
use crate::failure::Result;
use crate::report::{Report, Sheet, Tone};
use serde_json::{Value, json};
use workspace_members::{Role, RolePolicy};

/// Shows the role table of one connection or of all.
pub(crate) fn run(connections: &Connections, only: &Only) -> Result<Report> {
    let (mut rows, mut sheets) = (Vec::new(), Vec::new());
    for connection in connections.select(only)? {
        let (sheet, mut more) = table(connection);
        sheets.push(sheet);
        rows.append(&mut more);
    }
    Ok(Report::rows("connection,provider,role,native_role,fit,note", rows, sheets))
}

fn table(connection: &Connection) -> (Sheet, Vec<Value>) {
    let roles = connection.members.capabilities().roles();
    let title = format!("{}  ({})", connection.name, connection.provider());
    let mut sheet = Sheet::new(&["ROLE", "NATIVE ROLE", "FIT", "NOTE"]).titled(title);
    let mut rows = Vec::new();
    for role in Role::BUILT_IN {
        // What would be written, under the policy in force.
        let (native, fit, note) = match roles.resolve(&role) {
            Ok(resolved) => {
                let row = roles.rows().iter().find(|row| row.native == resolved.native);
                let note = row.map(|row| row.note.to_string()).unwrap_or_default();
                (Some(resolved.native.to_string()), Some(resolved.fit.to_string()), note)
            }
            Err(refused) => {
                let nearest = refused.nearest.map(|nearest| format!("; nearest narrower: {nearest}"));
                (None, None, format!("refused: {}{}", refused.why, nearest.unwrap_or_default()))
            }
        };
        rows.push(json!({
            "connection": connection.name,
            "provider": connection.provider(),
            "role": role,
            "native_role": native,
            "fit": fit,
            "note": note,
        }));
        sheet.push([role.to_string(), native.unwrap_or_default(), fit.unwrap_or_default(), note]);
    }
    let others = if roles.accepts_custom() {
        "Any other role of the provider's: native:NAME."
    } else {
        "The provider has no other roles."
    };
    sheet.line(Tone::Plain, others);
    let policy = match roles.policy() {
        RolePolicy::Table => return (sheet, rows),
        RolePolicy::ExactOnly => "Policy exact-only: no inexact role is written.",
        RolePolicy::AllowNarrower => {
            "Policy allow-narrower: a role that the provider lacks becomes the nearest lower one."
        }
    };
    sheet.line(Tone::Plain, policy);
    (sheet, rows)
}
