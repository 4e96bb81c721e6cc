//! Servers that speak HTTP/2 and misbehave, frame by frame. Over TLS the client offers HTTP/2 first, so this is what a
//! provider behind a modern front is reached by.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use workspace_members_core::{Effect, ErrorKind, Operation, Provider, Result};
use workspace_members_http::{
    Answer, AuthScheme, Client, Method, Request, Transport, TransportConfig, check_base_url,
};
use workspace_members_tests::{Authority, Issued, chain, key};

const X: Provider = Provider::from_static("x");
const SOON: Duration = Duration::from_millis(700);
const LONG: Duration = Duration::from_secs(30);

/// Types of frames and flags (RFC 9113, section 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A header as a literal that no table keeps (RFC 7541, section 6.2.2).
fn header(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        bytes.push(u8::try_from(text.len()).unwrap());
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// `:status`, which has a number in the static table.
fn status(status: u16) -> Vec<u8> {
    let mut bytes = vec![0x08, 3];
    bytes.extend(status.to_string().as_bytes());
    bytes
}

fn head(stream: u32, code: u16, flags: u8) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | flags, stream, &status(code))
}

fn answer(stream: u32, code: u16, body: &str) -> Vec<u8> {
    [head(stream, code, 0), frame(DATA, END_STREAM, stream, body.as_bytes())].concat()
}

fn setting(number: u16, value: u32) -> Vec<u8> {
    [number.to_be_bytes().as_slice(), &value.to_be_bytes()].concat()
}

/// What follows the answer.
#[derive(Clone)]
enum Then {
    /// The connection is closed.
    Close,
    /// Nothing.
    Hang,
    /// These bytes, until the client is gone.
    Forever(Vec<u8>),
}

type Script = dyn Fn(u32) -> (Vec<u8>, Then) + Send + Sync;

struct Server {
    url: String,
    authority: Authority,
    /// How many streams were opened, over all connections.
    requests: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Answers each request with what the script says for its stream.
    async fn start(script: impl Fn(u32) -> (Vec<u8>, Then) + Send + Sync + 'static) -> Self {
        let authority = Authority::new();
        let mut config = (**authority.acceptor(&["localhost"], Issued::Now).config()).clone();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let (requests, script): (_, Arc<Script>) = (Arc::new(AtomicUsize::new(0)), Arc::new(script));
        let seen = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
                connections.spawn(async move {
                    let Ok(mut stream) = acceptor.accept(tcp).await else { return };
                    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
                    talk(&mut stream, &*script, &seen).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { url, authority, requests, task }
    }

    fn client(&self, timeout: Duration) -> Client {
        let mut config = TransportConfig::default();
        config.root_ca_pem = Some(self.authority.pem().as_bytes().to_vec());
        config.request_timeout = timeout;
        config.max_body = 1 << 20;
        let pool = Transport::new(config).unwrap();
        Client::new(X, check_base_url(&self.url).unwrap(), &pool, AuthScheme::BEARER, key()).unwrap()
    }
}

async fn talk<S: AsyncRead + tokio::io::AsyncWrite + Unpin>(
    stream: &mut S,
    script: &Script,
    requests: &AtomicUsize,
) {
    let mut preface = [0; 24];
    if stream.read_exact(&mut preface).await.is_err() {
        return;
    }
    assert!(preface.starts_with(b"PRI * HTTP/2.0"));
    let _ = stream.write_all(&frame(SETTINGS, 0, 0, &[])).await;
    loop {
        let Some((kind, flags, id)) = next_frame(stream).await else { return };
        let sent = match kind {
            SETTINGS if flags & ACK == 0 => stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await,
            HEADERS => {
                requests.fetch_add(1, Ordering::SeqCst);
                if flags & END_STREAM == 0 {
                    continue;
                }
                Ok(())
            }
            DATA if flags & END_STREAM != 0 => Ok(()),
            _ => continue,
        };
        if sent.is_err() {
            return;
        }
        if kind == SETTINGS {
            continue;
        }
        let (bytes, then) = script(id);
        if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        match then {
            Then::Close => return,
            Then::Hang => {}
            Then::Forever(bytes) => while stream.write_all(&bytes).await.is_ok() {},
        }
    }
}

async fn next_frame<S: AsyncRead + Unpin>(stream: &mut S) -> Option<(u8, u8, u32)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; length as usize];
    stream.read_exact(&mut payload).await.ok()?;
    Some((head[3], head[4], u32::from_be_bytes([head[5], head[6], head[7], head[8]])))
}

async fn read(client: &Client) -> Result<Answer> {
    client.send(Request::new(Operation::Get, Method::GET, &["members"])).await
}

async fn write(client: &Client) -> Result<Answer> {
    let request = Request::new(Operation::Add, Method::POST, &["members"]);
    client.send(request.with_json(&json!({"user_id": 7})).unwrap()).await
}

#[tokio::test]
async fn http_2_is_spoken_where_it_is_offered() {
    let server = Server::start(|id| (answer(id, 201, "{}"), Then::Hang)).await;
    let client = server.client(LONG);
    for answer in [read(&client).await.unwrap(), write(&client).await.unwrap()] {
        assert_eq!((answer.status, answer.body.as_ref()), (201, b"{}".as_slice()));
    }
    assert_eq!(server.requests.load(Ordering::SeqCst), 2);
}

/// A misdeed: its name, what is answered, and how the calls end.
type Misdeed = (&'static str, Box<Script>, ErrorKind);

fn case(
    name: &'static str,
    kind: ErrorKind,
    script: impl Fn(u32) -> (Vec<u8>, Then) + Send + Sync + 'static,
) -> Misdeed {
    (name, Box::new(script), kind)
}

/// Answers that are broken off, refused, or of another length than announced.
fn broken_answers() -> Vec<Misdeed> {
    use ErrorKind::{Timeout, Transport};
    let goaway =
        |last: u32, code: u32| frame(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat());
    let reset = |id, code: u32| frame(RST_STREAM, 0, id, &code.to_be_bytes());
    vec![
        case("closes without an answer", Transport, |_| (Vec::new(), Then::Close)),
        case("says nothing", Timeout, |_| (Vec::new(), Then::Hang)),
        // A library may repeat these two by itself: they say that nothing was done. Ours is told never to.
        case("goes away, having processed nothing", Transport, move |_| (goaway(0, 0), Then::Close)),
        case("refuses the stream", Transport, move |id| (reset(id, 7), Then::Hang)),
        case("goes away in the middle", Transport, move |id| {
            ([head(id, 201, 0), goaway(id, 0)].concat(), Then::Close)
        }),
        case("goes away in anger", Transport, move |id| (goaway(id, 0xb), Then::Close)),
        case("resets the stream", Transport, move |id| (reset(id, 2), Then::Hang)),
        case("resets the stream after the head", Transport, move |id| {
            ([head(id, 201, 0), reset(id, 2)].concat(), Then::Hang)
        }),
        case("closes in the middle of the body", Transport, |id| {
            ([head(id, 201, 0), frame(DATA, 0, id, b"{")].concat(), Then::Close)
        }),
        case("sends less than announced", Transport, |id| {
            let head = [status(201), header("content-length", "9")].concat();
            let bytes = [frame(HEADERS, END_HEADERS, id, &head), frame(DATA, END_STREAM, id, b"{}")].concat();
            (bytes, Then::Hang)
        }),
        case("sends more than announced", Transport, |id| {
            let head = [status(201), header("content-length", "1")].concat();
            let bytes = [frame(HEADERS, END_HEADERS, id, &head), frame(DATA, END_STREAM, id, b"{}")].concat();
            (bytes, Then::Hang)
        }),
        case("speaks HTTP/1.1 all the same", Transport, |_| {
            (b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}".to_vec(), Then::Close)
        }),
    ]
}

/// Frames without end, larger than allowed, or such as cannot be.
fn wrong_frames() -> Vec<Misdeed> {
    use ErrorKind::{Timeout, Transport, UnexpectedResponse};
    let long = header("x-header", &"a".repeat(100)).repeat(100);
    vec![
        case("sends a body without end", UnexpectedResponse, |id| {
            (head(id, 200, 0), Then::Forever(frame(DATA, 0, id, &[b' '; 1 << 12])))
        }),
        case("sends empty frames without end", Transport, |id| {
            (head(id, 200, 0), Then::Forever(frame(DATA, 0, id, &[]).repeat(512)))
        }),
        case("sends a frame larger than allowed", Transport, |id| {
            ([head(id, 200, 0), frame(DATA, 0, id, &[b' '; 1 << 15])].concat(), Then::Hang)
        }),
        case("continues a head without end", Transport, {
            let long = long.clone();
            move |id| (frame(HEADERS, 0, id, &status(200)), Then::Forever(frame(CONTINUATION, 0, id, &long)))
        }),
        case("sends a head larger than allowed", Transport, move |id| {
            let more = frame(CONTINUATION, 0, id, &long).repeat(64);
            let last = frame(CONTINUATION, END_HEADERS, id, &[]);
            ([frame(HEADERS, 0, id, &status(200)), more, last].concat(), Then::Hang)
        }),
        case("packs a head that unpacks to a hundred times its size", Transport, |id| {
            // A header of 4 KB that the table keeps, and then its number there, 4,000 times.
            let mut head = status(200);
            head.extend([0x40, 1, b'a', 0x7f, 0xa1, 0x1e]);
            head.extend([b'b'; 4000]);
            head.extend([0xbe; 4000]);
            (frame(HEADERS, END_HEADERS | END_STREAM, id, &head), Then::Hang)
        }),
        case("refers to a header that the table does not have", Transport, |id| {
            (frame(HEADERS, END_HEADERS | END_STREAM, id, &[0xff, 0xff, 0x7f]), Then::Hang)
        }),
        case("sends a head without a status", Transport, |id| {
            (frame(HEADERS, END_HEADERS | END_STREAM, id, &header("a", "b")), Then::Hang)
        }),
        case("sends names in capitals", Transport, |id| {
            let head = [status(200), header("X-Header", "b")].concat();
            (frame(HEADERS, END_HEADERS | END_STREAM, id, &head), Then::Hang)
        }),
        case("sends 103 without end", Timeout, |id| (Vec::new(), Then::Forever(head(id, 103, 0).repeat(64)))),
        case("pings without end", Timeout, |_| {
            (Vec::new(), Then::Forever(frame(PING, 0, 0, &[0; 8]).repeat(64)))
        }),
        case("changes its settings without end", Timeout, |_| {
            (Vec::new(), Then::Forever(frame(SETTINGS, 0, 0, &setting(3, 100)).repeat(64)))
        }),
        case("opens the window too wide", Transport, |_| {
            let wide = frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffff_u32.to_be_bytes());
            (wide.repeat(2), Then::Hang)
        }),
        case("promises what nobody asked for", Transport, |id| {
            let promised = [2_u32.to_be_bytes().as_slice(), &status(200)].concat();
            (frame(PUSH_PROMISE, END_HEADERS, id, &promised), Then::Hang)
        }),
        case("answers on a stream that nobody opened", Transport, |_| (answer(99, 200, "{}"), Then::Hang)),
        case("sends a body before the head", Transport, |id| {
            (frame(DATA, END_STREAM, id, b"{}"), Then::Hang)
        }),
        case("sends settings that cannot be", Transport, |_| {
            (frame(SETTINGS, 0, 0, &setting(5, 1)), Then::Hang)
        }),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_an_http_2_server_does_wrong_is_an_error_and_a_write_in_doubt() {
    let mut wrong = Vec::new();
    let all: Vec<Misdeed> = broken_answers().into_iter().chain(wrong_frames()).collect();
    assert_eq!(all.len(), 29);
    for (name, script, kind) in all {
        let server = Server::start(script).await;
        let timeout = if kind == ErrorKind::Timeout { SOON } else { LONG };
        // Each call has a connection of its own, since the other may break it.
        for (writes, result) in
            [(false, read(&server.client(timeout)).await), (true, write(&server.client(timeout)).await)]
        {
            let effect = if writes { Effect::Unknown } else { Effect::NotApplied };
            match result {
                Err(error) if (error.kind(), error.effect()) == (kind, effect) => {
                    assert!(!chain(&error).contains("canary"), "{name}: {error:?}");
                }
                other => wrong.push(format!("{name}, a write {writes}: {other:?}")),
            }
        }
        let requests = server.requests.load(Ordering::SeqCst);
        if requests != 2 {
            wrong.push(format!("{name}: {requests} requests for two calls"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_2_connection_that_breaks_at_any_byte_leaves_the_truth() {
    for (code, body) in [(201, r#"{"id": 7}"#), (409, r#"{"detail": "there"}"#)] {
        let whole = answer(1, code, body);
        let head_end = head(1, code, 0).len();
        for cut in 0..=whole.len() {
            let part = whole[..cut].to_vec();
            let server = Server::start(move |_| (part.clone(), Then::Close)).await;
            let result = write(&server.client(LONG)).await;
            match result {
                Ok(answer) if cut == whole.len() => {
                    assert_eq!((answer.status, answer.body.as_ref()), (code, body.as_bytes()));
                }
                // Nothing that follows can change what a refusal says.
                Ok(answer) if code == 409 && cut >= head_end => assert_eq!(answer.status, 409),
                Err(error) if cut < whole.len() => {
                    assert_eq!(
                        (error.kind(), error.effect()),
                        (ErrorKind::Transport, Effect::Unknown),
                        "{cut}"
                    );
                }
                other => panic!("{code} cut at {cut} of {}: {other:?}", whole.len()),
            }
            assert_eq!(server.requests.load(Ordering::SeqCst), 1, "{code} cut at {cut}");
        }
    }
}

/// HTTP/2 lets a server end an answer by a reset that is no error, and the HTTP library takes what came for the whole. Half
/// of a JSON object or array is none, so the adapters find out.
#[tokio::test]
async fn a_body_that_a_reset_ends_as_if_all_were_well_is_no_answer() {
    let half = |id| {
        let reset = frame(RST_STREAM, 0, id, &[0; 4]);
        ([head(id, 201, 0), frame(DATA, 0, id, br#"{"user_id": "#), reset].concat(), Then::Hang)
    };
    let server = Server::start(half).await;
    let answer = write(&server.client(LONG)).await.unwrap();
    let error = answer.json::<serde_json::Value>(Operation::Add, &X).unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::UnexpectedResponse, Effect::Unknown));
}

#[tokio::test]
async fn a_request_that_the_server_never_takes_whole_ends_with_the_time_limit() {
    // More than the window that every stream begins with, which this server never opens again.
    let server = Server::start(|id| (answer(id, 201, "{}"), Then::Hang)).await;
    let request = Request::new(Operation::Add, Method::POST, &["members"]);
    let request = request.with_json(&json!({"note": "x".repeat(1 << 17)})).unwrap();
    let error = server.client(SOON).send(request).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::Unknown));
}
