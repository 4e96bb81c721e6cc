//! Where a key comes from. It is asked for when first needed, and once more after the provider refused it, so that keys
//! rotate without a restart.

mod keys;
mod refresh;
mod source;

pub(crate) use keys::{Key, Keys};
pub use refresh::TokenStore;
pub use source::{CommandCredential, CredentialSource, FileCredential, StaticCredential};

use crate::address::{check_url, host_of};
use crate::errors::config_error;
use crate::transport::Transport;
use refresh::{Application, OAuthRefresh};
use secrecy::SecretString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use workspace_members_core::Result;

/// A key, or where to get it. Nothing is read or run before the first request; after the provider refused a key (401)
/// its source is asked once more, so that keys rotate without a restart.
#[non_exhaustive]
pub enum Credential {
    /// The key itself.
    Static(SecretString),
    /// A file that holds the key and nothing else, which others on the machine must not be able to open.
    File(PathBuf),
    /// A program and its arguments, run without a shell, that prints the key.
    Command(Vec<String>),
    /// OAuth 2.0: an access token is obtained with a refresh token. Of providers that refresh tokens.
    OAuth(OAuth),
    /// Anything else that can obtain a key.
    Source(Arc<dyn CredentialSource>),
}

impl Credential {
    /// The key itself.
    pub fn from_key(key: impl Into<String>) -> Self {
        Self::Static(SecretString::from(key.into()))
    }
}

impl<S: CredentialSource + 'static> From<Arc<S>> for Credential {
    fn from(source: Arc<S>) -> Self {
        Self::Source(source)
    }
}

impl From<Arc<dyn CredentialSource>> for Credential {
    fn from(source: Arc<dyn CredentialSource>) -> Self {
        Self::Source(source)
    }
}

/// Says where the key comes from, and never what it is.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Static(_) => f.write_str("Static([redacted])"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            // Arguments may hold what should not be there.
            Self::Command(command) => f.debug_tuple("Command").field(&command.first()).finish(),
            Self::OAuth(oauth) => oauth.fmt(f),
            Self::Source(source) => source.fmt(f),
        }
    }
}

impl Credential {
    /// As adapters take it. `token_url` is where the account's host refreshes tokens, if it does.
    pub fn into_source(
        self,
        token_url: Option<String>,
        transport: &Transport,
    ) -> Result<Arc<dyn CredentialSource>> {
        Ok(match self {
            Self::Static(key) => Arc::new(StaticCredential::new(key)),
            Self::File(path) => Arc::new(FileCredential::new(path)),
            Self::Command(command) => Arc::new(CommandCredential::new(command)),
            Self::Source(source) => source,
            Self::OAuth(oauth) => {
                let Some(token_url) = oauth.token_url.or(token_url) else {
                    return Err(config_error("the provider refreshes no OAuth tokens: give a key"));
                };
                Arc::new(OAuthRefresh(Arc::new(Application {
                    token_url: check_url(&token_url, "token URL")?,
                    client_id: oauth.client_id,
                    client_secret: oauth.client_secret.into_source(None, transport)?,
                    refresh_token: oauth.refresh_token.into_source(None, transport)?,
                    store: oauth.store,
                    transport: transport.clone(),
                    state: tokio::sync::Mutex::default(),
                })))
            }
        })
    }
}

/// An application's identity, and a refresh token.
#[non_exhaustive]
pub struct OAuth {
    /// Where tokens are refreshed; by default at the account's host.
    pub token_url: Option<String>,
    /// The application.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Box<Credential>,
    /// The refresh token. Where a store is given, that is asked instead.
    pub refresh_token: Box<Credential>,
    /// Keeps refresh tokens between runs, because a refresh may replace them. By default they are forgotten when the
    /// process ends.
    pub store: Option<Arc<dyn TokenStore>>,
}

impl OAuth {
    /// Refreshes at the account's own host.
    pub fn new(client_id: impl Into<String>, client_secret: Credential, refresh_token: Credential) -> Self {
        Self {
            token_url: None,
            client_id: client_id.into(),
            client_secret: Box::new(client_secret),
            refresh_token: Box::new(refresh_token),
            store: None,
        }
    }

    /// Refreshes elsewhere.
    pub fn with_token_url(mut self, url: impl Into<String>) -> Self {
        self.token_url = Some(url.into());
        self
    }

    /// Keeps refresh tokens between runs.
    pub fn with_store(mut self, store: Arc<dyn TokenStore>) -> Self {
        self.store = Some(store);
        self
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth")
            .field("token_host", &self.token_url.as_deref().map(host_of))
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_key() {
        let oauth = OAuth::new("app", Credential::from_key("canary-1"), Credential::from_key("canary-2"));
        let oauth = oauth.with_token_url("https://user:canary-4@login.example.com/token");
        let command = vec!["pass".to_owned(), "canary-3".to_owned()];
        for credential in
            [Credential::from_key("canary-0"), Credential::OAuth(oauth), Credential::Command(command)]
        {
            assert!(!format!("{credential:?}").contains("canary"), "{credential:?}");
        }
    }
}
