// The example needs what the adapters bring.
#![cfg_attr(feature = "http", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "http"),
    doc = "Who is in a workspace, and as what; see the feature `http` for `connect`."
)]

#[cfg(feature = "http")]
mod config;
#[cfg(feature = "http")]
mod connect;
#[cfg(feature = "http")]
#[macro_use]
mod registry;

// One line for each adapter of this repository: its feature, which is its provider's name, and its crate.
#[cfg(feature = "http")]
adapters! {
    "paradigm" => workspace_members_paradigm as paradigm;
    "pandadoc" => workspace_members_pandadoc as pandadoc;
}

#[cfg(feature = "http")]
pub use config::Config;
#[cfg(feature = "http")]
pub use connect::{connect, connect_bare};
#[cfg(feature = "http")]
pub use registry::Registry;
pub use secrecy::{ExposeSecret, SecretString};
pub use workspace_members_core::*;
/// What the HTTP adapters share: settings, sources of keys, the connection pool, and what an adapter is described by.
#[cfg(feature = "http")]
pub use workspace_members_http as http;
#[cfg(feature = "http")]
pub use workspace_members_http::{Credential, OAuth};
/// Wrappers around any [`WorkspaceMembers`]: retry, rate limit, trace, audit and others.
#[cfg(feature = "layers")]
pub use workspace_members_layers as layers;
/// Desired state: plan as data, guards on the outcome, apply.
#[cfg(feature = "sync")]
pub use workspace_members_sync as sync;
