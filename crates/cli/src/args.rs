//! What can be typed. The help texts are the reference; `docs/cli.md` is the guide.

use crate::target::{Target, WorkspaceTarget};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use workspace_members::sync::Override;
use workspace_members::{EmailAddress, GroupId, IfPresent, PrincipalId, Registry, Role, UserId, Who};

/// The command line, with the providers that it knows in its description.
pub(crate) fn command(registry: &Registry) -> clap::Command {
    let titles: Vec<_> = registry.iter().map(|adapter| adapter.title).collect();
    Cli::command().about(format!("Who is in a workspace, and as what, at {}", titles.join(", ")))
}

/// What was typed.
#[derive(Debug, Parser)]
#[command(name = "wsm", version, max_term_width = 100, propagate_version = true)]
#[command(
    after_help = "A TARGET is a connection, or one of its workspaces as CONNECTION:WORKSPACE (id or unique name).
WHO is an e-mail address, user:ID or group:ID.

Exit codes: 0 done, 1 failed, 2 wrong input (nothing was changed), 3 partly failed, 4 refused by a guard,
5 changes are pending (plan, diff, --dry-run)."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The file that names the connections; by default `$WSM_CONFIG`, ./wsm.toml, or wsm/wsm.toml in the user's config
    /// folder.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Use the simulated providers, inside this process; changes are kept in STATE.json if one is given.
    #[arg(long, global = true, value_name = "STATE.json", require_equals = true)]
    #[expect(clippy::option_option, reason = "clap's shape for an option whose value is optional")]
    pub(crate) simulate: Option<Option<PathBuf>>,
    /// What to write on standard output.
    #[arg(long, short, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: Format,
    /// Append a record of every change to this file, before and after it; if that fails, nothing is changed.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) audit: Option<PathBuf>,
    /// Show on standard error what is sent; twice for more.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// What is written on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Table,
    /// For scripts: one JSON document.
    Json,
    /// For spreadsheets.
    Csv,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List members; without a target, of all workspaces of all connections.
    List {
        /// Connections or workspaces.
        #[arg(value_name = "TARGET")]
        targets: Vec<Target>,
    },
    /// Add somebody to a workspace.
    Add(Add),
    /// Change a member's role.
    SetRole(SetRole),
    /// Remove a member from a workspace.
    Remove(Remove),
    /// Show what would change to make workspaces as a file says.
    Plan(Plan),
    /// Change workspaces to be as a file says, or carry out a plan.
    Apply(Apply),
    /// Compare two workspaces, of any providers: who is in one only, and whose role differs.
    Diff(Diff),
    /// Write workspaces as they are as a file for `plan` and `apply`.
    Dump {
        /// Connections, each for all its workspaces, or workspaces.
        #[arg(value_name = "TARGET", required = true)]
        targets: Vec<Target>,
    },
    /// Find where somebody is a member, over all connections, and as what.
    Find {
        /// An e-mail address, user:ID or group:ID.
        who: Who,
    },
    /// List the workspaces whose members can be managed.
    Workspaces {
        #[command(flatten)]
        only: Only,
        /// Also those that are not the key's to manage.
        #[arg(long)]
        all: bool,
    },
    /// Show how roles translate. Sends nothing.
    Roles(Only),
    /// Show what a connection can do, and how that is known. Sends nothing.
    Capabilities(Only),
    /// Check each connection: reachable, key good, who am I, what may I do. Reads only.
    Doctor(Only),
    /// Run the simulated providers in the foreground, for other processes.
    Simulate(Simulate),
    /// Write a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// Of one connection or of all.
#[derive(Debug, Args)]
pub(crate) struct Only {
    /// Of this connection only.
    #[arg(value_parser = connection)]
    pub(crate) connection: Option<String>,
}

/// A connection, where no workspace can be named.
fn connection(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some((connection, _)) => Err(format!("this is about a whole connection: write {connection}")),
        None => Ok(text.to_owned()),
    }
}

/// What a command needs of its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// No more than what they claim, for which no key is needed.
    Claims,
    /// To read.
    Reading,
    /// To change, and so to keep a record where one is configured.
    Changes,
}

impl Command {
    pub(crate) fn need(&self) -> Need {
        match self {
            Self::Add(Add { how, .. })
            | Self::SetRole(SetRole { how, .. })
            | Self::Remove(Remove { how, .. })
                if !how.dry_run =>
            {
                Need::Changes
            }
            Self::Apply(_) => Need::Changes,
            Self::Roles(_) | Self::Capabilities(_) => Need::Claims,
            _ => Need::Reading,
        }
    }
}

/// Who is meant: one of three.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Person {
    /// The user with this address.
    #[arg(long, value_name = "ADDRESS")]
    email: Option<EmailAddress>,
    /// The user with this id.
    #[arg(long, value_name = "ID")]
    user: Option<UserId>,
    /// The group with this id.
    #[arg(long, value_name = "ID")]
    group: Option<GroupId>,
}

impl Person {
    pub(crate) fn who(&self) -> Who {
        match (&self.email, &self.user, &self.group) {
            (Some(email), _, _) => Who::Email(email.clone()),
            (_, Some(id), _) => Who::Id(PrincipalId::User(id.clone())),
            (_, _, Some(id)) => Who::Id(PrincipalId::Group(id.clone())),
            (None, None, None) => unreachable!("clap requires one of the three"),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// CONNECTION:WORKSPACE.
    pub(crate) target: WorkspaceTarget,
    #[command(flatten)]
    pub(crate) person: Person,
    /// owner, manager, editor, viewer, or native:NAME for a provider's own role.
    #[arg(long)]
    pub(crate) role: Role,
    /// What to do if they are a member already: fail, keep their role, or give them the role asked for.
    #[arg(long, default_value = "fail", value_name = "WHAT", value_parser = if_present())]
    pub(crate) if_present: IfPresent,
    /// Have the provider mail the new member.
    #[arg(long)]
    pub(crate) notify: bool,
    #[command(flatten)]
    pub(crate) how: How,
}

fn if_present() -> impl TypedValueParser<Value = IfPresent> {
    PossibleValuesParser::new(["fail", "keep", "set-role"]).map(|text| match text.as_str() {
        "keep" => IfPresent::Keep,
        "set-role" => IfPresent::SetRole,
        _ => IfPresent::Fail,
    })
}

#[derive(Debug, Args)]
pub(crate) struct SetRole {
    /// CONNECTION:WORKSPACE.
    pub(crate) target: WorkspaceTarget,
    /// An e-mail address, user:ID or group:ID.
    pub(crate) who: Who,
    /// owner, manager, editor, viewer, or native:NAME for a provider's own role.
    #[arg(long)]
    pub(crate) role: Role,
    #[command(flatten)]
    pub(crate) how: How,
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// CONNECTION:WORKSPACE.
    pub(crate) target: WorkspaceTarget,
    /// An e-mail address, user:ID or group:ID.
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) how: How,
}

/// What a change may do.
#[derive(Debug, Args)]
pub(crate) struct How {
    /// Show what would be done, and do nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Where the provider cannot change a role, allow removing and adding, with no access in between.
    #[arg(long)]
    pub(crate) allow_remove_then_add: bool,
    /// Allow what may cost money, such as a seat.
    #[arg(long)]
    pub(crate) allow_billable: bool,
    #[command(flatten)]
    pub(crate) lift: Lift,
}

/// Guards that are lifted.
#[derive(Debug, Args)]
pub(crate) struct Lift {
    /// Lift a guard for the one plan that it refused, whose fingerprint was shown.
    #[arg(long = "override", value_name = "GUARD=FINGERPRINT")]
    overrides: Vec<Override>,
}

impl Lift {
    pub(crate) fn overrides(&self) -> BTreeSet<Override> {
        self.overrides.iter().cloned().collect()
    }
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// The desired state, in TOML or JSON.
    pub(crate) file: PathBuf,
    /// Keep the plan in this file, for `wsm apply`.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) lift: Lift,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// CONNECTION:WORKSPACE.
    pub(crate) left: WorkspaceTarget,
    /// CONNECTION:WORKSPACE.
    pub(crate) right: WorkspaceTarget,
    /// A desired state whose `people` say who has which address where.
    #[arg(long, value_name = "FILE")]
    pub(crate) people: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The desired state in TOML or JSON, or a plan that `wsm plan --out` kept.
    pub(crate) file: PathBuf,
    /// Do not ask.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// If a kept plan is no longer current, carry out what would be planned now.
    #[arg(long)]
    pub(crate) replan: bool,
    #[command(flatten)]
    pub(crate) lift: Lift,
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Where Paradigm listens; loopback only. Port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(crate) paradigm: SocketAddr,
    /// Where PandaDoc listens; loopback only. Port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(crate) pandadoc: SocketAddr,
    /// Keep the state in this file; it is made if it does not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
}
