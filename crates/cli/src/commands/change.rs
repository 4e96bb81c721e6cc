//! `wsm add`, `set-role` and `remove`: each a plan of one step, made, judged and carried out like any other.

use crate::args::{Add, How, Present, Remove, SetRole};
use crate::connections::{Connection, Connections};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::report::{MEMBER_COLUMNS, Report, Sheet, Tone, member_cells, member_row};
use crate::target::WorkspaceTarget;
use crate::{planned, progress};
use serde_json::{Value, json};
use workspace_members::sync::{
    self, ApplyError, ApplyOptions, Desired, Guards, Kept, Known, Membership, Observed, Plan, StepOutcome,
    StepReport, Target,
};
use workspace_members::{
    AddMember, Capability, Effect, Error, ErrorKind, Member, Notify, Operation, PrincipalId, PrincipalKind,
    User, Who, WorkspaceId,
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
    let connection = connections.named(&args.target.connection)?;
    let who = args.person.who();
    let notify = if args.notify { Notify::MEMBER } else { Notify::NOBODY };
    check_add(connection, args, &who, notify).map_err(|error| connection.fail(error))?;
    if matches!(args.if_present, Present::SetRole) {
        check_roster(connection)?;
    }
    let operation = Operation::Add;
    Change { connections, connection, target: &args.target, who: &who, operation, how: &args.how, output }
        .make(|target| Desired::add(target, who.clone(), args.role.clone(), notify, args.if_present.into()))
        .await
}

/// Changes a role.
pub(crate) async fn set_role(connections: &Connections, args: &SetRole, output: Output) -> Result<Report> {
    let SetRole { target, who, role, how } = args;
    let connection = connections.named(&target.connection)?;
    let (capabilities, operation) = (connection.members.capabilities(), Operation::SetRole);
    capabilities.roles().resolve(role).map_err(|refused| {
        let error = Error::from(refused).with_operation(operation);
        connection.fail(error.with_provider(connection.members.provider()))
    })?;
    let one_request = capabilities.require(Capability::set_role(kind(who)), operation);
    let two_requests =
        capabilities.has(Capability::remove(kind(who))) && capabilities.has(Capability::add(kind(who)));
    match one_request {
        Err(error) if !two_requests => return Err(connection.fail(error)),
        Err(error) if !how.allow_remove_then_add => {
            let advice =
                "--allow-remove-then-add does it by removing and adding them; they have no access in between";
            return Err(connection.fail(error).advising(advice));
        }
        _ => check_roster(connection)?,
    }
    Change { connections, connection, target, who, operation, how, output }
        .make(|target| Desired::set_role(target, who.clone(), role.clone()))
        .await
}

/// Removes somebody.
pub(crate) async fn remove(connections: &Connections, args: &Remove, output: Output) -> Result<Report> {
    let Remove { target, who, how } = args;
    let connection = connections.named(&target.connection)?;
    let operation = Operation::Remove;
    let claimed = connection.members.capabilities().require(Capability::remove(kind(who)), operation);
    claimed.map_err(|error| connection.fail(error))?;
    check_roster(connection)?;
    Change { connections, connection, target, who, operation, how, output }
        .make(|target| Desired::remove(target, who.clone()))
        .await
}

/// Everything about an addition that can be refused without asking the provider.
fn check_add(
    connection: &Connection,
    args: &Add,
    who: &Who,
    notify: Notify,
) -> workspace_members::Result<()> {
    let capabilities = connection.members.capabilities();
    // Which workspace and who do not matter yet.
    let somebody: PrincipalId = match kind(who) {
        PrincipalKind::Group => PrincipalId::Group(1.into()),
        _ => PrincipalId::User(1.into()),
    };
    let workspace = WorkspaceId::new(&args.target.workspace)?;
    let request = AddMember::new(workspace, somebody, args.role.clone()).with_notify(notify);
    let in_two_steps = capabilities.roles().resolve(&args.role).is_ok_and(|resolved| resolved.custom)
        && capabilities.has(Capability::SetCustomRole);
    match capabilities.check_add(&request) {
        Err(_) if in_two_steps => Ok(()),
        other => other.map(drop),
    }
}

/// Who may lose something is guarded by the complete list of members. Where no list is known to be complete, that is
/// refused before anything is sent; an addition takes nothing from anybody, and is tried.
fn check_roster(connection: &Connection) -> Result<()> {
    let capabilities = connection.members.capabilities();
    let roster = capabilities.require(Capability::Roster, Operation::ListMembers);
    roster.map_err(|error| connection.fail(error))
}

fn kind(who: &Who) -> PrincipalKind {
    match who {
        Who::Email(_) => PrincipalKind::User,
        Who::Id(id) => id.kind(),
    }
}

impl Change<'_> {
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
            Err(ApplyError::Refused(refused)) => return Err(self.refused(&refused)),
            Err(error) => return Err(connection.fail(planned::not_applied(error))),
        };
        self.note_unread(&done.found);
        let Some(step) = done.steps.first() else { return Ok(self.unchanged(&done.observed, &done.kept)) };
        if let Some(why) = &done.last_reading {
            output.note(&format!("{}: the result could not be read back: {why}", connection.name));
        }
        // Of a removal, the member as they were.
        let was = || member(&done.found, &workspace.id, &step.step.principal);
        let after = step.member.clone().or_else(was);
        let line = format!("{}: {}", step.outcome, step.step);
        match step.outcome {
            StepOutcome::Applied if step.error.is_none() => Ok(self.report("applied", after.as_ref(), line)),
            StepOutcome::Unchanged => Ok(self.report("unchanged", after.as_ref(), line)),
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
            .map_err(|refused| self.refused(&refused))?;
        let mut answer = if let Some(step) = plan.steps.first() {
            let before = member(&seen, &step.target.workspace, &step.principal);
            let mut answer = self.report("pending", before.as_ref(), format!("would {step}"));
            answer.sheets.push(planned::sheet(&plan));
            answer.exit = Exit::Pending;
            answer
        } else {
            self.unchanged(&seen, &plan.kept)
        };
        answer.json["plan"] = json!(plan);
        Ok(answer)
    }

    fn refused(&self, refused: &sync::Refused) -> Failure {
        let failure = planned::refused(refused);
        self.connection.fail(failure.of_call(self.connection.members.provider(), self.operation))
    }

    fn note_unread(&self, seen: &[Observed]) {
        for unread in seen.iter().flat_map(Observed::unread) {
            self.output.note(&format!("{}: could not be read: {unread}", self.connection.name));
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
        self.report("unchanged", found.as_ref(), line)
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

    /// `{change, member}`.
    fn report(&self, change: &str, member: Option<&Member>, line: String) -> Report {
        let row = |member| member_row(&self.connection.name, self.connection.provider(), member);
        let row = member.map_or(Value::Null, row);
        let mut flat = if row.is_null() { json!({}) } else { row.clone() };
        flat["change"] = json!(change);
        let mut title = Sheet::default();
        title.line(if change == "unchanged" { Tone::Quiet } else { Tone::Title }, line);
        let mut sheets = vec![title];
        if let Some(member) = member {
            let mut sheet = Sheet::new(&MEMBER_COLUMNS);
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
