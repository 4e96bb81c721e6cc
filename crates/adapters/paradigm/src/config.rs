//! How to reach a Paradigm account, and what the adapter claims when it does.

use crate::roles::roles;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use url::Url;
use workspace_members_core::{
    Behaviour, Capabilities, Capability, Evidence, IdForm, Operation, Provider, RateLimit,
};
use workspace_members_http::{Adapter, HttpSettings};

/// Paradigm, as the registry of adapters takes it.
pub const ADAPTER: Adapter = Adapter::new::<ParadigmConfig>("paradigm", "LightOn Paradigm")
    .with_variables("PARADIGM_API_KEY", "PARADIGM_BASE_URL");

/// LightOn's own host. On-premises hosts have the customer's name.
pub const DEFAULT_BASE_URL: &str = "https://paradigm.lighton.ai";

pub(crate) const PROVIDER: Provider = Provider::from_static(ADAPTER.provider);

/// The provider's own page size for users, who cannot be asked for in other numbers.
pub(crate) const USERS_PAGE: u32 = 20;

/// The largest page of workspaces and groups.
pub(crate) const LARGEST_PAGE: u32 = 100;

/// Which of Paradigm's paths to members are used; the key's user must have the right for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Level {
    /// `/api/v3/workspaces/…`: the workspaces that the user owns. The default.
    #[default]
    Owner,
    /// `/api/v3/company/workspaces/…`: all of the user's company; takes a company administrator.
    Company,
    /// `/api/v3/instance/workspaces/…`: all of the instance; takes an instance administrator.
    Instance,
}

impl Level {
    /// The name used in text and data.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Company => "company",
            Self::Instance => "instance",
        }
    }

    /// What stands in the path between the version and `workspaces`.
    pub(crate) const fn prefix(self) -> Option<&'static str> {
        match self {
            Self::Owner => None,
            other => Some(other.as_str()),
        }
    }
}

/// The settings that only Paradigm has. In data: `level`, `inferred`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ParadigmConfig {
    /// By which right the key acts, and so which of the provider's paths are used.
    pub level: Level,
    /// Claims as well what no page documents and its neighbours suggest: at company level adding users and groups and
    /// removing groups; at instance level that, and listing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub inferred: bool,
}

impl ParadigmConfig {
    /// Sets [`level`](Self::level).
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Sets [`inferred`](Self::inferred).
    pub fn with_inferred(mut self, inferred: bool) -> Self {
        self.inferred = inferred;
        self
    }

    /// What is claimed, level by level. Sources: docs.lighton.ai/api-reference-v3, -v3-company and -v3-instance, pages
    /// "workspaces", "users" and "user-groups" (read 2026-11-21).
    pub(crate) fn capabilities(&self, http: &HttpSettings, base: &Url) -> Capabilities {
        use Capability::{
            AddGroup, AddUser, GetMember, ListGroups, ListMembers, ListUsers, ListWorkspaces, Me,
            RemoveGroup, RemoveUser, Roster, SeeAddresses,
        };
        const READ: &[Capability] = &[ListMembers, GetMember, Roster];
        const OFF: &str = "no page documents it at this level; `inferred` turns it on";
        let everywhere = Capabilities::new(PROVIDER, http.role_table(roles()))
            .with_endpoint(base.as_str().trim_end_matches('/'))
            .with_variant(self.level.as_str())
            .with_page_size(http.page_size_of(LARGEST_PAGE, LARGEST_PAGE))
            .with_page_size_of(Operation::ListUsers, Some(USERS_PAGE))
            .with_page_size_of(Operation::ListMembers, None)
            .with_workspace_ids(IdForm::Integer)
            .with_behaviours(&[Behaviour::KeepsLastOwner, Behaviour::GroupsGrantAccess])
            .claim(Evidence::Documented, &[Me, ListGroups, SeeAddresses])
            // The page on listing users gives no path; creating one is documented at this path.
            .claim(Evidence::Inferred, &[ListUsers])
            .without(&[Capability::ListAccountMembers], "each workspace has a list of its own")
            .without(
                &[Capability::SetUserRole, Capability::SetGroupRole],
                "no operation changes a role; removing and adding does, with a moment without access",
            )
            .without(&[Capability::AddCustomRole, Capability::SetCustomRole], "roles are fixed")
            .without(&[Capability::NotifyMember, Capability::NotifyAdmins], "no mail can be asked for")
            .with_limits(limits());
        let inferred = |capabilities: Capabilities, some: &[Capability]| {
            if self.inferred {
                capabilities.claim(Evidence::Inferred, some)
            } else {
                capabilities.without(some, OFF)
            }
        };
        match self.level {
            Level::Owner => everywhere
                .claim(Evidence::Documented, READ)
                .claim(Evidence::Documented, &[ListWorkspaces, AddUser, AddGroup, RemoveGroup])
                // Documented for groups here, and for users at both other levels.
                .claim(Evidence::Inferred, &[RemoveUser]),
            Level::Company => {
                let claimed = everywhere
                    .claim(Evidence::Documented, READ)
                    .claim(Evidence::Documented, &[ListWorkspaces, RemoveUser]);
                inferred(claimed, &[AddUser, AddGroup, RemoveGroup])
            }
            Level::Instance => {
                let claimed = everywhere
                    .claim(Evidence::Documented, &[RemoveUser])
                    .without(&[ListWorkspaces], "no page documents a list of the instance's workspaces");
                let claimed = inferred(claimed, READ);
                inferred(claimed, &[AddUser, AddGroup, RemoveGroup])
            }
        }
    }
}

/// Only the list of users has a published figure. Nothing is published for members, so that is assumed to be like its
/// neighbours.
fn limits() -> Vec<RateLimit> {
    const MINUTE: Duration = Duration::from_mins(1);
    vec![
        RateLimit::published(
            &[Operation::ListUsers],
            100,
            MINUTE,
            "docs.lighton.ai/api-reference-v3/users/list-company-members, read 2026-11-21",
        ),
        RateLimit::assumed(
            &[
                Operation::Me,
                Operation::ListWorkspaces,
                Operation::ListGroups,
                Operation::ListMembers,
                Operation::Get,
            ],
            100,
            MINUTE,
            "no figure is published for these; taken from the list of users",
        ),
        RateLimit::assumed(
            &[Operation::Add, Operation::SetRole, Operation::Remove],
            60,
            MINUTE,
            "no figure is published for members; taken from changes of users",
        ),
    ]
}
