//! One id in two spellings: one user where ids fold, two where they do not.

use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{ANA, BEN, CLEO, LEGAL, valid};
use crate::context::Context;
use crate::failure::{Failure, check, check_eq, outcome};
use crate::seed::Ids;
use crate::stage::Stage;
use workspace_members_core::{
    AddMember, Behaviour, Capability, ErrorKind, MemberKey, Operation, PrincipalId, RemoveMember, SetRole,
    UserId, WorkspaceMembersExt,
};

cases! {
    a_member_is_read_by_another_spelling [];
    a_member_is_changed_by_another_spelling [];
    adding_by_another_spelling_adds_nobody_twice [AddUser];
    another_spelling_is_another_user_where_ids_are_exact [AddUser];
}

/// The user's id with capitals for small letters, and small letters for capitals.
pub(super) fn respelled(context: &Context, number: u64) -> UserId {
    let swap = |letter: char| {
        if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
    };
    valid(UserId::new(context.user_id(number).as_str().chars().map(swap).collect::<String>()))
}

fn folds(context: &Context) -> Option<Outcome> {
    let folds = context.behaves(Behaviour::UserIdsFoldCase);
    (!folds).then(|| Outcome::NotApplicable("ids are compared as they are".to_owned()))
}

/// The membership by another spelling of who is in it.
async fn key(stage: &Stage, number: u64) -> Result<MemberKey, Failure> {
    let key = stage.key(&stage.workspace(LEGAL), &stage.user(number)).await?;
    Ok(MemberKey::new(key.workspace, respelled(stage, number)).with_membership(key.membership))
}

async fn a_member_is_read_by_another_spelling(context: &Context) -> Verdict {
    if let Some(apart) = folds(context) {
        return Ok(apart);
    }
    let stage = context.usual().await?;
    let (legal, ana) = (stage.workspace(LEGAL), PrincipalId::from(respelled(context, ANA)));
    let native = stage.native(&stage.two_roles().0);
    let mut ran = Vec::new();
    if stage.has(Capability::GetMember) {
        for got in [
            stage.members().get(&legal, &ana).await?,
            stage.members().find_member(&legal, &ana, Operation::Get).await?,
        ] {
            let fine =
                got.as_ref().is_some_and(|m| stage.same(&m.key.principal, &ana) && m.native_role == native);
            check!(fine, "reading a member by another spelling: {got:?}");
        }
        ran.push(Capability::GetMember);
    }
    if stage.has(Capability::Roster) {
        let roster = stage.members().roster(&legal).await?;
        let found = roster.get(&ana).map(|member| &member.native_role);
        check_eq!(found, Some(&native), "a member looked up in a roster by another spelling");
        ran.push(Capability::Roster);
    }
    Ok(Outcome::Ran(ran))
}

async fn a_member_is_changed_by_another_spelling(context: &Context) -> Verdict {
    if let Some(apart) = folds(context) {
        return Ok(apart);
    }
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    let (first, _) = stage.two_roles();
    let mut people = stage.seed.members_of(&legal);
    let mut ran = Vec::new();
    if stage.has(Capability::SetUserRole) {
        let change = SetRole::new(key(&stage, BEN).await?, first.clone());
        let member = stage.members().set_role(&change).await?;
        stage.expect_member(&member, (&legal, &stage.user(BEN)), &first)?;
        people.insert(stage.user(BEN), stage.native(&first));
        stage.expect_after(&legal, &people, "after a role by another spelling").await?;
        ran.push(Capability::SetUserRole);
    }
    if stage.has(Capability::RemoveUser) {
        stage.members().remove(&RemoveMember::new(key(&stage, ANA).await?)).await?;
        people.remove(&stage.user(ANA));
        stage.expect_after(&legal, &people, "after a removal by another spelling").await?;
        ran.push(Capability::RemoveUser);
    }
    Ok(Outcome::Ran(ran))
}

async fn adding_by_another_spelling_adds_nobody_twice(context: &Context) -> Verdict {
    if let Some(apart) = folds(context) {
        return Ok(apart);
    }
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    let (first, second) = stage.two_roles();
    let mut people = stage.seed.members_of(&legal);
    for (number, known) in [(CLEO, false), (CLEO, true), (ANA, true)] {
        let add = AddMember::new(legal.clone(), respelled(context, number), second.clone());
        let result = stage.members().add(&add).await;
        if known && !stage.behaves(Behaviour::AddUpserts) {
            stage.expect_refusal(
                "adding a member by another spelling",
                result,
                &[ErrorKind::AlreadyMember],
            )?;
        } else {
            stage.expect_member(&result?, (&legal, &stage.user(number)), &second)?;
            people.insert(stage.user(number), stage.native(&second));
        }
        stage.expect_after(&legal, &people, "after an addition by another spelling").await?;
    }
    let add = AddMember::new(legal.clone(), stage.user_id(CLEO), first.clone());
    let result = stage.members().add(&add).await;
    if stage.behaves(Behaviour::AddUpserts) {
        check!(result.is_ok(), "adding by the first spelling: {}", outcome(&result));
        people.insert(stage.user(CLEO), stage.native(&first));
    } else {
        stage.expect_refusal("adding by the first spelling", result, &[ErrorKind::AlreadyMember])?;
    }
    stage.expect_after(&legal, &people, "after an addition by the first spelling").await?;
    Ok(RAN)
}

/// Ana, and somebody whose id differs by case alone.
async fn another_spelling_is_another_user_where_ids_are_exact(context: &Context) -> Verdict {
    if context.behaves(Behaviour::UserIdsFoldCase) {
        return Ok(Outcome::NotApplicable("ids that differ by case are one".to_owned()));
    }
    if context.ids() == Ids::Numbers {
        return Ok(Outcome::NotApplicable("ids are numbers".to_owned()));
    }
    let mut seed = context.seed();
    let mut twin = context.make_user(50, "Twin", "twin@example.com");
    twin.id = respelled(context, ANA);
    let who = PrincipalId::from(twin.id.clone());
    seed.users.push(twin);
    let stage = context.stage(seed).await?;
    let legal = stage.workspace(LEGAL);
    let (_, second) = stage.two_roles();
    let mut people = stage.seed.members_of(&legal);
    if stage.has(Capability::GetMember) {
        check_eq!(stage.got(&legal, &who).await?, None, "somebody whose id differs from a member's by case");
    }
    let member = stage.members().add(&AddMember::new(legal.clone(), who.clone(), second.clone())).await?;
    stage.expect_member(&member, (&legal, &who), &second)?;
    people.insert(who.clone(), stage.native(&second));
    stage.expect_after(&legal, &people, "after adding the other spelling").await?;
    if stage.has(Capability::RemoveUser) {
        stage.members().remove(&RemoveMember::new(stage.key(&legal, &who).await?)).await?;
        people.remove(&who);
        stage.expect_after(&legal, &people, "after removing the other spelling").await?;
    }
    Ok(RAN)
}
