//! Taking the steps of one workspace, one after the other.

use super::leases::Account;
use super::progress::{Event, Progress};
use super::recheck::{Recheck, Rechecked, makes_owner};
use super::report::{StepOutcome, StepReport};
use super::write::{Written, resolved, write};
use crate::desired::DesiredWorkspace;
use crate::plan::{Action, Step, Strategy, is_rechecked};
use crate::store::{ChangeId, OpenChange, StateError};
use workspace_members_core::ops::{Verdict, read_member, resolve};
use workspace_members_core::{
    AddMember, Effect, Error, ErrorKind, IfPresent, Mark, Member, MemberKey, PrincipalId, RemoveMember, Role,
    SetRole, Status, WorkspaceMembers, WorkspaceMembersExt as _,
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
        let mut reports = Vec::with_capacity(steps.len());
        let mut made_owner: Vec<PrincipalId> = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            self.progress.tell(&Event::Step(step));
            let report = self.take(step, &made_owner).await;
            self.progress.tell(&Event::Done(&report));
            let done = report.lets_go_on();
            reports.push(report);
            if !done {
                self.progress.tell(&Event::Stopped(&step.target));
                let skipped = steps[index + 1..].iter().map(|later| {
                    let message = format!("step {} of this workspace was not done", step.number);
                    StepReport::new(later, StepOutcome::Skipped)
                        .because(message, format!("see step {}, then plan again", step.number))
                });
                reports.extend(skipped);
                break;
            }
            if makes_owner(step, self.recheck.directory) {
                made_owner.push(step.principal.clone());
            }
        }
        reports
    }

    async fn take(&self, step: &Step, made_owner: &[PrincipalId]) -> StepReport {
        let mut member = self.recheck.roster.get(&step.principal).cloned();
        if is_rechecked(self.members.capabilities(), step) {
            match self.recheck.read(step, made_owner).await {
                Ok(Rechecked::AsPlanned(now)) => member = now,
                Ok(Rechecked::Done) => return StepReport::new(step, StepOutcome::Unchanged),
                Ok(Rechecked::Changed(message)) => {
                    return StepReport::new(step, StepOutcome::Skipped).because(message, "plan again");
                }
                Ok(Rechecked::Refused(refusal)) => {
                    let mut report = StepReport::new(step, StepOutcome::Skipped)
                        .because(refusal.to_string(), refusal.advice.clone());
                    report.refusal = Some(*refusal);
                    return report;
                }
                Err(error) => return StepReport::failure(step, StepOutcome::Failed, error),
            }
        }
        if step.strategy == Strategy::RemoveThenAdd {
            return self.remove_then_add(step, member).await;
        }
        if let Some(account) = self.account
            && let Err(error) = account.check().await
        {
            return not_sent(step, &error);
        }
        match (step.action, &step.role) {
            (Action::Remove, _) => self.remove(step, member).await,
            (_, None) => without_role(step),
            (Action::Add, Some(role)) => self.add(step, role).await,
            (_, Some(role)) => self.set_role(step, role, member).await,
        }
    }

    fn key(&self, step: &Step, member: Option<Member>) -> MemberKey {
        let unread = || MemberKey::new(self.workspace.target.workspace.clone(), step.principal.clone());
        member.map_or_else(unread, |member| member.key)
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
            Ok(member) => return self.confirmed(step, &member),
            // Where it could not be read before whether they are a member, the desired state says what to do with one.
            Err(error)
                if error.kind() == ErrorKind::AlreadyMember && step.if_present == Some(IfPresent::Keep) =>
            {
                return StepReport::new(step, StepOutcome::Unchanged);
            }
            Err(error)
                if error.kind() == ErrorKind::AlreadyMember && step.if_present == Some(IfPresent::Fail) =>
            {
                return StepReport::failure(step, StepOutcome::Failed, error);
            }
            Err(error) => self.members.narrow_not_found(error, &request.key()).await,
        };
        let written = resolved(self.members, &request, error).await;
        self.report(step, written)
    }

    async fn set_role(&self, step: &Step, role: &Role, member: Option<Member>) -> StepReport {
        let request = SetRole::new(self.key(step, member), role.clone()).with_from(step.from.clone());
        let written = write(self.members, &request).await;
        self.report(step, written)
    }

    async fn remove(&self, step: &Step, member: Option<Member>) -> StepReport {
        let request = RemoveMember::new(self.key(step, member)).with_from(step.from.clone());
        match write(self.members, &request).await {
            Written::Applied(()) => StepReport::new(step, StepOutcome::Applied),
            Written::Unchanged(()) => StepReport::new(step, StepOutcome::Unchanged),
            Written::Failed(error, _) => failed(step, error),
            Written::Unknown(error) => StepReport::failure(step, StepOutcome::Unknown, error),
        }
    }

    fn report(&self, step: &Step, written: Written<Member>) -> StepReport {
        match written {
            Written::Applied(member) => self.confirmed(step, &member),
            Written::Unchanged(_) => StepReport::new(step, StepOutcome::Unchanged),
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
    fn confirmed(&self, step: &Step, member: &Member) -> StepReport {
        let given = &member.native_role;
        if !step.is_met_by(Some(member), self.members.capabilities().roles()) {
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
        report
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
            from: member.native_role.clone(),
            to: to.clone(),
        };
        let id = match account.begin(&open_change).await {
            Ok(id) => id,
            Err(error) => return not_sent(step, &error),
        };
        let workspace = &open_change.workspace;
        let result = self.members.change_role_by_remove_then_add(workspace, &step.principal, role).await;
        match result {
            Ok(ensured) => end(account, id, self.confirmed(step, &ensured.member)).await,
            Err(error) => match self.whereabouts(step, role, error).await {
                (report, true) => end(account, id, report).await,
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
        match resolve(&addition, error.clone(), read, self.members.capabilities()) {
            Verdict::Applied(_) if error.kind() == ErrorKind::RecordFailed => (failed(step, error), true),
            Verdict::Applied(_) => (StepReport::new(step, StepOutcome::Applied), true),
            // No request is under way that could still remove them.
            _ if inside && matches!(error.effect(), Effect::Rejected | Effect::NotApplied) => {
                (StepReport::failure(step, StepOutcome::Failed, error), true)
            }
            _ => {
                let message = format!("{error}; they may be outside, now or in a moment");
                let report = StepReport::failure(step, StepOutcome::Unknown, error)
                    .because(message, "run again: whoever is outside is added before anything else");
                (report, false)
            }
        }
    }
}

async fn end(account: Account<'_>, id: ChangeId, report: StepReport) -> StepReport {
    match account.end(id, &report.outcome.to_string()).await {
        Ok(()) => report,
        // The next run reads once more that they are inside.
        Err(error) => {
            let message = format!("that the change is finished was not recorded: {}", chain(&error));
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
    StepReport::new(step, StepOutcome::Failed).because(format!("nothing was sent: {}", chain(error)), advice)
}

fn chain(error: &StateError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// A write that certainly failed, unless it is its record alone that did.
fn failed(step: &Step, error: Error) -> StepReport {
    let made = error.kind() == ErrorKind::RecordFailed && error.effect() == Effect::Partial;
    let outcome = if made { StepOutcome::Applied } else { StepOutcome::Failed };
    StepReport::failure(step, outcome, error)
}
