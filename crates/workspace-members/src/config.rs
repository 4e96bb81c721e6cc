//! One account, as a configuration describes it.

use serde::{Deserialize, Serialize};
use workspace_members_core::{Provider, Result};
use workspace_members_http::{HttpSettings, Settings};

/// Where an account is and how it is reached, without its key. It reads from any format.
///
/// Everything but the provider has a default. In data, the settings of all three parts stand beside each other, with
/// those of the layers in a table `layers`:
///
/// ```
/// # #[cfg(feature = "pandadoc")] {
/// let config: workspace_members::Config = toml::from_str(r#"
///     provider = "pandadoc"
///     request_timeout_seconds = 60        # of every provider
///     reach = { workspace = "BhVzRcxH9Z2LgfPPGXFUBa" }    # PandaDoc's own
/// "#).unwrap();
/// assert!(workspace_members::connect_bare(&config, workspace_members::Credential::from_key("…")).is_ok());
/// # }
/// ```
///
/// A setting that the provider does not have is refused by [`connect`](crate::connect), never ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Config {
    /// Which provider.
    pub provider: Provider,
    /// What every HTTP adapter has.
    #[serde(flatten)]
    pub http: HttpSettings,
    /// With feature `layers`: retries, rate limits, audit and so on, as [`connect`](crate::connect) puts them around the
    /// adapter. The [request timeout](HttpSettings::request_timeout) and the layers' own hold for both where only one of
    /// them is set.
    #[cfg(feature = "layers")]
    #[serde(default)]
    pub layers: workspace_members_layers::LayersConfig,
    /// What only this provider's adapter has, not yet read.
    #[serde(flatten)]
    pub own: Settings,
}

impl Config {
    /// An account at this provider, everything else by default.
    pub fn new(provider: impl Into<String>) -> Self {
        Self {
            provider: Provider::new(provider),
            http: HttpSettings::default(),
            #[cfg(feature = "layers")]
            layers: workspace_members_layers::LayersConfig::default(),
            own: Settings::default(),
        }
    }

    /// The same with another host: `https://HOST`.
    pub fn with_base_url(mut self, url: impl Into<String>) -> Self {
        self.http.base_url = Some(url.into());
        self
    }

    /// Sets [`http`](Self::http).
    pub fn with_http(mut self, http: HttpSettings) -> Self {
        self.http = http;
        self
    }

    /// Sets [`own`](Self::own), from the adapter's own type, such as `pandadoc::PandaDocConfig`.
    pub fn with_own(mut self, own: &impl Serialize) -> Result<Self> {
        self.own = Settings::of(own)?;
        Ok(self)
    }

    /// Sets [`layers`](Self::layers).
    #[cfg(feature = "layers")]
    pub fn with_layers(mut self, layers: workspace_members_layers::LayersConfig) -> Self {
        self.layers = layers;
        self
    }

    /// The settings for the adapter, which bounds the time of a request itself: it knows when one is sent. Where its own
    /// setting says nothing, and no shared transport has decided it, the layers' [timeout] holds.
    ///
    /// [timeout]: workspace_members_layers::LayersConfig::timeout
    #[cfg(feature = "layers")]
    pub fn effective_http(&self) -> HttpSettings {
        let mut http = self.http.clone();
        if http.transport.is_none() {
            // The layers refuse no time at all by name.
            let layers = Some(self.layers.timeout).filter(|timeout| !timeout.is_zero());
            http.request_timeout = http.request_timeout.or(layers);
        }
        http
    }

    /// The settings for the adapter.
    #[cfg(not(feature = "layers"))]
    pub fn effective_http(&self) -> HttpSettings {
        self.http.clone()
    }

    /// The layers' settings, with the time limit of a request that was set for both.
    #[cfg(feature = "layers")]
    pub fn effective_layers(&self) -> workspace_members_layers::LayersConfig {
        let mut layers = self.layers.clone();
        if let Some(timeout) = self.http.request_timeout
            && layers.timeout == workspace_members_layers::LayersConfig::default().timeout
        {
            layers.timeout = timeout;
        }
        layers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_part_reads_its_own_settings_and_writes_them_again() {
        let text = r#"
            provider = "pandadoc"
            page_size = 25
            proxy = "direct"
            request_timeout_seconds = 60
            reach = { workspace = "BhVzRcxH9Z2LgfPPGXFUBa" }
            key_kind = "sandbox"
        "#;
        let config: Config = toml::from_str(text).unwrap();
        assert_eq!(config.http.page_size, Some(25));
        assert_eq!(config.http.request_timeout, Some(Duration::from_mins(1)));
        let mut names: Vec<_> = config.own.names().collect();
        names.sort_unstable();
        assert_eq!(names, ["key_kind", "reach"]);
        let again: Config = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
        assert_eq!(again, config);
    }
}
