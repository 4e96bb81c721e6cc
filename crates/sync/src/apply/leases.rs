//! The leases on the accounts that a run works on.

use super::error::{ApplyError, read};
use super::progress::{Event, Progress};
use super::recover::recover;
use super::report::Recovered;
use crate::observe::unknowable;
use crate::store::{AccountKey, ChangeId, Lease, OpenChange, StateError, StateStore};
use std::collections::BTreeMap;
use workspace_members_core::{Capability, Identity, WorkspaceMembers};

/// The accounts of a run, leased until this is dropped.
pub(super) struct Leases<'a> {
    store: &'a dyn StateStore,
    by_account: BTreeMap<AccountKey, Lease>,
    /// By connection.
    accounts: BTreeMap<String, AccountKey>,
    /// Who acts, by connection: asked once, to know the account.
    identities: BTreeMap<String, Identity>,
}

/// One leased account.
#[derive(Clone, Copy)]
pub(super) struct Account<'a> {
    store: &'a dyn StateStore,
    lease: &'a Lease,
}

impl Account<'_> {
    /// Fails if another run took the account over.
    pub(super) async fn check(self) -> Result<(), StateError> {
        self.store.check_lease(self.lease).await
    }

    pub(super) async fn begin(self, change: &OpenChange) -> Result<ChangeId, StateError> {
        self.store.begin_change(self.lease, change).await
    }

    pub(super) async fn end(self, id: ChangeId, outcome: &str) -> Result<(), StateError> {
        self.store.end_change(self.lease, id, outcome).await
    }

    pub(super) async fn open_changes(self) -> Result<Vec<(ChangeId, OpenChange)>, StateError> {
        self.store.open_changes(self.lease.account()).await
    }
}

impl<'a> Leases<'a> {
    /// None is taken for connections over which people are only added: nothing there can be left open.
    pub(super) async fn take(
        connections: &[(&str, &dyn WorkspaceMembers)],
        store: &'a dyn StateStore,
        only_adds: impl Fn(&str) -> bool,
    ) -> Result<Self, ApplyError> {
        let (mut accounts, mut identities) = (BTreeMap::new(), BTreeMap::new());
        for (name, members) in connections.iter().filter(|(name, _)| !only_adds(name)) {
            let capabilities = members.capabilities();
            let me = if capabilities.has(Capability::Me) {
                match members.me().await {
                    // Then all accounts behind one base URL count as one, and guards take anybody for the acting user.
                    Err(error) if unknowable(&error) => None,
                    me => Some(me.map_err(read(name))?),
                }
            } else {
                None
            };
            accounts.insert((*name).to_owned(), AccountKey::of(capabilities, me.as_ref()));
            identities.extend(me.map(|me| ((*name).to_owned(), me)));
        }
        // Always in the same order, so that two runs cannot each have what the other one needs.
        let by_account: BTreeMap<&AccountKey, &String> =
            accounts.iter().map(|(name, account)| (account, name)).collect();
        let mut leases = BTreeMap::new();
        for (account, name) in by_account {
            let Some(lease) = store.take_lease(account).await? else {
                return Err(ApplyError::Locked { connection: name.clone() });
            };
            leases.insert(account.clone(), lease);
        }
        Ok(Self { store, by_account: leases, accounts, identities })
    }

    pub(super) fn identity(&self, connection: &str) -> Option<&Identity> {
        self.identities.get(connection)
    }

    /// The account of a connection.
    pub(super) fn account(&self, connection: &str) -> Option<Account<'_>> {
        let lease = self.by_account.get(self.accounts.get(connection)?)?;
        Some(Account { store: self.store, lease })
    }

    /// Recovers the open changes of all accounts.
    pub(super) async fn recover(
        &self,
        connections: &[(&str, &dyn WorkspaceMembers)],
        progress: &Progress,
    ) -> Result<Vec<Recovered>, ApplyError> {
        let mut all = Vec::new();
        for (key, lease) in &self.by_account {
            let of_account: Vec<_> = connections
                .iter()
                .filter(|(name, _)| self.accounts.get(*name) == Some(key))
                .copied()
                .collect();
            let each = |recovered: &Recovered| progress.tell(&Event::Recovered(recovered));
            all.extend(recover(&of_account, Account { store: self.store, lease }, each).await?);
        }
        Ok(all)
    }

    /// The open changes of all accounts.
    pub(super) async fn open_changes(&self) -> Result<Vec<OpenChange>, StateError> {
        let mut all = Vec::new();
        for lease in self.by_account.values() {
            let open = Account { store: self.store, lease }.open_changes().await?;
            all.extend(open.into_iter().map(|(_, change)| change));
        }
        Ok(all)
    }
}
