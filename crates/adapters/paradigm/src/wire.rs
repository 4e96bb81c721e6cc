//! Paradigm's JSON, as it is on the wire. Nothing here is public.
//!
//! Fields that the schemas require are required, so that a missing list is never read as an empty one; all others are an
//! `Option` and may be absent or null; unknown ones are ignored.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::fmt;
use workspace_members_http::records;

/// `InstanceWorkspaceAddMemberV3Request`: exactly one of the two ids.
#[derive(Debug, Serialize)]
pub(crate) struct AddRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group_id: Option<u64>,
    pub(crate) role: &'a str,
}

/// `WorkspaceMembersV3Response`.
#[derive(Debug, Deserialize)]
pub(crate) struct Members {
    pub(crate) users: Vec<UserMember>,
    pub(crate) groups: Vec<GroupMember>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct UserMember {
    #[serde(deserialize_with = "id")]
    pub(crate) id: u64,
    pub(crate) email: Option<String>,
    pub(crate) role: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct GroupMember {
    #[serde(deserialize_with = "id")]
    pub(crate) id: u64,
    pub(crate) name: Option<String>,
    pub(crate) role: String,
}

/// A page of any list: Django REST framework's page-number form. The page on listing groups
/// (docs.lighton.ai/api-reference-v3/user-groups/list-user-groups, read 2026-11-21) says `data` with `pagination` in its text,
/// so both are read.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(crate) struct Listing<T> {
    pub(crate) count: Option<u64>,
    #[serde(default)]
    pub(crate) next: Next,
    #[serde(alias = "data", deserialize_with = "records")]
    pub(crate) results: Vec<T>,
    pub(crate) pagination: Option<Pagination>,
}

/// What an answer says of the next page. Null says that there is none, and absence says nothing.
#[derive(Debug, Default)]
pub(crate) enum Next {
    #[default]
    Unsaid,
    Last,
    At(String),
}

impl<'de> Deserialize<'de> for Next {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Last, Self::At))
    }
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Pagination {
    #[serde(alias = "total")]
    pub(crate) count: Option<u64>,
    #[serde(default)]
    pub(crate) next: Next,
    #[serde(alias = "pages", alias = "num_pages")]
    pub(crate) total_pages: Option<u32>,
    pub(crate) per_page: Option<u32>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    #[serde(deserialize_with = "id")]
    pub(crate) id: u64,
    pub(crate) name: Option<String>,
    #[serde(rename = "workspace_type")]
    pub(crate) kind: Option<String>,
    pub(crate) user_role: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct User {
    #[serde(deserialize_with = "id")]
    pub(crate) id: u64,
    pub(crate) email: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) full_name: Option<String>,
    pub(crate) is_active: Option<bool>,
    pub(crate) invitation_status: Option<String>,
    pub(crate) groups: Option<Vec<GroupRef>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct GroupRef {
    #[serde(deserialize_with = "id")]
    pub(crate) id: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Group {
    #[serde(deserialize_with = "id")]
    pub(crate) id: u64,
    pub(crate) name: Option<String>,
    /// The schema says text, which cannot be meant; a list of integers is what requests take. Kept as it stands, since
    /// whatever else is there says nothing.
    pub(crate) user_ids: Option<Box<RawValue>>,
}

/// `GET /users/me`.
#[derive(Debug, Deserialize)]
pub(crate) struct Me {
    pub(crate) profile: User,
    pub(crate) company: Option<Company>,
    pub(crate) permissions: Option<Permissions>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Company {
    #[serde(deserialize_with = "id")]
    pub(crate) id: u64,
    pub(crate) name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Permissions {
    pub(crate) is_admin: Option<bool>,
}

/// An integer id; text holding one is read too, since the framework can be set to send ids so (inferred).
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct Reader;
    impl Visitor<'_> for Reader {
        type Value = u64;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a positive integer as id")
        }
        fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
            if number > 0 { Ok(number) } else { Err(E::custom("an id must be a positive integer")) }
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
            self.visit_u64(text.parse().unwrap_or(0))
        }
    }
    deserializer.deserialize_any(Reader)
}
