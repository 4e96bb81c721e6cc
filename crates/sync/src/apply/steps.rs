//! Taking the steps of one workspace, one after the other.

use super::leases::Account;
use super::progress::{Event, Progress};
use super::recheck::Recheck;
use super::report::{StepOutcome, StepReport, with_cause};
use super::write::{Written, resolved, write};
use crate::desired::DesiredWorkspace;
use crate::plan::{Action, Step, Strategy};
use crate::store::{ChangeId, OpenChange, StateError};
use workspace_members_core::ops::{Attempt, Verdict, read_member, resolve};
use workspace_members_core::{
    AddMember, Effect, Error, ErrorKind, IfPresent, Mark, Member, MemberKey, PrincipalId, Protection,
    RemoveMember, Role, SetRole, Status, WorkspaceMembers, WorkspaceMembersExt as _,
};

/// Takes the steps of one workspace.
pub(super) struct Runner<'a> {
    pub(super) members: &'a dyn WorkspaceMembers,
    pub(super) workspace: &'a DesiredWorkspace,
    pub(super) recheck: Recheck<'a>,
    /// `None` where nothing can be left open, so that no lease is needed.
    pub(super) account: Option<Account<'a>>,
    pub(super) progress: &'a Progress,
}

impl Runner<'_> {
    /// Takes the steps in order, until one is not done. Those after it are skipped: they were judged on the assumption
    /// that everything before them is done.
    pub(super) async fn run(&self, steps: &[&Step]) -> Vec<StepReport> {
        let mut reports: Vec<StepReport> = Vec::with_capacity(steps.len());
        let (mut made_owner, mut stopped_at) = (Vec::new(), None);
        let roles = self.members.capabilities().roles();
        for step in steps {
            if let Some(number) = stopped_at {
                let message = format!("step {number} of this workspace was not done");
                let skipped = StepReport::new(step, StepOutcome::Skipped);
                reports.push(skipped.because(message, format!("see step {number}, then plan again")));
                continue;
            }
            self.progress.report(&Event::Step(step));
            let report = self.take(step, &made_owner).await;
            self.progress.report(&Event::Done(&report));
            if !report.is_done() {
                stopped_at = Some(step.number);
            }
            reports.push(report);
            if step.makes_owner(roles) {
                made_owner.push(step.principal.clone());
            }
        }
        reports
    }

    async fn take(&self, step: &Step, made_owner: &[PrincipalId]) -> StepReport {
        let member = match self.recheck.check(step, made_owner).await {
            Ok(member) => member,
            Err(report) => return *report,
        };
        if step.strategy == Strategy::RemoveThenAdd {
            return self.remove_then_add(step, member).await;
        }
        if let Some(Account { store, lease }) = self.account
            && let Err(error) = store.check_lease(lease).await
        {
            return not_sent(step, &error);
        }
        let unread = || MemberKey::new(self.workspace.target.workspace.clone(), step.principal.clone());
        let key = member.map_or_else(unread, |member| member.key);
        match (step.action, &step.role) {
            (Action::Remove, _) => {
                let request = RemoveMember::new(key).with_from(step.from.clone());
                self.report(step, write(self.members, &request).await, |()| None)
            }
            (_, None) => without_role(step),
            (Action::Add, Some(role)) => self.add(step, role).await,
            (_, Some(role)) if self.members.capabilities().changes_role_by_adding(step.principal.kind()) => {
                let request = AddMember::new(key.workspace, key.principal, role.clone());
                self.report(step, write(self.members, &request).await, Some)
            }
            (_, Some(role)) => {
                let request = SetRole::new(key, role.clone()).with_from(step.from.clone());
                self.report(step, write(self.members, &request).await, Some)
            }
        }
    }

    async fn add(&self, step: &Step, role: &Role) -> StepReport {
        let workspace = self.workspace.target.workspace.clone();
        let request = AddMember::new(workspace, step.principal.clone(), role.clone())
            .with_notify(self.workspace.notify);
        let sent = match step.strategy {
            Strategy::AddThenSetRole => {
                self.members.ensure(&request, IfPresent::Fail).await.map(|ensured| ensured.member)
            }
            _ => self.members.add(&request).await,
        };
        let error = match sent {
            Ok(member) => return self.confirmed(step, member),
            Err(error) => error,
        };
        // Where it could not be read before whether they are a member, the desired state says what to do with one.
        match step.if_present.filter(|_| error.kind() == ErrorKind::AlreadyMember) {
            Some(IfPresent::Keep) => return StepReport::new(step, StepOutcome::Unchanged),
            Some(IfPresent::Fail) => return StepReport::failure(step, StepOutcome::Failed, error),
            Some(IfPresent::SetRole) | None => {}
        }
        let error = self.members.narrow_not_found(error, &request.key()).await;
        self.report(step, resolved(self.members, &request, error).await, Some)
    }

    fn report<T>(
        &self,
        step: &Step,
        written: Written<T>,
        member: impl FnOnce(T) -> Option<Member>,
    ) -> StepReport {
        match written {
            Written::Applied(done) => match member(done) {
                Some(member) => self.confirmed(step, member),
                None => StepReport::new(step, StepOutcome::Applied),
            },
            Written::Unchanged(done) => {
                StepReport::new(step, StepOutcome::Unchanged).with_member(member(done))
            }
            Written::Failed(error, Some(member)) if error.kind() == ErrorKind::AlreadyMember => {
                let message = format!("{} is a member already, as {}", step.label, member.native_role);
                StepReport::failure(step, StepOutcome::Failed, error).because(message, "plan again")
            }
            Written::Failed(error, _) => failed(step, error),
            Written::Unknown(error) => StepReport::failure(step, StepOutcome::Unknown, error),
        }
    }

    /// The provider answered with the member. The role must be the one asked for, unless something else fixes it or the
    /// provider does not name it.
    fn confirmed(&self, step: &Step, member: Member) -> StepReport {
        let given = &member.native_role;
        if !step.is_met_by(Some(&member), self.members.capabilities().roles()) {
            let message = format!("the provider reported success, and answered the role {given}");
            return StepReport::new(step, StepOutcome::Unknown)
                .because(message, ErrorKind::Unconfirmed.advice());
        }
        let mut report = StepReport::new(step, StepOutcome::Applied);
        report.pending = step.action == Action::Add && member.status == Status::Pending;
        if report.pending {
            report.message = Some("invited; a member once they accept".to_owned());
        } else if Some(given) != step.to.as_ref() && member.is(Mark::RoleFixed) {
            report.message = Some(format!("their role is {given}, set by something else"));
        }
        report.with_member(Some(member))
    }

    /// Records the open change before the removal is sent, and that it is finished once they were seen inside.
    async fn remove_then_add(&self, step: &Step, member: Option<Member>) -> StepReport {
        let (Some(member), Some(to), Some(role), Some(account)) =
            (member, &step.to, &step.role, self.account)
        else {
            return without_role(step);
        };
        let open_change = OpenChange {
            connection: self.workspace.target.connection.clone(),
            workspace: self.workspace.target.workspace.clone(),
            principal: step.principal.clone(),
            label: step.label.clone(),
            from: member.native_role,
            to: to.clone(),
        };
        let id = match account.store.begin_change(account.lease, &open_change).await {
            Ok(id) => id,
            Err(error) => return not_sent(step, &error),
        };
        let workspace = &open_change.workspace;
        // The plan's guards have judged the step, and what they let through or an override lifted is allowed here.
        let mut unguarded =
            self.members.guarded().allow(Protection::ActingIdentity).allow(Protection::LastOwner);
        let result = unguarded.change_role_by_remove_then_add(workspace, &step.principal, role).await;
        match result {
            Ok(ensured) => end(account, &id, self.confirmed(step, ensured.member)).await,
            Err(error) => match self.whereabouts(step, role, error).await {
                (report, true) => end(account, &id, report).await,
                (report, false) => report,
            },
        }
    }

    /// What became of a removal and addition that failed, and whether they are inside for good.
    async fn whereabouts(&self, step: &Step, role: &Role, error: Error) -> (StepReport, bool) {
        let workspace = &self.workspace.target.workspace;
        let addition = AddMember::new(workspace.clone(), step.principal.clone(), role.clone());
        let read = read_member(self.members, workspace, &step.principal).await;
        let inside = matches!(read, Ok(Some(_)));
        match resolve(&addition, error.clone(), read, self.members.capabilities(), Attempt::First) {
            Verdict::Applied(_) if error.kind() == ErrorKind::RecordFailed => (failed(step, error), true),
            Verdict::Applied(now) => {
                (StepReport::new(step, StepOutcome::Applied).with_member(Some(now)), true)
            }
            // No request is under way that could still remove them.
            _ if inside && matches!(error.effect(), Effect::Rejected | Effect::NotApplied) => {
                (StepReport::failure(step, StepOutcome::Failed, error), true)
            }
            _ => {
                let message = format!("{error}; they may be outside, now or in a moment");
                let report = StepReport::failure(step, StepOutcome::Unknown, error)
                    .because(message, "run again: people left outside are added before anything else");
                (report, false)
            }
        }
    }
}

async fn end(account: Account<'_>, id: &ChangeId, report: StepReport) -> StepReport {
    match account.store.end_change(account.lease, id, &report.outcome.to_string()).await {
        Ok(()) => report,
        // The next run reads once more that they are inside.
        Err(error) => {
            let message = format!("that the change is finished was not recorded: {}", with_cause(&error));
            report.because(message, ErrorKind::RecordFailed.advice())
        }
    }
}

fn without_role(step: &Step) -> StepReport {
    StepReport::new(step, StepOutcome::Failed).because("the plan does not say what to write", "plan again")
}

/// The state store did not allow the write.
fn not_sent(step: &Step, error: &StateError) -> StepReport {
    let advice = match error {
        StateError::LeaseLost { .. } => "wait for the other run, then plan again",
        StateError::Unusable { .. } => ErrorKind::RecordFailed.advice(),
    };
    StepReport::new(step, StepOutcome::Failed)
        .because(format!("nothing was sent: {}", with_cause(error)), advice)
}

/// A write that certainly failed, unless it is its record alone that did.
fn failed(step: &Step, error: Error) -> StepReport {
    let made = error.kind() == ErrorKind::RecordFailed && error.effect() == Effect::Partial;
    let outcome = if made { StepOutcome::Applied } else { StepOutcome::Failed };
    StepReport::failure(step, outcome, error)
}
