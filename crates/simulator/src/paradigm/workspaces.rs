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
    let (me, options) = (&asked.me, asked.options);
    me.must_reach(asked.level)?;
    let filter = Filter::read(asked.call)?;
    let in_view = |workspace: &&Workspace| match asked.level {
        Level::Owner => role_in(asked.state, workspace, me.id).is_some(),
        Level::Company => workspace.company == me.company,
        Level::Instance => true,
    };
    let all = asked.state.workspaces.iter();
    let mut found: Vec<&Workspace> =
        all.filter(in_view).filter(|workspace| filter.matches(asked, workspace)).collect();
    found.sort_by_key(|workspace| Reverse((workspace.created_at, workspace.id)));
    let (size, max) = (options.page_size, options.max_page_size);
    let show = |workspace: &&Workspace| short(asked, workspace);
    let page = page(asked.call, Some("page_size"), size, max, &found, show)?;
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

/// The documented query parameters. `name` and `group_name` look for a part, without case (inferred).
struct Filter<'a> {
    upload: Option<&'a str>,
    workspace_type: Option<&'a str>,
    role: Option<&'a str>,
    name: Option<String>,
    group_name: Option<String>,
    group: Option<u64>,
}

impl<'a> Filter<'a> {
    fn read(call: &'a Call) -> Result<Self, Failure> {
        let choice = |name: &'static str, choices: &[&str]| match call.param(name) {
            None | Some("") => Ok(None),
            Some(value) if choices.contains(&value) => Ok(Some(value)),
            Some(value) => Err(Failure::field(
                name,
                "invalid_choice",
                format!("Select a valid choice. {value} is not one of the available choices."),
            )),
        };
        let group = match call.param("group_id") {
            None | Some("") => None,
            Some(group) => {
                Some(group.parse().map_err(|_| Failure::field("group_id", "invalid", "Enter a number."))?)
            }
        };
        Ok(Self {
            upload: choice("document_upload_method", &["manual", "synced"])?,
            workspace_type: choice("workspace_type", &["company", "personal", "custom"])?,
            role: choice("user_role", &["owner", "editor", "viewer"])?,
            name: call.param("name").map(str::to_lowercase),
            group_name: call.param("group_name").map(str::to_lowercase),
            group,
        })
    }

    fn matches(&self, asked: &Asked<'_>, workspace: &Workspace) -> bool {
        let state = &asked.state;
        let role = role_in(state, workspace, asked.me.id);
        let has_group =
            |matches: &dyn Fn(u64) -> bool| workspace.groups.iter().any(|grant| matches(grant.id));
        let named = |id, part: &String| state.group(id).is_some_and(|g| g.name.to_lowercase().contains(part));
        self.upload.is_none_or(|upload| workspace.document_upload_method == upload)
            && self.workspace_type.is_none_or(|kind| json!(workspace.workspace_type) == kind)
            && self.role.is_none_or(|asked| role == Some(asked))
            && self.name.as_ref().is_none_or(|part| workspace.name.to_lowercase().contains(part))
            && self.group.is_none_or(|group| has_group(&|id| id == group))
            && self.group_name.as_ref().is_none_or(|part| has_group(&|id| named(id, part)))
    }
}
