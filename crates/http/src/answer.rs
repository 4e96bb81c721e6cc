//! What came back from one attempt.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, header};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::fmt;
use std::time::{Duration, SystemTime};
use workspace_members_core::{Effect, Error, ErrorKind, Operation, Provider};

/// The longest wait that is believed. A server that says more, in earnest or not, is asked again the next day.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest body that is looked through for a provider's words, in bytes. As values, which words are kept as until it
/// is known which of them matter, a hostile body takes many times its size.
pub const MAX_WORDS: usize = 64 << 10;

/// An answer with its whole body, of whatever status. `Debug` shows the body's length only: it holds people's data, and
/// a hostile one repeats the key.
#[derive(Clone)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body. Empty too where the status alone decides and the body could not be read.
    pub body: Bytes,
    /// The provider's name for the request (`X-Request-Id`), where it gives one.
    pub request_id: Option<String>,
    /// What `Retry-After` says, as a time from now; a day at most.
    pub retry_after: Option<Duration>,
    /// After a 401: whether the credential's source has another one now, so that the call may be repeated.
    pub renewed: bool,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("request_id", &self.request_id)
            .field("retry_after", &self.retry_after)
            .field("renewed", &self.renewed)
            .finish()
    }
}

impl Answer {
    /// Keeps what later steps need of the headers.
    pub(crate) fn new(status: u16, headers: &HeaderMap, body: Bytes) -> Self {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let request_id = text(&REQUEST_ID).filter(|id| !id.is_empty() && id.len() <= 128).map(str::to_owned);
        let retry_after = text(&header::RETRY_AFTER).and_then(|value| retry_after(value, SystemTime::now()));
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
        // One look at the whole is much quicker than one at every text in it. A body that is not UTF-8 may be readable
        // all the same, where the rest is in parts that are skipped.
        let read = match std::str::from_utf8(&self.body) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(&self.body),
        };
        read.map_err(|error| {
            let what = if self.body.is_empty() {
                "the answer is empty".to_owned()
            } else if self.is_web_page() {
                WEB_PAGE.to_owned()
            } else {
                format!("the answer cannot be read (line {}, column {})", error.line(), error.column())
            };
            self.unexpected(what, operation, provider).with_source(Unreadable::from(&error))
        })
    }

    /// Confirms a success that has nothing to say, such as a removal's: 204, or another status of success with an empty
    /// body or with JSON.
    ///
    /// A web page is a proxy's or a sign-in's and confirms nothing, and 202 says only that it may be done later; of
    /// either, what the request did is unknown.
    pub fn confirm_done(&self, operation: Operation, provider: &Provider) -> Result<(), Error> {
        if self.status == 202 {
            let message = "the provider accepted the request and does not say that it was done";
            let error = Error::new(ErrorKind::Unconfirmed, lost(operation), message);
            return Err(self.attach(error, operation, provider));
        }
        if self.body.is_empty() || serde_json::from_slice::<IgnoredAny>(&self.body).is_ok() {
            return Ok(());
        }
        let what = if self.is_web_page() { WEB_PAGE } else { "the answer is not the provider's" };
        Err(self.unexpected(what.to_owned(), operation, provider))
    }

    fn is_web_page(&self) -> bool {
        self.body.trim_ascii_start().starts_with(b"<")
    }

    fn unexpected(&self, what: String, operation: Operation, provider: &Provider) -> Error {
        let error = Error::new(ErrorKind::UnexpectedResponse, lost(operation), what);
        self.attach(error, operation, provider)
    }

    /// What the provider says in the body, in one line for people: the first of `detail`, `details`, `error`, `message`
    /// and `info_message` that is there, else all field errors. `None` for a body that is not JSON, or longer than
    /// [`MAX_WORDS`].
    pub fn message(&self) -> Option<String> {
        if self.body.len() > MAX_WORDS {
            return None;
        }
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        let mut out = Vec::new();
        let spoken = body.as_object().and_then(|object| {
            ["detail", "details", "error", "message", "info_message"]
                .iter()
                .find_map(|name| object.get(*name).filter(|said| !said.is_null()))
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
        let lost = lost(operation);
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
            // These may point away from something done: a form that was taken is often answered with the page of what
            // it made. 301 and 302 do so after a body only.
            301 | 302 if matches!(operation, Operation::Add | Operation::SetRole) => {
                (ErrorKind::UnexpectedResponse, lost, ELSEWHERE)
            }
            303 => (ErrorKind::UnexpectedResponse, lost, ELSEWHERE),
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

const ELSEWHERE: &str =
    "the provider points to another address for the result, which is not followed; is the base URL right?";

const WEB_PAGE: &str =
    "the answer is a web page instead of data; is the base URL right, or is a proxy in between?";

/// What is known of a write whose answer does not tell.
pub(crate) fn lost(operation: Operation) -> Effect {
    if operation.is_write() { Effect::Unknown } else { Effect::NotApplied }
}

/// Why a body could not be read, without what stood in it: a decoder quotes the text that it did not expect, which may
/// be somebody's address, or the key that a server repeats.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unreadable(String);

impl From<&serde_json::Error> for Unreadable {
    fn from(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        // What is wrong with the JSON itself, and which field is not there, says nothing of the body.
        let quotes_nothing =
            ["missing field `", "duplicate field `"].iter().any(|what| text.starts_with(what));
        if !error.is_data() || quotes_nothing {
            return Self(text);
        }
        // "invalid type: string \"…\", expected a sequence at line 1 column 9"
        let standard =
            ["invalid type", "invalid value", "invalid length", "unknown variant", "unknown field"];
        let what = standard.into_iter().find(|what| text.starts_with(what));
        match (what, text.rsplit_once(", expected ")) {
            (Some(what), Some((_, expected))) => Self(format!("{what}, expected {expected}")),
            // Whatever else a type has to say about a value, it may say with the value.
            _ => Self(format!("a value is not valid at line {} column {}", error.line(), error.column())),
        }
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
            // Sorted: in which order a map comes depends on a feature that any crate of the program may turn on.
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(field, _)| *field);
            for (field, value) in fields {
                flatten(value, field, out);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Seconds, or an HTTP date. A date in the past is no wait.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(wait.min(LONGEST_WAIT))
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
            (r#"{"error":"bad","fields":{"role":[{"detail":"d"}]}}"#, Some("bad; detail: d")),
            (r#"{"detail":null,"error":"out of order"}"#, Some("out of order")),
            (r#"{"role":["This field is required."]}"#, Some("role: This field is required.")),
            ("<html>", None),
            ("", None),
        ] {
            let answer = Answer::new(400, &HeaderMap::new(), Bytes::from_static(body.as_bytes()));
            assert_eq!(answer.message().as_deref(), expected, "{body}");
        }
    }

    /// Like an id or address of the core's: a text that says itself what is wrong with it.
    #[derive(Debug, serde::Deserialize)]
    #[serde(try_from = "String")]
    struct Word;

    impl TryFrom<String> for Word {
        type Error = String;
        fn try_from(text: String) -> Result<Self, String> {
            Err(format!("e-mail address {text:?} is not valid"))
        }
    }

    #[test]
    fn a_decoders_words_hold_nothing_of_the_body() {
        for (body, expected) in [
            (r#"{"detail":"secret, expected secret"}"#, "invalid type, expected u8 at line 1 column 35"),
            (r#"{"detail":-77777}"#, "invalid value, expected u8 at line 1 column 16"),
            (r"{}", "missing field `detail` at line 1 column 2"),
            ("secret", "expected value at line 1 column 1"),
        ] {
            #[derive(serde::Deserialize)]
            #[expect(dead_code, reason = "only its absence is read")]
            struct Body {
                detail: u8,
            }
            let error = serde_json::from_str::<Body>(body).map(drop).unwrap_err();
            assert_eq!(Unreadable::from(&error).to_string(), expected);
        }
        let of_its_own = serde_json::from_str::<Vec<Word>>(r#"["secret"]"#).unwrap_err();
        assert!(of_its_own.to_string().contains("secret"), "{of_its_own}");
        assert_eq!(Unreadable::from(&of_its_own).to_string(), "a value is not valid at line 1 column 10");
    }

    #[test]
    fn only_what_is_read_must_be_utf8() {
        #[derive(serde::Deserialize)]
        struct Body {
            detail: String,
        }
        let read = |body: &'static [u8]| {
            let answer = Answer::new(200, &HeaderMap::new(), Bytes::from_static(body));
            let body: Result<Body, _> = answer.json(Operation::Get, &Provider::from_static("x"));
            body.map(|body| body.detail).map_err(|error| error.message().to_owned())
        };
        assert_eq!(read(b"{\"detail\":\"Am\xc3\xa9lie\"}").as_deref(), Ok("Am\u{e9}lie"));
        assert_eq!(read(b"{\"other\":\"\xe9\",\"detail\":\"Ana\"}").as_deref(), Ok("Ana"));
        let refused = read(b"{\"detail\":\"Am\xe9lie\"}").unwrap_err();
        assert_eq!(refused, "the answer cannot be read (line 1, column 14)");
    }

    #[test]
    fn a_write_that_ended_in_5xx_is_of_unknown_effect() {
        let answer = Answer::new(502, &HeaderMap::new(), Bytes::new());
        let provider = Provider::from_static("x");
        assert_eq!(answer.failure(Operation::Add, &provider).effect(), Effect::Unknown);
        assert_eq!(answer.failure(Operation::Get, &provider).effect(), Effect::NotApplied);
    }

    #[test]
    fn a_redirect_may_point_away_from_what_a_body_has_made() {
        let provider = Provider::from_static("x");
        for (status, add, remove) in [
            (301, Effect::Unknown, Effect::Rejected),
            (302, Effect::Unknown, Effect::Rejected),
            (303, Effect::Unknown, Effect::Unknown),
            (307, Effect::Rejected, Effect::Rejected),
            (308, Effect::Rejected, Effect::Rejected),
        ] {
            let answer = Answer::new(status, &HeaderMap::new(), Bytes::new());
            let effect = |operation| answer.failure(operation, &provider).effect();
            assert_eq!((effect(Operation::Add), effect(Operation::SetRole)), (add, add), "{status}");
            assert_eq!(effect(Operation::Remove), remove, "{status}");
        }
    }
}
