//! PandaDoc's JSON, as it is on the wire. Nothing here is public.
//!
//! No field of an answer is marked as required, and official clients are known to crash on nulls and on numbers where
//! the description says text. So every field is optional, and an id may be either.

use serde::{Deserialize, Deserializer, Serialize};

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
    #[serde(default, deserialize_with = "text")]
    pub(crate) member_id: Option<String>,
    #[serde(default)]
    pub(crate) role: Option<String>,
    #[serde(default)]
    pub(crate) email: Option<String>,
    #[serde(default)]
    pub(crate) first_name: Option<String>,
    #[serde(default)]
    pub(crate) last_name: Option<String>,
}

/// `ListUsersResponse` and `ListWorkspacesResponse`.
#[derive(Debug, Deserialize)]
pub(crate) struct Listing<T> {
    #[serde(default)]
    pub(crate) total: Option<u64>,
    pub(crate) results: Vec<T>,
}

/// One of `ListUsersResponse.results`, and `GetUserResponse`.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the provider's names")]
pub(crate) struct User {
    #[serde(default, deserialize_with = "text")]
    pub(crate) user_id: Option<String>,
    #[serde(default)]
    pub(crate) email: Option<String>,
    #[serde(default)]
    pub(crate) first_name: Option<String>,
    #[serde(default)]
    pub(crate) last_name: Option<String>,
    #[serde(default)]
    pub(crate) license: Option<String>,
    #[serde(default)]
    pub(crate) is_organization_owner: Option<bool>,
    #[serde(default)]
    pub(crate) workspaces: Option<Vec<Membership>>,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the provider's names")]
pub(crate) struct Membership {
    #[serde(default)]
    pub(crate) role: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) workspace_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) membership_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    #[serde(default, deserialize_with = "text")]
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// The owner's e-mail address.
    #[serde(default)]
    pub(crate) owner: Option<String>,
}

/// `MemberDetailsResponse`. `workspace` and `workspace_name` are not read: they name the workspace that the person has
/// open in the browser, not the one of the membership.
#[derive(Debug, Deserialize)]
pub(crate) struct Details {
    #[serde(default, deserialize_with = "text")]
    pub(crate) user_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) membership_id: Option<String>,
    #[serde(default)]
    pub(crate) email: Option<String>,
    #[serde(default)]
    pub(crate) first_name: Option<String>,
    #[serde(default)]
    pub(crate) last_name: Option<String>,
    #[serde(default)]
    pub(crate) is_active: Option<bool>,
    #[serde(default)]
    pub(crate) role: Option<String>,
    #[serde(default)]
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

/// Text, or a number read as text.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Text(String),
        Number(u64),
    }
    Ok(Option::<Id>::deserialize(deserializer)?.map(|id| match id {
        Id::Text(text) => text,
        Id::Number(number) => number.to_string(),
    }))
}
