//! What a command has to say, in every form at once, so that a command knows nothing of formats.

use crate::exit::Exit;
use crate::failure::Failure;
use serde::Serialize;
use serde_json::{Value, json};
use workspace_members::{Member, PrincipalKind};

/// The answer of one command.
#[derive(Debug)]
pub(crate) struct Report {
    /// For scripts.
    pub(crate) json: Value,
    /// For spreadsheets: the columns, and objects that have them.
    pub(crate) csv: (Vec<&'static str>, Vec<Value>),
    /// For people.
    pub(crate) sheets: Vec<Sheet>,
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
    pub(crate) below: Vec<String>,
}

impl Sheet {
    pub(crate) fn new(columns: &[&'static str]) -> Self {
        Self { columns: columns.to_vec(), ..Self::default() }
    }

    pub(crate) fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
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
pub(crate) fn role_value(role: &workspace_members::Role) -> Value {
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
        workspace_members::Role::Custom(_) => "custom".to_owned(),
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
