use crate::fixture::*;

#[tokio::test]
async fn what_is_missing_is_found_out_by_reading() {
    let account = account(everything());
    let vague = |resources: &[Resource]| Error::not_found("one of several", resources);
    let both = [Resource::Workspace, Resource::User];
    let key = |workspace, id| AddMember::new(workspace, UserId::from(id), Role::Viewer).key();
    let missing = |error: Error| error.missing().to_vec();
    let narrowed = account.narrow_not_found(vague(&both), &key(WorkspaceId::from(9), 1)).await;
    assert_eq!(missing(narrowed), [Resource::Workspace]);
    let narrowed = account.narrow_not_found(vague(&both), &key(ws(), 99)).await;
    assert_eq!(missing(narrowed), [Resource::User]);
    let narrowed =
        account.narrow_not_found(vague(&[Resource::Workspace, Resource::Member]), &key(ws(), 8)).await;
    assert_eq!(missing(narrowed), [Resource::Member]);
    let open = account.narrow_not_found(vague(&both), &key(ws(), 8)).await;
    assert_eq!(missing(open), both, "nothing is missing as far as can be seen, so nothing is claimed");
}

#[tokio::test]
async fn nothing_is_said_of_what_nobody_could_look_for() {
    let three = [Resource::Workspace, Resource::User, Resource::Member];
    let narrowed = async |without: &[Capability], id| {
        let account = account(everything().without(without, "it cannot be listed"));
        let key = AddMember::new(ws(), UserId::from(id), Role::Viewer).key();
        account.narrow_not_found(Error::not_found("one of several", &three), &key).await
    };
    let error = narrowed(&[Capability::ListWorkspaces], 8).await;
    assert_eq!(error.missing(), [Resource::Workspace, Resource::Member], "{error}");
    let error = narrowed(&[Capability::ListWorkspaces], 99).await;
    assert_eq!(error.missing(), [Resource::User], "{error}");
    let error = narrowed(&[Capability::ListUsers], 8).await;
    assert_eq!(error.missing(), [Resource::User, Resource::Member], "{error}");
    assert!(error.message().contains("workspace 1 exists"), "{error}");
    let error = narrowed(&[Capability::ListWorkspaces, Capability::ListUsers], 8).await;
    assert_eq!(error.missing(), three, "{error}");
    // Of two, the one that is left is not known to be missing: settling an interrupted change rests on that.
    for without in [Capability::ListWorkspaces, Capability::ListUsers] {
        let account = account(everything().without(&[without], "it cannot be listed"));
        let key = AddMember::new(ws(), UserId::from(8), Role::Viewer).key();
        let both = [Resource::Workspace, Resource::User];
        let error = account.narrow_not_found(Error::not_found("one of two", &both), &key).await;
        assert_eq!(error.missing(), both, "{error}");
        assert!(error.message().ends_with("exists"), "{error}");
    }
}

#[tokio::test]
async fn people_and_workspaces_are_found_or_named_ambiguous() {
    let twin = EmailAddress::new("U3@Example.com").unwrap();
    let account = account(everything()).with_user(User::new(UserId::from(9)).with_email(Some(twin)));
    let find = |address: &str| EmailAddress::new(address).unwrap();
    assert_eq!(account.find_user(&find("U5@example.COM")).await.unwrap().id, UserId::from(5));
    assert_eq!(account.find_user(&find("u3@example.com")).await.unwrap_err().kind(), ErrorKind::Ambiguous);
    assert_eq!(account.find_user(&find("nobody@example.com")).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(account.find_workspace("Legal").await.unwrap().id, ws());
    assert_eq!(account.find_workspace("2").await.unwrap().id, WorkspaceId::from(2));
    let error = account.find_workspace("Sales").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.message().contains("2, 3"), "{error}");
    assert_eq!(error.operation(), Some(Operation::ListWorkspaces));
    let error = account.find_user(&find("nobody@example.com")).await.unwrap_err();
    assert_eq!(error.operation(), Some(Operation::ListUsers));
}
