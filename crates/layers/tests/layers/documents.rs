//! What `docs/errors-and-retries.md` says is what the code does.

use std::fmt::Write;
use std::path::Path;
use workspace_members_core::ErrorKind;
use workspace_members_layers::FIELDS;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors-and-retries.md");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_table_of_fields_is_that_of_the_code() {
    let page = page();
    let mut rows = String::new();
    for field in FIELDS {
        let whose = if field.standard { "OpenTelemetry" } else { "own" };
        writeln!(rows, "| `{}` | {whose} | {} | {} |", field.name, field.of, field.meaning).unwrap();
    }
    assert!(
        page.contains(&rows),
        "docs/errors-and-retries.md should contain:
{rows}"
    );
}

#[test]
fn every_kind_has_a_row_that_says_whether_it_is_transient() {
    let page = page();
    let table = page.split("## Kind").nth(1).unwrap().split("\n## ").next().unwrap();
    for kind in ErrorKind::ALL {
        let transient = if kind.is_transient() { "yes" } else { "no" };
        assert!(table.contains(&format!("\n| `{kind}` | {transient} | ")), "no such row for {kind}");
    }
    let rows = table.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, ErrorKind::ALL.len());
}
