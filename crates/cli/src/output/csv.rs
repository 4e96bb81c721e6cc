//! Comma-separated values (RFC 4180) with a heading, safe to open in a spreadsheet.

use super::plain;
use serde_json::Value;
use std::io;

/// Writes one record per object, in the order of the columns.
pub(super) fn write(heading: &str, rows: &[Value]) -> io::Result<()> {
    let columns: Vec<&str> = heading.split(',').collect();
    let mut out = csv::Writer::from_writer(io::stdout().lock());
    let other = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    };
    out.write_record(&columns).map_err(other)?;
    for row in rows {
        out.write_record(columns.iter().map(|column| cell(&row[*column]))).map_err(other)?;
    }
    out.flush()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => harmless(text),
        Value::Array(items) => harmless(&items.iter().map(cell).collect::<Vec<_>>().join("; ")),
        // A custom role, the only object in a cell.
        Value::Object(map) => match map.get("custom").and_then(Value::as_str) {
            Some(role) => format!("native:{}", plain(role)),
            None => harmless(&value.to_string()),
        },
        other => other.to_string(),
    }
}

/// A spreadsheet runs what begins like a formula, so a quotation mark is put before it, which spreadsheets hide. Where
/// lists are separated by semicolons, what follows one is a cell too.
fn harmless(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut begins = true;
    for c in plain(text).chars() {
        if begins && matches!(c, '=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}') {
            safe.push('\'');
        }
        begins = c == ';' || (begins && c == ' ');
        safe.push(c);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text() {
        for (given, shown) in [
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM", "'@SUM"),
            ("\t=1", "\u{fffd}=1"),
            ("\r=1", "\u{fffd}=1"),
            (" =1", " '=1"),
            ("a;=1", "a;'=1"),
            ("a; -1;b-c", "a; '-1;b-c"),
            ("ana@example.com", "ana@example.com"),
        ] {
            assert_eq!(cell(&Value::from(given)), shown);
        }
        assert_eq!(cell(&serde_json::json!({"custom": "=x"})), "native:=x");
    }
}
