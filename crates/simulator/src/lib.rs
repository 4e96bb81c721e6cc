#![doc = include_str!("../README.md")]

mod call;
mod check;
mod failure;
mod limit;
mod log;
mod options;
pub mod pandadoc;
pub mod paradigm;
mod reply;
mod sample;
mod secret;
mod server;
mod state;
mod world;

pub use limit::RateLimit;
pub use log::{Body, Provider, Request};
pub use options::Options;
pub use secret::Secret;
pub use server::{Builder, Simulator, StartError};
pub use state::{State, StateError};
