//! Members of workspaces: add, remove, change role; and of the key's own workspace: list, look at.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::rights::{Asked, Powers, is_built_in, not_found};
use super::state::{Mail, MailKind, Membership, PandaDocState, Workspace};
use super::users::{flag, integer};
use crate::failure::Failure;
use crate::reply::Reply;

/// `addMember`. Only the four built-in roles can be given here.
pub(super) fn add(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    let Asked { state, options, call, me, ids } = asked;
    let workspace_id = ids[0];
    let workspace = state.workspace(workspace_id).ok_or_else(not_found)?;
    me.must_have(state, workspace, |powers| powers.admin)?;
    let notify_user = flag(call, "notify_user")?.unwrap_or(options.notify_when_unstated);
    let notify_admins = flag(call, "notify_ws_admins")?.unwrap_or(options.notify_when_unstated);
    let fields = call.fields(false)?;
    let user = required(&fields, "user_id").and_then(|id| {
        let user = state.user(&id).filter(|user| !user.removed).ok_or("User doesn't exist")?;
        let member = state.member(workspace_id, &id).is_some();
        if member { Err("Member already exists") } else { Ok(user.clone()) }
    });
    let role = required(&fields, "role")
        .and_then(|role| if is_built_in(&role) { Ok(role) } else { Err("Role is not a valid choice") });
    let (user, role) = match (user, role) {
        (Ok(user), Ok(role)) => (user, role),
        (user, role) => {
            let wrong = [("user_id", user.err()), ("role", role.err())];
            let wrong = wrong.into_iter().filter_map(|(name, why)| Some((name, "invalid", why?.to_owned())));
            return Err(Failure::fields(wrong.collect()));
        }
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
pub(super) fn remove(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    let Asked { state, me, ids, .. } = asked;
    let (workspace_id, member_id) = (ids[0], ids[1]);
    // One text for both, so a client cannot tell which one is missing.
    let missing = || Failure::new(404, "This member or workspace does not exist.");
    let workspace = state.workspace(workspace_id).ok_or_else(missing)?;
    me.must_have(state, workspace, |powers| powers.admin)?;
    let user_id = live_member(state, workspace_id, member_id).ok_or_else(missing)?.user_id.clone();
    if user_id == workspace.owner {
        return Err(Failure::new(400, "Owner can not be removed."));
    }
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
pub(super) fn change_role(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    let Asked { state, call, me, ids, .. } = asked;
    let (workspace_id, member_id) = (ids[0], ids[1]);
    let workspace = state.workspace(workspace_id).ok_or_else(not_found)?;
    me.must_have(state, workspace, |powers| powers.edits_roles)?;
    let member = live_member(state, workspace_id, member_id).ok_or_else(not_found)?;
    let role = required(&call.fields(false)?, "role").map_err(|message| {
        // This operation writes its messages with a full stop.
        Failure::field("role", "invalid", format!("{message}."))
    })?;
    if !is_built_in(&role) && !workspace.custom_roles.iter().any(|custom| custom.name == role) {
        let message = format!(
            "The role '{role}' does not exist in the workspace with ID '{workspace_id}'. \
             Please ensure the role is correctly defined and try again."
        );
        return Err(Failure::field("role", "invalid", message));
    }
    if member.user_id == workspace.owner {
        return Err(Failure::new(400, "Cannot change the role of the workspace owner."));
    }
    if !Powers::of(workspace, &role).admin && is_last_admin(state, workspace, member) {
        let text = "Cannot change the role of the last member with admin privileges.";
        return Err(Failure::new(400, text));
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

fn live_member<'a>(state: &'a PandaDocState, workspace: &'a str, member: &str) -> Option<&'a Membership> {
    state.live(workspace).find(|live| live.membership_id == member)
}

/// Whether nobody else in the workspace has admin privileges. Somebody blocked does not count (inferred).
fn is_last_admin(state: &PandaDocState, workspace: &Workspace, member: &Membership) -> bool {
    let has_privileges = |member: &Membership| member.is_active && Powers::of(workspace, &member.role).admin;
    let mut others = state.live(&workspace.id).filter(|other| other.membership_id != member.membership_id);
    has_privileges(member) && !others.any(has_privileges)
}

/// `listMembers`: the workspace of the key, whole.
pub(super) fn list(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    let workspace_id = own_workspace(asked)?;
    let members = asked.state.live(workspace_id).filter_map(|member| shown(asked, member));
    Ok(Reply::json(200, json!({ "results": members.collect::<Vec<_>>() })))
}

/// `detailsCurrentMember`: the key's owner.
pub(super) fn current(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    own_workspace(asked)?;
    one(asked, asked.me.membership(asked.state)?)
}

/// `detailsMember`, in the key's workspace. That a membership of another workspace is a 404 is inferred.
pub(super) fn get(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    let workspace_id = own_workspace(asked)?;
    one(asked, live_member(asked.state, workspace_id, asked.ids[0]))
}

fn one(asked: &Asked<'_>, member: Option<&Membership>) -> Result<Reply, Failure> {
    let shown = member.and_then(|member| shown(asked, member));
    shown.map(|member| Reply::json(200, member)).ok_or_else(not_found)
}

/// The key's workspace, if its owner is not blocked there. The documented 400 of these operations shows `count`, though
/// they have no such parameter: one that is no number gets it.
fn own_workspace<'a>(asked: &'a Asked<'_>) -> Result<&'a str, Failure> {
    integer(asked.call, "count", 0..=u64::MAX)?;
    asked.me.membership(asked.state)?;
    Ok(&asked.me.workspace_id)
}

/// A member as `/members` shows one. The workspace in it is the one that the person looks at now, and custom roles have
/// no name.
fn shown(asked: &Asked<'_>, member: &Membership) -> Option<Value> {
    let state = &asked.state;
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
    if asked.options.quirks {
        if let Some(fields) = shown.as_object_mut() {
            fields.remove("emails_verified");
        }
        shown["email_verified"] = user.email_verified.into();
        shown["user_license"] = match user.license.as_str() {
            "Full" => "Full (Standard)".into(),
            "eSign" => "eSignature".into(),
            other => other.into(),
        };
        for name in ["date_modified", "avatar"] {
            shown[name] = Value::Null;
        }
        for name in ["first_name", "last_name"] {
            if shown[name] == "" {
                shown[name] = Value::Null;
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
