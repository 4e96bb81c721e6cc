//! What PandaDoc knows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// One organization: its people, workspaces, memberships and keys, and the mails sent so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PandaDocState {
    /// API keys. The first is the one that a simulator hands out.
    pub keys: Vec<Key>,
    /// OAuth applications.
    pub oauth_clients: Vec<OAuthClient>,
    /// OAuth tokens handed out.
    pub oauth_tokens: Vec<OAuthToken>,
    /// Seats.
    pub organization: Organization,
    /// People, in the order of listings.
    pub users: Vec<User>,
    /// Workspaces, in the order of listings.
    pub workspaces: Vec<Workspace>,
    /// Who is in which workspace, removed ones included.
    pub memberships: Vec<Membership>,
    /// Every mail that a request caused.
    pub mails: Vec<Mail>,
    /// How many ids and tokens were made up so far. The next one follows from it, so a run can be repeated exactly.
    pub issued: u64,
}

/// An API key. It is bound to a workspace and acts with its owner's rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Key {
    /// What is sent after `API-Key`.
    pub key: Secret,
    /// The owner.
    pub user_id: String,
    /// The workspace.
    pub workspace_id: String,
    /// Production or sandbox. Both change the same data.
    #[serde(default)]
    pub kind: KeyKind,
    /// `false`: answers 401. Becomes `false` when the owner is removed from the workspace.
    #[serde(default = "yes")]
    pub active: bool,
}

/// The two kinds of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyKind {
    /// Published limits.
    #[default]
    Production,
    /// Ten requests a minute.
    Sandbox,
}

/// An OAuth application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OAuthClient {
    /// Its public id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
}

/// An access token with its refresh token. It is bound to a workspace and acts with its owner's rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OAuthToken {
    /// The application.
    pub client_id: String,
    /// What is sent after `Bearer`.
    pub access_token: Secret,
    /// What is exchanged for a new access token.
    pub refresh_token: Secret,
    /// The person who granted it.
    pub user_id: String,
    /// The workspace.
    pub workspace_id: String,
    /// From then on the access token answers 401. Never, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// What the organization pays for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Organization {
    /// Full seats paid for.
    pub seats: u64,
    /// How many of them were bought by a request that promoted a Guest.
    pub seats_bought: u64,
}

/// A person of the organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "the provider's own independent flags")]
pub struct User {
    /// The id in the organization.
    pub user_id: String,
    /// E-mail address, as typed when the person was created.
    pub email: String,
    /// First name; may be empty.
    #[serde(default)]
    pub first_name: String,
    /// Last name; may be empty.
    #[serde(default)]
    pub last_name: String,
    /// Telephone; may be empty.
    #[serde(default)]
    pub phone_number: String,
    /// `Full`, `eSign`, `Read-only`, `Creator`, `Guest`, or a word that a client has never heard of.
    #[serde(default = "full")]
    pub license: String,
    /// The account owner. Shown, and has all rights of an organization admin.
    #[serde(default)]
    pub is_organization_owner: bool,
    /// May use the operations of the organization. Not shown by the API.
    #[serde(default)]
    pub is_organization_admin: bool,
    /// The address has been confirmed.
    #[serde(default = "yes")]
    pub email_verified: bool,
    /// The workspace that the person looks at now, which `/members` shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_workspace: Option<String>,
    /// Left the organization: listed with `show_removed` only.
    #[serde(default)]
    pub removed: bool,
}

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Workspace {
    /// The id.
    pub id: String,
    /// The name. Two workspaces may share one.
    pub name: String,
    /// The owner's user id: cannot be removed nor given another role.
    pub owner: String,
    /// When it was made.
    #[serde(default)]
    pub date_created: Timestamp,
    /// `false`: deactivated, not listed, answers 404.
    #[serde(default = "yes")]
    pub active: bool,
    /// Roles beside the four built-in ones.
    #[serde(default)]
    pub custom_roles: Vec<CustomRole>,
}

/// A role that the organization defined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CustomRole {
    /// Its name, with capitals as defined.
    pub name: String,
    /// Counts as "admin privileges": adds and removes members, changes roles.
    #[serde(default)]
    pub admin: bool,
    /// May change roles of members.
    #[serde(default)]
    pub edits_roles: bool,
}

/// A person in a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Membership {
    /// The id that removing and changing take; answers also call it `member_id`.
    pub membership_id: String,
    /// The person.
    pub user_id: String,
    /// The workspace.
    pub workspace_id: String,
    /// `Admin`, `Manager`, `Member`, `Collaborator`, or the name of a custom role.
    pub role: String,
    /// `false`: blocked in this workspace.
    #[serde(default = "yes")]
    pub is_active: bool,
    /// Removed: shown by `GET /users` with `show_removed` only.
    #[serde(default)]
    pub removed: bool,
    /// When the person was added.
    #[serde(default)]
    pub date_created: Timestamp,
    /// When the membership changed last.
    #[serde(default)]
    pub date_modified: Timestamp,
}

/// A mail that PandaDoc would have sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Mail {
    /// Which switch caused it.
    pub kind: MailKind,
    /// The address.
    pub to: String,
    /// The person that was added.
    pub user_id: String,
    /// The workspace that the person was added to.
    pub workspace_id: String,
}

/// The two switches that send mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MailKind {
    /// `notify_user`: to the person added.
    NotifyUser,
    /// `notify_ws_admins`: to every admin of the workspace.
    NotifyWsAdmins,
}

impl PandaDocState {
    /// The person with this id, to change.
    pub fn user_mut(&mut self, user_id: &str) -> Option<&mut User> {
        self.users.iter_mut().find(|user| user.user_id == user_id)
    }

    /// The membership with this id, to change.
    pub fn membership_mut(&mut self, membership_id: &str) -> Option<&mut Membership> {
        self.memberships.iter_mut().find(|membership| membership.membership_id == membership_id)
    }

    /// The membership of a person in a workspace, if not removed.
    pub fn member(&self, workspace_id: &str, user_id: &str) -> Option<&Membership> {
        self.memberships.iter().find(|membership| {
            membership.workspace_id == workspace_id && membership.user_id == user_id && !membership.removed
        })
    }

    pub(crate) fn user(&self, user_id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.user_id == user_id)
    }

    /// The workspace, unless deactivated.
    pub(crate) fn workspace(&self, id: &str) -> Option<&Workspace> {
        self.workspaces.iter().find(|workspace| workspace.id == id && workspace.active)
    }

    /// Everybody in a workspace who was not removed.
    pub(crate) fn live<'a>(&'a self, workspace_id: &'a str) -> impl Iterator<Item = &'a Membership> {
        self.memberships
            .iter()
            .filter(move |membership| membership.workspace_id == workspace_id && !membership.removed)
    }
}

fn yes() -> bool {
    true
}

fn full() -> String {
    "Full".to_owned()
}
