//! What must hold for any bytes whatever, as functions of bytes: the fuzz targets call them without end, the property
//! tests beside them for a while.
#![expect(clippy::missing_panics_doc, reason = "these are tests, where a panic is the report")]

mod account;
mod answer;
mod cursor;
mod desired;
mod journal;
mod plan;
mod rig;
mod state;
mod target;
mod token;

pub use answer::answer;
pub use cursor::cursor;
pub use desired::{desired_json, desired_toml};
pub use journal::journal;
pub use plan::plan;
pub use rig::MAX_BODY;
pub use state::state;
pub use target::{TARGETS, Target};
pub use token::token;
