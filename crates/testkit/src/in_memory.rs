//! The reference implementation through the suite, with any claims.

use crate::harness::{Harness, HarnessError, MADE_UP, World, plain_roles};
use crate::seed::{Grant, Seed, Seedable};
use async_trait::async_trait;
use std::sync::Arc;
use workspace_members_core::{Behaviour, Capabilities, Capability, Evidence, InMemory, Status};

/// Runs the reference implementation, or something around it, through the suite.
///
/// With [`Layered`](crate::Layered) around it, it is the quickest way to run a layer.
///
/// ```
/// mod everything {
///     workspace_members_testkit::conformance!(workspace_members_testkit::InMemoryHarness::new());
/// }
/// ```
#[derive(Debug, Clone)]
pub struct InMemoryHarness {
    name: String,
    capabilities: Capabilities,
    seedable: Vec<Seedable>,
    adjust: fn(InMemory) -> InMemory,
}

impl InMemoryHarness {
    /// Claims everything, keeps the last owner, invites, and pages by three.
    pub fn new() -> Self {
        let capabilities = Capabilities::new(MADE_UP, plain_roles())
            .claim(Evidence::Documented, Capability::ALL)
            .with_behaviours(&[Behaviour::KeepsLastOwner, Behaviour::AddMayInvite])
            .with_page_size(3);
        Self::with_capabilities("in-memory", capabilities)
            .with_seedable(Seedable::Pending)
            .with_seedable(Seedable::RoleFixed)
    }

    /// Claims this, under this name in the summary.
    pub fn with_capabilities(name: impl Into<String>, capabilities: Capabilities) -> Self {
        let seedable = vec![Seedable::NoAddress];
        Self { name: name.into(), capabilities, seedable, adjust: |account| account }
    }

    /// Each account is made into this before it is used.
    pub fn adjusted(mut self, adjust: fn(InMemory) -> InMemory) -> Self {
        self.adjust = adjust;
        self
    }

    /// Seeds hold this, too.
    pub fn with_seedable(mut self, what: Seedable) -> Self {
        self.seedable.push(what);
        self
    }
}

impl Default for InMemoryHarness {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Harness for InMemoryHarness {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn start(&self, seed: &Seed) -> Result<World, HarnessError> {
        let account = Arc::new((self.adjust)(in_memory(seed, self.capabilities.clone())));
        let (reader, mail_counter) = (account.clone(), account.clone());
        Ok(World::new(account)
            .with_truth(move || truth_of(&reader))
            .with_mails(move || mail_counter.mails_sent()))
    }

    fn fixed_workspaces(&self) -> bool {
        true
    }

    fn can_seed(&self, what: Seedable) -> bool {
        self.seedable.contains(&what)
    }

    async fn capabilities(&self) -> Result<Capabilities, HarnessError> {
        Ok(self.capabilities.clone())
    }
}

/// An account with what the seed says in it.
pub fn in_memory(seed: &Seed, capabilities: Capabilities) -> InMemory {
    let mut account = InMemory::new(capabilities).with_me(seed.me.clone());
    for workspace in &seed.workspaces {
        account = account.with_workspace(workspace.clone());
    }
    for user in &seed.users {
        // Who has not accepted is no user of the account yet.
        let pending = user.status == Status::Pending;
        let user = user.clone();
        account = if pending { account.with_outsider(user) } else { account.with_user(user) };
    }
    for group in &seed.groups {
        account = account.with_group(group.clone());
    }
    for grant in &seed.members {
        account = account.with_member(grant.workspace.clone(), grant.principal.clone(), grant.role.clone());
    }
    account
}

/// Everybody in it, as a harness's truth.
pub fn truth_of(account: &InMemory) -> Vec<Grant> {
    account
        .all_members()
        .into_iter()
        .map(|member| Grant::new(member.key.workspace, member.key.principal, member.native_role))
        .collect()
}
