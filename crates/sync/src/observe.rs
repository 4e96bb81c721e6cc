//! What was read of a connection: everything that a plan is made from.

mod counted;
mod read;
mod singles;
mod twice;

pub(crate) use singles::{Singles, unknowable};

use crate::guards::Guards;
use crate::setters::setters;
use std::collections::BTreeMap;
use workspace_members_core::{
    Capabilities, Group, Identity, Member, Operation, PrincipalId, Provider, Roster, User, Workspace,
    WorkspaceId,
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
    pub(crate) singles: BTreeMap<WorkspaceId, Singles>,
    unread: Vec<String>,
    reads: BTreeMap<Operation, u64>,
    /// How many of the reads were for the rosters.
    pub(crate) roster_reads: BTreeMap<Operation, u64>,
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
    /// Guards of this host, besides the desired state's: what neither asks about need not be read.
    pub guards: Guards,
}

impl Known {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        with_workspaces(workspaces: Vec<Workspace>);
        with_guards(guards: Guards);
    }
}

impl Observed {
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
        if let Some(roster) = self.rosters.get(workspace) {
            return roster.get(principal).map_or(Membership::Outside, Membership::Inside);
        }
        let Some(singles) = self.singles.get(workspace) else { return Membership::Unknown };
        let same = |other: &PrincipalId| self.capabilities.same_principal(other, principal);
        match singles.members.iter().find(|member| same(&member.key.principal)) {
            Some(member) => Membership::Inside(member),
            None if singles.outside.iter().any(same) => Membership::Outside,
            None => Membership::Unknown,
        }
    }

    /// All members that were read, in whichever workspace.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        let whole = self.rosters.values().flat_map(Roster::iter);
        whole.chain(self.singles.values().flat_map(|singles| &singles.members))
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
}
