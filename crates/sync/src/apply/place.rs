//! The place on this host where applies keep locks and journals.

use super::ApplyError;
use crate::plan::hex;
use sha2::{Digest, Sha256};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use workspace_members_core::{Capabilities, Identity};

/// Names an account on this host: the same for every credential that reaches it, as far as the provider says which
/// account it is. Where it does not, all accounts behind one base URL count as one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AccountKey(String);

impl AccountKey {
    pub(super) fn of(capabilities: &Capabilities, me: Option<&Identity>) -> Self {
        let mut hash = Sha256::new();
        let account = me.and_then(|me| me.account_id.as_deref()).unwrap_or_default();
        for part in [capabilities.provider().as_str(), capabilities.endpoint(), account] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let digest = hex(&hash.finalize()[..8]);
        let provider: String =
            capabilities.provider().as_str().chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        Self(format!("{provider}-{digest}"))
    }

    pub(super) fn file(&self, folder: &Path, ending: &str) -> PathBuf {
        folder.join(format!("{}.{ending}", self.0))
    }
}

/// Makes the folder, readable by its owner only.
pub(super) fn prepare(folder: &Path) -> Result<(), ApplyError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| ApplyError::State { path: folder.to_owned(), source })
}

/// Keeps other applies on this host away from an account. Given back when dropped, or when the process ends.
#[derive(Debug)]
pub(super) struct AccountLock {
    file: File,
}

impl Drop for AccountLock {
    fn drop(&mut self) {
        // To close the file is not enough: a program that is being started by another thread may have it open still, and
        // the lock with it.
        _ = self.file.unlock();
    }
}

impl AccountLock {
    pub(super) fn take(folder: &Path, key: &AccountKey, connection: &str) -> Result<Self, ApplyError> {
        let path = key.file(folder, "lock");
        let failed = |source| ApplyError::State { path: path.clone(), source };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(ApplyError::Locked { connection: connection.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_given_back_though_somebody_else_has_the_file_open() {
        let folder = tempfile::tempdir().unwrap();
        let key = AccountKey("account".to_owned());
        let take = || AccountLock::take(folder.path(), &key, "name");
        let lock = take().unwrap();
        assert!(matches!(take(), Err(ApplyError::Locked { .. })));
        // As a program has it that is being started.
        let _inherited = lock.file.try_clone().unwrap();
        drop(lock);
        take().unwrap();
    }
}
