//! The neutral server: fixed answers from memory, in a process of its own, for everybody.

use crate::bodies;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{BufRead, BufReader, Error, Result};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// The sizes of workspace and organization that there are.
pub const SIZES: [usize; 2] = [10, 10_000];

/// How many workspaces of 10 there are where answers are slow, with the ids from 1.
pub const SLOW_WORKSPACES: u64 = 1_000;

/// How long an answer takes there.
pub const LATENCY: Duration = Duration::from_millis(50);

/// A server in another process. Ends when dropped.
#[derive(Debug)]
pub struct NeutralServer {
    process: Child,
    url: String,
}

impl NeutralServer {
    /// Starts the program `neutral-server` beside this one, and waits until it listens.
    pub fn start() -> Result<Self> {
        let program = crate::program("neutral-server")?;
        let mut process = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let out = process.stdout.take().ok_or_else(|| Error::other("the server has no output"))?;
        let mut url = String::new();
        BufReader::new(out).read_line(&mut url)?;
        Ok(Self { process, url: url.trim().to_owned() })
    }

    /// `http://127.0.0.1:PORT`, which is Paradigm's base URL.
    pub fn paradigm(&self) -> &str {
        &self.url
    }

    /// The base URL of a PandaDoc organization of so many people.
    pub fn pandadoc(&self, people: usize) -> String {
        format!("{}/{people}", self.url)
    }

    /// Paradigm's base URL where every answer takes [`LATENCY`].
    pub fn slow_paradigm(&self) -> String {
        format!("{}{SLOW}", self.url)
    }
}

impl Drop for NeutralServer {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing else to do about it here.
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// Answers until the process ends.
pub async fn serve(listener: TcpListener) -> Result<()> {
    let answers = Arc::new(Answers::new());
    loop {
        let (connection, _) = listener.accept().await?;
        connection.set_nodelay(true)?;
        let answers = Arc::clone(&answers);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&answers), request));
            // A client that goes away in the middle is its own affair.
            _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(connection), service)
                .await;
        });
    }
}

const SLOW: &str = "/slow";

struct Answers {
    /// By method, path and page.
    by_path: HashMap<(Method, String, usize), (StatusCode, Bytes)>,
}

impl Answers {
    fn new() -> Self {
        let mut by_path = HashMap::new();
        let few = bodies::paradigm_members(10);
        for workspace in 1..=SLOW_WORKSPACES {
            let path = format!("{SLOW}/api/v3/workspaces/{workspace}/members");
            by_path.insert((Method::GET, path, 1), (StatusCode::OK, few.clone()));
        }
        for size in SIZES {
            let (path, body) = (format!("/api/v3/workspaces/{size}/members"), bodies::paradigm_members(size));
            by_path.insert((Method::GET, path.clone(), 1), (StatusCode::OK, body.clone()));
            by_path.insert((Method::POST, path, 1), (StatusCode::CREATED, body));
            for page in 1..=size.div_ceil(bodies::PANDADOC_PAGE) {
                let body = bodies::pandadoc_users(size, page);
                by_path
                    .insert((Method::GET, format!("/{size}/public/v1/users"), page), (StatusCode::OK, body));
            }
            let path = format!("/{size}/public/v1/workspaces/{}/members", bodies::PANDADOC_WORKSPACE);
            let body = Bytes::from_static(bodies::PANDADOC_ADDED.as_bytes());
            by_path.insert((Method::POST, path, 1), (StatusCode::OK, body));
        }
        Self { by_path }
    }
}

async fn answer(
    answers: Arc<Answers>,
    request: Request<Incoming>,
) -> std::result::Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    // The whole request is read before it is answered, as any real server does.
    _ = body.collect().await;
    let page = head.uri.query().and_then(|query| {
        query.split('&').find_map(|pair| pair.strip_prefix("page=")).and_then(|page| page.parse().ok())
    });
    if head.uri.path().starts_with(SLOW) {
        tokio::time::sleep(LATENCY).await;
    }
    let key = (head.method, head.uri.path().to_owned(), page.unwrap_or(1));
    let (status, body) = match answers.by_path.get(&key) {
        Some((status, body)) => (*status, body.clone()),
        None => (StatusCode::NOT_FOUND, Bytes::from_static(b"{}")),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    Ok(response)
}
