//! Members of a workspace: list, add, remove.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::errors::{Failure, id};
use super::options::ParadigmOptions;
use super::rights::{Level, managed};
use super::state::{Grant, ParadigmState, User, Workspace};
use crate::call::{Call, Media};
use crate::log::Body;
use crate::reply::Reply;

/// docs.lighton.ai/api-reference-v3/workspaces/list-workspace-members, read 2026-11-21.
pub(super) fn list(
    state: &ParadigmState,
    options: &ParadigmOptions,
    level: Level,
    me: &User,
    workspace: &str,
) -> Result<Reply, Failure> {
    let workspace = managed(state, level, me, id(workspace)?)?;
    Ok(Reply::json(options.list_status, shown(state, options, workspace)))
}

/// docs.lighton.ai/api-reference-v3/workspaces/add-a-member-to-a-workspace, read 2026-11-21.
pub(super) fn add(
    state: &mut ParadigmState,
    options: &ParadigmOptions,
    call: &Call,
    level: Level,
    me: &User,
    workspace: &str,
) -> Result<Reply, Failure> {
    let workspace = managed(state, level, me, id(workspace)?)?;
    let new = NewMember::read(call)?;
    let (grants, known, missing) = match new.who {
        Who::User(user) => (&workspace.users, state.user(user).map(|user| user.company), "User not found."),
        Who::Group(group) => {
            (&workspace.groups, state.group(group).map(|group| group.company), "Group not found.")
        }
    };
    if known != Some(workspace.company) {
        return Err(Failure::not_found(missing));
    }
    if grants.iter().any(|grant| grant.id == new.who.id()) {
        return Err(Failure::conflict("Member already exists in workspace."));
    }
    let grant = Grant::new(new.who.id(), new.role);
    let workspace = changed(state, workspace.id)?;
    match new.who {
        Who::User(_) => workspace.users.push(grant),
        Who::Group(_) => workspace.groups.push(grant),
    }
    let workspace = workspace.clone();
    Ok(Reply::json(201, shown(state, options, &workspace)))
}

/// Documented at company and instance level
/// (docs.lighton.ai/api-reference-v3-company/workspaces/remove-a-user-from-a-workspace-of-your-company,
/// docs.lighton.ai/api-reference-v3-instance/workspaces/delete-a-user-from-a-workspace, read 2026-11-21); inferred at
/// owner level.
pub(super) fn remove_user(
    state: &mut ParadigmState,
    options: &ParadigmOptions,
    level: Level,
    me: &User,
    workspace: &str,
    user: &str,
) -> Result<Reply, Failure> {
    let workspace = managed(state, level, me, id(workspace)?)?;
    let user = id(user)?;
    let Some(at) = workspace.users.iter().position(|grant| grant.id == user) else {
        return Err(Failure::not_found("User not found in workspace."));
    };
    if is_last_owner(workspace, &workspace.users[at]) {
        return Err(Failure::last_owner(options.last_owner_status, "user"));
    }
    changed(state, workspace.id)?.users.remove(at);
    Ok(Reply::empty(204))
}

/// docs.lighton.ai/api-reference-v3/workspaces/remove-a-group-from-a-custom-workspace, read 2026-11-21.
pub(super) fn remove_group(
    state: &mut ParadigmState,
    options: &ParadigmOptions,
    level: Level,
    me: &User,
    workspace: &str,
    group: &str,
) -> Result<Reply, Failure> {
    let workspace = managed(state, level, me, id(workspace)?)?;
    let group = id(group)?;
    let Some(at) = workspace.groups.iter().position(|grant| grant.id == group) else {
        return Err(Failure::not_found("Group not found in workspace."));
    };
    if is_last_owner(workspace, &workspace.groups[at]) {
        return Err(Failure::last_owner(options.last_owner_status, "group"));
    }
    changed(state, workspace.id)?.groups.remove(at);
    Ok(Reply::empty(204))
}

/// The rule is documented for groups and inferred for users. It counts grants, not people: an owner group that nobody
/// is in, or an owner who cannot sign in, still counts.
fn is_last_owner(workspace: &Workspace, grant: &Grant) -> bool {
    let owners =
        workspace.users.iter().chain(&workspace.groups).filter(|grant| grant.role == "owner").count();
    grant.role == "owner" && owners == 1
}

fn changed(state: &mut ParadigmState, id: u64) -> Result<&mut Workspace, Failure> {
    let workspace = state.workspace_mut(id).ok_or_else(|| Failure::not_found("Workspace not found."))?;
    workspace.updated_at = Timestamp::now();
    Ok(workspace)
}

fn shown(state: &ParadigmState, options: &ParadigmOptions, workspace: &Workspace) -> Value {
    let users = workspace.users.iter().filter_map(|grant| {
        let user = state.user(grant.id)?;
        let mut shown = json!({ "id": user.id, "email": user.email, "role": grant.role });
        if options.quirks {
            shown["created_at"] = json!(null);
            shown["permissions"] = json!(["read"]);
        }
        Some(shown)
    });
    let groups = workspace.groups.iter().filter_map(|grant| {
        let group = state.group(grant.id)?;
        let mut shown = json!({ "id": group.id, "name": group.name, "role": grant.role });
        if options.quirks {
            shown["category"] = json!(group.category.name());
        }
        Some(shown)
    });
    json!({ "users": users.collect::<Vec<_>>(), "groups": groups.collect::<Vec<_>>() })
}

/// The body of an addition.
struct NewMember {
    who: Who,
    role: String,
}

#[derive(Clone, Copy)]
enum Who {
    User(u64),
    Group(u64),
}

impl Who {
    const fn id(self) -> u64 {
        match self {
            Self::User(id) | Self::Group(id) => id,
        }
    }
}

impl NewMember {
    /// The schema does not say that exactly one of the ids must be given, nor what happens otherwise; a 400 is
    /// inferred.
    fn read(call: &Call) -> Result<Self, Failure> {
        let fields = fields(call)?;
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
        let role = match fields.get("role") {
            Some(Value::String(role)) if matches!(role.as_str(), "owner" | "editor" | "viewer") => {
                role.clone()
            }
            other => {
                let (word, message) = match other {
                    None => ("required", "This field is required.".to_owned()),
                    Some(Value::Null) => ("null", "This field may not be null.".to_owned()),
                    Some(Value::String(role)) => {
                        ("invalid_choice", format!("\"{role}\" is not a valid choice."))
                    }
                    Some(role) => ("invalid_choice", format!("\"{role}\" is not a valid choice.")),
                };
                wrong.push(("role", word, message));
                String::new()
            }
        };
        if !wrong.is_empty() {
            return Err(Failure::fields(wrong));
        }
        let who = match (user, group) {
            (Some(user), None) => Who::User(user),
            (None, Some(group)) => Who::Group(group),
            _ => {
                let message = "Exactly one of user_id and group_id must be given.";
                return Err(Failure::field("non_field_errors", "invalid", message));
            }
        };
        Ok(Self { who, role })
    }
}

/// The body's fields, whichever of the three documented types it has.
fn fields(call: &Call) -> Result<Map<String, Value>, Failure> {
    match (call.media, &call.body) {
        (_, Body::Empty) => Ok(Map::new()),
        (Media::Json, Body::Json(Value::Object(fields))) => Ok(fields.clone()),
        (Media::Json, Body::Json(_)) => {
            Err(Failure::field("non_field_errors", "invalid", "Invalid data. Expected a dictionary."))
        }
        (Media::Json, _) => Err(Failure::bad_request("JSON parse error.")),
        (Media::Form, Body::Form(fields)) => {
            Ok(fields.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect())
        }
        _ => Err(Failure::unsupported_media(call.content_type())),
    }
}
