//! The real binary, with the whole command line, against the made-up server.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

mod clubhouse;

use clubhouse::{House, serve};
use serde_json::Value;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::process::Command;

const KEY: &str = "a-key-that-must-show-nowhere";

struct World {
    house: Arc<Mutex<House>>,
    folder: TempDir,
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl World {
    /// Ana hosts the chess club, of which Bo is a reader; Cy is in no club.
    async fn new() -> Self {
        let people = ["ana", "bo", "cy"].map(|name| (name.to_owned(), format!("{name}@example.com")));
        let seats = [("ana", "host"), ("bo", "reader")]
            .map(|(who, role)| (("chess".to_owned(), who.to_owned()), role.to_owned()));
        let house = House {
            key: KEY.to_owned(),
            me: "ana".to_owned(),
            people: people.to_vec(),
            clubs: vec![("chess".to_owned(), "Chess".to_owned())],
            seats: seats.into(),
        };
        let house = Arc::new(Mutex::new(house));
        let url = serve(house.clone()).await.unwrap();
        let world = Self { house, folder: tempfile::tempdir().unwrap() };
        let config = format!(
            "[connections.clubs]\nprovider = \"clubhouse\"\nbase_url = \"{url}\"\nversion = \"2026-11\"\n\
             key_env = \"CLUB_KEY\"\n"
        );
        world.write("wsm.toml", &config);
        world
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(&self.path("wsm.toml"), arguments).await
    }

    async fn run_with(&self, config: &Path, arguments: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_clubhouse-wsm"))
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("WSM_CONFIG", config)
            .env("CLUB_KEY", KEY)
            .output()
            .await
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ran = Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
        assert!(!ran.out.contains(KEY) && !ran.err.contains(KEY), "{} {}", ran.out, ran.err);
        ran
    }

    fn role(&self, who: &str) -> Option<String> {
        self.house.lock().unwrap().seats.get(&("chess".to_owned(), who.to_owned())).cloned()
    }
}

#[tokio::test]
async fn it_lists_adds_and_says_what_it_can_do() {
    let world = World::new().await;
    let ran = world.run(&["list", "clubs:chess", "-o", "json"]).await;
    let listed: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("ana@example.com") && ran.out.contains("reader"), "{listed}");

    let ran = world.run(&["add", "clubs:Chess", "--email", "cy@example.com", "--role", "editor"]).await;
    assert_eq!((ran.code, world.role("cy").as_deref()), (Some(0), Some("writer")), "{}", ran.err);

    let ran = world.run(&["capabilities"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("clubs") && ran.out.contains("set_user_role"), "{}", ran.out);
    let ran = world.run(&["doctor"]).await;
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    let ran = world.run(&["--help"]).await;
    assert!(ran.out.contains("Clubhouse"), "{}", ran.out);
}

#[tokio::test]
async fn a_plan_is_shown_and_carried_out() {
    let world = World::new().await;
    let desired = "[[workspace]]\ntarget = \"clubs:chess\"\nmode = \"additive\"\n[workspace.members]\n\
                   editor = [\"bo@example.com\", \"cy@example.com\"]\n";
    world.write("desired.toml", desired);
    let file = world.path("desired.toml");
    let file = file.to_str().unwrap();
    let ran = world.run(&["plan", file]).await;
    assert_eq!((ran.code, world.role("cy")), (Some(5), None), "{} {}", ran.out, ran.err);
    let ran = world.run(&["apply", file, "--yes"]).await;
    assert_eq!(ran.code, Some(0), "{} {}", ran.out, ran.err);
    assert_eq!((world.role("bo").as_deref(), world.role("cy").as_deref()), (Some("writer"), Some("writer")));
    assert_eq!(world.run(&["plan", file]).await.code, Some(0), "nothing is left to do");
}

#[tokio::test]
async fn a_slip_in_its_own_settings_is_found_where_it_is() {
    let world = World::new().await;
    let wrong = "[connections.clubs]\nprovider = \"clubhouse\"\nkey_env = \"CLUB_KEY\"\nverison = \"2026-11\"\n\
                 [connections.other]\nprovider = \"clubhouse\"\nkey_env = \"CLUB_KEY\"\nversion = 7\n";
    world.write("wrong.toml", wrong);
    let ran = world.run_with(&world.path("wrong.toml"), &["list"]).await;
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    for expected in [
        "wrong.toml:4:1: clubhouse has no setting `verison`; it has `version`, and as every provider `base_url`",
        "wrong.toml:8:11: invalid type: integer `7`, expected a string",
    ] {
        assert!(ran.err.contains(expected), "{}", ran.err);
    }
}

/// Without a file, the adapter's environment variables make a connection; without these, they are named.
#[tokio::test]
async fn its_environment_variables_are_known() {
    let world = World::new().await;
    let run = |variables: Vec<(&'static str, String)>| {
        Command::new(env!("CARGO_BIN_EXE_clubhouse-wsm"))
            .arg("list")
            .current_dir(world.folder.path().join(".."))
            .env_clear()
            .envs(variables)
            .output()
    };
    let said = run(vec![]).await.unwrap();
    let text = String::from_utf8(said.stderr).unwrap();
    assert!(text.contains("CLUBHOUSE_API_KEY") && text.contains("PARADIGM_API_KEY"), "{text}");
    let config = std::fs::read_to_string(world.path("wsm.toml")).unwrap();
    let url = config.split('"').find(|part| part.starts_with("http://")).unwrap().to_owned();
    let home = world.folder.path().to_str().unwrap().to_owned();
    let given = vec![("CLUBHOUSE_API_KEY", KEY.to_owned()), ("CLUBHOUSE_BASE_URL", url), ("HOME", home)];
    let listed = run(given).await.unwrap();
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    assert!(String::from_utf8(listed.stdout).unwrap().contains("bo@example.com"));
}
