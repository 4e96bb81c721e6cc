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

#[tokio::test]
async fn a_lost_answer_of_an_addition_is_resolved_by_one_read() {
    let request = AddMember::new(ws(), UserId::from(5), Role::Editor);
    let account = || account(everything());
    let happened = Twisted::new(account()).adds(&[Fault::Lose]);
    let ensured = happened.ensure(&request, IfPresent::SetRole).await.unwrap();
    assert_eq!((ensured.change, ensured.member.role), (Change::Applied, Role::Editor));
    assert_eq!(happened.calls(), ["add user:5 editor", "get"]);

    let dropped = Twisted::new(account()).adds(&[Fault::Drop]);
    let error = dropped.ensure(&request, IfPresent::SetRole).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::NotApplied), "{error}");
    assert_eq!(dropped.calls(), ["add user:5 editor", "get"], "sending again is for the retry layer");

    let unread = Twisted::new(account()).adds(&[Fault::Lose]).broken(&[Operation::Get]);
    let error = unread.ensure(&request, IfPresent::SetRole).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::Unknown));
    assert!(error.message().contains("reading back failed too"), "{error}");
}

#[tokio::test]
async fn somebody_who_was_added_by_another_meanwhile_is_treated_as_a_member() {
    // The answer is lost, and reading back shows a member in another role.
    let overtaken = || Twisted::new(account(everything())).adds(&[Fault::Drop]);
    let request = AddMember::new(ws(), UserId::from(3), Role::Viewer);
    let error = overtaken().ensure(&request, IfPresent::Fail).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::AlreadyMember, Effect::Rejected));
    let kept = overtaken().ensure(&request, IfPresent::Keep).await.unwrap();
    assert_eq!((kept.change, kept.member.role), (Change::Unchanged, Role::Editor));
    let account = overtaken();
    let changed = account.ensure(&request, IfPresent::SetRole).await.unwrap();
    assert_eq!((changed.change, changed.member.role), (Change::Applied, Role::Viewer));
    assert_eq!(account.calls(), ["add user:3 viewer", "get", "me", "set user:3 viewer"]);
}

#[tokio::test]
async fn a_lost_answer_of_a_second_step_is_resolved_too() {
    let capabilities = everything().without(&[Capability::AddCustomRole], "only its own roles");
    let role = Role::Custom(native("Legal review"));
    let request = AddMember::new(ws(), UserId::from(5), role.clone());
    let lost = Twisted::new(account(capabilities.clone())).sets(&[Fault::Lose]);
    assert_eq!(lost.ensure(&request, IfPresent::Fail).await.unwrap().member.role, role);
    let refused = Twisted::new(account(capabilities)).sets(&[Fault::Refuse]);
    let error = refused.ensure(&request, IfPresent::Fail).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Partial);
    assert_eq!(error.done(), ["added user:5 in workspace 1 as reader"]);
}

fn upserting() -> Capabilities {
    everything().with_behaviours(&[Behaviour::AddUpserts])
}

#[tokio::test]
async fn where_adding_changes_roles_members_are_read_first() {
    let account = Twisted::new(account(upserting()));
    let as_viewer = |id| AddMember::new(ws(), UserId::from(id), Role::Viewer);
    let error = account.ensure(&as_viewer(3), IfPresent::Fail).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::AlreadyMember, Effect::Rejected));
    let kept = account.ensure(&as_viewer(3), IfPresent::Keep).await.unwrap();
    assert_eq!((kept.change, kept.member.role), (Change::Unchanged, Role::Editor));
    assert_eq!(account.calls(), ["get", "get"]);
    for (if_present, id) in [(IfPresent::Fail, 5), (IfPresent::Keep, 6), (IfPresent::SetRole, 7)] {
        assert_eq!(account.ensure(&as_viewer(id), if_present).await.unwrap().change, Change::Applied);
        assert_eq!(account.calls(), ["get".to_owned(), format!("add user:{id} viewer")]);
    }
    let error = account.ensure(&as_viewer(1), IfPresent::SetRole).await.unwrap_err();
    assert_eq!(error.protection(), Some(Protection::ActingIdentity), "a demotion is guarded");
    assert!(account.writes().is_empty());
    account.calls();
    let raised = AddMember::new(ws(), UserId::from(3), Role::Owner);
    assert_eq!(account.ensure(&raised, IfPresent::SetRole).await.unwrap().change, Change::Applied);
    assert_eq!(account.calls(), ["get", "set user:3 owner"]);
}

/// Of several native roles that are read as one, any will do for it; asked for by its own name, that one alone.
#[tokio::test]
async fn a_role_is_had_in_any_native_role_that_stands_for_it() {
    let row = |role, name| RoleRow::new(role, native(name), Fit::Exact);
    let rows = [
        row(Role::Owner, "boss"),
        row(Role::Owner, "chief").read_only(),
        row(Role::Viewer, "reader"),
        row(Role::Viewer, "triage").read_only(),
    ];
    let roles = RoleTable::new(rows).unwrap();
    for capabilities in [everything(), upserting()] {
        let capabilities = capabilities.with_roles(roles.clone());
        for (id, role, has) in [(4, Role::Viewer, "triage"), (5, Role::Owner, "chief")] {
            let account = account(capabilities.clone()).with_member(ws(), UserId::from(id), native(has));
            let account = Twisted::new(account);
            let request = AddMember::new(ws(), UserId::from(id), role.clone());
            let mut all = account.guarded().allow(Protection::ActingIdentity).allow(Protection::LastOwner);
            for ensured in [
                all.ensure(&request, IfPresent::SetRole).await.unwrap(),
                all.change_role(&ws(), &user(id), &role).await.unwrap(),
                all.change_role_by_remove_then_add(&ws(), &user(id), &role).await.unwrap(),
            ] {
                assert_eq!((ensured.change, ensured.member.native_role), (Change::Unchanged, native(has)));
            }
            let other = Role::Custom(roles.resolve(&role).unwrap().native);
            let changed = all.change_role(&ws(), &user(id), &other).await.unwrap();
            assert_eq!((changed.change, changed.member.role), (Change::Applied, role));
        }
    }
}

#[tokio::test]
async fn where_adding_changes_roles_a_read_that_fails_refuses() {
    let account = Twisted::new(account(upserting())).broken(&[Operation::Get]);
    let request = AddMember::new(ws(), UserId::from(3), Role::Viewer);
    for if_present in [IfPresent::Fail, IfPresent::Keep, IfPresent::SetRole] {
        let error = account.ensure(&request, if_present).await.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Unavailable, Some(Operation::Get)));
    }
    assert!(account.writes().is_empty());
}

#[tokio::test]
async fn where_a_not_found_lists_several_the_addition_itself_decides() {
    let account = Twisted::new(account(upserting()).with_ambiguous_not_found());
    let account = account.broken(&[Operation::ListWorkspaces, Operation::ListUsers]);
    let request = |workspace, id| AddMember::new(workspace, UserId::from(id), Role::Viewer);
    let ensured = account.ensure(&request(ws(), 5), IfPresent::Keep).await.unwrap();
    assert_eq!(ensured.change, Change::Applied);
    assert_eq!(account.calls(), ["get", "add user:5 viewer"]);
    let error = account.ensure(&request(WorkspaceId::from(9), 5), IfPresent::Keep).await.unwrap_err();
    assert_eq!(error.missing(), [Resource::Workspace]);
}

#[tokio::test]
async fn where_adding_changes_roles_it_is_the_one_step() {
    let without = upserting().without(&[Capability::SetUserRole], "there is only one operation");
    let account = Twisted::new(account(without));
    let changed = account.change_role(&ws(), &user(3), &Role::Viewer).await.unwrap();
    assert_eq!((changed.change, changed.member.role), (Change::Applied, Role::Viewer));
    assert_eq!(account.writes(), ["add user:3 viewer"]);
}

#[tokio::test]
async fn an_upserting_addition_whose_answer_was_lost_is_not_sent_again() {
    let without = upserting().without(&[Capability::SetUserRole], "there is only one operation");
    let account = Twisted::new(account(without)).adds(&[Fault::Drop, Fault::Drop]);
    let request = AddMember::new(ws(), UserId::from(3), Role::Owner);
    let error = account.ensure(&request, IfPresent::SetRole).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::Unknown));
    assert_eq!(account.calls(), ["get", "add user:3 owner", "get"]);
    let request = AddMember::new(ws(), UserId::from(5), Role::Owner);
    let error = account.ensure(&request, IfPresent::SetRole).await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied, "they are outside, so it may be sent again");
}

#[tokio::test]
async fn an_addition_may_end_as_an_invitation() {
    let outsider = User::new(UserId::from(20));
    let account = account(everything().with_behaviours(&[Behaviour::AddMayInvite])).with_outsider(outsider);
    let request = AddMember::new(ws(), UserId::from(20), Role::Owner);
    let ensured = account.ensure(&request, IfPresent::Fail).await.unwrap();
    assert_eq!((ensured.change, ensured.member.status), (Change::Applied, Status::Pending));
    let again = account.ensure(&request, IfPresent::SetRole).await.unwrap();
    assert_eq!((again.change, again.member.status), (Change::Unchanged, Status::Pending));
}

#[tokio::test]
async fn a_role_that_something_else_sets_is_not_asked_for_twice() {
    let root = User::new(UserId::from(20)).with_mark(Mark::RoleFixed);
    let account = Twisted::new(account(everything()).with_user(root));
    let request = AddMember::new(ws(), UserId::from(20), Role::Viewer);
    let added = account.ensure(&request, IfPresent::SetRole).await.unwrap();
    assert_eq!((added.change, added.member.role), (Change::Applied, Role::Owner));
    let again = account.ensure(&request, IfPresent::SetRole).await.unwrap();
    assert_eq!((again.change, again.member.role), (Change::Unchanged, Role::Owner));
    let changed = account.change_role_by_remove_then_add(&ws(), &user(20), &Role::Viewer).await.unwrap();
    assert_eq!(changed.change, Change::Unchanged);
    assert_eq!(account.writes().len(), 2, "two additions, of which one was refused");
}
