//! An application that obtains its access tokens with a refresh token.

use super::{Credential, CredentialSource, host_of};
use crate::credential::refresh::{OAuthRefresh, TokenStore, check_token_url};
use crate::transport::Transport;
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::sync::Arc;
use tokio::sync::Mutex;
use workspace_members_core::{ErrorKind, Result};

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

/// Asks for the application's secret and the refresh token no sooner than an access token is needed, and once more
/// when the provider refuses them.
pub(super) struct LazyOAuth {
    token_url: String,
    client_id: String,
    client_secret: Arc<dyn CredentialSource>,
    refresh_token: Arc<dyn CredentialSource>,
    store: Option<Arc<dyn TokenStore>>,
    transport: Transport,
    ready: Mutex<Option<Ready>>,
}

/// What was obtained, and what refreshes with it.
struct Ready {
    given: [SecretString; 2],
    refresh: Arc<OAuthRefresh>,
}

impl LazyOAuth {
    pub(super) fn new(oauth: OAuth, token_url: String, transport: &Transport) -> Result<Self> {
        check_token_url(&token_url)?;
        Ok(Self {
            token_url,
            client_id: oauth.client_id,
            client_secret: oauth.client_secret.into_source(None, transport)?,
            refresh_token: oauth.refresh_token.into_source(None, transport)?,
            store: oauth.store,
            transport: transport.clone(),
            ready: Mutex::new(None),
        })
    }

    async fn obtain(&self, renew: bool) -> Result<Ready> {
        let secret = self.client_secret.credential(renew).await?;
        let token = match &self.store {
            // Loaded before each refresh.
            Some(_) => SecretString::default(),
            None => self.refresh_token.credential(renew).await?,
        };
        let given = [secret.clone(), token.clone()];
        let transport = self.transport.clone();
        let refresh = OAuthRefresh::new(&self.token_url, &self.client_id, secret, token, transport)?;
        let refresh = Arc::new(match &self.store {
            Some(store) => refresh.with_store(Arc::clone(store)),
            None => refresh,
        });
        Ok(Ready { given, refresh })
    }
}

impl fmt::Debug for LazyOAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth").field("token_host", &host_of(&self.token_url)).finish_non_exhaustive()
    }
}

#[async_trait]
impl CredentialSource for LazyOAuth {
    async fn credential(&self, renew: bool) -> Result<SecretString> {
        let mut slot = self.ready.lock().await;
        let ready = match slot.take() {
            Some(ready) => ready,
            None => self.obtain(false).await?,
        };
        let refresh = Arc::clone(&ready.refresh);
        let given = slot.insert(ready).given.clone();
        let refused = match refresh.credential(renew).await {
            // With a status: it is the provider who refuses what it was given.
            Err(error) if error.kind() == ErrorKind::Credential && error.status().is_some() => error,
            other => return other,
        };
        let next = self.obtain(true).await?;
        let text = |given: &[SecretString; 2]| given.clone().map(|one| one.expose_secret().to_owned());
        if text(&next.given) == text(&given) {
            return Err(refused);
        }
        let refresh = Arc::clone(&next.refresh);
        // Before it is used: the call may be dropped, and the refresh goes on.
        *slot = Some(next);
        refresh.credential(renew).await
    }
}
