//! The accounts that a command works on.

use crate::args::Common;
use crate::config::{self, Declared, Key};
use crate::failure::{Failure, Result};
use crate::progress::Counted;
use crate::records::Records;
use crate::simulate;
use crate::target::Target;
use async_trait::async_trait;
use std::any::Any;
use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use workspace_members::http::{CredentialSource, TokenStore};
use workspace_members::sync::{self, Guards};
use workspace_members::{
    Config, Credential, Effect, Error, ErrorKind, ExposeSecret as _, OAuth, SecretString, WorkspaceMembers,
    connect_bare,
};
use workspace_members_simulator::Simulator;

/// A named account.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) name: String,
    pub(crate) config: Config,
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
    /// This host's own guards.
    pub(crate) guards: Guards,
    /// Where applies keep locks and journals.
    pub(crate) state_dir: PathBuf,
    /// Runs for as long as the connections are used, with a folder that goes when it does.
    _simulator: Option<(Simulator, tempfile::TempDir)>,
}

/// The connections that exist without a file: name, variable of the key, variable of the base URL.
const BY_DEFAULT: [(&str, &str, &str); 2] = [
    ("paradigm", "PARADIGM_API_KEY", "PARADIGM_BASE_URL"),
    ("pandadoc", "PANDADOC_API_KEY", "PANDADOC_BASE_URL"),
];

impl Connections {
    /// Reads the configuration. Nothing is sent, and no key is asked for.
    pub(crate) async fn open(common: &Common, need: Need) -> Result<Self> {
        let mut records = Records::new(common.audit.clone(), need);
        if let Some(state) = &common.simulate {
            let simulator = simulate::start(state.clone()).await?;
            let mut all = Vec::new();
            for (config, key) in simulate::connections(&simulator) {
                let name = config.provider.to_string();
                all.push(open(name, config, key, "the simulator".to_owned(), &mut records).await?);
            }
            let folder = tempfile::tempdir()
                .map_err(|error| Failure::config(format!("no folder can be made for this run: {error}")))?;
            // Of a file that was asked for, the guards hold for the simulated connections too.
            let guards = match &common.config {
                Some(path) => config::read(&config::Found::named(path))?.guards,
                None => Guards::new(),
            };
            return Ok(Self {
                all,
                from: "--simulate".to_owned(),
                guards,
                state_dir: folder.path().to_owned(),
                _simulator: Some((simulator, folder)),
            });
        }
        let Some(found) = config::find(common.config.as_deref()) else {
            return Self::by_default(need, &mut records).await;
        };
        let file = config::read(&found)?;
        let mut all = Vec::new();
        for connection in file.connections {
            all.push(declared(connection, &mut records).await?);
        }
        let from = file.path.display().to_string();
        if all.is_empty() {
            let message = format!("{from}: no connection is declared; write for instance [connections.acme]");
            return Err(Failure::config(message));
        }
        Ok(Self { all, from, guards: file.guards, state_dir: state_dir(need)?, _simulator: None })
    }

    async fn by_default(need: Need, records: &mut Records) -> Result<Self> {
        let mut all = Vec::new();
        for (name, key, base_url) in BY_DEFAULT {
            // A claim is worth showing before there is a key.
            if need != Need::Claims && variable(key).is_none() {
                continue;
            }
            let mut config = Config::new(name);
            config.base_url = variable(base_url);
            let key = Key::Env(key.to_owned());
            all.push(declared(Declared { name: name.to_owned(), config, key }, records).await?);
        }
        if all.is_empty() {
            return Err(Failure::config(
                "no connection: set PARADIGM_API_KEY or PANDADOC_API_KEY, or write a wsm.toml; to try it without any \
                 account, run `wsm --simulate list`",
            ));
        }
        let from = "environment variables, as there is no wsm.toml".to_owned();
        Ok(Self { all, from, guards: Guards::new(), state_dir: state_dir(need)?, _simulator: None })
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
            if let Some((_, key, _)) = BY_DEFAULT.iter().find(|(default, _, _)| *default == name)
                && self.from.starts_with("environment")
            {
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

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

async fn declared(declared: Declared, records: &mut Records) -> Result<Connection> {
    let Declared { name, config, key } = declared;
    let key_from = match &key {
        Key::Env(variable) => format!("environment variable {variable}"),
        Key::File(path) => format!("file {}", path.display()),
        Key::Command(command) => format!("command {}", command[0]),
        Key::OAuth(keys) => format!("OAuth application {}", keys.client_id),
    };
    open(name, config, credential(key), key_from, records).await
}

async fn open(
    name: String,
    config: Config,
    credential: Credential,
    key_from: String,
    records: &mut Records,
) -> Result<Connection> {
    let fail = |error: Error| Failure::from(error).at(&name);
    let adapter = connect_bare(&config, credential).map_err(fail)?;
    let layers = records.standard(&name, config.effective_layers()).await.map_err(fail)?;
    let members = Counted::new(&name, Arc::new(layers.build(adapter).map_err(fail)?));
    Ok(Connection { name, config, members, key_from })
}

fn credential(key: Key) -> Credential {
    match key {
        Key::Env(name) => Credential::Source(Arc::new(EnvCredential(name))),
        Key::File(path) => Credential::File(path),
        Key::Command(command) => Credential::Command(command),
        Key::OAuth(keys) => {
            let file = keys.refresh_token_file;
            let secret = credential(keys.client_secret);
            let mut oauth = OAuth::new(keys.client_id, secret, Credential::File(file.clone()))
                .with_store(Arc::new(TokenFile(file)));
            oauth.token_url = keys.token_url;
            Credential::OAuth(oauth)
        }
    }
}

/// A key in an environment variable. One that is missing fails its connection and leaves the others alone.
struct EnvCredential(String);

impl fmt::Debug for EnvCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EnvCredential({})", self.0)
    }
}

#[async_trait]
impl CredentialSource for EnvCredential {
    async fn credential(&self, _renew: bool) -> workspace_members::Result<SecretString> {
        match variable(&self.0).map(|key| key.trim().to_owned()) {
            Some(key) if !key.is_empty() => Ok(SecretString::from(key)),
            _ => Err(Error::new(
                ErrorKind::Credential,
                Effect::Rejected,
                format!("the environment variable {} is not set", self.0),
            )),
        }
    }
}

/// A refresh token in a file, replaced as a whole when the provider gives a new one.
#[derive(Debug)]
struct TokenFile(PathBuf);

impl TokenFile {
    fn cannot(&self, what: &str, error: std::io::Error) -> Error {
        let message = format!("the refresh token file {} cannot be {what}", self.0.display());
        Error::new(ErrorKind::Credential, Effect::Rejected, message).with_source(error)
    }

    /// On the disk before it takes the old one's name, since the old token may be void already. Readable by its owner
    /// only, as temporary files are.
    fn replace(&self, token: &SecretString) -> std::io::Result<()> {
        let parent = self.0.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = parent.unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(token.expose_secret().as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.0)?;
        // Not every system can do this.
        _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

#[async_trait]
impl TokenStore for TokenFile {
    /// A lock on a file beside it, which outlives each replacement. Other runs refresh in seconds.
    async fn lock(&self) -> workspace_members::Result<Box<dyn Any + Send>> {
        let mut name = self.0.clone().into_os_string();
        name.push(".lock");
        let taken = tokio::task::spawn_blocking(move || {
            let file = File::options().create(true).truncate(false).write(true).open(name)?;
            file.lock().map(|()| file)
        });
        match taken.await.map_err(std::io::Error::other).and_then(|taken| taken) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(self.cannot("locked", error)),
        }
    }

    async fn load(&self) -> workspace_members::Result<SecretString> {
        workspace_members::http::FileCredential::new(&self.0).credential(false).await
    }

    async fn save(&self, token: &SecretString) -> workspace_members::Result<()> {
        self.replace(token).map_err(|error| self.cannot("replaced", error))
    }
}
