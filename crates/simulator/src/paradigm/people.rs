//! Who am I, users, groups.

use serde_json::{Value, json};

use super::options::ParadigmOptions;
use super::paging::page;
use super::rights::{Asked, View};
use super::state::{Group, ParadigmState, PlatformRole, User};
use crate::call::{Call, boolean};
use crate::failure::Failure;
use crate::reply::Reply;

/// docs.lighton.ai/api-reference-v3/users/get-current-user-profile, read 2026-11-21.
#[expect(clippy::unnecessary_wraps, reason = "as the other operations")]
pub(super) fn me(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    let Asked { state, me, .. } = &*asked;
    let admin = me.is_company_admin();
    let has = |role| me.roles.contains(&role);
    let mut shown = json!({
        "profile": {
            "id": me.id,
            "username": me.email,
            "first_name": me.first_name,
            "last_name": me.last_name,
            "email": me.email,
        },
        "company": { "id": me.company, "name": company_name(state, me.company), "login_method": "password" },
        "permissions": {
            "is_admin": admin,
            "can_manage_documents": admin || has(PlatformRole::DocumentManager),
            "can_manage_api_keys": admin || has(PlatformRole::ApiKeyManager),
            "has_monitoring_permission": admin,
        },
        "settings": { "language": "en", "agent_instructions": "", "skip_help_step": true },
        "compliance": { "terms_accepted": true },
    });
    if asked.options.quirks {
        // As older copies of the page show it, with the group memberships that newer ones mention.
        shown["profile"] = json!({
            "id": me.id,
            "username": me.email,
            "full_name": format!("{} {}", me.first_name, me.last_name),
            "email": me.email,
        });
        shown["company"] = json!({ "id": me.company, "name": company_name(state, me.company) });
        shown["groups"] = groups_of(state, me.id);
    }
    Ok(Reply::json(200, shown))
}

/// docs.lighton.ai/api-reference-v3/users/list-company-members, read 2026-11-21. The path is inferred from the one that
/// creates users; the page shows no parameter for the page's size.
pub(super) fn users(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    let Asked { state, options, call, me, .. } = &*asked;
    let view = me.people_in_view();
    if view == View::Own {
        return Err(Failure::forbidden());
    }
    let company = if view == View::All { number(call, "company_id")? } else { Some(me.company) };
    let group = number(call, "group_id")?;
    let active = call.param("is_active").and_then(boolean);
    let found: Vec<&User> = state
        .users
        .iter()
        .filter(|user| company.is_none_or(|company| user.company == company))
        .filter(|user| group.is_none_or(|id| state.group(id).is_some_and(|group| group.has(user.id))))
        .filter(|user| active.is_none_or(|active| user.is_active == active))
        .collect();
    let (size, max) = (options.page_size, options.max_page_size);
    let page = page(call, None, size, max, &found, |user| shown_user(state, user))?;
    Ok(Reply::json(200, page.into_json()))
}

/// docs.lighton.ai/api-reference-v3/user-groups/list-user-groups, read 2026-11-21. Plain people see the groups that they
/// are in.
pub(super) fn groups(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    let Asked { state, options, call, me, .. } = &*asked;
    let view = me.people_in_view();
    let company = if view == View::All { number(call, "company_id")? } else { Some(me.company) };
    let user = number(call, "user_id")?;
    let role = call.param("has_role");
    let part = call.param("search").or_else(|| call.param("name")).map(str::to_lowercase);
    let has = |group: &Group, user: u64| {
        group.members.iter().any(|member| member.user == user && role.is_none_or(|role| member.role == role))
    };
    let found: Vec<&Group> = state
        .groups
        .iter()
        .filter(|group| company.is_none_or(|company| group.company == company))
        .filter(|group| view != View::Own || group.has(me.id))
        .filter(|group| user.is_none_or(|user| has(group, user)))
        .filter(|group| part.as_ref().is_none_or(|part| group.name.to_lowercase().contains(part)))
        .collect();
    let (size, max) = (options.page_size, options.max_page_size);
    let page = page(call, Some("per_page"), size, max, &found, |group| shown_group(options, group))?;
    if options.quirks {
        // What the page's text says, against its schema.
        let pagination = json!({
            "page": page.number,
            "per_page": page.size,
            "total": page.count,
            "pages": page.count.div_ceil(page.size).max(1),
        });
        return Ok(Reply::json(200, json!({ "data": page.results, "pagination": pagination })));
    }
    Ok(Reply::json(200, page.into_json()))
}

fn number(call: &Call, name: &'static str) -> Result<Option<u64>, Failure> {
    match call.param(name) {
        None | Some("") => Ok(None),
        Some(value) => value
            .parse()
            .map(Some)
            .map_err(|_| Failure::field(name, "invalid", "A valid integer is required.")),
    }
}

fn company_name(state: &ParadigmState, id: u64) -> &str {
    state.companies.iter().find(|company| company.id == id).map_or("", |company| &company.name)
}

/// docs.lighton.ai/api-reference-v3/users/create-a-new-company-member shows a user's fields; read 2026-11-21.
fn shown_user(state: &ParadigmState, user: &User) -> Value {
    let roles: Vec<Value> =
        user.roles.iter().map(|role| json!({ "id": role.id(), "name": role.name() })).collect();
    json!({
        "id": user.id,
        "username": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "is_active": user.is_active,
        "date_joined": user.date_joined,
        "account_expiration_date": null,
        "last_login": user.last_login,
        "invitation_status": user.invitation_status,
        "language": "en",
        "company": { "id": user.company, "name": company_name(state, user.company) },
        "roles": roles,
        "groups": groups_of(state, user.id),
    })
}

fn groups_of(state: &ParadigmState, user: u64) -> Value {
    let groups = state.groups.iter().filter_map(|group| {
        let member = group.members.iter().find(|member| member.user == user)?;
        Some(json!({
            "id": group.id,
            "name": group.name,
            "description": group.description,
            "role": member.role,
            "category": group.category,
            "created_at": group.created_at,
        }))
    });
    groups.collect()
}

/// The schema types `user_ids` as text. What is in the text is not documented.
fn shown_group(options: &ParadigmOptions, group: &Group) -> Value {
    let users: Vec<u64> = group.members.iter().map(|member| member.user).collect();
    let mut shown = json!({
        "id": group.id,
        "company_id": group.company,
        "category": group.category,
        "name": group.name,
        "description": group.description,
        "user_ids": json!(users).to_string(),
        "created_at": group.created_at,
        "updated_at": group.created_at,
    });
    if options.quirks {
        shown["description"] = json!(null);
        shown["user_ids"] = json!(users);
    }
    shown
}
