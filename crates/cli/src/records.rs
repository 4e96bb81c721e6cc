//! Where changes are recorded, and the layers that do it.

use crate::args::Need;
use crate::credentials::variable;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use workspace_members::http::{CredentialSource, FileCredential};
use workspace_members::layers::{AuditConfig, AuditFile, AuditSink, KeySource, LayersConfig, StackBuilder};
use workspace_members::{Effect, Error, ErrorKind, Result, SecretString};

/// The files that are open, each once, whatever the number of connections that write to it.
#[derive(Debug)]
pub(crate) struct Records {
    /// Named on the command line, for all connections.
    file: Option<PathBuf>,
    need: Need,
    /// By path, and by whether it is forced to the disk: the two are not shared.
    open: BTreeMap<(PathBuf, bool), Arc<dyn AuditSink>>,
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Config, Effect::Rejected, message)
}

impl Records {
    pub(crate) fn new(file: Option<PathBuf>, need: Need) -> Self {
        Self { file, need, open: BTreeMap::new() }
    }

    /// The layers of one connection. Only a command that changes something opens a record.
    pub(crate) async fn standard(&mut self, mut layers: LayersConfig) -> Result<StackBuilder> {
        if self.file.is_some() {
            layers.audit.file.clone_from(&self.file);
        }
        if self.need != Need::Changes {
            layers.audit = AuditConfig::default();
        }
        layers.audit.actor = layers.audit.actor.or_else(|| variable("USER"));
        let mut standard = StackBuilder::new(layers.clone());
        if let Some(file) = &layers.audit.file {
            standard = standard.with_sink(self.sink(file, layers.audit.fsync)?);
            if let Some(source) = &layers.audit.hash_emails {
                standard = standard.with_email_key(email_key(source).await?);
            }
        }
        Ok(standard)
    }

    fn sink(&mut self, file: &Path, fsync: bool) -> Result<Arc<dyn AuditSink>> {
        let key = (file.to_owned(), fsync);
        if let Some(sink) = self.open.get(&key) {
            return Ok(Arc::clone(sink));
        }
        let sink: Arc<dyn AuditSink> = Arc::new(AuditFile::open(file, fsync).map_err(|error| {
            wrong(format!("the audit file {} cannot be opened", file.display())).with_source(error)
        })?);
        self.open.insert(key, Arc::clone(&sink));
        Ok(sink)
    }
}

/// The key that hides addresses in records.
async fn email_key(source: &KeySource) -> Result<SecretString> {
    match source {
        // The name is not repeated: it may be the key, in place of its variable's name.
        KeySource::Env(name) => variable(name).map(SecretString::from).ok_or_else(|| {
            wrong("the environment variable that audit.hash_emails names is not set".to_owned())
        }),
        KeySource::File(path) => FileCredential::new(path).credential(false).await,
        _ => Err(wrong("audit.hash_emails must name an environment variable or a file".to_owned())),
    }
}
