//! The page on safety names tests; each must exist.

use std::path::{Path, PathBuf};
use workspace_members_sync::{Desired, Guards, Limit};

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn is_source(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|ending| ending == "rs")
}

#[test]
fn the_file_in_the_readme_is_valid_and_shows_the_defaults() {
    let page = read(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let file = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let desired = Desired::from_toml(file, "README.md").unwrap();
    let all = |guards: &Guards| {
        let limits = [guards.max_removals(), guards.max_demotions(), guards.max_owner_changes()];
        let counts = (guards.min_owners(), guards.floor());
        let people = (guards.required_owners.clone(), guards.protect.clone());
        (limits, counts, people, guards.allow_billable, guards.allow_remove_then_add())
    };
    assert_eq!(desired.guards.max_mails, Some(0));
    assert_eq!(desired.guards.max_removals(), Limit::percent(25));
    assert_eq!(all(&desired.guards), all(&Guards::new()));
}

#[test]
fn every_test_that_the_page_on_safety_names_exists() {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = here.join("../..");
    let page = read(&root.join("docs/safety.md"));
    let mut checked = 0;
    for row in page.lines() {
        let spans: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let file = spans.iter().find(|span| span.starts_with("crates/") && is_source(span));
        for (index, span) in spans.iter().enumerate() {
            let name = if let Some((module, name)) = span.split_once("::")
                && ["applies", "compares", "crashes", "guards", "plans", "properties"].contains(&module)
            {
                let text = read(&here.join(format!("tests/it/{module}.rs")));
                assert!(text.contains(&format!("fn {name}(")), "{span} does not exist");
                name
            } else if span.contains('_')
                && span.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
            {
                // `name` in `file`: the next span that is a path.
                let Some(path) = spans[index..].iter().find(|span| is_source(span)).or(file) else {
                    continue;
                };
                assert!(read(&root.join(path)).contains(&format!("fn {span}(")), "{span} is not in {path}");
                span
            } else {
                continue;
            };
            checked += usize::from(!name.is_empty());
        }
    }
    assert!(checked > 60, "only {checked} tests are named");
    // No row without a test or a reason: the last cell is empty only where the text says why that is enough.
    for row in page.lines().filter(|row| row.starts_with('|') && row.trim_end().ends_with("| |")) {
        assert!(row.contains("Cannot occur") || row.contains("`crates/testkit`"), "{row}");
    }
}
