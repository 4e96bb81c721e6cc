//! A bound on how many requests are under way at once.

use crate::around::{Around, Layer};
use crate::turn;
use std::cell::Cell;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use workspace_members_core::{Operation, WorkspaceMembers};

/// Lets so many calls through at once; the others wait, first come, first served.
///
/// A call that is dropped while it waits leaves nothing behind. The bound is per value, not per account. A call that
/// stands in line for a limit of a [`RateLimit`](crate::RateLimit) inside gives its place to others meanwhile, so that
/// calls that the limit does not cover pass it.
pub type Concurrency<M> = Layer<M, Places>;

impl<M: WorkspaceMembers> Concurrency<M> {
    /// Lets `max` calls through at once, at least 1.
    pub fn new(inner: M, max: u32) -> Self {
        Self::of(inner, Places::new(max))
    }
}

/// The places of the calls that may be under way at once.
#[derive(Debug)]
pub struct Places {
    permits: Arc<Semaphore>,
}

/// The place of one call: it has it, or has given it to others for now.
#[derive(Debug)]
pub(crate) enum Place {
    Held(OwnedSemaphorePermit),
    Given(Arc<Semaphore>),
}

thread_local! {
    /// Of the call that is being polled.
    static PLACE: Cell<Option<Place>> = const { Cell::new(None) };
}

/// Puts everything back when it drops.
struct Polled<'a> {
    place: &'a mut Option<Place>,
    outer: Option<Place>,
}

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        *self.place = PLACE.replace(self.outer.take());
    }
}

/// Polls a call that has this place.
pub(crate) fn during<R>(place: &mut Option<Place>, poll: impl FnOnce() -> R) -> R {
    if place.is_none() {
        return poll();
    }
    let outer = PLACE.replace(place.take());
    let _polled = Polled { place, outer };
    poll()
}

/// Gives the place of this call to others, where it has one.
pub(crate) fn give_place() {
    PLACE.set(match PLACE.take() {
        Some(Place::Held(permit)) => Some(Place::Given(Arc::clone(permit.semaphore()))),
        other => other,
    });
}

/// Takes a place again, after [`give_place`].
pub(crate) async fn take_place() {
    let place = PLACE.take();
    let given = match &place {
        Some(Place::Given(permits)) => Some(Arc::clone(permits)),
        _ => None,
    };
    PLACE.set(place);
    // The semaphore is never closed, so this is never an error; were it so, nothing would be bounded.
    if let Some(permits) = given
        && let Ok(permit) = permits.acquire_owned().await
    {
        PLACE.set(Some(Place::Held(permit)));
    }
}

impl Places {
    /// So many, at least 1.
    pub(crate) fn new(max: u32) -> Self {
        let max = usize::try_from(max.max(1)).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        Self { permits: Arc::new(Semaphore::new(max)) }
    }

    /// Waits for a place. `None` never happens, as above.
    pub(crate) async fn enter(&self, operation: Operation) -> Option<Place> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Some(Place::Held(permit));
        }
        tracing::debug!(wsm.operation = operation.as_str(), "waiting for another call to finish");
        turn::wait_for(Arc::clone(&self.permits).acquire_owned()).await.ok().map(Place::Held)
    }
}

impl Around for Places {
    fn places(&self) -> Option<&Places> {
        Some(self)
    }
}
