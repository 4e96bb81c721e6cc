//! Reading a member once more before a step changes them.

use crate::guards::Limits;
use crate::plan::{
    Action, Case, Directory, Members, Outcome, Overrides, PlanFingerprint, Refusal, Step,
    looks_at_target_only, reads_singly,
};
use workspace_members_core::{
    Error, IfPresent, Mark, Member, PrincipalId, Resource, Role, WorkspaceId, WorkspaceMembers,
    WorkspaceMembersExt as _, ops,
};

/// What reading again says of a step.
#[derive(Debug)]
pub(super) enum Rechecked {
    /// The plan found them so; with the member, if they are one.
    AsPlanned(Option<Member>),
    /// The member is already as the step would leave them.
    Done,
    /// They are not as the plan found them.
    Changed(String),
    /// A guard refuses the step by now.
    Refused(Box<Refusal>),
}

/// Reads again before the steps of one workspace.
pub(super) struct Recheck<'a> {
    pub(super) members: &'a dyn WorkspaceMembers,
    pub(super) workspace: &'a WorkspaceId,
    /// The workspace as the plan found it.
    pub(super) roster: Members<'a>,
    pub(super) mode: crate::desired::Mode,
    pub(super) directory: &'a Directory<'a>,
    pub(super) limits: &'a Limits,
    /// As many owners as must be seen before anybody is lowered: [`owners_needed`].
    pub(super) owners_needed: usize,
    pub(super) overrides: &'a Overrides,
    pub(super) fingerprint: &'a PlanFingerprint,
}

impl Recheck<'_> {
    /// Reads the target and the owners again, and judges the step by what is there now.
    ///
    /// `made_owner` are those whom earlier steps of this plan gave the owner's role.
    pub(super) async fn read(&self, step: &Step, made_owner: &[PrincipalId]) -> Result<Rechecked, Error> {
        let members = self.members_now(step, made_owner).await?;
        let target = members.iter().find(|member| self.is(member, &step.principal));
        let role = target.map(|member| &member.native_role);
        let added = target.filter(|_| step.action == Action::Add);
        let kept = added.is_some() && step.if_present == Some(IfPresent::Keep);
        if role == step.to.as_ref() || kept || added.is_some_and(|member| member.is(Mark::RoleFixed)) {
            return Ok(Rechecked::Done);
        }
        if role != step.from.as_ref() {
            let now = role.map_or("not a member".to_owned(), ToString::to_string);
            let was = step.from.as_ref().map_or("not a member".to_owned(), ToString::to_string);
            return Ok(Rechecked::Changed(format!("{} was {was} and is {now} by now", step.label)));
        }
        let Some(target) = target else { return Ok(Rechecked::AsPlanned(None)) };
        let case =
            Case { target: &step.target, mode: self.mode, members: &members, directory: self.directory };
        let mut refusals = case.judge_now(step, self.limits);
        if step.lowers() {
            refusals.extend(self.owners_vanished(&case, step));
        }
        let refusal = refusals.into_iter().find(|refusal| !self.overrides.lift(refusal, self.fingerprint));
        Ok(match refusal {
            Some(refusal) => Rechecked::Refused(Box::new(refusal)),
            None => Rechecked::AsPlanned(Some(target.clone())),
        })
    }

    /// Fewer owners than the guard asks for, where the plan found enough: somebody else is changing this workspace.
    fn owners_vanished(&self, case: &Case<'_>, step: &Step) -> Option<Refusal> {
        let now = Outcome::of(case.members, self.directory).active_owners().len();
        if now >= self.owners_needed {
            return None;
        }
        let message = format!("only {now} of the owners who may be active could be seen again");
        Some(case.refusal(
            crate::guards::Guard::MinOwners,
            step,
            message,
            "find out who removed them, then plan again",
        ))
    }

    fn is(&self, member: &Member, principal: &PrincipalId) -> bool {
        self.members.capabilities().same_principal(&member.key.principal, principal)
    }

    async fn members_now(&self, step: &Step, made_owner: &[PrincipalId]) -> Result<Vec<Member>, Error> {
        let workspace = self.workspace;
        if looks_at_target_only(self.members.capabilities(), step) {
            return Ok(now(self.members, workspace, &step.principal).await?.into_iter().collect());
        }
        if !reads_singly(self.members.capabilities(), self.roster.all.len(), self.limits.min_owners) {
            return Ok(self.members.roster(workspace).await?.members().to_vec());
        }
        let mut seen: Vec<Member> = now(self.members, workspace, &step.principal)
            .await?
            .map(|member| self.marked(member))
            .into_iter()
            .collect();
        // As many other owners as must be left, and no more: each is a request.
        let enough = usize::try_from(self.limits.min_owners.max(1)).unwrap_or(usize::MAX);
        let known = self.roster.owners().map(|member| &member.key.principal);
        for owner in made_owner.iter().chain(known).filter(|id| **id != step.principal) {
            let others: Vec<Member> =
                seen.iter().filter(|member| !self.is(member, &step.principal)).cloned().collect();
            if Outcome::of(&others, self.directory).active_owners().len() >= enough {
                break;
            }
            if seen.iter().any(|member| self.is(member, owner)) {
                continue;
            }
            if let Some(member) = now(self.members, workspace, owner).await?
                && member.role == Role::Owner
            {
                seen.push(member);
            }
        }
        seen.sort_unstable_by(|a, b| a.key.principal.cmp(&b.key.principal));
        Ok(seen)
    }

    /// A single reading may not show the marks that the roster had.
    fn marked(&self, member: Member) -> Member {
        let marks =
            self.roster.get(&member.key.principal).map(|known| known.marks.clone()).unwrap_or_default();
        marks.into_iter().fold(member, Member::with_mark)
    }
}

/// As many owners as the guard asks for, or as the plan found.
pub(super) fn owners_needed(roster: Members<'_>, directory: &Directory<'_>, limits: &Limits) -> usize {
    let found = Outcome::of(roster.all, directory).active_owners().len();
    found.min(usize::try_from(limits.min_owners).unwrap_or(usize::MAX))
}

/// A member as they are now. Whoever does not exist is no member either.
async fn now(
    members: &dyn WorkspaceMembers,
    workspace: &WorkspaceId,
    principal: &PrincipalId,
) -> Result<Option<Member>, Error> {
    match ops::read_member(members, workspace, principal).await {
        Err(error) if !error.missing().is_empty() && !error.missing().contains(&Resource::Workspace) => {
            Ok(None)
        }
        result => result,
    }
}

/// Whether a step makes somebody owner.
pub(super) fn makes_owner(step: &Step, directory: &Directory<'_>) -> bool {
    let roles = directory.observed.capabilities().roles();
    step.action != Action::Remove
        && step.to.as_ref().is_some_and(|native| roles.normalize(native) == Role::Owner)
}
