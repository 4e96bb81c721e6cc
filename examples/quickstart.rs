//! Both providers through one trait, without any account: `cargo run -p workspace-members-examples --example quickstart`.
//!
//! The simulated providers stand in; with `connect` and a real key, nothing below changes.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use workspace_members::{Config, Credential, EmailAddress, Role, WorkspaceMembersExt, connect};
use workspace_members_simulator::{Simulator, State};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = Simulator::start(State::sample()).await?;
    let accounts = [
        ("paradigm", simulator.paradigm_url(), simulator.paradigm_key(), "Research"),
        ("pandadoc", simulator.pandadoc_url(), simulator.pandadoc_key(), "Contracts"),
    ];
    for (provider, url, key, workspace) in accounts {
        let account = connect(&Config::new(provider).with_base_url(url), Credential::from_key(key))?;
        let workspace = account.workspace(account.find_workspace(workspace).await?.id);

        // Adds, or finds nothing to do; never adds twice.
        let tara: EmailAddress = match provider {
            "paradigm" => "jonas.weber@example.com".parse()?,
            _ => "tara.byrne@example.com".parse()?,
        };
        let ensured = workspace.ensure(tara, Role::Viewer).await?;
        println!("{provider}: {} is {} ({})", ensured.member.label(), ensured.member.role, ensured.change);

        // Complete, or an error; never a part.
        for owner in workspace.roster().await?.owners() {
            println!("{provider}: owned by {}, whom it calls {}", owner.label(), owner.native_role);
        }
    }
    Ok(())
}
