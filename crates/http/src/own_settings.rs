//! The settings that one adapter has and others do not.

use crate::errors::config_error;
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::{Deserialize, Serialize, forward_to_deserialize_any};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::fmt;
use workspace_members_core::{Error, Result};

/// An adapter's own settings by name, not yet read. Plain data, since which adapter reads them is configuration too.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Settings(Map<String, Value>);

impl Settings {
    /// These settings, from an adapter's own type.
    pub fn of(config: &impl Serialize) -> Result<Self> {
        let wrong = |source: serde_json::Error| {
            config_error("the adapter's settings cannot be written as a table of names and values")
                .with_source(source)
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
        config_error(message)
    }
}

/// The names of a struct's fields, as serde knows them.
pub(crate) fn field_names<T: DeserializeOwned>() -> &'static [&'static str] {
    struct Names<'a>(&'a mut &'static [&'static str]);
    impl<'de> Deserializer<'de> for Names<'_> {
        type Error = serde::de::value::Error;
        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(Self::Error::custom("only the names are read"))
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
    // It fails, once it has named what it would read.
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
        assert_eq!(field_names::<Own>(), ["town", "floors"]);
        assert!(Settings::of(&7).is_err());
    }

    #[test]
    fn debug_shows_names_only() {
        let settings = Settings::of(&json!({"key": "canary"})).unwrap();
        assert_eq!(format!("{settings:?}"), r#"{"key"}"#);
    }
}
