//! Lines that fit a terminal.

use std::io::IsTerminal;

/// How wide a terminal is; `None` for anything else, whose lines stay whole.
pub(super) fn width(out: &impl IsTerminal) -> Option<usize> {
    let size = out.is_terminal().then(terminal_size::terminal_size).flatten();
    size.map(|(width, _)| usize::from(width.0))
}

/// A line in pieces that fit, broken between words. What follows the first is indented a little further. A word that is
/// longer than the line stays whole, so that it can be copied.
pub(super) fn broken(line: &str, width: Option<usize>) -> Vec<String> {
    let fits = |text: &str| width.is_none_or(|width| text.chars().count() <= width);
    if fits(line) {
        return vec![line.to_owned()];
    }
    let indent = line.len() - line.trim_start().len();
    let (first, after) = (" ".repeat(indent), " ".repeat(indent + 4));
    let mut pieces = vec![first];
    for word in line.split_whitespace() {
        let Some(last) = pieces.last_mut() else { break };
        let begun = !last.trim_start().is_empty();
        let longer = if begun { format!("{last} {word}") } else { format!("{last}{word}") };
        if begun && !fits(&longer) {
            pieces.push(format!("{after}{word}"));
        } else {
            *last = longer;
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_stay_indented() {
        let line = "  - remove somebody from somewhere, not in the desired state";
        assert_eq!(broken(line, None), [line]);
        assert_eq!(
            broken(line, Some(30)),
            ["  - remove somebody from", "      somewhere, not in the", "      desired state"]
        );
        assert_eq!(broken("a-word-that-is-too-long b", Some(5)), ["a-word-that-is-too-long", "    b"]);
        assert_eq!(broken("", Some(1)), [""]);
    }
}
