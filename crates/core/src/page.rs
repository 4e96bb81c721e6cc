//! The pages that listings come in, and what identifies their records.

use crate::macros::setters;
use siphasher::sip128::{Hasher128, SipHasher13};
use std::fmt;
use std::hash::Hash;

/// Where the next page begins. Opaque: only the adapter that made it can read it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor(Box<str>);

impl Cursor {
    /// Made by adapters.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into().into_boxed_str())
    }

    /// Read by the adapter that made it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which page is asked for. The default is the first, of the adapter's own size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PageRequest {
    /// `None` for the first page, else [`Page::next`] of the page before.
    pub cursor: Option<Cursor>,
    /// About so many records: adapters lower it to what the provider allows, and ignore it where the provider fixes the
    /// size. `None` for the adapter's own size.
    pub size: Option<u32>,
}

impl PageRequest {
    /// The page at this cursor; the first for `None`.
    pub fn at(cursor: Option<Cursor>) -> Self {
        Self { cursor, size: None }
    }

    setters! {
        with_size(size: u32);
    }
}

/// One page of a listing: the primitive that streams and rosters are made of.
///
/// A page is not a list: the list ends only where `next` is `None`, and an empty page may have a next one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// What the page holds, in the provider's order.
    pub items: Vec<T>,
    /// Where to go on; `None` on the last page.
    pub next: Option<Cursor>,
    /// How many records the provider says the whole listing has, where it says so.
    pub total: Option<u64>,
    /// One key per record of the provider's page, which may hold other records than items: PandaDoc's list of users
    /// yields no member, or several, for one user. Repetitions and `total` are judged by these.
    pub records: Vec<RecordKey>,
    /// Records of a part that is read a second time, each of which must have come before: see
    /// [`Parts`](crate::adapter::Parts).
    pub again: Vec<RecordKey>,
}

impl<T: Record> Page<T> {
    /// A last page without a total, each item a record.
    pub fn new(items: Vec<T>) -> Self {
        let records = items.iter().map(Record::record_key).collect();
        Self::of_records(items, records)
    }
}

impl<T> Page<T> {
    /// A last page without a total, where items and records differ.
    pub fn of_records(items: Vec<T>, records: Vec<RecordKey>) -> Self {
        Self { items, next: None, total: None, records, again: Vec::new() }
    }

    setters! {
        with_next(next: Option<Cursor>);
        with_total(total: Option<u64>);
    }
}

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
