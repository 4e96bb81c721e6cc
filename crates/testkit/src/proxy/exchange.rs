//! What went through the proxy.

use super::fault::Fault;
use super::message::{Answer, Request};
use std::time::Instant;

/// One request, and what became of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// The request.
    pub request: Request,
    /// When it arrived.
    pub at: Instant,
    /// The answer that the server gave or the proxy made up; `None` until there is one, or if none was sent.
    pub answer: Option<Answer>,
    /// The fault that it met.
    pub fault: Option<Fault>,
}

impl From<&Exchange> for Answer {
    /// The answer as it was once given: played again, it makes a server repeat itself.
    fn from(exchange: &Exchange) -> Self {
        exchange.answer.clone().unwrap_or_else(|| Self::status(502))
    }
}
