//! Where a configuration was found, and what it may say there.

use super::problem::{Problem, Problems};
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// Whether the user named it, or it is in their own folder. Else it lay in the current folder, which may be a copy of
    /// somebody else's.
    pub(crate) trusted: bool,
}

impl Found {
    /// A file that the user named.
    pub(crate) fn named(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), trusted: true }
    }
}

/// Finds the file: the one asked for, else `$WSM_CONFIG`, `./wsm.toml`, the user's config folder. `None` if there is none
/// and none was asked for.
pub(crate) fn find(asked: Option<&Path>) -> Option<Found> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = asked.map(Path::to_owned).or_else(|| variable("WSM_CONFIG")) {
        return Some(Found::named(path));
    }
    let own = variable("XDG_CONFIG_HOME").or_else(|| Some(variable("HOME")?.join(".config")));
    let candidates = [
        Some(Found { path: PathBuf::from("wsm.toml"), trusted: false }),
        own.map(|folder| Found::named(folder.join("wsm/wsm.toml"))),
    ];
    candidates.into_iter().flatten().find(|found| found.path.exists())
}

/// What a connection of a file that is not trusted may not say: what runs a program, and where a key is sent. A user who
/// only changes into a folder has not agreed to what its files say.
pub(super) fn untrusted(settings: &DeTable<'_>) -> Problems {
    let mut problems = Vec::new();
    for (setting, value) in settings {
        let does = match (setting.get_ref().as_ref(), value.get_ref()) {
            ("key_command" | "client_secret_command", _) => "runs a program",
            // Plain http is refused elsewhere unless it stays on this machine.
            ("base_url", DeValue::String(url)) if url.starts_with("http://") => continue,
            ("base_url" | "token_url", _) => "decides who gets a key",
            ("proxy", DeValue::String(proxy)) if matches!(proxy.as_ref(), "system" | "direct") => continue,
            ("proxy" | "root_ca_file" | "root_ca_pem", _) => "decides who can read a key on its way",
            ("oauth", DeValue::Table(oauth)) => {
                problems.extend(untrusted(oauth));
                continue;
            }
            _ => continue,
        };
        let message = format!(
            "`{}` {does}, and this file was read only because it is in the current folder: if it is yours, say \
             --config wsm.toml or set WSM_CONFIG, or move it to ~/.config/wsm/wsm.toml",
            setting.get_ref()
        );
        problems.push(Problem::new(setting.span(), message));
    }
    problems
}
