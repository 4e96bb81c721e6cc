//! The simulated providers: inside this process for `--simulate`, or in the foreground for others.

use crate::args::Simulate;
use crate::failure::{self, Failure, Result};
use std::io::Write as _;
use std::path::PathBuf;
use workspace_members::{Config, Credential};
use workspace_members_simulator::{Simulator, StartError};

fn cannot(error: &StartError) -> Failure {
    Failure::config(failure::line(error))
}

/// Starts both on free ports, with the sample or with the state in a file.
pub(crate) async fn start(state: Option<PathBuf>) -> Result<Simulator> {
    let mut builder = Simulator::builder();
    if let Some(path) = state {
        builder = builder.state_file(path);
    }
    builder.start().await.map_err(|error| cannot(&error))
}

/// How to reach them.
pub(crate) fn connections(simulator: &Simulator) -> [(Config, Credential); 2] {
    let at = |provider: &str, url: &str, key: &str| {
        (Config::new(provider).with_base_url(url), Credential::from_key(key))
    };
    [
        at("paradigm", simulator.paradigm_url(), simulator.paradigm_key()),
        at("pandadoc", simulator.pandadoc_url(), simulator.pandadoc_key()),
    ]
}

/// Runs both until a signal comes. Prints one `export NAME=value` per line, then `ready`.
pub(crate) async fn run(args: Simulate) -> Result<()> {
    // Before the first line, so that a signal sent on `ready` ends it cleanly.
    let stop =
        stop_signal().map_err(|error| Failure::config(format!("signals cannot be awaited: {error}")))?;
    let mut builder = Simulator::builder().paradigm_address(args.paradigm).pandadoc_address(args.pandadoc);
    if let Some(path) = args.state {
        builder = builder.state_file(path);
    }
    let simulator = builder.start().await.map_err(|error| cannot(&error))?;
    let lines = [
        ("PARADIGM_BASE_URL", simulator.paradigm_url()),
        ("PARADIGM_API_KEY", simulator.paradigm_key()),
        ("PANDADOC_BASE_URL", simulator.pandadoc_url()),
        ("PANDADOC_API_KEY", simulator.pandadoc_key()),
    ]
    .map(|(name, value)| format!("export {name}={}", quoted(value)))
    .join("\n");
    let mut out = std::io::stdout();
    // A reader that has gone does not stop the servers.
    let _ = writeln!(out, "{lines}\nready").and_then(|()| out.flush());
    stop.await;
    simulator.shutdown().await;
    Ok(())
}

/// As a shell reads it back unchanged.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        let (interrupt, terminate) = (std::pin::pin!(interrupt.recv()), std::pin::pin!(terminate.recv()));
        futures_util::future::select(interrupt, terminate).await;
    })
}

#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_a_shell() {
        assert_eq!(quoted("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
        assert_eq!(quoted("a b'c$d"), r"'a b'\''c$d'");
        assert_eq!(quoted(""), "''");
    }
}
