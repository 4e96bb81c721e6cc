#![doc = include_str!("../README.md")]

mod client;
mod config;
mod convert;
mod errors;
mod roles;
mod wire;

pub use client::Paradigm;
pub use config::{ADAPTER, DEFAULT_BASE_URL, Level, ParadigmConfig};
pub use roles::roles;
pub use workspace_members_http::{Credential, HttpSettings};
