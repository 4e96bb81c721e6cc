//! What a case is given, before it starts a world.

use crate::case::Outcome;
use crate::cast::Cast;
use crate::failure::Failure;
use crate::harness::Harness;
use crate::seed::Seed;
use crate::stage::Stage;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use workspace_members_core::{Behaviour, Capability, PrincipalId};

/// What a case is given: the harness, and a cast that fits its adapter.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) harness: Arc<dyn Harness>,
    pub(crate) cast: Cast,
}

impl Context {
    pub(crate) async fn stage(&self, seed: Seed) -> Result<Stage, Failure> {
        let world = self.harness.start(&seed).await?;
        Ok(Stage { world, seed, context: self.clone() })
    }

    /// The world of most cases.
    pub(crate) async fn usual(&self) -> Result<Stage, Failure> {
        self.stage(self.seed()).await
    }

    pub(crate) fn bare(&self) -> bool {
        self.harness.bare()
    }

    pub(crate) fn has(&self, capability: Capability) -> bool {
        self.capabilities().has(capability)
    }

    /// Why a case about two workspaces may have no meaning here.
    pub(crate) fn one_workspace(&self) -> Option<Outcome> {
        let one = self.harness.one_workspace();
        one.then(|| Outcome::NotApplicable("the adapter reaches one workspace only".to_owned()))
    }

    pub(crate) fn behaves(&self, behaviour: Behaviour) -> bool {
        self.capabilities().behaves(behaviour)
    }

    /// Whether both are one principal at this provider.
    pub(crate) fn same(&self, one: &PrincipalId, other: &PrincipalId) -> bool {
        self.capabilities().same_principal(one, other)
    }

    /// The same people, by ids that compare as the provider's do.
    pub(crate) fn folded<T>(
        &self,
        people: impl IntoIterator<Item = (PrincipalId, T)>,
    ) -> BTreeMap<PrincipalId, T> {
        let fold = |id: &PrincipalId| self.capabilities().folded(id).into_owned();
        people.into_iter().map(|(id, value)| (fold(&id), value)).collect()
    }
}

impl Deref for Context {
    type Target = Cast;
    fn deref(&self) -> &Cast {
        &self.cast
    }
}
