//! Whom and what a desired state names: targets, entries and people.

use super::text::{self, InvalidText, serde_as_text};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use workspace_members_core::{EmailAddress, Provider, Who, WorkspaceId};

/// One workspace of one connection, spelled `connection:workspace`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
        f.pad(&format!("{}:{}", self.connection, self.workspace))
    }
}

impl FromStr for Target {
    type Err = InvalidText;
    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let invalid =
            |problem| InvalidText::new(problem, "write connection:workspace-id, such as paradigm:42");
        let (connection, workspace) =
            text.split_once(':').ok_or_else(|| invalid(format!("{text:?} is not a target")))?;
        if !is_name(connection) {
            return Err(invalid(format!("{connection:?} is not the name of a connection")));
        }
        let workspace = WorkspaceId::new(workspace).map_err(|error| invalid(error.to_string()))?;
        Ok(Self::new(connection, workspace))
    }
}

/// Letters, digits, `-`, `_` and `.`: what connections, people and teams may be called.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// Somebody as a desired state names them: `ana@example.com`, `user:ID`, `group:ID`, or `person:NAME` for one of its
/// [`People`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

impl FromStr for Entry {
    type Err = InvalidText;
    fn from_str(text: &str) -> Result<Self, InvalidText> {
        match text.strip_prefix("person:") {
            Some(name) if is_name(name) => Ok(Self::Person(name.to_owned())),
            Some(name) => Err(InvalidText::new(
                format!("{name:?} is not a name"),
                "use letters, digits, '-', '_' and '.'",
            )),
            None => text.parse().map(Self::Who).map_err(|error: workspace_members_core::InvalidId| {
                let instead = "write an e-mail address, user:ID, group:ID, person:NAME or team:NAME";
                InvalidText::new(format!("{text:?} names nobody: {}", error.why()), instead)
            }),
        }
    }
}

serde_as_text!(Target, Entry);

/// An address or an id, in whichever type.
impl<T: Into<Who>> From<T> for Entry {
    fn from(who: T) -> Self {
        Self::Who(who.into())
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
    #[serde(default, serialize_with = "text::serialize_map", deserialize_with = "text::deserialize_map")]
    pub at: BTreeMap<String, Who>,
}

impl Person {
    /// Somebody with the same address everywhere.
    pub fn new(email: impl Into<Option<EmailAddress>>) -> Self {
        Self { email: email.into(), at: BTreeMap::new() }
    }

    /// Adds the address or id at a connection or provider.
    pub fn with_alias(mut self, connection_or_provider: impl Into<String>, who: impl Into<Who>) -> Self {
        self.at.insert(connection_or_provider.into(), who.into());
        self
    }

    /// How this person is addressed at a connection.
    pub fn who(&self, connection: &str, provider: &Provider) -> Option<Who> {
        let alias = self.at.get(connection).or_else(|| self.at.get(provider.as_str()));
        alias.cloned().or_else(|| self.email.clone().map(Who::Email))
    }
}

/// The people that a desired state defines once and names as `person:NAME`.
pub type People = BTreeMap<String, Person>;

impl Entry {
    pub(crate) fn may_be_address(&self) -> bool {
        !matches!(self, Self::Who(Who::Id(_)))
    }

    /// How this is addressed at a connection; `None` for a person who has no address there.
    pub fn who(&self, people: &People, connection: &str, provider: &Provider) -> Option<Cow<'_, Who>> {
        match self {
            Self::Who(who) => Some(Cow::Borrowed(who)),
            Self::Person(name) => people.get(name)?.who(connection, provider).map(Cow::Owned),
        }
    }
}
