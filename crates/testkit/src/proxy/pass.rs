//! Passing one request on, or doing to it what a rule says.

use super::{Answer, Fault, Request, Shared};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1::SendRequest;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

type Body = UnsyncBoxBody<Bytes, io::Error>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Headers about one connection, which are not passed on; the length is set anew.
const HOP_BY_HOP: [HeaderName; 5] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH, header::UPGRADE, header::TE];

/// Serves connections until it is aborted, which closes them all.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let _ = stream.set_nodelay(true);
                let shared = shared.clone();
                connections.spawn(async move {
                    let service = service_fn(|request| serve(request, shared.clone()));
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
async fn serve(request: hyper::Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Body>, BoxError> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let (number, fate) = shared.arrived(Request::new(&parts, body.clone()));
    let cut = || Err(BoxError::from("cut by a rule"));
    let whole = |answer: Answer| {
        shared.answered(number, &answer);
        response(&answer, Full::new(answer.body.clone()).map_err(|never| match never {}).boxed_unsync())
    };
    let Some((fault, armed)) = fate else { return whole(forward(parts, body, &shared).await?) };
    match fault {
        Fault::Answer(answer) => {
            armed.strike();
            whole(answer)
        }
        Fault::CutBefore => {
            armed.strike();
            cut()
        }
        Fault::HoldBefore => {
            armed.strike();
            armed.opened().await;
            whole(forward(parts, body, &shared).await?)
        }
        Fault::Slow(time) => {
            armed.strike();
            tokio::time::sleep(time).await;
            whole(forward(parts, body, &shared).await?)
        }
        Fault::AnswerAfter(answer) => {
            forward(parts, body, &shared).await?;
            armed.strike();
            whole(answer)
        }
        Fault::CutAfter => {
            forward(parts, body, &shared).await?;
            armed.strike();
            cut()
        }
        Fault::HoldAfter => {
            let answer = forward(parts, body, &shared).await?;
            armed.strike();
            armed.opened().await;
            whole(answer)
        }
        Fault::Empty => {
            let answer = forward(parts, body, &shared).await?;
            armed.strike();
            whole(answer.with_body(""))
        }
        Fault::Truncate => {
            let answer = forward(parts, body, &shared).await?;
            armed.strike();
            shared.answered(number, &answer);
            truncated(&answer)
        }
    }
}

/// A connection to the server that waits for its next request.
pub(super) type Idle = SendRequest<Full<Bytes>>;

/// An idle connection to the server, if there is one that it has not closed.
async fn idle(shared: &Shared) -> Option<Idle> {
    loop {
        let mut idle = shared.idle().pop()?;
        if idle.ready().await.is_ok() {
            return Some(idle);
        }
    }
}

async fn connect(shared: &Shared) -> Result<Idle, BoxError> {
    let upstream = shared.state().upstream.clone();
    let stream = TcpStream::connect(&upstream).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // Lives as long as its sender; its errors are the sender's too.
    tokio::spawn(connection);
    Ok(sender)
}

/// Sends the request on an idle connection or, if the server closes that before it has any of it, on a new one.
async fn send(
    mut request: hyper::Request<Full<Bytes>>,
    shared: &Shared,
) -> Result<(Response<Incoming>, Idle), BoxError> {
    while let Some(mut sender) = idle(shared).await {
        match sender.try_send_request(request).await {
            Ok(answer) => return Ok((answer, sender)),
            Err(mut error) => match error.take_message() {
                Some(unsent) => request = unsent,
                None => return Err(error.into_error().into()),
            },
        }
    }
    let mut sender = connect(shared).await?;
    Ok((sender.send_request(request).await?, sender))
}

/// Asks the server.
async fn forward(mut parts: http::request::Parts, body: Bytes, shared: &Shared) -> Result<Answer, BoxError> {
    for name in &HOP_BY_HOP {
        parts.headers.remove(name);
    }
    let upstream = shared.state().upstream.clone();
    parts.headers.insert(header::HOST, HeaderValue::from_str(&upstream)?);
    let (answer, sender) = send(hyper::Request::from_parts(parts, Full::new(body)), shared).await?;
    let (parts, body) = answer.into_parts();
    let headers = parts.headers.iter().filter(|(name, _)| !HOP_BY_HOP.contains(name)).map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let mut answer = Answer::status(parts.status.as_u16());
    answer.headers = headers.collect();
    let answer = answer.with_body(body.collect().await?.to_bytes());
    shared.idle().push(sender);
    Ok(answer)
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
