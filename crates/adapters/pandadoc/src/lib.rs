#![doc = include_str!("../README.md")]

mod client;
mod config;
mod convert;
mod errors;
mod roles;
mod wire;

pub use client::PandaDoc;
pub use config::{ADAPTER, Auth, KeyKind, PandaDocConfig, Reach, Region};
pub use roles::roles;
pub use workspace_members_http::{Credential, HttpSettings};
