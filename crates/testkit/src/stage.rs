//! A case's view of one world: what it can read and do.

use crate::cast::NOBODY;
use crate::context::Context;
use crate::failure::{Checked, Stop, check, check_eq, shown};
use crate::harness::World;
use crate::proxy::{Armed, Proxy, Rule};
use crate::scripted::Scripted;
use crate::seed::Seed;
use futures_util::TryStreamExt;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use workspace_members_core::{
    AddMember, Behaviour, Capability, Error, Guarded, ListOf, Member, MemberKey, NativeRole, PrincipalId,
    Protection, RemoveMember, Resource, Role, SetRole, Status, Workspace, WorkspaceId, WorkspaceMembers,
    WorkspaceMembersExt,
};

/// Who is in a workspace, and as what; by ids that compare as the provider's do.
pub(crate) type People = BTreeMap<PrincipalId, NativeRole>;

/// One world, while a case plays in it.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) seed: Seed,
    context: Context,
    /// Who should be in each workspace by now: what the seed says, and what the case did since.
    expected: Mutex<BTreeMap<WorkspaceId, People>>,
}

impl Deref for Stage {
    type Target = Context;
    fn deref(&self) -> &Context {
        &self.context
    }
}

impl Context {
    pub(crate) async fn stage(&self, seed: Seed) -> Checked<Stage> {
        let world = self.harness.start(&seed).await?;
        {
            let mut record = self.record();
            (record.proxy, record.script) = (world.proxy.clone(), None);
            record.injected.clear();
        }
        let people = |workspace: &Workspace| self.by_folded_id(seed.members_of(&workspace.id));
        let expected = seed.workspaces.iter().map(|workspace| (workspace.id.clone(), people(workspace)));
        let expected = Mutex::new(expected.collect());
        Ok(Stage { world, seed, context: self.clone(), expected })
    }

    /// The world of most cases.
    pub(crate) async fn usual(&self) -> Checked<Stage> {
        self.stage(self.seed()).await
    }
}

/// What a case knows of its world.
impl Stage {
    pub(crate) fn members(&self) -> &Arc<dyn WorkspaceMembers> {
        &self.world.members
    }

    /// The verbs that may take something away. What the adapter cannot tell (whom the key acts as, who else owns the
    /// workspace) is allowed: that it is refused otherwise has cases of its own.
    pub(crate) fn guarded(&self) -> Guarded<'_, dyn WorkspaceMembers> {
        let mut guarded = (**self.members()).guarded();
        let guards =
            [(Capability::Me, Protection::ActingIdentity), (Capability::Roster, Protection::LastOwner)];
        for (_, protection) in guards.into_iter().filter(|(needed, _)| !self.has(*needed)) {
            guarded = guarded.allow(protection);
        }
        guarded
    }

    /// The proxy. Cases that call this say that they need one.
    pub(crate) fn proxy(&self) -> Checked<&Proxy> {
        let proxy = self.world.proxy.as_ref();
        proxy.ok_or_else(|| Stop::failed("the harness gave a proxy to one world and none to another"))
    }

    /// Puts a fault into the way of requests. A failure from here on names it.
    pub(crate) fn inject(&self, rule: Rule) -> Checked<Armed> {
        let fault = rule.fault.clone();
        let armed = self.proxy()?.inject(rule);
        self.record().injected.push((fault, armed.clone()));
        Ok(armed)
    }

    /// The adapter, in a wrapper that keeps a list of calls and can interrupt them. A failure from here on names what it
    /// interrupted.
    pub(crate) fn scripted(&self) -> Arc<Scripted<Arc<dyn WorkspaceMembers>>> {
        let script = Arc::new(Scripted::new(self.members().clone()));
        self.record().script = Some(script.clone());
        script
    }

    /// How many requests were sent; 0 without a proxy.
    pub(crate) fn requests(&self) -> usize {
        self.world.proxy.as_ref().map_or(0, Proxy::count)
    }

    /// How many of them were writes.
    pub(crate) fn writes(&self) -> usize {
        let log = self.world.proxy.as_ref().map(Proxy::log).unwrap_or_default();
        log.iter().filter(|exchange| exchange.request.is_write()).count()
    }

    /// Forgets the requests so far.
    pub(crate) fn forget(&self) {
        if let Some(proxy) = &self.world.proxy {
            proxy.clear_log();
        }
    }

    /// How many mails were sent; the case does not apply where the harness does not count them.
    pub(crate) fn mails(&self) -> Checked<usize> {
        let mails = self.world.mails.as_ref();
        Ok(mails.ok_or_else(|| Stop::not_applicable("the harness does not count mails"))?())
    }

    pub(crate) fn is_pending(&self, who: &PrincipalId) -> bool {
        let mut pending = self.seed.users.iter().filter(|user| user.status == Status::Pending);
        pending.any(|user| self.same(&user.id.clone().into(), who))
    }

    /// Whether the adapter is configured for another workspace.
    pub(crate) fn out_of_reach(&self, workspace: &WorkspaceId) -> bool {
        let first = self.seed.workspaces.first();
        self.harness.one_workspace() && first.is_some_and(|first| first.id != *workspace)
    }

    /// The role as the adapter shows it: a placeholder, where it does not name custom roles.
    pub(crate) fn shown_role(&self, role: &NativeRole) -> NativeRole {
        let table = self.capabilities.roles();
        let placeholder = NativeRole::from_static("Custom");
        let known = table.rows().iter().any(|row| row.native == *role);
        let unnamed = self.harness.one_workspace() && table.is_placeholder(&placeholder) && !known;
        if unnamed { placeholder } else { role.clone() }
    }

    /// The listing of members that the adapter has, of this workspace or of all.
    pub(crate) fn list_of(&self, workspace: &WorkspaceId) -> ListOf {
        let all = !self.has(Capability::ListMembers) && self.has(Capability::ListAccountMembers);
        if all { ListOf::Account } else { ListOf::Workspace(workspace.clone()) }
    }

    /// Who is in a workspace as far as the adapter can say: by the best of the ways that it claims.
    pub(crate) async fn read_members(
        &self,
        workspace: &WorkspaceId,
    ) -> Checked<Option<BTreeMap<PrincipalId, Member>>> {
        if self.out_of_reach(workspace) {
            return Ok(None);
        }
        let members: Vec<Member> = if self.has(Capability::Roster) {
            self.members().roster(workspace).await?.members().to_vec()
        } else if self.has(Capability::ListMembers) || self.has(Capability::ListAccountMembers) {
            let of = self.list_of(workspace);
            let all = of == ListOf::Account;
            let listed: Vec<Member> = self.members().members(of).try_collect().await?;
            listed.into_iter().filter(|member| !all || member.key.workspace == *workspace).collect()
        } else if self.has(Capability::GetMember) {
            let mut found = Vec::new();
            let users = self.seed.users.iter().map(|user| PrincipalId::from(user.id.clone()));
            let groups = self.seed.groups.iter().map(|group| PrincipalId::from(group.id.clone()));
            for principal in users.chain(groups) {
                // Reading one member may show an invitation that a listing does not.
                let shows = self.has(Capability::ListPending) || !self.is_pending(&principal);
                found.extend(self.members().get(workspace, &principal).await?.filter(|_| shows));
            }
            found
        } else {
            return Ok(None);
        };
        let mut people = BTreeMap::new();
        for member in members {
            check_eq!(member.key.workspace, *workspace, "a member of another workspace was listed");
            let twice = people.insert(self.folded(&member.key.principal), member);
            check!(twice.is_none(), "a member was listed twice: {twice:?}");
        }
        Ok(Some(people))
    }

    /// A member of the first workspace as a roster, or else a listing, shows them.
    pub(crate) async fn listed_member(&self, who: &PrincipalId) -> Checked<Option<Member>> {
        let members = self.read_members(&self.legal).await?;
        Ok(members.and_then(|mut members| members.remove(&self.folded(who))))
    }

    /// One member, or `None` also where the provider leaves it open what it did not find, the membership among it.
    pub(crate) async fn got(
        &self,
        workspace: &WorkspaceId,
        who: &PrincipalId,
    ) -> Result<Option<Member>, Error> {
        nobody_where_it_may_be(self.members().get(workspace, who).await)
    }

    /// What addresses a member, with the membership id where the provider goes by it.
    pub(crate) async fn key(&self, workspace: &WorkspaceId, who: &PrincipalId) -> Checked<MemberKey> {
        let bare = MemberKey::new(workspace.clone(), who.clone());
        if !self.behaves(Behaviour::MembershipIds) {
            return Ok(bare);
        }
        let known = self.read_members(workspace).await?.unwrap_or_default();
        Ok(match known.get(&self.folded(who)) {
            Some(member) => {
                self.expect_membership_id(&member.key)?;
                member.key.clone()
            }
            // Of somebody who is no member: well-formed, and nobody's.
            None => bare.with_membership(Some(self.ids().make(NOBODY))),
        })
    }

    /// The request to remove somebody from the first workspace.
    pub(crate) async fn removing(&self, who: &PrincipalId) -> Checked<RemoveMember> {
        Ok(RemoveMember::new(self.key(&self.legal, who).await?))
    }

    /// The request to give somebody in the first workspace this role.
    pub(crate) async fn setting(&self, who: &PrincipalId, role: &Role) -> Checked<SetRole> {
        Ok(SetRole::new(self.key(&self.legal, who).await?, role.clone()))
    }
}

/// What a case does that must work, after which all workspaces hold whom they should; and what is expected from then on.
impl Stage {
    fn expected(&self) -> MutexGuard<'_, BTreeMap<WorkspaceId, People>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who should be in the workspace.
    pub(crate) fn expected_in(&self, workspace: &WorkspaceId) -> People {
        self.expected().get(workspace).cloned().unwrap_or_default()
    }

    /// The people whom the adapter's listings should show: without those who have not accepted, unless it claims to.
    pub(crate) fn expected_listing(&self, workspace: &WorkspaceId) -> People {
        let mut people = self.expected_in(workspace);
        people.retain(|who, _| self.has(Capability::ListPending) || !self.is_pending(who));
        people
    }

    /// From now on, this is a member of the workspace in this role.
    pub(crate) fn expect_in(&self, workspace: &WorkspaceId, who: &PrincipalId, role: NativeRole) {
        self.expected().entry(workspace.clone()).or_default().insert(self.folded(who), role);
    }

    /// From now on, this is no member of the workspace.
    pub(crate) fn expect_out(&self, workspace: &WorkspaceId, who: &PrincipalId) {
        self.expected().entry(workspace.clone()).or_default().remove(&self.folded(who));
    }

    /// From now on, these are all members of the workspace.
    pub(crate) fn expect_only(
        &self,
        workspace: &WorkspaceId,
        people: impl IntoIterator<Item = (PrincipalId, NativeRole)>,
    ) {
        self.expected().insert(workspace.clone(), self.by_folded_id(people));
    }

    /// Adds somebody to the first workspace.
    pub(crate) async fn add(&self, who: &PrincipalId, role: &Role) -> Checked<Member> {
        self.add_to(&self.legal, who, role).await
    }

    pub(crate) async fn add_to(
        &self,
        workspace: &WorkspaceId,
        who: &PrincipalId,
        role: &Role,
    ) -> Checked<Member> {
        let add = AddMember::new(workspace.clone(), who.clone(), role.clone());
        let what = format!("adding {who} as {role}");
        let member = must_work(&what, self.members().add(&add).await)?;
        self.now_member(&member, (workspace, who), role)?;
        self.expect_state(&format!("after {what}")).await?;
        Ok(member)
    }

    /// Gives a member of the first workspace this role.
    pub(crate) async fn set_role(&self, who: &PrincipalId, role: &Role) -> Checked<Member> {
        let change = self.setting(who, role).await?;
        let what = format!("giving {who} the role {role}");
        let member = must_work(&what, self.members().set_role(&change).await)?;
        self.now_member(&member, (&self.legal, who), role)?;
        self.expect_state(&format!("after {what}")).await?;
        Ok(member)
    }

    /// Removes somebody from the first workspace.
    pub(crate) async fn remove(&self, who: &PrincipalId) -> Checked {
        let removal = self.removing(who).await?;
        let what = format!("removing {who}");
        must_work(&what, self.members().remove(&removal).await)?;
        self.expect_out(&self.legal, who);
        self.expect_state(&format!("after {what}")).await
    }

    /// The member is the one asked for, in the role asked for; and is expected to be there from now on.
    pub(crate) fn now_member(
        &self,
        member: &Member,
        at: (&WorkspaceId, &PrincipalId),
        role: &Role,
    ) -> Checked {
        self.expect_answer(member, at, role)?;
        self.expect_in(at.0, at.1, self.native(role));
        Ok(())
    }
}

/// The answer of a call that must work.
fn must_work<T>(what: &str, result: Result<T, Error>) -> Checked<T> {
    result.map_err(|error| Stop::failed(format!("{what}: a call failed that must work: {}", shown(&error))))
}

/// Nobody, also where the provider leaves it open what it did not find, the membership among it.
pub(crate) fn nobody_where_it_may_be(got: Result<Option<Member>, Error>) -> Result<Option<Member>, Error> {
    match got {
        Err(error) if error.missing().len() > 1 && error.missing().contains(&Resource::Member) => Ok(None),
        got => got,
    }
}
