//! Adding somebody who is a member already, where that changes their role and where it does not.

use super::prelude::*;

cases! {
    __upserting_cases;
    adding_a_member_again_gives_them_the_role [AddUser] in usual;
    ensure_reads_first_where_adding_changes_roles [AddUser, GetMember] in usual;
    ensure_adds_nobody_whom_it_could_not_read [AddUser, GetMember] in usual;
    a_lost_addition_does_not_undo_somebody_elses_change [AddUser, GetMember] in usual;
    somebody_added_in_between_keeps_their_role_where_that_can_be [AddUser, GetMember] in usual;
}

fn only_if_additions_change_roles(context: &Context) -> Checked {
    only_if(context.behaves(Behaviour::AddUpserts), "adding a member again is refused")
}

async fn adding_a_member_again_gives_them_the_role(stage: Stage) -> Checked {
    only_if_additions_change_roles(&stage)?;
    let mut members = vec![stage.user(ANA)];
    if stage.has(Capability::AddGroup) {
        members.push(stage.group(MEMBER_GROUP));
    }
    for who in members {
        for role in [&stage.second, &stage.first, &stage.first] {
            stage.add(&who, role).await?;
        }
    }
    Ok(())
}

/// An addition would change a member's role, and not say so. Where additions of members are refused, it can be tried at
/// once.
async fn ensure_reads_first_where_adding_changes_roles(stage: Stage) -> Checked {
    let upserts = stage.behaves(Behaviour::AddUpserts);
    for if_present in [IfPresent::Keep, IfPresent::Fail] {
        let members = stage.scripted();
        let result = members.ensure(&stage.adding(stage.user(ANA), &stage.second), if_present).await;
        let kept = match &result {
            Ok(ensured) => if_present == IfPresent::Keep && ensured.change == Change::Unchanged,
            Err(error) => if_present == IfPresent::Fail && error.kind() == ErrorKind::AlreadyMember,
        };
        check!(kept, "ensuring a member, {if_present:?}: {}", outcome(&result));
        let added = members.count(Operation::Add);
        check_eq!(added, usize::from(!upserts), "additions sent to ensure a member, {if_present:?}");
        stage.expect_state("after ensuring a member").await?;
    }
    let members = stage.scripted();
    members.ensure(&stage.adding(stage.user(CLEO), &stage.first), IfPresent::Keep).await?;
    let sent = members.calls();
    let fine =
        if upserts { sent.ends_with(&[Operation::Get, Operation::Add]) } else { sent == [Operation::Add] };
    check!(fine, "to ensure an outsider, these were sent: {sent:?}");
    Ok(())
}

async fn ensure_adds_nobody_whom_it_could_not_read(stage: Stage) -> Checked {
    only_if_additions_change_roles(&stage)?;
    for (number, if_present) in [(ANA, IfPresent::Keep), (ANA, IfPresent::Fail), (CLEO, IfPresent::Keep)] {
        let members = stage.scripted();
        let refusal = Error::new(ErrorKind::Forbidden, Effect::Rejected, "reading is refused in a test");
        members.fail(Operation::Get, refusal);
        let result = members.ensure(&stage.adding(stage.user(number), &stage.second), if_present).await;
        let refused = result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Forbidden);
        check!(refused, "ensuring somebody who cannot be read: {}", outcome(&result));
        check_eq!(members.count(Operation::Add), 0, "additions sent for somebody who could not be read");
        stage.expect_state("after a refusal to read").await?;
    }
    Ok(())
}

/// Somebody else gives Cleo this role, whether they are a member by then or not.
fn somebody_gives(stage: &Stage, role: &Role) -> impl Future<Output = ()> + Send + 'static {
    let members = stage.members().clone();
    let add = stage.adding(stage.user(CLEO), role);
    let changes = stage.has(Capability::SetUserRole) && !stage.behaves(Behaviour::AddUpserts);
    async move {
        // Whether it worked shows in what the workspace holds afterwards.
        let added = members.add(&add).await;
        if added.is_err()
            && changes
            && let Ok(Some(member)) = members.get(&add.workspace, &add.principal).await
        {
            let _ = members.set_role(&SetRole::new(member.key, add.role)).await;
        }
    }
}

/// The addition happened and its answer was lost; before anything is read, somebody else gives another role. Sent once
/// more, the addition would take that back.
async fn a_lost_addition_does_not_undo_somebody_elses_change(stage: Stage) -> Checked {
    let changes = stage.behaves(Behaviour::AddUpserts) || stage.has(Capability::SetUserRole);
    only_if(changes, "nobody can change a role in one step")?;
    let lost = || Error::new(ErrorKind::Transport, Effect::Unknown, "the answer is lost in a test");
    let members = stage.scripted();
    members.lose_answer(Operation::Add, lost());
    let add = stage.adding(stage.user(CLEO), &stage.first);
    let result = members.add(&add).await;
    check!(result.is_err(), "an addition whose answer is lost: {}", outcome(&result));
    let read = members.get(&add.workspace, &add.principal).await;
    let verdict = ops::resolve(&add, lost(), read, &stage.capabilities, ops::Attempt::First);
    check!(matches!(verdict, ops::Verdict::Applied(_)), "a lost addition that happened: {verdict:?}");
    members.happens_first(Operation::Get, somebody_gives(&stage, &stage.second));
    let read = members.get(&add.workspace, &add.principal).await;
    let verdict = ops::resolve(&add, lost(), read, &stage.capabilities, ops::Attempt::First);
    let stands = matches!(verdict, ops::Verdict::Final(_)) || stage.first == stage.second;
    check!(stands, "a lost addition, and another role since: {verdict:?}");
    stage.expect_in(&stage.legal, &add.principal, stage.native(&stage.second));
    stage.expect_state("after somebody else's change").await?;
    // Of an outsider, it did not happen, and may be sent again.
    let outsider = stage.adding(stage.user(DAN), &stage.first);
    let read = stage.got(&outsider.workspace, &outsider.principal).await;
    let verdict = ops::resolve(&outsider, lost(), read, &stage.capabilities, ops::Attempt::First);
    check!(matches!(verdict, ops::Verdict::NotApplied(_)), "a lost addition of an outsider: {verdict:?}");
    Ok(())
}

/// Between the read and the addition, somebody else adds the same person. Where an addition changes roles, it does so
/// here, which no client can help; and it does nothing else. Where it is refused, the other's role stays.
async fn somebody_added_in_between_keeps_their_role_where_that_can_be(stage: Stage) -> Checked {
    let members = stage.scripted();
    members.happens_first(Operation::Add, somebody_gives(&stage, &stage.second));
    let add = stage.adding(stage.user(CLEO), &stage.first);
    let ensured = members.ensure(&add, IfPresent::Keep).await?;
    let upserts = stage.behaves(Behaviour::AddUpserts);
    let (change, role) =
        if upserts { (Change::Applied, &stage.first) } else { (Change::Unchanged, &stage.second) };
    check_eq!(ensured.change, change, "ensuring somebody who was added in between");
    stage.now_member(&ensured.member, (&add.workspace, &add.principal), role)?;
    stage.expect_state("after both").await
}
