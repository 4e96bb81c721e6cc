//! Sources of keys that only a command line has.

use async_trait::async_trait;
use std::any::Any;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use workspace_members::http::{CredentialSource, FileCredential, TokenStore};
use workspace_members::{Effect, Error, ErrorKind, ExposeSecret as _, Result, SecretString};

/// An environment variable that is set to something.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A key in an environment variable. One that is missing fails its connection and leaves the others alone.
#[derive(Debug)]
pub(crate) struct EnvCredential(pub(crate) String);

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
pub(crate) struct TokenFile(pub(crate) PathBuf);

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
