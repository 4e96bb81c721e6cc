//! How plans are carried out.

use super::progress::Progress;
use crate::guards::Guards;
use crate::observe::Known;
use crate::plan::Override;
use crate::setters::setters;
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
    /// How many workspaces are worked on at a time; 0 counts as 1.
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

    setters! {
        with_guards(guards: Guards);
        with_overrides(overrides: BTreeSet<Override>);
        with_replan(replan: bool);
        with_concurrency(concurrency: usize);
        with_time_limit(time_limit: Duration);
        with_progress(progress: Progress);
    }

    /// Says what was read of a connection just before.
    pub fn with_known(mut self, connection: impl Into<String>, known: Known) -> Self {
        self.known.insert(connection.into(), known);
        self
    }
}
