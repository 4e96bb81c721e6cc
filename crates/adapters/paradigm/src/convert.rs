//! From Paradigm's JSON to the core types.

use crate::config::Level;
use crate::wire;
use workspace_members_core::{
    EmailAddress, Group, GroupId, Identity, Member, MemberKey, PrincipalId, RoleTable, Status, User, UserId,
    Workspace, WorkspaceId,
};

/// Users first, then groups, each in the provider's order.
pub(crate) fn members(
    workspace: &WorkspaceId,
    wire: wire::Members,
    roles: &RoleTable,
) -> impl Iterator<Item = Member> {
    let member = move |principal, role: &str| {
        Member::new(MemberKey::new(workspace.clone(), principal), roles.native(role), roles)
    };
    let users = wire.users.into_iter().map(move |user| {
        member(PrincipalId::from(UserId::from(user.id)), &user.role).with_email(email(user.email))
    });
    let groups = wire.groups.into_iter().map(move |group| {
        member(PrincipalId::from(GroupId::from(group.id)), &group.role).with_name(group.name)
    });
    users.chain(groups)
}

/// Only custom workspaces have members of their own; at owner level, only an owner can see and change them. What the
/// provider leaves blank is not known, and then its own refusal decides.
pub(crate) fn workspace(wire: wire::Workspace, level: Level) -> Workspace {
    // The newer product says `shared` for `custom` (schema at api.lighton.ai/docs/schema, read 2026-11-21).
    let custom = is_one_of(wire.kind.as_deref(), &["custom", "shared"]);
    let ours = match level {
        Level::Owner => is_one_of(wire.user_role.as_deref(), &["owner"]),
        Level::Company | Level::Instance => Some(true),
    };
    let manageable = match (custom, ours) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    };
    Workspace::new(WorkspaceId::from(wire.id), wire.name.unwrap_or_default())
        .with_kind(wire.kind)
        .with_manageable(manageable)
}

/// Not known where there is nothing but space.
fn is_one_of(text: Option<&str>, words: &[&str]) -> Option<bool> {
    let text = text.map(str::trim).filter(|text| !text.is_empty())?;
    Some(words.iter().any(|word| word.eq_ignore_ascii_case(text)))
}

pub(crate) fn user(wire: wire::User) -> User {
    let groups = wire.groups.map(|groups| groups.into_iter().map(|group| GroupId::from(group.id)).collect());
    let pending = wire.invitation_status.is_some_and(|status| status.eq_ignore_ascii_case("pending"));
    let status = match wire.is_active {
        Some(true) => Status::Active,
        Some(false) if pending => Status::Pending,
        Some(false) => Status::Inactive,
        None => Status::Unknown,
    };
    User::new(UserId::from(wire.id))
        .with_email(email(wire.email))
        .with_name(name(wire.full_name, wire.first_name, wire.last_name))
        .with_status(status)
        .with_groups(groups)
}

pub(crate) fn group(wire: wire::Group) -> Group {
    let ids = wire.user_ids.and_then(|ids| serde_json::from_str::<Vec<u64>>(ids.get()).ok());
    let users = ids.filter(|ids| !ids.contains(&0)).map(|ids| ids.into_iter().map(UserId::from).collect());
    Group::new(GroupId::from(wire.id), wire.name.unwrap_or_default()).with_users(users)
}

pub(crate) fn identity(wire: wire::Me) -> Identity {
    let profile = user(wire.profile);
    let (id, company) = wire.company.map(|company| (company.id.to_string(), company.name)).unzip();
    Identity::new(profile.id)
        .with_email(profile.email)
        .with_name(profile.name)
        .with_account(id, company.flatten())
        // Shown only. That it means the company's administrator is inferred from its name.
        .with_admin(wire.permissions.and_then(|permissions| permissions.is_admin))
}

/// An address that is not one is left out: it could not be found by, and is shown nowhere.
fn email(text: Option<String>) -> Option<EmailAddress> {
    EmailAddress::new(text?).ok()
}

fn name(full: Option<String>, first: Option<String>, last: Option<String>) -> Option<String> {
    let parts = [first, last].into_iter().flatten().filter(|part| !part.is_empty());
    let joined = parts.collect::<Vec<_>>().join(" ");
    full.filter(|name| !name.is_empty()).or((!joined.is_empty()).then_some(joined))
}
