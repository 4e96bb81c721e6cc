//! Where Paradigm's versions differ or its documents are silent.

use crate::limit::RateLimit;

/// How Paradigm behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParadigmOptions {
    /// Serve paths that no document shows but the documents' symmetry suggests. Default `false`: 404 or 405.
    pub inferred: bool,
    /// The status of a successful listing of members. Default 201, as documented; the real server may say 200.
    pub list_status: u16,
    /// The body of an error. Default [`ErrorStyle::Drf`].
    pub errors: ErrorStyle,
    /// The status for removing the only remaining owner. Not documented; default 400, inferred.
    pub last_owner_status: u16,
    /// Maintenance: every request gets a 503 with this text for people. Default none. Schema: api.lighton.ai/docs/schema,
    /// read 2026-11-21.
    pub maintenance: Option<String>,
    /// `GET /users` per key owner. Default 100 in a sliding minute, as documented.
    pub users_limit: Option<RateLimit>,
    /// Every other operation, per key owner and operation. Default none: no figure is published.
    pub other_limit: Option<RateLimit>,
    /// Send `Retry-After` with a 429. Default `true`, as Django REST framework does and the official SDK expects.
    pub retry_after: bool,
    /// Entries on a page when the request does not say. Default 20, as documented.
    pub page_size: usize,
    /// The most a request can ask for. Default 100, documented for groups and inferred elsewhere; more is cut to it.
    pub max_page_size: usize,
    /// The odd side of the documents: unknown fields in answers, `null` descriptions, `user_ids` as numbers instead of
    /// the documented text, `full_name` in the own profile, groups wrapped in `data` and `pagination`.
    pub quirks: bool,
}

impl Default for ParadigmOptions {
    fn default() -> Self {
        Self {
            inferred: false,
            list_status: 201,
            errors: ErrorStyle::Drf,
            last_owner_status: 400,
            maintenance: None,
            users_limit: Some(RateLimit::per_minute(100)),
            other_limit: None,
            retry_after: true,
            page_size: 20,
            max_page_size: 100,
            quirks: false,
        }
    }
}

/// What an error answers beside its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ErrorStyle {
    /// `{"detail": …}`, or field names with lists of messages. Inferred from Django REST framework.
    #[default]
    Drf,
    /// The newer product's `{"id", "code", "error", "detail", "doc_url"}`, and 422 with `fields` instead of a 400 for
    /// wrong fields (developers.lighton.ai/api-reference/v3-error-codes, read 2026-11-21).
    Envelope,
    /// No body at all, as some documented errors declare.
    Empty,
}
