#![doc = include_str!("../README.md")]

mod call;
mod case;
mod cases;
mod cast;
mod context;
mod expectation;
mod failure;
mod harness;
mod in_memory;
mod macros;
mod ordinal;
mod proxy;
mod scripted;
mod seed;
mod stage;
mod suite;

pub use failure::Failure;
pub use harness::{Harness, HarnessError, Layered, Throttled, World};
pub use in_memory::{InMemoryHarness, in_memory, truth_of};
pub use proxy::{Answer, Armed, Exchange, Fault, Proxy, Request, Rule};
pub use scripted::Scripted;
pub use seed::{Grant, Ids, Seed, Seedable};
pub use suite::{Report, Suite};
