//! Where PandaDoc's versions differ or its documents are silent.

use crate::limit::RateLimit;

/// How PandaDoc behaves.
///
/// Limits count per user, over all keys of that user, and per operation, in a sliding minute
/// (developers.pandadoc.com/reference/limits, read 2026-11-21).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, each set by name")]
pub struct PandaDocOptions {
    /// Listings and removals. Default 2000 a minute, as documented for "List, Status, Delete".
    pub list_limit: Option<RateLimit>,
    /// Everything else. Default none: no figure is published now; older documents said 100 a minute.
    pub other_limit: Option<RateLimit>,
    /// Any operation with a sandbox key. Default 10 a minute, as documented.
    pub sandbox_limit: Option<RateLimit>,
    /// Send `Retry-After` with a 429. Default `false`: none is documented, the text says how long.
    pub retry_after: bool,
    /// The `type` of a 429. Default `throttled`, as documented; `request_error` has been observed.
    pub throttled_type: String,
    /// The `type` of a 403. Default `permission_error`; `permissions_error` since version 8.0.0 of the document.
    pub permission_type: String,
    /// Whether a mail is sent when `notify_user` or `notify_ws_admins` is absent. No default is documented; `true`
    /// here, so that a client that relies on silence is found out.
    pub notify_when_unstated: bool,
    /// Adding a Guest with a role other than Collaborator upgrades the licence, as changing the role is documented to
    /// do. Default `true`, inferred.
    pub add_upgrades_guests: bool,
    /// A refresh answers a new refresh token, and the old one is spent. Default `true`; not documented.
    pub rotate_refresh_tokens: bool,
    /// The odd side of the documents: `email_verified` instead of `emails_verified`, nulls, other licence words,
    /// unknown fields, 403 and 400 bodies with an object or `details`.
    pub quirks: bool,
}

impl Default for PandaDocOptions {
    fn default() -> Self {
        Self {
            list_limit: Some(RateLimit::per_minute(2000)),
            other_limit: None,
            sandbox_limit: Some(RateLimit::per_minute(10)),
            retry_after: false,
            throttled_type: "throttled".to_owned(),
            permission_type: "permission_error".to_owned(),
            notify_when_unstated: true,
            add_upgrades_guests: true,
            rotate_refresh_tokens: true,
            quirks: false,
        }
    }
}
