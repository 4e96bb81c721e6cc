//! One span per call.

use crate::around::{Around, Layer};
use tracing::field::Empty;
use tracing::level_filters::LevelFilter;
use tracing::{Instrument, Span};
use workspace_members_core::{
    Capabilities, Effect, Error, Operation, PrincipalId, Provider, Result, Role, WorkspaceId,
    WorkspaceMembers,
};

/// Puts each call into a `tracing` span named `workspace_members`, level info, with an event at its end.
///
/// Outside of [`Retry`](crate::Retry), so that a call is one span however many attempts it took; what the layers inside
/// say (attempts, waits, settled writes) are events in it. All field names are in [`FIELDS`](crate::FIELDS). Nothing above
/// debug holds an e-mail address, also where a provider has such for ids, and nothing at all a key. A call that its caller
/// drops ends with an event at debug.
pub type Trace<M> = Layer<M, Spans>;

impl<M: WorkspaceMembers> Trace<M> {
    /// Traces every call.
    pub fn new(inner: M) -> Self {
        let spans = Spans::new(inner.capabilities());
        Self::of(inner, spans)
    }

    /// Names the connection.
    pub fn with_connection(self, name: impl Into<String>) -> Self {
        self.map(|spans| spans.with_connection(name))
    }
}

/// What all spans say.
#[derive(Debug)]
pub struct Spans {
    provider: Provider,
    connection: Option<String>,
    host: Option<String>,
    port: Option<u16>,
}

impl Around for Spans {
    fn spans(&self) -> Option<&Spans> {
        Some(self)
    }
}

/// What a call is about.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct About<'a> {
    pub(crate) workspace: Option<&'a WorkspaceId>,
    pub(crate) principal: Option<&'a PrincipalId>,
    pub(crate) role: Option<&'a Role>,
}

impl Spans {
    pub(crate) fn new(capabilities: &Capabilities) -> Self {
        let (host, port) = server(capabilities.endpoint());
        Self { provider: capabilities.provider().clone(), connection: None, host, port }
    }

    pub(crate) fn with_connection(mut self, name: impl Into<String>) -> Self {
        self.connection = Some(name.into());
        self
    }

    fn span(&self, operation: Operation, about: About<'_>) -> Span {
        let provider = &self.provider;
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
            wsm.connection = self.connection.as_deref(),
            wsm.provider = provider.as_str(),
            wsm.operation = operation.as_str(),
            wsm.workspace = about.workspace.map(|id| shown(id.as_str())),
            wsm.principal = Empty,
            wsm.role = Empty,
            wsm.items = Empty,
            wsm.effect = Empty,
            wsm.request_id = Empty,
        );
        if span.is_none() {
            return span;
        }
        if let Some(principal) = about.principal {
            let (kind, id) = (principal.kind(), shown(principal.as_str()));
            span.record("wsm.principal", tracing::field::display(format_args!("{kind}:{id}")));
        }
        if let Some(role) = about.role {
            span.record("wsm.role", shown(&role.to_string()));
        }
        span
    }

    /// Makes a call in a span of its own, which says how many `items` it answered.
    pub(crate) async fn traced<T>(
        &self,
        operation: Operation,
        about: About<'_>,
        items: Option<fn(&T) -> usize>,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let span = self.span(operation, about);
        // Nobody listens, neither here nor through the `log` crate.
        if span.is_none() && LevelFilter::current() == LevelFilter::OFF {
            return call.await;
        }
        async {
            let mut dropped = Dropped(Some(operation));
            let result = call.await;
            dropped.0 = None;
            match &result {
                Ok(done) => succeeded(operation, items.map(|items| items(done))),
                Err(error) => failed(operation, error),
            }
            result
        }
        .instrument(span)
        .await
    }
}

/// An id, or a name, that is no e-mail address.
fn shown(text: &str) -> &str {
    if text.contains('@') { "[address]" } else { text }
}

/// Says so if the call is dropped before it ends.
struct Dropped(Option<Operation>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let Some(operation) = self.0 else { return };
        let effect = if operation.is_write() { Effect::Unknown } else { Effect::NotApplied }.as_str();
        Span::current().record("wsm.effect", effect);
        tracing::debug!(wsm.operation = operation.as_str(), wsm.effect = effect, "dropped by the caller");
    }
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
    // A refusal is often part of the plan ("already a member"); the others want somebody to look.
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
