//! A member, and what addresses one.

use crate::adapter::{Record, RecordKey};
use crate::macros::{marked, setters};
use crate::{
    EmailAddress, Fit, Mark, MembershipId, NativeRole, PrincipalId, Role, RoleTable, Status, WorkspaceId,
};
use std::fmt;

/// Addresses one member: in which workspace, who, and by which membership id where the provider has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MemberKey {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The user or group.
    pub principal: PrincipalId,
    /// The membership, needed to remove or re-role where the provider goes by it
    /// ([`Behaviour::MembershipIds`](crate::Behaviour::MembershipIds)).
    pub membership: Option<MembershipId>,
}

impl MemberKey {
    /// A key without a membership id.
    pub fn new(workspace: WorkspaceId, principal: impl Into<PrincipalId>) -> Self {
        Self { workspace, principal: principal.into(), membership: None }
    }

    setters! {
        with_membership(membership: Option<MembershipId>);
    }
}

impl fmt::Display for MemberKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in workspace {}", self.principal, self.workspace)
    }
}

/// A principal in a workspace, with a role.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Member {
    /// Where and who.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub key: MemberKey,
    /// A user's address, where the provider says it. Groups have none.
    pub email: Option<EmailAddress>,
    /// A user's or group's name, where the provider says it.
    pub name: Option<String>,
    /// The role, normalized.
    pub role: Role,
    /// The role in the provider's word.
    pub native_role: NativeRole,
    /// How well the normalized role says what the native one grants; `None` where the provider shows a placeholder.
    pub fit: Option<Fit>,
    /// Whether they can use their access.
    pub status: Status,
    /// Their licence in the provider's words, where it has licences.
    pub license: Option<String>,
    /// What guards must know, sorted.
    pub marks: Vec<Mark>,
}

impl Member {
    /// A member of whom only the key and the native role are known; the table supplies the rest of the role.
    pub fn new(key: MemberKey, native_role: NativeRole, roles: &RoleTable) -> Self {
        let (role, fit) = (roles.normalize(&native_role), roles.fit(&native_role));
        let (email, name, license) = (None, None, None);
        Self { key, email, name, role, native_role, fit, status: Status::Unknown, license, marks: Vec::new() }
    }

    marked!();

    /// How to name this member to a person: the address, else the name, else `user:ID`.
    pub fn label(&self) -> String {
        match (&self.email, &self.name) {
            (Some(email), _) => email.to_string(),
            (None, Some(name)) if !name.is_empty() => name.clone(),
            _ => self.key.principal.to_string(),
        }
    }

    setters! {
        with_email(email: Option<EmailAddress>);
        with_name(name: Option<String>);
        with_status(status: Status);
        with_license(license: Option<String>);
    }
}

impl Record for Member {
    fn record_key(&self) -> RecordKey {
        RecordKey::of(&(&self.key.workspace, &self.key.principal))
    }

    fn folded_record_key(&self) -> RecordKey {
        RecordKey::of(&(&self.key.workspace, self.key.principal.folded()))
    }
}

/// Whether a verb changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum Change {
    /// It did.
    Applied,
    /// It was already so.
    Unchanged,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(if *self == Self::Applied { "applied" } else { "unchanged" })
    }
}
