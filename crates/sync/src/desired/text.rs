//! What stands in files and data as one text: written by `Display`, read by `FromStr`.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// A text is not what belongs in its place. Says what would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; {instead}")]
pub struct InvalidText {
    pub(crate) problem: String,
    pub(crate) instead: String,
}

impl InvalidText {
    pub(crate) fn new(problem: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { problem: problem.into(), instead: instead.into() }
    }
}

pub(crate) fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

pub(crate) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
    from: D,
) -> Result<T, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
pub(crate) fn serialize_option<T: Display, S: Serializer>(
    value: &Option<T>,
    to: S,
) -> Result<S::Ok, S::Error> {
    value.as_ref().map(ToString::to_string).serialize(to)
}

pub(crate) fn deserialize_option<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
}

pub(crate) fn serialize_map<T: Display, S: Serializer>(
    map: &BTreeMap<String, T>,
    to: S,
) -> Result<S::Ok, S::Error> {
    to.collect_map(map.iter().map(|(key, value)| (key, value.to_string())))
}

pub(crate) fn deserialize_map<'de, T, D>(from: D) -> Result<BTreeMap<String, T>, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    let texts = BTreeMap::<String, String>::deserialize(from)?.into_iter();
    texts.map(|(key, text)| Ok((key, text.parse().map_err(D::Error::custom)?))).collect()
}

/// Serializes types as their text, without a copy of it: plans and desired states hold many.
macro_rules! serde_as_text {
    ($($name:ty),+) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                $crate::desired::text::serialize(self, to)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::desired::text::deserialize(from)
            }
        }
    )+};
}
pub(crate) use serde_as_text;

/// Displays enums by the names they have in data. Those with a word for what they are, and their names, are also read.
macro_rules! display_as_named {
    ($($name:ty $(= $what:literal, $names:expr)?),+) => {$(
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                serde::Serialize::serialize(self, f)
            }
        }

        $(impl std::str::FromStr for $name {
            type Err = $crate::desired::InvalidText;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let read: Result<Self, serde::de::value::Error> =
                    serde::Deserialize::deserialize(serde::de::IntoDeserializer::into_deserializer(text));
                read.map_err(|_| {
                    Self::Err::new(format!("{text:?} is not a {}", $what), format!("write {}", $names))
                })
            }
        })?
    )+};
}
pub(crate) use display_as_named;
