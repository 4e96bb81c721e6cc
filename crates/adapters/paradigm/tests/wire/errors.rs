//! What a refusal means.

use super::{FIRST, Row, calls, paradigm};
use serde_json::{Value, json};
use workspace_members_core::{Effect, ErrorKind, Operation, PrincipalId, Protection, Resource, Role};
use workspace_members_paradigm::Level;
use workspace_members_tests::{Call, Expected, Reply, STATUSES, Server, member};

/// Error bodies as both generations write them, and what of each is the provider's own words.
fn bodies() -> Vec<(Reply, Option<&'static str>)> {
    let json = |body: Value| Reply::json(400, body);
    let envelope = json!({
        "id": null, "code": 422, "error": "validation_error", "detail": "Bad.", "doc_url": "https://x.example",
        "fields": {"role": [{"error": "required", "detail": "Required."}]},
    });
    vec![
        (Reply::empty(400), None),
        (json(json!({"detail": "No."})), Some("No.")),
        (json(json!({"error": "No."})), Some("No.")),
        (json(json!({"role": ["Not a choice."]})), Some("role: Not a choice.")),
        (json(json!({"a": ["One.", "Two."]})), Some("a: One.; a: Two.")),
        (json(envelope), Some("Bad.; detail: Required.; error: required")),
        (
            json(json!({"error": "service_maintenance", "detail": "Back at noon.", "mode": "full_shutdown"})),
            Some("Back at noon."),
        ),
        (json(json!({"detail": {"message": "Nested."}})), Some("message: Nested.")),
        (json(json!(["Bare."])), Some("Bare.")),
        (json(json!({"detail": "\u{1b}[31mred\r\n"})), Some(" [31mred  ")),
        (json(json!(null)), None),
        (json(json!(7)), None),
        (Reply::text(400, "text/html", "<html><h1>Bad gateway</h1>"), None),
        (Reply::text(400, "text/plain", "no such luck"), None),
        (Reply::text(400, "application/json", "{\"detail\": \"cut"), None),
        (Reply::text(400, "application/json", b"\xff\xfe".as_slice()), None),
    ]
}

/// What a status means for an operation.
fn meaning(call: &Call, status: u16) -> Expected {
    use Resource::{Group, Member, User, Workspace};
    let who = |key: &PrincipalId| if matches!(key, PrincipalId::User(_)) { User } else { Group };
    let expected = match (status, call) {
        (401, _) => Expected::refused(ErrorKind::Unauthenticated),
        (403, _) => Expected::refused(ErrorKind::Forbidden),
        (404, Call::Members(..) | Call::Get(..)) => Expected::missing(&[Workspace]),
        (404, Call::Add(add)) => Expected::missing(&[Workspace, who(&add.principal)]),
        (404, Call::Remove(remove)) => Expected::missing(&[Workspace, who(&remove.key.principal), Member]),
        (404, _) => Expected::missing(&[]),
        (409, Call::Add(_)) => Expected::refused(ErrorKind::AlreadyMember),
        _ => Expected::at_any_provider(status, call.operation()),
    };
    expected.status(status)
}

#[tokio::test]
async fn every_status_with_every_body_means_what_it_means_for_the_operation() {
    let server = Server::adjustable().await;
    let paradigm = paradigm(&server.url(), |config| config);
    let mut runs = 0;
    for Row(name, call, method, ..) in calls() {
        if method.is_empty() {
            continue;
        }
        for status in STATUSES {
            for (at, (reply, says)) in bodies().into_iter().enumerate() {
                server.answer(reply.with_status(status));
                let error = call.run(&paradigm).await.unwrap_err();
                let mut expected = meaning(&call, status);
                if let Some(words) = says {
                    expected = expected.says(words);
                }
                expected.check(&error, call.operation(), "paradigm", &format!("{name}, {status}, body {at}"));
                assert_eq!(server.requests().len(), 1, "{name}, {status}: never a second attempt");
                runs += 1;
            }
        }
    }
    println!("{runs} answers classified");
}

#[tokio::test]
async fn waits_and_request_ids_are_read_from_the_headers() {
    let server = Server::adjustable().await;
    let paradigm = paradigm(&server.url(), |config| config);
    for status in [429, 503] {
        let reply = Reply::json(status, json!({"detail": "Request was throttled."}));
        server.answer(reply.with_header("Retry-After", "13").with_header("X-Request-Id", "r-1"));
        let call = Call::add("42", "user:7", Role::Viewer);
        let error = call.run(&paradigm).await.unwrap_err();
        let expected = meaning(&call, status).wait(13).says("Request was throttled.");
        expected.check(&error, Operation::Add, "paradigm", "wait");
        assert_eq!(error.request_id(), Some("r-1"));
    }
}

#[tokio::test]
async fn the_last_owner_is_told_by_the_words_alone() {
    let server = Server::adjustable().await;
    let paradigm = paradigm(&server.url(), |config| config);
    for who in ["user:7", "group:7"] {
        let call = Call::remove(member("42", who, None));
        for status in [400, 403, 409, 422] {
            for words in [
                "Cannot remove the only remaining owner group.",
                "You cannot remove the last OWNER of the workspace",
                "At least one owner must remain: only one is left",
            ] {
                let bodies =
                    [json!({"detail": words}), json!({"non_field_errors": [words]}), json!({"error": words})];
                for body in bodies {
                    server.answer(Reply::json(status, body.clone()));
                    let error = call.run(&paradigm).await.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Protected, "{status} {body}");
                    assert_eq!(error.protection(), Some(Protection::LastOwner));
                    assert_eq!((error.effect(), error.status()), (Effect::Rejected, Some(status)));
                }
            }
            let denied = [
                "Only custom workspaces can be changed.",
                "You must be an owner.",
                "Last call.",
                "Only workspace owners can remove members.",
                "The owner was last seen today; only then it changed.",
            ];
            // Of a right that is denied, and of nothing else.
            let only = ["Only owner may remove members.", "This action takes the only owner."];
            for words in denied.into_iter().chain(only.into_iter().filter(|_| status == 403)) {
                server.answer(Reply::json(status, json!({"detail": words})));
                let error = call.run(&paradigm).await.unwrap_err();
                assert_ne!(error.kind(), ErrorKind::Protected, "{status} {words}");
            }
        }
    }
}

#[tokio::test]
async fn missing_rights_are_named() {
    let server = Server::adjustable().await;
    let removal = || Call::remove(member("42", "user:7", None));
    for (level, call, words) in [
        (Level::Owner, Call::Users(FIRST()), "takes a company administrator; name people by user:ID"),
        (Level::Owner, Call::list("42"), "does not own this workspace; administrators use level company"),
        (Level::Owner, Call::add("42", "user:7", Role::Viewer), "does not own this workspace"),
        (Level::Owner, removal(), "does not own this workspace"),
        (Level::Company, Call::list("42"), "no company administrator"),
        (Level::Instance, removal(), "no instance administrator"),
    ] {
        let paradigm = paradigm(&server.url(), |config| config.with_level(level));
        server.answer(Reply::empty(403));
        let error = call.run(&paradigm).await.unwrap_err();
        let expected = Expected::refused(ErrorKind::Forbidden).status(403);
        expected.check(&error, call.operation(), "paradigm", words);
        assert!(error.message().contains(words), "{error}");
    }
}
