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

/// Two calls in tasks of their own, at the same time.
async fn both<T: Send + 'static>(
    one: impl Future<Output = T> + Send + 'static,
    other: impl Future<Output = T> + Send + 'static,
) -> Checked<[T; 2]> {
    let (one, other) = tokio::join!(tokio::spawn(one), tokio::spawn(other));
    Ok([joined(one)?, joined(other)?])
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
        let cleo = stage.user(CLEO);
        let [one, other] = [&stage.first, &stage.second].map(|role| {
            let (members, add) = (stage.members().clone(), stage.adding(cleo.clone(), role));
            async move { members.add(&add).await }
        });
        let results = both(one, other).await?;
        let won: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
        if stage.behaves(Behaviour::AddUpserts) {
            // Neither is refused, and the later one's role stays.
            check_eq!(won.len(), 2, "how many of two additions worked");
            expect_either_role(&stage, CLEO, "after two added one member").await?;
            continue;
        }
        let [winner] = won.as_slice() else {
            let [one, other] = results.each_ref().map(outcome);
            return Err(Stop::failed(format!("exactly one must win: {one} and {other}")));
        };
        for error in results.iter().filter_map(|result| result.as_ref().err()) {
            check_eq!(error.kind(), ErrorKind::AlreadyMember, "who loses: {error}");
        }
        stage.expect_in(&stage.legal, &cleo, winner.native_role.clone());
        stage.expect_state("after two added one member").await?;
    }
    Ok(())
}

async fn two_who_add_two_members_both_do(context: &Context) -> Checked {
    for _ in 0..8 {
        let stage = context.usual().await?;
        let [one, other] = [(CLEO, &stage.first), (DAN, &stage.second)].map(|(number, role)| {
            let (members, add) = (stage.members().clone(), stage.adding(stage.user(number), role));
            stage.expect_in(&stage.legal, &add.principal, stage.native(role));
            async move { members.add(&add).await }
        });
        for result in both(one, other).await? {
            check!(result.is_ok(), "one of two additions: {}", outcome(&result));
        }
        stage.expect_state("after two additions at once").await?;
    }
    Ok(())
}

async fn of_two_who_remove_one_member_one_does(context: &Context) -> Checked {
    for _ in 0..8 {
        let stage = context.usual().await?;
        let ben = stage.user(BEN);
        let removal = stage.removing(&ben).await?;
        let [one, other] = [removal.clone(), removal].map(|removal| {
            let members = stage.members().clone();
            async move { members.remove(&removal).await }
        });
        let mut removed = 0;
        for result in both(one, other).await? {
            match result {
                Ok(()) => removed += 1,
                Err(error) => check_eq!(error.kind(), ErrorKind::NotFound, "who comes second: {error}"),
            }
        }
        check_eq!(removed, 1, "how many removed one member");
        stage.expect_out(&stage.legal, &ben);
        stage.expect_state("after two removed one member").await?;
    }
    Ok(())
}

async fn of_two_roles_set_at_once_one_stays(context: &Context) -> Checked {
    for _ in 0..8 {
        let stage = context.usual().await?;
        let ben = stage.user(BEN);
        let changes = [stage.setting(&ben, &stage.first).await?, stage.setting(&ben, &stage.second).await?];
        let [one, other] = changes.map(|change| {
            let members = stage.members().clone();
            async move { members.set_role(&change).await }
        });
        for result in both(one, other).await? {
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
