//! The program itself, as a shell runs it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod applies;
mod changes;
mod fifty;
mod guide;
mod input;
mod json;
mod keys;
mod kills;
mod plans;
mod requests;
mod seeds;
mod simulate;
mod support;
mod terminal;
mod world;
