//! Members of a workspace: list, add, remove.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::rights::Asked;
use super::state::{Grant, ParadigmState, Workspace};
use crate::call::Call;
use crate::failure::Failure;
use crate::reply::Reply;

/// docs.lighton.ai/api-reference-v3/workspaces/list-workspace-members, read 2026-11-21.
pub(super) fn list(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    let workspace = asked.managed()?;
    Ok(Reply::json(asked.options.list_status, shown(asked, workspace)))
}

/// docs.lighton.ai/api-reference-v3/workspaces/add-a-member-to-a-workspace, read 2026-11-21.
pub(super) fn add(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    let workspace = asked.managed()?;
    let (kind, grant) = new_member(asked.call)?;
    let company = match kind {
        Kind::User => asked.state.user(grant.id).map(|user| user.company),
        Kind::Group => asked.state.group(grant.id).map(|group| group.company),
    };
    if company != Some(workspace.company) {
        return Err(Failure::new(404, format!("{kind:?} not found.")));
    }
    if kind.grants(workspace).iter().any(|known| known.id == grant.id) {
        return Err(Failure::new(409, "Member already exists in workspace."));
    }
    let workspace = workspace.id;
    changed(asked.state, workspace, kind)?.push(grant);
    Ok(Reply::json(201, shown(asked, asked.managed()?)))
}

/// Of a user documented at company and instance level
/// (docs.lighton.ai/api-reference-v3-company/workspaces/remove-a-user-from-a-workspace-of-your-company,
/// docs.lighton.ai/api-reference-v3-instance/workspaces/delete-a-user-from-a-workspace, read 2026-11-21), inferred at
/// owner level; of a group at docs.lighton.ai/api-reference-v3/workspaces/remove-a-group-from-a-custom-workspace.
pub(super) fn remove(asked: &mut Asked<'_>, kind: Kind) -> Result<Reply, Failure> {
    let workspace = asked.managed()?;
    let (id, grants) = (asked.id(1)?, kind.grants(workspace));
    let Some(at) = grants.iter().position(|grant| grant.id == id) else {
        return Err(Failure::new(404, format!("{kind:?} not found in workspace.")));
    };
    // Documented for groups and inferred for users. It counts grants, not people: an owner group that nobody is in, or
    // an owner who cannot sign in, still counts.
    let owners = workspace.users.iter().chain(&workspace.groups).filter(|grant| grant.role == "owner");
    if grants[at].role == "owner" && owners.count() == 1 {
        let kind = format!("{kind:?}").to_lowercase();
        let text = format!("Cannot remove the only remaining owner {kind}.");
        return Err(Failure::new(asked.options.last_owner_status, text));
    }
    let workspace = workspace.id;
    changed(asked.state, workspace, kind)?.remove(at);
    Ok(Reply::empty(204))
}

/// What can be a member.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    User,
    Group,
}

impl Kind {
    fn grants(self, workspace: &Workspace) -> &[Grant] {
        match self {
            Self::User => &workspace.users,
            Self::Group => &workspace.groups,
        }
    }
}

/// The grants of one kind, to change.
fn changed(state: &mut ParadigmState, id: u64, kind: Kind) -> Result<&mut Vec<Grant>, Failure> {
    let workspace = state.workspace_mut(id).ok_or_else(|| Failure::new(404, "Workspace not found."))?;
    workspace.updated_at = Timestamp::now();
    Ok(match kind {
        Kind::User => &mut workspace.users,
        Kind::Group => &mut workspace.groups,
    })
}

fn shown(asked: &Asked<'_>, workspace: &Workspace) -> Value {
    let (state, quirks) = (&asked.state, asked.options.quirks);
    let users = workspace.users.iter().filter_map(|grant| {
        let user = state.user(grant.id)?;
        let mut shown = json!({ "id": user.id, "email": user.email, "role": grant.role });
        if quirks {
            shown["created_at"] = json!(null);
            shown["permissions"] = json!(["read"]);
        }
        Some(shown)
    });
    let groups = workspace.groups.iter().filter_map(|grant| {
        let group = state.group(grant.id)?;
        let mut shown = json!({ "id": group.id, "name": group.name, "role": grant.role });
        if quirks {
            shown["category"] = json!(group.category);
        }
        Some(shown)
    });
    json!({ "users": users.collect::<Vec<_>>(), "groups": groups.collect::<Vec<_>>() })
}

/// The body of an addition. The schema does not say that exactly one of the ids must be given, nor what happens
/// otherwise; a 400 is inferred.
fn new_member(call: &Call) -> Result<(Kind, Grant), Failure> {
    let fields = call.fields(true)?;
    let mut wrong = Vec::new();
    let mut id = |name: &'static str| {
        let value = fields.get(name)?;
        let id = match value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        if id.is_none() {
            let (word, message) = match value {
                Value::Null => ("null", "This field may not be null."),
                _ => ("invalid", "A valid integer is required."),
            };
            wrong.push((name, word, message.to_owned()));
        }
        id
    };
    let (user, group) = (id("user_id"), id("group_id"));
    let mut role = "";
    match fields.get("role") {
        None => wrong.push(("role", "required", "This field is required.".to_owned())),
        Some(Value::Null) => wrong.push(("role", "null", "This field may not be null.".to_owned())),
        Some(sent) => match sent.as_str() {
            Some(known @ ("owner" | "editor" | "viewer")) => role = known,
            text => {
                let shown = text.map_or_else(|| sent.to_string(), str::to_owned);
                wrong.push(("role", "invalid_choice", format!("\"{shown}\" is not a valid choice.")));
            }
        },
    }
    if !wrong.is_empty() {
        return Err(Failure::fields(wrong));
    }
    match (user, group) {
        (Some(user), None) => Ok((Kind::User, Grant::new(user, role))),
        (None, Some(group)) => Ok((Kind::Group, Grant::new(group, role))),
        _ => {
            let message = "Exactly one of user_id and group_id must be given.";
            Err(Failure::field("non_field_errors", "invalid", message))
        }
    }
}
