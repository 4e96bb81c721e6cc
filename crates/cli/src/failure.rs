//! What went wrong, as people and scripts see it.

use crate::exit::{Exit, says_what_is_right};
use serde_json::{Value, json};
use workspace_members::{Effect, Error, ErrorKind, Operation, Provider};

/// An error, and which connection it is about.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) connection: Option<String>,
    pub(crate) error: Error,
    /// Better advice than the kind alone gives.
    pub(crate) advice: Option<String>,
    pub(crate) exit: Exit,
    /// What only some failures have in their JSON, such as the guards that refused.
    pub(crate) fields: Vec<(&'static str, Value)>,
    /// The same, for people.
    pub(crate) lines: Vec<String>,
}

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// The input is wrong.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Error::invalid_input(message).into()
    }

    /// The configuration is wrong.
    pub(crate) fn config(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Config, Effect::Rejected, message).into()
    }

    /// Names the connection.
    pub(crate) fn at(mut self, connection: &str) -> Self {
        self.connection = Some(connection.to_owned());
        self
    }

    /// Replaces the advice.
    pub(crate) fn advising(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    fn advice(&self) -> &str {
        self.advice.as_deref().unwrap_or_else(|| self.error.advice())
    }

    /// The call that it is about.
    pub(crate) fn of_call(mut self, provider: Provider, operation: Operation) -> Self {
        self.error = self.error.with_provider(provider).with_operation(operation);
        self
    }

    /// This level and all causes, in one line.
    pub(crate) fn line(&self) -> String {
        line(&self.error)
    }

    /// For people: what went wrong, the provider's words, what to do.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut first = self.line();
        if let Some(connection) = &self.connection
            && !first.starts_with(&format!("{connection}: "))
        {
            first = format!("{connection}: {first}");
        }
        let mut lines = vec![first];
        lines.extend(self.lines.iter().cloned());
        if let Some(words) = self.error.provider_message() {
            lines.push(format!("  the provider says: {words}"));
        }
        lines.extend(self.error.done().iter().map(|done| format!("  done before: {done}")));
        if let Some(wait) = self.error.retry_after() {
            lines.push(format!("  the provider asks to wait {} s", wait.as_secs_f64().ceil()));
        }
        if self.advice.is_some() || (self.fields.is_empty() && !says_what_is_right(self.error.kind())) {
            lines.push(format!("  advice: {}", self.advice()));
        }
        lines
    }

    /// For scripts: `{"error": {…}}`.
    pub(crate) fn json(&self) -> Value {
        let error = &self.error;
        let mut fields = json!({
            "kind": error.kind().as_str(),
            "effect": error.effect().as_str(),
            "provider": error.provider().map(Provider::as_str),
            "operation": error.operation().map(Operation::as_str),
            "status": error.status(),
            "message": self.line(),
            "advice": self.advice(),
        });
        if let Value::Object(map) = &mut fields {
            let more = [
                ("connection", self.connection.as_deref().map(Value::from)),
                ("provider_message", error.provider_message().map(Value::from)),
                ("retry_after_seconds", error.retry_after().map(|wait| wait.as_secs_f64().into())),
                ("done", (!error.done().is_empty()).then(|| error.done().to_vec().into())),
            ];
            map.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
            map.extend(self.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        }
        json!({ "error": fields })
    }
}

/// An error and all its causes, in one line.
pub(crate) fn line(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Some errors repeat their cause.
        if !line.ends_with(&text) {
            line = format!("{line}: {text}");
        }
        cause = error.source();
    }
    line
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = Exit::of(&error);
        Self { connection: None, error, advice: None, exit, fields: Vec::new(), lines: Vec::new() }
    }
}
