//! From a configuration to an account.

use crate::adapters::{ADAPTERS, Build};
use crate::config::wrong;
use crate::{Config, Credential};
use std::sync::Arc;
use workspace_members_core::{Result, WorkspaceMembers};

/// Opens an account. Sends nothing, reads no key and runs no command yet; a root certificate file is read.
///
/// With feature `layers`, the standard layers are around it, as [`Config::layers`](crate::Config::layers) says: what
/// fails for the moment is repeated where that is safe, and the provider's limits are kept. They need a Tokio runtime
/// with time enabled. [`connect_bare`] leaves them off.
///
/// [`ErrorKind::Config`](crate::ErrorKind::Config) says what is wrong with the configuration, or which cargo feature
/// turns on the adapter that it names.
///
/// ```no_run
/// use workspace_members::{Config, Credential, connect};
///
/// # async fn example() -> workspace_members::Result<()> {
/// let key = std::env::var("PANDADOC_API_KEY").unwrap_or_default();
/// let account = connect(&Config::new("pandadoc"), Credential::from_key(key))?;
/// println!("acting as {:?}", account.me().await?.email);
/// # Ok(()) }
/// ```
pub fn connect(config: &Config, credential: Credential) -> Result<Arc<dyn WorkspaceMembers>> {
    in_layers(connect_bare(config, credential)?, config)
}

/// Opens an account over a connection pool that other accounts use too: one trust store, one proxy, one bound on open
/// connections for all of them. As [`connect`] in everything else.
///
/// The settings that a pool has decided (certificates, proxy, time limits) are refused in the configuration.
///
/// ```no_run
/// use workspace_members::http::{Transport, TransportConfig};
/// use workspace_members::{Config, Credential, connect_with};
///
/// # fn example() -> workspace_members::Result<()> {
/// let transport = Transport::new(TransportConfig::default())?;
/// let accounts = ["pandadoc", "paradigm"]
///     .map(|provider| connect_with(&Config::new(provider), Credential::from_key("…"), &transport));
/// # Ok(()) }
/// ```
#[cfg(feature = "http")]
pub fn connect_with(
    config: &Config,
    credential: Credential,
    transport: &workspace_members_http::Transport,
) -> Result<Arc<dyn WorkspaceMembers>> {
    let build = adapter(config)?;
    config.check_no_transport()?;
    let adapter = build(config, credential, transport);
    in_layers(adapter.map_err(|error| error.with_provider(config.provider.clone()))?, config)
}

/// Opens an account without layers: each call is one request, once. As [`connect`] in everything else.
pub fn connect_bare(config: &Config, credential: Credential) -> Result<Arc<dyn WorkspaceMembers>> {
    let build = adapter(config)?;
    #[cfg(feature = "http")]
    let account =
        crate::adapters::transport(config).and_then(|transport| build(config, credential, &transport));
    #[cfg(not(feature = "http"))]
    let account = build(config, credential);
    account.map_err(|error| error.with_provider(config.provider.clone()))
}

#[cfg_attr(
    not(feature = "layers"),
    expect(clippy::unnecessary_wraps, reason = "the same form as with layers")
)]
fn in_layers(account: Arc<dyn WorkspaceMembers>, config: &Config) -> Result<Arc<dyn WorkspaceMembers>> {
    #[cfg(feature = "layers")]
    let account = Arc::new(
        workspace_members_layers::Stack::standard(account, &config.effective_layers())
            .map_err(|error| error.with_provider(config.provider.clone()))?,
    );
    #[cfg(not(feature = "layers"))]
    let _ = config;
    Ok(account)
}

/// How the account that a configuration names is built, once the configuration is known to be one for it.
fn adapter(config: &Config) -> Result<Build> {
    let name = config.provider.as_str();
    let Some(adapter) = ADAPTERS.iter().find(|adapter| adapter.name == name) else {
        let known = ADAPTERS.iter().map(|adapter| adapter.name).collect::<Vec<_>>().join(", ");
        return Err(wrong(format!("provider {name:?} is not known; known are: {known}")));
    };
    let owner_of = |setting: &str| {
        ADAPTERS.iter().find(|other| other.settings.contains(&setting)).map(|other| other.name)
    };
    config.check(adapter.settings, owner_of)?;
    adapter.build.ok_or_else(|| {
        wrong(format!(
            "the adapter for {name} is not compiled in: turn on the feature `{name}` of the crate `workspace-members`"
        ))
    })
}

/// The providers whose adapters are compiled in.
pub fn compiled_in() -> impl Iterator<Item = &'static str> {
    ADAPTERS.iter().filter(|adapter| adapter.build.is_some()).map(|adapter| adapter.name)
}
