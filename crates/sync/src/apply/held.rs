//! The accounts that a run works on, kept from other runs on this host, with their journals.

use super::journal::Journal;
use super::place::{self, AccountKey, AccountLock};
use super::progress::{Event, Progress};
use super::report::Recovered;
use super::{ApplyError, read, recover};
use crate::observe::unknowable;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use workspace_members_core::{Capability, Identity, WorkspaceMembers};

/// The accounts of a plan, locked.
pub(super) struct Held {
    journals: BTreeMap<AccountKey, Mutex<Journal>>,
    keys: BTreeMap<String, AccountKey>,
    /// Who acts, by connection: asked once, to know which account to lock.
    identities: BTreeMap<String, Identity>,
    _locks: Vec<AccountLock>,
}

impl Held {
    /// Connections that people are only added over are left alone: nothing there can be left open.
    pub(super) async fn take(
        connections: &[(&str, &dyn WorkspaceMembers)],
        folder: &std::path::Path,
        only_adds: impl Fn(&str) -> bool,
    ) -> Result<Self, ApplyError> {
        place::prepare(folder)?;
        let (mut keys, mut identities) = (BTreeMap::new(), BTreeMap::new());
        for (name, members) in connections {
            let capabilities = members.capabilities();
            if only_adds(name) {
                continue;
            }
            let me = if capabilities.has(Capability::Me) {
                match members.me().await {
                    // Then all accounts behind one base URL count as one, and guards take anybody for the acting user.
                    Err(error) if unknowable(&error) => None,
                    me => Some(me.map_err(read(name))?),
                }
            } else {
                None
            };
            keys.insert((*name).to_owned(), AccountKey::of(capabilities, me.as_ref()));
            identities.extend(me.map(|me| ((*name).to_owned(), me)));
        }
        // Always in the same order, so that two runs cannot each hold what the other waits for.
        let by_key: BTreeMap<&AccountKey, &String> = keys.iter().map(|(name, key)| (key, name)).collect();
        let (mut locks, mut journals) = (Vec::new(), BTreeMap::new());
        for (key, name) in by_key {
            locks.push(AccountLock::take(folder, key, name)?);
            let path = key.file(folder, "journal");
            let journal = Journal::open(&path).map_err(|source| ApplyError::State { path, source })?;
            journals.insert(key.clone(), Mutex::new(journal));
        }
        Ok(Self { journals, keys, identities, _locks: locks })
    }

    pub(super) fn identity(&self, connection: &str) -> Option<&Identity> {
        self.identities.get(connection)
    }

    pub(super) fn journal(&self, connection: &str) -> Option<&Mutex<Journal>> {
        self.journals.get(self.keys.get(connection)?)
    }

    pub(super) async fn recover(
        &mut self,
        connections: &[(&str, &dyn WorkspaceMembers)],
        progress: &Progress,
    ) -> Result<Vec<Recovered>, ApplyError> {
        let mut all = Vec::new();
        for (key, journal) in &mut self.journals {
            let of_account: Vec<_> =
                connections.iter().filter(|(name, _)| self.keys.get(*name) == Some(key)).copied().collect();
            let journal = journal.get_mut().unwrap_or_else(PoisonError::into_inner);
            let each = |recovered: &Recovered| progress.tell(&Event::Recovered(recovered));
            all.extend(recover::recover(&of_account, journal, each).await?);
        }
        Ok(all)
    }
}
