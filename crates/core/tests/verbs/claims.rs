use crate::fixture::*;

#[test]
fn a_placeholder_confirms_a_custom_role_and_no_other() {
    let capabilities = everything();
    let shown = || {
        let key = AddMember::new(ws(), UserId::from(5), Role::Viewer).key();
        Member::new(key, native("Custom"), capabilities.roles())
    };
    let confirm = |role| {
        let asked = capabilities.roles().resolve(&role).unwrap();
        capabilities.confirm(&asked, shown(), Operation::Add)
    };
    assert!(confirm(Role::Custom(native("Legal review"))).is_ok());
    assert_eq!(confirm(Role::Viewer).unwrap_err().kind(), ErrorKind::Unconfirmed);
}

#[tokio::test]
async fn what_is_not_claimed_is_refused_by_name() {
    let capabilities = everything().without(
        &[Capability::AddGroup, Capability::RemoveGroup, Capability::SetGroupRole, Capability::ListGroups],
        "Example has no groups",
    );
    let account = account(capabilities);
    let group = GroupId::from(1);
    let error = account.add(&AddMember::new(ws(), group.clone(), Role::Viewer)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "add at example: adding a group is not supported: Example has no groups; supported: adding a user"
    );
    assert_eq!(account.get(&ws(), &group.into()).await.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn membership_ids_are_needed_where_the_provider_goes_by_them() {
    let account = account(everything().with_behaviours(&[Behaviour::MembershipIds]));
    let bare = RemoveMember::new(AddMember::new(ws(), UserId::from(3), Role::Viewer).key());
    assert_eq!(account.remove(&bare).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(account.remove_member(&ws(), &user(3)).await.unwrap(), Change::Applied);
}
