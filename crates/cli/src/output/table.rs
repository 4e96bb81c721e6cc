//! Tables for people: aligned, without frames, coloured only on a terminal.

use super::plain;
use crate::report::{Sheet, Tone};
use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use std::io::{self, Write};

const TITLE: Style = Style::new().bold();
const HEADING: Style = Style::new().dimmed();

/// Columns of free text, which break into lines where the terminal is narrow. All others stay whole.
const FREE_TEXT: [&str; 3] = ["WHY", "NOTE", "DETAIL"];

/// Writes the sheets with an empty line between them.
pub(super) fn write(out: &mut impl Write, sheets: &[Sheet]) -> io::Result<()> {
    let width = super::width(&io::stdout());
    for (at, sheet) in sheets.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        if let Some(title) = &sheet.title {
            writeln!(out, "{TITLE}{}{TITLE:#}", plain(title))?;
        }
        if !sheet.rows.is_empty() {
            let text = render(sheet, width);
            let (heading, rows) = text.split_once('\n').unwrap_or((&text, ""));
            writeln!(out, "{HEADING}{heading}{HEADING:#}")?;
            writeln!(out, "{rows}")?;
        }
        for (tone, line) in &sheet.below {
            let style = style(*tone);
            for piece in super::broken(&plain(line), width) {
                writeln!(out, "{style}{piece}{style:#}")?;
            }
        }
    }
    out.flush()
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Title => TITLE,
        Tone::Quiet => HEADING,
        Tone::Gain => AnsiColor::Green.on_default(),
        Tone::Change => AnsiColor::Yellow.on_default(),
        Tone::Loss => AnsiColor::Red.on_default(),
    }
}

/// Empty columns are left out.
fn render(sheet: &Sheet, width: Option<usize>) -> String {
    let shown: Vec<usize> =
        (0..sheet.columns.len()).filter(|at| sheet.rows.iter().any(|row| !row[*at].is_empty())).collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(shown.iter().map(|at| sheet.columns[*at]));
    for row in &sheet.rows {
        table.add_row(shown.iter().map(|at| plain(&row[*at]).into_owned()));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let breaks = shown.iter().any(|at| FREE_TEXT.contains(&sheet.columns[*at]));
    match width {
        Some(width) if breaks => {
            table
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(u16::try_from(width).unwrap_or(u16::MAX));
        }
        _ => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_names_cannot_act() {
        let mut sheet = Sheet::new(&["WHO", "MARKS", "ROLE"]);
        sheet.push(["a@example.com".to_owned(), String::new(), "owner".to_owned()]);
        sheet.push(["\u{1b}[31mZoë".to_owned(), String::new(), "viewer".to_owned()]);
        let text = render(&sheet, None);
        assert_eq!(text, "WHO            ROLE\na@example.com  owner\n\u{fffd}[31mZoë       viewer");
    }
}
