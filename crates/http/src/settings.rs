//! The settings of an account that all HTTP adapters share.

use crate::address::{check_base_url, host_of};
use crate::errors::config_error;
use crate::own_settings::field_names;
use crate::transport::{Proxy, Transport, TransportConfig};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;
use workspace_members_core::{Result, RolePolicy, RoleTable};

/// Where an account is and how it is reached. Everything has a default; unknown settings are refused.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct HttpSettings {
    /// The host, for installations of one's own: `https://HOST`, with a path prefix if there is one; plain `http` on
    /// loopback only. By default the provider's public one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Records per page of a listing, at least 1. Adapters lower it to what the provider allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// A file of certificates in PEM that are trusted beside the system's. Not together with `root_ca_pem`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_ca_file: Option<PathBuf>,
    /// Certificates in PEM that are trusted beside the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_ca_pem: Option<String>,
    /// Through which proxy: `system`, `direct` or a URL. [`Proxy::System`] by default; loopback bypasses every one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
    /// How long making a connection may take; 10 s by default. In data: `connect_timeout_seconds`, fractions allowed.
    #[serde(rename = "connect_timeout_seconds", with = "seconds", skip_serializing_if = "Option::is_none")]
    pub connect_timeout: Option<Duration>,
    /// How long one request may take; 30 s by default. In data: `request_timeout_seconds`, fractions allowed.
    #[serde(rename = "request_timeout_seconds", with = "seconds", skip_serializing_if = "Option::is_none")]
    pub request_timeout: Option<Duration>,
    /// Which inexact roles may be written. [`RolePolicy::Table`] by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_policy: Option<RolePolicy>,
    /// Another table of roles than the adapter's own. Not part of the data.
    #[serde(skip)]
    pub roles: Option<RoleTable>,
    /// A connection pool that other accounts use too. It has decided on certificates, proxy and time limits, so these
    /// are refused beside it. Not part of the data.
    #[serde(skip)]
    pub transport: Option<Transport>,
}

/// Declares `with_*` for each field named.
macro_rules! setters {
    ($($with:ident($field:ident: $type:ty);)+) => {$(
        #[doc = concat!("Sets [`", stringify!($field), "`](Self::", stringify!($field), ").")]
        pub fn $with(mut self, $field: $type) -> Self {
            self.$field = Some($field.into());
            self
        }
    )+};
}

impl HttpSettings {
    setters! {
        with_base_url(base_url: impl Into<String>);
        with_page_size(page_size: u32);
        with_root_ca_file(root_ca_file: impl Into<PathBuf>);
        with_root_ca_pem(root_ca_pem: impl Into<String>);
        with_proxy(proxy: Proxy);
        with_connect_timeout(connect_timeout: Duration);
        with_request_timeout(request_timeout: Duration);
        with_role_policy(role_policy: RolePolicy);
        with_roles(roles: RoleTable);
        with_transport(transport: Transport);
    }

    /// The names of the settings in data.
    pub fn names() -> &'static [&'static str] {
        field_names::<Self>()
    }

    /// An account at this base URL.
    pub fn at(base_url: impl Into<String>) -> Self {
        Self::default().with_base_url(base_url)
    }

    /// The base URL, or the adapter's default, checked.
    pub fn base(&self, default: &str) -> Result<Url> {
        check_base_url(self.base_url.as_deref().unwrap_or(default))
    }

    /// The page size, or the adapter's default; never more than the provider allows.
    pub fn page_size_of(&self, default: u32, max: u32) -> u32 {
        self.page_size.unwrap_or(default).clamp(1, max)
    }

    /// The table of roles that is to be used, in place of or made from the adapter's own.
    pub fn role_table(&self, own: RoleTable) -> RoleTable {
        let table = self.roles.clone().unwrap_or(own);
        match self.role_policy {
            Some(policy) => table.with_policy(policy),
            None => table,
        }
    }

    /// The connection pool: the one that was given, or a new one. Reads the file of certificates.
    pub fn pool(&self) -> Result<Transport> {
        self.check()?;
        if let Some(shared) = &self.transport {
            return Ok(shared.clone());
        }
        let mut config = TransportConfig::default();
        config.root_ca_pem = match (&self.root_ca_file, &self.root_ca_pem) {
            (Some(file), _) => Some(std::fs::read(file).map_err(|error| {
                config_error(format!("the root certificate file {} cannot be read", file.display()))
                    .with_source(error)
            })?),
            (None, pem) => pem.as_ref().map(|pem| pem.clone().into_bytes()),
        };
        config.proxy = self.proxy.clone().unwrap_or_default();
        config.connect_timeout = self.connect_timeout.unwrap_or(config.connect_timeout);
        config.request_timeout = self.request_timeout.unwrap_or(config.request_timeout);
        Transport::new(config)
    }

    /// Refuses what no adapter could obey.
    fn check(&self) -> Result<()> {
        let given = [
            ("root_ca_file", self.root_ca_file.is_some()),
            ("root_ca_pem", self.root_ca_pem.is_some()),
            ("proxy", self.proxy.is_some()),
            ("connect_timeout", self.connect_timeout.is_some()),
            ("request_timeout", self.request_timeout.is_some()),
        ];
        if let (Some((name, _)), true) = (given.iter().find(|(_, given)| *given), self.transport.is_some()) {
            let message = format!("`{name}` is decided by the shared transport: remove it, or set it there");
            return Err(config_error(message));
        }
        let both = self.root_ca_file.is_some() && self.root_ca_pem.is_some();
        let none = Some(Duration::ZERO);
        let wrong = [
            (both, "give `root_ca_file` or `root_ca_pem`, not both"),
            (self.page_size == Some(0), "`page_size` must be at least 1"),
            (self.connect_timeout == none, "`connect_timeout` must be longer than nothing"),
            (self.request_timeout == none, "`request_timeout` must be longer than nothing"),
        ];
        match wrong.iter().find(|(is_so, _)| *is_so) {
            None => Ok(()),
            Some((_, message)) => Err(config_error(*message)),
        }
    }
}

/// Of the base URL the host only: it is not checked yet, and may hold a password.
impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings")
            .field("host", &self.base_url.as_deref().map(host_of))
            .field("page_size", &self.page_size)
            .field("root_ca_file", &self.root_ca_file)
            .field("root_ca_pem", &self.root_ca_pem.as_ref().map(String::len))
            .field("proxy", &self.proxy)
            .field("connect_timeout", &self.connect_timeout)
            .field("request_timeout", &self.request_timeout)
            .field("role_policy", &self.role_policy)
            .field("roles", &self.roles)
            .field("transport", &self.transport.is_some())
            .finish()
    }
}

/// In data: `"system"`, `"direct"`, or a URL.
impl Serialize for Proxy {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::System => to.serialize_str("system"),
            Self::Direct => to.serialize_str("direct"),
            Self::Url(url) => to.serialize_str(url.as_str()),
        }
    }
}

impl<'de> Deserialize<'de> for Proxy {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match String::deserialize(from)?.as_str() {
            "system" => Ok(Self::System),
            "direct" => Ok(Self::Direct),
            // The text is left out: it may hold a password.
            url => url.parse().map(Self::Url).map_err(|error| {
                serde::de::Error::custom(format!("`proxy` is none of system, direct and a URL: {error}"))
            }),
        }
    }
}

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
    fn a_password_in_a_url_is_not_shown() {
        let proxy = Proxy::Url("http://u:hunter2@proxy.example".parse().unwrap());
        let settings = HttpSettings::at("https://u:hunter2@host.example").with_proxy(proxy);
        let shown = format!("{settings:?}");
        assert!(!shown.contains("hunter2") && shown.contains("host.example"), "{shown}");
        let wrong = serde_json::from_str::<HttpSettings>(r#"{"proxy":"hunter2 is no URL"}"#).unwrap_err();
        assert!(wrong.to_string().contains("`proxy`") && !wrong.to_string().contains("hunter2"), "{wrong}");
    }

    #[test]
    fn data_is_read_written_and_refused_where_it_is_unknown() {
        let text =
            r#"{"page_size":25,"proxy":"direct","connect_timeout_seconds":2.5,"role_policy":"exact-only"}"#;
        let settings: HttpSettings = serde_json::from_str(text).unwrap();
        let expected = HttpSettings::default()
            .with_page_size(25)
            .with_proxy(Proxy::Direct)
            .with_connect_timeout(Duration::from_millis(2500))
            .with_role_policy(RolePolicy::ExactOnly);
        assert_eq!(settings, expected);
        assert_eq!(serde_json::to_string(&settings).unwrap(), text);
        let slip = serde_json::from_str::<HttpSettings>(r#"{"pagesize":1}"#).unwrap_err().to_string();
        assert!(slip.contains("pagesize") && slip.contains("page_size"), "{slip}");
        for bad in ["-1", "\"soon\"", "1e300"] {
            let text = format!("{{\"request_timeout_seconds\":{bad}}}");
            assert!(serde_json::from_str::<HttpSettings>(&text).is_err(), "{bad}");
        }
    }
}
