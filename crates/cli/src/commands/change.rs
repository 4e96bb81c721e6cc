//! `wsm add`, `set-role` and `remove`: each a plan of one step, made, judged and carried out like any other.

use crate::args::{Add, How, Remove, SetRole};
use crate::connections::{Connection, Connections};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::report::{MEMBER_COLUMNS, MemberRow, Report, Sheet, Tone, member_cells};
use crate::target::WorkspaceTarget;
use crate::{planned, progress};
use serde_json::{Value, json};
use workspace_members::sync::{
    self, ApplyError, ApplyOptions, Desired, DesiredMember, DesiredMembership, DesiredWorkspace, Guards,
    Kept, Known, Membership, Mode, Observed, Plan, StepOutcome, StepReport, Target,
};
use workspace_members::{
    AddMember, Capability, Effect, Error, ErrorKind, Member, MemberKey, Notify, Operation, PrincipalId,
    PrincipalKind, Role, User, Who, WorkspaceId,
};

/// Adds somebody.
pub(crate) async fn add(connections: &Connections, args: &Add, output: Output) -> Result<Report> {
    let connection = connections.named(&args.target.connection)?;
    let who = args.person.who();
    let notify = if args.notify { Notify::MEMBER } else { Notify::NOBODY };
    check_add(connection, &args.target, &who, &args.role, notify)
        .map_err(|error| Failure::from(error).at(&connection.name))?;
    let membership = DesiredMembership::Add { role: args.role.clone(), if_present: args.if_present.into() };
    one_step(
        connections,
        connection,
        &args.target,
        DesiredMember::new(who, membership),
        notify,
        &args.how,
        output,
    )
    .await
}

/// Changes a role.
pub(crate) async fn set_role(connections: &Connections, args: &SetRole, output: Output) -> Result<Report> {
    let connection = connections.named(&args.target.connection)?;
    let fail = |error: Error| Failure::from(error).at(&connection.name);
    let capabilities = connection.members.capabilities();
    let operation = Operation::SetRole;
    capabilities.roles().resolve(&args.role).map_err(|refused| {
        fail(Error::from(refused).with_operation(operation).with_provider(connection.members.provider()))
    })?;
    let one_request = capabilities.require(Capability::set_role(kind(&args.who)), operation);
    let two_requests = capabilities.has(Capability::remove(kind(&args.who)))
        && capabilities.has(Capability::add(kind(&args.who)));
    match one_request {
        Err(error) if !two_requests => return Err(fail(error)),
        Err(error) if !args.how.allow_remove_then_add => {
            let advice =
                "--allow-remove-then-add does it by removing and adding them; they have no access in between";
            return Err(fail(error).advising(advice));
        }
        _ => {}
    }
    let desired_member = DesiredMember::new(args.who.clone(), DesiredMembership::SetRole(args.role.clone()));
    one_step(connections, connection, &args.target, desired_member, Notify::NOBODY, &args.how, output).await
}

/// Removes somebody.
pub(crate) async fn remove(connections: &Connections, args: &Remove, output: Output) -> Result<Report> {
    let connection = connections.named(&args.target.connection)?;
    let capability = Capability::remove(kind(&args.who));
    connection
        .members
        .capabilities()
        .require(capability, Operation::Remove)
        .map_err(|error| Failure::from(error).at(&connection.name))?;
    let desired_member = DesiredMember::new(args.who.clone(), DesiredMembership::Absent);
    one_step(connections, connection, &args.target, desired_member, Notify::NOBODY, &args.how, output).await
}

/// Plans one desired state about one person, and carries it out.
async fn one_step(
    connections: &Connections,
    connection: &Connection,
    target: &WorkspaceTarget,
    desired_member: DesiredMember,
    notify: Notify,
    how: &How,
    output: Output,
) -> Result<Report> {
    if let Some(warning) = connection.own.warning() {
        output.warn(&format!("{}: {warning}", connection.name));
    }
    let who = desired_member.who.clone();
    let operation = match desired_member.membership {
        DesiredMembership::Absent => Operation::Remove,
        DesiredMembership::SetRole(_) => Operation::SetRole,
        _ => Operation::Add,
    };
    if operation != Operation::Add {
        // Nobody loses anything as long as it is not known who is left.
        let roster = connection.members.capabilities().require(Capability::Roster, Operation::ListMembers);
        roster.map_err(|error| Failure::from(error).at(&connection.name))?;
    }
    let (workspace, listed) = connection.one(&target.workspace).await?;
    let known = listed.into_iter().fold(Known::new(), Known::with_workspaces);
    let id = workspace.id.clone();
    let named = Some((connection.members.provider(), operation));
    let asked = DesiredWorkspace::new(Target::new(&connection.name, workspace.id), Mode::Additive)
        .with_notify(notify)
        .with_member(desired_member);
    let desired = Desired::new().with_workspace(asked).with_guards(guards(how));
    let handles = connections.handles(&[&connection.name])?;
    let options = ApplyOptions::new(&connections.state_dir)
        .with_guards(connections.guards.clone())
        .with_overrides(how.lift.overrides.iter().cloned().collect())
        .with_progress(progress::of_recovery());
    let at = |failure: Failure| Failure::at(failure, &connection.name);
    if how.dry_run {
        let known = known.with_guards(connections.guards.clone());
        let seen = Observed::read_knowing(&*connection.members, &connection.name, &desired, known).await;
        let seen = [seen.map_err(|error| at(Failure::from(error)))?];
        tell_unread(&seen, output);
        let plan = Plan::compute(&desired, &seen, &connections.guards)
            .or_else(|refused| refused.overridden(&options.overrides))
            .map_err(|refused| at(planned::refused(&refused, named)))?;
        let Some(step) = plan.steps.first() else {
            let mut answer = unchanged(connection, target, &who, &seen, &plan.kept);
            answer.json["plan"] = json!(plan);
            return Ok(answer);
        };
        let before = member(&seen, &id, &step.principal);
        let mut answer = report(connection, "pending", before.as_ref(), format!("would {step}"));
        answer.json["plan"] = json!(plan);
        answer.sheets.push(planned::sheet(&plan));
        answer.exit = Exit::Pending;
        return Ok(answer);
    }
    let options = options.with_known(&connection.name, known);
    let done = match sync::apply_desired(&handles, &desired, &options).await {
        Ok(done) => done,
        Err(ApplyError::Refused(refused)) => return Err(at(planned::refused(&refused, named))),
        Err(error) => return Err(at(planned::not_applied(error))),
    };
    tell_unread(&done.found, output);
    let Some(step) = done.steps.first() else {
        return Ok(unchanged(connection, target, &who, &done.observed, &done.kept));
    };
    if let Some(why) = &done.last_reading {
        output.note(&format!("{}: the result could not be read back: {why}", connection.name));
    }
    let principal = &step.step.principal;
    let after = member(&done.observed, &id, principal)
        .or_else(|| member(&done.found, &id, principal))
        .or_else(|| confirmed(connection, step));
    match step.outcome {
        StepOutcome::Applied if step.error.is_none() => {
            let line = format!("{}: {}", step.outcome, step.step);
            Ok(report(connection, "applied", after.as_ref(), line))
        }
        StepOutcome::Unchanged => {
            Ok(report(connection, "unchanged", after.as_ref(), format!("unchanged: {}", step.step)))
        }
        _ => Err(at(not_done(step))),
    }
}

/// What was needed and could not be read.
fn tell_unread(seen: &[Observed], output: Output) {
    for seen in seen {
        for unread in seen.unread() {
            output.note(&format!("{}: could not be read: {unread}", seen.connection()));
        }
    }
}

/// Nothing was to be done.
fn unchanged(
    connection: &Connection,
    target: &WorkspaceTarget,
    who: &sync::Entry,
    observed: &[Observed],
    kept: &[Kept],
) -> Report {
    let found = find(observed, who);
    let line = match (kept.first(), &found) {
        (Some(kept), _) => format!("unchanged: {kept}"),
        (None, Some(member)) => format!("unchanged: {who} is {} in {target} already", member.native_role),
        (None, None) => format!("unchanged: {who} is not a member of {target}"),
    };
    report(connection, "unchanged", found.as_ref(), line)
}

/// What the options allow. The host's own guards are on top, and can only be stricter.
fn guards(how: &How) -> Guards {
    let mut guards = Guards::new();
    if how.allow_remove_then_add {
        guards = guards.with_remove_then_add(true);
    }
    if how.allow_billable {
        guards = guards.with_billable(true);
    }
    guards
}

/// A step that was not carried out, or of which that is not known.
fn not_done(step: &StepReport) -> Failure {
    let message = step.message.clone().unwrap_or_else(|| format!("{}: {}", step.outcome, step.step));
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

/// Everything that can be refused without asking the provider.
fn check_add(
    connection: &Connection,
    target: &WorkspaceTarget,
    who: &Who,
    role: &Role,
    notify: Notify,
) -> workspace_members::Result<()> {
    let capabilities = connection.members.capabilities();
    // Which workspace and who do not matter yet.
    let somebody: PrincipalId = match kind(who) {
        PrincipalKind::Group => PrincipalId::Group(1.into()),
        _ => PrincipalId::User(1.into()),
    };
    let workspace = WorkspaceId::new(&target.workspace)?;
    let request = AddMember::new(workspace, somebody, role.clone()).with_notify(notify);
    let in_two_steps = capabilities.roles().resolve(role).is_ok_and(|resolved| resolved.custom)
        && capabilities.has(Capability::SetCustomRole);
    match capabilities.check_add(&request) {
        Err(_) if in_two_steps => Ok(()),
        other => other.map(drop),
    }
}

fn kind(who: &Who) -> PrincipalKind {
    match who {
        Who::Email(_) => PrincipalKind::User,
        Who::Id(id) => id.kind(),
    }
}

fn member(observed: &[Observed], workspace: &WorkspaceId, principal: &PrincipalId) -> Option<Member> {
    observed.iter().find_map(|seen| match seen.membership(workspace, principal) {
        Membership::Inside(member) => Some(member.clone()),
        _ => None,
    })
}

/// The member that the answer to a step confirmed, where they could not be read back.
fn confirmed(connection: &Connection, done: &StepReport) -> Option<Member> {
    let step = &done.step;
    let role = step.to.clone().filter(|_| done.outcome == StepOutcome::Applied)?;
    let key = MemberKey::new(step.target.workspace.clone(), step.principal.clone());
    Some(Member::new(key, role, connection.members.capabilities().roles()))
}

fn find(observed: &[Observed], who: &sync::Entry) -> Option<Member> {
    let is = |seen: &Observed, member: &Member| match who {
        sync::Entry::Who(Who::Id(id)) => seen.capabilities().same_principal(&member.key.principal, id),
        sync::Entry::Who(Who::Email(email)) => {
            let listed = |user: &User| user.email.as_ref() == Some(email);
            let listed = seen.users().into_iter().flatten().find(|user| listed(user));
            member.email.as_ref() == Some(email)
                || listed.is_some_and(|user| member.key.principal.as_user() == Some(&user.id))
        }
        _ => false,
    };
    observed.iter().find_map(|seen| seen.members().find(|member| is(seen, member)).cloned())
}

/// `{change, member}`.
fn report(connection: &Connection, change: &str, member: Option<&Member>, line: String) -> Report {
    let row = member.map_or(Value::Null, |member| {
        MemberRow::new(&connection.name, connection.provider(), member).value()
    });
    let mut sheet = Sheet::new(&MEMBER_COLUMNS);
    let mut title = Sheet::default();
    let tone = if change == "unchanged" { Tone::Quiet } else { Tone::Title };
    title.line(tone, line);
    let mut sheets = vec![title];
    if let Some(member) = member {
        sheet.push(member_cells(member));
        sheets.push(sheet);
    }
    let mut flat = if row.is_null() { json!({}) } else { row.clone() };
    flat["change"] = json!(change);
    let columns: Vec<&'static str> = ["change"].into_iter().chain(MemberRow::COLUMNS).collect();
    Report {
        json: json!({ "change": change, "member": row }),
        csv: (columns, vec![flat]),
        sheets,
        text: None,
        failures: Vec::new(),
        exit: Exit::Done,
    }
}
