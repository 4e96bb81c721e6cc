//! The contract of state stores, over the one of files and the one in memory. To try another, write a [`Backend`].
#![expect(clippy::unwrap_used, reason = "a store that cannot be used fails the test")]

#[path = "it/memory_store.rs"]
mod memory_store;

use memory_store::MemoryStore;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use workspace_members_core::{Capabilities, Identity, Provider, RoleTable, UserId};
use workspace_members_sync::{
    AccountKey, Budget, ChangeId, FileStore, Lease, OpenChange, Slot, StateError, StateStore, open_changes,
};

/// One state that several processes share.
trait Backend {
    /// The state as one more process opens it.
    fn open(&self) -> Arc<dyn StateStore>;

    /// Ends an account's lease though its holder lives.
    fn expire(&self, account: &AccountKey);
}

/// A backend that has nothing in it yet must pass this.
async fn contract(backend: &impl Backend) {
    one_lease_at_a_time(backend).await;
    a_lost_lease_is_noticed_before_the_next_write(backend).await;
    a_change_is_open_until_it_is_ended(backend).await;
    accounts_do_not_share_changes(backend).await;
    what_may_be_one_account_is_one(backend).await;
    a_call_that_is_dropped_leaves_the_state_whole(backend).await;
    budgets_are_kept_or_not(backend).await;
}

fn account(name: &str) -> AccountKey {
    let capabilities = Capabilities::new(Provider::from_static("example"), RoleTable::new([]).unwrap());
    let me = Identity::new(UserId::from(1)).with_account(Some(name.to_owned()), None);
    AccountKey::of(&capabilities, Some(&me))
}

fn change(user: u64) -> OpenChange {
    let text = json!({
        "connection": "acme",
        "workspace": "1",
        "principal": {"kind": "user", "id": user.to_string()},
        "label": "Amélie",
        "from": "viewer",
        "to": "editor",
    });
    serde_json::from_value(text).unwrap()
}

async fn lease(store: &Arc<dyn StateStore>, account: &AccountKey) -> Lease {
    // One that was just dropped may end a moment later, when the work that it was in has ended.
    for _ in 0..10_000 {
        if let Some(lease) = store.take_lease(account).await.unwrap() {
            return lease;
        }
        tokio::task::yield_now().await;
    }
    panic!("the lease on {account} does not end");
}

async fn changes(store: &Arc<dyn StateStore>, account: &AccountKey) -> Vec<OpenChange> {
    store.open_changes(account).await.unwrap().into_iter().map(|(_, change)| change).collect()
}

async fn one_lease_at_a_time(backend: &impl Backend) {
    let (one, two, account) = (backend.open(), backend.open(), account("leases"));
    let first = lease(&one, &account).await;
    assert_eq!(first.account(), &account);
    for store in [&one, &two] {
        assert!(store.take_lease(&account).await.unwrap().is_none());
    }
    let _other = lease(&two, &self::account("another")).await;
    one.check_lease(&first).await.unwrap();
    one.check_lease(&first).await.unwrap();
    let generation = first.generation();
    drop(first);
    let second = lease(&two, &account).await;
    assert!(second.generation() > generation);
    let generation = second.generation();
    drop(second);
    assert!(lease(&one, &account).await.generation() > generation);
}

async fn a_lost_lease_is_noticed_before_the_next_write(backend: &impl Backend) {
    let (one, two, account) = (backend.open(), backend.open(), account("lost"));
    let old = lease(&one, &account).await;
    let id = one.begin_change(&old, &change(1)).await.unwrap();
    backend.expire(&account);
    let new = lease(&two, &account).await;
    assert!(new.generation() > old.generation());
    let lost = |error: StateError| matches!(error, StateError::LeaseLost { account: of } if of == account);
    assert!(lost(one.check_lease(&old).await.unwrap_err()));
    assert!(lost(one.begin_change(&old, &change(2)).await.unwrap_err()));
    assert!(lost(one.end_change(&old, &id, "added").await.unwrap_err()));
    // To drop it takes nothing away from the run that has the account now.
    drop(old);
    two.check_lease(&new).await.unwrap();
    assert!(one.take_lease(&account).await.unwrap().is_none());
    assert!(!changes(&two, &account).await.contains(&change(2)));
}

async fn a_change_is_open_until_it_is_ended(backend: &impl Backend) {
    let (one, two, account) = (backend.open(), backend.open(), account("changes"));
    let first = lease(&one, &account).await;
    assert!(changes(&one, &account).await.is_empty());
    let mut ids: Vec<ChangeId> = Vec::new();
    for user in 1..=3 {
        ids.push(one.begin_change(&first, &change(user)).await.unwrap());
    }
    assert!(ids.is_sorted_by(|a, b| a < b));
    // Without the lease, by another process, in order.
    assert_eq!(changes(&two, &account).await, [change(1), change(2), change(3)]);
    one.end_change(&first, &ids[1], "added").await.unwrap();
    one.end_change(&first, &ids[1], "added").await.unwrap();
    assert_eq!(changes(&two, &account).await, [change(1), change(3)]);
    drop(first);
    // The next run ends what the last one left.
    let second = lease(&two, &account).await;
    let open = two.open_changes(&account).await.unwrap();
    assert_eq!(open, [(ids[0].clone(), change(1)), (ids[2].clone(), change(3))]);
    let again = two.begin_change(&second, &change(1)).await.unwrap();
    assert!(!ids.contains(&again));
    for id in [&ids[0], &ids[2]] {
        two.end_change(&second, id, "inside").await.unwrap();
    }
    assert_eq!(changes(&one, &account).await, [change(1)]);
    two.end_change(&second, &again, "gone").await.unwrap();
    assert!(changes(&one, &account).await.is_empty());
}

async fn accounts_do_not_share_changes(backend: &impl Backend) {
    let (store, one, two) = (backend.open(), account("one"), account("two"));
    let (of_one, of_two) = (lease(&store, &one).await, lease(&store, &two).await);
    let id = store.begin_change(&of_one, &change(1)).await.unwrap();
    store.begin_change(&of_two, &change(2)).await.unwrap();
    store.end_change(&of_one, &id, "added").await.unwrap();
    assert_eq!((changes(&store, &one).await, changes(&store, &two).await), (vec![], vec![change(2)]));
    store.begin_change(&of_one, &change(3)).await.unwrap();
    drop((of_one, of_two));
    let open = backend.open().open_changes(&one.any()).await.unwrap();
    for user in [2, 3] {
        assert!(open.iter().any(|(_, open)| *open == change(user)), "{open:?}");
    }
    let of_any = lease(&store, &one.any()).await;
    for (id, _) in open {
        store.end_change(&of_any, &id, "inside").await.unwrap();
    }
    assert!(changes(&store, &one.any()).await.is_empty());
}

/// Of an account that is not known, whichever came first.
async fn what_may_be_one_account_is_one(backend: &impl Backend) {
    let (store, known) = (backend.open(), account("known"));
    for (first, second) in [(&known, &known.any()), (&known.any(), &known)] {
        let taken = lease(&store, first).await;
        assert!(store.take_lease(second).await.unwrap().is_none(), "{first} and {second}");
        let id = store.begin_change(&taken, &change(1)).await.unwrap();
        assert_eq!(changes(&store, second).await, [change(1)]);
        store.end_change(&taken, &id, "added").await.unwrap();
    }
    let _known = lease(&store, &known).await;
    let _other = lease(&store, &account("other")).await;
}

async fn a_call_that_is_dropped_leaves_the_state_whole(backend: &impl Backend) {
    use futures_util::FutureExt as _;
    let (store, account) = (backend.open(), account("cancelled"));
    for _ in 0..20 {
        let taken = lease(&store, &account).await;
        // Polled once, and dropped.
        let begun = store.begin_change(&taken, &change(1)).now_or_never();
        drop((begun, taken));
    }
    let taken = lease(&store, &account).await;
    for (id, open) in store.open_changes(&account).await.unwrap() {
        assert_eq!(open, change(1));
        store.end_change(&taken, &id, "inside").await.unwrap();
    }
    assert!(changes(&store, &account).await.is_empty());
}

async fn budgets_are_kept_or_not(backend: &impl Backend) {
    let (one, two) = (backend.open(), backend.open());
    let hour = Budget { name: "hour", slots: 2, window: Duration::from_hours(1) };
    let Slot::Taken(first) = one.take_slot(&hour).await.unwrap() else {
        for store in [&one, &two, &one, &two] {
            assert_eq!(store.take_slot(&hour).await.unwrap(), Slot::NotKept);
            store.give_back_slot(&hour, 1).await.unwrap();
        }
        return;
    };
    assert!(matches!(two.take_slot(&hour).await.unwrap(), Slot::Taken(second) if second != first));
    assert!(
        matches!(one.take_slot(&hour).await.unwrap(), Slot::Full { retry_after } if !retry_after.is_zero())
    );
    let other = Budget { name: "other", ..hour };
    assert!(matches!(one.take_slot(&other).await.unwrap(), Slot::Taken(_)));
    two.give_back_slot(&hour, first).await.unwrap();
    two.give_back_slot(&hour, first).await.unwrap();
    assert!(matches!(one.take_slot(&hour).await.unwrap(), Slot::Taken(_)));
    assert!(matches!(two.take_slot(&hour).await.unwrap(), Slot::Full { .. }));
    let none = Budget { name: "no time", slots: 1, window: Duration::ZERO };
    for _ in 0..3 {
        assert!(matches!(one.take_slot(&none).await.unwrap(), Slot::Taken(_)));
    }
}

struct Files(tempfile::TempDir);

impl Backend for Files {
    fn open(&self) -> Arc<dyn StateStore> {
        Arc::new(FileStore::new(self.0.path()))
    }

    /// Somebody deletes the files of locks, which is the only way to lose one.
    fn expire(&self, account: &AccountKey) {
        for ending in ["lock", "generation"] {
            std::fs::remove_file(self.0.path().join(format!("{account}.{ending}"))).unwrap();
        }
    }
}

struct Memory(MemoryStore);

impl Backend for Memory {
    fn open(&self) -> Arc<dyn StateStore> {
        Arc::new(self.0.clone())
    }

    fn expire(&self, account: &AccountKey) {
        self.0.expire(account);
    }
}

#[tokio::test]
async fn files_keep_the_contract() {
    contract(&Files(tempfile::tempdir().unwrap())).await;
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract(&Memory(MemoryStore::default())).await;
}

#[tokio::test]
async fn the_files_of_all_accounts_are_read_without_a_lease() {
    let folder = tempfile::tempdir().unwrap();
    assert!(open_changes(&folder.path().join("none")).unwrap().is_empty());
    let store: Arc<dyn StateStore> = Arc::new(FileStore::new(folder.path()));
    for user in [1, 2] {
        let taken = lease(&store, &account(&user.to_string())).await;
        store.begin_change(&taken, &change(user)).await.unwrap();
    }
    let mut all = open_changes(folder.path()).unwrap();
    all.sort_by_key(|change| change.principal.clone());
    assert_eq!(all, [change(1), change(2)]);
}

/// A generation that a run could not write whole, or that somebody overwrote, does not make a lower one follow.
#[tokio::test]
async fn generations_grow_whatever_the_file_says() {
    let folder = tempfile::tempdir().unwrap();
    let (store, account) = (FileStore::new(folder.path()), account("acme"));
    let path = folder.path().join(format!("{account}.generation"));
    let mut last = 0;
    for damage in ["", "12", "none", "\u{e9}"] {
        let taken = store.take_lease(&account).await.unwrap().unwrap();
        assert!(taken.generation() > last);
        last = taken.generation();
        std::fs::write(&path, damage).unwrap();
        assert!(matches!(store.check_lease(&taken).await, Err(StateError::LeaseLost { .. })), "{damage:?}");
    }
}

#[tokio::test]
async fn a_lease_of_another_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (files, account) = (FileStore::new(folder.path()), account("acme"));
    let taken = MemoryStore::default().take_lease(&account).await.unwrap().unwrap();
    let error = files.check_lease(&taken).await.unwrap_err();
    assert!(matches!(error, StateError::Unusable { .. }), "{error}");
}
