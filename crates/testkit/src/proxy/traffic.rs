//! What passes through the proxy: the log, the rules in force, and what each does to a request.

use super::exchange::Exchange;
use super::fault::{Armed, Fault, Rule};
use super::message::{Answer, Request};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderName, HeaderValue, Response, StatusCode, Uri, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

type Body = UnsyncBoxBody<Bytes, io::Error>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Headers about one connection, which are not passed on; the length is set anew.
const HOP_BY_HOP: [HeaderName; 5] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH, header::UPGRADE, header::TE];

/// What the accepting task and the handles share.
#[derive(Debug)]
pub(super) struct Traffic {
    state: Mutex<State>,
    /// Connections to the server. A request is sent once more only if the server has nothing of it.
    client: Client<HttpConnector, Full<Bytes>>,
}

#[derive(Debug)]
pub(super) struct State {
    /// Host and port of the server.
    pub(super) upstream: String,
    pub(super) log: Vec<Exchange>,
    pub(super) rules: Vec<Live>,
}

/// A rule and how many requests it has matched.
#[derive(Debug)]
pub(super) struct Live {
    rule: Rule,
    seen: usize,
    armed: Armed,
}

impl Traffic {
    pub(super) fn new(upstream: String) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            state: Mutex::new(State { upstream, log: Vec::new(), rules: Vec::new() }),
            client: Client::builder(TokioExecutor::new()).build(connector),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Predicates run under the lock; a panic in one leaves log and rules whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn inject(&self, rule: Rule) -> Armed {
        let armed = Armed::new();
        self.state().rules.push(Live { rule, seen: 0, armed: armed.clone() });
        armed
    }

    /// Logs a request, and returns its number in the log and the fault that it meets.
    fn arrived(&self, request: Request) -> (usize, Option<(Fault, Armed)>) {
        let mut state = self.state();
        let mut met = None;
        for live in &mut state.rules {
            if !(live.rule.when)(&request) {
                continue;
            }
            live.seen += 1;
            let strikes = live.rule.nth..live.rule.nth.saturating_add(live.rule.times);
            if met.is_none() && strikes.contains(&live.seen) {
                met = Some((live.rule.fault.clone(), live.armed.clone()));
            }
        }
        let fault = met.as_ref().map(|(fault, _)| fault.clone());
        state.log.push(Exchange { request, at: Instant::now(), answer: None, fault });
        (state.log.len() - 1, met)
    }

    fn answered(&self, number: usize, answer: &Answer) {
        // Gone if the log was cleared meanwhile.
        if let Some(exchange) = self.state().log.get_mut(number) {
            exchange.answer = Some(answer.clone());
        }
    }

    /// Asks the server.
    async fn forward(&self, mut parts: http::request::Parts, body: Bytes) -> Result<Answer, BoxError> {
        for name in &HOP_BY_HOP {
            parts.headers.remove(name);
        }
        // The client sets it anew, by the address.
        parts.headers.remove(header::HOST);
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let upstream = self.state().upstream.clone();
        parts.uri = Uri::builder().scheme("http").authority(upstream).path_and_query(target).build()?;
        let answer = self.client.request(hyper::Request::from_parts(parts, Full::new(body))).await?;
        let (parts, body) = answer.into_parts();
        let kept = parts.headers.iter().filter(|(name, _)| !HOP_BY_HOP.contains(name));
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let mut answer = Answer::status(parts.status.as_u16());
        answer.headers = kept.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        Ok(answer.with_body(body.collect().await?.to_bytes()))
    }
}

/// Serves connections until it is aborted, which closes them all.
pub(super) async fn accept(listener: TcpListener, traffic: Arc<Traffic>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let _ = stream.set_nodelay(true);
                let traffic = traffic.clone();
                connections.spawn(async move {
                    let service = service_fn(|request| serve(request, traffic.clone()));
                    // Ends with an error where a rule cuts the connection; that is its purpose.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// An error closes the connection without an answer.
async fn serve(request: hyper::Request<Incoming>, traffic: Arc<Traffic>) -> Result<Response<Body>, BoxError> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let (number, met) = traffic.arrived(Request::new(&parts, body.clone()));
    let cut = || Err(BoxError::from("cut by a rule"));
    let whole = |answer: Answer| {
        traffic.answered(number, &answer);
        response(&answer, Full::new(answer.body.clone()).map_err(|never| match never {}).boxed_unsync())
    };
    if let Some((fault, armed)) = &met
        && !fault.strikes_after()
    {
        armed.strike();
        match fault {
            Fault::Answer(answer) => return whole(answer.clone()),
            Fault::CutBefore => return cut(),
            Fault::Slow(time) => tokio::time::sleep(*time).await,
            _ => armed.opened().await,
        }
    }
    let answer = traffic.forward(parts, body).await?;
    if let Some((fault, armed)) = &met
        && fault.strikes_after()
    {
        armed.strike();
        match fault {
            Fault::AnswerAfter(other) => return whole(other.clone()),
            Fault::CutAfter => return cut(),
            Fault::Empty => return whole(answer.with_body("")),
            Fault::Truncate => {
                traffic.answered(number, &answer);
                return truncated(&answer);
            }
            _ => armed.opened().await,
        }
    }
    whole(answer)
}

fn response(answer: &Answer, body: Body) -> Result<Response<Body>, BoxError> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status)?;
    for (name, value) in &answer.headers {
        response
            .headers_mut()
            .append(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_bytes(value.as_bytes())?);
    }
    Ok(response)
}

/// Announces the whole length, sends half of it, and closes. An empty body announces one byte that never comes.
fn truncated(answer: &Answer) -> Result<Response<Body>, BoxError> {
    let half = answer.body.slice(..answer.body.len() / 2);
    let sent = stream::iter([Ok(Frame::data(half))]);
    let broken = stream::once(async {
        // While the body has nothing, the server sends what it has; without this the half would never leave.
        tokio::task::yield_now().await;
        Err(io::Error::other("truncated by a rule"))
    });
    let mut response = response(answer, StreamBody::new(sent.chain(broken)).boxed_unsync())?;
    if answer.status == 204 {
        // No length may follow this status.
        *response.status_mut() = StatusCode::OK;
    }
    let length = HeaderValue::from(answer.body.len().max(1));
    response.headers_mut().insert(header::CONTENT_LENGTH, length);
    Ok(response)
}
