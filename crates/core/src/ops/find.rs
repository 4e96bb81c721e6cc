//! Finding a workspace, a user, a member; and which of several things a "not found" is about.

use super::listing::{groups, no_workspace, users, workspaces};
use crate::listing::collect;
use crate::{
    Capability, Effect, EmailAddress, Error, ErrorKind, Member, MemberKey, Operation, PrincipalId,
    PrincipalKind, Resource, Result, User, Who, Workspace, WorkspaceId, WorkspaceMembers,
};

pub(super) async fn find_workspace(account: &dyn WorkspaceMembers, id_or_name: &str) -> Result<Workspace> {
    let all = collect(|| workspaces(account)).await?;
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
    Err(account.capabilities().failure(Operation::ListWorkspaces, error))
}

pub(super) async fn find_user(account: &dyn WorkspaceMembers, email: &EmailAddress) -> Result<User> {
    let operation = Operation::ListUsers;
    let capabilities = account.capabilities();
    capabilities.require(Capability::ListUsers, operation)?;
    if !capabilities.has(Capability::SeeAddresses) {
        let message = format!(
            "users' addresses are hidden at {}, so {email} cannot be looked up: use the user's id",
            capabilities.provider()
        );
        return Err(capabilities.failure(operation, Error::unsupported(message)));
    }
    let all = collect(|| users(account)).await?;
    let mut found = all.into_iter().filter(|user| user.email.as_ref() == Some(email));
    let error = match (found.next(), found.next()) {
        (Some(user), None) => return Ok(user),
        (Some(one), Some(other)) => {
            let message = format!("{email} is the address of users {} and {}", one.id, other.id);
            Error::new(ErrorKind::Ambiguous, Effect::Rejected, message)
        }
        _ => Error::not_found(format!("no user of the account has the address {email}"), &[Resource::User]),
    };
    Err(capabilities.failure(operation, error))
}

pub(super) async fn principal(account: &dyn WorkspaceMembers, who: &Who) -> Result<PrincipalId> {
    match who {
        Who::Id(id) => Ok(id.clone()),
        Who::Email(email) => Ok(find_user(account, email).await?.id.into()),
    }
}

/// One member, or `None` once the membership is known to be what is missing: one request, or the list of workspaces too
/// where the answer leaves that open. Idempotent.
pub async fn read_member(
    account: &dyn WorkspaceMembers,
    workspace: &WorkspaceId,
    principal: &PrincipalId,
) -> Result<Option<Member>> {
    let error = match account.get(workspace, principal).await {
        Err(error) if may_be(&error, Resource::Member) => error,
        answered => return answered,
    };
    if !may_be(&error, Resource::Workspace) {
        return Ok(None);
    }
    match workspace_exists(account, workspace).await {
        Some(true) => Ok(None),
        Some(false) => Err(missing_workspace(error, workspace)),
        None => Err(error),
    }
}

pub(super) async fn find_member(
    account: &dyn WorkspaceMembers,
    workspace: &WorkspaceId,
    principal: &PrincipalId,
    operation: Operation,
) -> Result<Option<Member>> {
    let found = match read_member(account, workspace, principal).await {
        Ok(found) => found,
        // `read_member` has found out already what can be.
        Err(error) if may_be(&error, Resource::Member) => return Err(error),
        Err(error) => {
            let key = MemberKey::new(workspace.clone(), principal.clone());
            return Err(narrow_not_found(account, error, &key).await);
        }
    };
    // A provider that reads members by user does not notice a wrong workspace.
    let capabilities = account.capabilities();
    let by_user =
        capabilities.has(Capability::ListAccountMembers) && capabilities.has(Capability::ListWorkspaces);
    if found.is_none() && by_user {
        let all = collect(|| workspaces(account)).await?;
        if !all.iter().any(|known| known.id == *workspace) {
            return Err(capabilities.failure(operation, no_workspace(workspace)));
        }
    }
    Ok(found)
}

pub(super) async fn narrow_not_found(
    account: &dyn WorkspaceMembers,
    mut error: Error,
    key: &MemberKey,
) -> Error {
    if error.kind() != ErrorKind::NotFound || error.missing().len() < 2 {
        return error;
    }
    let mut open = error.missing().to_vec();
    if open.contains(&Resource::Workspace) && account.capabilities().has(Capability::ListWorkspaces) {
        match workspace_exists(account, &key.workspace).await {
            None => return error,
            Some(false) => return missing_workspace(error, &key.workspace),
            Some(true) => {
                open.retain(|resource| *resource != Resource::Workspace);
                let message = format!("{}; workspace {} exists", error.message(), key.workspace);
                error = error.with_message(message);
            }
        }
    }
    let principal = Resource::from(key.principal.kind());
    // That all others exist does not prove that the last one is missing: a right may be. So of two, both stay, and the
    // message says which one exists.
    let narrowed = |error: Error, open: &[Resource]| {
        if open.len() > 1 { error.with_missing(open) } else { error }
    };
    match principal_exists(account, &key.principal).await {
        None => narrowed(error, &open),
        Some(false) => {
            let message = format!("{} does not exist or is not visible", key.principal);
            error.with_missing(&[principal]).with_message(message)
        }
        // Nobody could look for the workspace: it stays as possible as before.
        Some(true) if open.contains(&Resource::Workspace) => {
            open.retain(|resource| *resource != principal);
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
async fn workspace_exists(account: &dyn WorkspaceMembers, id: &WorkspaceId) -> Option<bool> {
    if !account.capabilities().has(Capability::ListWorkspaces) {
        return None;
    }
    let all = collect(|| workspaces(account)).await.ok()?;
    Some(all.iter().any(|known| known.id == *id))
}

/// The same for a user or group.
async fn principal_exists(account: &dyn WorkspaceMembers, id: &PrincipalId) -> Option<bool> {
    let capabilities = account.capabilities();
    let same = |other: PrincipalId| capabilities.same_principal(&other, id);
    match id.kind() {
        PrincipalKind::User if capabilities.has(Capability::ListUsers) => {
            let all = collect(|| users(account)).await.ok()?;
            Some(all.into_iter().any(|user| same(user.id.into())))
        }
        PrincipalKind::Group if capabilities.has(Capability::ListGroups) => {
            let all = collect(|| groups(account)).await.ok()?;
            Some(all.into_iter().any(|group| same(group.id.into())))
        }
        _ => None,
    }
}

fn missing_workspace(error: Error, id: &WorkspaceId) -> Error {
    error.with_missing(&[Resource::Workspace]).with_message(no_workspace(id).message())
}
