//! The answers that everybody is measured on: shaped and sized as the providers' own, made up, and always the same.

use bytes::Bytes;
use std::fmt::Write as _;

/// The most records that one of PandaDoc's pages of users holds.
pub const PANDADOC_PAGE: usize = 50;

/// The workspace of every member of the made-up PandaDoc organization.
pub const PANDADOC_WORKSPACE: &str = "fERpqZdFaF9dHVAeVxPFaV";

/// The user who is added, at Paradigm. Every list has them, as a viewer.
pub const PARADIGM_USER: u64 = 5;

/// The user who is added, at PandaDoc.
pub const PANDADOC_USER: &str = "ajnN7eGutJZsRKjQrNuPkh";

/// What a successful addition at PandaDoc answers.
pub const PANDADOC_ADDED: &str = r#"{"member_id":"iMymdDd9XFD3HyxP5VD67Q","workspace_id":"fERpqZdFaF9dHVAeVxPFaV","role":"Member","email":"camille.laurent@example.com","first_name":"Camille","last_name":"Laurent"}"#;

const FIRST: [&str; 8] =
    ["Camille", "Dorian", "Aiko", "Am\u{e9}lie", "Gustavo", "Hanna", "Siobh\u{e1}n", "Wei"];
const LAST: [&str; 7] = ["Laurent", "Petit", "Tanaka", "Lindqvist", "Okafor", "O'Neill", "Zhang"];

/// What Paradigm answers to listing a workspace of so many users, and to adding one to it.
pub fn paradigm_members(count: usize) -> Bytes {
    const ROLES: [&str; 3] = ["owner", "editor", "viewer"];
    let mut text = String::from(r#"{"users":["#);
    for id in 1..=count {
        let comma = if id == 1 { "" } else { "," };
        let (name, role) = (LAST[id % LAST.len()].to_lowercase().replace('\'', ""), ROLES[id % 3]);
        let record = format!(r#"{{"id":{id},"email":"{name}.{id}@example.com","role":"{role}"}}"#);
        text.push_str(comma);
        text.push_str(&record);
    }
    text.push_str(r#"],"groups":[]}"#);
    text.into()
}

/// 22 letters and digits, as PandaDoc's ids are.
fn id(kind: char, number: usize) -> String {
    format!("{kind}{number:06}jnN7eGutJZsRKjQ")
}

/// One page of the users of a PandaDoc organization of so many people, each in one workspace.
pub fn pandadoc_users(count: usize, page: usize) -> Bytes {
    const ROLES: [&str; 4] = ["Admin", "Manager", "Member", "Collaborator"];
    let from = (page - 1) * PANDADOC_PAGE;
    let mut text = format!(r#"{{"total":{count},"results":["#);
    for number in from..count.min(from + PANDADOC_PAGE) {
        if number > from {
            text.push(',');
        }
        let (first, last) = (FIRST[number % FIRST.len()], LAST[number % LAST.len()]);
        let role = ROLES[number % 4];
        // Writing to a `String` does not fail.
        _ = write!(
            text,
            r#"{{"user_id":"{}","email":"user.{number}@example.com","first_name":"{first}","last_name":"{last}","phone_number":"+14842634627","license":"Full","is_organization_owner":false,"emails_verified":true,"workspaces":[{{"role":"{role}","workspace_id":"{PANDADOC_WORKSPACE}","membership_id":"{}"}}]}}"#,
            id('u', number),
            id('m', number),
        );
    }
    text.push_str("]}");
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_answers_are_what_they_say() {
        let paradigm: Value = serde_json::from_slice(&paradigm_members(10)).unwrap();
        assert_eq!(paradigm["users"].as_array().unwrap().len(), 10);
        assert_eq!(paradigm["users"][4]["id"], PARADIGM_USER);
        assert_eq!(paradigm["users"][4]["role"], "viewer");
        let last: Value = serde_json::from_slice(&pandadoc_users(120, 3)).unwrap();
        assert_eq!((last["results"].as_array().unwrap().len(), &last["total"]), (20, &Value::from(120)));
        assert_eq!(last["results"][0]["user_id"].as_str().unwrap().len(), PANDADOC_USER.len());
    }
}
