//! Deciding what must be read of a connection, and reading it.

use super::counted::Counted;
use super::singles::{Singles, unknowable};
use super::{ACTING, Known, Membership, Observed};
use crate::desired::{Desired, DesiredWorkspace};
use crate::guards::Guards;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use workspace_members_core::{
    Behaviour, Capability, EmailAddress, Error, ErrorKind, Operation, PrincipalId, Result, Role, Roster,
    UserId, Who, Workspace, WorkspaceId, WorkspaceMembers, WorkspaceMembersExt as _, collect_listing,
};

impl Observed {
    /// Reads what a plan for this connection's part of the desired state needs. Sends only reads; idempotent.
    ///
    /// * Where one person is only to be added, by id, nothing is read but whether they are a member already.
    /// * Else the members of the workspaces are read, in one pass over the account where the provider has one; the
    ///   acting user; and the account's workspaces.
    /// * Users are read where somebody is named by address, where an id is of no member, or where guards need to know
    ///   who is active or licensed; groups, where groups are members.
    ///
    /// What the provider does not show is no error where nobody can lose anything: see [`unread`](Self::unread). Members
    /// of a workspace in which somebody may lose something must be readable, completely.
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
        let workspaces: Vec<_> = desired.of_connection(connection).collect();
        for workspace in &workspaces {
            members.capabilities().check_workspace_id(&workspace.target.workspace)?;
        }
        let reader = Reader {
            members: &Counted::new(members),
            desired,
            workspaces,
            guards: desired.guards.stricter(&known.guards),
            observed: Self::nothing(connection, members.capabilities()),
            known,
        };
        reader.read().await
    }

    /// The same members, read once more, with everything else as it was. Idempotent. Fails if any of them cannot be read.
    pub(crate) async fn again(&self, members: &dyn WorkspaceMembers) -> Result<Self> {
        let mut again = self.clone();
        if !self.rosters.is_empty() {
            let ids: Vec<WorkspaceId> = self.rosters.keys().cloned().collect();
            again.rosters = rosters_of(members, &ids, self.listed().as_deref()).await?;
        }
        for (id, singles) in &self.singles {
            again.singles.insert(id.clone(), singles.again(members, id).await?);
        }
        Ok(again)
    }

    fn listed(&self) -> Option<Vec<Workspace>> {
        self.workspaces.as_ref().map(|known| known.values().cloned().collect())
    }

    /// What was read, or a note that it was not, for an error that is tolerated. Any other error stays one.
    pub(super) fn unless<T>(
        &mut self,
        tolerated: impl Fn(&Error) -> bool,
        what: &str,
        read: Result<T>,
    ) -> Result<Option<T>> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(error) if tolerated(&error) => {
                self.unread.push(format!("{what}: {error}"));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

pub(super) async fn rosters_of(
    members: &dyn WorkspaceMembers,
    ids: &[WorkspaceId],
    listed: Option<&[Workspace]>,
) -> Result<BTreeMap<WorkspaceId, Roster>> {
    let rosters = members.rosters_among(ids, listed).await?;
    Ok(rosters.into_iter().map(|roster| (roster.workspace().clone(), roster)).collect())
}

pub(super) fn as_map(workspaces: Vec<Workspace>) -> BTreeMap<WorkspaceId, Workspace> {
    workspaces.into_iter().map(|workspace| (workspace.id.clone(), workspace)).collect()
}

/// Reads one connection.
struct Reader<'a> {
    members: &'a Counted<'a>,
    desired: &'a Desired,
    workspaces: Vec<&'a DesiredWorkspace>,
    guards: Guards,
    known: Known,
    observed: Observed,
}

impl<'a> Reader<'a> {
    async fn read(mut self) -> Result<Observed> {
        self.read_me().await?;
        self.read_workspaces().await?;
        let additions = self.workspaces.iter().all(|workspace| workspace.only_adds());
        if additions && self.names_addresses() {
            // Whom an address means must be known before they can be looked at.
            self.read_users().await?;
        }
        self.read_members().await?;
        if self.observed.users.is_none() && self.needs_users(additions) {
            self.read_users().await?;
        }
        if self.has(Capability::ListGroups) && self.groups_matter() {
            let groups = collect_listing(|| self.members.groups()).await;
            self.observed.groups = self.unless_harmful("the account's groups", groups)?;
        }
        self.observed.reads = self.members.so_far();
        self.count_known();
        Ok(self.observed)
    }

    fn has(&self, capability: Capability) -> bool {
        self.observed.capabilities.has(capability)
    }

    /// Whether anybody may lose anything.
    fn lowers(&self) -> bool {
        self.workspaces.iter().any(|workspace| workspace.may_lower())
    }

    /// What cannot be known is no error where nobody can lose anything. Before a loss only a plain refusal is taken for
    /// "not to be known".
    fn unless_harmful<T>(&mut self, what: &str, read: Result<T>) -> Result<Option<T>> {
        let lowers = self.lowers();
        let tolerated = |error: &Error| error.kind() == ErrorKind::Forbidden || !lowers && unknowable(error);
        self.observed.unless(tolerated, what, read)
    }

    /// Nobody acts on themselves by adding somebody else.
    async fn read_me(&mut self) -> Result<()> {
        let needed =
            self.workspaces.iter().any(|workspace| workspace.account.is_some() || !workspace.only_adds());
        self.observed.me = match self.known.me.take() {
            _ if !needed => None,
            None if self.has(Capability::Me) => {
                let me = self.members.me().await;
                // Guards then treat everybody as if they might be the acting user.
                self.observed.unless(unknowable, ACTING, me)?
            }
            known => known,
        };
        Ok(())
    }

    async fn read_workspaces(&mut self) -> Result<()> {
        let named = |workspace: &&DesiredWorkspace| workspace.name.is_some() || !workspace.is_change();
        let rosters = !self.workspaces.iter().all(|workspace| self.is_read_singly(workspace));
        let needed = self.workspaces.iter().any(named)
            || (rosters && self.observed.capabilities.rosters_need_workspaces());
        let listed = match self.known.workspaces.take() {
            None if needed && self.has(Capability::ListWorkspaces) => {
                let listed = collect_listing(|| self.members.workspaces()).await;
                self.observed.unless(unknowable, "the account's workspaces", listed)?
            }
            known => known,
        };
        self.observed.workspaces = listed.map(as_map);
        Ok(())
    }

    async fn read_users(&mut self) -> Result<()> {
        if self.has(Capability::ListUsers) {
            let users = collect_listing(|| self.members.users()).await;
            self.observed.users = self.unless_harmful("the account's users", users)?;
        }
        Ok(())
    }

    /// Whom a workspace names, as far as that can be said.
    fn named(&self, workspace: &'a DesiredWorkspace) -> impl Iterator<Item = Cow<'a, Who>> {
        let (connection, provider) = (&self.observed.connection, self.observed.provider());
        workspace.members.iter().filter_map(|one| one.who.who(&self.desired.people, connection, provider))
    }

    /// Whom any of the workspaces names.
    fn all_named(&self) -> impl Iterator<Item = (&'a DesiredWorkspace, Cow<'a, Who>)> {
        let of = |workspace| self.named(workspace).map(move |who| (workspace, who));
        self.workspaces.iter().copied().flat_map(of)
    }

    fn names_addresses(&self) -> bool {
        self.all_named().any(|(_, who)| matches!(*who, Who::Email(_)))
    }

    /// Whether it is enough to look at the one member whom a workspace names.
    fn is_read_singly(&self, workspace: &DesiredWorkspace) -> bool {
        workspace.only_adds()
            && workspace.members.len() == 1
            && !workspace.notify.admins
            && self.has(Capability::GetMember)
    }

    async fn read_members(&mut self) -> Result<()> {
        let (singly, mut rosters): (Vec<_>, Vec<_>) =
            self.workspaces.iter().copied().partition(|workspace| self.is_read_singly(workspace));
        for workspace in singly {
            let asked = self.ids_named(workspace);
            // Of an address that nobody is known to have, the members may say more.
            if asked.is_empty() && self.observed.users.is_none() && self.named(workspace).next().is_some() {
                rosters.push(workspace);
                continue;
            }
            let id = &workspace.target.workspace;
            let (singles, unread) = Singles::read(self.members, id, asked).await?;
            self.observed.singles.insert(id.clone(), singles);
            if let Some(error) = unread {
                self.observed.unread.push(format!("the members of workspace {id}: {error}"));
            }
        }
        let before = self.members.so_far();
        self.read_rosters(rosters).await?;
        let mut reads = self.members.so_far();
        for (operation, count) in before {
            reads.entry(operation).and_modify(|all| *all -= count);
        }
        self.observed.roster_reads = reads;
        Ok(())
    }

    /// Reads these together. If that fails and nobody can lose anything in some of them, each for itself.
    async fn read_rosters(&mut self, workspaces: Vec<&'a DesiredWorkspace>) -> Result<()> {
        if workspaces.is_empty() {
            return Ok(());
        }
        let ids: Vec<WorkspaceId> =
            workspaces.iter().map(|workspace| workspace.target.workspace.clone()).collect();
        let listed = self.observed.listed();
        let harmless = |workspace: &DesiredWorkspace| !workspace.members.is_empty() && !workspace.may_lower();
        let error = match rosters_of(self.members, &ids, listed.as_deref()).await {
            Ok(rosters) => {
                self.observed.rosters = rosters;
                return Ok(());
            }
            Err(error) if unknowable(&error) && workspaces.iter().any(|one| harmless(one)) => error,
            Err(error) => return Err(error),
        };
        // One request for all of them, or the only one, would fail again.
        let shared = ids.len() == 1 || self.has(Capability::ListAccountMembers);
        for workspace in workspaces {
            let id = &workspace.target.workspace;
            let read = if shared {
                Err(error.clone())
            } else {
                rosters_of(self.members, std::slice::from_ref(id), listed.as_deref()).await
            };
            match read {
                Ok(rosters) => self.observed.rosters.extend(rosters),
                Err(error) if unknowable(&error) && harmless(workspace) => {
                    let singles = Singles::unread(self.ids_named(workspace));
                    self.observed.singles.insert(id.clone(), singles);
                    self.observed.unread.push(format!("the members of workspace {id}: {error}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The ids that a workspace's entries mean, where that is known without members and only one can be.
    fn ids_named(&self, workspace: &'a DesiredWorkspace) -> Vec<PrincipalId> {
        let mut by_email: HashMap<&EmailAddress, Option<&UserId>> = HashMap::new();
        for user in self.observed.users.iter().flatten() {
            if let Some(email) = &user.email {
                let known = by_email.entry(email).or_insert(Some(&user.id));
                let same = |id: &UserId| {
                    let (one, other) = (id.clone().into(), user.id.clone().into());
                    self.members.capabilities().same_principal(&one, &other)
                };
                *known = known.filter(|id| same(id));
            }
        }
        let id = |who: Cow<'a, Who>| match who.into_owned() {
            Who::Id(id) => Some(id),
            Who::Email(email) => (*by_email.get(&email)?).cloned().map(PrincipalId::User),
        };
        self.named(workspace).filter_map(id).collect()
    }

    /// Whether a plan could say more with the list of users than without.
    fn needs_users(&self, additions: bool) -> bool {
        if additions {
            // Adding somebody may cost money that nobody allowed.
            let licences = self.observed.capabilities.behaves(Behaviour::SellsSeats)
                && self.guards.allow_billable != Some(true);
            return self.names_addresses() || (licences && self.names_outsiders());
        }
        // Who is active decides how many owners are left. Where the account is listed in one pass, that pass has read
        // the users, and their list would say no more.
        let statuses = !self.has(Capability::ListAccountMembers)
            && self.workspaces.iter().any(|workspace| self.may_lower_owner(workspace));
        statuses || self.groups_matter() || self.names_outsiders()
    }

    /// Whether a user is named who is not known to be a member. The one member with an address may have a namesake
    /// outside, and then it is not known who is meant.
    fn names_outsiders(&self) -> bool {
        self.all_named().any(|(workspace, who)| match &*who {
            Who::Email(_) => true,
            Who::Id(id) => {
                let found = self.observed.membership(&workspace.target.workspace, id);
                id.as_user().is_some() && !matches!(found, Membership::Inside(_))
            }
        })
    }

    /// Whether somebody who is an owner, or may be, may lose that.
    fn may_lower_owner(&self, workspace: &'a DesiredWorkspace) -> bool {
        if !workspace.may_lower() || !workspace.is_change() {
            return workspace.may_lower();
        }
        let observed = &self.observed;
        workspace.members.iter().filter(|member| member.membership.may_lower()).any(|member| {
            let who = member.who.who(&self.desired.people, &observed.connection, observed.provider());
            let Some(Who::Id(id)) = who.as_deref() else { return true };
            match observed.membership(&workspace.target.workspace, id) {
                Membership::Inside(member) => {
                    let roles = observed.capabilities.roles();
                    member.role == Role::Owner || roles.is_placeholder(&member.native_role)
                }
                Membership::Outside => false,
                Membership::Unknown => true,
            }
        })
    }

    /// Whether who is in which group says more about a loss.
    fn groups_matter(&self) -> bool {
        let group = |who: &Who| matches!(who, Who::Id(PrincipalId::Group(_)));
        let described = self.workspaces.iter().any(|workspace| !workspace.is_change());
        let mut members = self.observed.rosters.values().flat_map(Roster::iter);
        (described || self.lowers())
            && (self.all_named().any(|(_, who)| group(&who))
                || members.any(|member| member.key.principal.as_group().is_some()))
    }

    /// Counts what was known as well, since reading all this without knowing it takes that too.
    fn count_known(&mut self) {
        let observed = &mut self.observed;
        if observed.me.is_some() {
            observed.reads.entry(Operation::Me).or_insert(1);
        }
        if let Some(workspaces) = &observed.workspaces {
            let size = observed.capabilities.page_size_of(Operation::ListWorkspaces);
            let size = size.map_or(u64::MAX, u64::from);
            let pages = (workspaces.len() as u64).div_ceil(size).max(1);
            observed.reads.entry(Operation::ListWorkspaces).or_insert(pages);
        }
    }
}
