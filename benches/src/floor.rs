//! The floor: what somebody writes by hand with reqwest and serde, for exactly these calls and nothing else.
//!
//! No retries, no limits, no role table, no look at what an error means. The client is set up as the adapters' is, so
//! that both keep the same promises on the wire.

use serde::{Deserialize, Deserializer, Serialize};
use std::time::Duration;

/// Whatever went wrong.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A member with the same fields as the library's, as texts.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct PlainMember {
    /// In which workspace.
    #[serde(skip)]
    pub workspace: String,
    /// `user` or `group`.
    #[serde(skip)]
    pub kind: &'static str,
    /// Who.
    #[serde(deserialize_with = "number")]
    pub id: String,
    /// PandaDoc's membership id.
    #[serde(skip)]
    pub membership: Option<String>,
    /// Address.
    #[serde(default)]
    pub email: Option<String>,
    /// Name.
    #[serde(default)]
    pub name: Option<String>,
    /// Normalized role.
    #[serde(skip)]
    pub role: String,
    /// The provider's role.
    #[serde(rename = "role")]
    pub native_role: String,
    /// PandaDoc's licence.
    #[serde(skip)]
    pub license: Option<String>,
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<String, D::Error> {
    u64::deserialize(deserializer).map(|number| number.to_string())
}

fn normalized(native: &str) -> &str {
    match native {
        "Admin" => "owner",
        "Manager" => "manager",
        "Member" => "editor",
        "Collaborator" => "viewer",
        other => other,
    }
}

/// Paradigm's list of members, read straight into what is wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct ParadigmMembers {
    users: Vec<PlainMember>,
    groups: Vec<PlainMember>,
}

impl ParadigmMembers {
    /// Fills in what the answer does not say.
    pub(crate) fn complete(self, workspace: &str) -> Vec<PlainMember> {
        let Self { mut users, groups } = self;
        let count = users.len();
        users.extend(groups);
        for (at, member) in users.iter_mut().enumerate() {
            workspace.clone_into(&mut member.workspace);
            member.kind = if at < count { "user" } else { "group" };
            normalized(&member.native_role).clone_into(&mut member.role);
        }
        users
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct ParadigmAdd<'a> {
    pub(crate) user_id: u64,
    pub(crate) role: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct PandaDocAdd<'a> {
    pub(crate) user_id: &'a str,
    pub(crate) role: &'a str,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PandaDocAdded {
    member_id: String,
    role: String,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
}

impl PandaDocAdded {
    pub(crate) fn member(self, workspace: &str, user: &str) -> PlainMember {
        PlainMember {
            workspace: workspace.to_owned(),
            kind: "user",
            id: user.to_owned(),
            membership: Some(self.member_id),
            email: self.email,
            name: Some(full_name(self.first_name, self.last_name)),
            role: normalized(&self.role).to_owned(),
            native_role: self.role,
            license: None,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct PandaDocUsers {
    pub(crate) total: usize,
    results: Vec<PandaDocUser>,
}

#[derive(Debug, Deserialize)]
struct PandaDocUser {
    user_id: String,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    license: Option<String>,
    workspaces: Vec<PandaDocMembership>,
}

#[derive(Debug, Deserialize)]
struct PandaDocMembership {
    role: String,
    workspace_id: String,
    membership_id: String,
}

impl PandaDocUsers {
    pub(crate) fn append_to(self, members: &mut Vec<PlainMember>) {
        for user in self.results {
            let name = full_name(user.first_name, user.last_name);
            for membership in user.workspaces {
                members.push(PlainMember {
                    workspace: membership.workspace_id,
                    kind: "user",
                    id: user.user_id.clone(),
                    membership: Some(membership.membership_id),
                    email: user.email.clone(),
                    name: Some(name.clone()),
                    role: normalized(&membership.role).to_owned(),
                    native_role: membership.role,
                    license: user.license.clone(),
                });
            }
        }
    }
}

fn full_name(first: Option<String>, last: Option<String>) -> String {
    format!("{} {}", first.unwrap_or_default(), last.unwrap_or_default())
}

/// One base URL and one key.
#[derive(Debug)]
pub struct Floor {
    http: reqwest::Client,
    base: String,
    key: String,
}

impl Floor {
    /// Sets up the client as the adapters do.
    pub fn new(base: &str, key: &str) -> Result<Self> {
        // An error says that there is one already, from an earlier client.
        _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .user_agent("by-hand/1.0")
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(30))
            .no_proxy()
            .build()?;
        Ok(Self { http, base: base.to_owned(), key: key.to_owned() })
    }

    /// Lists a workspace at Paradigm.
    pub async fn paradigm_list(&self, workspace: usize) -> Result<Vec<PlainMember>> {
        let url = format!("{}/api/v3/workspaces/{workspace}/members", self.base);
        let response = self.http.get(url).bearer_auth(&self.key).send().await?.error_for_status()?;
        let members: ParadigmMembers = response.json().await?;
        Ok(members.complete(&workspace.to_string()))
    }

    /// Adds a user at Paradigm, and looks that the answer has them in the role.
    pub async fn paradigm_add(&self, workspace: usize, user: u64, role: &str) -> Result<PlainMember> {
        let url = format!("{}/api/v3/workspaces/{workspace}/members", self.base);
        let body = ParadigmAdd { user_id: user, role };
        let request = self.http.post(url).bearer_auth(&self.key).json(&body);
        let members: ParadigmMembers = request.send().await?.error_for_status()?.json().await?;
        added(members, workspace, user, role)
    }

    /// Lists all members of a PandaDoc organization.
    pub async fn pandadoc_list(&self) -> Result<Vec<PlainMember>> {
        let url = format!("{}/public/v1/users", self.base);
        let mut members = Vec::new();
        for page in 1.. {
            let request = self
                .http
                .get(&url)
                .query(&[("show_removed", "false"), ("count", "50")])
                .query(&[("page", page)])
                .header("Authorization", format!("API-Key {}", self.key));
            let users: PandaDocUsers = request.send().await?.error_for_status()?.json().await?;
            let total = users.total;
            users.append_to(&mut members);
            if page * 50 >= total {
                break;
            }
        }
        Ok(members)
    }

    /// Adds a user at PandaDoc.
    pub async fn pandadoc_add(&self, workspace: &str, user: &str, role: &str) -> Result<PlainMember> {
        let url = format!("{}/public/v1/workspaces/{workspace}/members", self.base);
        let request = self
            .http
            .post(url)
            .query(&[("notify_user", false), ("notify_ws_admins", false)])
            .header("Authorization", format!("API-Key {}", self.key))
            .json(&PandaDocAdd { user_id: user, role });
        let added: PandaDocAdded = request.send().await?.error_for_status()?.json().await?;
        Ok(added.member(workspace, user))
    }
}

/// Finds the one who was added.
pub(crate) fn added(
    members: ParadigmMembers,
    workspace: usize,
    user: u64,
    role: &str,
) -> Result<PlainMember> {
    let (workspace, user) = (workspace.to_string(), user.to_string());
    let mut members = members.complete(&workspace).into_iter();
    let added = members.find(|member| member.kind == "user" && member.id == user && member.role == role);
    added.ok_or_else(|| "the answer does not have the new member in this role".into())
}
