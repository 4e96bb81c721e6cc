//! What the tests that cross crates share: a scripted server, certificates, accounts on it, and expectations.
#![expect(clippy::missing_panics_doc, reason = "these are helpers of tests, where a panic is the report")]

mod account;
mod call;
mod certificate;
mod expect;
pub mod harness;
mod server;

pub use account::{
    CANARY, Rotating, key, pandadoc, pandadoc_over, paradigm, paradigm_over, settings, transport,
};
pub use call::{Call, member, principal, workspace};
pub use certificate::{Authority, Issued};
pub use expect::{Expected, STATUSES, chain, head};
pub use server::{End, Recorded, Reply, Server};
