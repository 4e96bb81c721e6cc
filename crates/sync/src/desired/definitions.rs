//! What a file defines once for all its workspaces: people and teams.

use super::entry::{Entry, People, Person, is_name};
use super::faults::Faults;
use super::source::{Field, Keys, Node, Value};
use std::collections::BTreeMap;
use workspace_members_core::EmailAddress;

/// The people and teams of a file.
pub(super) struct Definitions {
    pub(super) people: People,
    teams: BTreeMap<String, Vec<Entry>>,
}

impl Definitions {
    /// Reads the tables `people` and `teams`, where they are.
    pub(super) fn read(people: Option<&Node>, teams: Option<&Node>, faults: &mut Faults<'_>) -> Self {
        let mut all = Self { people: People::new(), teams: BTreeMap::new() };
        for field in named(people, "person", faults) {
            all.people.insert(field.key.clone(), person(&field.node, faults));
        }
        for field in named(teams, "team", faults) {
            let members = all.team(&field.node, faults);
            all.teams.insert(field.key.clone(), members);
        }
        all
    }

    fn team(&self, node: &Node, faults: &mut Faults<'_>) -> Vec<Entry> {
        let mut members = Vec::new();
        for item in node.items("a list of people", faults) {
            if matches!(&item.value, Value::Text(text) if text.starts_with("team:")) {
                faults.add(&item.at, "a team cannot hold a team", "name its people");
            } else {
                members.extend(self.entry(
                    item,
                    "an e-mail address, user:ID, group:ID or person:NAME",
                    faults,
                ));
            }
        }
        members
    }

    /// One item of a list of people: an entry, or all those of a team, with its name.
    pub(super) fn entries(&self, node: &Node, faults: &mut Faults<'_>) -> Vec<(Entry, Option<String>)> {
        const INSTEAD: &str = "an e-mail address, user:ID, group:ID, person:NAME or team:NAME";
        let team = match &node.value {
            Value::Text(text) => text.strip_prefix("team:"),
            _ => None,
        };
        let Some(team) = team else {
            return self.entry(node, INSTEAD, faults).into_iter().map(|entry| (entry, None)).collect();
        };
        let Some(members) = self.teams.get(team) else {
            let known: Vec<&str> = self.teams.keys().map(String::as_str).collect();
            undefined(node, "team", team, &known, faults);
            return Vec::new();
        };
        members.iter().map(|entry| (entry.clone(), Some(team.to_owned()))).collect()
    }

    fn entry(&self, node: &Node, instead: &str, faults: &mut Faults<'_>) -> Option<Entry> {
        let entry = node.parsed(instead, faults)?;
        if let Entry::Person(name) = &entry
            && !self.people.contains_key(name)
        {
            let known: Vec<&str> = self.people.keys().map(String::as_str).collect();
            undefined(node, "person", name, &known, faults);
        }
        Some(entry)
    }
}

fn undefined(node: &Node, what: &str, name: &str, known: &[&str], faults: &mut Faults<'_>) {
    let table = if what == "team" { "[teams]" } else { "[people]" };
    let has = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
    let instead = format!("define it in {table}, which has {has}");
    faults.add(&node.at, format!("no {what} is called {name:?}"), instead);
}

/// The fields of a table that is keyed by names, where there is one.
fn named<'n>(node: Option<&'n Node>, what: &str, faults: &mut Faults<'_>) -> Vec<&'n Field> {
    let fields = node.map(|node| node.fields("a table", faults)).unwrap_or_default();
    let (named, others): (Vec<_>, Vec<_>) = fields.iter().partition(|field| is_name(&field.key));
    for field in others {
        let problem = format!("{:?} cannot be the name of a {what}", field.key);
        faults.add(&field.at, problem, "use letters, digits, '-', '_' and '.'");
    }
    named
}

/// `ana = "ana@example.com"`, or a table with `email` and `at`.
fn person(node: &Node, faults: &mut Faults<'_>) -> Person {
    if let Value::Text(_) = node.value {
        return Person::new(email(node, faults));
    }
    let mut keys = Keys::of(node, faults);
    let mut person = Person::new(keys.take("email").and_then(|node| email(node, faults)));
    for alias in named(keys.take("at"), "connection or provider", faults) {
        match alias.node.parsed("an e-mail address or user:ID", faults) {
            Some(Entry::Who(who)) => _ = person.at.insert(alias.key.clone(), who),
            Some(Entry::Person(_)) => faults.add(
                &alias.node.at,
                "a person stands where an address belongs",
                "write an e-mail address or user:ID",
            ),
            None => {}
        }
    }
    keys.end(faults);
    if person.email.is_none() && person.at.is_empty() {
        let instead = "write email = \"…\", or at = { connection = \"…\" }";
        faults.add(&node.at, "this person has no address", instead);
    }
    person
}

fn email(node: &Node, faults: &mut Faults<'_>) -> Option<EmailAddress> {
    let read = EmailAddress::new(node.text("an e-mail address", faults)?);
    read.map_err(|error| faults.add(&node.at, error.to_string(), "write an e-mail address")).ok()
}
