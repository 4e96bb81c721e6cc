//! Trace: every field is in the table, every field of the table is used, and no address stands above debug.
//!
//! A test program of its own: `tracing` decides once for each event of the code whether there is a subscriber, and other tests,
//! which have none, would decide first.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic as tests do, and clippy knows only the tests"
)]

#[expect(dead_code, reason = "shared with the other tests, which use all of it")]
#[path = "layers/support.rs"]
mod support;

use crate::support::{Fault, Lines, Scripted, add, capabilities, key, user, workspace};
use std::collections::BTreeSet;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use workspace_members_core::{
    AddMember, Effect, ErrorKind, ListOf, NativeRole, PageRequest, RateLimit as Limit, RemoveMember, Role,
    SetRole, UserId, WorkspaceId, WorkspaceMembers,
};
use workspace_members_layers::{FIELDS, LayersConfig, RetryConfig, StackBuilder};

#[derive(Default, Clone)]
struct Seen(Arc<Mutex<Vec<(Level, String, String)>>>);

struct Fields<'a>(&'a Seen, Level, String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() != "message" {
            self.0.0.lock().unwrap().push((self.1, field.name().to_owned(), format!("{value:?}")));
        }
        write!(self.2, "{value:?}").unwrap();
    }
}

impl<S: Subscriber> Layer<S> for Seen {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        attributes.record(&mut Fields(self, *attributes.metadata().level(), String::new()));
    }
    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut Fields(self, Level::INFO, String::new()));
    }
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        // A dependency's events are not ours to name.
        if event.metadata().target().starts_with("workspace_members_layers") {
            event.record(&mut Fields(self, *event.metadata().level(), String::new()));
        }
    }
}

#[test]
fn the_table_of_fields_is_true_and_complete() {
    let seen = Seen::default();
    let subscriber = tracing_subscriber::registry().with(seen.clone());
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    tracing::subscriber::with_default(subscriber, || runtime.block_on(everything()));

    let seen = seen.0.lock().unwrap();
    let used: BTreeSet<&str> = seen.iter().map(|(_, name, _)| name.as_str()).collect();
    let table: BTreeSet<&str> = FIELDS.iter().map(|field| field.name).collect();
    assert_eq!(used, table);
    for (level, name, value) in seen.iter() {
        assert!(*level >= Level::DEBUG || !value.contains('@'), "{level} {name} = {value}");
        assert!(name == "exception.message" || !value.contains('@'), "{name} = {value}");
    }
    let value = |name: &str| seen.iter().find(|(_, n, _)| n == name).map(|(_, _, value)| value.as_str());
    assert_eq!(value("otel.name"), Some("me example"));
    assert_eq!(value("server.address"), Some("\"members.example\""));
    assert_eq!(value("server.port"), Some("8443"));
    assert_eq!(value("wsm.connection"), Some("\"legal\""));
    let all = |name| seen.iter().filter(move |(_, n, _)| n == name).map(|(_, _, value)| value.as_str());
    // The listing, the read that resolved the addition, the change of role and the last read were sent twice; the addition once.
    assert_eq!(all("http.request.resend_count").collect::<Vec<_>>(), ["1", "1", "1", "1"]);
    assert_eq!(all("otel.name").filter(|name| *name == "get example").count(), 2, "also what is read back");
    let dropped = (Level::DEBUG, "wsm.effect".to_owned(), "\"unknown\"".to_owned());
    assert_eq!(seen.iter().filter(|field| **field == dropped).count(), 1);
    assert!(all("wsm.principal").any(|value| value == "user:[address]"));
    assert!(all("wsm.workspace").any(|value| value == "\"[address]\""));
}

/// Something of everything: answers, refusals, repetitions, writes that are resolved by reading, limits.
async fn everything() {
    let limited = capabilities().with_limits([Limit::assumed(&[], 3, Duration::from_secs(1), "test")]);
    let inner = Scripted::new(limited).faults([
        Fault::None,
        Fault::Before(ErrorKind::Unavailable, Effect::NotApplied),
        Fault::None,
        Fault::After(ErrorKind::Transport),
        Fault::Before(ErrorKind::Unavailable, Effect::NotApplied),
        Fault::None,
        Fault::Limited(None),
    ]);
    let config = LayersConfig::default().with_retry(RetryConfig::default().with_max_attempts(2));
    let stack = StackBuilder::new(config)
        .with_sink(Arc::new(Lines::default()))
        .build(inner.clone())
        .unwrap()
        .with_connection("legal");
    stack.me().await.unwrap();
    stack.members_page(&ListOf::Workspace(workspace()), PageRequest::default()).await.unwrap();
    stack.add(&add(3, Role::Editor)).await.unwrap();
    stack.set_role(&SetRole::new(key(3), Role::Viewer)).await.unwrap();
    stack.remove(&RemoveMember::new(key(9))).await.unwrap_err();
    _ = inner.clone().faults([Fault::Before(ErrorKind::Unavailable, Effect::NotApplied); 2]);
    stack.get(&workspace(), &user(3)).await.unwrap_err();
    _ = inner.faults([Fault::Hang]);
    let request = add(4, Role::Editor);
    tokio::time::timeout(Duration::from_secs(1), stack.add(&request)).await.unwrap_err();
    // A provider may have addresses for ids, and for names of roles.
    let (legal, ana) = (WorkspaceId::new("legal@example.com"), UserId::new("ana@example.com"));
    let custom = Role::Custom(NativeRole::new("ana@example.com"));
    stack.add(&AddMember::new(legal.unwrap(), ana.unwrap(), custom)).await.unwrap_err();
}
