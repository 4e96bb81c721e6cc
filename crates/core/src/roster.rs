//! The complete list of a workspace's members. There is no way to make one from a part.

use crate::id::has_control;
use crate::record::HashedText;
use crate::{EmailAddress, Mark, Member, PrincipalId, PrincipalKind, Role, Workspace, WorkspaceId};
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
        // One text, in the order of `group:ID` and `user:ID`, hashed as it grows: rosters may be long.
        let user = |member: &Member| member.key.principal.kind() == PrincipalKind::User;
        let (users, groups) = self.members.split_at(self.members.partition_point(user));
        let mut text = HashedText::new();
        text.push(self.workspace.as_str());
        text.push("\n");
        for (kind, members) in [("group:", groups), ("user:", users)] {
            for member in members {
                let role = member.native_role.as_str();
                text.push(kind);
                text.push(member.key.principal.as_str());
                text.push("\0");
                // Ids have no control characters. A role that has some could pass for the end of its line, and for another.
                if has_control(role) {
                    text.push("\0");
                    text.push(&role.escape_debug().to_string());
                } else {
                    text.push(role);
                }
                text.push("\n");
            }
        }
        Fingerprint(text.finish())
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
pub struct Fingerprint(crate::adapter::RecordKey);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fit, GroupId, MemberKey, NativeRole, RoleRow, RoleTable, UserId};

    #[test]
    fn a_fingerprint_is_of_one_text_whatever_the_order() {
        let roles = RoleTable::new([RoleRow::new(Role::Owner, NativeRole::new("boss"), Fit::Exact)]).unwrap();
        let id = WorkspaceId::from(1);
        let member = |principal: PrincipalId, role: &str| {
            Member::new(MemberKey::new(id.clone(), principal), NativeRole::new(role), &roles)
        };
        let mut members = vec![
            member(UserId::from(10).into(), "boss"),
            member(UserId::from(9).into(), "Legal review"),
            member(GroupId::from(10).into(), "reader"),
        ];
        let text = "1\ngroup:10\0reader\nuser:10\0boss\nuser:9\0Legal review\n".to_owned();
        let expected = Fingerprint(crate::adapter::RecordKey::of(&text));
        assert_eq!(Roster::from_complete(&id, members.clone()).fingerprint(), expected);
        members.reverse();
        assert_eq!(Roster::from_complete(&id, members.clone()).fingerprint(), expected);
        let forged = vec![members[0].clone(), member(UserId::from(10).into(), "boss\nuser:9\0Legal review")];
        assert_ne!(Roster::from_complete(&id, forged).fingerprint(), expected, "two in one");
        members.pop();
        assert_ne!(Roster::from_complete(&id, members).fingerprint(), expected);
    }
}
