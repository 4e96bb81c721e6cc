//! One account's base URL and credential, and the one attempt that every call is.

use crate::answer::Answer;
use crate::credential::CredentialSource;
use crate::transport::Transport;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use std::error::Error as _;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use url::Url;
use workspace_members_core::{Effect, Error, ErrorKind, Operation, Provider, Result};

/// The word before the key in the `Authorization` header, such as `Bearer` or `API-Key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthScheme(pub &'static str);

impl AuthScheme {
    /// `Authorization: Bearer …`
    pub const BEARER: Self = Self("Bearer");
}

/// One request, relative to the base URL.
#[derive(Debug)]
#[non_exhaustive]
pub struct Request<'a> {
    /// For which operation, as errors name it.
    pub operation: Operation,
    /// The HTTP method.
    pub method: Method,
    /// The path below the base URL, one segment each; encoded when sent.
    pub path: &'a [&'a str],
    /// The query, encoded when sent.
    pub query: &'a [(&'a str, &'a str)],
    /// A JSON body.
    pub body: Option<Vec<u8>>,
}

impl<'a> Request<'a> {
    /// A request without query and body.
    pub fn new(operation: Operation, method: Method, path: &'a [&'a str]) -> Self {
        Self { operation, method, path, query: &[], body: None }
    }

    /// Adds the query.
    pub fn with_query(mut self, query: &'a [(&'a str, &'a str)]) -> Self {
        self.query = query;
        self
    }

    /// Adds a JSON body.
    pub fn with_json(mut self, body: &impl Serialize) -> Result<Self> {
        let bytes = serde_json::to_vec(body).map_err(|error| {
            Error::invalid_input("the request cannot be written as JSON").with_source(error)
        })?;
        self.body = Some(bytes);
        Ok(self)
    }
}

/// One account at one provider: sends one attempt and reads one bounded answer.
pub struct Client {
    provider: Provider,
    base: Url,
    http: reqwest::Client,
    max_body: usize,
    scheme: AuthScheme,
    source: Arc<dyn CredentialSource>,
    /// The credential in use, as asked for last.
    current: RwLock<Option<Arc<Credential>>>,
    /// Held while the source is asked, so that a burst of calls asks it once.
    asking: tokio::sync::Mutex<()>,
}

struct Credential {
    secret: SecretString,
    header: HeaderValue,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("provider", &self.provider)
            .field("base", &self.base.as_str())
            .field("scheme", &self.scheme)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client for a base URL as [`check_base_url`](crate::check_base_url) answers it. Sends nothing.
    pub fn new(
        provider: Provider,
        base: Url,
        transport: &Transport,
        scheme: AuthScheme,
        source: Arc<dyn CredentialSource>,
    ) -> Result<Self> {
        let http = transport.client_for(&base)?;
        let (current, asking) = (RwLock::new(None), tokio::sync::Mutex::new(()));
        Ok(Self { provider, base, http, max_body: transport.max_body(), scheme, source, current, asking })
    }

    /// The provider's name.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The base URL; it holds no credentials.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Sends one request and reads the answer, whatever its status. Never a second attempt.
    ///
    /// After a 401 the credential's source is asked once more; [`Answer::renewed`] says whether it had another key.
    pub async fn send(&self, request: Request<'_>) -> Result<Answer> {
        let operation = request.operation;
        let credential = self.credential().await.map_err(|error| self.name(error, operation))?;
        let response = self
            .build(request, &credential)
            .send()
            .await
            .map_err(|error| self.name(transport_error(error, operation), operation))?;
        let mut answer = self.read(response, operation).await.map_err(|error| self.name(error, operation))?;
        if answer.status == 401 {
            answer.renewed = self.renew(&credential).await;
        }
        Ok(answer)
    }

    /// Takes the credential out of a text of the provider's, in case it repeats what it was sent.
    pub fn scrub(&self, text: &str) -> String {
        match &*self.current.read().unwrap_or_else(PoisonError::into_inner) {
            Some(credential) => text.replace(credential.secret.expose_secret(), "[redacted]"),
            None => text.to_owned(),
        }
    }

    /// The error for an answer that means the same at every provider, with the provider's own words.
    pub fn failure(&self, answer: &Answer, operation: Operation) -> Error {
        self.quote(answer.failure(operation, &self.provider), answer)
    }

    /// An error that the adapter has classified, about this answer, with the provider's own words.
    pub fn classified(&self, error: Error, answer: &Answer, operation: Operation) -> Error {
        self.quote(answer.attach(error, operation, &self.provider), answer)
    }

    fn quote(&self, error: Error, answer: &Answer) -> Error {
        error.with_provider_message(answer.message().map(|text| self.scrub(&text)))
    }

    fn name(&self, error: Error, operation: Operation) -> Error {
        error.with_operation(operation).with_provider(self.provider.clone())
    }

    fn build(&self, request: Request<'_>, credential: &Credential) -> reqwest::RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(request.path);
        }
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(request.query);
        }
        let mut builder = self
            .http
            .request(request.method, url)
            .header(header::AUTHORIZATION, credential.header.clone())
            .header(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(body) = request.body {
            builder =
                builder.header(header::CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body);
        }
        builder
    }

    async fn read(&self, mut response: reqwest::Response, operation: Operation) -> Result<Answer> {
        let status = response.status().as_u16();
        let announced = response.content_length().unwrap_or(0);
        let headers = std::mem::take(response.headers_mut());
        let body = if announced > self.max_body as u64 {
            Err(self.too_large(operation))
        } else {
            self.read_body(&mut response, announced, operation).await
        };
        match body {
            Ok(body) => Ok(Answer::new(status, &headers, body)),
            // The status alone says that it was refused; a body that was cut off cannot change that.
            Err(_) if (300..500).contains(&status) => Ok(Answer::new(status, &headers, Bytes::new())),
            Err(error) => {
                Err(Answer::new(status, &headers, Bytes::new()).attach(error, operation, &self.provider))
            }
        }
    }

    /// Most answers arrive in one piece, which is kept as it is; the pieces of others are copied once.
    async fn read_body(
        &self,
        response: &mut reqwest::Response,
        announced: u64,
        operation: Operation,
    ) -> Result<Bytes> {
        let (mut only, mut whole) = (Bytes::new(), BytesMut::new());
        while let Some(piece) = response.chunk().await.map_err(|error| transport_error(error, operation))? {
            if only.len() + whole.len() + piece.len() > self.max_body {
                return Err(self.too_large(operation));
            }
            if only.is_empty() && whole.is_empty() {
                only = piece;
                continue;
            }
            if whole.is_empty() {
                let length = usize::try_from(announced).unwrap_or(0).max(only.len() + piece.len());
                whole.reserve(length);
                whole.extend_from_slice(&std::mem::take(&mut only));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(if whole.is_empty() { only } else { whole.freeze() })
    }

    fn too_large(&self, operation: Operation) -> Error {
        let message = format!("the answer is larger than {} bytes", self.max_body);
        Error::new(ErrorKind::UnexpectedResponse, lost(operation), message)
    }

    fn in_use(&self) -> Option<Arc<Credential>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn credential(&self) -> Result<Arc<Credential>> {
        if let Some(credential) = self.in_use() {
            return Ok(credential);
        }
        let _asking = self.asking.lock().await;
        if let Some(credential) = self.in_use() {
            return Ok(credential);
        }
        self.ask(false).await
    }

    /// Whether there is another credential than the one that was refused.
    async fn renew(&self, refused: &Credential) -> bool {
        let differs = |other: &Credential| other.secret.expose_secret() != refused.secret.expose_secret();
        let _asking = self.asking.lock().await;
        // Another call may have been refused first, and have renewed it meanwhile.
        if self.in_use().is_some_and(|current| differs(&current)) {
            return true;
        }
        self.ask(true).await.is_ok_and(|current| differs(&current))
    }

    async fn ask(&self, renew: bool) -> Result<Arc<Credential>> {
        let secret = self.source.credential(renew).await?;
        let text = SecretString::from(format!("{} {}", self.scheme.0, secret.expose_secret()));
        let mut header = HeaderValue::from_str(text.expose_secret()).map_err(|_| {
            let message =
                "the key has characters that a header cannot carry; is it the whole key and nothing else?";
            Error::new(ErrorKind::Credential, Effect::Rejected, message)
        })?;
        if secret.expose_secret().is_empty() {
            return Err(Error::new(ErrorKind::Credential, Effect::Rejected, "the key is empty"));
        }
        header.set_sensitive(true);
        let credential = Arc::new(Credential { secret, header });
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&credential));
        Ok(credential)
    }
}

/// What is known of a write whose answer did not come.
fn lost(operation: Operation) -> Effect {
    if operation.is_write() { Effect::Unknown } else { Effect::NotApplied }
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
        (ErrorKind::Timeout, lost(operation), "no whole answer came in time")
    } else {
        (ErrorKind::Transport, lost(operation), "the connection broke before the whole answer came")
    };
    Error::new(kind, effect, message).with_source(error)
}

/// Tells a certificate that is not trusted from a host that is not there; the remedies differ.
fn connect_failure(error: &reqwest::Error) -> &'static str {
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string().to_ascii_lowercase();
        if text.contains("certificate") {
            return "the host's certificate is not trusted; add its authority as extra root certificate";
        }
        cause = inner.source();
    }
    "no connection could be made"
}
