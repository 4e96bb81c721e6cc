//! Many callers at once, and callers who give up.

use super::prelude::*;
use super::strike::arm;
use futures_util::FutureExt;
use futures_util::future::join_all;

cases! {
    __concurrency_cases;
    a_value_is_used_from_many_tasks_at_once [];
    of_two_who_add_one_member_one_wins [AddUser];
    two_who_add_two_members_both_do [AddUser];
    of_two_who_remove_one_member_one_does [RemoveUser];
    of_two_roles_set_at_once_one_stays [SetUserRole];
    a_dropped_addition_is_whole_or_not_at_all [AddUser] => |c| dropped(c, Capability::AddUser);
    a_dropped_change_of_role_is_whole_or_not_at_all [SetUserRole] => |c| dropped(c, Capability::SetUserRole);
    a_dropped_removal_is_whole_or_not_at_all [RemoveUser] => |c| dropped(c, Capability::RemoveUser);
}

fn joined<T>(joined: Result<T, tokio::task::JoinError>) -> Checked<T> {
    joined.map_err(|error| Stop::failed(format!("a task did not end well: {error}")))
}

/// Both calls at the same time, in tasks of their own.
async fn at_once(stage: &Stage, calls: &[Call; 2]) -> Checked<[Result<(), Error>; 2]> {
    let [one, other] = calls.clone().map(|call| {
        let members = stage.members().clone();
        tokio::spawn(async move { call.send(&members).await })
    });
    Ok([joined(one.await)?, joined(other.await)?])
}

/// Tasks that read everything, while others write to both workspaces. Each writer is about a member of its own.
async fn a_value_is_used_from_many_tasks_at_once(context: &Context) -> Checked {
    let numbers = EXTRA..EXTRA + 8;
    let mut seed = context.seed();
    for number in numbers.clone() {
        seed.users.push(context.make_user(number, "Busy", &format!("busy{number}@example.com")));
    }
    let stage = context.stage(seed).await?;
    let mut reads = Vec::new();
    for capability in methods(context).filter(|method| !method.is_write()) {
        reads.push(Call::of(&stage, capability).await?);
    }
    let writes = context.has(Capability::AddUser);
    if writes {
        context.note_exercised(Capability::AddUser);
    }
    let mut tasks = Vec::new();
    for number in numbers {
        let (members, reads) = (stage.members().clone(), reads.clone());
        let elsewhere = number % 2 == 1 && !stage.out_of_reach(&stage.sales);
        let workspace = if elsewhere { &stage.sales } else { &stage.legal };
        let add = AddMember::new(workspace.clone(), stage.user_id(number), stage.first.clone());
        if writes {
            stage.expect_in(workspace, &add.principal, stage.native(&add.role));
        }
        tasks.push(tokio::spawn(async move {
            for call in &reads {
                call.send(&members).await?;
            }
            if writes {
                members.add(&add).await?;
            }
            for call in &reads {
                call.send(&members).await?;
            }
            Ok::<_, Error>(())
        }));
    }
    for task in join_all(tasks).await {
        joined(task)??;
    }
    for workspace in [&stage.legal, &stage.sales] {
        stage.expect_members(workspace, "after eight tasks at once").await?;
    }
    Ok(())
}

async fn of_two_who_add_one_member_one_wins(context: &Context) -> Checked {
    for _ in 0..8 {
        let stage = context.usual().await?;
        let calls = [&stage.first, &stage.second].map(|role| Call::Add(stage.adding(stage.user(CLEO), role)));
        let results = at_once(&stage, &calls).await?;
        let won: Vec<_> = calls.iter().zip(&results).filter(|(_, result)| result.is_ok()).collect();
        if stage.behaves(Behaviour::AddUpserts) {
            // Neither is refused, and the later one's role stays.
            check_eq!(won.len(), 2, "how many of two additions worked");
            expect_either_role(&stage, CLEO, "after two added one member").await?;
            continue;
        }
        let [(winner, _)] = won.as_slice() else {
            let [one, other] = results.each_ref().map(outcome);
            return Err(Stop::failed(format!("exactly one must win: {one} and {other}")));
        };
        for error in results.iter().filter_map(|result| result.as_ref().err()) {
            check_eq!(error.kind(), ErrorKind::AlreadyMember, "who loses: {error}");
        }
        winner.expect_applied(&stage, true, "after two added one member").await?;
    }
    Ok(())
}

async fn two_who_add_two_members_both_do(context: &Context) -> Checked {
    for _ in 0..8 {
        let stage = context.usual().await?;
        let calls = [(CLEO, &stage.first), (DAN, &stage.second)]
            .map(|(number, role)| Call::Add(stage.adding(stage.user(number), role)));
        for (call, result) in calls.iter().zip(at_once(&stage, &calls).await?) {
            check!(result.is_ok(), "one of two additions: {}", outcome(&result));
            call.expect_effect(&stage);
        }
        stage.expect_state("after two additions at once").await?;
    }
    Ok(())
}

async fn of_two_who_remove_one_member_one_does(context: &Context) -> Checked {
    for _ in 0..8 {
        let stage = context.usual().await?;
        let removal = Call::Remove(stage.removing(&stage.user(BEN)).await?);
        let results = at_once(&stage, &[removal.clone(), removal.clone()]).await?;
        for error in results.iter().filter_map(|result| result.as_ref().err()) {
            check_eq!(error.kind(), ErrorKind::NotFound, "who comes second: {error}");
        }
        check_eq!(results.iter().flatten().count(), 1, "how many removed one member");
        removal.expect_applied(&stage, true, "after two removed one member").await?;
    }
    Ok(())
}

async fn of_two_roles_set_at_once_one_stays(context: &Context) -> Checked {
    for _ in 0..8 {
        let stage = context.usual().await?;
        let ben = stage.user(BEN);
        let changes = [stage.setting(&ben, &stage.first).await?, stage.setting(&ben, &stage.second).await?];
        for result in at_once(&stage, &changes.map(Call::SetRole)).await? {
            check!(result.is_ok(), "one of two roles set at once: {}", outcome(&result));
        }
        expect_either_role(&stage, BEN, "after two roles were set at once").await?;
    }
    Ok(())
}

/// They have one of the two roles, and nothing else has changed.
async fn expect_either_role(stage: &Stage, number: u64, when: &str) -> Checked {
    let set = |role: NativeRole| stage.expect_in(&stage.legal, &stage.user(number), role);
    set(stage.native(&stage.first));
    if stage.expect_state(when).await.is_err() {
        set(stage.native(&stage.second));
        stage.expect_state(when).await?;
    }
    Ok(())
}

/// A caller gives up while the request is on its way, and while the answer is. The provider did all of it or nothing, and
/// the value is as good as before.
async fn dropped(context: &Context, capability: Capability) -> Checked {
    for fault in [Fault::HoldBefore, Fault::HoldAfter] {
        let stage = context.usual().await?;
        let call = Call::of(&stage, capability).await?;
        if stage.world.proxy.is_none() {
            // Polled once, and dropped.
            let _ = call.send(stage.members()).now_or_never();
            if stage.expect_state("after a dropped call").await.is_err() {
                call.expect_applied(&stage, true, "after a dropped call").await?;
            }
        } else {
            let armed = arm(&stage, &call, fault.clone())?;
            let (members, sent) = (stage.members().clone(), call.clone());
            let task = tokio::spawn(async move { sent.send(&members).await });
            armed.reached().await;
            task.abort();
            // Never released: a request kept back from the server stays there.
            let when = format!("after a dropped {call:?}, {fault:?}");
            call.expect_applied(&stage, fault == Fault::HoldAfter, &when).await?;
        }
        // That nothing is left to do is fine.
        match call.send(stage.members()).await {
            Err(error) if !matches!(error.kind(), ErrorKind::AlreadyMember | ErrorKind::NotFound) => {
                return Err(error.into());
            }
            _ => call.expect_applied(&stage, true, "after calling again").await?,
        }
    }
    Ok(())
}
