//! State in memory, for tests. Its leases can be taken away, and it keeps budgets.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use workspace_members_sync::{AccountKey, Budget, ChangeId, Lease, OpenChange, Slot, StateError, StateStore};

#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryStore(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The latest generation of each account, and whether its lease still lives.
    leases: BTreeMap<AccountKey, (u64, bool)>,
    changes: BTreeMap<ChangeId, OpenChange>,
    changes_made: u64,
    /// When each taken slot is free again.
    slots: BTreeMap<String, BTreeMap<u64, Instant>>,
    slots_made: u64,
}

/// Ends its lease when dropped.
struct Guard(MemoryStore, AccountKey, u64);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.end(&self.1, Some(self.2));
    }
}

impl MemoryStore {
    fn end(&self, account: &AccountKey, only: Option<u64>) {
        if let Some((generation, lives)) = self.0.lock().unwrap().leases.get_mut(account)
            && only.is_none_or(|only| only == *generation)
        {
            *lives = false;
        }
    }

    /// Ends the lease of an account though its holder lives, as one that expired.
    pub(crate) fn expire(&self, account: &AccountKey) {
        self.end(account, None);
    }

    /// All accounts of which there ever was a lease.
    #[expect(clippy::allow_attributes, reason = "an expectation fails in the program that asks")]
    #[allow(dead_code, reason = "only one of the two test programs asks")]
    pub(crate) fn accounts(&self) -> Vec<AccountKey> {
        self.0.lock().unwrap().leases.keys().cloned().collect()
    }

    fn check(&self, lease: &Lease) -> Result<(), StateError> {
        match self.0.lock().unwrap().leases.get(lease.account()) {
            Some((generation, true)) if *generation == lease.generation() => Ok(()),
            _ => Err(StateError::LeaseLost { account: lease.account().clone() }),
        }
    }
}

#[async_trait]
impl StateStore for MemoryStore {
    async fn take_lease(&self, account: &AccountKey) -> Result<Option<Lease>, StateError> {
        let mut state = self.0.lock().unwrap();
        if state.leases.iter().any(|(other, (_, lives))| *lives && other.may_be(account)) {
            return Ok(None);
        }
        let (generation, lives) = state.leases.entry(account.clone()).or_default();
        (*generation, *lives) = (*generation + 1, true);
        let guard = Guard(self.clone(), account.clone(), *generation);
        Ok(Some(Lease::new(account.clone(), *generation, guard)))
    }

    async fn check_lease(&self, lease: &Lease) -> Result<(), StateError> {
        self.check(lease)
    }

    async fn open_changes(&self, account: &AccountKey) -> Result<Vec<(ChangeId, OpenChange)>, StateError> {
        let state = self.0.lock().unwrap();
        let open = state.changes.iter().filter(|(id, _)| id.account.may_be(account));
        Ok(open.map(|(id, change)| (id.clone(), change.clone())).collect())
    }

    async fn begin_change(&self, lease: &Lease, change: &OpenChange) -> Result<ChangeId, StateError> {
        self.check(lease)?;
        let mut state = self.0.lock().unwrap();
        state.changes_made += 1;
        let id = ChangeId { account: lease.account().clone(), number: state.changes_made };
        state.changes.insert(id.clone(), change.clone());
        Ok(id)
    }

    async fn end_change(&self, lease: &Lease, id: &ChangeId, _: &str) -> Result<(), StateError> {
        self.check(lease)?;
        self.0.lock().unwrap().changes.remove(id);
        Ok(())
    }

    async fn take_slot(&self, budget: &Budget<'_>) -> Result<Slot, StateError> {
        let state = &mut *self.0.lock().unwrap();
        let now = Instant::now();
        let taken = state.slots.entry(budget.name.to_owned()).or_default();
        taken.retain(|_, free| *free > now);
        if taken.len() >= budget.slots as usize {
            let first = taken.values().min().copied().unwrap_or(now);
            return Ok(Slot::Full { retry_after: first - now });
        }
        state.slots_made += 1;
        taken.insert(state.slots_made, now + budget.window);
        Ok(Slot::Taken(state.slots_made))
    }

    async fn give_back_slot(&self, budget: &Budget<'_>, slot: u64) -> Result<(), StateError> {
        self.0.lock().unwrap().slots.entry(budget.name.to_owned()).or_default().remove(&slot);
        Ok(())
    }
}
