//! Who a desired state names: targets, people, and the spellings of both.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use workspace_members_core::{EmailAddress, PrincipalId, Provider, Who, WorkspaceId};

/// Serializes anything by its `Display` and `FromStr`, so that data and text spell it alike.
pub(crate) mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::fmt::Display;
    use std::str::FromStr;

    pub(crate) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }

    /// The same for something that may be missing.
    pub(crate) mod option {
        use super::{Deserialize, Deserializer, Display, Error, FromStr, Serializer};

        #[expect(clippy::ref_option, reason = "serde passes the field by reference")]
        pub(crate) fn serialize<T: Display, S: Serializer>(
            value: &Option<T>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match value {
                Some(value) => serializer.collect_str(value),
                None => serializer.serialize_none(),
            }
        }

        pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
        where
            T: FromStr<Err: Display>,
            D: Deserializer<'de>,
        {
            let text = Option::<String>::deserialize(deserializer)?;
            text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
        }
    }
}

/// Something in a desired state is not spelled as it must be. Names what would be right.
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

/// One workspace of one connection, spelled `connection:workspace`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
#[non_exhaustive]
pub struct Target {
    /// The name of the connection.
    pub connection: String,
    /// The workspace's id.
    pub workspace: WorkspaceId,
}

impl Target {
    /// A workspace of a connection.
    pub fn new(connection: impl Into<String>, workspace: WorkspaceId) -> Self {
        Self { connection: connection.into(), workspace }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Padding takes the whole text; without it nothing needs to be put together first.
        match (f.width(), f.precision()) {
            (None, None) => write!(f, "{}:{}", self.connection, self.workspace),
            _ => f.pad(&format!("{}:{}", self.connection, self.workspace)),
        }
    }
}

/// Every step of a plan has one, so it is written without a copy of the text.
impl Serialize for Target {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_text::serialize(self, serializer)
    }
}

impl FromStr for Target {
    type Err = InvalidText;
    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let instead = "write connection:workspace-id, such as paradigm:42";
        let Some((connection, workspace)) = text.split_once(':') else {
            return Err(InvalidText::new(format!("{text:?} is not a target"), instead));
        };
        if !is_name(connection) {
            return Err(InvalidText::new(format!("{connection:?} is not the name of a connection"), instead));
        }
        let workspace =
            WorkspaceId::new(workspace).map_err(|error| InvalidText::new(error.to_string(), instead))?;
        Ok(Self::new(connection, workspace))
    }
}

impl TryFrom<String> for Target {
    type Error = InvalidText;
    fn try_from(text: String) -> Result<Self, InvalidText> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> String {
        target.to_string()
    }
}

/// Letters, digits, `-`, `_` and `.`: what connections, people and teams may be called.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// Somebody as a desired state names them: `ana@example.com`, `user:ID`, `group:ID`, or `person:NAME` for one of its
/// [`People`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
#[non_exhaustive]
pub enum Entry {
    /// By address or id.
    Who(Who),
    /// By the name in [`People`].
    Person(String),
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Who(who) => who.fmt(f),
            Self::Person(name) => f.pad(&format!("person:{name}")),
        }
    }
}

/// Desired states hold many, so they are written without a copy of the text.
impl Serialize for Entry {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_text::serialize(self, serializer)
    }
}

impl FromStr for Entry {
    type Err = InvalidText;
    fn from_str(text: &str) -> Result<Self, InvalidText> {
        if let Some(name) = text.strip_prefix("person:") {
            if is_name(name) {
                return Ok(Self::Person(name.to_owned()));
            }
            return Err(InvalidText::new(
                format!("{name:?} is not a name"),
                "use letters, digits, '-', '_' and '.'",
            ));
        }
        text.parse().map(Self::Who).map_err(|error: workspace_members_core::InvalidId| {
            let instead = "write an e-mail address, user:ID, group:ID, person:NAME or team:NAME";
            InvalidText::new(format!("{text:?} names nobody: {}", error.why()), instead)
        })
    }
}

impl TryFrom<String> for Entry {
    type Error = InvalidText;
    fn try_from(text: String) -> Result<Self, InvalidText> {
        text.parse()
    }
}

impl From<Entry> for String {
    fn from(entry: Entry) -> String {
        entry.to_string()
    }
}

impl From<Who> for Entry {
    fn from(who: Who) -> Self {
        Self::Who(who)
    }
}

impl From<EmailAddress> for Entry {
    fn from(email: EmailAddress) -> Self {
        Self::Who(email.into())
    }
}

impl From<PrincipalId> for Entry {
    fn from(id: PrincipalId) -> Self {
        Self::Who(Who::Id(id))
    }
}

/// A [`Who`] by reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhoRef<'a> {
    Email(&'a EmailAddress),
    Id(&'a PrincipalId),
}

impl<'a> From<&'a Who> for WhoRef<'a> {
    fn from(who: &'a Who) -> Self {
        match who {
            Who::Email(email) => Self::Email(email),
            Who::Id(id) => Self::Id(id),
        }
    }
}

impl From<WhoRef<'_>> for Who {
    fn from(who: WhoRef<'_>) -> Self {
        match who {
            WhoRef::Email(email) => Self::Email(email.clone()),
            WhoRef::Id(id) => Self::Id(id.clone()),
        }
    }
}

/// One person with the addresses they have at different connections.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Person {
    /// The address wherever no other is given.
    pub email: Option<EmailAddress>,
    /// The address or id at one connection or at one provider; a connection's wins.
    #[serde(default, with = "who_by_place")]
    pub at: BTreeMap<String, Who>,
}

impl Person {
    /// Somebody with the same address everywhere.
    pub fn new(email: impl Into<Option<EmailAddress>>) -> Self {
        Self { email: email.into(), at: BTreeMap::new() }
    }

    /// Adds the address or id at a connection or provider.
    pub fn with_alias(mut self, place: impl Into<String>, who: impl Into<Who>) -> Self {
        self.at.insert(place.into(), who.into());
        self
    }

    /// How this person is addressed at a connection.
    pub fn who(&self, connection: &str, provider: &Provider) -> Option<Who> {
        self.whom(connection, provider).map(Who::from)
    }

    fn whom(&self, connection: &str, provider: &Provider) -> Option<WhoRef<'_>> {
        let alias = self.at.get(connection).or_else(|| self.at.get(provider.as_str()));
        alias.map(WhoRef::from).or_else(|| self.email.as_ref().map(WhoRef::Email))
    }
}

mod who_by_place {
    use super::{BTreeMap, Entry, Who};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(map: &BTreeMap<String, Who>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(map.iter().map(|(place, who)| (place, who.to_string())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Who>, D::Error> {
        let entries = BTreeMap::<String, Entry>::deserialize(from)?;
        let plain = entries.into_iter().map(|(place, entry)| match entry {
            Entry::Who(who) => Ok((place, who)),
            Entry::Person(_) => Err(D::Error::custom("an alias is an e-mail address or an id")),
        });
        plain.collect()
    }
}

/// The people that a desired state defines once and names as `person:NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct People(BTreeMap<String, Person>);

impl People {
    /// Nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds somebody, or replaces who had the name.
    pub fn with_person(mut self, name: impl Into<String>, person: Person) -> Self {
        self.0.insert(name.into(), person);
        self
    }

    /// The person of this name.
    pub fn get(&self, name: &str) -> Option<&Person> {
        self.0.get(name)
    }

    /// Everybody, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Person)> {
        self.0.iter().map(|(name, person)| (name.as_str(), person))
    }

    /// How an entry is addressed at a connection; `None` for a person who has no address there.
    pub fn who(&self, entry: &Entry, connection: &str, provider: &Provider) -> Option<Who> {
        self.whom(entry, connection, provider).map(Who::from)
    }

    /// [`who`](Self::who) without a copy.
    pub(crate) fn whom<'a>(
        &'a self,
        entry: &'a Entry,
        connection: &str,
        provider: &Provider,
    ) -> Option<WhoRef<'a>> {
        match entry {
            Entry::Who(who) => Some(who.into()),
            Entry::Person(name) => self.get(name)?.whom(connection, provider),
        }
    }
}
