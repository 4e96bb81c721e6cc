//! The three writes to one membership.

use crate::{
    AddMember, Error, ErrorKind, Member, MembershipId, NativeRole, Operation, PrincipalId, RemoveMember,
    Resource, Result, Role, SetRole, WorkspaceId, WorkspaceMembers,
};
use futures_util::future::BoxFuture;

/// One of the three writes to one membership.
pub trait Write: Send + Sync {
    /// What it answers.
    type Done: Send;

    /// Which it is.
    fn operation(&self) -> Operation;

    /// The member to read back.
    fn addresses(&self) -> (&WorkspaceId, &PrincipalId);

    /// The role asked for, if one is.
    fn role(&self) -> Option<&Role> {
        None
    }

    /// The membership addressed, if one is.
    fn membership(&self) -> Option<&MembershipId> {
        None
    }

    /// The role of the member before it, where that was read.
    fn from(&self) -> Option<&NativeRole> {
        None
    }

    /// One attempt.
    fn send<'a>(&'a self, to: &'a dyn WorkspaceMembers) -> BoxFuture<'a, Result<Self::Done>>;

    /// Whether a refusal may mean that it is done already: by an earlier attempt whose answer was lost, or by somebody else.
    fn may_mean_done(&self, _refusal: &Error) -> bool {
        false
    }

    /// What it answers where reading back shows that it took effect; `None` if this member, or nobody, cannot be that.
    fn done(&self, shown: Option<Member>) -> Option<Self::Done>;
}

impl Write for AddMember {
    type Done = Member;

    fn operation(&self) -> Operation {
        Operation::Add
    }

    fn addresses(&self) -> (&WorkspaceId, &PrincipalId) {
        (&self.workspace, &self.principal)
    }

    fn role(&self) -> Option<&Role> {
        Some(&self.role)
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

    fn addresses(&self) -> (&WorkspaceId, &PrincipalId) {
        (&self.key.workspace, &self.key.principal)
    }

    fn role(&self) -> Option<&Role> {
        Some(&self.role)
    }

    fn membership(&self) -> Option<&MembershipId> {
        self.key.membership.as_ref()
    }

    fn from(&self) -> Option<&NativeRole> {
        self.from.as_ref()
    }

    fn send<'a>(&'a self, to: &'a dyn WorkspaceMembers) -> BoxFuture<'a, Result<Member>> {
        to.set_role(self)
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

    fn addresses(&self) -> (&WorkspaceId, &PrincipalId) {
        (&self.key.workspace, &self.key.principal)
    }

    fn membership(&self) -> Option<&MembershipId> {
        self.key.membership.as_ref()
    }

    fn from(&self) -> Option<&NativeRole> {
        self.from.as_ref()
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
