//! From the tree of a file to a [`Desired`], reporting everything that is wrong on the way.

use super::definitions::Definitions;
use super::faults::{DesiredErrors, Faults};
use super::source::{Keys, Node, Value};
use super::{Desired, DesiredMember, DesiredMembership, DesiredWorkspace, Entry};
use crate::guards::{Guards, Limit, canonical};
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use workspace_members_core::{Notify, Role};

/// How many members the workspaces of one file may name together. Only teams can make so many of a file that can be read.
const MOST_MEMBERS: usize = 1_000_000;

/// Reads a whole file.
pub(super) fn read(root: &Node, mut faults: Faults<'_>) -> Result<Desired, DesiredErrors> {
    let mut keys = Keys::of(root, &mut faults);
    let [guarded, people, teams, workspaces] =
        ["guards", "people", "teams", "workspace"].map(|key| keys.take(key));
    keys.end(&mut faults);
    let definitions = Definitions::read(people, teams, &mut faults);
    let mut desired = Desired::new();
    desired.guards = guarded.map(|node| guards(node, &definitions, &mut faults)).unwrap_or_default();
    match workspaces {
        Some(node) => desired.workspaces = all_workspaces(node, &definitions, &mut faults),
        // After an error of syntax it may well be there.
        None if faults.is_empty() => {
            faults.add(&(0..0), "no workspace is named", "write at least one [[workspace]]");
        }
        None => {}
    }
    desired.people = definitions.people;
    faults.finish(desired)
}

fn guards(node: &Node, definitions: &Definitions, faults: &mut Faults<'_>) -> Guards {
    let mut keys = Keys::of(node, faults);
    let guards = Guards {
        min_owners: keys.take("min_owners").and_then(|node| count(node, faults)),
        required_owners: people(keys.take("required_owners"), definitions, faults),
        max_removals: keys.take("max_removals").and_then(|node| limit(node, faults)),
        max_demotions: keys.take("max_demotions").and_then(|node| limit(node, faults)),
        max_owner_changes: keys.take("max_owner_changes").and_then(|node| limit(node, faults)),
        floor: keys.take("floor").and_then(|node| count(node, faults)),
        max_mails: keys.take("max_mails").and_then(|node| count(node, faults)),
        protect: people(keys.take("protect"), definitions, faults),
        allow_billable: keys.take("allow_billable").and_then(|node| flag(node, faults)),
        allow_remove_then_add: keys.take("allow_remove_then_add").and_then(|node| flag(node, faults)),
    };
    keys.end(faults);
    guards
}

fn people(node: Option<&Node>, definitions: &Definitions, faults: &mut Faults<'_>) -> Vec<Entry> {
    let mut all = Vec::new();
    let items = node.map(|node| node.items("a list of people", faults)).unwrap_or_default();
    for item in distinct(items) {
        all.extend(definitions.entries(item, faults).into_iter().map(|(entry, _)| entry));
    }
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
    if let Value::Integer(number) = node.value
        && let Ok(count) = u32::try_from(number)
    {
        return Some(count);
    }
    faults.add(&node.at, format!("{} is not a count", shown(node)), "write a whole number from 0");
    None
}

fn flag(node: &Node, faults: &mut Faults<'_>) -> Option<bool> {
    let Value::Bool(flag) = node.value else {
        faults.add(&node.at, format!("{} stands here", shown(node)), "write true or false");
        return None;
    };
    Some(flag)
}

fn limit(node: &Node, faults: &mut Faults<'_>) -> Option<Limit> {
    match &node.value {
        Value::Text(text) if text.ends_with('%') => node.parsed("a share such as \"25%\"", faults),
        Value::Array(items) if !items.is_empty() => {
            items.iter().filter_map(|item| limit(item, faults)).reduce(Limit::and)
        }
        Value::Integer(number) if u32::try_from(*number).is_ok() => count(node, faults).map(Limit::count),
        _ => {
            let instead = "write a share such as \"25%\", a count such as 3, or a list of both";
            faults.add(&node.at, format!("{} is not a limit", shown(node)), instead);
            None
        }
    }
}

fn shown(node: &Node) -> String {
    match &node.value {
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => format!("{text:?}"),
        _ => node.kind().to_owned(),
    }
}

/// Ordered by target.
fn all_workspaces(node: &Node, definitions: &Definitions, faults: &mut Faults<'_>) -> Vec<DesiredWorkspace> {
    let (mut all, mut members) = (BTreeMap::new(), 0);
    for node in node.items("one table [[workspace]] for each", faults) {
        let Some(workspace) = workspace(node, definitions, faults) else { continue };
        members += workspace.members.len();
        if members > MOST_MEMBERS {
            let problem = format!("up to this workspace the file names more than {MOST_MEMBERS} members");
            faults.add(&node.at, problem, "divide it into several files");
            break;
        }
        let target = workspace.target.clone();
        if let Some((_, first)) = all.insert(target.clone(), (workspace, node.at.clone())) {
            let line = faults.line(&first);
            let problem = format!("{target} stands here a second time, after line {line}");
            faults.add(&node.at, problem, "put all of a workspace into one table");
        }
    }
    all.into_values().map(|(workspace, _)| workspace).collect()
}

fn workspace(node: &Node, definitions: &Definitions, faults: &mut Faults<'_>) -> Option<DesiredWorkspace> {
    let mut keys = Keys::of(node, faults);
    let [target, mode, account, name, notified, members] =
        ["target", "mode", "account", "name", "notify", "members"].map(|key| keys.take(key));
    keys.end(faults);
    if !matches!(node.value, Value::Table(_)) {
        return None;
    }
    for (key, found, instead) in [
        ("target", target, "write target = \"connection:workspace-id\""),
        // Not defaulted: the harmless mode and the one that most people expect are two different ones.
        ("mode", mode, "write mode = \"authoritative\", \"additive\" or \"remove-only\""),
        ("members", members, "write [workspace.members]: a table that is left out is not an empty workspace"),
    ] {
        if found.is_none() {
            faults.add(&node.at, format!("this workspace has no {key}"), instead);
        }
    }
    let target = target.and_then(|node| node.parsed("connection:workspace-id", faults));
    let mode = mode.and_then(|node| node.parsed("a mode", faults));
    let mut plain = |node: Option<&Node>| node?.text("a text", faults).map(str::to_owned);
    let (account, name) = (plain(account), plain(name));
    let notify = notified.map_or(Notify::NOBODY, |node| notify(node, faults));
    let members = members.map(|node| desired_members(node, definitions, faults)).unwrap_or_default();
    Some(DesiredWorkspace {
        account,
        name,
        notify,
        members: members.into(),
        ..DesiredWorkspace::new(target?, mode?)
    })
}

fn notify(node: &Node, faults: &mut Faults<'_>) -> Notify {
    let mut notify = Notify::NOBODY;
    for item in node.items("a list of \"member\" and \"admins\"", faults) {
        match &item.value {
            Value::Text(whom) if whom == "member" => notify.member = true,
            Value::Text(whom) if whom == "admins" => notify.admins = true,
            _ => {
                let problem = format!("{} cannot be mailed", shown(item));
                faults.add(&item.at, problem, "write \"member\" or \"admins\"");
            }
        }
    }
    notify
}

/// The table of members: one list of people for each role.
fn desired_members(node: &Node, definitions: &Definitions, faults: &mut Faults<'_>) -> Vec<DesiredMember> {
    let roles = node.fields("one list for each role, such as owner = [\"ana@example.com\"]", faults);
    if matches!(&node.value, Value::Table(roles) if roles.is_empty()) {
        let problem = "no role is listed, which does not say that the workspace is to be empty";
        faults.add(&node.at, problem, "write a list for each role, an empty one if nobody is to have it");
    }
    let mut all: BTreeMap<Entry, Named> = BTreeMap::new();
    for field in roles {
        let Ok(role) = field.key.parse::<Role>() else {
            let problem = format!("{:?} is not a role", field.key);
            faults.add(&field.at, problem, "write owner, manager, editor, viewer, or \"native:NAME\"");
            continue;
        };
        for item in distinct(field.node.items("a list of people", faults)) {
            for (who, team) in definitions.entries(item, faults) {
                let named = Named { who, role: role.clone(), team, at: item.at.clone() };
                match all.get_mut(&named.who) {
                    None => _ = all.insert(named.who.clone(), named),
                    Some(first) => first.merge(named, faults),
                }
            }
        }
    }
    let member = |Named { who, role, team, .. }| DesiredMember {
        who,
        membership: DesiredMembership::Role(role),
        team,
    };
    all.into_values().map(member).collect()
}

/// Somebody named in a role, directly or through a team.
struct Named {
    who: Entry,
    role: Role,
    team: Option<String>,
    at: Range<usize>,
}

impl Named {
    /// Named again: in the same role that changes nothing, in another it is an error.
    fn merge(&mut self, other: Self, faults: &mut Faults<'_>) {
        if self.role != other.role {
            let line = faults.line(&self.at);
            let problem = format!(
                "{} is to be {} here and {} in line {line}",
                other.who,
                other.as_what(),
                self.as_what()
            );
            faults.add(&other.at, problem, "name each person in one role of a workspace");
            return;
        }
        // Named directly says more than named through a team.
        self.team = match (self.team.take(), other.team) {
            (Some(first), Some(second)) => Some(first.min(second)),
            _ => None,
        };
        // Always the same one of two spellings, whichever came first in the file.
        if other.who.to_string() < self.who.to_string() {
            self.who = other.who;
        }
    }

    fn as_what(&self) -> String {
        let through = self.team.as_ref().map(|team| format!(" through team {team:?}")).unwrap_or_default();
        format!("{}{through}", self.role)
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
    fn a_hundred_errors_are_listed_and_that_there_may_be_more() {
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
    fn all_errors_come_at_once_with_their_positions() {
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
        let positions: Vec<&str> = errors.iter().map(|line| line.split(": ").next().unwrap()).collect();
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
        assert_eq!(positions, expected, "{errors:#?}");
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
