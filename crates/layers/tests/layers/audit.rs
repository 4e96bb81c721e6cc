//! Audit: no write without an intent before it and an outcome after it.

use crate::support::{Fault, Lines, Scripted, add, capabilities, invite, key, user, workspace};
use secrecy::SecretString;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use workspace_members_core::{
    Capability, Effect, ErrorKind, Notify, Operation, RemoveMember, Role, SetRole, WorkspaceMembers,
};
use workspace_members_layers::{
    Actor, Audit, AuditConfig, AuditSink, EmailKey, LayersConfig, Stack, StackBuilder,
};

fn stack() -> (Scripted, Arc<Lines>, Stack<Scripted>) {
    stack_with(|audit| audit)
}

fn stack_with(change: impl FnOnce(Audit) -> Audit) -> (Scripted, Arc<Lines>, Stack<Scripted>) {
    let (inner, lines) = (Scripted::new(capabilities()), Arc::<Lines>::default());
    let stack = Stack::new(inner.clone()).with_audit(change(Audit::new(lines.clone())));
    (inner, lines, stack)
}

/// Writes here, and asks nobody who acts.
fn unidentified(inner: &Scripted, sink: Arc<dyn AuditSink>) -> Stack<Scripted> {
    Stack::new(inner.clone()).with_audit(Audit::new(sink).with_identify(false))
}

#[tokio::test(start_paused = true)]
async fn both_lines_say_who_where_whom_and_what() {
    let (_, lines, audit) = stack_with(|audit| audit.with_actor(Actor::default().with_label("nightly")));
    let audit = audit.with_connection("legal");
    audit.add(&add(3, Role::Editor).with_notify(Notify::MEMBER)).await.unwrap();
    let from = audit.get(&workspace(), &user(3)).await.unwrap().unwrap().native_role;
    audit.set_role(&SetRole::new(key(3), Role::Viewer).with_from(Some(from))).await.unwrap();
    audit.remove(&RemoveMember::new(key(3))).await.unwrap();
    audit.remove(&RemoveMember::new(key(3))).await.unwrap_err();

    let values = lines.values();
    assert_eq!(values.len(), 8);
    for pair in values.chunks(2) {
        let [intent, outcome] = pair else { panic!("a line without its other") };
        assert_eq!((&intent["event"], &outcome["event"]), (&"intent".into(), &"outcome".into()));
        assert_eq!(intent["id"], outcome["id"]);
        assert_eq!(intent["id"].as_str().unwrap().len(), 32);
        for line in pair {
            assert_eq!(line["v"], 1);
            assert_eq!(line["actor"]["label"], "nightly");
            assert_eq!(line["actor"]["user"], "1");
            assert_eq!(line["actor"]["email"], "user1@example.com");
            assert_eq!(line["connection"], "legal");
            assert_eq!(line["provider"], "example");
            assert_eq!(line["endpoint"], "https://members.example:8443/api");
            assert_eq!(line["workspace"], "4");
            assert_eq!(line["principal"], "user:3");
            line["time"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        }
        assert_eq!(intent.get("effect"), None);
    }
    let ids: std::collections::HashSet<_> = values.iter().map(|line| line["id"].to_string()).collect();
    assert_eq!(ids.len(), 4);
    assert_eq!(values[0]["operation"], "add");
    assert_eq!((&values[0]["role"], &values[0]["native_role"]), (&"editor".into(), &"writer".into()));
    assert_eq!(values[0]["notify"], serde_json::json!(["member"]));
    assert_eq!(values[1]["effect"], "applied");
    assert_eq!(values[1]["email"], "user3@example.com");
    assert_eq!(values[1]["confirmed_role"], "writer");
    assert_eq!((&values[2]["from"], &values[2]["role"]), (&"writer".into(), &"viewer".into()));
    assert_eq!(values[5]["result"], "ok");
    assert_eq!((&values[7]["result"], &values[7]["effect"]), (&"error".into(), &"rejected".into()));
    assert_eq!(values[7]["kind"], "not_found");
}

#[tokio::test(start_paused = true)]
async fn writes_to_users_are_on_record() {
    let key = EmailKey::new(SecretString::from("a key of sufficient length")).unwrap();
    let (_, lines, audit) = stack_with(|audit| audit.with_email_key(key.clone()));
    audit.invite(&invite()).await.unwrap();
    audit.cancel_invitation(&8.into()).await.unwrap();
    audit.set_user_active(&3.into(), false).await.unwrap();
    audit.delete_user(&3.into()).await.unwrap();
    let values = lines.values();
    let operations: Vec<_> = values.iter().step_by(2).map(|line| line["operation"].clone()).collect();
    assert_eq!(operations, ["invite", "cancel_invitation", "set_user_active", "delete_user"]);
    assert!(values.iter().skip(1).step_by(2).all(|line| line["result"] == "ok"));
    assert_eq!(values[0]["invitee"], key.hide("new@example.com"));
    assert_eq!(values[0]["invited_to"], serde_json::json!([{"workspace": "4", "role": "viewer"}]));
    assert_eq!((&values[0]["workspace"], &values[0]["principal"]), (&Value::Null, &Value::Null));
    assert_eq!(values[1]["email"], key.hide("new@example.com"));
    assert_eq!(values[2]["invitation"], "8");
    assert_eq!((&values[4]["principal"], &values[4]["active"]), (&"user:3".into(), &false.into()));
    assert_eq!(values[6]["principal"], "user:3");
    assert!(!lines.text().contains('@'));
}

#[tokio::test(start_paused = true)]
async fn errors_carry_the_providers_request_id() {
    let (inner, lines, audit) = stack();
    audit.me().await.unwrap();
    _ = inner.faults([Fault::After(ErrorKind::Transport)]);
    audit.add(&add(3, Role::Editor)).await.unwrap_err();
    let outcome = &lines.values()[1];
    assert_eq!((&outcome["effect"], &outcome["kind"]), (&"unknown".into(), &"transport".into()));
    assert_eq!(outcome["request_id"], "req-1");
}

#[tokio::test(start_paused = true)]
async fn without_an_intent_nothing_is_sent() {
    let inner = Scripted::new(capabilities());
    let audit = unidentified(&inner, Lines::failing_after(0));
    for error in [
        audit.add(&add(3, Role::Editor)).await.unwrap_err(),
        audit.set_role(&SetRole::new(key(1), Role::Owner)).await.unwrap_err(),
        audit.remove(&RemoveMember::new(key(3))).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.effect()), (ErrorKind::RecordFailed, Effect::NotApplied));
        assert!(error.to_string().contains("the disk is full"), "{error}");
    }
    assert_eq!(inner.operations(), []);
    audit.get(&workspace(), &user(1)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_cannot_be_written_is_reported_with_what_happened() {
    let inner = Scripted::new(capabilities());
    let audit = unidentified(&inner, Lines::failing_after(1));
    let error = audit.add(&add(3, Role::Editor)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::RecordFailed, Effect::Partial));
    assert_eq!(error.done(), ["add user:3 in workspace 4"]);
    assert_eq!(inner.role_of(3).await.as_deref(), Some("writer"));

    let audit = unidentified(&inner, Lines::failing_after(1));
    let error = audit.add(&add(3, Role::Editor)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::RecordFailed, Effect::Rejected));
    assert!(error.to_string().contains("already_member"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_has_an_outcome_too() {
    let (inner, lines, audit) = stack();
    audit.me().await.unwrap();
    _ = inner.faults([Fault::HangAfter]);
    let request = add(3, Role::Editor);
    tokio::time::timeout(Duration::from_secs(1), audit.add(&request)).await.unwrap_err();
    let values = lines.values();
    assert_eq!(values.len(), 2);
    assert_eq!((&values[1]["result"], &values[1]["effect"]), (&"cancelled".into(), &"unknown".into()));
    assert_eq!(values[0]["id"], values[1]["id"]);
    assert_eq!(values[1]["elapsed_ms"], 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_before_it_was_sent_says_so() {
    let inner = Scripted::new(capabilities());
    let lines = Arc::new(Lines::slow());
    let audit = unidentified(&inner, lines.clone());
    let request = add(3, Role::Editor);
    tokio::time::timeout(Duration::from_secs(1), audit.add(&request)).await.unwrap_err();
    let values = lines.values();
    assert_eq!((&values[1]["result"], &values[1]["effect"]), (&"cancelled".into(), &"not_applied".into()));
    assert_eq!(inner.operations(), []);
}

#[tokio::test(start_paused = true)]
async fn who_acts_is_asked_once_and_only_where_something_will_be_sent() {
    let (inner, lines, audit) = stack();
    audit.add(&add(3, Role::Manager)).await.unwrap_err();
    assert_eq!(inner.operations(), [Operation::Add]);
    assert_eq!(lines.values()[0]["actor"]["user"], Value::Null);
    audit.add(&add(3, Role::Editor)).await.unwrap();
    audit.add(&add(4, Role::Editor)).await.unwrap();
    let operations = inner.operations();
    assert_eq!(operations, [Operation::Add, Operation::Me, Operation::Add, Operation::Add]);

    // It cannot be found out: the write is not sent, and the reason is the provider's.
    let inner =
        Scripted::new(capabilities()).faults([Fault::Before(ErrorKind::Unavailable, Effect::NotApplied)]);
    let lines = Arc::<Lines>::default();
    let audit = Stack::new(inner.clone()).with_audit(Audit::new(lines.clone()));
    let error = audit.add(&add(3, Role::Editor)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::NotApplied));
    assert_eq!(error.operation(), Some(Operation::Add));
    assert!(error.to_string().contains("not sent"), "{error}");
    assert_eq!(inner.operations(), [Operation::Me]);
    // What the caller asked is on record all the same.
    let values = lines.values();
    assert_eq!(values.len(), 2);
    assert_eq!((&values[0]["operation"], &values[0]["actor"]["user"]), (&"add".into(), &Value::Null));
    assert_eq!((&values[1]["effect"], &values[1]["kind"]), (&"not_applied".into(), &"unavailable".into()));

    // The provider has no such question.
    let inner = Scripted::new(capabilities().without(&[Capability::Me], "test"));
    let audit = Stack::new(inner.clone()).with_audit(Audit::new(Arc::new(Lines::default())));
    audit.add(&add(3, Role::Editor)).await.unwrap();
    assert_eq!(inner.operations(), [Operation::Add]);
}

/// An account of which the key may be renewed to act as another user.
#[tokio::test(start_paused = true)]
async fn the_actor_is_whom_the_provider_named_last() {
    let (inner, lines, audit) = stack();
    audit.add(&add(3, Role::Editor)).await.unwrap();
    inner.act_as(2);
    audit.add(&add(4, Role::Editor)).await.unwrap();
    assert_eq!(audit.me().await.unwrap().user, 2.into());
    audit.add(&add(5, Role::Editor)).await.unwrap();
    let users: Vec<_> = lines.values().iter().map(|line| line["actor"]["user"].clone()).collect();
    assert_eq!(users, ["1", "1", "1", "1", "2", "2"]);
    assert_eq!(lines.values()[5]["actor"]["email"], "user2@example.com");
}

#[tokio::test(start_paused = true)]
async fn first_writes_at_once_ask_once_who_acts() {
    let (inner, _, audit) = stack();
    let (three, four) = (add(3, Role::Editor), add(4, Role::Editor));
    let (one, two) = tokio::join!(audit.add(&three), audit.add(&four));
    one.and(two).unwrap();
    assert_eq!(inner.operations().iter().filter(|operation| **operation == Operation::Me).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_attempt_to_change_a_read_only_stack_is_on_record() {
    let (lines, inner) = (Arc::<Lines>::default(), Scripted::new(capabilities()));
    let audit = Stack::new(inner.clone()).with_read_only().with_audit(Audit::new(lines.clone()));
    audit.add(&add(3, Role::Editor)).await.unwrap_err();
    assert_eq!(lines.values()[1]["kind"], "unsupported");
    assert_eq!(inner.operations(), []);
}

#[tokio::test(start_paused = true)]
async fn addresses_can_be_hidden_and_compared() {
    let key = EmailKey::new(SecretString::from("a key of sufficient length")).unwrap();
    let (_, lines, audit) = stack_with(|audit| audit.with_email_key(key.clone()));
    audit.add(&add(3, Role::Editor)).await.unwrap();
    let text = lines.text();
    assert!(!text.contains('@'), "{text}");
    assert!(!text.contains("sufficient"));
    assert_eq!(lines.values()[1]["email"], key.hide("USER3@example.com"));
    assert_eq!(lines.values()[0]["actor"]["email"], key.hide("user1@example.com"));
}

#[tokio::test]
async fn the_configured_file_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let config = LayersConfig::default().with_audit(
        AuditConfig::default().with_file(Some(path.clone())).with_actor(Some("nightly".to_owned())),
    );
    let stack = Stack::standard(Scripted::new(capabilities()), &config).unwrap();
    stack.add(&add(3, Role::Editor)).await.unwrap();
    let lines = std::fs::read_to_string(&path).unwrap();
    assert_eq!(lines.lines().count(), 2);
    assert!(lines.lines().all(|line| line.contains("\"label\":\"nightly\"")));
}

#[test]
fn a_named_key_that_is_not_handed_in_is_refused() {
    let audit: AuditConfig = toml::from_str("hash_emails = { env = \"KEY\" }").unwrap();
    let config = LayersConfig::default().with_audit(audit);
    let standard = || StackBuilder::new(config.clone()).with_sink(Arc::new(Lines::default()));
    let refused = |standard: StackBuilder| standard.build(Scripted::new(capabilities())).unwrap_err();
    assert_eq!(refused(standard()).kind(), ErrorKind::Config);
    assert_eq!(refused(standard().with_email_key(SecretString::from("short"))).kind(), ErrorKind::Config);
    let directory = LayersConfig::default().with_audit(AuditConfig::default().with_file(Some("/".into())));
    assert_eq!(refused(StackBuilder::new(directory)).kind(), ErrorKind::Config);
    let key = SecretString::from("a key of sufficient length");
    standard().with_email_key(key).build(Scripted::new(capabilities())).unwrap();
}
