//! Members of workspaces: add, remove, change role; and of the key's own workspace: list, look at.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::errors::Failure;
use super::options::PandaDocOptions;
use super::rights::{Caller, Powers, is_built_in};
use super::state::{Mail, MailKind, Membership, PandaDocState, Workspace};
use super::users::integer;
use crate::call::{Call, Media, boolean};
use crate::log::Body;
use crate::reply::Reply;

/// `addMember`. Only the four built-in roles can be given here.
pub(super) fn add(
    state: &mut PandaDocState,
    options: &PandaDocOptions,
    call: &Call,
    me: &Caller,
    workspace_id: &str,
) -> Result<Reply, Failure> {
    let workspace = state.workspace(workspace_id).ok_or(Failure::missing())?;
    me.must_have(state, workspace, |powers| powers.admin)?;
    let notify_user = notify(call, "notify_user", options)?;
    let notify_admins = notify(call, "notify_ws_admins", options)?;
    let fields = fields(call)?;
    let mut wrong = Vec::new();
    let user_id = required(&fields, "user_id").map_err(|message| wrong.push(("user_id", message))).ok();
    let role = required(&fields, "role").map_err(|message| wrong.push(("role", message))).ok();
    if role.as_ref().is_some_and(|role| !is_built_in(role)) {
        wrong.push(("role", "Role is not a valid choice"));
    }
    let user = user_id.and_then(|id| state.user(&id)).filter(|user| !user.removed);
    if user.is_none() && !wrong.iter().any(|(field, _)| *field == "user_id") {
        wrong.push(("user_id", "User doesn't exist"));
    }
    if user.is_some_and(|user| state.member(workspace_id, &user.user_id).is_some()) {
        wrong.push(("user_id", "Member already exists"));
    }
    let (Some(user), Some(role), true) = (user.cloned(), role, wrong.is_empty()) else {
        return Err(Failure::Fields(wrong.into_iter().map(|(name, text)| (name, text.to_owned())).collect()));
    };

    if options.add_upgrades_guests {
        upgrade_guest(state, &user.user_id, &role);
    }
    let member_id = state.add_member(workspace_id, &user.user_id, role.as_str());
    if let Some(membership) = state.membership_mut(&member_id) {
        (membership.date_created, membership.date_modified) = (Timestamp::now(), Timestamp::now());
    }
    if notify_user {
        send(state, MailKind::NotifyUser, vec![user.email.clone()], &user.user_id, workspace_id);
    }
    if notify_admins {
        let admins = state.live(workspace_id).filter(|membership| membership.role == "Admin");
        let to =
            admins.filter_map(|membership| Some(state.user(&membership.user_id)?.email.clone())).collect();
        send(state, MailKind::NotifyWsAdmins, to, &user.user_id, workspace_id);
    }
    let body = json!({
        "member_id": member_id,
        "workspace_id": workspace_id,
        "role": role,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
    });
    Ok(Reply::json(201, body))
}

/// `removeMember`. Who may call it is not stated; an organization or workspace admin, as for adding, is inferred.
pub(super) fn remove(
    state: &mut PandaDocState,
    me: &Caller,
    workspace_id: &str,
    member_id: &str,
) -> Result<Reply, Failure> {
    // One text for both, so a client cannot tell which one is missing.
    let missing = Failure::NotFound("This member or workspace does not exist.");
    let Some(workspace) = state.workspace(workspace_id) else { return Err(missing) };
    me.must_have(state, workspace, |powers| powers.admin)?;
    let Some(member) = state.live(workspace_id).find(|member| member.membership_id == member_id) else {
        return Err(missing);
    };
    if member.user_id == workspace.owner {
        return Err(Failure::Rule("Owner can not be removed."));
    }
    let user_id = member.user_id.clone();
    if let Some(membership) = state.membership_mut(member_id) {
        membership.removed = true;
        membership.date_modified = Timestamp::now();
    }
    // "If the owner is removed from the workspace, the key is deactivated" (developers.pandadoc.com/docs/api-key-owner,
    // read 2026-11-21); the same for tokens is inferred.
    for key in &mut state.keys {
        key.active &= !(key.user_id == user_id && key.workspace_id == workspace_id);
    }
    state.oauth_tokens.retain(|token| !(token.user_id == user_id && token.workspace_id == workspace_id));
    if let Some(user) = state.user_mut(&user_id) {
        user.active_workspace = user.active_workspace.take().filter(|active| active != workspace_id);
    }
    Ok(Reply::empty(204))
}

/// `changeMemberRole`. Takes custom roles of the workspace as well.
pub(super) fn change_role(
    state: &mut PandaDocState,
    call: &Call,
    me: &Caller,
    workspace_id: &str,
    member_id: &str,
) -> Result<Reply, Failure> {
    let workspace = state.workspace(workspace_id).ok_or(Failure::missing())?;
    me.must_have(state, workspace, |powers| powers.edits_roles)?;
    let member =
        state.live(workspace_id).find(|member| member.membership_id == member_id).ok_or(Failure::missing())?;
    let role = required(&fields(call)?, "role").map_err(|message| {
        // This operation writes its messages with a full stop.
        Failure::field("role", format!("{}.", message.trim_end_matches('.')))
    })?;
    if !is_built_in(&role) && !workspace.custom_roles.iter().any(|custom| custom.name == role) {
        return Err(Failure::field(
            "role",
            format!(
                "The role '{role}' does not exist in the workspace with ID '{workspace_id}'. \
                 Please ensure the role is correctly defined and try again."
            ),
        ));
    }
    if member.user_id == workspace.owner {
        return Err(Failure::Rule("Cannot change the role of the workspace owner."));
    }
    if !Powers::of(workspace, &role).admin && is_last_admin(state, workspace, member) {
        return Err(Failure::Rule("Cannot change the role of the last member with admin privileges."));
    }
    let user_id = member.user_id.clone();
    let email = state.user(&user_id).map(|user| user.email.clone()).unwrap_or_default();
    upgrade_guest(state, &user_id, &role);
    if let Some(membership) = state.membership_mut(member_id) {
        membership.role.clone_from(&role);
        membership.date_modified = Timestamp::now();
    }
    let body = json!({
        "member_id": member_id,
        "workspace_id": workspace_id,
        "role": role,
        "email": email,
    });
    Ok(Reply::json(200, body))
}

/// Whether nobody else in the workspace has admin privileges. Somebody blocked does not count (inferred).
fn is_last_admin(state: &PandaDocState, workspace: &Workspace, member: &Membership) -> bool {
    let has_privileges = |member: &Membership| member.is_active && Powers::of(workspace, &member.role).admin;
    let mut others = state.live(&workspace.id).filter(|other| other.membership_id != member.membership_id);
    has_privileges(member) && !others.any(has_privileges)
}

/// `listMembers`: the workspace of the key, whole.
pub(super) fn list(
    state: &PandaDocState,
    options: &PandaDocOptions,
    call: &Call,
    me: &Caller,
) -> Result<Reply, Failure> {
    let workspace_id = own_workspace(state, call, me)?;
    let members = state.live(workspace_id).filter_map(|member| shown(state, options, member));
    Ok(Reply::json(200, json!({ "results": members.collect::<Vec<_>>() })))
}

/// `detailsCurrentMember`: the key's owner.
pub(super) fn current(
    state: &PandaDocState,
    options: &PandaDocOptions,
    call: &Call,
    me: &Caller,
) -> Result<Reply, Failure> {
    own_workspace(state, call, me)?;
    let own = me.membership(state)?.ok_or(Failure::missing())?;
    shown(state, options, own).map(|member| Reply::json(200, member)).ok_or(Failure::missing())
}

/// `detailsMember`, in the key's workspace. That a membership of another workspace is a 404 is inferred.
pub(super) fn get(
    state: &PandaDocState,
    options: &PandaDocOptions,
    call: &Call,
    me: &Caller,
    member_id: &str,
) -> Result<Reply, Failure> {
    let workspace_id = own_workspace(state, call, me)?;
    let member = state.live(workspace_id).find(|member| member.membership_id == member_id);
    let shown = member.and_then(|member| shown(state, options, member));
    shown.map(|member| Reply::json(200, member)).ok_or(Failure::missing())
}

/// The key's workspace, if its owner is not blocked there. The documented 400 of these operations shows `count`, though
/// they have no such parameter: one that is no number gets it.
fn own_workspace<'a>(state: &PandaDocState, call: &Call, me: &'a Caller) -> Result<&'a str, Failure> {
    integer(call, "count", 0..=u64::MAX)?;
    me.membership(state)?;
    Ok(&me.workspace_id)
}

/// A member as `/members` shows one. The workspace in it is the one that the person looks at now, and custom roles have
/// no name.
fn shown(state: &PandaDocState, options: &PandaDocOptions, member: &Membership) -> Option<Value> {
    let user = state.user(&member.user_id)?;
    let active = user.active_workspace.as_deref().unwrap_or(&member.workspace_id);
    let name = state.workspace(active).map(|workspace| workspace.name.as_str()).unwrap_or_default();
    let role = if is_built_in(&member.role) { member.role.as_str() } else { "Custom" };
    let mut shown = json!({
        "user_id": user.user_id,
        "membership_id": member.membership_id,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "is_active": member.is_active,
        "workspace": active,
        "workspace_name": name,
        "emails_verified": user.email_verified,
        "role": role,
        "user_license": user.license,
        "date_created": format!("{:.6}", member.date_created),
        "date_modified": format!("{:.6}", member.date_modified),
    });
    if options.quirks
        && let Value::Object(fields) = &mut shown
    {
        fields.remove("emails_verified");
        fields.insert("email_verified".to_owned(), user.email_verified.into());
        fields.insert("date_modified".to_owned(), Value::Null);
        fields.insert("avatar".to_owned(), Value::Null);
        let license = match user.license.as_str() {
            "Full" => "Full (Standard)",
            "eSign" => "eSignature",
            other => other,
        };
        fields.insert("user_license".to_owned(), license.into());
        for name in ["first_name", "last_name"] {
            if fields[name] == "" {
                fields.insert(name.to_owned(), Value::Null);
            }
        }
    }
    Some(shown)
}

/// A Guest who becomes more than a Collaborator gets a Full licence, and the organization a seat if none is free.
fn upgrade_guest(state: &mut PandaDocState, user_id: &str, role: &str) {
    let taken = state.users.iter().filter(|user| user.license == "Full" && !user.removed).count() as u64;
    let Some(user) = state.user_mut(user_id).filter(|user| user.license == "Guest") else { return };
    if role == "Collaborator" {
        return;
    }
    "Full".clone_into(&mut user.license);
    if taken >= state.organization.seats {
        state.organization.seats += 1;
        state.organization.seats_bought += 1;
    }
}

fn send(state: &mut PandaDocState, kind: MailKind, to: Vec<String>, user_id: &str, workspace_id: &str) {
    state.mails.extend(to.into_iter().map(|to| Mail {
        kind,
        to,
        user_id: user_id.to_owned(),
        workspace_id: workspace_id.to_owned(),
    }));
}

fn notify(call: &Call, name: &'static str, options: &PandaDocOptions) -> Result<bool, Failure> {
    match call.param(name) {
        None => Ok(options.notify_when_unstated),
        Some(value) => boolean(value).ok_or_else(|| Failure::field(name, "Must be a valid boolean.")),
    }
}

fn fields(call: &Call) -> Result<Map<String, Value>, Failure> {
    match (call.media, &call.body) {
        (_, Body::Empty) => Ok(Map::new()),
        (Media::Json, Body::Json(Value::Object(fields))) => Ok(fields.clone()),
        (Media::Json, Body::Json(_)) => {
            Err(Failure::field("non_field_errors", "Invalid data. Expected a dictionary."))
        }
        (Media::Json, _) => Err(Failure::Rule("JSON parse error")),
        _ => Err(Failure::Media(call.content_type().to_owned())),
    }
}

fn required(fields: &Map<String, Value>, name: &str) -> Result<String, &'static str> {
    match fields.get(name) {
        None => Err("This field is required"),
        Some(Value::Null) => Err("This field may not be null"),
        Some(Value::String(text)) if text.is_empty() => Err("This field may not be blank"),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(_) => Err("Not a valid string"),
    }
}
