//! Plans, refusals and reports, as people and scripts see them.

use crate::exit::Exit;
use crate::failure::{self, Failure};
use crate::report::{Report, Sheet, Tone, counted, member_row};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use workspace_members::sync::{
    self, Action, ApplyError, Cause, Kept, Observed, Plan, Problem, Recovery, Refusal, Refused, StepOutcome,
    StepReport,
};
use workspace_members::{Effect, Error, ErrorKind, Fit};

const STEP_HEADING: &str = "number,target,action,principal,label,from,to,fit,strategy,outcome,reason,message";

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
        kept(&plan.kept, &mut sheet);
        return sheet;
    }
    sheet.line(Tone::Title, format!("Plan: {}", counted(plan.steps.len(), "change")));
    for step in &plan.steps {
        let (tone, sign) = tone(step.action);
        sheet.line(tone, format!("  {sign} {step}"));
        let mut why = vec![step.reason.clone()];
        why.extend(match step.fit {
            None | Some(Fit::Exact) => None,
            Some(Fit::Narrower) => Some("the provider's role grants less".to_owned()),
            Some(Fit::Wider) => Some("the provider's role grants more".to_owned()),
            Some(_) => Some("the provider's role grants other rights".to_owned()),
        });
        why.extend((step.strategy != sync::Strategy::Atomic).then(|| step.strategy.to_string()));
        why.extend(step.consequences.iter().map(ToString::to_string));
        why.push(counted(step.requests, "request"));
        sheet.line(Tone::Quiet, format!("      {}", why.join("; ")));
    }
    kept(&plan.kept, &mut sheet);
    let requests = counted(plan.requests.total(), "request");
    let time = match plan.eta_seconds {
        0 => String::new(),
        seconds => format!(", {seconds} s at the least under the account's limits"),
    };
    let line = format!("At most {requests} ({}){time}.", counted(plan.requests.writes, "write"));
    sheet.line(Tone::Plain, line);
    sheet
}

fn kept(kept: &[Kept], sheet: &mut Sheet) {
    for kept in kept {
        sheet.line(Tone::Quiet, format!("  = {kept}"));
    }
}

/// A plan as the answer of `wsm plan`.
pub(crate) fn plan(plan: &Plan) -> Report {
    let rows = plan.steps.iter().map(|step| row(step, None)).collect();
    let mut report = Report::rows(STEP_HEADING, rows, vec![sheet(plan)]);
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
pub(crate) fn refused(refused: &Refused) -> Failure {
    let guard = refused.refusals.iter().find(|refusal| refusal.guard().is_some());
    let first = guard.or(refused.refusals.first());
    let error_kind = match first.map(|refusal| refusal.cause) {
        Some(Cause::Problem(problem)) => kind(problem),
        _ => ErrorKind::Protected,
    };
    let advice = first.map(|refusal| refusal.advice.clone());
    let fields = vec![
        ("guard", json!(first.and_then(Refusal::guard))),
        ("step", json!(first.and_then(|refusal| refusal.step))),
        ("people", json!(first.map(|refusal| refusal.people.clone()))),
        ("fingerprint", json!(refused.plan.fingerprint)),
        ("refusals", json!(refused.refusals)),
    ];
    // One that is no guard's needs no list.
    if let ([one], None) = (refused.refusals.as_slice(), guard) {
        let mut failure = Failure::from(Error::new(error_kind, Effect::Rejected, one.to_string()));
        (failure.advice, failure.fields) = (advice, fields);
        return failure;
    }
    let message = "the plan is refused; nothing was changed";
    let mut failure = Failure::from(Error::new(error_kind, Effect::Rejected, message));
    for (index, refusal) in refused.refusals.iter().enumerate() {
        let step = refusal.step.map(|step| format!(" (step {step})")).unwrap_or_default();
        failure.lines.push(format!("  {refusal}{step}"));
        let same = |next: &Refusal| next.cause == refusal.cause && next.advice == refusal.advice;
        if refused.refusals.get(index + 1).is_some_and(same) {
            // What to do is shown once for all that follow each other.
            continue;
        }
        failure.lines.push(format!("    advice: {}", refusal.advice));
        if let (Some(guard), true) = (refusal.guard(), refusal.overridable) {
            let fingerprint = &refused.plan.fingerprint;
            failure
                .lines
                .push(format!("    to lift it for this very plan: --override {guard}={fingerprint}"));
        }
    }
    failure.fields = fields;
    failure.fields.push(("advice", json!(advice)));
    if guard.is_some() {
        failure.exit = Exit::Refused;
    }
    failure
}

/// Why a plan was not carried out.
pub(crate) fn not_applied(error: ApplyError) -> Failure {
    let line = failure::line(&error);
    let plain = |kind, advice: &str| {
        Failure::from(Error::new(kind, Effect::NotApplied, line.clone())).advising(advice)
    };
    match error {
        ApplyError::Refused(refusal) => refused(&refusal),
        ApplyError::Stale { changed, now, .. } => {
            let advice = "plan again, or say --replan to carry out what would be planned now";
            let mut failure = plain(ErrorKind::ListingChanged, advice);
            failure.exit = Exit::Refused;
            failure.fields = vec![("stale", json!(changed)), ("fingerprint", json!(now.fingerprint))];
            failure
        }
        ApplyError::Read { connection, source } => Failure::from(source).at(&connection),
        ApplyError::Unrecovered { ref source, .. } => {
            let advice =
                "somebody may be without access: add them by hand, or run again when the provider answers";
            let error = source.clone().with_message(format!("{error}: {}", source.message()));
            Failure { exit: Exit::Failed, ..Failure::from(error).advising(advice) }
        }
        ApplyError::Locked { .. } => plain(ErrorKind::Unavailable, "wait for the other run to end"),
        ApplyError::State(sync::StateError::LeaseLost { .. }) => {
            plain(ErrorKind::Unavailable, "wait for the other run to end, then plan again")
        }
        ApplyError::NoConnection(_) => Failure::input(line),
        _ => plain(ErrorKind::RecordFailed, "make the folder writable, or set XDG_STATE_HOME"),
    }
}

/// What came of a plan that was shown: how many steps ended how, those of which there is more to say, and what is there
/// now.
pub(crate) fn applied(report: &sync::Report) -> Report {
    let mut sheet = Sheet::default();
    unread(&report.found, &mut sheet);
    for recovered in &report.recovered {
        sheet.line(Tone::Change, format!("  {}", recovering(recovered)));
    }
    for done in
        report.steps.iter().filter(|done| done.outcome != StepOutcome::Applied || done.message.is_some())
    {
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
        (Some(0), _) if !report.is_complete() => "Not everything was done: see above.".to_owned(),
        (Some(0), _) if !report.kept.is_empty() => {
            format!(
                "No changes remain; {} kept otherwise than desired.",
                counted(report.kept.len(), "member")
            )
        }
        (Some(0), _) => "No changes remain: all workspaces match the desired state.".to_owned(),
        (Some(left), _) => format!("Still to do: {}; plan again.", counted(left, "change")),
        (None, why) => {
            format!("The result could not be read back: {}", why.as_deref().unwrap_or("no answer"))
        }
    };
    let mut counts: BTreeMap<StepOutcome, usize> = BTreeMap::new();
    for done in &report.steps {
        *counts.entry(done.outcome).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
    if !counts.is_empty() {
        sheet.line(Tone::Title, format!("{}: {}.", counted(report.steps.len(), "change"), counts.join(", ")));
    }
    sheet.line(Tone::Title, summary);
    let mut sheets = vec![sheet];
    sheets.extend(overview("After:", &report.observed).filter(|_| !report.steps.is_empty()));
    let rows = report.steps.iter().map(|done| row(&done.step, Some(done))).collect();
    let mut answer = Report::rows(STEP_HEADING, rows, sheets);
    answer.json = json!(report);
    answer.json["rosters"] = members(&report.observed);
    answer.exit = exit(report);
    answer
}

/// What became of somebody whom an earlier run may have left without access.
pub(crate) fn recovering(recovered: &sync::Recovered) -> String {
    let open_change = &recovered.open_change;
    let (who, target) = (&open_change.label, format!("{}:{}", open_change.connection, open_change.workspace));
    let (from, to) = (&open_change.from, &open_change.to);
    match recovered.how {
        Recovery::Inside => format!("{who} is in {target}: what an earlier run began is done"),
        Recovery::Added => {
            format!("{who} had no access to {target} since an earlier run, and was added as {to}")
        }
        Recovery::PutBack => {
            format!("{who} had no access to {target} since an earlier run, and was put back as {from}")
        }
        Recovery::Gone => {
            format!("{who} may have lost access to {target} in an earlier run, and no longer exists")
        }
        _ => format!(
            "{who} may have no access to {target} since an earlier run: add them as {to} by hand, or run again over \
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

/// In a line per workspace whose members were read: how many, and how many of each role.
pub(crate) fn overview(title: &str, observed: &[Observed]) -> Option<Sheet> {
    let mut sheet = Sheet::new(&["TARGET", "NAME", "MEMBERS", "ROLES"]).titled(title);
    for seen in observed {
        for (id, roster) in seen.rosters() {
            let mut roles: BTreeMap<&str, usize> = BTreeMap::new();
            for member in roster {
                *roles.entry(member.native_role.as_str()).or_default() += 1;
            }
            let roles: Vec<String> = roles.iter().map(|(role, count)| format!("{count} {role}")).collect();
            sheet.push([
                format!("{}:{id}", seen.connection()),
                seen.workspace(id).map(|workspace| workspace.name.clone()).unwrap_or_default(),
                roster.len().to_string(),
                roles.join(", "),
            ]);
        }
    }
    (!sheet.rows.is_empty()).then_some(sheet)
}

/// The rosters that were read, for scripts: as `wsm list` answers them.
fn members(observed: &[Observed]) -> Value {
    let rows = observed.iter().flat_map(|seen| {
        let members = seen.rosters().values().flatten();
        members.map(|member| member_row(seen.connection(), seen.provider().as_str(), member))
    });
    Value::Array(rows.collect())
}
