//! Which of several things a "not found" is about.

use crate::listing::collect;
use crate::{
    Capability, Error, ErrorKind, Member, MemberKey, Operation, PrincipalId, PrincipalKind, Provider,
    Resource, Result, WorkspaceId, WorkspaceMembers, WorkspaceMembersExt,
};

pub(super) async fn find_member<M: WorkspaceMembers + ?Sized>(
    members: &M,
    workspace: &WorkspaceId,
    principal: &PrincipalId,
    operation: Operation,
) -> Result<Option<Member>> {
    let found = match members.get(workspace, principal).await {
        Ok(found) => found,
        Err(error) => {
            let key = MemberKey::new(workspace.clone(), principal.clone());
            return Err(members.narrow_not_found(error, &key).await);
        }
    };
    let blind = members.capabilities().has(Capability::ListAccountMembers)
        && members.capabilities().has(Capability::ListWorkspaces);
    if found.is_none() && blind {
        let workspaces = collect(|| members.workspaces()).await?;
        if !workspaces.iter().any(|known| known.id == *workspace) {
            return Err(Error::not_found(missing_workspace(workspace), &[Resource::Workspace])
                .with_operation(operation)
                .with_provider(members.provider()));
        }
    }
    Ok(found)
}

pub(super) async fn narrow_not_found<M: WorkspaceMembers + ?Sized>(
    members: &M,
    mut error: Error,
    key: &MemberKey,
) -> Error {
    if error.kind() != ErrorKind::NotFound || error.missing().len() < 2 {
        return error;
    }
    let mut open = error.missing().to_vec();
    if open.contains(&Resource::Workspace) && members.capabilities().has(Capability::ListWorkspaces) {
        let Ok(known) = collect(|| members.workspaces()).await else { return error };
        if !known.iter().any(|workspace| workspace.id == key.workspace) {
            return error
                .with_missing(&[Resource::Workspace])
                .with_message(missing_workspace(&key.workspace));
        }
        open.retain(|resource| *resource != Resource::Workspace);
        let message = format!("{}; workspace {} exists", error.message(), key.workspace);
        error = error.with_message(message);
    }
    let exists = match &key.principal {
        PrincipalId::User(id) if members.capabilities().has(Capability::ListUsers) => {
            collect(|| members.users()).await.ok().map(|users| users.iter().any(|user| user.id == *id))
        }
        PrincipalId::Group(id) if members.capabilities().has(Capability::ListGroups) => {
            collect(|| members.groups()).await.ok().map(|groups| groups.iter().any(|group| group.id == *id))
        }
        _ => None,
    };
    let resource = match key.principal.kind() {
        PrincipalKind::User => Resource::User,
        PrincipalKind::Group => Resource::Group,
    };
    // What is left by exclusion is not known for that: where all exists, a right may be what is missing. So of two, both
    // stay, and the message says which one was seen.
    let narrowed = |error: Error, open: &[Resource]| {
        if open.len() > 1 { error.with_missing(open) } else { error }
    };
    match exists {
        None => narrowed(error, &open),
        Some(false) => {
            let message = format!("{} does not exist or is not visible", key.principal);
            error.with_missing(&[resource]).with_message(message)
        }
        // Nobody could look for the workspace: it stays as possible as before.
        Some(true) if open.contains(&Resource::Workspace) => {
            open.retain(|open| *open != resource);
            let message = format!("{}; {} exists", error.message(), key.principal);
            narrowed(error.with_message(message), &open)
        }
        Some(true) if open.contains(&Resource::Member) => {
            let message = format!("{key} is not a member");
            error.with_missing(&[Resource::Member]).with_message(message)
        }
        Some(true) => {
            let message = format!(
                "workspace {} and {} exist, and the provider does not let this key bring them together",
                key.workspace, key.principal
            );
            error.with_message(message)
        }
    }
}

pub(super) fn missing_workspace(id: &WorkspaceId) -> String {
    format!("workspace {id} does not exist or is not visible")
}

pub(super) fn not_a_member(
    provider: Provider,
    workspace: &WorkspaceId,
    principal: &PrincipalId,
    operation: Operation,
) -> Error {
    Error::not_found(format!("{principal} is not a member of workspace {workspace}"), &[Resource::Member])
        .with_operation(operation)
        .with_provider(provider)
}
