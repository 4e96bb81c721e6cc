//! What is wrong with a request, before it is known how its provider writes errors.
//!
//! Paradigm is made with Django REST framework and PandaDoc answers like it, so that its texts fill what their documents
//! leave open.

use std::time::Duration;

use axum::http::{HeaderName, header};
use serde_json::{Map, Value, json};

/// An error to answer.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) what: What,
    headers: Vec<(HeaderName, String)>,
}

#[derive(Debug)]
pub(crate) enum What {
    Text(String),
    Fields(Vec<Field>),
}

/// A wrong field: its name, a machine-readable word, and the message.
pub(crate) type Field = (&'static str, &'static str, String);

impl Failure {
    pub(crate) fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, what: What::Text(text.into()), headers: Vec::new() }
    }

    pub(crate) fn fields(fields: Vec<Field>) -> Self {
        Self { status: 400, what: What::Fields(fields), headers: Vec::new() }
    }

    pub(crate) fn field(name: &'static str, word: &'static str, message: impl Into<String>) -> Self {
        Self::fields(vec![(name, word, message.into())])
    }

    pub(crate) fn forbidden() -> Self {
        Self::new(403, "You do not have permission to perform this action.")
    }

    pub(crate) fn method_not_allowed(sent: &str, allowed: &[&str]) -> Self {
        let failure = Self::new(405, format!("Method \"{sent}\" not allowed."));
        failure.with_header(header::ALLOW, allowed.join(", "))
    }

    pub(crate) fn throttled(wait: Duration) -> Self {
        // Rounded up, so that a client that waits as long is accepted.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let text = format!("Request was throttled. Expected available in {seconds} seconds.");
        Self::new(429, text).with_header(header::RETRY_AFTER, seconds.to_string())
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The headers to send; `Retry-After` only from a provider that has it.
    pub(crate) fn headers(&self, retry_after: bool) -> impl Iterator<Item = (HeaderName, String)> {
        self.headers.iter().filter(move |(name, _)| retry_after || name != header::RETRY_AFTER).cloned()
    }
}

/// `{"role": ["This field is required."]}`.
pub(crate) fn by_field(fields: &[Field]) -> Value {
    let entry = |(name, _, message): &Field| ((*name).to_owned(), json!([message]));
    fields.iter().map(entry).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up() {
        for (wait, seconds) in [(Duration::from_millis(1), "1"), (Duration::from_secs(20), "20")] {
            let failure = Failure::throttled(wait);
            assert_eq!(
                failure.headers(true).collect::<Vec<_>>(),
                [(header::RETRY_AFTER, seconds.to_owned())]
            );
            assert_eq!(failure.headers(false).collect::<Vec<_>>(), []);
        }
    }
}
