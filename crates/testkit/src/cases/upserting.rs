//! Adding somebody who is a member already, where that changes their role and where it does not.

use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{ANA, CLEO, DAN, LEGAL, MEMBER_GROUP};
use crate::context::Context;
use crate::failure::{check, check_eq, outcome};
use crate::scripted::{Called, Interruption, Meanwhile, Scripted};
use crate::stage::Stage;
use std::sync::Arc;
use workspace_members_core::{
    AddMember, Behaviour, Capability, Change, Effect, Error, ErrorKind, IfPresent, Operation, Role, SetRole,
    WorkspaceMembers, WorkspaceMembersExt, ops,
};

cases! {
    adding_a_member_again_gives_them_the_role [AddUser];
    ensure_reads_first_where_adding_changes_roles [AddUser, GetMember];
    ensure_adds_nobody_whom_it_could_not_read [AddUser, GetMember];
    a_lost_addition_does_not_undo_somebody_elses_change [AddUser, GetMember];
    somebody_added_in_between_keeps_their_role_where_that_can_be [AddUser, GetMember];
}

fn upserts(context: &Context) -> Option<Outcome> {
    let upserts = context.behaves(Behaviour::AddUpserts);
    (!upserts).then(|| Outcome::NotApplicable("adding a member again is refused".to_owned()))
}

async fn adding_a_member_again_gives_them_the_role(context: &Context) -> Verdict {
    if let Some(apart) = upserts(context) {
        return Ok(apart);
    }
    let stage = context.usual().await?;
    let legal = stage.workspace(LEGAL);
    let mut people = stage.seed.members_of(&legal);
    let mut members = vec![stage.user(ANA)];
    if stage.has(Capability::AddGroup) {
        members.push(stage.group(MEMBER_GROUP));
    }
    let (first, second) = stage.two_roles();
    for who in members {
        for role in [&second, &first, &first] {
            let member =
                stage.members().add(&AddMember::new(legal.clone(), who.clone(), role.clone())).await?;
            stage.expect_member(&member, (&legal, &who), role)?;
            people.insert(who.clone(), stage.native(role));
            stage.expect_after(&legal, &people, &format!("after adding {who} again as {role}")).await?;
        }
    }
    Ok(RAN)
}

type Watched = Scripted<Arc<dyn WorkspaceMembers>>;

/// What is sent while a verb runs.
fn watched(stage: &Stage) -> Watched {
    Scripted::new(stage.members().clone())
}

fn operations(members: &Watched) -> Vec<Operation> {
    members.calls().iter().map(Called::operation).collect()
}

/// An addition would change the role of whoever is a member, and not say so. Where it is refused for a member, it can be
/// tried at once.
async fn ensure_reads_first_where_adding_changes_roles(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let (first, second) = stage.two_roles();
    let upserts = stage.behaves(Behaviour::AddUpserts);
    for if_present in [IfPresent::Keep, IfPresent::Fail] {
        let members = watched(&stage);
        let add = AddMember::new(stage.workspace(LEGAL), stage.user_id(ANA), second.clone());
        let result = members.ensure(&add, if_present).await;
        let kept = match &result {
            Ok(ensured) => if_present == IfPresent::Keep && ensured.change == Change::Unchanged,
            Err(error) => if_present == IfPresent::Fail && error.kind() == ErrorKind::AlreadyMember,
        };
        check!(kept, "ensuring a member, {if_present:?}: {}", outcome(&result));
        let added = members.count(Operation::Add);
        check_eq!(added, usize::from(!upserts), "additions sent to ensure a member, {if_present:?}");
        stage.expect_unchanged("after ensuring a member").await?;
    }
    let members = watched(&stage);
    let add = AddMember::new(stage.workspace(LEGAL), stage.user_id(CLEO), first);
    members.ensure(&add, IfPresent::Keep).await?;
    let sent = operations(&members);
    let fine =
        if upserts { sent.ends_with(&[Operation::Get, Operation::Add]) } else { sent == [Operation::Add] };
    check!(fine, "to ensure an outsider, these were sent: {sent:?}");
    Ok(RAN)
}

async fn ensure_adds_nobody_whom_it_could_not_read(context: &Context) -> Verdict {
    if let Some(apart) = upserts(context) {
        return Ok(apart);
    }
    let stage = context.usual().await?;
    for (number, if_present) in [(ANA, IfPresent::Keep), (ANA, IfPresent::Fail), (CLEO, IfPresent::Keep)] {
        let members = watched(&stage);
        let refusal = Error::new(ErrorKind::Forbidden, Effect::Rejected, "reading is refused in a test");
        members.interrupt(Operation::Get, Interruption::Before(refusal));
        let add = AddMember::new(stage.workspace(LEGAL), stage.user_id(number), stage.two_roles().1);
        let result = members.ensure(&add, if_present).await;
        let refused = result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Forbidden);
        check!(refused, "ensuring somebody who cannot be read: {}", outcome(&result));
        check_eq!(members.count(Operation::Add), 0, "additions sent for somebody who could not be read");
        stage.expect_unchanged("after a refusal to read").await?;
    }
    Ok(RAN)
}

/// Somebody else gives Cleo this role, whether they are a member by then or not.
fn somebody_gives(stage: &Stage, role: &Role) -> Meanwhile {
    let members = stage.members().clone();
    let add = AddMember::new(stage.workspace(LEGAL), stage.user_id(CLEO), role.clone());
    let changes = stage.has(Capability::SetUserRole) && !stage.behaves(Behaviour::AddUpserts);
    Meanwhile::new(async move {
        // Whether it worked shows in what the workspace holds afterwards.
        let added = members.add(&add).await;
        if added.is_err()
            && changes
            && let Ok(Some(member)) = members.get(&add.workspace, &add.principal).await
        {
            let _ = members.set_role(&SetRole::new(member.key, add.role)).await;
        }
    })
}

/// The addition happened and its answer was lost; before anybody looks, somebody else gives another role. Sent once more,
/// the addition would take that back.
async fn a_lost_addition_does_not_undo_somebody_elses_change(context: &Context) -> Verdict {
    if !context.behaves(Behaviour::AddUpserts) && !context.has(Capability::SetUserRole) {
        return Ok(Outcome::NotApplicable("nobody can change a role in one step".to_owned()));
    }
    let lost = || Error::new(ErrorKind::Transport, Effect::Unknown, "the answer is lost in a test");
    let stage = context.usual().await?;
    let (first, second) = stage.two_roles();
    let members = watched(&stage);
    members.interrupt(Operation::Add, Interruption::After(lost()));
    let add = AddMember::new(stage.workspace(LEGAL), stage.user_id(CLEO), first.clone());
    let result = members.add(&add).await;
    check!(result.is_err(), "an addition whose answer is lost: {}", outcome(&result));
    let read = members.get(&add.workspace, &add.principal).await;
    let verdict = ops::resolve(&add, lost(), read, stage.claims());
    check!(matches!(verdict, ops::Verdict::Applied(_)), "a lost addition that happened: {verdict:?}");
    members.interrupt(Operation::Get, Interruption::First(somebody_gives(&stage, &second)));
    let read = members.get(&add.workspace, &add.principal).await;
    let verdict = ops::resolve(&add, lost(), read, stage.claims());
    let stands = matches!(verdict, ops::Verdict::Stands(_)) || first == second;
    check!(stands, "a lost addition, and another role since: {verdict:?}");
    let mut people = stage.seed.members_of(&add.workspace);
    people.insert(add.principal.clone(), stage.native(&second));
    stage.expect_after(&add.workspace, &people, "after somebody else's change").await?;
    // Of an outsider, it did not happen, and may be sent again.
    let outsider = AddMember::new(stage.workspace(LEGAL), stage.user_id(DAN), first);
    let read = stage.got(&outsider.workspace, &outsider.principal).await;
    let verdict = ops::resolve(&outsider, lost(), read, stage.claims());
    check!(matches!(verdict, ops::Verdict::NotApplied(_)), "a lost addition of an outsider: {verdict:?}");
    Ok(RAN)
}

/// Between the look and the addition, somebody else adds the same person. Where an addition changes roles, it does so
/// here, which no client can help; and it does nothing else. Where it is refused, the other's role stays.
async fn somebody_added_in_between_keeps_their_role_where_that_can_be(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let (first, second) = stage.two_roles();
    let members = watched(&stage);
    members.interrupt(Operation::Add, Interruption::First(somebody_gives(&stage, &second)));
    let add = AddMember::new(stage.workspace(LEGAL), stage.user_id(CLEO), first.clone());
    let ensured = members.ensure(&add, IfPresent::Keep).await?;
    let (change, role) = if stage.behaves(Behaviour::AddUpserts) {
        (Change::Applied, &first)
    } else {
        (Change::Unchanged, &second)
    };
    check_eq!(ensured.change, change, "ensuring somebody who was added in between");
    stage.expect_member(&ensured.member, (&add.workspace, &add.principal), role)?;
    let mut people = stage.seed.members_of(&add.workspace);
    people.insert(add.principal.clone(), stage.native(role));
    stage.expect_after(&add.workspace, &people, "after both").await?;
    Ok(RAN)
}
