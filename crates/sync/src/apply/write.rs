//! One write, and what became of it.

use workspace_members_core::ops::{Attempt, Verdict, Write, read_member, resolve};
use workspace_members_core::{Effect, Error, Member, WorkspaceMembers};

/// What became of a write.
pub(super) enum Written<T> {
    Applied(T),
    /// The provider refused it because it was so already, and reading shows that.
    Unchanged(T),
    /// It was not done. With the member as they were read, if they were.
    Failed(Error, Option<Member>),
    /// It may have been done, or may yet take effect.
    Unknown(Error),
}

/// Sends a write once. Where its answer leaves open what it did, reads the member back and lets core decide.
pub(super) async fn write<W: Write>(members: &dyn WorkspaceMembers, write: &W) -> Written<W::Done> {
    match write.send(members).await {
        Ok(done) => Written::Applied(done),
        Err(error) => resolved(members, write, error).await,
    }
}

/// The same for a write that was sent and failed.
pub(super) async fn resolved<W: Write>(
    members: &dyn WorkspaceMembers,
    write: &W,
    error: Error,
) -> Written<W::Done> {
    let lost = error.effect() == Effect::Unknown;
    let already = error.effect() == Effect::Rejected && write.may_mean_done(&error);
    if !lost && !already {
        return Written::Failed(error, None);
    }
    let about = write.about();
    let read = read_member(members, about.workspace, about.principal).await;
    let found = read.as_ref().ok().and_then(Option::clone);
    match resolve(write, error, read, members.capabilities(), Attempt::First) {
        Verdict::Applied(done) if lost => Written::Applied(done),
        Verdict::Applied(done) => Written::Unchanged(done),
        // It was not seen to happen. Nothing sends it again, so its coming late is not ruled out.
        Verdict::NotApplied(error) if lost => Written::Unknown(error),
        Verdict::Final(error) if error.effect() == Effect::Unknown => Written::Unknown(error),
        Verdict::NotApplied(error) | Verdict::Final(error) => Written::Failed(error, found),
    }
}
