//! The keys of one account: the one in use, and those before it.

use super::source::{CredentialSource, failed};
use crate::request::AuthScheme;
use http::{HeaderMap, HeaderValue};
use memchr::memmem::Finder;
use secrecy::{ExposeSecret, SecretString};
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use workspace_members_core::{Error, Result};

/// How many of the keys that were in use are looked for in the provider's words. Keys rotate while calls are under way.
const REMEMBERED: usize = 8;

/// How long a key is of which every appearance in an answer is taken for the key itself. A shorter one may be anything.
const KEY_BY_LENGTH: usize = 16;

pub(crate) struct Keys {
    source: Arc<dyn CredentialSource>,
    scheme: AuthScheme,
    /// The one in use, and then those before it.
    known: RwLock<VecDeque<Arc<Key>>>,
    /// Locked while the source is asked, so that a burst of calls asks it once. Holds why it gave no key when it was asked
    /// last, if it gave none.
    asking: tokio::sync::Mutex<Option<Error>>,
    /// How often the source was asked.
    asks: AtomicU64,
}

pub(crate) struct Key {
    secret: SecretString,
    /// `Authorization: …`
    pub(crate) header: HeaderValue,
    /// Searches an answer for the key; `None` for one that is too short to be told from other text.
    finder: Option<Finder<'static>>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("scheme", &self.scheme)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl Keys {
    pub(crate) fn new(source: Arc<dyn CredentialSource>, scheme: AuthScheme) -> Self {
        let (asking, asks) = (tokio::sync::Mutex::new(None), AtomicU64::new(0));
        Self { source, scheme, known: RwLock::default(), asking, asks }
    }

    /// The key in use. The source is asked for the first one.
    pub(crate) async fn get(&self) -> Result<Arc<Key>> {
        if let Some(key) = self.in_use() {
            return Ok(key);
        }
        let asks = self.asks();
        let mut failed = self.asking.lock().await;
        if let Some(key) = self.in_use() {
            return Ok(key);
        }
        // Those who waited while it was asked share the answer: a command that takes long to fail would otherwise keep a
        // hundred calls waiting for a hundred times as long.
        if let Some(failed) = failed.as_ref().filter(|_| self.asks() != asks) {
            return Err(failed.clone());
        }
        let asked = self.ask(false).await;
        *failed = asked.as_ref().err().cloned();
        asked
    }

    /// How often the source was asked so far.
    pub(crate) fn asks(&self) -> u64 {
        self.asks.load(Ordering::Acquire)
    }

    /// Whether there is another key than the one that was refused. `asks` is how often the source had been asked when the
    /// refused request was sent.
    pub(crate) async fn renew(&self, refused: &Key, asks: u64) -> Result<bool> {
        let differs = |other: &Key| other.secret.expose_secret() != refused.secret.expose_secret();
        let _asking = self.asking.lock().await;
        if self.in_use().is_some_and(|current| differs(&current)) {
            return Ok(true);
        }
        // Another call was refused meanwhile, and the source had no other key: asking it a hundred times for a burst of
        // a hundred calls would run a command a hundred times.
        if self.asks() != asks {
            return Ok(false);
        }
        self.ask(true).await.map(|key| differs(&key))
    }

    /// Takes the keys out of a text of the provider's, in case it repeats what it was sent.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for key in &*self.known.read().unwrap_or_else(PoisonError::into_inner) {
            let key = key.secret.expose_secret().trim();
            if text.contains(key) {
                text = text.replace(key, "[redacted]");
            }
        }
        text
    }

    /// Takes the keys out of headers.
    pub(crate) fn scrub_headers(&self, headers: &mut HeaderMap) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        for finder in known.iter().filter_map(|key| key.finder.as_ref()) {
            for value in headers.values_mut().filter(|value| finder.find(value.as_bytes()).is_some()) {
                *value = HeaderValue::from_static("[redacted]");
            }
        }
    }

    /// Whether one of the keys stands in these bytes.
    pub(crate) fn stand_in(&self, bytes: &[u8]) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter_map(|key| key.finder.as_ref()).any(|finder| finder.find(bytes).is_some())
    }

    fn in_use(&self) -> Option<Arc<Key>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).front().cloned()
    }

    async fn ask(&self, renew: bool) -> Result<Arc<Key>> {
        let secret = self.source.credential(renew).await;
        self.asks.fetch_add(1, Ordering::Release);
        let secret = secret?;
        if secret.expose_secret().trim().is_empty() {
            return Err(failed("the key is empty"));
        }
        let text = SecretString::from(format!("{} {}", self.scheme.0, secret.expose_secret()));
        let mut header = HeaderValue::from_str(text.expose_secret()).map_err(|_| {
            failed("the key has characters that a header cannot carry; is it the whole key and nothing else?")
        })?;
        header.set_sensitive(true);
        let searched = secret.expose_secret().trim();
        let finder = (searched.len() >= KEY_BY_LENGTH).then(|| Finder::new(searched).into_owned());
        let key = Arc::new(Key { secret, header, finder });
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|other| other.secret.expose_secret() != key.secret.expose_secret());
        known.push_front(Arc::clone(&key));
        known.truncate(REMEMBERED);
        Ok(key)
    }
}
