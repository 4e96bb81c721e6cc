use crate::fixture::*;

#[tokio::test]
async fn remove_then_add_changes_a_role_and_refuses_lockouts() {
    let capabilities = everything().without(&[Capability::SetUserRole], "no operation changes a role");
    let account = Twisted::new(account(capabilities));
    let changed = account.change_role_by_remove_then_add(&ws(), &user(3), &Role::Viewer).await.unwrap();
    assert_eq!(changed.member.role, Role::Viewer);
    assert_eq!(account.writes(), ["remove user:3", "add user:3 viewer"]);
    let same = account.change_role_by_remove_then_add(&ws(), &user(3), &Role::Viewer).await.unwrap();
    assert_eq!(same.change, Change::Unchanged);

    let me = account.change_role_by_remove_then_add(&ws(), &user(1), &Role::Viewer).await.unwrap_err();
    assert_eq!(me.protection(), Some(Protection::ActingIdentity));
    account.inner.remove(&RemoveMember::new(MemberKey::new(ws(), UserId::from(1)))).await.unwrap();
    let last = account.change_role_by_remove_then_add(&ws(), &user(2), &Role::Viewer).await.unwrap_err();
    assert_eq!(last.protection(), Some(Protection::LastOwner));
    assert_eq!(account.writes().len(), 2, "a refusal writes nothing");
}

#[tokio::test]
async fn a_failed_addition_puts_the_old_role_back() {
    let account = Twisted::new(account(everything())).adds(&[Fault::Refuse]);
    let error = account.change_role_by_remove_then_add(&ws(), &user(3), &Role::Viewer).await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied, "it may be asked again: the provider was out of order");
    assert_eq!(account.get(&ws(), &user(3)).await.unwrap().unwrap().role, Role::Editor);
}

#[tokio::test]
async fn nobody_is_removed_whose_role_could_not_be_given_back() {
    for (case, roles, capabilities) in [
        ("roles are fixed", roles().with_custom_roles(false), everything()),
        (
            "custom roles are given in a second step only",
            roles(),
            everything().without(&[Capability::AddCustomRole], "only its own roles"),
        ),
    ] {
        let account = account(capabilities.with_roles(roles));
        let account = Twisted::new(account.with_member(ws(), UserId::from(4), native("Legal review")));
        let error = account.change_role_by_remove_then_add(&ws(), &user(4), &Role::Viewer).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unsupported, Effect::Rejected), "{case}");
        assert!(error.message().contains("could not be put back"), "{case}: {error}");
        assert!(account.writes().is_empty(), "{case}: {:?}", account.writes());
    }
}

#[tokio::test]
async fn somebody_who_is_a_member_is_not_reported_as_out() {
    let account = Twisted::new(account(everything())).adds(&[Fault::Overtaken, Fault::Pass]);
    let changed = account.change_role_by_remove_then_add(&ws(), &user(3), &Role::Viewer).await.unwrap();
    assert_eq!((changed.change, changed.member.role), (Change::Applied, Role::Viewer));

    account.adds.lock().unwrap().push_back(Fault::Overtaken);
    let error = account.change_role_by_remove_then_add(&ws(), &user(2), &Role::Editor).await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied);
    assert!(error.message().contains("reader") && error.done().is_empty(), "{error:?}");
}

#[tokio::test]
async fn a_removal_that_could_not_be_recorded_leaves_nobody_out() {
    let account = Twisted::new(account(everything())).removes(&[Fault::Unrecorded]);
    let error = account.change_role_by_remove_then_add(&ws(), &user(3), &Role::Viewer).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::RecordFailed, Effect::Partial));
    assert_eq!(error.done().len(), 2, "{error:?}");
    let now = account.get(&ws(), &user(3)).await.unwrap().unwrap();
    assert_eq!(now.role, Role::Viewer);
}

#[tokio::test]
async fn a_lost_answer_is_resolved_by_reading() {
    let account = Twisted::new(account(everything())).adds(&[Fault::Lose]).removes(&[Fault::Lose]);
    let changed = account.change_role_by_remove_then_add(&ws(), &user(3), &Role::Viewer).await.unwrap();
    assert_eq!(changed.member.role, Role::Viewer);
    assert_eq!(account.writes().len(), 2, "nothing was written twice");
}

#[tokio::test]
async fn a_verb_that_stopped_half_way_says_what_is_done() {
    let account = Twisted::new(account(everything())).adds(&[Fault::Refuse, Fault::Refuse]);
    let error = account.change_role_by_remove_then_add(&ws(), &user(3), &Role::Viewer).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Partial);
    assert_eq!(error.done(), ["removed user:3 in workspace 1 (writer)"]);
    assert!(error.message().ends_with("so they are outside"), "{error}");
}

/// Somebody who is still a member after a removal without an answer may be out in a moment, and nobody would add them.
#[tokio::test]
async fn a_removal_that_was_not_seen_to_happen_stays_unknown() {
    let account = Twisted::new(account(everything())).removes(&[Fault::Drop]);
    let error = account.change_role_by_remove_then_add(&ws(), &user(3), &Role::Viewer).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown, "{error}");
    assert_eq!(account.writes().len(), 1);
}
