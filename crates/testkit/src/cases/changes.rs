//! Changes of role: in one step, in two, and of those who have it already or are not there.

use super::prelude::*;

cases! {
    __changes_cases;
    setting_the_role_they_have_changes_nothing [SetUserRole] in usual;
    setting_a_role_leaves_everybody_else_alone [SetUserRole] in usual;
    setting_an_outsiders_role_is_not_found [SetUserRole] in usual;
    setting_a_role_without_the_membership_id_is_refused [SetUserRole] in usual;
    change_role_says_whether_it_changed_anything [SetUserRole, GetMember] in usual;
    a_role_changes_by_removing_and_adding [AddUser, RemoveUser, GetMember, Roster, Me] in usual;
    removing_and_adding_refuses_to_lock_itself_out [AddUser, RemoveUser, GetMember, Roster, Me] in usual;
}

async fn setting_the_role_they_have_changes_nothing(stage: Stage) -> Checked {
    for _ in 0..2 {
        stage.set_role(&stage.user(ANA), &stage.first).await?;
    }
    Ok(())
}

async fn setting_a_role_leaves_everybody_else_alone(stage: Stage) -> Checked {
    for (number, role) in [(ANA, &stage.second), (BEN, &stage.first), (BOSS, &stage.second)] {
        if number == BOSS && stage.behaves(Behaviour::FixedWorkspaceOwner) {
            continue;
        }
        stage.set_role(&stage.user(number), role).await?;
    }
    Ok(())
}

async fn setting_an_outsiders_role_is_not_found(stage: Stage) -> Checked {
    for (workspace, who) in [(&stage.legal, CLEO), (&stage.sales, ANA), (&stage.legal, NOBODY)] {
        if stage.out_of_reach(workspace) {
            continue;
        }
        let key = stage.key(workspace, &stage.user(who)).await?;
        let result = stage.members().set_role(&SetRole::new(key.clone(), stage.first.clone())).await;
        stage.expect_refusal(&format!("the role of {key}"), result, &[ErrorKind::NotFound])?;
        if stage.has(Capability::GetMember) {
            let result = stage.guarded().change_role(&key.workspace, &key.principal, &stage.first).await;
            stage.expect_refusal(&format!("changing the role of {key}"), result, &[ErrorKind::NotFound])?;
        }
        stage.expect_state("after setting an outsider's role").await?;
    }
    Ok(())
}

async fn setting_a_role_without_the_membership_id_is_refused(stage: Stage) -> Checked {
    stage.only_with_membership_ids()?;
    let key = MemberKey::new(stage.legal.clone(), stage.user(BEN));
    stage.forget();
    let result = stage.members().set_role(&SetRole::new(key, stage.first.clone())).await;
    stage.expect_refusal("a role without a membership id", result, &[ErrorKind::InvalidInput])?;
    stage.expect_silence("a role without a membership id")?;
    stage.expect_state("after a key without a membership id").await
}

async fn change_role_says_whether_it_changed_anything(stage: Stage) -> Checked {
    let ana = stage.user(ANA);
    stage.forget();
    let ensured = stage.guarded().change_role(&stage.legal, &ana, &stage.first).await?;
    check_eq!(ensured.change, Change::Unchanged, "changing to the role they have");
    check_eq!(stage.writes(), 0, "writes sent to change to the role they have");
    let ensured = stage.guarded().change_role(&stage.legal, &ana, &stage.second).await?;
    check_eq!(ensured.change, Change::Applied, "changing to another role");
    stage.now_member(&ensured.member, (&stage.legal, &ana), &stage.second)?;
    stage.expect_state("after changing a role").await
}

async fn by_two_steps(stage: &Stage, who: u64, role: &Role) -> Result<Ensured, Error> {
    stage.guarded().change_role_by_remove_then_add(&stage.legal, &stage.user(who), role).await
}

async fn a_role_changes_by_removing_and_adding(stage: Stage) -> Checked {
    let ana = stage.user(ANA);
    let ensured = by_two_steps(&stage, ANA, &stage.first).await?;
    check_eq!(ensured.change, Change::Unchanged, "the role they have, by removing and adding");
    stage.expect_state("after asking for the role they have").await?;
    let ensured = by_two_steps(&stage, ANA, &stage.second).await?;
    check_eq!(ensured.change, Change::Applied, "another role, by removing and adding");
    stage.now_member(&ensured.member, (&stage.legal, &ana), &stage.second)?;
    stage.expect_state("after removing and adding").await?;
    let result = by_two_steps(&stage, CLEO, &stage.second).await;
    stage.expect_refusal("an outsider's role by removing and adding", result, &[ErrorKind::NotFound])?;
    stage.expect_state("after an outsider's role").await?;
    // The membership is as good as any other afterwards.
    let ensured = stage.guarded().ensure(&stage.adding(ana, &stage.second), IfPresent::Keep).await?;
    check_eq!(ensured.change, Change::Unchanged, "ensuring afterwards");
    Ok(())
}

async fn removing_and_adding_refuses_to_lock_itself_out(stage: Stage) -> Checked {
    only_if(stage.native(&stage.first) != stage.highest(), "there is only one role")?;
    stage.forget();
    let result = by_two_steps(&stage, ME, &stage.first).await;
    stage.expect_refusal("the acting identity by removing and adding", result, &[ErrorKind::Protected])?;
    check_eq!(stage.writes(), 0, "writes sent before it was refused");
    stage.expect_state("after refusing to lock itself out").await?;
    let outside = stage.members().get(&stage.legal, &stage.user(ME)).await;
    check!(matches!(outside, Ok(Some(_))), "the acting identity afterwards: {}", outcome(&outside));
    Ok(())
}
