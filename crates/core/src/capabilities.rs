//! What an adapter can do, as configured. Plain data; asking costs nothing.

use crate::macros::setters;
use crate::{
    Behaviour, Capability, Error, Evidence, IdForm, Operation, PrincipalId, PrincipalKind, Provider, Result,
    RoleTable, Support, WorkspaceId,
};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

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
    /// Principal kinds, saved before `read_only` removes the write capabilities they are derived from.
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

    /// Claims some capabilities.
    pub fn claim(mut self, evidence: Evidence, capabilities: &[Capability]) -> Self {
        self.support.extend(capabilities.iter().map(|one| (*one, Support::Claimed(evidence))));
        self
    }

    /// Takes back some capabilities, or never had them, and says why.
    pub fn without(mut self, capabilities: &[Capability], why: impl Into<Cow<'static, str>>) -> Self {
        let why = why.into();
        self.support.extend(capabilities.iter().map(|one| (*one, Support::Absent(why.clone()))));
        self
    }

    /// Takes back everything that changes something, and says why. What the provider cannot do anyway keeps its own
    /// reason, and [`principal_kinds`](Self::principal_kinds) stay as they were: members can be read as before.
    pub fn read_only(mut self, why: impl Into<Cow<'static, str>>) -> Self {
        self.kinds = Some(self.principal_kinds().collect());
        let writes: Vec<Capability> =
            self.claims().map(|claim| claim.0).filter(|one| one.is_write()).collect();
        self.without(&writes, why)
    }

    /// Declares how the provider behaves.
    pub fn with_behaviours(mut self, behaviours: &[Behaviour]) -> Self {
        self.behaviours.extend(behaviours);
        self
    }

    /// Sets [`page_size`](Self::page_size()), of at least 1.
    pub fn with_page_size(mut self, size: u32) -> Self {
        self.page_size = size.max(1);
        self
    }

    /// Sets [`page_size_of`](Self::page_size_of) one listing, of at least 1.
    pub fn with_page_size_of(mut self, listing: Operation, size: Option<u32>) -> Self {
        self.page_sizes.insert(listing, size.map(|size| size.max(1)));
        self
    }

    /// Declares the limits to be kept.
    pub fn with_limits(mut self, limits: impl IntoIterator<Item = RateLimit>) -> Self {
        self.limits = limits.into_iter().collect();
        self
    }

    /// The provider's name.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The base URL, without credentials. Empty where there is none. Part of what identifies the account a plan was made
    /// for.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// How the adapter is set up where that changes what it can do, such as `owner` (Paradigm's level). Else empty.
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

    /// Refuses what cannot be a workspace's id. Only that ids are numbers is certain enough; any other text is tried.
    pub fn check_workspace_id(&self, id: &WorkspaceId) -> Result<()> {
        if self.workspace_ids != IdForm::Integer || self.workspace_ids.is_id(id.as_str()) {
            return Ok(());
        }
        let message = format!("{:?} is not a workspace's id; write a positive whole number", id.as_str());
        Err(Error::invalid_input(message).with_provider(self.provider.clone()))
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

    /// Whether the way to change a role in one step is to add the member once more.
    pub fn changes_role_by_adding(&self, kind: PrincipalKind) -> bool {
        self.behaves(Behaviour::AddUpserts)
            && self.has(Capability::add(kind))
            && !self.has(Capability::set_role(kind))
    }

    /// Which kinds of principal can be members: users, and groups where they can be added, removed or listed. Somebody who
    /// can be seen may be a member, also where this account can neither add nor remove them.
    pub fn principal_kinds(&self) -> impl Iterator<Item = PrincipalKind> + '_ {
        let groups = [Capability::AddGroup, Capability::RemoveGroup, Capability::ListGroups];
        PrincipalKind::ALL.iter().copied().filter(move |kind| match (&self.kinds, kind) {
            (Some(kinds), _) => kinds.contains(kind),
            (None, PrincipalKind::User) => true,
            (None, PrincipalKind::Group) => groups.iter().any(|capability| self.has(*capability)),
        })
    }

    /// Records per page of listings that have no [size of their own](Self::page_size_of), unless a request asks for fewer.
    pub fn page_size(&self) -> u32 {
        self.page_size
    }

    /// Records per page of one listing, unless a request asks for fewer; `None` where one page holds everything.
    pub fn page_size_of(&self, listing: Operation) -> Option<u32> {
        self.page_sizes.get(&listing).copied().unwrap_or(Some(self.page_size))
    }

    /// Whether rosters take the list of workspaces too: where it shows the owner who cannot be removed, or where the list
    /// of members is the same for an empty workspace and a missing one.
    pub fn rosters_need_workspaces(&self) -> bool {
        self.has(Capability::ListAccountMembers) || self.behaves(Behaviour::FixedWorkspaceOwner)
    }

    /// How long the adapter lets one request take, from the moment that it sends it; waiting for a credential or a free
    /// connection is not counted. `None` where the adapter leaves it to its caller.
    pub fn own_timeout(&self) -> Option<Duration> {
        self.own_timeout
    }

    /// The limits to be kept.
    pub fn limits(&self) -> &[RateLimit] {
        &self.limits
    }

    setters! {
        with_endpoint(endpoint: impl Into<String>);
        with_variant(variant: impl Into<String>);
        with_workspace_ids(workspace_ids: IdForm);
        /// For instance to a table with another policy.
        with_roles(roles: RoleTable);
        with_own_timeout(own_timeout: Option<Duration>);
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
    fn an_id_is_known_from_a_name_only_where_its_form_is_known() {
        let panda = "BhVzRcxH9Z2LgfPPGXFUBa";
        let is_id = |form: IdForm| ["7", "07", "+7", "", "Sales", panda].map(|text| form.is_id(text));
        assert_eq!(is_id(IdForm::Any), [false; 6]);
        assert_eq!(is_id(IdForm::Integer), [true, false, false, false, false, false]);
        assert_eq!(is_id(IdForm::Alphanumeric { length: 22 }), [false, false, false, false, false, true]);
        let passes = |form: IdForm| {
            let capabilities = of_users().with_workspace_ids(form);
            ["7", "Sales", panda]
                .map(|text| capabilities.check_workspace_id(&WorkspaceId::new(text).unwrap()).is_ok())
        };
        assert_eq!(passes(IdForm::Any), [true; 3]);
        assert_eq!(passes(IdForm::Integer), [true, false, false]);
        assert_eq!(passes(IdForm::Alphanumeric { length: 22 }), [true; 3], "ids of another length are tried");
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
    fn a_kind_that_can_be_a_member_can_be_read_with_or_without_writing() {
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
