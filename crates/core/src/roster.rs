//! The complete list of a workspace's members. There is no way to make one from a part.

use crate::adapter::RecordKey;
use crate::id::has_control;
use crate::{
    Behaviour, Capabilities, EmailAddress, Mark, Member, Operation, PrincipalId, PrincipalKind, Result, Role,
    Workspace, WorkspaceId,
};
use std::borrow::Cow;
use std::fmt;

/// Everybody in one workspace, known to be complete when it was read.
///
/// Made only by [`roster`](crate::WorkspaceMembersExt::roster) and [`rosters`](crate::WorkspaceMembersExt::rosters), from
/// a listing that ended, repeated nothing, and agreed with the provider's own count where it has one. So somebody
/// who is not in it was not a member; that is what makes it fit to decide removals by. It compares ids as the provider
/// does: where those are logins that fold case, `Ana` is found as `ana`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Roster {
    workspace: WorkspaceId,
    members: Vec<Member>,
    #[cfg_attr(feature = "serde", serde(skip))]
    ids_fold_case: bool,
}

impl Roster {
    /// Takes the members of one workspace out of a complete listing. Fails if somebody is in it by two memberships.
    pub(crate) fn from_complete(
        workspace: &WorkspaceId,
        members: Vec<Member>,
        capabilities: &Capabilities,
    ) -> Result<Self> {
        let ids_fold_case = capabilities.behaves(Behaviour::UserIdsFoldCase);
        let mut roster = Self { workspace: workspace.clone(), members, ids_fold_case };
        roster
            .members
            .sort_by_cached_key(|member| comparable(&member.key.principal, ids_fold_case).into_owned());
        let same = |pair: &&[Member]| {
            let [one, other] = [0, 1].map(|at| comparable(&pair[at].key.principal, ids_fold_case));
            one == other
        };
        match roster.members.windows(2).find(same) {
            Some(twice) => {
                Err(capabilities.ambiguous_membership(&twice[0].key, &twice[1].key, Operation::ListMembers))
            }
            None => Ok(roster),
        }
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

    /// The member with this id, compared as the provider compares ids.
    pub fn get(&self, principal: &PrincipalId) -> Option<&Member> {
        let sought = comparable(principal, self.ids_fold_case);
        let id = |member: &Member| comparable(&member.key.principal, self.ids_fold_case).cmp(&sought);
        self.members.get(self.members.binary_search_by(id).ok()?)
    }

    /// All members with this address: usually none or one.
    pub fn by_email<'a>(&'a self, email: &'a EmailAddress) -> impl Iterator<Item = &'a Member> + 'a {
        self.members.iter().filter(move |member| member.email.as_ref() == Some(email))
    }

    /// The members in the owner role, whatever their status.
    pub fn owners(&self) -> impl Iterator<Item = &Member> + '_ {
        self.members.iter().filter(|member| member.role == Role::Owner)
    }

    /// Identifies who is in it and as what: equal fingerprints mean the same principals in the same native roles, in
    /// whatever spelling where ids fold case. Stable across processes and versions.
    pub fn fingerprint(&self) -> Fingerprint {
        // In the order of the texts: `group:ID` before `user:ID`.
        let user = |member: &Member| member.key.principal.kind() == PrincipalKind::User;
        let (users, groups) = self.members.split_at(self.members.partition_point(user));
        let mut text = format!("{}\n", self.workspace);
        for member in groups.iter().chain(users) {
            text.push_str(&comparable(&member.key.principal, self.ids_fold_case).to_string());
            text.push('\0');
            let role = member.native_role.as_str();
            // Ids have no control characters. A role that has some could pass for the end of its line, and for another.
            if has_control(role) {
                text.push('\0');
                text.extend(role.escape_debug());
            } else {
                text.push_str(role);
            }
            text.push('\n');
        }
        Fingerprint(RecordKey::of(&text))
    }
}

/// A principal as it compares in a roster.
fn comparable(principal: &PrincipalId, fold: bool) -> Cow<'_, PrincipalId> {
    if fold { Cow::Owned(principal.folded()) } else { Cow::Borrowed(principal) }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fit, GroupId, MemberKey, NativeRole, Provider, RoleRow, RoleTable, UserId};

    fn example() -> Capabilities {
        let roles = RoleTable::new([RoleRow::new(Role::Owner, NativeRole::new("boss"), Fit::Exact)]).unwrap();
        Capabilities::new(Provider::from_static("example"), roles)
    }

    fn logins() -> Capabilities {
        example().with_behaviours(&[Behaviour::UserIdsFoldCase])
    }

    fn id() -> WorkspaceId {
        WorkspaceId::from(1)
    }

    fn member(principal: impl Into<PrincipalId>, role: &str) -> Member {
        Member::new(MemberKey::new(id(), principal), NativeRole::new(role), example().roles())
    }

    fn login(text: &str) -> PrincipalId {
        UserId::new(text).unwrap().into()
    }

    #[test]
    fn a_fingerprint_is_of_one_text_whatever_the_order() {
        let roster = |members| Roster::from_complete(&id(), members, &example()).unwrap();
        let mut members = vec![
            member(UserId::from(10), "boss"),
            member(UserId::from(9), "Legal review"),
            member(GroupId::from(10), "reader"),
        ];
        let text = "1\ngroup:10\0reader\nuser:10\0boss\nuser:9\0Legal review\n".to_owned();
        let expected = Fingerprint(RecordKey::of(&text));
        assert_eq!(roster(members.clone()).fingerprint(), expected);
        members.reverse();
        assert_eq!(roster(members.clone()).fingerprint(), expected);
        let forged = vec![members[0].clone(), member(UserId::from(10), "boss\nuser:9\0Legal review")];
        assert_ne!(roster(forged).fingerprint(), expected, "two in one");
        members.pop();
        assert_ne!(roster(members).fingerprint(), expected);
    }

    #[test]
    fn one_person_in_another_spelling_is_found_and_has_one_fingerprint_where_ids_fold_case() {
        let spelled = |one, other| vec![member(login(one), "boss"), member(login(other), "reader")];
        let folding = Roster::from_complete(&id(), spelled("Zoe", "ana"), &logins()).unwrap();
        assert_eq!(folding.get(&login("ANA")).unwrap().key.principal, login("ana"), "kept as given");
        assert_eq!(folding.get(&login("zoe")).unwrap().role, Role::Owner);
        let again = Roster::from_complete(&id(), spelled("zoe", "Ana"), &logins()).unwrap();
        assert_eq!(folding.fingerprint(), again.fingerprint());

        let exact = Roster::from_complete(&id(), spelled("Zoe", "ana"), &example()).unwrap();
        assert!(exact.get(&login("ANA")).is_none() && exact.get(&login("ana")).is_some());
        let again = Roster::from_complete(&id(), spelled("zoe", "Ana"), &example()).unwrap();
        assert_ne!(exact.fingerprint(), again.fingerprint());
    }
}
