//! The leases on the accounts that a run works on.

use super::connections::Picked;
use super::error::{ApplyError, read};
use crate::observe::unknowable;
use crate::store::{AccountKey, ChangeId, Lease, OpenChange, StateError, StateStore};
use std::collections::{BTreeMap, BTreeSet};
use workspace_members_core::{Capability, Identity};

/// The accounts of a run, leased until this is dropped.
pub(super) struct Leases<'a> {
    store: &'a dyn StateStore,
    taken: Vec<Lease>,
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
                    // Then guards treat everybody as if they might be the acting user.
                    Err(error) if unknowable(&error) => None,
                    me => Some(me.map_err(read(name))?),
                };
            }
            by_connection.insert(name.to_owned(), (AccountKey::of(capabilities, me.as_ref()), me));
        }
        // Always in the same order, so that two runs cannot each have what the other one needs.
        let mut by_url: BTreeMap<AccountKey, BTreeMap<&AccountKey, &String>> = BTreeMap::new();
        for (name, (account, _)) in &by_connection {
            by_url.entry(account.any()).or_default().insert(account, name);
        }
        let mut all = Vec::new();
        for (any, accounts) in &by_url {
            let mut taken = Vec::new();
            if !accounts.contains_key(any) {
                let mut may_be_of_one = false;
                for (account, name) in accounts {
                    taken.push(lease(store, account, name).await?);
                    // What a run left open that did not know its account may be of this one.
                    let open = store.open_changes(account).await?;
                    may_be_of_one |= open.iter().any(|(id, _)| id.account == *any);
                }
                if may_be_of_one {
                    taken.clear();
                }
            }
            if let (true, Some(name)) = (taken.is_empty(), accounts.values().next()) {
                taken.push(lease(store, any, name).await?);
            }
            all.append(&mut taken);
        }
        Ok(Self { store, taken: all, by_connection })
    }

    pub(super) fn identity(&self, connection: &str) -> Option<&Identity> {
        self.by_connection.get(connection)?.1.as_ref()
    }

    /// The account of a connection.
    pub(super) fn account(&self, connection: &str) -> Option<Account<'_>> {
        let account = &self.by_connection.get(connection)?.0;
        let lease = self.taken.iter().find(|lease| lease.account().may_be(account))?;
        Some(Account { store: self.store, lease })
    }

    /// Whether a change may be of the account of this connection, if this run has it.
    pub(super) fn is_of(&self, change: &ChangeId, connection: &str) -> bool {
        self.by_connection.get(connection).is_some_and(|(account, _)| account.may_be(&change.account))
    }

    /// Everything that is open at the accounts of this run, or may be, of each lease.
    pub(super) async fn open(&self) -> Result<Vec<(Account<'_>, ChangeId, OpenChange)>, StateError> {
        let accounts: BTreeSet<&AccountKey> =
            self.by_connection.values().map(|(account, _)| account).collect();
        let mut all = Vec::new();
        for lease in &self.taken {
            for (id, change) in self.store.open_changes(lease.account()).await? {
                if accounts.iter().any(|account| account.may_be(&id.account)) {
                    all.push((Account { store: self.store, lease }, id, change));
                }
            }
        }
        Ok(all)
    }
}

async fn lease(store: &dyn StateStore, account: &AccountKey, name: &str) -> Result<Lease, ApplyError> {
    let lease = store.take_lease(account).await?;
    lease.ok_or_else(|| ApplyError::Locked { connection: name.to_owned() })
}
