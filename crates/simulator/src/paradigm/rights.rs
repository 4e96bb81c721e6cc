//! Who is asking, and what they may see.

use jiff::Timestamp;

use super::errors::Failure;
use super::state::{ParadigmState, PlatformRole, User, Workspace, WorkspaceType};
use crate::call::Call;

/// The three prefixes under which Paradigm offers workspaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// No prefix: what the caller is a member of, and owns.
    Owner,
    /// `/company`: admins of the workspace's company, and instance admins.
    Company,
    /// `/instance`: instance admins.
    Instance,
}

/// The owner of the key, or a 401.
pub(super) fn caller<'a>(state: &'a ParadigmState, call: &Call) -> Result<&'a User, Failure> {
    let Some(sent) = call.credential("Bearer") else {
        return Err(Failure::unauthorized("Authentication credentials were not provided."));
    };
    state
        .keys
        .iter()
        .find(|key| key.key.expose() == sent)
        .filter(|key| key.expires_at.is_none_or(|expiry| Timestamp::now() < expiry))
        .and_then(|key| state.user(key.user))
        .filter(|user| user.is_active)
        .ok_or_else(|| Failure::unauthorized("Invalid or expired API key."))
}

impl User {
    pub(super) fn is_instance_admin(&self) -> bool {
        self.roles.iter().any(|role| {
            matches!(role, PlatformRole::SystemAdmin | PlatformRole::AccountManager | PlatformRole::Admin)
        })
    }

    pub(super) fn is_company_admin(&self) -> bool {
        self.roles.contains(&PlatformRole::CompanyAdmin) || self.is_instance_admin()
    }

    /// Which people this person may list: of all companies, of their own, or none
    /// (docs.lighton.ai/api-reference-v3/users/list-company-members, read 2026-11-21).
    pub(super) fn people_in_view(&self) -> View {
        if self.is_instance_admin() || self.roles.contains(&PlatformRole::SystemDpo) {
            View::All
        } else if self.is_company_admin() || self.roles.contains(&PlatformRole::CompanyDpo) {
            View::Company
        } else {
            View::Own
        }
    }
}

/// How far somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    All,
    Company,
    Own,
}

/// The highest role somebody holds, directly or through a group. That the highest wins is inferred.
pub(super) fn role_in<'a>(state: &ParadigmState, workspace: &'a Workspace, user: u64) -> Option<&'a str> {
    let direct = workspace.users.iter().filter(|grant| grant.id == user);
    let through =
        workspace.groups.iter().filter(|grant| state.group(grant.id).is_some_and(|group| group.has(user)));
    direct.chain(through).map(|grant| grant.role.as_str()).max_by_key(|role| rank(role))
}

fn rank(role: &str) -> u8 {
    match role {
        "owner" => 3,
        "editor" => 2,
        "viewer" => 1,
        _ => 0,
    }
}

/// The workspace, if the caller may manage its members at this level.
pub(super) fn managed<'a>(
    state: &'a ParadigmState,
    level: Level,
    me: &User,
    id: u64,
) -> Result<&'a Workspace, Failure> {
    let workspace = visible(state, level, me, id)?;
    if level == Level::Owner && role_in(state, workspace, me.id) != Some("owner") {
        return Err(Failure::no_right());
    }
    // Company and personal workspaces take their members from automatic groups. Documented as not changeable; that
    // they are not listed either is inferred.
    if workspace.workspace_type != WorkspaceType::Custom {
        return Err(Failure::forbidden("Only custom workspaces have members that can be managed."));
    }
    Ok(workspace)
}

/// The workspace, if the caller may know that it exists at this level: "non-existent and unauthorized workspaces are
/// treated identically".
pub(super) fn visible<'a>(
    state: &'a ParadigmState,
    level: Level,
    me: &User,
    id: u64,
) -> Result<&'a Workspace, Failure> {
    let allowed = match level {
        Level::Owner => true,
        Level::Company => me.is_company_admin(),
        Level::Instance => me.is_instance_admin(),
    };
    if !allowed {
        return Err(Failure::no_right());
    }
    state
        .workspace(id)
        .filter(|workspace| match level {
            Level::Owner => role_in(state, workspace, me.id).is_some(),
            Level::Company => workspace.company == me.company || me.is_instance_admin(),
            Level::Instance => true,
        })
        .ok_or_else(|| Failure::not_found("Workspace not found."))
}
