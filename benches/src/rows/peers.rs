//! Additions one after the other, against PandaDoc's official clients for Python and Node.

use crate::bodies::{PANDADOC_USER, PANDADOC_WORKSPACE};
use crate::calls::{self, Call};
use crate::clock::{Spent, Stopwatch};
use crate::floor::Result;
use crate::rounds::{Timings, order};
use crate::server::NeutralServer;
use crate::table::{Line, Row, Target, seconds};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Additions per round.
const TIMES: u32 = 200;

const REQUIREMENTS: &str = include_str!("../../peers/python/requirements.txt");
const PYTHON: &str = include_str!("../../peers/python/add.py");
const PACKAGE: &str = include_str!("../../peers/node/package.json");
const NODE: &str = include_str!("../../peers/node/add.js");

/// A program that adds as many members as it is told, and says what that took.
struct Peer {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    fn start(command: &mut Command, server: &NeutralServer) -> Result<Self> {
        command.args([&server.pandadoc(10), PANDADOC_WORKSPACE, PANDADOC_USER]);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = process.stdin.take().ok_or("no input")?;
        let output = BufReader::new(process.stdout.take().ok_or("no output")?);
        Ok(Self { process, input, output })
    }

    fn run(&mut self, times: u32) -> Result<Spent> {
        writeln!(self.input, "{times}")?;
        self.input.flush()?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let mut numbers = line.split_whitespace().map(str::parse::<f64>);
        let mut next = || numbers.next().ok_or("the official client failed; see above");
        let (wall, cpu) = (next()??, next()??);
        Ok(Spent { cpu: Duration::from_secs_f64(cpu), wall: Duration::from_secs_f64(wall) })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.stdout(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed ({status})").into()) }
}

fn python(folder: &Path, server: &NeutralServer) -> Result<Peer> {
    let (environment, requirements) = (folder.join("python"), folder.join("requirements.txt"));
    fs::write(&requirements, REQUIREMENTS)?;
    fs::write(folder.join("add.py"), PYTHON)?;
    run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    run(Command::new(environment.join("bin/pip"))
        .args(["install", "--quiet", "--requirement"])
        .arg(&requirements))?;
    Peer::start(Command::new(environment.join("bin/python")).arg(folder.join("add.py")), server)
}

fn node(folder: &Path, server: &NeutralServer) -> Result<Peer> {
    fs::write(folder.join("package.json"), PACKAGE)?;
    fs::write(folder.join("add.js"), NODE)?;
    run(Command::new("npm").args(["install", "--silent", "--no-audit", "--no-fund"]).current_dir(folder))?;
    Peer::start(Command::new("node").arg(folder.join("add.js")), server)
}

/// Installs both clients into a folder that is removed afterwards, and measures.
pub async fn measure(server: &NeutralServer, rounds: usize) -> Result<Row> {
    let folder = tempfile::tempdir()?;
    let (mut python, mut node) = (python(folder.path(), server)?, node(folder.path(), server)?);
    let adapter = calls::ours("adapter", calls::adapter(server, Call::PandaDocAdd)?, Call::PandaDocAdd);
    let stack = calls::ours("stack", calls::stack(server, Call::PandaDocAdd)?, Call::PandaDocAdd);
    let mut timings = vec![Timings::default(); 4];
    for round in 0..=rounds {
        for at in order(round, timings.len()) {
            let spent = match at {
                0 | 1 => {
                    let watch = Stopwatch::start();
                    if at == 0 { &stack } else { &adapter }.run(TIMES).await?;
                    watch.stop()
                }
                2 => python.run(TIMES)?,
                _ => node.run(TIMES)?,
            };
            if round > 0 {
                timings[at].push(spent, TIMES);
            }
        }
    }
    let line = |at: usize, name: &str, target| {
        let of: &Timings = &timings[at];
        let measured =
            format!("{:.0} a second, {} CPU each", 1.0 / of.wall.median(), seconds(of.cpu.median()));
        Line::new(name, measured, of.wall.over(&timings[0].wall), target)
    };
    Ok(Row {
        title: "PandaDoc: additions one after the other, against the official clients".to_owned(),
        ratio_of: "time over ours".to_owned(),
        how: format!(
            "{rounds} rounds of {TIMES} additions each, in turn; {}, {}.",
            REQUIREMENTS.trim(),
            "pandadoc-node-client 6.2.0"
        ),
        lines: vec![
            line(0, "the standard stack", Target::Shown),
            line(1, "the adapter alone", Target::Shown),
            line(2, "official client for Python", Target::AtLeast(4.0)),
            line(3, "official client for Node", Target::AtLeast(4.0)),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_are_pinned() {
        assert!(REQUIREMENTS.trim().ends_with("==6.2.0"));
        assert!(PACKAGE.contains(r#""pandadoc-node-client": "6.2.0""#));
    }
}
