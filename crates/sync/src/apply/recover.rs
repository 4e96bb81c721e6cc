//! Bringing back inside whoever an earlier run left outside.

use super::ApplyError;
use super::journal::{Journal, OpenChange};
use super::report::{Recovered, Recovery};
use workspace_members_core::{
    AddMember, Effect, Error, ErrorKind, Member, NativeRole, Operation, Resource, Role, WorkspaceMembers,
    WorkspaceMembersExt as _,
};

/// Settles every open intent of one account, oldest first. Stops at the first that cannot be settled.
///
/// Each by the connection that it was begun with: another key of the account may not see the workspace, and would take
/// that for its end.
pub(super) async fn recover(
    connections: &[(&str, &dyn WorkspaceMembers)],
    journal: &mut Journal,
    mut each: impl FnMut(&Recovered),
) -> Result<Vec<Recovered>, ApplyError> {
    let mut all = Vec::new();
    for (id, open_change) in journal.open_changes() {
        let connection = connections.iter().find(|(name, _)| *name == open_change.connection);
        let how = match connection {
            Some((_, members)) => match one(*members, &open_change).await {
                Ok(how) => how,
                Err(source) => {
                    return Err(ApplyError::Unrecovered { open_change: Box::new(open_change), source });
                }
            },
            None => Recovery::Left,
        };
        let recovered = Recovered::new(open_change, how);
        if how != Recovery::Left {
            let word = format!("{how:?}").to_lowercase();
            journal.close(id, &word).map_err(|source| ApplyError::Journal { source })?;
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
    let Err(error) = add(members, open_change, &open_change.to).await else { return Ok(Recovery::Added) };
    if error.effect() != Effect::Rejected {
        return Err(error);
    }
    let request = AddMember::new(
        open_change.workspace.clone(),
        open_change.principal.clone(),
        Role::Custom(open_change.to.clone()),
    );
    let error = members.narrow_not_found(error, &request.key()).await;
    let error = match absent(error) {
        Ok(how) => return Ok(how),
        Err(error) => error,
    };
    add(members, open_change, &open_change.from).await.map(|_| Recovery::PutBack).map_err(|_| error)
}

async fn add(
    members: &dyn WorkspaceMembers,
    open_change: &OpenChange,
    role: &NativeRole,
) -> Result<Member, Error> {
    let request = AddMember::new(
        open_change.workspace.clone(),
        open_change.principal.clone(),
        Role::Custom(role.clone()),
    );
    match members.add(&request).await {
        Err(error) if error.effect() == Effect::Unknown || error.kind() == ErrorKind::AlreadyMember => {
            match members.get(&open_change.workspace, &open_change.principal).await {
                Ok(Some(member)) => Ok(member),
                _ => Err(error),
            }
        }
        result => result,
    }
}

/// What an error says where it is that something is not there. Whoever is no more need not come back; a workspace may
/// exist and not be visible.
fn absent(error: Error) -> Result<Recovery, Error> {
    match error.missing() {
        [Resource::User | Resource::Group] => Ok(Recovery::Gone),
        [Resource::Workspace] => Ok(Recovery::Left),
        _ => Err(error),
    }
}
