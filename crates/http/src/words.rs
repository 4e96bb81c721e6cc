//! The provider's words in a body, for people.

use serde_json::Value;

/// The longest body that is looked through for a provider's words, in bytes. As values, which words are kept as until it
/// is known which of them matter, a hostile body takes many times its size.
pub const MAX_WORDS: usize = 64 << 10;

/// Where most providers speak to people in a refusal.
pub const MESSAGE_FIELDS: &[&str] = &["detail", "details", "error", "message"];

/// What is said in the first of the fields that is there, and about single fields; else everything that is said.
pub(crate) fn words(body: &[u8], message_fields: &[&str]) -> Option<String> {
    if body.len() > MAX_WORDS {
        return None;
    }
    let body: Value = serde_json::from_slice(body).ok()?;
    let mut out = Vec::new();
    let said = body.as_object().and_then(|object| {
        message_fields.iter().find_map(|name| object.get(*name).filter(|said| !said.is_null()))
    });
    flatten(said.unwrap_or(&body), "", &mut out);
    if let Some(fields) = body.get("fields").filter(|_| said.is_some()) {
        flatten(fields, "", &mut out);
    }
    (!out.is_empty()).then(|| out.join("; "))
}

/// Collects the texts of a JSON value, each after the name of its field.
fn flatten(value: &Value, name: &str, out: &mut Vec<String>) {
    // A hostile body may be deep or long; a message needs neither.
    if out.len() >= 10 {
        return;
    }
    match value {
        Value::String(text) if name.is_empty() => out.push(text.clone()),
        Value::String(text) => out.push(format!("{name}: {text}")),
        Value::Array(values) => values.iter().for_each(|value| flatten(value, name, out)),
        Value::Object(fields) => {
            // Sorted: in which order a map comes depends on a feature that any crate of the program may turn on.
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(field, _)| *field);
            for (field, value) in fields {
                flatten(value, field, out);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
