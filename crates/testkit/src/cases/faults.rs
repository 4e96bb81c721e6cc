//! Lost answers and lost requests: what happened is never guessed, and one more call sets it right.

use super::strike::{methods, strike};
use crate::case::{Outcome, RAN, Verdict, cases};
use crate::cast::{ANA, LEGAL, SALES};
use crate::context::Context;
use crate::failure::{Failure, check, check_eq, outcome, shown};
use crate::proxy::{Answer, Armed, Fault, Rule};
use crate::stage::Stage;
use futures_util::future::try_join_all;
use std::time::Duration;
use workspace_members_core::{AddMember, Capability, Change, Effect, Ensured, Error, ErrorKind, IfPresent};

cases! {
    a_lost_answer_to_adding_a_user_is_resolved_by_one_more_call [AddUser] over http;
    a_lost_answer_to_adding_a_group_is_resolved_by_one_more_call [AddGroup] over http;
    a_lost_answer_to_setting_a_users_role_is_resolved_by_one_more_call [SetUserRole] over http;
    a_lost_answer_to_setting_a_groups_role_is_resolved_by_one_more_call [SetGroupRole] over http;
    a_lost_answer_to_removing_a_user_is_resolved_by_one_more_call [RemoveUser] over http;
    a_lost_answer_to_removing_a_group_is_resolved_by_one_more_call [RemoveGroup] over http;
    a_connection_cut_before_the_server_acted_is_of_unknown_effect [] over http;
    a_gateway_that_fails_after_the_server_acted_is_of_unknown_effect [] over http;
    a_lost_answer_to_a_read_changes_nothing [] over http;
    a_server_that_nobody_reaches_is_not_applied [] over http;
    the_connection_is_made_anew_after_a_cut [] over http;
    removing_and_adding_survives_a_lost_answer_to_the_removal [AddUser, RemoveUser, GetMember, Roster, Me] over http;
    removing_and_adding_survives_a_lost_answer_to_the_addition [AddUser, RemoveUser, GetMember, Roster, Me] over http;
    removing_and_adding_puts_the_old_role_back [AddUser, RemoveUser, GetMember, Roster, Me] over http;
    removing_and_adding_says_when_it_left_somebody_outside [AddUser, RemoveUser, GetMember, Roster, Me] over http;
    a_slow_answer_holds_nobody_else_up [] over http;
    a_call_without_an_answer_ends_if_the_stack_says_so [] over http;
}

const LOST: [ErrorKind; 3] = [ErrorKind::Transport, ErrorKind::Timeout, ErrorKind::UnexpectedResponse];

/// The server did it and the answer never came. The error says that nobody knows; asking for the same state once more
/// finds it reached, and changes nothing.
async fn lost_answer(context: &Context, capability: Capability) -> Verdict {
    let struck = strike(context, capability, Fault::CutAfter).await?;
    struck.expect_resolved(true).await?;
    let result = match &struck.result {
        Ok(()) if context.bare() => {
            Err(Failure::new(format!("{:?} got no answer, and reports success", struck.call)))
        }
        Ok(()) => Ok(()),
        Err(error) => {
            check_eq!(error.effect(), Effect::Unknown, "{:?}: the effect of {}", struck.call, shown(error));
            check!(LOST.contains(&error.kind()), "{:?}: {}", struck.call, shown(error));
            Ok(())
        }
    };
    result?;
    if !context.has(Capability::GetMember) {
        return Ok(RAN);
    }
    let stage = &struck.stage;
    let mut members = stage.guarded();
    let change = match &struck.call {
        crate::call::Call::Add(request) => members.ensure(request, IfPresent::SetRole).await?.change,
        crate::call::Call::SetRole(request) => {
            let key = &request.key;
            members.change_role(&key.workspace, &key.principal, &request.role).await?.change
        }
        crate::call::Call::Remove(request) => {
            members.remove_member(&request.key.workspace, &request.key.principal).await?
        }
        _ => Change::Unchanged,
    };
    check_eq!(change, Change::Unchanged, "asking once more after a lost answer to {:?}", struck.call);
    let people = struck.call.applied(stage, stage.seed.members_of(&stage.workspace(LEGAL)));
    stage.expect_after(&stage.workspace(LEGAL), &people, "after asking once more").await?;
    Ok(RAN)
}

async fn a_lost_answer_to_adding_a_user_is_resolved_by_one_more_call(context: &Context) -> Verdict {
    lost_answer(context, Capability::AddUser).await
}

async fn a_lost_answer_to_adding_a_group_is_resolved_by_one_more_call(context: &Context) -> Verdict {
    lost_answer(context, Capability::AddGroup).await
}

async fn a_lost_answer_to_setting_a_users_role_is_resolved_by_one_more_call(context: &Context) -> Verdict {
    lost_answer(context, Capability::SetUserRole).await
}

async fn a_lost_answer_to_setting_a_groups_role_is_resolved_by_one_more_call(context: &Context) -> Verdict {
    lost_answer(context, Capability::SetGroupRole).await
}

async fn a_lost_answer_to_removing_a_user_is_resolved_by_one_more_call(context: &Context) -> Verdict {
    lost_answer(context, Capability::RemoveUser).await
}

async fn a_lost_answer_to_removing_a_group_is_resolved_by_one_more_call(context: &Context) -> Verdict {
    lost_answer(context, Capability::RemoveGroup).await
}

/// Each claimed write meets the fault; nobody can know whether it happened.
async fn unknown_effect(context: &Context, fault: Fault, acted: bool, kinds: &[ErrorKind]) -> Verdict {
    let mut ran = Vec::new();
    for capability in methods(context).filter(|method| method.is_write()) {
        let struck = strike(context, capability, fault.clone()).await?;
        struck.expect_resolved(acted).await?;
        let what = format!("{:?}", struck.call);
        if let Some(error) = struck.error(kinds)? {
            check_eq!(error.effect(), Effect::Unknown, "{what}: the effect of {}", shown(&error));
        }
        ran.push(capability);
    }
    Ok(if ran.is_empty() {
        Outcome::NotApplicable("nothing is written".to_owned())
    } else {
        Outcome::Ran(ran)
    })
}

/// As seen from here, the same as a cut afterwards.
async fn a_connection_cut_before_the_server_acted_is_of_unknown_effect(context: &Context) -> Verdict {
    unknown_effect(context, Fault::CutBefore, false, &LOST).await
}

async fn a_gateway_that_fails_after_the_server_acted_is_of_unknown_effect(context: &Context) -> Verdict {
    let kinds = [ErrorKind::Unavailable, ErrorKind::Timeout];
    unknown_effect(context, Fault::AnswerAfter(Answer::html(502)), true, &kinds).await
}

async fn a_lost_answer_to_a_read_changes_nothing(context: &Context) -> Verdict {
    let mut ran = Vec::new();
    for capability in methods(context).filter(|method| !method.is_write()) {
        for fault in [Fault::CutBefore, Fault::CutAfter] {
            let struck = strike(context, capability, fault).await?;
            struck.expect_resolved(false).await?;
            struck.error(&LOST)?;
        }
        ran.push(capability);
    }
    Ok(Outcome::Ran(ran))
}

async fn a_server_that_nobody_reaches_is_not_applied(context: &Context) -> Verdict {
    for capability in methods(context) {
        // The call is made ready in one world and sent in another, where no connection is open yet.
        let call = context.usual().await?.call(capability).await?;
        let stage = context.usual().await?;
        stage.proxy()?.stop().await;
        let result = call.send(&**stage.members()).await;
        let kinds = [ErrorKind::Transport, ErrorKind::Timeout];
        let what = format!("{call:?} without a server");
        match result {
            Err(error) if kinds.contains(&error.kind()) => {
                check_eq!(error.effect(), Effect::NotApplied, "{what}: the effect of {}", shown(&error));
            }
            other => return Err(Failure::new(format!("{what}: {}", outcome(&other)))),
        }
    }
    Ok(Outcome::Ran(methods(context).collect()))
}

async fn the_connection_is_made_anew_after_a_cut(context: &Context) -> Verdict {
    for capability in methods(context) {
        let struck = strike(context, capability, Fault::CutBefore).await?;
        if struck.result.is_ok() {
            continue;
        }
        let again = struck.call.send(&**struck.stage.members()).await;
        check!(again.is_ok(), "{:?} after a cut: {}", struck.call, outcome(&again));
    }
    Ok(Outcome::Ran(methods(context).collect()))
}

/// Changes Ana's role by removing and adding; the n-th write meets the fault.
async fn two_steps(
    context: &Context,
    nth: usize,
    fault: Fault,
) -> Result<(Stage, Armed, Result<Ensured, Error>), Failure> {
    let stage = context.usual().await?;
    let (_, role) = stage.two_roles();
    let strikes = Rule::new(fault).nth(nth).when(crate::proxy::Request::is_write);
    let armed = stage.proxy()?.inject(strikes);
    let legal = stage.workspace(LEGAL);
    let result = stage.guarded().change_role_by_remove_then_add(&legal, &stage.user(ANA), &role).await;
    Ok((stage, armed, result))
}

async fn survives(context: &Context, nth: usize) -> Verdict {
    let (stage, armed, result) = two_steps(context, nth, Fault::CutAfter).await?;
    check_eq!(armed.struck(), 1, "how many writes lost their answer");
    let change = result.as_ref().ok().map(|ensured| ensured.change);
    check_eq!(change, Some(Change::Applied), "with a lost answer: {}", outcome(&result));
    let mut people = stage.seed.members_of(&stage.workspace(LEGAL));
    people.insert(stage.user(ANA), stage.native(&stage.two_roles().1));
    stage.expect_after(&stage.workspace(LEGAL), &people, "after a lost answer half-way").await?;
    Ok(RAN)
}

async fn removing_and_adding_survives_a_lost_answer_to_the_removal(context: &Context) -> Verdict {
    survives(context, 1).await
}

async fn removing_and_adding_survives_a_lost_answer_to_the_addition(context: &Context) -> Verdict {
    survives(context, 2).await
}

async fn removing_and_adding_puts_the_old_role_back(context: &Context) -> Verdict {
    let (stage, armed, result) = two_steps(context, 2, Fault::Answer(context.harness.refusal(403))).await?;
    check_eq!(armed.struck(), 1, "how many additions were refused");
    if let Some(error) =
        stage.expect_error("an addition that is refused half-way", result, &[ErrorKind::Forbidden])?
    {
        check_eq!(error.effect(), Effect::Rejected, "the effect of {}", shown(&error));
    }
    stage.expect_unchanged("after the old role was put back").await?;
    Ok(RAN)
}

async fn removing_and_adding_says_when_it_left_somebody_outside(context: &Context) -> Verdict {
    let stage = context.usual().await?;
    let refusal = Fault::Answer(context.harness.refusal(403));
    let strikes = Rule::new(refusal).nth(2).times(usize::MAX).when(crate::proxy::Request::is_write);
    stage.proxy()?.inject(strikes);
    let (legal, ana, role) = (stage.workspace(LEGAL), stage.user(ANA), stage.two_roles().1);
    let result = stage.guarded().change_role_by_remove_then_add(&legal, &ana, &role).await;
    let error = stage.expect_error("additions that are all refused", result, &[ErrorKind::Forbidden])?;
    let told = error.is_some_and(|error| error.effect() == Effect::Partial && !error.done().is_empty());
    check!(told, "somebody is outside, and the error does not say what was done");
    let mut people = stage.seed.members_of(&legal);
    people.remove(&ana);
    stage.expect_after(&legal, &people, "after the addition and the way back were refused").await?;
    stage.proxy()?.clear_rules();
    let change = stage.guarded().ensure(&AddMember::new(legal, ana, role), IfPresent::SetRole).await?.change;
    check_eq!(change, Change::Applied, "ensuring afterwards");
    Ok(RAN)
}

async fn a_slow_answer_holds_nobody_else_up(context: &Context) -> Verdict {
    let Some(first) = methods(context).find(|method| !method.is_write()) else {
        return Ok(Outcome::NotApplicable("nothing is read".to_owned()));
    };
    if context.harness.gives_up() {
        return Ok(Outcome::NotApplicable("the stack ends slow calls by itself".to_owned()));
    }
    let stage = context.usual().await?;
    let call = stage.call(first).await?;
    let armed = stage.inject(Fault::HoldBefore)?;
    let members = stage.members().clone();
    let slow = tokio::spawn(async move { call.send(&*members).await });
    armed.reached().await;
    for capability in methods(context).filter(|method| !method.is_write()) {
        let other = stage.call(capability).await?;
        let result = other.send(&**stage.members()).await;
        check!(result.is_ok(), "{other:?} beside a slow call: {}", outcome(&result));
    }
    check!(!slow.is_finished(), "the slow call ended before it was answered");
    armed.release();
    let result = slow.await.map_err(|error| Failure::new(error.to_string()))?;
    check!(result.is_ok(), "the slow call, once answered: {}", outcome(&result));
    Ok(RAN)
}

async fn a_call_without_an_answer_ends_if_the_stack_says_so(context: &Context) -> Verdict {
    if !context.harness.gives_up() {
        return Ok(Outcome::NotApplicable("the stack waits as long as the provider does".to_owned()));
    }
    // All at once, since each takes as long as the stack is patient.
    try_join_all(methods(context).map(|capability| without_an_answer(context, capability))).await?;
    Ok(Outcome::Ran(methods(context).collect()))
}

async fn without_an_answer(context: &Context, capability: Capability) -> Result<(), Failure> {
    let stage = context.usual().await?;
    let call = stage.call(capability).await?;
    let forever = Rule::new(Fault::HoldBefore).times(usize::MAX);
    let armed = stage.proxy()?.inject(forever);
    let result = tokio::time::timeout(Duration::from_mins(1), call.send(&**stage.members())).await;
    let result = result.map_err(|_| Failure::new(format!("{call:?} waits for ever")))?;
    check!(armed.struck() >= 1, "{call:?} sent nothing");
    match result {
        Err(error) if error.kind() == ErrorKind::Timeout => {
            let expected = if call.is_write() { Effect::Unknown } else { Effect::NotApplied };
            check_eq!(error.effect(), expected, "{call:?}: the effect of {}", shown(&error));
        }
        other => return Err(Failure::new(format!("{call:?} without an answer: {}", outcome(&other)))),
    }
    stage.proxy()?.clear_rules();
    // A request that is never released never reaches the server.
    stage
        .expect(&stage.workspace(SALES), &stage.seed.members_of(&stage.workspace(SALES)), "after giving up")
        .await?;
    stage.expect_unchanged("after giving up").await
}
