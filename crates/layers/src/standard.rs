//! All layers in the one right order.

use crate::around::{Around, Layer};
use crate::concurrency::Places;
use crate::limiter::with_headroom;
use crate::rate_limit::Pace;
use crate::retry::Attempts;
use crate::timeout::Bound;
use crate::trace::Spans;
#[cfg(feature = "audit")]
use crate::{Actor, Audit, AuditFile, AuditSink, EmailKey};
use crate::{LayersConfig, Limiter, ReadOnly};
#[cfg(feature = "audit")]
use secrecy::SecretString;
use std::sync::Arc;
use workspace_members_core::{Effect, Error, ErrorKind, Result, WorkspaceMembers};

/// Puts the standard layers around an adapter, or around anything else that is a [`WorkspaceMembers`].
///
/// From the outside: audit, read-only, trace, retry, concurrency, rate limit, timeout, adapter. Each is where it is
/// because of what it must see:
///
/// * **Audit** sees what the caller asked, also where it is refused, and what came of it in the end.
/// * **Read-only** refuses before anything below wakes up.
/// * **Trace** makes one span of a call with all its attempts.
/// * **Retry** waits outside of the layers below, so that a waiting call takes no place in them.
/// * **Concurrency** before **rate limit**: who takes a slot of the limit has a place already, and is sent at once. Who
///   must stand in line for a slot gives its place to others meanwhile: a hundred additions that wait for their limit hold
///   up no read.
/// * **Timeout** times one request, and no wait for these layers.
///
/// A layer that the configuration turns off is left out. [`ErrorKind::Config`](workspace_members_core::ErrorKind::Config)
/// for settings that cannot be meant, and for an audit file that cannot be opened.
pub fn standard(
    adapter: impl WorkspaceMembers + 'static,
    config: &LayersConfig,
) -> Result<Arc<dyn WorkspaceMembers>> {
    Standard::new(config.clone()).build(adapter)
}

/// Trace, retry, concurrency, rate limit and timeout, as one layer.
#[derive(Debug)]
struct Inner {
    spans: Spans,
    attempts: Attempts,
    places: Places,
    pace: Option<Pace>,
    bound: Bound,
}

impl Around for Inner {
    fn spans(&self) -> Option<&Spans> {
        Some(&self.spans)
    }
    fn attempts(&self) -> Option<&Attempts> {
        Some(&self.attempts)
    }
    fn places(&self) -> Option<&Places> {
        Some(&self.places)
    }
    fn pace(&self) -> Option<&Pace> {
        self.pace.as_ref()
    }
    fn bound(&self) -> Option<&Bound> {
        Some(&self.bound)
    }
}

/// Makes a [standard stack](standard), with what a configuration cannot hold.
#[derive(Debug, Clone, Default)]
pub struct Standard {
    config: LayersConfig,
    connection: Option<String>,
    limiter: Option<Limiter>,
    seed: Option<u64>,
    #[cfg(feature = "audit")]
    sink: Option<Arc<dyn AuditSink>>,
    #[cfg(feature = "audit")]
    actor: Actor,
    #[cfg(feature = "audit")]
    email_key: Option<SecretString>,
}

impl Standard {
    /// With these settings.
    pub fn new(config: LayersConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// Names the connection in spans and audit lines.
    pub fn with_connection(mut self, name: impl Into<String>) -> Self {
        self.connection = Some(name.into());
        self
    }

    /// Shares this limiter instead of making one. The settings on limits and headroom do not apply then; with
    /// [`off`](crate::RateLimitConfig::off) the stack is refused, since one of the two is a mistake.
    pub fn with_limiter(mut self, limiter: Limiter) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// Makes the random waits repeatable, for tests.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sends audit lines here instead of to the file in the settings. Share one sink among connections with one file.
    #[cfg(feature = "audit")]
    pub fn with_sink(mut self, sink: Arc<dyn AuditSink>) -> Self {
        self.sink = Some(sink);
        self
    }

    /// Says who acts in audit lines; a label here has precedence over the settings'.
    #[cfg(feature = "audit")]
    pub fn with_actor(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    /// The key that hides e-mail addresses in audit lines, from where
    /// [`hash_emails`](crate::AuditConfig::hash_emails) says.
    #[cfg(feature = "audit")]
    pub fn with_email_key(mut self, key: SecretString) -> Self {
        self.email_key = Some(key);
        self
    }

    /// Makes the stack around an adapter. Opens the audit file, if there is one.
    pub fn build(self, adapter: impl WorkspaceMembers + 'static) -> Result<Arc<dyn WorkspaceMembers>> {
        self.config.validate()?;
        let config = &self.config;
        if config.rate_limit.off && self.limiter.is_some() {
            let message = "layers: rate_limit.off is set, and the program hands in a limiter";
            return Err(Error::new(ErrorKind::Config, Effect::Rejected, message));
        }
        let capabilities = adapter.capabilities();
        let pace = (!config.rate_limit.off).then(|| {
            let limiter = self.limiter.clone().unwrap_or_else(|| {
                let limits = config.rate_limit.effective(capabilities.limits());
                Limiter::new(with_headroom(limits, config.rate_limit.headroom))
            });
            Pace::new(limiter.with_max_hold(config.retry.max_retry_after), capabilities)
        });
        let mut attempts = Attempts::new(config.retry.clone());
        if let Some(seed) = self.seed {
            attempts = attempts.with_seed(seed);
        }
        let mut spans = Spans::new(capabilities);
        if let Some(name) = &self.connection {
            spans = spans.with_connection(name);
        }
        let (places, bound) = (Places::new(config.concurrency), Bound { after: config.timeout });
        let inner = Inner { spans, attempts, places, pace, bound };
        let mut stack: Arc<dyn WorkspaceMembers> = Arc::new(Layer::of(adapter, inner));
        if config.read_only {
            stack = Arc::new(ReadOnly::new(stack));
        }
        #[cfg(feature = "audit")]
        {
            stack = self.audited(stack)?;
        }
        Ok(stack)
    }

    #[cfg(feature = "audit")]
    fn audited(self, stack: Arc<dyn WorkspaceMembers>) -> Result<Arc<dyn WorkspaceMembers>> {
        let settings = &self.config.audit;
        let refuse = |message: String| Error::new(ErrorKind::Config, Effect::Rejected, message);
        let sink = match (self.sink, &settings.file) {
            (Some(sink), _) => sink,
            (None, Some(path)) => {
                let file = AuditFile::open(path, settings.fsync).map_err(|error| {
                    let message = format!("layers: the audit file {} cannot be opened", path.display());
                    refuse(message).with_source(error)
                })?;
                Arc::new(file)
            }
            (None, None) => return Ok(stack),
        };
        let mut audit = Audit::new(stack, sink).with_identify(settings.identify);
        let mut actor = self.actor;
        if actor.label.is_none() {
            actor.label.clone_from(&settings.actor);
        }
        audit = audit.with_actor(actor);
        match (self.email_key, &settings.hash_emails) {
            (Some(key), _) => audit = audit.with_email_key(EmailKey::new(key)?),
            (None, Some(_)) => {
                let message = "layers: audit.hash_emails names a key, and the program did not hand it in";
                return Err(refuse(message.to_owned()));
            }
            (None, None) => {}
        }
        if let Some(name) = self.connection {
            audit = audit.with_connection(name);
        }
        Ok(Arc::new(audit))
    }
}
