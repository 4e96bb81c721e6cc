//! Who owns a workspace while steps are taken.

use super::directory::Directory;
use super::key::Key;
use std::collections::HashMap;
use workspace_members_core::{Member, PrincipalId, Role, Status};

/// The owners of a workspace: as its members were read, and then after each step.
///
/// Kept up to date, so that a step costs the same however many members there are.
#[derive(Debug)]
pub(crate) struct Owners<'a> {
    directory: &'a Directory<'a>,
    /// Those in the owner role, with their status.
    in_role: HashMap<Key<'a>, (&'a PrincipalId, Status)>,
    /// The users who own the workspace and may be active, each with in how many ways: directly and through groups.
    users: HashMap<Key<'a>, usize>,
}

impl<'a> Owners<'a> {
    pub(crate) fn of(members: &'a [Member], directory: &'a Directory<'a>) -> Self {
        let mut owners = Self { directory, in_role: HashMap::new(), users: HashMap::new() };
        for member in members.iter().filter(|member| member.role == Role::Owner) {
            let principal = &member.key.principal;
            owners.add(principal, directory.status(principal, member.status));
        }
        owners
    }

    /// How many users own the workspace and may be active. Users in owner groups count only where they are known, and
    /// known to be active.
    pub(crate) fn count(&self) -> usize {
        self.users.len()
    }

    /// Those in the owner role who may be active themselves, and groups in it.
    pub(super) fn acting(&self) -> impl Iterator<Item = &'a PrincipalId> {
        self.in_role.values().filter(|(_, status)| status.may_be_active()).map(|(principal, _)| *principal)
    }

    pub(super) fn add(&mut self, principal: &'a PrincipalId, status: Status) {
        self.in_role.insert(self.directory.folding.principal(principal), (principal, status));
        for user in users_of(self.directory, principal, status) {
            *self.users.entry(user).or_default() += 1;
        }
    }

    /// Takes somebody out, if they are in the owner role.
    pub(super) fn remove(&mut self, principal: &'a PrincipalId) {
        let Some((principal, status)) = self.in_role.remove(&self.directory.folding.principal(principal))
        else {
            return;
        };
        for user in users_of(self.directory, principal, status) {
            if let Some(ways) = self.users.get_mut(&user).filter(|ways| **ways > 1) {
                *ways -= 1;
            } else {
                self.users.remove(&user);
            }
        }
    }
}

/// The users who may act as owners through this principal.
fn users_of<'a>(directory: &'a Directory<'a>, principal: &'a PrincipalId, status: Status) -> Vec<Key<'a>> {
    match principal {
        PrincipalId::User(user) if status.may_be_active() => vec![directory.folding.user(user)],
        PrincipalId::Group(group) => directory.active_in(group).cloned().collect(),
        // A user who is not active, or another kind of principal, of which it is not known who acts through it.
        _ => Vec::new(),
    }
}
