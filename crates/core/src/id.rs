//! Identifiers as distinct types: what adds by user id and removes by membership id must not compile when mixed up.

use crate::macros::{checked_text, name, names};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

/// The longest identifier accepted, in bytes. Providers' own are 1 to 36; the bound keeps hostile answers small.
const MAX_ID_BYTES: usize = 256;

/// Why a text is not an identifier or an e-mail address. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {text:?} is not valid: {why}")]
pub struct InvalidId {
    what: &'static str,
    text: String,
    why: &'static str,
}

impl InvalidId {
    /// Says that `text` cannot be a `what`, because of `why`.
    pub fn new(what: &'static str, text: impl Into<String>, why: &'static str) -> Self {
        let mut text = text.into();
        if text.len() > MAX_ID_BYTES {
            text = text.chars().take(40).chain("…".chars()).collect();
        }
        Self { what, text, why }
    }

    /// What was wrong, without the text.
    pub fn why(&self) -> &'static str {
        self.why
    }
}

pub(crate) fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

/// Checks what every identifier must satisfy to be safe as one path segment of a URL and as one word of a log line.
fn check_id(what: &'static str, text: &str) -> Result<(), InvalidId> {
    let why = if text.is_empty() {
        "it is empty"
    } else if text.len() > MAX_ID_BYTES {
        "it is longer than 256 bytes"
    } else if has_control(text) {
        "it contains control characters"
    } else if matches!(text, "." | "..") {
        // Percent-encoding does not protect these two: URL parsers resolve `%2e%2e` as a parent segment as well.
        "a dot segment would address another resource"
    } else {
        return Ok(());
    };
    Err(InvalidId::new(what, text, why))
}

macro_rules! id {
    ($(#[$doc:meta])* $type:ident, $what:literal, $text:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
        pub struct $type($text);

        impl $type {
            /// Takes the provider's own spelling, 1 to 256 bytes without control characters, not `.` or `..`.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                check_id($what, &text)?;
                Ok(Self(text.into()))
            }

            /// The provider's own spelling.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        checked_text!($type);

        impl From<u64> for $type {
            fn from(number: u64) -> Self {
                Self(number.to_string().into())
            }
        }
    };
}

id! {
    /// Addresses one workspace of an account: a positive integer at Paradigm, an opaque text at PandaDoc.
    ///
    /// Every member carries the id of their workspace, so cloning shares the text.
    WorkspaceId, "workspace id", Arc<str>
}
id! {
    /// A user of the account, not yet a member of anything: Paradigm `user_id`, PandaDoc `user_id`.
    UserId, "user id", Box<str>
}
id! {
    /// A group of users: Paradigm `group_id`. PandaDoc has none.
    GroupId, "group id", Box<str>
}
id! {
    /// One user in one workspace: PandaDoc `membership_id`, also called `member_id`. Paradigm has none.
    MembershipId, "membership id", Box<str>
}
id! {
    /// One open invitation.
    InvitationId, "invitation id", Box<str>
}

/// Who can be a member, by id. User 7 and group 7 are two principals.
///
/// There may be more kinds one day, so a `match` needs a wildcard. Where it guards something, let that be the worse case:
/// a principal of a kind that you do not know may be the key's own user, and is not an owner who stays.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "kind", content = "id", rename_all = "lowercase"))]
#[non_exhaustive]
pub enum PrincipalId {
    /// One person.
    User(UserId),
    /// A group; every user in it has the group's role.
    Group(GroupId),
}

impl PrincipalId {
    /// Which kind of principal this is.
    pub fn kind(&self) -> PrincipalKind {
        match self {
            Self::User(_) => PrincipalKind::User,
            Self::Group(_) => PrincipalKind::Group,
        }
    }

    /// The id alone, without its kind. Not unique: user 7 and group 7 both answer `7`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::User(id) => id.as_str(),
            Self::Group(id) => id.as_str(),
        }
    }

    /// With small letters for ASCII capitals in the id of a user: how principals compare where ids are logins.
    pub(crate) fn folded(&self) -> Self {
        match self {
            Self::User(id) => Self::User(UserId(id.0.to_ascii_lowercase().into())),
            Self::Group(_) => self.clone(),
        }
    }

    /// The user id, if it is a user.
    pub fn as_user(&self) -> Option<&UserId> {
        if let Self::User(id) = self { Some(id) } else { None }
    }

    /// The group id, if it is a group.
    pub fn as_group(&self) -> Option<&GroupId> {
        if let Self::Group(id) = self { Some(id) } else { None }
    }
}

impl From<UserId> for PrincipalId {
    fn from(id: UserId) -> Self {
        Self::User(id)
    }
}

impl From<GroupId> for PrincipalId {
    fn from(id: GroupId) -> Self {
        Self::Group(id)
    }
}

/// `user:7` or `group:7`.
impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}:{}", self.kind(), self.as_str()))
    }
}

impl FromStr for PrincipalId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if let Some(id) = text.strip_prefix("user:") {
            UserId::new(id).map(Self::User)
        } else if let Some(id) = text.strip_prefix("group:") {
            GroupId::new(id).map(Self::Group)
        } else {
            Err(InvalidId::new("principal", text, "write user:ID or group:ID"))
        }
    }
}

names! {
    /// User or group.
    PrincipalKind {
        /// One person.
        User = "user",
        /// Several people.
        Group = "group",
    }
}

/// An e-mail address: the only identity that providers share.
///
/// White space around it is taken off; else it is kept as given. Compared with ASCII letters folded and nothing else:
/// `Ana@example.com` equals `ana@EXAMPLE.com`, while a Kelvin sign does not equal `k`, because Unicode folding would let
/// one person pass for another.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct EmailAddress(Box<str>);

impl EmailAddress {
    /// Accepts `local@domain` of at most 320 bytes without white space or control characters inside. It is a check
    /// against slips, not a proof that the address exists.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
        let mut given = text.into();
        let trimmed = given.trim();
        if trimmed.len() < given.len() {
            given = String::from(trimmed);
        }
        let text = given.as_str();
        let why = if text.len() > 320 {
            "it is longer than 320 bytes"
        } else if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            "it contains white space or control characters"
        } else if text.rsplit_once('@').is_none_or(|(local, domain)| local.is_empty() || domain.is_empty()) {
            "write local@domain"
        } else {
            return Ok(Self(given.into()));
        };
        Err(InvalidId::new("e-mail address", given, why))
    }

    /// As the provider or the caller spelled it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn folded(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

checked_text!(EmailAddress);

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for EmailAddress {}

impl Hash for EmailAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // In pieces, so that no text is allocated for each look-up.
        for piece in self.0.as_bytes().chunks(64) {
            let mut folded = [0; 64];
            folded[..piece.len()].copy_from_slice(piece);
            folded.make_ascii_lowercase();
            state.write(&folded[..piece.len()]);
        }
        state.write_u8(0xff);
    }
}

impl PartialOrd for EmailAddress {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EmailAddress {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}

/// A person or group as a caller names it: by e-mail, or by id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Who {
    /// A user, to be found in the account's users. Two matches are an error; nothing is guessed.
    Email(EmailAddress),
    /// A user or group, by the provider's id.
    Id(PrincipalId),
}

impl From<EmailAddress> for Who {
    fn from(email: EmailAddress) -> Self {
        Self::Email(email)
    }
}

impl<T: Into<PrincipalId>> From<T> for Who {
    fn from(id: T) -> Self {
        Self::Id(id.into())
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email(email) => email.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

impl FromStr for Who {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.starts_with("user:") || text.starts_with("group:") {
            text.parse().map(Self::Id)
        } else if text.contains('@') {
            text.parse().map(Self::Email)
        } else {
            Err(InvalidId::new("person", text, "write an e-mail address, user:ID or group:ID"))
        }
    }
}

name! {
    /// The name of a provider, such as `paradigm`: lower case, no spaces. Open, so that an adapter outside this project needs
    /// no change here.
    Provider
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_refuse_what_a_path_segment_cannot_carry() {
        for bad in ["", ".", "..", "a\nb", "a\u{7f}", &"x".repeat(257)] {
            assert!(WorkspaceId::new(bad).is_err(), "{bad:?}");
        }
        for good in ["7", "a/b", "50%", "a+b", "Ünï", "..."] {
            assert_eq!(WorkspaceId::new(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn emails_fold_ascii_only() {
        let lower = EmailAddress::new("kim@example.com").unwrap();
        let upper = EmailAddress::new("KIM@Example.COM").unwrap();
        let kelvin = EmailAddress::new("\u{212a}im@example.com").unwrap();
        assert_eq!(lower, upper);
        assert_eq!(upper.as_str(), "KIM@Example.COM");
        assert_ne!(lower, kelvin);
        let set: HashSet<_> = [lower, upper, kelvin].into();
        assert_eq!(set.len(), 2);
    }

    #[test]
    fn equal_addresses_have_one_hash() {
        use std::hash::{BuildHasher, RandomState};
        let state = RandomState::new();
        let hash = |text: &str| state.hash_one(EmailAddress::new(text).unwrap());
        assert_eq!(hash("kim.lee@example.com"), hash("KIM.Lee@Example.COM"));
        assert_ne!(hash("kim.lee@example.com"), hash("kim.leo@example.com"));
    }

    #[test]
    fn white_space_around_an_address_is_no_part_of_it() {
        let address = EmailAddress::new(" \tAna@example.com\n").unwrap();
        assert_eq!(address.as_str(), "Ana@example.com");
        for bad in ["", " ", "ana @example.com", "ana@", "@example.com", "ana@exam\nple.com"] {
            assert!(EmailAddress::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn who_says_what_would_be_right() {
        assert_eq!("group:7".parse::<Who>().unwrap().to_string(), "group:7");
        assert_eq!("a@b".parse::<Who>().unwrap().to_string(), "a@b");
        let error = "ana".parse::<Who>().unwrap_err().to_string();
        assert!(error.contains("user:ID"), "{error}");
    }
}
