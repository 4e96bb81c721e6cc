//! Workspaces: list and look at.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::errors::{Failure, id};
use super::options::ParadigmOptions;
use super::paging::page;
use super::rights::{Level, role_in, visible};
use super::state::{ParadigmState, User, Workspace};
use crate::call::Call;
use crate::reply::Reply;

/// docs.lighton.ai/api-reference-v3/workspaces/list-workspaces and
/// docs.lighton.ai/api-reference-v3-company/workspaces/list-workspaces-in-your-company, read 2026-11-21. The first page
/// names `/api/v3/instance/workspaces` in its text.
pub(super) fn list(
    state: &ParadigmState,
    options: &ParadigmOptions,
    call: &Call,
    level: Level,
    me: &User,
) -> Result<Reply, Failure> {
    let allowed = match level {
        Level::Owner => true,
        Level::Company => me.is_company_admin(),
        Level::Instance => me.is_instance_admin(),
    };
    if !allowed {
        return Err(Failure::no_right());
    }
    let filter = Filter::read(call)?;
    let mut found: Vec<&Workspace> = state
        .workspaces
        .iter()
        .filter(|workspace| match level {
            Level::Owner => role_in(state, workspace, me.id).is_some(),
            Level::Company => workspace.company == me.company,
            Level::Instance => true,
        })
        .filter(|workspace| filter.matches(state, me, workspace))
        .collect();
    found.sort_by_key(|workspace| Reverse((workspace.created_at, workspace.id)));
    let show = |workspace: &&Workspace| short(state, options, me, workspace);
    let page = page(call, Some("page_size"), options.page_size, options.max_page_size, &found, show)?;
    Ok(Reply::json(200, page.into_json()))
}

/// docs.lighton.ai/api-reference-v3/workspaces/retrieve-a-workspace and
/// docs.lighton.ai/api-reference-v3-company/workspaces/retrieve-a-company-workspace, read 2026-11-21.
pub(super) fn get(
    state: &ParadigmState,
    options: &ParadigmOptions,
    level: Level,
    me: &User,
    workspace: &str,
) -> Result<Reply, Failure> {
    let workspace = visible(state, level, me, id(workspace)?)?;
    let mut shown = short(state, options, me, workspace);
    shown["used_storage"] = json!(0.0);
    shown["files_count"] = json!(0);
    if level == Level::Owner {
        shown["summaries"] = json!([]);
    }
    Ok(Reply::json(200, shown))
}

/// A workspace as listings show it. `user_role` is empty for an admin who has no role in it.
fn short(state: &ParadigmState, options: &ParadigmOptions, me: &User, workspace: &Workspace) -> Value {
    let mut shown = json!({
        "id": workspace.id,
        "name": workspace.name,
        "workspace_type": workspace.workspace_type.name(),
        "document_upload_method": workspace.document_upload_method,
        "description": workspace.description,
        "created_at": workspace.created_at,
        "updated_at": workspace.updated_at,
        "user_role": role_in(state, workspace, me.id).unwrap_or_default(),
    });
    if options.quirks {
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

    fn matches(&self, state: &ParadigmState, me: &User, workspace: &Workspace) -> bool {
        let has_group = |wanted: &dyn Fn(u64) -> bool| workspace.groups.iter().any(|grant| wanted(grant.id));
        let named = |id, part: &String| state.group(id).is_some_and(|g| g.name.to_lowercase().contains(part));
        self.upload.is_none_or(|upload| workspace.document_upload_method == upload)
            && self.workspace_type.is_none_or(|kind| workspace.workspace_type.name() == kind)
            && self.role.is_none_or(|role| role_in(state, workspace, me.id) == Some(role))
            && self.name.as_ref().is_none_or(|part| workspace.name.to_lowercase().contains(part))
            && self.group.is_none_or(|group| has_group(&|id| id == group))
            && self.group_name.as_ref().is_none_or(|part| has_group(&|id| named(id, part)))
    }
}
