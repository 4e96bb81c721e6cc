//! How to reach a PandaDoc account, and what the adapter claims when it does.

use crate::roles::{PLACEHOLDER, roles};
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use workspace_members_core::{
    Behaviour, Capabilities, Capability, Evidence, Operation, Provider, RateLimit, Result, RolePolicy,
    RoleTable, WorkspaceId,
};
use workspace_members_http::{AuthScheme, CredentialSource, Transport, TransportConfig, check_base_url};

/// Where [`OAuthRefresh`](crate::OAuthRefresh) finds the token, below the base URL.
pub const TOKEN_PATH: &str = "/oauth2/access_token";

pub(crate) const PROVIDER: Provider = Provider::from_static("pandadoc");

/// The largest page of users (the provider's maximum and default).
pub(crate) const USERS_PAGE: u32 = 50;

/// The largest page of workspaces (the provider's maximum).
pub(crate) const WORKSPACES_PAGE: u32 = 100;

/// Which of PandaDoc's two installations holds the account. They share nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Region {
    /// `https://api.pandadoc.com`. The default.
    #[default]
    Us,
    /// `https://api.pandadoc.eu`; known from public connectors, not from the interface's description.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Auth {
    /// An API key: `Authorization: API-Key …`. The default.
    #[default]
    ApiKey,
    /// An OAuth 2.0 access token: `Authorization: Bearer …`.
    Bearer,
}

impl Auth {
    pub(crate) const fn scheme(self) -> AuthScheme {
        match self {
            Self::ApiKey => AuthScheme("API-Key"),
            Self::Bearer => AuthScheme::BEARER,
        }
    }
}

/// Whether the key is for production or sandbox. It decides the rate limits, and nothing else: **a sandbox key changes
/// the same, real members.**
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum KeyKind {
    /// A production key. The default.
    #[default]
    Production,
    /// A sandbox key: 10 requests a minute in all.
    Sandbox,
}

/// Where member lists come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Reach {
    /// All workspaces, from the organization's list of users; takes an organization administrator's key. The default.
    #[default]
    Organization,
    /// One workspace, from the list of the workspace that the key belongs to; any member's key will do.
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

/// How to reach one PandaDoc account.
#[derive(Debug, Clone)]
pub struct PandaDocConfig {
    region: Region,
    base: Option<Url>,
    pub(crate) credential: Arc<dyn CredentialSource>,
    pub(crate) auth: Auth,
    pub(crate) reach: Reach,
    key_kind: KeyKind,
    page_size: u32,
    roles: RoleTable,
    policy: Option<RolePolicy>,
    transport: Option<Transport>,
}

impl PandaDocConfig {
    /// The US region, the whole organization, with the production API key that this source gives.
    pub fn new(credential: Arc<dyn CredentialSource>) -> Self {
        Self {
            region: Region::Us,
            base: None,
            credential,
            auth: Auth::ApiKey,
            reach: Reach::Organization,
            key_kind: KeyKind::Production,
            page_size: USERS_PAGE,
            roles: roles(),
            policy: None,
            transport: None,
        }
    }

    /// Which installation.
    pub fn with_region(mut self, region: Region) -> Self {
        self.region = region;
        self
    }

    /// Another host, in place of the region's. https, unless on loopback.
    pub fn with_base_url(mut self, base_url: &str) -> Result<Self> {
        self.base = Some(check_base_url(base_url).map_err(|error| error.with_provider(PROVIDER))?);
        Ok(self)
    }

    /// What the credential is.
    pub fn with_auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// Where member lists come from.
    pub fn with_reach(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    /// Production or sandbox.
    pub fn with_key_kind(mut self, kind: KeyKind) -> Self {
        self.key_kind = kind;
        self
    }

    /// Users per page, 1 to 50; 50 unless set. Workspaces come 100 at a time, as many as the provider gives.
    pub fn with_page_size(mut self, size: u32) -> Self {
        self.page_size = size.clamp(1, USERS_PAGE);
        self
    }

    /// Another table of roles. The word that PandaDoc shows for all custom roles stays a placeholder in it.
    pub fn with_roles(mut self, roles: RoleTable) -> Self {
        self.roles = roles;
        self
    }

    /// Another policy for roles without an exact row, whichever table is or will be given.
    pub fn with_role_policy(mut self, policy: RolePolicy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Shares a connection pool, with its trust store, proxy and time limits.
    pub fn with_transport(mut self, transport: Transport) -> Self {
        self.transport = Some(transport);
        self
    }

    fn roles(&self) -> RoleTable {
        let table = self.roles.clone();
        let table =
            if table.is_placeholder(&PLACEHOLDER) { table } else { table.with_placeholder(PLACEHOLDER) };
        match self.policy {
            Some(policy) => table.with_policy(policy),
            None => table,
        }
    }

    pub(crate) fn transport(&self) -> Result<Transport> {
        match &self.transport {
            Some(transport) => Ok(transport.clone()),
            None => Transport::new(TransportConfig::default()),
        }
    }

    pub(crate) fn base(&self) -> Result<Url> {
        match &self.base {
            Some(base) => Ok(base.clone()),
            None => check_base_url(self.region.base_url()),
        }
    }

    /// What is claimed. Source: PandaDoc's OpenAPI description, version 8.8.0 (read 2026-11-21).
    pub(crate) fn capabilities(&self, base: &Url) -> Capabilities {
        use Capability::{
            AddCustomRole, AddGroup, AddUser, GetMember, ListAccountMembers, ListGroups, ListMembers,
            ListUsers, ListWorkspaces, Me, NotifyAdmins, NotifyMember, RemoveGroup, RemoveUser, Roster,
            SeeAddresses, SetCustomRole, SetGroupRole, SetUserRole,
        };
        let claimed = Capabilities::new(PROVIDER, self.roles())
            .with_endpoint(base.as_str().trim_end_matches('/'))
            .with_variant(self.reach.as_str())
            .with_page_size(self.page_size)
            .with_page_size_of(Operation::ListWorkspaces, Some(WORKSPACES_PAGE))
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
