//! Where a key comes from. It is asked for when first needed, and once more after the provider refused it, so that keys
//! rotate without a restart.

use crate::answer::Answer;
use crate::client::transport_error;
use crate::transport::{Transport, check_url};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use url::Url;
use workspace_members_core::{Effect, Error, ErrorKind, Operation, Result};

/// The largest key that is read, in bytes.
const MAX_KEY: u16 = 16 << 10;

/// How long a command may take to print a key. Less than a call may take by default, so that a command that hangs is
/// reported as what it is, and not as an answer that did not come.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(20);

/// Obtains the key of an account.
#[async_trait]
pub trait CredentialSource: fmt::Debug + Send + Sync {
    /// The key to use. `renew` says that the provider refused the one given last: obtain another if there can be one,
    /// else give the same again.
    async fn credential(&self, renew: bool) -> Result<SecretString>;
}

fn failed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Credential, Effect::Rejected, message)
}

fn trimmed(bytes: Vec<u8>, from: &str) -> Result<SecretString> {
    if bytes.len() > usize::from(MAX_KEY) {
        return Err(failed(format!(
            "the key from {from} is longer than {MAX_KEY} bytes; is it the key alone?"
        )));
    }
    let text = String::from_utf8(bytes).map_err(|_| failed(format!("the key from {from} is not UTF-8")))?;
    match text.trim() {
        "" => Err(failed(format!("the key from {from} is empty"))),
        key => Ok(SecretString::from(key)),
    }
}

/// A key that was given.
#[derive(Debug, Clone)]
pub struct StaticCredential(SecretString);

impl StaticCredential {
    /// Takes the key.
    pub fn new(key: SecretString) -> Self {
        Self(key)
    }
}

#[async_trait]
impl CredentialSource for StaticCredential {
    async fn credential(&self, _renew: bool) -> Result<SecretString> {
        Ok(self.0.clone())
    }
}

/// A key in a file, white space around it ignored. On Unix the file must not be readable by everybody.
#[derive(Debug, Clone)]
pub struct FileCredential(PathBuf);

impl FileCredential {
    /// Names the file; it is read when the key is needed.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

#[async_trait]
impl CredentialSource for FileCredential {
    async fn credential(&self, _renew: bool) -> Result<SecretString> {
        let path = &self.0;
        let cannot = |error: std::io::Error| {
            failed(format!("the key file {} cannot be read", path.display())).with_source(error)
        };
        let file = tokio::fs::File::open(path).await.map_err(cannot)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = file.metadata().await.map_err(cannot)?.permissions().mode();
            if mode & 0o007 != 0 {
                let message = format!(
                    "everybody on this machine may open the key file {} (mode {:o}); chmod it to 600",
                    path.display(),
                    mode & 0o777
                );
                return Err(failed(message));
            }
        }
        let mut bytes = Vec::new();
        file.take(u64::from(MAX_KEY) + 1).read_to_end(&mut bytes).await.map_err(cannot)?;
        trimmed(bytes, &format!("file {}", path.display()))
    }
}

/// A key that a program prints, such as a password manager's. Run without a shell; white space around the key ignored.
#[derive(Debug, Clone)]
pub struct CommandCredential(Vec<String>);

impl CommandCredential {
    /// Takes the program and its arguments. Run when the key is needed; ends after 20 s.
    pub fn new(command: Vec<String>) -> Self {
        Self(command)
    }
}

#[async_trait]
impl CredentialSource for CommandCredential {
    async fn credential(&self, _renew: bool) -> Result<SecretString> {
        let Some((program, arguments)) = self.0.split_first() else {
            return Err(failed("the key command is empty"));
        };
        let mut child = tokio::process::Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // What the program says for people goes to them; it is never mixed into an error.
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(format!("the key command {program} cannot be run")).with_source(error))?;
        let mut bytes = Vec::new();
        let work = async {
            if let Some(out) = child.stdout.take() {
                out.take(u64::from(MAX_KEY) + 1).read_to_end(&mut bytes).await?;
            }
            child.wait().await
        };
        let status = tokio::time::timeout(COMMAND_TIMEOUT, work)
            .await
            .map_err(|_| failed(format!("the key command {program} printed no key within 20 s")))?
            .map_err(|error| failed(format!("the key command {program} failed")).with_source(error))?;
        // Of one that prints too much the rest is not read, which ends it.
        if !status.success() && bytes.len() <= usize::from(MAX_KEY) {
            return Err(failed(format!("the key command {program} failed ({status})")));
        }
        trimmed(bytes, &format!("command {program}"))
    }
}

/// Keeps a refresh token between runs. A provider may answer a refresh with a new one, after which the old is void.
///
/// One [`OAuthRefresh`] loads, refreshes and saves one after the other. Two of them on one store, in one process or in
/// two, would both spend the same token, and whoever comes second is locked out: a store that is shared must
/// [`lock`](Self::lock), or each must have an authorization of its own.
#[async_trait]
pub trait TokenStore: fmt::Debug + Send + Sync {
    /// Keeps everybody else who shares the store from refreshing until the answer is dropped. Taken before a load and
    /// held until after the save. By default nobody is kept away.
    async fn lock(&self) -> Result<Box<dyn std::any::Any + Send>> {
        Ok(Box::new(()))
    }
    /// The refresh token to use.
    async fn load(&self) -> Result<SecretString>;
    /// Keeps the new one, before the access token that came with it is used. Where it fails, so does the call; the token
    /// is held in memory, and saving it comes before anything else when the next call needs a key.
    async fn save(&self, refresh_token: &SecretString) -> Result<()>;
}

/// A store that forgets when the process ends.
#[derive(Debug)]
struct MemoryStore(tokio::sync::Mutex<SecretString>);

#[async_trait]
impl TokenStore for MemoryStore {
    async fn load(&self) -> Result<SecretString> {
        Ok(self.0.lock().await.clone())
    }
    async fn save(&self, refresh_token: &SecretString) -> Result<()> {
        *self.0.lock().await = refresh_token.clone();
        Ok(())
    }
}

/// An OAuth 2.0 access token, obtained with a refresh token (RFC 6749, section 6) when first needed and after a 401.
///
/// A refresh once begun is carried to its end also where the call that needed it is dropped: the provider may have spent
/// the old refresh token, and the new one must be kept.
#[derive(Debug)]
pub struct OAuthRefresh(Arc<Refresh>);

struct Refresh {
    token_url: Url,
    client_id: String,
    client_secret: SecretString,
    store: Arc<dyn TokenStore>,
    transport: Transport,
    /// Held from loading a refresh token to saving the next. Holds one that could not be saved, which is the only one
    /// that is good.
    unsaved: tokio::sync::Mutex<Option<SecretString>>,
}

impl fmt::Debug for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.token_url.host_str();
        f.debug_struct("Refresh").field("host", &host).field("store", &self.store).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Tokens {
    access_token: SecretString,
    #[serde(default)]
    refresh_token: Option<SecretString>,
}

const REFUSALS: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl OAuthRefresh {
    /// Takes the application's identity and a refresh token. A new refresh token is kept until the process ends; give
    /// a [`TokenStore`] to keep it longer. The URL is https, or http on loopback, and is used as it stands.
    pub fn new(
        token_url: &str,
        client_id: impl Into<String>,
        client_secret: SecretString,
        refresh_token: SecretString,
        transport: Transport,
    ) -> Result<Self> {
        let store = Arc::new(MemoryStore(tokio::sync::Mutex::new(refresh_token)));
        let (token_url, client_id) = (check_token_url(token_url)?, client_id.into());
        let unsaved = tokio::sync::Mutex::default();
        Ok(Self(Arc::new(Refresh { token_url, client_id, client_secret, store, transport, unsaved })))
    }

    /// Keeps refresh tokens elsewhere.
    pub fn with_store(self, store: Arc<dyn TokenStore>) -> Self {
        let Refresh { token_url, client_id, client_secret, transport, .. } = &*self.0;
        Self(Arc::new(Refresh {
            token_url: token_url.clone(),
            client_id: client_id.clone(),
            client_secret: client_secret.clone(),
            store,
            transport: transport.clone(),
            unsaved: tokio::sync::Mutex::default(),
        }))
    }
}

/// Reads the address of a token endpoint: https, or http on loopback; no credentials, query or fragment. A trailing slash
/// stays, since it is another address without.
pub fn check_token_url(text: &str) -> Result<Url> {
    check_url(text, "token URL")
}

#[async_trait]
impl CredentialSource for OAuthRefresh {
    async fn credential(&self, _renew: bool) -> Result<SecretString> {
        let refresh = Arc::clone(&self.0);
        tokio::spawn(async move { refresh.run().await })
            .await
            .map_err(|error| failed("the refresh of the access token was ended").with_source(error))?
    }
}

impl Refresh {
    async fn run(&self) -> Result<SecretString> {
        let mut unsaved = self.unsaved.lock().await;
        let _alone = self.store.lock().await?;
        self.keep(&mut unsaved).await?;
        let refresh_token = self.store.load().await?;
        let tokens = self.ask(&refresh_token).await?;
        if tokens.refresh_token.is_some() {
            *unsaved = tokens.refresh_token;
            self.keep(&mut unsaved).await?;
        }
        Ok(tokens.access_token)
    }

    async fn keep(&self, unsaved: &mut Option<SecretString>) -> Result<()> {
        if let Some(token) = unsaved {
            self.store.save(token).await?;
        }
        *unsaved = None;
        Ok(())
    }

    /// One request to the token endpoint. Whatever comes of it, the call that needs the key was not sent.
    async fn ask(&self, refresh_token: &SecretString) -> Result<Tokens> {
        let url = self.token_url.clone();
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.expose_secret()),
            ("refresh_token", refresh_token.expose_secret()),
        ];
        let cannot = |error| {
            let error = transport_error(error, Operation::Me);
            let message = format!("the access token could not be refreshed: {}", error.message());
            error.with_message(message)
        };
        let mut response =
            self.transport.client_for(&url)?.post(url).form(&form).send().await.map_err(cannot)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(cannot)? {
            if body.len() + chunk.len() > usize::from(MAX_KEY) {
                return Err(failed("the answer to the refresh is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        let answer = Answer::new(response.status().as_u16(), response.headers(), body.into());
        if !answer.is_success() {
            return Err(refusal(&answer));
        }
        // The cause is left out on purpose: a decoder's message may quote the token.
        serde_json::from_slice(&answer.body)
            .map_err(|_| failed("the answer to the refresh is not an OAuth 2.0 token answer"))
    }
}

fn refusal(answer: &Answer) -> Error {
    let passing = |kind, why| {
        let message = format!("the access token could not be refreshed: {why}");
        Error::new(kind, Effect::NotApplied, message).with_retry_after(answer.retry_after)
    };
    let error = match answer.status {
        429 => passing(ErrorKind::RateLimited, "too many requests"),
        500..=599 => passing(ErrorKind::Unavailable, "the provider is out of order"),
        _ => {
            // Only the standard's own words are repeated (RFC 6749, section 5.2): any other might quote the request.
            let code = serde_json::from_slice::<Refusal>(&answer.body).ok().map(|refusal| refusal.error);
            let why = REFUSALS
                .into_iter()
                .find(|known| code.as_deref() == Some(known))
                .unwrap_or("no reason that is known");
            failed(format!("the provider refuses to refresh the access token: {why}"))
        }
    };
    error.with_status(answer.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_command_prints_the_key() {
        let key =
            CommandCredential::new(vec!["printf".into(), " k1 \n".into()]).credential(false).await.unwrap();
        assert_eq!(key.expose_secret(), "k1");
        let long = vec!["head".into(), "-c".into(), "20000".into(), "/dev/zero".into()];
        for bad in [long, vec![], vec!["false".into()], vec!["true".into()], vec!["/no/such/program".into()]]
        {
            let error = CommandCredential::new(bad).credential(false).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credential);
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_key_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        std::fs::write(&path, "k2\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = FileCredential::new(&path).credential(false).await.unwrap_err();
        assert!(error.to_string().contains("chmod"), "{error}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(FileCredential::new(&path).credential(false).await.unwrap().expose_secret(), "k2");
        std::fs::write(&path, "k".repeat(usize::from(MAX_KEY) + 1)).unwrap();
        let error = FileCredential::new(&path).credential(false).await.unwrap_err();
        assert!(error.to_string().contains("longer than"), "{error}");
    }

    #[test]
    fn debug_shows_no_key() {
        let source = StaticCredential::new(SecretString::from("canary-key"));
        assert!(!format!("{source:?}").contains("canary"));
    }
}
