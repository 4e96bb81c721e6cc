//! What a command line costs before it does anything.

use crate::floor::Result;
use crate::rounds::{Samples, order};
use crate::table::{Line, Row, Target, seconds};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

fn once(program: &Path, arguments: &[&str]) -> Result<f64> {
    let start = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status()?;
    let took = start.elapsed().as_secs_f64();
    if status.success() { Ok(took) } else { Err(format!("{} failed", program.display()).into()) }
}

/// Measures `wsm --version` against a program that does nothing.
pub fn measure(rounds: usize) -> Result<Row> {
    let (empty, wsm) = (crate::program("empty")?, crate::program("wsm")?);
    let (mut floor, mut ours) = (Samples::default(), Samples::default());
    for round in 0..rounds + 10 {
        for at in order(round, 2) {
            let took = if at == 0 { once(&empty, &[])? } else { once(&wsm, &["--version"])? };
            if round >= 10 {
                if at == 0 { &mut floor } else { &mut ours }.push(took);
            }
        }
    }
    let more = Samples::new((0..rounds).map(|at| (ours.value(at) - floor.value(at)) * 1e3));
    Ok(Row {
        title: "`wsm --version`".to_owned(),
        ratio_of: "ms more than nothing".to_owned(),
        how: format!("{rounds} processes each, in turn; time from start to end on the wall."),
        lines: vec![
            Line::new(
                "**an empty program**",
                seconds(floor.median()),
                Samples::new(vec![0.0; rounds]),
                Target::Shown,
            ),
            Line::new("`wsm --version`", seconds(ours.median()), more, Target::AtMost(10.0)),
        ],
    })
}
