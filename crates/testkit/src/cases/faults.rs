//! Lost answers and lost requests: what happened is never guessed, and one more call sets it right.

use super::prelude::*;
use super::strike::{each_fails, strike};
use crate::proxy::Request;
use futures_util::future::try_join_all;

cases! {
    __faults_cases;
    a_lost_answer_to_adding_a_user_is_resolved_by_one_more_call [AddUser] over http
        => |c| lost_answer(c, Capability::AddUser);
    a_lost_answer_to_adding_a_group_is_resolved_by_one_more_call [AddGroup] over http
        => |c| lost_answer(c, Capability::AddGroup);
    a_lost_answer_to_setting_a_users_role_is_resolved_by_one_more_call [SetUserRole] over http
        => |c| lost_answer(c, Capability::SetUserRole);
    a_lost_answer_to_setting_a_groups_role_is_resolved_by_one_more_call [SetGroupRole] over http
        => |c| lost_answer(c, Capability::SetGroupRole);
    a_lost_answer_to_removing_a_user_is_resolved_by_one_more_call [RemoveUser] over http
        => |c| lost_answer(c, Capability::RemoveUser);
    a_lost_answer_to_removing_a_group_is_resolved_by_one_more_call [RemoveGroup] over http
        => |c| lost_answer(c, Capability::RemoveGroup);
    a_connection_cut_before_the_server_acted_is_of_unknown_effect [] over http
        => |c| unknown_effect(c, Fault::CutBefore, &LOST);
    a_gateway_that_fails_after_the_server_acted_is_of_unknown_effect [] over http
        => |c| unknown_effect(c, Fault::AnswerAfter(Answer::html(502)), &[ErrorKind::Unavailable, ErrorKind::Timeout]);
    a_lost_answer_to_a_read_changes_nothing [] over http;
    a_server_that_nobody_reaches_is_not_applied [] over http;
    the_connection_is_made_anew_after_a_cut [] over http;
    removing_and_adding_survives_a_lost_answer_to_the_removal [AddUser, RemoveUser, GetMember, Roster, Me] over http
        => |c| survives(c, 1);
    removing_and_adding_survives_a_lost_answer_to_the_addition [AddUser, RemoveUser, GetMember, Roster, Me] over http
        => |c| survives(c, 2);
    removing_and_adding_puts_the_old_role_back [AddUser, RemoveUser, GetMember, Roster, Me] over http;
    removing_and_adding_says_when_it_left_somebody_outside [AddUser, RemoveUser, GetMember, Roster, Me] over http;
    a_slow_answer_holds_nobody_else_up [] over http in usual;
    a_call_without_an_answer_ends_if_the_stack_says_so [] over http;
}

const LOST: [ErrorKind; 3] = [ErrorKind::Transport, ErrorKind::Timeout, ErrorKind::UnexpectedResponse];

/// The server did it and the answer never came. The error says that nobody knows; asking for the same state once more
/// finds it reached, and changes nothing.
async fn lost_answer(context: &Context, capability: Capability) -> Checked {
    let struck = strike(context, capability, Fault::CutAfter).await?;
    struck.expect_resolved().await?;
    let (stage, call) = (&struck.stage, &struck.call);
    match &struck.result {
        Ok(()) => check!(!context.bare(), "{call:?} got no answer, and reports success"),
        Err(error) => {
            check_eq!(error.effect(), Effect::Unknown, "{call:?}: the effect of {}", shown(error));
            check!(LOST.contains(&error.kind()), "{call:?}: {}", shown(error));
        }
    }
    if !context.has(Capability::GetMember) {
        return Ok(());
    }
    let mut members = stage.guarded();
    let change = match call {
        Call::Add(request) => members.ensure(request, IfPresent::SetRole).await?.change,
        Call::SetRole(request) => {
            let key = &request.key;
            members.change_role(&key.workspace, &key.principal, &request.role).await?.change
        }
        Call::Remove(request) => {
            members.remove_member(&request.key.workspace, &request.key.principal).await?
        }
        _ => Change::Unchanged,
    };
    check_eq!(change, Change::Unchanged, "asking once more after a lost answer to {call:?}");
    stage.expect_state("after asking once more").await
}

/// Nobody can know whether it happened: as seen from here, a cut before the server acted is the same as one afterwards.
async fn unknown_effect(context: &Context, fault: Fault, kinds: &[ErrorKind]) -> Checked {
    only_if(methods(context).any(Capability::is_write), "nothing is written")?;
    let writes = methods(context).filter(|method| method.is_write());
    each_fails(context, writes, &fault, kinds, &[Effect::Unknown]).await
}

async fn a_lost_answer_to_a_read_changes_nothing(context: &Context) -> Checked {
    for fault in [Fault::CutBefore, Fault::CutAfter] {
        let reads = methods(context).filter(|method| !method.is_write());
        each_fails(context, reads, &fault, &LOST, &[]).await?;
    }
    Ok(())
}

async fn a_server_that_nobody_reaches_is_not_applied(context: &Context) -> Checked {
    for capability in methods(context) {
        // The call is made ready in one world and sent in another, where no connection is open yet.
        let call = Call::of(&context.usual().await?, capability).await?;
        let stage = context.usual().await?;
        stage.proxy()?.stop().await;
        let what = format!("{call:?} without a server");
        match call.send(stage.members()).await {
            Err(error) if matches!(error.kind(), ErrorKind::Transport | ErrorKind::Timeout) => {
                check_eq!(error.effect(), Effect::NotApplied, "{what}: the effect of {}", shown(&error));
            }
            other => return Err(Stop::failed(format!("{what}: {}", outcome(&other)))),
        }
    }
    Ok(())
}

async fn the_connection_is_made_anew_after_a_cut(context: &Context) -> Checked {
    for capability in methods(context) {
        let struck = strike(context, capability, Fault::CutBefore).await?;
        if struck.result.is_err() {
            let again = struck.call.send(struck.stage.members()).await;
            check!(again.is_ok(), "{:?} after a cut: {}", struck.call, outcome(&again));
        }
    }
    Ok(())
}

/// Changes Ana's role by removing and adding, where the rule meets writes. Returns also how many it met.
async fn two_steps(context: &Context, rule: Rule) -> Checked<(Stage, usize, Result<Ensured, Error>)> {
    let stage = context.usual().await?;
    let armed = stage.inject(rule.when(Request::is_write))?;
    let ana = stage.user(ANA);
    let result = stage.guarded().change_role_by_remove_then_add(&stage.legal, &ana, &stage.second).await;
    Ok((stage, armed.struck(), result))
}

async fn survives(context: &Context, nth: usize) -> Checked {
    let (stage, struck, result) = two_steps(context, Rule::new(Fault::CutAfter).nth(nth)).await?;
    check_eq!(struck, 1, "how many writes lost their answer");
    let change = result.as_ref().ok().map(|ensured| ensured.change);
    check_eq!(change, Some(Change::Applied), "with a lost answer: {}", outcome(&result));
    stage.expect_in(&stage.legal, &stage.user(ANA), stage.native(&stage.second));
    stage.expect_state("after a lost answer half-way").await
}

async fn removing_and_adding_puts_the_old_role_back(context: &Context) -> Checked {
    let refused = Rule::new(Fault::Answer(context.harness.refusal(403))).nth(2);
    let (stage, struck, result) = two_steps(context, refused).await?;
    check_eq!(struck, 1, "how many additions were refused");
    stage.expect_refusal("an addition that is refused half-way", result, &[ErrorKind::Forbidden])?;
    stage.expect_state("after the old role was put back").await
}

async fn removing_and_adding_says_when_it_left_somebody_outside(context: &Context) -> Checked {
    let refused = Rule::new(Fault::Answer(context.harness.refusal(403))).nth(2).times(usize::MAX);
    let (stage, _, result) = two_steps(context, refused).await?;
    let error = stage.expect_error("additions that are all refused", result, &[ErrorKind::Forbidden])?;
    let partial = error.is_some_and(|error| error.effect() == Effect::Partial && !error.done().is_empty());
    check!(partial, "somebody is outside, and the error does not say what was done");
    let ana = stage.user(ANA);
    stage.expect_out(&stage.legal, &ana);
    stage.expect_state("after the addition and the way back were refused").await?;
    stage.proxy()?.clear_rules();
    let add = stage.adding(ana, &stage.second);
    let change = stage.guarded().ensure(&add, IfPresent::SetRole).await?.change;
    check_eq!(change, Change::Applied, "ensuring afterwards");
    Ok(())
}

async fn a_slow_answer_holds_nobody_else_up(stage: Stage) -> Checked {
    let reads: Vec<_> = methods(&stage).filter(|method| !method.is_write()).collect();
    let Some(first) = reads.first() else { return Err(Stop::not_applicable("nothing is read")) };
    only_if(!stage.harness.gives_up(), "the stack ends slow calls by itself")?;
    let call = Call::of(&stage, *first).await?;
    let armed = stage.inject(Rule::new(Fault::HoldBefore))?;
    let members = stage.members().clone();
    let slow = tokio::spawn(async move { call.send(&members).await });
    armed.reached().await;
    for capability in reads {
        let other = Call::of(&stage, capability).await?;
        let result = other.send(stage.members()).await;
        check!(result.is_ok(), "{other:?} beside a slow call: {}", outcome(&result));
    }
    check!(!slow.is_finished(), "the slow call ended before it was answered");
    armed.release();
    let result = slow.await.map_err(|error| Stop::failed(error.to_string()))?;
    check!(result.is_ok(), "the slow call, once answered: {}", outcome(&result));
    Ok(())
}

async fn a_call_without_an_answer_ends_if_the_stack_says_so(context: &Context) -> Checked {
    only_if(context.harness.gives_up(), "the stack waits as long as the provider does")?;
    // All at once, since each takes as long as the stack waits.
    try_join_all(methods(context).map(|capability| without_an_answer(context, capability))).await?;
    Ok(())
}

async fn without_an_answer(context: &Context, capability: Capability) -> Checked {
    let stage = context.usual().await?;
    let call = Call::of(&stage, capability).await?;
    let armed = stage.inject(Rule::new(Fault::HoldBefore).times(usize::MAX))?;
    let result = tokio::time::timeout(Duration::from_mins(1), call.send(stage.members())).await;
    let result = result.map_err(|_| Stop::failed(format!("{call:?} waits for ever")))?;
    check!(armed.struck() >= 1, "{call:?} sent nothing");
    match result {
        Err(error) if error.kind() == ErrorKind::Timeout => {
            let expected = if call.is_write() { Effect::Unknown } else { Effect::NotApplied };
            check_eq!(error.effect(), expected, "{call:?}: the effect of {}", shown(&error));
        }
        other => return Err(Stop::failed(format!("{call:?} without an answer: {}", outcome(&other)))),
    }
    stage.proxy()?.clear_rules();
    // A request that is never released never reaches the server.
    stage.expect_members(&stage.sales, "after giving up").await?;
    stage.expect_state("after giving up").await
}
