//! What came back from one attempt.

use crate::paging::next_link;
use crate::unreadable::Unreadable;
use crate::wait::wait;
use crate::words::{MESSAGE_FIELDS, words};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, header};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::fmt;
use std::time::{Duration, SystemTime};
use workspace_members_core::{Effect, Error, ErrorKind, Operation, Provider};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
    /// How long the provider asks to wait, by `Retry-After` or, where a limit refused the request, by the end of the
    /// limit's window; a day at most.
    pub retry_after: Option<Duration>,
    /// After a 401: whether the credential's source has another one now, so that the call may be repeated.
    pub renewed: bool,
    headers: HeaderMap,
    message_fields: &'static [&'static str],
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("request_id", &self.request_id)
            .field("retry_after", &self.retry_after)
            .field("renewed", &self.renewed)
            .finish_non_exhaustive()
    }
}

impl Answer {
    pub(crate) fn new(status: u16, headers: HeaderMap, body: Bytes) -> Self {
        let request_id = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).map(str::trim);
        let request_id = request_id.filter(|id| !id.is_empty() && id.len() <= 128).map(str::to_owned);
        let retry_after = wait(status, &headers, SystemTime::now());
        Self {
            status,
            body,
            request_id,
            retry_after,
            renewed: false,
            headers,
            message_fields: MESSAGE_FIELDS,
        }
    }

    pub(crate) fn with_message_fields(mut self, fields: &'static [&'static str]) -> Self {
        self.message_fields = fields;
        self
    }

    /// A header, if it is there and is text. The key is taken out, in case the server repeats it.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The address of the next page in the `Link` headers (`rel="next"`). Only a [`parameter`](crate::parameter) of it is
    /// to be used: it may name another host.
    pub fn next_link(&self) -> Option<&str> {
        next_link(self.headers.get_all(header::LINK).into_iter().filter_map(|value| value.to_str().ok()))
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

    /// What the provider says in the body, in one line for people: the first of the
    /// [fields](crate::Client::with_message_fields) that is there, else all field errors. `None` for a body that is not
    /// JSON, or longer than [`MAX_WORDS`](crate::MAX_WORDS).
    pub fn message(&self) -> Option<String> {
        words(&self.body, self.message_fields)
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

#[cfg(test)]
mod tests {
    use super::*;

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
            let answer = Answer::new(400, HeaderMap::new(), Bytes::from_static(body.as_bytes()));
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
            let answer = Answer::new(200, HeaderMap::new(), Bytes::from_static(body));
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
        let answer = Answer::new(502, HeaderMap::new(), Bytes::new());
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
            let answer = Answer::new(status, HeaderMap::new(), Bytes::new());
            let effect = |operation| answer.failure(operation, &provider).effect();
            assert_eq!((effect(Operation::Add), effect(Operation::SetRole)), (add, add), "{status}");
            assert_eq!(effect(Operation::Remove), remove, "{status}");
        }
    }
}
