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
    /// [`ErrorKind::Config`](workspace_members_core::ErrorKind::Config) for settings that cannot be meant, and for an audit
    /// file that cannot be opened.
    pub fn standard(adapter: M, config: &LayersConfig) -> Result<Self> {
        StackBuilder::new(config.clone()).build(adapter)
    }
}

/// Makes a [standard stack](Stack::standard), with what a configuration cannot hold.
#[derive(Debug, Clone, Default)]
pub struct StackBuilder {
    config: LayersConfig,
    limiter: Option<Limiter>,
    #[cfg(feature = "audit")]
    sink: Option<Arc<dyn AuditSink>>,
    #[cfg(feature = "audit")]
    email_key: Option<SecretString>,
}

impl StackBuilder {
    /// With these settings.
    pub fn new(config: LayersConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// Shares this limiter instead of making one. The settings on limits and headroom do not apply then; with
    /// [`off`](crate::RateLimitConfig::off) the stack is refused, since one of the two is a mistake.
    pub fn with_limiter(mut self, limiter: Limiter) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// Sends audit lines here instead of to the file in the settings. Share one sink among connections with one file.
    #[cfg(feature = "audit")]
    pub fn with_sink(mut self, sink: Arc<dyn AuditSink>) -> Self {
        self.sink = Some(sink);
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
        let mut stack = Stack::new(adapter)
            .with_trace()
            .with_retry(config.retry.clone())
            .with_concurrency(config.concurrency)
            .with_timeout(config.timeout);
        match (&self.limiter, config.rate_limit.off) {
            (Some(_), true) => {
                return Err(config_error("rate_limit.off is set, and the program gives a limiter"));
            }
            (None, true) => {}
            (shared, false) => {
                let limits = config.rate_limit.effective(stack.capabilities.limits());
                let own = || Limiter::new(with_headroom(limits, config.rate_limit.headroom));
                let limiter = shared.clone().unwrap_or_else(own);
                stack = stack.with_limiter(limiter.with_max_hold(config.retry.max_retry_after));
            }
        }
        if config.read_only {
            stack = stack.with_read_only();
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
        let actor = Actor { label: settings.actor, ..Actor::default() };
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
