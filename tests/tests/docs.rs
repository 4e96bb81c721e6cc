//! The documents tell the truth about the tests that they name.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use std::fs;
use std::path::{Path, PathBuf};

/// Where tests are that are of no one adapter.
const PLACES: [&str; 4] = ["tests/tests", "tests/decoders/tests", "crates/http/tests", "crates/cli/tests"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The text of `file.rs`, or of all files in the folder of that name.
fn source(place: &Path, file: &str) -> Option<String> {
    if let Ok(text) = fs::read_to_string(place.join(format!("{file}.rs"))) {
        return Some(text);
    }
    let folder = fs::read_dir(place.join(file)).ok()?;
    Some(folder.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect())
}

#[test]
fn every_test_named_in_the_page_on_reliability_exists() {
    let page = fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    // Every second piece between backticks is code.
    let named = page.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::"));
    let mut found = 0;
    for (file, name) in named.filter(|(_, name)| *name != "name") {
        // `paradigm/wire` is of one adapter.
        let sources: Vec<String> = match file.split_once('/') {
            Some((adapter, file)) => {
                source(&root().join("crates/adapters").join(adapter).join("tests"), file)
                    .into_iter()
                    .collect()
            }
            None => PLACES.iter().filter_map(|place| source(&root().join(place), file)).collect(),
        };
        let test = format!("fn {name}(");
        assert!(sources.iter().any(|source| source.contains(&test)), "{file} has no test {name}");
        found += 1;
    }
    assert!(found > 40, "{found}");
    let listing = fs::read_to_string(root().join("crates/core/src/listing.rs")).unwrap();
    assert!(listing.contains("fn a_chain_of_new_records_without_end_is_cut_off("));
}
