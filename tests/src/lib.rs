//! What the tests that cross crates share: a scripted server, certificates, accounts on it, and expectations.
#![expect(clippy::missing_panics_doc, reason = "these are helpers of tests, where a panic is the report")]

mod account;
mod certificate;
pub mod decoders;
mod expect;
mod server;

pub use account::{CANARY, Rotating, key, pandadoc, paradigm, transport};
pub use certificate::{Authority, Issued};
pub use expect::{Expected, chain, head};
pub use server::{End, Recorded, Reply, Server};
