//! Taking the steps of one workspace, one after the other.

use super::journal::{Journal, OpenChange};
use super::progress::{Event, Progress};
use super::recheck::{Look, Lookout, makes_owner, needs_look, now};
use super::report::{StepOutcome, StepReport};
use crate::desired::DesiredWorkspace;
use crate::plan::{Action, Step, Strategy};
use std::sync::{Mutex, PoisonError};
use workspace_members_core::{
    AddMember, Effect, Error, ErrorKind, IfPresent, Member, MemberKey, PrincipalId, RemoveMember, SetRole,
    WorkspaceMembers, WorkspaceMembersExt as _,
};

/// Takes the steps of one workspace.
pub(super) struct Runner<'a> {
    pub(super) members: &'a dyn WorkspaceMembers,
    pub(super) workspace: &'a DesiredWorkspace,
    pub(super) lookout: Lookout<'a>,
    /// `None` where nothing can be left open.
    pub(super) journal: Option<&'a Mutex<Journal>>,
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
                        .because(message, "plan again when that is settled")
                });
                reports.extend(skipped);
                break;
            }
            if makes_owner(step, self.lookout.directory) {
                made_owner.push(step.principal.clone());
            }
        }
        reports
    }

    async fn take(&self, step: &Step, made_owner: &[PrincipalId]) -> StepReport {
        let known = self.lookout.roster.get(&step.principal).cloned();
        let member = if needs_look(step) {
            match self.lookout.look(step, made_owner).await {
                Ok(Look::Go(member)) => Some(member),
                Ok(Look::Done) => return StepReport::new(step, StepOutcome::Unchanged),
                Ok(Look::Moved(message)) => {
                    return StepReport::new(step, StepOutcome::Skipped).because(message, "plan again");
                }
                Ok(Look::Refused(refusal)) => {
                    let mut report = StepReport::new(step, StepOutcome::Skipped)
                        .because(refusal.to_string(), refusal.advice.clone());
                    report.refusal = Some(*refusal);
                    return report;
                }
                Err(error) => return StepReport::failure(step, StepOutcome::Failed, error),
            }
        } else {
            known
        };
        match (step.action, step.strategy) {
            (_, Strategy::RemoveThenAdd) => self.remove_then_add(step, member).await,
            (Action::Add, _) => self.add(step).await,
            (Action::Remove, _) => self.remove(step, member).await,
            _ => self.set_role(step, member).await,
        }
    }

    fn key(&self, step: &Step) -> MemberKey {
        MemberKey::new(self.workspace.target.workspace.clone(), step.principal.clone())
    }

    async fn add(&self, step: &Step) -> StepReport {
        let Some(role) = &step.role else { return without_role(step) };
        let workspace = self.workspace.target.workspace.clone();
        let request = AddMember::new(workspace, step.principal.clone(), role.clone())
            .with_notify(self.workspace.notify);
        // One request, or two for a custom role that is not accepted at once.
        match self.members.ensure(&request, IfPresent::Fail).await {
            Ok(ensured) => self.confirmed(step, &ensured.member),
            // It could not be read before.
            Err(error)
                if error.kind() == ErrorKind::AlreadyMember && step.if_present == Some(IfPresent::Fail) =>
            {
                StepReport::failure(step, StepOutcome::Failed, error)
            }
            Err(error)
                if error.kind() == ErrorKind::AlreadyMember && step.if_present == Some(IfPresent::Keep) =>
            {
                StepReport::new(step, StepOutcome::Unchanged)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyMember => {
                self.present(step, error, StepOutcome::Unchanged).await
            }
            Err(error) => self.recover(step, error).await,
        }
    }

    async fn set_role(&self, step: &Step, member: Option<Member>) -> StepReport {
        let key = member.map_or_else(|| self.key(step), |member| member.key);
        let Some(role) = &step.role else { return without_role(step) };
        let request = SetRole::new(key, role.clone()).with_from(step.from.clone());
        match self.members.set_role(&request).await {
            Ok(member) => self.confirmed(step, &member),
            Err(error) => self.recover(step, error).await,
        }
    }

    async fn remove(&self, step: &Step, member: Option<Member>) -> StepReport {
        let key = member.map_or_else(|| self.key(step), |member| member.key);
        let request = RemoveMember::new(key).with_from(step.from.clone());
        let error = match self.members.remove(&request).await {
            Ok(()) => return StepReport::new(step, StepOutcome::Applied),
            Err(error) => error,
        };
        let absent = match error.kind() {
            ErrorKind::NotFound => StepOutcome::Unchanged,
            _ if error.effect() == Effect::Unknown => StepOutcome::Applied,
            _ => return failed(step, error),
        };
        match now(self.members, &request.key.workspace, &step.principal).await {
            Ok(None) => StepReport::new(step, absent),
            Ok(Some(_)) if error.kind() == ErrorKind::NotFound => {
                StepReport::failure(step, StepOutcome::Failed, error)
            }
            // Still there, and the request may yet take effect.
            _ => StepReport::failure(step, StepOutcome::Unknown, error),
        }
    }

    /// The answer to a write shows the member; it must be as asked.
    fn confirmed(&self, step: &Step, member: &Member) -> StepReport {
        if step.is_met_by(Some(member), self.members.capabilities().roles()) {
            return StepReport::new(step, StepOutcome::Applied);
        }
        let message = format!("the provider reported success, and answered the role {}", member.native_role);
        StepReport::new(step, StepOutcome::Unknown).because(message, ErrorKind::Unconfirmed.advice())
    }

    /// A write failed. If it may have taken effect, reads whether it did; never repeats it.
    async fn recover(&self, step: &Step, error: Error) -> StepReport {
        match error.effect() {
            Effect::Unknown => self.present(step, error, StepOutcome::Applied).await,
            _ => failed(step, error),
        }
    }

    /// Reads whether the member is as the step memberships them, and then answers `so`.
    async fn present(&self, step: &Step, error: Error, so: StepOutcome) -> StepReport {
        let certain = error.effect() != Effect::Unknown;
        match now(self.members, &self.workspace.target.workspace, &step.principal).await {
            Ok(Some(member)) if step.is_met_by(Some(&member), self.members.capabilities().roles()) => {
                StepReport::new(step, so)
            }
            Ok(Some(member)) if certain => {
                let message = format!("{} is a member already, as {}", step.label, member.native_role);
                StepReport::failure(step, StepOutcome::Failed, error).because(message, "plan again")
            }
            Ok(_) if certain => StepReport::failure(step, StepOutcome::Failed, error),
            _ => StepReport::failure(step, StepOutcome::Unknown, error),
        }
    }

    /// Writes the intent down before the removal is sent, and that it is settled once they are seen inside.
    async fn remove_then_add(&self, step: &Step, member: Option<Member>) -> StepReport {
        let (Some(member), Some(to), Some(role), Some(journal)) =
            (member, &step.to, &step.role, self.journal)
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
        let begun = locked(journal).begin(&open_change);
        let id = match begun {
            Ok(id) => id,
            Err(error) => {
                let message = format!("the journal cannot be written, so nothing was sent: {error}");
                return StepReport::new(step, StepOutcome::Failed)
                    .because(message, ErrorKind::RecordFailed.advice());
            }
        };
        let result =
            self.members.change_role_by_remove_then_add(&open_change.workspace, &step.principal, role).await;
        let report = match result {
            Ok(ensured) => self.confirmed(step, &ensured.member),
            Err(error) => match now(self.members, &open_change.workspace, &step.principal).await {
                Ok(Some(member)) if member.native_role == *to => {
                    let unrecorded = error.kind() == ErrorKind::RecordFailed;
                    if unrecorded { failed(step, error) } else { StepReport::new(step, StepOutcome::Applied) }
                }
                // Nothing is under way that could still put them out.
                Ok(Some(_)) if matches!(error.effect(), Effect::Rejected | Effect::NotApplied) => {
                    StepReport::failure(step, StepOutcome::Failed, error)
                }
                _ => {
                    let message = format!("{error}; they may be outside, now or in a moment");
                    return StepReport::failure(step, StepOutcome::Unknown, error).because(
                        message,
                        "run again: whoever is left outside is added before anything else",
                    );
                }
            },
        };
        let closed = locked(journal).close(id, &report.outcome.to_string());
        match closed {
            Ok(()) => report,
            // The next run reads once more that they are inside.
            Err(error) => report
                .because(format!("the journal cannot be written: {error}"), ErrorKind::RecordFailed.advice()),
        }
    }
}

fn locked(journal: &Mutex<Journal>) -> std::sync::MutexGuard<'_, Journal> {
    journal.lock().unwrap_or_else(PoisonError::into_inner)
}

fn without_role(step: &Step) -> StepReport {
    StepReport::new(step, StepOutcome::Failed).because("the plan does not say what to write", "plan again")
}

/// A write that certainly failed, unless it is its record alone that did.
fn failed(step: &Step, error: Error) -> StepReport {
    let made = error.kind() == ErrorKind::RecordFailed && error.effect() == Effect::Partial;
    let outcome = if made { StepOutcome::Applied } else { StepOutcome::Failed };
    StepReport::failure(step, outcome, error)
}
