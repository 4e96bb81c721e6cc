//! What came back from one attempt.

use bytes::Bytes;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use std::time::{Duration, SystemTime};
use workspace_members_core::{Effect, Error, ErrorKind, Operation, Provider};

/// An answer with its whole body, of whatever status.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body. Empty too where the status alone decides and the body could not be read.
    pub body: Bytes,
    /// The provider's name for the request (`X-Request-Id`), where it gives one.
    pub request_id: Option<String>,
    /// What `Retry-After` says, as a time from now.
    pub retry_after: Option<Duration>,
    /// After a 401: whether the credential's source has another one now, so that the call may be repeated.
    pub renewed: bool,
}

impl Answer {
    /// Keeps what later steps need of the headers.
    pub(crate) fn new(status: u16, headers: &HeaderMap, body: Bytes) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let request_id =
            text("x-request-id").filter(|id| !id.is_empty() && id.len() <= 128).map(str::to_owned);
        let retry_after = text("retry-after").and_then(|value| retry_after(value, SystemTime::now()));
        Self { status, body, request_id, retry_after, renewed: false }
    }

    /// Whether the status says success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body read as JSON, which may borrow from it. A success that cannot be read leaves open what a write did.
    pub fn json<'a, T: Deserialize<'a>>(
        &'a self,
        operation: Operation,
        provider: &Provider,
    ) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let what = if self.body.is_empty() {
                "the answer is empty".to_owned()
            } else if self.body.trim_ascii_start().starts_with(b"<") {
                "the answer is a web page instead of data; is the base URL right, or is a proxy in between?"
                    .to_owned()
            } else {
                format!("the answer cannot be read (line {}, column {})", error.line(), error.column())
            };
            let effect = if operation.is_write() { Effect::Unknown } else { Effect::NotApplied };
            self.attach(Error::new(ErrorKind::UnexpectedResponse, effect, what), operation, provider)
                .with_source(error)
        })
    }

    /// What the provider says in the body, in one line for people: the first of `detail`, `details`, `error`, `message`
    /// and `info_message` that is there, else all field errors. `None` for a body that is not JSON.
    pub fn message(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        let mut out = Vec::new();
        let spoken = body.as_object().and_then(|object| {
            ["detail", "details", "error", "message", "info_message"]
                .iter()
                .find_map(|name| object.get(*name))
        });
        flatten(spoken.unwrap_or(&body), "", &mut out);
        let fields = body.get("fields").filter(|_| spoken.is_some());
        if let Some(fields) = fields {
            flatten(fields, "", &mut out);
        }
        (!out.is_empty()).then(|| out.join("; "))
    }

    /// An error about this answer: adds operation, provider, status, request id and the time to wait.
    pub fn attach(&self, error: Error, operation: Operation, provider: &Provider) -> Error {
        error
            .with_operation(operation)
            .with_provider(provider.clone())
            .with_status(self.status)
            .with_request_id(self.request_id.clone())
            .with_retry_after(self.retry_after)
    }

    /// The error for a status that means the same at every provider and for every operation.
    ///
    /// An adapter classifies first what has its own meaning for the operation (404, 409, 400), and leaves the rest to
    /// this.
    pub fn failure(&self, operation: Operation, provider: &Provider) -> Error {
        let lost = if operation.is_write() { Effect::Unknown } else { Effect::NotApplied };
        let (kind, effect, message) = match self.status {
            401 if self.renewed => (
                ErrorKind::Unauthenticated,
                Effect::NotApplied,
                "the key was refused; its source has another one now, so the call may be repeated",
            ),
            401 => (ErrorKind::Unauthenticated, Effect::Rejected, "the key is missing, wrong or expired"),
            403 => (ErrorKind::Forbidden, Effect::Rejected, "the key's user may not do this"),
            404 => (ErrorKind::NotFound, Effect::Rejected, "it does not exist or is not visible"),
            405 | 501 => (
                ErrorKind::Unsupported,
                Effect::Rejected,
                "the host does not offer this operation at this address",
            ),
            408 => (ErrorKind::Timeout, lost, "the provider gave up waiting for the request"),
            429 => (ErrorKind::RateLimited, Effect::NotApplied, "too many requests"),
            300..=399 => (
                ErrorKind::UnexpectedResponse,
                Effect::Rejected,
                "the provider redirects elsewhere, which is not followed; is the base URL right?",
            ),
            400..=499 => (ErrorKind::Rejected, Effect::Rejected, "the provider refuses the request"),
            500..=599 => (ErrorKind::Unavailable, lost, "the provider is out of order"),
            _ => (
                ErrorKind::UnexpectedResponse,
                lost,
                "the provider answers with a status that it does not document",
            ),
        };
        self.attach(Error::new(kind, effect, message), operation, provider)
    }
}

/// Collects the texts of a JSON value, each after the name of its field.
fn flatten(value: &Value, name: &str, out: &mut Vec<String>) {
    // A hostile body may be deep or long; a message needs neither.
    if out.len() >= 10 {
        return;
    }
    match value {
        Value::String(text) if name.is_empty() => out.push(text.clone()),
        Value::String(text) => out.push(format!("{name}: {text}")),
        Value::Array(values) => values.iter().for_each(|value| flatten(value, name, out)),
        Value::Object(fields) => {
            for (field, value) in fields {
                flatten(value, field, out);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Seconds, or an HTTP date. A date in the past is no wait.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:57 GMT", now), Some(Duration::from_secs(20)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:07 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn the_providers_words_are_found_in_every_known_shape() {
        for (body, expected) in [
            (r#"{"detail":"Not found."}"#, Some("Not found.")),
            (
                r#"{"type":"request_error","detail":{"user_id":["Member already exists"]}}"#,
                Some("user_id: Member already exists"),
            ),
            (
                r#"{"error":"bad","fields":{"role":[{"error":"e","detail":"d"}]}}"#,
                Some("bad; error: e; detail: d"),
            ),
            (r#"{"role":["This field is required."]}"#, Some("role: This field is required.")),
            ("<html>", None),
            ("", None),
        ] {
            let answer = Answer::new(400, &HeaderMap::new(), Bytes::from_static(body.as_bytes()));
            assert_eq!(answer.message().as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn a_write_that_ended_in_5xx_is_of_unknown_effect() {
        let answer = Answer::new(502, &HeaderMap::new(), Bytes::new());
        let provider = Provider::from_static("x");
        assert_eq!(answer.failure(Operation::Add, &provider).effect(), Effect::Unknown);
        assert_eq!(answer.failure(Operation::Get, &provider).effect(), Effect::NotApplied);
    }
}
