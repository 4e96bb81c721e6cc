//! How to reach a PandaDoc account, and what the adapter claims when it does.

use crate::roles::{PLACEHOLDER, roles};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use url::Url;
use workspace_members_core::{
    Behaviour, Capabilities, Capability, Effect, Error, ErrorKind, Evidence, IdForm, Operation, Provider,
    RateLimit, Result, RoleTable, WorkspaceId,
};
use workspace_members_http::{Adapter, AuthScheme, Credential, HttpSettings};

/// PandaDoc, as the registry of adapters takes it.
pub const ADAPTER: Adapter = Adapter::new::<PandaDocConfig>("pandadoc", "PandaDoc")
    .with_variables("PANDADOC_API_KEY", "PANDADOC_BASE_URL");

/// Where OAuth finds an access token, below the base URL.
pub(crate) const TOKEN_PATH: &str = "/oauth2/access_token";

pub(crate) const PROVIDER: Provider = Provider::from_static(ADAPTER.provider);

/// The largest page of users (the provider's maximum and default).
pub(crate) const USERS_PAGE: u32 = 50;

/// The largest page of workspaces (the provider's maximum).
pub(crate) const WORKSPACES_PAGE: u32 = 100;

/// Which of PandaDoc's two installations holds the account. They share nothing (PandaDoc's page on data residency, read
/// 2026-11-21).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Region {
    /// `https://api.pandadoc.com`. The default.
    #[default]
    Us,
    /// `https://api.pandadoc.eu`. Source: github.com/ConductorOne/baton-panda-doc, pkg/client/client.go (read 2026-11-21).
    Eu,
}

impl Region {
    /// Its base URL.
    pub const fn base_url(self) -> &'static str {
        match self {
            Self::Us => "https://api.pandadoc.com",
            Self::Eu => "https://api.pandadoc.eu",
        }
    }
}

/// What the credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Auth {
    /// An API key: `Authorization: API-Key …`. The default.
    #[default]
    ApiKey,
    /// An OAuth 2.0 access token: `Authorization: Bearer …`.
    Bearer,
}

/// Whether the key is for production or sandbox. It decides the rate limits, and nothing else: **a sandbox key changes
/// the same, real members** (inferred: developers.pandadoc.com/reference/sandbox-key knows one environment, read
/// 2026-11-21).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyKind {
    /// A production key. The default.
    #[default]
    Production,
    /// A sandbox key: 10 requests a minute in all.
    Sandbox,
}

/// Where member lists come from. In data: `"organization"` or `{ workspace = "ID" }`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reach {
    /// All workspaces, from the organization's list of users; takes an organization administrator's key. The default.
    #[default]
    Organization,
    /// One workspace, from the list of the workspace that the key belongs to; any member's key will do (inferred).
    ///
    /// PandaDoc never says which workspace a key belongs to, so the id given here is believed: members are listed, and
    /// no roster is made of it. Custom roles are shown as a placeholder.
    Workspace(WorkspaceId),
}

impl Reach {
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Workspace(_) => "workspace",
        }
    }
}

/// The settings that only PandaDoc has. In data: `region`, `reach`, `auth`, `key_kind`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PandaDocConfig {
    /// Which installation; [`Region::Us`] unless a base URL says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// Where member lists come from.
    pub reach: Reach,
    /// What the credential is; [`Auth::Bearer`] with OAuth, else [`Auth::ApiKey`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// Production or sandbox; the provider does not tell.
    pub key_kind: KeyKind,
}

impl PandaDocConfig {
    /// Sets [`region`](Self::region).
    pub fn with_region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// Sets [`reach`](Self::reach).
    pub fn with_reach(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    /// Sets [`auth`](Self::auth).
    pub fn with_auth(mut self, auth: Auth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// Sets [`key_kind`](Self::key_kind).
    pub fn with_key_kind(mut self, kind: KeyKind) -> Self {
        self.key_kind = kind;
        self
    }

    /// The base URL, checked.
    pub(crate) fn base(&self, http: &HttpSettings) -> Result<Url> {
        if self.region.is_some() && http.base_url.is_some() {
            let message = "give `region` or `base_url`, not both: each names the host";
            return Err(Error::new(ErrorKind::Config, Effect::Rejected, message));
        }
        http.base(self.region.unwrap_or_default().base_url())
    }

    /// The word before the credential.
    pub(crate) fn scheme(&self, credential: &Credential) -> Result<AuthScheme> {
        let oauth = matches!(credential, Credential::OAuth(_));
        match (self.auth, oauth) {
            (Some(Auth::ApiKey), true) => {
                let message = "OAuth yields access tokens: remove `auth`, or write `auth = \"bearer\"`";
                Err(Error::new(ErrorKind::Config, Effect::Rejected, message))
            }
            (Some(Auth::Bearer), _) | (None, true) => Ok(AuthScheme::BEARER),
            (Some(Auth::ApiKey) | None, false) => Ok(AuthScheme("API-Key")),
        }
    }

    /// What is claimed. Source: PandaDoc's OpenAPI description, version 8.8.0
    /// (github.com/PandaDoc/pandadoc-openapi-specification, read 2026-11-21).
    pub(crate) fn capabilities(&self, http: &HttpSettings, base: &Url) -> Capabilities {
        use Capability::{
            AddCustomRole, AddGroup, AddUser, GetMember, ListAccountMembers, ListGroups, ListMembers,
            ListUsers, ListWorkspaces, Me, NotifyAdmins, NotifyMember, RemoveGroup, RemoveUser, Roster,
            SeeAddresses, SetCustomRole, SetGroupRole, SetUserRole,
        };
        let claimed = Capabilities::new(PROVIDER, role_table(http))
            .with_endpoint(base.as_str().trim_end_matches('/'))
            .with_variant(self.reach.as_str())
            .with_page_size(http.page_size_of(USERS_PAGE, USERS_PAGE))
            .with_page_size_of(Operation::ListWorkspaces, Some(WORKSPACES_PAGE))
            // As in every example of the description; ids of another form are looked up among the workspaces.
            .with_workspace_ids(IdForm::Alphanumeric { length: 22 })
            .with_behaviours(&[
                Behaviour::MembershipIds,
                Behaviour::SellsSeats,
                Behaviour::FixedWorkspaceOwner,
                Behaviour::KeepsLastOwner,
                Behaviour::KeyDiesWithMembership,
                Behaviour::OrphansDocuments,
            ])
            .claim(
                Evidence::Documented,
                &[
                    Me,
                    ListWorkspaces,
                    ListMembers,
                    GetMember,
                    AddUser,
                    SetUserRole,
                    SetCustomRole,
                    RemoveUser,
                    NotifyMember,
                    NotifyAdmins,
                ],
            )
            .without(&[AddGroup, SetGroupRole, RemoveGroup, ListGroups], "PandaDoc has no groups, only users")
            .without(
                &[AddCustomRole],
                "PandaDoc takes only its four own roles when adding; change the role afterwards",
            )
            .with_limits(limits(self.key_kind, &self.reach));
        match self.reach {
            Reach::Organization => {
                claimed.claim(Evidence::Documented, &[ListUsers, SeeAddresses, ListAccountMembers, Roster])
            }
            Reach::Workspace(_) => claimed
                .with_page_size_of(Operation::ListMembers, None)
                .without(&[ListUsers, SeeAddresses], "it takes an organization administrator's key and reach organization")
                .without(&[ListAccountMembers], "this connection reaches one workspace")
                .without(
                    &[Roster],
                    "PandaDoc does not say which workspace a key belongs to, so the list may be another's; use reach \
                     organization",
                ),
        }
    }
}

/// The word that PandaDoc shows for all custom roles stays a placeholder in any table.
fn role_table(http: &HttpSettings) -> RoleTable {
    let table = http.role_table(roles());
    if table.is_placeholder(&PLACEHOLDER) { table } else { table.with_placeholder(PLACEHOLDER) }
}

/// Limits count per user over all keys, in a sliding window of 60 s, per operation.
fn limits(kind: KeyKind, reach: &Reach) -> Vec<RateLimit> {
    const MINUTE: Duration = Duration::from_mins(1);
    const SOURCE: &str = "developers.pandadoc.com/reference/limits, read 2026-11-21";
    const ASSUMED: &str =
        "no figure is published; PandaDoc's general figure of 2020 was 100 a minute per endpoint";
    if kind == KeyKind::Sandbox {
        // "Any endpoint" may mean each or all together; ten in all keeps both.
        return vec![RateLimit::published(&[], 10, MINUTE, SOURCE)];
    }
    // What is read from one address shares one window.
    let (lists, single): (&[Operation], &[&[Operation]]) = match reach {
        Reach::Organization => (&[Operation::ListUsers, Operation::ListMembers], &[&[Operation::Get]]),
        Reach::Workspace(_) => (&[Operation::ListMembers, Operation::Get], &[]),
    };
    let published = [lists, &[Operation::ListWorkspaces], &[Operation::Remove]];
    let assumed: [&[Operation]; 3] = [&[Operation::Me], &[Operation::Add], &[Operation::SetRole]];
    let known = published.iter().map(|operations| RateLimit::published(operations, 2000, MINUTE, SOURCE));
    let others =
        assumed.iter().chain(single).map(|operations| RateLimit::assumed(operations, 100, MINUTE, ASSUMED));
    known.chain(others).collect()
}
