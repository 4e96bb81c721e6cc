//! What is wrong with a desired state, and where.

use std::fmt;
use std::ops::Range;

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

/// Everything that is wrong with a desired state, in the order of the file; of more than a hundred errors, the first
/// hundred that were found. Never empty.
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
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for DesiredErrors {}

/// How many errors are listed. Nobody reads more, and a small file can have very many: a team named in many roles has one
/// for each of its people in each.
const MOST: usize = 100;

/// Collects what is wrong while a file is read, so that one run shows all of it.
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
        let (problem, instead) = match self.found.len() {
            ..MOST => (problem.into(), instead.into()),
            MOST => {
                ("this and maybe more is wrong".to_owned(), "correct the errors before it first".to_owned())
            }
            _ => return,
        };
        let (line, column) = self.position(at.start);
        self.found.push(DesiredError { file: self.file.to_owned(), line, column, problem, instead });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The line, to point at another part of the file.
    pub(super) fn line(&self, at: &Range<usize>) -> usize {
        self.position(at.start).0
    }

    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
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
