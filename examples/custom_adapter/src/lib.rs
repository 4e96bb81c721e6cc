//! An adapter for Clubhouse, a provider that does not exist. `docs/adding-an-adapter.md` builds it step by step.

mod client;
mod config;
mod convert;
mod errors;
mod roles;
mod wire;

pub use client::Clubhouse;
pub use config::{ADAPTER, ClubhouseConfig};
