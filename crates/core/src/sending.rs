//! Lets an adapter say that a call waits and nothing of it was sent yet.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    /// Of the call that is being polled.
    static WATCHED: RefCell<Option<Arc<Sending>>> = const { RefCell::new(None) };
}

/// Whether a call waits before it can be sent, as far as its adapter says: for a credential, or for a free connection.
///
/// A layer that gives calls up watches one, to tell what was never sent from what may have happened.
#[derive(Debug, Default)]
pub struct Sending {
    held: AtomicBool,
}

impl Sending {
    /// Runs a call whose waits are seen here. A watch around this one does not see them.
    pub async fn watch<F: Future>(self: &Arc<Self>, call: F) -> F::Output {
        let mut call = pin!(call);
        poll_fn(|context| self.during(|| call.as_mut().poll(context))).await
    }

    /// Polls a call whose waits are seen here: [`watch`](Self::watch) for whoever polls it anyway.
    pub fn during<R>(self: &Arc<Self>, poll: impl FnOnce() -> R) -> R {
        let _outer = Watched(WATCHED.replace(Some(Arc::clone(self))));
        poll()
    }

    /// Whether the call waits right now, and nothing of it was sent.
    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }
}

/// What was watched before, to be put back.
struct Watched(Option<Arc<Sending>>);

impl Drop for Watched {
    fn drop(&mut self) {
        WATCHED.set(self.0.take());
    }
}

/// Ends the wait when it drops: also where the waiting future is dropped.
struct Held(Arc<Sending>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.held.store(false, Ordering::Release);
    }
}

/// For adapters: waits for something that the call needs before anything of it is sent. Without a watch it only waits.
pub async fn before_sending<F: Future>(wait: F) -> F::Output {
    let held = WATCHED.with_borrow(Clone::clone).map(|sending| {
        sending.held.store(true, Ordering::Release);
        Held(sending)
    });
    let done = wait.await;
    drop(held);
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Poll, Waker};

    /// Waits for one more poll.
    async fn once() {
        let mut polled = false;
        poll_fn(|_| if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    #[test]
    fn a_wait_is_seen_by_its_own_watch_while_it_lasts() {
        let (outer, inner, other) =
            (Arc::<Sending>::default(), Arc::<Sending>::default(), Arc::<Sending>::default());
        let all = || [&outer, &inner, &other].map(|sending| sending.is_held());
        let mut one = pin!(outer.watch(async {
            before_sending(once()).await;
            inner.watch(before_sending(once())).await;
            once().await;
        }));
        let mut two = Box::pin(other.watch(before_sending(once())));
        let context = &mut Context::from_waker(Waker::noop());

        assert!(one.as_mut().poll(context).is_pending());
        assert_eq!(all(), [true, false, false]);
        assert!(two.as_mut().poll(context).is_pending());
        assert!(one.as_mut().poll(context).is_pending());
        assert_eq!(all(), [false, true, true]);
        assert!(one.as_mut().poll(context).is_pending());
        drop(two);
        assert_eq!(all(), [false, false, false]);
        assert!(one.as_mut().poll(context).is_ready());
        assert!(WATCHED.with_borrow(Option::is_none));
        // Nobody watches.
        assert!(pin!(before_sending(std::future::ready(()))).poll(context).is_ready());
    }
}
