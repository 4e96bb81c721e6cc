//! What is known of an adapter before there is an account: its name, its settings, and how it is opened.

use crate::credential::Credential;
use crate::settings::HttpSettings;
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::{Deserialize, Serialize, forward_to_deserialize_any};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use workspace_members_core::{Effect, Error, ErrorKind, Result, WorkspaceId, WorkspaceMembers};

/// Describes an adapter to whoever opens accounts by configuration. Plain data, made at compile time:
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
            settings: names::<C>,
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

    /// What everybody who uses the provider should know before they change something.
    fn notes(&self) -> &'static [&'static str] {
        &[]
    }

    /// What somebody who is about to change something with these settings in particular should be told.
    fn warning(&self) -> Option<&'static str> {
        None
    }
}

/// An adapter's own settings by name, not yet read. Plain data, since which adapter reads them is configuration too.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Settings(Map<String, Value>);

impl Settings {
    /// These settings, from an adapter's own type.
    pub fn of(config: &impl Serialize) -> Result<Self> {
        let wrong = |source: serde_json::Error| {
            let message = "the adapter's settings cannot be written as a table of names and values";
            Error::new(ErrorKind::Config, Effect::Rejected, message).with_source(source)
        };
        serde_json::to_value(config).and_then(serde_json::from_value).map(Self).map_err(wrong)
    }

    /// Sets one.
    pub fn insert(&mut self, name: impl Into<String>, value: Value) {
        self.0.insert(name.into(), value);
    }

    /// The names of those that are set.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Reads them as an adapter's own type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, SettingError> {
        // While a value is read, its name; after the last one nothing, since then it is a setting that is not there.
        let reading = RefCell::new(None);
        let mut all = self.0.iter();
        let each = std::iter::from_fn(|| {
            let next = all.next();
            reading.replace(next.map(|(name, _)| name.clone()));
            next.map(|(name, value)| (name.as_str(), value))
        });
        T::deserialize(MapDeserializer::<_, serde_json::Error>::new(each))
            .map_err(|error| SettingError { setting: reading.take(), message: error.to_string() })
    }
}

/// Names only: a key may stand where none should.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What is wrong with an adapter's own settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct SettingError {
    /// Which setting; none where one is missing.
    pub setting: Option<String>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl SettingError {
    /// What is wrong with this setting.
    pub fn new(setting: Option<String>, message: impl Into<String>) -> Self {
        Self { setting, message: message.into() }
    }
}

impl From<SettingError> for Error {
    fn from(error: SettingError) -> Self {
        // The decoder quotes the value, and names its setting only where it is unknown.
        let message = match error.setting {
            Some(setting) if !error.message.contains(&format!("`{setting}`")) => {
                format!("`{setting}`: {}", error.message)
            }
            _ => error.message,
        };
        Self::new(ErrorKind::Config, Effect::Rejected, message)
    }
}

/// The names of a struct's fields, as serde knows them.
pub(crate) fn names<T: DeserializeOwned>() -> &'static [&'static str] {
    struct Names<'a>(&'a mut &'static [&'static str]);
    impl<'de> Deserializer<'de> for Names<'_> {
        type Error = serde::de::value::Error;
        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(Self::Error::custom("only names are asked for"))
        }
        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Self::Error> {
            *self.0 = fields;
            self.deserialize_any(visitor)
        }
        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }
    let mut names: &'static [&'static str] = &[];
    // It fails, having said what it would read.
    drop(T::deserialize(Names(&mut names)));
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Own {
        town: String,
        floors: Option<u8>,
    }

    #[test]
    fn an_error_names_the_setting_that_is_wrong() {
        let read =
            |value| Settings::of(&value).unwrap().read::<Own>().map(drop).map_err(|error| error.setting);
        assert_eq!(read(json!({"town": "Ulm"})), Ok(()));
        assert_eq!(read(json!({"twon": "Ulm"})), Err(Some("twon".to_owned())));
        assert_eq!(read(json!({"floors": 300, "town": "Ulm"})), Err(Some("floors".to_owned())));
        assert_eq!(read(json!({"floors": 3})), Err(None));
        assert_eq!(names::<Own>(), ["town", "floors"]);
        assert!(Settings::of(&7).is_err());
    }

    #[test]
    fn debug_shows_names_only() {
        let settings = Settings::of(&json!({"key": "canary"})).unwrap();
        assert_eq!(format!("{settings:?}"), r#"{"key"}"#);
    }
}
