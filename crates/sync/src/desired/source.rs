//! A TOML or JSON text as one kind of tree that remembers where everything stood, and the list of what is wrong with it.

use jsonc_parser::ast::{ObjectPropName, Value as Json};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use std::fmt;
use std::ops::Range;
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
}

/// One thing that is wrong with a desired state, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[non_exhaustive]
pub struct DesiredError {
    /// The name the file was given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub instead: String,
}

impl fmt::Display for DesiredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}; {}", self.file, self.line, self.column, self.problem, self.instead)
    }
}

/// Everything that is wrong with a desired state, in the order of the file; where that is very much, the first hundred
/// that were found. Never empty.
///
/// `Display` has one line for each.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct DesiredErrors(Vec<DesiredError>);

impl DesiredErrors {
    /// All of them, in the order of the file.
    pub fn errors(&self) -> &[DesiredError] {
        &self.0
    }
}

impl fmt::Display for DesiredErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for DesiredErrors {}

/// How many errors are told. Nobody reads more, and a small file can have very many: a team named in many roles has one
/// for each of its people in each.
const MOST: usize = 100;

/// Collects what is wrong while the tree is read, so that one run shows all of it.
#[derive(Debug)]
pub(super) struct Faults<'t> {
    file: &'t str,
    text: &'t str,
    found: Vec<DesiredError>,
}

impl<'t> Faults<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, found: Vec::new() }
    }

    pub(super) fn add(&mut self, at: &Range<usize>, problem: impl Into<String>, instead: impl Into<String>) {
        if self.found.len() > MOST {
            return;
        }
        let (problem, instead) = if self.found.len() < MOST {
            (problem.into(), instead.into())
        } else {
            (
                "this and maybe more is wrong that is not told here".to_owned(),
                "correct the others first".to_owned(),
            )
        };
        let (line, column) = self.place(at.start);
        self.found.push(DesiredError { file: self.file.to_owned(), line, column, problem, instead });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The line, to point at a second place.
    pub(super) fn line(&self, at: &Range<usize>) -> usize {
        self.place(at.start).0
    }

    fn place(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset.min(self.text.len())).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    pub(super) fn finish<T>(mut self, value: T) -> Result<T, DesiredErrors> {
        if self.found.is_empty() {
            return Ok(value);
        }
        self.found.sort_by_key(|error| (error.line, error.column));
        Err(DesiredErrors(self.found))
    }
}

/// Reads TOML as far as it can be read.
pub(super) fn toml(text: &str, faults: &mut Faults<'_>) -> Node {
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().unwrap_or(0..0);
        faults.add(&at, error.message().to_owned(), "write it as https://toml.io/en/v1.0.0 says");
    }
    Node { at: root.span(), value: table(root.get_ref()) }
}

fn table(table: &DeTable<'_>) -> Value {
    let field = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
        let key: (&toml::Spanned<std::borrow::Cow<'_, str>>, _) = (key, value);
        Field { key: key.0.get_ref().to_string(), at: key.0.span(), node: node(value) }
    };
    Value::Table(table.iter().map(field).collect())
}

fn node(value: &toml::Spanned<DeValue<'_>>) -> Node {
    let read = match value.get_ref() {
        DeValue::Table(inner) => table(inner),
        DeValue::Array(items) => Value::Array(items.iter().map(node).collect()),
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number out of range"), Value::Integer),
        DeValue::Float(_) => Value::Other("a number with a fraction"),
        DeValue::Datetime(_) => Value::Other("a date"),
    };
    Node { at: value.span(), value: read }
}

/// Reads JSON, strictly. Its first error ends it.
pub(super) fn json(text: &str, faults: &mut Faults<'_>) -> Node {
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let empty = || Node { at: 0..text.len(), value: Value::Table(Vec::new()) };
    match parse_to_ast(text, &CollectOptions::default(), &strict) {
        Ok(parsed) => {
            // That parser lets control characters stand in texts, among others, and this one knows no places.
            if let Err(error) = serde_json::from_str::<serde_json::Value>(text) {
                let at = offset(text, error.line(), error.column());
                let said = error.to_string();
                let problem = said.split(" at line ").next().unwrap_or(&said);
                faults.add(&(at..at), problem, "write it as RFC 8259 says");
                return empty();
            }
            if let Some(value) = parsed.value {
                return json_node(&value, faults);
            }
            faults.add(&(0..0), "the file holds nothing", "write a JSON object");
            empty()
        }
        Err(error) => {
            let range = error.range();
            faults.add(&(range.start..range.end), error.kind().to_string(), "write it as RFC 8259 says");
            empty()
        }
    }
}

/// The byte at a line and a column of bytes, both from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (before + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn json_node(value: &Json<'_>, faults: &mut Faults<'_>) -> Node {
    let range = value.range();
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
            let mut fields: Vec<Field> = Vec::with_capacity(object.properties.len());
            for property in &object.properties {
                let key = match &property.name {
                    ObjectPropName::String(text) => text.value.to_string(),
                    ObjectPropName::Word(word) => word.value.to_owned(),
                };
                let (name, at) = (property.name.range(), property.name.range());
                let at = name.start..at.end;
                if fields.iter().any(|field| field.key == key) {
                    faults.add(&at, format!("the key {key:?} stands here twice"), "keep one of them");
                }
                fields.push(Field { key, at, node: json_node(&property.value, faults) });
            }
            Value::Table(fields)
        }
    };
    Node { at: range.start..range.end, value: read }
}
