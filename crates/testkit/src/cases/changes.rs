//! Changes of role: in one step, in two, and of those who have it already or are not there.

use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{ANA, BEN, BOSS, CLEO, LEGAL, ME, NOBODY, SALES};
use crate::context::Context;
use crate::failure::{check, check_eq, outcome};
use crate::stage::Stage;
use workspace_members_core::{
    AddMember, Behaviour, Capability, Change, Ensured, Error, ErrorKind, IfPresent, MemberKey, Role, SetRole,
};

cases! {
    setting_the_role_they_have_changes_nothing [SetUserRole];
    setting_a_role_leaves_everybody_else_alone [SetUserRole];
    setting_an_outsiders_role_is_not_found [SetUserRole];
    setting_a_role_without_the_membership_id_is_refused [SetUserRole];
    change_role_says_whether_it_changed_anything [SetUserRole, GetMember];
    a_role_changes_by_removing_and_adding [AddUser, RemoveUser, GetMember, Roster, Me];
    removing_and_adding_refuses_to_lock_itself_out [AddUser, RemoveUser, GetMember, Roster, Me];
}

async fn setting_the_role_they_have_changes_nothing(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    let (first, _) = stage.two_roles();
    for _ in 0..2 {
        let key = stage.key(&legal, &stage.user(ANA)).await?;
        let member = stage.members().set_role(&SetRole::new(key, first.clone())).await?;
        stage.expect_member(&member, (&legal, &stage.user(ANA)), &first)?;
        stage.expect_unchanged("after setting the role they have").await?;
    }
    Ok(RAN)
}

async fn setting_a_role_leaves_everybody_else_alone(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    let (first, second) = stage.two_roles();
    let mut people = stage.seed.members_of(&legal);
    for (number, role) in [(ANA, &second), (BEN, &first), (BOSS, &second)] {
        if number == BOSS && stage.behaves(Behaviour::FixedWorkspaceOwner) {
            continue;
        }
        let key = stage.key(&legal, &stage.user(number)).await?;
        stage.members().set_role(&SetRole::new(key, role.clone())).await?;
        people.insert(stage.user(number), stage.native(role));
        stage.expect_after(&legal, &people, "after setting one role").await?;
    }
    Ok(RAN)
}

async fn setting_an_outsiders_role_is_not_found(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let (first, _) = stage.two_roles();
    for (workspace, who) in [(LEGAL, CLEO), (SALES, ANA), (LEGAL, NOBODY)] {
        if stage.out_of_reach(&stage.workspace(workspace)) {
            continue;
        }
        let key = stage.key(&stage.workspace(workspace), &stage.user(who)).await?;
        let result = stage.members().set_role(&SetRole::new(key.clone(), first.clone())).await;
        stage.expect_refusal(&format!("the role of {key}"), result, &[ErrorKind::NotFound])?;
        if stage.has(Capability::GetMember) {
            let result = stage.guarded().change_role(&key.workspace, &key.principal, &first).await;
            stage.expect_refusal(&format!("changing the role of {key}"), result, &[ErrorKind::NotFound])?;
        }
        stage.expect_unchanged("after setting an outsider's role").await?;
    }
    Ok(RAN)
}

async fn setting_a_role_without_the_membership_id_is_refused(context: &Context) -> Verdict {
    if !context.behaves(Behaviour::MembershipIds) {
        return Ok(Outcome::NotApplicable("the provider goes by user and group ids".to_owned()));
    }
    let stage = context.usual().await?;
    let key = MemberKey::new(stage.workspace(LEGAL), stage.user(BEN));
    stage.forget();
    let result = stage.members().set_role(&SetRole::new(key, stage.two_roles().0)).await;
    stage.expect_refusal("a role without a membership id", result, &[ErrorKind::InvalidInput])?;
    stage.expect_silence("a role without a membership id")?;
    stage.expect_unchanged("after a key without a membership id").await?;
    Ok(RAN)
}

async fn change_role_says_whether_it_changed_anything(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let (legal, ana) = (stage.workspace(LEGAL), stage.user(ANA));
    let (first, second) = stage.two_roles();
    stage.forget();
    let ensured = stage.guarded().change_role(&legal, &ana, &first).await?;
    check_eq!(ensured.change, Change::Unchanged, "changing to the role they have");
    if let Some(proxy) = &stage.world.proxy {
        check!(
            !proxy.log().iter().any(|exchange| exchange.request.is_write()),
            "changing to the role they have writes"
        );
    }
    let ensured = stage.guarded().change_role(&legal, &ana, &second).await?;
    check_eq!(ensured.change, Change::Applied, "changing to another role");
    stage.expect_member(&ensured.member, (&legal, &ana), &second)?;
    let mut people = stage.seed.members_of(&legal);
    people.insert(ana, stage.native(&second));
    stage.expect_after(&legal, &people, "after changing a role").await?;
    Ok(RAN)
}

async fn by_two_steps(stage: &Stage, who: u64, role: &Role) -> Result<Ensured, Error> {
    stage.guarded().change_role_by_remove_then_add(&stage.workspace(LEGAL), &stage.user(who), role).await
}

async fn a_role_changes_by_removing_and_adding(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    let (first, second) = stage.two_roles();
    let ensured = by_two_steps(&stage, ANA, &first).await?;
    check_eq!(ensured.change, Change::Unchanged, "the role they have, by removing and adding");
    stage.expect_unchanged("after asking for the role they have").await?;
    let ensured = by_two_steps(&stage, ANA, &second).await?;
    check_eq!(ensured.change, Change::Applied, "another role, by removing and adding");
    stage.expect_member(&ensured.member, (&legal, &stage.user(ANA)), &second)?;
    let mut people = stage.seed.members_of(&legal);
    people.insert(stage.user(ANA), stage.native(&second));
    stage.expect_after(&legal, &people, "after removing and adding").await?;
    let result = by_two_steps(&stage, CLEO, &second).await;
    stage.expect_refusal("an outsider's role by removing and adding", result, &[ErrorKind::NotFound])?;
    stage.expect_after(&legal, &people, "after an outsider's role").await?;
    // A member as they are is none the worse for it.
    let add = AddMember::new(legal, stage.user_id(ANA), second);
    check_eq!(
        stage.guarded().ensure(&add, IfPresent::Keep).await?.change,
        Change::Unchanged,
        "ensuring afterwards"
    );
    Ok(RAN)
}

async fn removing_and_adding_refuses_to_lock_itself_out(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let (first, _) = stage.two_roles();
    if stage.native(&first) == stage.ruling() {
        return Ok(Outcome::NotApplicable("there is only one role".to_owned()));
    }
    stage.forget();
    let result = by_two_steps(&stage, ME, &first).await;
    stage.expect_refusal("the acting identity by removing and adding", result, &[ErrorKind::Protected])?;
    if let Some(proxy) = &stage.world.proxy {
        check!(
            !proxy.log().iter().any(|exchange| exchange.request.is_write()),
            "something was written first"
        );
    }
    stage.expect_unchanged("after refusing to lock itself out").await?;
    let outside = stage.members().get(&stage.workspace(LEGAL), &stage.user(ME)).await;
    check!(matches!(outside, Ok(Some(_))), "the acting identity afterwards: {}", outcome(&outside));
    Ok(RAN)
}
