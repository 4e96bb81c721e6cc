//! Where a key is, as a setting.

use serde::de::{self, MapAccess};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::path::PathBuf;

/// Where a key is; never the key. In a configuration `{ env = "NAME" }` or `{ file = "PATH" }`.
///
/// Whoever writes the key itself there by mistake does not find it in the error: that says what is right and repeats
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum KeySource {
    /// An environment variable.
    Env(String),
    /// A file.
    File(PathBuf),
}

const FORM: &str = "a key is never written here; say where it is: { env = \"NAME\" } or { file = \"PATH\" }";

impl<'de> Deserialize<'de> for KeySource {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Not as a map: then a format refuses other values by itself, and some quote them.
        from.deserialize_any(Form)
    }
}

struct Form;

/// Refuses a value of another type. What serde says by itself quotes the value.
macro_rules! refused {
    ($($visit:ident($type:ty)),+ $(,)?) => {$(
        fn $visit<E: de::Error>(self, _: $type) -> Result<KeySource, E> {
            Err(E::custom(FORM))
        }
    )+};
}

impl<'de> de::Visitor<'de> for Form {
    type Value = KeySource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{ env = \"NAME\" } or { file = \"PATH\" }")
    }

    refused!(
        visit_bool(bool),
        visit_i64(i64),
        visit_i128(i128),
        visit_u64(u64),
        visit_u128(u128),
        visit_f64(f64),
        visit_str(&str),
        visit_bytes(&[u8]),
    );

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<KeySource, A::Error> {
        // A name or a value of another type may be the key as well, so nothing of what failed is passed on.
        let form = |_| de::Error::custom(FORM);
        let name = map.next_key::<String>().map_err(form)?;
        let source = match name.as_deref() {
            Some("env") => KeySource::Env(map.next_value().map_err(form)?),
            Some("file") => KeySource::File(map.next_value().map_err(form)?),
            _ => return Err(de::Error::custom(FORM)),
        };
        match map.next_key::<String>() {
            Ok(None) => Ok(source),
            _ => Err(de::Error::custom(FORM)),
        }
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
