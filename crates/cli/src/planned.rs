//! Plans, refusals and reports, as people and scripts see them.

use crate::connections::Connections;
use crate::exit::Exit;
use crate::failure::{self, Failure, More};
use crate::report::{MemberRow, Report, Sheet, Tone};
use serde_json::{Map, Value, json};
use workspace_members::sync::{
    self, Action, ApplyError, Cause, Kept, Observed, Plan, Problem, Recovery, Refusal, Refused, StepOutcome,
    StepReport,
};
use workspace_members::{Effect, Error, ErrorKind, Operation, Provider};

pub(crate) const STEP_COLUMNS: [&str; 12] = [
    "number",
    "target",
    "action",
    "principal",
    "label",
    "from",
    "to",
    "fit",
    "strategy",
    "outcome",
    "reason",
    "message",
];

fn tone(action: Action) -> (Tone, char) {
    match action {
        Action::Add => (Tone::Gain, '+'),
        Action::Promote => (Tone::Gain, '^'),
        Action::Change => (Tone::Change, '~'),
        Action::Demote => (Tone::Change, 'v'),
        Action::Remove => (Tone::Loss, '-'),
    }
}

/// One sentence per step, with its reason and its cost.
pub(crate) fn sheet(plan: &Plan) -> Sheet {
    let mut sheet = Sheet::default();
    if plan.is_empty() {
        sheet.line(Tone::Title, "Nothing to change.");
    } else {
        sheet.line(Tone::Title, format!("Plan: {}", counted(plan.steps.len(), "change")));
    }
    for step in &plan.steps {
        let (tone, sign) = tone(step.action);
        sheet.line(tone, format!("  {sign} {step}"));
        let mut why = step.reason.clone();
        if let Some(fit) = step.fit.filter(|fit| *fit != workspace_members::Fit::Exact) {
            why = format!("{why}; {}", fitting(fit));
        }
        if step.strategy != sync::Strategy::Atomic {
            why = format!("{why}; {}", step.strategy);
        }
        for consequence in &step.consequences {
            why = format!("{why}; {consequence}");
        }
        sheet.line(Tone::Quiet, format!("      {why}; {}", counted(step.requests, "request")));
    }
    kept(&plan.kept, &mut sheet);
    if !plan.is_empty() {
        let requests = counted(plan.requests.total(), "request");
        let time = match plan.eta_seconds {
            0 => String::new(),
            seconds => format!(", {seconds} s at the least under the account's limits"),
        };
        let line = format!("At most {requests} ({} of them writes){time}.", plan.requests.writes);
        sheet.line(Tone::Plain, line);
    }
    sheet
}

fn fitting(fit: workspace_members::Fit) -> &'static str {
    match fit {
        workspace_members::Fit::Exact => "the provider's role is the same",
        workspace_members::Fit::Narrower => "the provider's role grants less",
        workspace_members::Fit::Wider => "the provider's role grants more",
        workspace_members::Fit::Incomparable => "the provider's role grants other rights",
    }
}

fn kept(kept: &[Kept], sheet: &mut Sheet) {
    for kept in kept {
        sheet.line(Tone::Quiet, format!("  = {kept}"));
    }
}

/// `1 change`, `2 changes`.
pub(crate) fn counted(count: impl Into<Count>, what: &str) -> String {
    let Count(count) = count.into();
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Any whole number that counts.
pub(crate) struct Count(u64);

impl From<u64> for Count {
    fn from(count: u64) -> Self {
        Self(count)
    }
}

impl From<usize> for Count {
    fn from(count: usize) -> Self {
        Self(count as u64)
    }
}

/// A plan as the answer of `wsm plan`.
pub(crate) fn plan(plan: &Plan) -> Report {
    let rows = plan.steps.iter().map(|step| row(step, None)).collect();
    let mut report = Report::rows(&STEP_COLUMNS, rows, vec![sheet(plan)]);
    report.json = json!(plan);
    report.exit = if plan.is_empty() { Exit::Done } else { Exit::Pending };
    report
}

fn row(step: &sync::Step, done: Option<&StepReport>) -> Value {
    json!({
        "number": step.number,
        "target": step.target,
        "action": step.action,
        "principal": step.principal.to_string(),
        "label": step.label,
        "from": step.from,
        "to": step.to,
        "fit": step.fit,
        "strategy": step.strategy,
        "outcome": done.map(|done| done.outcome),
        "reason": step.reason,
        "message": done.and_then(|done| done.message.clone()),
    })
}

/// What a refused desired state is called among errors.
fn kind(problem: Problem) -> ErrorKind {
    match problem {
        Problem::UnknownPerson | Problem::NotAMember => ErrorKind::NotFound,
        Problem::Ambiguous => ErrorKind::Ambiguous,
        Problem::Role => ErrorKind::InvalidRole,
        Problem::Unsupported => ErrorKind::Unsupported,
        Problem::Immovable => ErrorKind::Protected,
        Problem::AlreadyMember => ErrorKind::AlreadyMember,
        Problem::NotManageable => ErrorKind::Forbidden,
        _ => ErrorKind::InvalidInput,
    }
}

/// A refusal names its guards, steps and people, and how a guard can be lifted.
pub(crate) fn refused(refused: &Refused, one: Option<(Provider, Operation)>) -> Failure {
    let guard = refused.refusals.iter().find(|refusal| refusal.guard().is_some());
    let first = guard.or(refused.refusals.first());
    let error_kind = match first.map(|refusal| refusal.cause) {
        Some(Cause::Problem(problem)) => kind(problem),
        _ => ErrorKind::Protected,
    };
    let mut fields = Map::new();
    fields.insert("guard".to_owned(), json!(first.and_then(Refusal::guard)));
    fields.insert("step".to_owned(), json!(first.and_then(|refusal| refusal.step)));
    fields.insert("people".to_owned(), json!(first.map(|refusal| refusal.people.clone())));
    fields.insert("fingerprint".to_owned(), json!(refused.plan.fingerprint));
    fields.insert("refusals".to_owned(), json!(refused.refusals));
    let mut lines = Vec::new();
    for (index, refusal) in refused.refusals.iter().enumerate() {
        let step = refusal.step.map(|step| format!(" (step {step})")).unwrap_or_default();
        lines.push(format!("  {refusal}{step}"));
        let same = |next: &Refusal| next.cause == refusal.cause && next.advice == refusal.advice;
        if refused.refusals.get(index + 1).is_some_and(same) {
            // What to do is said once for all that follow each other.
            continue;
        }
        lines.push(format!("    advice: {}", refusal.advice));
        if let (Some(guard), true) = (refusal.guard(), refusal.overridable) {
            let fingerprint = &refused.plan.fingerprint;
            lines.push(format!("    to lift it for this very plan: --override {guard}={fingerprint}"));
        }
    }
    let message = match refused.refusals.as_slice() {
        // One needs no list.
        [one] if one.guard().is_none() => {
            lines.clear();
            one.to_string()
        }
        _ => "the plan is refused; nothing was changed".to_owned(),
    };
    let advice = first.map(|refusal| refusal.advice.clone());
    let mut error = Error::new(error_kind, Effect::Rejected, message);
    if let Some((provider, operation)) = one {
        error = error.with_provider(provider).with_operation(operation);
    }
    let mut failure = Failure::from(error);
    if lines.is_empty() {
        failure.advice = advice;
    } else {
        fields.insert("advice".to_owned(), json!(advice));
    }
    if guard.is_some() {
        failure.exit = Exit::Refused;
    }
    failure.more = Some(Box::new(More { fields, lines }));
    failure
}

/// Why a plan was not carried out.
pub(crate) fn not_applied(error: ApplyError) -> Failure {
    let plain = |kind, advice: &str, error: &ApplyError| {
        Failure::from(Error::new(kind, Effect::NotApplied, failure::line(error))).advising(advice)
    };
    match error {
        ApplyError::Refused(refusal) => refused(&refusal, None),
        ApplyError::Stale { planned, changed, now } => {
            let error = ApplyError::Stale { planned, changed: changed.clone(), now: now.clone() };
            let mut failure = plain(
                ErrorKind::ListingChanged,
                "plan again, or say --replan to carry out what would be planned now",
                &error,
            );
            failure.exit = Exit::Refused;
            let mut more = More::default();
            more.fields.insert("stale".to_owned(), json!(changed));
            more.fields.insert("fingerprint".to_owned(), json!(now.fingerprint));
            failure.more = Some(Box::new(more));
            failure
        }
        ApplyError::Read { connection, source } => Failure::from(source).at(&connection),
        ApplyError::Unrecovered { ref source, .. } => {
            let advice =
                "somebody may be without access: add them by hand, or run again when the provider answers";
            let told = source.clone().with_message(format!("{error}: {}", source.message()));
            Failure::from(told).advising(advice)
        }
        ApplyError::Locked { .. } => plain(ErrorKind::Unavailable, "wait for the other run to end", &error),
        ApplyError::NoConnection(_) => Failure::input(error.to_string()),
        _ => plain(ErrorKind::RecordFailed, "make the folder writable, or set XDG_STATE_HOME", &error),
    }
}

/// What came of a plan: each step, then the rosters as they are now.
pub(crate) fn applied(report: &sync::Report, connections: &Connections) -> Report {
    let mut sheet = Sheet::default();
    unread(&report.found, &mut sheet);
    for recovered in &report.recovered {
        sheet.line(Tone::Change, format!("  {}", recovering(recovered)));
    }
    for done in &report.steps {
        let tone = match done.outcome {
            StepOutcome::Applied => Tone::Gain,
            StepOutcome::Unchanged => Tone::Quiet,
            StepOutcome::Skipped => Tone::Change,
            StepOutcome::Failed | StepOutcome::Unknown => Tone::Loss,
        };
        sheet.line(tone, format!("  {:<9} {}", done.outcome, done.step));
        for (label, text) in [("", &done.message), ("advice: ", &done.advice)] {
            if let Some(text) = text {
                sheet.line(Tone::Quiet, format!("            {label}{text}"));
            }
        }
    }
    kept(&report.kept, &mut sheet);
    let summary = match (report.remaining, &report.last_reading) {
        (Some(0), _) => "No changes remain: all workspaces match the desired state.".to_owned(),
        (Some(left), _) => format!("{} remain; plan again.", counted(left, "change")),
        (None, why) => {
            format!("The result could not be read back: {}", why.as_deref().unwrap_or("no answer"))
        }
    };
    sheet.line(Tone::Title, summary);
    let mut sheets = vec![sheet];
    sheets.extend(rosters(&report.observed));
    let rows = report.steps.iter().map(|done| row(&done.step, Some(done))).collect();
    let mut answer = Report::rows(&STEP_COLUMNS, rows, sheets);
    answer.json = json!(report);
    answer.json["rosters"] = members(&report.observed, connections);
    answer.exit = exit(report);
    answer
}

/// What became of somebody whom an earlier run may have left without access.
pub(crate) fn recovering(recovered: &sync::Recovered) -> String {
    let open_change = &recovered.open_change;
    let (who, place) = (&open_change.label, format!("{}:{}", open_change.connection, open_change.workspace));
    let (from, to) = (&open_change.from, &open_change.to);
    match recovered.how {
        Recovery::Inside => format!("{who} is in {place}: what an earlier run began is done"),
        Recovery::Added => {
            format!("{who} had no access to {place} since an earlier run, and was added as {to}")
        }
        Recovery::PutBack => {
            format!("{who} had no access to {place} since an earlier run, and was put back as {from}")
        }
        Recovery::Gone => {
            format!("{who} may have lost access to {place} in an earlier run, and no longer exists")
        }
        _ => format!(
            "{who} may have no access to {place} since an earlier run: add them as {to} by hand, or run again over \
             that connection when its key sees the workspace"
        ),
    }
}

/// What was needed and could not be read, for people.
pub(crate) fn unread(observed: &[Observed], sheet: &mut Sheet) {
    for seen in observed {
        for unread in seen.unread() {
            sheet.line(Tone::Change, format!("  {}: could not be read: {unread}", seen.connection()));
        }
    }
}

fn exit(report: &sync::Report) -> Exit {
    let good = report.count(StepOutcome::Applied) + report.count(StepOutcome::Unchanged);
    let untouched = report.count(StepOutcome::Unknown) == 0 && !report.changed();
    if report.is_complete() {
        Exit::Done
    } else if good > 0 {
        Exit::Partly
    } else if untouched && report.steps.iter().any(|step| step.refusal.is_some()) {
        Exit::Refused
    } else {
        Exit::Failed
    }
}

/// What was found, in a line per workspace: how many members, and how many of each role.
pub(crate) fn overview(observed: &[Observed]) -> Sheet {
    let mut sheet = Sheet::new(&["TARGET", "NAME", "MEMBERS", "ROLES"]).titled("Now:");
    for seen in observed {
        for (id, roster) in seen.rosters() {
            let mut roles: Vec<(String, usize)> = Vec::new();
            for member in roster {
                let role = member.native_role.to_string();
                match roles.iter_mut().find(|(known, _)| *known == role) {
                    Some((_, count)) => *count += 1,
                    None => roles.push((role, 1)),
                }
            }
            roles.sort();
            let roles: Vec<String> = roles.iter().map(|(role, count)| format!("{count} {role}")).collect();
            sheet.push([
                format!("{}:{id}", seen.connection()),
                seen.workspace(id).map(|workspace| workspace.name.clone()).unwrap_or_default(),
                roster.len().to_string(),
                roles.join(", "),
            ]);
        }
    }
    sheet
}

/// The rosters that were read, for people.
pub(crate) fn rosters(observed: &[Observed]) -> Vec<Sheet> {
    let sheets = observed.iter().flat_map(|seen| {
        seen.rosters().iter().map(|(id, roster)| {
            let name = seen.workspace(id).map(|workspace| workspace.name.clone());
            crate::report::roster_sheet(seen.connection(), id, name.as_deref(), roster.members())
        })
    });
    sheets.collect()
}

/// The rosters that were read, for scripts: as `wsm list` answers them.
fn members(observed: &[Observed], connections: &Connections) -> Value {
    let rows = observed.iter().flat_map(|seen| {
        let provider =
            connections.named(seen.connection()).map(|connection| connection.provider().to_owned());
        let provider = provider.unwrap_or_default();
        seen.rosters()
            .values()
            .flat_map(sync_members)
            .map(move |member| MemberRow::new(seen.connection(), &provider, member).value())
            .collect::<Vec<_>>()
    });
    Value::Array(rows.collect())
}

fn sync_members(roster: &workspace_members::Roster) -> &[workspace_members::Member] {
    roster.members()
}
