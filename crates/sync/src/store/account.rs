//! The name of an account.

use crate::plan::hex;
use sha2::{Digest, Sha256};
use std::fmt;
use workspace_members_core::{Capabilities, Identity};

/// Names an account: the same for every credential that reaches it, as far as the provider says which account that is.
/// Where it does not, the key stands for [whichever](Self::may_be) account behind the base URL it is.
///
/// Letters, digits and `-`, at most 66: a file name, or a key in a database.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountKey(String);

impl AccountKey {
    /// The account that a connection with these capabilities reaches, acting as `me`.
    pub fn of(capabilities: &Capabilities, me: Option<&Identity>) -> Self {
        let provider = capabilities.provider().as_str();
        let short: String = provider.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        let any = format!("{short}-{}", digest(&[provider, capabilities.endpoint()]));
        match me.and_then(|me| me.account_id.as_deref()) {
            Some(account) => Self(format!("{any}-{}", digest(&[account]))),
            None => Self(any),
        }
    }

    /// The key that stands for any account behind this one's base URL.
    #[must_use]
    pub fn any(&self) -> Self {
        Self(self.0.splitn(3, '-').take(2).collect::<Vec<_>>().join("-"))
    }

    /// Whether two keys may name one account: they are equal, or one of them stands for any account behind the base URL.
    pub fn may_be(&self, other: &Self) -> bool {
        let any = self.any();
        self == other || (any == other.any() && (any == *self || any == *other))
    }

    /// The account of a file that is named by its key.
    pub(super) fn named(key: &str) -> Self {
        Self(key.to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hex(&hash.finalize()[..8])
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
