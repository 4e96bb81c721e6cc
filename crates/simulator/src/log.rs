//! What was asked of a simulator and what it answered.

use std::fmt;

use serde_json::Value;
use tokio::time::Instant;

/// Which provider a request went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// `LightOn` Paradigm.
    Paradigm,
    /// PandaDoc.
    PandaDoc,
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Paradigm => "paradigm",
            Self::PandaDoc => "pandadoc",
        })
    }
}

/// The body of a request or of an answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Body {
    /// No bytes.
    Empty,
    /// Bytes that parse as JSON.
    Json(Value),
    /// The fields of an `application/x-www-form-urlencoded` or `multipart/form-data` body, in order.
    Form(Vec<(String, String)>),
    /// Anything else, lossily decoded.
    Text(String),
}

impl Body {
    /// The JSON value, if it is one.
    pub fn json(&self) -> Option<&Value> {
        match self {
            Self::Json(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn parse(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::Empty;
        }
        serde_json::from_slice(bytes)
            .map_or_else(|_| Self::Text(String::from_utf8_lossy(bytes).into_owned()), Self::Json)
    }

    /// The same body with the values of secret fields replaced, as the log keeps it.
    pub(crate) fn redacted(&self) -> Self {
        match self {
            Self::Json(Value::Object(fields)) => {
                // Only texts: Paradigm's newer errors have a `code` that is the status.
                let redact = |(name, value): (&String, &Value)| {
                    let secret = is_secret(name) && value.is_string();
                    (name.clone(), if secret { Value::from(REDACTED) } else { value.clone() })
                };
                Self::Json(Value::Object(fields.iter().map(redact).collect()))
            }
            Self::Form(fields) => {
                let redact = |(name, value): &(String, String)| {
                    let value = if is_secret(name) { REDACTED.to_owned() } else { value.clone() };
                    (name.clone(), value)
                };
                Self::Form(fields.iter().map(redact).collect())
            }
            other => other.clone(),
        }
    }
}

const REDACTED: &str = "[redacted]";

/// Fields of the OAuth token request and answer that hold a credential.
fn is_secret(field: &str) -> bool {
    matches!(field, "client_secret" | "code" | "access_token" | "refresh_token")
}

/// One request as it arrived, and the answer that left.
///
/// Keys, tokens and cookies are replaced by `[redacted]`, so that a log can be printed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Request {
    /// When it was counted against the rate limit and answered, on tokio's clock.
    pub at: Instant,
    /// The provider it went to.
    pub provider: Provider,
    /// The method, in capitals.
    pub method: String,
    /// The path as sent, still percent-encoded, without the query.
    pub path: String,
    /// The query's decoded pairs, in order.
    pub query: Vec<(String, String)>,
    /// The headers with lower-case names, in order of arrival by name; `cookie` redacted, and
    /// `authorization` but for its scheme.
    pub headers: Vec<(String, String)>,
    /// The body as sent, secret fields of OAuth redacted.
    pub body: Body,
    /// The simulator's name for the operation, such as `add_member`; `None` for a path or method it does not serve.
    pub operation: Option<&'static str>,
    /// The status answered.
    pub status: u16,
    /// The headers answered, with lower-case names.
    pub answer_headers: Vec<(String, String)>,
    /// The body answered, secret fields of OAuth redacted.
    pub answer: Body,
}

impl Request {
    /// The first value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// A header's value for the log: the credential behind an authorization scheme never gets there.
pub(crate) fn redacted_header(name: &str, value: &str) -> String {
    match name {
        // A value of one word may be a bare key.
        "authorization" | "proxy-authorization" => match value.trim().split_once(' ') {
            Some((scheme, _)) => format!("{scheme} {REDACTED}"),
            None => REDACTED.to_owned(),
        },
        "cookie" => REDACTED.to_owned(),
        _ => value.to_owned(),
    }
}
