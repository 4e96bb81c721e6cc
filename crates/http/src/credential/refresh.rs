//! OAuth 2.0: an access token obtained with a refresh token, which may be replaced each time.

use super::{CredentialSource, MAX_KEY, failed};
use crate::answer::Answer;
use crate::failed::transport_error;
use crate::transport::{Transport, check_url};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;
use url::Url;
use workspace_members_core::{Effect, Error, ErrorKind, Operation, Result};

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
        let answer =
            Answer::new(response.status().as_u16(), std::mem::take(response.headers_mut()), body.into());
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
