//! People who were invited and have not accepted.

use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{CLEO, LEGAL, OTTO, PIA};
use crate::context::Context;
use crate::failure::{check, check_eq};
use crate::seed::Seedable;
use crate::stage::Stage;
use workspace_members_core::{
    AddMember, Behaviour, Capability, Change, IfPresent, Member, PrincipalId, RemoveMember, Status,
    WorkspaceMembersExt,
};

cases! {
    an_addition_that_invites_is_pending [AddUser];
    an_addition_that_lets_in_is_not_pending [AddUser];
    somebody_pending_is_added_once [AddUser, GetMember];
    an_invitation_is_mailed_where_it_always_is [AddUser];
    members_who_have_not_accepted_are_listed [ListPending];
    somebody_who_has_not_accepted_can_be_removed [RemoveUser];
}

fn seeds(context: &Context) -> Option<Outcome> {
    let seeds = context.can_seed(Seedable::Pending);
    (!seeds).then(|| Outcome::NotApplicable("the harness seeds nobody who has yet to accept".to_owned()))
}

fn invites(context: &Context) -> Option<Outcome> {
    if !context.behaves(Behaviour::AddMayInvite) {
        return Some(Outcome::NotApplicable("an addition never ends as an invitation".to_owned()));
    }
    seeds(context)
}

/// The member as a roster, or else a listing, shows them.
async fn listed(stage: &Stage, who: &PrincipalId) -> Result<Option<Member>, crate::Failure> {
    let mut members = stage.read_members(&stage.workspace(LEGAL)).await?.unwrap_or_default();
    Ok(members.remove(&*stage.claims().folded(who)))
}

/// In the answer, wherever one member is read, and in listings that claim to show it; and in no listing as active.
async fn an_addition_that_invites_is_pending(context: &Context) -> Verdict {
    if let Some(apart) = invites(context) {
        return Ok(apart);
    }
    let stage = context.usual().await?;
    let (legal, otto) = (stage.workspace(LEGAL), stage.user(OTTO));
    let (role, _) = stage.two_roles();
    let member = stage.members().add(&AddMember::new(legal.clone(), otto.clone(), role.clone())).await?;
    stage.expect_member(&member, (&legal, &otto), &role)?;
    check_eq!(member.status, Status::Pending, "the status in the answer");
    let mut people = stage.seed.members_of(&legal);
    people.insert(otto.clone(), stage.native(&role));
    stage.expect_after(&legal, &people, "after an addition that invites").await?;
    let told = stage.has(Capability::ListPending);
    if stage.has(Capability::GetMember) {
        let got = stage.got(&legal, &otto).await?.map(|member| member.status);
        check!(got == Some(Status::Pending) || (got.is_none() && !told), "read as {got:?}");
    }
    if let Some(member) = listed(&stage, &otto).await? {
        check_eq!(member.status, Status::Pending, "the status in a listing");
    }
    Ok(RAN)
}

async fn an_addition_that_lets_in_is_not_pending(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let (legal, cleo) = (stage.workspace(LEGAL), stage.user(CLEO));
    let member =
        stage.members().add(&AddMember::new(legal.clone(), cleo.clone(), stage.two_roles().0)).await?;
    check!(member.status != Status::Pending, "a user of the account was let in, and the answer says pending");
    let status = listed(&stage, &cleo).await?.map(|member| member.status);
    check!(status != Some(Status::Pending), "a user of the account was let in, and is listed as pending");
    Ok(RAN)
}

/// Another addition makes no second invitation out of the first.
async fn somebody_pending_is_added_once(context: &Context) -> Verdict {
    if let Some(apart) = invites(context) {
        return Ok(apart);
    }
    let stage = context.usual().await?;
    let (legal, otto) = (stage.workspace(LEGAL), stage.user(OTTO));
    let (role, _) = stage.two_roles();
    let add = AddMember::new(legal.clone(), otto.clone(), role.clone());
    stage.members().add(&add).await?;
    let mut people = stage.seed.members_of(&legal);
    people.insert(otto, stage.native(&role));
    for if_present in [IfPresent::Keep, IfPresent::SetRole] {
        let ensured = stage.members().ensure(&add, if_present).await?;
        check_eq!(ensured.change, Change::Unchanged, "ensuring somebody who was invited, {if_present:?}");
        check_eq!(ensured.member.status, Status::Pending, "their status, {if_present:?}");
        stage.expect_after(&legal, &people, "after ensuring somebody who was invited").await?;
    }
    Ok(RAN)
}

/// With or without a word about it, which is what the declaration is for.
async fn an_invitation_is_mailed_where_it_always_is(context: &Context) -> Verdict {
    if let Some(apart) = invites(context) {
        return Ok(apart);
    }
    let stage = context.usual().await?;
    let Some(mails) = &stage.world.mails else {
        return Ok(Outcome::NotApplicable("the harness does not count mails".to_owned()));
    };
    let legal = stage.workspace(LEGAL);
    let (role, _) = stage.two_roles();
    stage.members().add(&AddMember::new(legal.clone(), stage.user_id(OTTO), role.clone())).await?;
    let expected = usize::from(stage.behaves(Behaviour::InvitationsMail));
    check_eq!(mails(), expected, "mails sent for an addition that invites");
    stage.members().add(&AddMember::new(legal, stage.user_id(CLEO), role)).await?;
    check_eq!(mails(), expected, "mails sent after an addition that does not invite");
    Ok(RAN)
}

async fn members_who_have_not_accepted_are_listed(context: &Context) -> Verdict {
    if let Some(apart) = seeds(context) {
        return Ok(apart);
    }
    let stage = context.usual().await?;
    let Some(member) = listed(&stage, &stage.user(PIA)).await? else {
        return Err(crate::Failure::new("a pending member is not listed"));
    };
    check_eq!(member.status, Status::Pending, "the status of a pending member in a listing");
    check_eq!(member.native_role, stage.native(&stage.two_roles().0), "the role of a pending member");
    Ok(RAN)
}

/// The invitation is valid, so taking it back is a removal like any other.
async fn somebody_who_has_not_accepted_can_be_removed(context: &Context) -> Verdict {
    if let Some(apart) = seeds(context) {
        return Ok(apart);
    }
    let stage = context.usual().await?;
    let (legal, pia) = (stage.workspace(LEGAL), stage.user(PIA));
    stage.members().remove(&RemoveMember::new(stage.key(&legal, &pia).await?)).await?;
    let mut people = stage.seed.members_of(&legal);
    people.remove(&pia);
    stage.expect_after(&legal, &people, "after removing somebody who has not accepted").await?;
    Ok(RAN)
}
