//! Who is in one workspace, as far as was read.

use crate::observe::{Membership, Observed};
use workspace_members_core::{Member, PrincipalId, Role, WorkspaceId};

/// The members of one workspace that were read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Members<'a> {
    observed: &'a Observed,
    workspace: &'a WorkspaceId,
    /// Ordered as the provider compares principals.
    pub(crate) all: &'a [Member],
    /// Whether these are everybody.
    pub(crate) complete: bool,
}

impl<'a> Members<'a> {
    /// `None` if nothing was read of the workspace.
    pub(crate) fn of(observed: &'a Observed, workspace: &'a WorkspaceId) -> Option<Self> {
        let (all, complete) = match (observed.roster(workspace), observed.singles.get(workspace)) {
            (Some(roster), _) => (roster.members(), true),
            (None, Some(singles)) => (singles.members.as_slice(), false),
            (None, None) => return None,
        };
        Some(Self { observed, workspace, all, complete })
    }

    /// The member with this id, compared as the provider compares ids.
    pub(crate) fn get(&self, principal: &PrincipalId) -> Option<&'a Member> {
        match self.observed.membership(self.workspace, principal) {
            Membership::Inside(member) => Some(member),
            Membership::Outside | Membership::Unknown => None,
        }
    }

    /// Whether somebody who is none of those read is certainly no member.
    pub(super) fn lacks(&self, principal: &PrincipalId) -> bool {
        self.complete || self.observed.membership(self.workspace, principal) == Membership::Outside
    }

    /// Those in the owner role.
    pub(crate) fn owners(&self) -> impl Iterator<Item = &'a Member> {
        self.all.iter().filter(|member| member.role == Role::Owner)
    }

    /// Identifies what was read: who is in it and as what.
    pub(super) fn fingerprint(&self) -> String {
        if let Some(roster) = self.observed.roster(self.workspace) {
            return roster.fingerprint().to_string();
        }
        let inside = self
            .all
            .iter()
            .map(|member| format!("{} {}", member.key.principal, member.native_role.as_str().escape_debug()));
        let outside =
            self.observed.singles.get(self.workspace).into_iter().flat_map(|singles| &singles.outside);
        let lines: Vec<String> = inside.chain(outside.map(|id| format!("{id} outside"))).collect();
        lines.join(", ")
    }
}
