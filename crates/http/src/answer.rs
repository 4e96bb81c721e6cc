//! What came back from one attempt.

use crate::credential::Keys;
use crate::errors::effect_if_lost;
use crate::link::next_link;
use crate::unreadable::Unreadable;
use crate::words::words;
use bytes::Bytes;
use http::{HeaderMap, header};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use workspace_members_core::{
    Effect, Error, ErrorKind, Member, MemberKey, Operation, PrincipalId, Provider, Result,
};

/// An answer with its whole body, of whatever status. `Debug` shows the body's length only: it holds people's data, and
/// a hostile one repeats the key.
#[derive(Clone)]
#[non_exhaustive]
pub struct Answer {
    /// For which operation, as errors name it.
    pub operation: Operation,
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
    pub(crate) headers: HeaderMap,
    pub(crate) provider: Provider,
    /// The fields of a refusal that hold the provider's words.
    pub(crate) message_fields: &'static [&'static str],
    /// For taking them out of what is quoted.
    pub(crate) keys: Arc<Keys>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("operation", &self.operation)
            .field("status", &self.status)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("request_id", &self.request_id)
            .field("retry_after", &self.retry_after)
            .field("renewed", &self.renewed)
            .finish_non_exhaustive()
    }
}

impl Answer {
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

    /// This answer, if it reports success. Else an error: the one that `classify` makes of it, where it has a meaning of
    /// its own for the operation, or the one that it means at [every provider](Self::failure).
    pub fn success(self, classify: impl FnOnce(&Self) -> Option<Error>) -> Result<Self> {
        if self.is_success() {
            return Ok(self);
        }
        Err(classify(&self).map_or_else(|| self.failure(), |error| self.error(error)))
    }

    /// The body read as JSON, which may borrow from it. A success that cannot be read leaves open what a write did.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let what = if self.body.is_empty() {
                "the answer is empty".to_owned()
            } else if self.is_web_page() {
                WEB_PAGE.to_owned()
            } else {
                format!("the answer cannot be read (line {}, column {})", error.line(), error.column())
            };
            self.unexpected(what).with_source(Unreadable::from(&error))
        })
    }

    /// Confirms a success that has nothing to say, such as a removal's: 204, or another status of success with an empty
    /// body or with JSON.
    ///
    /// A web page is a proxy's or a sign-in's and confirms nothing, and 202 says only that it may be done later; of
    /// either, what the request did is unknown.
    pub fn confirm_done(&self) -> Result<()> {
        if self.status == 202 {
            let message = "the provider accepted the request and does not say that it was done";
            return Err(self.error(Error::new(ErrorKind::Unconfirmed, self.effect_if_lost(), message)));
        }
        if self.body.is_empty() || serde_json::from_slice::<IgnoredAny>(&self.body).is_ok() {
            return Ok(());
        }
        let what = if self.is_web_page() { WEB_PAGE } else { "the answer is not the provider's" };
        Err(self.unexpected(what))
    }

    fn is_web_page(&self) -> bool {
        self.body.trim_ascii_start().starts_with(b"<")
    }

    fn effect_if_lost(&self) -> Effect {
        effect_if_lost(self.operation)
    }

    /// The error for an answer of success that cannot be used: it lacks something, or is about something else. What a write
    /// did is unknown then.
    pub fn unexpected(&self, message: impl Into<String>) -> Error {
        let error = Error::new(ErrorKind::UnexpectedResponse, self.effect_if_lost(), message.into());
        self.error(error)
    }

    /// The one of these members with this id. Two are refused as by [`each_once`](Self::each_once).
    pub fn only_member(
        &self,
        members: impl IntoIterator<Item = Member>,
        principal: &PrincipalId,
    ) -> Result<Option<Member>> {
        let same = |member: &Member| member.key.principal == *principal;
        let mut found: Vec<Member> = members.into_iter().filter(same).collect();
        self.each_once(&found)?;
        Ok(found.pop())
    }

    /// Refuses members of whom two are the same principal in the same workspace: which of two memberships is meant is
    /// never guessed. Compares each with each, so it is for a few.
    pub fn each_once(&self, members: &[Member]) -> Result<()> {
        for (at, one) in members.iter().enumerate() {
            let MemberKey { workspace, principal, .. } = &one.key;
            let same =
                |other: &&Member| other.key.principal == *principal && other.key.workspace == *workspace;
            if let Some(other) = members[..at].iter().find(same) {
                let shown = |member: &Member| match &member.key.membership {
                    Some(id) => format!("{id} ({})", member.native_role),
                    None => member.native_role.to_string(),
                };
                return Err(self.unexpected(format!(
                    "{principal} is in workspace {workspace} twice, as {} and as {}, and which of the two is meant is not \
                     known: remove one at the provider",
                    shown(other),
                    shown(one)
                )));
            }
        }
        Ok(())
    }

    /// What the provider says in the body, in one line for people: the first of the
    /// [fields](crate::Client::with_message_fields) that is there, else all field errors. `None` for a body that is not
    /// JSON, or longer than [`MAX_WORDS`](crate::MAX_WORDS). The key is taken out, in case the server repeats it.
    pub fn message(&self) -> Option<String> {
        words(&self.body, self.message_fields).map(|text| self.keys.scrub(&text))
    }

    /// An error about this answer: adds operation, provider, status, request id and the time to wait; of a refusal the
    /// provider's words too. A success has data, which belongs in no error.
    pub fn error(&self, error: Error) -> Error {
        let line = self.keys.scrub(error.message());
        error
            .with_message(line)
            .with_operation(self.operation)
            .with_provider(self.provider.clone())
            .with_status(self.status)
            .with_request_id(self.request_id.clone())
            .with_retry_after(self.retry_after)
            .with_provider_message(if self.is_success() { None } else { self.message() })
    }

    /// The error for a status that means the same at every provider and for every operation.
    ///
    /// An adapter classifies first what has its own meaning for the operation (404, 409, 400), and leaves the rest to
    /// this.
    pub fn failure(&self) -> Error {
        use Effect::{NotApplied, Rejected};
        use ErrorKind as Kind;
        let lost = self.effect_if_lost();
        let (kind, effect, message) = match self.status {
            401 if self.renewed => (
                Kind::Unauthenticated,
                NotApplied,
                "the key was refused; its source has another one now, so the call may be repeated",
            ),
            401 => (Kind::Unauthenticated, Rejected, "the key is missing, wrong or expired"),
            403 => (Kind::Forbidden, Rejected, "the key's user may not do this"),
            404 => (Kind::NotFound, Rejected, "it does not exist or is not visible"),
            405 | 501 => {
                (Kind::Unsupported, Rejected, "the host does not offer this operation at this address")
            }
            408 => (Kind::Timeout, lost, "the provider gave up waiting for the request"),
            429 => (Kind::RateLimited, NotApplied, "too many requests"),
            // These may point away from something done: a form that was taken is often answered with the page of what
            // it made. 301 and 302 do so after a body only.
            301 | 302 if matches!(self.operation, Operation::Add | Operation::SetRole) => {
                (Kind::UnexpectedResponse, lost, ELSEWHERE)
            }
            303 => (Kind::UnexpectedResponse, lost, ELSEWHERE),
            300..=399 => (
                Kind::UnexpectedResponse,
                Rejected,
                "the provider redirects elsewhere, which is not followed; is the base URL right?",
            ),
            400..=499 => (Kind::Rejected, Rejected, "the provider refuses the request"),
            500..=599 => (Kind::Unavailable, lost, "the provider is out of order"),
            _ => (
                Kind::UnexpectedResponse,
                lost,
                "the provider answers with a status that it does not document",
            ),
        };
        self.error(Error::new(kind, effect, message))
    }
}

const ELSEWHERE: &str =
    "the provider points to another address for the result, which is not followed; is the base URL right?";

const WEB_PAGE: &str =
    "the answer is a web page instead of data; is the base URL right, or is a proxy in between?";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::StaticCredential;
    use crate::request::AuthScheme;
    use crate::words::MESSAGE_FIELDS;

    fn answer(operation: Operation, status: u16, body: &'static [u8]) -> Answer {
        let source = Arc::new(StaticCredential::new("key".into()));
        Answer {
            operation,
            status,
            body: Bytes::from_static(body),
            request_id: None,
            retry_after: None,
            renewed: false,
            headers: HeaderMap::new(),
            provider: Provider::from_static("x"),
            message_fields: MESSAGE_FIELDS,
            keys: Arc::new(Keys::new(source, AuthScheme::BEARER)),
        }
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
            let answer = answer(Operation::Get, 400, body.as_bytes());
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
            let answer = answer(Operation::Get, 200, body);
            let body: Result<Body> = answer.json();
            body.map(|body| body.detail).map_err(|error| error.message().to_owned())
        };
        assert_eq!(read(b"{\"detail\":\"Am\xc3\xa9lie\"}").as_deref(), Ok("Am\u{e9}lie"));
        assert_eq!(read(b"{\"other\":\"\xe9\",\"detail\":\"Ana\"}").as_deref(), Ok("Ana"));
        let refused = read(b"{\"detail\":\"Am\xe9lie\"}").unwrap_err();
        assert_eq!(refused, "the answer cannot be read (line 1, column 14)");
    }

    #[test]
    fn a_write_that_ended_in_5xx_is_of_unknown_effect() {
        let effect = |operation| answer(operation, 502, b"").failure().effect();
        assert_eq!(effect(Operation::Add), Effect::Unknown);
        assert_eq!(effect(Operation::Get), Effect::NotApplied);
    }

    #[test]
    fn a_redirect_may_point_away_from_what_a_body_has_made() {
        for (status, add, remove) in [
            (301, Effect::Unknown, Effect::Rejected),
            (302, Effect::Unknown, Effect::Rejected),
            (303, Effect::Unknown, Effect::Unknown),
            (307, Effect::Rejected, Effect::Rejected),
            (308, Effect::Rejected, Effect::Rejected),
        ] {
            let effect = |operation| answer(operation, status, b"").failure().effect();
            assert_eq!((effect(Operation::Add), effect(Operation::SetRole)), (add, add), "{status}");
            assert_eq!(effect(Operation::Remove), remove, "{status}");
        }
    }
}
