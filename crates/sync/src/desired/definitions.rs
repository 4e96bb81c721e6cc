//! What a file defines once for all its workspaces: people and teams.

use super::entry::is_name;
use super::file::{field, fields, list, parsed, text};
use super::source::{Faults, Field, Node, Value};
use super::{Entry, People, Person};
use std::collections::BTreeMap;
use workspace_members_core::{EmailAddress, Who};

/// The people and teams of a file.
#[derive(Default)]
pub(super) struct Definitions {
    pub(super) people: People,
    teams: BTreeMap<String, Vec<Entry>>,
}

fn named<'n>(node: &'n Node, what: &str, faults: &mut Faults<'_>) -> Vec<&'n Field> {
    let Value::Table(fields) = &node.value else {
        faults.add(&node.at, format!("{} stands where a table belongs", node.kind()), "write a table");
        return Vec::new();
    };
    for field in fields.iter().filter(|field| !is_name(&field.key)) {
        let problem = format!("{:?} cannot be the name of a {what}", field.key);
        faults.add(&field.at, problem, "use letters, digits, '-', '_' and '.'");
    }
    fields.iter().filter(|field| is_name(&field.key)).collect()
}

impl Definitions {
    /// Reads the tables `people` and `teams`, where they are.
    pub(super) fn read(root: &[Field], faults: &mut Faults<'_>) -> Self {
        let people = field(root, "people").map(|node| people(node, faults)).unwrap_or_default();
        let teams = field(root, "teams").map(|node| teams(node, &people, faults)).unwrap_or_default();
        Self { people, teams }
    }
}

/// `ana = "ana@example.com"`, or a table with `email` and `at`.
fn people(node: &Node, faults: &mut Faults<'_>) -> People {
    let mut people = People::new();
    for field in named(node, "person", faults) {
        let person = match &field.node.value {
            Value::Text(_) => email(&field.node, faults).map(Person::new),
            _ => Some(person(&field.node, faults)),
        };
        people = people.with_person(field.key.clone(), person.unwrap_or_default());
    }
    people
}

fn person(node: &Node, faults: &mut Faults<'_>) -> Person {
    let fields = fields(node, &["email", "at"], faults);
    let mut person = Person::new(field(fields, "email").and_then(|node| email(node, faults)));
    if let Some(aliases) = field(fields, "at") {
        for alias in named(aliases, "connection or provider", faults) {
            match parsed::<Entry>(&alias.node, "an e-mail address or user:ID", faults) {
                Some(Entry::Who(who)) => person = person.with_alias(alias.key.clone(), PlainWho(who)),
                Some(Entry::Person(_)) => {
                    faults.add(
                        &alias.node.at,
                        "a person stands where an address belongs",
                        "write an e-mail address or user:ID",
                    );
                }
                None => {}
            }
        }
    }
    if person.email.is_none() && person.at.is_empty() {
        faults.add(
            &node.at,
            "this person has no address",
            "write email = \"…\", or at = { connection = \"…\" }",
        );
    }
    person
}

struct PlainWho(Who);

impl From<PlainWho> for Who {
    fn from(plain: PlainWho) -> Who {
        plain.0
    }
}

fn email(node: &Node, faults: &mut Faults<'_>) -> Option<EmailAddress> {
    match EmailAddress::new(text(node, "an e-mail address", faults)?) {
        Ok(email) => Some(email),
        Err(error) => {
            faults.add(&node.at, error.to_string(), "write an e-mail address");
            None
        }
    }
}

fn teams(node: &Node, people: &People, faults: &mut Faults<'_>) -> BTreeMap<String, Vec<Entry>> {
    let mut teams = BTreeMap::new();
    for field in named(node, "team", faults) {
        let mut members = Vec::new();
        for item in list(&field.node, "a list of people", faults) {
            if matches!(&item.value, Value::Text(text) if text.starts_with("team:")) {
                faults.add(&item.at, "a team cannot hold a team", "name its people");
            } else if let Some(entry) =
                parsed(item, "an e-mail address, user:ID, group:ID or person:NAME", faults)
            {
                check_person(&entry, people, item, faults);
                members.push(entry);
            }
        }
        teams.insert(field.key.clone(), members);
    }
    teams
}

fn check_person(entry: &Entry, people: &People, node: &Node, faults: &mut Faults<'_>) {
    if let Entry::Person(name) = entry
        && people.get(name).is_none()
    {
        let known: Vec<&str> = people.iter().map(|(name, _)| name).collect();
        let instead = if known.is_empty() {
            "define them in [people]".to_owned()
        } else {
            format!("define them in [people], which has {}", known.join(", "))
        };
        faults.add(&node.at, format!("no person is called {name:?}"), instead);
    }
}

/// One item of a list of people: an entry, or all those of a team.
pub(super) fn entries(
    node: &Node,
    definitions: &Definitions,
    faults: &mut Faults<'_>,
) -> Vec<(Entry, Option<String>)> {
    const INSTEAD: &str = "an e-mail address, user:ID, group:ID, person:NAME or team:NAME";
    if let Value::Text(text) = &node.value
        && let Some(name) = text.strip_prefix("team:")
    {
        if let Some(members) = definitions.teams.get(name) {
            return members.iter().map(|entry| (entry.clone(), Some(name.to_owned()))).collect();
        }
        let known: Vec<&str> = definitions.teams.keys().map(String::as_str).collect();
        let instead = format!(
            "define it in [teams], which has {}",
            if known.is_empty() { "none".into() } else { known.join(", ") }
        );
        faults.add(&node.at, format!("no team is called {name:?}"), instead);
        return Vec::new();
    }
    let Some(entry) = parsed::<Entry>(node, INSTEAD, faults) else { return Vec::new() };
    check_person(&entry, &definitions.people, node, faults);
    vec![(entry, None)]
}
