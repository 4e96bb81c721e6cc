//! The three writes to one membership.

use crate::{
    AddMember, Error, ErrorKind, Member, MemberKey, MembershipId, NativeRole, Operation, PrincipalId,
    RemoveMember, Resource, Result, Role, SetRole, WorkspaceId, WorkspaceMembers,
};
use futures_util::future::BoxFuture;

/// What a write is about: which member, and what is asked and known of their role.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct About<'a> {
    /// The workspace.
    pub workspace: &'a WorkspaceId,
    /// The user or group.
    pub principal: &'a PrincipalId,
    /// The membership addressed, if one is.
    pub membership: Option<&'a MembershipId>,
    /// The role asked for, if one is.
    pub role: Option<&'a Role>,
    /// The role until now, where the caller knows it.
    pub from: Option<&'a NativeRole>,
}

impl<'a> About<'a> {
    fn of(key: &'a MemberKey, role: Option<&'a Role>, from: Option<&'a NativeRole>) -> Self {
        let MemberKey { workspace, principal, membership } = key;
        Self { workspace, principal, membership: membership.as_ref(), role, from }
    }
}

/// One of the three writes to one membership.
pub trait Write: Send + Sync {
    /// What it answers.
    type Done: Send;

    /// Which it is.
    fn operation(&self) -> Operation;

    /// What it is about.
    fn about(&self) -> About<'_>;

    /// One attempt.
    fn send<'a>(&'a self, to: &'a dyn WorkspaceMembers) -> BoxFuture<'a, Result<Self::Done>>;

    /// Whether a refusal may mean that it is done already: by an earlier attempt whose answer was lost, or by somebody else.
    fn may_mean_done(&self, refusal: &Error) -> bool;

    /// What it answers where reading back shows that it took effect; `None` if this member, or nobody, cannot be that.
    fn done(&self, shown: Option<Member>) -> Option<Self::Done>;
}

impl Write for AddMember {
    type Done = Member;

    fn operation(&self) -> Operation {
        Operation::Add
    }

    fn about(&self) -> About<'_> {
        let (workspace, principal) = (&self.workspace, &self.principal);
        About { workspace, principal, membership: None, role: Some(&self.role), from: None }
    }

    fn send<'a>(&'a self, to: &'a dyn WorkspaceMembers) -> BoxFuture<'a, Result<Member>> {
        to.add(self)
    }

    fn may_mean_done(&self, refusal: &Error) -> bool {
        refusal.kind() == ErrorKind::AlreadyMember
    }

    fn done(&self, shown: Option<Member>) -> Option<Member> {
        shown
    }
}

impl Write for SetRole {
    type Done = Member;

    fn operation(&self) -> Operation {
        Operation::SetRole
    }

    fn about(&self) -> About<'_> {
        About::of(&self.key, Some(&self.role), self.from.as_ref())
    }

    fn send<'a>(&'a self, to: &'a dyn WorkspaceMembers) -> BoxFuture<'a, Result<Member>> {
        to.set_role(self)
    }

    fn may_mean_done(&self, _: &Error) -> bool {
        false
    }

    fn done(&self, shown: Option<Member>) -> Option<Member> {
        shown
    }
}

impl Write for RemoveMember {
    type Done = ();

    fn operation(&self) -> Operation {
        Operation::Remove
    }

    fn about(&self) -> About<'_> {
        About::of(&self.key, None, self.from.as_ref())
    }

    fn send<'a>(&'a self, to: &'a dyn WorkspaceMembers) -> BoxFuture<'a, Result<()>> {
        to.remove(self)
    }

    fn may_mean_done(&self, refusal: &Error) -> bool {
        refusal.kind() == ErrorKind::NotFound && refusal.missing() != [Resource::Workspace]
    }

    fn done(&self, _: Option<Member>) -> Option<()> {
        Some(())
    }
}
