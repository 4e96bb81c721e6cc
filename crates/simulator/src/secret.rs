//! A credential as it stands in a state file.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An API key, OAuth token or client secret of the simulated world.
///
/// It is written to the state file in clear, because that file *is* the provider's memory, and it is never shown by
/// [`Debug`](fmt::Debug), so that a world can be printed in a failing test without its keys.
///
/// ```
/// use workspace_members_simulator::Secret;
///
/// let key = Secret::from("made-up");
/// assert_eq!(key.expose(), "made-up");
/// assert_eq!(format!("{key:?}"), "Secret([redacted])");
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for a test that has to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}
