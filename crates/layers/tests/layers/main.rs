//! The layers, driven by a scripted account on a paused clock.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic as tests do, and clippy knows only the tests"
)]

mod audit;
mod documents;
mod forwarding;
mod rate_limit;
mod retry;
mod standard;
mod support;
