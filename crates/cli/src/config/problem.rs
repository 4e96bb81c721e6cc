//! What is wrong with a file, and where in it.

use serde::de::DeserializeOwned;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};

#[derive(Debug)]
pub(super) struct Problem {
    pub(super) at: Range<usize>,
    pub(super) message: String,
}

pub(super) type Problems = Vec<Problem>;

impl Problem {
    pub(super) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }

    /// Never with the parser's own excerpt of the file: it could show a key.
    pub(super) fn of(error: &toml::de::Error, otherwise: &Range<usize>) -> Self {
        Self::new(error.span().unwrap_or_else(|| otherwise.clone()), error.message())
    }

    /// `LINE:COLUMN: MESSAGE`, both from 1; the column in characters.
    pub(super) fn line(&self, text: &str) -> String {
        let before = text.get(..self.at.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{line}:{column}: {}", self.message)
    }
}

/// Reads one value.
pub(super) fn read<T: DeserializeOwned>(value: Spanned<DeValue<'_>>) -> Result<T, Problem> {
    let span = value.span();
    T::deserialize(ValueDeserializer::from(value)).map_err(|error| Problem::of(&error, &span))
}
