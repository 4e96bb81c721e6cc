//! On a real terminal, which tmux provides.

use crate::support::{Shell, WSM};
use std::process::{Command, Output};
use workspace_members_simulator::State;

/// A terminal of its own, with a server of its own that ends with it.
pub(crate) struct Terminal {
    shell: Shell,
}

impl Terminal {
    fn tmux(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(self.shell.path().join("tmux")).args(arguments);
        command.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8").env_remove("TMUX");
        command.output().unwrap_or_else(|error| {
            panic!(
                "this test needs a terminal from tmux ({error}): install it, for instance with `apt-get install tmux`"
            )
        })
    }

    /// Starts a command that tells its end by a channel of tmux, so that nobody waits blindly.
    fn start(width: u16, command: &str) -> Self {
        let terminal = Self { shell: Shell::new() };
        let path = terminal.shell.path();
        let line = format!("{command}; tmux -S {} wait-for -S done; read line", path.join("tmux").display());
        let (width, home) = (width.to_string(), format!("HOME={}", path.display()));
        let search = format!("PATH={}", std::env::var("PATH").unwrap());
        let started = terminal.tmux(&[
            "new-session",
            "-d",
            "-x",
            &width,
            "-y",
            "60",
            "env",
            "-i",
            &home,
            &search,
            "TERM=xterm-256color",
            "LC_ALL=C.UTF-8",
            "sh",
            "-c",
            &line,
        ]);
        assert!(started.status.success(), "{started:?}");
        terminal
    }

    fn screen(&self) -> String {
        String::from_utf8(self.tmux(&["capture-pane", "-p", "-e"]).stdout).unwrap()
    }

    /// Runs one command; answers the terminal and its screen, with its colours, when it has ended.
    fn ended(width: u16, command: &str) -> (Self, String) {
        let terminal = Self::start(width, command);
        assert!(terminal.tmux(&["wait-for", "done"]).status.success());
        let screen = terminal.screen();
        (terminal, screen)
    }

    /// Runs one command; answers the screen, with its colours, when it has ended.
    pub(crate) fn run(width: u16, command: &str) -> String {
        Self::ended(width, command).1
    }

    /// The same for a command that asks a question.
    pub(crate) fn answer(width: u16, command: &str, question: &str, answer: &str) -> String {
        let terminal = Self::start(width, command);
        while !terminal.screen().contains(question) {
            assert!(!terminal.screen().contains("ended with"), "not asked: {}", terminal.screen());
        }
        assert!(terminal.tmux(&["send-keys", answer, "Enter"]).status.success());
        assert!(terminal.tmux(&["wait-for", "done"]).status.success());
        without_colours(&terminal.screen())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = escape.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain + rest
}

#[test]
fn a_terminal_shows_an_aligned_coloured_table() {
    let screen = Terminal::run(120, &format!("{WSM} --simulate list paradigm:Research"));
    assert!(screen.contains("\u{1b}["), "coloured on a terminal: {screen}");
    let plain = without_colours(&screen);
    let heading = plain.lines().find(|line| line.starts_with("WHO")).unwrap_or_else(|| panic!("{plain}"));
    let at = |word: &str| heading.find(word).unwrap();
    let row = plain.lines().find(|line| line.starts_with("dorian.petit@example.com")).unwrap();
    for (column, cell) in [("KIND", "user"), ("ROLE", "owner"), ("NATIVE ROLE", "owner"), ("FIT", "exact")] {
        assert!(row[at(column)..].starts_with(cell), "{column} of {row:?} under {heading:?}");
    }
    assert!(plain.lines().any(|line| line.starts_with("group:3 Data Team")), "{plain}");
}

/// Names that would set the title, clear the screen, turn text around and answer to the shell, if a terminal saw them.
#[test]
fn names_reach_no_terminal_as_commands() {
    let evil = "\u{1b}]2;owned\u{7}\u{1b}[2J\u{1b}[6n\u{9b}31m\u{202e}gnp.exe\r\n\u{8}\u{8}";
    let mut state = State::sample();
    for group in &mut state.paradigm.groups {
        group.name = format!("G{evil}");
    }
    for user in &mut state.paradigm.users {
        user.first_name = format!("F{evil}");
    }
    let folder = Shell::new();
    folder.file("state.json", &serde_json::to_string(&state).unwrap());
    let wsm = format!("{WSM} --simulate={}", folder.path().join("state.json").display());
    let (terminal, screen) = Terminal::ended(
        200,
        &format!(
            "{wsm} list paradigm:Research; {wsm} find \"$(printf '\\033]2;owned\\007')\"; {wsm} roles; echo end"
        ),
    );
    let plain = without_colours(&screen);
    assert!(plain.contains("G\u{fffd}]2;owned\u{fffd}\u{fffd}[2J"), "shown, not obeyed: {plain}");
    assert!(plain.contains("WHO") && plain.contains("end"), "nothing was cleared: {plain}");
    let title = terminal.tmux(&["display-message", "-p", "#{pane_title}"]).stdout;
    assert!(!String::from_utf8_lossy(&title).contains("owned"), "the title was set");
}

#[test]
fn no_color_is_obeyed() {
    let screen = Terminal::run(120, &format!("NO_COLOR=1 {WSM} --simulate list paradigm:Research"));
    assert!(screen.contains("WHO") && !screen.contains("\u{1b}["), "{screen}");
}

#[test]
fn free_text_breaks_where_the_terminal_is_narrow() {
    let screen = without_colours(&Terminal::run(
        80,
        &format!("{WSM} --simulate capabilities paradigm | cat; {WSM} --simulate capabilities paradigm"),
    ));
    assert!(screen.contains("with a"), "{screen}");
    let lines: Vec<_> = screen.lines().filter(|line| line.starts_with("set_user_role")).collect();
    assert!(!lines.is_empty(), "{screen}");
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:?}");
}
