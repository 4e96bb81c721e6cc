//! How Paradigm writes errors. The members pages give statuses without bodies; the bodies are Django REST framework's,
//! inferred, or the newer product's documented envelope.

use serde_json::{Value, json};

use super::options::{ErrorStyle, ParadigmOptions};
use crate::failure::{Failure, What, by_field};
use crate::reply::Reply;

pub(super) fn reply(failure: &Failure, options: &ParadigmOptions) -> Reply {
    let mut reply = match options.errors {
        ErrorStyle::Empty => Reply::empty(failure.status),
        ErrorStyle::Drf => Reply::json(failure.status, drf(&failure.what)),
        ErrorStyle::Envelope => {
            // Only the newer product tells wrong fields (422) from broken rules (400).
            let fields = matches!(failure.what, What::Fields(_));
            let status = if fields { 422 } else { failure.status };
            Reply::json(status, envelope(status, &failure.what))
        }
    };
    reply.headers.extend(failure.headers(options.retry_after));
    reply
}

fn drf(what: &What) -> Value {
    match what {
        What::Fields(fields) => by_field(fields),
        What::Text(text) => json!({ "detail": text }),
    }
}

fn envelope(status: u16, what: &What) -> Value {
    let word = match status {
        401 => "unauthorized",
        403 => "permission_denied",
        404 => "not_found",
        405 => "method_not_allowed",
        409 => "conflict",
        415 => "unsupported_media_type",
        422 => "validation_error",
        429 => "throttled",
        _ => "bad_request",
    };
    let mut body = json!({
        "id": null,
        "code": status,
        "error": word,
        "detail": "One or more fields failed validation.",
        "doc_url": format!("https://developers.lighton.ai/errors#{word}"),
    });
    match what {
        What::Fields(fields) => {
            for (name, word, message) in fields {
                body["fields"][name] = json!([{ "error": word, "detail": message }]);
            }
        }
        What::Text(text) => body["detail"] = json!(text),
    }
    body
}

pub(super) fn maintenance(text: &str) -> Reply {
    Reply::json(503, json!({ "error": "service_maintenance", "detail": text, "mode": "full_shutdown" }))
}
