use crate::fixture::*;

#[tokio::test]
async fn removing_twice_is_removed_once() {
    let account = account(everything());
    assert_eq!(account.remove_member(&ws(), &user(3)).await.unwrap(), Change::Applied);
    assert_eq!(account.remove_member(&ws(), &user(3)).await.unwrap(), Change::Unchanged);
    let error = account.remove_member(&WorkspaceId::from(9), &user(3)).await.unwrap_err();
    assert_eq!(error.missing(), [Resource::Workspace]);
}

#[tokio::test]
async fn a_key_can_die_with_its_users_membership() {
    let account = account(everything().with_behaviours(&[Behaviour::KeyDiesWithMembership]));
    let mut guarded = account.guarded().allow(Protection::ActingIdentity);
    assert_eq!(guarded.remove_member(&ws(), &user(1)).await.unwrap(), Change::Applied);
    assert_eq!(account.me().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
}
