//! One id in two spellings: one user where ids fold, two where they do not.

use super::prelude::*;

cases! {
    __spelling_cases;
    a_member_is_read_by_another_spelling [] in usual;
    a_member_is_changed_by_another_spelling [] in usual;
    adding_by_another_spelling_adds_nobody_twice [AddUser] in usual;
    another_spelling_is_another_user_where_ids_are_exact [AddUser];
}

/// The user's id with capitals for small letters, and small letters for capitals.
pub(super) fn respelled(context: &Context, number: u64) -> UserId {
    let swap = |letter: char| {
        if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
    };
    valid(UserId::new(context.user_id(number).as_str().chars().map(swap).collect::<String>()))
}

fn only_if_ids_fold(context: &Context) -> Checked {
    only_if(context.behaves(Behaviour::UserIdsFoldCase), "ids are compared as they are")
}

/// The membership by another spelling of who is in it.
async fn key(stage: &Stage, number: u64) -> Checked<MemberKey> {
    let key = stage.key(&stage.legal, &stage.user(number)).await?;
    Ok(MemberKey::new(key.workspace, respelled(stage, number)).with_membership(key.membership))
}

async fn a_member_is_read_by_another_spelling(stage: Stage) -> Checked {
    only_if_ids_fold(&stage)?;
    let ana = PrincipalId::from(respelled(&stage, ANA));
    let native = stage.native(&stage.first);
    if stage.has(Capability::GetMember) {
        for got in [
            stage.members().get(&stage.legal, &ana).await?,
            stage.members().find_member(&stage.legal, &ana, Operation::Get).await?,
        ] {
            let fine =
                got.as_ref().is_some_and(|m| stage.same(&m.key.principal, &ana) && m.native_role == native);
            check!(fine, "reading a member by another spelling: {got:?}");
        }
        stage.note_exercised(Capability::GetMember);
    }
    if stage.has(Capability::Roster) {
        let roster = stage.members().roster(&stage.legal).await?;
        let found = roster.get(&ana).map(|member| &member.native_role);
        check_eq!(found, Some(&native), "a member looked up in a roster by another spelling");
        stage.note_exercised(Capability::Roster);
    }
    Ok(())
}

async fn a_member_is_changed_by_another_spelling(stage: Stage) -> Checked {
    only_if_ids_fold(&stage)?;
    if stage.has(Capability::SetUserRole) {
        let change = SetRole::new(key(&stage, BEN).await?, stage.first.clone());
        let member = stage.members().set_role(&change).await?;
        stage.now_member(&member, (&stage.legal, &stage.user(BEN)), &stage.first)?;
        stage.expect_state("after a role by another spelling").await?;
        stage.note_exercised(Capability::SetUserRole);
    }
    if stage.has(Capability::RemoveUser) {
        stage.members().remove(&RemoveMember::new(key(&stage, ANA).await?)).await?;
        stage.expect_out(&stage.legal, &stage.user(ANA));
        stage.expect_state("after a removal by another spelling").await?;
        stage.note_exercised(Capability::RemoveUser);
    }
    Ok(())
}

async fn adding_by_another_spelling_adds_nobody_twice(stage: Stage) -> Checked {
    only_if_ids_fold(&stage)?;
    for (who, user, role, known) in [
        (respelled(&stage, CLEO), CLEO, &stage.second, false),
        (respelled(&stage, CLEO), CLEO, &stage.second, true),
        (respelled(&stage, ANA), ANA, &stage.second, true),
        (stage.user_id(CLEO), CLEO, &stage.first, true),
    ] {
        let result = stage.members().add(&stage.adding(who, role)).await;
        if known && !stage.behaves(Behaviour::AddUpserts) {
            let what = "adding a member by another spelling";
            stage.expect_refusal(what, result, &[ErrorKind::AlreadyMember])?;
        } else {
            check!(result.is_ok(), "adding by another spelling: {}", outcome(&result));
            stage.now_member(&result?, (&stage.legal, &stage.user(user)), role)?;
        }
        stage.expect_state("after an addition by another spelling").await?;
    }
    Ok(())
}

/// Ana, and somebody whose id differs by case alone.
async fn another_spelling_is_another_user_where_ids_are_exact(context: &Context) -> Checked {
    only_if(!context.behaves(Behaviour::UserIdsFoldCase), "ids that differ by case are one")?;
    only_if(context.ids() == Ids::Text, "ids are numbers")?;
    let mut seed = context.seed();
    let mut twin = context.make_user(EXTRA, "Twin", "twin@example.com");
    twin.id = respelled(context, ANA);
    let who = PrincipalId::from(twin.id.clone());
    seed.users.push(twin);
    let stage = context.stage(seed).await?;
    if stage.has(Capability::GetMember) {
        let got = stage.got(&stage.legal, &who).await?;
        check_eq!(got, None, "somebody whose id differs from a member's by case");
    }
    stage.add(&who, &stage.second).await?;
    if stage.has(Capability::RemoveUser) {
        stage.remove(&who).await?;
    }
    Ok(())
}
