//! The accounts that a command works on.

use crate::args::{Common, Need, Only};
use crate::config::{self, Declarations, Declared, Found, Key};
use crate::credentials::{EnvCredential, variable};
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::progress::Counted;
use crate::records::Records;
use crate::simulate;
use crate::target::Target;
use std::fmt::Display;
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

    /// `NAME  (PROVIDER at ENDPOINT, VARIANT)`, the latter with more.
    pub(crate) fn title(&self, more: &str) -> String {
        let capabilities = self.members.capabilities();
        let variant = match capabilities.variant() {
            "" => String::new(),
            variant => format!(", {variant}"),
        };
        format!("{}  ({} at {}{variant}{more})", self.name, self.provider(), capabilities.endpoint())
    }

    /// Says something to know about this connection.
    pub(crate) fn note(&self, output: Output, text: impl Display) {
        output.note(&format!("{}: {text}", self.name));
    }

    /// A failure of this connection.
    pub(crate) fn fail(&self, error: impl Into<Failure>) -> Failure {
        error.into().at(&self.name)
    }
}

/// A connection, and the workspaces named of it, or `None` for all.
pub(crate) type Selected<'a> = (&'a Connection, Option<Vec<&'a str>>);

/// All connections, in the order of the file.
#[derive(Debug)]
pub(crate) struct Connections {
    all: Vec<Connection>,
    /// Where they are declared, for people.
    from: String,
    /// Providers without a key, each with the environment variable that would make it a connection.
    missing: Vec<(&'static str, &'static str)>,
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
        let (mut simulator, mut missing) = (None, Vec::new());
        let (declared, state_dir) = if let Some(state) = &common.simulate {
            let running = simulate::start(Simulator::builder(), state.clone()).await?;
            let declared = simulated(&running, common, registry)?;
            let folder = tempfile::tempdir()
                .map_err(|error| Failure::config(format!("no folder can be made for this run: {error}")))?;
            let state_dir = folder.path().to_owned();
            simulator = Some((running, folder));
            (declared, state_dir)
        } else {
            let declared = match config::find(common.config.as_deref()) {
                Some(found) => config::read(&found, registry)?,
                None => by_default(need, registry, &mut missing)?,
            };
            (declared, state_dir(need)?)
        };
        let Declarations { from, connections, guards } = declared;
        if connections.is_empty() {
            let message = format!("{from}: no connection is declared; write for instance [connections.acme]");
            return Err(Failure::config(message));
        }
        let mut records = Records::new(common.audit.clone(), need);
        let mut all = Vec::new();
        for connection in connections {
            let endpoint = simulator.as_ref().map(|_| "the simulator");
            all.push(open(connection, &mut records, endpoint).await?);
        }
        Ok(Self { all, from, missing, guards, state_dir, _simulator: simulator })
    }

    pub(crate) fn all(&self) -> &[Connection] {
        &self.all
    }

    /// The connection with this name.
    pub(crate) fn named(&self, name: &str) -> Result<&Connection> {
        self.all.iter().find(|connection| connection.name == name).ok_or_else(|| {
            let missing = self.missing.iter().find(|(provider, _)| *provider == name);
            Failure::input(if let Some((_, key)) = missing {
                format!("connection {name:?} has no key: set {key}")
            } else {
                let known = self.all.iter().map(|connection| connection.name.as_str()).collect::<Vec<_>>();
                format!("unknown connection {name:?}; known are: {} (from {})", known.join(", "), self.from)
            })
        })
    }

    /// What targets mean: each connection once, with the workspaces that are named of it.
    pub(crate) fn selected<'a>(&'a self, targets: &'a [Target]) -> Result<Vec<Selected<'a>>> {
        let mut all: Vec<Selected<'a>> = Vec::new();
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
    pub(crate) fn select(&self, only: &Only) -> Result<Vec<&Connection>> {
        match &only.connection {
            Some(name) => self.named(name).map(|connection| vec![connection]),
            None => Ok(self.all.iter().collect()),
        }
    }
}

/// The simulated providers. Of a file that was asked for, the guards apply to them too.
fn simulated(simulator: &Simulator, common: &Common, registry: &Registry) -> Result<Declarations> {
    let mut declared = match &common.config {
        Some(path) => config::read(&Found::named(path), registry)?,
        None => Declarations::default(),
    };
    "--simulate".clone_into(&mut declared.from);
    declared.connections.clear();
    for (provider, url, key) in simulate::accounts(simulator) {
        let config = Config::new(provider).with_base_url(url);
        // A binary of one's own may know other providers only.
        let Ok(own) = registry.read(provider, &config.own) else { continue };
        let key = Key { credential: Credential::from_key(key), from: "the simulator".to_owned() };
        declared.connections.push(Declared { name: provider.to_owned(), config, own, key });
    }
    Ok(declared)
}

/// Without a file, one connection per adapter whose key is in the adapter's environment variable.
fn by_default(
    need: Need,
    registry: &Registry,
    missing: &mut Vec<(&'static str, &'static str)>,
) -> Result<Declarations> {
    let mut connections = Vec::new();
    for adapter in registry.iter() {
        let Some(key) = adapter.key_variable else { continue };
        // Claims can be shown without a key.
        if need != Need::Claims && variable(key).is_none() {
            missing.push((adapter.provider, key));
            continue;
        }
        let mut config = Config::new(adapter.provider);
        // An adapter with a setting that has no default takes a file.
        let Ok(own) = adapter.read(&config.own) else { continue };
        config.http.base_url = adapter.base_url_variable.and_then(variable);
        let credential = Credential::Source(Arc::new(EnvCredential(key.to_owned())));
        let key = Key { credential, from: format!("environment variable {key}") };
        connections.push(Declared { name: adapter.provider.to_owned(), config, own, key });
    }
    if connections.is_empty() {
        let keys: Vec<_> = missing.iter().map(|(_, key)| *key).collect();
        return Err(Failure::config(format!(
            "no connection: set {}, or write a wsm.toml; to try it without any account, run `wsm --simulate list`",
            keys.join(" or ")
        )));
    }
    let from = "environment variables, as there is no wsm.toml".to_owned();
    Ok(Declarations { from, connections, guards: Guards::new() })
}

/// `$XDG_STATE_HOME/wsm`, by default `~/.local/state/wsm`. Never below the current folder: the next run may be elsewhere,
/// and would not find the open changes of this one.
fn state_dir(need: Need) -> Result<PathBuf> {
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    match folder {
        Some(folder) => Ok(folder.join("wsm")),
        None if need == Need::Changes => Err(Failure::config(
            "there is no folder for locks and journals: set HOME or XDG_STATE_HOME to an absolute path",
        )),
        None => Ok(PathBuf::new()),
    }
}

/// `endpoint` replaces the real one in plans: the simulator's port is another one in each run.
async fn open(declared: Declared, records: &mut Records, endpoint: Option<&str>) -> Result<Connection> {
    let Declared { name, config, own, key } = declared;
    let fail = |error: Error| Failure::from(error.with_provider(config.provider.clone())).at(&name);
    let adapter = own.connect(&config.effective_http(), key.credential).map_err(fail)?;
    let layers = records.standard(config.effective_layers()).await.map_err(fail)?;
    let stack = Arc::new(layers.build(adapter).map_err(fail)?.with_connection(&name));
    let mut capabilities = stack.capabilities().clone();
    if let Some(endpoint) = endpoint {
        capabilities = capabilities.with_endpoint(endpoint);
    }
    let members = Counted::new(&name, stack, capabilities);
    Ok(Connection { name, config, own, members, key_from: key.from })
}
