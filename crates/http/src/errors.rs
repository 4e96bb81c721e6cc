//! Failures that are the same for every provider: no answer, and settings that cannot be used.

use std::error::Error as _;
use workspace_members_core::{Effect, Error, ErrorKind, Operation};

pub(crate) fn config_error(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, Effect::Rejected, message.into())
}

/// Classifies a failed attempt by whether the request can have reached the provider.
pub(crate) fn transport_error(error: reqwest::Error, operation: Operation) -> Error {
    // The URL holds ids, and the base URL of the account; the operation says enough.
    let error = error.without_url();
    let (kind, effect, message) = if error.is_builder() {
        (ErrorKind::InvalidInput, Effect::Rejected, "the request cannot be built")
    } else if error.is_connect() && error.is_timeout() {
        (ErrorKind::Timeout, Effect::NotApplied, "no connection was made in time")
    } else if error.is_connect() {
        (ErrorKind::Transport, Effect::NotApplied, connect_failure(&error))
    } else if error.is_timeout() {
        (ErrorKind::Timeout, Effect::if_lost(operation), "no whole answer came in time")
    } else {
        (
            ErrorKind::Transport,
            Effect::if_lost(operation),
            "the connection broke before the whole answer came",
        )
    };
    Error::new(kind, effect, message).with_source(error)
}

/// A certificate that is not trusted and a host that is not there have different remedies.
fn connect_failure(error: &reqwest::Error) -> &'static str {
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string().to_ascii_lowercase();
        if text.contains("expired") {
            return "the host's certificate has expired";
        }
        // In the words of rustls, and of OpenSSL.
        if ["not valid for name", "notvalidforname", "hostname mismatch", "ip address mismatch"]
            .iter()
            .any(|words| text.contains(words))
        {
            return "the host's certificate is for another name; is the base URL right?";
        }
        if text.contains("certificate") {
            return "the host's certificate is not trusted; add its authority as extra root certificate";
        }
        cause = inner.source();
    }
    "no connection could be made"
}
