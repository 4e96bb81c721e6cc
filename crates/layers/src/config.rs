//! The settings of the standard stack: plain data, every field optional, unknown fields refused.

use crate::duration;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use workspace_members_core::{Effect, Error, ErrorKind, Operation, RateLimit, Result};

/// Declares `with_*` for each field named.
macro_rules! setters {
    ($($(#[$cfg:meta])? $with:ident($field:ident: $type:ty);)+) => {$(
        $(#[$cfg])?
        #[doc = concat!("Sets [`", stringify!($field), "`](Self::", stringify!($field), ").")]
        pub fn $with(mut self, $field: $type) -> Self {
            self.$field = $field;
            self
        }
    )+};
}

/// The settings of the [standard stack](crate::Stack::standard). The default suits both providers as they are.
///
/// ```
/// # #[cfg(feature = "audit")] {
/// use workspace_members_layers::LayersConfig;
///
/// let config: LayersConfig = toml::from_str(r#"
///     timeout = "20s"                 # per request
///     concurrency = 4                 # requests under way at once
///     read_only = false
///
///     [retry]
///     max_attempts = 5                # 1: never repeat, but with a renewed key
///     deadline = "3m"                 # in all, without the time in line for a limit
///     base = "500ms"                  # the first wait is at most this, each next one at most twice the one before
///     cap = "20s"
///     max_retry_after = "70s"         # a provider that asks for more gets its error returned at once
///     budget = { share = 0.2, reserve = 30, per_second = 0.1 }
///
///     [rate_limit]
///     headroom = 0.1                  # keep to 90 % of each limit
///     limits = [{ operations = ["add", "remove"], max = 60, per = "1m" }]
///
///     [audit]
///     file = "/var/log/wsm/audit.jsonl"
///     hash_emails = { env = "WSM_AUDIT_KEY" }
/// "#).unwrap();
/// assert_eq!(config.retry.max_attempts, 5);
/// # }
/// ```
///
/// A duration is a text with `ms`, `s`, `m` or `h`, or a number of seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LayersConfig {
    /// Repeating what failed for the moment, and finding out what became of writes whose answer was lost.
    pub retry: RetryConfig,
    /// Keeping the provider's limits.
    pub rate_limit: RateLimitConfig,
    /// Requests under way at once, per value; at least 1. Default 8.
    pub concurrency: u32,
    /// How long one request may take; see [`Stack::with_timeout`](crate::Stack::with_timeout). Default 30 seconds.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// Refuses every write. Default false.
    pub read_only: bool,
    /// A record of every write. Off unless it names a file.
    #[cfg(feature = "audit")]
    pub audit: AuditConfig,
}

impl Default for LayersConfig {
    fn default() -> Self {
        Self {
            retry: RetryConfig::default(),
            rate_limit: RateLimitConfig::default(),
            concurrency: 8,
            timeout: Duration::from_secs(30),
            read_only: false,
            #[cfg(feature = "audit")]
            audit: AuditConfig::default(),
        }
    }
}

impl LayersConfig {
    setters! {
        with_retry(retry: RetryConfig);
        with_rate_limit(rate_limit: RateLimitConfig);
        with_concurrency(concurrency: u32);
        with_timeout(timeout: Duration);
        with_read_only(read_only: bool);
        #[cfg(feature = "audit")]
        with_audit(audit: AuditConfig);
    }

    /// Refuses what cannot be meant, as [`ErrorKind::Config`], naming the field.
    /// [`StackBuilder::build`](crate::StackBuilder::build) asks this.
    pub fn validate(&self) -> Result<()> {
        let (retry, budget, rate) = (&self.retry, &self.retry.budget, &self.rate_limit);
        let limits = rate.limits.as_deref().unwrap_or_default();
        let counts = |rate: f64| rate.is_finite() && rate >= 0.0;
        let rules = [
            (self.concurrency >= 1, "concurrency must be at least 1"),
            (!self.timeout.is_zero(), "timeout must be longer than 0"),
            (retry.max_attempts >= 1, "retry.max_attempts must be at least 1"),
            (!retry.deadline.is_zero(), "retry.deadline must be longer than 0"),
            (retry.base <= retry.cap, "retry.base must not be longer than retry.cap"),
            (counts(budget.share), "retry.budget.share must be 0 or more"),
            (counts(budget.per_second), "retry.budget.per_second must be 0 or more"),
            ((0.0..1.0).contains(&rate.headroom), "rate_limit.headroom must be from 0 to less than 1"),
            (limits.iter().all(|limit| limit.max >= 1), "rate_limit.limits: max must be at least 1"),
            (limits.iter().all(|limit| !limit.per.is_zero()), "rate_limit.limits: per must be longer than 0"),
            (
                limits.iter().all(|limit| limit.per <= duration::MAX),
                "rate_limit.limits: per must be at most a hundred years",
            ),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            None => Ok(()),
            Some((_, rule)) => Err(config_error(rule)),
        }
    }
}

pub(crate) fn config_error(message: &str) -> Error {
    Error::new(ErrorKind::Config, Effect::Rejected, format!("layers: {message}"))
}

/// Settings of [`Stack::with_retry`](crate::Stack::with_retry).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RetryConfig {
    /// Attempts in all, the first included. Default 5. With 1 nothing is repeated, except once with a renewed key; the
    /// outcome of a write in doubt is read back all the same.
    pub max_attempts: u32,
    /// How long a call may take in all, attempts, waits and reads included; time in a queue does not count. Default 3
    /// minutes.
    #[serde(with = "duration")]
    pub deadline: Duration,
    /// The longest first wait; the wait is random below it, and the bound doubles each time. Default 500 ms.
    #[serde(with = "duration")]
    pub base: Duration,
    /// The longest wait that is chosen here. Default 20 seconds.
    #[serde(with = "duration")]
    pub cap: Duration,
    /// The longest wait that the provider may ask for; asked for more, the error is returned at once, with the wait in
    /// it. Default 70 seconds: both providers count by windows of a minute.
    #[serde(with = "duration")]
    pub max_retry_after: Duration,
    /// How much of the load may be repetitions.
    pub budget: BudgetConfig,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            deadline: Duration::from_mins(3),
            base: Duration::from_millis(500),
            cap: Duration::from_secs(20),
            max_retry_after: Duration::from_secs(70),
            budget: BudgetConfig::default(),
        }
    }
}

impl RetryConfig {
    setters! {
        with_max_attempts(max_attempts: u32);
        with_deadline(deadline: Duration);
        with_base(base: Duration);
        with_cap(cap: Duration);
        with_max_retry_after(max_retry_after: Duration);
        with_budget(budget: BudgetConfig);
    }
}

/// How much of the load may be repetitions. Those after a 429 are free, and so is the one with a renewed key: in any
/// span of time, the others are at most `reserve`, and `share` of the calls, and `per_second` of the seconds together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct BudgetConfig {
    /// Repetitions per call, in the long run. Default 0.2.
    pub share: f64,
    /// Repetitions that may be made ahead of that, and the most that are saved up; 0 leaves only the free ones. Default 30.
    pub reserve: u32,
    /// How fast the reserve comes back, in repetitions per second. Default 0.1: all of it in five minutes.
    pub per_second: f64,
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self { share: 0.2, reserve: 30, per_second: 0.1 }
    }
}

impl BudgetConfig {
    setters! {
        with_share(share: f64);
        with_reserve(reserve: u32);
        with_per_second(per_second: f64);
    }
}

/// Settings of the rate limit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RateLimitConfig {
    /// Counts nothing. A 429 is still obeyed by retry. Default false.
    pub off: bool,
    /// The share of each limit to leave to others who use the same account, from 0 to less than 1. Default 0.
    pub headroom: f64,
    /// Replaces the figures that the adapter declares.
    pub limits: Option<Vec<LimitConfig>>,
}

impl RateLimitConfig {
    setters! {
        with_off(off: bool);
        with_headroom(headroom: f64);
        with_limits(limits: Option<Vec<LimitConfig>>);
    }

    /// The limits to keep: those configured, else those declared.
    pub(crate) fn effective(&self, declared: &[RateLimit]) -> Vec<RateLimit> {
        match &self.limits {
            None => declared.to_vec(),
            Some(limits) => limits
                .iter()
                .map(|own| RateLimit::assumed(&own.operations, own.max, own.per, "set in the configuration"))
                .collect(),
        }
    }
}

/// One limit, as configured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LimitConfig {
    /// The operations that share it, such as `list_members` or `add`; none means all.
    #[serde(default)]
    pub operations: Vec<Operation>,
    /// Requests per window; at least 1.
    pub max: u32,
    /// The window. Default one minute.
    #[serde(default = "minute", with = "duration")]
    pub per: Duration,
}

const fn minute() -> Duration {
    Duration::from_mins(1)
}

impl LimitConfig {
    /// So many requests per window, for all operations together.
    pub fn new(max: u32, per: Duration) -> Self {
        Self { operations: Vec::new(), max, per }
    }

    setters! {
        with_operations(operations: Vec<Operation>);
    }
}

/// Settings of the audit log.
#[cfg(feature = "audit")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AuditConfig {
    /// The file that lines are appended to, made with mode 0600 where there is none. Without one nothing is recorded.
    pub file: Option<std::path::PathBuf>,
    /// Forces each line to the disk before going on. Default true.
    pub fsync: bool,
    /// Who runs this program, in the operator's own words; stands in every line beside the provider's identity.
    pub actor: Option<String>,
    /// Asks the provider once, before the first write, whom the key acts as, unless the program asked already. Default true.
    pub identify: bool,
    /// Replaces every e-mail address by an HMAC, with a key from here, which the caller fetches for
    /// [`StackBuilder::with_email_key`](crate::StackBuilder::with_email_key); without it the stack is refused.
    pub hash_emails: Option<crate::KeySource>,
}

#[cfg(feature = "audit")]
impl Default for AuditConfig {
    fn default() -> Self {
        Self { file: None, fsync: true, actor: None, identify: true, hash_emails: None }
    }
}

#[cfg(feature = "audit")]
impl AuditConfig {
    setters! {
        with_file(file: Option<std::path::PathBuf>);
        with_fsync(fsync: bool);
        with_actor(actor: Option<String>);
        with_identify(identify: bool);
        with_hash_emails(hash_emails: Option<crate::KeySource>);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_the_default_and_the_default_is_valid() {
        let empty: LayersConfig = toml::from_str("").unwrap();
        assert_eq!(empty, LayersConfig::default());
        empty.validate().unwrap();
        let text = toml::to_string(&empty).unwrap();
        assert_eq!(toml::from_str::<LayersConfig>(&text).unwrap(), empty, "{text}");
    }

    #[test]
    fn unknown_fields_are_refused_everywhere() {
        for text in [
            "retries = 3",
            "[retry]\nattempts = 3",
            "[retry.budget]\npercent = 3",
            "[rate_limit]\nheadrom = 0.1",
            "[[rate_limit.limits]]\nmax = 3\nwindow = 60",
            // Without the feature, the whole section is.
            "[audit]\npath = \"x\"",
        ] {
            assert!(toml::from_str::<LayersConfig>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_no_text_can_hold_is_refused_too() {
        let nan = BudgetConfig::default().with_share(f64::NAN);
        let retry = RetryConfig::default().with_budget(nan);
        assert!(LayersConfig::default().with_retry(retry).validate().is_err());
        let forever = vec![LimitConfig::new(1, Duration::MAX)];
        let rate = RateLimitConfig::default().with_limits(Some(forever));
        assert!(LayersConfig::default().with_rate_limit(rate).validate().is_err());
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        for (text, field) in [
            ("concurrency = 0", "concurrency"),
            ("timeout = 0", "timeout"),
            ("[retry]\nmax_attempts = 0", "retry.max_attempts"),
            ("[retry]\nbase = \"30s\"", "retry.base"),
            ("[retry]\ndeadline = 0", "retry.deadline"),
            ("[retry.budget]\nshare = -0.5", "retry.budget.share"),
            ("[retry.budget]\nper_second = inf", "retry.budget.per_second"),
            ("[rate_limit]\nheadroom = 1.0", "rate_limit.headroom"),
            ("[rate_limit]\nheadroom = nan", "rate_limit.headroom"),
            ("[[rate_limit.limits]]\nmax = 0", "rate_limit.limits: max"),
            ("[[rate_limit.limits]]\nmax = 1\nper = 0", "rate_limit.limits: per"),
        ] {
            let error = toml::from_str::<LayersConfig>(text).unwrap().validate().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(field), "{text}: {error}");
        }
    }
}
