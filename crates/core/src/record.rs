//! What identifies a record of a listing.

use crate::{Group, Member, User, Workspace};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::fmt;
use std::hash::{Hash, Hasher};

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

/// A text that comes in pieces, hashed as [`RecordKey::of`] does the whole. A long one is never held.
pub(crate) struct HashedText {
    hasher: SipHasher13,
    /// What is not hashed yet: many short pieces take longer than one long one.
    rest: String,
}

impl HashedText {
    const PIECE: usize = 4096;

    pub(crate) fn new() -> Self {
        Self { hasher: SipHasher13::new(), rest: String::with_capacity(Self::PIECE) }
    }

    pub(crate) fn push(&mut self, piece: &str) {
        if self.rest.len() + piece.len() > Self::PIECE {
            self.hasher.write(self.rest.as_bytes());
            self.rest.clear();
        }
        self.rest.push_str(piece);
    }

    pub(crate) fn finish(mut self) -> RecordKey {
        self.hasher.write(self.rest.as_bytes());
        // What the standard library puts behind every text.
        self.hasher.write_u8(0xff);
        RecordKey(self.hasher.finish128().into())
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
}
