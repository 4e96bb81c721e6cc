//! Workspaces: list and look at.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::paging::page;
use super::rights::{Asked, Level, role_in};
use super::state::Workspace;
use crate::call::Call;
use crate::failure::Failure;
use crate::reply::Reply;

/// docs.lighton.ai/api-reference-v3/workspaces/list-workspaces and
/// docs.lighton.ai/api-reference-v3-company/workspaces/list-workspaces-in-your-company, read 2026-11-21. The first page
/// names `/api/v3/instance/workspaces` in its text.
pub(super) fn list(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    let Asked { state, options, call, level, me, .. } = &*asked;
    me.must_reach(*level)?;
    let upload = choice(call, "document_upload_method", &["manual", "synced"])?;
    let kind = choice(call, "workspace_type", &["company", "personal", "custom"])?;
    let asked_role = choice(call, "user_role", &["owner", "editor", "viewer"])?;
    let group_id = match call.param("group_id") {
        None | Some("") => None,
        Some(id) => {
            Some(id.parse::<u64>().map_err(|_| Failure::field("group_id", "invalid", "Enter a number."))?)
        }
    };
    // That these two look for a part, without case, is inferred.
    let part = |name| call.param(name).map(str::to_lowercase);
    let (name, group_name) = (part("name"), part("group_name"));
    let contains = |text: &str, part: &String| text.to_lowercase().contains(part);
    let in_view = |workspace: &&Workspace| {
        let role = role_in(state, workspace, me.id);
        let groups = || workspace.groups.iter().filter_map(|grant| state.group(grant.id));
        let seen = match level {
            Level::Owner => role.is_some(),
            Level::Company => workspace.company == me.company,
            Level::Instance => true,
        };
        seen && upload.is_none_or(|upload| workspace.document_upload_method == upload)
            && kind.is_none_or(|kind| json!(workspace.workspace_type) == kind)
            && asked_role.is_none_or(|asked| role == Some(asked))
            && name.as_ref().is_none_or(|part| contains(&workspace.name, part))
            && group_id.is_none_or(|id| groups().any(|group| group.id == id))
            && group_name.as_ref().is_none_or(|part| groups().any(|group| contains(&group.name, part)))
    };
    let mut found: Vec<&Workspace> = state.workspaces.iter().filter(in_view).collect();
    found.sort_by_key(|workspace| Reverse((workspace.created_at, workspace.id)));
    let (size, max) = (options.page_size, options.max_page_size);
    let show = |workspace: &&Workspace| short(asked, workspace);
    let page = page(call, Some("page_size"), size, max, &found, show)?;
    Ok(Reply::json(200, page.into_json()))
}

/// docs.lighton.ai/api-reference-v3/workspaces/retrieve-a-workspace and
/// docs.lighton.ai/api-reference-v3-company/workspaces/retrieve-a-company-workspace, read 2026-11-21.
pub(super) fn get(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    let mut shown = short(asked, asked.visible()?);
    shown["used_storage"] = json!(0.0);
    shown["files_count"] = json!(0);
    if asked.level == Level::Owner {
        shown["summaries"] = json!([]);
    }
    Ok(Reply::json(200, shown))
}

/// A workspace as listings show it. `user_role` is empty for an admin who has no role in it.
fn short(asked: &Asked<'_>, workspace: &Workspace) -> Value {
    let mut shown = json!({
        "id": workspace.id,
        "name": workspace.name,
        "workspace_type": workspace.workspace_type,
        "document_upload_method": workspace.document_upload_method,
        "description": workspace.description,
        "created_at": workspace.created_at,
        "updated_at": workspace.updated_at,
        "user_role": role_in(asked.state, workspace, asked.me.id).unwrap_or_default(),
    });
    if asked.options.quirks {
        shown["description"] = json!(null);
        shown["members"] = json!({ "users": [], "groups": [] });
        shown["sync"] = json!(null);
    }
    shown
}

/// A query parameter that takes one of a few words.
fn choice<'a>(call: &'a Call, name: &'static str, choices: &[&str]) -> Result<Option<&'a str>, Failure> {
    match call.param(name).filter(|value| !value.is_empty()) {
        Some(value) if !choices.contains(&value) => Err(Failure::field(
            name,
            "invalid_choice",
            format!("Select a valid choice. {value} is not one of the available choices."),
        )),
        value => Ok(value),
    }
}
