//! Who is asking, and what they may do.

use jiff::Timestamp;

use super::options::PandaDocOptions;
use super::state::{KeyKind, Membership, PandaDocState, Workspace};
use crate::call::Call;
use crate::failure::Failure;

/// A request whose sender is known, and what it is answered from.
pub(super) struct Asked<'a> {
    pub(super) state: &'a mut PandaDocState,
    pub(super) options: &'a PandaDocOptions,
    pub(super) call: &'a Call,
    pub(super) me: Caller,
    /// The ids in the path.
    pub(super) ids: Vec<&'a str>,
}

pub(super) fn not_found() -> Failure {
    Failure::new(404, "Not found")
}

/// The person behind a key or token, and the workspace that it is bound to.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) user_id: String,
    pub(super) workspace_id: String,
    pub(super) sandbox: bool,
}

/// `Authorization: API-Key …` or `Bearer …`; everything else is a 401.
pub(super) fn caller(state: &PandaDocState, call: &Call) -> Result<Caller, Failure> {
    let by_key = call.credential("API-Key").and_then(|sent| {
        let key = state.keys.iter().find(|key| key.key.expose() == sent && key.active)?;
        Some((&key.user_id, &key.workspace_id, key.kind == KeyKind::Sandbox))
    });
    let by_token = call.credential("Bearer").and_then(|sent| {
        let token = state.oauth_tokens.iter().find(|token| token.access_token.expose() == sent)?;
        let valid = token.expires_at.is_none_or(|expiry| Timestamp::now() < expiry);
        valid.then_some((&token.user_id, &token.workspace_id, false))
    });
    let present = |user_id: &str| state.user(user_id).is_some_and(|user| !user.removed);
    match by_key.or(by_token).filter(|(user_id, ..)| present(user_id)) {
        Some((user_id, workspace_id, sandbox)) => {
            Ok(Caller { user_id: user_id.clone(), workspace_id: workspace_id.clone(), sandbox })
        }
        None => Err(Failure::new(401, "Authentication credentials were not provided.")),
    }
}

impl Caller {
    pub(super) fn is_organization_admin(&self, state: &PandaDocState) -> bool {
        state.user(&self.user_id).is_some_and(|user| user.is_organization_admin || user.is_organization_owner)
    }

    /// For the operations of the organization.
    pub(super) fn must_be_organization_admin(&self, state: &PandaDocState) -> Result<(), Failure> {
        if self.is_organization_admin(state) { Ok(()) } else { Err(Failure::forbidden()) }
    }

    /// The own membership in the key's workspace. Somebody blocked there gets a 403 (inferred).
    pub(super) fn membership<'a>(&self, state: &'a PandaDocState) -> Result<Option<&'a Membership>, Failure> {
        match state.member(&self.workspace_id, &self.user_id) {
            Some(own) if !own.is_active => Err(Failure::forbidden()),
            own => Ok(own),
        }
    }

    /// Whether this person may do something in a workspace: an organization admin always; anybody else with a key of
    /// that workspace only, and a role there that allows it.
    pub(super) fn must_have(
        &self,
        state: &PandaDocState,
        workspace: &Workspace,
        allows: impl FnOnce(Powers) -> bool,
    ) -> Result<(), Failure> {
        if self.is_organization_admin(state) {
            return Ok(());
        }
        let own = self.membership(state)?.filter(|_| self.workspace_id == workspace.id);
        if own.is_some_and(|own| allows(Powers::of(workspace, &own.role))) {
            return Ok(());
        }
        Err(Failure::forbidden())
    }
}

/// What a role allows, as far as members are concerned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Powers {
    /// "Admin privileges": adds and removes members, changes roles.
    pub(super) admin: bool,
    /// Changes roles.
    pub(super) edits_roles: bool,
}

impl Powers {
    pub(super) fn of(workspace: &Workspace, role: &str) -> Self {
        if role == "Admin" {
            return Self { admin: true, edits_roles: true };
        }
        let custom = workspace.custom_roles.iter().find(|custom| custom.name == role);
        custom.map_or(Self { admin: false, edits_roles: false }, |custom| Self {
            admin: custom.admin,
            edits_roles: custom.admin || custom.edits_roles,
        })
    }
}

/// The four roles that every workspace has.
pub(super) fn is_built_in(role: &str) -> bool {
    matches!(role, "Admin" | "Manager" | "Member" | "Collaborator")
}
