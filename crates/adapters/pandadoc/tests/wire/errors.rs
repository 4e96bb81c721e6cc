//! What a refusal means.

use super::{FIRST, Row, calls, pandadoc};
use serde_json::{Value, json};
use workspace_members_core::{Effect, ErrorKind, Operation, Protection, Resource, Role};
use workspace_members_tests::{Call, Expected, Reply, STATUSES, Server, member};

/// Bodies whose words have no meaning of their own, and what of each is the provider's own words.
fn bodies() -> Vec<(Reply, Option<&'static str>)> {
    let json = |body: Value| Reply::json(400, body);
    let denied = "You do not have permission to perform this action.";
    vec![
        (Reply::empty(400), None),
        (json(json!({"type": "request_error", "detail": "Not found"})), Some("Not found")),
        (
            json(json!({"type": "authentication_error", "detail": "Credentials were not provided."})),
            Some("Credentials were not provided."),
        ),
        (json(json!({"type": "permission_error", "detail": denied})), Some(denied)),
        (
            json(
                json!({"type": "permissions_error", "detail": {"message": denied}, "info_message": "Outside.",
                "links": [{"rel": "status", "href": "https://x.example", "type": "POST"}]}),
            ),
            Some("message: You do not have permission to perform this action."),
        ),
        (
            json(json!({"type": "permissions_error", "info_message": "Outside of your organization"})),
            Some("Outside of your organization"),
        ),
        (
            json(json!({"type": "request_error", "details": {"non_field_errors": ["Both."]}})),
            Some("non_field_errors: Both."),
        ),
        (
            json(json!({"type": "validation_error", "detail": {"name": ["Too long."]}})),
            Some("name: Too long."),
        ),
        (
            json(json!({"type": "request_error", "detail": {"count": "A valid integer is required."}})),
            Some("count: A valid integer is required."),
        ),
        (json(json!({"type": "request_error", "detail": "\u{9b}2J\u{7}beep"})), Some(" 2J beep")),
        (json(json!({"type": "request_error"})), Some("type: request_error")),
        (json(json!({"code": "x", "details": []})), None),
        (json(json!({"error": "invalid_grant"})), Some("invalid_grant")),
        (json(json!(null)), None),
        (json(json!({"detail": null})), None),
        (json(json!({"detail": 7})), None),
        (Reply::text(400, "text/html", "<html><h1>Bad gateway</h1>"), None),
        (Reply::text(400, "text/plain", "upstream connect error"), None),
        (Reply::text(400, "application/json", "{\"type\": "), None),
    ]
}

/// What a status means for an operation.
fn meaning(call: &Call, status: u16) -> Expected {
    use Resource::{Member, User, Workspace};
    let expected = match (status, call) {
        (401, _) => Expected::refused(ErrorKind::Unauthenticated),
        (403, _) => Expected::refused(ErrorKind::Forbidden),
        (404, Call::Add(_)) => Expected::missing(&[Workspace, User]),
        (404, Call::SetRole(_) | Call::Remove(_)) => Expected::missing(&[Workspace, Member]),
        (404, Call::Get(..)) => Expected::missing(&[User]),
        (404, _) => Expected::missing(&[]),
        _ => Expected::at_any_provider(status, call.operation()),
    };
    expected.status(status)
}

#[tokio::test]
async fn every_status_with_every_body_means_what_it_means_for_the_operation() {
    let server = Server::adjustable().await;
    let pandadoc = pandadoc(&server.url(), |config| config);
    let mut runs = 0;
    for Row(name, call, method, ..) in calls() {
        if method.is_empty() {
            continue;
        }
        for status in STATUSES {
            for (at, (reply, says)) in bodies().into_iter().enumerate() {
                // What a refused request was refused for cannot be read, so it may be asked again.
                let mut expected = if status == 400 && !reply.is_json() {
                    Expected::new(ErrorKind::UnexpectedResponse, Effect::NotApplied).status(status)
                } else {
                    meaning(&call, status)
                };
                server.answer(reply.with_status(status));
                let error = call.run(&pandadoc).await.unwrap_err();
                if let Some(words) = says {
                    expected = expected.says(words);
                }
                expected.check(&error, call.operation(), "pandadoc", &format!("{name}, {status}, body {at}"));
                assert_eq!(server.requests().len(), 1, "{name}, {status}: never a second attempt");
                runs += 1;
            }
        }
    }
    println!("{runs} answers classified");
}

#[tokio::test]
async fn each_documented_message_of_a_400_has_its_meaning() {
    let server = Server::adjustable().await;
    let pandadoc = pandadoc(&server.url(), |config| config);
    let key = || member("W1", "user:u1", Some("m1"));
    let (add, set_role, remove) =
        (Call::add("W1", "user:u1", Role::Viewer), Call::set_role(key(), Role::Viewer), Call::remove(key()));
    let no_such_role = "The role 'X' does not exist in the workspace with ID 'W1'. Please ensure the role is \
                        correctly defined and try again.";
    let all = json!({
        "user_id": ["User doesn't exist", "Member already exists", "This field is required"],
        "role": ["Role is not a valid choice", "This field is required"],
    });
    let kind = Expected::refused;
    let table = [
        (&add, json!({"user_id": ["Member already exists"]}), kind(ErrorKind::AlreadyMember)),
        (&add, json!({"user_id": ["User doesn't exist"]}), Expected::missing(&[Resource::User])),
        (&add, json!({"user_id": ["User doesn\u{2019}t exist."]}), Expected::missing(&[Resource::User])),
        (&add, json!({"user_id": ["This field is required"]}), kind(ErrorKind::Rejected)),
        (&add, json!({"role": ["Role is not a valid choice"]}), kind(ErrorKind::InvalidRole)),
        (&add, json!({"role": ["This field is required"]}), kind(ErrorKind::Rejected)),
        (&add, json!({"license": ["Unable to add more licenses."]}), kind(ErrorKind::SeatLimit)),
        (&add, json!({"email": ["Member already exists"]}), kind(ErrorKind::Rejected)),
        // Several at once, in whatever order they come.
        (&add, all, kind(ErrorKind::AlreadyMember)),
        (
            &add,
            json!({"role": ["Role is not a valid choice"], "user_id": ["User doesn't exist"]}),
            Expected::missing(&[Resource::User]),
        ),
        (&set_role, json!({"role": [no_such_role]}), kind(ErrorKind::InvalidRole)),
        (
            &set_role,
            json!("Cannot change the role of the workspace owner."),
            Expected::protected(Protection::ProviderOwner),
        ),
        (
            &set_role,
            json!("Cannot change the role of the last member with admin privileges."),
            Expected::protected(Protection::LastOwner),
        ),
        (&remove, json!("Owner can not be removed."), Expected::protected(Protection::ProviderOwner)),
        (&remove, json!("Something else."), kind(ErrorKind::Rejected)),
    ];
    let mut runs = 0;
    for (call, detail, expected) in table {
        for upper in [false, true] {
            for name in ["detail", "details"] {
                let detail = if upper { shouted(&detail) } else { detail.clone() };
                let body = json!({"type": "request_error", name: detail});
                server.answer(Reply::json(400, body.clone()));
                let error = call.run(&pandadoc).await.unwrap_err();
                let words = error.provider_message().unwrap_or_default().to_owned();
                let expected = expected.clone().status(400).says(&words);
                expected.check(&error, call.operation(), "pandadoc", &body.to_string());
                assert!(!words.is_empty(), "the provider's own words are kept");
                runs += 1;
            }
        }
    }
    // Both fields at once is a body too.
    server
        .answer(Reply::json(400, json!({"detail": null, "details": {"user_id": ["Member already exists"]}})));
    assert_eq!(add.run(&pandadoc).await.unwrap_err().kind(), ErrorKind::AlreadyMember);
    println!("{runs} messages classified");
}

/// The same texts in capitals and with a full stop.
fn shouted(detail: &Value) -> Value {
    match detail {
        Value::String(text) => format!("{}.", text.to_uppercase().trim_end_matches('.')).into(),
        Value::Array(items) => items.iter().map(shouted).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shouted(value))).collect(),
        other => other.clone(),
    }
}

#[tokio::test]
async fn how_long_to_wait_is_in_the_header_or_in_the_words() {
    let server = Server::adjustable().await;
    let pandadoc = pandadoc(&server.url(), |config| config);
    let call = Call::add("W1", "user:u1", Role::Viewer);
    for (words, header, seconds) in [
        ("Request was throttled. Expected available in 13 seconds.", None, Some(13)),
        ("Request was throttled. Expected available in 1 second.", None, Some(1)),
        ("Request was throttled. Expected available in 13 seconds.", Some("4"), Some(4)),
        ("Request was throttled.", None, None),
        ("Expected available in a while.", None, None),
        ("Expected available in", None, None),
        ("Expected available in 18446744073709551615 seconds.", None, Some(86_400)),
        ("Expected available in 99999999999999999999 seconds.", None, None),
        ("Expected available in -5 seconds.", None, None),
    ] {
        for kind in ["throttled", "request_error"] {
            let reply = Reply::json(429, json!({"type": kind, "detail": words}));
            server.answer(match header {
                Some(value) => reply.with_header("Retry-After", value),
                None => reply,
            });
            let error = call.run(&pandadoc).await.unwrap_err();
            let expected = Expected::new(ErrorKind::RateLimited, Effect::NotApplied).status(429).says(words);
            let expected = if let Some(seconds) = seconds { expected.wait(seconds) } else { expected };
            expected.check(&error, Operation::Add, "pandadoc", words);
        }
    }
}

#[tokio::test]
async fn missing_rights_are_named() {
    let server = Server::adjustable().await;
    let pandadoc = pandadoc(&server.url(), |config| config);
    for (call, words) in [
        (Call::Users(FIRST()), "no organization administrator; with a workspace's key use reach workspace"),
        (Call::list("W1"), "no organization administrator"),
        (Call::get("W1", "user:u1"), "no organization administrator"),
        (Call::add("W1", "user:u1", Role::Viewer), "neither of the organization nor of this workspace"),
        (Call::remove(member("W1", "user:u1", Some("m1"))), "neither of the organization nor"),
        (Call::Me, "may not do this"),
    ] {
        server.answer(Reply::empty(403));
        let error = call.run(&pandadoc).await.unwrap_err();
        let expected = Expected::refused(ErrorKind::Forbidden).status(403);
        expected.check(&error, call.operation(), "pandadoc", words);
        assert!(error.message().contains(words), "{error}");
    }
}
