//! Making sure that somebody is not a member.

use super::find::{self, find_member};
use super::guard::Guard;
use super::write::{Write, lost, send};
use crate::{
    Capability, Change, Effect, Operation, PrincipalId, RemoveMember, Result, WorkspaceId, WorkspaceMembers,
};

pub(super) async fn remove_member<M: WorkspaceMembers + ?Sized>(
    members: &M,
    guard: &mut Guard,
    workspace: &WorkspaceId,
    principal: &PrincipalId,
) -> Result<Change> {
    members.capabilities().require(Capability::remove(principal.kind()), Operation::Remove)?;
    let Some(member) = find_member(members, workspace, principal, Operation::Remove).await? else {
        return Ok(Change::Unchanged);
    };
    guard.check(members, &member, None, Operation::Remove).await?;
    let membership = member.key.membership.clone();
    let request = RemoveMember::new(member.key).with_from(Some(member.native_role));
    let error = match send(members, &request, |_, error| lost(error)).await {
        Ok(()) => return Ok(Change::Applied),
        Err(failed) => failed.error,
    };
    if error.effect() == Effect::Rejected && request.may_echo(&error) {
        // Somebody else was faster, unless they are still there.
        let gone = match find::read(members, workspace, principal).await {
            Ok(Some(now)) => membership.is_some() && now.key.membership != membership,
            read => read.is_ok(),
        };
        if gone {
            return Ok(Change::Unchanged);
        }
    }
    Err(error)
}
