//! The locks of this crate.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks. Nothing panics while such a lock is held, so that none is ever poisoned.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
