#![doc = include_str!("../README.md")]

#[cfg(feature = "audit")]
mod audit;
mod budget;
mod builder;
#[cfg_attr(not(feature = "audit"), expect(dead_code, reason = "some of it is for the audit log alone"))]
mod call;
mod concurrency;
mod config;
mod duration;
mod fields;
mod lock;
mod methods;
mod rate_limit;
mod read_only;
mod retry;
mod stack;
mod timeout;
mod trace;

#[cfg(feature = "audit")]
pub use audit::{Actor, Appended, Audit, AuditFile, AuditSink, EmailKey, KeySource, RECORD_VERSION};
pub use builder::StackBuilder;
#[cfg(feature = "audit")]
pub use config::AuditConfig;
pub use config::{BudgetConfig, LayersConfig, LimitConfig, RateLimitConfig, RetryConfig};
pub use fields::{FIELDS, Field};
pub use rate_limit::Limiter;
pub use stack::Stack;
