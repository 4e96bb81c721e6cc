#![doc = include_str!("../README.md")]

mod client;
mod config;
mod convert;
mod roles;
mod wire;

pub use client::Paradigm;
pub use config::{DEFAULT_BASE_URL, Level, ParadigmConfig};
pub use roles::roles;
pub use workspace_members_http::{
    CommandCredential, CredentialSource, FileCredential, OAuthRefresh, Proxy, StaticCredential, TokenStore,
    Transport, TransportConfig,
};
