//! What would change, as data. Pure: nothing here can read or write at a provider.

mod cost;
mod directory;
mod draft;
mod fingerprint;
mod grant;
mod groups;
mod judge;
mod key;
mod members;
mod names;
mod notes;
mod owners;
mod refusal;
mod step;
mod unjudged;

pub(crate) use cost::Look;
pub(crate) use directory::Directory;
pub use fingerprint::PlanFingerprint;
pub(crate) use fingerprint::hex;
pub(crate) use judge::Case;
pub(crate) use members::Members;
pub(crate) use owners::Owners;
pub use refusal::{Cause, Override, Problem, Refusal, Refused};
pub use step::{Action, Consequence, Kept, KeptReason, Step, Strategy};
pub(crate) use unjudged::Unjudged;

use crate::desired::Desired;
use crate::guards::Guards;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use workspace_members_core::{Provider, UserId, WorkspaceId};

/// The members of a workspace that a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PlannedRoster {
    /// The workspace's name, where it was read.
    pub name: Option<String>,
    /// How many members were read.
    pub members: usize,
    /// Whether these were all. Where people are only added, the others need not be read, or cannot.
    pub complete: bool,
    /// Who they are and as what; of a complete roster its [`workspace_members_core::Fingerprint`].
    pub fingerprint: String,
}

/// An account that a plan was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PlannedAccount {
    /// The connection's name.
    pub connection: String,
    /// The provider.
    pub provider: Provider,
    /// The base URL.
    pub endpoint: String,
    /// How the adapter is set up.
    pub variant: String,
    /// The account's own id, where the provider says it.
    pub account: Option<String>,
    /// Whom the credential acts as.
    pub me: Option<UserId>,
    /// The rosters, by workspace.
    pub rosters: BTreeMap<WorkspaceId, PlannedRoster>,
}

/// How many requests a plan takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PlanRequests {
    /// Requests that only read: before, between and after the writes.
    pub reads: u64,
    /// Requests that change something.
    pub writes: u64,
}

impl PlanRequests {
    /// Both together.
    pub fn total(self) -> u64 {
        self.reads.saturating_add(self.writes)
    }
}

/// What would change in all workspaces of a desired state, and everything that this depends on.
///
/// Made by [`compute`](Self::compute), carried out by [`apply`](crate::apply), which recomputes it from what is then
/// there and refuses it if anything differs. So a plan may be kept in a file and read by people; its steps are never
/// taken from the file.
///
/// ```compile_fail
/// // Nothing that could write is accepted where a plan is made.
/// fn plan(account: &workspace_members_core::InMemory, desired: &workspace_members_sync::Desired) {
///     let guards = workspace_members_sync::Guards::new();
///     let _ = workspace_members_sync::Plan::compute(desired, &[account], &guards);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Plan {
    /// The version of this form: 1.
    pub version: u32,
    /// Identifies the plan.
    pub fingerprint: PlanFingerprint,
    /// What is desired.
    pub desired: Desired,
    /// The guards it was judged by: the stricter of the desired state's and the caller's.
    pub guards: Guards,
    /// The accounts, ordered by connection.
    pub accounts: Vec<PlannedAccount>,
    /// What would be done: by workspace, and in each those who gain first, then those who lose a role, then removals.
    pub steps: Vec<Step>,
    /// Who stays although the desired state says otherwise, or says nothing.
    pub kept: Vec<Kept>,
    /// Every consequence of any step, each once.
    pub consequences: Vec<Consequence>,
    /// How many requests it takes, at most, if everything is as it was read. What a layer repeats counts once.
    pub requests: PlanRequests,
    /// How many seconds it takes at the least under the accounts' limits: those of the fewest requests that do it.
    pub eta_seconds: u64,
}

/// A plan file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPlan {
    /// It is not a plan, or of another version, or has fields that this version does not know.
    #[error("the file is not a plan of this version")]
    Form(#[source] serde_json::Error),
    /// It was changed after it was made.
    #[error("the plan's fingerprint is not that of its content: it was changed after it was made")]
    Changed,
}

impl Plan {
    /// The one version of the form.
    pub const VERSION: u32 = 1;

    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The plan as JSON, for [`from_json`](Self::from_json).
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// Reads a plan file. It is not trusted: unknown fields are refused, the fingerprint is recomputed, and
    /// [`apply`](crate::apply) judges it again.
    pub fn from_json(text: &str) -> Result<Self, InvalidPlan> {
        let plan: Self = serde_json::from_str(text).map_err(InvalidPlan::Form)?;
        if plan.version != Self::VERSION {
            let why = format!("it is of version {}, and this is version {}", plan.version, Self::VERSION);
            return Err(InvalidPlan::Form(serde::de::Error::custom(why)));
        }
        if plan.consequences != consequences(&plan.steps) || plan.content_fingerprint() != plan.fingerprint {
            return Err(InvalidPlan::Changed);
        }
        Ok(plan)
    }

    fn content_fingerprint(&self) -> PlanFingerprint {
        let Self { version, desired, guards, accounts, steps, kept, .. } = self;
        PlanFingerprint::of(&Content { version: *version, desired, guards, accounts, steps, kept })
    }
}

/// What a plan depends on and what it would do. Without the numbers of requests: they change with the account's size,
/// which makes no other plan.
#[derive(Serialize)]
struct Content<'a> {
    version: u32,
    desired: &'a Desired,
    guards: &'a Guards,
    accounts: &'a [PlannedAccount],
    #[serde(serialize_with = "without_requests")]
    steps: &'a [Step],
    kept: &'a [Kept],
}

fn without_requests<S: Serializer>(steps: &[Step], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(steps.iter().map(|step| Step { requests: 0, ..step.clone() }))
}

/// Every consequence of any step, each once, sorted.
fn consequences(steps: &[Step]) -> Vec<Consequence> {
    let all: BTreeSet<&Consequence> = steps.iter().flat_map(|step| &step.consequences).collect();
    all.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use crate::desired::{Desired, DesiredMember, DesiredMembership, DesiredWorkspace, Mode};
    use crate::guards::Guards;
    use crate::plan::Unjudged;
    use std::collections::HashSet;
    use workspace_members_core::{IfPresent, NativeRole, Role};

    #[test]
    fn no_two_desired_states_have_one_fingerprint() {
        let named = |who: &str, membership: DesiredMembership| {
            DesiredMember::new(who.parse::<crate::Entry>().unwrap(), membership)
        };
        let viewer = || DesiredMembership::Role(Role::Viewer);
        let team = |name: &str| DesiredMember { team: Some(name.to_owned()), ..named("user:1", viewer()) };
        let mut lists = vec![
            vec![],
            vec![team("a")],
            vec![team("")],
            vec![named("user:1", viewer()), named("user:2", viewer())],
        ];
        let people = ["user:1", "group:1", "person:1", "1@example.com"];
        lists.extend(people.map(|who| vec![named(who, viewer())]));
        let add = |if_present| DesiredMembership::Add { role: Role::Viewer, if_present };
        let memberships = [
            DesiredMembership::Role(Role::Owner),
            DesiredMembership::Role(Role::Custom(NativeRole::new("viewer"))),
            DesiredMembership::SetRole(Role::Viewer),
            DesiredMembership::Absent,
            add(IfPresent::Fail),
            add(IfPresent::Keep),
            add(IfPresent::SetRole),
        ];
        lists.extend(memberships.map(|membership| vec![named("user:1", membership)]));
        let fingerprint = |list: &[DesiredMember]| {
            let workspace = DesiredWorkspace::new("acme:1".parse().unwrap(), Mode::Additive);
            let desired = Desired::new().with_workspace(workspace.with_members(list.to_vec()));
            Unjudged::draft(&desired, &[], &Guards::new()).plan.fingerprint
        };
        let all: HashSet<_> = lists.iter().map(|list| fingerprint(list)).collect();
        assert_eq!(all.len(), lists.len());
    }
}
