//! `wsm.toml`: which connections there are. Keys are named in it and never stand in it.

mod found;

pub(crate) use found::{By, Found, find};

use crate::failure::{Failure, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};
use workspace_members::Config;
use workspace_members::config::Proxy;
use workspace_members::layers::KeySource;
use workspace_members::sync::Guards;

/// A file as read.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    pub(crate) connections: Vec<Declared>,
    pub(crate) guards: Guards,
}

/// One connection as declared.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) config: Config,
    pub(crate) key: Key,
}

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

/// Reads a file. All that is wrong with it is said at once, each with its line and column.
pub(crate) fn read(found: &Found) -> Result<ConfigFile> {
    let path = &found.path;
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::config(format!("{} cannot be read: {error}", path.display())))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    parse(&text, folder, found.by)
        .map(|(connections, guards)| ConfigFile { path: path.clone(), connections, guards })
        .map_err(|problems| {
            let lines = problems.iter().map(|problem| {
                let (line, column) = place(&text, problem.at.start);
                format!("{}:{line}:{column}: {}", path.display(), problem.message)
            });
            Failure::config(lines.collect::<Vec<_>>().join("\n"))
        })
}

/// Line and column of a byte, both from 1; the column in characters.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[derive(Debug)]
struct Problem {
    at: Range<usize>,
    message: String,
}

type Problems = Vec<Problem>;

/// Never with the parser's own excerpt of the file: it could show a key.
fn problem(error: &toml::de::Error, otherwise: &Range<usize>) -> Problem {
    Problem { at: error.span().unwrap_or_else(|| otherwise.clone()), message: error.message().to_owned() }
}

fn parse(text: &str, folder: &Path, by: By) -> std::result::Result<(Vec<Declared>, Guards), Problems> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors.iter().map(|error| problem(error, &(0..0))).collect());
    }
    let (mut declared, mut guards, mut problems) = (Vec::new(), Guards::new(), Vec::new());
    for (name, value) in document.into_inner() {
        let (at, value_at) = (name.span(), value.span());
        match (name.get_ref().as_ref(), value.into_inner()) {
            ("connections", DeValue::Table(tables)) => {
                for (name, table) in tables {
                    match connection(&name, table, folder, by) {
                        Ok(connection) => declared.push(connection),
                        Err(more) => problems.extend(more),
                    }
                }
            }
            ("guards", table) => {
                let whole = Spanned::new(value_at.clone(), table);
                match Guards::deserialize(ValueDeserializer::from(whole)) {
                    Ok(read) => guards = read,
                    Err(error) => problems.push(problem(&error, &value_at)),
                }
            }
            ("connections", _) => problems.push(Problem {
                at: value_at,
                message: "write one table per connection, such as [connections.acme]".to_owned(),
            }),
            (other, _) if names_a_secret(other) => problems.push(clear_text(at)),
            (other, _) => problems.push(Problem {
                at,
                message: format!("unknown setting `{other}`; expected `connections` or `guards`"),
            }),
        }
    }
    if problems.is_empty() { Ok((declared, guards)) } else { Err(problems) }
}

fn connection(
    name: &Spanned<std::borrow::Cow<'_, str>>,
    table: Spanned<DeValue<'_>>,
    folder: &Path,
    by: By,
) -> std::result::Result<Declared, Problems> {
    let (at, whole) = (name.span(), table.span());
    let name = name.get_ref().to_string();
    let wrong = |message: String| vec![Problem { at: at.clone(), message }];
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c)) {
        let message =
            format!("{name:?} cannot be a connection's name: use letters, digits, '-', '_' and '.'");
        return Err(wrong(message));
    }
    let DeValue::Table(settings) = table.into_inner() else {
        return Err(wrong(format!("`{name}` must be a table: [connections.{name}]")));
    };
    let beyond = found::beyond(by, &settings);
    let (keys, rest, mut problems) = sort(settings);
    problems.extend(beyond);
    let config = config(rest, whole, folder).map_err(|problem| problems.push(problem)).ok();
    let key = key_of(keys, &at, folder, true).map_err(|more| problems.extend(more)).ok();
    match (config, key, problems.is_empty()) {
        (Some(config), Some(key), true) => Ok(Declared { name, config, key }),
        _ => Err(problems),
    }
}

type Settings<'i> = BTreeMap<String, Spanned<DeValue<'i>>>;

/// Divides settings about keys from all others, and refuses keys themselves.
fn sort(settings: DeTable<'_>) -> (Settings<'_>, DeTable<'_>, Problems) {
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
fn names_a_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    ["key", "apikey", "accesskey", "secretkey", "authorization", "bearer", "credential", "credentials"]
        .contains(&plain.as_str())
        || ["token", "secret", "password", "passwd", "apikey"].iter().any(|word| plain.ends_with(word))
}

fn clear_text(at: Range<usize>) -> Problem {
    let message = "a key must not stand in this file: put it into an environment variable and write key_env = \
                   \"NAME\", into a file (chmod 600) and write key_file = \"PATH\", or into a password manager and \
                   write key_command = [\"PROGRAM\", \"ARGUMENT\"]; and replace this key, since it was readable here";
    Problem { at, message: message.to_owned() }
}

fn config(rest: DeTable<'_>, whole: Range<usize>, folder: &Path) -> std::result::Result<Config, Problem> {
    let proxy_at = rest.get("proxy").map(Spanned::span);
    let deserializer = ValueDeserializer::from(Spanned::new(whole.clone(), DeValue::Table(rest)));
    let mut config = Config::deserialize(deserializer).map_err(|error| problem(&error, &whole))?;
    if let Some(file) = &config.root_ca_file {
        config.root_ca_file = Some(below(folder, file));
    }
    let audit = &mut config.layers.audit;
    audit.file = audit.file.as_deref().map(|file| below(folder, file));
    if let Some(KeySource::File(file)) = &mut audit.hash_emails {
        *file = below(folder, file);
    }
    if let Some(Proxy::Url(url)) = &config.proxy
        && url.contains('@')
    {
        let message = "a password must not stand in this file: name the proxy with its credentials in the environment \
                       variable HTTPS_PROXY, and leave `proxy` out";
        return Err(Problem { at: proxy_at.unwrap_or(whole), message: message.to_owned() });
    }
    Ok(config)
}

/// `~/x` in the home folder, other relative paths beside the config file.
fn below(folder: &Path, path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => folder.join(path),
    }
}

fn key_of(
    mut keys: Settings<'_>,
    at: &Range<usize>,
    folder: &Path,
    oauth_too: bool,
) -> std::result::Result<Key, Problems> {
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

fn oauth(table: DeTable<'_>, at: &Range<usize>, folder: &Path) -> std::result::Result<Key, Problems> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let found = parse(text, Path::new("/etc/wsm"), By::User).unwrap_err();
        found
            .iter()
            .map(|problem| {
                let (line, column) = place(text, problem.at.start);
                format!("{line}:{column}: {}", problem.message)
            })
            .collect()
    }

    #[test]
    fn connections_are_read_in_the_files_order() {
        let text = r#"
[connections.zeta]
provider = "paradigm"
base_url = "https://paradigm.example.com/prefix"
level = "company"
root_ca_file = "ca.pem"
key_file = "keys/zeta"

[connections.alpha]
provider = "pandadoc"
region = "eu"
key_command = ["pass", "show", "pandadoc"]

[connections.beta]
provider = "pandadoc"
[connections.beta.oauth]
client_id = "app"
client_secret_env = "APP_SECRET"
refresh_token_file = "/var/lib/wsm/token"
"#;
        let (declared, _) = parse(text, Path::new("/etc/wsm"), By::User).unwrap();
        let names: Vec<_> = declared.iter().map(|connection| connection.name.as_str()).collect();
        assert_eq!(names, ["zeta", "alpha", "beta"]);
        assert_eq!(declared[0].config.root_ca_file.as_deref(), Some(Path::new("/etc/wsm/ca.pem")));
        assert!(matches!(&declared[0].key, Key::File(path) if path == Path::new("/etc/wsm/keys/zeta")));
        assert!(matches!(&declared[1].key, Key::Command(command) if command.len() == 3));
        assert!(
            matches!(&declared[2].key, Key::OAuth(keys) if matches!(&keys.client_secret, Key::Env(name) if name == "APP_SECRET"))
        );
    }

    #[test]
    fn keys_in_clear_text_are_refused_and_not_repeated() {
        for name in ["key", "api_key", "API-KEY", "token", "access_token", "client_secret", "password"] {
            let text = format!("[connections.a]\nprovider = \"paradigm\"\n  {name} = \"canary\"");
            let found = problems(&text);
            assert!(found[0].starts_with("3:3: a key must not stand"), "{name}: {found:?}");
            assert!(!found.concat().contains("canary"), "{found:?}");
        }
        let text = "[connections.a]\nprovider = \"paradigm\"\nkey_env = \"sk-canary\"";
        assert!(!problems(text).concat().contains("canary"));
        let text = "[connections.a]\nkey = \"canary";
        assert!(!problems(text).concat().contains("canary"));
        let text = "[connections.a]\nprovider = \"paradigm\"\nkey_env = \"K\"\nproxy = \"http://u:canary@p\"";
        assert!(problems(text)[0].starts_with("4:9: a password"), "{:?}", problems(text));
        assert!(!problems(text).concat().contains("canary"));
    }

    #[test]
    fn a_file_that_nobody_chose_says_neither_what_runs_nor_who_gets_a_key() {
        let text = r#"
[connections.a]
provider = "paradigm"
base_url = "https://elsewhere.example"
proxy = "http://elsewhere.example"
root_ca_file = "ca.pem"
key_command = ["sh", "-c", "true"]
[connections.b]
provider = "pandadoc"
[connections.b.oauth]
client_id = "app"
token_url = "https://elsewhere.example"
client_secret_command = ["sh"]
refresh_token_file = "token"
[connections.c]
provider = "paradigm"
base_url = "http://127.0.0.1:1"
proxy = "direct"
key_env = "K"
"#;
        assert!(parse(text, Path::new(""), By::User).is_ok());
        let found = parse(text, Path::new(""), By::Folder).unwrap_err();
        let mut lines: Vec<usize> = found.iter().map(|problem| place(text, problem.at.start).0).collect();
        lines.sort_unstable();
        assert_eq!(lines, [4, 5, 6, 7, 12, 13], "{found:?}");
        assert!(found.iter().all(|problem| problem.message.contains("--config wsm.toml")), "{found:?}");
    }

    #[test]
    fn slips_are_found_where_they_are() {
        let text = "[connections.a]\nprovider = \"paradigm\"\nkey_env = \"K\"\nlevle = \"owner\"\n\n[connections.b]\nprovider = \"pandadoc\"\nkey_env = \"K\"\nregion = \"asia\"\n\n[connectons.c]\n";
        let found = problems(text);
        assert!(found[0].starts_with("4:1: unknown field `levle`, expected"), "{found:?}");
        assert!(found[1].starts_with("9:10: unknown variant `asia`, expected `us` or `eu`"), "{found:?}");
        assert!(
            found[2].starts_with("11:13: unknown setting `connectons`")
                || found[2].starts_with("11:2: unknown setting"),
            "{found:?}"
        );
        assert!(problems("[connections.a]\nkey_env = \"K\"\n")[0].contains("missing field `provider`"));
        assert!(problems("[connections.a]\nprovider = \"paradigm\"\n")[0].contains("say where the key is"));
        assert!(
            problems("[connections.\"a:b\"]\nprovider = \"paradigm\"\n")[0]
                .contains("cannot be a connection's name")
        );
        let found = problems("[guards]\nmin_owners = 2\nmax_removal = \"5%\"\n");
        assert!(found[0].starts_with("3:1: unknown field `max_removal`"), "{found:?}");
    }
}
