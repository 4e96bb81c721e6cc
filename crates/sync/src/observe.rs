//! What was read of a connection: everything that a plan is made from.

mod counted;

use crate::desired::{Desired, DesiredWorkspace};
use counted::Counted;
use std::collections::BTreeMap;
use workspace_members_core::{
    Capabilities, Capability, Effect, Error, ErrorKind, Group, Identity, Operation, PrincipalId,
    PrincipalKind, Provider, Result, Roster, User, Who, Workspace, WorkspaceId, WorkspaceMembers,
    WorkspaceMembersExt as _, collect_listing,
};

/// All that was read of one connection: who acts, what can be done, and the complete rosters of the desired workspaces.
///
/// There is none of a listing that ended early or moved while it was read: reading answers an error instead. Plain
/// data; it holds nothing that could write.
///
/// ```compile_fail
/// // It cannot be put together from parts: only reading makes one.
/// let observed = workspace_members_sync::Observed { connection: "a".into() };
/// ```
#[derive(Debug, Clone)]
pub struct Observed {
    connection: String,
    capabilities: Capabilities,
    me: Option<Identity>,
    workspaces: Option<BTreeMap<WorkspaceId, Workspace>>,
    users: Option<Vec<User>>,
    groups: Option<Vec<Group>>,
    rosters: BTreeMap<WorkspaceId, Roster>,
    reads: BTreeMap<Operation, u64>,
    roster_reads: BTreeMap<Operation, u64>,
}

/// What was read of a connection just before, and need not be read again. It says nothing of members.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Known {
    /// Whom the credential acts as.
    pub me: Option<Identity>,
    /// All of the account's workspaces.
    pub workspaces: Option<Vec<Workspace>>,
}

impl Known {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whom the credential acts as.
    pub fn with_me(mut self, me: Identity) -> Self {
        self.me = Some(me);
        self
    }

    /// The whole list of the account's workspaces.
    pub fn with_workspaces(mut self, workspaces: Vec<Workspace>) -> Self {
        self.workspaces = Some(workspaces);
        self
    }
}

impl Observed {
    /// Reads what a plan for this connection's part of the desired state needs. Sends only reads; idempotent.
    ///
    /// The rosters come from one pass over the account where the provider has one. The account's users are read where
    /// the desired state names somebody by address or who is not in the roster, or where guards need them; its groups, where
    /// groups are members. A credential that may not list these is not an error here: whoever then cannot be found is refused by
    /// the plan.
    pub async fn read(members: &dyn WorkspaceMembers, connection: &str, desired: &Desired) -> Result<Self> {
        Self::read_knowing(members, connection, desired, Known::new()).await
    }

    /// The same, without asking again for what is known.
    pub async fn read_knowing(
        members: &dyn WorkspaceMembers,
        connection: &str,
        desired: &Desired,
        known: Known,
    ) -> Result<Self> {
        let ids: Vec<WorkspaceId> =
            desired.of_connection(connection).map(|w| w.target.workspace.clone()).collect();
        let members = &Counted::new(members);
        let mut observed = Self::rosters_of(members, connection, &ids, known).await?;
        let provider = observed.capabilities.provider().clone();
        let named: Vec<(WorkspaceId, Who)> = desired
            .of_connection(connection)
            .flat_map(|workspace| {
                workspace.members.iter().map(move |desired_member| (workspace, &desired_member.who))
            })
            .filter_map(|(workspace, who)| {
                let who = desired.people.who(who, connection, &provider)?;
                Some((workspace.target.workspace.clone(), who))
            })
            .collect();
        let lowers = desired.of_connection(connection).any(DesiredWorkspace::may_lower);
        let group_named = named.iter().any(|(_, who)| matches!(who, Who::Id(PrincipalId::Group(_))));
        let groups = group_named || observed.has_groups();
        if observed.needs_users(&named, lowers, groups) {
            observed.users = allowed(collect_listing(|| members.users()).await)?;
        }
        if observed.capabilities.has(Capability::ListGroups) && groups {
            observed.groups = allowed(collect_listing(|| members.groups()).await)?;
        }
        observed.reads = members.so_far();
        observed.count_known();
        Ok(observed)
    }

    /// Reads workspaces twice and answers only if both readings agree: what a dump is made from. Idempotent.
    ///
    /// [`ErrorKind::ListingChanged`] if they do not.
    pub async fn read_twice(
        members: &dyn WorkspaceMembers,
        connection: &str,
        workspaces: &[WorkspaceId],
    ) -> Result<Self> {
        let first = Self::rosters_of(&Counted::new(members), connection, workspaces, Known::new()).await?;
        let members = &Counted::new(members);
        let mut second = Self::rosters_of(members, connection, workspaces, Known::new()).await?;
        for (id, roster) in &first.rosters {
            let again = second.rosters.get(id).map(Roster::fingerprint);
            if again != Some(roster.fingerprint()) {
                let message = format!("workspace {id} changed between two readings");
                return Err(Error::new(ErrorKind::ListingChanged, Effect::NotApplied, message)
                    .with_operation(Operation::ListMembers)
                    .with_provider(members.provider()));
            }
        }
        // An address that two users have would not tell which of them is the member.
        if second.capabilities.has(Capability::ListUsers) {
            second.users = allowed(collect_listing(|| members.users()).await)?;
        }
        second.reads = members.so_far();
        Ok(second)
    }

    /// The same rosters, read once more, with everything else as it was. Idempotent.
    pub(crate) async fn again(&self, members: &dyn WorkspaceMembers) -> Result<Self> {
        let ids: Vec<WorkspaceId> = self.rosters.keys().cloned().collect();
        let listed: Option<Vec<Workspace>> =
            self.workspaces.as_ref().map(|known| known.values().cloned().collect());
        let rosters = rosters_of(members, &ids, listed.as_deref()).await?;
        Ok(Self { rosters, ..self.clone() })
    }

    async fn rosters_of(
        members: &Counted<'_>,
        connection: &str,
        ids: &[WorkspaceId],
        known: Known,
    ) -> Result<Self> {
        let capabilities = members.capabilities().clone();
        let me = match known.me {
            None if capabilities.has(Capability::Me) => Some(members.me().await?),
            known => known,
        };
        let workspaces = match known.workspaces {
            None if capabilities.has(Capability::ListWorkspaces) => {
                allowed(collect_listing(|| members.workspaces()).await)?
            }
            known => known,
        };
        let before = members.so_far();
        let rosters = rosters_of(members, ids, workspaces.as_deref()).await?;
        let mut roster_reads = members.so_far();
        for (operation, count) in before {
            roster_reads.entry(operation).and_modify(|all| *all -= count);
        }
        let workspaces = workspaces
            .map(|all| all.into_iter().map(|workspace| (workspace.id.clone(), workspace)).collect());
        let (users, groups, reads) = (None, None, BTreeMap::new());
        Ok(Self {
            connection: connection.to_owned(),
            capabilities,
            me,
            workspaces,
            users,
            groups,
            rosters,
            reads,
            roster_reads,
        })
    }

    /// Counts what was known as well, since reading all this without knowing it takes that too.
    fn count_known(&mut self) {
        if self.me.is_some() {
            self.reads.entry(Operation::Me).or_insert(1);
        }
        if let Some(workspaces) = &self.workspaces {
            let size = self.capabilities.page_size_of(Operation::ListWorkspaces).map_or(u64::MAX, u64::from);
            let pages = (workspaces.len() as u64).div_ceil(size).max(1);
            self.reads.entry(Operation::ListWorkspaces).or_insert(pages);
        }
    }

    fn has_groups(&self) -> bool {
        let members = self.rosters.values().flat_map(Roster::iter);
        members.into_iter().any(|member| member.key.principal.kind() == PrincipalKind::Group)
    }

    /// Whether a plan could say more with the list of users than without.
    fn needs_users(&self, named: &[(WorkspaceId, Who)], lowers: bool, groups: bool) -> bool {
        let known = |workspace: &WorkspaceId, who: &Who| {
            let in_roster = |id| self.rosters.get(workspace).is_some_and(|roster| roster.get(id).is_some());
            match who {
                // The one member with this address may have a namesake outside, and then it is not known who is meant.
                Who::Email(_) => false,
                Who::Id(id) => id.kind() == PrincipalKind::Group || in_roster(id),
            }
        };
        // Who is active decides how many owners are left. Where the account is listed in one pass, that pass has read
        // the users, and their list would say no more.
        let statuses = lowers && !self.capabilities.has(Capability::ListAccountMembers);
        self.capabilities.has(Capability::ListUsers)
            && (statuses || groups || named.iter().any(|(id, who)| !known(id, who)))
    }

    /// The connection's name.
    pub fn connection(&self) -> &str {
        &self.connection
    }

    /// The provider's name.
    pub fn provider(&self) -> &Provider {
        self.capabilities.provider()
    }

    /// What can be done there.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Whom the credential acts as; `None` where that cannot be asked.
    pub fn me(&self) -> Option<&Identity> {
        self.me.as_ref()
    }

    /// The account's workspaces; `None` if they were not read.
    pub fn workspaces(&self) -> Option<&BTreeMap<WorkspaceId, Workspace>> {
        self.workspaces.as_ref()
    }

    /// A workspace of the account, if it was listed.
    pub fn workspace(&self, id: &WorkspaceId) -> Option<&Workspace> {
        self.workspaces.as_ref()?.get(id)
    }

    /// The account's users; `None` if they were not read.
    pub fn users(&self) -> Option<&[User]> {
        self.users.as_deref()
    }

    /// The account's groups; `None` if they were not read.
    pub fn groups(&self) -> Option<&[Group]> {
        self.groups.as_deref()
    }

    /// The rosters that were read, by workspace.
    pub fn rosters(&self) -> &BTreeMap<WorkspaceId, Roster> {
        &self.rosters
    }

    /// The roster of one workspace, if it was read.
    pub fn roster(&self, workspace: &WorkspaceId) -> Option<&Roster> {
        self.rosters.get(workspace)
    }

    /// How many requests reading all this took, by operation. Those that a layer repeated count once.
    pub fn reads(&self) -> &BTreeMap<Operation, u64> {
        &self.reads
    }

    /// How many of them were for the rosters.
    pub(crate) fn roster_reads(&self) -> &BTreeMap<Operation, u64> {
        &self.roster_reads
    }
}

async fn rosters_of(
    members: &dyn WorkspaceMembers,
    ids: &[WorkspaceId],
    listed: Option<&[Workspace]>,
) -> Result<BTreeMap<WorkspaceId, Roster>> {
    let rosters = members.rosters_among(ids, listed).await?;
    Ok(rosters.into_iter().map(|roster| (roster.workspace().clone(), roster)).collect())
}

/// Takes a refusal by the provider for "not to be known"; anything else stays an error.
fn allowed<T>(read: Result<Vec<T>>) -> Result<Option<Vec<T>>> {
    match read {
        Ok(all) => Ok(Some(all)),
        Err(error) if error.kind() == ErrorKind::Forbidden => Ok(None),
        Err(error) => Err(error),
    }
}
