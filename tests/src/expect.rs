//! What a test expects of an error, field by field.

use std::time::Duration;
use workspace_members_core::{Effect, Error, ErrorKind, Operation, Protection, Resource};

/// Everything about an error that callers act on. What is not set must be absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    kind: ErrorKind,
    effect: Effect,
    status: Option<u16>,
    missing: Vec<Resource>,
    protection: Option<Protection>,
    retry_after: Option<Duration>,
    says: Option<String>,
}

impl Expected {
    /// What a status means at every provider, where it has no meaning of its own for the operation.
    pub fn at_any_provider(status: u16, operation: Operation) -> Self {
        let lost = if operation.is_write() { Effect::Unknown } else { Effect::NotApplied };
        match status {
            405 | 501 => Self::refused(ErrorKind::Unsupported),
            408 => Self::new(ErrorKind::Timeout, lost),
            429 => Self::new(ErrorKind::RateLimited, Effect::NotApplied),
            301 | 302 if matches!(operation, Operation::Add | Operation::SetRole) => {
                Self::new(ErrorKind::UnexpectedResponse, lost)
            }
            303 => Self::new(ErrorKind::UnexpectedResponse, lost),
            300..=399 => Self::refused(ErrorKind::UnexpectedResponse),
            400..=499 => Self::refused(ErrorKind::Rejected),
            500..=599 => Self::new(ErrorKind::Unavailable, lost),
            _ => Self::new(ErrorKind::UnexpectedResponse, lost),
        }
    }

    /// A kind with its effect.
    pub fn new(kind: ErrorKind, effect: Effect) -> Self {
        Self {
            kind,
            effect,
            status: None,
            missing: Vec::new(),
            protection: None,
            retry_after: None,
            says: None,
        }
    }

    /// A kind that was refused.
    pub fn refused(kind: ErrorKind) -> Self {
        Self::new(kind, Effect::Rejected)
    }

    /// Something of these is missing.
    pub fn missing(resources: &[Resource]) -> Self {
        Self { missing: resources.to_vec(), ..Self::refused(ErrorKind::NotFound) }
    }

    /// The member is protected.
    pub fn protected(protection: Protection) -> Self {
        Self { protection: Some(protection), ..Self::refused(ErrorKind::Protected) }
    }

    /// With this HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// With the wait that the provider asks for.
    #[must_use]
    pub fn wait(mut self, seconds: u64) -> Self {
        self.retry_after = Some(Duration::from_secs(seconds));
        self
    }

    /// With these words of the provider's.
    #[must_use]
    pub fn says(mut self, words: &str) -> Self {
        self.says = Some(words.to_owned());
        self
    }

    /// Compares, and shows all that differs.
    #[track_caller]
    pub fn check(&self, error: &Error, operation: Operation, provider: &str, case: &str) {
        let found = Self {
            kind: error.kind(),
            effect: error.effect(),
            status: error.status(),
            missing: error.missing().to_vec(),
            protection: error.protection(),
            retry_after: error.retry_after(),
            says: error.provider_message().map(str::to_owned),
        };
        assert_eq!(found, *self, "{case}: {error:?}");
        assert_eq!(error.operation(), Some(operation), "{case}");
        assert_eq!(error.provider().map(workspace_members_core::Provider::as_str), Some(provider), "{case}");
        let line = error.to_string();
        assert!(!line.contains('\n') && line.starts_with(operation.as_str()), "{case}: {line}");
        assert_eq!(error.attempts(), 1, "{case}");
    }
}

/// Everything that an error shows to anybody: both forms, its texts, and the same of every cause.
pub fn chain(error: &Error) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n{}\n", error.message());
    for part in [error.provider_message(), error.request_id()].into_iter().flatten() {
        text.push_str(part);
        text.push('\n');
    }
    text.push_str(&error.done().join("\n"));
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.extend([inner.to_string(), "\n".to_owned(), format!("{inner:?}\n")]);
        cause = inner.source();
    }
    text
}

/// The start of a long text, for messages.
pub fn head(text: &str) -> String {
    text.chars().take(200).collect()
}

/// Statuses that are not a success, each of which may mean something of its own.
pub const STATUSES: [u16; 29] = [
    301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 413, 415, 418, 422, 429, 451,
    500, 501, 502, 503, 504, 599, 600, 999,
];
