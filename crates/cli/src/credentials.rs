//! Keys, from where a configuration says that they are.

use crate::config::Key;
use crate::connections::variable;
use async_trait::async_trait;
use std::any::Any;
use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use workspace_members::http::{CredentialSource, FileCredential, TokenStore};
use workspace_members::{
    Credential, Effect, Error, ErrorKind, ExposeSecret as _, OAuth, Result, SecretString,
};

/// Nothing is read or run before the first request.
pub(crate) fn credential(key: Key) -> Credential {
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
    async fn credential(&self, _renew: bool) -> Result<SecretString> {
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
    async fn lock(&self) -> Result<Box<dyn Any + Send>> {
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

    async fn load(&self) -> Result<SecretString> {
        FileCredential::new(&self.0).credential(false).await
    }

    async fn save(&self, token: &SecretString) -> Result<()> {
        self.replace(token).map_err(|error| self.cannot("replaced", error))
    }
}
