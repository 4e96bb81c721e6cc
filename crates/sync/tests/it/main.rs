//! Plans made and carried out on accounts in memory.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod applies;
mod compares;
mod crashes;
mod document;
mod faulty;
mod guards;
mod memory_store;
mod outcomes;
mod plans;
mod properties;
mod support;
mod unlike;
