//! `wsm doctor`: asks each connection a few harmless questions.

use crate::args::Only;
use crate::connections::{Connection, Connections};
use crate::exit::Exit;
use crate::failure::{Result, line};
use crate::output::Output;
use crate::report::{Report, Sheet, counted};
use futures_util::future::join_all;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use workspace_members::{
    Behaviour, Capability, Error, ErrorKind, Evidence, Identity, PageRequest, Support, Workspace,
    WorkspaceMembersExt, collect_listing,
};

/// How one question was answered.
#[derive(Serialize)]
struct Check {
    #[serde(rename = "check")]
    name: &'static str,
    /// `ok`; `failed`; `skipped`, because the adapter does not claim it or something before it failed; `warning`, if it
    /// works and should be known.
    result: &'static str,
    detail: String,
    advice: Option<String>,
}

const OK: &str = "ok";
const FAILED: &str = "failed";
const SKIPPED: &str = "skipped";
const WARNING: &str = "warning";

impl Check {
    fn new(name: &'static str, result: &'static str, detail: impl Into<String>) -> Self {
        Self { name, result, detail: detail.into(), advice: None }
    }

    fn failed(name: &'static str, detail: impl Into<String>, advice: &str) -> Self {
        Self { advice: Some(advice.to_owned()), ..Self::new(name, FAILED, detail) }
    }

    fn of(name: &'static str, answer: std::result::Result<String, Error>) -> Self {
        match answer {
            Ok(detail) => Self::new(name, OK, detail),
            Err(error) => Self::failed(name, line(&error), error.advice()),
        }
    }
}

/// Examines one connection or all. Reads only; of most listings a page, of workspaces and of one roster everything.
pub(crate) async fn run(connections: &Connections, only: &Only, output: Output) -> Result<Report> {
    let selected = connections.select(only)?;
    let examined = join_all(selected.iter().map(|connection| examine(connection))).await;
    let (mut documents, mut sheets, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for (connection, (identity, checks)) in selected.iter().zip(examined) {
        failed.extend(checks.iter().any(|check| check.result == FAILED).then_some(Exit::Failed));
        for warning in checks.iter().filter(|check| check.result == WARNING) {
            output.warn(&format!("{}: {}", connection.name, warning.detail));
        }
        sheets.push(sheet(connection, &checks));
        documents.push(document(connection, identity.as_ref(), &checks));
    }
    let heading = "connection,provider,check,result,detail,advice";
    let mut report = Report::lists(heading, "checks", documents, sheets);
    report.exit = Exit::of_parts(selected.len() - failed.len(), failed);
    Ok(report)
}

fn document(connection: &Connection, identity: Option<&Identity>, checks: &[Check]) -> Value {
    let capabilities = connection.members.capabilities();
    let claims = capabilities.claims().map(
        |(capability, evidence)| json!({"capability": capability.as_str(), "evidence": evidence.as_str()}),
    );
    json!({
        "connection": connection.name,
        "provider": connection.provider(),
        "endpoint": capabilities.endpoint(),
        "variant": capabilities.variant(),
        "key_from": connection.key_from,
        "identity": identity,
        "checks": checks,
        "claims": claims.collect::<Vec<_>>(),
    })
}

fn sheet(connection: &Connection, checks: &[Check]) -> Sheet {
    let title = connection.title(&format!(", key from {}", connection.key_from));
    let mut sheet = Sheet::new(&["CHECK", "RESULT", "DETAIL"]).titled(title);
    // What should be known is a warning on standard error, where it is not overlooked.
    for Check { name, result, detail, advice } in checks.iter().filter(|check| check.name != KNOW) {
        let advice = advice.as_ref().map(|advice| format!("; advice: {advice}")).unwrap_or_default();
        sheet.push([(*name).to_owned(), (*result).to_owned(), format!("{detail}{advice}")]);
    }
    sheet
}

async fn examine(connection: &Connection) -> (Option<Identity>, Vec<Check>) {
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
    let identity = me.as_ref().ok().cloned();
    let mut checks = vec![reachable(me.as_ref().err()), Check::of("key", me.map(|me| acting_as(&me)))];
    if usable {
        let (workspaces, found) = workspaces(connection).await;
        checks.extend([
            workspaces,
            users(connection).await,
            roster(connection, found.as_deref()).await,
            changes(connection),
        ]);
    } else {
        let names = ["workspaces", "users", "roster"];
        checks.extend(names.map(|name| Check::new(name, SKIPPED, "the key must work first")));
    }
    checks.extend(connection.own.notes().iter().map(|note| Check::new(KNOW, WARNING, *note)));
    if connection.members.capabilities().behaves(Behaviour::KeyDiesWithMembership) {
        let note = "the key stops working when its user leaves the workspace that it was made in";
        checks.push(Check::new(KNOW, WARNING, note));
    }
    (identity, checks)
}

/// The check that asks nothing: what should be known before something is changed.
const KNOW: &str = "know";

fn reachable(error: Option<&Error>) -> Check {
    let name = "reachable";
    match error.map(|error| (error.kind(), error)) {
        Some((ErrorKind::Timeout | ErrorKind::Transport | ErrorKind::Unavailable, error)) => {
            Check::failed(name, line(error), "check the base URL, the proxy and the network")
        }
        Some((ErrorKind::UnexpectedResponse, error)) => {
            let advice = "something answers that is not the provider: check the base URL";
            Check::failed(name, error.to_string(), advice)
        }
        Some((ErrorKind::Credential, _)) => Check::new(name, SKIPPED, "there is no key to ask with"),
        _ => Check::new(name, OK, "it answers"),
    }
}

fn acting_as(me: &Identity) -> String {
    let who = match (&me.name, &me.email) {
        (Some(name), Some(email)) => format!("{name} <{email}>, "),
        (None, Some(email)) => format!("{email}, "),
        (Some(name), None) => format!("{name}, "),
        (None, None) => String::new(),
    };
    let account = me.account_name.as_ref().or(me.account_id.as_ref());
    let account = account.map(|account| format!(", of {account}")).unwrap_or_default();
    let admin = match me.admin {
        Some(true) => "; administers the account (the provider says so)",
        Some(false) => "; does not administer the account (the provider says so)",
        None => "",
    };
    format!("acts as {who}user:{}{account}{admin}", me.user)
}

/// Also answers the workspaces, if they could be listed.
async fn workspaces(connection: &Connection) -> (Check, Option<Vec<Workspace>>) {
    let name = "workspaces";
    if let Some(why) = absent(connection, Capability::ListWorkspaces) {
        return (Check::new(name, SKIPPED, why), None);
    }
    let all = match collect_listing(|| connection.members.workspaces()).await {
        Ok(all) => all,
        Err(error) if error.kind() == ErrorKind::Forbidden && connection.own.only_workspace().is_some() => {
            let why = "the key may not list the account's workspaces, and reaches its one without";
            return (Check::new(name, SKIPPED, why), None);
        }
        Err(error) => return (Check::of(name, Err(error)), None),
    };
    let manageable = all.iter().filter(|workspace| workspace.may_be_manageable()).count();
    let listed = counted(all.len(), "workspace");
    let detail = format!("lists {listed}, of which it may manage {manageable}");
    let check = if manageable == 0 {
        Check::failed(name, detail, "make the key's user an owner of a workspace, or use a higher level")
    } else {
        Check::new(name, OK, detail)
    };
    (check, Some(all))
}

async fn users(connection: &Connection) -> Check {
    let name = "users";
    if let Some(why) = absent(connection, Capability::ListUsers) {
        return Check::new(
            name,
            SKIPPED,
            format!("{why}; so people are named by id, or found among the members"),
        );
    }
    match connection.members.users_page(PageRequest::default().with_size(1)).await {
        Ok(page) => {
            let total = page.total.map(|total| format!(" ({total})")).unwrap_or_default();
            Check::new(
                name,
                OK,
                format!("may list the account's users{total}, so people are found by e-mail"),
            )
        }
        // Everything but finding people by address works without.
        Err(error) if error.kind() == ErrorKind::Forbidden => {
            let detail =
                format!("{}; people not yet in a workspace must be named by user:ID", error.message());
            Check::new(name, WARNING, detail)
        }
        Err(error) => Check::of(name, Err(error)),
    }
}

async fn roster(connection: &Connection, workspaces: Option<&[Workspace]>) -> Check {
    let name = "roster";
    let manageable = || workspaces?.iter().find(|workspace| workspace.may_be_manageable());
    let one = connection.own.only_workspace().or_else(|| manageable().map(|workspace| &workspace.id));
    let Some(id) = one else { return Check::new(name, SKIPPED, "no workspace is known to try it on") };
    if let Some(why) = absent(connection, Capability::ListMembers) {
        return Check::new(name, SKIPPED, why);
    }
    Check::of(
        name,
        if absent(connection, Capability::Roster).is_none() {
            connection.members.roster(id).await.map(|roster| {
                let owners = counted(roster.owners().count(), "owner");
                format!("workspace {id} has {} ({owners})", counted(roster.len(), "member"))
            })
        } else {
            let members = collect_listing(|| connection.members.members(id.clone())).await;
            let count = members.map(|members| counted(members.len(), "member"));
            count.map(|count| format!("lists {count} of workspace {id}; not known to be complete"))
        },
    )
}

/// What can be changed is not tried; only how that is known is shown.
fn changes(connection: &Connection) -> Check {
    let capabilities = connection.members.capabilities();
    let writes = [
        Capability::AddUser,
        Capability::AddGroup,
        Capability::SetUserRole,
        Capability::SetGroupRole,
        Capability::RemoveUser,
        Capability::RemoveGroup,
    ];
    let mut known: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for write in writes {
        let how = match capabilities.support(write) {
            Support::Claimed(Evidence::Documented) => "documented",
            Support::Claimed(_) => "inferred",
            Support::Absent(_) => "not supported",
        };
        known.entry(how).or_default().push(write.as_str());
    }
    let parts: Vec<_> = known.iter().map(|(how, names)| format!("{how}: {}; ", names.join(", "))).collect();
    Check::new("changes", OK, format!("{}not tried, and the key's rights decide", parts.concat()))
}

/// Why something is not claimed.
fn absent(connection: &Connection, capability: Capability) -> Option<String> {
    match connection.members.capabilities().support(capability) {
        Support::Absent(why) => Some(why.into_owned()),
        Support::Claimed(_) => None,
    }
}
