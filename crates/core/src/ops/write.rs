//! The three writes, and sending one of them.

use super::find;
use super::resolve::{Verdict, resolve};
use crate::{
    AddMember, Effect, Error, ErrorKind, Member, MembershipId, Operation, PrincipalId, RemoveMember,
    Resource, Result, Role, SetRole, WorkspaceId, WorkspaceMembers,
};
use futures_util::future::BoxFuture;

/// One of the three writes.
pub trait Write: Send + Sync {
    /// What it answers.
    type Done: Send;
    /// Which it is.
    const OPERATION: Operation;

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

    /// One attempt.
    fn send<'a>(&'a self, to: &'a dyn WorkspaceMembers) -> BoxFuture<'a, Result<Self::Done>>;

    /// Whether a refusal may be the echo of an earlier attempt whose answer was lost.
    fn may_echo(&self, _refusal: &Error) -> bool {
        false
    }

    /// What it answers where reading back shows that it took effect; `None` if this member, or nobody, cannot be that.
    fn done(shown: Option<Member>) -> Option<Self::Done>;
}

impl Write for AddMember {
    type Done = Member;
    const OPERATION: Operation = Operation::Add;

    fn addresses(&self) -> (&WorkspaceId, &PrincipalId) {
        (&self.workspace, &self.principal)
    }

    fn role(&self) -> Option<&Role> {
        Some(&self.role)
    }

    fn send<'a>(&'a self, to: &'a dyn WorkspaceMembers) -> BoxFuture<'a, Result<Member>> {
        to.add(self)
    }

    fn may_echo(&self, refusal: &Error) -> bool {
        refusal.kind() == ErrorKind::AlreadyMember
    }

    fn done(shown: Option<Member>) -> Option<Member> {
        shown
    }
}

impl Write for SetRole {
    type Done = Member;
    const OPERATION: Operation = Operation::SetRole;

    fn addresses(&self) -> (&WorkspaceId, &PrincipalId) {
        (&self.key.workspace, &self.key.principal)
    }

    fn role(&self) -> Option<&Role> {
        Some(&self.role)
    }

    fn membership(&self) -> Option<&MembershipId> {
        self.key.membership.as_ref()
    }

    fn send<'a>(&'a self, to: &'a dyn WorkspaceMembers) -> BoxFuture<'a, Result<Member>> {
        to.set_role(self)
    }

    fn done(shown: Option<Member>) -> Option<Member> {
        shown
    }
}

impl Write for RemoveMember {
    type Done = ();
    const OPERATION: Operation = Operation::Remove;

    fn addresses(&self) -> (&WorkspaceId, &PrincipalId) {
        (&self.key.workspace, &self.key.principal)
    }

    fn membership(&self) -> Option<&MembershipId> {
        self.key.membership.as_ref()
    }

    fn send<'a>(&'a self, to: &'a dyn WorkspaceMembers) -> BoxFuture<'a, Result<()>> {
        to.remove(self)
    }

    fn may_echo(&self, refusal: &Error) -> bool {
        refusal.kind() == ErrorKind::NotFound && refusal.missing() != [Resource::Workspace]
    }

    fn done(_: Option<Member>) -> Option<()> {
        Some(())
    }
}

/// A write that did not take effect, or is not known to have.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: Error,
    /// Who was there when it was read back: nobody, or a member. `None` where it was not read, or could not be.
    pub(crate) read: Option<Option<Member>>,
}

/// Whether nobody knows what became of a write.
pub(crate) fn lost(error: &Error) -> bool {
    error.effect() == Effect::Unknown
}

/// Sends a write once, and resolves an outcome that is `in_doubt` by one read. Never sends it again: that is for the
/// retry layer.
pub(crate) async fn send<M: WorkspaceMembers + ?Sized, W: Write>(
    members: &M,
    write: &W,
    in_doubt: impl Fn(&W, &Error) -> bool + Send,
) -> Result<W::Done, Failed> {
    let error = match write.send(&members).await {
        Ok(done) => return Ok(done),
        Err(error) if in_doubt(write, &error) => error,
        Err(error) => return Err(Failed { error, read: None }),
    };
    let (workspace, principal) = write.addresses();
    let read = find::read(members, workspace, principal).await;
    let shown = read.as_ref().ok().cloned();
    match resolve(write, error, read, members.capabilities()) {
        Verdict::Applied(done) => Ok(done),
        Verdict::NotApplied(error) | Verdict::Stands(error) => Err(Failed { error, read: shown }),
    }
}
