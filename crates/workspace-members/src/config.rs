//! One account, as a configuration file describes it.
//!
//! With feature `serde`, [`Config`] reads from any format. Unknown settings are refused, so that a slip of the pen never
//! passes for a default. Keys are not part of it: they are given to [`connect`](crate::connect) apart.

use crate::credential::host_of;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use workspace_members_core::{
    Effect, Error, ErrorKind, Provider, Result, RolePolicy, RoleTable, WorkspaceId,
};

/// Where an account is and how it is reached, without its key.
///
/// Everything but the provider has a default. A setting that only another provider has is refused by
/// [`connect`](crate::connect), never ignored.
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Config {
    /// Which provider: `paradigm` or `pandadoc`.
    pub provider: Provider,
    /// The host, for installations of one's own: `https://HOST`, with a path prefix if there is one; plain `http` on
    /// loopback only. By default the provider's public one.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub base_url: Option<String>,
    /// Paradigm: by which right the key acts. [`Level::Owner`] by default.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub level: Option<Level>,
    /// Paradigm: whether operations are used that follow from the documented ones and were never seen documented
    /// themselves. Off by default, but for the few that the adapter's page names.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub inferred: Option<bool>,
    /// PandaDoc: in which of the two separate installations the account is. [`Region::Us`] by default.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub region: Option<Region>,
    /// PandaDoc: how far the key reaches. [`Reach::Organization`] by default.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub reach: Option<Reach>,
    /// PandaDoc: what kind of key it is. [`Auth::ApiKey`] by default, [`Auth::Bearer`] with OAuth.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub auth: Option<Auth>,
    /// PandaDoc: whether it is a sandbox key, which is held to 10 requests a minute **and changes real data all the
    /// same**. [`KeyKind::Production`] by default; the provider does not tell.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub key_kind: Option<KeyKind>,
    /// Records per page of a listing, at least 1. Adapters lower it to what the provider allows. Paradigm fixes the size
    /// of its list of users, and PandaDoc's workspaces come 100 at a time whatever is set.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub page_size: Option<u32>,
    /// A file of certificates in PEM that are trusted beside the system's. Not together with `root_ca_pem`.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub root_ca_file: Option<PathBuf>,
    /// Certificates in PEM that are trusted beside the system's.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub root_ca_pem: Option<String>,
    /// Through which proxy. [`Proxy::System`] by default; loopback bypasses every one.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub proxy: Option<Proxy>,
    /// How long making a connection may take; 10 s by default. In data: `connect_timeout_seconds`, fractions allowed.
    #[cfg_attr(
        feature = "serde",
        serde(
            default,
            rename = "connect_timeout_seconds",
            with = "seconds",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub connect_timeout: Option<Duration>,
    /// How long one request may take; 30 s by default. In data: `request_timeout_seconds`, fractions allowed.
    #[cfg_attr(
        feature = "serde",
        serde(
            default,
            rename = "request_timeout_seconds",
            with = "seconds",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub request_timeout: Option<Duration>,
    /// Which inexact roles may be written. [`RolePolicy::Table`] by default.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub role_policy: Option<RolePolicy>,
    /// With feature `layers`: retries, rate limits, audit and so on, as [`connect`](crate::connect) puts them around the
    /// adapter. Where [`request_timeout`](Self::request_timeout) is set and the layers' own is not, it holds for both.
    #[cfg(feature = "layers")]
    #[cfg_attr(feature = "serde", serde(default))]
    pub layers: workspace_members_layers::LayersConfig,
    /// Another table of roles than the adapter's own. Not part of the data.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub roles: Option<RoleTable>,
}

/// Paradigm: by which right the key acts, and so which of the provider's paths are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Level {
    /// The key's user owns the workspaces.
    #[default]
    Owner,
    /// The key's user administers the company.
    Company,
    /// The key's user administers the whole installation.
    Instance,
}

/// PandaDoc: in which of the two separate installations the account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Region {
    /// `api.pandadoc.com`.
    #[default]
    Us,
    /// `api.pandadoc.eu`.
    Eu,
}

/// PandaDoc: how far the key reaches. In data: `"organization"` or `{ workspace = "ID" }`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Reach {
    /// All workspaces; the key's user administers the organization.
    #[default]
    Organization,
    /// The one workspace that the key was made in. It lists, and never yields a roster: PandaDoc does not say which
    /// workspace a key belongs to, so nobody can check it.
    Workspace(WorkspaceId),
}

/// PandaDoc: which kind of key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Auth {
    /// An API key.
    #[default]
    ApiKey,
    /// An OAuth access token.
    Bearer,
}

/// PandaDoc: whether the key is held to the sandbox's limits. Both kinds change real data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum KeyKind {
    /// An ordinary key.
    #[default]
    Production,
    /// A sandbox key: 10 requests a minute.
    Sandbox,
}

/// Through which proxy. In data: `"system"`, `"direct"`, or a URL.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(from = "String", into = "String")
)]
#[non_exhaustive]
pub enum Proxy {
    /// The one that the environment or the system names.
    #[default]
    System,
    /// None.
    Direct,
    /// This one: `http://`, `https://` or `socks5://`, with credentials if it wants them.
    Url(String),
}

impl From<String> for Proxy {
    fn from(text: String) -> Self {
        match text.as_str() {
            "system" => Self::System,
            "direct" => Self::Direct,
            _ => Self::Url(text),
        }
    }
}

impl From<Proxy> for String {
    fn from(proxy: Proxy) -> Self {
        match proxy {
            Proxy::System => "system".to_owned(),
            Proxy::Direct => "direct".to_owned(),
            Proxy::Url(url) => url,
        }
    }
}

/// A proxy's URL may hold a password, so it is not shown.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::Direct => "Direct",
            Self::Url(_) => "Url([redacted])",
        })
    }
}

/// Of the base URL the host only: nobody has checked yet that it holds no password.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Config");
        out.field("provider", &self.provider).field("host", &self.base_url.as_deref().map(host_of));
        out.field("level", &self.level).field("inferred", &self.inferred);
        out.field("region", &self.region).field("reach", &self.reach);
        out.field("auth", &self.auth).field("key_kind", &self.key_kind).field("page_size", &self.page_size);
        out.field("root_ca_file", &self.root_ca_file);
        out.field("root_ca_pem", &self.root_ca_pem.as_ref().map(String::len)).field("proxy", &self.proxy);
        out.field("connect_timeout", &self.connect_timeout).field("request_timeout", &self.request_timeout);
        #[cfg(feature = "layers")]
        out.field("layers", &self.layers);
        out.field("role_policy", &self.role_policy).field("roles", &self.roles).finish()
    }
}

impl Config {
    /// An account at this provider, everything else by default.
    pub fn new(provider: impl Into<String>) -> Self {
        Self {
            provider: Provider::new(provider),
            base_url: None,
            level: None,
            inferred: None,
            region: None,
            reach: None,
            auth: None,
            key_kind: None,
            page_size: None,
            root_ca_file: None,
            root_ca_pem: None,
            proxy: None,
            connect_timeout: None,
            request_timeout: None,
            role_policy: None,
            #[cfg(feature = "layers")]
            layers: workspace_members_layers::LayersConfig::default(),
            roles: None,
        }
    }

    /// Sets [`base_url`](Self::base_url).
    pub fn with_base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sets [`level`](Self::level).
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// Sets [`inferred`](Self::inferred).
    pub fn with_inferred(mut self, inferred: bool) -> Self {
        self.inferred = Some(inferred);
        self
    }

    /// Sets [`region`](Self::region).
    pub fn with_region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// Sets [`reach`](Self::reach).
    pub fn with_reach(mut self, reach: Reach) -> Self {
        self.reach = Some(reach);
        self
    }

    /// Sets [`auth`](Self::auth).
    pub fn with_auth(mut self, auth: Auth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// Sets [`key_kind`](Self::key_kind).
    pub fn with_key_kind(mut self, kind: KeyKind) -> Self {
        self.key_kind = Some(kind);
        self
    }

    /// Sets [`page_size`](Self::page_size).
    pub fn with_page_size(mut self, size: u32) -> Self {
        self.page_size = Some(size);
        self
    }

    /// Sets [`root_ca_file`](Self::root_ca_file).
    pub fn with_root_ca_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.root_ca_file = Some(file.into());
        self
    }

    /// Sets [`root_ca_pem`](Self::root_ca_pem).
    pub fn with_root_ca_pem(mut self, pem: impl Into<String>) -> Self {
        self.root_ca_pem = Some(pem.into());
        self
    }

    /// Sets [`proxy`](Self::proxy).
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Sets [`connect_timeout`](Self::connect_timeout).
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Sets [`request_timeout`](Self::request_timeout).
    pub fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = Some(timeout);
        self
    }

    /// Sets [`role_policy`](Self::role_policy).
    pub fn with_role_policy(mut self, policy: RolePolicy) -> Self {
        self.role_policy = Some(policy);
        self
    }

    /// Sets [`layers`](Self::layers).
    #[cfg(feature = "layers")]
    pub fn with_layers(mut self, layers: workspace_members_layers::LayersConfig) -> Self {
        self.layers = layers;
        self
    }

    /// The layers' settings, with the time limit of a request that was set for both.
    #[cfg(feature = "layers")]
    pub fn effective_layers(&self) -> workspace_members_layers::LayersConfig {
        let mut layers = self.layers.clone();
        if let Some(timeout) = self.request_timeout
            && layers.timeout == workspace_members_layers::LayersConfig::default().timeout
        {
            layers.timeout = timeout;
        }
        layers
    }

    /// Sets [`roles`](Self::roles).
    pub fn with_roles(mut self, roles: RoleTable) -> Self {
        self.roles = Some(roles);
        self
    }

    /// Refuses what a connection pool that was given has decided already.
    #[cfg(feature = "http")]
    pub(crate) fn check_no_transport(&self) -> Result<()> {
        let given = [
            ("root_ca_file", self.root_ca_file.is_some()),
            ("root_ca_pem", self.root_ca_pem.is_some()),
            ("proxy", self.proxy.is_some()),
            ("connect_timeout", self.connect_timeout.is_some()),
            ("request_timeout", self.request_timeout.is_some()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((setting, _)) => Err(wrong(format!(
                "`{setting}` is decided by the transport that is shared: remove it, or set it there"
            ))),
            None => Ok(()),
        }
    }

    /// Refuses what no adapter could obey, and settings that belong to another provider than `provider`.
    pub(crate) fn check(&self, own: &[&str], owner_of: impl Fn(&str) -> Option<&'static str>) -> Result<()> {
        let given = [
            ("level", self.level.is_some()),
            ("inferred", self.inferred.is_some()),
            ("region", self.region.is_some()),
            ("reach", self.reach.is_some()),
            ("auth", self.auth.is_some()),
            ("key_kind", self.key_kind.is_some()),
        ];
        let strange = given.into_iter().find(|(setting, given)| *given && !own.contains(setting));
        if let Some((setting, _)) = strange {
            let whose = owner_of(setting).unwrap_or("another provider");
            return Err(wrong(format!(
                "`{setting}` is a setting of {whose}, and this account is at {}: remove it",
                self.provider
            )));
        }
        if self.region.is_some() && self.base_url.is_some() {
            return Err(wrong("give `region` or `base_url`, not both: each names the host"));
        }
        if self.root_ca_file.is_some() && self.root_ca_pem.is_some() {
            return Err(wrong("give `root_ca_file` or `root_ca_pem`, not both"));
        }
        if self.page_size == Some(0) {
            return Err(wrong("`page_size` must be at least 1"));
        }
        for (name, timeout) in
            [("connect_timeout", self.connect_timeout), ("request_timeout", self.request_timeout)]
        {
            if timeout == Some(Duration::ZERO) {
                return Err(wrong(format!("`{name}` must be longer than nothing")));
            }
        }
        Ok(())
    }
}

pub(crate) fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, Effect::Rejected, message)
}

#[cfg(feature = "serde")]
mod seconds {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::time::Duration;

    #[expect(clippy::ref_option, reason = "serde calls it with a reference to the field")]
    pub(super) fn serialize<S: Serializer>(value: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        value.map(|duration| duration.as_secs_f64()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        let Some(seconds) = Option::<f64>::deserialize(from)? else { return Ok(None) };
        let duration = Duration::try_from_secs_f64(seconds)
            .map_err(|_| serde::de::Error::custom("write a number of seconds, such as 30 or 2.5"))?;
        Ok(Some(duration))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxys_password_is_not_shown() {
        let config = Config::new("paradigm").with_proxy(Proxy::Url("http://u:hunter2@proxy.example".into()));
        assert!(!format!("{config:?}").contains("hunter2"));
        let config = Config::new("paradigm").with_base_url("https://u:hunter2@host.example");
        let shown = format!("{config:?}");
        assert!(!shown.contains("hunter2") && shown.contains("host.example"), "{shown}");
    }

    #[cfg(feature = "serde")]
    #[test]
    fn it_reads_from_a_file_and_refuses_what_it_does_not_know() {
        let text = r#"
            provider = "pandadoc"
            reach = { workspace = "BhVzRcxH9Z2LgfPPGXFUBa" }
            auth = "bearer"
            key_kind = "sandbox"
            page_size = 25
            proxy = "direct"
            connect_timeout_seconds = 2.5
            request_timeout_seconds = 60
            role_policy = "exact-only"
        "#;
        let config: Config = toml::from_str(text).unwrap();
        let workspace = WorkspaceId::new("BhVzRcxH9Z2LgfPPGXFUBa").unwrap();
        let expected = Config::new("pandadoc")
            .with_reach(Reach::Workspace(workspace))
            .with_auth(Auth::Bearer)
            .with_key_kind(KeyKind::Sandbox)
            .with_page_size(25)
            .with_proxy(Proxy::Direct)
            .with_connect_timeout(Duration::from_millis(2500))
            .with_request_timeout(Duration::from_mins(1))
            .with_role_policy(RolePolicy::ExactOnly);
        assert_eq!(config, expected);
        let again: Config = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
        assert_eq!(again, config);

        let slip = toml::from_str::<Config>("provider = \"pandadoc\"\npagesize = 1").unwrap_err().to_string();
        assert!(slip.contains("pagesize") && slip.contains("page_size"), "{slip}");
        for bad in ["-1", "\"soon\"", "1e300"] {
            let text = format!("provider = \"pandadoc\"\nrequest_timeout_seconds = {bad}");
            assert!(toml::from_str::<Config>(&text).is_err(), "{bad}");
        }
    }
}
