//! Bringing back inside whoever an earlier run left outside.

use super::ApplyError;
use super::journal::{Intent, Journal};
use super::report::{Settled, SettledHow};
use workspace_members_core::{
    AddMember, Effect, Error, ErrorKind, Member, NativeRole, Operation, Resource, Role, WorkspaceMembers,
    WorkspaceMembersExt as _,
};

/// Settles every open intent of one account, oldest first. Stops at the first that cannot be settled.
///
/// Each by the connection that it was begun with: another key of the account may not see the workspace, and would take
/// that for its end.
pub(super) async fn settle(
    connections: &[(&str, &dyn WorkspaceMembers)],
    journal: &mut Journal,
    mut each: impl FnMut(&Settled),
) -> Result<Vec<Settled>, ApplyError> {
    let mut all = Vec::new();
    for (id, intent) in journal.intents() {
        let connection = connections.iter().find(|(name, _)| *name == intent.connection);
        let how = match connection {
            Some((_, members)) => match one(*members, &intent).await {
                Ok(how) => how,
                Err(source) => return Err(ApplyError::Unsettled { intent: Box::new(intent), source }),
            },
            None => SettledHow::Left,
        };
        let settled = Settled::new(intent, how);
        if how != SettledHow::Left {
            let word = format!("{how:?}").to_lowercase();
            journal.close(id, &word).map_err(|source| ApplyError::Journal { source })?;
        }
        each(&settled);
        all.push(settled);
    }
    Ok(all)
}

async fn one(members: &dyn WorkspaceMembers, intent: &Intent) -> Result<SettledHow, Error> {
    match members.find_member(&intent.workspace, &intent.principal, Operation::Get).await {
        Ok(Some(_)) => return Ok(SettledHow::Inside),
        Ok(None) => {}
        Err(error) => return absent(error),
    }
    let Err(error) = add(members, intent, &intent.to).await else { return Ok(SettledHow::Added) };
    if error.effect() != Effect::Rejected {
        return Err(error);
    }
    let request =
        AddMember::new(intent.workspace.clone(), intent.principal.clone(), Role::Custom(intent.to.clone()));
    let error = members.narrow_not_found(error, &request.key()).await;
    let error = match absent(error) {
        Ok(how) => return Ok(how),
        Err(error) => error,
    };
    add(members, intent, &intent.from).await.map(|_| SettledHow::PutBack).map_err(|_| error)
}

async fn add(members: &dyn WorkspaceMembers, intent: &Intent, role: &NativeRole) -> Result<Member, Error> {
    let request =
        AddMember::new(intent.workspace.clone(), intent.principal.clone(), Role::Custom(role.clone()));
    match members.add(&request).await {
        Err(error) if error.effect() == Effect::Unknown || error.kind() == ErrorKind::AlreadyMember => {
            match members.get(&intent.workspace, &intent.principal).await {
                Ok(Some(member)) => Ok(member),
                _ => Err(error),
            }
        }
        result => result,
    }
}

/// What an error says where it is that something is not there. Whoever is no more need not come back; a workspace may
/// exist and not be visible.
fn absent(error: Error) -> Result<SettledHow, Error> {
    match error.missing() {
        [Resource::User | Resource::Group] => Ok(SettledHow::Gone),
        [Resource::Workspace] => Ok(SettledHow::Left),
        _ => Err(error),
    }
}
