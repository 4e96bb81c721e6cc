//! Refusals and broken answers: every status for every method, classified by what the caller does next.

use super::prelude::*;
use super::strike::{arm, each_fails, strike};
use crate::harness::Throttled;
use crate::proxy::Proxy;

cases! {
    __errors_cases;
    a_refused_key_is_unauthenticated [] over http
        => |c| refusal(c, &[401], &[ErrorKind::Unauthenticated], Effect::Rejected);
    a_missing_right_is_forbidden [] over http => |c| refusal(c, &[403], &[ErrorKind::Forbidden], Effect::Rejected);
    what_is_not_there_is_not_found [] over http => |c| refusal(c, &[404], &[ErrorKind::NotFound], Effect::Rejected);
    an_unknown_refusal_is_rejected [] over http => |c| worded_refusal(c, &[400, 422], &[ErrorKind::Rejected]);
    a_conflict_is_rejected_or_known [] over http
        => |c| worded_refusal(c, &[409], &[ErrorKind::Rejected, ErrorKind::AlreadyMember, ErrorKind::Protected]);
    too_many_requests_is_rate_limited_and_says_how_long [] over http;
    a_server_out_of_order_is_unavailable [] over http
        => |c| refusal(c, &[500, 502, 503, 504], &[ErrorKind::Unavailable, ErrorKind::Timeout], Effect::Unknown);
    an_html_page_is_not_an_answer [] over http
        => |c| answered(c, Answer::html(200), &[ErrorKind::UnexpectedResponse], &[Effect::Unknown]);
    an_empty_answer_is_not_success [] over http => |c| unreadable(c, vec![Fault::Empty], &BROKEN);
    a_truncated_answer_is_not_success [] over http => |c| unreadable(c, vec![Fault::Truncate], &BROKEN);
    an_answer_of_another_shape_is_not_success [] over http => |c| unreadable(c, other_shapes(), &OTHER_SHAPE);
    redirects_are_not_followed_elsewhere [] over http;
}

/// What nothing came of, refused or not.
const NOTHING: &[Effect] = &[Effect::Rejected, Effect::NotApplied];

/// Every method meets this answer instead of the server's.
async fn answered(context: &Context, answer: Answer, kinds: &[ErrorKind], effects: &[Effect]) -> Checked {
    each_fails(context, methods(context), &Fault::Answer(answer), kinds, effects).await
}

async fn refusal(context: &Context, statuses: &[u16], kinds: &[ErrorKind], effect: Effect) -> Checked {
    for status in statuses {
        // The status alone must do, too: providers do not word every refusal.
        let harness = &context.harness;
        for answer in [harness.refusal(*status), Answer::status(*status), Answer::html(*status)] {
            answered(context, answer, kinds, &[effect]).await?;
        }
    }
    Ok(())
}

/// Where only the words tell what a refusal is about, one without them may be called unreadable; but never something
/// that may have happened.
async fn worded_refusal(context: &Context, statuses: &[u16], kinds: &[ErrorKind]) -> Checked {
    let unworded = [kinds, &[ErrorKind::UnexpectedResponse]].concat();
    for status in statuses {
        answered(context, context.harness.refusal(*status), kinds, &[Effect::Rejected]).await?;
        answered(context, Answer::status(*status), &unworded, NOTHING).await?;
        answered(context, Answer::html(*status), &unworded, NOTHING).await?;
    }
    Ok(())
}

async fn too_many_requests_is_rate_limited_and_says_how_long(context: &Context) -> Checked {
    for way in 0..context.harness.throttled().len() {
        // A stack would wait as long as it is asked to; its own tests have a clock that can be wound.
        let waits = |throttled: &Throttled| throttled.wait.is_none_or(|wait| !wait.is_zero());
        if !context.bare() && context.harness.throttled().get(way).is_some_and(waits) {
            continue;
        }
        for capability in methods(context) {
            // Anew for each call, since an answer may name the time of day.
            let Some(throttled) = context.harness.throttled().into_iter().nth(way) else { continue };
            let struck = strike(context, capability, Fault::Answer(throttled.answer.clone())).await?;
            struck.expect_resolved().await?;
            let what = format!("{:?}, answered {:?}", struck.call, throttled.answer);
            let Some(error) = struck.error(&[ErrorKind::RateLimited])? else { continue };
            check_eq!(error.effect(), Effect::NotApplied, "{what}: the effect");
            check_eq!(error.status(), Some(throttled.answer.status), "{what}: the status");
            // A date is in whole seconds, and some of them have passed.
            let close = match (error.retry_after(), throttled.wait) {
                (Some(said), Some(wait)) => {
                    said <= wait + Duration::from_secs(2) && said + Duration::from_secs(10) >= wait
                }
                (said, wait) => said == wait,
            };
            let (wait, said) = (throttled.wait, error.retry_after());
            check!(close, "{what}: asks to wait {wait:?}, and the error says {said:?}");
        }
    }
    Ok(())
}

const BROKEN: [ErrorKind; 4] =
    [ErrorKind::UnexpectedResponse, ErrorKind::Transport, ErrorKind::Timeout, ErrorKind::Unconfirmed];

const OTHER_SHAPE: [ErrorKind; 2] = [ErrorKind::UnexpectedResponse, ErrorKind::Unconfirmed];

/// JSON, and not what the interface promises.
fn other_shapes() -> Vec<Fault> {
    // An empty list may be a whole answer, one with a number in it is none.
    let bodies = ["{}", "[7]", "null", "7", "\"ok\"", r#"{"detail":"ok"}"#, r#"{"results":{}}"#];
    bodies.map(|body| Fault::AnswerAfter(Answer::json(200, body))).into()
}

/// The server acts, and what arrives is no answer to the call.
async fn unreadable(context: &Context, faults: Vec<Fault>, kinds: &[ErrorKind]) -> Checked {
    for fault in faults {
        each_fails(context, methods(context), &fault, kinds, &[Effect::Unknown]).await?;
    }
    Ok(())
}

async fn redirects_are_not_followed_elsewhere(context: &Context) -> Checked {
    for capability in methods(context) {
        for status in [301, 302, 307, 308] {
            let stage = context.usual().await?;
            // Another origin, with the same server behind it: following would work, and show in its log.
            let elsewhere = Proxy::start(&stage.proxy()?.upstream()).await;
            let elsewhere = elsewhere.map_err(|error| Stop::failed(error.to_string()))?;
            let call = Call::of(&stage, capability).await?;
            stage.forget();
            let location = format!("{}/elsewhere", elsewhere.url());
            let answer = Answer::status(status).with_header("location", location);
            let armed = arm(&stage, &call, Fault::Answer(answer))?;
            let result = call.send(stage.members()).await;
            let followed = elsewhere.count();
            check_eq!(followed, 0, "requests of {call:?} that followed a redirect to another origin");
            check_eq!(armed.struck(), 1, "how many requests of {call:?} met the redirect");
            check!(result.is_err() || !context.bare(), "{call:?} was redirected, and reports success");
            if call.is_write() && context.bare() {
                check_eq!(stage.requests(), 1, "requests of {call:?}, which was redirected");
                stage.expect_state("after a redirected write").await?;
            }
        }
    }
    Ok(())
}
