//! The standard stack, from a configuration and what a configuration cannot hold.

use crate::LayersConfig;
use crate::config::config_error;
use crate::rate_limit::{Limiter, with_headroom};
use crate::stack::Stack;
#[cfg(feature = "audit")]
use crate::{Actor, Audit, AuditFile, AuditSink, EmailKey};
#[cfg(feature = "audit")]
use secrecy::SecretString;
#[cfg(feature = "audit")]
use std::sync::Arc;
use workspace_members_core::{Result, WorkspaceMembers};

impl<M: WorkspaceMembers> Stack<M> {
    /// Every concern, as configured, around an adapter or anything else that is a [`WorkspaceMembers`].
    ///
    /// [`ErrorKind::Config`](workspace_members_core::ErrorKind::Config) for settings that cannot be meant, and for an audit file that cannot be opened.
    pub fn standard(adapter: M, config: &LayersConfig) -> Result<Self> {
        StackBuilder::new(config.clone()).build(adapter)
    }
}

/// Makes a [standard stack](Stack::standard), with what a configuration cannot hold.
#[derive(Debug, Clone, Default)]
pub struct StackBuilder {
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

impl StackBuilder {
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
    pub fn build<M: WorkspaceMembers>(self, adapter: M) -> Result<Stack<M>> {
        let config = &self.config;
        config.validate()?;
        if config.rate_limit.off && self.limiter.is_some() {
            return Err(config_error("rate_limit.off is set, and the program gives a limiter"));
        }
        let limiter = (!config.rate_limit.off).then(|| {
            let own = || {
                let limits = config.rate_limit.effective(adapter.capabilities().limits());
                Limiter::new(with_headroom(limits, config.rate_limit.headroom))
            };
            self.limiter.clone().unwrap_or_else(own).with_max_hold(config.retry.max_retry_after)
        });
        let mut stack = Stack::new(adapter)
            .with_trace()
            .with_retry(config.retry.clone())
            .with_concurrency(config.concurrency)
            .with_timeout(config.timeout);
        if let Some(seed) = self.seed {
            stack = stack.with_seed(seed);
        }
        if let Some(limiter) = limiter {
            stack = stack.with_limiter(limiter);
        }
        if config.read_only {
            stack = stack.with_read_only();
        }
        if let Some(name) = &self.connection {
            stack = stack.with_connection(name);
        }
        #[cfg(feature = "audit")]
        if let Some(audit) = self.audit()? {
            stack = stack.with_audit(audit);
        }
        Ok(stack)
    }

    #[cfg(feature = "audit")]
    fn audit(self) -> Result<Option<Audit>> {
        let settings = self.config.audit;
        let sink: Arc<dyn AuditSink> = match (self.sink, &settings.file) {
            (Some(sink), _) => sink,
            (None, Some(path)) => Arc::new(AuditFile::open(path, settings.fsync).map_err(|error| {
                let message = format!("the audit file {} cannot be opened", path.display());
                config_error(&message).with_source(error)
            })?),
            (None, None) => return Ok(None),
        };
        let mut actor = self.actor;
        actor.label = actor.label.or(settings.actor);
        let audit = Audit::new(sink).with_actor(actor).with_identify(settings.identify);
        match (self.email_key, settings.hash_emails) {
            (Some(key), _) => Ok(Some(audit.with_email_key(EmailKey::new(key)?))),
            (None, Some(_)) => {
                Err(config_error("audit.hash_emails names a key, and the program did not give it"))
            }
            (None, None) => Ok(Some(audit)),
        }
    }
}
