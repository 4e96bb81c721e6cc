//! What Clubhouse's own words mean; the rest means the same at every provider.

use workspace_members_core::{Effect, Error, ErrorKind, Protection, Resource};
use workspace_members_http::Answer;

pub(crate) fn classify(answer: &Answer) -> Option<Error> {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    Some(match body["error"].as_str()? {
        "no such club" => Error::not_found("the club does not exist", &[Resource::Workspace]),
        "no such person" => Error::not_found("the person does not exist", &[Resource::User]),
        "no seat" => Error::not_found("they are not in the club", &[Resource::Member]),
        "has a seat" => Error::new(ErrorKind::AlreadyMember, Effect::Rejected, "they have a seat"),
        "last host" => Error::protected("a club keeps its last host", Protection::LastOwner),
        _ => return None,
    })
}
