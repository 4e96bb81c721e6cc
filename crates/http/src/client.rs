//! One account's base URL and credential, and the one attempt that every call is.

use crate::address::check_base_url;
use crate::answer::Answer;
use crate::credential::{CredentialSource, Key, Keys};
use crate::errors::transport_error;
use crate::paging::Paging;
use crate::request::{self, AuthScheme, Request, is_one_segment};
use crate::transport::{Transport, read_body};
use crate::wait::wait;
use crate::words::MESSAGE_FIELDS;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;
use url::Url;
use workspace_members_core::{Effect, Error, ErrorKind, Operation, PageRequest, Provider, Result};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// One account at one provider: sends one attempt and reads one bounded answer.
pub struct Client {
    provider: Provider,
    base: Url,
    http: reqwest::Client,
    transport: Transport,
    /// Sent with every request.
    headers: HeaderMap,
    /// The fields of a refusal that hold the provider's words.
    message_fields: &'static [&'static str],
    keys: Arc<Keys>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("provider", &self.provider)
            .field("base", &self.base.as_str())
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client for a base URL, for which [`check_base_url`](crate::check_base_url) decides. Sends nothing.
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
            headers: HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("application/json"))]),
            message_fields: MESSAGE_FIELDS,
            keys: Arc::new(Keys::new(source, scheme)),
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

    /// Sends one request and reads the answer, whatever its status. Never a second attempt.
    ///
    /// After a 401 the credential's source is asked once more; [`Answer::renewed`] says whether it had another key.
    /// Waits its turn where the transport has as many requests under way as it may.
    pub async fn send(&self, request: Request<'_>) -> Result<Answer> {
        let operation = request.operation;
        self.attempt(request).await.map_err(|error| self.named(error, operation))
    }

    /// Which part of a listing a request asks for, by page number, start index or the provider's own cursor; see
    /// [`Paging::of`]. Names operation and provider in the refusal of a cursor that is not one of these.
    pub fn page<P: Paging>(
        &self,
        request: &PageRequest,
        default: u32,
        max: u32,
        operation: Operation,
    ) -> Result<P> {
        P::of(request, default, max).map_err(|error| self.named(error, operation))
    }

    fn named(&self, error: Error, operation: Operation) -> Error {
        error.with_operation(operation).with_provider(self.provider.clone())
    }

    async fn attempt(&self, request: Request<'_>) -> Result<Answer> {
        let operation = request.operation;
        if let Some(segment) = request.path.iter().find(|segment| !is_one_segment(segment)) {
            return Err(Error::invalid_input(format!("{segment:?} cannot be one part of a path")));
        }
        // Before the turn, since a source may itself send requests over this transport.
        self.keys.get().await?;
        let turn = self.transport.turn().await;
        // And after it: other calls may have found meanwhile that the key is no longer good.
        let key = self.keys.get().await?;
        let asks = self.keys.asks();
        let response = self.http.execute(self.build(request, &key)).await;
        let response = response.map_err(|error| transport_error(error, operation))?;
        let mut answer = self.read(response, operation).await?;
        drop(turn);
        if answer.status == 401 {
            let renewed = self.keys.renew(&key, asks).await;
            answer.renewed = renewed.map_err(|error| not_renewed(&answer, error))?;
        }
        Ok(answer)
    }

    fn build(&self, request: Request<'_>, key: &Key) -> reqwest::Request {
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
        headers.insert(header::AUTHORIZATION, key.header.clone());
        *built.body_mut() = request.body.map(Into::into);
        built
    }

    async fn read(&self, mut response: reqwest::Response, operation: Operation) -> Result<Answer> {
        let status = response.status().as_u16();
        let mut headers = std::mem::take(response.headers_mut());
        let (body, failed) = match read_body(&mut response, self.transport.max_body(), operation).await {
            // Data goes on to logs, tables and files, where the key is not taken out any more.
            Ok(body) if status < 300 && self.keys.stand_in(&body) => {
                let message =
                    "the answer repeats the key, as no provider does; is a debugging proxy in between?";
                let error = Error::new(ErrorKind::UnexpectedResponse, Effect::if_lost(operation), message);
                (Vec::new(), Some(error))
            }
            Ok(body) => (body, None),
            // The status alone says that it was refused; a body that was cut off cannot change that.
            Err(_) if (300..500).contains(&status) => (Vec::new(), None),
            Err(error) => (Vec::new(), Some(error)),
        };
        self.keys.scrub_headers(&mut headers);
        let id = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).map(str::trim);
        let answer = Answer {
            operation,
            status,
            body: body.into(),
            request_id: id.filter(|id| !id.is_empty() && id.len() <= 128).map(|id| self.keys.scrub(id)),
            retry_after: wait(status, &headers, SystemTime::now()),
            renewed: false,
            headers,
            provider: self.provider.clone(),
            message_fields: self.message_fields,
            keys: Arc::clone(&self.keys),
        };
        match failed {
            None => Ok(answer),
            Some(error) => Err(answer.error(error)),
        }
    }
}

/// What keeps the source from giving another key may pass, and then the call may be repeated.
fn not_renewed(answer: &Answer, error: Error) -> Error {
    let (kind, effect, now) = match error.kind() {
        kind if kind.is_transient() => (kind, Effect::NotApplied, " for now"),
        _ => (ErrorKind::Unauthenticated, Effect::Rejected, ""),
    };
    let message = format!("the key was refused, and its source could not give another{now}");
    let wait = error.retry_after();
    answer.error(Error::new(kind, effect, message).with_source(error)).with_retry_after(wait)
}

fn extend(url: &mut Url, path: &[&str]) {
    // Only a URL such as `mailto:` has no path to extend, and no base URL is one.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
}
