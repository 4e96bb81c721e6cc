//! Where a key comes from. It is asked for when first needed, and once more after the provider refused it, so that keys
//! rotate without a restart.

mod oauth;
mod refresh;
mod sources;

pub use oauth::OAuth;
pub use refresh::{OAuthRefresh, TokenStore, check_token_url};
pub use sources::{CommandCredential, FileCredential, StaticCredential};

use crate::transport::{Transport, config_error};
use async_trait::async_trait;
use oauth::LazyOAuth;
use secrecy::SecretString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use workspace_members_core::{Effect, Error, ErrorKind, Result};

/// The largest key that is read, in bytes.
const MAX_KEY: u16 = 16 << 10;

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
                let Some(token_url) = oauth.token_url.clone().or(token_url) else {
                    return Err(config_error("the provider refreshes no OAuth tokens: give a key"));
                };
                Arc::new(LazyOAuth::new(oauth, token_url, transport)?)
            }
        })
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
