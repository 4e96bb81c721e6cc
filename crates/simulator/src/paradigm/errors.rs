//! Paradigm's errors. The members pages give statuses without bodies; the bodies are Django REST framework's,
//! inferred, or the newer product's documented envelope.

use axum::http::header;
use serde_json::{Map, Value, json};

use super::options::{ErrorStyle, Maintenance};
use crate::reply::Reply;

/// An error before it is known how this version writes errors.
#[derive(Debug)]
pub(super) struct Failure {
    status: u16,
    /// The machine-readable word of the envelope.
    word: &'static str,
    what: What,
    headers: Vec<(header::HeaderName, String)>,
}

#[derive(Debug)]
enum What {
    Detail(String),
    /// Field, machine-readable word, message.
    Fields(Vec<(&'static str, &'static str, String)>),
}

impl Failure {
    fn detail(status: u16, word: &'static str, detail: impl Into<String>) -> Self {
        Self { status, word, what: What::Detail(detail.into()), headers: Vec::new() }
    }

    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::detail(400, "bad_request", detail)
    }

    pub(super) fn unauthorized(detail: &str) -> Self {
        let mut failure = Self::detail(401, "unauthorized", detail);
        failure.headers.push((header::WWW_AUTHENTICATE, "Bearer".to_owned()));
        failure
    }

    pub(super) fn forbidden(detail: &str) -> Self {
        Self::detail(403, "permission_denied", detail)
    }

    pub(super) fn no_right() -> Self {
        Self::forbidden("You do not have permission to perform this action.")
    }

    pub(super) fn not_found(detail: &str) -> Self {
        Self::detail(404, "not_found", detail)
    }

    pub(super) fn method_not_allowed(method: &str, allowed: &[&str]) -> Self {
        let mut failure =
            Self::detail(405, "method_not_allowed", format!("Method \"{method}\" not allowed."));
        failure.headers.push((header::ALLOW, allowed.join(", ")));
        failure
    }

    pub(super) fn conflict(detail: &str) -> Self {
        Self::detail(409, "conflict", detail)
    }

    pub(super) fn unsupported_media(kind: &str) -> Self {
        Self::detail(415, "unsupported_media_type", format!("Unsupported media type \"{kind}\" in request."))
    }

    pub(super) fn last_owner(status: u16, kind: &str) -> Self {
        Self::detail(status, "bad_request", format!("Cannot remove the only remaining owner {kind}."))
    }

    pub(super) fn throttled(seconds: u64, retry_after: bool) -> Self {
        let detail = format!("Request was throttled. Expected available in {seconds} seconds.");
        let mut failure = Self::detail(429, "throttled", detail);
        if retry_after {
            failure.headers.push((header::RETRY_AFTER, seconds.to_string()));
        }
        failure
    }

    pub(super) fn field(name: &'static str, word: &'static str, message: impl Into<String>) -> Self {
        Self::fields(vec![(name, word, message.into())])
    }

    pub(super) fn fields(fields: Vec<(&'static str, &'static str, String)>) -> Self {
        Self { status: 400, word: "validation_error", what: What::Fields(fields), headers: Vec::new() }
    }

    pub(super) fn into_reply(self, style: ErrorStyle) -> Reply {
        let mut reply = match style {
            ErrorStyle::Empty => Reply::empty(self.status),
            ErrorStyle::Drf => Reply::json(self.status, drf(self.what)),
            ErrorStyle::Envelope => {
                // Only the newer product tells wrong fields (422) from broken rules (400).
                let status = if matches!(self.what, What::Fields(_)) { 422 } else { self.status };
                Reply::json(status, envelope(status, self.word, self.what))
            }
        };
        reply.headers = self.headers;
        reply
    }
}

fn drf(what: What) -> Value {
    match what {
        What::Detail(detail) => json!({ "detail": detail }),
        What::Fields(fields) => {
            let mut body = Map::new();
            for (name, _, message) in fields {
                body.insert(name.to_owned(), json!([message]));
            }
            body.into()
        }
    }
}

fn envelope(status: u16, word: &str, what: What) -> Value {
    let mut body = json!({
        "id": null,
        "code": status,
        "error": word,
        "detail": "One or more fields failed validation.",
        "doc_url": format!("https://developers.lighton.ai/errors#{word}"),
    });
    match what {
        What::Detail(detail) => body["detail"] = detail.into(),
        What::Fields(fields) => {
            for (name, word, message) in fields {
                body["fields"][name] = json!([{ "error": word, "detail": message }]);
            }
        }
    }
    body
}

pub(super) fn maintenance(maintenance: &Maintenance) -> Reply {
    let body = json!({
        "error": "service_maintenance",
        "detail": maintenance.detail,
        "mode": "full_shutdown",
    });
    Reply::json(503, body)
}

/// Reads an id in a path. That a wrong one is the documented "400 Invalid input" is inferred.
pub(super) fn id(sent: &str) -> Result<u64, Failure> {
    sent.parse().map_err(|_| Failure::field("id", "invalid", "A valid integer is required."))
}
