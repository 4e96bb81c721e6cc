//! Measures everything and prints the tables.

use std::process::{Command, ExitCode};
use workspace_members_benches::calls::Call;
use workspace_members_benches::conditions::Conditions;
use workspace_members_benches::floor::Result;
use workspace_members_benches::rows;
use workspace_members_benches::server::NeutralServer;
use workspace_members_benches::table::Row;
use workspace_members_benches::world::Naming;

const HELP: &str = "cargo run --release -p workspace-members-benches -- [--rounds N] [ROW…]";

/// The names that select rows.
const ROWS: [&str; 8] = ["calls", "heap", "peers", "requests", "plan", "rates", "build", "startup"];

#[expect(clippy::print_stdout, reason = "the table is this program's output")]
fn show(row: &impl std::fmt::Display) {
    println!("{row}");
}

/// Builds what is measured beside this program.
fn build() -> Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let packages = ["-p", "workspace-members-benches", "-p", "workspace-members-cli", "--bins"];
    let built = Command::new(cargo).args(["build", "--release", "--quiet"]).args(packages).status()?;
    if built.success() { Ok(()) } else { Err("the other programs do not build".into()) }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let (mut rounds, mut names) = (None, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => rounds = Some(arguments.next().ok_or(HELP)?.parse::<usize>()?),
            name if ROWS.contains(&name) => names.push(argument),
            _ => return Err(format!("{HELP}\nrows: {}", ROWS.join(", ")).into()),
        }
    }
    let chosen = |name: &str| names.is_empty() || names.iter().any(|one| one == name);
    let rounds = |usual: usize| rounds.unwrap_or(usual);
    build()?;
    show(&Conditions::here());
    let server = NeutralServer::start()?;
    let mut reached = true;
    let mut done = |row: Row| {
        reached &= row.reached();
        show(&row);
    };
    if chosen("calls") {
        for call in [
            Call::ParadigmAdd,
            Call::ParadigmList(10),
            Call::PandaDocAdd,
            Call::PandaDocList(10),
            Call::ParadigmList(10_000),
            Call::PandaDocList(10_000),
        ] {
            done(rows::calls::measure(&server, call, rounds(30)).await?);
        }
    }
    if chosen("heap") {
        for provider in ["paradigm", "pandadoc"] {
            done(rows::heap::measure(provider, 5)?);
        }
    }
    if chosen("peers") {
        done(rows::peers::measure(&server, rounds(15)).await?);
    }
    if chosen("requests") {
        done(rows::rates::requests().await?);
    }
    if chosen("plan") {
        for naming in [Naming::Id, Naming::Email] {
            done(rows::plan::measure(rows::plan::MEMBERS, naming, rounds(5)).await?);
        }
    }
    if chosen("rates") {
        done(rows::rates::at_the_limit(rounds(3)).await?);
        done(rows::rates::latency(&server, rounds(3)).await?);
    }
    if chosen("build") {
        for row in rows::build::measure(rounds(3))? {
            done(row);
        }
    }
    if chosen("startup") {
        done(rows::startup::measure(rounds(200))?);
    }
    Ok(if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
