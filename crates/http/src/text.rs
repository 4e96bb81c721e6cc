//! Texts in an answer, borrowed from its body, so that a long list is not copied before it is read.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A JSON text; borrowed unless it has escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<'a>(Cow<'a, str>);

/// An identifier: a JSON text, or a number read as its digits. Providers are known to describe one and send the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdText<'a>(Cow<'a, str>);

macro_rules! text {
    ($name:ident, $expecting:literal, $ask:ident { $($number:item)? }) => {
        impl $name<'_> {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, copied if it is borrowed.
            #[inline]
            pub fn into_string(self) -> String {
                self.0.into_owned()
            }
        }

        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Reader;
                impl<'de> Visitor<'de> for Reader {
                    type Value = Cow<'de, str>;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                        Ok(Cow::Borrowed(text))
                    }
                    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                        Ok(Cow::Owned(text.to_owned()))
                    }
                    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
                        Ok(Cow::Owned(text))
                    }
                    $($number)?
                }
                deserializer.$ask(Reader).map(Self)
            }
        }
    };
}

text!(Text, "a text", deserialize_str {});
text!(IdText, "a text or a positive integer", deserialize_any {
    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_borrowed_unless_they_have_escapes() {
        let plain: Text<'_> = serde_json::from_str(r#""ana""#).unwrap();
        assert!(matches!(plain.0, Cow::Borrowed("ana")));
        let escaped: Text<'_> = serde_json::from_str(r#""Am\u00e9lie""#).unwrap();
        assert_eq!(escaped.into_string(), "Am\u{e9}lie");
        assert!(serde_json::from_str::<Text<'_>>("7").is_err());
    }

    #[test]
    fn an_id_may_be_a_number() {
        let id =
            |json| serde_json::from_str::<Option<IdText<'_>>>(json).map(|id| id.map(IdText::into_string));
        assert_eq!(id("7").unwrap().as_deref(), Some("7"));
        assert_eq!(id(r#""u7""#).unwrap().as_deref(), Some("u7"));
        assert_eq!(id("null").unwrap(), None);
        for bad in ["-7", "7.5", "[]", "true"] {
            assert!(id(bad).is_err(), "{bad}");
        }
    }
}
