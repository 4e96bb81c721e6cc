//! A scripted HTTP/1.1 server on loopback: it sends the scripted bytes and keeps the requests.

use serde_json::Value;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// One request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The target as sent: path and query, still encoded; an authority for `CONNECT`.
    pub target: String,
    /// The headers, names in lower case, values as sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Recorded {
    /// The path as sent, still encoded.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query as sent; empty where there is none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The only value of a header. Two of one name are a defect of the client's.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values: Vec<_> = self.headers.iter().filter(|(n, _)| n == name).collect();
        assert!(values.len() <= 1, "header {name} was sent {} times", values.len());
        values.first().map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("the body is not JSON: {error}"))
    }
}

/// How a connection goes on after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It takes the next request.
    KeepAlive,
    /// It is closed in order.
    Close,
    /// It is reset.
    Reset,
    /// It stays open, and nothing comes.
    Hang,
}

#[derive(Debug, Clone)]
enum Part {
    Bytes(Vec<u8>),
    Pause(Duration),
    Forever(Vec<u8>),
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    raw: Option<Vec<Part>>,
    end: End,
}

impl Reply {
    /// Whether the body is JSON of any kind.
    pub fn is_json(&self) -> bool {
        serde_json::from_slice::<Value>(&self.body).is_ok()
    }

    fn new(status: u16, kind: Option<&str>, body: Vec<u8>) -> Self {
        let headers = kind.map(|kind| ("Content-Type".to_owned(), kind.to_owned())).into_iter().collect();
        Self { status, headers, body, raw: None, end: End::KeepAlive }
    }

    /// A status with a JSON body.
    pub fn json(status: u16, body: impl Into<Value>) -> Self {
        Self::new(status, Some("application/json"), body.into().to_string().into_bytes())
    }

    /// A status without a body.
    pub fn empty(status: u16) -> Self {
        Self::new(status, None, Vec::new())
    }

    /// A status with a body of another type.
    pub fn text(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new(status, Some(kind), body.into())
    }

    /// These bytes instead of an answer, after which the connection is closed.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { raw: Some(vec![Part::Bytes(bytes.into())]), end: End::Close, ..Self::empty(200) }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Says how the connection goes on.
    #[must_use]
    pub fn then(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// Waits before the first byte.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        let mut parts = vec![Part::Pause(wait)];
        parts.extend(self.parts());
        self.raw = Some(parts);
        self
    }

    /// Sends more bytes after a pause each: one call per byte drips.
    #[must_use]
    pub fn dripping(mut self, bytes: &[u8], pause: Duration) -> Self {
        let mut parts = self.parts();
        parts.extend(bytes.iter().flat_map(|byte| [Part::Pause(pause), Part::Bytes(vec![*byte])]));
        self.raw = Some(parts);
        self
    }

    /// Repeats these bytes until the client is gone.
    #[must_use]
    pub fn forever(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        let mut parts = self.parts();
        parts.push(Part::Forever(bytes.into()));
        self.raw = Some(parts);
        self
    }

    /// The whole answer as it goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut lines = vec![format!("HTTP/1.1 {} Scripted", self.status)];
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        if self.status != 204 && self.status != 304 {
            lines.push(format!("Content-Length: {}", self.body.len()));
        }
        let mut bytes = format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }

    fn parts(&mut self) -> Vec<Part> {
        let whole = self.bytes();
        self.raw.take().unwrap_or_else(|| vec![Part::Bytes(whole)])
    }
}

type Handler = dyn Fn(&Recorded, usize) -> Reply + Send + Sync;

#[derive(Default)]
struct Shared {
    requests: Mutex<Vec<Recorded>>,
    next: Mutex<Option<Reply>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

/// A running server. It stops when the value is dropped.
pub struct Server {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({})", self.url())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Answers each request with what the handler returns for its number, from 0.
    pub async fn start(handler: impl Fn(&Recorded, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(Arc::new(handler), None).await
    }

    /// The same over TLS.
    pub async fn start_tls(
        tls: TlsAcceptor,
        handler: impl Fn(&Recorded, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Arc::new(handler), Some(tls)).await
    }

    /// Answers these in order; one request more is a 599, which no test expects.
    pub async fn script(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Vec<Reply> = replies.into_iter().collect();
        Self::start(move |_, at| replies.get(at).cloned().unwrap_or_else(|| Reply::empty(599))).await
    }

    /// Answers every request alike.
    pub async fn always(reply: Reply) -> Self {
        Self::start(move |_, _| reply.clone()).await
    }

    /// Answers every request with what was last given to [`answer`](Self::answer).
    pub async fn adjustable() -> Self {
        let shared = Arc::new(Shared::default());
        let answers = Arc::clone(&shared);
        let handler = move |_: &Recorded, _: usize| {
            let reply = answers.next.lock().unwrap_or_else(PoisonError::into_inner).clone();
            reply.unwrap_or_else(|| Reply::empty(599))
        };
        Self::listen_with(Arc::new(handler), None, shared).await
    }

    /// Says what an adjustable server answers from now on, and forgets the requests so far.
    pub fn answer(&self, reply: Reply) {
        *self.shared.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    async fn listen(handler: Arc<Handler>, tls: Option<TlsAcceptor>) -> Self {
        Self::listen_with(handler, tls, Arc::default()).await
    }

    async fn listen_with(handler: Arc<Handler>, tls: Option<TlsAcceptor>, shared: Arc<Shared>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap_or_else(|e| panic!("bind: {e}"));
        let address = listener.local_addr().unwrap_or_else(|e| panic!("local_addr: {e}"));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let task = tokio::spawn(accept(listener, tls, handler, Arc::clone(&shared)));
        Self { address, scheme, shared, task }
    }

    /// `http://127.0.0.1:PORT` or `https://localhost:PORT`.
    pub fn url(&self) -> String {
        let host = if self.scheme == "https" { "localhost" } else { "127.0.0.1" };
        format!("{}://{host}:{}", self.scheme, self.address.port())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The only request there was.
    pub fn only(&self) -> Recorded {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "one request was expected: {requests:#?}");
        requests[0].clone()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many connections were open at once, at most.
    pub fn most_open(&self) -> usize {
        self.shared.most_open.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, handler: Arc<Handler>, shared: Arc<Shared>) {
    // Dropped with the server, and every connection with it.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((tcp, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let open = shared.open.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most_open.fetch_max(open, Ordering::SeqCst);
        let (tls, handler, shared) = (tls.clone(), Arc::clone(&handler), Arc::clone(&shared));
        connections.spawn(async move {
            converse(tcp, tls, &*handler, &shared).await;
            shared.open.fetch_sub(1, Ordering::SeqCst);
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn converse(mut tcp: TcpStream, tls: Option<TlsAcceptor>, handler: &Handler, shared: &Shared) {
    let _ = tcp.set_nodelay(true);
    match tls {
        None => {
            if talk(&mut tcp, handler, shared).await == End::Reset {
                let _ = tcp.set_zero_linger();
            }
        }
        Some(acceptor) => {
            let Ok(mut stream) = acceptor.accept(tcp).await else { return };
            if talk(&mut stream, handler, shared).await == End::Reset {
                let _ = stream.get_ref().0.set_zero_linger();
            } else {
                let _ = stream.shutdown().await;
            }
        }
    }
}

/// Answers until the connection ends; says how it is to end.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, handler: &Handler, shared: &Shared) -> End {
    let mut buffer = Vec::new();
    loop {
        let Some(request) = read_request(stream, &mut buffer).await else { return End::Close };
        let at = {
            let mut requests = shared.requests.lock().unwrap_or_else(PoisonError::into_inner);
            requests.push(request.clone());
            requests.len() - 1
        };
        let mut reply = handler(&request, at);
        let end = reply.end;
        for part in reply.parts() {
            let sent = match part {
                Part::Bytes(bytes) => stream.write_all(&bytes).await,
                Part::Pause(wait) => {
                    tokio::time::sleep(wait).await;
                    Ok(())
                }
                Part::Forever(bytes) => loop {
                    if let Err(error) = stream.write_all(&bytes).await {
                        break Err(error);
                    }
                },
            };
            if sent.is_err() || stream.flush().await.is_err() {
                return End::Close;
            }
        }
        match end {
            End::KeepAlive => {}
            End::Hang => std::future::pending().await,
            End::Close | End::Reset => return end,
        }
    }
}

/// Reads one request with a body of a stated length; `None` where the client has gone.
async fn read_request<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> Option<Recorded> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        more(stream, buffer).await?;
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    buffer.drain(..head_end + 4);
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    while buffer.len() < length {
        more(stream, buffer).await?;
    }
    let body = buffer.drain(..length).collect();
    Some(Recorded { method, target, headers, body })
}

async fn more<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> Option<()> {
    let mut chunk = [0; 8192];
    let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
    buffer.extend_from_slice(&chunk[..read]);
    Some(())
}
