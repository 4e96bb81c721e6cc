#![doc = include_str!("../README.md")]

mod adapters;
pub mod config;
mod connect;
mod credential;

pub use config::Config;
#[cfg(feature = "http")]
pub use connect::connect_with;
pub use connect::{compiled_in, connect, connect_bare};
pub use credential::{Credential, OAuth};
pub use secrecy::{ExposeSecret, SecretString};
pub use workspace_members_core::*;

/// What the HTTP adapters share: sources of keys, the connection pool.
#[cfg(feature = "http")]
pub mod http {
    pub use workspace_members_http::{
        CommandCredential, CredentialSource, FileCredential, OAuthRefresh, Proxy, StaticCredential,
        TokenStore, Transport, TransportConfig,
    };
}

/// Wrappers around any [`WorkspaceMembers`]: retry, rate limit, trace, audit and others.
#[cfg(feature = "layers")]
pub use workspace_members_layers as layers;
/// The PandaDoc adapter.
#[cfg(feature = "pandadoc")]
pub use workspace_members_pandadoc as pandadoc;
/// The `LightOn` Paradigm adapter.
#[cfg(feature = "paradigm")]
pub use workspace_members_paradigm as paradigm;
/// Desired state: plan as data, guards on the outcome, apply.
#[cfg(feature = "sync")]
pub use workspace_members_sync as sync;
