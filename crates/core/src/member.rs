//! A member, what addresses it, and the pages that members come in.

use crate::adapter::{Record, RecordKey};
use crate::{EmailAddress, Fit, MembershipId, NativeRole, PrincipalId, Role, Status, WorkspaceId};
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

    /// Adds the membership id.
    pub fn with_membership(mut self, membership: Option<MembershipId>) -> Self {
        self.membership = membership;
        self
    }
}

impl fmt::Display for MemberKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in workspace {}", self.principal, self.workspace)
    }
}

/// Something that guards must know about a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Mark {
    /// The provider will neither remove them nor change their role (PandaDoc: the workspace's owner).
    Immovable,
    /// Rules the whole account, whatever the role here says (PandaDoc: the organization's owner).
    AccountOwner,
    /// A higher role buys a seat when none is free (PandaDoc: a Guest).
    SeatOnPromotion,
    /// Their role is set by something else, whatever is asked for (GitHub: an organization owner is maintainer of every
    /// team). They can be added and removed; asking for a role does not give it.
    RoleFixed,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Immovable => "immovable",
            Self::AccountOwner => "account-owner",
            Self::SeatOnPromotion => "seat-on-promotion",
            Self::RoleFixed => "role-fixed",
        })
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
    pub fn new(key: MemberKey, native_role: NativeRole, roles: &crate::RoleTable) -> Self {
        let (role, fit) = roles.read(&native_role);
        Self {
            key,
            email: None,
            name: None,
            role,
            native_role,
            fit,
            status: Status::Unknown,
            license: None,
            marks: Vec::new(),
        }
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

    /// How to name this member to a person: the address, else the name, else `user:ID`.
    pub fn label(&self) -> String {
        match (&self.email, &self.name) {
            (Some(email), _) => email.to_string(),
            (None, Some(name)) if !name.is_empty() => name.clone(),
            _ => self.key.principal.to_string(),
        }
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
        f.pad(match self {
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
        })
    }
}

/// Where the next page begins. Opaque: only the adapter that made it can read it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor(Box<str>);

impl Cursor {
    /// Made by adapters.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into().into_boxed_str())
    }

    /// Read by the adapter that made it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which page is wanted. The default is the first, of the adapter's own size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PageRequest {
    /// `None` for the first page, else [`Page::next`] of the page before.
    pub cursor: Option<Cursor>,
    /// About so many records: adapters lower it to what the provider allows, and ignore it where the provider fixes the
    /// size. `None` for the adapter's own size.
    pub size: Option<u32>,
}

impl PageRequest {
    /// The page at this cursor; the first for `None`.
    pub fn at(cursor: Option<Cursor>) -> Self {
        Self { cursor, size: None }
    }

    /// Asks for at most so many records.
    pub fn with_size(mut self, size: u32) -> Self {
        self.size = Some(size);
        self
    }
}

/// One page of a listing: the primitive that streams and rosters are made of.
///
/// A page is not a list: it ends only where `next` is `None`, and an empty page may have a next one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// What the page holds, in the provider's order.
    pub items: Vec<T>,
    /// Where to go on; `None` on the last page.
    pub next: Option<Cursor>,
    /// How many records the provider says the whole listing has, where it says so.
    pub total: Option<u64>,
    /// One key per record of the provider's page, which may hold other records than items: PandaDoc's list of users
    /// yields no member, or several, for one user. Repetitions and `total` are judged by these.
    pub records: Vec<RecordKey>,
    /// Records of a part that is read a second time, each of which must have come before: see
    /// [`Parts`](crate::adapter::Parts).
    pub again: Vec<RecordKey>,
}

impl<T: Record> Page<T> {
    /// A last page without a total, each item a record.
    pub fn new(items: Vec<T>) -> Self {
        let records = items.iter().map(Record::record_key).collect();
        Self::of_records(items, records)
    }
}

impl<T> Page<T> {
    /// A last page without a total, where items and records differ.
    pub fn of_records(items: Vec<T>, records: Vec<RecordKey>) -> Self {
        Self { items, next: None, total: None, records, again: Vec::new() }
    }

    /// Says where to go on.
    pub fn with_next(mut self, next: Option<Cursor>) -> Self {
        self.next = next;
        self
    }

    /// Says how many records the whole listing has.
    pub fn with_total(mut self, total: Option<u64>) -> Self {
        self.total = total;
        self
    }
}
