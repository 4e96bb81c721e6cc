//! Principals by reference, so that as many as a desired state names are looked up and compared without a copy of their ids.

use workspace_members_core::{GroupId, PrincipalId, UserId};

/// A [`PrincipalId`] by reference, in the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum PrincipalRef<'a> {
    User(&'a UserId),
    Group(&'a GroupId),
}

impl<'a> From<&'a PrincipalId> for PrincipalRef<'a> {
    fn from(principal: &'a PrincipalId) -> Self {
        match principal {
            PrincipalId::User(user) => Self::User(user),
            PrincipalId::Group(group) => Self::Group(group),
        }
    }
}

impl From<PrincipalRef<'_>> for PrincipalId {
    fn from(principal: PrincipalRef<'_>) -> Self {
        match principal {
            PrincipalRef::User(user) => Self::User(user.clone()),
            PrincipalRef::Group(group) => Self::Group(group.clone()),
        }
    }
}
