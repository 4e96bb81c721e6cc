//! The current members as a desired state.

use crate::desired::{Desired, DesiredErrors, Target};
use crate::guards::Guards;
use crate::observe::Observed;
use crate::plan::{Directory, Unjudged};
use std::collections::BTreeMap;
use workspace_members_core::{Member, Role, Roster};

/// What was read cannot be written as a desired state that changes nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DumpError {
    /// A name that the provider shows cannot stand in a desired state.
    #[error("what the provider shows cannot be written as a desired state")]
    Unwritable(#[source] DesiredErrors),
    /// A plan from it would change something.
    #[error("the dump would change something: {0}")]
    NotNeutral(String),
}

/// Writes what was read as a desired state in TOML: authoritative, with account and name, and planning to nothing.
///
/// Members stand by address where that means one user only, else by id with the name as a comment. Made from
/// [`Observed::read_twice`], whose two readings agree. What is written is read back and planned before it is returned.
pub fn dump(observed: &[Observed]) -> Result<String, DumpError> {
    let mut lines = Vec::new();
    for seen in observed {
        let nobody = crate::People::new();
        let directory = Directory::new(seen, &nobody).with_addresses();
        for roster in seen.rosters().values() {
            workspace(&mut lines, seen, roster, &directory);
        }
    }
    if lines.is_empty() {
        return Ok(String::new());
    }
    lines.push(String::new());
    let text = lines.join("\n");
    let desired = Desired::from_toml(&text, "dump").map_err(DumpError::Unwritable)?;
    let draft = Unjudged::draft(&desired, observed, &Guards::new());
    let steps = draft.plan.steps.iter().map(ToString::to_string);
    let found: Vec<String> = steps.chain(draft.problems.iter().map(ToString::to_string)).collect();
    if found.is_empty() { Ok(text) } else { Err(DumpError::NotNeutral(found.join("; "))) }
}

fn workspace(lines: &mut Vec<String>, seen: &Observed, roster: &Roster, directory: &Directory<'_>) {
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push("[[workspace]]".to_owned());
    let mut line = |key: &str, value: &str| lines.push(format!("{key} = {}", quoted(value)));
    let target = Target::new(seen.connection(), roster.workspace().clone());
    line("target", &target.to_string());
    line("mode", "authoritative");
    let me = seen.me();
    if let Some(account) = me.and_then(|me| me.account_id.as_ref().or(me.account_name.as_ref())) {
        line("account", account);
    }
    if let Some(workspace) = seen.workspace(roster.workspace()) {
        line("name", &workspace.name);
    }
    lines.push("[workspace.members]".to_owned());
    // Highest first, and custom roles after the built-in ones.
    let mut lists: BTreeMap<(usize, String), Vec<&Member>> = BTreeMap::new();
    for member in roster {
        let rank =
            Role::BUILT_IN.iter().position(|role| *role == member.role).unwrap_or(Role::BUILT_IN.len());
        lists.entry((rank, member.role.to_string())).or_default().push(member);
    }
    if lists.is_empty() {
        lines.push("owner = []".to_owned());
    }
    for ((_, role), members) in lists {
        let key = if role.starts_with("native:") { quoted(&role) } else { role };
        lines.push(format!("{key} = ["));
        lines.extend(members.into_iter().map(|member| format!("  {}", entry(member, directory))));
        lines.push("]".to_owned());
    }
}

/// `"ana@example.com",`, or `"user:7", # Ana` where the address is not known or has two users.
fn entry(member: &Member, directory: &Directory<'_>) -> String {
    if let Some(email) = &member.email
        && directory.users_of(email).len() == 1
    {
        return format!("{},", quoted(email.as_str()));
    }
    let id = quoted(&member.key.principal.to_string());
    let label = member.label();
    if label == member.key.principal.to_string() {
        return format!("{id},");
    }
    let comment: String = label.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{id}, # {comment}")
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() => quoted.extend(format!("\\U{:08X}", u32::from(c)).chars()),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
