//! Recovering open changes: adding again whoever an earlier run left outside.

use super::error::ApplyError;
use super::leases::Account;
use super::report::{Recovered, Recovery};
use super::write::{Written, write};
use crate::store::OpenChange;
use workspace_members_core::{
    AddMember, Effect, Error, ErrorKind, NativeRole, Operation, Resource, Role, WorkspaceMembers,
    WorkspaceMembersExt as _,
};

/// Recovers every open change of one account, oldest first. Stops at the first that cannot be recovered.
///
/// Each by the connection that it was begun with: another key of the account may not see the workspace, and would take
/// that for its end.
pub(super) async fn recover(
    connections: &[(&str, &dyn WorkspaceMembers)],
    account: Account<'_>,
    mut each: impl FnMut(&Recovered),
) -> Result<Vec<Recovered>, ApplyError> {
    let mut all = Vec::new();
    for (id, open_change) in account.open_changes().await? {
        let connection = connections.iter().find(|(name, _)| *name == open_change.connection);
        let how = match connection {
            Some((_, members)) => {
                account.check().await?;
                match one(*members, &open_change).await {
                    Ok(how) => how,
                    Err(source) => {
                        return Err(ApplyError::Unrecovered { open_change: Box::new(open_change), source });
                    }
                }
            }
            None => Recovery::Left,
        };
        let recovered = Recovered::new(open_change, how);
        if how != Recovery::Left {
            account.end(id, &format!("{how:?}").to_lowercase()).await?;
        }
        each(&recovered);
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

/// What it means that something does not exist, if that is the error. Whoever does not exist any more need not be added
/// again; a workspace may exist and not be visible.
fn absent(error: Error) -> Result<Recovery, Error> {
    match error.missing() {
        [Resource::User | Resource::Group] => Ok(Recovery::Gone),
        [Resource::Workspace] => Ok(Recovery::Left),
        _ => Err(error),
    }
}
