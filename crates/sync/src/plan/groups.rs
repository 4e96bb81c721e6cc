//! Who is in which group, as far as the provider says.

use super::key::{Folding, Key};
use crate::observe::Observed;
use std::collections::{BTreeSet, HashMap, HashSet};
use workspace_members_core::{GroupId, User, UserId};

/// Whether something is so, as far as was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tri {
    No,
    Unknown,
    Yes,
}

/// The groups of an account, and their users where they are known.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    folding: Folding,
    listed: BTreeSet<&'a GroupId>,
    users: HashMap<&'a GroupId, Option<HashSet<Key<'a>>>>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(folding: Folding, observed: &'a Observed) -> Self {
        let listed = observed.groups().unwrap_or_default();
        let mut users: HashMap<&GroupId, Option<HashSet<Key<'_>>>> = HashMap::new();
        for group in listed {
            let keys = group.users.as_ref().map(|users| users.iter().map(|id| folding.user(id)).collect());
            users.insert(&group.id, keys);
        }
        for group in observed.members().filter_map(|member| member.key.principal.as_group()) {
            users.entry(group).or_insert(None);
        }
        fill_from_users(folding, observed.users().unwrap_or_default(), &mut users);
        Self { folding, listed: listed.iter().map(|group| &group.id).collect(), users }
    }

    pub(super) fn is_listed(&self, group: &GroupId) -> bool {
        self.listed.contains(group)
    }

    /// The users of a group, where they are known.
    pub(super) fn users_in(&self, group: &GroupId) -> Option<&HashSet<Key<'a>>> {
        self.users.get(group)?.as_ref()
    }

    /// Whether a group holds a user.
    pub(super) fn holds(&self, group: &GroupId, user: &UserId) -> Tri {
        match self.users_in(group) {
            Some(users) if users.contains(&self.folding.user(user)) => Tri::Yes,
            Some(_) => Tri::No,
            None => Tri::Unknown,
        }
    }
}

/// Fills in the groups of which only the users say who is in them. A user's own list of groups counts only if every user
/// has one: otherwise somebody may be missing.
fn fill_from_users<'a>(
    folding: Folding,
    listed: &'a [User],
    groups: &mut HashMap<&'a GroupId, Option<HashSet<Key<'a>>>>,
) {
    if listed.is_empty() || listed.iter().any(|user| user.groups.is_none()) {
        return;
    }
    let mut by_group: HashMap<&GroupId, HashSet<Key<'_>>> = HashMap::new();
    for user in listed {
        for group in user.groups.iter().flatten() {
            by_group.entry(group).or_default().insert(folding.user(&user.id));
        }
    }
    for (group, users) in groups {
        users.get_or_insert_with(|| by_group.remove(group).unwrap_or_default());
    }
}
