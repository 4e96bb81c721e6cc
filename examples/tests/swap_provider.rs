//! The same source, built for one provider and then for the other, against each one's simulator.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::Command;
use workspace_members_simulator::{Simulator, State};

/// Builds and runs the example with one adapter only.
fn run(provider: &str, url: &str, key: &str, workspace: &str, email: &str) -> (bool, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("account.toml");
    std::fs::write(&config, format!("provider = \"{provider}\"\nbase_url = \"{url}\"\n")).unwrap();
    let feature = if workspace == "Research" { "paradigm" } else { "pandadoc" };
    let output = Command::new(env!("CARGO"))
        .args([
            "run",
            "--quiet",
            "--locked",
            "--package",
            "workspace-members-examples",
            "--example",
            "swap_provider",
        ])
        .args(["--no-default-features", "--features", feature, "--"])
        .args([config.to_str().unwrap(), workspace, email, "viewer"])
        .env("ACCOUNT_KEY", key)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_and_a_line_of_configuration_swap_the_provider() {
    let simulator = Simulator::start(State::sample()).await.unwrap();
    let (paradigm, pandadoc) = (simulator.paradigm_url().to_owned(), simulator.pandadoc_url().to_owned());
    let keys = (simulator.paradigm_key().to_owned(), simulator.pandadoc_key().to_owned());
    let runs = tokio::task::spawn_blocking(move || {
        [
            run("paradigm", &paradigm, &keys.0, "Research", "jonas.weber@example.com"),
            run("pandadoc", &pandadoc, &keys.1, "Contracts", "tara.byrne@example.com"),
            // Built for PandaDoc alone.
            run("paradigm", &paradigm, &keys.0, "Contracts", "jonas.weber@example.com"),
        ]
    });
    let [first, second, third] = runs.await.unwrap();
    assert_eq!((first.0, first.1.as_str()), (true, "applied: viewer\n26 members\n"), "{}", first.2);
    assert_eq!((second.0, second.1.as_str()), (true, "applied: viewer\n37 members\n"), "{}", second.2);
    assert!(!third.0 && third.2.contains("feature `paradigm`"), "{third:?}");
}
