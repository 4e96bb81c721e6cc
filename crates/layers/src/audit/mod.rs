//! A record of every write: what is intended before anything is sent, and what became of it.

mod email;
mod file;
mod key_source;
mod record;

pub use email::EmailKey;
pub use file::{Appended, AuditFile, AuditSink};
pub use key_source::KeySource;
pub use record::{Actor, RECORD_VERSION};

use crate::call::{Answer, Call};
use crate::lock::lock;
use record::{Outcome, Record, now};
use std::io;
use std::sync::{Arc, Mutex};
use tokio::time::Instant;
use tracing::Span;
use workspace_members_core::{Capabilities, Capability, Effect, Error, ErrorKind, Identity, Result};

/// Writes two JSON lines for every write: the *intent*, before anything is sent, and the *outcome*, before the call
/// returns. Outermost, so that a line stands for what the caller asked, whatever the concerns inside made of it.
///
/// * If the intent cannot be written, nothing is sent: [`ErrorKind::RecordFailed`] with [`Effect::NotApplied`].
/// * If the outcome cannot be written, the call is [`ErrorKind::RecordFailed`] with the effect of what happened; if the
///   change was made, that is [`Effect::Partial`], and [`Error::done`] says what.
/// * If the caller drops the call, the outcome is `cancelled`, with effect `unknown` once something may have been sent.
///   So an intent without an outcome means that the process died in between.
///
/// Both lines have the same `id`, which is also on the span around the call (`wsm.operation_id`); the time, who acts,
/// where, whom, which role (asked for, in the provider's word, and the one until now where the caller knew it). The
/// outcome has the effect (`applied` for success), the error's kind, the provider's request id and the confirmed role.
///
/// Who acts is learned from [`me`](workspace_members_core::WorkspaceMembers::me): whenever a caller asks it, and else by
/// asking it once before the first write. If that fails the write is not sent, and its two lines name no user. That a
/// renewed key acts as somebody else is noticed when `me` is asked next. See [`with_identify`](Self::with_identify).
#[derive(Debug)]
pub struct Audit {
    sink: Arc<dyn AuditSink>,
    actor: Actor,
    /// As last seen: keys are renewed, and another one may act as somebody else.
    identity: Mutex<Option<Identity>>,
    /// Held while the provider is asked, so that the first writes ask it once.
    asking: tokio::sync::Mutex<()>,
    identify: bool,
    email_key: Option<EmailKey>,
}

impl Audit {
    /// Sends the lines here.
    pub fn new(sink: Arc<dyn AuditSink>) -> Self {
        Self {
            sink,
            actor: Actor::default(),
            identity: Mutex::default(),
            asking: tokio::sync::Mutex::new(()),
            identify: true,
            email_key: None,
        }
    }

    /// Says who acts. With a [`user`](Actor::user), the provider is not asked.
    pub fn with_actor(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    /// Whether to ask the provider who acts, where [`Actor::user`] does not say it. Default true.
    pub fn with_identify(mut self, identify: bool) -> Self {
        self.identify = identify;
        self
    }

    /// Hides every e-mail address.
    pub fn with_email_key(mut self, key: EmailKey) -> Self {
        self.email_key = Some(key);
        self
    }

    /// The provider said whom the key acts as.
    pub(crate) fn acts_as(&self, identity: &Identity) {
        *lock(&self.identity) = Some(identity.clone());
    }

    /// Writes the intent of a write, which may be sent if this succeeds; else this is its error. `ask` asks the provider
    /// who acts, where that is not known and the write will be sent (`is_allowed`).
    pub(crate) async fn begin<F: Future<Output = Result<Identity>>>(
        &self,
        call: &Call<'_>,
        capabilities: &Capabilities,
        is_allowed: bool,
        ask: impl FnOnce() -> F,
    ) -> Result<Entry<'_>> {
        let identified = if self.identify && is_allowed && capabilities.has(Capability::Me) {
            self.identify(call, ask).await
        } else {
            Ok(())
        };
        let record = Record::intent(call, capabilities, &self.actor(), self.email_key.as_ref());
        let mut entry = Entry { audit: self, record, started: Instant::now(), sent: false, closed: false };
        if let Err(failure) = entry.write().await {
            // Where the intent is missing, an outcome would be about nothing.
            entry.closed = true;
            let message = format!("the audit log cannot be written ({failure}), so nothing was sent");
            let error = call.error(ErrorKind::RecordFailed, Effect::NotApplied, message);
            return Err(error.with_source(failure));
        }
        match identified {
            Ok(()) => Ok(entry),
            Err(error) => Err(entry.fail(call, error).await),
        }
    }

    /// Who acts, as far as known.
    fn actor(&self) -> Actor {
        let actor = self.actor.clone();
        if actor.user.is_some() {
            return actor;
        }
        match &*lock(&self.identity) {
            Some(identity) => actor.with_identity(identity),
            None => actor,
        }
    }

    /// Finds out who acts, if that is not known.
    async fn identify<F: Future<Output = Result<Identity>>>(
        &self,
        call: &Call<'_>,
        ask: impl FnOnce() -> F,
    ) -> Result<()> {
        if self.actor().user.is_some() {
            return Ok(());
        }
        let _asking = self.asking.lock().await;
        if self.actor().user.is_some() {
            return Ok(());
        }
        ask().await.map(|identity| self.acts_as(&identity)).map_err(|error| {
            let effect = match error.effect() {
                Effect::Rejected => Effect::Rejected,
                _ => Effect::NotApplied,
            };
            let message = format!(
                "the write was not sent, for its record must say who acts, and asking that failed: {}",
                error.message()
            );
            error.with_effect(effect).with_operation(call.operation).with_message(message)
        })
    }
}

/// A write with an intent and no outcome yet. Dropped without one, it records that the call was cancelled.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    audit: &'a Audit,
    record: Record,
    started: Instant,
    sent: bool,
    closed: bool,
}

impl Entry<'_> {
    /// From now on, something may have been sent. In this span.
    pub(crate) fn send(&mut self) -> Span {
        self.sent = true;
        tracing::info_span!(
            "audit",
            wsm.operation = self.record.operation,
            wsm.operation_id = self.record.id.as_str()
        )
    }

    /// Writes the outcome. What could not be recorded is an error.
    pub(crate) async fn end<T: Answer>(mut self, call: &Call<'_>, result: Result<T>) -> Result<T> {
        match result {
            Err(error) => Err(self.fail(call, error).await),
            Ok(answer) => {
                let outcome = Outcome::of_answer(&answer, self.audit.email_key.as_ref());
                let Err(failure) = self.close(outcome).await else { return Ok(answer) };
                let message = format!("the change was made, and the audit log does not say so ({failure})");
                let error = call.error(ErrorKind::RecordFailed, Effect::Partial, message);
                let done = format!("{} {}", call.operation.as_str().replace('_', " "), call.subject);
                Err(error.with_done(vec![done]).with_source(failure))
            }
        }
    }

    /// Writes that the call failed.
    async fn fail(mut self, call: &Call<'_>, error: Error) -> Error {
        let outcome = Outcome::of_error(&error, self.audit.email_key.as_ref());
        let Err(failure) = self.close(outcome).await else { return error };
        let message = format!(
            "the call failed ({}: {}), and the audit log does not say so ({failure})",
            error.kind(),
            error.message()
        );
        let made = call.error(ErrorKind::RecordFailed, error.effect(), message);
        let made = if error.done().is_empty() { made } else { made.with_done(error.done().to_vec()) };
        made.with_attempts(error.attempts())
            .with_request_id(error.request_id().map(str::to_owned))
            .with_source(error)
    }

    /// Hands the line to the sink, which has taken it when this returns.
    fn write(&self) -> Appended {
        match serde_json::to_string(&self.record) {
            Ok(line) => self.audit.sink.append(line + "\n"),
            Err(error) => Box::pin(std::future::ready(Err(io::Error::from(error)))),
        }
    }

    fn close(&mut self, outcome: Outcome) -> Appended {
        self.closed = true;
        self.record.event = "outcome";
        self.record.time = now();
        self.record.outcome = Some(outcome.after(self.started.elapsed()));
        self.write()
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if !self.closed {
            let effect = if self.sent { Effect::Unknown } else { Effect::NotApplied };
            // The sink has taken the line; nobody waits to hear whether it could keep it.
            drop(self.close(Outcome::cancelled(effect)));
        }
    }
}
