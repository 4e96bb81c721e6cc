//! PandaDoc's errors: `{"type", "detail"}`, the detail a text or lists of messages by field.

use axum::http::header;
use serde_json::{Value, json};

use super::options::PandaDocOptions;
use crate::reply::Reply;

/// An error before it is known how this version writes errors.
#[derive(Debug)]
pub(super) enum Failure {
    /// 400 with messages by field.
    Fields(Vec<(&'static str, String)>),
    /// 400 with a text.
    Rule(&'static str),
    /// 401.
    Unauthenticated,
    /// 403.
    Forbidden,
    /// 404.
    NotFound(&'static str),
    /// 405.
    Method { sent: String, allowed: Vec<&'static str> },
    /// 415.
    Media(String),
    /// 429.
    Throttled { seconds: u64 },
    /// The token endpoint's 400, in OAuth's own form.
    OAuth(&'static str),
}

impl Failure {
    pub(super) fn field(name: &'static str, message: impl Into<String>) -> Self {
        Self::Fields(vec![(name, message.into())])
    }

    pub(super) const fn missing() -> Self {
        Self::NotFound("Not found")
    }

    pub(super) fn into_reply(self, options: &PandaDocOptions) -> Reply {
        match self {
            Self::Fields(fields) => {
                let mut detail = json!({});
                for (name, message) in fields {
                    detail[name] = json!([message]);
                }
                // developers.pandadoc.com/reference/erroneous-request writes the key in the plural.
                let key = if options.quirks { "details" } else { "detail" };
                Reply::json(400, json!({ "type": "request_error", key: detail }))
            }
            Self::Rule(text) => error(400, "request_error", text),
            Self::Unauthenticated => {
                error(401, "authentication_error", "Authentication credentials were not provided.")
            }
            Self::Forbidden => {
                let text = "You do not have permission to perform this action.";
                let detail = if options.quirks { json!({ "message": text }) } else { Value::from(text) };
                error(403, &options.permission_type, detail)
            }
            Self::NotFound(text) => error(404, "request_error", text),
            Self::Method { sent, allowed } => {
                error(405, "request_error", format!("Method \"{sent}\" not allowed."))
                    .with_header(header::ALLOW, allowed.join(", "))
            }
            Self::Media(kind) => {
                error(415, "request_error", format!("Unsupported media type \"{kind}\" in request."))
            }
            Self::Throttled { seconds } => {
                let text = format!("Request was throttled. Expected available in {seconds} seconds.");
                let reply = error(429, &options.throttled_type, text);
                if options.retry_after {
                    reply.with_header(header::RETRY_AFTER, seconds.to_string())
                } else {
                    reply
                }
            }
            Self::OAuth(word) => Reply::json(400, json!({ "error": word })),
        }
    }
}

fn error(status: u16, kind: &str, detail: impl Into<Value>) -> Reply {
    Reply::json(status, json!({ "type": kind, "detail": detail.into() }))
}
