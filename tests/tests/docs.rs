//! The tests that the documents name exist.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use std::fs;
use std::path::{Path, PathBuf};

/// Folders of tests that are not of one adapter.
const FOLDERS: [&str; 4] = ["tests/tests", "tests/decoders/tests", "crates/http/tests", "crates/cli/tests"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The text of `file.rs`, or of all files in the folder of that name.
fn source(folder: &Path, file: &str) -> Option<String> {
    if let Ok(text) = fs::read_to_string(folder.join(format!("{file}.rs"))) {
        return Some(text);
    }
    let entries = fs::read_dir(folder.join(file)).ok()?;
    Some(entries.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect())
}

#[test]
fn every_test_named_in_the_page_on_reliability_exists() {
    let page = fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    // Every second piece between backticks is code.
    let named = page.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::"));
    let mut found = 0;
    // `file::name` and `adapter/file::name` say how the page writes them.
    for (file, name) in named.filter(|(_, name)| *name != "name") {
        // `paradigm/wire` is of one adapter.
        let sources: Vec<String> = match file.split_once('/') {
            Some((adapter, file)) => {
                source(&root().join("crates/adapters").join(adapter).join("tests"), file)
                    .into_iter()
                    .collect()
            }
            None => FOLDERS.iter().filter_map(|folder| source(&root().join(folder), file)).collect(),
        };
        let test = format!("fn {name}(");
        assert!(sources.iter().any(|source| source.contains(&test)), "{file} has no test {name}");
        found += 1;
    }
    assert!(found > 40, "{found}");
    let listing = fs::read_to_string(root().join("crates/core/src/listing.rs")).unwrap();
    assert!(listing.contains("fn a_chain_of_new_records_without_end_is_cut_off("));
}
