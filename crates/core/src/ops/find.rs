//! Finding a workspace, a user, a member; and which of several things a "not found" is about.

use super::listing::{groups, users, workspaces};
use crate::listing::collect;
use crate::{
    Capability, Effect, EmailAddress, Error, ErrorKind, Member, MemberKey, Operation, PrincipalId,
    PrincipalKind, Provider, Resource, Result, User, Who, Workspace, WorkspaceId, WorkspaceMembers,
};

pub(super) async fn find_workspace<M: WorkspaceMembers + ?Sized>(
    members: &M,
    id_or_name: &str,
) -> Result<Workspace> {
    let all = collect(|| workspaces(members)).await?;
    if let Some(found) = all.iter().find(|workspace| workspace.id.as_str() == id_or_name) {
        return Ok(found.clone());
    }
    let named: Vec<&Workspace> = all.iter().filter(|workspace| workspace.name == id_or_name).collect();
    let error = match named.as_slice() {
        [one] => return Ok((*one).clone()),
        [] => Error::not_found(
            format!("no workspace has the id or name {id_or_name:?}, or it is not visible"),
            &[Resource::Workspace],
        ),
        several => {
            let ids = several.iter().map(|w| w.id.to_string()).collect::<Vec<_>>().join(", ");
            let message = format!("{} workspaces are named {id_or_name:?}: {ids}", several.len());
            Error::new(ErrorKind::Ambiguous, Effect::Rejected, message)
        }
    };
    Err(error.with_operation(Operation::ListWorkspaces).with_provider(members.provider()))
}

pub(super) async fn find_user<M: WorkspaceMembers + ?Sized>(
    members: &M,
    email: &EmailAddress,
) -> Result<User> {
    let capabilities = members.capabilities();
    capabilities.require(Capability::ListUsers, Operation::ListUsers)?;
    let named = |error: Error| error.with_operation(Operation::ListUsers).with_provider(members.provider());
    if !capabilities.has(Capability::SeeAddresses) {
        let message = format!(
            "users' addresses are hidden at {}, so {email} cannot be looked up: use the user's id",
            capabilities.provider()
        );
        return Err(named(Error::unsupported(message)));
    }
    let all = collect(|| users(members)).await?;
    let mut found = all.into_iter().filter(|user| user.email.as_ref() == Some(email));
    match (found.next(), found.next()) {
        (Some(user), None) => Ok(user),
        (Some(one), Some(other)) => {
            let message = format!("{email} is the address of users {} and {}", one.id, other.id);
            Err(named(Error::new(ErrorKind::Ambiguous, Effect::Rejected, message)))
        }
        _ => {
            let message = format!("no user of the account has the address {email}");
            Err(named(Error::not_found(message, &[Resource::User])))
        }
    }
}

pub(super) async fn principal<M: WorkspaceMembers + ?Sized>(members: &M, who: &Who) -> Result<PrincipalId> {
    match who {
        Who::Id(id) => Ok(id.clone()),
        Who::Email(email) => Ok(find_user(members, email).await?.id.into()),
    }
}

/// One member, or `None` once the membership is known to be what is missing: one request, or the list of workspaces too
/// where the answer leaves that open. Idempotent.
pub async fn read<M: WorkspaceMembers + ?Sized>(
    members: &M,
    workspace: &WorkspaceId,
    principal: &PrincipalId,
) -> Result<Option<Member>> {
    let error = match members.get(workspace, principal).await {
        Err(error) if may_be(&error, Resource::Member) => error,
        answered => return answered,
    };
    if !may_be(&error, Resource::Workspace) {
        return Ok(None);
    }
    match exists(members, workspace).await {
        Some(true) => Ok(None),
        Some(false) => Err(no_workspace(error, workspace)),
        None => Err(error),
    }
}

pub(super) async fn find_member<M: WorkspaceMembers + ?Sized>(
    members: &M,
    workspace: &WorkspaceId,
    principal: &PrincipalId,
    operation: Operation,
) -> Result<Option<Member>> {
    let found = match read(members, workspace, principal).await {
        Ok(found) => found,
        // What could be found out of it is found out already.
        Err(error) if may_be(&error, Resource::Member) => return Err(error),
        Err(error) => {
            let key = MemberKey::new(workspace.clone(), principal.clone());
            return Err(narrow_not_found(members, error, &key).await);
        }
    };
    // A provider that reads members by user does not notice a wrong workspace.
    let by_user = members.capabilities().has(Capability::ListAccountMembers)
        && members.capabilities().has(Capability::ListWorkspaces);
    if found.is_none() && by_user {
        let all = collect(|| workspaces(members)).await?;
        if !all.iter().any(|known| known.id == *workspace) {
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
        match exists(members, &key.workspace).await {
            None => return error,
            Some(false) => return no_workspace(error, &key.workspace),
            Some(true) => {
                open.retain(|resource| *resource != Resource::Workspace);
                let message = format!("{}; workspace {} exists", error.message(), key.workspace);
                error = error.with_message(message);
            }
        }
    }
    let resource = match key.principal.kind() {
        PrincipalKind::User => Resource::User,
        PrincipalKind::Group => Resource::Group,
    };
    // What is left by exclusion is not known for that: where all exists, a right may be what is missing. So of two, both
    // stay, and the message says which one was seen.
    let narrowed = |error: Error, open: &[Resource]| {
        if open.len() > 1 { error.with_missing(open) } else { error }
    };
    match principal_exists(members, &key.principal).await {
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

/// Whether it is a "not found" that may be about this.
pub(super) fn may_be(error: &Error, resource: Resource) -> bool {
    error.kind() == ErrorKind::NotFound && error.missing().contains(&resource)
}

/// Whether the workspace is one that the key can see; `None` where they cannot be listed. A failure to list them is not
/// the caller's: it only leaves open what was open.
async fn exists<M: WorkspaceMembers + ?Sized>(members: &M, id: &WorkspaceId) -> Option<bool> {
    if !members.capabilities().has(Capability::ListWorkspaces) {
        return None;
    }
    let all = collect(|| workspaces(members)).await.ok()?;
    Some(all.iter().any(|known| known.id == *id))
}

async fn principal_exists<M: WorkspaceMembers + ?Sized>(members: &M, id: &PrincipalId) -> Option<bool> {
    let capabilities = members.capabilities();
    let same = |other: PrincipalId| capabilities.same_principal(&other, id);
    match id.kind() {
        PrincipalKind::User if capabilities.has(Capability::ListUsers) => {
            let all = collect(|| users(members)).await.ok()?;
            Some(all.into_iter().any(|user| same(user.id.into())))
        }
        PrincipalKind::Group if capabilities.has(Capability::ListGroups) => {
            let all = collect(|| groups(members)).await.ok()?;
            Some(all.into_iter().any(|group| same(group.id.into())))
        }
        _ => None,
    }
}

pub(super) fn missing_workspace(id: &WorkspaceId) -> String {
    format!("workspace {id} does not exist or is not visible")
}

fn no_workspace(error: Error, id: &WorkspaceId) -> Error {
    error.with_missing(&[Resource::Workspace]).with_message(missing_workspace(id))
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
