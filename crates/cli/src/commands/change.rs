//! `wsm add`, `set-role` and `remove`: each a plan of one step, made, judged and carried out like any other.

use crate::args::{Add, How, Remove, SetRole};
use crate::connections::{Connection, Connections};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::report::{MEMBER_COLUMNS, Report, Sheet, Tone, member_cells, member_row};
use crate::target::WorkspaceTarget;
use crate::{planned, progress};
use serde_json::{Value, json};
use workspace_members::sync::{
    self, Action, ApplyError, ApplyOptions, Cause, Desired, Guard, Guards, Kept, Known, Membership, Observed,
    Plan, Problem, StepOutcome, StepReport, Target,
};
use workspace_members::{
    AddMember, Capability, Effect, Error, ErrorKind, IfPresent, Member, Notify, Operation, PrincipalId,
    PrincipalKind, Role, User, Who, WorkspaceId,
};

/// What is asked of one person.
struct Change<'a> {
    connections: &'a Connections,
    connection: &'a Connection,
    target: &'a WorkspaceTarget,
    who: &'a Who,
    operation: Operation,
    how: &'a How,
    output: Output,
}

/// Adds somebody.
pub(crate) async fn add(connections: &Connections, args: &Add, output: Output) -> Result<Report> {
    let Add { target, role, how, .. } = args;
    let (connection, who, operation) =
        (connections.named(&target.connection)?, &args.person.who(), Operation::Add);
    let change = Change { connections, connection, target, who, operation, how, output };
    let notify = if args.notify { Notify::MEMBER } else { Notify::NOBODY };
    change.check_add(role, notify).map_err(|error| connection.fail(error))?;
    if args.if_present == IfPresent::SetRole {
        change.require(Capability::Roster, Operation::ListMembers)?;
    }
    change.make(|target| Desired::add(target, who.clone(), role.clone(), notify, args.if_present)).await
}

/// Changes a role.
pub(crate) async fn set_role(connections: &Connections, args: &SetRole, output: Output) -> Result<Report> {
    let SetRole { target, who, role, how } = args;
    let (connection, operation) = (connections.named(&target.connection)?, Operation::SetRole);
    let change = Change { connections, connection, target, who, operation, how, output };
    let capabilities = connection.members.capabilities();
    capabilities.roles().resolve(role).map_err(|refused| {
        let error = Error::from(refused).with_operation(operation);
        connection.fail(error.with_provider(connection.members.provider()))
    })?;
    if let Err(refused) = change.require(Capability::set_role(kind(who)), operation) {
        if !capabilities.has(Capability::remove(kind(who))) || !capabilities.has(Capability::add(kind(who))) {
            return Err(refused);
        }
        if !how.allow_remove_then_add {
            let advice =
                "--allow-remove-then-add does it by removing and adding them; they have no access in between";
            return Err(refused.advising(advice));
        }
    }
    change.require(Capability::Roster, Operation::ListMembers)?;
    change.make(|target| Desired::set_role(target, who.clone(), role.clone())).await
}

/// Removes somebody.
pub(crate) async fn remove(connections: &Connections, args: &Remove, output: Output) -> Result<Report> {
    let Remove { target, who, how } = args;
    let (connection, operation) = (connections.named(&target.connection)?, Operation::Remove);
    let change = Change { connections, connection, target, who, operation, how, output };
    change.require(Capability::remove(kind(who)), operation)?;
    change.require(Capability::Roster, Operation::ListMembers)?;
    change.make(|target| Desired::remove(target, who.clone())).await
}

fn kind(who: &Who) -> PrincipalKind {
    match who {
        Who::Email(_) => PrincipalKind::User,
        Who::Id(id) => id.kind(),
    }
}

impl Change<'_> {
    /// What is not claimed is refused before anything is sent. Whoever may take something from somebody requires the
    /// complete list of members, which guards them; an addition takes nothing, and is tried.
    fn require(&self, capability: Capability, operation: Operation) -> Result<()> {
        let claimed = self.connection.members.capabilities().require(capability, operation);
        claimed.map_err(|error| self.connection.fail(error))
    }

    /// Everything about an addition that can be refused without asking the provider.
    fn check_add(&self, role: &Role, notify: Notify) -> workspace_members::Result<()> {
        let capabilities = self.connection.members.capabilities();
        // Which workspace and who do not matter yet.
        let somebody: PrincipalId = match kind(self.who) {
            PrincipalKind::Group => PrincipalId::Group(1.into()),
            _ => PrincipalId::User(1.into()),
        };
        let workspace = WorkspaceId::new(&self.target.workspace)?;
        let request = AddMember::new(workspace, somebody, role.clone()).with_notify(notify);
        let in_two_steps = capabilities.roles().resolve(role).is_ok_and(|resolved| resolved.custom)
            && capabilities.has(Capability::SetCustomRole);
        match capabilities.check_add(&request) {
            Err(_) if in_two_steps => Ok(()),
            other => other.map(drop),
        }
    }

    /// Plans one desired state about one person, and carries it out.
    async fn make(&self, desired: impl FnOnce(Target) -> Desired) -> Result<Report> {
        let Self { connection, how, output, .. } = self;
        if let Some(warning) = connection.own.warning() {
            output.warn(&format!("{}: {warning}", connection.name));
        }
        let (workspace, listed) = connection.one(&self.target.workspace).await?;
        let known = listed.into_iter().fold(Known::new(), Known::with_workspaces);
        // What the options allow. The host's own guards are on top, and can only be stricter.
        let mut guards = Guards::new();
        guards.allow_remove_then_add = how.allow_remove_then_add.then_some(true);
        guards.allow_billable = how.allow_billable.then_some(true);
        let desired = desired(Target::new(&connection.name, workspace.id.clone())).with_guards(guards);
        let options = ApplyOptions::new(&self.connections.state_dir)
            .with_guards(self.connections.guards.clone())
            .with_overrides(how.lift.overrides())
            .with_progress(progress::of_recovery());
        if how.dry_run {
            return self.planned(&desired, known, &options).await;
        }
        let handles = self.connections.handles(&[&connection.name])?;
        let options = options.with_known(&connection.name, known);
        let done = match sync::apply_desired(&handles, &desired, &options).await {
            Ok(done) => done,
            Err(ApplyError::Refused(refused)) => return Err(self.refused(refused)),
            Err(error) => return Err(connection.fail(planned::not_applied(error))),
        };
        self.note_unread(&done.found);
        let Some(step) = done.steps.first() else { return Ok(self.unchanged(&done.observed, &done.kept)) };
        if let Some(why) = &done.last_reading {
            connection.note(*output, format!("the result could not be read back: {why}"));
        }
        let line = format!("{}: {}", step.outcome, step.step);
        // Of a removal, the member as they were.
        let was = || member(&done.found, &workspace.id, &step.step.principal);
        let after = step.member.clone().or_else(was);
        let title = if step.step.action == Action::Remove { "No longer a member:" } else { "" };
        match step.outcome {
            StepOutcome::Applied if step.error.is_none() => {
                let mut answer = self.report("applied", title, after.as_ref(), line);
                for consequence in &step.step.consequences {
                    answer.sheets[0].line(Tone::Change, format!("  {consequence}"));
                }
                answer.json["consequences"] = json!(step.step.consequences);
                Ok(answer)
            }
            StepOutcome::Unchanged => Ok(self.report("unchanged", title, after.as_ref(), line)),
            _ => Err(connection.fail(not_done(step, line))),
        }
    }

    /// What would be done.
    async fn planned(&self, desired: &Desired, known: Known, options: &ApplyOptions) -> Result<Report> {
        let (connection, guards) = (self.connection, &options.guards);
        let known = known.with_guards(guards.clone());
        let seen = Observed::read_knowing(&*connection.members, &connection.name, desired, known).await;
        let seen = [seen.map_err(|error| connection.fail(error))?];
        self.note_unread(&seen);
        let plan = Plan::compute(desired, &seen, guards)
            .or_else(|refused| refused.overridden(&options.overrides))
            .map_err(|refused| self.refused(refused))?;
        let mut answer = if let Some(step) = plan.steps.first() {
            let before = member(&seen, &step.target.workspace, &step.principal);
            let mut answer = self.report("pending", "Now:", before.as_ref(), format!("would {step}"));
            answer.sheets.push(planned::sheet(&plan));
            answer.exit = Exit::Pending;
            answer
        } else {
            self.unchanged(&seen, &plan.kept)
        };
        answer.json["plan"] = json!(plan);
        Ok(answer)
    }

    fn refused(&self, mut refused: sync::Refused) -> Failure {
        for refusal in &mut refused.refusals {
            if let Some(advice) = self.advice(refusal.cause) {
                advice.clone_into(&mut refusal.advice);
            }
        }
        let failure = planned::refused(&refused);
        self.connection.fail(failure.of_call(self.connection.members.provider(), self.operation))
    }

    /// What to do here, where the plan's own advice is for whoever writes a desired state.
    fn advice(&self, cause: Cause) -> Option<&'static str> {
        Some(match cause {
            Cause::Guard(Guard::AllowBillable) if !self.how.allow_billable => {
                "say --allow-billable if it may"
            }
            Cause::Guard(Guard::AllowRemoveThenAdd) if !self.how.allow_remove_then_add => {
                "say --allow-remove-then-add if that is acceptable"
            }
            Cause::Guard(Guard::AllowBillable | Guard::AllowRemoveThenAdd) => {
                "this host does not allow it: see [guards] in wsm.toml"
            }
            Cause::Guard(Guard::MinOwners) => "make somebody else owner first",
            Cause::Guard(Guard::MaxRemovals | Guard::MaxDemotions | Guard::MaxOwnerChanges) => {
                "raise the limit under [guards] in wsm.toml, or override it for this change"
            }
            Cause::Guard(Guard::MaxMails) => {
                "leave out --notify, or raise max_mails under [guards] in wsm.toml"
            }
            Cause::Problem(Problem::AlreadyMember) => {
                "say --if-present keep to leave them as they are, or --if-present set-role to change their role"
            }
            Cause::Problem(Problem::NotAMember) => "`wsm add` adds them",
            _ => return None,
        })
    }

    fn note_unread(&self, seen: &[Observed]) {
        for unread in seen.iter().flat_map(Observed::unread) {
            self.connection.note(self.output, format!("could not be read: {unread}"));
        }
    }

    /// Nothing was to be done.
    fn unchanged(&self, observed: &[Observed], kept: &[Kept]) -> Report {
        let (who, target, found) = (self.who, self.target, self.find(observed));
        let line = match (kept.first(), &found) {
            (Some(kept), _) => format!("unchanged: {kept}"),
            (None, Some(member)) => {
                format!("unchanged: {who} is {} in {target} already", member.native_role)
            }
            (None, None) => format!("unchanged: {who} is not a member of {target}"),
        };
        self.report("unchanged", "", found.as_ref(), line)
    }

    fn find(&self, observed: &[Observed]) -> Option<Member> {
        let is = |seen: &Observed, member: &Member| match self.who {
            Who::Id(id) => seen.capabilities().same_principal(&member.key.principal, id),
            Who::Email(email) => {
                let listed = |user: &User| user.email.as_ref() == Some(email);
                let listed = seen.users().into_iter().flatten().find(|user| listed(user));
                let is = |user: &User| {
                    seen.capabilities().same_principal(&member.key.principal, &user.id.clone().into())
                };
                member.email.as_ref() == Some(email) || listed.is_some_and(is)
            }
        };
        observed.iter().find_map(|seen| seen.members().find(|member| is(seen, member)).cloned())
    }

    /// `{change, member}`. The title says when they are, or were, as they are shown; empty if it is now.
    fn report(&self, change: &str, title: &str, member: Option<&Member>, line: String) -> Report {
        let row = |member| member_row(&self.connection.name, self.connection.provider(), member);
        let row = member.map_or(Value::Null, row);
        let mut flat = if row.is_null() { json!({}) } else { row.clone() };
        flat["change"] = json!(change);
        let mut first = Sheet::default();
        first.line(if change == "unchanged" { Tone::Quiet } else { Tone::Title }, line);
        let mut sheets = vec![first];
        if let Some(member) = member {
            let mut sheet = Sheet::new(&MEMBER_COLUMNS);
            sheet.title = Some(title.to_owned()).filter(|title| !title.is_empty());
            sheet.push(member_cells(member));
            sheets.push(sheet);
        }
        let mut report = Report::rows(CHANGE_HEADING, vec![flat], sheets);
        report.json = json!({ "change": change, "member": row });
        report
    }
}

const CHANGE_HEADING: &str =
    "change,connection,provider,workspace,kind,id,membership_id,email,name,role,native_role,fit,status";

/// A step that was not carried out, or of which that is not known.
fn not_done(step: &StepReport, line: String) -> Failure {
    let message = step.message.clone().unwrap_or(line);
    let error = match (&step.error, step.outcome, &step.refusal) {
        (Some(error), _, _) => error.clone(),
        (None, StepOutcome::Unknown, _) => Error::new(ErrorKind::Unconfirmed, Effect::Unknown, message),
        (None, _, Some(_)) => Error::new(ErrorKind::Protected, Effect::Rejected, message),
        (None, _, None) => Error::new(ErrorKind::Rejected, Effect::Rejected, message),
    };
    let mut failure = Failure::from(error);
    failure.advice.clone_from(&step.advice);
    if step.refusal.is_some() {
        failure.exit = Exit::Refused;
    }
    failure
}

fn member(observed: &[Observed], workspace: &WorkspaceId, principal: &PrincipalId) -> Option<Member> {
    observed.iter().find_map(|seen| match seen.membership(workspace, principal) {
        Membership::Inside(member) => Some(member.clone()),
        _ => None,
    })
}
