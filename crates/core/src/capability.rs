//! What an adapter can do, as configured, and how that is known. Plain data; asking costs nothing.

use crate::{PrincipalId, PrincipalKind, Provider, RoleTable};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

macro_rules! names {
    ($(#[$doc:meta])* $enum:ident { $($(#[$vdoc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[non_exhaustive]
        pub enum $enum {
            $($(#[$vdoc])* #[cfg_attr(feature = "serde", serde(rename = $name))] $variant,)+
        }

        impl $enum {
            /// Every value, in a fixed order.
            pub const ALL: &'static [$enum] = &[$($enum::$variant),+];

            /// The name used in text and data.
            pub const fn as_str(self) -> &'static str {
                match self { $($enum::$variant => $name,)+ }
            }
        }

        impl fmt::Display for $enum {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(crate) use names;

names! {
    /// One method of [`WorkspaceMembers`](crate::WorkspaceMembers), as it stands in errors, logs and rate limits.
    Operation {
        /// [`me`](crate::WorkspaceMembers::me).
        Me = "me",
        /// [`workspaces_page`](crate::WorkspaceMembers::workspaces_page).
        ListWorkspaces = "list_workspaces",
        /// [`users_page`](crate::WorkspaceMembers::users_page).
        ListUsers = "list_users",
        /// [`groups_page`](crate::WorkspaceMembers::groups_page).
        ListGroups = "list_groups",
        /// [`members_page`](crate::WorkspaceMembers::members_page).
        ListMembers = "list_members",
        /// [`get`](crate::WorkspaceMembers::get).
        Get = "get",
        /// [`add`](crate::WorkspaceMembers::add).
        Add = "add",
        /// [`set_role`](crate::WorkspaceMembers::set_role).
        SetRole = "set_role",
        /// [`remove`](crate::WorkspaceMembers::remove).
        Remove = "remove",
        /// [`invite`](crate::WorkspaceMembers::invite).
        Invite = "invite",
        /// [`invitations_page`](crate::WorkspaceMembers::invitations_page).
        ListInvitations = "list_invitations",
        /// [`cancel_invitation`](crate::WorkspaceMembers::cancel_invitation).
        CancelInvitation = "cancel_invitation",
        /// [`set_user_active`](crate::WorkspaceMembers::set_user_active).
        SetUserActive = "set_user_active",
        /// [`delete_user`](crate::WorkspaceMembers::delete_user).
        DeleteUser = "delete_user",
    }
}

impl Operation {
    /// Whether it changes something at the provider.
    pub const fn is_write(self) -> bool {
        matches!(
            self,
            Self::Add
                | Self::SetRole
                | Self::Remove
                | Self::Invite
                | Self::CancelInvitation
                | Self::SetUserActive
                | Self::DeleteUser
        )
    }
}

names! {
    /// One thing that an adapter may claim. Claimed, it works; not claimed, the call answers
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) before any request is sent.
    Capability {
        /// Say which user the credential acts as.
        Me = "me",
        /// List the account's workspaces.
        ListWorkspaces = "list_workspaces",
        /// List the account's users.
        ListUsers = "list_users",
        /// The list of users shows their e-mail addresses, so that somebody can be found by address.
        SeeAddresses = "see_addresses",
        /// List the account's groups.
        ListGroups = "list_groups",
        /// List the members of one workspace.
        ListMembers = "list_members",
        /// List the members of all workspaces in one pass.
        ListAccountMembers = "list_account_members",
        /// A listing is known to be complete and to be of the workspace asked for, so that it makes a roster.
        Roster = "roster",
        /// Listings of members show those who were invited and have not accepted, as
        /// [`Status::Pending`](crate::Status::Pending).
        ListPending = "list_pending",
        /// Read one member.
        GetMember = "get_member",
        /// Add a user to a workspace.
        AddUser = "add_user",
        /// Add a group to a workspace.
        AddGroup = "add_group",
        /// Give a custom role when adding.
        AddCustomRole = "add_custom_role",
        /// Change a user's role in one step.
        SetUserRole = "set_user_role",
        /// Change a group's role in one step.
        SetGroupRole = "set_group_role",
        /// Give a custom role by changing the role.
        SetCustomRole = "set_custom_role",
        /// Remove a user from a workspace.
        RemoveUser = "remove_user",
        /// Remove a group from a workspace.
        RemoveGroup = "remove_group",
        /// Have the provider mail the member who was added.
        NotifyMember = "notify_member",
        /// Have the provider mail the workspace's administrators about an addition.
        NotifyAdmins = "notify_admins",
        /// Invite somebody who is not a user of the account yet.
        InviteUser = "invite_user",
        /// List open invitations.
        ListInvitations = "list_invitations",
        /// Withdraw an open invitation.
        CancelInvitation = "cancel_invitation",
        /// Deactivate a user of the account, and activate them again.
        SetUserActive = "set_user_active",
        /// Delete a user of the account.
        DeleteUser = "delete_user",
    }
}

impl Capability {
    /// What it is, as messages name it: `adding a user`.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Me => "asking who the credential acts as",
            Self::ListWorkspaces => "listing workspaces",
            Self::ListUsers => "listing users",
            Self::ListGroups => "listing groups",
            Self::ListMembers => "listing one workspace's members",
            Self::ListAccountMembers => "listing all workspaces' members in one pass",
            Self::Roster => "a complete roster",
            Self::GetMember => "reading one member",
            Self::AddUser => "adding a user",
            Self::AddGroup => "adding a group",
            Self::AddCustomRole => "adding with a custom role",
            Self::SetUserRole => "changing a user's role in one step",
            Self::SetGroupRole => "changing a group's role in one step",
            Self::SetCustomRole => "giving a custom role",
            Self::RemoveUser => "removing a user",
            Self::RemoveGroup => "removing a group",
            Self::NotifyMember => "mailing the new member",
            Self::NotifyAdmins => "mailing the workspace's administrators",
            Self::SeeAddresses => "seeing users' addresses",
            Self::ListPending => "listing members who have not accepted",
            Self::InviteUser => "inviting somebody",
            Self::ListInvitations => "listing invitations",
            Self::CancelInvitation => "withdrawing an invitation",
            Self::SetUserActive => "deactivating and activating users",
            Self::DeleteUser => "deleting users",
        }
    }

    /// Whether it changes something at the provider.
    pub const fn is_write(self) -> bool {
        matches!(
            self,
            Self::AddUser
                | Self::AddGroup
                | Self::AddCustomRole
                | Self::SetUserRole
                | Self::SetGroupRole
                | Self::SetCustomRole
                | Self::RemoveUser
                | Self::RemoveGroup
                | Self::NotifyMember
                | Self::NotifyAdmins
                | Self::InviteUser
                | Self::CancelInvitation
                | Self::SetUserActive
                | Self::DeleteUser
        )
    }

    /// What is needed to add this kind of principal.
    pub const fn add(kind: PrincipalKind) -> Self {
        match kind {
            PrincipalKind::User => Self::AddUser,
            PrincipalKind::Group => Self::AddGroup,
        }
    }

    /// What is needed to change the role of this kind of principal.
    pub const fn set_role(kind: PrincipalKind) -> Self {
        match kind {
            PrincipalKind::User => Self::SetUserRole,
            PrincipalKind::Group => Self::SetGroupRole,
        }
    }

    /// What is needed to remove this kind of principal.
    pub const fn remove(kind: PrincipalKind) -> Self {
        match kind {
            PrincipalKind::User => Self::RemoveUser,
            PrincipalKind::Group => Self::RemoveGroup,
        }
    }
}

names! {
    /// How an adapter knows that something works.
    Evidence {
        /// The provider documents it.
        Documented = "documented",
        /// It follows from what is documented nearby, and has not been seen.
        Inferred = "inferred",
    }
}

names! {
    /// How a provider behaves beyond what its operations say; planning and guards depend on it.
    Behaviour {
        /// Removing and changing a role go by [`MembershipId`](crate::MembershipId), which a listing or
        /// [`get`](crate::WorkspaceMembers::get) yields.
        MembershipIds = "membership_ids",
        /// Users hold licences that cost money, and some changes buy one.
        SellsSeats = "sells_seats",
        /// A workspace has one owner, shown in the list of workspaces, who can be neither removed nor given another role.
        FixedWorkspaceOwner = "fixed_workspace_owner",
        /// The provider refuses to leave a workspace without an owner.
        KeepsLastOwner = "keeps_last_owner",
        /// The credential stops working when its user leaves the workspace.
        KeyDiesWithMembership = "key_dies_with_membership",
        /// What a removed member made stays theirs, out of others' reach until it is handed over.
        OrphansDocuments = "orphans_documents",
        /// Members of a group that is a member have access too.
        GroupsGrantAccess = "groups_grant_access",
        /// Adding somebody who is a member already changes their role, and never answers
        /// [`ErrorKind::AlreadyMember`](crate::ErrorKind::AlreadyMember).
        AddUpserts = "add_upserts",
        /// User ids are logins that compare with ASCII case folded: `Ana` and `ana` are one user.
        UserIdsFoldCase = "user_ids_fold_case",
        /// An addition may end as an invitation that is still to be accepted: the member is
        /// [`Status::Pending`](crate::Status::Pending) in the answer.
        AddMayInvite = "add_may_invite",
        /// Every invitation is mailed, whatever [`Notify`](crate::Notify) says.
        InvitationsMail = "invitations_mail",
    }
}

/// Whether something is claimed, and why (not).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Support {
    /// It works, and this is how it is known.
    Claimed(Evidence),
    /// It does not, and this is why, or what would turn it on.
    Absent(Cow<'static, str>),
}

/// What the ids of an account's workspaces look like, so that an id can be told from a name without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum IdForm {
    /// Not known: any text may be an id or a name.
    #[default]
    Any,
    /// Positive integers, written without sign and leading zeros.
    Integer,
    /// So many ASCII letters and digits.
    Alphanumeric {
        /// How many.
        length: usize,
    },
}

impl IdForm {
    /// Whether a text is an id by its looks. Never so where the form is not known.
    pub fn is_id(self, text: &str) -> bool {
        match self {
            Self::Any => false,
            Self::Integer => {
                text.starts_with(|first: char| matches!(first, '1'..='9'))
                    && text.bytes().all(|byte| byte.is_ascii_digit())
            }
            Self::Alphanumeric { length } => {
                text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
            }
        }
    }
}

/// At most so many requests in any window of a length, for all of these operations together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RateLimit {
    /// The operations that share this limit; empty means all.
    pub operations: Vec<Operation>,
    /// Requests per window.
    pub max: u32,
    /// The window's length.
    pub per: Duration,
    /// Whether the provider publishes the figure; otherwise it is assumed.
    pub published: bool,
    /// Where the figure comes from, or why it was assumed.
    pub source: Cow<'static, str>,
}

impl RateLimit {
    /// A figure that the provider publishes, with its source.
    pub fn published(operations: &[Operation], max: u32, per: Duration, source: &'static str) -> Self {
        let source = Cow::Borrowed(source);
        Self { operations: operations.to_vec(), max, per, published: true, source }
    }

    /// A figure that was assumed, with the reason.
    pub fn assumed(operations: &[Operation], max: u32, per: Duration, reason: &'static str) -> Self {
        Self { published: false, ..Self::published(operations, max, per, reason) }
    }

    /// Whether a request of this operation counts.
    pub fn covers(&self, operation: Operation) -> bool {
        self.operations.is_empty() || self.operations.contains(&operation)
    }
}

/// What one adapter value can do, as configured: its claims, its roles, its limits. Never I/O.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Capabilities {
    provider: Provider,
    endpoint: String,
    variant: String,
    support: BTreeMap<Capability, Support>,
    behaviours: BTreeSet<Behaviour>,
    workspace_ids: IdForm,
    roles: RoleTable,
    page_size: u32,
    /// Listings whose pages are of another size; `None` for one page that holds everything.
    page_sizes: BTreeMap<Operation, Option<u32>>,
    limits: Vec<RateLimit>,
    #[cfg_attr(feature = "serde", serde(skip))]
    own_timeout: Option<Duration>,
    /// What was known of principals before writing was taken back, which is what tells it otherwise.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    kinds: Option<Vec<PrincipalKind>>,
}

impl Capabilities {
    /// Claims nothing yet.
    pub fn new(provider: Provider, roles: RoleTable) -> Self {
        Self {
            provider,
            endpoint: String::new(),
            variant: String::new(),
            support: BTreeMap::new(),
            behaviours: BTreeSet::new(),
            workspace_ids: IdForm::Any,
            roles,
            page_size: 50,
            page_sizes: BTreeMap::new(),
            limits: Vec::new(),
            own_timeout: None,
            kinds: None,
        }
    }

    /// Names the base URL, without credentials. Part of what identifies the account a plan was made for.
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = endpoint.into();
        self
    }

    /// Names how the adapter is set up where that changes what it can do (Paradigm's level, PandaDoc's reach).
    pub fn with_variant(mut self, variant: impl Into<String>) -> Self {
        self.variant = variant.into();
        self
    }

    /// Claims some capabilities.
    pub fn claim(mut self, evidence: Evidence, capabilities: &[Capability]) -> Self {
        for capability in capabilities {
            self.support.insert(*capability, Support::Claimed(evidence));
        }
        self
    }

    /// Takes back some capabilities, or never had them, and says why.
    pub fn without(mut self, capabilities: &[Capability], why: impl Into<Cow<'static, str>>) -> Self {
        let why = why.into();
        for capability in capabilities {
            self.support.insert(*capability, Support::Absent(why.clone()));
        }
        self
    }

    /// Takes back everything that changes something, and says why. What the provider cannot do anyway keeps its own
    /// reason, and [`principal_kinds`](Self::principal_kinds) stay as they were: members can be read as before.
    pub fn read_only(mut self, why: impl Into<Cow<'static, str>>) -> Self {
        let kinds = self.principal_kinds().collect();
        let taken: Vec<Capability> =
            self.claims().map(|(capability, _)| capability).filter(|c| c.is_write()).collect();
        self.kinds = Some(kinds);
        self.without(&taken, why)
    }

    /// Declares how the provider behaves.
    pub fn with_behaviours(mut self, behaviours: &[Behaviour]) -> Self {
        self.behaviours.extend(behaviours);
        self
    }

    /// Says what workspace ids look like.
    pub fn with_workspace_ids(mut self, form: IdForm) -> Self {
        self.workspace_ids = form;
        self
    }

    /// Replaces the role table, for instance by one with another policy.
    pub fn with_roles(mut self, roles: RoleTable) -> Self {
        self.roles = roles;
        self
    }

    /// How many records a page holds unless the request asks for fewer. At least 1.
    pub fn with_page_size(mut self, size: u32) -> Self {
        self.page_size = size.max(1);
        self
    }

    /// Says that the pages of one listing are of another size, whatever [`with_page_size`](Self::with_page_size) says:
    /// at least 1, or `None` where one page holds everything.
    pub fn with_page_size_of(mut self, listing: Operation, size: Option<u32>) -> Self {
        self.page_sizes.insert(listing, size.map(|size| size.max(1)));
        self
    }

    /// Declares the limits to be kept.
    pub fn with_limits(mut self, limits: impl IntoIterator<Item = RateLimit>) -> Self {
        self.limits = limits.into_iter().collect();
        self
    }

    /// Says that the adapter bounds each request by so much itself, from the moment that it sends it: what it waits for
    /// before that, a credential or a free connection, is not counted. Nobody else needs to bound it then, or could without
    /// counting those waits.
    pub fn with_own_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.own_timeout = timeout;
        self
    }

    /// The provider's name.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The base URL, without credentials. Empty where there is none.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// How the adapter is set up, such as `owner` or `organization`. Empty where it has but one way.
    pub fn variant(&self) -> &str {
        &self.variant
    }

    /// Whether this works.
    pub fn has(&self, capability: Capability) -> bool {
        matches!(self.support.get(&capability), Some(Support::Claimed(_)))
    }

    /// Whether this works and how that is known, or why it does not.
    pub fn support(&self, capability: Capability) -> Support {
        const NOT_PROVIDED: Support = Support::Absent(Cow::Borrowed("the provider has no such operation"));
        self.support.get(&capability).cloned().unwrap_or(NOT_PROVIDED)
    }

    /// Everything that works, in a fixed order, with how it is known.
    pub fn claims(&self) -> impl Iterator<Item = (Capability, Evidence)> + '_ {
        self.support.iter().filter_map(|(capability, support)| match support {
            Support::Claimed(evidence) => Some((*capability, *evidence)),
            Support::Absent(_) => None,
        })
    }

    /// Whether the provider behaves like this.
    pub fn behaves(&self, behaviour: Behaviour) -> bool {
        self.behaviours.contains(&behaviour)
    }

    /// How the provider behaves, in a fixed order.
    pub fn behaviours(&self) -> impl Iterator<Item = Behaviour> + '_ {
        self.behaviours.iter().copied()
    }

    /// What workspace ids look like.
    pub fn workspace_ids(&self) -> IdForm {
        self.workspace_ids
    }

    /// How roles translate.
    pub fn roles(&self) -> &RoleTable {
        &self.roles
    }

    /// The principal as it compares at this provider: a user id with ASCII capitals as small letters where those are one
    /// ([`Behaviour::UserIdsFoldCase`]), anything else as it is.
    pub fn folded<'a>(&self, principal: &'a PrincipalId) -> Cow<'a, PrincipalId> {
        if self.behaves(Behaviour::UserIdsFoldCase) {
            Cow::Owned(principal.folded())
        } else {
            Cow::Borrowed(principal)
        }
    }

    /// Whether both are one principal at this provider.
    pub fn same_principal(&self, one: &PrincipalId, other: &PrincipalId) -> bool {
        one == other || self.folded(one) == self.folded(other)
    }

    /// Which kinds of principal can be members: users, and groups where they can be added, removed or listed.
    pub fn principal_kinds(&self) -> impl Iterator<Item = PrincipalKind> + '_ {
        [PrincipalKind::User, PrincipalKind::Group].into_iter().filter(|kind| match &self.kinds {
            Some(kinds) => kinds.contains(kind),
            // Whoever can be seen may be a member, also where this account can neither add nor remove them.
            None => match kind {
                PrincipalKind::User => true,
                PrincipalKind::Group => {
                    [Capability::AddGroup, Capability::RemoveGroup, Capability::ListGroups]
                        .into_iter()
                        .any(|capability| self.has(capability))
                }
            },
        })
    }

    /// Records per page unless a request asks for fewer, or the listing is one of another size
    /// ([`page_size_of`](Self::page_size_of)).
    pub fn page_size(&self) -> u32 {
        self.page_size
    }

    /// Records per page of one listing unless a request asks for fewer; `None` where one page holds everything.
    pub fn page_size_of(&self, listing: Operation) -> Option<u32> {
        self.page_sizes.get(&listing).copied().unwrap_or(Some(self.page_size))
    }

    /// Whether rosters take the list of workspaces too: where it shows the owner who cannot be removed, or where the list
    /// of members does not tell an empty workspace from a missing one.
    pub fn rosters_need_workspaces(&self) -> bool {
        self.has(Capability::ListAccountMembers) || self.behaves(Behaviour::FixedWorkspaceOwner)
    }

    /// How long the adapter lets one request take; `None` where it leaves that to whoever calls it.
    pub fn own_timeout(&self) -> Option<Duration> {
        self.own_timeout
    }

    /// The limits to be kept.
    pub fn limits(&self) -> &[RateLimit] {
        &self.limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GroupId, Operation, PrincipalId, UserId};

    fn of_users() -> Capabilities {
        Capabilities::new(Provider::from_static("example"), RoleTable::new([]).unwrap())
            .claim(
                Evidence::Documented,
                &[Capability::GetMember, Capability::AddUser, Capability::RemoveUser],
            )
            .without(&[Capability::AddGroup], "there are no groups")
    }

    #[test]
    fn a_listing_has_the_page_size_of_all_unless_it_has_its_own() {
        let capabilities = of_users()
            .with_page_size_of(Operation::ListUsers, Some(20))
            .with_page_size_of(Operation::ListMembers, None)
            .with_page_size(7);
        let sizes = [Operation::ListGroups, Operation::ListUsers, Operation::ListMembers]
            .map(|listing| capabilities.page_size_of(listing));
        assert_eq!(sizes, [Some(7), Some(20), None]);
    }

    #[test]
    fn an_id_is_told_from_a_name_only_where_its_form_is_known() {
        let panda = "BhVzRcxH9Z2LgfPPGXFUBa";
        let told = |form: IdForm| ["7", "07", "+7", "", "Sales", panda].map(|text| form.is_id(text));
        assert_eq!(told(IdForm::Any), [false; 6]);
        assert_eq!(told(IdForm::Integer), [true, false, false, false, false, false]);
        assert_eq!(told(IdForm::Alphanumeric { length: 22 }), [false, false, false, false, false, true]);
    }

    #[test]
    fn read_only_takes_back_writing_and_nothing_else() {
        let capabilities = of_users().read_only("it is read-only");
        assert_eq!(capabilities.claims().map(|(c, _)| c).collect::<Vec<_>>(), [Capability::GetMember]);
        let why = |capability| capabilities.support(capability);
        assert_eq!(why(Capability::AddUser), Support::Absent("it is read-only".into()));
        assert_eq!(why(Capability::AddGroup), Support::Absent("there are no groups".into()));
        assert_eq!(capabilities.principal_kinds().collect::<Vec<_>>(), [PrincipalKind::User]);
        assert_eq!(capabilities.clone().read_only("twice").principal_kinds().count(), 1);
    }

    #[test]
    fn whoever_can_be_a_member_can_be_read_with_or_without_writing() {
        let (user, group) = (PrincipalId::from(UserId::from(7)), PrincipalId::from(GroupId::from(7)));
        for capabilities in [of_users(), of_users().read_only("it is read-only")] {
            capabilities.check_get(&user).unwrap();
            let refused = capabilities.check_get(&group).unwrap_err();
            assert_eq!(refused.operation(), Some(Operation::Get));
        }
        let reader = Capabilities::new(Provider::from_static("example"), RoleTable::new([]).unwrap())
            .claim(Evidence::Documented, &[Capability::GetMember]);
        reader.check_get(&user).unwrap();
        reader.check_get(&group).unwrap_err();
        reader.claim(Evidence::Documented, &[Capability::ListGroups]).check_get(&group).unwrap();
    }
}
