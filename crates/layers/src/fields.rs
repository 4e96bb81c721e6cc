//! The names of all fields of spans and events, in one table.

/// One field of a span or event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Whether the name is `OpenTelemetry`'s own (semantic conventions), or that of its `tracing` bridge.
    pub standard: bool,
    /// Which layer's spans and events have it.
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
    /// Every field that the layers put on spans and events. `OpenTelemetry`'s names where it has one, `wsm.*` elsewhere.
    ///
    /// None holds a key. None holds an e-mail address, except `exception.message`, which may quote one and stands on debug
    /// events only: an id that is an address is shown as `[address]`. Ids, names of custom roles and names of requests are
    /// the provider's own words, as they came.
    "otel.name", true, "Trace", "`add paradigm`: operation and provider, the span's name in a trace viewer";
    "otel.kind", true, "Trace", "`client`";
    "otel.status_code", true, "Trace", "`ERROR` if the call failed";
    "server.address", true, "Trace", "host of the base URL";
    "server.port", true, "Trace", "port of the base URL, where it names one";
    "error.type", true, "Trace, Retry", "the error's kind, such as `rate_limited`";
    "exception.message", true, "Trace", "the error's line; on debug events only";
    "http.response.status_code", true, "Trace, Retry", "status of the answer that the error came from";
    "http.request.resend_count", true, "Retry, on the span of Trace", "attempts after the first";
    "wsm.connection", false, "Trace", "name of the connection, where it has one";
    "wsm.provider", false, "Trace", "name of the provider";
    "wsm.operation", false, "all", "`me`, `list_members`, `add` …";
    "wsm.workspace", false, "Trace", "id of the workspace";
    "wsm.principal", false, "Trace", "`user:ID` or `group:ID`";
    "wsm.role", false, "Trace", "the role asked for";
    "wsm.items", false, "Trace", "how many records the page holds";
    "wsm.effect", false, "Trace, Retry", "what a call did that failed or was dropped: `rejected`, `not_applied`, `unknown`, `partial`";
    "wsm.request_id", false, "Trace", "the provider's name for the request, where an error has one";
    "wsm.attempt", false, "Retry", "which attempt failed, from 1";
    "wsm.wait_ms", false, "Retry, RateLimit", "how long it waits or waited, in milliseconds";
    "wsm.wait_asked", false, "RateLimit", "whether the provider said how long to hold back";
    "wsm.settled", false, "Retry", "what reading back said of a write: `applied`, `not_applied`, `rejected`, `unknown`";
    "wsm.reads", false, "Retry", "how many reads that took";
    "wsm.operation_id", false, "Audit, on a span of its own", "our own id of the write, as in the audit log";
}
