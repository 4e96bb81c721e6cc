//! The requests that change something, and what a listing of members is of.

use crate::macros::setters;
use crate::{EmailAddress, MemberKey, NativeRole, PrincipalId, Role, WorkspaceId};

/// What a listing of members is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum ListOf {
    /// One workspace.
    Workspace(WorkspaceId),
    /// All workspaces of the account in one pass
    /// ([`Capability::ListAccountMembers`](crate::Capability::ListAccountMembers)).
    Account,
}

impl ListOf {
    /// The workspace, if it is of one.
    pub fn workspace(&self) -> Option<&WorkspaceId> {
        if let Self::Workspace(id) = self { Some(id) } else { None }
    }
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
    /// The member who was added ([`Capability::NotifyMember`](crate::Capability::NotifyMember)).
    pub member: bool,
    /// Every administrator of the workspace ([`Capability::NotifyAdmins`](crate::Capability::NotifyAdmins)).
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

    /// The member that this addresses.
    pub fn key(&self) -> MemberKey {
        MemberKey::new(self.workspace.clone(), self.principal.clone())
    }

    setters! {
        with_notify(notify: Notify);
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

    setters! {
        with_from(from: Option<NativeRole>);
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

    setters! {
        with_from(from: Option<NativeRole>);
    }
}

/// Invite somebody who is not a user of the account yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Invite {
    /// Whom.
    pub email: EmailAddress,
    /// Their name, where it is known.
    pub name: Option<String>,
    /// Into which workspaces, in which roles. A provider that takes none, or not so many, in one request refuses.
    pub workspaces: Vec<(WorkspaceId, Role)>,
    /// Whom the provider mails about it. Where invitations are always mailed
    /// ([`Behaviour::InvitationsMail`](crate::Behaviour::InvitationsMail)) they are mailed anyway.
    pub notify: Notify,
    /// Which seat or licence they get, in the provider's words, where it sells some.
    pub seat: Option<String>,
}

impl Invite {
    /// Into no workspace, mailing nobody.
    pub fn new(email: EmailAddress) -> Self {
        Self { email, name: None, workspaces: Vec::new(), notify: Notify::NOBODY, seat: None }
    }

    /// Adds a workspace and the role in it.
    pub fn with_workspace(mut self, workspace: WorkspaceId, role: Role) -> Self {
        self.workspaces.push((workspace, role));
        self
    }

    setters! {
        with_name(name: Option<String>);
        with_notify(notify: Notify);
        with_seat(seat: Option<String>);
    }
}
