//! A proxy on loopback between an adapter and any HTTP/1.1 server: it keeps the log of requests and injects faults.

mod fault;
mod log;
mod pass;

pub use fault::{Answer, Armed, Fault, Rule};
pub use log::{Exchange, Request};

use http::Uri;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::watch;

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
/// let proxy = Proxy::start("http://127.0.0.1:9").await?; // whatever server the adapter shall talk to
/// let armed = proxy.inject(Rule::new(Fault::Answer(Answer::status(503))).when(|request| request.is_write()));
/// // … let the adapter, whose base URL is `proxy.url()`, write something …
/// assert_eq!((armed.struck(), proxy.log().len()), (0, 0));
/// # Ok::<(), std::io::Error>(()) })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Proxy {
    shared: Arc<Shared>,
    task: Arc<Task>,
}

/// What the accepting task and the handles share.
#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    prefix: String,
    state: Mutex<State>,
    idle: Mutex<Vec<pass::Idle>>,
}

#[derive(Debug, Default)]
struct State {
    /// Host and port of the server.
    upstream: String,
    log: Vec<Exchange>,
    rules: Vec<Live>,
}

/// A rule and how many requests it has matched.
#[derive(Debug)]
struct Live {
    rule: Rule,
    seen: usize,
    armed: Armed,
}

/// The accepting task, which ends when it is told to or with the last handle.
#[derive(Debug)]
struct Task {
    stop: watch::Sender<bool>,
    stopped: watch::Sender<bool>,
}

impl Drop for Task {
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
        let shared = Arc::new(Shared {
            address: listener.local_addr()?,
            prefix,
            state: Mutex::new(State { upstream, ..State::default() }),
            idle: Mutex::default(),
        });
        let task = Task { stop: watch::Sender::new(false), stopped: watch::Sender::new(false) };
        let (mut stop, stopped) = (task.stop.subscribe(), task.stopped.clone());
        let accepting = pass::accept(listener, shared.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = accepting => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
            // The listener and all connections were dropped with `accepting`.
            stopped.send_replace(true);
        });
        Ok(Self { shared, task: Arc::new(task) })
    }

    /// The base URL to give to the adapter: the server's, with the proxy's address. No slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.shared.address, self.shared.prefix)
    }

    /// Puts a rule into force. The first rule in force that strikes a request does; each counts all that it matches.
    pub fn inject(&self, rule: Rule) -> Armed {
        let armed = Armed::new();
        self.shared.state().rules.push(Live { rule, seen: 0, armed: armed.clone() });
        armed
    }

    /// Takes all rules out of force. What is held stays held until it is released.
    pub fn clear_rules(&self) {
        self.shared.state().rules.clear();
    }

    /// Everything that arrived, in order.
    pub fn log(&self) -> Vec<Exchange> {
        self.shared.state().log.clone()
    }

    /// How many requests arrived.
    pub fn count(&self) -> usize {
        self.shared.state().log.len()
    }

    /// Forgets what arrived so far.
    pub fn clear_log(&self) {
        self.shared.state().log.clear();
    }

    /// The server behind it, as given to [`start`](Self::start) or [`lead_to`](Self::lead_to).
    pub fn upstream(&self) -> String {
        format!("http://{}{}", self.shared.state().upstream, self.shared.prefix)
    }

    /// Stands in front of another server from the next request on, such as the same one after a restart, while clients
    /// keep their base URL.
    ///
    /// Fails as [`start`](Self::start) does, and if the path is not the one that clients know.
    pub fn lead_to(&self, upstream: &str) -> io::Result<()> {
        let (authority, prefix) = parts(upstream)?;
        if prefix != self.shared.prefix {
            return Err(invalid(upstream, "another path than the server before"));
        }
        self.shared.state().upstream = authority;
        self.shared.idle().clear();
        Ok(())
    }

    /// Stops listening and closes all connections: once this returns, nobody can connect.
    pub async fn stop(&self) {
        self.task.stop.send_replace(true);
        let _ = self.task.stopped.subscribe().wait_for(|stopped| *stopped).await;
    }
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

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Predicates run under the lock; a panic in one leaves log and rules whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connections to the server that have nothing to do.
    fn idle(&self) -> MutexGuard<'_, Vec<pass::Idle>> {
        // Nothing panics while the lock is held.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs a request and decides its fate.
    fn arrived(&self, request: Request) -> (usize, Option<(Fault, Armed)>) {
        let mut state = self.state();
        let mut fate = None;
        for live in &mut state.rules {
            if !(live.rule.when)(&request) {
                continue;
            }
            live.seen += 1;
            let strikes = live.rule.nth..live.rule.nth.saturating_add(live.rule.times);
            if fate.is_none() && strikes.contains(&live.seen) {
                fate = Some((live.rule.fault.clone(), live.armed.clone()));
            }
        }
        let fault = fate.as_ref().map(|(fault, _)| fault.clone());
        state.log.push(Exchange { request, at: Instant::now(), answer: None, fault });
        (state.log.len() - 1, fate)
    }

    fn answered(&self, number: usize, answer: &Answer) {
        // Gone if the log was cleared meanwhile.
        if let Some(exchange) = self.state().log.get_mut(number) {
            exchange.answer = Some(answer.clone());
        }
    }
}
