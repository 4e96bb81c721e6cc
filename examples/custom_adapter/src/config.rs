//! How to reach a Clubhouse account, and what the adapter claims when it does.

use crate::roles::roles;
use serde::{Deserialize, Serialize};
use workspace_members_core::{Behaviour, Capabilities, Capability, Evidence, Provider};
use workspace_members_http::{Adapter, HttpSettings};

/// Clubhouse, as a registry of adapters takes it.
pub const ADAPTER: Adapter = Adapter::new::<ClubhouseConfig>("clubhouse", "Clubhouse")
    .with_variables("CLUBHOUSE_API_KEY", "CLUBHOUSE_BASE_URL");

pub(crate) const PROVIDER: Provider = Provider::from_static(ADAPTER.provider);

pub(crate) const DEFAULT_BASE_URL: &str = "https://api.clubhouse.example";

/// The most that Clubhouse puts on a page.
pub(crate) const PAGE: u32 = 10;

/// What works. For everything else there is no code.
const CLAIMS: [Capability; 10] = {
    use Capability::{
        AddUser, GetMember, ListMembers, ListUsers, ListWorkspaces, Me, RemoveUser, Roster, SeeAddresses,
        SetUserRole,
    };
    [
        Me,
        ListWorkspaces,
        ListUsers,
        SeeAddresses,
        ListMembers,
        Roster,
        GetMember,
        AddUser,
        SetUserRole,
        RemoveUser,
    ]
};

/// The settings that only Clubhouse has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClubhouseConfig {
    /// Which version of the interface is asked for; Clubhouse's newest unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What works at this base URL, whichever version is asked for.
pub(crate) fn capabilities(http: &HttpSettings, base: &impl AsRef<str>) -> Capabilities {
    Capabilities::new(PROVIDER, http.role_table(roles()))
        .claim(Evidence::Documented, &CLAIMS)
        .with_behaviours(&[Behaviour::KeepsLastOwner])
        .with_endpoint(base.as_ref().trim_end_matches('/'))
        .with_page_size(http.page_size_of(PAGE, PAGE))
}
