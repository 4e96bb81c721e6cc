//! The layers, driven by a scripted account on a paused clock.

mod audit;
mod documents;
mod forwarding;
mod rate_limit;
mod retry;
mod standard;
mod support;
mod trace;
