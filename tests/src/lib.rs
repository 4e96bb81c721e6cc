//! tests

pub mod decoders;
