//! Why a case failed, and where in the suite; or why it does not apply.

use crate::harness::HarnessError;
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
    #[track_caller]
    pub(crate) fn new(message: String) -> Self {
        Self { message, at: Location::caller() }
    }

    /// Names the faults that were injected before it; the first of many.
    pub(crate) fn after(mut self, faults: &[String]) -> Self {
        self.message.extend(faults.iter().take(4).map(|fault| format!("\n  after: {fault}")));
        self
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

impl From<HarnessError> for Failure {
    #[track_caller]
    fn from(error: HarnessError) -> Self {
        Self::new(format!("the harness could not set the world up: {error}"))
    }
}

/// Why a case ended before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    Failed(Failure),
    /// The case has no meaning for this adapter; the text completes "not applicable, since".
    NotApplicable(String),
}

/// What the steps of a case answer.
pub(crate) type Checked<T = ()> = Result<T, Stop>;

impl Stop {
    #[track_caller]
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(Failure::new(message.into()))
    }

    pub(crate) fn not_applicable(why: &str) -> Self {
        Self::NotApplicable(why.to_owned())
    }
}

impl From<Error> for Stop {
    #[track_caller]
    fn from(error: Error) -> Self {
        Self::failed(format!("a call failed that must work: {}", shown(&error)))
    }
}

impl From<HarnessError> for Stop {
    #[track_caller]
    fn from(error: HarnessError) -> Self {
        Self::Failed(error.into())
    }
}

/// Ends the case as not applicable, since `otherwise`, unless the condition holds.
pub(crate) fn only_if(condition: bool, otherwise: &str) -> Checked {
    if condition { Ok(()) } else { Err(Stop::not_applicable(otherwise)) }
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
            return Err($crate::failure::Stop::failed(format!($($message)+)));
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
                    return Err($crate::failure::Stop::failed(format!("{message}:\n  got      {left:?}\n  expected {right:?}")));
                }
            }
        }
    };
}

pub(crate) use {check, check_eq};
