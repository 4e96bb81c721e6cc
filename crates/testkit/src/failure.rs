//! Why a case failed, and where in the suite.

use std::fmt;
use std::panic::Location;
use workspace_members_core::Error;

/// What a case expected and did not get.
#[derive(Clone)]
pub struct Failure {
    message: String,
    at: &'static Location<'static>,
}

impl Failure {
    /// A failure where it was called.
    #[track_caller]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), at: Location::caller() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  at {}", self.message, self.at)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Error> for Failure {
    #[track_caller]
    fn from(error: Error) -> Self {
        Self::new(format!("a call failed that must work: {}", shown(&error)))
    }
}

impl From<Box<dyn std::error::Error + Send + Sync>> for Failure {
    #[track_caller]
    fn from(error: Box<dyn std::error::Error + Send + Sync>) -> Self {
        Self::new(format!("the harness could not set the world up: {error}"))
    }
}

/// An error as failures show it: the line, then what is matched on.
pub(crate) fn shown(error: &Error) -> String {
    let mut text = format!("{error} [{}, {}]", error.kind(), error.effect());
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(" <- ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// A result in one line.
pub(crate) fn outcome<T: fmt::Debug>(result: &Result<T, Error>) -> String {
    match result {
        Ok(value) => format!("Ok({value:?})"),
        Err(error) => format!("Err({})", shown(error)),
    }
}

/// Fails the case unless the condition holds.
macro_rules! check {
    ($condition:expr, $($message:tt)+) => {{
        let holds: bool = $condition;
        if !holds {
            return Err($crate::failure::Failure::new(format!($($message)+)));
        }
    }};
}

/// Fails the case unless both are equal.
macro_rules! check_eq {
    ($left:expr, $right:expr, $($message:tt)+) => {
        match (&$left, &$right) {
            (left, right) => {
                if left != right {
                    let message = format!($($message)+);
                    return Err($crate::failure::Failure::new(format!("{message}:\n  got      {left:?}\n  expected {right:?}")));
                }
            }
        }
    };
}

pub(crate) use {check, check_eq};
