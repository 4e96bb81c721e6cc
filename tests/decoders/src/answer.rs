//! Answers of both providers.

use crate::account::{About, call, pandadoc, paradigm};
use crate::rig::Rig;
use std::sync::OnceLock;
use workspace_members_core::{Effect, Error, Operation, WorkspaceId, WorkspaceMembers};
use workspace_members_pandadoc::Reach;
use workspace_members_paradigm::Level;

/// The key in use; it must come back in nothing.
const CANARY: &str = "canary-3f9a61";

/// Statuses worth their own branch anywhere.
const STATUSES: &[u16] = &[200, 201, 204, 400, 401, 403, 404, 405, 409, 422, 429, 301, 500, 503, 600];

pub(crate) const WORDS: &[&str] = &[
    "canary-3f9a61",
    "null",
    "true",
    "[",
    "]",
    "{",
    "}",
    "\"",
    ",",
    ":",
    "1e999",
    "-1",
    "18446744073709551616",
    "\\u0000",
    "\\ud800",
    "\u{1b}[2J",
    "<html>",
    "\"id\":",
    "\"role\":",
    "\"email\":",
    "\"results\":",
    "\"detail\":",
    "\"user_id\":",
    "\"next\":",
    "\"total\":",
];

/// Paradigm at each level with every inferred operation, PandaDoc at each reach.
fn adapters() -> &'static [Box<dyn WorkspaceMembers>] {
    static ADAPTERS: OnceLock<Vec<Box<dyn WorkspaceMembers>>> = OnceLock::new();
    ADAPTERS.get_or_init(|| {
        let Rig { base, transport, .. } = Rig::get();
        let levels = [Level::Owner, Level::Company, Level::Instance];
        let reaches = [Reach::Organization, Reach::Workspace(WorkspaceId::from(7))];
        let paradigm = levels.into_iter().map(|level| paradigm(base, CANARY, transport, level));
        let pandadoc = reaches.into_iter().map(|reach| pandadoc(base, CANARY, transport, reach));
        paradigm.chain(pandadoc).collect()
    })
}

/// An answer of either provider to any operation. The first byte chooses the adapter, the second the operation, the third
/// the status, each counted from the digit 0 and beginning anew after the last; the rest is the body.
pub fn answer(data: &[u8]) {
    let [adapter, operation, status, body @ ..] = data else { return };
    let chosen = |byte: &u8, of: usize| usize::from(byte.wrapping_sub(b'0')) % of;
    let adapter = &adapters()[chosen(adapter, adapters().len())];
    let operation = Operation::ALL[chosen(operation, Operation::ALL.len())];
    let status = STATUSES[chosen(status, STATUSES.len())];
    let rig = Rig::get();
    let _turn = rig.answering(status, body);
    let about = About::usual(body.len() % 2 == 0);
    let Err(error) = rig.run(call(&**adapter, operation, about)) else {
        assert!(status < 300 || status == 404, "{operation} took {status} for a success");
        return;
    };
    check(&error, operation, status);
}

fn check(error: &Error, operation: Operation, status: u16) {
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(CANARY), "the key is shown: {shown}");
    assert!(!error.to_string().chars().any(char::is_control), "control characters in {shown}");
    assert!(error.provider_message().is_none_or(|text| text.chars().count() <= 500), "too long: {shown}");
    if error.status().is_none() {
        return;
    }
    // Sent and answered: a write that may have happened must say so, and one that was refused must not.
    let lost = matches!(error.effect(), Effect::Unknown);
    match status {
        200..=299 if operation.is_write() => {
            assert!(lost, "a success that cannot be read is unknown: {shown}");
        }
        400..=499 if status != 408 => assert!(!lost, "a refusal is not unknown: {shown}"),
        500..=599 if operation.is_write() => {
            assert!(lost, "a write that ended in {status} is unknown: {shown}");
        }
        _ => {}
    }
}
