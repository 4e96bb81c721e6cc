//! What identifies a record of a listing.

use crate::{Group, Member, User, Workspace};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::fmt;
use std::hash::Hash;

/// Identifies one record of a listing while it is walked: a 128-bit hash of its id, so that a listing of a million
/// records is checked for repetitions in a few dozen bytes each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey(u128);

impl RecordKey {
    /// Hashes whatever identifies the record. Stable across processes.
    pub fn of(identity: &impl Hash) -> Self {
        let mut hasher = SipHasher13::new();
        identity.hash(&mut hasher);
        Self(hasher.finish128().into())
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A thing that a listing yields, with what identifies it there.
pub trait Record {
    /// What must not repeat within one listing.
    fn record_key(&self) -> RecordKey;

    /// The same where the ids of users are logins whose case is folded
    /// ([`Behaviour::UserIdsFoldCase`](crate::Behaviour::UserIdsFoldCase)).
    fn folded_record_key(&self) -> RecordKey {
        self.record_key()
    }
}

impl Record for Workspace {
    fn record_key(&self) -> RecordKey {
        RecordKey::of(&self.id)
    }
}

impl Record for User {
    fn record_key(&self) -> RecordKey {
        RecordKey::of(&self.id)
    }

    fn folded_record_key(&self) -> RecordKey {
        RecordKey::of(&self.id.as_str().to_ascii_lowercase())
    }
}

impl Record for Group {
    fn record_key(&self) -> RecordKey {
        RecordKey::of(&self.id)
    }
}

impl Record for Member {
    fn record_key(&self) -> RecordKey {
        RecordKey::of(&(&self.key.workspace, &self.key.principal))
    }

    fn folded_record_key(&self) -> RecordKey {
        RecordKey::of(&(&self.key.workspace, self.key.principal.folded()))
    }
}
