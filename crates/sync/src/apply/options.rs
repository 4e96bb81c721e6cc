//! How plans are carried out.

use super::progress::Progress;
use crate::guards::Guards;
use crate::observe::Known;
use crate::plan::Override;
use crate::store::{FileStore, StateStore};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How a plan is carried out.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ApplyOptions {
    /// Where leases and open changes are kept. It must outlive the run: it records who may be outside.
    pub store: Arc<dyn StateStore>,
    /// Guards of this host, on top of the plan's.
    pub guards: Guards,
    /// Guards lifted for this very plan.
    pub overrides: BTreeSet<Override>,
    /// Whether a plan that is no longer current is replaced by what would be planned now, instead of refused.
    pub replan: bool,
    /// How many workspaces are worked on at a time. At least 1.
    pub concurrency: usize,
    /// How long the plan may take at the least ([`Plan::eta_seconds`](crate::Plan::eta_seconds)); a longer one is refused
    /// before its first step.
    pub time_limit: Option<Duration>,
    /// What was read just before, by connection, and is not read again.
    pub known: BTreeMap<String, Known>,
    /// Receives what happens, as it happens.
    pub progress: Progress,
}

impl ApplyOptions {
    /// Refuses a plan that is no longer current, lifts no guard, and works on four workspaces at a time.
    ///
    /// Keeps its state in a folder of this host: [`FileStore`].
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self::with_store(Arc::new(FileStore::new(state_dir)))
    }

    /// The same with any store.
    pub fn with_store(store: Arc<dyn StateStore>) -> Self {
        Self {
            store,
            guards: Guards::new(),
            overrides: BTreeSet::new(),
            replan: false,
            concurrency: 4,
            time_limit: None,
            known: BTreeMap::new(),
            progress: Progress::default(),
        }
    }

    /// Adds this host's guards.
    pub fn with_guards(mut self, guards: Guards) -> Self {
        self.guards = guards;
        self
    }

    /// Lifts guards.
    pub fn with_overrides(mut self, overrides: BTreeSet<Override>) -> Self {
        self.overrides = overrides;
        self
    }

    /// Says whether to plan anew where the plan is no longer current.
    pub fn with_replan(mut self, replan: bool) -> Self {
        self.replan = replan;
        self
    }

    /// Says how many workspaces are worked on at a time.
    pub fn with_concurrency(mut self, workspaces: usize) -> Self {
        self.concurrency = workspaces.max(1);
        self
    }

    /// Refuses a plan that cannot be carried out in this time.
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = Some(limit);
        self
    }

    /// Says what was read of a connection just before.
    pub fn with_known(mut self, connection: impl Into<String>, known: Known) -> Self {
        self.known.insert(connection.into(), known);
        self
    }

    /// Receives events.
    pub fn with_progress(mut self, progress: Progress) -> Self {
        self.progress = progress;
        self
    }
}
