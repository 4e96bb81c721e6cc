//! One account's base URL and credential, and the one attempt that every call is.

use crate::answer::{Answer, lost};
use crate::credential::CredentialSource;
use crate::failed::transport_error;
use crate::paging::{PageNumber, PageToken, StartIndex};
use crate::request::{self, AuthScheme, Request, is_one_segment};
use crate::transport::{Transport, check_base_url};
use crate::words::MESSAGE_FIELDS;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header};
use memchr::memmem::Finder;
use secrecy::{ExposeSecret, SecretString};
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use url::Url;
use workspace_members_core::{Effect, Error, ErrorKind, Operation, PageRequest, Provider, Result};

/// How many of the keys that were in use are looked for in the provider's words. Keys rotate while calls are under way.
const REMEMBERED_KEYS: usize = 8;

/// How long a key is of which every appearance in an answer is taken for the key itself. A shorter one may be anything.
const KEY_BY_LENGTH: usize = 16;

/// One account at one provider: sends one attempt and reads one bounded answer.
pub struct Client {
    provider: Provider,
    base: Url,
    http: reqwest::Client,
    transport: Transport,
    scheme: AuthScheme,
    /// Sent with every request.
    headers: HeaderMap,
    /// The fields of a refusal that hold the provider's words.
    message_fields: &'static [&'static str],
    source: Arc<dyn CredentialSource>,
    /// The credential in use, as asked for last, and then those before it.
    credentials: RwLock<VecDeque<Arc<Credential>>>,
    /// Held while the source is asked, so that a burst of calls asks it once. Holds why it gave no key when it was asked
    /// last, if it was so.
    asking: tokio::sync::Mutex<Option<Error>>,
    /// How often the source was asked for a first key.
    asks: AtomicU64,
    /// How often the source was asked to renew.
    renewals: AtomicU64,
}

struct Credential {
    secret: SecretString,
    header: HeaderValue,
    /// Looks for the key in answers; made once, since it takes longer than to look through a short answer. `None` for a
    /// key so short that it may be anything.
    finder: Option<Finder<'static>>,
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
    /// A client for a base URL, which is held to what [`check_base_url`](crate::check_base_url) demands. Sends nothing.
    pub fn new(
        provider: Provider,
        base: Url,
        transport: &Transport,
        scheme: AuthScheme,
        source: Arc<dyn CredentialSource>,
    ) -> Result<Self> {
        check_base_url(base.as_str()).map_err(|error| error.with_provider(provider.clone()))?;
        let http = transport.client_for(&base)?;
        Ok(Self {
            provider,
            base,
            http,
            transport: transport.clone(),
            scheme,
            headers: HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("application/json"))]),
            message_fields: MESSAGE_FIELDS,
            source,
            credentials: RwLock::default(),
            asking: tokio::sync::Mutex::new(None),
            asks: AtomicU64::new(0),
            renewals: AtomicU64::new(0),
        })
    }

    /// Puts these parts in front of every request's path, as part of the base URL.
    pub fn below(mut self, path: &[&'static str]) -> Self {
        extend(&mut self.base, path);
        self
    }

    /// Sends a header with every request, such as the version of the interface.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self> {
        let (name, value) = request::header(name, value)?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Names the fields of a refusal in which the provider speaks to people; the first one that is there is quoted.
    /// [`MESSAGE_FIELDS`] unless set.
    pub fn with_message_fields(mut self, fields: &'static [&'static str]) -> Self {
        self.message_fields = fields;
        self
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
    /// Waits its turn where the transport has as many requests under way as it may.
    pub async fn send(&self, request: Request<'_>) -> Result<Answer> {
        let operation = request.operation;
        if let Some(segment) = request.path.iter().find(|segment| !is_one_segment(segment)) {
            let message = format!("{segment:?} cannot be one part of a path");
            return Err(self.name(Error::invalid_input(message), operation));
        }
        let mut credential = self.credential().await.map_err(|error| self.name(error, operation))?;
        // Not before: a source may itself send requests over this transport.
        let turn = self.transport.turn().await;
        // Others were answered meanwhile, and may have found that the key is no longer good.
        if let Some(newest) = self.in_use() {
            credential = newest;
        }
        let asked = self.renewals.load(Ordering::Acquire);
        let response = self
            .http
            .execute(self.build(request, &credential))
            .await
            .map_err(|error| self.name(transport_error(error, operation), operation))?;
        let mut answer = self.read(response, operation).await.map_err(|error| self.name(error, operation))?;
        drop(turn);
        if answer.status == 401 {
            answer.renewed = self.renew(&credential, asked).await.map_err(|error| {
                // What keeps the source from it may pass, and then the call may be repeated.
                let (kind, effect, message) = if error.kind().is_transient() {
                    let message = "the key was refused, and its source could not give another for now";
                    (error.kind(), Effect::NotApplied, message)
                } else {
                    let message = "the key was refused, and its source could not give another";
                    (ErrorKind::Unauthenticated, Effect::Rejected, message)
                };
                let wait = error.retry_after();
                let refused = Error::new(kind, effect, message).with_source(error);
                answer.attach(refused, operation, &self.provider).with_retry_after(wait)
            })?;
        }
        Ok(answer)
    }

    /// Which page a request asks for; see [`PageNumber::of`]. Names operation and provider in the refusal of a cursor
    /// that is not one of these.
    pub fn page_number(
        &self,
        request: &PageRequest,
        default: u32,
        max: u32,
        operation: Operation,
    ) -> Result<PageNumber> {
        PageNumber::of(request, default, max).map_err(|error| self.name(error, operation))
    }

    /// Which part of a listing by start index a request asks for; see [`StartIndex::of`].
    pub fn start_index(
        &self,
        request: &PageRequest,
        default: u32,
        max: u32,
        operation: Operation,
    ) -> Result<StartIndex> {
        StartIndex::of(request, default, max).map_err(|error| self.name(error, operation))
    }

    /// Which part of a listing by the provider's cursors a request asks for; see [`PageToken::of`].
    pub fn page_token(
        &self,
        request: &PageRequest,
        default: u32,
        max: u32,
        operation: Operation,
    ) -> Result<PageToken> {
        PageToken::of(request, default, max).map_err(|error| self.name(error, operation))
    }

    /// Takes the keys that are and were in use out of a text of the provider's, in case it repeats what it was sent.
    pub fn scrub(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for credential in &*self.credentials.read().unwrap_or_else(PoisonError::into_inner) {
            let key = credential.secret.expose_secret().trim();
            if !key.is_empty() && text.contains(key) {
                text = text.replace(key, "[redacted]");
            }
        }
        text
    }

    /// The same of an error's line, for an error that quotes an answer.
    pub fn scrubbed(&self, error: Error) -> Error {
        let line = self.scrub(error.message());
        error.with_message(line)
    }

    /// The error for an answer that means the same at every provider, with the provider's own words.
    pub fn failure(&self, answer: &Answer, operation: Operation) -> Error {
        self.quote(answer.failure(operation, &self.provider), answer)
    }

    /// An error that the adapter has classified, about this answer, with the provider's own words.
    pub fn classified(&self, error: Error, answer: &Answer, operation: Operation) -> Error {
        self.quote(answer.attach(error, operation, &self.provider), answer)
    }

    /// A refusal has words for people. A success has data, which belongs in no error.
    fn quote(&self, error: Error, answer: &Answer) -> Error {
        let said = if answer.is_success() { None } else { answer.message() };
        error.with_provider_message(said.map(|text| self.scrub(&text)))
    }

    fn name(&self, error: Error, operation: Operation) -> Error {
        error.with_operation(operation).with_provider(self.provider.clone())
    }

    fn build(&self, request: Request<'_>, credential: &Credential) -> reqwest::Request {
        let mut url = self.base.clone();
        extend(&mut url, request.path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(request.query);
        }
        let mut built = reqwest::Request::new(request.method, url);
        let headers = built.headers_mut();
        headers.clone_from(&self.headers);
        if request.body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        headers.extend(request.headers);
        headers.insert(header::AUTHORIZATION, credential.header.clone());
        *built.body_mut() = request.body.map(Into::into);
        built
    }

    fn answer(&self, status: u16, mut headers: HeaderMap, body: Bytes) -> Answer {
        for value in headers.values_mut() {
            if self.repeats_key(value.as_bytes()) {
                *value = HeaderValue::from_static("[redacted]");
            }
        }
        let mut answer = Answer::new(status, headers, body).with_message_fields(self.message_fields);
        answer.request_id = answer.request_id.map(|id| self.scrub(&id));
        answer
    }

    async fn read(&self, mut response: reqwest::Response, operation: Operation) -> Result<Answer> {
        let status = response.status().as_u16();
        let announced = response.content_length().unwrap_or(0);
        let headers = std::mem::take(response.headers_mut());
        let body = if announced > self.transport.max_body() as u64 {
            Err(self.too_large(operation))
        } else {
            self.read_body(&mut response, announced, operation).await
        };
        match body {
            // Data goes on to logs, tables and files, where nobody takes the key out any more.
            Ok(body) if status < 300 && self.repeats_key(&body) => {
                let message =
                    "the answer repeats the key, as no provider does; is a debugging proxy in between?";
                let error = Error::new(ErrorKind::UnexpectedResponse, lost(operation), message);
                Err(self.answer(status, headers, Bytes::new()).attach(error, operation, &self.provider))
            }
            Ok(body) => Ok(self.answer(status, headers, body)),
            // The status alone says that it was refused; a body that was cut off cannot change that.
            Err(_) if (300..500).contains(&status) => Ok(self.answer(status, headers, Bytes::new())),
            Err(error) => {
                Err(self.answer(status, headers, Bytes::new()).attach(error, operation, &self.provider))
            }
        }
    }

    fn repeats_key(&self, body: &[u8]) -> bool {
        let known = self.credentials.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter_map(|credential| credential.finder.as_ref()).any(|key| key.find(body).is_some())
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
            if only.len() + whole.len() + piece.len() > self.transport.max_body() {
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
        let message = format!("the answer is larger than {} bytes", self.transport.max_body());
        Error::new(ErrorKind::UnexpectedResponse, lost(operation), message)
    }

    fn in_use(&self) -> Option<Arc<Credential>> {
        self.credentials.read().unwrap_or_else(PoisonError::into_inner).front().cloned()
    }

    async fn credential(&self) -> Result<Arc<Credential>> {
        if let Some(credential) = self.in_use() {
            return Ok(credential);
        }
        let asks = self.asks.load(Ordering::Acquire);
        let mut failed = self.asking.lock().await;
        if let Some(credential) = self.in_use() {
            return Ok(credential);
        }
        // Those who waited while it was asked share what it said: a command that takes long to fail would otherwise
        // keep a hundred calls waiting for a hundred times as long.
        if let Some(failed) = failed.as_ref().filter(|_| self.asks.load(Ordering::Acquire) != asks) {
            return Err(failed.clone());
        }
        let asked = self.ask(false).await;
        self.asks.fetch_add(1, Ordering::Release);
        *failed = asked.as_ref().err().cloned();
        asked
    }

    /// Whether there is another credential than the one that was refused. `asked` is how often the source had been
    /// asked to renew when the refused request was sent.
    async fn renew(&self, refused: &Credential, asked: u64) -> Result<bool> {
        let differs = |other: &Credential| other.secret.expose_secret() != refused.secret.expose_secret();
        let _asking = self.asking.lock().await;
        if self.in_use().is_some_and(|current| differs(&current)) {
            return Ok(true);
        }
        // Another call was refused meanwhile, and the source had no other key: asking it a hundred times for a burst of
        // a hundred calls would run a command a hundred times.
        if self.renewals.load(Ordering::Acquire) != asked {
            return Ok(false);
        }
        let renewed = self.ask(true).await;
        self.renewals.fetch_add(1, Ordering::Release);
        Ok(differs(&*renewed?))
    }

    async fn ask(&self, renew: bool) -> Result<Arc<Credential>> {
        let secret = self.source.credential(renew).await?;
        let text = SecretString::from(format!("{} {}", self.scheme.0, secret.expose_secret()));
        let mut header = HeaderValue::from_str(text.expose_secret()).map_err(|_| {
            let message =
                "the key has characters that a header cannot carry; is it the whole key and nothing else?";
            Error::new(ErrorKind::Credential, Effect::Rejected, message)
        })?;
        if secret.expose_secret().trim().is_empty() {
            return Err(Error::new(ErrorKind::Credential, Effect::Rejected, "the key is empty"));
        }
        header.set_sensitive(true);
        let key = secret.expose_secret().trim();
        let finder = (key.len() >= KEY_BY_LENGTH).then(|| Finder::new(key).into_owned());
        let credential = Arc::new(Credential { secret, header, finder });
        let mut credentials = self.credentials.write().unwrap_or_else(PoisonError::into_inner);
        credentials.retain(|known| known.secret.expose_secret() != credential.secret.expose_secret());
        credentials.push_front(Arc::clone(&credential));
        credentials.truncate(REMEMBERED_KEYS);
        Ok(credential)
    }
}

fn extend(url: &mut Url, path: &[&str]) {
    // Only a URL such as `mailto:` has no path to extend, and no base URL is one.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
}
