//! What became of a write whose answer was lost: decided in one place, by reading the member back.

use super::write::Write;
use crate::{
    Behaviour, Capabilities, Effect, Error, ErrorKind, Mark, Member, MembershipId, Operation, Resource,
    Result, Role,
};

/// What became of a write in doubt.
#[derive(Debug)]
pub enum Verdict<T> {
    /// It took effect.
    Applied(T),
    /// It did not, and may be sent again; else this is the error.
    NotApplied(Error),
    /// This is the error, and sending again is wrong: the write was refused, or is still in doubt.
    Stands(Error),
}

/// Decides what became of a write that failed with `error`, by what was read afterwards. For a write whose answer was lost
/// ([`Effect::Unknown`]), and for a refusal that may be the echo of an earlier attempt whose answer was lost
/// ([`Write::may_echo`]). The one place where this is decided, for verbs, for retries and for plans. No I/O.
pub fn resolve<W: Write>(
    write: &W,
    error: Error,
    read: Result<Option<Member>>,
    capabilities: &Capabilities,
) -> Verdict<W::Done> {
    let doubt = Doubt::of(&error);
    let shown = Shown::of(&read, write.role(), write.membership(), capabilities);
    let finding = find(W::OPERATION, doubt, shown, capabilities.behaves(Behaviour::AddUpserts));
    let text = error.message().to_owned();
    let found = |read: Result<Option<Member>>| read.ok().flatten();
    match finding {
        Finding::Applied => match W::done(found(read)) {
            Some(done) => Verdict::Applied(done),
            None => Verdict::Stands(error.with_effect(Effect::Unknown)),
        },
        Finding::NotApplied if doubt == Doubt::Refused => Verdict::NotApplied(error),
        Finding::NotApplied => {
            let message = format!("{text}; reading back shows that it did not happen");
            Verdict::NotApplied(error.with_effect(Effect::NotApplied).with_message(message))
        }
        Finding::Refused => Verdict::Stands(error),
        Finding::Unconfirmed => {
            let message = format!("{text}; reading back shows role {}", role_of(&read));
            Verdict::Stands(error.with_message(message))
        }
        Finding::AlreadyMember => {
            let role = role_of(&read);
            let message =
                format!("the answer was lost ({text}), and reading back shows a member with role {role}");
            Verdict::Stands(found_out(ErrorKind::AlreadyMember, error, message))
        }
        Finding::NoMember => {
            let (workspace, principal) = write.addresses();
            let message = format!(
                "{principal} in workspace {workspace} is not a member any more (the answer was lost: {text})"
            );
            let gone = found_out(ErrorKind::NotFound, error, message);
            Verdict::Stands(gone.with_missing(&[Resource::Member]))
        }
        Finding::InDoubt => {
            let why = match (&read, shown) {
                (Err(unread), _) => {
                    format!("whether it happened is unknown, for reading back failed too: {unread}")
                }
                (_, Shown::Unnamed) => "reading back shows a member and does not name the role".to_owned(),
                _ => format!(
                    "reading back shows role {}, which may be from before or somebody else's change",
                    role_of(&read)
                ),
            };
            Verdict::Stands(error.with_effect(Effect::Unknown).with_message(format!("{text}; {why}")))
        }
    }
}

/// Why the outcome is in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// There is no answer, or none that can be read.
    Lost,
    /// The answer reports success and shows something else.
    Unconfirmed,
    /// The answer is a refusal: perhaps since an earlier attempt took effect.
    Refused,
}

impl Doubt {
    fn of(error: &Error) -> Self {
        match (error.effect(), error.kind()) {
            (Effect::Rejected, _) => Self::Refused,
            (_, ErrorKind::Unconfirmed) => Self::Unconfirmed,
            _ => Self::Lost,
        }
    }
}

/// What reading back shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// A member in the role asked for, or in one that something else sets. Of a removal: the member.
    AsAsked,
    /// A member in another role.
    OtherRole,
    /// A member whose role is not named, and may be the custom role asked for.
    Unnamed,
    /// A member by another membership than the one addressed, which has ended.
    OtherMembership,
    /// Nobody.
    Outside,
    /// There is no such user or group.
    NoPrincipal,
    /// There is no such member, no such principal or no such workspace that the key can see: nobody knows which.
    NotSeen,
    /// Nothing: reading failed.
    Unread,
}

impl Shown {
    fn of(
        read: &Result<Option<Member>>,
        asked: Option<&Role>,
        membership: Option<&MembershipId>,
        capabilities: &Capabilities,
    ) -> Self {
        let member = match read {
            Ok(Some(member)) => member,
            Ok(None) => return Self::Outside,
            Err(error) if error.kind() != ErrorKind::NotFound => return Self::Unread,
            Err(error) => {
                let may_be = |resource| error.missing().contains(&resource);
                return match (may_be(Resource::Workspace), may_be(Resource::Member)) {
                    (true, true) => Self::NotSeen,
                    // As for whoever removed the user that the key acts as.
                    (true, false) => Self::Unread,
                    (false, true) => Self::Outside,
                    (false, false) if error.missing().is_empty() => Self::Unread,
                    (false, false) => Self::NoPrincipal,
                };
            }
        };
        if let (Some(asked), Some(found)) = (membership, &member.key.membership)
            && asked != found
        {
            return Self::OtherMembership;
        }
        let Some(asked) = asked else { return Self::AsAsked };
        if member.is(Mark::RoleFixed) {
            return Self::AsAsked;
        }
        match capabilities.roles().resolve(asked) {
            Ok(asked) if member.native_role == asked.native => Self::AsAsked,
            Ok(asked) if asked.custom && capabilities.roles().is_placeholder(&member.native_role) => {
                Self::Unnamed
            }
            _ => Self::OtherRole,
        }
    }
}

/// What is concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finding {
    /// It took effect.
    Applied,
    /// It did not, and may be sent again.
    NotApplied,
    /// It was refused, as the answer says.
    Refused,
    /// The answer shows another role than the one asked for, and so does the read.
    Unconfirmed,
    /// Somebody else has added them meanwhile.
    AlreadyMember,
    /// There is no member any more whose role could be changed.
    NoMember,
    /// It may have taken effect or not.
    InDoubt,
}

/// The decision, for each write, reason to doubt and thing shown.
fn find(operation: Operation, doubt: Doubt, shown: Shown, adds_upsert: bool) -> Finding {
    match operation {
        Operation::Add => match (shown, doubt) {
            (Shown::AsAsked, _) => Finding::Applied,
            // Also where the provider says "already a member": its reads are late, and the next attempt is refused the
            // same way until they show it. Where the workspace cannot be seen, the next attempt is refused as well.
            (Shown::Outside | Shown::NoPrincipal | Shown::NotSeen, _) => Finding::NotApplied,
            (Shown::OtherRole | Shown::OtherMembership, Doubt::Refused) => Finding::Refused,
            (Shown::OtherRole | Shown::OtherMembership, Doubt::Unconfirmed) => Finding::Unconfirmed,
            // The role may be from before, or be somebody else's change, which sending again would undo.
            (Shown::OtherRole | Shown::OtherMembership, Doubt::Lost) if adds_upsert => Finding::InDoubt,
            // An addition would show the role asked for, so somebody else was faster.
            (Shown::OtherRole | Shown::OtherMembership, Doubt::Lost) => Finding::AlreadyMember,
            // Perhaps the lost answer was that they are a member, and with another role.
            (Shown::Unnamed | Shown::Unread, _) => Finding::InDoubt,
        },
        Operation::SetRole => match shown {
            Shown::AsAsked => Finding::Applied,
            Shown::OtherRole => Finding::NotApplied,
            Shown::OtherMembership | Shown::Outside => Finding::NoMember,
            Shown::NoPrincipal | Shown::NotSeen | Shown::Unnamed | Shown::Unread => Finding::InDoubt,
        },
        Operation::Remove => match (shown, doubt) {
            (Shown::Outside | Shown::OtherMembership | Shown::NoPrincipal, _) => Finding::Applied,
            (Shown::AsAsked | Shown::OtherRole | Shown::Unnamed, Doubt::Refused) => Finding::Refused,
            (Shown::AsAsked | Shown::OtherRole | Shown::Unnamed, _) => Finding::NotApplied,
            // The read before this attempt showed the member, and now the provider does not find it.
            (Shown::NotSeen | Shown::Unread, Doubt::Refused) => Finding::Applied,
            (Shown::NotSeen | Shown::Unread, _) => Finding::InDoubt,
        },
        // No other operation is read back.
        _ => Finding::InDoubt,
    }
}

fn role_of(read: &Result<Option<Member>>) -> String {
    match read {
        Ok(Some(member)) => format!("{:?}", member.native_role.as_str()),
        _ => "none".to_owned(),
    }
}

/// A refusal that was found out by reading, with what is known of the request.
fn found_out(kind: ErrorKind, error: Error, message: String) -> Error {
    let mut made = Error::new(kind, Effect::Rejected, message);
    if let Some(operation) = error.operation() {
        made = made.with_operation(operation);
    }
    if let Some(provider) = error.provider().cloned() {
        made = made.with_provider(provider);
    }
    made.with_request_id(error.request_id().map(str::to_owned)).with_source(error)
}
