//! What a call carries down the stack and up again.

use crate::duration::shown;
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;
use workspace_members_core::ops::About;
use workspace_members_core::{
    Effect, EmailAddress, Error, ErrorKind, Identity, InvitationId, Invite, Invited, ListOf, Member,
    MembershipId, NativeRole, Notify, Operation, Page, PrincipalId, Provider, Role, User, UserId,
    WorkspaceId,
};

/// One call: what is asked, and how far it has come. Every concern gets it as a value; nothing about a call is kept
/// anywhere else.
#[derive(Debug, Clone)]
pub(crate) struct Call<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) connection: Option<&'a str>,
    pub(crate) operation: Operation,
    pub(crate) subject: Subject<'a>,
    pub(crate) started: Instant,
    /// Time in queues over all attempts: for a slot of the rate limit, and for a permit. Nothing was sent meanwhile.
    pub(crate) queued: Duration,
    /// Attempts so far.
    pub(crate) attempt: u32,
    /// How long the call may take, its time in queues apart.
    pub(crate) deadline: Option<Duration>,
}

impl Call<'_> {
    /// What is left until the deadline, if there is one: time in a queue in front of a healthy provider uses up nothing.
    pub(crate) fn left(&self) -> Option<Duration> {
        let deadline = self.deadline?.saturating_add(self.queued);
        Some(deadline.saturating_sub(self.started.elapsed()))
    }

    /// `deadline of 3m`.
    pub(crate) fn deadline_shown(&self) -> String {
        format!("deadline of {}", shown(self.deadline.unwrap_or_default()))
    }

    /// A failure that a concern found out itself.
    pub(crate) fn error(&self, kind: ErrorKind, effect: Effect, message: impl Into<String>) -> Error {
        self.named(Error::new(kind, effect, message.into()))
    }

    pub(crate) fn named(&self, error: Error) -> Error {
        error.with_operation(self.operation).with_provider(self.provider.clone())
    }
}

/// What a call is about, for spans and records.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subject<'a> {
    pub(crate) workspace: Option<&'a WorkspaceId>,
    pub(crate) principal: Option<Cow<'a, PrincipalId>>,
    pub(crate) membership: Option<&'a MembershipId>,
    /// The role asked for.
    pub(crate) role: Option<&'a Role>,
    /// The role until now, where the caller knows it.
    pub(crate) from: Option<&'a NativeRole>,
    pub(crate) notify: Option<Notify>,
    pub(crate) invitee: Option<&'a EmailAddress>,
    pub(crate) invited_to: &'a [(WorkspaceId, Role)],
    pub(crate) invitation: Option<&'a InvitationId>,
    pub(crate) active: Option<bool>,
}

impl<'a> Subject<'a> {
    pub(crate) fn member(workspace: &'a WorkspaceId, principal: &'a PrincipalId) -> Self {
        Self { workspace: Some(workspace), principal: Some(Cow::Borrowed(principal)), ..Self::default() }
    }

    pub(crate) fn user(user: &UserId) -> Self {
        Self { principal: Some(Cow::Owned(user.clone().into())), ..Self::default() }
    }
}

impl<'a> From<&'a ListOf> for Subject<'a> {
    fn from(of: &'a ListOf) -> Self {
        Self { workspace: of.workspace(), ..Self::default() }
    }
}

impl<'a> From<About<'a>> for Subject<'a> {
    fn from(About { workspace, principal, membership, role, from, .. }: About<'a>) -> Self {
        Self { membership, role, from, ..Self::member(workspace, principal) }
    }
}

impl<'a> From<&'a Invite> for Subject<'a> {
    fn from(request: &'a Invite) -> Self {
        let (invitee, notify) = (Some(&request.email), Some(request.notify));
        Self { invitee, notify, invited_to: &request.workspaces, ..Self::default() }
    }
}

/// `user:3 in workspace 4`.
impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.principal, self.invitee, self.invitation) {
            (Some(principal), ..) => write!(f, "{principal}")?,
            (None, Some(email), _) => write!(f, "{email}")?,
            (None, None, Some(id)) => write!(f, "{id}")?,
            (None, None, None) => {}
        }
        self.workspace.map_or(Ok(()), |workspace| write!(f, " in workspace {workspace}"))
    }
}

/// What spans and records say of an answer.
pub(crate) trait Answer: Send {
    /// How many records a page holds.
    fn items(&self) -> Option<usize> {
        None
    }
    /// The address of the person whom a write was about, and the role that the provider confirmed.
    fn confirmed(&self) -> (Option<&EmailAddress>, Option<&NativeRole>) {
        (None, None)
    }
}

impl Answer for () {}
impl Answer for Identity {}
impl Answer for Option<Member> {}

impl<T: Send> Answer for Page<T> {
    fn items(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

impl Answer for Member {
    fn confirmed(&self) -> (Option<&EmailAddress>, Option<&NativeRole>) {
        (self.email.as_ref(), Some(&self.native_role))
    }
}

impl Answer for User {
    fn confirmed(&self) -> (Option<&EmailAddress>, Option<&NativeRole>) {
        (self.email.as_ref(), None)
    }
}

impl Answer for Invited {
    fn confirmed(&self) -> (Option<&EmailAddress>, Option<&NativeRole>) {
        let invited = self.invitation.as_ref().and_then(|invitation| invitation.email.as_ref());
        (self.user.as_ref().and_then(|user| user.email.as_ref()).or(invited), None)
    }
}
