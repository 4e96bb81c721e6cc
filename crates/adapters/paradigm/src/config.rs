//! How to reach a Paradigm account, and what the adapter claims when it does.

use crate::roles::roles;
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use workspace_members_core::{
    Behaviour, Capabilities, Capability, Evidence, Operation, Provider, RateLimit, Result, RolePolicy,
    RoleTable,
};
use workspace_members_http::{CredentialSource, Transport, TransportConfig, check_base_url};

/// LightOn's own host. On-premises hosts have the customer's name.
pub const DEFAULT_BASE_URL: &str = "https://paradigm.lighton.ai";

pub(crate) const PROVIDER: Provider = Provider::from_static("paradigm");

/// The provider's own page size for users, who cannot be asked for in other numbers.
pub(crate) const USERS_PAGE: u32 = 20;

/// Which of Paradigm's paths to members are used; the key's user must have the right for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
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
            Self::Company => Some("company"),
            Self::Instance => Some("instance"),
        }
    }
}

/// How to reach one Paradigm account.
#[derive(Debug, Clone)]
pub struct ParadigmConfig {
    base: Option<Url>,
    pub(crate) credential: Arc<dyn CredentialSource>,
    pub(crate) level: Level,
    pub(crate) inferred: bool,
    pub(crate) page_size: u32,
    roles: RoleTable,
    policy: Option<RolePolicy>,
    pub(crate) transport: Option<Transport>,
}

impl ParadigmConfig {
    /// LightOn's own host, at owner level, with the key that this source gives.
    pub fn new(credential: Arc<dyn CredentialSource>) -> Self {
        Self {
            base: None,
            credential,
            level: Level::Owner,
            inferred: false,
            page_size: 100,
            roles: roles(),
            policy: None,
            transport: None,
        }
    }

    /// Another host, with a path prefix where there is one. https, unless on loopback.
    pub fn with_base_url(mut self, base_url: &str) -> Result<Self> {
        self.base = Some(check_base_url(base_url).map_err(|error| error.with_provider(PROVIDER))?);
        Ok(self)
    }

    /// Which paths are used.
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Claims as well what no page documents and its neighbours suggest: at company level adding and removing groups; at
    /// instance level listing, adding and removing groups.
    pub fn with_inferred(mut self, inferred: bool) -> Self {
        self.inferred = inferred;
        self
    }

    /// Records per page of workspaces and groups, 1 to 100; 100 unless set. The provider fixes the size of its list of
    /// users.
    pub fn with_page_size(mut self, size: u32) -> Self {
        self.page_size = size.clamp(1, 100);
        self
    }

    /// Another table of roles.
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
            None => check_base_url(DEFAULT_BASE_URL),
        }
    }

    /// What is claimed, level by level. Sources: docs.lighton.ai/api-reference-v3, -v3-company and -v3-instance, pages
    /// "workspaces", "users" and "user-groups" (read 2026-11-21).
    pub(crate) fn capabilities(&self, base: &Url) -> Capabilities {
        use Capability::{
            AddGroup, AddUser, GetMember, ListGroups, ListMembers, ListUsers, ListWorkspaces, Me,
            RemoveGroup, RemoveUser, Roster, SeeAddresses,
        };
        const READ: &[Capability] = &[ListMembers, GetMember, Roster];
        const OFF: &str = "no page documents it at this level; `inferred` turns it on";
        let everywhere = Capabilities::new(PROVIDER, self.roles())
            .with_endpoint(base.as_str().trim_end_matches('/'))
            .with_variant(self.level.as_str())
            .with_page_size(self.page_size)
            .with_page_size_of(Operation::ListUsers, Some(USERS_PAGE))
            .with_page_size_of(Operation::ListMembers, None)
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
