//! The state behind both servers, and how one request changes it.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

use axum::http::Method;
use serde_json::json;
use tokio::time::Instant;

use crate::call::Call;
use crate::limit::Limiter;
use crate::log::{Body, Provider, Request, redacted_header};
use crate::options::Options;
use crate::reply::Reply;
use crate::state::{State, StateError, sibling};
use crate::{pandadoc, paradigm};

/// Both providers: the state, the limits that are counted against, and the log.
///
/// It stands behind one lock. A request is handled whole, saved and logged before the next one, so that the file, the log
/// and the answers tell the same story in the same order.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) options: Options,
    pub(crate) limiter: Limiter,
    /// The newest requests, oldest first.
    pub(crate) log: VecDeque<Request>,
    file: Option<StateFile>,
    open: bool,
}

/// How many requests are kept. A simulator in the foreground may run for days.
const LOGGED: usize = 10_000;

/// The name of the operation and its answer.
pub(crate) type Handled = (Option<&'static str>, Reply);

impl World {
    pub(crate) fn new(state: State, options: Options, file: Option<StateFile>) -> Self {
        let (limiter, log) = Default::default();
        Self { state, options, limiter, log, file, open: true }
    }

    /// Changes the state as a person in the provider's own web pages would.
    pub(crate) fn change<T>(&mut self, change: impl FnOnce(&mut State) -> T) -> Result<T, StateError> {
        let before = self.saved();
        let done = change(&mut self.state);
        self.save_or_restore(before)?;
        Ok(done)
    }

    /// No request is served from here on, and the state file is free for another simulator. A connection that is
    /// still open could otherwise write to a file that is no longer ours.
    pub(crate) fn close(&mut self) {
        self.open = false;
        self.file = None;
    }

    /// Handles one request: decide, change, save, log. Short and without waiting; the file is written by the thread
    /// that has the lock, because an answer must not leave before its change is kept.
    pub(crate) fn handle(&mut self, provider: Provider, call: &Call) -> Reply {
        if !self.open {
            return Reply::json(503, json!({"detail": "the simulator has been shut down"}));
        }
        let before = if call.method == Method::GET { None } else { self.saved() };
        let (operation, mut reply) = match provider {
            Provider::Paradigm => paradigm::handle(self, call),
            Provider::PandaDoc => pandadoc::handle(self, call),
        };
        if let Err(error) = self.save_or_restore(before) {
            reply = Reply::json(500, json!({"detail": format!("simulator: {error}")}));
        }
        if self.log.len() == LOGGED {
            self.log.pop_front();
        }
        self.log.push_back(record(provider, operation, call, &reply));
        reply
    }

    /// The state that the file has, if there is one. A large state takes long to copy, and without a file nothing can fail.
    fn saved(&self) -> Option<State> {
        self.file.as_ref().map(|_| self.state.clone())
    }

    /// Saves a change, or takes it back when it cannot be saved.
    fn save_or_restore(&mut self, before: Option<State>) -> Result<(), StateError> {
        let (Some(file), Some(before)) = (&self.file, before) else { return Ok(()) };
        if self.state == before {
            return Ok(());
        }
        let saved = self.state.save(&file.path);
        if saved.is_err() {
            self.state = before;
        }
        saved
    }
}

fn record(provider: Provider, operation: Option<&'static str>, call: &Call, reply: &Reply) -> Request {
    Request {
        at: Instant::now(),
        provider,
        method: call.method.to_string(),
        path: call.path.clone(),
        query: call.query.clone(),
        headers: call
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.to_string(), redacted_header(name.as_str(), &value))
            })
            .collect(),
        body: call.body.redacted(),
        operation,
        status: reply.status,
        answer_headers: reply.headers.iter().map(|(name, value)| (name.to_string(), value.clone())).collect(),
        answer: reply.body.clone().map_or(Body::Empty, |body| Body::Json(body).redacted()),
    }
}

/// A state file that this simulator alone may write, for as long as the value lives.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    /// Open for its lock. The lock stands on a file beside the state, because saving replaces the state file itself.
    lock: fs::File,
}

impl Drop for StateFile {
    fn drop(&mut self) {
        // To close the file is not enough: a program that is being started by another thread may have it open still, and
        // the lock with it.
        _ = self.lock.unlock();
    }
}

impl StateFile {
    pub(crate) fn claim(path: &Path) -> Result<Self, StateError> {
        let write = |error| StateError::Write(path.to_owned(), error);
        let lock = sibling(path, "lock").map_err(write)?;
        let lock =
            fs::OpenOptions::new().write(true).create(true).truncate(false).open(lock).map_err(write)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), lock }),
            Err(fs::TryLockError::WouldBlock) => Err(StateError::InUse(path.to_owned())),
            Err(fs::TryLockError::Error(source)) => Err(write(source)),
        }
    }

    /// The state in the file; `otherwise` is written when there is no file yet.
    pub(crate) fn load_or_create(&self, otherwise: impl FnOnce() -> State) -> Result<State, StateError> {
        match State::load(&self.path) {
            Err(StateError::Read(_, error)) if error.kind() == std::io::ErrorKind::NotFound => {
                let state = otherwise();
                // A state that nobody could read again must not get into the file.
                state.check()?;
                state.save(&self.path)?;
                Ok(state)
            }
            loaded => loaded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_given_back_though_somebody_else_has_it_open() {
        let folder = tempfile::tempdir().unwrap();
        let claim = || StateFile::claim(&folder.path().join("state.json"));
        let file = claim().unwrap();
        assert!(matches!(claim(), Err(StateError::InUse(_))));
        // As a program has it that is being started.
        let _inherited = file.lock.try_clone().unwrap();
        drop(file);
        claim().unwrap();
    }
}
