//! When somebody leaves the company: out of every workspace, at whichever provider.
//!
//! The service is handed a `&dyn WorkspaceMembers`, so its tests need no provider: see the end of the file.

use futures_util::TryStreamExt;
use workspace_members::{
    Change, EmailAddress, ErrorKind, Result, Workspace, WorkspaceId, WorkspaceMembers, WorkspaceMembersExt,
};

/// What became of one workspace.
#[derive(Debug, PartialEq, Eq)]
pub enum Left {
    /// They were removed.
    Removed(WorkspaceId),
    /// They may not be removed, and somebody has to decide: for instance the last owner.
    Kept(WorkspaceId),
}

/// Removes somebody from every workspace of an account. Somebody without a user there is in none.
///
/// # Errors
/// Whatever the provider answers; workspaces before it are done, and calling again goes on with the rest.
pub async fn offboard(account: &dyn WorkspaceMembers, email: &EmailAddress) -> Result<Vec<Left>> {
    let user = match account.find_user(email).await {
        Ok(user) => user,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let workspaces: Vec<_> = account.workspaces().try_collect().await?;
    let mut left = Vec::new();
    for workspace in workspaces.into_iter().filter(Workspace::may_be_manageable) {
        match account.remove_member(&workspace.id, &user.id.clone().into()).await {
            Ok(Change::Applied) => left.push(Left::Removed(workspace.id)),
            Ok(Change::Unchanged) => {}
            Err(error) if error.kind() == ErrorKind::Protected => left.push(Left::Kept(workspace.id)),
            Err(error) => return Err(error),
        }
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use workspace_members::{
        Capabilities, Capability, Error, Evidence, Fit, Identity, Member, MemberKey, MockWorkspaceMembers,
        NativeRole, Page, Protection, Provider, Role, RoleRow, RoleTable, User, UserId, Workspace,
    };

    /// An account with two workspaces, one user and no network.
    fn account() -> MockWorkspaceMembers {
        let editor = RoleRow::new(Role::Editor, NativeRole::from_static("editor"), Fit::Exact);
        let roles = RoleTable::new([editor]).unwrap();
        let capabilities = Capabilities::new(Provider::from_static("example"), roles.clone())
            .claim(Evidence::Documented, Capability::ALL);
        let mut account = MockWorkspaceMembers::new();
        account.expect_provider().returning(|| Provider::from_static("example"));
        account.expect_capabilities().return_const(capabilities);
        // Removing somebody asks first whether it is the key's own user.
        account.expect_me().returning(|| Ok(Identity::new(UserId::from(1))));
        account.expect_users_page().returning(|_| {
            let email = "ana@example.com".parse().ok();
            Ok(Page::new(vec![User::new(UserId::from(7)).with_email(email)]))
        });
        account.expect_workspaces_page().returning(|_| {
            let workspace = |id| Workspace::new(WorkspaceId::from(id), "Legal");
            Ok(Page::new(vec![workspace(1), workspace(2)]))
        });
        account.expect_get().returning(move |workspace, principal| {
            let key = MemberKey::new(workspace.clone(), principal.clone());
            Ok(Some(Member::new(key, NativeRole::from_static("editor"), &roles)))
        });
        account
    }

    #[tokio::test]
    async fn who_may_not_go_is_reported_and_the_rest_is_done() {
        let mut account = account();
        account.expect_remove().times(2).returning(|request| match request.key.workspace.as_str() {
            "1" => Err(Error::protected("stays", Protection::ProviderOwner)),
            _ => Ok(()),
        });
        let left = offboard(&account, &"ana@example.com".parse().unwrap()).await.unwrap();
        assert_eq!(left, [Left::Kept(WorkspaceId::from(1)), Left::Removed(WorkspaceId::from(2))]);
    }

    #[tokio::test]
    async fn nobody_is_removed_for_an_unknown_address() {
        let mut account = account();
        account.expect_remove().never();
        let left = offboard(&account, &"anna@example.com".parse().unwrap()).await.unwrap();
        assert_eq!(left, []);
    }
}
