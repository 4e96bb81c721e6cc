//! What an account has besides members: the acting identity, workspaces, users and groups.

use crate::adapter::{Record, RecordKey};
use crate::macros::{marked, names, setters};
use crate::{EmailAddress, GroupId, UserId, WorkspaceId};

/// Who a credential acts as. Answered by [`me`](crate::WorkspaceMembers::me).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Identity {
    /// The acting user.
    pub user: UserId,
    /// Their address, where the provider says it.
    pub email: Option<EmailAddress>,
    /// Their name, where the provider says it.
    pub name: Option<String>,
    /// The account's own identifier (Paradigm: the company), where the provider says it.
    pub account_id: Option<String>,
    /// The account's name, where the provider says it.
    pub account_name: Option<String>,
    /// Whether the user rules the whole account; `None` where the provider does not say.
    pub admin: Option<bool>,
}

impl Identity {
    /// An identity of which only the id is known.
    pub fn new(user: UserId) -> Self {
        Self { user, email: None, name: None, account_id: None, account_name: None, admin: None }
    }

    /// Sets the account's id and name.
    pub fn with_account(mut self, id: Option<String>, name: Option<String>) -> Self {
        (self.account_id, self.account_name) = (id, name);
        self
    }

    setters! {
        with_email(email: Option<EmailAddress>);
        with_name(name: Option<String>);
        with_admin(admin: Option<bool>);
    }
}

/// A workspace of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Workspace {
    /// Its address.
    pub id: WorkspaceId,
    /// Its name; not unique at any provider.
    pub name: String,
    /// The provider's word for its kind (Paradigm: `custom`, `company`, `personal`), where there are kinds.
    pub kind: Option<String>,
    /// Whether this credential can list and change its members; `None` where the provider does not say, so that it has to
    /// be tried.
    pub manageable: Option<bool>,
    /// The one owner who cannot be removed, where the provider has one.
    pub owner: Option<EmailAddress>,
}

impl Workspace {
    /// A workspace of which the provider says no more.
    pub fn new(id: WorkspaceId, name: impl Into<String>) -> Self {
        Self { id, name: name.into(), kind: None, manageable: None, owner: None }
    }

    /// Whether its members may be managed, as far as is known: only a clear no is no.
    pub fn may_be_manageable(&self) -> bool {
        self.manageable != Some(false)
    }

    setters! {
        with_kind(kind: Option<String>);
        with_manageable(manageable: Option<bool>);
        with_owner(owner: Option<EmailAddress>);
    }
}

names! {
    /// Whether a person can use their access.
    #[derive(Default)]
    Status {
        /// They can.
        Active = "active",
        /// They cannot: blocked or deactivated.
        Inactive = "inactive",
        /// They were invited and have not accepted. The invitation is valid, so they count for removal.
        Pending = "pending",
        /// The provider does not say.
        #[default]
        Unknown = "unknown",
    }
}

impl Status {
    /// Whether somebody of this status may be using their access now.
    pub fn may_be_active(self) -> bool {
        matches!(self, Self::Active | Self::Unknown)
    }
}

names! {
    /// Something that guards must know about a user or a member.
    Mark {
        /// The provider will neither remove them nor change their role (PandaDoc: the workspace's owner).
        Immovable = "immovable",
        /// Rules the whole account, whatever the role here says (PandaDoc: the organization's owner).
        AccountOwner = "account-owner",
        /// A higher role buys a seat when none is free (PandaDoc: a Guest).
        SeatOnPromotion = "seat-on-promotion",
        /// Their role is set by something else, whatever is asked for (GitHub: an organization owner is maintainer of every
        /// team). They can be added and removed; asking for a role does not give it.
        RoleFixed = "role-fixed",
    }
}

/// A user of the account, member of a workspace or not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their address, where the provider says it.
    pub email: Option<EmailAddress>,
    /// Their name, where the provider says it.
    pub name: Option<String>,
    /// Whether they can use their access.
    pub status: Status,
    /// Their licence in the provider's words, where it has licences.
    pub license: Option<String>,
    /// The groups they are in; `None` where the provider does not say.
    pub groups: Option<Vec<GroupId>>,
    /// What guards must know before they become a member anywhere, sorted.
    pub marks: Vec<Mark>,
}

impl User {
    /// A user of whom only the id is known.
    pub fn new(id: UserId) -> Self {
        let (email, name, license, groups) = (None, None, None, None);
        Self { id, email, name, status: Status::Unknown, license, groups, marks: Vec::new() }
    }

    marked!();

    setters! {
        with_email(email: Option<EmailAddress>);
        with_name(name: Option<String>);
        with_status(status: Status);
        with_license(license: Option<String>);
        with_groups(groups: Option<Vec<GroupId>>);
    }
}

/// A group of users.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// Who is in it; `None` where the provider does not say.
    pub users: Option<Vec<UserId>>,
}

impl Group {
    /// A group whose users are not known.
    pub fn new(id: GroupId, name: impl Into<String>) -> Self {
        Self { id, name: name.into(), users: None }
    }

    setters! {
        with_users(users: Option<Vec<UserId>>);
    }
}

impl Record for Workspace {
    fn record_key(&self) -> RecordKey {
        RecordKey::of(&self.id)
    }
}

impl Record for User {
    fn record_key(&self) -> RecordKey {
        RecordKey::of(&self.id)
    }

    fn folded_record_key(&self) -> RecordKey {
        RecordKey::of(&self.id.as_str().to_ascii_lowercase())
    }
}

impl Record for Group {
    fn record_key(&self) -> RecordKey {
        RecordKey::of(&self.id)
    }
}
