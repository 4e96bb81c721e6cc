//! Where in a roster somebody stands whom a desired state names.

use super::directory::Map;
use super::principal::PrincipalRef;
use foldhash::fast::RandomState;
use workspace_members_core::{EmailAddress, Member, PrincipalId, Roster};

/// Finds members of one roster.
pub(super) struct Places<'a> {
    members: &'a [Member],
    /// Behind whoever was found last by id.
    next: usize,
    /// The users by address, once one of them was looked for so.
    emails: Option<Map<&'a EmailAddress, usize>>,
}

impl<'a> Places<'a> {
    pub(super) fn new(roster: &'a Roster) -> Self {
        Self { members: roster.members(), next: 0, emails: None }
    }

    /// The place of a principal. Desired states and rosters have one order, so it is mostly the one behind the last.
    pub(super) fn of(&mut self, principal: PrincipalRef<'_>) -> Option<usize> {
        let found = match self.members.get(self.next) {
            Some(member) if principal == (&member.key.principal).into() => Ok(self.next),
            _ => self
                .members
                .binary_search_by(|member| PrincipalRef::from(&member.key.principal).cmp(&principal)),
        };
        self.next = found.map_or_else(|at| at, |at| at + 1);
        found.ok()
    }

    /// A member whom the roster says to have this address, and the place. Of several it is one of them.
    pub(super) fn of_email(&mut self, email: &EmailAddress) -> Option<(PrincipalRef<'a>, usize)> {
        let members = self.members;
        let emails = self.emails.get_or_insert_with(|| {
            let mut emails = Map::with_capacity_and_hasher(members.len(), RandomState::default());
            for (place, member) in members.iter().enumerate() {
                if let (PrincipalId::User(_), Some(email)) = (&member.key.principal, &member.email) {
                    emails.insert(email, place);
                }
            }
            emails
        });
        let place = *emails.get(email)?;
        Some(((&members.get(place)?.key.principal).into(), place))
    }
}
