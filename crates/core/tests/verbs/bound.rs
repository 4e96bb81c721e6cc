use crate::fixture::*;

#[tokio::test]
async fn a_bound_workspace_takes_addresses() {
    let account: std::sync::Arc<dyn WorkspaceMembers> = std::sync::Arc::new(account(everything()));
    let legal = account.workspace(ws());
    let bo = email("u6@example.com");
    assert!(legal.get(bo.clone()).await.unwrap().is_none());
    assert_eq!(legal.ensure(bo.clone(), Role::Editor).await.unwrap().change, Change::Applied);
    assert_eq!(legal.change_role(bo.clone(), Role::Viewer).await.unwrap().member.role, Role::Viewer);
    assert_eq!(legal.remove(bo.clone()).await.unwrap(), Change::Applied);
    assert_eq!(legal.roster().await.unwrap().len(), 4);
    let three = email("u3@example.com");
    let changed = legal.change_role_by_remove_then_add(three, Role::Viewer).await.unwrap();
    assert_eq!((changed.change, changed.member.role), (Change::Applied, Role::Viewer));
}

#[tokio::test]
async fn a_member_is_found_by_address_though_users_may_not_be_listed() {
    let account = Twisted::new(account(everything())).forbidden(&[Operation::ListUsers]);
    let legal = account.workspace(ws());
    assert_eq!(legal.get(email("U3@example.com")).await.unwrap().unwrap().key.principal, user(3));
    assert_eq!(legal.remove(email("u3@example.com")).await.unwrap(), Change::Applied);
    // Somebody who is not in the list may exist all the same.
    let error = legal.remove(email("u3@example.com")).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Forbidden, Some(Operation::ListUsers)));
    let error = legal.ensure(email("u5@example.com"), Role::Viewer).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
}
