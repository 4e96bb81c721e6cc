//! The program itself, as a shell runs it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod changes;
mod guide;
mod input;
mod json;
mod keys;
mod plans;
mod simulate;
mod support;
mod terminal;
