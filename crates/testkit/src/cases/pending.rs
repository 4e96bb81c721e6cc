//! People who were invited and have not accepted.

use super::prelude::*;

cases! {
    __pending_cases;
    an_addition_that_invites_is_pending [AddUser] in usual;
    an_addition_that_lets_in_is_not_pending [AddUser] in usual;
    somebody_pending_is_added_once [AddUser, GetMember] in usual;
    an_invitation_is_mailed_where_it_always_is [AddUser] in usual;
    members_who_have_not_accepted_are_listed [ListPending] in usual;
    somebody_who_has_not_accepted_can_be_removed [RemoveUser] in usual;
}

fn only_with_pending_users(context: &Context) -> Checked {
    only_if(context.can_seed(Seedable::Pending), "the harness seeds nobody who has yet to accept")
}

fn only_if_additions_invite(context: &Context) -> Checked {
    only_if(context.behaves(Behaviour::AddMayInvite), "an addition never ends as an invitation")?;
    only_with_pending_users(context)
}

/// In the answer, wherever one member is read, and in listings that claim to show it; and in no listing as active.
async fn an_addition_that_invites_is_pending(stage: Stage) -> Checked {
    only_if_additions_invite(&stage)?;
    let otto = stage.user(OTTO);
    let member = stage.add(&otto, &stage.first).await?;
    check_eq!(member.status, Status::Pending, "the status in the answer");
    if stage.has(Capability::GetMember) {
        let got = stage.got(&stage.legal, &otto).await?.map(|member| member.status);
        let hidden = got.is_none() && !stage.has(Capability::ListPending);
        check!(got == Some(Status::Pending) || hidden, "read as {got:?}");
    }
    if let Some(member) = stage.listed_member(&otto).await? {
        check_eq!(member.status, Status::Pending, "the status in a listing");
    }
    Ok(())
}

async fn an_addition_that_lets_in_is_not_pending(stage: Stage) -> Checked {
    let cleo = stage.user(CLEO);
    let member = stage.members().add(&stage.adding(cleo.clone(), &stage.first)).await?;
    check!(member.status != Status::Pending, "a user of the account was let in, and the answer says pending");
    let status = stage.listed_member(&cleo).await?.map(|member| member.status);
    check!(status != Some(Status::Pending), "a user of the account was let in, and is listed as pending");
    Ok(())
}

/// Another addition makes no second invitation out of the first.
async fn somebody_pending_is_added_once(stage: Stage) -> Checked {
    only_if_additions_invite(&stage)?;
    let add = stage.adding(stage.user(OTTO), &stage.first);
    stage.add(&add.principal, &add.role).await?;
    for if_present in [IfPresent::Keep, IfPresent::SetRole] {
        let ensured = stage.members().ensure(&add, if_present).await?;
        check_eq!(ensured.change, Change::Unchanged, "ensuring somebody who was invited, {if_present:?}");
        check_eq!(ensured.member.status, Status::Pending, "their status, {if_present:?}");
        stage.expect_state("after ensuring somebody who was invited").await?;
    }
    Ok(())
}

/// Also where nobody asked for a mail, which is what the declaration is for.
async fn an_invitation_is_mailed_where_it_always_is(stage: Stage) -> Checked {
    only_if_additions_invite(&stage)?;
    stage.mails()?;
    let expected = usize::from(stage.behaves(Behaviour::InvitationsMail));
    stage.add(&stage.user(OTTO), &stage.first).await?;
    check_eq!(stage.mails()?, expected, "mails sent for an addition that invites");
    stage.add(&stage.user(CLEO), &stage.first).await?;
    check_eq!(stage.mails()?, expected, "mails sent after an addition that does not invite");
    Ok(())
}

async fn members_who_have_not_accepted_are_listed(stage: Stage) -> Checked {
    only_with_pending_users(&stage)?;
    let Some(member) = stage.listed_member(&stage.user(PIA)).await? else {
        return Err(Stop::failed("a pending member is not listed"));
    };
    check_eq!(member.status, Status::Pending, "the status of a pending member in a listing");
    check_eq!(member.native_role, stage.native(&stage.first), "the role of a pending member");
    Ok(())
}

/// The invitation is valid, so taking it back is a removal like any other.
async fn somebody_who_has_not_accepted_can_be_removed(stage: Stage) -> Checked {
    only_with_pending_users(&stage)?;
    stage.remove(&stage.user(PIA)).await
}
