//! On a real terminal, which tmux provides.

use crate::fifty::{desired_member, small};
use crate::support::{Here, Shell, WSM};
use crate::world::desired;
use std::process::{Command, Output};
use workspace_members_simulator::State;
use workspace_members_testkit::{Answer, Fault, Proxy, Request, Rule};

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

    /// Starts a command that signals its end on a channel of tmux.
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

    /// The screen, without colours, as soon as this stands on it. The command must say `ended with` at its end.
    fn shows(&self, text: &str) -> String {
        loop {
            let screen = without_colours(&self.screen());
            if screen.contains(text) {
                return screen;
            }
            assert!(!screen.contains("ended with"), "{text:?} was not shown: {screen}");
        }
    }

    /// The same for a command that asks a question.
    pub(crate) fn answer(width: u16, command: &str, question: &str, answer: &str) -> String {
        let terminal = Self::start(width, command);
        terminal.shows(question);
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
fn words_of_a_provider_reach_no_log_as_commands() {
    let here = Here::start(State::sample());
    let proxy = here.in_front_of(here.simulator.paradigm_url());
    let evil = "{\"detail\": \"no\\u001b[2J\\u009b31m\\u202egnp.exe\"}";
    proxy.inject(
        Rule::new(Fault::Answer(Answer::json(403, evil.to_owned()))).times(usize::MAX).when(|_| true),
    );
    let shell = Shell::at(&here.simulator).with("PARADIGM_BASE_URL", &proxy.url());
    let add = ["-vv", "add", "paradigm:2", "--user", "\u{202e}gnp.exe", "--role", "viewer"];
    for (code, arguments) in [(1, &["list", "paradigm:2"][..]), (2, &add)] {
        let ran = shell.run(arguments).ends(code);
        let shown = ran.stdout + &ran.stderr;
        assert!(shown.contains("gnp.exe") && !shown.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{shown:?}");
    }
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

/// `wsm` at the simulators, with a proxy before PandaDoc, and a word at its end.
fn line(here: &Here, proxy: &Proxy, command: &str) -> String {
    let simulator = &here.simulator;
    format!(
        "export PARADIGM_BASE_URL={} PARADIGM_API_KEY={} PANDADOC_BASE_URL={} PANDADOC_API_KEY={}; {WSM} {command}; \
         echo ended with $?",
        simulator.paradigm_url(),
        simulator.paradigm_key(),
        proxy.url(),
        simulator.pandadoc_key()
    )
}

#[test]
fn a_long_listing_counts_what_was_read() {
    let mut state = small();
    let workspace = state.pandadoc.workspaces[0].id.clone();
    for number in 0..3000 {
        let user = state.pandadoc.add_user(format!("n{number}@example.com"), "Full");
        state.pandadoc.add_member(&workspace, &user, "Member");
    }
    let here = Here::start(state);
    let proxy = here.in_front_of(here.simulator.pandadoc_url());
    let half = proxy.inject(
        Rule::new(Fault::HoldBefore).nth(31).when(|request: &Request| request.path().ends_with("/users")),
    );
    let terminal = Terminal::start(80, &line(&here, &proxy, "list pandadoc:Contracts > /dev/null"));
    let screen = terminal.shows("1500/3018 members of pandadoc");
    let bar = screen.lines().find(|line| line.contains("1500/3018")).unwrap();
    assert!(bar.contains(" left") && bar.contains("30 pages") && bar.chars().count() <= 80, "{bar:?}");
    half.release();
    assert!(terminal.tmux(&["wait-for", "done"]).status.success());
    let screen = without_colours(&terminal.screen());
    assert!(screen.contains("ended with 0") && !screen.contains("members of pandadoc"), "{screen}");

    // Without a terminal, a line now and then.
    let shell = Shell::at(&here.simulator);
    let shown = shell.run(&["list", "pandadoc:Contracts"]).ends(0).stderr;
    assert_eq!(shown.matches("reading members of pandadoc: ").count(), 3, "{shown}");
    assert!(shown.contains("reading members of pandadoc: 2000 of 3018"), "{shown}");
}

#[test]
fn an_apply_shows_how_far_it_is_and_how_long_it_takes() {
    let state = small();
    let text = desired(&desired_member(&state));
    let here = Here::start(state);
    let proxy = here.in_front_of(here.simulator.pandadoc_url());
    let rest = proxy.inject(Rule::new(Fault::HoldBefore).nth(11).when(Request::is_write).times(usize::MAX));
    let shell = Shell::new();
    shell.file("desired.toml", &text);
    let file = shell.path().join("desired.toml");
    let command = format!("apply {} --yes > /dev/null", file.display());
    let terminal = Terminal::start(80, &line(&here, &proxy, &command));
    // All of Paradigm's, and ten of PandaDoc's.
    let screen = terminal.shows("35/50 changes");
    let bar = screen.lines().find(|line| line.contains("35/50")).unwrap();
    assert!(bar.contains(" left  ") && bar.chars().count() <= 80, "{bar:?}");
    rest.release();
    assert!(terminal.tmux(&["wait-for", "done"]).status.success());
    let screen = without_colours(&terminal.screen());
    assert!(screen.contains("ended with 0") && !screen.contains("changes"), "{screen}");
}

#[test]
fn a_plan_breaks_between_words_and_a_refusal_stands_last() {
    let shell = Shell::new();
    shell.file(
        "desired.toml",
        "[[workspace]]\ntarget = \"paradigm:2\"\nmode = \"authoritative\"\n[workspace.members]\n\
         owner = [\"camille.laurent@example.com\"]\neditor = [\"tomas.vega@example.com\"]\n",
    );
    let file = shell.path().join("desired.toml");
    let screen = Terminal::run(60, &format!("{WSM} --simulate plan {}", file.display()));
    let plain = without_colours(&screen);
    let lines: Vec<&str> = plain.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let at =
        |word: &str| lines.iter().position(|line| line.contains(word)).unwrap_or_else(|| panic!("{plain}"));
    assert!(at("At most ") < at("error: the plan is refused"), "{plain}");
    let broken = at("allow_remove_then_add: paradigm:2");
    assert!(lines[broken + 1].starts_with("      tomas.vega@example.com from viewer"), "{plain}");
}
