//! What reading a member back says about a write of which the answer was lost.

use crate::{
    AddMember, Capabilities, Effect, Error, ErrorKind, Mark, Member, MemberKey, Operation, PrincipalId,
    RemoveMember, Resource, Result, Role, SetRole, WorkspaceId, WorkspaceMembers,
};
use futures_util::future::BoxFuture;

/// What became of a write in doubt.
#[derive(Debug)]
pub enum Verdict<T> {
    /// It happened.
    Applied(T),
    /// It did not, and may be tried again; else this is the error.
    NotApplied(Error),
    /// This is the error, and trying again is wrong: it is still in doubt, or was refused.
    Stands(Error),
}

/// One of the three writes.
pub trait Write: Send + Sync {
    /// What it answers.
    type Done: Send;
    /// Which it is.
    const OPERATION: Operation;

    /// The member to read back.
    fn addresses(&self) -> (&WorkspaceId, &PrincipalId);

    /// The role asked for, if one is.
    fn role(&self) -> Option<&Role> {
        None
    }

    /// One attempt.
    fn send<'a>(&'a self, to: &'a dyn WorkspaceMembers) -> BoxFuture<'a, Result<Self::Done>>;

    /// Whether a refusal may be the echo of an earlier attempt whose answer was lost.
    fn may_echo(&self, refusal: &Error) -> bool;

    /// Judges by the member as it is now.
    fn judge(&self, error: Error, found: Option<Member>, capabilities: &Capabilities) -> Verdict<Self::Done>;

    /// Judges where the member could not be read. Still in doubt, unless the failure tells.
    fn judge_unread(&self, error: Error, unread: &Error) -> Verdict<Self::Done> {
        in_doubt(error, unread)
    }
}

/// Decides what became of a write whose answer was lost, or may be the echo of an earlier attempt whose answer was lost,
/// by reading the member back. The one place where this is decided, for verbs, for retries and for plans.
pub fn resolve<W: Write>(
    write: &W,
    error: Error,
    read: Result<Option<Member>>,
    capabilities: &Capabilities,
) -> Verdict<W::Done> {
    match read {
        Ok(found) => write.judge(error, found, capabilities),
        Err(unread) => write.judge_unread(error, &unread),
    }
}

impl Write for AddMember {
    type Done = Member;
    const OPERATION: Operation = Operation::Add;

    fn addresses(&self) -> (&WorkspaceId, &PrincipalId) {
        (&self.workspace, &self.principal)
    }

    fn role(&self) -> Option<&Role> {
        Some(&self.role)
    }

    fn send<'a>(&'a self, to: &'a dyn WorkspaceMembers) -> BoxFuture<'a, Result<Member>> {
        to.add(self)
    }

    fn may_echo(&self, refusal: &Error) -> bool {
        refusal.kind() == ErrorKind::AlreadyMember
    }

    fn judge(&self, error: Error, found: Option<Member>, capabilities: &Capabilities) -> Verdict<Member> {
        let Some(member) = found else {
            // Also where the provider says "already a member": its reads lag behind, and the next attempt is refused
            // the same way until they show it.
            return not_applied(error);
        };
        match shows(&member, &self.role, capabilities) {
            Some(true) => Verdict::Applied(member),
            // Perhaps the lost answer was that they are a member, and with another role.
            None => unnamed(error),
            _ if error.kind() == ErrorKind::AlreadyMember => Verdict::Stands(error),
            _ if error.kind() == ErrorKind::Unconfirmed => Verdict::Stands(other_role(error, &member)),
            _ => {
                // An own addition would show the role asked for, so somebody else was faster.
                let message = format!(
                    "the answer was lost ({}), and reading back shows a member with role {:?}",
                    error.message(),
                    member.native_role.as_str()
                );
                Verdict::Stands(remade(ErrorKind::AlreadyMember, error, message))
            }
        }
    }

    fn judge_unread(&self, error: Error, unread: &Error) -> Verdict<Member> {
        if principal_is_gone(unread) { not_applied(error) } else { in_doubt(error, unread) }
    }
}

impl Write for SetRole {
    type Done = Member;
    const OPERATION: Operation = Operation::SetRole;

    fn addresses(&self) -> (&WorkspaceId, &PrincipalId) {
        (&self.key.workspace, &self.key.principal)
    }

    fn role(&self) -> Option<&Role> {
        Some(&self.role)
    }

    fn send<'a>(&'a self, to: &'a dyn WorkspaceMembers) -> BoxFuture<'a, Result<Member>> {
        to.set_role(self)
    }

    fn may_echo(&self, _: &Error) -> bool {
        false
    }

    fn judge(&self, error: Error, found: Option<Member>, capabilities: &Capabilities) -> Verdict<Member> {
        let Some(member) = found.filter(|member| same_membership(&self.key, &member.key)) else {
            let message =
                format!("{} is not a member any more (the answer was lost: {})", self.key, error.message());
            let gone = remade(ErrorKind::NotFound, error, message).with_missing(&[Resource::Member]);
            return Verdict::Stands(gone);
        };
        match shows(&member, &self.role, capabilities) {
            Some(true) => Verdict::Applied(member),
            Some(false) => not_applied(error),
            None => unnamed(error),
        }
    }
}

impl Write for RemoveMember {
    type Done = ();
    const OPERATION: Operation = Operation::Remove;

    fn addresses(&self) -> (&WorkspaceId, &PrincipalId) {
        (&self.key.workspace, &self.key.principal)
    }

    fn send<'a>(&'a self, to: &'a dyn WorkspaceMembers) -> BoxFuture<'a, Result<()>> {
        to.remove(self)
    }

    fn may_echo(&self, refusal: &Error) -> bool {
        refusal.kind() == ErrorKind::NotFound && refusal.missing() != [Resource::Workspace]
    }

    fn judge(&self, error: Error, found: Option<Member>, _: &Capabilities) -> Verdict<()> {
        match found {
            None => Verdict::Applied(()),
            // A new membership of the same person is not the one to be ended.
            Some(member) if !same_membership(&self.key, &member.key) => Verdict::Applied(()),
            Some(_) if error.effect() == Effect::Rejected => Verdict::Stands(error),
            Some(_) => not_applied(error),
        }
    }

    fn judge_unread(&self, error: Error, unread: &Error) -> Verdict<()> {
        // The read before this attempt showed the member, and now the provider does not find it.
        let echo = error.effect() == Effect::Rejected;
        if principal_is_gone(unread) || echo { Verdict::Applied(()) } else { in_doubt(error, unread) }
    }
}

/// Whether the member has the role asked for; `None` where the provider shows a placeholder that it may stand for.
fn shows(member: &Member, asked: &Role, capabilities: &Capabilities) -> Option<bool> {
    let roles = capabilities.roles();
    if member.is(Mark::RoleFixed) {
        return Some(true);
    }
    let Ok(asked) = roles.resolve(asked) else { return Some(false) };
    if asked.custom && roles.is_placeholder(&member.native_role) {
        return None;
    }
    Some(member.native_role == asked.native)
}

/// Whether both are the same membership, as far as is known.
fn same_membership(asked: &MemberKey, found: &MemberKey) -> bool {
    match (&asked.membership, &found.membership) {
        (Some(asked), Some(found)) => asked == found,
        _ => true,
    }
}

/// Whether the read failed since there is no such principal, who then is no member either. Not so where it may be the
/// workspace that is not seen, as for whoever removed the user that the key acts as.
pub fn principal_is_gone(unread: &Error) -> bool {
    let missing = unread.missing();
    unread.kind() == ErrorKind::NotFound && !missing.is_empty() && !missing.contains(&Resource::Workspace)
}

/// There is a member, and the provider shows a placeholder in place of the role.
fn unnamed<T>(error: Error) -> Verdict<T> {
    let message = format!("{}; reading back shows a member and does not name the role", error.message());
    Verdict::Stands(error.with_effect(Effect::Unknown).with_message(message))
}

fn not_applied<T>(error: Error) -> Verdict<T> {
    if error.effect() == Effect::Rejected {
        return Verdict::NotApplied(error);
    }
    let message = format!("{}; reading back shows that it did not happen", error.message());
    Verdict::NotApplied(error.with_effect(Effect::NotApplied).with_message(message))
}

fn in_doubt<T>(error: Error, unread: &Error) -> Verdict<T> {
    let message =
        format!("{}; whether it happened is unknown, for reading back failed too: {unread}", error.message());
    Verdict::Stands(error.with_effect(Effect::Unknown).with_message(message))
}

fn other_role(error: Error, member: &Member) -> Error {
    let message = format!("{}; reading back shows role {:?}", error.message(), member.native_role.as_str());
    error.with_message(message)
}

/// A refusal that was found out by reading, with what is known of the request.
fn remade(kind: ErrorKind, error: Error, message: String) -> Error {
    let mut made = Error::new(kind, Effect::Rejected, message);
    if let Some(operation) = error.operation() {
        made = made.with_operation(operation);
    }
    if let Some(provider) = error.provider().cloned() {
        made = made.with_provider(provider);
    }
    made.with_request_id(error.request_id().map(str::to_owned)).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UserId;

    #[test]
    fn a_read_that_finds_nothing_tells_only_who_does_not_exist() {
        use Resource::{Group, Member, User, Workspace};
        let key = MemberKey::new(WorkspaceId::from(4), UserId::from(3));
        let lost = || Error::new(ErrorKind::Transport, Effect::Unknown, "lost");
        for (missing, gone) in [
            ([User].as_slice(), true),
            (&[User, Group, Member], true),
            (&[], false),
            (&[Workspace], false),
            (&[Workspace, User], false),
        ] {
            let unread = Error::not_found("nothing there", missing);
            let add = AddMember::new(key.workspace.clone(), key.principal.clone(), Role::Viewer);
            match add.judge_unread(lost(), &unread) {
                Verdict::NotApplied(error) => assert!(gone && error.effect() == Effect::NotApplied),
                Verdict::Stands(error) => assert!(!gone && error.effect() == Effect::Unknown),
                Verdict::Applied(_) => panic!("{missing:?}"),
            }
            let remove = RemoveMember::new(key.clone());
            assert_eq!(matches!(remove.judge_unread(lost(), &unread), Verdict::Applied(())), gone);
            let set = SetRole::new(key.clone(), Role::Viewer);
            assert!(matches!(set.judge_unread(lost(), &unread), Verdict::Stands(_)));
        }
    }
}
