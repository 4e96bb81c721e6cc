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
async fn what_could_not_be_looked_for_may_still_be_missing() {
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
    // Of two, the one that is left is not known to be missing: recovering an open change depends on that.
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

#[tokio::test]
async fn hidden_addresses_are_said_to_be_hidden() {
    let hiding = everything().without(&[Capability::SeeAddresses], "the provider hides them");
    let account = Twisted::new(account(hiding));
    let address = email("u3@example.com");
    for error in [
        account.find_user(&address).await.unwrap_err(),
        account.resolve(&address.clone().into()).await.unwrap_err(),
        account.workspace(ws()).get(address.clone()).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unsupported, Effect::Rejected));
        assert_eq!(
            error.message(),
            "users' addresses are hidden at example, so u3@example.com cannot be looked up: use the user's id"
        );
    }
    assert!(account.calls().is_empty(), "nothing was sent");
    assert_eq!(account.resolve(&user(3).into()).await.unwrap(), user(3));
}

#[tokio::test]
async fn no_member_is_found_where_only_the_membership_can_be_missing() {
    let nowhere = WorkspaceId::from(9);
    let find = async |account: &Twisted, workspace: &WorkspaceId, id| {
        account.find_member(workspace, &user(id), Operation::Get).await
    };
    let ambiguous = |capabilities| Twisted::new(account(capabilities).with_ambiguous_not_found());
    let account = ambiguous(everything());
    assert!(find(&account, &ws(), 3).await.unwrap().is_some());
    assert_eq!(account.calls(), ["get"]);
    for id in [5, 99] {
        assert_eq!(
            find(&account, &ws(), id).await.unwrap(),
            None,
            "no member, whether or not there is such a user"
        );
    }
    assert_eq!(find(&account, &nowhere, 3).await.unwrap_err().missing(), [Resource::Workspace]);

    let blind = everything().without(&[Capability::ListWorkspaces], "it cannot be listed");
    let three = [Resource::Workspace, Resource::User, Resource::Member];
    for account in [ambiguous(blind), ambiguous(everything()).broken(&[Operation::ListWorkspaces])] {
        for workspace in [&ws(), &nowhere] {
            let error = find(&account, workspace, 5).await.unwrap_err();
            assert_eq!((error.kind(), error.missing()), (ErrorKind::NotFound, &three[..]), "{error}");
        }
        assert_eq!(account.remove_member(&ws(), &user(5)).await.unwrap_err().missing(), three);
    }
}

#[tokio::test]
async fn a_user_exists_in_any_spelling_where_ids_fold_case() {
    let three = [Resource::User, Resource::Member];
    for (behaviours, missing) in
        [(&[][..], Resource::User), (&[Behaviour::UserIdsFoldCase], Resource::Member)]
    {
        let ana = User::new(UserId::new("ana").unwrap());
        let account = account(everything().with_behaviours(behaviours)).with_user(ana);
        let key = MemberKey::new(ws(), UserId::new("Ana").unwrap());
        let narrowed = account.narrow_not_found(Error::not_found("one of two", &three), &key).await;
        assert_eq!(narrowed.missing(), [missing]);
    }
}

#[tokio::test]
async fn a_workspace_that_may_be_managed_is_tried() {
    for (manageable, expected) in [(Some(true), true), (None, true), (Some(false), false)] {
        let workspace = Workspace::new(ws(), "Legal").with_manageable(manageable);
        let one_by_one = everything().without(&[Capability::ListAccountMembers], "one by one");
        let account = account(one_by_one).with_workspace(workspace);
        let request = AddMember::new(ws(), UserId::from(5), Role::Viewer);
        assert_eq!(account.ensure(&request, IfPresent::Fail).await.is_ok(), expected, "{manageable:?}");
        assert_eq!(account.roster(&ws()).await.is_ok(), expected);
    }
}

#[tokio::test]
async fn a_plain_listing_and_a_plain_addition_need_no_other_endpoint() {
    use futures_util::TryStreamExt;
    let capabilities = everything()
        .with_behaviours(&[Behaviour::FixedWorkspaceOwner])
        .with_page_size_of(Operation::ListMembers, None);
    let broken = Operation::ALL.iter().copied();
    let broken: Vec<_> =
        broken.filter(|operation| !operation.is_write() && *operation != Operation::ListMembers).collect();
    let account = Twisted::new(account(capabilities)).broken(&broken);
    let listed: Vec<_> = account.members(ws()).try_collect().await.unwrap();
    assert_eq!((listed.len(), account.calls()), (4, vec!["list_members".to_owned()]));
    let request = AddMember::new(ws(), UserId::from(5), Role::Viewer);
    for if_present in [IfPresent::Fail, IfPresent::Keep, IfPresent::SetRole] {
        let added = account.ensure(&request, if_present).await;
        assert!(added.is_ok() || if_present != IfPresent::Fail, "{added:?}");
        let key = MemberKey::new(ws(), UserId::from(5));
        account.inner.remove(&RemoveMember::new(key)).await.unwrap();
        assert_eq!(account.calls(), ["add user:5 viewer"]);
    }
}
