//! Both providers as servers on loopback.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::Request as HttpRequest;
use axum::response::Response;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::call::{Call, Unreadable};
use crate::log::{Provider, Request};
use crate::options::Options;
use crate::reply::Reply;
use crate::secret::Secret;
use crate::state::{State, StateError};
use crate::world::{StateFile, World};

/// Paradigm and PandaDoc, each on a port of its own on loopback, with one state and one log.
///
/// Needs a tokio runtime. The servers stop when the value is dropped, or with [`shutdown`](Self::shutdown).
#[derive(Debug)]
pub struct Simulator {
    world: Arc<Mutex<World>>,
    paradigm: Server,
    pandadoc: Server,
}

#[derive(Debug)]
struct Server {
    url: String,
    key: Secret,
    /// Dropping it stops the server: the receiving end then resolves.
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// Why the simulators did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is not one of this machine alone. A simulator hands out its keys freely, so it stays at home.
    #[error("{address} is not a loopback address; the simulators listen on 127.0.0.0/8 or [::1] only")]
    NotLoopback {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address} for {provider}")]
    Listen {
        /// Whose server.
        provider: Provider,
        /// The address asked for.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The state or its file cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}

impl Simulator {
    /// Starts both servers with this state, on free ports of 127.0.0.1, default options and no file.
    ///
    /// # Errors
    /// [`StartError::Listen`] when no port is free, [`StartError::State`] when the state's parts do not fit together.
    pub async fn start(state: State) -> Result<Self, StartError> {
        Self::builder().state(state).start().await
    }

    /// Everything that can be chosen before the start.
    pub fn builder() -> Builder {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Builder { state: None, file: None, paradigm: free, pandadoc: free, options: Options::default() }
    }

    /// `http://127.0.0.1:PORT` of Paradigm, without a path.
    pub fn paradigm_url(&self) -> &str {
        &self.paradigm.url
    }

    /// `http://127.0.0.1:PORT` of PandaDoc, without a path.
    pub fn pandadoc_url(&self) -> &str {
        &self.pandadoc.url
    }

    /// The first Paradigm key of the state at the start; empty when it had none.
    pub fn paradigm_key(&self) -> &str {
        self.paradigm.key.expose()
    }

    /// The first PandaDoc key of the state at the start; empty when it had none.
    pub fn pandadoc_key(&self) -> &str {
        self.pandadoc.key.expose()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    /// A copy of the state as it is now.
    pub fn state(&self) -> State {
        self.world().state.clone()
    }

    /// Changes the state behind the API's back, as somebody in the provider's web pages would. Saved like any change.
    ///
    /// # Errors
    /// [`StateError::Write`] when the state file cannot be written; the change is then taken back.
    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> Result<T, StateError> {
        self.world().change(change)
    }

    /// Exchanges the options, from the next request on.
    pub fn set_options(&self, options: Options) {
        self.world().options = options;
    }

    /// The newest 10 000 requests to both servers, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.world().log.iter().cloned().collect()
    }

    /// Forgets the requests so far. Rate limits keep counting.
    pub fn clear_requests(&self) {
        self.world().log.clear();
    }

    /// Stops both servers. Answers already decided are sent; a request that comes later on an open connection gets a
    /// 503 and changes nothing. The state file is free when this returns, and the log that it answers is final.
    pub async fn shutdown(mut self) -> Vec<Request> {
        self.paradigm.stop = None;
        self.pandadoc.stop = None;
        self.world().close();
        // A client that keeps half a request open must not keep the caller here: nothing can change any more.
        for server in [&mut self.paradigm, &mut self.pandadoc] {
            let grace = std::time::Duration::from_secs(2);
            if tokio::time::timeout(grace, &mut server.task).await.is_err() {
                server.task.abort();
            }
        }
        self.requests()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.world().close();
    }
}

/// A test that panics while it changes the state must not take every later request with it.
fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a [`Simulator`] starts with.
#[derive(Debug)]
#[must_use = "nothing runs before `start`"]
pub struct Builder {
    state: Option<State>,
    file: Option<PathBuf>,
    paradigm: SocketAddr,
    pandadoc: SocketAddr,
    options: Options,
}

impl Builder {
    /// The state to start with; [`State::sample`] when not called. A state file that exists wins over it.
    pub fn state(mut self, state: State) -> Self {
        self.state = Some(state);
        self
    }

    /// Keeps the state in this file: read if it exists, else written at once; written again after every change and
    /// before the change's answer is sent. One simulator at a time can use a file.
    pub fn state_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Where Paradigm listens. Loopback only; port 0 takes a free one.
    pub fn paradigm_address(mut self, address: SocketAddr) -> Self {
        self.paradigm = address;
        self
    }

    /// Where PandaDoc listens. Loopback only; port 0 takes a free one.
    pub fn pandadoc_address(mut self, address: SocketAddr) -> Self {
        self.pandadoc = address;
        self
    }

    /// How the simulators behave.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Starts both servers. They answer as soon as this returns.
    ///
    /// # Errors
    /// [`StartError`]: an address that is not loopback or cannot be listened on, a state that does not fit together, a state file that
    /// cannot be used.
    pub async fn start(self) -> Result<Simulator, StartError> {
        // Listen first: a port that is taken must not leave a new state file behind.
        let paradigm = listen(Provider::Paradigm, self.paradigm).await?;
        let pandadoc = listen(Provider::PandaDoc, self.pandadoc).await?;
        let otherwise = || self.state.unwrap_or_else(State::sample);
        let (state, file) = match &self.file {
            Some(path) => {
                let file = StateFile::claim(path)?;
                (file.load_or_create(otherwise)?, Some(file))
            }
            None => (otherwise(), None),
        };
        state.check()?;
        let paradigm_key = state.paradigm.keys.first().map(|key| key.key.clone()).unwrap_or_default();
        let pandadoc_key = state.pandadoc.keys.first().map(|key| key.key.clone()).unwrap_or_default();
        let world = Arc::new(Mutex::new(World::new(state, self.options, file)));
        Ok(Simulator {
            paradigm: serve(Provider::Paradigm, paradigm, paradigm_key, &world),
            pandadoc: serve(Provider::PandaDoc, pandadoc, pandadoc_key, &world),
            world,
        })
    }
}

async fn listen(provider: Provider, address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    if !address.ip().is_loopback() {
        return Err(StartError::NotLoopback { address });
    }
    let failed = |source| StartError::Listen { provider, address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn serve(
    provider: Provider,
    (listener, bound): (TcpListener, SocketAddr),
    key: Secret,
    world: &Arc<Mutex<World>>,
) -> Server {
    let (stop, stopped) = oneshot::channel::<()>();
    let world = Arc::clone(world);
    // One handler for all paths: which operation a path is, is decided under the world's lock, so that requests to
    // unknown paths are logged like any other.
    let router = Router::new().fallback(move |request: HttpRequest| {
        let world = Arc::clone(&world);
        async move { answer(provider, &world, request).await }
    });
    let task = tokio::spawn(async move {
        let until = async {
            // An error means that the sender is gone, which is how a dropped simulator stops.
            let _ = stopped.await;
        };
        // Serving ends only by the signal: axum retries failed accepts itself.
        let _ = axum::serve(listener, router).with_graceful_shutdown(until).await;
    });
    Server { url: format!("http://{bound}"), key, stop: Some(stop), task }
}

async fn answer(provider: Provider, world: &Mutex<World>, request: HttpRequest) -> Response {
    let reply = match Call::read(request).await {
        Ok(call) => lock(world).handle(provider, &call),
        Err(Unreadable::TooLarge) => Reply::json(413, json!({"detail": "Request body is larger than 2 MB."})),
        Err(Unreadable::Broken) => Reply::json(400, json!({"detail": "Malformed request."})),
    };
    reply.into_http()
}
