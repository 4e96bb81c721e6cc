//! `wsm capabilities`: what a connection can do, and how that is known. Sends nothing.

use crate::args::Only;
use crate::connections::{Connection, Connections};
use crate::failure::Result;
use crate::report::{Report, Sheet, Tone};
use serde_json::{Value, json};
use workspace_members::{Behaviour, Capability, Support};

/// Shows the claims of one connection or of all.
pub(crate) fn run(connections: &Connections, only: &Only) -> Result<Report> {
    let (mut documents, mut sheets) = (Vec::new(), Vec::new());
    for connection in connections.select(only)? {
        let claims: Vec<Value> = Capability::ALL.iter().map(|one| claim(connection, *one)).collect();
        sheets.push(sheet(connection, &claims));
        documents.push(document(connection, &claims));
    }
    let heading = "connection,provider,capability,supported,evidence,why";
    Ok(Report::lists(heading, "claims", documents, sheets))
}

/// Supported or not, how that is known, and why not.
fn claim(connection: &Connection, capability: Capability) -> Value {
    let (evidence, why) = match connection.members.capabilities().support(capability) {
        Support::Claimed(evidence) => (Some(evidence.as_str()), None),
        Support::Absent(why) => (None, Some(why)),
    };
    json!({
        "capability": capability.as_str(),
        "supported": evidence.is_some(),
        "evidence": evidence,
        "why": why,
    })
}

fn document(connection: &Connection, claims: &[Value]) -> Value {
    let capabilities = connection.members.capabilities();
    let limits = capabilities.limits().iter().map(|limit| {
        json!({
            "operations": limit.operations.iter().map(|operation| operation.as_str()).collect::<Vec<_>>(),
            "max": limit.max,
            "per_seconds": limit.per.as_secs_f64(),
            "published": limit.published,
            "source": limit.source,
        })
    });
    json!({
        "connection": connection.name,
        "provider": connection.provider(),
        "endpoint": capabilities.endpoint(),
        "variant": capabilities.variant(),
        "page_size": capabilities.page_size(),
        "claims": claims,
        "behaviours": capabilities.behaviours().map(Behaviour::as_str).collect::<Vec<_>>(),
        "limits": limits.collect::<Vec<_>>(),
    })
}

fn sheet(connection: &Connection, claims: &[Value]) -> Sheet {
    let capabilities = connection.members.capabilities();
    let columns = ["CAPABILITY", "", "EVIDENCE", "WHY"];
    let mut sheet = Sheet::new(&columns).titled(connection.title(""));
    for claim in claims {
        let text = |name: &str, otherwise: &str| claim[name].as_str().unwrap_or(otherwise).to_owned();
        let supported = if claim["supported"] == true { "yes" } else { "no" };
        sheet.push([text("capability", ""), supported.to_owned(), text("evidence", "-"), text("why", "")]);
    }
    let behaviours: Vec<_> = capabilities.behaviours().map(Behaviour::as_str).collect();
    if !behaviours.is_empty() {
        sheet.line(Tone::Plain, format!("Behaves: {}", behaviours.join(", ")));
    }
    for limit in capabilities.limits() {
        let operations: Vec<_> = limit.operations.iter().map(|operation| operation.as_str()).collect();
        let which = if operations.is_empty() { "all requests".to_owned() } else { operations.join(", ") };
        let known = if limit.published { "published" } else { "assumed" };
        let (max, seconds, source) = (limit.max, limit.per.as_secs_f64(), &limit.source);
        let line = format!("Limit: {max} in {seconds} s for {which} ({known}: {source})");
        sheet.line(Tone::Plain, line);
    }
    sheet
}
