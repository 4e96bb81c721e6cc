//! What an account holds besides members: the acting identity, workspaces, users and groups.

use crate::{EmailAddress, GroupId, Mark, UserId, WorkspaceId};

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

    /// Adds the address.
    pub fn with_email(mut self, email: Option<EmailAddress>) -> Self {
        self.email = email;
        self
    }

    /// Adds the name.
    pub fn with_name(mut self, name: Option<String>) -> Self {
        self.name = name;
        self
    }

    /// Adds the account's id and name.
    pub fn with_account(mut self, id: Option<String>, name: Option<String>) -> Self {
        (self.account_id, self.account_name) = (id, name);
        self
    }

    /// Says whether the user rules the account.
    pub fn with_admin(mut self, admin: Option<bool>) -> Self {
        self.admin = admin;
        self
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
    /// Whether this credential can list and change its members; `None` where the provider does not say, so that only
    /// trying tells.
    pub manageable: Option<bool>,
    /// The one owner who cannot be removed, where the provider has one.
    pub owner: Option<EmailAddress>,
}

impl Workspace {
    /// A workspace of which the provider says no more.
    pub fn new(id: WorkspaceId, name: impl Into<String>) -> Self {
        Self { id, name: name.into(), kind: None, manageable: None, owner: None }
    }

    /// Names its kind.
    pub fn with_kind(mut self, kind: Option<String>) -> Self {
        self.kind = kind;
        self
    }

    /// Says whether its members can be managed, where the provider does.
    pub fn with_manageable(mut self, manageable: Option<bool>) -> Self {
        self.manageable = manageable;
        self
    }

    /// Whether its members may be managed, as far as is known: only a clear no is no.
    pub fn may_be_manageable(&self) -> bool {
        self.manageable != Some(false)
    }

    /// Names the owner.
    pub fn with_owner(mut self, owner: Option<EmailAddress>) -> Self {
        self.owner = owner;
        self
    }
}

/// Whether a person can use their access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Status {
    /// They can.
    Active,
    /// They cannot: blocked or deactivated.
    Inactive,
    /// They were invited and have not accepted. The invitation is valid, so they count for removal.
    Pending,
    /// The provider does not say. Counts as active, and is shown as unknown.
    #[default]
    Unknown,
}

impl Status {
    /// Whether somebody of this status may be using their access now.
    pub fn may_be_active(self) -> bool {
        matches!(self, Self::Active | Self::Unknown)
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Unknown => "unknown",
        })
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
    /// What guards must know before they become a member anywhere, sorted ([`Mark::SeatOnPromotion`],
    /// [`Mark::AccountOwner`]).
    pub marks: Vec<Mark>,
}

impl User {
    /// A user of whom only the id is known.
    pub fn new(id: UserId) -> Self {
        let (email, name, license, groups) = (None, None, None, None);
        Self { id, email, name, status: Status::Unknown, license, groups, marks: Vec::new() }
    }

    /// Adds the address.
    pub fn with_email(mut self, email: Option<EmailAddress>) -> Self {
        self.email = email;
        self
    }

    /// Adds the name.
    pub fn with_name(mut self, name: Option<String>) -> Self {
        self.name = name;
        self
    }

    /// Adds the status.
    pub fn with_status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// Adds the licence.
    pub fn with_license(mut self, license: Option<String>) -> Self {
        self.license = license;
        self
    }

    /// Adds the groups.
    pub fn with_groups(mut self, groups: Option<Vec<GroupId>>) -> Self {
        self.groups = groups;
        self
    }

    /// Adds a mark.
    pub fn with_mark(mut self, mark: Mark) -> Self {
        if let Err(at) = self.marks.binary_search(&mark) {
            self.marks.insert(at, mark);
        }
        self
    }

    /// Whether the mark is set.
    pub fn is(&self, mark: Mark) -> bool {
        self.marks.contains(&mark)
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

    /// Says who is in it.
    pub fn with_users(mut self, users: Option<Vec<UserId>>) -> Self {
        self.users = users;
        self
    }
}
