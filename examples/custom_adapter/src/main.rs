//! The whole command line, with Clubhouse beside the adapters that it has.

use std::process::ExitCode;
use workspace_members_cli::{Registry, main_with};

fn main() -> ExitCode {
    main_with(&Registry::with_defaults().with(clubhouse_adapter::ADAPTER))
}
