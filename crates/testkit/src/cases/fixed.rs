//! Members whose role something else sets, whatever is asked for.

use super::prelude::*;

cases! {
    __fixed_cases;
    a_fixed_role_is_known_before_the_first_addition [ListUsers] in usual;
    an_addition_answered_with_a_fixed_role_is_done [AddUser] in with_rex;
    a_fixed_role_is_not_asked_for_again_and_again [AddUser, GetMember] in with_rex;
    a_member_with_a_fixed_role_can_be_removed [AddUser, RemoveUser] in with_rex;
}

fn only_with_fixed_roles(context: &Context) -> Checked {
    only_if(context.can_seed(Seedable::RoleFixed), "nobody's role is set by something else")
}

async fn a_fixed_role_is_known_before_the_first_addition(stage: Stage) -> Checked {
    only_with_fixed_roles(&stage)?;
    let users: Vec<User> = stage.members().users().try_collect().await?;
    for user in users {
        let rex = stage.same(&user.id.clone().into(), &stage.user(REX));
        check_eq!(user.is(Mark::RoleFixed), rex, "whether something else sets the role of {}", user.id);
    }
    Ok(())
}

/// In the role that they have anyway, and marked.
fn expect_fixed(stage: &Stage, member: &Member, what: &str) -> Checked {
    check!(stage.same(&member.key.principal, &stage.user(REX)), "{what} is about {}", member.key);
    check_eq!(member.native_role, stage.highest(), "the role, {what}");
    check!(member.is(Mark::RoleFixed), "{what} does not say that something else sets the role");
    Ok(())
}

/// A world in which Rex was added; only if the harness seeds them.
async fn with_rex(context: &Context) -> Checked<Stage> {
    only_with_fixed_roles(context)?;
    let stage = context.usual().await?;
    let add = stage.adding(stage.user(REX), &stage.first);
    let result = stage.members().add(&add).await;
    let Ok(member) = &result else {
        return Err(Stop::failed(format!("answered with a fixed role: {}", outcome(&result))));
    };
    expect_fixed(&stage, member, "the answer")?;
    stage.expect_in(&stage.legal, &add.principal, stage.highest());
    stage.expect_state("after adding somebody whose role is fixed").await?;
    Ok(stage)
}

async fn an_addition_answered_with_a_fixed_role_is_done(stage: Stage) -> Checked {
    // That they are listed, where members can be read, was checked already.
    if let Some(member) = stage.listed_member(&stage.user(REX)).await? {
        expect_fixed(&stage, &member, "the listing")?;
    }
    Ok(())
}

/// To ensure a role that cannot be given finds them as they must be.
async fn a_fixed_role_is_not_asked_for_again_and_again(stage: Stage) -> Checked {
    let rex = stage.user(REX);
    for role in [&stage.first, &stage.second] {
        let add = stage.adding(rex.clone(), role);
        let ensured = stage.members().ensure(&add, IfPresent::SetRole).await?;
        check_eq!(ensured.change, Change::Unchanged, "ensuring {role} for somebody whose role is fixed");
        expect_fixed(&stage, &ensured.member, "the answer")?;
        if stage.has(Capability::SetUserRole) {
            let ensured = stage.members().change_role(&stage.legal, &rex, role).await?;
            check_eq!(ensured.change, Change::Unchanged, "changing a role that is fixed to {role}");
        }
        stage.expect_state("after asking for another role").await?;
    }
    Ok(())
}

async fn a_member_with_a_fixed_role_can_be_removed(stage: Stage) -> Checked {
    stage.remove(&stage.user(REX)).await
}
