//! What an audit line says.

use crate::audit::email::{EmailKey, hidden, hidden_id};
use crate::call::{Answer, Call};
use serde::Serialize;
use std::time::Duration;
use workspace_members_core::{
    Capabilities, Effect, EmailAddress, Error, Identity, Notify, Role, UserId, WorkspaceId,
};

/// The version of the lines' form, in each as `v`. Fields may be added within a version; none changes its meaning.
pub const RECORD_VERSION: u32 = 1;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Actor {
    /// Who runs this program, in the operator's own words.
    pub label: Option<String>,
    /// The provider's user that the key acts as.
    pub user: Option<UserId>,
    /// That user's address.
    pub email: Option<EmailAddress>,
}

impl Actor {
    /// Says who runs this program.
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Says whom the key acts as.
    pub fn with_identity(mut self, identity: &Identity) -> Self {
        (self.user, self.email) = (Some(identity.user.clone()), identity.email.clone());
        self
    }
}

/// One line: the same first part in the intent and in the outcome, so that each can be read alone.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    v: u32,
    pub(crate) event: &'static str,
    /// Our own id of the write, in both lines: 32 hexadecimal digits.
    pub(crate) id: String,
    pub(crate) time: String,
    actor: ActorRecord,
    connection: Option<String>,
    provider: String,
    endpoint: String,
    pub(crate) operation: &'static str,
    workspace: Option<String>,
    principal: Option<String>,
    membership: Option<String>,
    /// The role asked for.
    role: Option<String>,
    /// The provider's word for it; none where it cannot be written.
    native_role: Option<String>,
    /// The provider's word for the role until now, where the caller knew it.
    from: Option<String>,
    /// Whom the provider was asked to mail.
    notify: Option<Vec<&'static str>>,
    /// The address that is invited. This and what follows is of writes to the account's users only.
    #[serde(skip_serializing_if = "Option::is_none")]
    invitee: Option<String>,
    /// Into which workspaces, each with the role asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    invited_to: Vec<InvitedTo>,
    /// The id of an invitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<String>,
    /// Whether a user is to be active.
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
    #[serde(flatten)]
    pub(crate) outcome: Option<Outcome>,
}

#[derive(Debug, Serialize)]
struct InvitedTo {
    workspace: String,
    role: String,
}

#[derive(Debug, Serialize)]
struct ActorRecord {
    label: Option<String>,
    user: Option<String>,
    email: Option<String>,
}

impl Record {
    /// The line before anything is sent.
    pub(crate) fn intent(
        call: &Call<'_>,
        capabilities: &Capabilities,
        actor: &Actor,
        key: Option<&EmailKey>,
    ) -> Self {
        let hide = |id: &str| hidden_id(id, key);
        let subject = &call.subject;
        let native = subject.role.and_then(|role| capabilities.roles().resolve(role).ok());
        let invited_to = |(workspace, role): &(WorkspaceId, Role)| InvitedTo {
            workspace: hide(workspace.as_str()),
            role: role.to_string(),
        };
        Self {
            v: RECORD_VERSION,
            event: "intent",
            id: format!("{:032x}", fastrand::u128(..)),
            time: now(),
            actor: ActorRecord {
                label: actor.label.as_deref().map(|label| hidden(label, key)),
                user: actor.user.as_ref().map(|user| hide(user.as_str())),
                email: actor.email.as_ref().map(|email| hidden_id(email.as_str(), key)),
            },
            connection: call.connection.map(str::to_owned),
            provider: call.provider.to_string(),
            endpoint: capabilities.endpoint().to_owned(),
            operation: call.operation.as_str(),
            workspace: subject.workspace.map(|id| hide(id.as_str())),
            principal: subject.principal.as_ref().map(|id| format!("{}:{}", id.kind(), hide(id.as_str()))),
            membership: subject.membership.map(|id| hide(id.as_str())),
            role: subject.role.map(ToString::to_string),
            native_role: native.map(|role| role.native.to_string()),
            from: subject.from.map(ToString::to_string),
            notify: subject.notify.map(mailed),
            invitee: subject.invitee.map(|email| hidden_id(email.as_str(), key)),
            invited_to: subject.invited_to.iter().map(invited_to).collect(),
            invitation: subject.invitation.map(|id| hide(id.as_str())),
            active: subject.active,
            outcome: None,
        }
    }
}

pub(crate) fn now() -> String {
    jiff::Timestamp::now().to_string()
}

fn mailed(notify: Notify) -> Vec<&'static str> {
    let who = [notify.member.then_some("member"), notify.admins.then_some("admins")];
    who.into_iter().flatten().collect()
}

/// What became of it.
#[derive(Debug, Serialize, Default)]
pub(crate) struct Outcome {
    /// `ok`, `error`, or `cancelled`: the caller stopped waiting.
    result: &'static str,
    /// `applied`, or the error's effect.
    effect: &'static str,
    kind: Option<&'static str>,
    status: Option<u16>,
    request_id: Option<String>,
    attempts: Option<u32>,
    message: Option<String>,
    /// The address of the person, where the provider's answer has it.
    email: Option<String>,
    /// The role that the provider's answer shows.
    confirmed_role: Option<String>,
    pub(crate) elapsed_ms: u64,
}

impl Outcome {
    pub(crate) fn of_error(error: &Error, key: Option<&EmailKey>) -> Self {
        Self {
            result: "error",
            effect: error.effect().as_str(),
            kind: Some(error.kind().as_str()),
            status: error.status(),
            request_id: error.request_id().map(|id| hidden(id, key)),
            attempts: Some(error.attempts()),
            message: Some(hidden(error.message(), key)),
            ..Self::default()
        }
    }

    pub(crate) fn of_answer(answer: &impl Answer, key: Option<&EmailKey>) -> Self {
        let (email, role) = answer.confirmed();
        Self {
            result: "ok",
            effect: "applied",
            email: email.map(|email| hidden_id(email.as_str(), key)),
            confirmed_role: role.map(ToString::to_string),
            ..Self::default()
        }
    }

    pub(crate) fn cancelled(effect: Effect) -> Self {
        Self { result: "cancelled", effect: effect.as_str(), ..Self::default() }
    }

    pub(crate) fn after(mut self, elapsed: Duration) -> Self {
        self.elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        self
    }
}
