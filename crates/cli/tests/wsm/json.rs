//! The interface for scripts, field by field.

use crate::support::{Here, Shell, Simulated};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use workspace_members_simulator::State;

fn fields(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

const MEMBER: [&str; 12] = [
    "connection",
    "provider",
    "workspace",
    "kind",
    "id",
    "membership_id",
    "email",
    "name",
    "role",
    "native_role",
    "fit",
    "status",
];

#[test]
fn list_answers_an_array_of_members() {
    let simulated = Simulated::start(&[]);
    let rows = simulated.shell.answer(&["list"]);
    let rows = rows.as_array().unwrap();
    for row in rows {
        assert_eq!(fields(row), MEMBER);
        assert!(matches!(row["kind"].as_str(), Some("user" | "group")), "{row}");
        assert!(
            matches!(row["status"].as_str(), Some("active" | "inactive" | "pending" | "unknown")),
            "{row}"
        );
        for text in ["connection", "provider", "workspace", "id", "native_role"] {
            assert!(row[text].is_string(), "{text}: {row}");
        }
        match &row["role"] {
            Value::String(role) => assert!(["owner", "manager", "editor", "viewer"].contains(&role.as_str())),
            role => assert_eq!(*role, json!({"custom": row["native_role"]})),
        }
    }
    let workspaces: BTreeSet<_> = rows
        .iter()
        .map(|row| (row["provider"].as_str().unwrap(), row["workspace"].as_str().unwrap()))
        .collect();
    assert_eq!(workspaces.len(), 4, "two workspaces of each provider: {workspaces:?}");
    let reviewer = rows.iter().find(|row| row["native_role"] == "Legal Reviewer").unwrap();
    assert_eq!(reviewer["role"], json!({"custom": "Legal Reviewer"}));
    let group = rows.iter().find(|row| row["kind"] == "group").unwrap();
    assert_eq!((&group["email"], &group["membership_id"]), (&Value::Null, &Value::Null));
    let guest = rows.iter().find(|row| row["native_role"] == "Collaborator").unwrap();
    assert_eq!((&guest["role"], &guest["fit"]), (&"viewer".into(), &"incomparable".into()));
    assert!(guest["membership_id"].is_string());
    // Nobody whom PandaDoc shows only as removed.
    assert!(!rows.iter().any(|row| row["email"] == "flora.marchand@example.com"));
}

#[test]
fn every_member_is_listed_once() {
    let here = Here::start(State::sample());
    let shell = Shell::at(&here.simulator);
    let state = here.simulator.state();
    let rows = shell.answer(&["list"]);
    let rows = rows.as_array().unwrap();
    let at_paradigm: usize =
        state.paradigm.workspaces[..2].iter().map(|w| w.users.len() + w.groups.len()).sum();
    let at_pandadoc = state.pandadoc.memberships.iter().filter(|membership| !membership.removed).count();
    let count = |provider: &str| rows.iter().filter(|row| row["provider"] == provider).count();
    assert_eq!((count("paradigm"), count("pandadoc")), (at_paradigm, at_pandadoc));
    let once: BTreeSet<String> =
        rows.iter().map(|row| format!("{}/{}/{}", row["workspace"], row["kind"], row["id"])).collect();
    assert_eq!(once.len(), rows.len());
    // One pass over PandaDoc's users, whatever the number of workspaces.
    let passes =
        here.simulator.requests().iter().filter(|request| request.path == "/public/v1/users").count();
    assert_eq!(passes, state.pandadoc.users.len().div_ceil(50));
}

#[test]
fn targets_choose_workspaces_by_id_or_name() {
    let simulated = Simulated::start(&[]);
    let shell = &simulated.shell;
    let by_name = shell.answer(&["list", "paradigm:Sales", "pandadoc:Human Resources"]);
    let workspaces: BTreeSet<_> =
        by_name.as_array().unwrap().iter().map(|row| row["workspace"].as_str().unwrap().to_owned()).collect();
    assert_eq!(workspaces.len(), 2);
    let ids: Vec<String> = workspaces
        .iter()
        .map(|id| format!("{}:{id}", if id.parse::<u64>().is_ok() { "paradigm" } else { "pandadoc" }))
        .collect();
    let mut by_id = shell.answer(&["list", &ids[0], &ids[1]]).as_array().unwrap().clone();
    let mut by_name = by_name.as_array().unwrap().clone();
    let key = |row: &Value| row.to_string();
    by_id.sort_by_key(key);
    by_name.sort_by_key(key);
    assert_eq!(by_id, by_name);
    // Named twice is listed once.
    let twice = shell.answer(&["list", "paradigm:Sales", "paradigm:2"]);
    assert_eq!(twice, shell.answer(&["list", "paradigm:2"]));
}

#[test]
fn workspaces_answer_what_can_be_managed() {
    let simulated = Simulated::start(&[]);
    let ran =
        simulated.shell.run(&["-o", "json", "workspaces"]).complains(0, &["2 workspaces more not listed"]);
    let rows = ran.json();
    let rows = rows.as_array().unwrap();
    assert!(rows.iter().all(|row| fields(row) == ["connection", "provider", "workspace", "name"]));
    let names: BTreeSet<_> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, BTreeSet::from(["Contracts", "Human Resources", "Research", "Sales"]));
    let all = simulated.shell.answer(&["workspaces", "paradigm", "--all"]);
    assert_eq!(all.as_array().unwrap().len(), 4);
}

#[test]
fn roles_and_capabilities_need_no_key_and_send_nothing() {
    let here = Here::start(State::sample());
    let shell = Shell::new()
        .with("PARADIGM_BASE_URL", here.simulator.paradigm_url())
        .with("PANDADOC_BASE_URL", here.simulator.pandadoc_url());
    let roles = shell.answer(&["roles"]);
    let row = |provider: &str, role: &str| {
        let rows = roles.as_array().unwrap();
        rows.iter().find(|row| row["provider"] == provider && row["role"] == role).unwrap().clone()
    };
    let names = ["connection", "provider", "role", "native_role", "fit", "note"];
    assert_eq!(fields(&row("paradigm", "owner")), names);
    assert_eq!(row("paradigm", "manager")["native_role"], Value::Null);
    assert!(row("paradigm", "manager")["note"].as_str().unwrap().contains("nearest narrower: editor"));
    let editor = row("pandadoc", "editor");
    assert_eq!((&editor["native_role"], &editor["fit"]), (&"Member".into(), &"narrower".into()));

    let capabilities = shell.answer(&["capabilities", "pandadoc"]);
    let document = &capabilities[0];
    for name in
        ["connection", "provider", "endpoint", "variant", "page_size", "claims", "behaviours", "limits"]
    {
        assert!(document.get(name).is_some(), "{name}: {document}");
    }
    for claim in document["claims"].as_array().unwrap() {
        assert_eq!(fields(claim), ["capability", "supported", "evidence", "why"]);
        let supported = claim["supported"].as_bool().unwrap();
        assert_eq!(
            (claim["evidence"].is_string(), claim["why"].is_string()),
            (supported, !supported),
            "{claim}"
        );
    }
    assert_eq!(here.requests(), 0);
}

#[test]
fn find_looks_everywhere_and_into_groups() {
    let simulated = Simulated::start(&[]);
    // In Research by name and through the group Data Team; in Contracts with capitals in the address.
    let rows = simulated.shell.answer(&["find", "amelie.durand@example.com"]);
    let workspaces: BTreeSet<_> =
        rows.as_array().unwrap().iter().map(|row| row["provider"].as_str().unwrap()).collect();
    assert_eq!(workspaces, BTreeSet::from(["paradigm", "pandadoc"]));
    let rows = simulated.shell.answer(&["find", "lucia.fernandez@example.com"]);
    let through: Vec<_> = rows.as_array().unwrap().iter().filter(|row| row["through"] == "group:3").collect();
    assert_eq!(through.len(), 2, "{rows}");
    assert!(through.iter().all(|row| row["kind"] == "group"));
    let nobody =
        simulated.shell.run(&["-o", "json", "find", "nobody@example.com"]).complains(0, &["in no workspace"]);
    assert_eq!(nobody.json(), json!([]));
}

#[test]
fn a_failure_says_everything_a_script_needs() {
    let here = Here::start(State::sample());
    let shell = Shell::at(&here.simulator).with("PARADIGM_API_KEY", "not-a-key");
    let error = shell.error(1, &["list", "paradigm"]);
    let seven = ["kind", "effect", "provider", "operation", "status", "message", "advice"];
    assert_eq!(&fields(&error)[..7], seven, "{error}");
    assert_eq!((&error["kind"], &error["status"]), (&"unauthenticated".into(), &401.into()));
    assert_eq!((&error["provider"], &error["operation"]), (&"paradigm".into(), &"list_workspaces".into()));
    // One failing connection leaves the others' rows.
    let ran = shell.run(&["-o", "json", "list"]).complains(3, &["error: paradigm"]);
    let rows = ran.json();
    assert!(!rows.as_array().unwrap().is_empty());
    assert!(rows.as_array().unwrap().iter().all(|row| row["connection"] == "pandadoc"));
    // Wrong input as well, even when it cannot be parsed.
    let error = shell.error(2, &["add", "paradigm:1", "--email", "a@b.c", "--role", "boss"]);
    assert_eq!(error["kind"], "invalid_input");
    assert!(error["message"].as_str().unwrap().contains("native:NAME"), "{error}");
}

#[test]
fn doctor_says_what_a_key_may_do_and_how_that_is_known() {
    let here = Here::start(State::sample());
    let shell = Shell::at(&here.simulator);
    let ran = shell.run(&["-o", "json", "doctor"]).complains(0, &["SANDBOX KEY CHANGES REAL MEMBERS"]);
    let document = &ran.json()[0];
    let names = ["connection", "provider", "endpoint", "variant", "key_from", "identity", "checks", "claims"];
    assert_eq!(fields(document), names);
    assert_eq!(document["identity"]["email"], "camille.laurent@example.com");
    assert_eq!(document["key_from"], "environment variable PARADIGM_API_KEY");
    let checks: Vec<_> = document["checks"].as_array().unwrap().iter().collect();
    assert!(checks.iter().all(|check| fields(check) == ["check", "result", "detail", "advice"]));
    let asked: Vec<_> = checks.iter().map(|check| check["check"].as_str().unwrap()).collect();
    assert_eq!(asked, ["reachable", "key", "workspaces", "users", "roster", "changes"]);
    assert!(here.simulator.requests().iter().all(|request| request.method == "GET"));

    // A workspace owner's key may not list users; that is worth a warning and no failure.
    let owner = shell.with("PARADIGM_API_KEY", "simulated-paradigm-workspace-owner");
    owner.run(&["doctor", "paradigm"]).complains(0, &["warning: paradigm", "user:ID"]);
    let bad = owner.with("PARADIGM_API_KEY", "not-a-key");
    let ran = bad.run(&["doctor", "paradigm"]).ends(1);
    assert!(ran.stdout.contains("failed") && ran.stdout.contains("renew the key"), "{ran:?}");
    bad.run(&["doctor"]).ends(3);
    // Nobody there.
    let gone = bad.with("PARADIGM_BASE_URL", "http://127.0.0.1:1");
    let ran = gone.run(&["doctor", "paradigm"]).ends(1);
    assert!(ran.stdout.contains("reachable") && ran.stdout.contains("check the base URL"), "{ran:?}");
}

#[test]
fn csv_has_the_same_columns_and_no_formulas() {
    let mut state = State::sample();
    let group = state.paradigm.groups.iter_mut().find(|group| group.name == "Data Team").unwrap();
    group.name = "=HYPERLINK(\"http://evil.example\")\u{1b}[2J".to_owned();
    let here = Here::start(state);
    let ran = Shell::at(&here.simulator).run(&["-o", "csv", "list", "paradigm:Research"]).ends(0);
    let mut lines = ran.stdout.lines();
    assert_eq!(lines.next(), Some(MEMBER.join(",").as_str()));
    assert_eq!(lines.count(), 25);
    assert!(ran.stdout.contains("\"'=HYPERLINK(\"\"http://evil.example\"\")\u{fffd}[2J\""), "{}", ran.stdout);
    assert!(!ran.stdout.contains('\u{1b}'));
}

#[test]
fn names_cannot_act_on_a_terminal_in_any_form() {
    let mut state = State::sample();
    let evil = "\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}gnp.exe";
    state
        .paradigm
        .workspaces
        .iter_mut()
        .for_each(|workspace| workspace.name = format!("{}{evil}", workspace.name));
    state.paradigm.groups.iter_mut().for_each(|group| group.name = evil.to_owned());
    let here = Here::start(state);
    let shell = Shell::at(&here.simulator);
    for command in [
        &["list"][..],
        &["workspaces"],
        &["-o", "json", "list"],
        &["-o", "csv", "list"],
        &["list", "paradigm:\u{1b}x"],
    ] {
        let ran = shell.run(command);
        for text in [&ran.stdout, &ran.stderr] {
            let acting = text.chars().find(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}'));
            assert_eq!(acting, None, "{command:?}: {text:?}");
        }
    }
}

#[test]
fn a_connection_without_workspaces_lists_nothing_and_reads_no_members() {
    let mut state = State::sample();
    state.pandadoc.workspaces.iter_mut().for_each(|workspace| workspace.active = false);
    let here = Here::start(state);
    assert_eq!(Shell::at(&here.simulator).answer(&["list", "pandadoc"]), json!([]));
    let requests = here.simulator.requests();
    let asked: Vec<_> = requests.iter().filter_map(|request| request.operation).collect();
    assert_eq!(asked, ["list_workspaces"]);
}

#[test]
fn a_key_that_reaches_one_workspace_lists_it_and_only_adds() {
    let here = Here::start(State::sample());
    let state = here.simulator.state();
    let key = state.pandadoc.keys.iter().find(|key| key.key.expose().ends_with("workspace-admin")).unwrap();
    let workspace = &key.workspace_id;
    let shell = Shell::new().with("KEY", key.key.expose());
    shell.file(
        "wsm.toml",
        &format!(
            "[connections.hr]\nprovider = \"pandadoc\"\nbase_url = \"{}\"\nkey_env = \"KEY\"\nkey_kind = \"sandbox\"\n\
             reach = {{ workspace = \"{workspace}\" }}\nlayers.rate_limit.off = true\n",
            here.simulator.pandadoc_url(),
        ),
    );
    let listed =
        shell.run(&["-o", "json", "list"]).complains(0, &["not known to be a complete roster"]).json();
    let members = || {
        let state = here.simulator.state().pandadoc;
        let live = state.memberships.into_iter().filter(|one| one.workspace_id == *workspace && !one.removed);
        live.map(|one| one.user_id).collect::<BTreeSet<_>>()
    };
    let before = members();
    assert_eq!(listed.as_array().unwrap().len(), before.len());
    let outsiders = state.pandadoc.users.iter().map(|user| user.user_id.clone());
    let outsiders: Vec<String> = outsiders.filter(|id| !before.contains(id)).take(3).collect();

    // Who is lost is judged by the complete list, so a loss is refused unsent.
    let target = format!("hr:{workspace}");
    let somebody = format!("user:{}", before.first().unwrap());
    here.simulator.clear_requests();
    for loss in [
        &["remove", &target, &somebody][..],
        &["set-role", &target, &somebody, "--role", "viewer"],
        &["add", &target, "--user", &outsiders[0], "--role", "viewer", "--if-present", "set-role"],
    ] {
        assert_eq!(shell.error(2, loss)["kind"], "unsupported", "{loss:?}");
    }
    assert_eq!(here.requests(), 0);

    // An addition takes nothing from anybody.
    let add = ["add", &target, "--user", &outsiders[0], "--role", "viewer"];
    let warned = shell.run(&[&add[..], &["--dry-run"]].concat()).ends(5);
    assert!(warned.stderr.contains("a sandbox key changes real members"), "{warned:?}");
    let added = shell.answer(&add);
    assert_eq!((&added["change"], &added["member"]["id"]), (&"applied".into(), &outsiders[0].clone().into()));
    assert_eq!(shell.error(1, &add)["kind"], "already_member");
    let two = |mode: &str| {
        format!(
            "[[workspace]]\ntarget = \"{target}\"\nmode = \"{mode}\"\n[workspace.members]\n\
             viewer = [\"user:{}\", \"user:{}\"]\n",
            outsiders[1], outsiders[2]
        )
    };
    shell.file("desired.toml", &two("authoritative"));
    assert_eq!(shell.error(2, &["apply", "desired.toml", "--yes"])["kind"], "unsupported");
    shell.file("desired.toml", &two("additive"));
    shell.run(&["apply", "desired.toml", "--yes"]).ends(0);
    let after: BTreeSet<String> = before.into_iter().chain(outsiders).collect();
    assert_eq!(members(), after);
    shell.run(&["doctor"]).complains(0, &["SANDBOX KEY CHANGES REAL MEMBERS"]);
}
