//! One span per call.

use crate::call::{Answer, Call};
use tracing::Span;
use tracing::field::Empty;
use workspace_members_core::{Effect, Error, Operation, Result};

/// Where the spans' requests go.
#[derive(Debug)]
pub(crate) struct Trace {
    host: Option<String>,
    port: Option<u16>,
}

impl Trace {
    pub(crate) fn new(endpoint: &str) -> Self {
        let (host, port) = server(endpoint);
        Self { host, port }
    }

    pub(crate) fn begin(&self, call: &Call<'_>) -> CallSpan {
        let (operation, provider, subject) = (call.operation, call.provider, &call.subject);
        let span = tracing::info_span!(
            "workspace_members",
            otel.name = %format_args!("{operation} {provider}"),
            otel.kind = "client",
            otel.status_code = Empty,
            server.address = self.host.as_deref(),
            server.port = self.port,
            error.type = Empty,
            http.response.status_code = Empty,
            http.request.resend_count = Empty,
            wsm.connection = call.connection,
            wsm.provider = provider.as_str(),
            wsm.operation = operation.as_str(),
            wsm.workspace = subject.workspace.map(|id| shown(id.as_str())),
            wsm.principal = Empty,
            wsm.role = Empty,
            wsm.items = Empty,
            wsm.effect = Empty,
            wsm.request_id = Empty,
        );
        if let Some(principal) = &subject.principal {
            let (kind, id) = (principal.kind(), shown(principal.as_str()));
            span.record("wsm.principal", tracing::field::display(format_args!("{kind}:{id}")));
        }
        if let Some(role) = subject.role {
            span.record("wsm.role", shown(&role.to_string()));
        }
        CallSpan { span, operation, dropped: Some(Effect::if_lost(operation)) }
    }
}

/// The span of one call. Dropped before its end, it says that the caller dropped the call.
#[derive(Debug)]
pub(crate) struct CallSpan {
    span: Span,
    operation: Operation,
    /// What the call did if it is dropped now.
    dropped: Option<Effect>,
}

impl CallSpan {
    pub(crate) fn inner(&self) -> Span {
        self.span.clone()
    }

    pub(crate) fn end<T: Answer>(mut self, call: &Call<'_>, result: &Result<T>) {
        self.dropped = None;
        if call.attempt > 1 {
            self.span.record("http.request.resend_count", call.attempt - 1);
        }
        self.span.in_scope(|| match result {
            Ok(answer) => succeeded(call.operation, answer.items()),
            Err(error) => failed(call.operation, error),
        });
    }
}

impl Drop for CallSpan {
    fn drop(&mut self) {
        let Some(effect) = self.dropped.map(Effect::as_str) else { return };
        self.span.record("wsm.effect", effect);
        let operation = self.operation.as_str();
        self.span.in_scope(|| {
            tracing::debug!(wsm.operation = operation, wsm.effect = effect, "dropped by the caller");
        });
    }
}

/// An id, or a name, that is no e-mail address.
fn shown(text: &str) -> &str {
    if text.contains('@') { "[address]" } else { text }
}

fn succeeded(operation: Operation, items: Option<usize>) {
    if let Some(items) = items {
        Span::current().record("wsm.items", items);
    }
    if operation.is_write() {
        tracing::info!(wsm.operation = operation.as_str(), "changed");
    } else {
        tracing::debug!(wsm.operation = operation.as_str(), "read");
    }
}

fn failed(operation: Operation, error: &Error) {
    let span = Span::current();
    span.record("otel.status_code", "ERROR");
    span.record("error.type", error.kind().as_str());
    span.record("wsm.effect", error.effect().as_str());
    if let Some(status) = error.status() {
        span.record("http.response.status_code", status);
    }
    if let Some(id) = error.request_id() {
        span.record("wsm.request_id", shown(id));
    }
    let (operation, kind, effect) = (operation.as_str(), error.kind().as_str(), error.effect().as_str());
    // A refusal is often part of the plan ("already a member"); the others are for somebody to look at.
    if error.effect() == Effect::Rejected {
        tracing::info!(wsm.operation = operation, error.type = kind, wsm.effect = effect, "refused");
    } else {
        tracing::warn!(wsm.operation = operation, error.type = kind, wsm.effect = effect, "failed");
    }
    tracing::debug!(wsm.operation = operation, exception.message = %error, "the error in full");
}

/// `https://user@host:8443/path` -> `host`, 8443.
fn server(endpoint: &str) -> (Option<String>, Option<u16>) {
    let Some((_, rest)) = endpoint.split_once("://") else { return (None, None) };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
        _ => (address, None),
    };
    ((!host.is_empty()).then(|| host.to_owned()), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_read_without_credentials() {
        for (endpoint, host, port) in [
            ("https://paradigm.lighton.ai", Some("paradigm.lighton.ai"), None),
            ("http://127.0.0.1:8080/base/", Some("127.0.0.1"), Some(8080)),
            ("https://me:secret@host:1/x", Some("host"), Some(1)),
            ("http://[::1]:80", Some("[::1]"), Some(80)),
            ("http://[::1]", Some("[::1]"), None),
            ("", None, None),
        ] {
            assert_eq!(server(endpoint), (host.map(str::to_owned), port), "{endpoint}");
        }
    }
}
