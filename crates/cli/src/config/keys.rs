//! Where the keys of a connection are. They are never in the file themselves.

use super::problem::{Problem, Problems, read};
use crate::credentials::{EnvCredential, TokenFile};
use serde::Deserialize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use workspace_members::{Credential, OAuth};

/// A source of a key. Nothing is read or run before the first request.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) credential: Credential,
    /// Where it comes from, for people.
    pub(crate) from: String,
}

/// Takes keys themselves out of a table: each is refused, and its value is not repeated.
pub(super) fn clear_text(settings: &mut DeTable<'_>) -> Problems {
    let secrets = settings.keys().filter(|name| names_a_secret(name.get_ref()));
    let secrets: Vec<_> = secrets.map(|name| (name.get_ref().to_string(), name.span())).collect();
    let refused = |(name, at): (String, Range<usize>)| {
        settings.remove(name.as_str());
        let message = "a key must not stand in this file: put it into an environment variable and write key_env = \
                       \"NAME\", into a file (chmod 600) and write key_file = \"PATH\", or into a password manager \
                       and write key_command = [\"PROGRAM\", \"ARGUMENT\"]; and replace this key, since it was \
                       readable here";
        Problem::new(at, message)
    };
    secrets.into_iter().map(refused).collect()
}

/// Whether people would put a key under this name.
fn names_a_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    ["key", "apikey", "accesskey", "secretkey", "authorization", "bearer", "credential", "credentials"]
        .contains(&plain.as_str())
        || ["token", "secret", "password", "passwd", "apikey"].iter().any(|word| plain.ends_with(word))
}

/// Takes the settings that say where the key is out of a connection's table.
pub(super) fn take_key(
    settings: &mut DeTable<'_>,
    at: &Range<usize>,
    folder: &Path,
) -> Result<Key, Problems> {
    let mut found = take_sources(settings, "key", folder);
    found.extend(settings.remove("oauth").map(|table| oauth(table, folder)));
    exactly_one(found).unwrap_or_else(|| {
        let message = "say where the key is, in one way: key_env = \"NAME\", key_file = \"PATH\", key_command = \
                       [\"PROGRAM\", \"ARGUMENT\"], or a table `oauth`";
        Err(vec![Problem::new(at.clone(), message)])
    })
}

fn exactly_one<T>(mut found: Vec<T>) -> Option<T> {
    found.pop().filter(|_| found.is_empty())
}

/// Takes `PREFIX_env`, `PREFIX_file` and `PREFIX_command`.
fn take_sources(settings: &mut DeTable<'_>, prefix: &str, folder: &Path) -> Vec<Result<Key, Problems>> {
    let take = |kind: &str| {
        let value = settings.remove(format!("{prefix}_{kind}").as_str())?;
        Some(source(kind, prefix, value, folder).map_err(|problem| vec![problem]))
    };
    ["env", "file", "command"].into_iter().filter_map(take).collect()
}

fn source(kind: &str, prefix: &str, value: Spanned<DeValue<'_>>, folder: &Path) -> Result<Key, Problem> {
    let at = value.span();
    match kind {
        // The value is not repeated: it may be the key, in place of its variable's name.
        "env" => match read::<String>(value) {
            Ok(name) if is_variable(&name) => {
                let from = format!("environment variable {name}");
                Ok(Key { credential: Credential::Source(Arc::new(EnvCredential(name))), from })
            }
            _ => {
                let message =
                    format!("{prefix}_env must be the name of an environment variable: A to Z, 0 to 9 and _");
                Err(Problem::new(at, message))
            }
        },
        "file" => {
            let path = below(folder, &read::<PathBuf>(value)?);
            Ok(Key { from: format!("file {}", path.display()), credential: Credential::File(path) })
        }
        _ => match read::<Vec<String>>(value) {
            Ok(command) if !command.is_empty() => {
                let from = format!("command {}", command[0]);
                Ok(Key { credential: Credential::Command(command), from })
            }
            _ => {
                let message = format!(
                    "{prefix}_command must be a list: the program, then its arguments; it is run without a shell"
                );
                Err(Problem::new(at, message))
            }
        },
    }
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OAuthSettings {
    client_id: String,
    token_url: Option<String>,
    refresh_token_file: PathBuf,
}

/// The refresh token's file is written to when the provider replaces the token.
fn oauth(table: Spanned<DeValue<'_>>, folder: &Path) -> Result<Key, Problems> {
    let at = table.span();
    let wrong = |message: &str| vec![Problem::new(at.clone(), message)];
    let DeValue::Table(mut settings) = table.into_inner() else {
        return Err(wrong("`oauth` must be a table"));
    };
    let problems = clear_text(&mut settings);
    if !problems.is_empty() {
        return Err(problems);
    }
    let secret = exactly_one(take_sources(&mut settings, "client_secret", folder)).unwrap_or_else(|| {
        Err(wrong(
            "say where the application's secret is, in one way: client_secret_env, client_secret_file or \
             client_secret_command",
        ))
    })?;
    let rest = Spanned::new(at.clone(), DeValue::Table(settings));
    let own: OAuthSettings = read(rest).map_err(|problem| vec![problem])?;
    let file = below(folder, &own.refresh_token_file);
    let from = format!("OAuth application {}", own.client_id);
    let mut oauth = OAuth::new(own.client_id, secret.credential, Credential::File(file.clone()))
        .with_store(Arc::new(TokenFile(file)));
    oauth.token_url = own.token_url;
    Ok(Key { credential: Credential::OAuth(oauth), from })
}

/// `~/x` in the home folder, other relative paths beside the config file.
pub(super) fn below(folder: &Path, path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => folder.join(path),
    }
}
