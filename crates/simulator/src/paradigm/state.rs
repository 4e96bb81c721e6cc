//! What Paradigm knows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// All companies, people, groups and workspaces of one Paradigm instance, and the API keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ParadigmState {
    /// API keys. The first is the one that a simulator hands out.
    pub keys: Vec<Key>,
    /// Companies.
    pub companies: Vec<Company>,
    /// Users.
    pub users: Vec<User>,
    /// Groups.
    pub groups: Vec<Group>,
    /// Workspaces.
    pub workspaces: Vec<Workspace>,
}

/// An API key. It acts as its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Key {
    /// What is sent after `Bearer`.
    pub key: Secret,
    /// The owner's user id.
    pub user: u64,
    /// From then on the key answers 401. Never, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Company {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
}

/// A person. Everybody belongs to exactly one company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct User {
    /// The id.
    pub id: u64,
    /// E-mail address, as typed when the person was created.
    pub email: String,
    /// First name.
    #[serde(default)]
    pub first_name: String,
    /// Last name.
    #[serde(default)]
    pub last_name: String,
    /// The company's id.
    pub company: u64,
    /// `false`: cannot sign in, and keys answer 401.
    #[serde(default = "yes")]
    pub is_active: bool,
    /// `accepted` or `pending`; the real words are not documented.
    #[serde(default = "accepted")]
    pub invitation_status: String,
    /// Roles of the platform, which are not roles in a workspace.
    #[serde(default)]
    pub roles: Vec<PlatformRole>,
    /// When the person was created; 1970, if a state file does not say.
    #[serde(default)]
    pub date_joined: Timestamp,
    /// The last sign-in, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_login: Option<Timestamp>,
}

/// What a person may do on the platform (the users pages of docs.lighton.ai name them, read 2026-11-21; the ids shown are made up).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PlatformRole {
    /// Instance level.
    SystemAdmin,
    /// Instance level.
    AccountManager,
    /// Instance level.
    Admin,
    /// Instance level, reads only.
    SystemDpo,
    /// Company level.
    CompanyAdmin,
    /// Company level, reads only.
    CompanyDpo,
    /// May manage documents in any workspace.
    DocumentManager,
    /// May own API keys.
    ApiKeyManager,
}

impl PlatformRole {
    /// The name that answers show.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::SystemAdmin => "Sys Admin",
            Self::AccountManager => "Account Manager",
            Self::Admin => "Admin",
            Self::SystemDpo => "DPO Admin",
            Self::CompanyAdmin => "Company Admin",
            Self::CompanyDpo => "Company DPO",
            Self::DocumentManager => "Document Manager",
            Self::ApiKeyManager => "API Key Manager",
        }
    }

    /// The id that answers show. Real ids are not documented.
    pub(crate) const fn id(self) -> u64 {
        self as u64 + 1
    }
}

/// A group of people of one company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Group {
    /// The id. User 7 and group 7 have nothing to do with each other.
    pub id: u64,
    /// The name.
    pub name: String,
    /// A description.
    #[serde(default)]
    pub description: String,
    /// Made by an admin, or by Paradigm itself.
    #[serde(default)]
    pub category: GroupCategory,
    /// The company's id.
    pub company: u64,
    /// The people in it.
    #[serde(default)]
    pub members: Vec<GroupMember>,
    /// When it was made.
    #[serde(default)]
    pub created_at: Timestamp,
}

/// A person in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GroupMember {
    /// The user's id.
    pub user: u64,
    /// `owner` or `member` of the group; says nothing about workspaces.
    #[serde(default = "member")]
    pub role: String,
}

/// Where a group comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GroupCategory {
    /// One per company, automatic: everybody.
    Company,
    /// One per person, automatic.
    Private,
    /// Made by an admin.
    #[default]
    Custom,
}

/// A workspace and who has which role in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Workspace {
    /// The id.
    pub id: u64,
    /// The name.
    pub name: String,
    /// A description.
    #[serde(default)]
    pub description: String,
    /// Only custom ones have members to manage.
    #[serde(default)]
    pub workspace_type: WorkspaceType,
    /// `manual` or `synced`.
    #[serde(default = "manual")]
    pub document_upload_method: String,
    /// The company's id.
    pub company: u64,
    /// People with a role of their own, in the order of the answer.
    #[serde(default)]
    pub users: Vec<Grant>,
    /// Groups with a role, in the order of the answer.
    #[serde(default)]
    pub groups: Vec<Grant>,
    /// When it was made.
    #[serde(default)]
    pub created_at: Timestamp,
    /// When it or its members changed last.
    #[serde(default)]
    pub updated_at: Timestamp,
}

/// The three kinds of workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WorkspaceType {
    /// Everybody in the company.
    Company,
    /// One person's own.
    Personal,
    /// Explicit members.
    #[default]
    Custom,
}

/// A role given to a user or a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Grant {
    /// The id of the user or group.
    pub id: u64,
    /// `owner`, `editor`, `viewer`, or a word that a client has never heard of: answers type it as plain text.
    pub role: String,
}

impl Grant {
    /// A role for an id.
    pub fn new(id: u64, role: impl Into<String>) -> Self {
        Self { id, role: role.into() }
    }
}

impl ParadigmState {
    /// The user with this id, to change.
    pub fn user_mut(&mut self, id: u64) -> Option<&mut User> {
        self.users.iter_mut().find(|user| user.id == id)
    }

    /// The workspace with this id.
    pub fn workspace(&self, id: u64) -> Option<&Workspace> {
        self.workspaces.iter().find(|workspace| workspace.id == id)
    }

    /// The workspace with this id, to change.
    pub fn workspace_mut(&mut self, id: u64) -> Option<&mut Workspace> {
        self.workspaces.iter_mut().find(|workspace| workspace.id == id)
    }

    pub(crate) fn user(&self, id: u64) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(crate) fn group(&self, id: u64) -> Option<&Group> {
        self.groups.iter().find(|group| group.id == id)
    }
}

impl Group {
    pub(crate) fn has(&self, user: u64) -> bool {
        self.members.iter().any(|member| member.user == user)
    }
}

fn yes() -> bool {
    true
}

pub(super) fn accepted() -> String {
    "accepted".to_owned()
}

pub(super) fn member() -> String {
    "member".to_owned()
}

pub(super) fn manual() -> String {
    "manual".to_owned()
}
