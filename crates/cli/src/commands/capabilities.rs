//! `wsm capabilities`: what a connection can do, and how that is known. Sends nothing.

use crate::connections::{Connection, Connections};
use crate::failure::Result;
use crate::report::{Report, Sheet, Tone};
use serde_json::{Value, json};
use workspace_members::{Capabilities, Capability, RateLimit, Support};

/// Shows the claims of one connection or of all.
pub(crate) fn run(connections: &Connections, only: Option<&str>) -> Result<Report> {
    let selected = connections.select(only)?;
    let documents: Vec<Value> = selected.iter().map(|connection| document(connection)).collect();
    let columns = ["connection", "provider", "capability", "supported", "evidence", "why"];
    let rows = documents.iter().flat_map(|document| {
        let claims = document["claims"].as_array().into_iter().flatten();
        claims.map(|claim| {
            let mut row = claim.clone();
            row["connection"] = document["connection"].clone();
            row["provider"] = document["provider"].clone();
            row
        })
    });
    let mut report = Report::rows(&columns, rows.collect(), Vec::new());
    report.sheets = selected.iter().flat_map(|connection| sheets(connection)).collect();
    report.json = Value::Array(documents);
    Ok(report)
}

/// Supported or not, how that is known, and why not.
fn claim(
    capabilities: &Capabilities,
    capability: Capability,
) -> (bool, Option<&'static str>, Option<String>) {
    match capabilities.support(capability) {
        Support::Claimed(evidence) => (true, Some(evidence.as_str()), None),
        Support::Absent(why) => (false, None, Some(why.into_owned())),
    }
}

fn document(connection: &Connection) -> Value {
    let capabilities = connection.members.capabilities();
    let claims = Capability::ALL.iter().map(|capability| {
        let (supported, evidence, why) = claim(capabilities, *capability);
        json!({
            "capability": capability.as_str(),
            "supported": supported,
            "evidence": evidence,
            "why": why,
        })
    });
    let limits = capabilities.limits().iter().map(|limit| {
        json!({
            "operations": operations(limit),
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
        "claims": claims.collect::<Vec<_>>(),
        "behaviours": capabilities.behaviours().map(workspace_members::Behaviour::as_str).collect::<Vec<_>>(),
        "limits": limits.collect::<Vec<_>>(),
    })
}

fn operations(limit: &RateLimit) -> Vec<&'static str> {
    limit.operations.iter().map(|operation| operation.as_str()).collect()
}

fn sheets(connection: &Connection) -> Vec<Sheet> {
    let capabilities = connection.members.capabilities();
    let mut title = format!("{}  ({} at {}", connection.name, connection.provider(), capabilities.endpoint());
    if !capabilities.variant().is_empty() {
        title = format!("{title}, {}", capabilities.variant());
    }
    let mut claims = Sheet::new(&["CAPABILITY", "", "EVIDENCE", "WHY"]).titled(format!("{title})"));
    for capability in Capability::ALL {
        let (supported, evidence, why) = claim(capabilities, *capability);
        claims.push([
            capability.to_string(),
            if supported { "yes" } else { "no" }.to_owned(),
            evidence.unwrap_or("-").to_owned(),
            why.unwrap_or_default(),
        ]);
    }
    let behaviours: Vec<_> = capabilities.behaviours().map(workspace_members::Behaviour::as_str).collect();
    if !behaviours.is_empty() {
        claims.line(Tone::Plain, format!("Behaves: {}", behaviours.join(", ")));
    }
    for limit in capabilities.limits() {
        let which = match operations(limit).as_slice() {
            [] => "all requests".to_owned(),
            some => some.join(", "),
        };
        let known = if limit.published { "published" } else { "assumed" };
        claims.line(
            Tone::Plain,
            format!(
                "Limit: {} in {} s for {which} ({known}: {})",
                limit.max,
                limit.per.as_secs_f64(),
                limit.source
            ),
        );
    }
    vec![claims]
}
