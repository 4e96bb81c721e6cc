//! The whole simulated world, and its file.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::check::first_fault;
use crate::pandadoc::PandaDocState;
use crate::paradigm::ParadigmState;
use crate::sample;

/// Everything that both providers know: people, groups, workspaces, memberships, keys.
///
/// The README describes the JSON file. A field that is not known is an error that names the field, the line and the
/// column, so that a typing mistake never means "empty".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct State {
    /// `LightOn` Paradigm.
    #[serde(default)]
    pub paradigm: ParadigmState,
    /// PandaDoc.
    #[serde(default)]
    pub pandadoc: PandaDocState,
}

impl State {
    /// Nobody, nowhere: the start for a world of one's own.
    pub fn empty() -> Self {
        Self::default()
    }

    /// A made-up company of 60 people at both providers. The same on every call.
    pub fn sample() -> Self {
        Self { paradigm: sample::paradigm(), pandadoc: sample::pandadoc() }
    }

    /// Reads a state file.
    ///
    /// # Errors
    /// [`StateError::Read`] when the file cannot be read, [`StateError::Parse`] when it is not a state, with line and
    /// column, [`StateError::Inconsistent`] when its parts do not fit together.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, StateError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| StateError::Read(path.to_owned(), error))?;
        let state: Self =
            serde_json::from_str(&text).map_err(|error| StateError::Parse(path.to_owned(), error))?;
        let inconsistent = |fault| StateError::Inconsistent { path: Some(path.to_owned()), fault };
        first_fault(&state.paradigm, &state.pandadoc).map_err(inconsistent).map(|()| state)
    }

    /// Whether the parts fit together: ids are distinct, and whatever is referred to is there.
    ///
    /// # Errors
    /// [`StateError::Inconsistent`] with the first place that does not fit.
    pub fn check(&self) -> Result<(), StateError> {
        first_fault(&self.paradigm, &self.pandadoc)
            .map_err(|fault| StateError::Inconsistent { path: None, fault })
    }

    /// Writes a state file: to a new file beside it, which then takes its name.
    ///
    /// A process killed at any moment leaves the old file or the new one, never half of one. On Unix a new file is
    /// readable by its owner only, because it holds keys.
    ///
    /// # Errors
    /// [`StateError::Write`] when the file cannot be written. The old one is then still there.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), StateError> {
        let path = path.as_ref();
        self.write(path).map_err(|error| StateError::Write(path.to_owned(), error))
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        let beside = sibling(path, "new")?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(&text)?;
        drop(file);
        fs::rename(&beside, path)
    }
}

/// `.NAME.suffix` in the same folder, hence on the same file system.
pub(crate) fn sibling(path: &Path, suffix: &str) -> io::Result<PathBuf> {
    let name =
        path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a file name"))?;
    let mut sibling = std::ffi::OsString::from(".");
    sibling.push(name);
    sibling.push(".");
    sibling.push(suffix);
    Ok(path.with_file_name(sibling))
}

/// Why a state file could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The file cannot be read.
    #[error("cannot read state file {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// The file is not a state: the source says what was wrong, with line and column.
    #[error("state file {}, line {}, column {}: not a simulator state", .0.display(), .1.line(), .1.column())]
    Parse(PathBuf, #[source] serde_json::Error),
    /// The parts of a state do not fit together, in a file or in a state built by hand.
    #[error("{}: {fault}", path.as_ref().map_or("simulator state".to_owned(), |path| format!("state file {}", path.display())))]
    Inconsistent {
        /// The file, unless the state was built by hand.
        path: Option<PathBuf>,
        /// The place in the state, and what is wrong there.
        fault: String,
    },
    /// The file cannot be written.
    #[error("cannot write state file {}", .0.display())]
    Write(PathBuf, #[source] io::Error),
    /// Another simulator keeps its state in this file.
    #[error("state file {} is in use by another simulator", .0.display())]
    InUse(PathBuf),
}
