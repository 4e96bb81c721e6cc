//! `wsm diff`.

use crate::args;
use crate::connections::Connections;
use crate::exit::Exit;
use crate::failure::Result;
use crate::input;
use crate::report::{Report, Sheet, Tone, counted};
use futures_util::future::try_join;
use serde_json::{Value, json};
use workspace_members::sync::{Diff, DiffMember, People, Side};

const HEADING: &str = "difference,who,left_role,left_native_role,right_role,right_native_role";

/// Compares two workspaces.
pub(crate) async fn run(connections: &Connections, args: &args::Diff) -> Result<Report> {
    let left = connections.named(&args.left.connection)?;
    let right = connections.named(&args.right.connection)?;
    let people = match &args.people {
        Some(file) => input::people(file)?,
        None => People::new(),
    };
    let (on_left, on_right) =
        try_join(left.roster(&args.left.workspace), right.roster(&args.right.workspace)).await?;
    let diff = Diff::compute(
        &Side::new(&left.name, left.members.capabilities(), &on_left),
        &Side::new(&right.name, right.members.capabilities(), &on_right),
        &people,
    );
    let mut report = Report::rows(HEADING, rows(&diff), vec![sheet(&diff)]);
    report.json = json!(diff);
    report.exit = if diff.is_empty() { Exit::Done } else { Exit::Pending };
    Ok(report)
}

fn row(difference: &str, who: &str, left: Option<&DiffMember>, right: Option<&DiffMember>) -> Value {
    json!({
        "difference": difference,
        "who": who,
        "left_role": left.map(|member| &member.role),
        "left_native_role": left.map(|member| member.native_role.as_str()),
        "right_role": right.map(|member| &member.role),
        "right_native_role": right.map(|member| member.native_role.as_str()),
    })
}

fn rows(diff: &Diff) -> Vec<Value> {
    let left = |name: &'static str| move |one: &DiffMember| row(name, &one.label, Some(one), None);
    let right = |name: &'static str| move |one: &DiffMember| row(name, &one.label, None, Some(one));
    let mut rows: Vec<Value> = diff.only_left.iter().map(left("only_left")).collect();
    rows.extend(diff.only_right.iter().map(right("only_right")));
    rows.extend(diff.roles.iter().map(|both| {
        let difference = if both.certain { "role" } else { "role_unknown" };
        row(difference, &both.who, Some(&both.left), Some(&both.right))
    }));
    rows.extend(diff.unmatched_left.iter().map(left("unmatched_left")));
    rows.extend(diff.unmatched_right.iter().map(right("unmatched_right")));
    rows.extend(diff.ambiguous.iter().map(|several| row("ambiguous", &several.who, None, None)));
    rows
}

fn sheet(diff: &Diff) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.line(Tone::Title, format!("< {}  > {}", diff.left, diff.right));
    let one = |member: &DiffMember| format!("{} ({}, {})", member.label, member.role, member.native_role);
    for member in &diff.only_left {
        sheet.line(Tone::Loss, format!("  < {}", one(member)));
    }
    for member in &diff.only_right {
        sheet.line(Tone::Gain, format!("  > {}", one(member)));
    }
    for both in &diff.roles {
        let unnamed = if both.certain { "" } else { "; a provider does not name one of them" };
        let role = |member: &DiffMember| format!("{} ({})", member.role, member.native_role);
        let line = format!("  ~ {}: {} and {}{unnamed}", both.who, role(&both.left), role(&both.right));
        sheet.line(Tone::Change, line);
    }
    for (side, members) in [("<", &diff.unmatched_left), (">", &diff.unmatched_right)] {
        for member in members {
            let line = format!("  {side} {} cannot be looked for on the other side", one(member));
            sheet.line(Tone::Quiet, line);
        }
    }
    for several in &diff.ambiguous {
        let names = several.left.iter().chain(&several.right).map(one).collect::<Vec<_>>().join(", ");
        sheet.line(Tone::Change, format!("  ? {} is ambiguous: {names}", several.who));
    }
    sheet.line(Tone::Plain, format!("{} on both sides in the same role.", counted(diff.same, "member")));
    sheet
}
