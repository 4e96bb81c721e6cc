//! The complete list of a workspace's members. There is no way to make one from a part.

use crate::{EmailAddress, Mark, Member, PrincipalId, RecordKey, Role, Workspace, WorkspaceId};
use std::collections::BTreeMap;
use std::fmt;

/// Everybody in one workspace, known to be complete when it was read.
///
/// Made only by [`roster`](crate::WorkspaceMembersExt::roster) and [`rosters`](crate::WorkspaceMembersExt::rosters), from
/// a listing that ended, repeated nothing, and agreed with the provider's own count where it has one. So whoever is
/// not in it was not a member; that is what makes it fit to decide removals by.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Roster {
    workspace: WorkspaceId,
    members: Vec<Member>,
}

impl Roster {
    /// Takes the members of one workspace out of a complete listing.
    pub(crate) fn from_complete(workspace: &WorkspaceId, mut members: Vec<Member>) -> Self {
        members.sort_unstable_by(|a, b| a.key.principal.cmp(&b.key.principal));
        Self { workspace: workspace.clone(), members }
    }

    /// Marks the one whom the provider's list of workspaces names as the owner.
    pub(crate) fn mark_owner(&mut self, workspace: &Workspace) {
        let Some(owner) = &workspace.owner else { return };
        for member in &mut self.members {
            if member.email.as_ref() == Some(owner) {
                *member = member.clone().with_mark(Mark::Immovable);
            }
        }
    }

    /// Which workspace.
    pub fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    /// Everybody, ordered by principal: users first, then groups.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Everybody, ordered by principal.
    pub fn iter(&self) -> std::slice::Iter<'_, Member> {
        self.members.iter()
    }

    /// The member with this id.
    pub fn get(&self, principal: &PrincipalId) -> Option<&Member> {
        let at = self.members.binary_search_by(|member| member.key.principal.cmp(principal)).ok()?;
        self.members.get(at)
    }

    /// All members with this address: usually none or one.
    pub fn by_email<'a>(&'a self, email: &'a EmailAddress) -> impl Iterator<Item = &'a Member> + 'a {
        self.members.iter().filter(move |member| member.email.as_ref() == Some(email))
    }

    /// The members in the owner role, whatever their status.
    pub fn owners(&self) -> impl Iterator<Item = &Member> + '_ {
        self.members.iter().filter(|member| member.role == Role::Owner)
    }

    /// Identifies who is in it and as what: equal fingerprints mean the same principals in the same native roles.
    /// Stable across processes and versions.
    pub fn fingerprint(&self) -> Fingerprint {
        let grants: BTreeMap<_, _> = self
            .members
            .iter()
            .map(|member| (member.key.principal.to_string(), member.native_role.as_str()))
            .collect();
        let lines = grants.into_iter().map(|(principal, role)| format!("{principal}\u{0}{role}\n"));
        let text = std::iter::once(format!("{}\n", self.workspace)).chain(lines).collect::<String>();
        Fingerprint(RecordKey::of(&text))
    }
}

impl<'a> IntoIterator for &'a Roster {
    type Item = &'a Member;
    type IntoIter = std::slice::Iter<'a, Member>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Identifies the content of a [`Roster`]: 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(RecordKey);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
