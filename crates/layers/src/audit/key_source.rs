//! Where a key is, as a setting.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::path::PathBuf;

/// Where a key is; never the key. In a configuration `{ env = "NAME" }` or `{ file = "PATH" }`.
///
/// A key that stands there by mistake is not repeated in the error, which only says what is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", remote = "Self")]
#[non_exhaustive]
pub enum KeySource {
    /// An environment variable.
    Env(String),
    /// A file.
    File(PathBuf),
}

impl<'de> Deserialize<'de> for KeySource {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // What is wrong may be the key itself, and serde quotes it.
        Self::deserialize(from).map_err(|_| {
            D::Error::custom(
                "a key is never written here; say where it is: { env = \"NAME\" } or { file = \"PATH\" }",
            )
        })
    }
}

impl Serialize for KeySource {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AuditConfig;

    #[test]
    fn a_place_is_read_and_written_in_the_same_form() {
        for (text, source) in [
            ("hash_emails = { env = \"KEY\" }", KeySource::Env("KEY".to_owned())),
            ("[hash_emails]\nfile = \"/run/key\"", KeySource::File("/run/key".into())),
        ] {
            let config: AuditConfig = toml::from_str(text).unwrap();
            assert_eq!(config.hash_emails, Some(source));
            assert_eq!(toml::from_str::<AuditConfig>(&toml::to_string(&config).unwrap()).unwrap(), config);
            let json = serde_json::to_string(&config).unwrap();
            assert_eq!(serde_json::from_str::<AuditConfig>(&json).unwrap(), config);
        }
    }

    #[test]
    fn a_key_in_place_of_its_place_is_refused_and_not_repeated() {
        for value in [
            "\"the-7401-key\"",
            "7401",
            "-7401",
            "7401.5",
            "true",
            "[\"the-7401-key\"]",
            "{ the-7401-key = \"x\" }",
            "{ env = 7401 }",
            "{ file = [\"the-7401-key\"] }",
            "{ env = \"KEY\", key = \"the-7401-key\" }",
            "{ env = \"KEY\", the-7401-key = 1 }",
            "{}",
        ] {
            let error = toml::from_str::<AuditConfig>(&format!("hash_emails = {value}")).unwrap_err();
            // The rest of what toml shows is the file's own line.
            let message = error.message();
            assert!(!message.contains("7401") && message.contains("{ env = "), "{value}: {message}");
            let json: serde_json::Value = toml::from_str::<toml::Table>(&format!("hash_emails = {value}"))
                .map(|table| serde_json::to_value(table).unwrap())
                .unwrap();
            let message = serde_json::from_value::<AuditConfig>(json).unwrap_err().to_string();
            assert!(!message.contains("7401") && message.contains("{ env = "), "{value}: {message}");
        }
        assert!(serde_json::from_str::<KeySource>("null").is_err());
    }
}
