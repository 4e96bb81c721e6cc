//! Users as such: invited, deactivated, deleted.

use super::prelude::*;
use crate::call::INVITED;

cases! {
    __lifecycle_cases;
    an_invitation_says_what_became_of_it [InviteUser] in usual;
    an_open_invitation_is_listed [InviteUser, ListInvitations] in usual;
    invitations_come_whole_over_every_page_boundary [InviteUser, ListInvitations] in usual;
    inviting_somebody_of_the_account_is_refused_or_harmless [InviteUser] in usual;
    an_invitation_into_an_unknown_workspace_is_not_found [InviteUser] in usual;
    an_invitation_is_mailed_as_declared [InviteUser] in usual;
    an_invitation_is_withdrawn_once [InviteUser, CancelInvitation] in usual;
    withdrawing_an_unknown_invitation_is_not_found [CancelInvitation] in usual;
    a_user_is_deactivated_and_activated [SetUserActive] in usual;
    deactivating_an_unknown_user_is_not_found [SetUserActive] in usual;
    a_deleted_user_is_in_no_workspace [DeleteUser] in usual;
    deleting_a_user_twice_is_not_found [DeleteUser] in usual;
}

async fn invite(stage: &Stage) -> Checked<Invited> {
    Ok(stage.members().invite(&Call::invitation(stage, INVITED)).await?)
}

/// Invites somebody; only if there is an open invitation then.
async fn open_invitation(stage: &Stage) -> Checked<Invitation> {
    let invitation = invite(stage).await?.invitation;
    invitation.ok_or_else(|| Stop::not_applicable(NEVER_OPEN))
}

const NEVER_OPEN: &str = "somebody who is invited is a user at once";

async fn an_invitation_says_what_became_of_it(stage: Stage) -> Checked {
    let invited = invite(&stage).await?;
    let address = match (&invited.user, &invited.invitation) {
        (Some(user), _) => user.email.clone(),
        (None, Some(invitation)) => invitation.email.clone(),
        (None, None) => {
            let message = format!("there is neither a user now nor an open invitation: {invited:?}");
            return Err(Stop::failed(message));
        }
    };
    let meant = address.is_none_or(|address| address == email(INVITED));
    check!(meant, "somebody else was invited: {invited:?}");
    let role = stage.native(&stage.first);
    for member in &invited.members {
        check_eq!(member.key.workspace, stage.legal, "where they are a member now");
        check_eq!(member.native_role, role, "in which role");
    }
    for (workspace, native) in invited.invitation.iter().flat_map(|invitation| &invitation.workspaces) {
        check_eq!(*workspace, stage.legal, "where they are invited to");
        let same = native.as_ref().is_none_or(|native| *native == role);
        check!(same, "they are invited as {native:?}");
    }
    Ok(())
}

/// All open invitations, page by page of this size.
async fn invitations(stage: &Stage, of: ListOf, size: Option<u32>) -> Checked<Vec<Invitation>> {
    let (mut all, mut request) = (Vec::new(), PageRequest::default());
    for _ in 0..1_000 {
        request.size = size;
        let page = stage.members().invitations_page(&of, request).await?;
        all.extend(page.items);
        let Some(next) = page.next else { return Ok(all) };
        request = PageRequest::at(Some(next));
    }
    Err(Stop::failed("the list of invitations does not end"))
}

async fn an_open_invitation_is_listed(stage: Stage) -> Checked {
    let before = invitations(&stage, ListOf::Account, None).await?;
    let invitation = open_invitation(&stage).await?;
    let new = before.iter().all(|open| open.id != invitation.id);
    check!(new, "the id of an invitation that was open before");
    let listed = invitations(&stage, ListOf::Account, None).await?;
    let found = listed.iter().find(|open| open.id == invitation.id);
    check_eq!(found, Some(&invitation), "the invitation as listed and as answered");
    check_eq!(listed.len(), before.len() + 1, "how many invitations are open");
    if invitation.workspaces.is_empty() {
        return Ok(());
    }
    for (workspace, there) in [(&stage.legal, true), (&stage.sales, false)] {
        if !stage.out_of_reach(workspace) {
            let listed = invitations(&stage, ListOf::Workspace(workspace.clone()), None).await?;
            let found = listed.iter().any(|open| open.id == invitation.id);
            check_eq!(found, there, "whether the invitation is listed in workspace {workspace}");
        }
    }
    Ok(())
}

async fn invitations_come_whole_over_every_page_boundary(stage: Stage) -> Checked {
    let before = invitations(&stage, ListOf::Account, None).await?.len();
    let mut opened: BTreeSet<InvitationId> = BTreeSet::new();
    for number in 0..7 {
        let invite = Call::invitation(&stage, &format!("newcomer{number}@example.com"));
        opened.extend(stage.members().invite(&invite).await?.invitation.map(|invitation| invitation.id));
    }
    only_if(!opened.is_empty(), NEVER_OPEN)?;
    check_eq!(opened.len(), 7, "how many were invited, each with an id of its own");
    for size in [None, Some(1), Some(2), Some(6), Some(7), Some(8), Some(u32::MAX)] {
        let listed = invitations(&stage, ListOf::Account, size).await?;
        check_eq!(listed.len(), before + 7, "invitations by pages of {size:?}");
        let ids: BTreeSet<_> = listed.into_iter().map(|open| open.id).collect();
        check_eq!(ids.len(), before + 7, "invitations by pages of {size:?}, each of them once");
        check!(ids.is_superset(&opened), "not listed by pages of {size:?}: {opened:?} in {ids:?}");
    }
    Ok(())
}

/// Nobody gets a second account.
async fn inviting_somebody_of_the_account_is_refused_or_harmless(stage: Stage) -> Checked {
    let mut invite = Call::invitation(&stage, "Cleo@Example.com");
    invite.workspaces.clear();
    let result = stage.members().invite(&invite).await;
    // A provider may not tell who has the address.
    let kinds = [ErrorKind::AlreadyMember, ErrorKind::Rejected, ErrorKind::Unsupported];
    let fine = result.as_ref().map_or_else(|error| kinds.contains(&error.kind()), |_| true);
    check!(fine, "inviting a user of the account: {}", outcome(&result));
    stage.expect_state("after inviting somebody of the account").await?;
    if stage.has(Capability::ListUsers) && stage.has(Capability::SeeAddresses) {
        let users: Vec<User> = stage.members().users().try_collect().await?;
        let cleos = users.iter().filter(|user| user.email.as_ref() == Some(&invite.email)).count();
        check_eq!(cleos, 1, "users with the address of one");
    }
    Ok(())
}

async fn an_invitation_into_an_unknown_workspace_is_not_found(stage: Stage) -> Checked {
    let invite = Invite::new(email(INVITED)).with_workspace(stage.workspace(NOBODY), stage.first.clone());
    let result = stage.members().invite(&invite).await;
    stage.expect_missing("inviting into an unknown workspace", result, Resource::Workspace)?;
    if stage.has(Capability::ListInvitations) {
        let open = invitations(&stage, ListOf::Account, None).await?;
        let there = open.iter().any(|open| open.email.as_ref() == Some(&invite.email));
        check!(!there, "an invitation was refused, and is open: {open:?}");
    }
    stage.expect_state("after inviting into an unknown workspace").await
}

/// Where invitations are always mailed, there is one mail; else there is none, since nobody asked for one.
async fn an_invitation_is_mailed_as_declared(stage: Stage) -> Checked {
    stage.mails()?;
    invite(&stage).await?;
    let expected = usize::from(stage.behaves(Behaviour::InvitationsMail));
    check_eq!(stage.mails()?, expected, "mails sent for an invitation");
    Ok(())
}

async fn an_invitation_is_withdrawn_once(stage: Stage) -> Checked {
    let invitation = open_invitation(&stage).await?;
    stage.members().cancel_invitation(&invitation.id).await?;
    stage.expect_state("after an invitation was withdrawn").await?;
    let again = stage.members().cancel_invitation(&invitation.id).await;
    stage.expect_refusal("withdrawing an invitation again", again, &[ErrorKind::NotFound])?;
    if stage.has(Capability::ListInvitations) {
        let open = invitations(&stage, ListOf::Account, None).await?;
        check!(open.iter().all(|open| open.id != invitation.id), "withdrawn, and listed: {open:?}");
    }
    // Somebody who was invited by mistake can be invited again.
    invite(&stage).await?;
    Ok(())
}

async fn withdrawing_an_unknown_invitation_is_not_found(stage: Stage) -> Checked {
    let unknown = stage.ids().make(NOBODY);
    let result = stage.members().cancel_invitation(&unknown).await;
    stage.expect_refusal("withdrawing an unknown invitation", result, &[ErrorKind::NotFound])?;
    stage.expect_state("after withdrawing an unknown invitation").await
}

/// The status of a user, where it can be read.
async fn status(stage: &Stage, number: u64) -> Checked<Option<Status>> {
    if !stage.has(Capability::ListUsers) {
        return Ok(None);
    }
    let users: Vec<User> = stage.members().users().try_collect().await?;
    let who = stage.user(number);
    Ok(users.into_iter().find(|user| stage.same(&user.id.clone().into(), &who)).map(|user| user.status))
}

/// Idempotent, and without any loss of a membership.
async fn a_user_is_deactivated_and_activated(stage: Stage) -> Checked {
    for (number, active) in [(BEN, false), (BEN, false), (BEN, true), (BEN, true), (CLEO, false)] {
        let who = stage.user(number);
        let user = stage.members().set_user_active(&stage.user_id(number), active).await?;
        check!(stage.same(&user.id.clone().into(), &who), "the answer is about {}", user.id);
        let fine = if active { user.status.may_be_active() } else { user.status == Status::Inactive };
        check!(fine, "set active to {active}, and answered {}", user.status);
        if let Some(status) = status(&stage, number).await? {
            check_eq!(status, user.status, "the status as listed and as answered");
        }
        stage.expect_state("after a user was deactivated or activated").await?;
        if let Some(member) = stage.listed_member(&who).await? {
            check_eq!(member.status.may_be_active(), active, "the status of the membership, active {active}");
        }
    }
    Ok(())
}

async fn deactivating_an_unknown_user_is_not_found(stage: Stage) -> Checked {
    for active in [false, true] {
        let result = stage.members().set_user_active(&stage.user_id(NOBODY), active).await;
        stage.expect_missing("deactivating an unknown user", result, Resource::User)?;
    }
    stage.expect_state("after deactivating an unknown user").await
}

/// Somebody who is in two workspaces, where two are reached, leaves both.
async fn a_deleted_user_is_in_no_workspace(stage: Stage) -> Checked {
    let ben = stage.user(BEN);
    if stage.has(Capability::AddUser) && !stage.out_of_reach(&stage.sales) {
        stage.add_to(&stage.sales, &ben, &stage.first).await?;
    }
    stage.members().delete_user(&stage.user_id(BEN)).await?;
    for workspace in [&stage.legal, &stage.sales] {
        stage.expect_out(workspace, &ben);
        stage.expect_members(workspace, "after a user was deleted").await?;
    }
    check_eq!(status(&stage, BEN).await?, None, "the status of a user who was deleted");
    if stage.has(Capability::AddUser) {
        let result = stage.members().add(&stage.adding(ben, &stage.first)).await;
        stage.expect_refusal("adding a user who was deleted", result, &[ErrorKind::NotFound])?;
    }
    Ok(())
}

async fn deleting_a_user_twice_is_not_found(stage: Stage) -> Checked {
    stage.members().delete_user(&stage.user_id(CLEO)).await?;
    for number in [CLEO, NOBODY] {
        let result = stage.members().delete_user(&stage.user_id(number)).await;
        stage.expect_missing("deleting a user who is not there", result, Resource::User)?;
    }
    stage.expect_state("after deleting users of no workspace").await
}
