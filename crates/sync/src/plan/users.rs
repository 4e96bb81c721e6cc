//! The users of an account, and who has which address.

use super::key::{Folding, UserKey};
use crate::observe::Observed;
use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeSet, HashMap};
use workspace_members_core::{EmailAddress, User, UserId};

/// The users of an account, as listed, by id.
#[derive(Debug)]
pub(super) struct Users<'a> {
    folding: Folding,
    by_id: HashMap<UserKey<'a>, &'a User>,
}

impl<'a> Users<'a> {
    pub(super) fn new(folding: Folding, listed: &'a [User]) -> Self {
        Self { folding, by_id: listed.iter().map(|user| (folding.user(&user.id), user)).collect() }
    }

    pub(super) fn get(&self, id: &UserId) -> Option<&'a User> {
        self.get_by_key(&self.folding.user(id))
    }

    pub(super) fn get_by_key(&self, key: &UserKey<'_>) -> Option<&'a User> {
        self.by_id.get(key.as_ref()).copied()
    }
}

/// Who has which address, among the account's users and the members that were read.
#[derive(Debug)]
pub(super) struct Emails<'a> {
    folding: Folding,
    /// The first user with each.
    first: HashMap<&'a EmailAddress, &'a UserId>,
    /// All users with an address that several have.
    shared: HashMap<&'a EmailAddress, BTreeSet<&'a UserId>>,
}

impl<'a> Emails<'a> {
    pub(super) fn new(folding: Folding, users: &Users<'a>, observed: &'a Observed) -> Self {
        let mut all = Self { folding, first: HashMap::new(), shared: HashMap::new() };
        for user in observed.users().unwrap_or_default() {
            if let Some(email) = &user.email {
                all.add(email, &user.id);
            }
        }
        for member in observed.members() {
            if let (Some(id), Some(email)) = (member.key.principal.as_user(), &member.email)
                && users.get(id).and_then(|user| user.email.as_ref()) != Some(email)
            {
                all.add(email, id);
            }
        }
        all
    }

    fn add(&mut self, email: &'a EmailAddress, user: &'a UserId) {
        match self.first.entry(email) {
            Slot::Vacant(free) => {
                free.insert(user);
            }
            Slot::Occupied(taken) if self.folding.user(taken.get()) == self.folding.user(user) => {}
            Slot::Occupied(taken) => {
                let shared = self.shared.entry(email).or_insert_with(|| BTreeSet::from([*taken.get()]));
                if !shared.iter().any(|known| self.folding.user(known) == self.folding.user(user)) {
                    shared.insert(user);
                }
            }
        }
    }

    pub(super) fn is_shared(&self, email: &EmailAddress) -> bool {
        self.shared.contains_key(email)
    }

    /// All users with this address.
    pub(super) fn users_of(&self, email: &EmailAddress) -> impl Iterator<Item = &'a UserId> + '_ {
        let several = self.shared.get(email);
        let one = if several.is_none() { self.first.get(email) } else { None };
        one.into_iter().chain(several.into_iter().flatten()).copied()
    }
}
