//! `kill -9` at every request of an apply of fifty steps over both providers, and then a second run.

use crate::fifty::{Undisturbed, answer, apply, undisturbed};
use crate::world::{CONNECTIONS, Effect, World};
use futures_util::future::{Either, select};
use futures_util::{StreamExt, stream};
use serde_json::Value;
use std::pin::pin;
use std::process::Stdio;
use tokio::process::Command;
use workspace_members_testkit::{Fault, Rule};

/// How many runs are under way at a time: more than there are cores, because each waits for another process.
const SIDE_BY_SIDE: usize = 4;

/// Kills runs at their n-th request to one provider: before it takes effect, and after, if there is one.
async fn killed(known: &Undisturbed, provider: usize, nth: usize) -> usize {
    if !killed_by(known, provider, nth, Fault::HoldBefore).await {
        return 1;
    }
    killed_by(known, provider, nth, Fault::HoldAfter).await;
    2
}

/// Kills a run, restarts both providers from their file, and runs again. Answers whether the request was a write.
async fn killed_by(known: &Undisturbed, provider: usize, nth: usize, fault: Fault) -> bool {
    let context = format!("{fault:?} at request {nth} to {}", CONNECTIONS[provider]);
    let mut world = World::start(&known.state).await;
    world.shell.file("desired.toml", &known.desired);
    let armed = world.proxies[provider].inject(Rule::new(fault).nth(nth));
    let mut child = apply(&world).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    match select(pin!(armed.reached()), pin!(child.wait())).await {
        Either::Left(_) => {}
        Either::Right((status, _)) => panic!("{context}: it ended before that: {status:?}"),
    }
    child.start_kill().unwrap();
    assert!(!child.wait().await.unwrap().success(), "{context}: killed");
    let was_write = world.proxies[provider].log()[nth - 1].request.is_write();
    world.restart().await;
    armed.release();

    let report = answer(apply(&world), &context).await;
    assert_eq!(report["remaining"], 0, "{context}: {report}");
    assert_eq!(
        world.rosters(),
        known.desired_member,
        "{context}: everybody is where the desired state says, and nobody outside"
    );
    let plan =
        answer(Command::from(world.shell.command(&["-o", "json", "plan", "desired.toml"])), &context).await;
    assert_eq!(plan["steps"], Value::Array(Vec::new()), "{context}");
    let effects = world.effects();
    let unlike = |these: &[Effect], those: &[Effect]| -> Vec<Effect> {
        these.iter().filter(|effect| !those.contains(effect)).cloned().collect()
    };
    let (more, fewer) = (unlike(&effects, &known.effects), unlike(&known.effects, &effects));
    assert!(more.is_empty() && fewer.is_empty(), "{context}: more changes {more:?}, missing {fewer:?}");
    assert_eq!(effects.len(), known.effects.len(), "{context}: a change was made twice: {effects:?}");
    for (name, text) in world.left_behind() {
        assert!(text.is_empty(), "{context}: {name} still says {text}");
    }
    was_write
}

#[test]
fn killed_at_every_request_of_fifty_steps_over_both_providers_it_converges() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let known = undisturbed().await;
        let at = |provider: usize| (1..=known.requests[provider]).map(move |nth| (provider, nth));
        let runs = at(0).chain(at(1)).map(|(provider, nth)| killed(&known, provider, nth));
        let killed: Vec<usize> = stream::iter(runs).buffer_unordered(SIDE_BY_SIDE).collect().await;
        let (requests, killed) = (killed.len(), killed.iter().sum::<usize>());
        println!("{killed} runs were killed, at each of {requests} requests {:?}", known.requests);
        assert!(killed >= requests + known.effects.len() / 2, "only {killed}");
    });
}
