//! The names of all fields of spans and events, in one table.

/// One field of a span or event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Whether the name is `OpenTelemetry`'s own (semantic conventions), or that of its `tracing` bridge.
    pub standard: bool,
    /// Which concern's spans and events have it.
    pub of: &'static str,
    /// What it says.
    pub meaning: &'static str,
}

macro_rules! fields {
    ($(#[$doc:meta])* $($name:literal, $standard:literal, $of:literal, $meaning:literal;)+) => {
        $(#[$doc])*
        ///
        /// | field | of | meaning |
        /// |---|---|---|
        $(#[doc = concat!("| `", $name, "` | ", $of, " | ", $meaning, " |")])+
        pub const FIELDS: &[Field] =
            &[$(Field { name: $name, standard: $standard, of: $of, meaning: $meaning }),+];
    };
}

fields! {
    /// Every field that the stack puts on spans and events. `OpenTelemetry`'s names where it has one, `wsm.*` elsewhere.
    ///
    /// None holds a key. None holds an e-mail address, except `exception.message`, which may quote one and stands on debug
    /// events only: an id that is an address is shown as `[address]`. Ids, names of custom roles and names of requests are
    /// the provider's own words, as they came.
    "otel.name", true, "trace", "`add paradigm`: operation and provider, the span's name in a trace viewer";
    "otel.kind", true, "trace", "`client`";
    "otel.status_code", true, "trace", "`ERROR` if the call failed";
    "server.address", true, "trace", "host of the base URL";
    "server.port", true, "trace", "port of the base URL, where it names one";
    "error.type", true, "trace, retry", "the error's kind, such as `rate_limited`";
    "exception.message", true, "trace", "the error's line; on debug events only";
    "http.response.status_code", true, "trace, retry", "status of the answer that the error came from";
    "http.request.resend_count", true, "trace", "attempts after the first";
    "wsm.connection", false, "trace", "name of the connection, where it has one";
    "wsm.provider", false, "trace", "name of the provider";
    "wsm.operation", false, "all", "`me`, `list_members`, `add` …";
    "wsm.workspace", false, "trace", "id of the workspace";
    "wsm.principal", false, "trace", "`user:ID` or `group:ID`";
    "wsm.role", false, "trace", "the role asked for";
    "wsm.items", false, "trace", "how many records the page holds";
    "wsm.effect", false, "trace, retry", "what a call did that failed or was dropped: `rejected`, `not_applied`, `unknown`, `partial`";
    "wsm.request_id", false, "trace", "the provider's name for the request, where an error has one";
    "wsm.attempt", false, "retry", "which attempt failed, from 1";
    "wsm.wait_ms", false, "retry, rate limit", "how long it waits or waited, in milliseconds";
    "wsm.wait_asked", false, "rate limit", "whether the provider said how long to hold back";
    "wsm.resolved", false, "retry", "what reading back said of a write: `applied`, `not_applied`, `rejected`, `unknown`";
    "wsm.reads", false, "retry", "how many reads that took";
    "wsm.operation_id", false, "audit, on a span of its own", "our own id of the write, as in the audit log";
}
