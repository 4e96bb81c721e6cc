//! The members of one roster by id and by address.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use workspace_members_core::{Capabilities, EmailAddress, Member, PrincipalId, Roster};

/// Answers with positions in [`Roster::members`].
pub(super) struct RosterIndex<'a> {
    members: &'a [Member],
    capabilities: &'a Capabilities,
    /// By the id as it compares at the provider.
    ids: HashMap<Cow<'a, PrincipalId>, usize>,
    /// The users by address, made once one of them is looked for so.
    emails: OnceCell<HashMap<&'a EmailAddress, usize>>,
}

impl<'a> RosterIndex<'a> {
    pub(super) fn new(roster: &'a Roster, capabilities: &'a Capabilities) -> Self {
        let ids = roster.iter().zip(0..).map(|(member, at)| (capabilities.folded(&member.key.principal), at));
        Self { members: roster.members(), capabilities, ids: ids.collect(), emails: OnceCell::new() }
    }

    pub(super) fn position(&self, principal: &PrincipalId) -> Option<usize> {
        self.ids.get(&*self.capabilities.folded(principal)).copied()
    }

    /// A user whom the roster says to have this address. Of several it is one of them.
    pub(super) fn position_of_email(&self, email: &EmailAddress) -> Option<usize> {
        let emails = self.emails.get_or_init(|| {
            let users = self.members.iter().zip(0..);
            let users = users.filter(|(member, _)| member.key.principal.as_user().is_some());
            users.filter_map(|(member, at)| Some((member.email.as_ref()?, at))).collect()
        });
        emails.get(email).copied()
    }

    pub(super) fn member(&self, position: usize) -> Option<&'a Member> {
        self.members.get(position)
    }
}
