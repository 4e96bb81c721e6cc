#![doc = include_str!("../README.md")]

pub mod bare;
pub mod bodies;
pub mod calls;
pub mod clock;
pub mod conditions;
pub mod floor;
pub mod rounds;
pub mod rows;
pub mod server;
pub mod sql;
pub mod table;
pub mod world;

use std::io::{Error, Result};
use std::path::PathBuf;

/// Another program of this package, in the folder of this one.
pub fn program(name: &str) -> Result<PathBuf> {
    let mut path = std::env::current_exe()?;
    path.pop();
    // Test and bench executables are one folder below.
    if path.ends_with("deps") {
        path.pop();
    }
    path.push(name);
    if path.exists() { Ok(path) } else { Err(Error::other(format!("{} is not built", path.display()))) }
}
