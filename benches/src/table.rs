//! The table of results, in Markdown.

use crate::rounds::{Samples, Timings};
use std::fmt::{self, Write as _};

/// What a result must be to count as reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
    /// This.
    Exactly(f64),
    /// Shown for comparison.
    Shown,
}

impl Target {
    fn reached(self, value: f64) -> Option<bool> {
        match self {
            Self::AtMost(most) => Some(value <= most),
            Self::AtLeast(least) => Some(value >= least),
            Self::Exactly(wanted) => Some((value - wanted).abs() < 1e-9),
            Self::Shown => None,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "\u{2264} {most}"),
            Self::AtLeast(least) => write!(f, "\u{2265} {least}"),
            Self::Exactly(wanted) => write!(f, "= {wanted}"),
            Self::Shown => f.write_str(""),
        }
    }
}

/// One line of the table.
#[derive(Debug, Clone)]
pub struct Line {
    /// Who.
    pub name: String,
    /// What was measured, with its unit.
    pub measured: String,
    /// The ratio or figure that the target is about.
    pub value: Samples,
    /// What it must be.
    pub target: Target,
}

impl Line {
    /// A line that is compared with nothing.
    pub fn new(name: impl Into<String>, measured: impl Into<String>, value: Samples, target: Target) -> Self {
        Self { name: name.into(), measured: measured.into(), value, target }
    }

    /// CPU time per call, and its ratio to the floor's.
    pub fn cpu(name: impl Into<String>, timings: &Timings, floor: &Timings, target: Target) -> Self {
        let measured =
            format!("{} CPU, {} wall", seconds(timings.cpu.median()), seconds(timings.wall.median()));
        Self::new(name, measured, timings.cpu.over(&floor.cpu), target)
    }
}

/// A row of the comparison: the floor first.
#[derive(Debug, Clone)]
pub struct Row {
    /// What is done.
    pub title: String,
    /// What the ratio is of.
    pub ratio_of: String,
    /// How it was measured.
    pub how: String,
    /// Everybody who was measured.
    pub lines: Vec<Line>,
}

impl Row {
    /// Whether every target was reached by the median.
    pub fn reached(&self) -> bool {
        self.lines.iter().all(|line| line.target.reached(line.value.median()) != Some(false))
    }
}

/// `12.3 µs`
pub fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.1} \u{b5}s", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        writeln!(out, "### {}\n\n{}\n", self.title, self.how)?;
        writeln!(out, "| | measured (median) | {} | quartiles | target | |", self.ratio_of)?;
        writeln!(out, "|---|---|---|---|---|---|")?;
        for line in &self.lines {
            let value = &line.value;
            let reached = match line.target.reached(value.median()) {
                Some(true) => "reached",
                Some(false) => "**missed**",
                None => "",
            };
            writeln!(
                out,
                "| {} | {} | {:.3} | {:.3} \u{2013} {:.3} | {} | {reached} |",
                line.name,
                line.measured,
                value.median(),
                value.quantile(0.25),
                value.quantile(0.75),
                line.target,
            )?;
        }
        f.write_str(&out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_was_missed() {
        let line = |value, target| Line::new("x", "1 s", Samples::new([value]), target);
        let mut row = Row {
            title: "add".into(),
            ratio_of: "CPU ratio".into(),
            how: "once".into(),
            lines: vec![line(1.0, Target::Shown), line(1.04, Target::AtMost(1.05))],
        };
        assert!(row.reached());
        row.lines.push(line(1.2, Target::AtMost(1.1)));
        assert!(!row.reached());
        assert!(row.to_string().contains("| 1.200 | 1.200 \u{2013} 1.200 | \u{2264} 1.1 | **missed** |"));
    }

    #[test]
    fn times_have_the_unit_that_fits() {
        assert_eq!(
            [seconds(0.000_012_3), seconds(0.5), seconds(12.0)],
            ["12.3 \u{b5}s", "500.00 ms", "12.00 s"]
        );
    }
}
