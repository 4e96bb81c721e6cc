//! Members whose role something else sets, whatever is asked for.

use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{LEGAL, REX};
use crate::context::Context;
use crate::failure::{check, check_eq, outcome};
use crate::seed::Seedable;
use crate::stage::Stage;
use futures_util::TryStreamExt;
use workspace_members_core::{
    AddMember, Capability, Change, IfPresent, Mark, Member, RemoveMember, WorkspaceMembersExt,
};

cases! {
    a_fixed_role_is_known_before_the_first_addition [ListUsers];
    an_addition_answered_with_a_fixed_role_is_done [AddUser];
    a_fixed_role_is_not_asked_for_again_and_again [AddUser, GetMember];
    a_member_with_a_fixed_role_can_be_removed [AddUser, RemoveUser];
}

fn seeds(context: &Context) -> Option<Outcome> {
    let seeds = context.can_seed(Seedable::RoleFixed);
    (!seeds).then(|| Outcome::NotApplicable("nobody's role is set by something else".to_owned()))
}

async fn a_fixed_role_is_known_before_the_first_addition(context: &Context) -> Verdict {
    if let Some(apart) = seeds(context) {
        return Ok(apart);
    }
    let stage = context.usual().await?;
    let users: Vec<_> = stage.members().users().try_collect().await?;
    for user in users {
        let rex = stage.same(&user.id.clone().into(), &stage.user(REX));
        check_eq!(user.is(Mark::RoleFixed), rex, "whether something else sets the role of {}", user.id);
    }
    Ok(RAN)
}

/// In the role that they have anyway, and marked.
fn expect_fixed(stage: &Stage, member: &Member, what: &str) -> Result<(), crate::Failure> {
    check!(stage.same(&member.key.principal, &stage.user(REX)), "{what} is about {}", member.key);
    check_eq!(member.native_role, stage.ruling(), "the role, {what}");
    check!(member.is(Mark::RoleFixed), "{what} does not say that something else sets the role");
    Ok(())
}

async fn added(context: &Context) -> Result<Stage, crate::Failure> {
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    let add = AddMember::new(legal.clone(), stage.user_id(REX), stage.two_roles().0);
    let result = stage.members().add(&add).await;
    let Ok(member) = &result else {
        return Err(crate::Failure::new(format!("answered with a fixed role: {}", outcome(&result))));
    };
    expect_fixed(&stage, member, "the answer")?;
    let mut people = stage.seed.members_of(&legal);
    people.insert(stage.user(REX), stage.ruling());
    stage.expect_after(&legal, &people, "after adding somebody whose role is fixed").await?;
    Ok(stage)
}

async fn an_addition_answered_with_a_fixed_role_is_done(context: &Context) -> Verdict {
    if let Some(apart) = seeds(context) {
        return Ok(apart);
    }
    let stage = added(context).await?;
    if let Some(members) = stage.read_members(&stage.workspace(LEGAL)).await? {
        let Some(member) = members.get(&*stage.claims().folded(&stage.user(REX))) else {
            return Err(crate::Failure::new("added, and not listed"));
        };
        expect_fixed(&stage, member, "the listing")?;
    }
    Ok(RAN)
}

/// Whoever ensures a role that cannot be given finds them as they must be.
async fn a_fixed_role_is_not_asked_for_again_and_again(context: &Context) -> Verdict {
    if let Some(apart) = seeds(context) {
        return Ok(apart);
    }
    let stage = added(context).await?;
    let legal = stage.workspace(LEGAL);
    let (first, second) = stage.two_roles();
    let mut people = stage.seed.members_of(&legal);
    people.insert(stage.user(REX), stage.ruling());
    for role in [first, second] {
        let add = AddMember::new(legal.clone(), stage.user_id(REX), role.clone());
        let ensured = stage.members().ensure(&add, IfPresent::SetRole).await?;
        check_eq!(ensured.change, Change::Unchanged, "ensuring {role} for somebody whose role is fixed");
        expect_fixed(&stage, &ensured.member, "the answer")?;
        if stage.has(Capability::SetUserRole) {
            let ensured = stage.members().change_role(&legal, &stage.user(REX), &role).await?;
            check_eq!(ensured.change, Change::Unchanged, "changing a role that is fixed to {role}");
        }
        stage.expect_after(&legal, &people, "after asking for another role").await?;
    }
    Ok(RAN)
}

async fn a_member_with_a_fixed_role_can_be_removed(context: &Context) -> Verdict {
    if let Some(apart) = seeds(context) {
        return Ok(apart);
    }
    let stage = added(context).await?;
    let legal = stage.workspace(LEGAL);
    stage.members().remove(&RemoveMember::new(stage.key(&legal, &stage.user(REX)).await?)).await?;
    stage.expect_unchanged("after removing somebody whose role is fixed").await?;
    Ok(RAN)
}
