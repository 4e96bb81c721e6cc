//! One error type. Match on [`Error::kind`]; act on [`Error::effect`]; show the text to people.

use crate::macros::{names, setters};
use crate::{InvalidId, Operation, PrincipalKind, Provider, UnsupportedRole};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

names! {
    /// What went wrong, by what the caller does next. No kind is ever split, merged or given another meaning without a
    /// major version; a minor one may add some, so match with a wildcard that treats them as final.
    ErrorKind
    /// What to do next, in one sentence for a person.
    advice {
        /// The call is wrong as it stands.
        InvalidInput = "invalid_input": "correct the input; nothing was sent",
        /// The provider, or this adapter as configured, cannot do it: see [`Capabilities`](crate::Capabilities).
        Unsupported = "unsupported": "see what this connection supports with `capabilities`; nothing was sent",
        /// The role cannot be given; the message names those that can.
        InvalidRole = "invalid_role": "choose one of the supported roles",
        /// The configuration is wrong.
        Config = "config": "correct the configuration; nothing was sent",
        /// The credential could not be obtained.
        Credential = "credential": "check where the key comes from; nothing was sent",
        /// The provider does not accept the credential (401).
        Unauthenticated = "unauthenticated": "renew the key: the provider does not accept it",
        /// The credential is good and its user may not do this (403).
        Forbidden = "forbidden": "give the key's user the right, or use a key of somebody who has it",
        /// Something addressed does not exist or is not visible. [`Error::missing`] lists what it can be.
        NotFound = "not_found": "check the ids, and that the key's user can see them",
        /// They are a member already, in whatever role.
        AlreadyMember = "already_member": "read the member, then keep or change the role",
        /// The provider, or a rule here, protects this member. [`Error::protection`] says why.
        Protected = "protected": "leave this member as it is; the message says why",
        /// No licence or seat is free.
        SeatLimit = "seat_limit": "buy or free a seat at the provider",
        /// An e-mail address matches several users, or a name several workspaces.
        Ambiguous = "ambiguous": "use an id instead of the address or name",
        /// The provider refuses the request that is none of the others. Read [`Error::provider_message`].
        Rejected = "rejected": "read the provider's message",
        /// Too many requests. Wait for [`Error::retry_after`].
        RateLimited = "rate_limited": "wait as long as the provider asks, then try again",
        /// The provider is out of order (5xx, maintenance).
        Unavailable = "unavailable": "try again later: the provider is out of order",
        /// No answer in time. Look at [`Error::effect`] before repeating a write.
        Timeout = "timeout": "try again; after a write, read first whether it took effect",
        /// The connection failed. Look at [`Error::effect`] before repeating a write.
        Transport = "transport": "try again; after a write, read first whether it took effect",
        /// The answer is not what the provider's interface promises. Read before repeating a write.
        UnexpectedResponse = "unexpected_response": "check that the base URL is the provider's, then report it",
        /// The provider reported success, and its answer says otherwise: not there, or with another role.
        Unconfirmed = "unconfirmed": "read the member: the provider's answer disagrees with what was asked",
        /// The listing changed while it was read, twice. Nobody was judged by it.
        ListingChanged = "listing_changed": "try again when the workspace is not being changed",
        /// A record (audit log, journal) could not be kept. Nothing was sent if that was noticed before; if after, the
        /// [`Error::effect`] says so and [`Error::done`] says what was changed. Repair what keeps the record.
        RecordFailed = "record_failed": "repair the audit log or journal; the effect says what happened",
    }
}

impl ErrorKind {
    /// Whether the same call may succeed later without anybody changing anything.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::RateLimited | Self::Unavailable | Self::Timeout | Self::Transport | Self::ListingChanged
        )
    }
}

names! {
    /// What a failed call did to the provider's state. Retrying follows from this, not from the kind.
    Effect {
        /// Refused, by the provider or here: it did not happen, and asking again will not help.
        Rejected = "rejected",
        /// It did not happen, and may be asked again (429, connection never made).
        NotApplied = "not_applied",
        /// It may have happened: the answer is missing or unreadable. Resolve it by reading; never repeat it blind.
        Unknown = "unknown",
        /// A verb of several requests stopped half-way. [`Error::done`] says what was done.
        Partial = "partial",
    }
}

impl Effect {
    /// What a request did of which no answer came, or none that can be read.
    pub const fn if_lost(operation: Operation) -> Self {
        if operation.is_write() { Self::Unknown } else { Self::NotApplied }
    }
}

names! {
    /// What a [`ErrorKind::NotFound`] may be about.
    Resource {
        /// The workspace.
        Workspace = "workspace",
        /// The user.
        User = "user",
        /// The group.
        Group = "group",
        /// The membership of that principal in that workspace.
        Member = "member",
    }
}

impl From<PrincipalKind> for Resource {
    fn from(kind: PrincipalKind) -> Self {
        match kind {
            PrincipalKind::User => Self::User,
            PrincipalKind::Group => Self::Group,
        }
    }
}

names! {
    /// Why a member is protected.
    Protection {
        /// The owner, whom the provider does not let go.
        ProviderOwner = "provider_owner",
        /// The last owner or administrator.
        LastOwner = "last_owner",
        /// The user that the credential acts as.
        ActingIdentity = "acting_identity",
    }
}

/// Everything that can go wrong, in one pointer.
///
/// `Display` is one lower-case line about this level only; [`source`](std::error::Error::source) carries the cause. Neither
/// holds a request's body, a URL's credentials or a key. No text in it has control characters, whatever it quotes; only a
/// message about several errors in a file has a line for each.
#[derive(Debug, Clone)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    kind: ErrorKind,
    effect: Effect,
    message: String,
    operation: Option<Operation>,
    provider: Option<Provider>,
    status: Option<u16>,
    retry_after: Option<Duration>,
    request_id: Option<String>,
    provider_message: Option<String>,
    missing: Vec<Resource>,
    protection: Option<Protection>,
    done: Vec<String>,
    attempts: u32,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// `add at paradigm: the user is already a member (409)`
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.operation(), self.provider()) {
            (Some(operation), Some(provider)) => write!(f, "{operation} at {provider}: ")?,
            (Some(operation), None) => write!(f, "{operation}: ")?,
            (None, Some(provider)) => write!(f, "{provider}: ")?,
            (None, None) => {}
        }
        f.write_str(self.message())?;
        match self.status() {
            Some(status) => write!(f, " ({status})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl Error {
    /// An error of a kind, with what is known of the effect, and one lower-case line without a full stop.
    pub fn new(kind: ErrorKind, effect: Effect, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            effect,
            message: printable(message),
            operation: None,
            provider: None,
            status: None,
            retry_after: None,
            request_id: None,
            provider_message: None,
            missing: Vec::new(),
            protection: None,
            done: Vec::new(),
            attempts: 1,
            source: None,
        }))
    }

    /// The input is wrong; nothing was sent.
    pub fn invalid_input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, Effect::Rejected, message)
    }

    /// The adapter does not do this; nothing was sent.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, Effect::Rejected, message)
    }

    /// Something does not exist or is not visible; one of `missing`.
    pub fn not_found(message: impl Into<String>, missing: &[Resource]) -> Self {
        Self::new(ErrorKind::NotFound, Effect::Rejected, message).with_missing(missing)
    }

    /// The member is protected.
    pub fn protected(message: impl Into<String>, protection: Protection) -> Self {
        let mut error = Self::new(ErrorKind::Protected, Effect::Rejected, message);
        error.0.protection = Some(protection);
        error
    }

    /// Adds the provider's own words. Control characters become spaces, and it is cut after 500 characters.
    pub fn with_provider_message(mut self, message: Option<String>) -> Self {
        let message = message.map(|text| one_line(text).chars().take(500).collect::<String>());
        self.0.provider_message = message.filter(|text| !text.trim().is_empty());
        self
    }

    /// Replaces the [`message`](Self::message).
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = printable(message);
        self
    }

    /// Marks a verb that stopped half-way, and says what was done.
    pub fn with_done(mut self, done: Vec<String>) -> Self {
        self.0.effect = Effect::Partial;
        self.0.done = done.into_iter().map(one_line).collect();
        self
    }

    /// Adds the cause. It must hold no secret.
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into().into());
        self
    }

    /// What went wrong, by what to do next.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What it did to the provider's state.
    pub fn effect(&self) -> Effect {
        self.0.effect
    }

    /// The line without operation, provider and status.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Which operation failed.
    pub fn operation(&self) -> Option<Operation> {
        self.0.operation
    }

    /// At which provider.
    pub fn provider(&self) -> Option<&Provider> {
        self.0.provider.as_ref()
    }

    /// The HTTP status, if an answer came.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// How long the provider asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The provider's name for the request, where it gives one.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The provider's own words, for people. Never match on it.
    pub fn provider_message(&self) -> Option<&str> {
        self.0.provider_message.as_deref()
    }

    /// What a [`ErrorKind::NotFound`] may be about; one entry once it is known.
    pub fn missing(&self) -> &[Resource] {
        &self.0.missing
    }

    /// Why a [`ErrorKind::Protected`] member is protected.
    pub fn protection(&self) -> Option<Protection> {
        self.0.protection
    }

    /// What was done before a verb stopped half-way, in order.
    pub fn done(&self) -> &[String] {
        &self.0.done
    }

    /// How many attempts were made, at least 1.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// What to do next, in one sentence for a person.
    pub fn advice(&self) -> &'static str {
        match self.protection() {
            Some(Protection::LastOwner) => "leave this member as it is, or appoint another owner first",
            Some(Protection::ActingIdentity) => "leave this member as it is, or use the key of somebody else",
            _ => self.kind().advice(),
        }
    }

    setters! {
        0:
        with_operation(operation: Operation);
        with_provider(provider: Provider);
        with_status(status: u16);
        with_retry_after(retry_after: Option<Duration>);
        with_request_id(request_id: Option<String>);
        /// For a write whose outcome was resolved.
        with_effect(effect: Effect);
        /// For a "not found" of which more was found out.
        with_missing(missing: &[Resource]);
        with_attempts(attempts: u32);
    }
}

/// What is quoted of a provider, such as the name of a role, cannot move a terminal. A message may have several lines: one for
/// each error in a file.
fn printable(text: impl Into<String>) -> String {
    text.into().replace(|c: char| c.is_control() && c != '\n', " ")
}

fn one_line(text: impl Into<String>) -> String {
    text.into().replace(char::is_control, " ")
}

impl From<InvalidId> for Error {
    fn from(error: InvalidId) -> Self {
        Self::invalid_input(error.to_string())
    }
}

impl From<UnsupportedRole> for Error {
    fn from(error: UnsupportedRole) -> Self {
        Self::new(ErrorKind::InvalidRole, Effect::Rejected, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn the_line_says_this_level_only() {
        let error = Error::new(ErrorKind::Transport, Effect::Unknown, "the connection was reset")
            .with_operation(Operation::Add)
            .with_provider(Provider::from_static("paradigm"))
            .with_source(std::io::Error::other("broken pipe"));
        assert_eq!(error.to_string(), "add at paradigm: the connection was reset");
        assert_eq!(error.source().unwrap().to_string(), "broken pipe");
        let answered = Error::new(ErrorKind::Forbidden, Effect::Rejected, "not allowed").with_status(403);
        assert_eq!(answered.to_string(), "not allowed (403)");
    }

    #[test]
    fn the_advice_for_a_protected_member_is_about_why() {
        let advice = |why| Error::protected("no", why).advice();
        assert!(advice(Protection::LastOwner).contains("another owner"));
        assert!(advice(Protection::ActingIdentity).contains("the key of somebody else"));
        assert!(!advice(Protection::ProviderOwner).contains("first"));
    }

    #[test]
    fn it_is_one_pointer() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn the_providers_words_cannot_move_a_terminal() {
        let words = "\u{1b}[2Jgone\n";
        let error = Error::invalid_input(words).with_provider_message(Some(words.into()));
        assert_eq!((error.message(), error.provider_message()), (" [2Jgone\n", Some(" [2Jgone ")));
        let error = error.with_message(format!("as {words}")).with_done(vec![words.into()]);
        assert_eq!((error.message(), &*error.done()[0]), ("as  [2Jgone\n", " [2Jgone "));
    }
}
