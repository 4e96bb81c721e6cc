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
fn every_kind_has_a_row() {
    let page = page();
    for kind in ErrorKind::ALL {
        assert!(page.contains(&format!("| `{kind}` |")), "no row for {kind}");
    }
}
