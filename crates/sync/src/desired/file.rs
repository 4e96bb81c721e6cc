//! From the tree of a file to a [`Desired`], reporting everything that is wrong on the way.

use super::definitions::{Definitions, entries};
use super::source::{DesiredErrors, Faults, Field, Node, Value};
use super::{Desired, DesiredMember, DesiredMembership, DesiredWorkspace, Entry, InvalidText, Mode, Target};
use crate::guards::{Guards, Limit, canonical};
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::str::FromStr;
use workspace_members_core::{Notify, Role};

/// How many members the workspaces of one file may name together. Only teams can make so many of a file that can be read.
const MOST_MEMBERS: usize = 1_000_000;

/// Reads a whole file.
pub(super) fn read(root: &Node, mut faults: Faults<'_>) -> Result<Desired, DesiredErrors> {
    let mut desired = Desired::new();
    let known = ["guards", "people", "teams", "workspace"];
    let fields = fields(root, &known, &mut faults);
    let definitions = Definitions::read(fields, &mut faults);
    if let Some(node) = field(fields, "guards") {
        desired.guards = guards(node, &definitions, &mut faults);
    }
    let mut seen: BTreeMap<Target, Range<usize>> = BTreeMap::new();
    let mut members = 0;
    match field(fields, "workspace") {
        Some(node) => {
            for node in list(node, "one table [[workspace]] for each", &mut faults) {
                let Some(workspace) = workspace(node, &definitions, &mut faults) else { continue };
                members += workspace.members.len();
                if members > MOST_MEMBERS {
                    let problem =
                        format!("up to this workspace the file names more than {MOST_MEMBERS} members");
                    faults.add(&node.at, problem, "divide it into several files");
                    break;
                }
                if let Some(first) = seen.insert(workspace.target.clone(), node.at.clone()) {
                    let line = faults.line(&first);
                    let problem =
                        format!("{} stands here a second time, after line {line}", workspace.target);
                    faults.add(&node.at, problem, "put all of a workspace into one table");
                }
                desired.workspaces.push(workspace);
            }
            desired.workspaces.sort_by(|a, b| a.target.cmp(&b.target));
        }
        // After a slip of syntax it may well be there.
        None if faults.is_empty() => {
            faults.add(&(0..0), "no workspace is named", "write at least one [[workspace]]");
        }
        None => {}
    }
    desired.people = definitions.people;
    faults.finish(desired)
}

pub(super) fn fields<'n>(node: &'n Node, known: &[&str], faults: &mut Faults<'_>) -> &'n [Field] {
    let Value::Table(fields) = &node.value else {
        faults.add(&node.at, format!("{} stands where a table belongs", node.kind()), "write a table");
        return &[];
    };
    for field in fields.iter().filter(|field| !known.contains(&field.key.as_str())) {
        let instead = format!("the keys here are {}", known.join(", "));
        faults.add(&field.at, format!("the key {:?} is unknown", field.key), instead);
    }
    fields
}

pub(super) fn field<'n>(fields: &'n [Field], key: &str) -> Option<&'n Node> {
    fields.iter().find(|field| field.key == key).map(|field| &field.node)
}

pub(super) fn list<'n>(node: &'n Node, instead: &str, faults: &mut Faults<'_>) -> &'n [Node] {
    if let Value::Array(items) = &node.value {
        return items;
    }
    faults.add(&node.at, format!("{} stands where a list belongs", node.kind()), format!("write {instead}"));
    &[]
}

pub(super) fn text<'n>(node: &'n Node, instead: &str, faults: &mut Faults<'_>) -> Option<&'n str> {
    if let Value::Text(text) = &node.value {
        return Some(text);
    }
    faults.add(&node.at, format!("{} stands where a text belongs", node.kind()), format!("write {instead}"));
    None
}

pub(super) fn parsed<T: FromStr<Err = InvalidText>>(
    node: &Node,
    instead: &str,
    faults: &mut Faults<'_>,
) -> Option<T> {
    match text(node, instead, faults)?.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            faults.add(&node.at, error.problem, error.instead);
            None
        }
    }
}

fn guards(node: &Node, definitions: &Definitions, faults: &mut Faults<'_>) -> Guards {
    let known = [
        "min_owners",
        "required_owners",
        "max_removals",
        "max_demotions",
        "max_owner_changes",
        "floor",
        "max_mails",
        "protect",
        "allow_billable",
        "allow_remove_then_add",
    ];
    let mut guards = Guards::new();
    for Field { key, node, .. } in fields(node, &known, faults) {
        match key.as_str() {
            "min_owners" => guards.min_owners = count(node, faults),
            "required_owners" => guards.required_owners = who_list(node, definitions, faults),
            "max_removals" => guards.max_removals = limit(node, faults),
            "max_demotions" => guards.max_demotions = limit(node, faults),
            "max_owner_changes" => guards.max_owner_changes = limit(node, faults),
            "floor" => guards.floor = count(node, faults),
            "max_mails" => guards.max_mails = count(node, faults),
            "protect" => guards.protect = who_list(node, definitions, faults),
            "allow_billable" => guards.allow_billable = flag(node, faults),
            "allow_remove_then_add" => guards.allow_remove_then_add = flag(node, faults),
            _ => {}
        }
    }
    guards
}

fn who_list(node: &Node, definitions: &Definitions, faults: &mut Faults<'_>) -> Vec<Entry> {
    let items = distinct(list(node, "a list of people", faults));
    let mut all: Vec<Entry> =
        items.flat_map(|item| entries(item, definitions, faults)).map(|(entry, _)| entry).collect();
    canonical(&mut all);
    all
}

/// Items of a list without those that stand there already: a large team named many times is read once.
fn distinct(items: &[Node]) -> impl Iterator<Item = &Node> {
    let mut seen = HashSet::new();
    items.iter().filter(move |item| match &item.value {
        Value::Text(text) => seen.insert(text.as_str()),
        _ => true,
    })
}

fn count(node: &Node, faults: &mut Faults<'_>) -> Option<u32> {
    let read = match node.value {
        Value::Integer(number) => u32::try_from(number).ok(),
        _ => None,
    };
    if read.is_none() {
        faults.add(&node.at, format!("{} is not a count", shown(node)), "write a whole number from 0");
    }
    read
}

fn shown(node: &Node) -> String {
    match &node.value {
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => format!("{text:?}"),
        _ => node.kind().to_owned(),
    }
}

fn flag(node: &Node, faults: &mut Faults<'_>) -> Option<bool> {
    if let Value::Bool(flag) = node.value {
        return Some(flag);
    }
    faults.add(&node.at, format!("{} stands here", shown(node)), "write true or false");
    None
}

fn limit(node: &Node, faults: &mut Faults<'_>) -> Option<Limit> {
    match &node.value {
        Value::Text(text) if text.ends_with('%') => parsed(node, "a share such as \"25%\"", faults),
        Value::Array(items) if !items.is_empty() => {
            items.iter().filter_map(|item| limit(item, faults)).reduce(Limit::and)
        }
        Value::Integer(number) if u32::try_from(*number).is_ok() => count(node, faults).map(Limit::count),
        _ => {
            let problem = format!("{} is not a limit", shown(node));
            faults.add(
                &node.at,
                problem,
                "write a share such as \"25%\", a count such as 3, or a list of both",
            );
            None
        }
    }
}

fn workspace(node: &Node, definitions: &Definitions, faults: &mut Faults<'_>) -> Option<DesiredWorkspace> {
    let fields = fields(node, &["target", "mode", "account", "name", "notify", "members"], faults);
    if !matches!(node.value, Value::Table(_)) {
        return None;
    }
    let mut need = |key: &str, instead: &str| {
        let found = field(fields, key);
        if found.is_none() {
            faults.add(&node.at, format!("this workspace has no {key}"), instead);
        }
        found
    };
    let target = need("target", "write target = \"connection:workspace-id\"");
    // Not defaulted: the harmless mode and the one that most people expect are two different ones.
    let mode = need("mode", "write mode = \"authoritative\", \"additive\" or \"remove-only\"");
    let members =
        need("members", "write [workspace.members]: a table that is left out is not an empty workspace");
    let target: Option<Target> = target.and_then(|node| parsed(node, "connection:workspace-id", faults));
    let mode: Option<Mode> = mode.and_then(|node| parsed(node, "a mode", faults));
    let mut plain =
        |key: &str| field(fields, key).and_then(|node| text(node, "a text", faults)).map(str::to_owned);
    let names = (plain("account"), plain("name"));
    let notify = field(fields, "notify").map_or(Notify::NOBODY, |node| notify(node, faults));
    let desired_member = members.map(|node| desired_member(node, definitions, faults)).unwrap_or_default();
    let mut workspace =
        DesiredWorkspace::new(target?, mode?).with_names(names.0, names.1).with_notify(notify);
    workspace.members = desired_member.into();
    Some(workspace)
}

fn notify(node: &Node, faults: &mut Faults<'_>) -> Notify {
    let mut notify = Notify::NOBODY;
    for item in list(node, "a list of \"member\" and \"admins\"", faults) {
        match &item.value {
            Value::Text(whom) if whom == "member" => notify.member = true,
            Value::Text(whom) if whom == "admins" => notify.admins = true,
            _ => faults.add(
                &item.at,
                format!("{} cannot be mailed", shown(item)),
                "write \"member\" or \"admins\"",
            ),
        }
    }
    notify
}

/// The table of members: one list of people for each role.
fn desired_member(node: &Node, definitions: &Definitions, faults: &mut Faults<'_>) -> Vec<DesiredMember> {
    let Value::Table(roles) = &node.value else {
        let problem = format!("{} stands where a table belongs", node.kind());
        faults.add(&node.at, problem, "write one list for each role, such as owner = [\"ana@example.com\"]");
        return Vec::new();
    };
    if roles.is_empty() {
        let problem = "no role is listed, which does not say that the workspace is to be empty";
        faults.add(&node.at, problem, "write a list for each role, an empty one if nobody is to have it");
    }
    let mut all: BTreeMap<Entry, (DesiredMember, Range<usize>)> = BTreeMap::new();
    for field in roles {
        let Ok(role) = field.key.parse::<Role>() else {
            let problem = format!("{:?} is not a role", field.key);
            faults.add(&field.at, problem, "write owner, manager, editor, viewer, or \"native:NAME\"");
            continue;
        };
        for item in distinct(list(&field.node, "a list of people", faults)) {
            for (who, team) in entries(item, definitions, faults) {
                add(
                    &mut all,
                    DesiredMember { who, membership: DesiredMembership::Role(role.clone()), team },
                    item,
                    faults,
                );
            }
        }
    }
    all.into_values().map(|(desired_member, _)| desired_member).collect()
}

/// Names somebody, unless they are named already: in the same role that changes nothing, in another it is an error.
fn add(
    all: &mut BTreeMap<Entry, (DesiredMember, Range<usize>)>,
    desired_member: DesiredMember,
    item: &Node,
    faults: &mut Faults<'_>,
) {
    match all.get_mut(&desired_member.who) {
        None => {
            all.insert(desired_member.who.clone(), (desired_member, item.at.clone()));
        }
        Some((first, at)) if first.membership != desired_member.membership => {
            let role = |desired_member: &DesiredMember| match &desired_member.membership {
                DesiredMembership::Role(role) => role.to_string(),
                _ => String::new(),
            };
            let through = |desired_member: &DesiredMember| {
                desired_member.team.as_ref().map(|team| format!(" through team {team:?}")).unwrap_or_default()
            };
            let problem = format!(
                "{} is to be {}{} here and {}{} in line {}",
                desired_member.who,
                role(&desired_member),
                through(&desired_member),
                role(first),
                through(first),
                faults.line(at)
            );
            faults.add(&item.at, problem, "name each person in one role of a workspace");
        }
        // Named directly says more than named through a team.
        Some((first, _)) => {
            first.team = match (first.team.take(), desired_member.team) {
                (Some(first), Some(second)) => Some(first.min(second)),
                _ => None,
            };
            // One of two spellings, whichever came first in the file.
            if desired_member.who.to_string() < first.who.to_string() {
                first.who = desired_member.who;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Desired;

    fn errors(text: &str) -> Vec<String> {
        let errors = Desired::from_toml(text, "acme.toml").unwrap_err();
        errors.errors().iter().map(ToString::to_string).collect()
    }

    const WHOLE: &str = r#"
[guards]
min_owners = 2
required_owners = ["person:ana"]
max_removals = "10%"
max_demotions = ["25%", 3]
max_owner_changes = 2
floor = 8
max_mails = 1
protect = ["team:legal"]
allow_billable = true
allow_remove_then_add = true

[people]
ana = "ana@example.com"
bo = { email = "bo@example.com", at = { pandadoc = "bo@corp.example", acme = "user:42" } }

[teams]
legal = ["person:bo", "carol@example.com"]

[[workspace]]
target = "acme:42"
mode = "authoritative"
account = "Acme"
name = "Legal: all"
notify = ["member"]
[workspace.members]
owner = ["person:ana"]
editor = ["team:legal", "Carol@Example.com", "group:7"]
"native:Legal review" = ["user:9"]
viewer = []
"#;

    #[test]
    fn a_hundred_errors_are_told_and_that_there_may_be_more() {
        let text: Vec<String> = (0..300).map(|number| format!("key{number} = 1\n")).collect();
        let found = errors(&text.concat());
        assert_eq!(found.len(), 101);
        assert!(found[99].contains("key99") && found[100].contains("maybe more"), "{found:?}");
    }

    #[test]
    fn teams_cannot_make_a_file_name_more_than_a_million_members() {
        let team: Vec<String> = (1..=10_000).map(|id| format!("\"user:{id}\",")).collect();
        let workspaces: Vec<String> = (0..101)
            .map(|id| format!("[[workspace]]\ntarget = \"a:{id}\"\nmode = \"additive\"\nmembers.owner = [\"team:all\"]\n"))
            .collect();
        let found = errors(&format!("teams.all = [{}]\n{}", team.concat(), workspaces.concat()));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("acme.toml:402:") && found[0].contains("more than 1000000 members"),
            "{found:?}"
        );
    }

    #[test]
    fn a_whole_file_is_read() {
        let desired = Desired::from_toml(WHOLE, "acme.toml").unwrap();
        let workspace = &desired.workspaces[0];
        let named: Vec<String> = workspace
            .members
            .iter()
            .map(|desired_member| format!("{} {:?}", desired_member.who, desired_member.team))
            .collect();
        let expected = [
            "Carol@Example.com None",
            "user:9 None",
            "group:7 None",
            "person:ana None",
            "person:bo Some(\"legal\")",
        ];
        // The first spelling met is kept; which one that is must not matter, since addresses fold.
        assert_eq!(named.len(), expected.len());
        for (named, expected) in named.iter().zip(expected) {
            assert!(named.eq_ignore_ascii_case(expected), "{named} {expected}");
        }
        assert_eq!(desired.guards.protect.len(), 2);
        assert_eq!(desired.people.get("bo").unwrap().at.len(), 2);
        assert!(workspace.notify.member && !workspace.notify.admins);
    }

    #[test]
    fn json_says_the_same_with_the_same_keys() {
        let toml: toml::Table = WHOLE.parse().unwrap();
        let json = serde_json::to_string_pretty(&toml).unwrap();
        assert_eq!(Desired::from_json(&json, "acme.json"), Desired::from_toml(WHOLE, "acme.toml"));
        let errors = Desired::from_json("{\n  \"workspace\": [],\n  \"workspace\": [] // no\n}", "x.json")
            .unwrap_err();
        assert_eq!(errors.errors()[0].line, 3);
        let errors = Desired::from_json("{\n  \"a\": 1,\n  \"a\": 2\n}", "x.json").unwrap_err().to_string();
        assert!(errors.contains("x.json:3:3: the key \"a\" stands here twice"), "{errors}");
    }

    #[test]
    fn all_errors_come_at_once_with_their_places() {
        let text = "\
[guards]
min_owner = 1
max_removals = \"12.5%\"
floor = -1
[[workspace]]
target = \"pandadoc\"
mode = \"exact\"
colour = 1
[workspace.members]
boss = []
owner = [\"ana\", \"team:none\", \"person:none\", 7]
[[workspace]]
target = \"a:1\"
";
        let errors = errors(text);
        let places: Vec<&str> = errors.iter().map(|line| line.split(": ").next().unwrap()).collect();
        let expected = [
            "acme.toml:2:1",
            "acme.toml:3:16",
            "acme.toml:4:9",
            "acme.toml:6:10",
            "acme.toml:7:8",
            "acme.toml:8:1",
            "acme.toml:10:1",
            "acme.toml:11:10",
            "acme.toml:11:17",
            "acme.toml:11:30",
            "acme.toml:11:45",
            "acme.toml:12:1",
            "acme.toml:12:1",
        ];
        assert_eq!(places, expected, "{errors:#?}");
        assert!(errors[0].contains("the keys here are min_owners"), "{}", errors[0]);
    }

    #[test]
    fn absent_is_not_empty() {
        let start = "[[workspace]]\ntarget = \"a:1\"\nmode = \"authoritative\"\n";
        assert!(errors(start)[0].contains("left out is not an empty workspace"));
        assert!(errors(&format!("{start}[workspace.members]\n"))[0].contains("no role is listed"));
        assert!(Desired::from_toml(&format!("{start}[workspace.members]\nowner = []\n"), "x").is_ok());
        assert!(errors("")[0].contains("no workspace is named"));
    }

    #[test]
    fn nobody_has_two_roles() {
        let start = "[people]\nana = \"a@b\"\n[teams]\nt = [\"person:ana\"]\n[[workspace]]\ntarget = \"a:1\"\nmode = \"additive\"\n";
        let twice =
            errors(&format!("{start}[workspace.members]\nowner = [\"team:t\"]\nviewer = [\"person:ana\"]\n"));
        assert!(twice[0].contains("owner through team \"t\" in line 9"), "{twice:?}");
        let same = format!("{start}[workspace.members]\nowner = [\"team:t\", \"person:ana\"]\n");
        assert_eq!(Desired::from_toml(&same, "x").unwrap().workspaces[0].members.len(), 1);
        let target = format!(
            "{start}[workspace.members]\nowner = []\n[[workspace]]\ntarget = \"a:1\"\nmode = \"additive\"\nmembers = {{ owner = [] }}\n"
        );
        assert!(errors(&target)[0].contains("a second time, after line 5"));
    }

    #[test]
    fn broken_toml_is_reported_with_what_can_be_read() {
        let errors = errors("[[workspace]]\ntarget = \"a:1\nmode = 3\n");
        assert!(errors.iter().any(|line| line.starts_with("acme.toml:2:")), "{errors:?}");
    }
}
