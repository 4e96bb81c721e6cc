//! The simulated providers: inside this process for `--simulate`, or in the foreground for others.

use crate::args::Simulate;
use crate::failure::{self, Failure, Result};
use std::io::Write as _;
use std::path::PathBuf;
use workspace_members_simulator::{Builder, Simulator};

/// Starts both, with the sample or with the state in a file.
pub(crate) async fn start(builder: Builder, state: Option<PathBuf>) -> Result<Simulator> {
    let builder = match state {
        Some(path) => builder.state_file(path),
        None => builder,
    };
    builder.start().await.map_err(|error| Failure::config(failure::line(&error)))
}

/// How to reach them: provider, base URL and key.
pub(crate) fn accounts(simulator: &Simulator) -> [(&'static str, &str, &str); 2] {
    [
        ("paradigm", simulator.paradigm_url(), simulator.paradigm_key()),
        ("pandadoc", simulator.pandadoc_url(), simulator.pandadoc_key()),
    ]
}

/// Runs both until a signal comes. Prints one `export NAME=value` per line, then `ready`.
pub(crate) async fn run(args: Simulate) -> Result<()> {
    // Before the first line, so that a signal sent on `ready` ends it cleanly.
    let stop =
        stop_signal().map_err(|error| Failure::config(format!("signals cannot be awaited: {error}")))?;
    let builder = Simulator::builder().paradigm_address(args.paradigm).pandadoc_address(args.pandadoc);
    let simulator = start(builder, args.state).await?;
    let lines = accounts(&simulator).map(|(provider, url, key)| {
        let name = provider.to_uppercase();
        format!("export {name}_BASE_URL={}\nexport {name}_API_KEY={}", quoted(url), quoted(key))
    });
    let mut out = std::io::stdout();
    // A reader that has gone does not stop the servers.
    let _ = writeln!(out, "{}\nready", lines.join("\n")).and_then(|()| out.flush());
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
