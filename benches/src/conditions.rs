//! On what the figures were seen.

use std::fmt;
use std::fs;
use std::process::Command;

/// The machine and the programs, as they tell about themselves.
#[derive(Debug)]
pub struct Conditions(Vec<(&'static str, String)>);

fn first_line(program: &str, argument: &str) -> String {
    let out = Command::new(program).arg(argument).output();
    let text = out.map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or("not found").to_owned()
}

fn field(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(':')).map_or("unknown", |(_, value)| value.trim()).to_owned()
}

impl Conditions {
    /// Asks.
    pub fn here() -> Self {
        let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load: Vec<&str> = load.split_whitespace().take(3).collect();
        Self(vec![
            ("processor", format!("{}, {cores} cores", field("/proc/cpuinfo", "model name"))),
            ("memory", field("/proc/meminfo", "MemTotal")),
            (
                "system",
                fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
            ),
            ("load at the start (1, 5, 15 minutes)", load.join(", ")),
            ("Rust", first_line("rustc", "--version")),
            ("Python", first_line("python3", "--version")),
            ("Node", first_line("node", "--version")),
            ("SQLite", rusqlite::version().to_owned()),
        ])
    }
}

impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| condition | |\n|---|---|")?;
        for (name, value) in &self.0 {
            writeln!(f, "| {name} | {value} |")?;
        }
        Ok(())
    }
}
