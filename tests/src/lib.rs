//! tests

pub mod decoders;
pub mod harness;
