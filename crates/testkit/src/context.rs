//! What a case is given, before it starts a world.

use crate::failure::{Checked, only_if};
use crate::harness::Harness;
use crate::proxy::{Armed, Fault, Proxy};
use crate::scripted::Scripted;
use crate::seed::{Ids, Seedable};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use workspace_members_core::{
    Behaviour, Capabilities, Capability, Fit, NativeRole, PrincipalId, Role, WorkspaceId, WorkspaceMembers,
};

/// A custom role that exists at the provider, where the adapter can write custom roles.
pub(crate) const CUSTOM_ROLE: NativeRole = NativeRole::from_static("Legal review");

/// What a case is given: the harness, and the ids, roles and claims of its adapter.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) harness: Arc<dyn Harness>,
    pub(crate) capabilities: Capabilities,
    /// The first workspace: everybody who is anywhere is here.
    pub(crate) legal: WorkspaceId,
    /// The second workspace: owners only.
    pub(crate) sales: WorkspaceId,
    /// A role that can be written, below the highest one if there are enough.
    pub(crate) first: Role,
    /// Another such role; the same if there is only one.
    pub(crate) second: Role,
    record: Arc<Mutex<Record>>,
}

/// What the case has shown to work, and to be refused; and what tells which faults its newest world met.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub(crate) exercised: BTreeSet<Capability>,
    pub(crate) refused: BTreeSet<Capability>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) injected: Vec<(Fault, Armed)>,
    pub(crate) script: Option<Arc<Scripted<Arc<dyn WorkspaceMembers>>>>,
}

impl Context {
    pub(crate) fn new(harness: Arc<dyn Harness>, capabilities: Capabilities) -> Self {
        let ids = harness.ids();
        let (first, second) = match writable(&capabilities).as_slice() {
            [.., second, first] => (first.clone(), second.clone()),
            [one] => (one.clone(), one.clone()),
            [] => (Role::Viewer, Role::Viewer),
        };
        Self {
            legal: ids.make(101),
            sales: ids.make(102),
            harness,
            capabilities,
            first,
            second,
            record: Arc::default(),
        }
    }

    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The faults that the newest world met, and those that nothing met, in words.
    pub(crate) fn faults(&self) -> Vec<String> {
        let record = self.record();
        let mut faults = record.script.as_ref().map(|script| script.interrupted()).unwrap_or_default();
        faults.extend(record.proxy.iter().flat_map(Proxy::faults));
        let missed = record.injected.iter().filter(|(_, armed)| armed.struck() == 0);
        faults.extend(missed.map(|(fault, _)| format!("no request met this: {}", fault.told("a request"))));
        faults
    }

    /// Notes that the case made a call for this, or does what it stands for.
    pub(crate) fn note_exercised(&self, capability: Capability) {
        self.record().exercised.insert(capability);
    }

    pub(crate) fn ids(&self) -> Ids {
        self.harness.ids()
    }

    /// Whether one method sends one request at most ([`Harness::bare`]).
    pub(crate) fn bare(&self) -> bool {
        self.harness.bare()
    }

    pub(crate) fn has(&self, capability: Capability) -> bool {
        self.capabilities.has(capability)
    }

    pub(crate) fn behaves(&self, behaviour: Behaviour) -> bool {
        self.capabilities.behaves(behaviour)
    }

    pub(crate) fn can_seed(&self, what: Seedable) -> bool {
        self.harness.can_seed(what)
    }

    pub(crate) fn has_groups(&self) -> bool {
        use Capability::{AddGroup, ListGroups, RemoveGroup, SetGroupRole};
        [ListGroups, AddGroup, SetGroupRole, RemoveGroup].iter().any(|claim| self.has(*claim))
    }

    pub(crate) fn only_with_two_workspaces(&self) -> Checked {
        only_if(!self.harness.one_workspace(), "the adapter reaches one workspace only")
    }

    pub(crate) fn only_with_membership_ids(&self) -> Checked {
        only_if(self.behaves(Behaviour::MembershipIds), "the provider goes by user and group ids")
    }

    pub(crate) fn only_with_custom_roles(&self) -> Checked<NativeRole> {
        only_if(self.custom_role().is_some(), "the role table takes no custom roles")?;
        Ok(CUSTOM_ROLE)
    }

    /// Whether both are one principal at this provider.
    pub(crate) fn same(&self, one: &PrincipalId, other: &PrincipalId) -> bool {
        self.capabilities.same_principal(one, other)
    }

    /// The principal, by an id that compares as the provider's do.
    pub(crate) fn folded(&self, who: &PrincipalId) -> PrincipalId {
        self.capabilities.folded(who).into_owned()
    }

    /// The same people, by ids that compare as the provider's do.
    pub(crate) fn by_folded_id<T>(
        &self,
        people: impl IntoIterator<Item = (PrincipalId, T)>,
    ) -> BTreeMap<PrincipalId, T> {
        people.into_iter().map(|(who, value)| (self.folded(&who), value)).collect()
    }

    /// The provider's word for the highest role that it has.
    pub(crate) fn highest(&self) -> NativeRole {
        let rows = self.capabilities.roles().rows();
        let highest = Role::BUILT_IN.iter().find_map(|role| rows.iter().find(|row| row.role == *role));
        highest.map_or(NativeRole::from_static("owner"), |row| row.native.clone())
    }

    /// The roles that can be written, highest first.
    pub(crate) fn writable(&self) -> Vec<Role> {
        writable(&self.capabilities)
    }

    /// The provider's word for a role that can be written.
    pub(crate) fn native(&self, role: &Role) -> NativeRole {
        let resolved = self.capabilities.roles().resolve(role);
        resolved.map_or_else(|_| self.highest(), |resolved| resolved.native)
    }

    /// Whether the table has a native role that is this role without any loss.
    pub(crate) fn is_exact(&self, role: &Role) -> bool {
        self.capabilities.roles().rows().iter().any(|row| row.role == *role && row.fit == Fit::Exact)
    }

    /// [`CUSTOM_ROLE`], if it can be written.
    pub(crate) fn custom_role(&self) -> Option<NativeRole> {
        let writes = self.has(Capability::AddCustomRole) || self.has(Capability::SetCustomRole);
        (writes && self.capabilities.roles().accepts_custom()).then_some(CUSTOM_ROLE)
    }
}

fn writable(capabilities: &Capabilities) -> Vec<Role> {
    let writes = |role: &Role| capabilities.roles().resolve(role).is_ok_and(|written| written.role == *role);
    Role::BUILT_IN.into_iter().filter(writes).collect()
}
