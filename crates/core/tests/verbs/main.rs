//! The verbs of several requests, over a provider in memory that can be made to fail at will.
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built fails the test")]

mod bound;
mod claims;
mod ensure;
mod find;
mod fixture;
mod guard;
mod remove;
mod role;
mod rosters;
