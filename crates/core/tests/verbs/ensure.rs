use crate::fixture::*;

#[tokio::test]
async fn ensure_adds_keeps_changes_or_fails() {
    let account = account(everything());
    let as_editor = |id| AddMember::new(ws(), UserId::from(id), Role::Editor);
    let added = account.ensure(&as_editor(4), IfPresent::Fail).await.unwrap();
    assert_eq!((added.change, added.member.role), (Change::Applied, Role::Editor));
    let again = account.ensure(&as_editor(4), IfPresent::SetRole).await.unwrap();
    assert_eq!(again.change, Change::Unchanged);
    let error = account.ensure(&as_editor(4), IfPresent::Fail).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyMember);
    let kept = account.ensure(&as_editor(2), IfPresent::Keep).await.unwrap();
    assert_eq!((kept.change, kept.member.role), (Change::Unchanged, Role::Owner));
    let changed = account.ensure(&as_editor(2), IfPresent::SetRole).await.unwrap();
    assert_eq!((changed.change, changed.member.role), (Change::Applied, Role::Editor));
}

#[tokio::test]
async fn ensure_never_removes_and_adds_unasked() {
    let capabilities = everything().without(&[Capability::SetUserRole], "no operation changes a role");
    let account = Twisted::new(account(capabilities));
    let request = AddMember::new(ws(), UserId::from(3), Role::Viewer);
    let error = account.ensure(&request, IfPresent::SetRole).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("removing and adding"), "{error}");
    assert_eq!(account.writes(), ["add user:3 viewer"]);
    assert_eq!(account.get(&ws(), &user(3)).await.unwrap().unwrap().role, Role::Editor);
}

#[tokio::test]
async fn a_custom_role_that_adding_cannot_give_takes_two_steps() {
    let capabilities = everything().without(&[Capability::AddCustomRole], "only its own roles");
    let account = Twisted::new(account(capabilities));
    let role = Role::Custom(native("Legal review"));
    let ensured =
        account.ensure(&AddMember::new(ws(), UserId::from(5), role.clone()), IfPresent::Fail).await.unwrap();
    assert_eq!(ensured.member.role, role);
    assert_eq!(account.writes(), ["add user:5 native:reader", "set user:5 native:Legal review"]);
}

#[tokio::test]
async fn the_first_of_two_steps_is_taken_under_any_policy() {
    let roles = roles().with_policy(RolePolicy::ExactOnly);
    let capabilities =
        everything().with_roles(roles).without(&[Capability::AddCustomRole], "only its own roles");
    let role = Role::Custom(native("Legal review"));
    let request = AddMember::new(ws(), UserId::from(5), role.clone());
    let ensured = account(capabilities).ensure(&request, IfPresent::Fail).await.unwrap();
    assert_eq!(ensured.member.role, role);
}

#[tokio::test]
async fn the_first_of_two_steps_is_not_taken_where_the_second_is_impossible() {
    let capabilities =
        everything().without(&[Capability::AddCustomRole, Capability::SetGroupRole], "not for groups");
    let account = Twisted::new(account(capabilities));
    let request = AddMember::new(ws(), GroupId::from(2), Role::Custom(native("Legal review")));
    let error = account.ensure(&request, IfPresent::Fail).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unsupported, Some(Operation::Add)));
    assert!(account.writes().is_empty(), "{:?}", account.writes());
}
