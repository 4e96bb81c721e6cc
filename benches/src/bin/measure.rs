//! Measures everything and prints the tables.

use std::process::{Command, ExitCode};
use workspace_members_benches::calls::Call;
use workspace_members_benches::floor::Result;
use workspace_members_benches::rows;
use workspace_members_benches::server::NeutralServer;
use workspace_members_benches::table::Row;

const HELP: &str = "cargo run --release -p workspace-members-benches -- [--rounds N] [ROW…]";

/// The names that select rows.
const ROWS: [&str; 2] = ["calls", "heap"];

#[expect(clippy::print_stdout, reason = "the table is this program's output")]
fn show(row: &Row) {
    println!("{row}");
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let (mut rounds, mut wanted) = (None, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => rounds = Some(arguments.next().ok_or(HELP)?.parse::<usize>()?),
            name if ROWS.contains(&name) => wanted.push(argument),
            _ => return Err(format!("{HELP}\nrows: {}", ROWS.join(", ")).into()),
        }
    }
    let want = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let built = Command::new(cargo)
        .args(["build", "--release", "--quiet", "-p", "workspace-members-benches", "--bins"])
        .status()?;
    if !built.success() {
        return Err("the other programs of this package do not build".into());
    }
    let server = NeutralServer::start()?;
    let mut reached = true;
    let mut done = |row: Row| {
        reached &= row.reached();
        show(&row);
    };
    if want("calls") {
        for call in [
            Call::ParadigmAdd,
            Call::ParadigmList(10),
            Call::PandaDocAdd,
            Call::PandaDocList(10),
            Call::ParadigmList(10_000),
            Call::PandaDocList(10_000),
        ] {
            done(rows::calls::measure(&server, call, rounds.unwrap_or(30)).await?);
        }
    }
    if want("heap") {
        for provider in ["paradigm", "pandadoc"] {
            done(rows::heap::measure(provider, 5)?);
        }
    }
    Ok(if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
