//! Many callers at once, and callers who walk away.

use super::strike::{arm, methods};
use crate::call::Call;
use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{BEN, CLEO, DAN, LEGAL, SALES};
use crate::context::Context;
use crate::failure::{Failure, check, check_eq, outcome};
use crate::proxy::Fault;
use crate::stage::{People, Stage};
use futures_util::FutureExt;
use futures_util::future::{join, join_all};
use workspace_members_core::{
    AddMember, Behaviour, Capability, Error, ErrorKind, Member, RemoveMember, Role, SetRole, WorkspaceMembers,
};

cases! {
    a_value_is_used_from_many_tasks_at_once [];
    of_two_who_add_one_member_one_wins [AddUser];
    two_who_add_two_members_both_do [AddUser];
    of_two_who_remove_one_member_one_does [RemoveUser];
    of_two_roles_set_at_once_one_stays [SetUserRole];
    a_dropped_addition_is_whole_or_not_at_all [AddUser];
    a_dropped_change_of_role_is_whole_or_not_at_all [SetUserRole];
    a_dropped_removal_is_whole_or_not_at_all [RemoveUser];
}

fn joined<T>(joined: Result<T, tokio::task::JoinError>) -> Result<T, Failure> {
    joined.map_err(|error| Failure::new(format!("a task did not end well: {error}")))
}

fn assert_shared<T: Send + Sync + ?Sized>(_: &T) {}

/// Tasks that read everything, while others write to both workspaces. Each writer is about a member of its own.
async fn a_value_is_used_from_many_tasks_at_once(context: &Context) -> Verdict {
    let mut seed = context.seed();
    for number in 50..58 {
        seed.users.push(context.make_user(number, "Busy", &format!("busy{number}@example.com")));
    }
    let stage = context.stage(seed).await?;
    assert_shared(&**stage.members());
    let mut reads = Vec::new();
    for capability in methods(context).filter(|method| !method.is_write()) {
        reads.push(stage.call(capability).await?);
    }
    let (legal, sales) = (stage.workspace(LEGAL), stage.workspace(SALES));
    let role = stage.two_roles().0;
    let writes = context.has(Capability::AddUser);
    let half = |number: u64| if stage.out_of_reach(&sales) { 0 } else { number % 2 };
    let mut tasks = Vec::new();
    for number in 50..58 {
        let (members, reads, role) = (stage.members().clone(), reads.clone(), role.clone());
        let workspace = if half(number) == 0 { legal.clone() } else { sales.clone() };
        let user = stage.user_id(number);
        tasks.push(tokio::spawn(async move {
            for call in &reads {
                call.send(&*members).await?;
            }
            if writes {
                members.add(&AddMember::new(workspace, user, role)).await?;
            }
            for call in &reads {
                call.send(&*members).await?;
            }
            Ok::<_, Error>(())
        }));
    }
    for task in join_all(tasks).await {
        joined(task)??;
    }
    for (workspace, odd) in [(&legal, 0), (&sales, 1)] {
        let mut people = stage.seed.members_of(workspace);
        if writes {
            let added = (50..58).filter(|number| half(*number) == odd);
            people.extend(added.map(|number| (stage.user(number), stage.native(&role))));
        }
        stage.expect(workspace, &people, "after eight tasks at once").await?;
    }
    Ok(Outcome::Ran(
        methods(context).filter(|method| !method.is_write() || *method == Capability::AddUser).collect(),
    ))
}

/// Two tasks that add at the same time.
async fn add_both(stage: &Stage, adds: [AddMember; 2]) -> Result<[Result<Member, Error>; 2], Failure> {
    let [one, other] = adds.map(|add| {
        let members = stage.members().clone();
        tokio::spawn(async move { members.add(&add).await })
    });
    let (one, other) = join(one, other).await;
    Ok([joined(one)?, joined(other)?])
}

async fn of_two_who_add_one_member_one_wins(context: &Context) -> Verdict {
    let (first, second) = context.two_roles();
    for _ in 0..8 {
        let stage = context.usual().await?;
        let legal = stage.workspace(LEGAL);
        let add = |role: &Role| AddMember::new(legal.clone(), stage.user_id(CLEO), role.clone());
        let results = add_both(&stage, [add(&first), add(&second)]).await?;
        let won: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
        if stage.behaves(Behaviour::AddUpserts) {
            // Neither is refused, and the later one's role stays.
            check_eq!(won.len(), 2, "how many of two additions worked");
            let either = [&first, &second].map(|role| {
                let mut people = stage.seed.members_of(&legal);
                people.insert(stage.user(CLEO), stage.native(role));
                people
            });
            expect_one_of(&stage, &either, "after two added one member").await?;
            continue;
        }
        let [winner] = won.as_slice() else {
            return Err(Failure::new(format!(
                "exactly one must win: {} and {}",
                outcome(&results[0]),
                outcome(&results[1])
            )));
        };
        let mut people = stage.seed.members_of(&legal);
        people.insert(stage.user(CLEO), winner.native_role.clone());
        let lost = results.iter().filter_map(|result| result.as_ref().err());
        for error in lost {
            check_eq!(error.kind(), ErrorKind::AlreadyMember, "who loses: {error}");
        }
        stage.expect_after(&legal, &people, "after two added one member").await?;
    }
    Ok(RAN)
}

async fn two_who_add_two_members_both_do(context: &Context) -> Verdict {
    let (first, second) = context.two_roles();
    for _ in 0..8 {
        let stage = context.usual().await?;
        let legal = stage.workspace(LEGAL);
        let add = |who, role: &Role| AddMember::new(legal.clone(), stage.user_id(who), role.clone());
        for result in add_both(&stage, [add(CLEO, &first), add(DAN, &second)]).await? {
            check!(result.is_ok(), "one of two additions: {}", outcome(&result));
        }
        let mut people = stage.seed.members_of(&legal);
        people.insert(stage.user(CLEO), stage.native(&first));
        people.insert(stage.user(DAN), stage.native(&second));
        stage.expect_after(&legal, &people, "after two additions at once").await?;
    }
    Ok(RAN)
}

async fn of_two_who_remove_one_member_one_does(context: &Context) -> Verdict {
    for _ in 0..8 {
        let stage = context.usual().await?;
        let legal = stage.workspace(LEGAL);
        let removal = RemoveMember::new(stage.key(&legal, &stage.user(BEN)).await?);
        let tasks = [removal.clone(), removal].map(|removal| {
            let members = stage.members().clone();
            tokio::spawn(async move { members.remove(&removal).await })
        });
        let mut removed = 0;
        for task in join_all(tasks).await {
            match joined(task)? {
                Ok(()) => removed += 1,
                Err(error) => check_eq!(error.kind(), ErrorKind::NotFound, "who comes second: {error}"),
            }
        }
        check_eq!(removed, 1, "how many removed one member");
        let mut people = stage.seed.members_of(&legal);
        people.remove(&stage.user(BEN));
        stage.expect_after(&legal, &people, "after two removed one member").await?;
    }
    Ok(RAN)
}

async fn of_two_roles_set_at_once_one_stays(context: &Context) -> Verdict {
    let (first, second) = context.two_roles();
    for _ in 0..8 {
        let stage = context.usual().await?;
        let legal = stage.workspace(LEGAL);
        let key = stage.key(&legal, &stage.user(BEN)).await?;
        let tasks = [&first, &second].map(|role| {
            let (members, change) = (stage.members().clone(), SetRole::new(key.clone(), role.clone()));
            tokio::spawn(async move { members.set_role(&change).await })
        });
        for task in join_all(tasks).await {
            let result = joined(task)?;
            check!(result.is_ok(), "one of two roles set at once: {}", outcome(&result));
        }
        let either = [&first, &second].map(|role| {
            let mut people = stage.seed.members_of(&legal);
            people.insert(stage.user(BEN), stage.native(role));
            people
        });
        expect_one_of(&stage, &either, "after two roles were set at once").await?;
    }
    Ok(RAN)
}

async fn expect_one_of(stage: &Stage, either: &[People; 2], when: &str) -> Result<(), Failure> {
    let legal = stage.workspace(LEGAL);
    match stage.expect_after(&legal, &either[0], when).await {
        Ok(()) => Ok(()),
        Err(_) => stage.expect_after(&legal, &either[1], when).await,
    }
}

/// A caller walks away while the request is on its way, and while the answer is. The provider did all of it or nothing,
/// and the value is as good as before.
async fn dropped(context: &Context, capability: Capability) -> Verdict {
    for fault in [Fault::HoldBefore, Fault::HoldAfter] {
        let stage = context.usual().await?;
        let call = stage.call(capability).await?;
        let before = stage.seed.members_of(&stage.workspace(LEGAL));
        let after = call.applied(&stage, before.clone());
        if stage.world.proxy.is_none() {
            // One poll, and away.
            let _ = call.send(&**stage.members()).now_or_never();
            expect_one_of(&stage, &[after.clone(), before], "after a dropped call").await?;
        } else {
            let armed = arm(&stage, &call, fault.clone())?;
            let (members, sent) = (stage.members().clone(), call.clone());
            let task = tokio::spawn(async move { sent.send(&*members).await });
            armed.reached().await;
            task.abort();
            // Never released: a request kept back from the server stays there.
            let expected = if fault == Fault::HoldAfter { &after } else { &before };
            stage
                .expect_after(
                    &stage.workspace(LEGAL),
                    expected,
                    &format!("after a dropped {call:?}, {fault:?}"),
                )
                .await?;
        }
        again(&stage, &call).await?;
        stage.expect_after(&stage.workspace(LEGAL), &after, "after calling again").await?;
    }
    Ok(RAN)
}

/// Makes the call once more; that it has nothing left to do is fine.
async fn again(stage: &Stage, call: &Call) -> Result<(), Failure> {
    let members: &dyn WorkspaceMembers = &**stage.members();
    let done = match call {
        Call::SetRole(request) => members.set_role(request).await.map(drop),
        other => other.send(members).await,
    };
    let done = done.or_else(|error| match error.kind() {
        ErrorKind::AlreadyMember | ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    });
    Ok(done?)
}

async fn a_dropped_addition_is_whole_or_not_at_all(context: &Context) -> Verdict {
    dropped(context, Capability::AddUser).await
}

async fn a_dropped_change_of_role_is_whole_or_not_at_all(context: &Context) -> Verdict {
    dropped(context, Capability::SetUserRole).await
}

async fn a_dropped_removal_is_whole_or_not_at_all(context: &Context) -> Verdict {
    dropped(context, Capability::RemoveUser).await
}
