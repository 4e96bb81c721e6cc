//! Where the keys of a connection are. They never stand in the file themselves.

use super::{Problem, Problems, below, problem};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// Where a key is. Never the key.
#[derive(Debug, Clone)]
pub(crate) enum Key {
    Env(String),
    File(PathBuf),
    Command(Vec<String>),
    OAuth(Box<OAuthKeys>),
}

/// What OAuth needs. The refresh token's file is written to when the provider replaces the token.
#[derive(Debug, Clone)]
pub(crate) struct OAuthKeys {
    pub(crate) token_url: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_secret: Key,
    pub(crate) refresh_token_file: PathBuf,
}

pub(super) type KeySettings<'i> = BTreeMap<String, Spanned<DeValue<'i>>>;

/// Divides settings about keys from all others, and refuses keys themselves.
pub(super) fn sort(settings: DeTable<'_>) -> (KeySettings<'_>, DeTable<'_>, Problems) {
    let (mut keys, mut rest, mut problems) = (BTreeMap::new(), DeTable::new(), Vec::new());
    for (setting, value) in settings {
        match setting.get_ref().as_ref() {
            "key_env" | "key_file" | "key_command" | "oauth" => {
                keys.insert(setting.get_ref().to_string(), value);
            }
            other if names_a_secret(other) => problems.push(clear_text(setting.span())),
            _ => {
                rest.insert(setting, value);
            }
        }
    }
    (keys, rest, problems)
}

/// Whether people would put a key under this name.
pub(super) fn names_a_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    ["key", "apikey", "accesskey", "secretkey", "authorization", "bearer", "credential", "credentials"]
        .contains(&plain.as_str())
        || ["token", "secret", "password", "passwd", "apikey"].iter().any(|word| plain.ends_with(word))
}

pub(super) fn clear_text(at: Range<usize>) -> Problem {
    let message = "a key must not stand in this file: put it into an environment variable and write key_env = \
                   \"NAME\", into a file (chmod 600) and write key_file = \"PATH\", or into a password manager and \
                   write key_command = [\"PROGRAM\", \"ARGUMENT\"]; and replace this key, since it was readable here";
    Problem { at, message: message.to_owned() }
}

pub(super) fn key_of(
    mut keys: KeySettings<'_>,
    at: &Range<usize>,
    folder: &Path,
    oauth_too: bool,
) -> Result<Key, Problems> {
    let wrong =
        |at: &Range<usize>, message: &str| vec![Problem { at: at.clone(), message: message.to_owned() }];
    let (Some((name, value)), true) = (keys.pop_first(), keys.is_empty()) else {
        return Err(wrong(
            at,
            "say where the key is, in one way: key_env = \"NAME\", key_file = \"PATH\", key_command = [\"PROGRAM\", \
             \"ARGUMENT\"], or a table `oauth`",
        ));
    };
    let span = value.span();
    if name == "oauth" {
        return match value.into_inner() {
            DeValue::Table(table) if oauth_too => oauth(table, &span, folder),
            _ => Err(wrong(&span, "`oauth` must be a table")),
        };
    }
    let deserializer = ValueDeserializer::from(value);
    match name.as_str() {
        "key_env" => {
            // The value is not repeated: a key may stand where its variable's name should.
            let named = String::deserialize(deserializer).ok().filter(|name| is_variable(name));
            named.map(Key::Env).ok_or_else(|| {
                wrong(&span, "key_env must be the name of an environment variable: A to Z, 0 to 9 and _")
            })
        }
        "key_file" => PathBuf::deserialize(deserializer)
            .map(|path| Key::File(below(folder, &path)))
            .map_err(|error| vec![problem(&error, &span)]),
        _ => match Vec::<String>::deserialize(deserializer) {
            Ok(command) if !command.is_empty() => Ok(Key::Command(command)),
            _ => Err(wrong(
                &span,
                "key_command must be a list: the program, then its arguments; it is run without a shell",
            )),
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

fn oauth(table: DeTable<'_>, at: &Range<usize>, folder: &Path) -> Result<Key, Problems> {
    let (mut secret, mut rest) = (BTreeMap::new(), DeTable::new());
    let mut problems = Vec::new();
    for (setting, value) in table {
        match setting.get_ref().as_ref() {
            name @ ("client_secret_env" | "client_secret_file" | "client_secret_command") => {
                secret.insert(name.replace("client_secret", "key"), value);
            }
            name if names_a_secret(name) => problems.push(clear_text(setting.span())),
            _ => {
                rest.insert(setting, value);
            }
        }
    }
    if secret.is_empty() && problems.is_empty() {
        let message = "say where the application's secret is: client_secret_env, client_secret_file or \
                       client_secret_command";
        problems.push(Problem { at: at.clone(), message: message.to_owned() });
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let client_secret = key_of(secret, at, folder, false)?;
    let deserializer = ValueDeserializer::from(Spanned::new(at.clone(), DeValue::Table(rest)));
    let own = OAuthSettings::deserialize(deserializer).map_err(|error| vec![problem(&error, at)])?;
    Ok(Key::OAuth(Box::new(OAuthKeys {
        token_url: own.token_url,
        client_id: own.client_id,
        client_secret,
        refresh_token_file: below(folder, &own.refresh_token_file),
    })))
}
