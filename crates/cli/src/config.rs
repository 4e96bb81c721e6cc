//! `wsm.toml`: which connections there are. It names where keys are, and never contains one.

mod found;
mod keys;
mod problem;

pub(crate) use found::{Found, find};
pub(crate) use keys::Key;

use crate::failure::{Failure, Result};
use keys::{below, clear_text, take_key};
use problem::{Problem, Problems, read as read_value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use workspace_members::http::{AdapterConfig, HttpSettings, Proxy, Settings};
use workspace_members::layers::KeySource;
use workspace_members::sync::Guards;
use workspace_members::{Config, Provider, Registry};

/// The connections that there are, and the guards of this host.
#[derive(Debug, Default)]
pub(crate) struct Declarations {
    /// Where they are declared, for people.
    pub(crate) from: String,
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

/// Reads a file. All errors are shown at once, each with its line and column.
pub(crate) fn read(found: &Found, registry: &Registry) -> Result<Declarations> {
    let from = found.path.display().to_string();
    let text = std::fs::read_to_string(&found.path)
        .map_err(|error| Failure::config(format!("{from} cannot be read: {error}")))?;
    let folder = found.path.parent().unwrap_or(Path::new(""));
    match parse(&text, folder, found.trusted, registry) {
        Ok((connections, guards)) => Ok(Declarations { from, connections, guards }),
        Err(problems) => {
            let lines = problems.iter().map(|problem| format!("{from}:{}", problem.line(&text)));
            Err(Failure::config(lines.collect::<Vec<_>>().join("\n")))
        }
    }
}

fn parse(
    text: &str,
    folder: &Path,
    trusted: bool,
    registry: &Registry,
) -> std::result::Result<(Vec<Declared>, Guards), Problems> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors.iter().map(|error| Problem::of(error, &(0..0))).collect());
    }
    let mut document = document.into_inner();
    let (mut declared, mut guards, mut problems) = (Vec::new(), Guards::new(), clear_text(&mut document));
    for (name, value) in document {
        let (at, value_at) = (name.span(), value.span());
        match (name.get_ref().as_ref(), value.into_inner()) {
            ("connections", DeValue::Table(tables)) => {
                for (name, table) in tables {
                    match connection(&name, table, folder, trusted, registry) {
                        Ok(connection) => declared.push(connection),
                        Err(more) => problems.extend(more),
                    }
                }
            }
            ("connections", _) => {
                let message = "write one table per connection, such as [connections.acme]";
                problems.push(Problem::new(value_at, message));
            }
            ("guards", table) => match read_value(Spanned::new(value_at, table)) {
                Ok(read) => guards = read,
                Err(problem) => problems.push(problem),
            },
            (other, _) => {
                let message = format!("unknown setting `{other}`; expected `connections` or `guards`");
                problems.push(Problem::new(at, message));
            }
        }
    }
    if problems.is_empty() { Ok((declared, guards)) } else { Err(problems) }
}

fn connection(
    name: &Spanned<Cow<'_, str>>,
    table: Spanned<DeValue<'_>>,
    folder: &Path,
    trusted: bool,
    registry: &Registry,
) -> std::result::Result<Declared, Problems> {
    let (at, name) = (name.span(), name.get_ref().to_string());
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c)) {
        let message =
            format!("{name:?} cannot be a connection's name: use letters, digits, '-', '_' and '.'");
        return Err(vec![Problem::new(at, message)]);
    }
    let DeValue::Table(mut settings) = table.into_inner() else {
        return Err(vec![Problem::new(at, format!("`{name}` must be a table: [connections.{name}]"))]);
    };
    let mut problems = clear_text(&mut settings);
    if !trusted {
        problems.extend(found::untrusted(&settings));
    }
    let key = take_key(&mut settings, &at, folder);
    let account = account(settings, &at, folder, registry).map_err(|more| problems.extend(more)).ok();
    let key = key.map_err(|more| problems.extend(more)).ok();
    match (account, key, problems.is_empty()) {
        (Some((config, own)), Some(key), true) => Ok(Declared { name, config, own, key }),
        _ => Err(problems),
    }
}

/// Reads what a connection's table says of its account, each part by the type that owns it.
fn account(
    settings: DeTable<'_>,
    at: &Range<usize>,
    folder: &Path,
    registry: &Registry,
) -> std::result::Result<(Config, Box<dyn AdapterConfig>), Problems> {
    let (mut provider, mut config, mut http) = (None, Config::new(""), DeTable::new());
    let (mut own, mut spans, mut problems) = (Settings::default(), BTreeMap::new(), Vec::new());
    for (setting, value) in settings {
        let (name, span) = (setting.get_ref().to_string(), value.span());
        let read = match name.as_str() {
            "provider" => read_value::<String>(value).map(|name| provider = Some((name, span))),
            "layers" => read_value(value).map(|layers| config.layers = layers),
            shared if HttpSettings::names().contains(&shared) => {
                http.insert(setting, value);
                Ok(())
            }
            _ => read_value::<serde_json::Value>(value).map(|value| {
                spans.insert(name.clone(), (setting.span(), span));
                own.insert(name, value);
            }),
        };
        problems.extend(read.err());
    }
    let proxy_at = http.get("proxy").map_or(at.clone(), Spanned::span);
    match read_value::<HttpSettings>(Spanned::new(at.clone(), DeValue::Table(http))) {
        Ok(http) => config.http = http,
        Err(problem) => problems.push(problem),
    }
    let audit = &mut config.layers.audit;
    let hash_key = match &mut audit.hash_emails {
        Some(KeySource::File(file)) => Some(file),
        _ => None,
    };
    for file in [config.http.root_ca_file.as_mut(), audit.file.as_mut(), hash_key].into_iter().flatten() {
        *file = below(folder, file);
    }
    if let Some(Proxy::Url(url)) = &config.http.proxy
        && (!url.username().is_empty() || url.password().is_some())
    {
        let message = "a password must not stand in this file: name the proxy with its credentials in the environment \
                       variable HTTPS_PROXY, and leave `proxy` out";
        problems.push(Problem::new(proxy_at, message));
    }
    let Some((name, name_at)) = provider else {
        if problems.is_empty() {
            let known: Vec<_> = registry.iter().map(|adapter| adapter.provider).collect();
            let message =
                format!("say which provider it is: provider = \"NAME\", one of {}", known.join(", "));
            problems.push(Problem::new(at.clone(), message));
        }
        return Err(problems);
    };
    let error = match registry.read(&name, &own) {
        Ok(read) if problems.is_empty() => {
            (config.provider, config.own) = (Provider::new(name), own);
            return Ok((config, read));
        }
        Ok(_) => return Err(problems),
        Err(error) => error,
    };
    let setting = error.setting.as_deref();
    let known = registry
        .find(&name)
        .is_some_and(|adapter| setting.is_some_and(|setting| adapter.settings().contains(&setting)));
    let at = match setting.and_then(|setting| spans.get(setting)) {
        Some((_, value)) if known => value.clone(),
        Some((setting, _)) => setting.clone(),
        None if setting == Some("provider") => name_at,
        None => at.clone(),
    };
    problems.push(Problem::new(at, error.message));
    Err(problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use workspace_members::Credential;

    fn problems(text: &str) -> Vec<String> {
        let found = parse(text, Path::new("/etc/wsm"), true, &Registry::with_defaults()).unwrap_err();
        found.iter().map(|problem| problem.line(text)).collect()
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
        let (declared, _) = parse(text, Path::new("/etc/wsm"), true, &Registry::with_defaults()).unwrap();
        let names: Vec<_> = declared.iter().map(|connection| connection.name.as_str()).collect();
        assert_eq!(names, ["zeta", "alpha", "beta"]);
        assert_eq!(declared[0].config.http.root_ca_file.as_deref(), Some(Path::new("/etc/wsm/ca.pem")));
        let [zeta, alpha, beta] = [0, 1, 2].map(|at: usize| &declared[at].key.credential);
        assert!(matches!(zeta, Credential::File(path) if path == Path::new("/etc/wsm/keys/zeta")));
        assert!(matches!(alpha, Credential::Command(command) if command.len() == 3));
        let Credential::OAuth(oauth) = beta else { panic!("{beta:?}") };
        assert_eq!(format!("{:?}", oauth.client_secret), "EnvCredential(\"APP_SECRET\")");
        let from: Vec<_> = declared.iter().map(|connection| connection.key.from.as_str()).collect();
        assert_eq!(from, ["file /etc/wsm/keys/zeta", "command pass", "OAuth application app"]);
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
        assert!(parse(text, Path::new(""), true, &Registry::with_defaults()).is_ok());
        let found = parse(text, Path::new(""), false, &Registry::with_defaults()).unwrap_err();
        let line = |problem: &Problem| problem.line(text).split(':').next().unwrap().parse().unwrap();
        let mut lines: Vec<usize> = found.iter().map(line).collect();
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
