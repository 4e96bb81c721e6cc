//! The organization: its people and its workspaces.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::rights::{Asked, not_found};
use super::state::{User, Workspace};
use crate::call::{Call, boolean};
use crate::failure::Failure;
use crate::reply::Reply;

/// `listUsers`. `show_removed` is true unless said otherwise; `count` is at most 50.
pub(super) fn list(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    let Asked { state, call, me, .. } = &*asked;
    me.must_be_organization_admin(state)?;
    let show_removed = flag(call, "show_removed")?.unwrap_or(true);
    let users: Vec<&User> = state.users.iter().filter(|user| show_removed || !user.removed).collect();
    let count = integer(call, "count", 0..=50)?.unwrap_or(50);
    // Page 0 is allowed by the document and not explained; the same as page 1 here.
    let page = integer(call, "page", 0..=u64::MAX)?.unwrap_or(1).max(1);
    let results = page_of(&users, count, page, |user| shown(asked, user, show_removed));
    Ok(Reply::json(200, json!({ "total": users.len(), "results": results })))
}

/// `detailsUser`: memberships as they are now.
pub(super) fn get(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    asked.me.must_be_organization_admin(asked.state)?;
    let user = asked.state.user(asked.ids[0]).filter(|user| !user.removed).ok_or_else(not_found)?;
    Ok(Reply::json(200, shown(asked, user, false)))
}

/// `getWorkspacesList`: all active workspaces of the organization. Who may call it is not stated; that it takes an
/// organization admin, like the other operations of the organization, is inferred.
pub(super) fn workspaces(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    let Asked { state, call, me, .. } = &*asked;
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
fn shown(asked: &Asked<'_>, user: &User, removed: bool) -> Value {
    let state = &asked.state;
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
    if asked.options.quirks {
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

/// A boolean in the query.
pub(super) fn flag(call: &Call, name: &'static str) -> Result<Option<bool>, Failure> {
    let wrong = || Failure::field(name, "invalid", "Must be a valid boolean.");
    call.param(name).map(|value| boolean(value).ok_or_else(wrong)).transpose()
}

/// A number in the query, within its documented range.
pub(super) fn integer(
    call: &Call,
    name: &'static str,
    range: RangeInclusive<u64>,
) -> Result<Option<u64>, Failure> {
    let Some(sent) = call.param(name) else { return Ok(None) };
    let (least, most) = (i128::from(*range.start()), i128::from(*range.end()));
    let message = match sent.parse::<i128>() {
        Err(_) => "A valid integer is required.".to_owned(),
        Ok(number) if number < least => format!("Ensure this value is greater than or equal to {least}."),
        Ok(number) if number > most => format!("Ensure this value is less than or equal to {most}."),
        Ok(number) => return Ok(u64::try_from(number).ok()),
    };
    Err(Failure::field(name, "invalid", message))
}
