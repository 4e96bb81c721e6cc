//! The contract: one trait, its requests, and what every implementation must keep.

use crate::{
    Capabilities, Capability, EmailAddress, Error, ErrorKind, Group, Identity, Member, MemberKey, NativeRole,
    Page, PageRequest, PrincipalId, PrincipalKind, Provider, ResolvedRole, Result, Role, User, Workspace,
    WorkspaceId,
};
use crate::{Effect, Operation};
use async_trait::async_trait;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

/// What a listing of members is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum ListOf {
    /// One workspace.
    Workspace(WorkspaceId),
    /// All workspaces of the account in one pass ([`Capability::ListAccountMembers`]).
    Account,
}

impl From<WorkspaceId> for ListOf {
    fn from(id: WorkspaceId) -> Self {
        Self::Workspace(id)
    }
}

/// Whom the provider mails about an addition. Nobody by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Notify {
    /// The member who was added ([`Capability::NotifyMember`]).
    pub member: bool,
    /// Every administrator of the workspace ([`Capability::NotifyAdmins`]).
    pub admins: bool,
}

impl Notify {
    /// Mails the new member only.
    pub const MEMBER: Self = Self { member: true, admins: false };
    /// Mails nobody.
    pub const NOBODY: Self = Self { member: false, admins: false };

    /// Mails every administrator of the workspace as well.
    pub const fn with_admins(mut self, admins: bool) -> Self {
        self.admins = admins;
        self
    }
}

/// Make a principal a member.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct AddMember {
    /// Of which workspace.
    pub workspace: WorkspaceId,
    /// Who.
    pub principal: PrincipalId,
    /// In which role.
    pub role: Role,
    /// Whom the provider mails about it.
    pub notify: Notify,
}

impl AddMember {
    /// Mails nobody.
    pub fn new(workspace: WorkspaceId, principal: impl Into<PrincipalId>, role: Role) -> Self {
        Self { workspace, principal: principal.into(), role, notify: Notify::NOBODY }
    }

    /// Says whom the provider mails.
    pub fn with_notify(mut self, notify: Notify) -> Self {
        self.notify = notify;
        self
    }

    /// The member that this addresses.
    pub fn key(&self) -> MemberKey {
        MemberKey::new(self.workspace.clone(), self.principal.clone())
    }
}

/// Give a member another role.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SetRole {
    /// Which member; with its membership id where the provider goes by it.
    pub key: MemberKey,
    /// The new role.
    pub role: Role,
    /// The role until now, where the caller knows it: for the record, not a condition.
    pub from: Option<NativeRole>,
}

impl SetRole {
    /// The old role is not known.
    pub fn new(key: MemberKey, role: Role) -> Self {
        Self { key, role, from: None }
    }

    /// Says what the role was.
    pub fn with_from(mut self, from: Option<NativeRole>) -> Self {
        self.from = from;
        self
    }
}

/// End a membership.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RemoveMember {
    /// Which member; with its membership id where the provider goes by it.
    pub key: MemberKey,
    /// The role until now, where the caller knows it: for the record, not a condition.
    pub from: Option<NativeRole>,
}

impl RemoveMember {
    /// The old role is not known.
    pub fn new(key: MemberKey) -> Self {
        Self { key, from: None }
    }

    /// Says what the role was.
    pub fn with_from(mut self, from: Option<NativeRole>) -> Self {
        self.from = from;
        self
    }
}

/// Who is in a workspace, and as what, at any provider. One value is one account.
///
/// # For callers
///
/// Each method is one request at most, so each answers for one thing that happened or did not. What takes several
/// requests (a whole roster, a person by e-mail, "make sure they are in") is in
/// [`WorkspaceMembersExt`](crate::WorkspaceMembersExt), which every implementation gets for free.
///
/// The trait is object safe: hold an `Arc<dyn WorkspaceMembers>` and which provider is behind it is a matter of
/// configuration. Futures are `Send`; a value may be used from any number of tasks at once.
///
/// # Cancellation
///
/// Dropping a future gives up waiting and undoes nothing. A read that is dropped has no effect. A write that is dropped
/// may take effect all the same, as one whose answer was lost ([`Effect::Unknown`]): read before repeating it.
///
/// # For implementors
///
/// * **One method, one request.** Never look something up first, never retry, never page: layers and the extension
///   trait do that, and they count on it.
/// * **Claims hold.** What [`capabilities`](Self::capabilities) claims works; for anything else answer
///   [`ErrorKind::Unsupported`] without a request. [`Capabilities::require`] and the `check_*` methods do both.
/// * **Errors are classified by operation**, never by status alone, and carry the [`Effect`]: a write of which the
///   answer was lost is [`Effect::Unknown`], not a failure.
/// * **A write is confirmed.** If the answer shows the result, compare it with what was asked, and answer
///   [`ErrorKind::Unconfirmed`] where they differ.
/// * **Nothing is lost.** Unknown roles become [`Role::Custom`], unknown fields are ignored, missing ones are `None`.
/// * **Wrappers forward every method.** All are required, so that the compiler notices a forgotten one.
///
/// `workspace-members-testkit` runs these rules against any implementation.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait WorkspaceMembers: fmt::Debug + Send + Sync {
    /// The provider's name.
    fn provider(&self) -> Provider;

    /// What this value can do, as configured, the layers around it included. Never I/O, always the same.
    fn capabilities(&self) -> &Capabilities;

    /// Whom the credential acts as. Idempotent.
    async fn me(&self) -> Result<Identity>;

    /// One page of the account's workspaces. Idempotent.
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>>;

    /// One page of the account's users, members of a workspace or not. Idempotent.
    ///
    /// [`ErrorKind::Forbidden`] names the right that the credential's user lacks.
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>>;

    /// One page of the account's groups. Idempotent.
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>>;

    /// One page of a listing of members. Idempotent.
    ///
    /// One page is never a whole list: use [`members`](crate::WorkspaceMembersExt::members) or
    /// [`roster`](crate::WorkspaceMembersExt::roster). [`ErrorKind::NotFound`] if the provider tells that the
    /// workspace does not exist; some providers cannot tell, and yield nothing.
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>>;

    /// One member, or `None` if the principal is not a member. Idempotent.
    ///
    /// [`ErrorKind::NotFound`] if the provider tells that the workspace or the principal does not exist.
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>>;

    /// Makes a principal a member. Not idempotent: whoever is a member already is [`ErrorKind::AlreadyMember`],
    /// whatever the role, which is not changed.
    ///
    /// Answers the member as the provider confirmed it. Use [`ensure`](crate::WorkspaceMembersExt::ensure) to accept
    /// those who are members already.
    async fn add(&self, request: &AddMember) -> Result<Member>;

    /// Changes a member's role in one step. Idempotent. [`ErrorKind::NotFound`] for whoever is not a member.
    async fn set_role(&self, request: &SetRole) -> Result<Member>;

    /// Ends a membership. Repeating it is [`ErrorKind::NotFound`]; use
    /// [`remove_member`](crate::WorkspaceMembersExt::remove_member) to accept those who have left already.
    async fn remove(&self, request: &RemoveMember) -> Result<()>;
}

/// What `#[async_trait]` makes of an `async fn`, written out: the future of the one below is handed on as it is. Were it
/// awaited in a future of its own, each pointer in a stack would cost one more box.
macro_rules! hand_on {
    ($($name:ident $(<$($borrowed:lifetime),+>)? ($($argument:ident: $type:ty),*) -> $done:ty;)+) => {$(
        fn $name<'life0, $($($borrowed,)+)? 'async_trait>(
            &'life0 self,
            $($argument: $type),*
        ) -> Pin<Box<dyn Future<Output = Result<$done>> + Send + 'async_trait>>
        where
            'life0: 'async_trait,
            $($($borrowed: 'async_trait,)+)?
            Self: 'async_trait,
        {
            (**self).$name($($argument),*)
        }
    )+};
}

macro_rules! forward {
    ($(<$($lifetime:lifetime,)? T> for $pointer:ty;)+) => {$(
        impl<$($lifetime,)? T: WorkspaceMembers + ?Sized> WorkspaceMembers for $pointer {
            fn provider(&self) -> Provider {
                (**self).provider()
            }
            fn capabilities(&self) -> &Capabilities {
                (**self).capabilities()
            }
            hand_on! {
                me() -> Identity;
                workspaces_page(page: PageRequest) -> Page<Workspace>;
                users_page(page: PageRequest) -> Page<User>;
                groups_page(page: PageRequest) -> Page<Group>;
                members_page<'life1>(of: &'life1 ListOf, page: PageRequest) -> Page<Member>;
                get<'life1, 'life2>(workspace: &'life1 WorkspaceId, principal: &'life2 PrincipalId) -> Option<Member>;
                add<'life1>(request: &'life1 AddMember) -> Member;
                set_role<'life1>(request: &'life1 SetRole) -> Member;
                remove<'life1>(request: &'life1 RemoveMember) -> ();
            }
        }
    )+};
}

forward! {
    <T> for Arc<T>;
    <T> for Box<T>;
    <'a, T> for &'a T;
}

/// What adapters ask before they build a request. Each refusal is made here, so that all providers refuse alike.
impl Capabilities {
    /// Refuses an operation that is not claimed, and says why it is not.
    pub fn require(&self, capability: Capability, operation: Operation) -> Result<()> {
        if self.has(capability) {
            return Ok(());
        }
        let crate::Support::Absent(why) = self.support(capability) else { return Ok(()) };
        Err(self.refuse(format!("{} is not supported: {why}", spoken(capability)), operation))
    }

    fn refuse(&self, message: String, operation: Operation) -> Error {
        Error::unsupported(message).with_operation(operation).with_provider(self.provider().clone())
    }

    /// Refuses a listing that is not claimed.
    pub fn check_list(&self, of: &ListOf) -> Result<()> {
        let capability = match of {
            ListOf::Workspace(_) => Capability::ListMembers,
            ListOf::Account => Capability::ListAccountMembers,
        };
        self.require(capability, Operation::ListMembers)
    }

    /// Refuses reading one member where that is not claimed, or where only another kind of principal can be a member.
    pub fn check_get(&self, principal: &PrincipalId) -> Result<()> {
        self.require(Capability::GetMember, Operation::Get)?;
        let kind = principal.kind();
        if self.principal_kinds().any(|known| known == kind) {
            return Ok(());
        }
        let why = match self.support(Capability::add(kind)) {
            crate::Support::Absent(why) => why,
            crate::Support::Claimed(_) => "it cannot be a member".into(),
        };
        Err(self.refuse(
            format!("reading a {} as a member is not supported: {why}", kind.as_str()),
            Operation::Get,
        ))
    }

    /// Refuses an addition that is not claimed, and decides which native role to send.
    pub fn check_add(&self, request: &AddMember) -> Result<ResolvedRole> {
        let operation = Operation::Add;
        self.check_kind(Capability::add, request.principal.kind(), operation)?;
        for (asked, capability) in [
            (request.notify.member, Capability::NotifyMember),
            (request.notify.admins, Capability::NotifyAdmins),
        ] {
            if asked {
                self.require(capability, operation)?;
            }
        }
        self.check_role(&request.role, Capability::AddCustomRole, operation)
    }

    /// Refuses a change of role that is not claimed, and decides which native role to send.
    pub fn check_set_role(&self, request: &SetRole) -> Result<ResolvedRole> {
        let operation = Operation::SetRole;
        self.check_kind(Capability::set_role, request.key.principal.kind(), operation)?;
        self.check_key(&request.key, operation)?;
        self.check_role(&request.role, Capability::SetCustomRole, operation)
    }

    /// Refuses a removal that is not claimed.
    pub fn check_remove(&self, request: &RemoveMember) -> Result<()> {
        self.check_kind(Capability::remove, request.key.principal.kind(), Operation::Remove)?;
        self.check_key(&request.key, Operation::Remove)
    }

    fn check_kind(
        &self,
        capability: fn(PrincipalKind) -> Capability,
        kind: PrincipalKind,
        operation: Operation,
    ) -> Result<()> {
        let other = match kind {
            PrincipalKind::User => PrincipalKind::Group,
            PrincipalKind::Group => PrincipalKind::User,
        };
        let (asked, instead) = (capability(kind), capability(other));
        if !self.has(asked) && self.has(instead) {
            let crate::Support::Absent(why) = self.support(asked) else { return Ok(()) };
            let message =
                format!("{} is not supported: {why}; supported: {}", spoken(asked), spoken(instead));
            return Err(self.refuse(message, operation));
        }
        self.require(asked, operation)
    }

    fn check_key(&self, key: &MemberKey, operation: Operation) -> Result<()> {
        if self.behaves(crate::Behaviour::MembershipIds) && key.membership.is_none() {
            let message = format!(
                "{} needs the membership id of {key}, which `get` or a listing yields",
                operation.as_str().replace('_', " ")
            );
            let error = Error::invalid_input(message);
            return Err(error.with_operation(operation).with_provider(self.provider().clone()));
        }
        Ok(())
    }

    fn check_role(&self, role: &Role, custom: Capability, operation: Operation) -> Result<ResolvedRole> {
        let resolved = self.roles().resolve(role).map_err(|refused| {
            Error::from(refused).with_operation(operation).with_provider(self.provider().clone())
        })?;
        if resolved.custom {
            self.require(custom, operation)?;
        }
        Ok(resolved)
    }

    /// Compares what a write's answer shows with what was asked. A placeholder confirms a custom role, which it stands
    /// for, and no other.
    pub fn confirm(&self, asked: &ResolvedRole, member: Member, operation: Operation) -> Result<Member> {
        let stands_for_it = asked.custom && self.roles().is_placeholder(&member.native_role);
        if member.native_role == asked.native || stands_for_it {
            return Ok(member);
        }
        // Whatever an answer says may be quoted, but not at any length.
        let answered: String = member.native_role.as_str().chars().take(64).collect();
        let message = format!(
            "the provider reported success and answered role {answered:?} where {:?} was asked",
            asked.native.as_str()
        );
        Err(Error::new(ErrorKind::Unconfirmed, Effect::Unknown, message)
            .with_operation(operation)
            .with_provider(self.provider().clone()))
    }
}

/// `add_group` -> `to add a group`, for messages.
fn spoken(capability: Capability) -> &'static str {
    match capability {
        Capability::Me => "asking who the credential acts as",
        Capability::ListWorkspaces => "listing workspaces",
        Capability::ListUsers => "listing users",
        Capability::ListGroups => "listing groups",
        Capability::ListMembers => "listing one workspace's members",
        Capability::ListAccountMembers => "listing all workspaces' members in one pass",
        Capability::Roster => "a complete roster",
        Capability::GetMember => "reading one member",
        Capability::AddUser => "adding a user",
        Capability::AddGroup => "adding a group",
        Capability::AddCustomRole => "adding with a custom role",
        Capability::SetUserRole => "changing a user's role in one step",
        Capability::SetGroupRole => "changing a group's role in one step",
        Capability::SetCustomRole => "giving a custom role",
        Capability::RemoveUser => "removing a user",
        Capability::RemoveGroup => "removing a group",
        Capability::NotifyMember => "mailing the new member",
        Capability::NotifyAdmins => "mailing the workspace's administrators",
    }
}

/// Finds the one user of an address among those given, comparing with ASCII letters folded.
pub(crate) fn only_match<'a>(
    email: &EmailAddress,
    users: impl Iterator<Item = &'a User>,
) -> Result<Option<User>> {
    let mut found: Option<&User> = None;
    for user in users.filter(|user| user.email.as_ref() == Some(email)) {
        match found {
            Some(first) if first.id != user.id => {
                let message = format!("{email} is the address of users {} and {}", first.id, user.id);
                return Err(Error::new(ErrorKind::Ambiguous, Effect::Rejected, message));
            }
            _ => found = Some(user),
        }
    }
    Ok(found.cloned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Evidence, GroupId, RoleTable, UserId};

    #[test]
    fn a_group_that_can_be_seen_can_be_read_though_it_cannot_be_added() {
        let claiming = |some: &[Capability]| {
            let roles = RoleTable::new([]).unwrap();
            Capabilities::new(Provider::from_static("x"), roles).claim(Evidence::Documented, some)
        };
        let (user, group) = (UserId::from(7).into(), GroupId::from(7).into());
        let reader = claiming(&[Capability::GetMember, Capability::ListGroups]);
        assert!(reader.check_get(&user).is_ok() && reader.check_get(&group).is_ok());
        let without_groups = claiming(&[Capability::GetMember, Capability::AddUser]);
        assert!(without_groups.check_get(&user).is_ok());
        let refused = without_groups.without(&[Capability::AddGroup], "there are none").check_get(&group);
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        assert_eq!(refused.message(), "reading a group as a member is not supported: there are none");
    }
}
