//! `wsm find`: where somebody is, and as what.

use crate::connections::{Connection, Connections};
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::report::{MEMBER_COLUMNS, Report, Sheet, counted, member_cells, member_row};
use futures_util::future::join_all;
use serde_json::json;
use workspace_members::{
    Behaviour, Capability, ErrorKind, GroupId, Member, Operation, PrincipalId, User, Who, WorkspaceId,
    WorkspaceMembersExt, collect_listing,
};

const HEADING: &str =
    "connection,provider,workspace,kind,id,membership_id,email,name,role,native_role,fit,status,through";

/// What one connection knows.
struct Found {
    /// Each with the workspace's name, and the group that it comes through.
    memberships: Vec<(Member, Option<String>, Option<GroupId>)>,
    /// Whether the account has them as a user at all; `None` where that cannot be seen.
    user: Option<bool>,
    failures: Vec<Failure>,
}

/// Looks through every workspace of every connection. Groups are looked into where the provider shows who is in them.
pub(crate) async fn run(connections: &Connections, who: &Who, output: Output) -> Result<Report> {
    let all = connections.all();
    let answers = join_all(all.iter().map(|connection| find(connection, who, output))).await;
    let mut sheet =
        Sheet::new(&[&["CONNECTION", "WORKSPACE", "NAME"][..], &MEMBER_COLUMNS, &["THROUGH"]].concat());
    let (mut rows, mut failures, mut succeeded) = (Vec::new(), Vec::new(), 0);
    for (connection, mut found) in all.iter().zip(answers) {
        succeeded += usize::from(found.failures.is_empty());
        failures.append(&mut found.failures);
        if found.memberships.is_empty() && found.user == Some(true) {
            connection.note(output, format!("{who} is a user of the account, and in no workspace listed"));
        }
        for (member, workspace, through) in found.memberships {
            let through = through.map(|group| format!("group:{group}"));
            let mut row = member_row(&connection.name, connection.provider(), &member);
            row["through"] = json!(through);
            rows.push(row);
            let target =
                [connection.name.clone(), member.key.workspace.to_string(), workspace.unwrap_or_default()];
            sheet.push(target.into_iter().chain(member_cells(&member)).chain([through.unwrap_or_default()]));
        }
    }
    if rows.is_empty() && failures.is_empty() {
        let connections = counted(all.len(), "connection");
        output.note(&format!("{who} is in no workspace of {connections}"));
    }
    Ok(Report::rows(HEADING, rows, vec![sheet]).with_failures(succeeded, failures))
}

async fn find(connection: &Connection, who: &Who, output: Output) -> Found {
    let mut found = Found { memberships: Vec::new(), user: None, failures: Vec::new() };
    let choice = match connection.manageable().await {
        Ok(choice) => choice,
        Err(failure) => {
            found.failures.push(failure);
            return found;
        }
    };
    if choice.left_out > 0 {
        let why = "not searched, as they are not this key's to manage or have no members of their own";
        connection.note(output, format!("{} {why}", counted(choice.left_out, "workspace")));
    }
    let user = match user(connection, who).await {
        Ok(user) => user,
        Err(failure) => {
            // Memberships can still be found by address; what is lost is access through groups.
            connection.note(output, format!("{}; access through groups is not looked for", failure.line()));
            None
        }
    };
    found.user = user.as_ref().map(Option::is_some);
    let user = user.flatten();
    let grants = connection.members.capabilities().behaves(Behaviour::GroupsGrantAccess);
    if grants && user.as_ref().is_some_and(|user| user.groups.is_none()) {
        let why = format!("the provider does not say in which groups {who} is");
        connection.note(output, format!("{why}; access through groups is not found"));
    }
    let groups = user.as_ref().and_then(|user| user.groups.clone()).unwrap_or_default();
    let name_of = |id: &WorkspaceId| choice.chosen.iter().find(|chosen| chosen.id == *id)?.name.clone();
    for members in connection.members_of(&choice, output).await {
        for member in members.unwrap_or_else(|failure| {
            found.failures.push(failure);
            Vec::new()
        }) {
            let through = match &member.key.principal {
                _ if is(connection, &member, who, user.as_ref()) => None,
                PrincipalId::Group(group) if groups.contains(group) => Some(group.clone()),
                _ => continue,
            };
            let name = name_of(&member.key.workspace);
            found.memberships.push((member, name, through));
        }
    }
    found
}

fn is(connection: &Connection, member: &Member, who: &Who, user: Option<&User>) -> bool {
    let capabilities = connection.members.capabilities();
    let by_id = user.is_some_and(|user| member.key.principal.as_user() == Some(&user.id));
    by_id
        || match who {
            Who::Email(email) => member.email.as_ref() == Some(email),
            Who::Id(id) => capabilities.same_principal(&member.key.principal, id),
        }
}

/// The account's user, where groups give access: only then are users listed. `None` where nothing was listed, and
/// `Some(None)` if the account has no such user.
async fn user(connection: &Connection, who: &Who) -> Result<Option<Option<User>>> {
    let capabilities = connection.members.capabilities();
    if !capabilities.behaves(Behaviour::GroupsGrantAccess) {
        return Ok(None);
    }
    let claimed = capabilities.require(Capability::ListUsers, Operation::ListUsers);
    claimed.map_err(|error| connection.fail(error))?;
    let answer = match who {
        Who::Email(email) => match connection.members.find_user(email).await {
            Ok(user) => Ok(Some(user)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        },
        Who::Id(PrincipalId::Group(_)) => return Ok(None),
        Who::Id(id) => {
            let same = |user: &User| capabilities.same_principal(&user.id.clone().into(), id);
            let users = collect_listing(|| connection.members.users()).await;
            users.map(|users| users.into_iter().find(same))
        }
    };
    answer.map(Some).map_err(|error| connection.fail(error))
}
