//! The leases on the accounts that a run works on.

use super::connections::Picked;
use super::error::{ApplyError, read};
use crate::observe::unknowable;
use crate::store::{AccountKey, Lease, OpenChange, StateError, StateStore};
use std::collections::BTreeMap;
use workspace_members_core::{Capability, Identity};

/// The accounts of a run, leased until this is dropped.
pub(super) struct Leases<'a> {
    store: &'a dyn StateStore,
    by_account: BTreeMap<AccountKey, Lease>,
    /// The account of each connection, and who acts there: asked once, to know the account.
    by_connection: BTreeMap<String, (AccountKey, Option<Identity>)>,
}

/// One leased account.
#[derive(Clone, Copy)]
pub(super) struct Account<'a> {
    pub(super) store: &'a dyn StateStore,
    pub(super) lease: &'a Lease,
}

impl<'a> Leases<'a> {
    /// None is taken for connections over which people are only added: nothing there can be left open.
    pub(super) async fn take(
        connections: &Picked<'_>,
        store: &'a dyn StateStore,
        only_adds: impl Fn(&str) -> bool,
    ) -> Result<Self, ApplyError> {
        let mut by_connection = BTreeMap::new();
        for (&name, members) in connections.iter().filter(|(name, _)| !only_adds(name)) {
            let capabilities = members.capabilities();
            let mut me = None;
            if capabilities.has(Capability::Me) {
                me = match members.me().await {
                    // Then all accounts behind one base URL count as one, and guards treat everybody as if they might be
                    // the acting user.
                    Err(error) if unknowable(&error) => None,
                    me => Some(me.map_err(read(name))?),
                };
            }
            by_connection.insert(name.to_owned(), (AccountKey::of(capabilities, me.as_ref()), me));
        }
        // Always in the same order, so that two runs cannot each have what the other one needs.
        let accounts: BTreeMap<&AccountKey, &String> =
            by_connection.iter().map(|(name, (account, _))| (account, name)).collect();
        let mut by_account = BTreeMap::new();
        for (account, name) in accounts {
            let lease = store.take_lease(account).await?;
            let lease = lease.ok_or_else(|| ApplyError::Locked { connection: name.clone() })?;
            by_account.insert(account.clone(), lease);
        }
        Ok(Self { store, by_account, by_connection })
    }

    pub(super) fn identity(&self, connection: &str) -> Option<&Identity> {
        self.by_connection.get(connection)?.1.as_ref()
    }

    /// The account of a connection.
    pub(super) fn account(&self, connection: &str) -> Option<Account<'_>> {
        let lease = self.by_account.get(&self.by_connection.get(connection)?.0)?;
        Some(Account { store: self.store, lease })
    }

    /// All accounts.
    pub(super) fn all(&self) -> impl Iterator<Item = Account<'_>> {
        self.by_account.values().map(|lease| Account { store: self.store, lease })
    }

    /// The open changes of all accounts.
    pub(super) async fn open_changes(&self) -> Result<Vec<OpenChange>, StateError> {
        let mut all = Vec::new();
        for Account { store, lease } in self.all() {
            all.extend(store.open_changes(lease.account()).await?.into_iter().map(|(_, change)| change));
        }
        Ok(all)
    }
}
