//! Recovering open changes: adding again people whom an earlier run left outside.

use super::connections::Picked;
use super::error::ApplyError;
use super::leases::{Account, Leases};
use super::progress::{Event, Progress};
use super::report::{Recovered, Recovery};
use super::write::{Written, write};
use crate::store::OpenChange;
use workspace_members_core::{
    AddMember, Effect, Error, ErrorKind, NativeRole, Operation, Resource, Role, WorkspaceMembers,
    WorkspaceMembersExt as _,
};

/// Recovers every open change of the leased accounts, of each oldest first. Stops at the first that cannot be recovered.
///
/// Each by the connection that it was begun with: another key of the account may not see the workspace, and would take
/// that for its end.
pub(super) async fn recover(
    leases: &Leases<'_>,
    connections: &Picked<'_>,
    progress: &Progress,
) -> Result<Vec<Recovered>, ApplyError> {
    let mut all = Vec::new();
    for (Account { store, lease }, id, open_change) in leases.open().await? {
        let begun_with = open_change.connection.as_str();
        let how = match connections.get(begun_with).filter(|_| leases.is_of(&id, begun_with)) {
            Some(&members) => {
                store.check_lease(lease).await?;
                match one(members, &open_change).await {
                    Ok(how) => how,
                    Err(source) => {
                        return Err(ApplyError::Unrecovered { open_change: Box::new(open_change), source });
                    }
                }
            }
            None => Recovery::Left,
        };
        if how != Recovery::Left {
            store.end_change(lease, &id, &format!("{how:?}").to_lowercase()).await?;
        }
        let recovered = Recovered { open_change, how };
        progress.report(&Event::Recovered(&recovered));
        all.push(recovered);
    }
    Ok(all)
}

async fn one(members: &dyn WorkspaceMembers, open_change: &OpenChange) -> Result<Recovery, Error> {
    match members.find_member(&open_change.workspace, &open_change.principal, Operation::Get).await {
        Ok(Some(_)) => return Ok(Recovery::Inside),
        Ok(None) => {}
        Err(error) => return absent(error),
    }
    let to = addition(open_change, &open_change.to);
    let Err(error) = add(members, &to).await else { return Ok(Recovery::Added) };
    if error.effect() != Effect::Rejected {
        return Err(error);
    }
    let error = match absent(members.narrow_not_found(error, &to.key()).await) {
        Ok(how) => return Ok(how),
        Err(error) => error,
    };
    let from = addition(open_change, &open_change.from);
    add(members, &from).await.map(|()| Recovery::PutBack).map_err(|_| error)
}

fn addition(open_change: &OpenChange, role: &NativeRole) -> AddMember {
    let role = Role::Custom(role.clone());
    AddMember::new(open_change.workspace.clone(), open_change.principal.clone(), role)
}

/// Adds them, or finds that somebody else has, in whatever role.
async fn add(members: &dyn WorkspaceMembers, request: &AddMember) -> Result<(), Error> {
    match write(members, request).await {
        Written::Applied(_) | Written::Unchanged(_) => Ok(()),
        Written::Failed(error, Some(_)) if error.kind() == ErrorKind::AlreadyMember => Ok(()),
        Written::Failed(error, _) | Written::Unknown(error) => Err(error),
    }
}

/// What it means that something does not exist, if that is the error. Somebody who no longer exists need not be added again;
/// a workspace may exist and not be visible.
fn absent(error: Error) -> Result<Recovery, Error> {
    match error.missing() {
        [Resource::User | Resource::Group] => Ok(Recovery::Gone),
        [Resource::Workspace] => Ok(Recovery::Left),
        _ => Err(error),
    }
}
