//! `wsm doctor`: asks each connection a few harmless questions.

use super::listing::collect;
use crate::connections::{Connection, Connections};
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::report::{Report, Sheet};
use futures_util::future::join_all;
use serde_json::{Value, json};
use workspace_members::{
    Behaviour, Capability, ErrorKind, Identity, PageRequest, Support, Workspace, WorkspaceMembersExt,
};

/// How one question was answered.
struct Check {
    name: &'static str,
    result: Outcome,
    detail: String,
    advice: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Ok,
    Failed,
    /// Not asked, because the adapter does not claim it or something before it failed.
    Skipped,
    /// Works, and should be known.
    Warning,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
        }
    }
}

struct Examined {
    checks: Vec<Check>,
    identity: Option<Identity>,
}

/// Examines one connection or all. Reads only; of most listings a page, of workspaces and of one roster everything.
pub(crate) async fn run(connections: &Connections, only: Option<&str>, output: Output) -> Result<Report> {
    let selected = connections.select(only)?;
    let examined = join_all(selected.iter().map(|connection| examine(connection))).await;
    let (mut documents, mut rows, mut sheets) = (Vec::new(), Vec::new(), Vec::new());
    let (mut good, mut bad) = (0, 0);
    for (connection, examined) in selected.into_iter().zip(examined) {
        if examined.checks.iter().any(|check| check.result == Outcome::Failed) {
            bad += 1;
        } else {
            good += 1;
        }
        for warning in examined.checks.iter().filter(|check| check.result == Outcome::Warning) {
            output.warn(&format!("{}: {}", connection.name, warning.detail));
        }
        let document = document(connection, &examined);
        for check in document["checks"].as_array().into_iter().flatten() {
            let mut row = check.clone();
            row["connection"] = json!(connection.name);
            row["provider"] = json!(connection.provider());
            rows.push(row);
        }
        documents.push(document);
        sheets.push(sheet(connection, &examined));
    }
    let columns = ["connection", "provider", "check", "result", "detail", "advice"];
    let mut report = Report::rows(&columns, rows, sheets);
    report.json = Value::Array(documents);
    report.exit = crate::exit::Exit::of_parts(good, bad);
    Ok(report)
}

fn document(connection: &Connection, examined: &Examined) -> Value {
    let capabilities = connection.members.capabilities();
    let checks = examined.checks.iter().map(|check| {
        json!({
            "check": check.name,
            "result": check.result.as_str(),
            "detail": check.detail,
            "advice": check.advice,
        })
    });
    let may: Vec<Value> = capabilities
        .claims()
        .map(|(capability, evidence)| json!({"capability": capability.as_str(), "evidence": evidence.as_str()}))
        .collect();
    json!({
        "connection": connection.name,
        "provider": connection.provider(),
        "endpoint": capabilities.endpoint(),
        "variant": capabilities.variant(),
        "key_from": connection.key_from,
        "identity": examined.identity,
        "checks": checks.collect::<Vec<_>>(),
        "claims": may,
    })
}

fn sheet(connection: &Connection, examined: &Examined) -> Sheet {
    let capabilities = connection.members.capabilities();
    let mut sheet = Sheet::new(&["CHECK", "RESULT", "DETAIL"]).titled(format!(
        "{}  ({} at {}, {}, key from {})",
        connection.name,
        connection.provider(),
        capabilities.endpoint(),
        capabilities.variant(),
        connection.key_from
    ));
    // Warnings are on standard error, where nobody overlooks them.
    for check in examined.checks.iter().filter(|check| check.name != "know") {
        let mut detail = check.detail.clone();
        if let Some(advice) = &check.advice {
            detail = format!("{detail}; advice: {advice}");
        }
        sheet.push([check.name.to_owned(), check.result.as_str().to_owned(), detail]);
    }
    sheet
}

async fn examine(connection: &Connection) -> Examined {
    let mut examined = Examined { checks: Vec::new(), identity: None };
    let me = connection.members.me().await;
    let usable = match &me {
        Ok(_) => true,
        // The key was refused or nobody answered: every other question would get the same answer.
        Err(error) => !matches!(
            error.kind(),
            ErrorKind::Credential
                | ErrorKind::Unauthenticated
                | ErrorKind::Timeout
                | ErrorKind::Transport
                | ErrorKind::Config
        ),
    };
    examined.identity = me.as_ref().ok().cloned();
    examined.checks.push(reachable(&me));
    examined.checks.push(check("key", me.map(|me| acting_as(&me))));
    if usable {
        let workspaces = workspaces(connection, &mut examined.checks).await;
        users(connection, &mut examined.checks).await;
        roster(connection, workspaces.as_deref(), &mut examined.checks).await;
        writes(connection, &mut examined.checks);
    } else {
        for name in ["workspaces", "users", "roster"] {
            examined.checks.push(skipped(name, "the key must work first"));
        }
    }
    warnings(connection, &mut examined.checks);
    examined
}

fn reachable(me: &workspace_members::Result<Identity>) -> Check {
    match me {
        Err(error)
            if matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Transport | ErrorKind::Unavailable) =>
        {
            failed("reachable", crate::failure::line(error), "check the base URL, the proxy and the network")
        }
        Err(error) if error.kind() == ErrorKind::Credential => {
            skipped("reachable", "there is no key to ask with")
        }
        Err(error) if error.kind() == ErrorKind::UnexpectedResponse => failed(
            "reachable",
            error.to_string(),
            "something answers that is not the provider: check the base URL",
        ),
        _ => Check { name: "reachable", result: Outcome::Ok, detail: "it answers".to_owned(), advice: None },
    }
}

fn acting_as(me: &Identity) -> String {
    let mut text = match (&me.name, &me.email) {
        (Some(name), Some(email)) => format!("acts as {name} <{email}>, user:{}", me.user),
        (None, Some(email)) => format!("acts as {email}, user:{}", me.user),
        (Some(name), None) => format!("acts as {name}, user:{}", me.user),
        (None, None) => format!("acts as user:{}", me.user),
    };
    if let Some(account) = me.account_name.as_ref().or(me.account_id.as_ref()) {
        text = format!("{text}, of {account}");
    }
    match me.admin {
        Some(true) => format!("{text}; rules the account (the provider says so)"),
        Some(false) => format!("{text}; does not rule the account (the provider says so)"),
        None => text,
    }
}

async fn workspaces(connection: &Connection, checks: &mut Vec<Check>) -> Option<Vec<Workspace>> {
    let capabilities = connection.members.capabilities();
    if let Support::Absent(why) = capabilities.support(Capability::ListWorkspaces) {
        checks.push(skipped("workspaces", &why));
        return None;
    }
    let listed = collect(|| connection.members.workspaces()).await;
    let found = listed.as_ref().ok().cloned();
    checks.push(match listed {
        Ok(all) => {
            let manageable = all.iter().filter(|workspace| workspace.may_be_manageable()).count();
            let detail =
                format!("lists {}, of which it may manage {manageable}", super::list::workspaces(all.len()));
            if manageable == 0 {
                failed(
                    "workspaces",
                    detail,
                    "make the key's user an owner of a workspace, or use a higher level",
                )
            } else {
                passed("workspaces", detail)
            }
        }
        Err(error) if error.kind() == ErrorKind::Forbidden && connection.own.only_workspace().is_some() => {
            skipped(
                "workspaces",
                "the key may not list the account's workspaces, and reaches its one without",
            )
        }
        Err(error) => check("workspaces", Err(error)),
    });
    found
}

async fn users(connection: &Connection, checks: &mut Vec<Check>) {
    if let Support::Absent(why) = connection.members.capabilities().support(Capability::ListUsers) {
        checks
            .push(skipped("users", &format!("{why}; so people are named by id, or found among the members")));
        return;
    }
    let page = connection.members.users_page(PageRequest::default().with_size(1)).await;
    checks.push(match page {
        Ok(page) => {
            let total = page.total.map(|total| format!(" ({total})")).unwrap_or_default();
            passed("users", format!("may list the account's users{total}, so people are found by e-mail"))
        }
        // Everything but finding people by address works without.
        Err(error) if error.kind() == ErrorKind::Forbidden => Check {
            name: "users",
            result: Outcome::Warning,
            detail: format!("{}; people not yet in a workspace must be named by user:ID", error.message()),
            advice: None,
        },
        Err(error) => check("users", Err(error)),
    });
}

async fn roster(connection: &Connection, workspaces: Option<&[Workspace]>, checks: &mut Vec<Check>) {
    let capabilities = connection.members.capabilities();
    let one = match connection.own.only_workspace() {
        Some(id) => Some(id.clone()),
        None => workspaces
            .and_then(|all| all.iter().find(|workspace| workspace.may_be_manageable()))
            .map(|workspace| workspace.id.clone()),
    };
    let Some(id) = one else {
        checks.push(skipped("roster", "no workspace is known to try it on"));
        return;
    };
    if !capabilities.has(Capability::ListMembers) {
        let Support::Absent(why) = capabilities.support(Capability::ListMembers) else { return };
        checks.push(skipped("roster", &why));
        return;
    }
    let outcome = if capabilities.has(Capability::Roster) {
        connection.members.roster(&id).await.map(|roster| {
            let owners = roster.owners().count();
            format!("workspace {id} has {} members, {owners} of them owners", roster.len())
        })
    } else {
        let members = collect(|| connection.members.members(id.clone())).await;
        members.map(|members| {
            format!("lists {} members of workspace {id}; not known to be complete", members.len())
        })
    };
    checks.push(check("roster", outcome));
}

/// What can be changed is not tried; it is said how it is known.
fn writes(connection: &Connection, checks: &mut Vec<Check>) {
    let capabilities = connection.members.capabilities();
    let (mut documented, mut inferred, mut absent) = (Vec::new(), Vec::new(), Vec::new());
    for capability in [
        Capability::AddUser,
        Capability::AddGroup,
        Capability::SetUserRole,
        Capability::SetGroupRole,
        Capability::RemoveUser,
        Capability::RemoveGroup,
    ] {
        match capabilities.support(capability) {
            Support::Claimed(workspace_members::Evidence::Documented) => documented.push(capability.as_str()),
            Support::Claimed(_) => inferred.push(capability.as_str()),
            Support::Absent(_) => absent.push(capability.as_str()),
        }
    }
    let parts = [("documented", documented), ("inferred", inferred), ("not supported", absent)];
    let parts = parts.iter().filter(|(_, some)| !some.is_empty());
    let text = parts.map(|(how, some)| format!("{how}: {}", some.join(", "))).collect::<Vec<_>>().join("; ");
    checks.push(passed("changes", format!("{text}; not tried, and the key's rights decide")));
}

fn warnings(connection: &Connection, checks: &mut Vec<Check>) {
    let capabilities = connection.members.capabilities();
    let warning = |detail: &str| Check {
        name: "know",
        result: Outcome::Warning,
        detail: detail.to_owned(),
        advice: None,
    };
    checks.extend(connection.own.notes().iter().map(|detail| warning(detail)));
    if capabilities.behaves(Behaviour::KeyDiesWithMembership) {
        checks.push(warning("the key stops working when its user leaves the workspace that it was made in"));
    }
}

fn passed(name: &'static str, detail: String) -> Check {
    Check { name, result: Outcome::Ok, detail, advice: None }
}

fn skipped(name: &'static str, why: &str) -> Check {
    Check { name, result: Outcome::Skipped, detail: why.to_owned(), advice: None }
}

fn failed(name: &'static str, detail: String, advice: &str) -> Check {
    Check { name, result: Outcome::Failed, detail, advice: Some(advice.to_owned()) }
}

fn check(name: &'static str, answer: workspace_members::Result<String>) -> Check {
    match answer {
        Ok(detail) => passed(name, detail),
        Err(error) => {
            let advice = error.advice();
            failed(name, Failure::from(error).line(), advice)
        }
    }
}
