//! A bound on each single request.

use crate::around::{Around, Called, Layer};
use crate::duration::shown;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use workspace_members_core::{Effect, Error, ErrorKind, Result, Sending, WorkspaceMembers};

/// Gives up a call after some time, with [`ErrorKind::Timeout`].
///
/// Innermost, so that it times one request and not the wait for it. Where the adapter itself waits before it sends
/// ([`before_sending`](workspace_members_core::before_sending): for a credential, for a free connection), that may take as
/// long by itself, and the clock starts anew when it is over.
///
/// A read that was given up on changed nothing ([`Effect::NotApplied`]), and no more did a write that was given up before it
/// was sent. Any other write may have reached the provider, which may be working on it still ([`Effect::Unknown`]);
/// [`Retry`](crate::Retry) settles that.
pub type Timeout<M> = Layer<M, Bound>;

impl<M: WorkspaceMembers> Timeout<M> {
    /// Allows each call that long.
    pub fn new(inner: M, after: Duration) -> Self {
        Self::of(inner, Bound { after })
    }
}

/// How long each call may take.
#[derive(Debug)]
pub struct Bound {
    pub(crate) after: Duration,
}

impl Around for Bound {
    fn bound(&self) -> Option<&Bound> {
        Some(self)
    }
}

impl Bound {
    /// Polls a call to its end, or gives it up.
    pub(crate) async fn timed<T>(
        &self,
        called: Called<'_>,
        mut call: impl FnMut(&mut Context<'_>) -> Poll<Result<T>>,
    ) -> Result<T> {
        let (sending, mut held) = (Arc::<Sending>::default(), false);
        let mut clock = pin!(sleep(self.after));
        poll_fn(|context| {
            let polled = sending.during(|| call(context));
            if polled.is_ready() {
                return polled;
            }
            let was_held = std::mem::replace(&mut held, sending.is_held());
            if was_held
                && !held
                && let Some(at) = Instant::now().checked_add(self.after)
            {
                clock.as_mut().reset(at);
            }
            clock.as_mut().poll(context).map(|()| Err(self.expired(called, held)))
        })
        .await
    }

    fn expired(&self, Called { operation, provider }: Called<'_>, held: bool) -> Error {
        let after = shown(self.after);
        let (effect, message) = match (held, operation.is_write()) {
            (true, _) => (
                Effect::NotApplied,
                format!("not sent within {after}, waiting for the credential or a free connection"),
            ),
            (false, true) => (Effect::Unknown, format!("no answer within {after}")),
            (false, false) => (Effect::NotApplied, format!("no answer within {after}")),
        };
        Error::new(ErrorKind::Timeout, effect, message)
            .with_operation(operation)
            .with_provider(provider.clone())
    }
}
