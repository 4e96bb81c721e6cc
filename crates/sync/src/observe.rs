//! What was read of a connection: everything that a plan is made from.

mod counted;
mod read;
mod singles;

pub(crate) use singles::Singles;

use crate::desired::Desired;
use crate::guards::Guards;
use counted::Counted;
use read::Reader;
use std::collections::BTreeMap;
use workspace_members_core::{
    Behaviour, Capabilities, Capability, Effect, Error, ErrorKind, Group, Identity, Member, Operation,
    PrincipalId, Provider, Result, Roster, User, Workspace, WorkspaceId, WorkspaceMembers,
    WorkspaceMembersExt as _, collect_listing,
};

/// All that was read of one connection: who acts, what can be done, and who is in the desired workspaces.
///
/// Only what the desired state and the guards need is read. There is none of a listing that ended early or moved while
/// it was read: reading answers an error instead. What the provider refuses to show, or shows in another form, is
/// [`unread`](Self::unread), and the plan decides what that means. Plain data; it holds nothing that could write.
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
    /// Workspaces of which only some members were read, or none could be.
    singles: BTreeMap<WorkspaceId, Singles>,
    unread: Vec<String>,
    reads: BTreeMap<Operation, u64>,
    roster_reads: BTreeMap<Operation, u64>,
}

/// How [`Observed::unread`] calls the acting user.
const ACTING: &str = "whom the key acts as";

/// Whether somebody is in a workspace, as far as was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership<'a> {
    /// They are a member.
    Inside(&'a Member),
    /// They are not a member.
    Outside,
    /// It was not, or could not be, read.
    Unknown,
}

/// What was read of a connection just before and need not be read again, and what decides what must be read.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Known {
    /// Whom the credential acts as.
    pub me: Option<Identity>,
    /// All of the account's workspaces.
    pub workspaces: Option<Vec<Workspace>>,
    /// Guards that hold besides the desired state's.
    pub guards: Guards,
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

    /// The guards of this host: what they do not ask about need not be read.
    pub fn with_guards(mut self, guards: Guards) -> Self {
        self.guards = guards;
        self
    }
}

impl Observed {
    /// Reads what a plan for this connection's part of the desired state needs. Sends only reads; idempotent.
    ///
    /// * Where people are only to be added, by id and not many, nothing is read but whether they are members already.
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
        Reader::new(&Counted::new(members), connection, desired, known).read().await
    }

    /// Reads workspaces twice and answers only if both readings agree: what a dump is made from. Idempotent.
    ///
    /// [`ErrorKind::ListingChanged`] if they do not.
    pub async fn read_twice(
        members: &dyn WorkspaceMembers,
        connection: &str,
        workspaces: &[WorkspaceId],
    ) -> Result<Self> {
        let first = Self::read_rosters(&Counted::new(members), connection, workspaces).await?;
        let members = &Counted::new(members);
        let mut second = Self::read_rosters(members, connection, workspaces).await?;
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
            let users = collect_listing(|| members.users()).await;
            second.users = second.unless_refused("the account's users", users)?;
        }
        second.reads = members.so_far();
        Ok(second)
    }

    async fn read_rosters(members: &Counted<'_>, connection: &str, ids: &[WorkspaceId]) -> Result<Self> {
        let mut observed = Self::nothing(connection, members.capabilities());
        if observed.capabilities.has(Capability::Me) {
            observed.me = Some(members.me().await?);
        }
        if observed.capabilities.has(Capability::ListWorkspaces) {
            let listed = collect_listing(|| members.workspaces()).await;
            let listed = observed.unless_refused("the account's workspaces", listed)?;
            observed.set_workspaces(listed);
        }
        observed.rosters = rosters_of(members, ids, observed.listed().as_deref()).await?;
        Ok(observed)
    }

    fn nothing(connection: &str, capabilities: &Capabilities) -> Self {
        Self {
            connection: connection.to_owned(),
            capabilities: capabilities.clone(),
            me: None,
            workspaces: None,
            users: None,
            groups: None,
            rosters: BTreeMap::new(),
            singles: BTreeMap::new(),
            unread: Vec::new(),
            reads: BTreeMap::new(),
            roster_reads: BTreeMap::new(),
        }
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

    fn set_workspaces(&mut self, listed: Option<Vec<Workspace>>) {
        let by_id = |all: Vec<Workspace>| {
            all.into_iter().map(|workspace| (workspace.id.clone(), workspace)).collect()
        };
        self.workspaces = listed.map(by_id);
    }

    fn listed(&self) -> Option<Vec<Workspace>> {
        self.workspaces.as_ref().map(|known| known.values().cloned().collect())
    }

    /// Takes a refusal by the provider for "not to be known"; any other error stays one.
    fn unless_refused<T>(&mut self, what: &str, read: Result<T>) -> Result<Option<T>> {
        self.unless(|error| error.kind() == ErrorKind::Forbidden, what, read)
    }

    /// Takes an answer that says nothing, and always will, for "not to be known"; any other error stays one.
    fn unless_unknowable<T>(&mut self, what: &str, read: Result<T>) -> Result<Option<T>> {
        self.unless(unknowable, what, read)
    }

    fn unless<T>(
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

    /// Whom the credential acts as; `None` where that was not read.
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

    /// The complete rosters that were read, by workspace.
    pub fn rosters(&self) -> &BTreeMap<WorkspaceId, Roster> {
        &self.rosters
    }

    /// The complete roster of one workspace, if it was read.
    pub fn roster(&self, workspace: &WorkspaceId) -> Option<&Roster> {
        self.rosters.get(workspace)
    }

    /// Whether somebody is in a workspace, as far as was read. Ids compare as they do at the provider.
    pub fn membership(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Membership<'_> {
        let same = |member: &&Member| self.capabilities.same_principal(&member.key.principal, principal);
        if let Some(roster) = self.rosters.get(workspace) {
            let folds = self.capabilities.behaves(Behaviour::UserIdsFoldCase);
            let found = roster.get(principal).or_else(|| roster.iter().find(|member| folds && same(member)));
            return found.map_or(Membership::Outside, Membership::Inside);
        }
        let Some(singles) = self.singles.get(workspace) else { return Membership::Unknown };
        if let Some(member) = singles.members().iter().find(same) {
            return Membership::Inside(member);
        }
        let outside = singles.outside().any(|other| self.capabilities.same_principal(other, principal));
        if outside { Membership::Outside } else { Membership::Unknown }
    }

    /// All members that were read, in whichever workspace.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        let whole = self.rosters.values().flat_map(Roster::iter);
        whole.chain(self.singles.values().flat_map(Singles::members))
    }

    /// What was needed and could not be read, each with the reason, as lines for a person.
    pub fn unread(&self) -> &[String] {
        &self.unread
    }

    /// Why it is not known whom the credential acts as, if reading that failed.
    pub(crate) fn me_unread(&self) -> Option<&str> {
        self.unread.iter().find_map(|line| line.strip_prefix(ACTING)?.strip_prefix(": "))
    }

    /// How many requests reading all this took, by operation. Those that a layer repeated count once.
    pub fn reads(&self) -> &BTreeMap<Operation, u64> {
        &self.reads
    }

    /// What was read of a workspace whose roster was not.
    pub(crate) fn singles(&self, workspace: &WorkspaceId) -> Option<&Singles> {
        self.singles.get(workspace)
    }

    /// How many of the reads were for the rosters.
    pub(crate) fn roster_reads(&self) -> &BTreeMap<Operation, u64> {
        &self.roster_reads
    }
}

/// Whether an error says that the provider will not show something, and will not when asked again either: it refuses,
/// it denies that it is there, or it answers in another form.
pub(crate) fn unknowable(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::Rejected
            | ErrorKind::UnexpectedResponse
            | ErrorKind::Unsupported
    )
}

async fn rosters_of(
    members: &dyn WorkspaceMembers,
    ids: &[WorkspaceId],
    listed: Option<&[Workspace]>,
) -> Result<BTreeMap<WorkspaceId, Roster>> {
    let rosters = members.rosters_among(ids, listed).await?;
    Ok(rosters.into_iter().map(|roster| (roster.workspace().clone(), roster)).collect())
}
