//! What takes several requests, written once for all providers, and the one resolver of outcomes.

mod resolve;

pub use resolve::{Verdict, Write, principal_is_gone, resolve};
