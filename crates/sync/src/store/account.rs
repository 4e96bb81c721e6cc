//! The name of an account.

use crate::plan::hex;
use sha2::{Digest, Sha256};
use std::fmt;
use workspace_members_core::{Capabilities, Identity};

/// Names an account: the same for every credential that reaches it, as far as the provider says which account that is.
/// Where it does not, all accounts behind one base URL count as one.
///
/// Letters, digits and `-`, at most 49: a file name, or a key in a database.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountKey(String);

impl AccountKey {
    /// The account that a connection with these capabilities reaches, acting as `me`.
    pub fn of(capabilities: &Capabilities, me: Option<&Identity>) -> Self {
        let mut hash = Sha256::new();
        let account = me.and_then(|me| me.account_id.as_deref()).unwrap_or_default();
        for part in [capabilities.provider().as_str(), capabilities.endpoint(), account] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let digest = hex(&hash.finalize()[..8]);
        let provider: String =
            capabilities.provider().as_str().chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        Self(format!("{provider}-{digest}"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
