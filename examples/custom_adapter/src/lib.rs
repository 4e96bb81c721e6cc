//! An adapter for Clubhouse, a provider that does not exist. `docs/adding-an-adapter.md` builds it step by step.

mod client;
mod wire;

pub use client::Clubhouse;
