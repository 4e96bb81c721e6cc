//! Runs `wsm` with nothing of this machine's own in its environment.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use tempfile::TempDir;
use workspace_members_simulator::{Options, Simulator, State};
use workspace_members_testkit::Proxy;

pub(crate) const WSM: &str = env!("CARGO_BIN_EXE_wsm");

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// Ended with this code and this on standard error.
    #[track_caller]
    pub(crate) fn complains(self, code: i32, words: &[&str]) -> Self {
        let ran = self.ends(code);
        for word in words {
            assert!(ran.stderr.contains(word), "{word:?} is not said: {ran:?}");
        }
        ran
    }
}

/// A folder of its own to run in, and variables.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) folder: TempDir,
    pub(crate) variables: Vec<(String, String)>,
}

impl Shell {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// With the variables that reach a simulator in this process, whose log can be read.
    pub(crate) fn at(simulator: &Simulator) -> Self {
        Self::new()
            .with("PARADIGM_BASE_URL", simulator.paradigm_url())
            .with("PARADIGM_API_KEY", simulator.paradigm_key())
            .with("PANDADOC_BASE_URL", simulator.pandadoc_url())
            .with("PANDADOC_API_KEY", simulator.pandadoc_key())
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder, readable by its owner only.
    pub(crate) fn file(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(WSM);
        command.args(arguments).current_dir(self.path()).env_clear().env("HOME", self.path());
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The answer of a run that must succeed.
    #[track_caller]
    pub(crate) fn answer(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["--output", "json"];
        all.extend(arguments);
        self.run(&all).ends(0).json()
    }

    /// The error object of a run that must fail with this code.
    #[track_caller]
    pub(crate) fn error(&self, code: i32, arguments: &[&str]) -> Value {
        let mut all = vec!["--output", "json"];
        all.extend(arguments);
        let document = self.run(&all).ends(code).json();
        assert_eq!(document.as_object().unwrap().len(), 1, "{document}");
        document["error"].clone()
    }
}

/// `wsm simulate` in a process of its own.
#[derive(Debug)]
pub(crate) struct Simulated {
    child: Child,
    pub(crate) lines: Vec<String>,
    pub(crate) shell: Shell,
}

impl Simulated {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut shell = Shell::new();
        let mut all = vec!["simulate"];
        all.extend(arguments);
        let mut child = shell.command(&all).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if line == "ready" {
                break;
            }
            lines.push(line);
        }
        for line in &lines {
            let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
            shell = shell.with(name, value);
        }
        Self { child, lines, shell }
    }

    /// Sends a signal by its name and waits for the end.
    pub(crate) fn stop(mut self, signal: &str) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The simulators on threads of this test, whose log can be read while `wsm` runs.
#[derive(Debug)]
pub(crate) struct Here {
    pub(crate) simulator: Simulator,
    /// Dropped last: the servers live on it.
    runtime: tokio::runtime::Runtime,
}

impl Here {
    pub(crate) fn start(state: State) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let builder = Simulator::builder().state(state).options(Options::default().without_limits());
        let simulator = runtime.block_on(builder.start()).unwrap();
        Self { simulator, runtime }
    }

    /// A proxy before one of the servers, which fails by its rules.
    pub(crate) fn in_front_of(&self, url: &str) -> Proxy {
        self.runtime.block_on(Proxy::start(url)).unwrap()
    }

    /// How many requests came so far.
    pub(crate) fn requests(&self) -> usize {
        self.simulator.requests().len()
    }
}
