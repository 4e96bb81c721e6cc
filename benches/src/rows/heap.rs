//! Peak heap of a list of 10,000 members, in a process of its own, whose allocator counts.

use crate::floor::Result;
use crate::rounds::Samples;
use crate::table::{Line, Row, Target};
use std::process::Command;

/// The contenders that the program `peak-heap` knows.
pub const CONTENDERS: [(&str, &str); 3] = [
    ("floor", "**reqwest and serde by hand**"),
    ("bare", "hyper alone, one connection"),
    ("adapter", "the adapter alone"),
];

/// Measures one list.
pub fn measure(provider: &str, rounds: usize) -> Result<Row> {
    let program = crate::program("peak-heap")?;
    let mut results = Vec::new();
    for (contender, name) in CONTENDERS {
        let (mut peak, mut kept) = (Samples::default(), Samples::default());
        for _ in 0..rounds {
            let out = Command::new(&program).args([provider, contender]).output()?;
            if !out.status.success() {
                return Err(String::from_utf8_lossy(&out.stderr).into_owned().into());
            }
            let text = String::from_utf8(out.stdout)?;
            let mut numbers = text.split_whitespace().map(str::parse::<f64>);
            let mut next = || numbers.next().ok_or("peak-heap printed too little");
            peak.push(next()??);
            kept.push(next()??);
        }
        results.push((name, peak, kept));
    }
    let floor = results[0].1.clone();
    let lines = results.into_iter().map(|(name, peak, kept)| {
        let kib = |bytes: f64| format!("{:.0} KiB", bytes / 1024.0);
        let measured = format!("{} peak, {} when done", kib(peak.median()), kib(kept.median()));
        let target = if name.contains("adapter") { Target::AtMost(1.0) } else { Target::Shown };
        Line::new(name, measured, peak.over(&floor), target)
    });
    Ok(Row {
        title: format!("{provider}: peak heap of one list of 10,000 members"),
        ratio_of: "peak over by hand".to_owned(),
        how: format!(
            "{rounds} processes each. Peak: the most that was allocated during the call, above what was before it; \
             when done: what is still allocated while the list is kept."
        ),
        lines: lines.collect(),
    })
}
