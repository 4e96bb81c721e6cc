//! What happens while a plan is carried out, as it happens.

use super::report::{Recovered, StepReport};
use crate::observe::Observed;
use crate::plan::{Plan, Step};
use std::fmt;
use std::sync::Arc;

/// Something that happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An open change of an earlier run was recovered.
    Recovered(&'a Recovered),
    /// Everything that a plan is made from was read.
    Read(&'a [Observed]),
    /// A plan was made and accepted, and is about to be carried out.
    Planned(&'a Plan),
    /// A step is about to be taken.
    Step(&'a Step),
    /// A step has ended.
    Done(&'a StepReport),
    /// Everything is read once more.
    Rereading,
}

/// Receives [`Event`]s. Called from the task that applies; it must not block for long.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(&Event<'_>) + Send + Sync>);

impl Progress {
    /// Calls a function with every event.
    pub fn new(each: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(each))
    }

    pub(super) fn report(&self, event: &Event<'_>) {
        (self.0)(event);
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}
