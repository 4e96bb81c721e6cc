//! One module per row of the comparison.

pub mod calls;
pub mod heap;
