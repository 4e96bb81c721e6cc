//! One JSON document.

use super::plain::acts;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{self, Write as _};

/// Writes the document, ended by a line feed. Characters that act on a terminal are escaped; to a reader of JSON that
/// makes no difference.
pub(super) fn write(value: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text(value).as_bytes())?;
    out.flush()
}

fn text(value: &Value) -> String {
    let raw = format!("{value:#}\n");
    let mut text = String::with_capacity(raw.len());
    for c in raw.chars() {
        if c != '\n' && acts(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a text cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acting_characters_are_escaped_and_mean_the_same() {
        let value = Value::from("a\u{9b}2J\u{202e}\u{e0001}\u{1b}\nz");
        let text = text(&value);
        assert!(!text.trim_end().chars().any(acts), "{text:?}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
