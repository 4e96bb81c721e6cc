use crate::fixture::*;

#[tokio::test]
async fn a_group_through_which_the_key_may_own_is_not_taken_out() {
    let account = account(everything());
    account.remove(&RemoveMember::new(MemberKey::new(ws(), UserId::from(1)))).await.unwrap();
    account.add(&AddMember::new(ws(), GroupId::from(2), Role::Owner)).await.unwrap();
    let group = GroupId::from(2).into();
    let error = account.change_role_by_remove_then_add(&ws(), &group, &Role::Viewer).await.unwrap_err();
    assert_eq!(error.protection(), Some(Protection::ActingIdentity));
}

#[tokio::test]
async fn what_the_provider_protects_is_refused_though_it_is_allowed_here() {
    let account = account(everything());
    account.remove_member(&ws(), &user(2)).await.unwrap();
    let mut guarded = account.guarded().allow(Protection::ActingIdentity).allow(Protection::LastOwner);
    let error = guarded.remove_member(&ws(), &user(1)).await.unwrap_err();
    assert_eq!((error.kind(), error.protection()), (ErrorKind::Protected, Some(Protection::LastOwner)));
    assert_eq!(error.message(), "this is the last owner");
    assert!(guarded.change_role(&ws(), &user(1), &Role::Viewer).await.is_err());
    assert_eq!(account.change_role(&ws(), &user(1), &Role::Owner).await.unwrap().change, Change::Unchanged);
}
