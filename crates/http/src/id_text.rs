//! Identifiers in an answer.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::fmt;

/// An identifier: a JSON text, or a number read as its digits. Providers are known to describe one and send the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdText(String);

impl IdText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<'de> Deserialize<'de> for IdText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = IdText;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a positive integer")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<IdText, E> {
                Ok(IdText(text.to_owned()))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<IdText, E> {
                Ok(IdText(number.to_string()))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_may_be_a_number() {
        let id = |json| serde_json::from_str::<Option<IdText>>(json).map(|id| id.map(IdText::into_string));
        assert_eq!(id("7").unwrap().as_deref(), Some("7"));
        assert_eq!(id(r#""u7""#).unwrap().as_deref(), Some("u7"));
        assert_eq!(id(r#""Am\u00e9lie""#).unwrap().as_deref(), Some("Am\u{e9}lie"));
        assert_eq!(id("null").unwrap(), None);
        for bad in ["-7", "7.5", "[]", "true"] {
            assert!(id(bad).is_err(), "{bad}");
        }
    }
}
