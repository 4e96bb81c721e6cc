//! Reading a member once more before a step changes them.

use super::report::{StepOutcome, StepReport};
use crate::guards::{Guard, Guards};
use crate::plan::{Action, Case, Directory, Look, Members, Override, Owners, PlanFingerprint, Step};
use std::collections::BTreeSet;
use workspace_members_core::{
    Error, IfPresent, Mark, Member, NativeRole, PrincipalId, Resource, Role, WorkspaceId, WorkspaceMembers,
    WorkspaceMembersExt as _, ops,
};

/// Reads again before the steps of one workspace.
pub(super) struct Recheck<'a> {
    pub(super) members: &'a dyn WorkspaceMembers,
    pub(super) workspace: &'a WorkspaceId,
    /// The workspace as the plan found it.
    pub(super) roster: Members<'a>,
    pub(super) directory: &'a Directory<'a>,
    pub(super) guards: &'a Guards,
    /// As many owners as the guard asks for, or as the plan found: they must be seen before anybody is lowered.
    pub(super) owners_needed: usize,
    pub(super) overrides: &'a BTreeSet<Override>,
    pub(super) fingerprint: &'a PlanFingerprint,
}

impl Recheck<'_> {
    /// Reads the target and the owners again, and judges the step by what is there now. Answers the member, if they are one,
    /// or the report of a step that is not to be taken.
    ///
    /// `made_owner` are those whom earlier steps of this plan gave the owner's role.
    pub(super) async fn check(
        &self,
        step: &Step,
        made_owner: &[PrincipalId],
    ) -> Result<Option<Member>, Box<StepReport>> {
        let members = match self.look(step, made_owner).await {
            Ok(Some(members)) => members,
            Ok(None) => return Ok(self.roster.get(&step.principal).cloned()),
            Err(error) => return Err(Box::new(StepReport::failure(step, StepOutcome::Failed, error))),
        };
        let target = members.iter().find(|member| self.is(member, &step.principal));
        let role = target.map(|member| &member.native_role);
        let added = target.filter(|_| step.action == Action::Add);
        let kept = added.is_some() && step.if_present == Some(IfPresent::Keep);
        if role == step.to.as_ref() || kept || added.is_some_and(|member| member.is(Mark::RoleFixed)) {
            let unchanged = StepReport::new(step, StepOutcome::Unchanged).with_member(target.cloned());
            return Err(Box::new(unchanged));
        }
        let skipped = StepReport::new(step, StepOutcome::Skipped);
        if role != step.from.as_ref() {
            let shown =
                |role: Option<&NativeRole>| role.map_or("not a member".to_owned(), ToString::to_string);
            let (was, now) = (shown(step.from.as_ref()), shown(role));
            let message = format!("{} was {was} and is {now} by now", step.label);
            return Err(Box::new(skipped.because(message, "plan again")));
        }
        let Some(target) = target else { return Ok(None) };
        let case = Case { target: &step.target, directory: self.directory, guards: self.guards };
        let (mut owners, mut refusals) = (Owners::of(&members, self.directory), Vec::new());
        let found = owners.count();
        case.judge_step(step, Some(target), &mut owners, &mut refusals);
        if step.lowers() && found < self.owners_needed {
            // The plan found enough: somebody else is changing this workspace.
            let message = format!("only {found} of the owners who may be active could be seen again");
            let advice = "find out who removed them, then plan again";
            refusals.push(case.refusal(Guard::MinOwners, step, message, advice));
        }
        match refusals.into_iter().find(|refusal| !refusal.is_lifted(self.overrides, self.fingerprint)) {
            Some(refusal) => {
                let mut report = skipped.because(refusal.to_string(), refusal.advice.clone());
                report.refusal = Some(refusal);
                Err(Box::new(report))
            }
            None => Ok(Some(target.clone())),
        }
    }

    /// The members who must be seen again before a step; `None` if nobody need be.
    async fn look(&self, step: &Step, made_owner: &[PrincipalId]) -> Result<Option<Vec<Member>>, Error> {
        let capabilities = self.members.capabilities();
        match Look::before(step, capabilities, self.roster.all.len(), self.guards.min_owners()) {
            Look::None => Ok(None),
            Look::Target => Ok(Some(self.now(&step.principal).await?.into_iter().collect())),
            Look::Singly => self.target_and_owners(step, made_owner).await.map(Some),
            Look::Roster => Ok(Some(self.members.roster(self.workspace).await?.members().to_vec())),
        }
    }

    fn is(&self, member: &Member, principal: &PrincipalId) -> bool {
        self.members.capabilities().same_principal(&member.key.principal, principal)
    }

    async fn target_and_owners(&self, step: &Step, made_owner: &[PrincipalId]) -> Result<Vec<Member>, Error> {
        let target = self.now(&step.principal).await?;
        let mut seen: Vec<Member> = target.map(|member| self.marked(member)).into_iter().collect();
        // As many other owners as must be left, and no more: each is a request.
        let enough = usize::try_from(self.guards.min_owners().max(1)).unwrap_or(usize::MAX);
        let known = self.roster.owners().map(|member| &member.key.principal);
        let others = made_owner.iter().chain(known);
        let is_target = |id: &PrincipalId| self.members.capabilities().same_principal(id, &step.principal);
        for owner in others.filter(|id| !is_target(id)) {
            let others: Vec<Member> =
                seen.iter().filter(|member| !self.is(member, &step.principal)).cloned().collect();
            if Owners::of(&others, self.directory).count() >= enough {
                break;
            }
            if seen.iter().any(|member| self.is(member, owner)) {
                continue;
            }
            if let Some(member) = self.now(owner).await?
                && member.role == Role::Owner
            {
                seen.push(member);
            }
        }
        Ok(seen)
    }

    /// A single reading may not show the marks that the roster had.
    fn marked(&self, member: Member) -> Member {
        let known = self.roster.get(&member.key.principal);
        known.into_iter().flat_map(|known| &known.marks).copied().fold(member, Member::with_mark)
    }

    /// A member as they are now. Somebody who does not exist is no member either.
    async fn now(&self, principal: &PrincipalId) -> Result<Option<Member>, Error> {
        match ops::read_member(self.members, self.workspace, principal).await {
            Err(error) if !error.missing().is_empty() && !error.missing().contains(&Resource::Workspace) => {
                Ok(None)
            }
            result => result,
        }
    }
}
