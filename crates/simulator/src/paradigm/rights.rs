//! Who is asking, and what they may see.

use axum::http::header;
use jiff::Timestamp;

use super::options::ParadigmOptions;
use super::state::{ParadigmState, PlatformRole, User, Workspace, WorkspaceType};
use crate::call::Call;
use crate::failure::Failure;

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

/// A request whose sender is known, and what it is answered from.
pub(super) struct Asked<'a> {
    pub(super) state: &'a mut ParadigmState,
    pub(super) options: &'a ParadigmOptions,
    pub(super) call: &'a Call,
    pub(super) level: Level,
    pub(super) me: User,
    /// The ids in the path, as sent.
    pub(super) ids: Vec<&'a str>,
}

impl Asked<'_> {
    /// An id in the path. That a wrong one is the documented "400 Invalid input" is inferred.
    pub(super) fn id(&self, at: usize) -> Result<u64, Failure> {
        self.ids[at].parse().map_err(|_| Failure::field("id", "invalid", "A valid integer is required."))
    }

    /// The workspace in the path, if the caller may manage its members at this level.
    pub(super) fn managed(&self) -> Result<&Workspace, Failure> {
        let workspace = self.visible()?;
        if self.level == Level::Owner && role_in(self.state, workspace, self.me.id) != Some("owner") {
            return Err(Failure::forbidden());
        }
        // Company and personal workspaces take their members from automatic groups. Documented as not changeable; that
        // they are not listed either is inferred.
        if workspace.workspace_type != WorkspaceType::Custom {
            return Err(Failure::new(403, "Only custom workspaces have members that can be managed."));
        }
        Ok(workspace)
    }

    /// The workspace in the path, if the caller may know that it exists at this level: "non-existent and unauthorized
    /// workspaces are treated identically".
    pub(super) fn visible(&self) -> Result<&Workspace, Failure> {
        let (id, me) = (self.id(0)?, &self.me);
        me.must_reach(self.level)?;
        let found = self.state.workspace(id).filter(|workspace| match self.level {
            Level::Owner => role_in(self.state, workspace, me.id).is_some(),
            Level::Company => workspace.company == me.company || me.is_instance_admin(),
            Level::Instance => true,
        });
        found.ok_or_else(|| Failure::new(404, "Workspace not found."))
    }
}

/// The owner of the key, or a 401.
pub(super) fn caller(state: &ParadigmState, call: &Call) -> Result<User, Failure> {
    let unauthorized = |text| Failure::new(401, text).with_header(header::WWW_AUTHENTICATE, "Bearer");
    let Some(sent) = call.credential("Bearer") else {
        return Err(unauthorized("Authentication credentials were not provided."));
    };
    let key = state.keys.iter().find(|key| key.key.expose() == sent);
    key.filter(|key| key.expires_at.is_none_or(|expiry| Timestamp::now() < expiry))
        .and_then(|key| state.user(key.user))
        .filter(|user| user.is_active)
        .cloned()
        .ok_or_else(|| unauthorized("Invalid or expired API key."))
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

    /// A 403 for whom a level is not for.
    pub(super) fn must_reach(&self, level: Level) -> Result<(), Failure> {
        let allowed = match level {
            Level::Owner => true,
            Level::Company => self.is_company_admin(),
            Level::Instance => self.is_instance_admin(),
        };
        if allowed { Ok(()) } else { Err(Failure::forbidden()) }
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

/// The highest role somebody has, directly or through a group. That the highest wins is inferred.
pub(super) fn role_in<'a>(state: &ParadigmState, workspace: &'a Workspace, user: u64) -> Option<&'a str> {
    let rank = |role: &&str| ["viewer", "editor", "owner"].iter().position(|known| known == role);
    let direct = workspace.users.iter().filter(|grant| grant.id == user);
    let through =
        workspace.groups.iter().filter(|grant| state.group(grant.id).is_some_and(|group| group.has(user)));
    direct.chain(through).map(|grant| grant.role.as_str()).max_by_key(rank)
}
