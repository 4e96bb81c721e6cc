//! The simulators judged from outside: over HTTP, against schemas written from the providers' documents.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod client;
mod contract;
mod files;
mod limits;
mod pandadoc;
mod pandadoc_rules;
mod paradigm;
mod paradigm_rules;
mod quirks;
mod sample;
mod schema;
