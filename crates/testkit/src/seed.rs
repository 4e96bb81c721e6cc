//! The world that a case begins in, as plain data that a harness translates into its provider's.

use std::collections::BTreeMap;
use std::fmt;
#[cfg(doc)]
use workspace_members_core::{Behaviour, Mark, Status};
use workspace_members_core::{
    EmailAddress, Group, Identity, NativeRole, PrincipalId, User, Workspace, WorkspaceId,
};

/// Which identifiers the provider takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// Positive integers, as at Paradigm.
    Numbers,
    /// Any text, as at PandaDoc. The suite then also uses ids that must be escaped in a URL.
    Text,
}

impl Ids {
    /// The id of this number.
    pub(crate) fn make<T: TryFrom<String, Error: fmt::Display>>(self, number: u64) -> T {
        valid(T::try_from(match self {
            Self::Numbers => number.to_string(),
            Self::Text => format!("Id{number:020}"),
        }))
    }
}

/// The suite's own ids and addresses are valid; the adapter has no part in this.
#[track_caller]
pub(crate) fn valid<T, E: fmt::Display>(made: Result<T, E>) -> T {
    made.unwrap_or_else(|error| panic!("the suite made up something invalid: {error}"))
}

/// One membership.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Grant {
    /// Where.
    pub workspace: WorkspaceId,
    /// Who.
    pub principal: PrincipalId,
    /// In which role, in the provider's word.
    pub role: NativeRole,
}

impl Grant {
    /// This principal has this role in that workspace.
    pub fn new(workspace: WorkspaceId, principal: impl Into<PrincipalId>, role: NativeRole) -> Self {
        Self { workspace, principal: principal.into(), role }
    }
}

/// Everything that a provider must know before a case begins.
///
/// The acting identity is one of the users. It must be allowed whatever the adapter claims: administrator of the
/// account, and a member in the highest role of every workspace that has members.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Seed {
    /// Whom the adapter's credential acts as; among `users` too.
    pub me: Identity,
    /// All users of the account, in the order of listings. Most are [`Status::Active`] and have an address;
    /// [`Harness::can_seed`](crate::Harness::can_seed) says which others there may be.
    pub users: Vec<User>,
    /// All groups. Empty if the adapter claims nothing about groups.
    pub groups: Vec<Group>,
    /// All workspaces. Those that are not `manageable` must be of a kind whose members cannot be changed; there are none
    /// unless [`Harness::fixed_workspaces`](crate::Harness::fixed_workspaces) says that the provider has them.
    /// `owner` is set where the provider has [`Behaviour::FixedWorkspaceOwner`].
    pub workspaces: Vec<Workspace>,
    /// Who is a member of what, the acting identity included. The membership of a pending user is pending.
    pub members: Vec<Grant>,
    /// Roles beside the provider's built-in ones that must exist in every workspace. Empty if the adapter cannot write
    /// custom roles.
    pub custom_roles: Vec<NativeRole>,
}

/// What a seed may hold that not every provider has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seedable {
    /// Users who were invited and have not accepted: [`Status::Pending`]. One is a member of the first workspace, one of
    /// none.
    Pending,
    /// A user whose role something else sets, whatever is asked for: [`Mark::RoleFixed`]. It is the highest role of the
    /// table, as where an administrator of the account has full rights in every workspace.
    RoleFixed,
    /// A user of whom the provider knows no address.
    NoAddress,
}

impl Seed {
    /// The user with this address.
    pub fn user_of(&self, email: &EmailAddress) -> Option<&User> {
        self.users.iter().find(|user| user.email.as_ref() == Some(email))
    }

    /// The members of one workspace.
    pub fn members_of(&self, workspace: &WorkspaceId) -> BTreeMap<PrincipalId, NativeRole> {
        let grants = self.members.iter().filter(|grant| grant.workspace == *workspace);
        grants.map(|grant| (grant.principal.clone(), grant.role.clone())).collect()
    }
}
