//! What a command has to say, in every form at once, so that a command knows nothing of formats.

use crate::exit::Exit;
use crate::failure::Failure;
use serde::Serialize;
use serde_json::{Value, json};
use workspace_members::{Member, PrincipalKind, Role, WorkspaceId};

/// The answer of one command.
#[derive(Debug)]
pub(crate) struct Report {
    /// For scripts.
    pub(crate) json: Value,
    /// For spreadsheets: the columns, and objects that have them.
    pub(crate) csv: (Vec<&'static str>, Vec<Value>),
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
    pub(crate) fn rows(columns: &[&'static str], rows: Vec<Value>, sheets: Vec<Sheet>) -> Self {
        Self {
            json: Value::Array(rows.clone()),
            csv: (columns.to_vec(), rows),
            sheets,
            text: None,
            failures: Vec::new(),
            exit: Exit::Done,
        }
    }

    /// Adds what failed, and judges the whole by it.
    pub(crate) fn with_failures(mut self, succeeded: usize, failures: Vec<Failure>) -> Self {
        self.exit = Exit::of_parts(succeeded, failures.len());
        self.failures = failures;
        self
    }

    /// Whether nothing at all came out.
    pub(crate) fn failed_whole(&self) -> bool {
        self.exit == Exit::Failed && !self.failures.is_empty()
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

/// A member as scripts see one. The names are part of the interface.
#[derive(Debug, Serialize)]
pub(crate) struct MemberRow {
    connection: String,
    provider: String,
    workspace: String,
    kind: PrincipalKind,
    id: String,
    membership_id: Option<String>,
    email: Option<String>,
    name: Option<String>,
    role: Value,
    native_role: String,
    fit: Option<String>,
    status: String,
}

impl MemberRow {
    pub(crate) const COLUMNS: [&'static str; 12] = [
        "connection",
        "provider",
        "workspace",
        "kind",
        "id",
        "membership_id",
        "email",
        "name",
        "role",
        "native_role",
        "fit",
        "status",
    ];

    pub(crate) fn new(connection: &str, provider: &str, member: &Member) -> Self {
        let key = &member.key;
        Self {
            connection: connection.to_owned(),
            provider: provider.to_owned(),
            workspace: key.workspace.to_string(),
            kind: key.principal.kind(),
            id: key.principal.as_str().to_owned(),
            membership_id: key.membership.as_ref().map(ToString::to_string),
            email: member.email.as_ref().map(ToString::to_string),
            name: member.name.clone(),
            role: role_value(&member.role),
            native_role: member.native_role.to_string(),
            fit: member.fit.map(|fit| fit.to_string()),
            status: member.status.to_string(),
        }
    }

    pub(crate) fn value(&self) -> Value {
        json!(self)
    }
}

/// `"owner"`, or `{"custom": "Legal Reviewer"}`.
pub(crate) fn role_value(role: &Role) -> Value {
    json!(role)
}

/// The cells of a member in a table: who, kind, role, native role, fit, status, marks.
pub(crate) const MEMBER_COLUMNS: [&str; 7] = ["WHO", "KIND", "ROLE", "NATIVE ROLE", "FIT", "STATUS", "MARKS"];

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

/// Everybody in a workspace; for people, who rules comes first.
pub(crate) fn roster_sheet(
    connection: &str,
    workspace: &WorkspaceId,
    name: Option<&str>,
    members: &[Member],
) -> Sheet {
    let mut title = format!("{connection}:{workspace}");
    for more in name.iter().filter(|name| !name.is_empty()) {
        title = format!("{title}  {more}");
    }
    let count = match members.len() {
        1 => "1 member".to_owned(),
        count => format!("{count} members"),
    };
    let mut sheet = Sheet::new(&MEMBER_COLUMNS).titled(format!("{title}  ({count})"));
    let mut members: Vec<&Member> = members.iter().collect();
    members.sort_by_cached_key(|member| {
        let rank = Role::BUILT_IN.iter().position(|role| *role == member.role);
        (rank.unwrap_or(usize::MAX), member.key.principal.kind(), member.label().to_lowercase())
    });
    for member in members {
        sheet.push(member_cells(member));
    }
    sheet
}
