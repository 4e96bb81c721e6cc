//! Code that names no provider. Which one it speaks to is a cargo feature and a line in a file:
//!
//! ```console
//! $ cargo run -p workspace-members-examples --example swap_provider --no-default-features --features paradigm \
//!     -- account.toml Research ana@example.com editor
//! ```
//!
//! with `provider = "paradigm"` in `account.toml`, and the key in `ACCOUNT_KEY`.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use workspace_members::{Config, Credential, EmailAddress, Role, WorkspaceMembersExt, connect};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, workspace, email, role] = arguments.as_slice() else {
        return Err("usage: swap_provider ACCOUNT.toml WORKSPACE EMAIL ROLE".into());
    };
    let (email, role): (EmailAddress, Role) = (email.parse()?, role.parse()?);
    let config: Config = toml::from_str(&std::fs::read_to_string(file)?)?;
    let key = std::env::var("ACCOUNT_KEY").map_err(|_| "set ACCOUNT_KEY")?;

    let account = connect(&config, Credential::from_key(key))?;
    let workspace = account.workspace(account.find_workspace(workspace).await?.id);
    let ensured = workspace.ensure(email, role).await?;
    println!("{}: {}", ensured.change, ensured.member.role);
    println!("{} members", workspace.roster().await?.len());
    Ok(())
}
