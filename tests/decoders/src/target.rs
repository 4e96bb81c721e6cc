//! Everything that is decoded, by name.

use std::path::Path;
use std::{fs, io};

/// Something that reads bytes from elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name of the fuzz target and of its folder of seeds.
    pub name: &'static str,
    /// Reads the bytes, and panics if anything does not hold that must hold for all bytes.
    pub run: fn(&[u8]),
    /// Words that mean something to it, to be put in anywhere.
    pub words: &'static [&'static str],
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "answer", run: crate::answer::answer, words: crate::answer::WORDS },
    Target {
        name: "cursor",
        run: crate::cursor::cursor,
        words: &["0", "x", "page=", "&", "18446744073709551615"],
    },
    Target { name: "desired_json", run: crate::desired::desired_json, words: crate::desired::WORDS },
    Target { name: "desired_toml", run: crate::desired::desired_toml, words: crate::desired::WORDS },
    Target { name: "journal", run: crate::journal::journal, words: crate::journal::WORDS },
    Target { name: "plan", run: crate::plan::plan, words: crate::plan::WORDS },
    Target { name: "state", run: crate::state::state, words: crate::state::WORDS },
    Target { name: "token", run: crate::token::token, words: crate::token::WORDS },
];

impl Target {
    /// The target of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// Its seeds, from `fuzz/seeds/NAME`, ordered by name.
    pub fn seeds(&self) -> io::Result<Vec<(String, Vec<u8>)>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(self.name);
        let mut seeds = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            seeds.push((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?));
        }
        seeds.sort();
        Ok(seeds)
    }
}
