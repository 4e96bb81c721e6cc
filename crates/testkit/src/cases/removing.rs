//! Removing: the one asked for, from the workspace asked for, once.

use super::prelude::*;

cases! {
    __removing_cases;
    a_removed_user_is_gone_and_nobody_else [RemoveUser] => |c| remove_each(c, vec![c.user(BEN), c.user(ANA)]);
    a_removed_group_is_gone_and_nobody_else [RemoveGroup] => |c| remove_each(c, vec![c.group(MEMBER_GROUP)]);
    removing_twice_is_not_found [RemoveUser] => |c| remove_twice(c, c.user(BEN));
    removing_a_group_twice_is_not_found [RemoveGroup] => |c| remove_twice(c, c.group(MEMBER_GROUP));
    removing_an_outsider_is_not_found [RemoveUser] in usual;
    removing_from_one_workspace_leaves_the_other [RemoveUser, AddUser] in usual;
    somebody_removed_can_come_back [RemoveUser, AddUser] in usual;
    removing_without_the_membership_id_is_refused [RemoveUser] in usual;
    an_old_membership_id_does_not_end_a_new_membership [RemoveUser, AddUser] in usual;
    remove_member_says_whether_it_removed_anybody [RemoveUser, GetMember] in usual;
    remove_member_in_an_unknown_workspace_is_not_found [RemoveUser, GetMember] in usual;
}

/// Each in a world of its own.
async fn remove_each(context: &Context, members: Vec<PrincipalId>) -> Checked {
    for who in members {
        let stage = context.usual().await?;
        let from = stage.expected_in(&stage.legal).remove(&stage.folded(&who));
        stage.members().remove(&stage.removing(&who).await?.with_from(from)).await?;
        stage.expect_out(&stage.legal, &who);
        stage.expect_state(&format!("after removing {who}")).await?;
        if stage.has(Capability::GetMember) {
            check_eq!(stage.got(&stage.legal, &who).await?, None, "getting {who} after removing them");
        }
    }
    Ok(())
}

async fn remove_twice(context: &Context, who: PrincipalId) -> Checked {
    let stage = context.usual().await?;
    let removal = stage.removing(&who).await?;
    stage.remove(&who).await?;
    let again = stage.members().remove(&removal).await;
    stage.expect_missing("removing again", again, Resource::Member)?;
    stage.expect_state("after removing twice").await
}

async fn removing_an_outsider_is_not_found(stage: Stage) -> Checked {
    for (workspace, who) in [(&stage.legal, CLEO), (&stage.sales, ANA), (&stage.legal, NOBODY)] {
        if !stage.out_of_reach(workspace) {
            let key = stage.key(workspace, &stage.user(who)).await?;
            let result = stage.members().remove(&RemoveMember::new(key.clone())).await;
            stage.expect_refusal(&format!("removing {key}"), result, &[ErrorKind::NotFound])?;
            stage.expect_state("after removing an outsider").await?;
        }
    }
    let key = stage.key(&stage.legal, &stage.user(BEN)).await?;
    let key = MemberKey::new(stage.workspace(NOBODY), key.principal).with_membership(key.membership);
    let result = stage.members().remove(&RemoveMember::new(key)).await;
    let kinds = [ErrorKind::NotFound, ErrorKind::Unsupported];
    stage.expect_refusal("removing from an unknown workspace", result, &kinds)?;
    stage.expect_state("after removing from an unknown workspace").await
}

async fn removing_from_one_workspace_leaves_the_other(stage: Stage) -> Checked {
    stage.only_with_two_workspaces()?;
    stage.add_to(&stage.sales, &stage.user(ANA), &stage.second).await?;
    stage.remove(&stage.user(ANA)).await
}

async fn somebody_removed_can_come_back(stage: Stage) -> Checked {
    let ana = stage.user(ANA);
    for role in [&stage.second, &stage.first] {
        stage.remove(&ana).await?;
        stage.add(&ana, role).await?;
    }
    Ok(())
}

async fn removing_without_the_membership_id_is_refused(stage: Stage) -> Checked {
    stage.only_with_membership_ids()?;
    stage.forget();
    let key = MemberKey::new(stage.legal.clone(), stage.user(BEN));
    let result = stage.members().remove(&RemoveMember::new(key)).await;
    stage.expect_refusal("removing without a membership id", result, &[ErrorKind::InvalidInput])?;
    stage.expect_silence("removing without a membership id")?;
    stage.expect_state("after a key without a membership id").await
}

async fn an_old_membership_id_does_not_end_a_new_membership(stage: Stage) -> Checked {
    stage.only_with_membership_ids()?;
    let ana = stage.user(ANA);
    let old = stage.removing(&ana).await?;
    stage.remove(&ana).await?;
    let added = stage.add(&ana, &stage.first).await?;
    let new = added.key.membership != old.key.membership;
    only_if(new, "somebody who comes back has their old membership id")?;
    let result = stage.members().remove(&old).await;
    stage.expect_refusal("removing by an old membership id", result, &[ErrorKind::NotFound])?;
    stage.expect_state("after an old membership id").await
}

async fn remove_member_says_whether_it_removed_anybody(stage: Stage) -> Checked {
    let ben = stage.user(BEN);
    stage.expect_out(&stage.legal, &ben);
    for expected in [Change::Applied, Change::Unchanged, Change::Unchanged] {
        check_eq!(stage.guarded().remove_member(&stage.legal, &ben).await?, expected, "removing somebody");
        stage.expect_state("after removing somebody").await?;
    }
    let (workspace, outsider) =
        if stage.out_of_reach(&stage.sales) { (&stage.legal, CLEO) } else { (&stage.sales, ANA) };
    let change = stage.guarded().remove_member(workspace, &stage.user(outsider)).await?;
    check_eq!(change, Change::Unchanged, "removing an outsider");
    stage.expect_state("after removing an outsider").await
}

async fn remove_member_in_an_unknown_workspace_is_not_found(stage: Stage) -> Checked {
    let result = stage.guarded().remove_member(&stage.workspace(NOBODY), &stage.user(BEN)).await;
    if result.is_ok() {
        return Err(Stop::failed("removing from an unknown workspace worked"));
    }
    stage.expect_missing("removing from an unknown workspace", result, Resource::Workspace)?;
    stage.expect_state("after removing from an unknown workspace").await
}
