//! Desired states.

use workspace_members_sync::{Desired, DesiredErrors};

pub(crate) const WORDS: &[&str] = &[
    "[[workspace]]\n",
    "[workspace.members]\n",
    "[guards]\n",
    "[people]\n",
    "[teams]\n",
    "target = \"acme:1\"\n",
    "mode = \"additive\"\n",
    "owner = [\"ana@example.com\"]\n",
    "\"native:x\" = []\n",
    "max_removals = [\"5%\", 3]\n",
    "\"workspace\": ",
    "\"members\": ",
    "person:",
    "team:",
    "user:",
    "group:",
    "a.a.a.a = ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'''",
    ",",
    "=",
    ":",
    "\n",
    "\r",
    "#",
    "null",
    "1e9",
    "0x7f",
    "-1",
    "9223372036854775808",
    "2026-11-21",
    "\\u0000",
    "\\ud800",
    "\u{1b}[2J",
    "\u{feff}",
    "\u{2028}",
];

/// A desired state in TOML.
pub fn desired_toml(data: &[u8]) {
    // A file that is not UTF-8 is refused where it is read.
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Desired::from_toml(text, "desired.toml") {
        Err(errors) => check(&errors, text, "desired.toml"),
        Ok(desired) => {
            let table: toml::Table = text.parse().expect("what is read as a desired state is TOML");
            assert_eq!(Desired::from_toml(&table.to_string(), "again").as_ref(), Ok(&desired), "{table}");
            let json = serde_json::to_string(&table).expect("a table without dates is JSON");
            assert_eq!(Desired::from_json(&json, "again").as_ref(), Ok(&desired), "{json}");
            kept(&desired);
        }
    }
}

/// A desired state in JSON.
pub fn desired_json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Desired::from_json(text, "desired.json") {
        Err(errors) => check(&errors, text, "desired.json"),
        Ok(desired) => {
            let value: serde_json::Value =
                serde_json::from_str(text).expect("what is read as a desired state is strict JSON");
            let again = Desired::from_json(&value.to_string(), "again");
            assert_eq!(again.as_ref(), Ok(&desired), "{value}");
            kept(&desired);
        }
    }
}

/// What was read is the same after being written into a plan file and read from it.
fn kept(desired: &Desired) {
    let text = serde_json::to_string(desired).expect("a desired state can be written");
    let again: Desired = serde_json::from_str(&text).expect("a desired state that was written can be read");
    assert_eq!(&again, desired, "{text}");
}

/// Every error stands in a place that the text has, and is one line.
fn check(errors: &DesiredErrors, text: &str, file: &str) {
    assert!(!errors.errors().is_empty(), "refused without a reason");
    let lines: Vec<&str> = text.split('\n').collect();
    for error in errors.errors() {
        assert_eq!(error.file, file);
        let line = error.line.checked_sub(1).and_then(|at| lines.get(at));
        let line = line.unwrap_or_else(|| panic!("{error} is behind line {}", lines.len()));
        let end = line.chars().count() + 1;
        assert!((1..=end).contains(&error.column), "{error} is behind column {end}");
        assert!(!error.problem.is_empty() && !error.instead.is_empty(), "{error:?}");
        let shown = error.to_string();
        assert!(!shown.chars().any(char::is_control), "control characters in {shown:?}");
    }
}
