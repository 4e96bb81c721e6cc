use crate::fixture::*;

#[tokio::test]
async fn a_group_that_may_hold_the_keys_user_loses_nothing_unless_that_is_allowed() {
    let group = |id| PrincipalId::from(GroupId::from(id));
    let with = |users: Option<&[u64]>| {
        let users = users.map(|users| users.iter().map(|id| UserId::from(*id)).collect());
        let account = account(everything()).with_group(Group::new(GroupId::from(1), "All").with_users(users));
        let editors = account.with_group(Group::new(GroupId::from(2), "Some").with_users(Some(vec![])));
        Twisted::new(editors.with_member(ws(), GroupId::from(2), native("writer")))
    };
    for (account, expected) in [
        (with(Some(&[1, 2])), "takes access from the user that the key acts as; use"),
        (
            with(None),
            "may take access from the user that the key acts as: who is in the group is not known; use",
        ),
        (
            with(Some(&[2])).broken(&[Operation::ListGroups]),
            "who is in the group could not be read: list_groups: out",
        ),
    ] {
        let (protection, message) = refused(&account, group(1)).await;
        assert_eq!(protection, Some(Protection::ActingIdentity), "in whatever role: {message}");
        assert!(message.contains(expected), "{message}");
        let lowered = account.change_role(&ws(), &group(2), &Role::Viewer).await;
        let broken = expected.contains("could not");
        assert_eq!(lowered.is_err(), broken, "nobody is in it");
        let raised = account.change_role(&ws(), &group(1), &Role::Editor).await.unwrap();
        assert_eq!(raised.change, Change::Applied);
        let mut guarded = account.guarded().allow(Protection::ActingIdentity);
        assert_eq!(guarded.remove_member(&ws(), &group(1)).await.unwrap(), Change::Applied);
    }
    // The user may say it of themselves.
    for (mine, held) in [(vec![GroupId::from(2)], false), (vec![GroupId::from(1)], true)] {
        let mut account = with(None);
        account.inner = account.inner.with_user(User::new(UserId::from(1)).with_groups(Some(mine)));
        assert_eq!(account.remove_member(&ws(), &group(1)).await.is_err(), held);
    }
    let account = with(Some(&[2]));
    let mut guarded = account.guarded();
    for id in [1, 2] {
        assert_eq!(guarded.remove_member(&ws(), &group(id)).await.unwrap(), Change::Applied);
    }
    let expected = ["get", "me", "list_groups", "remove group:1", "get", "remove group:2"];
    assert_eq!(account.calls(), expected, "the list of groups is read once");
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

/// What one removal is refused for, and that nothing was written.
async fn refused(account: &Twisted, who: PrincipalId) -> (Option<Protection>, String) {
    let error = account.remove_member(&ws(), &who).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Protected, Effect::Rejected));
    assert_eq!((error.operation(), error.provider()), (Some(Operation::Remove), Some(&account.provider())));
    assert!(account.writes().is_empty(), "{:?}", account.writes());
    (error.protection(), error.message().to_owned())
}

#[tokio::test]
async fn the_keys_own_user_is_locked_out_by_no_verb_unless_that_is_allowed() {
    let account = Twisted::new(account(everything()));
    let (protection, message) = refused(&account, user(1)).await;
    assert_eq!(protection, Some(Protection::ActingIdentity));
    assert_eq!(
        message,
        "removing user:1 in workspace 1 takes access from the user that the key acts as; use the key of somebody else, or \
         allow it with `guarded().allow(Protection::ActingIdentity)`"
    );
    let request = AddMember::new(ws(), UserId::from(1), Role::Viewer);
    for error in [
        account.change_role(&ws(), &user(1), &Role::Viewer).await.unwrap_err(),
        account.change_role_by_remove_then_add(&ws(), &user(1), &Role::Viewer).await.unwrap_err(),
        account.ensure(&request, IfPresent::SetRole).await.unwrap_err(),
        account.workspace(ws()).remove(PrincipalId::from(UserId::from(1))).await.unwrap_err(),
    ] {
        assert_eq!(error.protection(), Some(Protection::ActingIdentity), "{error}");
    }
    let mine = account.get(&ws(), &user(1)).await.unwrap().unwrap();
    assert_eq!(mine.role, Role::Owner);
    let legal = account.workspace(ws()).allow(Protection::ActingIdentity);
    assert_eq!(
        legal.change_role(PrincipalId::from(UserId::from(1)), Role::Viewer).await.unwrap().change,
        Change::Applied
    );
    assert_eq!(legal.remove(PrincipalId::from(UserId::from(1))).await.unwrap(), Change::Applied);
}

#[tokio::test]
async fn nobody_is_removed_where_the_acting_user_is_unknown_unless_that_is_allowed() {
    let mute = everything().without(&[Capability::Me], "keys have no user");
    for account in [Twisted::new(account(mute)), Twisted::new(account(everything())).broken(&[Operation::Me])]
    {
        let (protection, message) = refused(&account, user(3)).await;
        assert_eq!(protection, Some(Protection::ActingIdentity));
        assert!(message.contains("the user that the key acts as, who is not known: "), "{message}");
        let mut guarded = account.guarded().allow(Protection::ActingIdentity);
        account.calls();
        assert_eq!(guarded.remove_member(&ws(), &user(3)).await.unwrap(), Change::Applied);
        assert_eq!(account.calls(), ["get", "remove user:3"], "what is allowed is not looked up");
    }
}

#[tokio::test]
async fn a_change_that_takes_nothing_away_reads_nothing_more() {
    let broken = [Operation::Me, Operation::ListMembers, Operation::ListWorkspaces, Operation::ListUsers];
    let account = Twisted::new(account(everything())).broken(&broken);
    account.ensure(&AddMember::new(ws(), UserId::from(5), Role::Viewer), IfPresent::SetRole).await.unwrap();
    account.change_role(&ws(), &user(5), &Role::Editor).await.unwrap();
    account.change_role(&ws(), &user(5), &Role::Editor).await.unwrap();
    assert_eq!(account.calls(), ["add user:5 viewer", "get", "set user:5 editor", "get"]);
    let error = account.change_role(&ws(), &user(5), &Role::Viewer).await.unwrap_err();
    assert_eq!(error.protection(), Some(Protection::ActingIdentity), "nobody can say whose role is lowered");
}

#[tokio::test]
async fn a_role_that_cannot_be_compared_is_taken_for_a_lower_one() {
    let account =
        Twisted::new(account(everything()).with_member(ws(), UserId::from(4), native("Legal review")));
    let account = account.broken(&[Operation::Me]);
    let other = Role::Custom(native("Finance"));
    for (who, role) in [(user(3), &other), (user(4), &Role::Owner), (user(4), &other)] {
        let error = account.change_role(&ws(), &who, role).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protected, "{who} {role}");
    }
}

#[tokio::test]
async fn a_roster_is_read_only_where_an_owner_may_be_lost() {
    let custom = |id| (UserId::from(id), native("Legal review"));
    let account = account(everything()).with_member(ws(), custom(4).0, custom(4).1);
    let account = Twisted::new(account).broken(&[Operation::ListWorkspaces]);
    let mut guarded = account.guarded();
    guarded.remove_member(&ws(), &user(3)).await.unwrap();
    assert_eq!(account.calls(), ["get", "me", "remove user:3"]);
    guarded.remove_member(&ws(), &user(4)).await.unwrap();
    assert_eq!(account.calls(), ["get", "list_members", "list_members", "remove user:4"]);
    guarded.change_role(&ws(), &user(2), &Role::Viewer).await.unwrap();
    assert_eq!(account.calls(), ["get", "set user:2 viewer"], "the roster is known");
}

#[tokio::test]
async fn the_last_owner_who_may_be_active_stays_unless_that_is_allowed() {
    let inactive = |status| User::new(UserId::from(6)).with_status(status);
    for (status, last) in
        [(Status::Inactive, true), (Status::Pending, true), (Status::Unknown, false), (Status::Active, false)]
    {
        let lenient = Capabilities::new(Provider::from_static("example"), roles())
            .claim(Evidence::Documented, Capability::ALL);
        let account = Twisted::new(
            InMemory::new(lenient)
                .with_me(Identity::new(UserId::from(1)))
                .with_workspace(Workspace::new(ws(), "Legal"))
                .with_user(inactive(status))
                .with_member(ws(), UserId::from(2), native("boss"))
                .with_member(ws(), UserId::from(6), native("boss"))
                .with_member(ws(), UserId::from(3), native("Legal review")),
        );
        if !last {
            assert_eq!(account.remove_member(&ws(), &user(2)).await.unwrap(), Change::Applied, "{status}");
            continue;
        }
        let (protection, message) = refused(&account, user(2)).await;
        assert_eq!(protection, Some(Protection::LastOwner), "{status}");
        assert!(
            message.contains("without an owner who may be active; make somebody else owner first"),
            "{message}"
        );
        assert!(message.ends_with("or allow it with `guarded().allow(Protection::LastOwner)`"), "{message}");
        let error = account.change_role(&ws(), &user(2), &Role::Viewer).await.unwrap_err();
        assert_eq!(error.protection(), Some(Protection::LastOwner));
        let mut guarded = account.guarded().allow(Protection::LastOwner);
        assert_eq!(guarded.remove_member(&ws(), &user(2)).await.unwrap(), Change::Applied);
        let (protection, message) = {
            let error = account.remove_member(&ws(), &user(3)).await.unwrap_err();
            (error.protection(), error.message().to_owned())
        };
        assert_eq!(protection, Some(Protection::LastOwner), "a custom role may be that of an owner");
        assert!(message.contains("the role Legal review may be an owner's"), "{message}");
    }
}

#[tokio::test]
async fn an_owner_is_not_taken_where_the_others_cannot_be_read() {
    let unproven = everything().without(&[Capability::Roster], "it may be another workspace's");
    for account in [
        Twisted::new(account(unproven)),
        Twisted::new(account(everything())).broken(&[Operation::ListMembers]),
    ] {
        let (protection, message) = refused(&account, user(2)).await;
        assert_eq!(protection, Some(Protection::LastOwner));
        assert!(message.contains("who else owns it could not be read"), "{message}");
        let mut guarded = account.guarded().allow(Protection::LastOwner);
        assert_eq!(guarded.remove_member(&ws(), &user(2)).await.unwrap(), Change::Applied);
    }
}

#[tokio::test]
async fn one_handle_for_many_asks_once_and_sees_its_own_changes() {
    let mut inner = account(everything());
    for id in 10..40 {
        inner = inner.with_member(ws(), UserId::from(id), native("boss"));
    }
    let account = Twisted::new(inner);
    let mut guarded = account.guarded();
    for id in 10..40 {
        guarded.remove_member(&ws(), &user(id)).await.unwrap();
    }
    let calls = account.calls();
    let count = |call: &str| calls.iter().filter(|made| made.starts_with(call)).count();
    // 34 members, three a page.
    assert_eq!((count("me"), count("list_members"), count("get"), count("remove")), (1, 12, 30, 30));
    guarded.remove_member(&ws(), &user(2)).await.unwrap();
    let mut guarded = guarded.allow(Protection::ActingIdentity);
    let error = guarded.remove_member(&ws(), &user(1)).await.unwrap_err();
    assert_eq!(error.protection(), Some(Protection::LastOwner), "all others were removed by this handle");
    let request = AddMember::new(ws(), UserId::from(5), Role::Owner);
    guarded.ensure(&request, IfPresent::Fail).await.unwrap();
    assert_eq!(guarded.remove_member(&ws(), &user(1)).await.unwrap(), Change::Applied);
    let calls = account.calls();
    assert!(!calls.iter().any(|call| call == "list_members" || call == "me"), "{calls:?}");
}

#[tokio::test]
async fn one_handle_sees_its_own_changes_in_any_spelling_where_ids_fold_case() {
    let login = |text: &str| PrincipalId::from(UserId::new(text).unwrap());
    let capabilities = everything().with_behaviours(&[Behaviour::UserIdsFoldCase]);
    let account = account(capabilities)
        .with_member(ws(), UserId::new("Ana").unwrap(), native("boss"))
        .with_member(ws(), UserId::new("Ben").unwrap(), native("boss"));
    let mut guarded = account.guarded().allow(Protection::ActingIdentity);
    for owner in [user(1), user(2), login("ANA")] {
        guarded.remove_member(&ws(), &owner).await.unwrap();
    }
    let error = guarded.remove_member(&ws(), &login("BEN")).await.unwrap_err();
    assert!(error.message().contains("without an owner who may be active"), "{error}");
}

#[tokio::test]
async fn a_roster_is_read_anew_where_a_change_failed() {
    let account = Twisted::new(account(everything())).removes(&[Fault::Drop, Fault::Pass]);
    let mut guarded = account.guarded();
    guarded.remove_member(&ws(), &user(2)).await.unwrap_err();
    assert!(account.calls().contains(&"list_members".to_owned()));
    guarded.remove_member(&ws(), &user(2)).await.unwrap();
    assert_eq!(account.calls(), ["get", "list_members", "list_members", "remove user:2"]);
}

#[tokio::test]
async fn the_key_is_known_in_any_spelling_where_ids_fold_case() {
    let login = |text: &str| UserId::new(text).unwrap();
    for (behaviours, locked_out) in [(&[][..], false), (&[Behaviour::UserIdsFoldCase], true)] {
        let lenient = Capabilities::new(Provider::from_static("example"), roles())
            .claim(Evidence::Documented, Capability::ALL)
            .with_behaviours(behaviours);
        let account = Twisted::new(
            InMemory::new(lenient)
                .with_me(Identity::new(login("Ana")))
                .with_workspace(Workspace::new(ws(), "Legal"))
                .with_member(ws(), login("ana"), native("reader")),
        );
        let removed = account.remove_member(&ws(), &login("ana").into()).await;
        assert_eq!(removed.is_err_and(|e| e.protection() == Some(Protection::ActingIdentity)), locked_out);
    }
}
