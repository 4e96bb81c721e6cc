//! What PandaDoc's refusals mean, operation by operation. Only the words tell them apart, so they are one table.

use crate::config::Reach;
use crate::wire;
use serde_json::Value;
use std::time::Duration;
use workspace_members_core::{Effect, Error, ErrorKind, Operation, Protection, Resource};
use workspace_members_http::{Answer, MAX_WORDS};

/// The longest wait that is believed, as for `Retry-After`.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Where PandaDoc speaks to people: `detail`, which developers.pandadoc.com/reference/erroneous-request (read 2026-11-21)
/// calls `details`, and `info_message` where that is missing.
pub(crate) const MESSAGE_FIELDS: &[&str] = &["detail", "details", "error", "message", "info_message"];

const INVALID: &str = "the provider finds the request invalid";

/// A message of status 400: in which field it stands (none for a bare text), how it begins once folded, what it means.
type Message = (Option<&'static str>, &'static str, fn() -> Error);

/// Where an answer holds several messages, the first row that any of them fits decides.
///
/// Source: PandaDoc's OpenAPI description 8.8.0, the answers of addMember, removeMember, changeMemberRole and createUser
/// (read 2026-11-21). Punctuation and case vary within it, so both are folded before comparing.
const MESSAGES: &[Message] = &[
    (Some("user_id"), "member already exists", || {
        rejected(ErrorKind::AlreadyMember, "they are a member of the workspace already")
    }),
    (Some("user_id"), "user doesn't exist", || {
        Error::not_found("the user does not exist in the organization", &[Resource::User])
    }),
    (Some("role"), "this field is required", || {
        rejected(ErrorKind::Rejected, "the provider misses the role in the request")
    }),
    (Some("role"), "", || rejected(ErrorKind::InvalidRole, "the provider does not know this role here")),
    (Some("license"), "unable to add more licenses", || {
        rejected(ErrorKind::SeatLimit, "no licence is free, and none can be added")
    }),
    (None, "owner can not be removed", || {
        Error::protected("the owner of the workspace cannot be removed", Protection::ProviderOwner)
    }),
    (None, "cannot change the role of the workspace owner", || {
        Error::protected("the role of the workspace's owner cannot be changed", Protection::ProviderOwner)
    }),
    (None, "cannot change the role of the last member with admin privileges", || {
        Error::protected("this is the last administrator of the workspace", Protection::LastOwner)
    }),
];

fn rejected(kind: ErrorKind, message: &str) -> Error {
    Error::new(kind, Effect::Rejected, message)
}

/// Classifies an answer that means something of its own for the operation; `None` for what means the same everywhere.
pub(crate) fn classify(answer: &Answer, reach: &Reach) -> Option<Error> {
    let operation = answer.operation;
    match answer.status {
        400 => Some(bad_request(answer)),
        404 => Some(not_found(operation)),
        403 => Some(rejected(ErrorKind::Forbidden, missing_right(operation, reach))),
        _ => None,
    }
}

fn bad_request(answer: &Answer) -> Error {
    if answer.body.len() > MAX_WORDS {
        return rejected(ErrorKind::Rejected, INVALID);
    }
    let failure = match serde_json::from_slice::<wire::Failure>(&answer.body) {
        Ok(failure) => failure,
        Err(error) if error.is_data() => wire::Failure::default(),
        // A body that was cut off may have said "already a member": it was refused, and asking again may say why.
        Err(_) => {
            let message = "the provider finds the request invalid, and its reasons cannot be read";
            return Error::new(ErrorKind::UnexpectedResponse, Effect::NotApplied, message);
        }
    };
    let said: Vec<(Option<&str>, String)> = [&failure.detail, &failure.details]
        .into_iter()
        .flat_map(messages)
        .map(|(field, text)| (field, fold(text)))
        .collect();
    // By the table's order and not by the answer's: in which order a map comes depends on a feature that any crate of
    // the program may turn on.
    let row = MESSAGES
        .iter()
        .find(|(of, start, _)| said.iter().any(|(field, text)| field == of && text.starts_with(start)));
    row.map_or_else(|| rejected(ErrorKind::Rejected, INVALID), |(_, _, error)| error())
}

/// Each text of `detail`, with the field it is about.
fn messages(detail: &Value) -> Vec<(Option<&str>, &str)> {
    match detail {
        Value::String(text) => vec![(None, text.as_str())],
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(field, texts)| match texts {
                Value::String(text) => vec![(Some(field.as_str()), text.as_str())],
                Value::Array(texts) => {
                    texts.iter().filter_map(Value::as_str).map(|text| (Some(field.as_str()), text)).collect()
                }
                _ => Vec::new(),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn fold(text: &str) -> String {
    text.trim().trim_end_matches('.').replace('\u{2019}', "'").to_ascii_lowercase()
}

fn not_found(operation: Operation) -> Error {
    match operation {
        Operation::Add => Error::not_found(
            "the workspace or the user does not exist or is not visible",
            &[Resource::Workspace, Resource::User],
        ),
        Operation::SetRole | Operation::Remove => Error::not_found(
            "the workspace does not exist, or they are no member of it",
            &[Resource::Workspace, Resource::Member],
        ),
        Operation::Get => Error::not_found("the user does not exist or is not visible", &[Resource::User]),
        _ => Error::not_found("it does not exist or is not visible", &[]),
    }
}

fn missing_right(operation: Operation, reach: &Reach) -> &'static str {
    match operation {
        Operation::ListUsers | Operation::ListMembers | Operation::Get if *reach == Reach::Organization => {
            "the key's user is no organization administrator; with a workspace's key use reach workspace"
        }
        Operation::Add | Operation::SetRole | Operation::Remove => {
            "the key's user is administrator neither of the organization nor of this workspace"
        }
        _ => "the key's user may not do this",
    }
}

/// How long to wait after a 429: PandaDoc documents no `Retry-After`, but says "Expected available in 13 seconds." Seen at
/// zxscript.com and in github.com/patrickmarmion/PandaDoc-Pre-Migration-Document-Log, Errors/handler.js (read 2026-11-21).
pub(crate) fn wait(answer: &Answer) -> Option<Duration> {
    if answer.status != 429 || answer.retry_after.is_some() {
        return answer.retry_after;
    }
    let text = answer.message()?.to_ascii_lowercase();
    let (_, rest) = text.split_once("available in ")?;
    let seconds: u64 = rest.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}
