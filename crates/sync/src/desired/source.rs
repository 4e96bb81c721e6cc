//! A TOML or JSON text as one kind of tree that remembers where everything stood.

use super::faults::Faults;
use super::text::InvalidText;
use jsonc_parser::ast::{ObjectPropName, Value as Json};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, ParseResult, parse_to_ast};
use std::collections::HashSet;
use std::ops::Range;
use std::str::FromStr;
use toml::de::{DeTable, DeValue};

/// A value and the bytes it stood in.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Range<usize>,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Table(Vec<Field>),
    Array(Vec<Node>),
    Text(String),
    Integer(i64),
    Bool(bool),
    Other(&'static str),
}

/// One key of a table with its value.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) key: String,
    pub(super) at: Range<usize>,
    pub(super) node: Node,
}

impl Node {
    /// What kind of value it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Table(_) => "a table",
            Value::Array(_) => "a list",
            Value::Text(_) => "a text",
            Value::Integer(_) => "a whole number",
            Value::Bool(_) => "true or false",
            Value::Other(kind) => kind,
        }
    }

    /// The fields of a table. Anything else is a fault, and `instead` says what to write.
    pub(super) fn fields(&self, instead: &str, faults: &mut Faults<'_>) -> &[Field] {
        match &self.value {
            Value::Table(fields) => fields,
            _ => self.misplaced("a table", instead, faults).unwrap_or_default(),
        }
    }

    /// The items of a list; else as [`fields`](Self::fields).
    pub(super) fn items(&self, instead: &str, faults: &mut Faults<'_>) -> &[Self] {
        match &self.value {
            Value::Array(items) => items,
            _ => self.misplaced("a list", instead, faults).unwrap_or_default(),
        }
    }

    /// A text; else as [`fields`](Self::fields).
    pub(super) fn text(&self, instead: &str, faults: &mut Faults<'_>) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => self.misplaced("a text", instead, faults),
        }
    }

    /// What a text says.
    pub(super) fn parsed<T: FromStr<Err = InvalidText>>(
        &self,
        instead: &str,
        faults: &mut Faults<'_>,
    ) -> Option<T> {
        let read = self.text(instead, faults)?.parse();
        read.map_err(|error: InvalidText| faults.add(&self.at, error.problem, error.instead)).ok()
    }

    fn misplaced<T>(&self, expected: &str, instead: &str, faults: &mut Faults<'_>) -> Option<T> {
        let problem = format!("{} stands where {expected} belongs", self.kind());
        faults.add(&self.at, problem, format!("write {instead}"));
        None
    }
}

/// The fields of a table, to be taken by their keys.
pub(super) struct Keys<'n> {
    fields: &'n [Field],
    known: Vec<&'static str>,
}

impl<'n> Keys<'n> {
    pub(super) fn of(node: &'n Node, faults: &mut Faults<'_>) -> Self {
        Self { fields: node.fields("a table", faults), known: Vec::new() }
    }

    pub(super) fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.known.push(key);
        self.fields.iter().find(|field| field.key == key).map(|field| &field.node)
    }

    /// All keys that there may be are taken: any other is a fault.
    pub(super) fn end(self, faults: &mut Faults<'_>) {
        for field in self.fields.iter().filter(|field| !self.known.contains(&field.key.as_str())) {
            let instead = format!("the keys here are {}", self.known.join(", "));
            faults.add(&field.at, format!("the key {:?} is unknown", field.key), instead);
        }
    }
}

/// Reads TOML as far as it can be read.
pub(super) fn toml(text: &str, faults: &mut Faults<'_>) -> Node {
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().unwrap_or(0..0);
        faults.add(&at, error.message().to_owned(), "write it as https://toml.io/en/v1.0.0 says");
    }
    Node { at: root.span(), value: toml_table(root.get_ref()) }
}

fn toml_table(table: &DeTable<'_>) -> Value {
    let fields = table.iter().map(|(key, value)| Field {
        key: key.get_ref().to_string(),
        at: key.span(),
        node: toml_node(value),
    });
    Value::Table(fields.collect())
}

fn toml_node(value: &toml::Spanned<DeValue<'_>>) -> Node {
    let read = match value.get_ref() {
        DeValue::Table(inner) => toml_table(inner),
        DeValue::Array(items) => Value::Array(items.iter().map(toml_node).collect()),
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number out of range"), Value::Integer),
        DeValue::Float(_) => Value::Other("a number with a fraction"),
        DeValue::Datetime(_) => Value::Other("a date"),
    };
    Node { at: value.span(), value: read }
}

/// Reads JSON. A first error of its syntax ends it.
pub(super) fn json(text: &str, faults: &mut Faults<'_>) -> Node {
    // The parser that remembers where everything stood accepts much that is no JSON; the strict one does not remember.
    if let Err(error) = serde_json::from_str::<serde_json::Value>(text) {
        let at = offset(text, error.line(), error.column());
        let message = error.to_string();
        let problem = message.split(" at line ").next().unwrap_or(&message);
        faults.add(&(at..at), problem, "write it as RFC 8259 says");
    } else {
        match parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default()) {
            Ok(ParseResult { value: Some(value), .. }) => return json_node(&value, faults),
            Ok(_) => {}
            Err(error) => {
                faults.add(&bytes(&error.range()), error.kind().to_string(), "write it as RFC 8259 says");
            }
        }
    }
    Node { at: 0..text.len(), value: Value::Table(Vec::new()) }
}

/// The byte at a line and a column of bytes, both from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    text.floor_char_boundary(before + column.saturating_sub(1))
}

fn json_node(value: &Json<'_>, faults: &mut Faults<'_>) -> Node {
    let read = match value {
        Json::StringLit(text) => Value::Text(text.value.to_string()),
        Json::BooleanLit(flag) => Value::Bool(flag.value),
        Json::NumberLit(number) => number
            .value
            .parse()
            .map_or(Value::Other("a number with a fraction or out of range"), Value::Integer),
        Json::NullKeyword(_) => Value::Other("null"),
        Json::Array(items) => {
            Value::Array(items.elements.iter().map(|item| json_node(item, faults)).collect())
        }
        Json::Object(object) => {
            let (mut fields, mut seen) = (Vec::with_capacity(object.properties.len()), HashSet::new());
            for property in &object.properties {
                let key = match &property.name {
                    ObjectPropName::String(text) => text.value.to_string(),
                    ObjectPropName::Word(word) => word.value.to_owned(),
                };
                let at = bytes(&property.name);
                if !seen.insert(key.clone()) {
                    faults.add(&at, format!("the key {key:?} stands here twice"), "keep one of them");
                }
                fields.push(Field { key, at, node: json_node(&property.value, faults) });
            }
            Value::Table(fields)
        }
    };
    Node { at: bytes(value), value: read }
}

fn bytes(of: &impl Ranged) -> Range<usize> {
    let range = of.range();
    range.start..range.end
}
