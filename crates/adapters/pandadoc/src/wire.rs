//! PandaDoc's JSON, as it is on the wire. Nothing here is public.
//!
//! No field of an answer is marked as required, and official clients are known to crash on nulls and on numbers where
//! the description says text. So every field is optional but the ids that a record cannot be used without, and an id may be
//! either.

use serde::{Deserialize, Serialize};
use workspace_members_http::{IdText, Text, records};

/// `AddMemberRequest`.
#[derive(Debug, Serialize)]
pub(crate) struct AddRequest<'a> {
    pub(crate) user_id: &'a str,
    pub(crate) role: &'a str,
}

/// `UpdateMemberRoleRequest`. The description's enum is closed, its prose and example allow any custom role's name.
#[derive(Debug, Serialize)]
pub(crate) struct RoleRequest<'a> {
    pub(crate) role: &'a str,
}

/// `AddMemberResponse` and `UpdateMemberRoleResponse`, which lacks the names.
#[derive(Debug, Deserialize)]
pub(crate) struct Changed<'a> {
    #[serde(default, borrow)]
    pub(crate) member_id: Option<IdText<'a>>,
    #[serde(default, borrow)]
    pub(crate) role: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub(crate) email: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub(crate) first_name: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub(crate) last_name: Option<Text<'a>>,
}

/// `ListUsersResponse` and `ListWorkspacesResponse`.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(crate) struct Listing<T> {
    #[serde(default)]
    pub(crate) total: Option<u64>,
    #[serde(deserialize_with = "records")]
    pub(crate) results: Vec<T>,
}

/// One of `ListUsersResponse.results`, and `GetUserResponse`.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the provider's names")]
pub(crate) struct User<'a> {
    #[serde(borrow)]
    pub(crate) user_id: IdText<'a>,
    #[serde(default, borrow)]
    pub(crate) email: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub(crate) first_name: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub(crate) last_name: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub(crate) license: Option<Text<'a>>,
    #[serde(default)]
    pub(crate) is_organization_owner: Option<bool>,
    #[serde(default, borrow)]
    pub(crate) workspaces: Option<Vec<Membership<'a>>>,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the provider's names")]
pub(crate) struct Membership<'a> {
    #[serde(default, borrow)]
    pub(crate) role: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) workspace_id: IdText<'a>,
    #[serde(default, borrow)]
    pub(crate) membership_id: Option<IdText<'a>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Workspace<'a> {
    #[serde(borrow)]
    pub(crate) id: IdText<'a>,
    #[serde(default, borrow)]
    pub(crate) name: Option<Text<'a>>,
    /// The owner's e-mail address.
    #[serde(default, borrow)]
    pub(crate) owner: Option<Text<'a>>,
}

/// `MemberDetailsResponse`. `workspace` and `workspace_name` are not read: they name the workspace that the person has
/// open in the browser, not the one of the membership.
#[derive(Debug, Deserialize)]
pub(crate) struct Details<'a> {
    #[serde(borrow)]
    pub(crate) user_id: IdText<'a>,
    #[serde(default, borrow)]
    pub(crate) membership_id: Option<IdText<'a>>,
    #[serde(default, borrow)]
    pub(crate) email: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub(crate) first_name: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub(crate) last_name: Option<Text<'a>>,
    #[serde(default)]
    pub(crate) is_active: Option<bool>,
    #[serde(default, borrow)]
    pub(crate) role: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub(crate) user_license: Option<Text<'a>>,
}

/// An error's body: `detail` is text, an object of arrays, or absent; an example calls it `details`; both are read.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Failure {
    #[serde(default)]
    pub(crate) detail: serde_json::Value,
    #[serde(default)]
    pub(crate) details: serde_json::Value,
}
