//! `wsm.toml`: which connections there are. Keys are named in it and never stand in it.

mod found;
mod keys;

pub(crate) use found::{By, Found, find};
pub(crate) use keys::Key;

use crate::failure::{Failure, Result};
use keys::{clear_text, key_of, names_a_secret, sort};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};
use workspace_members::http::{AdapterConfig, HttpSettings, Proxy, Settings};
use workspace_members::layers::KeySource;
use workspace_members::sync::Guards;
use workspace_members::{Config, Registry};

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
    /// The part of the configuration that is the adapter's own, read.
    pub(crate) own: Box<dyn AdapterConfig>,
    pub(crate) key: Key,
}

/// Reads a file. All that is wrong with it is said at once, each with its line and column.
pub(crate) fn read(found: &Found, registry: &Registry) -> Result<ConfigFile> {
    let path = &found.path;
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::config(format!("{} cannot be read: {error}", path.display())))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    parse(&text, folder, found.by, registry)
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

fn parse(
    text: &str,
    folder: &Path,
    by: By,
    registry: &Registry,
) -> std::result::Result<(Vec<Declared>, Guards), Problems> {
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
                    match connection(&name, table, folder, by, registry) {
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
    registry: &Registry,
) -> std::result::Result<Declared, Problems> {
    let at = name.span();
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
    let account = account(rest, &at, folder, registry).map_err(|more| problems.extend(more)).ok();
    let key = key_of(keys, &at, folder, true).map_err(|more| problems.extend(more)).ok();
    match (account, key, problems.is_empty()) {
        (Some((config, own)), Some(key), true) => Ok(Declared { name, config, own, key }),
        _ => Err(problems),
    }
}

/// What a connection's table says of its account, each part read by the type that owns it.
fn account(
    rest: DeTable<'_>,
    at: &Range<usize>,
    folder: &Path,
    registry: &Registry,
) -> std::result::Result<(Config, Box<dyn AdapterConfig>), Problems> {
    let (mut provider, mut layers, mut http) = (None, None, DeTable::new());
    let (mut own, mut places, mut problems) = (Settings::default(), BTreeMap::new(), Vec::new());
    for (setting, value) in rest {
        let (name, span) = (setting.get_ref().to_string(), value.span());
        match name.as_str() {
            "provider" => provider = read_at::<String>(value, &mut problems).map(|provider| (provider, span)),
            "layers" => layers = read_at(value, &mut problems),
            shared if HttpSettings::names().contains(&shared) => {
                http.insert(setting, value);
            }
            _ => {
                if let Some(value) = read_at::<serde_json::Value>(value, &mut problems) {
                    places.insert(name.clone(), (setting.span(), span));
                    own.insert(name, value);
                }
            }
        }
    }
    let proxy_at = http.get("proxy").map_or(at.clone(), Spanned::span);
    let http: Option<HttpSettings> = read_at(Spanned::new(at.clone(), DeValue::Table(http)), &mut problems);
    let mut config = Config::new(provider.as_ref().map_or("", |(name, _)| name.as_str()));
    config.http = http.unwrap_or_default();
    config.layers = layers.unwrap_or_default();
    if let Some(file) = &config.http.root_ca_file {
        config.http.root_ca_file = Some(below(folder, file));
    }
    let audit = &mut config.layers.audit;
    audit.file = audit.file.as_deref().map(|file| below(folder, file));
    if let Some(KeySource::File(file)) = &mut audit.hash_emails {
        *file = below(folder, file);
    }
    if let Some(Proxy::Url(url)) = &config.http.proxy
        && (!url.username().is_empty() || url.password().is_some())
    {
        let message = "a password must not stand in this file: name the proxy with its credentials in the environment \
                       variable HTTPS_PROXY, and leave `proxy` out";
        problems.push(Problem { at: proxy_at, message: message.to_owned() });
    }
    let Some((name, name_at)) = provider else {
        if problems.is_empty() {
            let known: Vec<_> = registry.iter().map(|adapter| adapter.provider).collect();
            let message =
                format!("say which provider it is: provider = \"NAME\", one of {}", known.join(", "));
            problems.push(Problem { at: at.clone(), message });
        }
        return Err(problems);
    };
    match registry.read(&name, &own) {
        Ok(read) if problems.is_empty() => {
            config.own = own;
            return Ok((config, read));
        }
        Ok(_) => {}
        Err(error) => {
            let setting = error.setting.as_deref();
            let known = registry
                .find(&name)
                .is_some_and(|adapter| setting.is_some_and(|setting| adapter.settings().contains(&setting)));
            let at = match setting.and_then(|setting| places.get(setting)) {
                Some((_, value)) if known => value.clone(),
                Some((setting, _)) => setting.clone(),
                None if setting == Some("provider") => name_at,
                None => at.clone(),
            };
            problems.push(Problem { at, message: error.message });
        }
    }
    Err(problems)
}

/// Reads one value. What is wrong with it is added to the problems.
fn read_at<T: DeserializeOwned>(value: Spanned<DeValue<'_>>, problems: &mut Problems) -> Option<T> {
    let span = value.span();
    T::deserialize(ValueDeserializer::from(value)).map_err(|error| problems.push(problem(&error, &span))).ok()
}

/// `~/x` in the home folder, other relative paths beside the config file.
fn below(folder: &Path, path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => folder.join(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let found = parse(text, Path::new("/etc/wsm"), By::User, &Registry::with_defaults()).unwrap_err();
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
        let (declared, _) = parse(text, Path::new("/etc/wsm"), By::User, &Registry::with_defaults()).unwrap();
        let names: Vec<_> = declared.iter().map(|connection| connection.name.as_str()).collect();
        assert_eq!(names, ["zeta", "alpha", "beta"]);
        assert_eq!(declared[0].config.http.root_ca_file.as_deref(), Some(Path::new("/etc/wsm/ca.pem")));
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
        assert!(parse(text, Path::new(""), By::User, &Registry::with_defaults()).is_ok());
        let found = parse(text, Path::new(""), By::Folder, &Registry::with_defaults()).unwrap_err();
        let mut lines: Vec<usize> = found.iter().map(|problem| place(text, problem.at.start).0).collect();
        lines.sort_unstable();
        assert_eq!(lines, [4, 5, 6, 7, 12, 13], "{found:?}");
        assert!(found.iter().all(|problem| problem.message.contains("--config wsm.toml")), "{found:?}");
    }

    #[test]
    fn slips_are_found_where_they_are() {
        let text = "[connections.a]\nprovider = \"paradigm\"\nkey_env = \"K\"\nlevle = \"owner\"\n\n[connections.b]\nprovider = \"pandadoc\"\nkey_env = \"K\"\nregion = \"asia\"\n\n[connectons.c]\n";
        let found = problems(text);
        assert!(
            found[0].starts_with("4:1: paradigm has no setting `levle`; it has `level`, `inferred`"),
            "{found:?}"
        );
        assert!(found[1].starts_with("9:10: unknown variant `asia`, expected `us` or `eu`"), "{found:?}");
        assert!(
            found[2].starts_with("11:13: unknown setting `connectons`")
                || found[2].starts_with("11:2: unknown setting"),
            "{found:?}"
        );
        assert!(problems("[connections.a]\nkey_env = \"K\"\n")[0].contains("say which provider it is"));
        assert!(problems("[connections.a]\nprovider = \"paradigm\"\n")[0].contains("say where the key is"));
        assert!(
            problems("[connections.\"a:b\"]\nprovider = \"paradigm\"\n")[0]
                .contains("cannot be a connection's name")
        );
        let found = problems("[guards]\nmin_owners = 2\nmax_removal = \"5%\"\n");
        assert!(found[0].starts_with("3:1: unknown field `max_removal`"), "{found:?}");
    }
}
