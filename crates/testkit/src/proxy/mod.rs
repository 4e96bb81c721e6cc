//! A proxy on loopback between an adapter and any HTTP/1.1 server: it keeps the log of requests and injects faults.

mod exchange;
mod fault;
mod message;
mod traffic;

pub use exchange::Exchange;
pub use fault::{Armed, Fault, Rule};
pub use message::{Answer, Request};

use crate::ordinal::ordinal;
use http::Uri;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use traffic::Traffic;

/// Stands in front of one server. Clones are handles on the same proxy, which ends with the last of them.
///
/// A request is passed on with its method, path, query, headers and body as they are, except that `Host` names the
/// server: absolute links in answers lead past the proxy, so that an adapter that follows one shows by its absence in the
/// log.
///
/// ```
/// use workspace_members_testkit::{Answer, Fault, Proxy, Rule};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let proxy = Proxy::start("http://127.0.0.1:9").await?; // the server that the adapter shall talk to
/// let armed = proxy.inject(Rule::new(Fault::Answer(Answer::status(503))).when(|request| request.is_write()));
/// // … let the adapter, whose base URL is `proxy.url()`, write something …
/// assert_eq!((armed.struck(), proxy.log().len()), (0, 0));
/// # Ok::<(), std::io::Error>(()) })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Proxy(Arc<Inner>);

/// What all handles share. The accepting task ends with [`stop`](Proxy::stop) or with the last handle.
#[derive(Debug)]
struct Inner {
    address: SocketAddr,
    prefix: String,
    traffic: Arc<Traffic>,
    stop: watch::Sender<bool>,
    stopped: watch::Sender<bool>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

impl Proxy {
    /// Begins to listen on a free port of 127.0.0.1, in front of a server such as `http://127.0.0.1:8080/prefix`.
    ///
    /// Fails if no port can be had, or if `upstream` is not an `http` URL with a host. Must be called within a tokio
    /// runtime.
    pub async fn start(upstream: &str) -> io::Result<Self> {
        let (upstream, prefix) = parts(upstream)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let traffic = Arc::new(Traffic::new(upstream));
        let (stop, stopped) = (watch::Sender::new(false), watch::Sender::new(false));
        let (mut stops, has_stopped) = (stop.subscribe(), stopped.clone());
        let accepting = traffic::accept(listener, traffic.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = accepting => {}
                _ = stops.wait_for(|stop| *stop) => {}
            }
            // The listener and all connections were dropped with `accepting`. The port stays taken for as long as the
            // proxy is there: a client that finds nobody must not find somebody else's server.
            let taken = take(address);
            has_stopped.send_replace(true);
            // Until the proxy is dropped.
            while stops.changed().await.is_ok() {}
            drop(taken);
        });
        Ok(Self(Arc::new(Inner { address, prefix, traffic, stop, stopped })))
    }

    /// The base URL to give to the adapter: the server's, with the proxy's address. No slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.0.address, self.0.prefix)
    }

    /// Puts a rule into force. The first rule in force that strikes a request does; each counts all that it matches.
    pub fn inject(&self, rule: Rule) -> Armed {
        self.0.traffic.inject(rule)
    }

    /// Takes all rules out of force. What waits still waits until it is released.
    pub fn clear_rules(&self) {
        self.0.traffic.state().rules.clear();
    }

    /// Everything that arrived, in order.
    pub fn log(&self) -> Vec<Exchange> {
        self.0.traffic.state().log.clone()
    }

    /// The faults that requests in the log met, in words.
    pub(crate) fn faults(&self) -> Vec<String> {
        let log = self.log().into_iter().enumerate();
        let told = |(at, Exchange { request, fault, .. }): (usize, Exchange)| {
            Some(fault?.told(&format!("the {} request, {request},", ordinal(at + 1))))
        };
        log.filter_map(told).collect()
    }

    /// How many requests arrived.
    pub fn count(&self) -> usize {
        self.0.traffic.state().log.len()
    }

    /// Forgets what arrived so far.
    pub fn clear_log(&self) {
        self.0.traffic.state().log.clear();
    }

    /// The server behind it, as given to [`start`](Self::start) or [`lead_to`](Self::lead_to).
    pub fn upstream(&self) -> String {
        format!("http://{}{}", self.0.traffic.state().upstream, self.0.prefix)
    }

    /// Stands in front of another server from the next request on, such as the same one after a restart, while clients
    /// keep their base URL.
    ///
    /// Fails as [`start`](Self::start) does, and if the path is not the one that clients know.
    pub fn lead_to(&self, upstream: &str) -> io::Result<()> {
        let (authority, prefix) = parts(upstream)?;
        if prefix != self.0.prefix {
            return Err(invalid(upstream, "another path than the server before"));
        }
        self.0.traffic.state().upstream = authority;
        Ok(())
    }

    /// Stops listening and closes all connections: once this returns, nobody can connect.
    pub async fn stop(&self) {
        self.0.stop.send_replace(true);
        let _ = self.0.stopped.subscribe().wait_for(|stopped| *stopped).await;
    }
}

/// Binds an address and does not listen on it, so that connections to it are refused.
fn take(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn invalid(upstream: &str, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{upstream:?}: {why}"))
}

/// Host with port, and path, of a server that can be stood in front of.
fn parts(upstream: &str) -> io::Result<(String, String)> {
    let uri: Uri = upstream.parse().map_err(|_| invalid(upstream, "not a URL"))?;
    if uri.scheme_str() != Some("http") {
        return Err(invalid(upstream, "only http servers can be stood in front of"));
    }
    let host = uri.host().ok_or_else(|| invalid(upstream, "no host"))?;
    let authority = format!("{host}:{}", uri.port_u16().unwrap_or(80));
    Ok((authority, uri.path().trim_end_matches('/').to_owned()))
}
