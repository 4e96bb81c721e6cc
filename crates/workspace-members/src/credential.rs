//! How a key is given to an account.

use secrecy::SecretString;
use std::fmt;
use std::path::PathBuf;
#[cfg(feature = "http")]
use std::sync::Arc;
#[cfg(feature = "http")]
use workspace_members_http as http;

/// A key, or where to get it. Nothing is read or run before the first request; after the provider refused a key (401)
/// the place is asked once more, so that keys rotate without a restart.
#[non_exhaustive]
pub enum Credential {
    /// The key itself.
    Static(SecretString),
    /// A file that holds the key and nothing else, which others on the machine must not be able to open.
    File(PathBuf),
    /// A program and its arguments, run without a shell, that prints the key.
    Command(Vec<String>),
    /// OAuth 2.0: an access token is obtained with a refresh token. PandaDoc only.
    OAuth(OAuth),
    /// Anything else that can obtain a key. With an adapter's feature.
    #[cfg(feature = "http")]
    Source(Arc<dyn http::CredentialSource>),
}

impl Credential {
    /// The key itself.
    pub fn from_key(key: impl Into<String>) -> Self {
        Self::Static(SecretString::from(key.into()))
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
            #[cfg(feature = "http")]
            Self::Source(source) => source.fmt(f),
        }
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
    #[cfg(feature = "http")]
    pub store: Option<Arc<dyn http::TokenStore>>,
}

impl OAuth {
    /// Refreshes at the account's own host.
    pub fn new(client_id: impl Into<String>, client_secret: Credential, refresh_token: Credential) -> Self {
        Self {
            token_url: None,
            client_id: client_id.into(),
            client_secret: Box::new(client_secret),
            refresh_token: Box::new(refresh_token),
            #[cfg(feature = "http")]
            store: None,
        }
    }

    /// Refreshes elsewhere.
    pub fn with_token_url(mut self, url: impl Into<String>) -> Self {
        self.token_url = Some(url.into());
        self
    }

    /// Keeps refresh tokens between runs.
    #[cfg(feature = "http")]
    pub fn with_store(mut self, store: Arc<dyn http::TokenStore>) -> Self {
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

/// The host in a URL that nobody has checked yet: it may hold a password where none may be.
pub(crate) fn host_of(url: &str) -> &str {
    const HIDDEN: &str = "[not shown]";
    let Some((_, rest)) = url.split_once("://") else { return HIDDEN };
    let host = rest.split(['/', '?', '#']).next().unwrap_or(HIDDEN);
    match host.rsplit_once('@') {
        Some((_, host)) => host,
        // A slash inside a password would make its first half look like the host.
        None if rest.contains('@') => HIDDEN,
        None => host,
    }
}

#[cfg(feature = "http")]
mod source {
    use super::{Credential, OAuth, host_of};
    use crate::config::wrong;
    use async_trait::async_trait;
    use secrecy::{ExposeSecret, SecretString};
    use std::fmt;
    use std::sync::Arc;
    use tokio::sync::Mutex;
    use workspace_members_core::{ErrorKind, Result};
    use workspace_members_http::{
        CommandCredential, CredentialSource, FileCredential, OAuthRefresh, StaticCredential, TokenStore,
        Transport, check_token_url,
    };

    impl Credential {
        /// As adapters take it. `token_url` is where the account's host refreshes tokens, if it does.
        pub(crate) fn into_source(
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
                    let Some(token_url) = oauth.token_url.clone().or(token_url) else {
                        return Err(wrong("the provider refreshes no OAuth tokens: give a key"));
                    };
                    Arc::new(LazyOAuth::new(oauth, token_url, transport)?)
                }
            })
        }
    }

    /// Asks for the application's secret and the refresh token no sooner than an access token is needed, and once more
    /// when the provider refuses them.
    struct LazyOAuth {
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
        fn new(oauth: OAuth, token_url: String, transport: &Transport) -> Result<Self> {
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

    #[test]
    fn of_a_url_only_the_host_is_shown() {
        for (url, shown) in [
            ("https://login.example.com/token", "login.example.com"),
            ("https://login.example.com:8443?x=canary", "login.example.com:8443"),
            ("https://user:canary@login.example.com/token", "login.example.com"),
            ("https://user:can/ary@login.example.com/token", "[not shown]"),
            ("user:canary@login.example.com", "[not shown]"),
        ] {
            assert_eq!(host_of(url), shown, "{url}");
        }
    }
}
