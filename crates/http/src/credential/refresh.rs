//! OAuth 2.0: an access token obtained with a refresh token, which may be replaced each time.

use super::source::{CredentialSource, MAX_KEY, failed};
use crate::errors::transport_error;
use crate::transport::{Transport, read_body};
use crate::wait::wait;
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use url::Url;
use workspace_members_core::{Effect, Error, ErrorKind, Operation, Result};

/// Keeps a refresh token between runs. A provider may answer a refresh with a new one, after which the old is void.
///
/// One account loads, refreshes and saves one after the other. Two of them on one store, in one process or in two, would
/// both spend the same token, and the second is locked out: a store that is shared must [`lock`](Self::lock), or each must
/// have an authorization of its own.
#[async_trait]
pub trait TokenStore: fmt::Debug + Send + Sync {
    /// Keeps others that share the store from refreshing until what it returns is dropped: from before a load to after the
    /// save. By default it keeps nothing away.
    async fn lock(&self) -> Result<Box<dyn std::any::Any + Send>> {
        Ok(Box::new(()))
    }
    /// The refresh token to use.
    async fn load(&self) -> Result<SecretString>;
    /// Keeps the new one, before the access token that came with it is used. Where it fails, so does the call; the token
    /// is kept in memory, and saving it comes before anything else when the next call needs a key.
    async fn save(&self, refresh_token: &SecretString) -> Result<()>;
}

/// An OAuth 2.0 access token, obtained with a refresh token (RFC 6749, section 6) when first needed and after a 401. The
/// application's secret and the refresh token are asked for no sooner than that, and once more when the provider refuses
/// them.
///
/// A refresh once begun is carried to its end also where the call that needed it is dropped: the provider may have spent
/// the old refresh token, and the new one must be kept.
pub(super) struct OAuthRefresh(pub(super) Arc<Application>);

pub(super) struct Application {
    /// Used as it stands: with a trailing slash it is another address.
    pub(super) token_url: Url,
    pub(super) client_id: String,
    pub(super) client_secret: Arc<dyn CredentialSource>,
    pub(super) refresh_token: Arc<dyn CredentialSource>,
    pub(super) store: Option<Arc<dyn TokenStore>>,
    pub(super) transport: Transport,
    /// Locked from loading a refresh token to saving the next.
    pub(super) state: tokio::sync::Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    given: Option<Given>,
    /// The refresh token that the provider gave last, which is the only one that is good; none once a store has it.
    newest: Option<SecretString>,
}

/// The application's secret and the refresh token, as their sources gave them. The token is empty where a store is asked
/// instead, before each refresh.
type Given = [SecretString; 2];

impl fmt::Debug for OAuthRefresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth").field("token_host", &self.0.token_url.host_str()).finish_non_exhaustive()
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

#[async_trait]
impl CredentialSource for OAuthRefresh {
    async fn credential(&self, _renew: bool) -> Result<SecretString> {
        let application = Arc::clone(&self.0);
        tokio::spawn(async move { application.run().await })
            .await
            .map_err(|error| failed("the refresh of the access token was ended").with_source(error))?
    }
}

impl Application {
    async fn run(&self) -> Result<SecretString> {
        let mut state = self.state.lock().await;
        let State { given, newest } = &mut *state;
        let given = match given {
            Some(given) => given,
            None => given.insert(self.obtain(false).await?),
        };
        let refused = match self.refresh(given, newest).await {
            // With a status: it is the provider who refuses what it was given.
            Err(error) if error.kind() == ErrorKind::Credential && error.status().is_some() => error,
            other => return other,
        };
        let other = self.obtain(true).await?;
        if given.iter().zip(&other).all(|(one, other)| one.expose_secret() == other.expose_secret()) {
            return Err(refused);
        }
        *given = other;
        *newest = None;
        self.refresh(given, newest).await
    }

    async fn obtain(&self, renew: bool) -> Result<Given> {
        let secret = self.client_secret.credential(renew).await?;
        let token = match &self.store {
            Some(_) => SecretString::default(),
            None => self.refresh_token.credential(renew).await?,
        };
        Ok([secret, token])
    }

    async fn refresh(
        &self,
        [secret, token]: &Given,
        newest: &mut Option<SecretString>,
    ) -> Result<SecretString> {
        let _alone = match &self.store {
            Some(store) => Some(store.lock().await?),
            None => None,
        };
        self.save(newest).await?;
        let token = match &self.store {
            Some(store) => store.load().await?,
            None => newest.as_ref().unwrap_or(token).clone(),
        };
        let tokens = self.ask(secret, &token).await?;
        if tokens.refresh_token.is_some() {
            *newest = tokens.refresh_token;
            self.save(newest).await?;
        }
        Ok(tokens.access_token)
    }

    async fn save(&self, newest: &mut Option<SecretString>) -> Result<()> {
        if let (Some(store), Some(token)) = (&self.store, &*newest) {
            store.save(token).await?;
            *newest = None;
        }
        Ok(())
    }

    /// One request to the token endpoint. Whatever comes of it, the call that needs the key was not sent.
    async fn ask(&self, client_secret: &SecretString, refresh_token: &SecretString) -> Result<Tokens> {
        let url = self.token_url.clone();
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", &self.client_id),
            ("client_secret", client_secret.expose_secret()),
            ("refresh_token", refresh_token.expose_secret()),
        ];
        let cannot = |error: Error| {
            let message = format!("the access token could not be refreshed: {}", error.message());
            error.with_message(message)
        };
        let response = self.transport.client_for(&url)?.post(url).form(&form).send().await;
        let mut response = response.map_err(|error| cannot(transport_error(error, Operation::Me)))?;
        let body = read_body(&mut response, MAX_KEY.into(), Operation::Me).await;
        let body = body.map_err(|error| match error.kind() {
            ErrorKind::UnexpectedResponse => failed("the answer to the refresh is too large"),
            _ => cannot(error),
        })?;
        if !response.status().is_success() {
            let wait = wait(response.status().as_u16(), response.headers(), SystemTime::now());
            return Err(refusal(response.status().as_u16(), wait, &body));
        }
        // The cause is left out on purpose: a decoder's message may quote the token.
        serde_json::from_slice(&body)
            .map_err(|_| failed("the answer to the refresh is not an OAuth 2.0 token answer"))
    }
}

fn refusal(status: u16, wait: Option<Duration>, body: &[u8]) -> Error {
    let passing = |kind, why| {
        let message = format!("the access token could not be refreshed: {why}");
        Error::new(kind, Effect::NotApplied, message).with_retry_after(wait)
    };
    let error = match status {
        429 => passing(ErrorKind::RateLimited, "too many requests"),
        500..=599 => passing(ErrorKind::Unavailable, "the provider is out of order"),
        _ => {
            // Only the standard's own words are repeated (RFC 6749, section 5.2): any other might quote the request.
            let code = serde_json::from_slice::<Refusal>(body).ok().map(|refusal| refusal.error);
            let why = REFUSALS
                .into_iter()
                .find(|known| code.as_deref() == Some(known))
                .unwrap_or("no reason that is known");
            failed(format!("the provider refuses to refresh the access token: {why}"))
        }
    };
    error.with_status(status)
}
