//! What is known of an adapter before there is an account: its name, its settings, and how it is opened.

use crate::credential::Credential;
use crate::own_settings::{SettingError, Settings, field_names};
use crate::settings::HttpSettings;
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;
use workspace_members_core::{Result, WorkspaceId, WorkspaceMembers};

/// Describes an adapter, so that accounts can be opened by configuration. Plain data, made at compile time:
///
/// ```
/// use serde::Deserialize;
/// use std::sync::Arc;
/// use workspace_members_core::{Result, WorkspaceMembers};
/// use workspace_members_http::{Adapter, AdapterConfig, Credential, HttpSettings};
///
/// #[derive(Debug, Default, Deserialize)]
/// #[serde(default, deny_unknown_fields)]
/// struct ClubhouseConfig {
///     town: Option<String>,
/// }
///
/// impl AdapterConfig for ClubhouseConfig {
///     fn connect(&self, http: &HttpSettings, key: Credential) -> Result<Arc<dyn WorkspaceMembers>> {
/// #       let _ = (http, key);
///         // Ok(Arc::new(Clubhouse::new(self, http, key)?))
/// #       unimplemented!()
///     }
/// }
///
/// pub const ADAPTER: Adapter = Adapter::new::<ClubhouseConfig>("clubhouse", "Clubhouse")
///     .with_variables("CLUBHOUSE_API_KEY", "CLUBHOUSE_BASE_URL");
/// assert_eq!(ADAPTER.settings(), ["town"]);
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Adapter {
    /// What it is called in configuration: `clubhouse`.
    pub provider: &'static str,
    /// What it is called by people: `Clubhouse`.
    pub title: &'static str,
    /// The environment variable that the key is taken from where there is no configuration.
    pub key_variable: Option<&'static str>,
    /// The environment variable that the base URL is taken from where there is no configuration.
    pub base_url_variable: Option<&'static str>,
    settings: fn() -> &'static [&'static str],
    read: fn(&Settings) -> Result<Box<dyn AdapterConfig>, SettingError>,
}

impl Adapter {
    /// An adapter whose own settings are the fields of `C`, a serde type with `deny_unknown_fields`.
    pub const fn new<C: AdapterConfig + DeserializeOwned + 'static>(
        provider: &'static str,
        title: &'static str,
    ) -> Self {
        Self {
            provider,
            title,
            key_variable: None,
            base_url_variable: None,
            settings: field_names::<C>,
            read: |settings| Ok(Box::new(settings.read::<C>()?)),
        }
    }

    /// Names the environment variables of the key and of the base URL.
    pub const fn with_variables(mut self, key: &'static str, base_url: &'static str) -> Self {
        self.key_variable = Some(key);
        self.base_url_variable = Some(base_url);
        self
    }

    /// The names of the settings that are its own, beside those of [`HttpSettings`].
    pub fn settings(&self) -> &'static [&'static str] {
        (self.settings)()
    }

    /// Reads its own settings. [`SettingError::setting`] says which one is wrong.
    pub fn read(&self, settings: &Settings) -> Result<Box<dyn AdapterConfig>, SettingError> {
        (self.read)(settings)
    }
}

impl fmt::Debug for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adapter")
            .field("provider", &self.provider)
            .field("settings", &self.settings())
            .finish_non_exhaustive()
    }
}

/// An adapter's own settings, once read.
pub trait AdapterConfig: fmt::Debug + Send + Sync {
    /// Opens an account. Sends nothing, and reads no key.
    fn connect(&self, http: &HttpSettings, credential: Credential) -> Result<Arc<dyn WorkspaceMembers>>;

    /// The one workspace that such an account reaches, if it reaches one only.
    fn only_workspace(&self) -> Option<&WorkspaceId> {
        None
    }

    /// What to know about the provider before changing something.
    fn notes(&self) -> &'static [&'static str] {
        &[]
    }

    /// What to know before changing something with these settings in particular.
    fn warning(&self) -> Option<&'static str> {
        None
    }
}
