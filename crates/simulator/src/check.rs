//! Whether the parts of a hand-written state fit together.

use std::collections::HashSet;
use std::fmt::Display;
use std::hash::Hash;

use crate::pandadoc::PandaDocState;
use crate::paradigm::ParadigmState;

/// The first thing that does not fit: where it is, and what is wrong.
pub(crate) fn first_fault(of_paradigm: &ParadigmState, of_pandadoc: &PandaDocState) -> Result<(), String> {
    paradigm(of_paradigm).and_then(|()| pandadoc(of_pandadoc))
}

/// The largest id of Paradigm's database; the simulator counts on from the largest that is there.
const LAST_ID: u64 = i64::MAX as u64;

fn paradigm(state: &ParadigmState) -> Result<(), String> {
    let companies = ids("paradigm.companies", state.companies.iter().map(|company| company.id))?;
    let users = ids("paradigm.users", state.users.iter().map(|user| user.id))?;
    let groups = ids("paradigm.groups", state.groups.iter().map(|group| group.id))?;
    ids("paradigm.workspaces", state.workspaces.iter().map(|workspace| workspace.id))?;
    distinct_keys("paradigm.keys", state.keys.iter().map(|key| key.key.expose()))?;
    for (at, key) in state.keys.iter().enumerate() {
        known(&users, &key.user, "user", || format!("paradigm.keys[{at}].user"))?;
    }
    for (at, user) in state.users.iter().enumerate() {
        known(&companies, &user.company, "company", || format!("paradigm.users[{at}].company"))?;
    }
    for (at, group) in state.groups.iter().enumerate() {
        let place = format!("paradigm.groups[{at}]");
        known(&companies, &group.company, "company", || format!("{place}.company"))?;
        distinct(&format!("{place}.members"), group.members.iter().map(|member| member.user))?;
        for member in &group.members {
            known(&users, &member.user, "user", || format!("{place}.members"))?;
        }
    }
    for (at, workspace) in state.workspaces.iter().enumerate() {
        let place = format!("paradigm.workspaces[{at}]");
        known(&companies, &workspace.company, "company", || format!("{place}.company"))?;
        for (name, grants, ids) in
            [("users", &workspace.users, &users), ("groups", &workspace.groups, &groups)]
        {
            distinct(&format!("{place}.{name}"), grants.iter().map(|grant| grant.id))?;
            for grant in grants {
                known(ids, &grant.id, name.trim_end_matches('s'), || format!("{place}.{name}"))?;
            }
        }
    }
    Ok(())
}

fn pandadoc(state: &PandaDocState) -> Result<(), String> {
    let users = distinct("pandadoc.users", state.users.iter().map(|user| user.user_id.as_str()))?;
    let workspaces =
        distinct("pandadoc.workspaces", state.workspaces.iter().map(|workspace| workspace.id.as_str()))?;
    distinct("pandadoc.memberships", state.memberships.iter().map(|member| member.membership_id.as_str()))?;
    distinct_keys("pandadoc.keys", state.keys.iter().map(|key| key.key.expose()))?;
    let access = state.oauth_tokens.iter().map(|token| token.access_token.expose());
    distinct_keys("pandadoc.oauth_tokens", access)?;
    let bound = state
        .keys
        .iter()
        .map(|key| ("keys", &key.user_id, &key.workspace_id))
        .chain(state.oauth_tokens.iter().map(|token| ("oauth_tokens", &token.user_id, &token.workspace_id)))
        .chain(state.memberships.iter().map(|member| ("memberships", &member.user_id, &member.workspace_id)));
    for (list, user, workspace) in bound {
        known(&users, &user.as_str(), "user", || format!("pandadoc.{list}"))?;
        known(&workspaces, &workspace.as_str(), "workspace", || format!("pandadoc.{list}"))?;
    }
    for (at, workspace) in state.workspaces.iter().enumerate() {
        known(&users, &workspace.owner.as_str(), "user", || format!("pandadoc.workspaces[{at}].owner"))?;
    }
    for (at, user) in state.users.iter().enumerate() {
        if let Some(active) = &user.active_workspace {
            let place = || format!("pandadoc.users[{at}].active_workspace");
            known(&workspaces, &active.as_str(), "workspace", place)?;
        }
    }
    let live = state.memberships.iter().filter(|member| !member.removed);
    let pairs = live.map(|member| format!("user {} in workspace {}", member.user_id, member.workspace_id));
    distinct("pandadoc.memberships", pairs)?;
    Ok(())
}

/// Distinct ids of Paradigm's form.
fn ids(place: &str, ids: impl Iterator<Item = u64>) -> Result<HashSet<u64>, String> {
    let ids = distinct(place, ids)?;
    match ids.iter().find(|id| **id > LAST_ID) {
        Some(id) => Err(format!("{place}: {id} is larger than {LAST_ID}, the largest id")),
        None => Ok(ids),
    }
}

fn distinct<T: Hash + Eq + Clone + Display>(
    place: &str,
    ids: impl Iterator<Item = T>,
) -> Result<HashSet<T>, String> {
    let mut seen = HashSet::new();
    for id in ids {
        if !seen.insert(id.clone()) {
            return Err(format!("{place}: {id} is there twice"));
        }
    }
    Ok(seen)
}

/// As [`distinct`], without showing what is there twice.
fn distinct_keys<'a>(place: &str, keys: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for (at, key) in keys.enumerate() {
        if !seen.insert(key) {
            return Err(format!("{place}[{at}]: the same key as one before"));
        }
    }
    Ok(())
}

fn known<T: Hash + Eq + Display>(
    ids: &HashSet<T>,
    id: &T,
    what: &str,
    place: impl FnOnce() -> String,
) -> Result<(), String> {
    if ids.contains(id) { Ok(()) } else { Err(format!("{}: there is no {what} {id}", place())) }
}
