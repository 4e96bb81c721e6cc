//! Keys that can be looked for afterwards, and connection pools for tests.

use async_trait::async_trait;
use secrecy::SecretString;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use workspace_members_core::Result;
use workspace_members_http::{CredentialSource, HttpSettings, StaticCredential, Transport, TransportConfig};

/// A key that must never be seen anywhere but in the `Authorization` header.
pub const CANARY: &str = "canary-4f1d9a0c7e";

/// The canary as a source of credentials.
pub fn key() -> Arc<StaticCredential> {
    Arc::new(StaticCredential::new(SecretString::from(CANARY)))
}

/// A pool that gives up soon: what a test makes wait, it makes wait for ever.
pub fn transport(request_timeout: Duration) -> Transport {
    let mut config = TransportConfig::default();
    config.request_timeout = request_timeout;
    config.connect_timeout = request_timeout;
    config.max_body = 1 << 20;
    Transport::new(config).expect("a valid configuration")
}

/// An account at this base URL, over a pool that gives up after 10 seconds.
pub fn settings(url: &str) -> HttpSettings {
    HttpSettings::at(url).with_transport(transport(Duration::from_secs(10)))
}

/// One pool for all who ask: to set TLS up takes longer than many a test. Each server has a port of its own, so no
/// connection is shared.
///
/// # Errors
///
/// The trust store of the machine cannot be read.
pub fn shared_transport() -> Result<Transport> {
    static SHARED: OnceLock<Transport> = OnceLock::new();
    if let Some(transport) = SHARED.get() {
        return Ok(transport.clone());
    }
    let made = Transport::new(TransportConfig::default())?;
    Ok(SHARED.get_or_init(|| made).clone())
}

/// A source that gives one key after the other each time it is asked to renew, and counts how often it was asked.
#[derive(Debug)]
pub struct Rotating {
    keys: Mutex<Vec<SecretString>>,
    asked: AtomicUsize,
    renewals: AtomicUsize,
}

impl Rotating {
    /// Gives these keys in this order; the last one for ever.
    pub fn new(keys: &[&str]) -> Arc<Self> {
        let keys = keys.iter().rev().map(|key| SecretString::from(*key)).collect();
        Arc::new(Self { keys: Mutex::new(keys), asked: AtomicUsize::new(0), renewals: AtomicUsize::new(0) })
    }

    /// How often it was asked, and how often for another key.
    pub fn asked(&self) -> (usize, usize) {
        (self.asked.load(Ordering::SeqCst), self.renewals.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl CredentialSource for Rotating {
    async fn credential(&self, renew: bool) -> Result<SecretString> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        // Others get the time to ask as well, if nothing keeps them from it.
        tokio::task::yield_now().await;
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if renew {
            self.renewals.fetch_add(1, Ordering::SeqCst);
            if keys.len() > 1 {
                keys.pop();
            }
        }
        Ok(keys.last().cloned().unwrap_or_default())
    }
}
