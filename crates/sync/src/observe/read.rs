//! Deciding what must be read of a connection, and reading it.

use super::counted::Counted;
use super::singles::Singles;
use super::{ACTING, Known, Membership, Observed, rosters_of, unknowable};
use crate::desired::{Desired, DesiredWorkspace};
use crate::guards::Limits;
use workspace_members_core::{
    Behaviour, Capability, Operation, PrincipalId, PrincipalKind, Result, Role, Roster, Who, WorkspaceId,
    WorkspaceMembers, WorkspaceMembersExt as _, collect_listing,
};

/// How many people a plain addition may be of to be looked at one by one.
const FEW: usize = 1;

/// Reads one connection.
pub(super) struct Reader<'a> {
    members: &'a Counted<'a>,
    desired: &'a Desired,
    workspaces: Vec<&'a DesiredWorkspace>,
    limits: Limits,
    known: Known,
    observed: Observed,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        members: &'a Counted<'a>,
        connection: &'a str,
        desired: &'a Desired,
        known: Known,
    ) -> Self {
        Self {
            members,
            desired,
            workspaces: desired.of_connection(connection).collect(),
            limits: desired.guards.stricter(&known.guards).limits(),
            known,
            observed: Observed::nothing(connection, members.capabilities()),
        }
    }

    pub(super) async fn read(mut self) -> Result<Observed> {
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
        if self.needs_groups() {
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
        if self.lowers() {
            self.observed.unless_refused(what, read)
        } else {
            self.observed.unless_unknowable(what, read)
        }
    }

    /// Nobody acts on themselves by adding somebody else.
    async fn read_me(&mut self) -> Result<()> {
        let needed =
            self.workspaces.iter().any(|workspace| workspace.account.is_some() || !workspace.only_adds());
        self.observed.me = match self.known.me.take() {
            _ if !needed => None,
            None if self.has(Capability::Me) => {
                let me = self.members.me().await;
                // Guards take whoever may be the acting user for them.
                self.observed.unless_unknowable(ACTING, me)?
            }
            known => known,
        };
        Ok(())
    }

    async fn read_workspaces(&mut self) -> Result<()> {
        let named = |workspace: &&DesiredWorkspace| workspace.name.is_some() || !workspace.is_change();
        let rosters = !self.rosters_wanted().is_empty();
        let needed = self.workspaces.iter().any(named)
            || (rosters && self.observed.capabilities.rosters_need_workspaces());
        let listed = match self.known.workspaces.take() {
            None if needed && self.has(Capability::ListWorkspaces) => {
                let listed = collect_listing(|| self.members.workspaces()).await;
                self.observed.unless_unknowable("the account's workspaces", listed)?
            }
            known => known,
        };
        self.observed.set_workspaces(listed);
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
    fn named(&self, workspace: &'a DesiredWorkspace) -> impl Iterator<Item = Who> {
        let (connection, provider) = (&self.observed.connection, self.observed.capabilities.provider());
        let people = &self.desired.people;
        let who = workspace.members.iter().map(|member| people.who(&member.who, connection, provider));
        who.flatten().collect::<Vec<_>>().into_iter()
    }

    fn names_addresses(&self) -> bool {
        let mut all = self.workspaces.iter().flat_map(|workspace| self.named(workspace));
        all.any(|who| matches!(who, Who::Email(_)))
    }

    /// Whether a workspace's members can be looked at one by one.
    fn is_singly(&self, workspace: &DesiredWorkspace) -> bool {
        workspace.only_adds()
            && workspace.members.len() <= FEW
            && !workspace.notify.admins
            && self.has(Capability::GetMember)
    }

    fn rosters_wanted(&self) -> Vec<&'a DesiredWorkspace> {
        let all = self.workspaces.iter().copied();
        all.filter(|workspace| !self.is_singly(workspace)).collect()
    }

    async fn read_members(&mut self) -> Result<()> {
        let (singly, mut rosters): (Vec<_>, Vec<_>) =
            self.workspaces.iter().copied().partition(|workspace| self.is_singly(workspace));
        for workspace in singly {
            let asked: Vec<PrincipalId> = self.named(workspace).filter_map(|who| self.id_of(who)).collect();
            if asked.is_empty() {
                // Of an address that nobody is known to have, the members may tell more.
                if self.observed.users.is_none() && self.named(workspace).next().is_some() {
                    rosters.push(workspace);
                    continue;
                }
                self.observed.singles.insert(workspace.target.workspace.clone(), Singles::unread(asked));
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
        let id = |workspace: &&DesiredWorkspace| workspace.target.workspace.clone();
        let ids: Vec<WorkspaceId> = workspaces.iter().map(id).collect();
        let listed = self.observed.listed();
        let harmless =
            |workspace: &&DesiredWorkspace| !workspace.members.is_empty() && !workspace.may_lower();
        let error = match rosters_of(self.members, &ids, listed.as_deref()).await {
            Ok(rosters) => {
                self.observed.rosters = rosters;
                return Ok(());
            }
            Err(error) if unknowable(&error) && workspaces.iter().any(harmless) => error,
            Err(error) => return Err(error),
        };
        let mut shared = Some(error).filter(|_| ids.len() == 1 || self.has(Capability::ListAccountMembers));
        for workspace in workspaces {
            let id = &workspace.target.workspace;
            let read = match &shared {
                // One request for all of them, or the only one.
                Some(error) => Err(error.clone()),
                None => rosters_of(self.members, std::slice::from_ref(id), listed.as_deref()).await,
            };
            match read {
                Ok(rosters) => self.observed.rosters.extend(rosters),
                Err(error) if unknowable(&error) && harmless(&workspace) => {
                    let asked = self.named(workspace).filter_map(|who| self.id_of(who)).collect();
                    self.observed.singles.insert(id.clone(), Singles::unread(asked));
                    self.observed.unread.push(format!("the members of workspace {id}: {error}"));
                }
                Err(error) => return Err(error),
            }
        }
        shared.take();
        Ok(())
    }

    /// The id that is meant, if that is known without members and only one can be.
    fn id_of(&self, who: Who) -> Option<PrincipalId> {
        match who {
            Who::Id(id) => Some(id),
            Who::Email(email) => {
                let users = self.observed.users.as_ref()?.iter();
                let mut found = users.filter(|user| user.email.as_ref() == Some(&email));
                let first = found.next()?;
                found.all(|user| user.id == first.id).then(|| first.id.clone().into())
            }
        }
    }

    /// Whether a plan could say more with the list of users than without.
    fn needs_users(&self, additions: bool) -> bool {
        if additions {
            return self.names_addresses() || self.needs_licences();
        }
        // Who is active decides how many owners are left. Where the account is listed in one pass, that pass has read
        // the users, and their list would say no more.
        let statuses = !self.has(Capability::ListAccountMembers)
            && self.workspaces.iter().any(|workspace| self.may_lower_owner(workspace));
        statuses || self.groups_matter() || self.names_outsiders()
    }

    /// Whether adding somebody may cost money that nobody allowed.
    fn needs_licences(&self) -> bool {
        self.observed.capabilities.behaves(Behaviour::SellsSeats)
            && !self.limits.allow_billable
            && self.names_outsiders()
    }

    /// Whether a user is named who is not known to be a member. The one member with an address may have a namesake
    /// outside, and then it is not known who is meant.
    fn names_outsiders(&self) -> bool {
        self.workspaces.iter().any(|workspace| {
            self.named(workspace).any(|who| match who {
                Who::Email(_) => true,
                Who::Id(id) => {
                    let found = self.observed.membership(&workspace.target.workspace, &id);
                    id.kind() == PrincipalKind::User && !matches!(found, Membership::Inside(_))
                }
            })
        })
    }

    /// Whether somebody who is an owner, or may be, may lose that.
    fn may_lower_owner(&self, workspace: &DesiredWorkspace) -> bool {
        if !workspace.may_lower() {
            return false;
        }
        if !workspace.is_change() {
            return true;
        }
        let roles = self.observed.capabilities.roles();
        let (connection, provider) = (&self.observed.connection, self.observed.capabilities.provider());
        workspace.members.iter().filter(|member| member.membership.may_lower()).any(|member| {
            match self.desired.people.who(&member.who, connection, provider) {
                Some(Who::Id(id)) => match self.observed.membership(&workspace.target.workspace, &id) {
                    Membership::Inside(member) => {
                        member.role == Role::Owner || roles.is_placeholder(&member.native_role)
                    }
                    Membership::Outside => false,
                    Membership::Unknown => true,
                },
                _ => true,
            }
        })
    }

    /// Whether who is in which group says more about a loss.
    fn groups_matter(&self) -> bool {
        let described = self.workspaces.iter().any(|workspace| !workspace.is_change());
        (described || self.lowers()) && (self.names_groups() || self.has_groups())
    }

    fn needs_groups(&self) -> bool {
        self.has(Capability::ListGroups) && self.groups_matter()
    }

    fn names_groups(&self) -> bool {
        let mut all = self.workspaces.iter().flat_map(|workspace| self.named(workspace));
        all.any(|who| matches!(who, Who::Id(PrincipalId::Group(_))))
    }

    fn has_groups(&self) -> bool {
        let mut members = self.observed.rosters.values().flat_map(Roster::iter);
        members.any(|member| member.key.principal.kind() == PrincipalKind::Group)
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
