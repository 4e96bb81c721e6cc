//! The accounts that a command works on.

use crate::args::Common;
use crate::config::{self, Declared, Key};
use crate::credentials::credential;
use crate::failure::{Failure, Result};
use crate::progress::Counted;
use crate::records::Records;
use crate::simulate;
use crate::target::Target;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use workspace_members::http::AdapterConfig;
use workspace_members::sync::{self, Guards};
use workspace_members::{Config, Credential, Error, Registry, WorkspaceMembers};
use workspace_members_simulator::Simulator;

/// A named account.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) name: String,
    pub(crate) config: Config,
    /// The part of the configuration that is the adapter's own, read.
    pub(crate) own: Box<dyn AdapterConfig>,
    pub(crate) members: Arc<dyn WorkspaceMembers>,
    /// Where its key comes from, for people.
    pub(crate) key_from: String,
}

impl Connection {
    pub(crate) fn provider(&self) -> &str {
        self.config.provider.as_str()
    }
}

/// What a command needs of its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// No more than what they claim, for which no key is needed.
    Claims,
    /// To read.
    Reading,
    /// To change, and so to keep a record where one is wanted.
    Changes,
}

/// A connection, and the workspaces wanted of it.
pub(crate) type Wanted<'a> = (&'a Connection, Option<Vec<&'a str>>);

/// All connections, in the order of the file.
#[derive(Debug)]
pub(crate) struct Connections {
    all: Vec<Connection>,
    /// Where they are declared, for people.
    from: String,
    /// The providers that would have a connection if this environment variable were set.
    missing: BTreeMap<&'static str, &'static str>,
    /// This host's own guards.
    pub(crate) guards: Guards,
    /// Where applies keep locks and journals.
    pub(crate) state_dir: PathBuf,
    /// Runs for as long as the connections are used, with a folder that goes when it does.
    _simulator: Option<(Simulator, tempfile::TempDir)>,
}

impl Connections {
    /// Reads the configuration. Nothing is sent, and no key is asked for.
    pub(crate) async fn open(common: &Common, need: Need, registry: &Registry) -> Result<Self> {
        let mut records = Records::new(common.audit.clone(), need);
        if let Some(state) = &common.simulate {
            let simulator = simulate::start(state.clone()).await?;
            let mut all = Vec::new();
            for (config, key) in simulate::connections(&simulator) {
                let name = config.provider.to_string();
                let Ok(own) = registry.read(&name, &config.own) else { continue };
                let account = (config, own);
                all.push(open(name, account, key, "the simulator".to_owned(), &mut records).await?);
            }
            let folder = tempfile::tempdir()
                .map_err(|error| Failure::config(format!("no folder can be made for this run: {error}")))?;
            // Of a file that was asked for, the guards hold for the simulated connections too.
            let guards = match &common.config {
                Some(path) => config::read(&config::Found::named(path), registry)?.guards,
                None => Guards::new(),
            };
            return Ok(Self {
                all,
                from: "--simulate".to_owned(),
                missing: BTreeMap::new(),
                guards,
                state_dir: folder.path().to_owned(),
                _simulator: Some((simulator, folder)),
            });
        }
        let Some(found) = config::find(common.config.as_deref()) else {
            return Self::by_default(need, registry, &mut records).await;
        };
        let file = config::read(&found, registry)?;
        let mut all = Vec::new();
        for connection in file.connections {
            all.push(declared(connection, &mut records).await?);
        }
        let from = file.path.display().to_string();
        if all.is_empty() {
            let message = format!("{from}: no connection is declared; write for instance [connections.acme]");
            return Err(Failure::config(message));
        }
        let (missing, state_dir) = (BTreeMap::new(), state_dir(need)?);
        Ok(Self { all, from, missing, guards: file.guards, state_dir, _simulator: None })
    }

    /// Without a file, one connection per adapter whose key is in the adapter's environment variable.
    async fn by_default(need: Need, registry: &Registry, records: &mut Records) -> Result<Self> {
        let (mut all, mut missing) = (Vec::new(), BTreeMap::new());
        for adapter in registry.iter() {
            let Some(key) = adapter.key_variable else { continue };
            // A claim is worth showing before there is a key.
            if need != Need::Claims && variable(key).is_none() {
                missing.insert(adapter.provider, key);
                continue;
            }
            // An adapter with a setting that has no default takes a file.
            let mut config = Config::new(adapter.provider);
            let Ok(own) = adapter.read(&config.own) else { continue };
            config.http.base_url = adapter.base_url_variable.and_then(variable);
            let name = adapter.provider.to_owned();
            all.push(declared(Declared { name, config, own, key: Key::Env(key.to_owned()) }, records).await?);
        }
        if all.is_empty() {
            let keys: Vec<_> = missing.into_values().collect();
            return Err(Failure::config(format!(
                "no connection: set {}, or write a wsm.toml; to try it without any account, run `wsm --simulate list`",
                keys.join(" or ")
            )));
        }
        let from = "environment variables, as there is no wsm.toml".to_owned();
        let state_dir = state_dir(need)?;
        Ok(Self { all, from, missing, guards: Guards::new(), state_dir, _simulator: None })
    }

    pub(crate) fn all(&self) -> &[Connection] {
        &self.all
    }

    /// The connection with this name.
    pub(crate) fn named(&self, name: &str) -> Result<&Connection> {
        self.all.iter().find(|connection| connection.name == name).ok_or_else(|| {
            let known = self.all.iter().map(|connection| connection.name.as_str()).collect::<Vec<_>>();
            let mut message =
                format!("unknown connection {name:?}; known are: {} (from {})", known.join(", "), self.from);
            if let Some(key) = self.missing.get(name) {
                message = format!("connection {name:?} has no key: set {key}");
            }
            Failure::input(message)
        })
    }

    /// What targets mean: each connection once, with the workspaces wanted of it, or `None` for all.
    pub(crate) fn wanted<'a>(&'a self, targets: &'a [Target]) -> Result<Vec<Wanted<'a>>> {
        let mut all: Vec<Wanted<'a>> = Vec::new();
        for target in targets {
            let connection = self.named(&target.connection)?;
            let workspace = target.workspace.as_deref();
            match all.iter_mut().find(|(known, _)| known.name == connection.name) {
                // A bare connection includes its workspaces.
                Some((_, known)) => match (known.as_mut(), workspace) {
                    (Some(known), Some(workspace)) => known.push(workspace),
                    _ => *known = None,
                },
                None => all.push((connection, workspace.map(|workspace| vec![workspace]))),
            }
        }
        Ok(all)
    }

    /// Some connections, as planning and applying take them.
    pub(crate) fn handles(&self, names: &[&str]) -> Result<sync::Connections> {
        let handle = |name: &&str| {
            let connection = self.named(name)?;
            Ok((connection.name.clone(), Arc::clone(&connection.members)))
        };
        names.iter().map(handle).collect()
    }

    /// The one named, or all.
    pub(crate) fn select(&self, name: Option<&str>) -> Result<Vec<&Connection>> {
        match name {
            Some(name) => self.named(name).map(|connection| vec![connection]),
            None => Ok(self.all.iter().collect()),
        }
    }
}

/// `$XDG_STATE_HOME/wsm`, by default `~/.local/state/wsm`. Never below the current folder: the next run may be elsewhere,
/// and would not find whom this one left outside.
fn state_dir(need: Need) -> Result<PathBuf> {
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    match folder {
        Some(folder) => Ok(folder.join("wsm")),
        None if need == Need::Changes => Err(Failure::config(
            "there is no place for locks and journals: set HOME or XDG_STATE_HOME to an absolute path",
        )),
        None => Ok(PathBuf::new()),
    }
}

pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

async fn declared(declared: Declared, records: &mut Records) -> Result<Connection> {
    let Declared { name, config, own, key } = declared;
    let key_from = match &key {
        Key::Env(variable) => format!("environment variable {variable}"),
        Key::File(path) => format!("file {}", path.display()),
        Key::Command(command) => format!("command {}", command[0]),
        Key::OAuth(keys) => format!("OAuth application {}", keys.client_id),
    };
    open(name, (config, own), credential(key), key_from, records).await
}

async fn open(
    name: String,
    (config, own): (Config, Box<dyn AdapterConfig>),
    credential: Credential,
    key_from: String,
    records: &mut Records,
) -> Result<Connection> {
    let fail = |error: Error| Failure::from(error.with_provider(config.provider.clone())).at(&name);
    let adapter = own.connect(&config.effective_http(), credential).map_err(fail)?;
    let layers = records.standard(&name, config.effective_layers()).await.map_err(fail)?;
    let members = Counted::new(&name, Arc::new(layers.build(adapter).map_err(fail)?));
    Ok(Connection { name, config, own, members, key_from })
}
