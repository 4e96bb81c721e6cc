//! JSON Schema, as far as `schemas/` uses it. A keyword or a pattern that is not known here is a panic, not a pass.

use serde_json::Value;

/// Everything about `value` that departs from `schema`, each with where it is. `defs` is what `$ref` refers to.
pub(crate) fn departures(defs: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(defs, schema, value, "", &mut found);
    found
}

fn check(defs: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let texts = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let alternatives = |list: &Value| {
        let fits = |schema: &&Value| departures(defs, schema, value).is_empty();
        list.as_array().unwrap().iter().filter(fits).count()
    };
    for (keyword, rule) in schema.as_object().unwrap() {
        let size = || usize::try_from(rule.as_u64().unwrap()).unwrap();
        // What a keyword does not apply to, it allows: `minLength` says nothing about a number.
        let wrong = match (keyword.as_str(), value) {
            ("$ref", _) => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                check(defs, &defs[name], value, at, found);
                None
            }
            ("type", _) => {
                let kinds =
                    if rule.is_array() { texts(rule) } else { vec![rule.as_str().unwrap().to_owned()] };
                let fits = kinds.iter().any(|kind| is_a(value, kind));
                (!fits).then(|| format!("{value} is not of type {}", kinds.join(" or ")))
            }
            ("const", _) => (value != rule).then(|| format!("{value} is not {rule}")),
            ("enum", _) => {
                (!rule.as_array().unwrap().contains(value)).then(|| format!("{value} is not one of {rule}"))
            }
            ("oneOf", _) => {
                let fitting = alternatives(rule);
                (fitting != 1).then(|| format!("{value} fits {fitting} schemas of oneOf"))
            }
            ("anyOf", _) => (alternatives(rule) == 0).then(|| format!("{value} fits no schema of anyOf")),
            ("required", Value::Object(object)) => {
                let missing = texts(rule).into_iter().find(|name| !object.contains_key(name));
                missing.map(|name| format!("{name:?} is a required property"))
            }
            ("properties", Value::Object(object)) => {
                for (name, schema) in rule.as_object().unwrap() {
                    if let Some(value) = object.get(name) {
                        check(defs, schema, value, &format!("{at}/{name}"), found);
                    }
                }
                None
            }
            ("additionalProperties", Value::Object(object)) => {
                let known = |name: &str| schema["properties"].get(name).is_some();
                for (name, value) in object.iter().filter(|(name, _)| !known(name)) {
                    if *rule == false {
                        found.push(format!("Additional properties are not allowed: {name:?} at {at:?}"));
                    } else {
                        check(defs, rule, value, &format!("{at}/{name}"), found);
                    }
                }
                None
            }
            ("minProperties", Value::Object(object)) => {
                (object.len() < size()).then(|| "too few properties".to_owned())
            }
            ("items", Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    check(defs, rule, item, &format!("{at}/{index}"), found);
                }
                None
            }
            ("minItems", Value::Array(items)) => (items.len() < size()).then(|| "too few items".to_owned()),
            ("minLength", Value::String(text)) => {
                (text.chars().count() < size()).then(|| format!("{text:?} is too short"))
            }
            ("pattern", Value::String(text)) => {
                let pattern = rule.as_str().unwrap();
                (!matches(pattern, text)).then(|| format!("{text:?} does not match {pattern}"))
            }
            ("minimum", Value::Number(number)) => {
                (number.as_f64() < rule.as_f64()).then(|| format!("{number} is less than {rule}"))
            }
            (
                "description"
                | "required"
                | "properties"
                | "additionalProperties"
                | "minProperties"
                | "items"
                | "minItems"
                | "maxItems"
                | "minLength"
                | "pattern"
                | "minimum",
                _,
            ) => None,
            (other, _) => panic!("the keyword {other} is not known here"),
        };
        found.extend(wrong.map(|wrong| format!("{wrong} at {at:?}")));
    }
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the type {other} is not known here"),
    }
}

/// The patterns of the schemas, of which there are five.
fn matches(pattern: &str, text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match pattern {
        "^[0-9]+$" => digits(text),
        "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$" => {
            text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
        }
        "^https?://" => text.starts_with("http://") || text.starts_with("https://"),
        r"^Request was throttled\. Expected available in \d+ seconds\.$" => text
            .strip_prefix("Request was throttled. Expected available in ")
            .and_then(|rest| rest.strip_suffix(" seconds."))
            .is_some_and(digits),
        r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$" => {
            let (time, fraction) =
                text.strip_suffix('Z').unwrap_or_default().split_at_checked(19).unwrap_or_default();
            let form =
                |(byte, form): (u8, u8)| if form == b'0' { byte.is_ascii_digit() } else { byte == form };
            time.len() == 19
                && time.bytes().zip(*b"0000-00-00T00:00:00").all(form)
                && (fraction.is_empty() || fraction.strip_prefix('.').is_some_and(digits))
        }
        other => panic!("the pattern {other} is not known here"),
    }
}

#[test]
fn each_keyword_finds_what_departs_from_it() {
    use serde_json::json;
    let defs = json!({ "Small": { "type": "integer", "minimum": 1 } });
    let time = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$";
    for (schema, good, bad) in [
        (json!({ "$ref": "#/$defs/Small" }), json!(1), json!(0)),
        (json!({ "type": ["string", "null"] }), json!(null), json!(1)),
        (json!({ "type": "integer" }), json!(7), json!(7.5)),
        (json!({ "const": "a" }), json!("a"), json!("b")),
        (json!({ "enum": ["a", "b"] }), json!("b"), json!("c")),
        (json!({ "oneOf": [{ "type": "string" }, { "minLength": 2 }] }), json!("a"), json!("ab")),
        (json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }), json!(null), json!(1)),
        (json!({ "required": ["a"] }), json!({ "a": 1 }), json!({})),
        (json!({ "properties": { "a": { "type": "null" } } }), json!({ "b": 1 }), json!({ "a": 1 })),
        (
            json!({ "additionalProperties": false, "properties": { "a": {} } }),
            json!({ "a": 1 }),
            json!({ "b": 1 }),
        ),
        (json!({ "additionalProperties": { "type": "null" } }), json!({ "a": null }), json!({ "b": 1 })),
        (json!({ "minProperties": 1 }), json!({ "a": 1 }), json!({})),
        (json!({ "items": { "type": "null" } }), json!([null]), json!([null, 1])),
        (json!({ "minItems": 1 }), json!([1]), json!([])),
        (json!({ "minLength": 2 }), json!("éé"), json!("é")),
        (json!({ "pattern": "^[0-9]+$" }), json!("07"), json!("7a")),
        (json!({ "pattern": time }), json!("2026-11-21T10:00:00.5Z"), json!("2026-11-21 10:00:00Z")),
        (json!({ "pattern": time }), json!("2026-11-21T10:00:00Z"), json!("2026-11-21T10:00:00.Z")),
    ] {
        assert_eq!(departures(&defs, &schema, &good), [""; 0], "{schema}");
        assert_eq!(departures(&defs, &schema, &bad).len(), 1, "{schema}");
    }
}
