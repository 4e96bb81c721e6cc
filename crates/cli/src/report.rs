//! The answer of a command, in every form at once, so that a command knows nothing of formats.

use crate::exit::Exit;
use crate::failure::Failure;
use serde_json::{Value, json};
use std::fmt::Display;
use workspace_members::{Member, Role, WorkspaceId};

/// The answer of one command. The default is silent: for a command that has written its answer itself.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// For scripts.
    pub(crate) json: Value,
    /// For spreadsheets: the heading, and objects that have its columns.
    pub(crate) csv: (&'static str, Vec<Value>),
    /// For people.
    pub(crate) sheets: Vec<Sheet>,
    /// For people, in place of tables: a file.
    pub(crate) text: Option<String>,
    /// What went wrong with single parts.
    pub(crate) failures: Vec<Failure>,
    pub(crate) exit: Exit,
}

impl Report {
    /// Rows that are alike in all forms but the table.
    pub(crate) fn rows(heading: &'static str, rows: Vec<Value>, sheets: Vec<Sheet>) -> Self {
        Self { json: Value::Array(rows.clone()), csv: (heading, rows), sheets, ..Self::default() }
    }

    /// A document for each connection with a list of something in it. The rows are the entries of all lists.
    pub(crate) fn lists(
        heading: &'static str,
        list: &str,
        documents: Vec<Value>,
        sheets: Vec<Sheet>,
    ) -> Self {
        let rows = documents.iter().flat_map(|document| {
            document[list].as_array().into_iter().flatten().cloned().map(|mut row| {
                for name in ["connection", "provider"] {
                    row[name] = document[name].clone();
                }
                row
            })
        });
        Self { csv: (heading, rows.collect()), json: Value::Array(documents), sheets, ..Self::default() }
    }

    /// Adds what failed, which decides the exit code.
    pub(crate) fn with_failures(mut self, succeeded: usize, failures: Vec<Failure>) -> Self {
        self.exit = Exit::of_parts(succeeded, failures.iter().map(|failure| failure.exit));
        self.failures = failures;
        self
    }
}

/// One table for people, with a line above and lines below.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) title: Option<String>,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) below: Vec<(Tone, String)>,
}

/// How a line is coloured on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Title,
    /// Less important.
    Quiet,
    /// Somebody gains.
    Gain,
    /// Somebody changes, or loses a part.
    Change,
    /// Somebody loses all, or something failed.
    Loss,
}

impl Sheet {
    pub(crate) fn new(columns: &[&'static str]) -> Self {
        Self { columns: columns.to_vec(), ..Self::default() }
    }

    pub(crate) fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Adds a line below.
    pub(crate) fn line(&mut self, tone: Tone, text: impl Into<String>) {
        self.below.push((tone, text.into()));
    }

    pub(crate) fn push(&mut self, row: impl IntoIterator<Item = String>) {
        self.rows.push(row.into_iter().collect());
    }
}

/// `1 change`, `2 changes`.
pub(crate) fn counted(count: impl Display, what: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// The fields of a [`member_row`].
pub(crate) const MEMBER_HEADING: &str =
    "connection,provider,workspace,kind,id,membership_id,email,name,role,native_role,fit,status";

/// A member as scripts see one. The names are part of the interface. A role is `"owner"` or `{"custom": "Reviewer"}`.
pub(crate) fn member_row(connection: &str, provider: &str, member: &Member) -> Value {
    let key = &member.key;
    json!({
        "connection": connection,
        "provider": provider,
        "workspace": key.workspace.as_str(),
        "kind": key.principal.kind(),
        "id": key.principal.as_str(),
        "membership_id": key.membership.as_ref().map(ToString::to_string),
        "email": member.email.as_ref().map(ToString::to_string),
        "name": member.name,
        "role": member.role,
        "native_role": member.native_role.as_str(),
        "fit": member.fit.map(|fit| fit.to_string()),
        "status": member.status.to_string(),
    })
}

/// The columns of [`member_cells`].
pub(crate) const MEMBER_COLUMNS: [&str; 7] = ["WHO", "KIND", "ROLE", "NATIVE ROLE", "FIT", "STATUS", "MARKS"];

/// A member in a table.
pub(crate) fn member_cells(member: &Member) -> Vec<String> {
    let who = match (&member.email, &member.name) {
        (Some(email), _) => email.to_string(),
        // Only the id addresses them, so it must be on the page.
        (None, Some(name)) => format!("{} {name}", member.key.principal),
        (None, None) => member.key.principal.to_string(),
    };
    let role = match &member.role {
        Role::Custom(_) => "custom".to_owned(),
        built_in => built_in.to_string(),
    };
    vec![
        who,
        member.key.principal.kind().to_string(),
        role,
        member.native_role.to_string(),
        member.fit.map(|fit| fit.to_string()).unwrap_or_default(),
        member.status.to_string(),
        member.marks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    ]
}

/// Everybody in a workspace, the highest roles first.
pub(crate) fn roster_sheet(
    connection: &str,
    workspace: &WorkspaceId,
    name: Option<&str>,
    members: &[Member],
) -> Sheet {
    let name = name.filter(|name| !name.is_empty()).map(|name| format!("  {name}")).unwrap_or_default();
    let count = counted(members.len(), "member");
    let mut sheet = Sheet::new(&MEMBER_COLUMNS).titled(format!("{connection}:{workspace}{name}  ({count})"));
    let mut members: Vec<&Member> = members.iter().collect();
    members.sort_by_cached_key(|member| {
        let rank = Role::BUILT_IN.iter().position(|role| *role == member.role);
        (rank.unwrap_or(usize::MAX), member.key.principal.kind(), member.label().to_lowercase())
    });
    sheet.rows.extend(members.into_iter().map(member_cells));
    sheet
}
