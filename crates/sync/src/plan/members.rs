//! Who is in one workspace, as far as was read.

use super::key::{Folding, PrincipalKey};
use crate::observe::{Membership, Observed};
use std::collections::HashMap;
use workspace_members_core::{EmailAddress, Member, PrincipalId, Role, WorkspaceId};

/// The members of one workspace that were read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Members<'a> {
    observed: &'a Observed,
    workspace: &'a WorkspaceId,
    /// Ordered by principal.
    pub(crate) all: &'a [Member],
    /// Whether these are everybody.
    pub(crate) complete: bool,
}

impl<'a> Members<'a> {
    /// `None` if nothing was read of the workspace.
    pub(crate) fn of(observed: &'a Observed, workspace: &'a WorkspaceId) -> Option<Self> {
        let (all, complete) = match (observed.roster(workspace), observed.singles(workspace)) {
            (Some(roster), _) => (roster.members(), true),
            (None, Some(singles)) => (singles.members(), false),
            (None, None) => return None,
        };
        Some(Self { observed, workspace, all, complete })
    }

    /// The member with this id, spelled so.
    pub(crate) fn get(&self, principal: &PrincipalId) -> Option<&'a Member> {
        let at = self.all.binary_search_by(|member| member.key.principal.cmp(principal)).ok()?;
        self.all.get(at)
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
        let members = self
            .all
            .iter()
            .map(|member| format!("{} {}", member.key.principal, member.native_role.as_str().escape_debug()));
        let outside =
            self.observed.singles(self.workspace).into_iter().flat_map(crate::observe::Singles::outside);
        let lines: Vec<String> = members.chain(outside.map(|id| format!("{id} outside"))).collect();
        lines.join(", ")
    }
}

/// Finds members of one workspace.
pub(super) struct MemberIndex<'a> {
    folding: Folding,
    by_id: HashMap<PrincipalKey<'a>, usize>,
    /// The users by address; of several it is one of them.
    by_email: HashMap<&'a EmailAddress, usize>,
}

impl<'a> MemberIndex<'a> {
    pub(super) fn new(folding: Folding, members: &'a [Member]) -> Self {
        let mut index = Self { folding, by_id: HashMap::new(), by_email: HashMap::new() };
        for (place, member) in members.iter().enumerate() {
            index.by_id.insert(folding.principal(&member.key.principal), place);
            if let (Some(_), Some(email)) = (member.key.principal.as_user(), &member.email) {
                index.by_email.insert(email, place);
            }
        }
        index
    }

    /// The place of a principal among the members.
    pub(super) fn place(&self, principal: &PrincipalId) -> Option<usize> {
        self.by_id.get(&self.folding.principal(principal)).copied()
    }

    /// The place of a user whom the listing of members says to have this address.
    pub(super) fn place_of_email(&self, email: &EmailAddress) -> Option<usize> {
        self.by_email.get(email).copied()
    }
}
