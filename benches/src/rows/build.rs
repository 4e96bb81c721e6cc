//! What depending on the facade costs a build: crates, and CPU time from a clean target.

use crate::clock::cpu_of_children;
use crate::floor::Result;
use crate::rounds::{Samples, order};
use crate::table::{Line, Row, Target, seconds};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const MANIFEST: &str = "[package]\nname = \"measured\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n";

/// A project that is built: its name in the table, its dependencies and its target for crates and time.
struct Project {
    name: &'static str,
    dependencies: String,
    targets: Option<(f64, f64)>,
}

fn projects(root: &Path) -> Vec<Project> {
    // The features of the workspace's own reqwest, and what any program with it needs of tokio.
    let by_hand = r#"async-trait = "0.1"
reqwest = { version = "0.13", default-features = false, features = ["form", "http2", "json", "query", "rustls", "system-proxy"] }
serde = { version = "1", features = ["derive"] }
tokio = { version = "1", features = ["macros", "rt-multi-thread", "time"] }
"#;
    let facade = |features: &str| {
        format!(
            "tokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\", \"time\"] }}\nworkspace-members = {{ path = \"{}\", {features} }}\n",
            root.join("crates/workspace-members").display()
        )
    };
    vec![
        Project {
            name: "**reqwest, tokio, serde and async-trait**",
            dependencies: by_hand.to_owned(),
            targets: None,
        },
        Project {
            name: "the facade with one adapter, no layers",
            dependencies: facade(r#"default-features = false, features = ["paradigm", "rustls"]"#),
            targets: Some((15.0, 1.25)),
        },
        Project {
            name: "the facade with one adapter and default features",
            dependencies: facade(r#"features = ["paradigm"]"#),
            targets: Some((15.0, 1.25)),
        },
    ]
}

fn cargo(folder: &Path) -> Command {
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    cargo.current_dir(folder).env("CARGO_TARGET_DIR", folder.join("target")).stderr(Stdio::null());
    cargo
}

/// How many packages are compiled for the project, itself not counted.
fn crates(folder: &Path) -> Result<BTreeSet<String>> {
    let out = cargo(folder)
        .args(["tree", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"])
        .output()?;
    if !out.status.success() {
        return Err(format!("cargo tree failed in {}", folder.display()).into());
    }
    let names = String::from_utf8(out.stdout)?;
    let first_two = |line: &str| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    Ok(names.lines().filter(|line| !line.is_empty()).map(first_two).skip(1).collect())
}

/// Measures in folders that are removed afterwards. The workspace's lock file decides the versions.
pub fn measure(rounds: usize) -> Result<Vec<Row>> {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let folder = tempfile::tempdir()?;
    let projects = projects(&root);
    let folders: Vec<PathBuf> = (0..projects.len()).map(|at| folder.path().join(at.to_string())).collect();
    let mut counts = Vec::new();
    for (project, folder) in projects.iter().zip(&folders) {
        fs::create_dir_all(folder.join("src"))?;
        fs::write(folder.join("Cargo.toml"), format!("{MANIFEST}{}", project.dependencies))?;
        fs::write(folder.join("src/main.rs"), "fn main() {}\n")?;
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        counts.push(crates(folder)?);
    }
    let mut times = vec![Samples::default(); projects.len()];
    for round in 0..rounds {
        for at in order(round, projects.len()) {
            let target = folders[at].join("target");
            if target.exists() {
                fs::remove_dir_all(&target)?;
            }
            let before = cpu_of_children()?;
            if !cargo(&folders[at]).args(["build", "--quiet"]).status()?.success() {
                return Err(format!("{} does not build", projects[at].name).into());
            }
            times[at].push(cpu_of_children()?.saturating_sub(before).as_secs_f64());
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a few hundred crates")]
    let more = |at: usize| counts[at].len() as f64 - counts[0].len() as f64;
    let (mut by_count, mut by_time) = (Vec::new(), Vec::new());
    for (at, project) in projects.iter().enumerate() {
        let (count, time) = match project.targets {
            Some((count, time)) => (Target::AtMost(count), Target::AtMost(time)),
            None => (Target::Shown, Target::Shown),
        };
        let measured = format!("{} crates", counts[at].len());
        by_count.push(Line::new(project.name, measured, Samples::new([more(at)]), count));
        let measured = format!("{} CPU", seconds(times[at].median()));
        by_time.push(Line::new(project.name, measured, times[at].over(&times[0]), time));
    }
    let missing: Vec<&str> = counts[1].difference(&counts[0]).map(String::as_str).collect();
    Ok(vec![
        Row {
            title: "Crates compiled for a project with one adapter".to_owned(),
            ratio_of: "crates more".to_owned(),
            how: format!(
                "`cargo tree`, normal and build dependencies. More without layers: {}.",
                missing.join(", ")
            ),
            lines: by_count,
        },
        Row {
            title: "Clean build of a project with one adapter".to_owned(),
            ratio_of: "CPU over by hand".to_owned(),
            how: format!(
                "{rounds} clean builds each, in turn, profile dev; user and system time of cargo and all it starts."
            ),
            lines: by_time,
        },
    ])
}
