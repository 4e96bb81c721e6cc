//! The standard stack over both adapters and their simulators, with each fault of the proxy at each request: of a day's
//! script, of every verb alone, and of a plan of fifty steps.
//!
//! However a run is disturbed, it ends as the undisturbed one does: the same answers, the same roster, and the same
//! writes that took effect, none of them twice.
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built fails the test")]
#![expect(clippy::print_stdout, reason = "the number of runs is part of the result")]

mod account;
mod applies;
mod script;
mod trouble;
mod verbs;
