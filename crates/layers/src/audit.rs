//! A record of every write: what is intended before anything is sent, and what became of it.

use crate::audit_file::AuditSink;
use crate::audit_record::{
    Actor, ActorRecord, EmailKey, Outcome, RECORD_VERSION, Record, Subject, hidden_id,
};
use async_trait::async_trait;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::time::Instant;
use tracing::Instrument;
use workspace_members_core::{
    AddMember, Capabilities, Capability, Effect, Error, ErrorKind, Group, Identity, ListOf, Member,
    MemberKey, Operation, Page, PageRequest, PrincipalId, Provider, RemoveMember, Result, SetRole, User,
    Workspace, WorkspaceId, WorkspaceMembers,
};

/// Writes two JSON lines for every write: the *intent*, before anything is sent, and the *outcome*, before the call
/// returns. Outermost, so that a line stands for what the caller asked, whatever the layers inside made of it.
///
/// * If the intent cannot be written, nothing is sent: [`ErrorKind::RecordFailed`] with [`Effect::NotApplied`].
/// * If the outcome cannot be written, the call is [`ErrorKind::RecordFailed`] with the effect of what happened; if the
///   change was made, that is [`Effect::Partial`], and [`Error::done`] says what.
/// * If the caller drops the call, the outcome is `cancelled`, with effect `unknown` once something may have been sent.
///   So an intent without an outcome means that the process died in between.
///
/// Both lines have the same `id`, which is also on the span around the call (`wsm.operation_id`); the time, who acts,
/// where, whom, which role (asked for, in the provider's word, and the one until now where the caller knew it). The
/// outcome has the effect (`applied` for success), the error's kind, the provider's request id where there is one, and
/// the role that the provider confirmed.
///
/// Who acts is learned from [`me`](WorkspaceMembers::me): whenever a caller asks it, and else by asking it once before
/// the first write. If that fails the write is not sent, and its two lines name no user. A key that is renewed may act
/// as somebody else, which is noticed when `me` is asked next. See [`with_identify`](Self::with_identify).
#[derive(Debug)]
pub struct Audit<M> {
    inner: M,
    sink: Arc<dyn AuditSink>,
    actor: Actor,
    /// As last seen: keys are renewed, and another one may act as somebody else.
    identity: RwLock<Option<Identity>>,
    /// Held while the provider is asked, so that the first writes ask it once.
    asking: tokio::sync::Mutex<()>,
    identify: bool,
    connection: Option<String>,
    email_key: Option<EmailKey>,
}

impl<M: WorkspaceMembers> Audit<M> {
    /// Records every write of this stack.
    pub fn new(inner: M, sink: Arc<dyn AuditSink>) -> Self {
        Self {
            inner,
            sink,
            actor: Actor::default(),
            identity: RwLock::default(),
            asking: tokio::sync::Mutex::new(()),
            identify: true,
            connection: None,
            email_key: None,
        }
    }

    /// Says who acts. With a [`user`](Actor::user), the provider is not asked.
    pub fn with_actor(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    /// Whether to ask the provider who acts where nobody said it. Default true.
    pub fn with_identify(mut self, identify: bool) -> Self {
        self.identify = identify;
        self
    }

    /// Names the connection.
    pub fn with_connection(mut self, name: impl Into<String>) -> Self {
        self.connection = Some(name.into());
        self
    }

    /// Hides every e-mail address.
    pub fn with_email_key(mut self, key: EmailKey) -> Self {
        self.email_key = Some(key);
        self
    }

    /// Who acts, as far as known.
    fn actor(&self) -> Actor {
        let actor = self.actor.clone();
        if actor.user.is_some() {
            return actor;
        }
        // Nothing panics while the lock is held.
        match &*self.identity.read().unwrap_or_else(PoisonError::into_inner) {
            Some(identity) => actor.with_identity(identity),
            None => actor,
        }
    }

    /// Finds out who acts, if that is not known and the write will be sent.
    async fn identify(&self, operation: Operation, will_be_sent: bool) -> Result<()> {
        let unknown = || self.actor().user.is_none();
        let ask = self.identify && will_be_sent && self.capabilities().has(Capability::Me);
        if !ask || !unknown() {
            return Ok(());
        }
        let _asking = self.asking.lock().await;
        if !unknown() {
            return Ok(());
        }
        self.me().await.map(drop).map_err(|error| {
            let effect = match error.effect() {
                Effect::Rejected => Effect::Rejected,
                _ => Effect::NotApplied,
            };
            let message = format!(
                "the write was not sent, for its record must say who acts, and asking that failed: {}",
                error.message()
            );
            error.with_effect(effect).with_operation(operation).with_message(message)
        })
    }

    async fn recorded<'a, T>(
        &'a self,
        subject: Subject<'a>,
        will_be_sent: bool,
        outcome: fn(&T, Option<&EmailKey>) -> Outcome,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let operation = subject.operation;
        let identified = self.identify(operation, will_be_sent).await;
        let done = format!("{} {}", operation.as_str().replace('_', " "), subject.key);
        let record = self.intent(&self.actor(), subject);
        let span = tracing::info_span!(
            "audit",
            wsm.operation = operation.as_str(),
            wsm.operation_id = record.id.as_str()
        );
        let failed = |error: Error| error.with_operation(operation).with_provider(self.inner.provider());

        let mut open = Open { audit: self, record, started: Instant::now(), sent: false, closed: false };
        if let Err(failure) = open.write_intent().await {
            let message = format!("the audit log cannot be written ({failure}), so nothing was sent");
            let error = Error::new(ErrorKind::RecordFailed, Effect::NotApplied, message);
            return Err(failed(error.with_source(failure)));
        }
        let result = match identified {
            Ok(()) => {
                open.sent = true;
                call.instrument(span).await
            }
            Err(error) => Err(error),
        };
        let key = self.email_key.as_ref();
        let outcome = match &result {
            Ok(value) => outcome(value, key),
            Err(error) => Outcome::of_error(error, key),
        };
        match open.write_outcome(outcome).await {
            Ok(()) => result,
            Err(failure) => Err(failed(unrecorded(result.err(), failure, done))),
        }
    }

    fn intent(&self, actor: &Actor, subject: Subject<'_>) -> Record {
        let key = self.email_key.as_ref();
        let hide = |id: &str| hidden_id(id, key);
        let MemberKey { workspace, principal, membership, .. } = &subject.key;
        let capabilities = self.inner.capabilities();
        let native = subject.role.and_then(|role| capabilities.roles().resolve(role).ok());
        Record {
            v: RECORD_VERSION,
            event: "intent",
            id: format!("{:032x}", fastrand::u128(..)),
            time: now(),
            actor: ActorRecord::new(actor, key),
            connection: self.connection.clone(),
            provider: capabilities.provider().to_string(),
            endpoint: capabilities.endpoint().to_owned(),
            operation: subject.operation.as_str(),
            workspace: hide(workspace.as_str()),
            principal: format!("{}:{}", principal.kind(), hide(principal.as_str())),
            membership: membership.as_ref().map(|id| hide(id.as_str())),
            role: subject.role.map(ToString::to_string),
            native_role: native.map(|role| role.native.to_string()),
            from: subject.from.map(ToString::to_string),
            notify: subject.notify,
            outcome: None,
        }
    }
}

fn now() -> String {
    jiff::Timestamp::now().to_string()
}

fn unrecorded(failed: Option<Error>, failure: io::Error, done: String) -> Error {
    match failed {
        None => {
            let message = format!("the change was made, and the audit log does not say so ({failure})");
            Error::new(ErrorKind::RecordFailed, Effect::Partial, message)
                .with_done(vec![done])
                .with_source(failure)
        }
        Some(error) => {
            let message = format!(
                "the call failed ({}: {}), and the audit log does not say so ({failure})",
                error.kind(),
                error.message()
            );
            let made = Error::new(ErrorKind::RecordFailed, error.effect(), message);
            let made = if error.done().is_empty() { made } else { made.with_done(error.done().to_vec()) };
            made.with_attempts(error.attempts())
                .with_request_id(error.request_id().map(str::to_owned))
                .with_source(error)
        }
    }
}

/// A write that has no outcome line yet. Dropped without one, it writes that the call was cancelled.
struct Open<'a, M: WorkspaceMembers> {
    audit: &'a Audit<M>,
    record: Record,
    started: Instant,
    sent: bool,
    closed: bool,
}

impl<M: WorkspaceMembers> Open<'_, M> {
    async fn write_intent(&mut self) -> io::Result<()> {
        let written = self.audit.sink.append(line(&self.record)?).await;
        // Where the intent is missing, an outcome would be about nothing.
        self.closed = written.is_err();
        written
    }

    fn outcome(&mut self, outcome: Outcome) -> io::Result<String> {
        self.closed = true;
        self.record.event = "outcome";
        self.record.time = now();
        self.record.outcome = Some(outcome.after(self.started.elapsed()));
        line(&self.record)
    }

    async fn write_outcome(mut self, outcome: Outcome) -> io::Result<()> {
        let line = self.outcome(outcome)?;
        self.audit.sink.append(line).await
    }
}

impl<M: WorkspaceMembers> Drop for Open<'_, M> {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        let cancelled = Outcome::cancelled(self.sent);
        if let Ok(line) = self.outcome(cancelled) {
            // The sink has taken the line; nobody is left to be told if it cannot keep it.
            drop(self.audit.sink.append(line));
        }
    }
}

fn line(record: &Record) -> io::Result<String> {
    let mut line = serde_json::to_string(record)?;
    line.push('\n');
    Ok(line)
}

fn of_member(member: &Member, key: Option<&EmailKey>) -> Outcome {
    Outcome::of_member(Some(member), key)
}

#[async_trait]
impl<M: WorkspaceMembers> WorkspaceMembers for Audit<M> {
    fn provider(&self) -> Provider {
        self.inner.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }
    async fn me(&self) -> Result<Identity> {
        let identity = self.inner.me().await?;
        // Nothing panics while the lock is held.
        *self.identity.write().unwrap_or_else(PoisonError::into_inner) = Some(identity.clone());
        Ok(identity)
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.inner.workspaces_page(page).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.inner.users_page(page).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.inner.groups_page(page).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.inner.members_page(of, page).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.inner.get(workspace, principal).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        let admitted = self.capabilities().check_add(request).is_ok();
        self.recorded(request.into(), admitted, of_member, self.inner.add(request)).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        let admitted = self.capabilities().check_set_role(request).is_ok();
        self.recorded(request.into(), admitted, of_member, self.inner.set_role(request)).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        let admitted = self.capabilities().check_remove(request).is_ok();
        self.recorded(
            request.into(),
            admitted,
            |(), key| Outcome::of_member(None, key),
            self.inner.remove(request),
        )
        .await
    }
}
