//! `wsm`, with the adapters of this repository.

fn main() -> std::process::ExitCode {
    workspace_members_cli::main_with(&workspace_members_cli::Registry::with_defaults())
}
