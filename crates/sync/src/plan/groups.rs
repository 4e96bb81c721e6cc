//! Who is in which group, as far as the provider says.

use super::directory::Tri;
use super::key::{Folding, UserKey};
use crate::observe::Observed;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use workspace_members_core::{GroupId, PrincipalId, User, UserId};

/// The groups of an account, and their users where they are known.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    folding: Folding,
    listed: BTreeSet<&'a GroupId>,
    users: BTreeMap<&'a GroupId, Option<BTreeSet<UserKey<'a>>>>,
    /// The known groups of each user: `users`, the other way round.
    of_user: HashMap<UserKey<'a>, BTreeSet<&'a GroupId>>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(folding: Folding, observed: &'a Observed) -> Self {
        let listed = observed.groups().unwrap_or_default();
        let mut users: BTreeMap<&GroupId, Option<BTreeSet<UserKey<'_>>>> = BTreeMap::new();
        for group in listed {
            let ids = group.users.as_ref().map(|users| users.iter().map(|id| folding.user(id)).collect());
            users.insert(&group.id, ids);
        }
        for member in observed.members() {
            if let Some(id) = as_group(&member.key.principal) {
                users.entry(id).or_insert(None);
            }
        }
        told_by_users(folding, observed.users().unwrap_or_default(), &mut users);
        let mut of_user: HashMap<UserKey<'_>, BTreeSet<&GroupId>> = HashMap::new();
        for (group, users) in &users {
            for user in users.iter().flatten() {
                of_user.entry(user.clone()).or_default().insert(group);
            }
        }
        Self { folding, listed: listed.iter().map(|group| &group.id).collect(), users, of_user }
    }

    pub(super) fn is_listed(&self, group: &GroupId) -> bool {
        self.listed.contains(group)
    }

    /// The users of a group, where they are known.
    pub(super) fn users_in(&self, group: &GroupId) -> Option<&BTreeSet<UserKey<'a>>> {
        self.users.get(group)?.as_ref()
    }

    /// Whether a group holds a user.
    pub(super) fn holds(&self, group: &GroupId, user: &UserId) -> Tri {
        match self.users_in(group) {
            Some(users) if users.contains(self.folding.user(user).as_ref()) => Tri::Yes,
            Some(_) => Tri::No,
            None => Tri::Unknown,
        }
    }

    /// The groups that are known to hold a user, in order.
    pub(super) fn of_user<'b>(&'b self, user: &UserId) -> impl Iterator<Item = &'a GroupId> + use<'a, 'b> {
        self.of_user.get(self.folding.user(user).as_ref()).into_iter().flatten().copied()
    }
}

/// Fills in the groups of which only the users tell. A user's own list of groups counts only if every user has one:
/// otherwise somebody may be missing.
fn told_by_users<'a>(
    folding: Folding,
    listed: &'a [User],
    groups: &mut BTreeMap<&'a GroupId, Option<BTreeSet<UserKey<'a>>>>,
) {
    if listed.is_empty() || listed.iter().any(|user| user.groups.is_none()) {
        return;
    }
    let mut told: HashMap<&GroupId, BTreeSet<UserKey<'_>>> = HashMap::new();
    for user in listed {
        for group in user.groups.iter().flatten() {
            told.entry(group).or_default().insert(folding.user(&user.id));
        }
    }
    for (group, users) in groups {
        users.get_or_insert_with(|| told.remove(group).unwrap_or_default());
    }
}

pub(crate) fn as_group(principal: &PrincipalId) -> Option<&GroupId> {
    principal.as_group()
}
