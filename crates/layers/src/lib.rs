#![doc = include_str!("../README.md")]

mod around;
#[cfg(feature = "audit")]
mod audit;
#[cfg(feature = "audit")]
mod audit_file;
#[cfg(feature = "audit")]
mod audit_record;
mod budget;
mod concurrency;
mod config;
mod duration;
mod fields;
#[cfg(feature = "audit")]
mod key_source;
mod limiter;
mod rate_limit;
mod read_only;
mod retry;
mod standard;
mod timeout;
mod trace;
mod turn;

#[cfg(feature = "audit")]
pub use audit::Audit;
#[cfg(feature = "audit")]
pub use audit_file::{Appended, AuditFile, AuditSink};
#[cfg(feature = "audit")]
pub use audit_record::{Actor, EmailKey, RECORD_VERSION};
pub use concurrency::Concurrency;
#[cfg(feature = "audit")]
pub use config::AuditConfig;
pub use config::{BudgetConfig, LayersConfig, LimitConfig, RateLimitConfig, RetryConfig};
pub use fields::{FIELDS, Field};
#[cfg(feature = "audit")]
pub use key_source::KeySource;
pub use limiter::Limiter;
pub use rate_limit::RateLimit;
pub use read_only::ReadOnly;
pub use retry::Retry;
pub use standard::{Standard, standard};
pub use timeout::Timeout;
pub use trace::Trace;
