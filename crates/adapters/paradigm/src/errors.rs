//! What Paradigm's refusals mean, operation by operation.

use crate::config::Level;
use workspace_members_core::{Effect, Error, ErrorKind, Operation, PrincipalKind, Protection, Resource};
use workspace_members_http::Answer;

/// Classifies an answer that means something of its own for the operation; `None` for what means the same everywhere.
/// `about` is which kind of principal a write was about.
pub(crate) fn classify(answer: &Answer, level: Level, about: Option<PrincipalKind>) -> Option<Error> {
    use Operation::{Add, Get, ListMembers, ListUsers, Remove};
    let (who, resource) = match about {
        Some(PrincipalKind::Group) => ("group", Resource::Group),
        _ => ("user", Resource::User),
    };
    let rejected = |kind, message: &str| Error::new(kind, Effect::Rejected, message);
    Some(match (answer.operation, answer.status) {
        // Documented for groups without its status
        // (docs.lighton.ai/api-reference-v3/workspaces/remove-a-group-from-a-custom-workspace, read 2026-11-21), inferred
        // for users: only the words tell.
        (Remove, 400 | 403 | 409 | 422) if says_last_owner(answer) => {
            Error::protected("this is the only remaining owner of the workspace", Protection::LastOwner)
        }
        (ListUsers, 403) => rejected(
            ErrorKind::Forbidden,
            "the key's user may not list users, which takes a company administrator; name people by user:ID instead",
        ),
        (ListMembers | Get | Add | Remove, 403) => rejected(ErrorKind::Forbidden, missing_right(level)),
        (ListMembers | Get, 404) => Error::not_found(
            "the workspace does not exist or is not visible at this level",
            &[Resource::Workspace],
        ),
        (Add, 404) => Error::not_found(
            format!("the workspace or the {who} does not exist or is not visible at this level"),
            &[Resource::Workspace, resource],
        ),
        (Remove, 404) => Error::not_found(
            format!("the workspace or the {who} does not exist, or they are no member of it"),
            &[Resource::Workspace, resource, Resource::Member],
        ),
        (Add, 409) => rejected(ErrorKind::AlreadyMember, "they are a member of the workspace already"),
        (Add, 400 | 422) => rejected(
            ErrorKind::Rejected,
            "the provider finds the request invalid; members can be added to custom workspaces only",
        ),
        _ => return None,
    })
}

fn missing_right(level: Level) -> &'static str {
    match level {
        Level::Owner => {
            "the key's user does not own this workspace; administrators use level company or instance"
        }
        Level::Company => "the key's user is no company administrator",
        Level::Instance => "the key's user is no instance administrator",
    }
}

/// Whether the words are about the last owner, and not about a right that only owners have.
fn says_last_owner(answer: &Answer) -> bool {
    const LAST: [&[&str]; 4] =
        [&["last", "owner"], &["remaining", "owner"], &["sole", "owner"], &["at", "least", "one", "owner"]];
    let Some(text) = answer.message().map(|text| text.to_ascii_lowercase()) else { return false };
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !matches!(*word, "" | "workspace"))
        .collect();
    let says = |phrase: &[&str]| words.windows(phrase.len()).any(|window| window == phrase);
    // "Only owner may do this" is how a right is denied.
    LAST.into_iter().any(says) || (answer.status != 403 && says(&["only", "owner"]))
}
