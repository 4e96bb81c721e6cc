//! Which adapters there are. Open: one that is not in this repository is as good as ours.

use crate::{Config, Credential};
use std::sync::Arc;
use workspace_members_core::{Result, WorkspaceMembers};
use workspace_members_http::{Adapter, AdapterConfig, HttpSettings, SettingError, Settings};

/// Shows the adapters of this repository that are compiled in, each under a name, and puts them into the registry.
macro_rules! adapters {
    ($($feature:literal => $crate_name:ident as $name:ident;)+) => {
        $(#[cfg(feature = $feature)] pub use $crate_name as $name;)+

        /// The adapters of this repository, compiled in or not.
        const FEATURES: &[&str] = &[$($feature),+];

        fn defaults() -> Vec<http::Adapter> {
            vec![$(#[cfg(feature = $feature)] $name::ADAPTER),+]
        }
    };
}

/// The adapters that [`Config`]s are opened with.
///
/// ```
/// # #[cfg(feature = "paradigm")] {
/// # mod clubhouse { pub use workspace_members::paradigm::ADAPTER; }
/// use workspace_members::Registry;
///
/// let registry = Registry::with_defaults().with(clubhouse::ADAPTER);
/// # assert!(registry.find("paradigm").is_some());
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Registry(Vec<Adapter>);

impl Registry {
    /// No adapters.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Those of this repository that are compiled in.
    pub fn with_defaults() -> Self {
        Self(crate::defaults())
    }

    /// Adds one, in place of another with the same provider.
    pub fn with(mut self, adapter: Adapter) -> Self {
        self.0.retain(|other| other.provider != adapter.provider);
        self.0.push(adapter);
        self
    }

    /// All of them, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Adapter> {
        self.0.iter()
    }

    /// The one for a provider.
    pub fn find(&self, provider: &str) -> Option<&Adapter> {
        self.0.iter().find(|adapter| adapter.provider == provider)
    }

    /// Reads the settings that only one provider has. What is wrong is said with what would be right; the error names
    /// the setting, so that a reader of files can say where it stands (`provider` too, if it is not known).
    pub fn read(&self, provider: &str, own: &Settings) -> Result<Box<dyn AdapterConfig>, SettingError> {
        let Some(adapter) = self.find(provider) else {
            return Err(SettingError::new(Some("provider".to_owned()), self.unknown(provider)));
        };
        match own.names().find(|name| !adapter.settings().contains(name)) {
            Some(name) => Err(SettingError::new(Some(name.to_owned()), self.no_setting(adapter, name))),
            None => adapter.read(own),
        }
    }

    fn unknown(&self, provider: &str) -> String {
        if crate::FEATURES.contains(&provider) {
            return format!(
                "the adapter for {provider} is not compiled in: turn on the feature `{provider}` of the crate \
                 `workspace-members`"
            );
        }
        let known: Vec<_> = self.0.iter().map(|adapter| adapter.provider).collect();
        format!("provider {provider:?} is not known; known are: {}", known.join(", "))
    }

    fn no_setting(&self, adapter: &Adapter, name: &str) -> String {
        let provider = adapter.provider;
        if let Some(other) = self.0.iter().find(|other| other.settings().contains(&name)) {
            let whose = other.provider;
            return format!("`{name}` is a setting of {whose}, and this account is at {provider}: remove it");
        }
        let list =
            |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let own = match adapter.settings() {
            [] => "none of its own".to_owned(),
            own => list(own),
        };
        format!(
            "{provider} has no setting `{name}`; it has {own}, and as every provider {}, `layers`",
            list(HttpSettings::names())
        )
    }

    /// Opens an account, as [`connect`](crate::connect) does, with these adapters.
    pub fn connect(&self, config: &Config, credential: Credential) -> Result<Arc<dyn WorkspaceMembers>> {
        let account = self.connect_bare(config, credential)?;
        #[cfg(feature = "layers")]
        let account = Arc::new(
            workspace_members_layers::Stack::standard(account, &config.effective_layers())
                .map_err(|error| error.with_provider(config.provider.clone()))?,
        );
        Ok(account)
    }

    /// Opens an account without layers: each call is one request, once.
    pub fn connect_bare(&self, config: &Config, credential: Credential) -> Result<Arc<dyn WorkspaceMembers>> {
        let own = self.read(config.provider.as_str(), &config.own)?;
        own.connect(&config.effective_http(), credential)
            .map_err(|error| error.with_provider(config.provider.clone()))
    }
}
