//! The exit codes of the process. Part of the interface: numbers never change their meaning.

use std::process::ExitCode;
use workspace_members::{Effect, Error, ErrorKind};

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Exit {
    /// Everything asked for was done, or was so already.
    #[default]
    Done = 0,
    /// It failed.
    Failed = 1,
    /// The input, the configuration or the desired state is wrong, names what does not exist, or was not agreed to;
    /// nothing was changed.
    Input = 2,
    /// Some of it failed, and the rest was done.
    Partly = 3,
    /// A guard refused, or the plan is no longer current; nothing was changed.
    Refused = 4,
    /// Changes are pending: `plan`, `diff` and `--dry-run` found some, and made none.
    Pending = 5,
}

impl Exit {
    /// For a command that failed as a whole. To name what does not exist is wrong input too, if nothing was done.
    pub(crate) fn of(error: &Error) -> Self {
        match (error.kind(), error.effect()) {
            (_, Effect::Partial) => Self::Partly,
            (ErrorKind::NotFound | ErrorKind::Ambiguous, Effect::Rejected | Effect::NotApplied) => {
                Self::Input
            }
            (kind, _) if says_what_is_right(kind) => Self::Input,
            _ => Self::Failed,
        }
    }

    /// For a command of several parts, some of which failed with these.
    pub(crate) fn of_parts(succeeded: usize, failed: impl IntoIterator<Item = Self>) -> Self {
        match (succeeded, failed.into_iter().reduce(Self::min)) {
            (_, None) => Self::Done,
            (0, Some(exit)) => exit,
            _ => Self::Partly,
        }
    }
}

/// Whether an error of this kind is about the input itself, and its line says what would be right.
pub(crate) fn says_what_is_right(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidInput | ErrorKind::InvalidRole | ErrorKind::Unsupported | ErrorKind::Config
    )
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
