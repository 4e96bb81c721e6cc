//! Users as such: invited, deactivated, deleted.

use crate::call::{Call, INVITED};
use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{BEN, CLEO, LEGAL, NOBODY, SALES, valid};
use crate::context::Context;
use crate::failure::{Failure, check, check_eq, outcome};
use crate::stage::Stage;
use futures_util::TryStreamExt;
use std::collections::BTreeSet;
use workspace_members_core::{
    AddMember, Behaviour, CancelInvitation, Capability, DeleteUser, EmailAddress, Error, ErrorKind,
    Invitation, InvitationId, Invite, ListOf, PageRequest, Resource, SetUserActive, Status, User,
    WorkspaceMembersExt,
};

cases! {
    an_invitation_says_what_became_of_it [InviteUser];
    an_open_invitation_is_listed [InviteUser, ListInvitations];
    invitations_come_whole_over_every_page_boundary [InviteUser, ListInvitations];
    inviting_somebody_of_the_account_is_refused_or_harmless [InviteUser];
    an_invitation_into_an_unknown_workspace_is_not_found [InviteUser];
    an_invitation_is_mailed_as_declared [InviteUser];
    an_invitation_is_withdrawn_once [InviteUser, CancelInvitation];
    withdrawing_an_unknown_invitation_is_not_found [CancelInvitation];
    a_user_is_deactivated_and_activated [SetUserActive];
    deactivating_an_unknown_user_is_not_found [SetUserActive];
    a_deleted_user_is_in_no_workspace [DeleteUser];
    deleting_a_user_twice_is_not_found [DeleteUser];
}

fn invited() -> EmailAddress {
    valid(EmailAddress::new(INVITED))
}

async fn an_invitation_says_what_became_of_it(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let invited_now = stage.members().invite(&Call::invitation(&stage)).await?;
    let there = invited_now.user.is_some() || invited_now.invitation.is_some();
    check!(there, "there is neither a user now nor an open invitation: {invited_now:?}");
    let address = match (&invited_now.user, &invited_now.invitation) {
        (Some(user), _) => user.email.clone(),
        (None, Some(invitation)) => invitation.email.clone(),
        (None, None) => None,
    };
    check!(address.is_none_or(|address| address == invited()), "somebody else was invited: {invited_now:?}");
    let (role, _) = stage.two_roles();
    for member in &invited_now.members {
        check_eq!(member.key.workspace, stage.workspace(LEGAL), "where they are a member now");
        check_eq!(member.native_role, stage.native(&role), "in which role");
    }
    if let Some(invitation) = &invited_now.invitation {
        for (workspace, native) in &invitation.workspaces {
            check_eq!(*workspace, stage.workspace(LEGAL), "where they are invited to");
            let told = native.as_ref().is_none_or(|native| *native == stage.native(&role));
            check!(told, "they are invited as {native:?}");
        }
    }
    Ok(RAN)
}

/// All open invitations, page by page of this size.
async fn invitations(stage: &Stage, of: &ListOf, size: Option<u32>) -> Result<Vec<Invitation>, Failure> {
    let (mut all, mut request) = (Vec::new(), PageRequest::default());
    for _ in 0..1_000 {
        request.size = size;
        let page = stage.members().invitations_page(of, request).await?;
        all.extend(page.items);
        let Some(next) = page.next else { return Ok(all) };
        request = PageRequest::at(Some(next));
    }
    Err(Failure::new("the list of invitations does not end"))
}

/// Invites so many, and answers the ids of those that are open now.
async fn open(stage: &Stage, count: usize) -> Result<BTreeSet<InvitationId>, Failure> {
    let mut open = BTreeSet::new();
    for number in 0..count {
        let email = valid(EmailAddress::new(format!("newcomer{number}@example.com")));
        let mut invite = Call::invitation(stage);
        invite.email = email;
        open.extend(stage.members().invite(&invite).await?.invitation.map(|invitation| invitation.id));
    }
    Ok(open)
}

fn never_open() -> Outcome {
    Outcome::NotApplicable("whoever is invited is a user at once".to_owned())
}

async fn an_open_invitation_is_listed(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let before: BTreeSet<_> =
        invitations(&stage, &ListOf::Account, None).await?.into_iter().map(|open| open.id).collect();
    let Some(invitation) = stage.members().invite(&Call::invitation(&stage)).await?.invitation else {
        return Ok(never_open());
    };
    check!(!before.contains(&invitation.id), "the id of an invitation that was open before");
    let listed = invitations(&stage, &ListOf::Account, None).await?;
    let found = listed.iter().find(|open| open.id == invitation.id);
    check_eq!(found, Some(&invitation), "the invitation as listed and as answered");
    check_eq!(listed.len(), before.len() + 1, "how many invitations are open");
    if invitation.workspaces.is_empty() {
        return Ok(RAN);
    }
    for (number, there) in [(LEGAL, true), (SALES, false)] {
        let workspace = stage.workspace(number);
        if stage.out_of_reach(&workspace) {
            continue;
        }
        let listed = invitations(&stage, &ListOf::Workspace(workspace), None).await?;
        let found = listed.iter().any(|open| open.id == invitation.id);
        check_eq!(found, there, "whether the invitation is listed in workspace {number}");
    }
    Ok(RAN)
}

async fn invitations_come_whole_over_every_page_boundary(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let before = invitations(&stage, &ListOf::Account, None).await?.len();
    let opened = open(&stage, 7).await?;
    if opened.is_empty() {
        return Ok(never_open());
    }
    check_eq!(opened.len(), 7, "how many were invited, each with an id of its own");
    for size in [None, Some(1), Some(2), Some(6), Some(7), Some(8), Some(u32::MAX)] {
        let listed = invitations(&stage, &ListOf::Account, size).await?;
        check_eq!(listed.len(), before + 7, "invitations by pages of {size:?}");
        let ids: BTreeSet<_> = listed.into_iter().map(|open| open.id).collect();
        check_eq!(ids.len(), before + 7, "invitations by pages of {size:?}, each of them once");
        check!(ids.is_superset(&opened), "not listed by pages of {size:?}: {opened:?} in {ids:?}");
    }
    Ok(RAN)
}

/// Nobody gets a second account.
async fn inviting_somebody_of_the_account_is_refused_or_harmless(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let mut invite = Call::invitation(&stage);
    invite.email = valid(EmailAddress::new("Cleo@Example.com"));
    invite.workspaces.clear();
    let result = stage.members().invite(&invite).await;
    match &result {
        // A provider may not tell who has the address.
        Ok(_) => {}
        Err(error) => {
            let kinds = [ErrorKind::AlreadyMember, ErrorKind::Rejected, ErrorKind::Unsupported];
            check!(kinds.contains(&error.kind()), "inviting a user of the account: {}", outcome(&result));
        }
    }
    stage.expect_unchanged("after inviting somebody of the account").await?;
    if stage.has(Capability::ListUsers) && stage.has(Capability::SeeAddresses) {
        let users: Vec<User> = stage.members().users().try_collect().await?;
        let cleos = users.iter().filter(|user| user.email.as_ref() == Some(&invite.email)).count();
        check_eq!(cleos, 1, "users with the address of one");
    }
    Ok(RAN)
}

async fn an_invitation_into_an_unknown_workspace_is_not_found(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let invite = Invite::new(invited()).with_workspace(stage.workspace(NOBODY), stage.two_roles().0);
    let result = stage.members().invite(&invite).await;
    let kinds = [ErrorKind::NotFound, ErrorKind::Unsupported];
    if let Some(error) = stage.expect_error("inviting into an unknown workspace", result, &kinds)? {
        let named = error.kind() != ErrorKind::NotFound || error.missing().contains(&Resource::Workspace);
        check!(named, "the error does not say that the workspace may be missing");
    }
    if stage.has(Capability::ListInvitations) {
        let open = invitations(&stage, &ListOf::Account, None).await?;
        let there = open.iter().any(|open| open.email.as_ref() == Some(&invite.email));
        check!(!there, "an invitation was refused, and is open: {open:?}");
    }
    stage.expect_unchanged("after inviting into an unknown workspace").await?;
    Ok(RAN)
}

/// Where invitations are always mailed, there is one mail; else there is none, since nobody asked for one.
async fn an_invitation_is_mailed_as_declared(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let Some(mails) = &stage.world.mails else {
        return Ok(Outcome::NotApplicable("the harness does not count mails".to_owned()));
    };
    stage.members().invite(&Call::invitation(&stage)).await?;
    let expected = usize::from(stage.behaves(Behaviour::InvitationsMail));
    check_eq!(mails(), expected, "mails sent for an invitation");
    Ok(RAN)
}

async fn an_invitation_is_withdrawn_once(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let Some(invitation) = stage.members().invite(&Call::invitation(&stage)).await?.invitation else {
        return Ok(never_open());
    };
    let withdraw = CancelInvitation::new(invitation.id.clone());
    stage.members().cancel_invitation(&withdraw).await?;
    stage.expect_unchanged("after an invitation was withdrawn").await?;
    let again = stage.members().cancel_invitation(&withdraw).await;
    stage.expect_refusal("withdrawing an invitation again", again, &[ErrorKind::NotFound])?;
    if stage.has(Capability::ListInvitations) {
        let open = invitations(&stage, &ListOf::Account, None).await?;
        check!(open.iter().all(|open| open.id != invitation.id), "withdrawn, and listed: {open:?}");
    }
    // Whoever was invited by mistake can be invited again.
    stage.members().invite(&Call::invitation(&stage)).await?;
    Ok(RAN)
}

async fn withdrawing_an_unknown_invitation_is_not_found(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let unknown = CancelInvitation::new(valid(InvitationId::new(stage.ids().text(NOBODY))));
    let result = stage.members().cancel_invitation(&unknown).await;
    stage.expect_refusal("withdrawing an unknown invitation", result, &[ErrorKind::NotFound])?;
    stage.expect_unchanged("after withdrawing an unknown invitation").await?;
    Ok(RAN)
}

/// The status of a user, where it can be read.
async fn status(stage: &Stage, number: u64) -> Result<Option<Status>, Failure> {
    if !stage.has(Capability::ListUsers) {
        return Ok(None);
    }
    let users: Vec<User> = stage.members().users().try_collect().await?;
    let who = stage.user(number);
    Ok(users.into_iter().find(|user| stage.same(&user.id.clone().into(), &who)).map(|user| user.status))
}

/// Idempotent, and without any loss of a membership.
async fn a_user_is_deactivated_and_activated(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    for (number, active) in [(BEN, false), (BEN, false), (BEN, true), (BEN, true), (CLEO, false)] {
        let user =
            stage.members().set_user_active(&SetUserActive::new(stage.user_id(number), active)).await?;
        check!(stage.same(&user.id.clone().into(), &stage.user(number)), "the answer is about {}", user.id);
        let told = if active { user.status.may_be_active() } else { user.status == Status::Inactive };
        check!(told, "set active to {active}, and answered {}", user.status);
        if let Some(status) = status(&stage, number).await? {
            check_eq!(status, user.status, "the status as listed and as answered");
        }
        stage.expect_unchanged("after a user was deactivated or activated").await?;
        if number == BEN
            && let Some(member) = stage
                .read_members(&stage.workspace(LEGAL))
                .await?
                .and_then(|mut members| members.remove(&*stage.claims().folded(&stage.user(BEN))))
        {
            check_eq!(member.status.may_be_active(), active, "the status of the membership, active {active}");
        }
    }
    Ok(RAN)
}

async fn deactivating_an_unknown_user_is_not_found(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    for active in [false, true] {
        let request = SetUserActive::new(stage.user_id(NOBODY), active);
        let result = stage.members().set_user_active(&request).await;
        expect_no_user(&stage, "deactivating an unknown user", result)?;
    }
    stage.expect_unchanged("after deactivating an unknown user").await?;
    Ok(RAN)
}

fn expect_no_user<T: std::fmt::Debug>(
    stage: &Stage,
    what: &str,
    result: Result<T, Error>,
) -> Result<(), Failure> {
    if let Some(error) = stage.expect_error(what, result, &[ErrorKind::NotFound])? {
        check!(error.missing().contains(&Resource::User), "{what}: {:?} are missing", error.missing());
    }
    Ok(())
}

/// Somebody who is in two workspaces, where two are reached, leaves both.
async fn a_deleted_user_is_in_no_workspace(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let (legal, sales) = (stage.workspace(LEGAL), stage.workspace(SALES));
    if stage.has(Capability::AddUser) && !stage.out_of_reach(&sales) {
        let add = AddMember::new(sales.clone(), stage.user_id(BEN), stage.two_roles().0);
        stage.members().add(&add).await?;
    }
    stage.members().delete_user(&DeleteUser::new(stage.user_id(BEN))).await?;
    let mut people = stage.seed.members_of(&legal);
    people.remove(&stage.user(BEN));
    stage.expect_after(&legal, &people, "after a user was deleted").await?;
    if !stage.out_of_reach(&sales) {
        stage.expect(&sales, &stage.seed.members_of(&sales), "after a user was deleted").await?;
    }
    check_eq!(status(&stage, BEN).await?, None, "the status of a user who was deleted");
    if stage.has(Capability::AddUser) {
        let add = AddMember::new(legal.clone(), stage.user_id(BEN), stage.two_roles().0);
        let result = stage.members().add(&add).await;
        stage.expect_refusal("adding a user who was deleted", result, &[ErrorKind::NotFound])?;
    }
    Ok(RAN)
}

async fn deleting_a_user_twice_is_not_found(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    stage.members().delete_user(&DeleteUser::new(stage.user_id(CLEO))).await?;
    for number in [CLEO, NOBODY] {
        let result = stage.members().delete_user(&DeleteUser::new(stage.user_id(number))).await;
        expect_no_user(&stage, "deleting a user who is not there", result)?;
    }
    stage.expect_unchanged("after deleting users of no workspace").await?;
    Ok(RAN)
}
