//! Writing: answers on standard output, messages on standard error.

mod csv;
mod json;
mod plain;
mod table;
mod width;

pub(crate) use plain::{acts, escaped, plain};

use crate::args::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::{Report, Sheet};
use anstyle::{AnsiColor, Style};
use std::io::{self, IsTerminal, Write};
use width::{broken, width};

const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();

/// Writes answers in the form that was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: Format,
}

impl Output {
    pub(crate) fn new(format: Format) -> Self {
        Self { format }
    }

    /// Writes an answer.
    pub(crate) fn report(self, report: &Report) -> Exit {
        let written = match self.format {
            // Nothing but a file, the same in every form; or nothing at all.
            _ if report.json.is_null() => verbatim(report.text.as_deref()),
            Format::Json => match report.failures.first() {
                Some(failure) if report.exit != Exit::Partly => json::write(&failure.json()),
                _ => json::write(&report.json),
            },
            Format::Csv => csv::write(report.csv.0, &report.csv.1),
            Format::Table if report.text.is_some() => verbatim(report.text.as_deref()),
            Format::Table => table::write(&mut anstream::stdout().lock(), &report.sheets),
        };
        // Last, so that it is in sight below a long answer.
        for failure in &report.failures {
            self.complain(failure);
        }
        self.written(written, report.exit)
    }

    /// Writes that a command failed as a whole.
    pub(crate) fn failure(self, failure: &Failure) -> Exit {
        self.complain(failure);
        match self.format {
            Format::Json => self.written(json::write(&failure.json()), failure.exit),
            Format::Table | Format::Csv => failure.exit,
        }
    }

    fn written(self, written: io::Result<()>, exit: Exit) -> Exit {
        match written {
            Ok(()) => exit,
            // The reader has seen enough, as in `wsm list | head`.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => exit,
            Err(error) => {
                self.say(ERROR, "error", &format!("standard output cannot be written: {error}"));
                Exit::Failed
            }
        }
    }

    /// Shows something before the answer: on standard output where that is for people; on standard error if they are
    /// asked about it and would not see it otherwise.
    pub(crate) fn interim(self, sheets: &[Sheet], asked: bool) {
        let written = match self.format {
            Format::Table if !asked || io::stdout().is_terminal() => {
                table::write(&mut anstream::stdout().lock(), sheets)
            }
            _ if asked => table::write(&mut anstream::stderr().lock(), sheets),
            _ => Ok(()),
        };
        // If it cannot be written, neither can the answer, and that is reported.
        drop(written);
    }

    /// Something to know that is no failure.
    pub(crate) fn note(self, text: &str) {
        self.say(Style::new().bold(), "note", text);
    }

    /// Something that may be dangerous.
    pub(crate) fn warn(self, text: &str) {
        self.say(WARNING, "warning", text);
    }

    fn complain(self, failure: &Failure) {
        let lines = failure.lines();
        self.say(ERROR, "error", &lines.join("\n"));
    }

    #[expect(clippy::unused_self, reason = "everything that writes goes through a value that was set up")]
    fn say(self, style: Style, label: &str, text: &str) {
        let width = width(&io::stderr());
        let text = format!("{label}: {text}");
        let lines = text.lines().flat_map(|line| broken(&plain(line), width)).collect::<Vec<_>>().join("\n");
        let text = lines.strip_prefix(label).unwrap_or(&lines);
        // Where standard error is closed nobody can see it.
        let _ = writeln!(anstream::stderr().lock(), "{style}{label}{style:#}{text}");
    }
}

fn verbatim(text: Option<&str>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.unwrap_or_default().as_bytes()).and_then(|()| out.flush())
}
