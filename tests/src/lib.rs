//! What the tests of HTTP adapters share: a scripted server, certificates, keys, calls and expectations. Knows no adapter.
#![expect(clippy::missing_panics_doc, reason = "these are helpers of tests, where a panic is the report")]

mod account;
mod call;
mod certificate;
mod expect;
mod server;

pub use account::{CANARY, Rotating, key, settings, shared_transport, transport};
pub use call::{Call, member, principal, workspace};
pub use certificate::{Authority, Issued};
pub use expect::{Expected, STATUSES, chain, head};
pub use server::{End, Recorded, Reply, Server};
