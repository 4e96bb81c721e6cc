//! State in a folder of one host.

use super::journal::{self, Journal};
use super::{AccountKey, Budget, ChangeId, Lease, OpenChange, Slot, StateError, StateStore};
use async_trait::async_trait;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Keeps state in a folder of this host, for all runs on it. Keeps no budgets.
///
/// Each account has three files: `ACCOUNT.lock`, locked while a lease lives; `ACCOUNT.generation`, the number of the
/// latest lease; and `ACCOUNT.journal`, the open changes. The lock of any account behind a base URL is shared by leases of
/// its accounts that are known. Do not delete the files between runs: a lease is lost where they were deleted while it
/// lived. It works on tokio's threads for blocking work, so it needs a tokio runtime.
#[derive(Debug, Clone)]
pub struct FileStore {
    folder: PathBuf,
}

impl FileStore {
    /// Keeps state in this folder, which is made when it is first needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn file(&self, account: &AccountKey, ending: &str) -> PathBuf {
        self.folder.join(format!("{account}.{ending}"))
    }

    /// Does something with the files of a lease.
    async fn with<T: Send + 'static>(
        &self,
        lease: &Lease,
        work: impl FnOnce(&AccountFiles) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, StateError> {
        let Some(files) = lease.guard::<AccountFiles>() else {
            return Err(StateError::unusable(lease.account().as_str(), "the lease is of another store"));
        };
        // The lease lives on until the work ends, also where nobody waits for it any more.
        blocking(move || {
            files.check()?;
            work(&files)
        })
        .await
    }
}

#[async_trait]
impl StateStore for FileStore {
    async fn take_lease(&self, account: &AccountKey) -> Result<Option<Lease>, StateError> {
        let (store, account) = (self.clone(), account.clone());
        blocking(move || {
            let files = AccountFiles::lock(&store, &account)?;
            Ok(files.map(|files| Lease::new(account, files.generation, files)))
        })
        .await
    }

    async fn check_lease(&self, lease: &Lease) -> Result<(), StateError> {
        self.with(lease, |_| Ok(())).await
    }

    async fn open_changes(&self, account: &AccountKey) -> Result<Vec<(ChangeId, OpenChange)>, StateError> {
        let (folder, account) = (self.folder.clone(), account.clone());
        blocking(move || read_folder(&folder, |of| of.may_be(&account)).map_err(unusable(&folder))).await
    }

    async fn begin_change(&self, lease: &Lease, change: &OpenChange) -> Result<ChangeId, StateError> {
        let change = change.clone();
        let number = self.with(lease, move |files| files.journal(|journal| journal.begin(change))).await?;
        Ok(ChangeId { account: lease.account().clone(), number })
    }

    async fn end_change(&self, lease: &Lease, id: &ChangeId, outcome: &str) -> Result<(), StateError> {
        let (ChangeId { account, number }, outcome) = (id.clone(), outcome.to_owned());
        let path = self.file(&account, "journal");
        self.with(lease, move |files| {
            if account == files.account {
                return files.journal(|journal| journal.end(number, outcome));
            }
            // Nobody else has it open: this lease is of any account there.
            let ended = Journal::open(&path).and_then(|mut journal| journal.end(number, outcome));
            ended.map_err(unusable(&path))
        })
        .await
    }

    async fn take_slot(&self, _: &Budget<'_>) -> Result<Slot, StateError> {
        Ok(Slot::NotKept)
    }

    async fn give_back_slot(&self, _: &Budget<'_>, _: u64) -> Result<(), StateError> {
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StateError> + Send + 'static,
) -> Result<T, StateError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(failed) => Err(StateError::unusable("the state folder", failed)),
    }
}

fn unusable(path: &Path) -> impl FnOnce(io::Error) -> StateError {
    let part = path.display().to_string();
    move |source| StateError::unusable(part, source)
}

/// The files of one account, locked.
#[derive(Debug)]
struct AccountFiles {
    account: AccountKey,
    locks: Vec<File>,
    generation: u64,
    generation_path: PathBuf,
    journal: Mutex<Journal>,
    journal_path: PathBuf,
}

impl Drop for AccountFiles {
    fn drop(&mut self) {
        // To close the file is not enough: a program that is being started by another thread may have it open still, and
        // the lock with it.
        for lock in &self.locks {
            _ = lock.unlock();
        }
    }
}

impl AccountFiles {
    /// `None` where another run has them.
    fn lock(store: &FileStore, account: &AccountKey) -> Result<Option<Self>, StateError> {
        make_private(&store.folder).map_err(unusable(&store.folder))?;
        let any = account.any();
        let wanted: &[_] = if *account == any {
            &[(&any, File::try_lock as TryLock)]
        } else {
            &[(&any, File::try_lock_shared), (account, File::try_lock)]
        };
        let mut locks = Vec::new();
        for (account, try_lock) in wanted {
            match take_lock(&store.file(account, "lock"), *try_lock)? {
                Some(lock) => locks.push(lock),
                None => return Ok(None),
            }
        }
        let generation_path = store.file(account, "generation");
        // The clock keeps it growing where the file was deleted, or half of it written by a run that died.
        let clock = u64::try_from(jiff::Timestamp::now().as_microsecond()).unwrap_or(0);
        let generation =
            read_generation(&generation_path).map_or(0, |last| last.saturating_add(1)).max(clock);
        fs::write(&generation_path, format!("{generation}\n")).map_err(unusable(&generation_path))?;
        let journal_path = store.file(account, "journal");
        let journal = Journal::open(&journal_path).map_err(unusable(&journal_path))?;
        let (account, journal) = (account.clone(), Mutex::new(journal));
        Ok(Some(Self { account, locks, generation, generation_path, journal, journal_path }))
    }

    /// Another run can only have taken the account if the files were deleted; then this is no longer the generation.
    fn check(&self) -> Result<(), StateError> {
        if read_generation(&self.generation_path) == Some(self.generation) {
            return Ok(());
        }
        Err(StateError::LeaseLost { account: self.account.clone() })
    }

    fn journal<T>(&self, work: impl FnOnce(&mut Journal) -> io::Result<T>) -> Result<T, StateError> {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut journal).map_err(unusable(&self.journal_path))
    }
}

type TryLock = fn(&File) -> Result<(), TryLockError>;

/// `None` where another run has it.
fn take_lock(path: &Path, try_lock: TryLock) -> Result<Option<File>, StateError> {
    let lock = File::options().create(true).truncate(false).write(true).open(path);
    let lock = lock.map_err(unusable(path))?;
    for _ in 0..20 {
        match try_lock(&lock) {
            Ok(()) => return Ok(Some(lock)),
            Err(TryLockError::Error(source)) => return Err(unusable(path)(source)),
            // A run of this process that was just dropped may be writing its last line.
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    Ok(None)
}

fn read_generation(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim_end().parse().ok()
}

/// Makes the folder, readable by its owner only.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The open changes of all accounts whose journals are in this folder. Takes no lease. Blocks while it reads.
pub fn open_changes(state_dir: &Path) -> io::Result<Vec<OpenChange>> {
    Ok(read_folder(state_dir, |_| true)?.into_iter().map(|(_, change)| change).collect())
}

fn read_folder(
    folder: &Path,
    is_wanted: impl Fn(&AccountKey) -> bool,
) -> io::Result<Vec<(ChangeId, OpenChange)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    let mut all = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "journal")) {
        let account = AccountKey::named(&path.file_stem().unwrap_or_default().to_string_lossy());
        if is_wanted(&account) {
            let id = |number| ChangeId { account: account.clone(), number };
            all.extend(journal::read_file(path)?.into_iter().map(|(number, change)| (id(number), change)));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_given_back_though_somebody_else_has_the_file_open() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::new(folder.path());
        let roles = workspace_members_core::RoleTable::new([]).unwrap();
        let provider = workspace_members_core::Provider::from_static("example");
        let account = AccountKey::of(&workspace_members_core::Capabilities::new(provider, roles), None);
        let take = || AccountFiles::lock(&store, &account).unwrap();
        let files = take().unwrap();
        assert!(take().is_none());
        // As a program has it that is being started.
        let _inherited = files.locks[0].try_clone().unwrap();
        drop(files);
        take().unwrap();
    }
}
