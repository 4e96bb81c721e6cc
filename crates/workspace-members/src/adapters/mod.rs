//! One row per adapter: what it is called, which settings are its own, and how it is built where it is compiled in.

#[cfg(feature = "pandadoc")]
mod pandadoc;
#[cfg(feature = "paradigm")]
mod paradigm;
#[cfg(feature = "http")]
mod transport;

#[cfg(feature = "http")]
pub(crate) use transport::transport;

use crate::{Config, Credential};
use std::sync::Arc;
use workspace_members_core::{Result, WorkspaceMembers};

/// Builds an account over a connection pool.
#[cfg(feature = "http")]
pub(crate) type Build =
    fn(&Config, Credential, &workspace_members_http::Transport) -> Result<Arc<dyn WorkspaceMembers>>;
/// Without any adapter there is nothing to build, and no pool.
#[cfg(not(feature = "http"))]
pub(crate) type Build = fn(&Config, Credential) -> Result<Arc<dyn WorkspaceMembers>>;

pub(crate) struct Adapter {
    /// The provider's name, and the cargo feature's.
    pub(crate) name: &'static str,
    /// The settings of [`Config`] that only this adapter has.
    pub(crate) settings: &'static [&'static str],
    /// `None` where the feature is off.
    pub(crate) build: Option<Build>,
}

macro_rules! build {
    ($feature:literal, $module:ident) => {{
        #[cfg(feature = $feature)]
        let build: Option<Build> = Some($module::build);
        #[cfg(not(feature = $feature))]
        let build: Option<Build> = None;
        build
    }};
}

pub(crate) const ADAPTERS: &[Adapter] = &[
    Adapter { name: "paradigm", settings: &["level", "inferred"], build: build!("paradigm", paradigm) },
    Adapter {
        name: "pandadoc",
        settings: &["region", "reach", "auth", "key_kind"],
        build: build!("pandadoc", pandadoc),
    },
];
