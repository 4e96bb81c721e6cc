//! A case's view of one world: what it can ask, and what it can expect.

use crate::call::Call;
use crate::cast::LEGAL;
use crate::context::Context;
use crate::failure::{Failure, check, check_eq, outcome, shown};
use crate::harness::{Harness, World};
use crate::proxy::{Armed, Fault, Proxy, Rule};
use crate::seed::Seed;
use futures_util::TryStreamExt;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use workspace_members_core::{
    Behaviour, Capabilities, Capability, Effect, Error, ErrorKind, Guarded, ListOf, Member, MemberKey,
    MembershipId, NativeRole, PrincipalId, Protection, Resource, Role, Status, WorkspaceId, WorkspaceMembers,
    WorkspaceMembersExt,
};

/// Who is in a workspace, and as what.
pub(crate) type People = BTreeMap<PrincipalId, NativeRole>;

/// One world, while a case plays in it.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) seed: Seed,
    pub(crate) context: Context,
}

impl Deref for Stage {
    type Target = Context;
    fn deref(&self) -> &Context {
        &self.context
    }
}

impl Stage {
    pub(crate) fn members(&self) -> &Arc<dyn WorkspaceMembers> {
        &self.world.members
    }

    /// The claims of this very value, which must be those that the case was chosen by.
    pub(crate) fn claims(&self) -> &Capabilities {
        self.world.members.capabilities()
    }

    /// The verbs that may take something away. What the adapter cannot tell (whom the key acts as, who else owns the
    /// workspace) is allowed: that it is refused otherwise has cases of its own.
    pub(crate) fn guarded(&self) -> Guarded<'_, dyn WorkspaceMembers> {
        let mut guarded = (**self.members()).guarded();
        for (told, protection) in
            [(Capability::Me, Protection::ActingIdentity), (Capability::Roster, Protection::LastOwner)]
        {
            if !self.has(told) {
                guarded = guarded.allow(protection);
            }
        }
        guarded
    }

    /// The proxy. Cases that call this say that they need one.
    pub(crate) fn proxy(&self) -> Result<&Proxy, Failure> {
        self.world.proxy.as_ref().ok_or_else(|| {
            Failure::new("the harness gave a proxy to one world and none to another".to_owned())
        })
    }

    /// How many requests were sent; 0 without a proxy.
    pub(crate) fn requests(&self) -> usize {
        self.world.proxy.as_ref().map_or(0, Proxy::count)
    }

    /// Forgets the requests so far.
    pub(crate) fn forget(&self) {
        if let Some(proxy) = &self.world.proxy {
            proxy.clear_log();
        }
    }

    pub(crate) fn inject(&self, fault: Fault) -> Result<Armed, Failure> {
        Ok(self.proxy()?.inject(Rule::new(fault)))
    }

    /// Nothing may have been sent since [`forget`](Self::forget).
    #[track_caller]
    pub(crate) fn expect_silence(&self, what: &str) -> Result<(), Failure> {
        let sent = self.world.proxy.as_ref().map(Proxy::log).unwrap_or_default();
        let sent: Vec<String> = sent.iter().map(|exchange| exchange.request.to_string()).collect();
        if sent.is_empty() {
            Ok(())
        } else {
            Err(Failure::new(format!("{what} must send nothing, and sent {sent:?}")))
        }
    }

    /// The people whom the adapter's listings show: without those who have not accepted, unless it claims to tell.
    pub(crate) fn listed(&self, people: &People) -> People {
        let told = self.has(Capability::ListPending);
        let shown = |who: &PrincipalId| told || !self.seed.is_pending(who);
        people.iter().filter(|(who, _)| shown(who)).map(|(who, role)| (who.clone(), role.clone())).collect()
    }

    /// The people of the seed whom a listing of the workspace shows.
    pub(crate) fn listed_of(&self, workspace: &WorkspaceId) -> People {
        self.listed(&self.seed.members_of(workspace))
    }

    /// Who is in a workspace as far as the adapter can say: by the best of the ways that it claims.
    pub(crate) async fn read(&self, workspace: &WorkspaceId) -> Result<Option<People>, Failure> {
        Ok(self
            .read_members(workspace)
            .await?
            .map(|members| members.into_iter().map(|(id, member)| (id, member.native_role)).collect()))
    }

    pub(crate) async fn read_members(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<Option<BTreeMap<PrincipalId, Member>>, Failure> {
        if self.out_of_reach(workspace) {
            return Ok(None);
        }
        let members: Vec<Member> = if self.has(Capability::Roster) {
            self.members().roster(workspace).await?.members().to_vec()
        } else if self.has(Capability::ListMembers) {
            self.members().members(workspace.clone()).try_collect().await?
        } else if self.has(Capability::ListAccountMembers) {
            let all: Vec<Member> = self.members().members(ListOf::Account).try_collect().await?;
            all.into_iter().filter(|member| member.key.workspace == *workspace).collect()
        } else if self.has(Capability::GetMember) {
            let mut found = Vec::new();
            let users = self.seed.users.iter().map(|user| PrincipalId::from(user.id.clone()));
            let groups = self.seed.groups.iter().map(|group| PrincipalId::from(group.id.clone()));
            for principal in users.chain(groups) {
                // Reading one member may show an invitation that a listing does not.
                let told = self.has(Capability::ListPending) || !self.seed.is_pending(&principal);
                found.extend(self.members().get(workspace, &principal).await?.filter(|_| told));
            }
            found
        } else {
            return Ok(None);
        };
        let mut people = BTreeMap::new();
        for member in members {
            check_eq!(member.key.workspace, *workspace, "a member of another workspace was listed");
            let id = self.claims().folded(&member.key.principal).into_owned();
            let twice = people.insert(id, member);
            check!(twice.is_none(), "a member was listed twice: {twice:?}");
        }
        Ok(Some(people))
    }

    /// Whether the adapter is configured for another workspace.
    pub(crate) fn out_of_reach(&self, workspace: &WorkspaceId) -> bool {
        self.harness.one_workspace()
            && self.seed.workspaces.first().is_some_and(|first| first.id != *workspace)
    }

    /// What is shown instead of this role, at a reach that does not name custom roles.
    pub(crate) fn shows_placeholders(&self, role: &NativeRole) -> Option<NativeRole> {
        let table = self.claims().roles();
        let placeholder = NativeRole::from_static("Custom");
        let known = table.rows().iter().any(|row| row.native == *role);
        let unnamed = self.harness.one_workspace() && table.is_placeholder(&placeholder) && !known;
        unnamed.then_some(placeholder)
    }

    /// Exactly these people are in the workspace: by the adapter, and by the provider itself where the harness can tell.
    pub(crate) async fn expect(
        &self,
        workspace: &WorkspaceId,
        expected: &People,
        when: &str,
    ) -> Result<(), Failure> {
        self.expect_kept(workspace, expected, when)?;
        if let Some(read) = self.read(workspace).await? {
            // Where a custom role shows as a placeholder only, it is no difference.
            let shown = |role: &NativeRole| match self.shows_placeholders(role) {
                Some(placeholder) => placeholder,
                None => role.clone(),
            };
            let expected = self.listed(expected).into_iter().map(|(who, role)| (who, shown(&role)));
            check_eq!(read, self.folded(expected), "{when}, the adapter's members of {workspace}");
        }
        Ok(())
    }

    /// Exactly these people are in the workspace by the provider itself. Answers whether the harness can tell.
    pub(crate) fn expect_kept(
        &self,
        workspace: &WorkspaceId,
        expected: &People,
        when: &str,
    ) -> Result<bool, Failure> {
        let Some(truth) = &self.world.truth else { return Ok(false) };
        let known: Vec<_> = truth().into_iter().filter(|grant| grant.workspace == *workspace).collect();
        let count = known.len();
        let known = self.folded(known.into_iter().map(|grant| (grant.principal, grant.role)));
        check_eq!(known, self.folded(expected.clone()), "{when}, the provider's members of {workspace}");
        check_eq!(count, known.len(), "{when}, the provider holds somebody twice in {workspace}");
        Ok(true)
    }

    /// The workspaces hold what the seed says, except the one that is given. The others are read through the adapter
    /// only where the provider itself cannot be looked at: reading is most of what the suite takes.
    pub(crate) async fn expect_after(
        &self,
        workspace: &WorkspaceId,
        expected: &People,
        when: &str,
    ) -> Result<(), Failure> {
        self.expect(workspace, expected, when).await?;
        for other in
            self.seed.workspaces.iter().filter(|other| other.may_be_manageable() && other.id != *workspace)
        {
            let (people, when) = (self.seed.members_of(&other.id), format!("{when}, elsewhere"));
            if !self.expect_kept(&other.id, &people, &when)? {
                self.expect(&other.id, &people, &when).await?;
            }
        }
        Ok(())
    }

    /// Nothing has changed.
    pub(crate) async fn expect_unchanged(&self, when: &str) -> Result<(), Failure> {
        let Some(first) = self.seed.workspaces.iter().find(|workspace| workspace.may_be_manageable()) else {
            return Ok(());
        };
        self.expect_after(&first.id, &self.seed.members_of(&first.id), when).await
    }

    /// One member, or `None` also where the provider leaves it open what it did not find, the membership among it.
    pub(crate) async fn got(
        &self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
    ) -> Result<Option<Member>, Error> {
        nobody_where_it_may_be(self.members().get(workspace, principal).await)
    }

    /// The call took effect, or did not, in the first workspace, and nothing happened elsewhere.
    pub(crate) async fn expect_applied(
        &self,
        call: &Call,
        happened: bool,
        when: &str,
    ) -> Result<(), Failure> {
        if matches!(call, Call::Invite(_) | Call::CancelInvitation(_)) {
            // Who an invitation is for has no id before they accept: the cases of invitations look closer.
            return Ok(());
        }
        let legal = self.workspace(LEGAL);
        let before = self.seed.members_of(&legal);
        let people = if happened { call.applied(self, before) } else { before };
        self.expect_after(&legal, &people, when).await
    }

    /// The listing of members that the adapter has, of this workspace or of all.
    pub(crate) fn list_of(&self, workspace: &WorkspaceId) -> ListOf {
        let all = !self.has(Capability::ListMembers) && self.has(Capability::ListAccountMembers);
        if all { ListOf::Account } else { ListOf::Workspace(workspace.clone()) }
    }

    /// What addresses a member, with the membership id where the provider goes by it.
    pub(crate) async fn key(
        &self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
    ) -> Result<MemberKey, Failure> {
        let bare = MemberKey::new(workspace.clone(), principal.clone());
        if !self.behaves(Behaviour::MembershipIds) {
            return Ok(bare);
        }
        let known = self.read_members(workspace).await?.unwrap_or_default();
        Ok(match known.get(&*self.claims().folded(principal)) {
            Some(member) => {
                check!(
                    member.key.membership.is_some(),
                    "the provider goes by membership ids, and {} came without",
                    member.key
                );
                member.key.clone()
            }
            // Of somebody who is no member: well-formed, and nobody's.
            None => bare.with_membership(MembershipId::new(self.ids().text(crate::cast::NOBODY)).ok()),
        })
    }

    /// A request for this capability that works in the usual world.
    pub(crate) async fn call(&self, capability: Capability) -> Result<Call, Failure> {
        Call::of(self, capability).await
    }

    /// The call fails as one of these kinds. A stack that retries may as well have made it succeed, where the failure
    /// passes by itself; then this answers `None`.
    pub(crate) fn expect_error<T: std::fmt::Debug>(
        &self,
        what: &str,
        result: Result<T, Error>,
        kinds: &[ErrorKind],
    ) -> Result<Option<Error>, Failure> {
        match result {
            Err(error) if kinds.contains(&error.kind()) => {
                check_eq!(
                    error.provider(),
                    Some(&self.members().provider()),
                    "{what}: the error does not name the provider"
                );
                check!(
                    self.bare() || error.attempts() >= 1,
                    "{what}: the error must count at least one attempt: {}",
                    shown(&error)
                );
                Ok(Some(error))
            }
            Ok(_) if !self.bare() && kinds.iter().any(|kind| passes(*kind)) => Ok(None),
            other => Err(Failure::new(format!("{what}: expected {kinds:?}, got {}", outcome(&other)))),
        }
    }

    /// A refusal: of one of these kinds, with nothing applied.
    pub(crate) fn expect_refusal<T: std::fmt::Debug>(
        &self,
        what: &str,
        result: Result<T, Error>,
        kinds: &[ErrorKind],
    ) -> Result<(), Failure> {
        if let Some(error) = self.expect_error(what, result, kinds)? {
            check_eq!(error.effect(), Effect::Rejected, "{what}: the effect of {}", shown(&error));
        }
        Ok(())
    }

    /// The member is the one asked for, in the role asked for.
    pub(crate) fn expect_member(
        &self,
        member: &Member,
        at: (&WorkspaceId, &PrincipalId),
        role: &Role,
    ) -> Result<(), Failure> {
        let about = member.key.workspace == *at.0 && self.same(&member.key.principal, at.1);
        check!(about, "the answer is about {}, and {} in workspace {} was meant", member.key, at.1, at.0);
        check!(
            member.status != Status::Pending || self.seed.is_pending(at.1),
            "{} was let in, and the answer says that they have to accept first",
            member.key
        );
        let native = self.native(role);
        check_eq!(member.native_role, native, "the answer's native role of {}", member.key);
        check_eq!(
            member.role,
            self.claims().roles().normalize(&native),
            "the answer's role of {}",
            member.key
        );
        check_eq!(member.fit, self.claims().roles().fit(&native), "the answer's fit of {}", member.key);
        if self.behaves(Behaviour::MembershipIds) {
            check!(
                member.key.membership.is_some(),
                "the provider goes by membership ids, and the answer has none"
            );
        }
        Ok(())
    }
}

/// Nobody, also where the provider leaves it open what it did not find, the membership among it.
pub(crate) fn nobody_where_it_may_be(got: Result<Option<Member>, Error>) -> Result<Option<Member>, Error> {
    match got {
        Err(error) if error.missing().len() > 1 && error.missing().contains(&Resource::Member) => Ok(None),
        got => got,
    }
}

/// Whether a repetition may make it good.
fn passes(kind: ErrorKind) -> bool {
    kind.is_transient() || matches!(kind, ErrorKind::UnexpectedResponse | ErrorKind::Unconfirmed)
}
