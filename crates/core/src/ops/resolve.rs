//! What became of a write whose answer was lost: decided in one place, by reading the member back.

use super::find::read_member;
use super::write::{About, Write};
use crate::{
    Behaviour, Capabilities, Effect, Error, ErrorKind, Mark, Member, Operation, Resource, Result,
    WorkspaceMembers,
};

/// A write that did not take effect, or is not known to have.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: Error,
    /// Who was there when it was read back.
    pub(super) found: Result<Option<Member>, Unread>,
}

/// A write was not read back, or could not be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unread;

/// Sends a write once, and resolves a lost answer by one read. Never sends it again: that is for the retry layer.
pub(super) async fn send<W: Write>(account: &dyn WorkspaceMembers, write: &W) -> Result<W::Done, Failed> {
    match write.send(account).await {
        Ok(done) => Ok(done),
        Err(error) if error.effect() == Effect::Unknown => read_back(account, write, error).await,
        Err(error) => Err(Failed { error, found: Err(Unread) }),
    }
}

/// The same for an addition that follows a removal: that they are a member already may mean that the removal is not seen
/// yet, or that the answer to an earlier addition was lost.
pub(super) async fn send_after_removal<W: Write>(
    account: &dyn WorkspaceMembers,
    write: &W,
) -> Result<W::Done, Failed> {
    match send(account, write).await {
        Err(Failed { error, found: Err(Unread) }) if write.may_mean_done(&error) => {
            read_back(account, write, error).await
        }
        sent => sent,
    }
}

async fn read_back<W: Write>(
    account: &dyn WorkspaceMembers,
    write: &W,
    error: Error,
) -> Result<W::Done, Failed> {
    let about = write.about();
    let read = read_member(account, about.workspace, about.principal).await;
    let found = read.clone().map_err(|_| Unread);
    match resolve(write, error, read, account.capabilities(), Attempt::First) {
        Verdict::Applied(done) => Ok(done),
        Verdict::NotApplied(error) | Verdict::Final(error) => Err(Failed { error, found }),
    }
}

/// What became of a write in doubt.
#[derive(Debug)]
pub enum Verdict<T> {
    /// It took effect.
    Applied(T),
    /// It did not, and may be sent again; else this is the error.
    NotApplied(Error),
    /// It was refused, or is still in doubt: this is the error, and sending again is wrong.
    Final(Error),
}

/// Which attempt of a write failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// The first, or one after attempts that surely did nothing.
    First,
    /// One after an attempt whose answer was lost, so that what it asks for may be done already.
    Repeated,
}

/// Decides what became of a write that failed with `error`, by what was read afterwards. For a write whose answer was lost
/// ([`Effect::Unknown`]), and for a refusal that may mean that it is done already ([`Write::may_mean_done`]). The one place
/// where this is decided, for verbs, for retries and for plans. No I/O.
///
/// Only in a [repeated](Attempt::Repeated) attempt can a removal itself be the reason why its member is not found; else it
/// may be that the workspace is out of sight.
pub fn resolve<W: Write + ?Sized>(
    write: &W,
    error: Error,
    read: Result<Option<Member>>,
    capabilities: &Capabilities,
    attempt: Attempt,
) -> Verdict<W::Done> {
    let doubt = Doubt::of(&error, attempt);
    let shown = Shown::of(&read, write, capabilities);
    let conclusion = conclude(write.operation(), doubt, shown, capabilities.behaves(Behaviour::AddUpserts));
    let (text, id) = (error.message().to_owned(), error.request_id().map(str::to_owned));
    // In place of an error that left the outcome open: a refusal, which reading has shown.
    let refused = |kind, message: String| {
        capabilities.failure(write.operation(), Error::new(kind, Effect::Rejected, message))
    };
    match conclusion {
        Conclusion::Applied => match write.done(read.ok().flatten()) {
            Some(done) => Verdict::Applied(done),
            None => Verdict::Final(error.with_effect(Effect::Unknown)),
        },
        Conclusion::NotApplied if error.effect() == Effect::Rejected => Verdict::NotApplied(error),
        Conclusion::NotApplied => {
            let message = format!("{text}; reading back shows that it did not happen");
            Verdict::NotApplied(error.with_effect(Effect::NotApplied).with_message(message))
        }
        Conclusion::Refused => Verdict::Final(error),
        Conclusion::Unconfirmed => {
            let message = format!("{text}; reading back shows role {}", role_of(&read));
            Verdict::Final(error.with_message(message))
        }
        Conclusion::AlreadyMember => {
            let role = role_of(&read);
            let message =
                format!("the answer was lost ({text}), and reading back shows a member with role {role}");
            Verdict::Final(refused(ErrorKind::AlreadyMember, message).with_request_id(id).with_source(error))
        }
        Conclusion::NoMember => {
            let About { workspace, principal, .. } = write.about();
            let message = format!(
                "{principal} in workspace {workspace} is not a member any more (the answer was lost: {text})"
            );
            let gone = refused(ErrorKind::NotFound, message).with_request_id(id).with_source(error);
            Verdict::Final(gone.with_missing(&[Resource::Member]))
        }
        Conclusion::InDoubt => {
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
            Verdict::Final(error.with_effect(Effect::Unknown).with_message(format!("{text}; {why}")))
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
    /// The answer is a refusal, to a first attempt.
    Refused,
    /// The answer is a refusal, perhaps since an earlier attempt took effect.
    RefusedAgain,
}

impl Doubt {
    fn of(error: &Error, attempt: Attempt) -> Self {
        match (error.effect(), error.kind()) {
            (Effect::Rejected, _) if attempt == Attempt::Repeated => Self::RefusedAgain,
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
    /// A member in another role: the one from before, as far as that is known.
    OtherRole,
    /// A member in a role that is neither the one from before nor the one asked for: somebody else has changed it.
    ThirdRole,
    /// A member whose role is not named, and may be the custom role asked for.
    Unnamed,
    /// A member by another membership than the one addressed, which has ended.
    OtherMembership,
    /// Nobody.
    Outside,
    /// There is no such user or group.
    NoPrincipal,
    /// There is no such member, no such principal or no such workspace that the key can see: it is not known which.
    NotSeen,
    /// Nothing: reading failed.
    Unread,
}

impl Shown {
    fn of<W: Write + ?Sized>(read: &Result<Option<Member>>, write: &W, capabilities: &Capabilities) -> Self {
        let member = match read {
            Ok(Some(member)) => member,
            Ok(None) => return Self::Outside,
            Err(error) if error.kind() != ErrorKind::NotFound => return Self::Unread,
            Err(error) => {
                let may_be = |resource| error.missing().contains(&resource);
                return match (may_be(Resource::Workspace), may_be(Resource::Member)) {
                    (true, true) => Self::NotSeen,
                    // As after the removal of the user that the key acts as.
                    (true, false) => Self::Unread,
                    (false, true) => Self::Outside,
                    (false, false) if error.missing().is_empty() => Self::Unread,
                    (false, false) => Self::NoPrincipal,
                };
            }
        };
        let about = write.about();
        if let (Some(asked), Some(found)) = (about.membership, &member.key.membership)
            && asked != found
        {
            return Self::OtherMembership;
        }
        let is_third = about.from.is_some_and(|from| *from != member.native_role);
        let Some(asked) = about.role else {
            return if is_third { Self::ThirdRole } else { Self::AsAsked };
        };
        let roles = capabilities.roles();
        let stands_for_any = roles.is_placeholder(&member.native_role);
        if member.is(Mark::RoleFixed) || roles.satisfies(asked, &member.native_role) {
            Self::AsAsked
        } else if stands_for_any && roles.resolve(asked).is_ok_and(|asked| asked.custom) {
            Self::Unnamed
        } else if is_third {
            Self::ThirdRole
        } else {
            Self::OtherRole
        }
    }
}

/// What is concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conclusion {
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
fn conclude(operation: Operation, doubt: Doubt, shown: Shown, adds_upsert: bool) -> Conclusion {
    match operation {
        Operation::Add => match (shown, doubt) {
            (Shown::AsAsked, _) => Conclusion::Applied,
            // They may be a member after all, whose role sending again would change.
            (Shown::NotSeen, _) if adds_upsert => Conclusion::InDoubt,
            // Also where the provider says "already a member": its reads are late, and the next attempt is refused the
            // same way until they show it. Where the workspace cannot be seen, the next attempt is refused as well.
            (Shown::Outside | Shown::NoPrincipal | Shown::NotSeen, _) => Conclusion::NotApplied,
            (
                Shown::OtherRole | Shown::ThirdRole | Shown::OtherMembership,
                Doubt::Refused | Doubt::RefusedAgain,
            ) => Conclusion::Refused,
            (Shown::OtherRole | Shown::ThirdRole | Shown::OtherMembership, Doubt::Unconfirmed) => {
                Conclusion::Unconfirmed
            }
            // The role may be from before, or be somebody else's change, which sending again would undo.
            (Shown::OtherRole | Shown::ThirdRole | Shown::OtherMembership, Doubt::Lost) if adds_upsert => {
                Conclusion::InDoubt
            }
            // An addition would show the role asked for, so somebody else was faster.
            (Shown::OtherRole | Shown::ThirdRole | Shown::OtherMembership, Doubt::Lost) => {
                Conclusion::AlreadyMember
            }
            // Perhaps the lost answer was that they are a member, and with another role.
            (Shown::Unnamed | Shown::Unread, _) => Conclusion::InDoubt,
        },
        Operation::SetRole => match shown {
            Shown::AsAsked => Conclusion::Applied,
            Shown::OtherRole => Conclusion::NotApplied,
            Shown::OtherMembership | Shown::Outside => Conclusion::NoMember,
            // Of a third role: sending again would undo what somebody else has set.
            Shown::ThirdRole | Shown::NoPrincipal | Shown::NotSeen | Shown::Unnamed | Shown::Unread => {
                Conclusion::InDoubt
            }
        },
        Operation::Remove => match (shown, doubt) {
            (Shown::Outside | Shown::OtherMembership | Shown::NoPrincipal, _)
            // The read before this attempt showed the member, and now the provider does not find it.
            | (Shown::NotSeen | Shown::Unread, Doubt::RefusedAgain) => Conclusion::Applied,
            (_, Doubt::Refused | Doubt::RefusedAgain) => Conclusion::Refused,
            (Shown::AsAsked | Shown::OtherRole | Shown::Unnamed, _) => Conclusion::NotApplied,
            // Somebody has given them another role meanwhile, and may want them to stay.
            (Shown::ThirdRole | Shown::NotSeen | Shown::Unread, _) => Conclusion::InDoubt,
        },
        // No other operation is read back.
        _ => Conclusion::InDoubt,
    }
}

fn role_of(read: &Result<Option<Member>>) -> String {
    match read {
        Ok(Some(member)) => format!("{:?}", member.native_role.as_str()),
        _ => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AddMember, Evidence, Fit, MemberKey, NativeRole, Provider, RemoveMember, Role, RoleRow, RoleTable,
        SetRole, Status, UserId, WorkspaceId,
    };
    use Attempt::{First, Repeated};
    use Doubt::{Lost, Refused, RefusedAgain, Unconfirmed};
    use Shown::{
        AsAsked, NoPrincipal, NotSeen, OtherMembership, OtherRole, Outside, ThirdRole, Unnamed, Unread,
    };

    const SHOWN: [Shown; 9] =
        [AsAsked, OtherRole, ThirdRole, Unnamed, OtherMembership, Outside, NoPrincipal, NotSeen, Unread];

    /// What is found for an answer that was lost, one that was not confirmed, a refusal, and a refusal of a second attempt.
    fn row(operation: Operation, shown: Shown, adds_upsert: bool) -> [Conclusion; 4] {
        [Lost, Unconfirmed, Refused, RefusedAgain].map(|doubt| conclude(operation, doubt, shown, adds_upsert))
    }

    #[test]
    fn every_combination_has_its_conclusion() {
        use Conclusion::{AlreadyMember, Applied, InDoubt, NoMember, NotApplied, Refused, Unconfirmed};
        let add = [
            (AsAsked, [Applied; 4]),
            (OtherRole, [AlreadyMember, Unconfirmed, Refused, Refused]),
            (ThirdRole, [AlreadyMember, Unconfirmed, Refused, Refused]),
            (Unnamed, [InDoubt; 4]),
            (OtherMembership, [AlreadyMember, Unconfirmed, Refused, Refused]),
            (Outside, [NotApplied; 4]),
            (NoPrincipal, [NotApplied; 4]),
            (NotSeen, [NotApplied; 4]),
            (Unread, [InDoubt; 4]),
        ];
        let set_role = [
            (AsAsked, [Applied; 4]),
            (OtherRole, [NotApplied; 4]),
            (ThirdRole, [InDoubt; 4]),
            (Unnamed, [InDoubt; 4]),
            (OtherMembership, [NoMember; 4]),
            (Outside, [NoMember; 4]),
            (NoPrincipal, [InDoubt; 4]),
            (NotSeen, [InDoubt; 4]),
            (Unread, [InDoubt; 4]),
        ];
        let remove = [
            (AsAsked, [NotApplied, NotApplied, Refused, Refused]),
            (OtherRole, [NotApplied, NotApplied, Refused, Refused]),
            (ThirdRole, [InDoubt, InDoubt, Refused, Refused]),
            (Unnamed, [NotApplied, NotApplied, Refused, Refused]),
            (OtherMembership, [Applied; 4]),
            (Outside, [Applied; 4]),
            (NoPrincipal, [Applied; 4]),
            (NotSeen, [InDoubt, InDoubt, Refused, Applied]),
            (Unread, [InDoubt, InDoubt, Refused, Applied]),
        ];
        for (operation, table) in
            [(Operation::Add, add), (Operation::SetRole, set_role), (Operation::Remove, remove)]
        {
            assert!(table.iter().map(|(shown, _)| *shown).eq(SHOWN), "{operation}: each once");
            for (shown, mut expected) in table {
                assert_eq!(row(operation, shown, false), expected, "{operation}, {shown:?}");
                // An upserting provider differs in one thing: what may be somebody else's change is left alone.
                match (operation, shown) {
                    (Operation::Add, OtherRole | ThirdRole | OtherMembership) => expected[0] = InDoubt,
                    (Operation::Add, NotSeen) => expected = [InDoubt; 4],
                    _ => {}
                }
                assert_eq!(row(operation, shown, true), expected, "{operation}, {shown:?}, upserting");
            }
        }
        for shown in SHOWN {
            assert_eq!(row(Operation::Invite, shown, false), [InDoubt; 4]);
        }
    }

    fn capabilities() -> Capabilities {
        let row = |role, native| RoleRow::new(role, NativeRole::from_static(native), Fit::Exact);
        let roles = RoleTable::new([
            row(Role::Owner, "boss"),
            row(Role::Viewer, "reader"),
            row(Role::Viewer, "guest").read_only(),
        ])
        .unwrap();
        let roles = roles.with_custom_roles(true).with_placeholder(NativeRole::from_static("Custom"));
        Capabilities::new(Provider::from_static("example"), roles)
            .claim(Evidence::Documented, crate::Capability::ALL)
    }

    fn key() -> MemberKey {
        MemberKey::new(WorkspaceId::from(4), UserId::from(3))
    }

    fn custom(name: &'static str) -> Role {
        Role::Custom(NativeRole::from_static(name))
    }

    fn member(native: &'static str) -> Member {
        Member::new(key(), NativeRole::from_static(native), capabilities().roles())
    }

    #[test]
    fn what_is_read_shows_one_thing() {
        use Resource::{Group, Member as Membership, User, Workspace};
        let of = |read: &Result<Option<Member>>, asked: Option<&Role>, membership: Option<u64>| {
            let key = key().with_membership(membership.map(Into::into));
            match asked {
                Some(role) => Shown::of(read, &SetRole::new(key, role.clone()), &capabilities()),
                None => Shown::of(read, &RemoveMember::new(key), &capabilities()),
            }
        };
        let with_id = |member: Member, id: u64| {
            let key = key().with_membership(Some(id.into()));
            Member { key, ..member }
        };
        for status in [Status::Active, Status::Pending, Status::Inactive, Status::Unknown] {
            let member = |native| member(native).with_status(status);
            for (native, asked, expected) in [
                ("reader", Some(Role::Viewer), AsAsked),
                ("guest", Some(Role::Viewer), AsAsked),
                ("guest", Some(custom("reader")), OtherRole),
                ("boss", Some(Role::Viewer), OtherRole),
                ("Legal", Some(Role::Viewer), OtherRole),
                ("Legal", Some(custom("Legal")), AsAsked),
                ("reader", Some(custom("reader")), AsAsked),
                ("Custom", Some(custom("Legal")), Unnamed),
                ("Custom", Some(Role::Viewer), OtherRole),
                ("reader", Some(Role::Manager), OtherRole),
                ("boss", None, AsAsked),
            ] {
                let read = Ok(Some(member(native)));
                assert_eq!(of(&read, asked.as_ref(), None), expected, "{native}, {asked:?}");
                assert_eq!(of(&read, asked.as_ref(), Some(1)), expected, "no id is shown");
                let read = Ok(Some(with_id(member(native), 1)));
                assert_eq!(of(&read, asked.as_ref(), None), expected, "no id is asked");
                assert_eq!(of(&read, asked.as_ref(), Some(1)), expected, "the same id");
                assert_eq!(of(&read, asked.as_ref(), Some(2)), OtherMembership);
                if asked.is_some() {
                    let read = Ok(Some(member(native).with_mark(Mark::RoleFixed)));
                    assert_eq!(of(&read, asked.as_ref(), None), AsAsked, "whatever was asked");
                }
            }
        }
        let (shown, from) =
            (|native| Ok(Some(member(native))), |native| Some(NativeRole::from_static(native)));
        for (native, expected) in [("reader", AsAsked), ("writer", OtherRole), ("boss", ThirdRole)] {
            let set = SetRole::new(key(), Role::Viewer).with_from(from("writer"));
            assert_eq!(Shown::of(&shown(native), &set, &capabilities()), expected, "{native}");
        }
        for (native, expected) in [("writer", AsAsked), ("boss", ThirdRole)] {
            let remove = RemoveMember::new(key()).with_from(from("writer"));
            assert_eq!(Shown::of(&shown(native), &remove, &capabilities()), expected, "{native}");
        }
        assert_eq!(of(&Ok(None), None, None), Outside);
        for (missing, expected) in [
            (&[][..], Unread),
            (&[User], NoPrincipal),
            (&[Group], NoPrincipal),
            (&[Membership], Outside),
            (&[User, Group, Membership], Outside),
            (&[Workspace], Unread),
            (&[Workspace, User], Unread),
            (&[Workspace, User, Membership], NotSeen),
        ] {
            let read = Err(Error::not_found("nothing there", missing));
            assert_eq!(of(&read, None, None), expected, "{missing:?}");
        }
        let forbidden = Error::new(ErrorKind::Forbidden, Effect::Rejected, "no");
        assert_eq!(of(&Err(forbidden.with_missing(&[Membership])), None, None), Unread);
    }

    #[test]
    fn an_error_is_in_doubt_for_one_reason() {
        for (kind, effect, expected) in [
            (ErrorKind::Timeout, Effect::Unknown, Lost),
            (ErrorKind::RecordFailed, Effect::Partial, Lost),
            (ErrorKind::UnexpectedResponse, Effect::Unknown, Lost),
            (ErrorKind::Unconfirmed, Effect::Unknown, Unconfirmed),
            (ErrorKind::AlreadyMember, Effect::Rejected, Refused),
            (ErrorKind::NotFound, Effect::Rejected, Refused),
        ] {
            assert_eq!(Doubt::of(&Error::new(kind, effect, "x"), First), expected, "{kind}");
        }
        let refused = Error::new(ErrorKind::NotFound, Effect::Rejected, "x");
        assert_eq!(Doubt::of(&refused, Repeated), RefusedAgain);
    }

    /// What is answered, in short: `applied`, or whether it may be sent again, the kind and the effect.
    fn verdict<T>(verdict: Verdict<T>) -> String {
        match verdict {
            Verdict::Applied(_) => "applied".to_owned(),
            Verdict::NotApplied(error) => format!("again: {} {}", error.kind(), error.effect()),
            Verdict::Final(error) => format!("final: {} {}", error.kind(), error.effect()),
        }
    }

    #[test]
    fn a_conclusion_becomes_an_answer_with_its_kind_and_effect() {
        let lost =
            || Error::new(ErrorKind::Timeout, Effect::Unknown, "no answer").with_operation(Operation::Add);
        let already = || Error::new(ErrorKind::AlreadyMember, Effect::Rejected, "a member already");
        let unconfirmed = || Error::new(ErrorKind::Unconfirmed, Effect::Unknown, "another role");
        let missing = || Error::not_found("no such member", &[Resource::User, Resource::Member]);
        let unread = || Err(Error::new(ErrorKind::Unavailable, Effect::NotApplied, "out of order"));
        let add = |error, read| {
            let request = AddMember::new(key().workspace, key().principal, Role::Viewer);
            verdict(resolve(&request, error, read, &capabilities(), Repeated))
        };
        let set =
            |read| verdict(resolve(&SetRole::new(key(), Role::Viewer), lost(), read, &capabilities(), First));
        let remove = |error, read, attempt| {
            verdict(resolve(&RemoveMember::new(key()), error, read, &capabilities(), attempt))
        };
        let shown = |native| Ok(Some(member(native)));
        for (found, expected) in [
            (add(lost(), shown("reader")), "applied"),
            (add(lost(), Ok(None)), "again: timeout not_applied"),
            (add(lost(), shown("boss")), "final: already_member rejected"),
            (add(lost(), unread()), "final: timeout unknown"),
            (add(already(), shown("reader")), "applied"),
            (add(already(), shown("boss")), "final: already_member rejected"),
            (add(already(), Ok(None)), "again: already_member rejected"),
            (add(already(), unread()), "final: already_member unknown"),
            (add(unconfirmed(), shown("boss")), "final: unconfirmed unknown"),
            (set(shown("reader")), "applied"),
            (set(shown("boss")), "again: timeout not_applied"),
            (set(Ok(None)), "final: not_found rejected"),
            (set(unread()), "final: timeout unknown"),
            (remove(lost(), Ok(None), First), "applied"),
            (remove(lost(), shown("boss"), First), "again: timeout not_applied"),
            (remove(lost(), unread(), First), "final: timeout unknown"),
            (remove(missing(), shown("boss"), Repeated), "final: not_found rejected"),
            (remove(missing(), unread(), Repeated), "applied"),
            (remove(missing(), unread(), First), "final: not_found rejected"),
        ] {
            assert_eq!(found, expected);
        }
        let upserting = capabilities().with_behaviours(&[Behaviour::AddUpserts]);
        let request = AddMember::new(key().workspace, key().principal, Role::Viewer);
        let Verdict::Final(error) = resolve(&request, lost(), shown("boss"), &upserting, First) else {
            panic!("to send it blind could undo somebody else's change")
        };
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::Unknown));
        assert!(error.message().contains("somebody else's change"), "{error}");
    }
}
