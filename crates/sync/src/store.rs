//! What an apply keeps outside itself.

mod account;
mod file;
mod journal;

pub use account::AccountKey;
pub use file::{FileStore, open_changes};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use workspace_members_core::{NativeRole, PrincipalId, WorkspaceId};

/// What an apply keeps outside itself, so that other runs and later ones know of it: who works on an account, which
/// changes are open, and how much of a shared limit is used. Nothing else: plans are made from what is there. Whatever
/// takes a lease fails with [`StateError::LeaseLost`] unless that is still the account's latest.
///
/// [`FileStore`] keeps it in a folder of one host. Any store must pass the tests in `tests/store.rs` of this crate.
#[async_trait]
pub trait StateStore: fmt::Debug + Send + Sync {
    /// Takes an account's lease, or answers `None` while somebody has it, or that of another account that
    /// [may be](AccountKey::may_be) this one. Does not wait for them.
    ///
    /// Each lease of an account has a higher generation than every one before. It ends when the [`Lease`] is dropped or
    /// the process ends. A store whose leases expire must renew one for as long as its `Lease` lives.
    async fn take_lease(&self, account: &AccountKey) -> Result<Option<Lease>, StateError>;

    /// Succeeds while this is the account's latest lease. Apply asks this before each write at the provider. Idempotent.
    async fn check_lease(&self, lease: &Lease) -> Result<(), StateError>;

    /// The open changes of every account that [may be](AccountKey::may_be) this one, of each oldest first. Idempotent;
    /// needs no lease.
    async fn open_changes(&self, account: &AccountKey) -> Result<Vec<(ChangeId, OpenChange)>, StateError>;

    /// Records that a change is about to begin. It is durable when this returns: the first request of the change is sent
    /// only then. Each call records another change.
    async fn begin_change(&self, lease: &Lease, change: &OpenChange) -> Result<ChangeId, StateError>;

    /// Records that a change is finished, and its outcome in a word. The lease is of the change's account, or of any
    /// account behind its base URL. Idempotent.
    async fn end_change(&self, lease: &Lease, id: &ChangeId, outcome: &str) -> Result<(), StateError>;

    /// Takes one slot of a limit that several processes share. Does not wait for one.
    async fn take_slot(&self, budget: &Budget<'_>) -> Result<Slot, StateError>;

    /// Gives back a slot that was not used, since its request was never sent. Idempotent.
    async fn give_back_slot(&self, budget: &Budget<'_>, slot: u64) -> Result<(), StateError>;
}

/// Somebody who is removed only to be added again. Until they were seen inside, they may be outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OpenChange {
    /// The connection that was used.
    pub connection: String,
    /// Where.
    pub workspace: WorkspaceId,
    /// Who.
    pub principal: PrincipalId,
    /// Who, as a person would say it.
    pub label: String,
    /// The role before.
    pub from: NativeRole,
    /// The role after.
    pub to: NativeRole,
}

/// Identifies an open change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangeId {
    /// The account of the lease that it was begun under.
    pub account: AccountKey,
    /// Later changes of the account have higher numbers, as long as one is open.
    pub number: u64,
}

/// The right to change an account, until it is dropped or a later lease of the account is taken.
#[derive(Debug)]
pub struct Lease {
    account: AccountKey,
    generation: u64,
    guard: Arc<dyn Any + Send + Sync>,
}

impl Lease {
    /// For stores: a lease that ends when `guard` is dropped.
    pub fn new(account: AccountKey, generation: u64, guard: impl Any + Send + Sync) -> Self {
        Self { account, generation, guard: Arc::new(guard) }
    }

    /// The account.
    pub fn account(&self) -> &AccountKey {
        &self.account
    }

    /// The fencing token: higher than that of every earlier lease of this account.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// For stores: the guard, if it is of this type. The lease ends when the last clone is dropped.
    pub fn guard<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        Arc::clone(&self.guard).downcast().ok()
    }
}

/// A limit that several processes share: so many slots, each of which is free again after the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget<'a> {
    /// Which limit; the same text in all processes that share it.
    pub name: &'a str,
    /// How many slots it has.
    pub slots: u32,
    /// How long a slot stays taken.
    pub window: Duration,
}

/// The answer to [`StateStore::take_slot`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Slot {
    /// The store keeps no budgets, so the process's own limiter is the only one.
    NotKept,
    /// One was taken; it can be given back by this number.
    Taken(u64),
    /// All are taken.
    Full {
        /// When to ask again.
        retry_after: Duration,
    },
}

/// A state store could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// A later lease of the account exists, so nothing more may be written with this one.
    #[error("the lease on account {account} was lost: another run may be changing it")]
    LeaseLost {
        /// The account.
        account: AccountKey,
    },
    /// The store, or a part of it, cannot be used.
    #[error("{part} cannot be used")]
    Unusable {
        /// Which part, for instance the path of a file.
        part: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StateError {
    /// A part of a store that cannot be used, and why.
    pub fn unusable(part: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unusable { part: part.into(), source: source.into() }
    }
}
