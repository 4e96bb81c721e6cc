//! A server whose answer to everything is set from outside, on loopback: so that nothing between the socket and the core
//! types is left out.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use workspace_members_http::{Transport, TransportConfig};

/// The largest body that is read here, in bytes.
pub const MAX_BODY: usize = 1 << 18;

/// What the server answers: a status and a body.
type Reply = (u16, Vec<u8>);

/// The server, and the runtime that it and its clients run on.
pub(crate) struct Rig {
    runtime: Runtime,
    reply: Arc<Mutex<Reply>>,
    /// `http://127.0.0.1:PORT`.
    pub(crate) base: String,
    pub(crate) transport: Transport,
    /// Held from setting the reply to the end of the call.
    turn: Mutex<()>,
}

impl Rig {
    /// The one of this process.
    pub(crate) fn get() -> &'static Self {
        static RIG: OnceLock<Rig> = OnceLock::new();
        RIG.get_or_init(Self::start)
    }

    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let reply = Arc::new(Mutex::new((200, Vec::new())));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port on loopback");
        let base = format!("http://{}", listener.local_addr().expect("a bound port has an address"));
        let shared = Arc::clone(&reply);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        let mut limits = TransportConfig::default();
        limits.max_body = MAX_BODY;
        let transport = Transport::new(limits).expect("a valid configuration");
        Self { runtime, reply, base, transport, turn: Mutex::new(()) }
    }

    /// Takes the turn, and has everything answered so until it is given back.
    pub(crate) fn answering(&self, status: u16, body: &[u8]) -> MutexGuard<'_, ()> {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        *self.reply.lock().unwrap_or_else(PoisonError::into_inner) = (status, body.to_vec());
        turn
    }

    /// Runs a call to its end.
    pub(crate) fn run<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }
}

async fn serve(mut stream: TcpStream, reply: Arc<Mutex<Reply>>) {
    let mut buffer = Vec::new();
    loop {
        // Requests here are small and come one at a time, so the end of the head and the length are all there is to read.
        let head = loop {
            if let Some(at) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            if !matches!(stream.read_buf(&mut buffer).await, Ok(read) if read > 0) {
                return;
            }
        };
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let length =
            text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        while buffer.len() < head + length.unwrap_or(0) {
            if !matches!(stream.read_buf(&mut buffer).await, Ok(read) if read > 0) {
                return;
            }
        }
        buffer.clear();
        let (status, body) = reply.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let bodyless = status == 204;
        let length = if bodyless { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        let mut bytes = format!("HTTP/1.1 {status} x\r\n{length}\r\n").into_bytes();
        if !bodyless {
            bytes.extend_from_slice(&body);
        }
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
    }
}
