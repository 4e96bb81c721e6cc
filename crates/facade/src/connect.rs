//! From a configuration to an account.

use crate::adapters::ADAPTERS;
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
    let adapter = connect_bare(config, credential)?;
    #[cfg(feature = "layers")]
    let adapter = workspace_members_layers::standard(adapter, &config.effective_layers())
        .map_err(|error| error.with_provider(config.provider.clone()))?;
    Ok(adapter)
}

/// Opens an account without layers: each call is one request, once. As [`connect`] in everything else.
pub fn connect_bare(config: &Config, credential: Credential) -> Result<Arc<dyn WorkspaceMembers>> {
    let name = config.provider.as_str();
    let Some(adapter) = ADAPTERS.iter().find(|adapter| adapter.name == name) else {
        let known = ADAPTERS.iter().map(|adapter| adapter.name).collect::<Vec<_>>().join(", ");
        return Err(wrong(format!("provider {name:?} is not known; known are: {known}")));
    };
    let owner_of = |setting: &str| {
        ADAPTERS.iter().find(|other| other.settings.contains(&setting)).map(|other| other.name)
    };
    config.check(adapter.settings, owner_of)?;
    let Some(build) = adapter.build else {
        return Err(wrong(format!(
            "the adapter for {name} is not compiled in: turn on the feature `{name}` of the crate \
             `workspace-members`"
        )));
    };
    build(config, credential).map_err(|error| error.with_provider(config.provider.clone()))
}

/// The providers whose adapters are compiled in.
pub fn compiled_in() -> impl Iterator<Item = &'static str> {
    ADAPTERS.iter().filter(|adapter| adapter.build.is_some()).map(|adapter| adapter.name)
}
