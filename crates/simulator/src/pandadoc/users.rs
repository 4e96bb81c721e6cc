//! The organization: its people and its workspaces.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::errors::Failure;
use super::options::PandaDocOptions;
use super::rights::Caller;
use super::state::{PandaDocState, User, Workspace};
use crate::call::{Call, boolean};
use crate::reply::Reply;

/// `listUsers`. `show_removed` is true unless said otherwise; `count` is at most 50.
pub(super) fn list(
    state: &PandaDocState,
    options: &PandaDocOptions,
    call: &Call,
    me: &Caller,
) -> Result<Reply, Failure> {
    me.must_be_organization_admin(state)?;
    let show_removed = match call.param("show_removed") {
        None => true,
        Some(value) => {
            boolean(value).ok_or_else(|| Failure::field("show_removed", "Must be a valid boolean."))?
        }
    };
    let users: Vec<&User> = state.users.iter().filter(|user| show_removed || !user.removed).collect();
    let count = integer(call, "count", 0..=50)?.unwrap_or(50);
    // Page 0 is allowed by the document and not explained; the same as page 1 here.
    let page = integer(call, "page", 0..=u64::MAX)?.unwrap_or(1).max(1);
    let results = page_of(&users, count, page, |user| shown(state, options, user, show_removed));
    Ok(Reply::json(200, json!({ "total": users.len(), "results": results })))
}

/// `detailsUser`: memberships as they are now.
pub(super) fn get(
    state: &PandaDocState,
    options: &PandaDocOptions,
    me: &Caller,
    user_id: &str,
) -> Result<Reply, Failure> {
    me.must_be_organization_admin(state)?;
    let user = state.user(user_id).filter(|user| !user.removed).ok_or(Failure::missing())?;
    Ok(Reply::json(200, shown(state, options, user, false)))
}

/// `getWorkspacesList`: all active workspaces of the organization. Who may call it is not stated; that it takes an
/// organization admin, like the other operations of the organization, is inferred.
pub(super) fn workspaces(state: &PandaDocState, call: &Call, me: &Caller) -> Result<Reply, Failure> {
    me.must_be_organization_admin(state)?;
    let count = integer(call, "count", 1..=100)?.unwrap_or(50);
    let page = integer(call, "page", 1..=u64::MAX)?.unwrap_or(1);
    let active: Vec<&Workspace> = state.workspaces.iter().filter(|workspace| workspace.active).collect();
    let results = page_of(&active, count, page, |workspace| {
        json!({
            "id": workspace.id,
            "name": workspace.name,
            "date_created": format!("{:.6}", workspace.date_created),
            "owner": state.user(&workspace.owner).map(|user| user.email.as_str()).unwrap_or_default(),
        })
    });
    Ok(Reply::json(200, json!({ "total": active.len(), "results": results })))
}

/// A person as the organization sees one. With `removed`, memberships that ended are among the others, and nothing
/// tells them apart.
fn shown(state: &PandaDocState, options: &PandaDocOptions, user: &User, removed: bool) -> Value {
    let workspaces: Vec<Value> = state
        .memberships
        .iter()
        .filter(|membership| membership.user_id == user.user_id && (removed || !membership.removed))
        .filter(|membership| state.workspace(&membership.workspace_id).is_some())
        .map(|membership| {
            json!({
                "role": membership.role,
                "workspace_id": membership.workspace_id,
                "membership_id": membership.membership_id,
            })
        })
        .collect();
    let mut shown = json!({
        "user_id": user.user_id,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "phone_number": user.phone_number,
        "license": user.license,
        "is_organization_owner": user.is_organization_owner,
        "workspaces": workspaces,
    });
    if options.quirks {
        for name in ["first_name", "last_name", "phone_number"] {
            if shown[name] == "" {
                shown[name] = Value::Null;
            }
        }
        shown["invited_by"] = Value::Null;
    }
    shown
}

/// Entries of a page that starts with 1. A page behind the last is empty.
fn page_of<T>(entries: &[T], count: u64, page: u64, show: impl FnMut(&T) -> Value) -> Vec<Value> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let before = usize::try_from(page - 1).unwrap_or(usize::MAX).saturating_mul(count);
    entries.iter().skip(before).take(count).map(show).collect()
}

/// A number in the query, within its documented range.
pub(super) fn integer(
    call: &Call,
    name: &'static str,
    range: RangeInclusive<u64>,
) -> Result<Option<u64>, Failure> {
    let Some(sent) = call.param(name) else { return Ok(None) };
    let (least, most) = (*range.start(), *range.end());
    match sent.parse::<i128>() {
        Err(_) => Err(Failure::field(name, "A valid integer is required.")),
        Ok(number) if number < i128::from(least) => {
            Err(Failure::field(name, format!("Ensure this value is greater than or equal to {least}.")))
        }
        Ok(number) => match u64::try_from(number) {
            Ok(number) if number <= most => Ok(Some(number)),
            _ => Err(Failure::field(name, format!("Ensure this value is less than or equal to {most}."))),
        },
    }
}
