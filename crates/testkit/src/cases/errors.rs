//! Refusals and broken answers: every status for every method, classified by what the caller does next.

use super::strike::{arm, methods, strike};
use crate::case::{Outcome, RAN, Verdict, cases};
use crate::context::Context;
use crate::failure::{Failure, check, check_eq, shown};
use crate::harness::Throttled;
use crate::proxy::{Answer, Fault, Proxy};
use std::time::Duration;
use workspace_members_core::{Effect, ErrorKind};

cases! {
    a_refused_key_is_unauthenticated [] over http;
    a_missing_right_is_forbidden [] over http;
    what_is_not_there_is_not_found [] over http;
    an_unknown_refusal_is_rejected [] over http;
    a_conflict_is_rejected_or_known [] over http;
    too_many_requests_is_rate_limited_and_says_how_long [] over http;
    a_server_out_of_order_is_unavailable [] over http;
    an_html_page_is_not_an_answer [] over http;
    an_empty_answer_is_not_success [] over http;
    a_truncated_answer_is_not_success [] over http;
    an_answer_of_another_shape_is_not_success [] over http;
    redirects_are_not_followed_elsewhere [] over http;
}

/// What a failed call may have done.
#[derive(Clone, Copy)]
enum Left {
    /// A write was refused.
    Nothing,
    /// A write did not happen, refused or not.
    Untouched,
    /// Nobody knows.
    Open,
}

/// Every method meets this answer instead of the server's, and must fail as one of these kinds.
async fn answered(context: &Context, answer: &Answer, kinds: &[ErrorKind], left: Left) -> Verdict {
    for capability in methods(context) {
        let struck = strike(context, capability, Fault::Answer(answer.clone())).await?;
        struck.expect_resolved(false).await?;
        let writes = struck.call.is_write();
        let what = format!("{:?}, answered {}", struck.call, answer.status);
        let Some(error) = struck.error(kinds)? else { continue };
        check_eq!(error.status(), Some(answer.status), "{what}: the status of {}", shown(&error));
        let effects: &[Effect] = match left {
            Left::Untouched => &[Effect::Rejected, Effect::NotApplied],
            _ if !writes => &[Effect::Rejected, Effect::NotApplied],
            Left::Nothing => &[Effect::Rejected],
            Left::Open => &[Effect::Unknown],
        };
        check!(effects.contains(&error.effect()), "{what}: the effect of {}", shown(&error));
    }
    Ok(Outcome::Ran(methods(context).collect()))
}

async fn refusal(context: &Context, status: u16, kinds: &[ErrorKind]) -> Verdict {
    answered(context, &context.harness.refusal(status), kinds, Left::Nothing).await?;
    // The status alone must do, too: providers do not word every refusal.
    answered(context, &Answer::status(status), kinds, Left::Nothing).await?;
    answered(context, &Answer::html(status), kinds, Left::Nothing).await
}

/// Where only the words tell what a refusal is about, one without them may be called unreadable; but never something
/// that may have happened.
async fn worded_refusal(context: &Context, status: u16, kinds: &[ErrorKind]) -> Verdict {
    answered(context, &context.harness.refusal(status), kinds, Left::Nothing).await?;
    let kinds: Vec<_> = kinds.iter().copied().chain([ErrorKind::UnexpectedResponse]).collect();
    answered(context, &Answer::status(status), &kinds, Left::Untouched).await?;
    answered(context, &Answer::html(status), &kinds, Left::Untouched).await
}

async fn a_refused_key_is_unauthenticated(context: &Context) -> Verdict {
    refusal(context, 401, &[ErrorKind::Unauthenticated]).await
}

async fn a_missing_right_is_forbidden(context: &Context) -> Verdict {
    refusal(context, 403, &[ErrorKind::Forbidden]).await
}

async fn what_is_not_there_is_not_found(context: &Context) -> Verdict {
    refusal(context, 404, &[ErrorKind::NotFound]).await
}

async fn an_unknown_refusal_is_rejected(context: &Context) -> Verdict {
    worded_refusal(context, 400, &[ErrorKind::Rejected]).await?;
    worded_refusal(context, 422, &[ErrorKind::Rejected]).await
}

async fn a_conflict_is_rejected_or_known(context: &Context) -> Verdict {
    worded_refusal(context, 409, &[ErrorKind::Rejected, ErrorKind::AlreadyMember, ErrorKind::Protected]).await
}

async fn too_many_requests_is_rate_limited_and_says_how_long(context: &Context) -> Verdict {
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
            struck.expect_resolved(false).await?;
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
            check!(
                close,
                "{what}: asks to wait {:?}, and the error says {:?}",
                throttled.wait,
                error.retry_after()
            );
        }
    }
    Ok(Outcome::Ran(methods(context).collect()))
}

async fn a_server_out_of_order_is_unavailable(context: &Context) -> Verdict {
    for status in [500, 502, 503, 504] {
        let kinds = [ErrorKind::Unavailable, ErrorKind::Timeout];
        for answer in [context.harness.refusal(status), Answer::html(status), Answer::status(status)] {
            answered(context, &answer, &kinds, Left::Open).await?;
        }
    }
    Ok(Outcome::Ran(methods(context).collect()))
}

async fn an_html_page_is_not_an_answer(context: &Context) -> Verdict {
    answered(context, &Answer::html(200), &[ErrorKind::UnexpectedResponse], Left::Open).await
}

const UNREADABLE: [ErrorKind; 4] =
    [ErrorKind::UnexpectedResponse, ErrorKind::Transport, ErrorKind::Timeout, ErrorKind::Unconfirmed];

/// The server acts, and the answer arrives maimed.
async fn maimed(context: &Context, fault: Fault) -> Verdict {
    for capability in methods(context) {
        let struck = strike(context, capability, fault.clone()).await?;
        struck.expect_resolved(true).await?;
        let what = format!("{:?}, {fault:?}", struck.call);
        // The answer to a removal has no body to begin with.
        if struck.call.ends_something() && struck.result.is_ok() && fault == Fault::Empty {
            continue;
        }
        let writes = struck.call.is_write();
        let Some(error) = struck.error(&UNREADABLE)? else { continue };
        check!(!writes || error.effect() == Effect::Unknown, "{what}: the effect of {}", shown(&error));
    }
    Ok(Outcome::Ran(methods(context).collect()))
}

async fn an_empty_answer_is_not_success(context: &Context) -> Verdict {
    maimed(context, Fault::Empty).await
}

async fn a_truncated_answer_is_not_success(context: &Context) -> Verdict {
    maimed(context, Fault::Truncate).await
}

/// JSON, and not what the interface promises.
async fn an_answer_of_another_shape_is_not_success(context: &Context) -> Verdict {
    for body in ["{}", "[]", "null", "7", "\"ok\"", r#"{"detail":"ok"}"#, r#"{"results":{}}"#] {
        for capability in methods(context) {
            let answer = Answer::json(200, body);
            let struck = strike(context, capability, Fault::AnswerAfter(answer)).await?;
            struck.expect_resolved(true).await?;
            let what = format!("{:?}, answered {body}", struck.call);
            if struck.call.ends_something() && struck.result.is_ok() {
                // Nothing is promised about the body of a removal's success.
                continue;
            }
            let writes = struck.call.is_write();
            let kinds = [ErrorKind::UnexpectedResponse, ErrorKind::Unconfirmed];
            let Some(error) = struck.error(&kinds)? else { continue };
            check!(!writes || error.effect() == Effect::Unknown, "{what}: the effect of {}", shown(&error));
        }
    }
    Ok(Outcome::Ran(methods(context).collect()))
}

async fn redirects_are_not_followed_elsewhere(context: &Context) -> Verdict {
    for capability in methods(context) {
        for status in [301, 302, 307, 308] {
            let stage = context.usual().await?;
            // Another origin, with the same server behind it: following would work, and show in its log.
            let elsewhere = Proxy::start(&stage.proxy()?.upstream())
                .await
                .map_err(|error| Failure::new(error.to_string()))?;
            let call = stage.call(capability).await?;
            stage.forget();
            let location = format!("{}/elsewhere", elsewhere.url());
            let answer = Answer::status(status).with_header("location", location);
            let armed = arm(&stage, &call, Fault::Answer(answer))?;
            let result = call.send(&**stage.members()).await;
            check_eq!(
                elsewhere.count(),
                0,
                "requests of {call:?} that followed a redirect to another origin"
            );
            check_eq!(armed.struck(), 1, "how many requests of {call:?} met the redirect");
            check!(result.is_err() || !context.bare(), "{call:?} was redirected, and reports success");
            if call.is_write() && context.bare() {
                check_eq!(stage.requests(), 1, "requests of {call:?}, which was redirected");
                stage.expect_unchanged("after a redirected write").await?;
            }
        }
    }
    Ok(RAN)
}
