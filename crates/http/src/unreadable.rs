//! Why a body could not be read, in words that quote nothing of it.

/// Why a body could not be read, without what stood in it: a decoder quotes the text that it did not expect, which may
/// be somebody's address, or the key that a server repeats.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreadable(String);

impl From<&serde_json::Error> for Unreadable {
    fn from(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        // What is wrong with the JSON itself, and which field is not there, says nothing of the body.
        let quotes_nothing =
            ["missing field `", "duplicate field `"].iter().any(|what| text.starts_with(what));
        if !error.is_data() || quotes_nothing {
            return Self(text);
        }
        // "invalid type: string \"…\", expected a sequence at line 1 column 9"
        let standard =
            ["invalid type", "invalid value", "invalid length", "unknown variant", "unknown field"];
        let what = standard.into_iter().find(|what| text.starts_with(what));
        match (what, text.rsplit_once(", expected ")) {
            (Some(what), Some((_, expected))) => Self(format!("{what}, expected {expected}")),
            // Whatever else a type has to say about a value, it may say with the value.
            _ => Self(format!("a value is not valid at line {} column {}", error.line(), error.column())),
        }
    }
}
