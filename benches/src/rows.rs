//! One module per group of rows of the comparison.

pub mod build;
pub mod calls;
pub mod heap;
pub mod peers;
pub mod plan;
pub mod rates;
pub mod startup;
