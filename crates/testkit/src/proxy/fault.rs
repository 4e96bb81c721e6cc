//! What can go wrong between an adapter and its provider, and when.

use super::message::{Answer, Request};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// What the proxy does instead of passing a request and its answer on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Answers so; the server is not asked.
    Answer(Answer),
    /// The server acts, and its answer is replaced by this one.
    AnswerAfter(Answer),
    /// The connection is closed before the server is asked.
    CutBefore,
    /// The server acts, and the connection is closed before its answer: the acknowledgement is lost.
    CutAfter,
    /// The server acts; half of its body arrives, less than the length that the answer announced.
    Truncate,
    /// The server acts; its answer arrives without the body.
    Empty,
    /// The server acts, after this long. Sleeps on tokio's clock.
    Slow(Duration),
    /// The request waits until [`Armed::release`], and only then reaches the server.
    HoldBefore,
    /// The server acts, and its answer waits until [`Armed::release`].
    HoldAfter,
}

impl Fault {
    /// Whether it strikes after the server has acted.
    pub(crate) fn strikes_after(&self) -> bool {
        matches!(self, Self::AnswerAfter(_) | Self::CutAfter | Self::Truncate | Self::Empty | Self::HoldAfter)
    }

    /// What it does to this request, in words.
    pub(crate) fn told(&self, request: &str) -> String {
        match self {
            Self::Answer(answer) => {
                format!("{request} was answered {} instead of reaching the server", answer.status)
            }
            Self::AnswerAfter(answer) => {
                format!("the answer to {request} was replaced by a {}", answer.status)
            }
            Self::CutBefore => format!("the connection of {request} was cut before the server had it"),
            Self::CutAfter => format!("the answer to {request} was lost"),
            Self::Truncate => format!("half of the answer to {request} was lost"),
            Self::Empty => format!("the answer to {request} came without its body"),
            Self::Slow(time) => format!("{request} reached the server after {time:?}"),
            Self::HoldBefore => format!("{request} was kept from the server until it was released"),
            Self::HoldAfter => format!("the answer to {request} was kept back until it was released"),
        }
    }
}

type Predicate = Arc<dyn Fn(&Request) -> bool + Send + Sync>;

/// A fault, and which requests meet it: the next one, if the rule says nothing else.
#[derive(Clone)]
pub struct Rule {
    pub(crate) fault: Fault,
    pub(super) nth: usize,
    pub(super) times: usize,
    pub(super) when: Predicate,
}

impl Rule {
    /// Strikes the next request, once.
    pub fn new(fault: Fault) -> Self {
        Self { fault, nth: 1, times: 1, when: Arc::new(|_| true) }
    }

    /// Strikes the n-th matching request from now on; 1 is the next.
    pub fn nth(mut self, nth: usize) -> Self {
        self.nth = nth.max(1);
        self
    }

    /// Strikes so many matching requests in a row.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Counts only the requests for which this holds.
    pub fn when(mut self, predicate: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        self.when = Arc::new(predicate);
        self
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("fault", &self.fault)
            .field("nth", &self.nth)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}

/// A rule in force: says whether it struck, and lets go the requests that wait.
#[derive(Debug, Clone)]
pub struct Armed {
    pub(super) struck: watch::Sender<usize>,
    pub(super) open: watch::Sender<bool>,
}

impl Armed {
    pub(super) fn new() -> Self {
        Self { struck: watch::Sender::new(0), open: watch::Sender::new(false) }
    }

    /// How many requests met the fault so far.
    pub fn struck(&self) -> usize {
        *self.struck.borrow()
    }

    /// Waits until a request met the fault; for [`Fault::HoldAfter`], until the server has acted as well.
    pub async fn reached(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.struck.subscribe().wait_for(|struck| *struck > 0).await;
    }

    /// Lets go what waits, now and from now on.
    pub fn release(&self) {
        self.open.send_replace(true);
    }

    pub(super) fn strike(&self) {
        self.struck.send_modify(|struck| *struck += 1);
    }

    pub(super) async fn opened(&self) {
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}
