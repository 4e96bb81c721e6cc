//! PandaDoc's JSON, as it is on the wire. Nothing here is public.
//!
//! No field of an answer is marked as required, and an official client crashed on nulls and on numbers where the description
//! says text (github.com/PandaDoc/pandadoc-api-python-client, issues 26 to 29, read 2026-11-21). So every field is an
//! `Option`, which may be absent or null, but the ids that a record cannot be used without; an id may be text or a number.

use serde::{Deserialize, Serialize};
use workspace_members_http::{IdText, records};

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
pub(crate) struct Changed {
    pub(crate) member_id: Option<IdText>,
    pub(crate) role: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
}

/// `ListUsersResponse` and `ListWorkspacesResponse`.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(crate) struct Listing<T> {
    pub(crate) total: Option<u64>,
    #[serde(deserialize_with = "records")]
    pub(crate) results: Vec<T>,
}

/// One of `ListUsersResponse.results`, and `GetUserResponse`.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the provider's names")]
pub(crate) struct User {
    pub(crate) user_id: IdText,
    pub(crate) email: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) is_organization_owner: Option<bool>,
    pub(crate) workspaces: Option<Vec<Membership>>,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the provider's names")]
pub(crate) struct Membership {
    pub(crate) role: Option<String>,
    pub(crate) workspace_id: IdText,
    pub(crate) membership_id: Option<IdText>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    pub(crate) id: IdText,
    pub(crate) name: Option<String>,
    /// The owner's e-mail address.
    pub(crate) owner: Option<String>,
}

/// `MemberDetailsResponse`. `workspace` and `workspace_name` are not read: they name the workspace that the person has
/// open in the browser, not the one of the membership.
#[derive(Debug, Deserialize)]
pub(crate) struct Details {
    pub(crate) user_id: IdText,
    pub(crate) membership_id: Option<IdText>,
    pub(crate) email: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) is_active: Option<bool>,
    pub(crate) role: Option<String>,
    pub(crate) user_license: Option<String>,
}

/// An error's body: `detail` is text, an object of arrays, or absent; an example calls it `details`; both are read.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Failure {
    #[serde(default)]
    pub(crate) detail: serde_json::Value,
    #[serde(default)]
    pub(crate) details: serde_json::Value,
}
