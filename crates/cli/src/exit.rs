//! The exit codes of the process. Part of the interface: numbers never change their meaning.

use std::process::ExitCode;
use workspace_members::ErrorKind;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Exit {
    /// Everything asked for was done, or was so already.
    #[default]
    Done = 0,
    /// It failed.
    Failed = 1,
    /// The input, the configuration or the desired state is wrong, or was not agreed to; nothing was changed.
    Input = 2,
    /// Some of it failed, and the rest was done.
    Partly = 3,
    /// A guard refused, or the plan is no longer current; nothing was changed.
    Refused = 4,
    /// Changes are pending: `plan`, `diff` and `--dry-run` found some, and made none.
    Pending = 5,
}

impl Exit {
    /// For a command that failed as a whole.
    pub(crate) fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidInput | ErrorKind::InvalidRole | ErrorKind::Unsupported | ErrorKind::Config => {
                Self::Input
            }
            _ => Self::Failed,
        }
    }

    /// For a command of several parts, of which some failed.
    pub(crate) fn of_parts(succeeded: usize, failed: usize) -> Self {
        match (succeeded, failed) {
            (_, 0) => Self::Done,
            (0, _) => Self::Failed,
            _ => Self::Partly,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
