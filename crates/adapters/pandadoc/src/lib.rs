#![doc = include_str!("../README.md")]

mod client;
mod config;
mod convert;
mod failure;
mod roles;
mod wire;

pub use client::PandaDoc;
pub use config::{Auth, KeyKind, PandaDocConfig, Reach, Region, TOKEN_PATH};
pub use roles::roles;
pub use workspace_members_http::{
    CommandCredential, CredentialSource, FileCredential, OAuthRefresh, Proxy, StaticCredential, TokenStore,
    Transport, TransportConfig,
};
