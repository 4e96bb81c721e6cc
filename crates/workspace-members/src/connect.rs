//! From a configuration to an account, with the adapters of this repository.

use crate::{Config, Credential, Registry};
use std::sync::Arc;
use workspace_members_core::{Result, WorkspaceMembers};

/// Opens an account. Sends nothing, reads no key and runs no command yet; a root certificate file is read.
///
/// With feature `layers`, the standard layers are around it, as `Config::layers` says: what fails for the moment is
/// repeated where that is safe, and the provider's limits are kept. They need a Tokio runtime with time enabled.
/// [`connect_bare`] leaves them off. With adapters of your own, see [`Registry::connect`].
///
/// [`ErrorKind::Config`](crate::ErrorKind::Config) says what is wrong with the configuration, or which cargo feature
/// turns on the adapter that it names.
///
/// ```no_run
/// use workspace_members::http::{HttpSettings, Transport, TransportConfig};
/// use workspace_members::{Config, Credential, connect};
///
/// # async fn example() -> workspace_members::Result<()> {
/// let key = std::env::var("PANDADOC_API_KEY").unwrap_or_default();
/// let account = connect(&Config::new("pandadoc"), Credential::from_key(key))?;
/// println!("acting as {:?}", account.me().await?.email);
///
/// // Accounts may share a connection pool: one trust store, one proxy, one bound on open connections.
/// let pool = Transport::new(TransportConfig::default())?;
/// let shared = HttpSettings::default().with_transport(pool);
/// let accounts = ["pandadoc", "paradigm"].map(|provider| {
///     connect(&Config::new(provider).with_http(shared.clone()), Credential::from_key("…"))
/// });
/// # Ok(()) }
/// ```
pub fn connect(config: &Config, credential: Credential) -> Result<Arc<dyn WorkspaceMembers>> {
    Registry::with_defaults().connect(config, credential)
}

/// Opens an account without layers: each call is one request, once. As [`connect`] in everything else.
pub fn connect_bare(config: &Config, credential: Credential) -> Result<Arc<dyn WorkspaceMembers>> {
    Registry::with_defaults().connect_bare(config, credential)
}
