//! A key goes through every call, and every answer repeats it; it must be seen nowhere.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]
#![expect(clippy::print_stdout, reason = "figures, shown with --nocapture")]

use futures_util::TryStreamExt;
use log::{LevelFilter, Log, Metadata, Record};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata as TracingMetadata, Subscriber, span};
use workspace_members_core::{
    AddMember, EmailAddress, IfPresent, ListOf, NativeRole, PageRequest, Role, WorkspaceMembers,
    WorkspaceMembersExt,
};
use workspace_members_http::{
    CommandCredential, Credential, CredentialSource, FileCredential, HttpSettings, OAuth, Proxy,
    StaticCredential, Transport, TransportConfig,
};
use workspace_members_layers::{Appended, AuditSink, EmailKey, LayersConfig, StackBuilder};
use workspace_members_pandadoc::{Auth, PandaDoc, PandaDocConfig, Reach};
use workspace_members_paradigm::{Level, Paradigm, ParadigmConfig};
use workspace_members_tests::{
    Authority, CANARY, Call, End, Issued, Reply, Rotating, Server, chain, key, member, principal, settings,
    transport, workspace,
};

/// How many lines were traced and logged so far, at every level, by every crate; and the first that shows the key.
static SEEN: Mutex<(usize, Option<String>)> = Mutex::new((0, None));

fn note(text: &str) {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.0 += 1;
    if seen.1.is_none() && text.to_lowercase().contains("canary") {
        seen.1 = Some(text.to_owned());
    }
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}

struct Listener(AtomicU64);

impl Subscriber for Listener {
    fn enabled(&self, _: &TracingMetadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut fields = Fields(attributes.metadata().name().to_owned());
        attributes.record(&mut fields);
        note(&fields.0);
        span::Id::from_u64(self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        let mut fields = Fields(String::new());
        values.record(&mut fields);
        note(&fields.0);
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(event.metadata().target().to_owned());
        event.record(&mut fields);
        note(&fields.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Logger;

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &Record<'_>) {
        note(&format!("{} {}", record.target(), record.args()));
    }
    fn flush(&self) {}
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Logger).unwrap();
        log::set_max_level(LevelFilter::Trace);
        tracing::subscriber::set_global_default(Listener(AtomicU64::new(0))).unwrap();
    });
}

/// Nothing of the key, in whatever letters.
#[track_caller]
fn clean(text: &str, case: &str) {
    assert!(!text.to_lowercase().contains("canary"), "{case}: {text}");
}

/// Everything that was logged until now is clean, and there was something.
#[track_caller]
fn logs_are_clean(case: &str) {
    let (lines, shown) = SEEN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert!(lines > 0, "{case}: nothing was listened to");
    assert_eq!(shown, None, "{case}");
    println!("{lines} lines of logs without the key");
}

/// The key wherever a body can hold text.
fn bodies() -> Vec<(&'static str, Reply)> {
    let json = |body: Value| Reply::json(200, body);
    let text = |kind: &str, body: String| Reply::text(200, kind, body);
    let header = format!("Authorization: Bearer {CANARY}");
    let user = json!({"user_id": CANARY, "email": format!("{CANARY}@x"), "first_name": CANARY, "license": CANARY,
        "workspaces": [{"workspace_id": CANARY, "membership_id": CANARY, "role": CANARY}]});
    let short = format!(
        "HTTP/1.1 200 {CANARY}\r\nContent-Length: 999\r\nX-Echo: {CANARY}\r\n\r\n{{\"a\": \"{CANARY}\""
    );
    vec![
        ("detail", json(json!({"detail": CANARY}))),
        (
            "detail in a sentence",
            json(json!({"type": "request_error", "detail": format!("Key {CANARY} is wrong.")})),
        ),
        ("twice", json(json!({"detail": format!("{CANARY}{CANARY} {CANARY}")}))),
        ("fields", json(json!({"type": CANARY, "detail": {"user_id": [CANARY], "role": CANARY}}))),
        ("field names", json(json!({CANARY: [CANARY], "details": {CANARY: CANARY}}))),
        (
            "envelope",
            json(json!({"id": CANARY, "code": 422, "error": CANARY, "detail": CANARY, "doc_url": CANARY,
            "fields": {"role": [{"error": CANARY, "detail": CANARY}]}})),
        ),
        ("a list", json(json!([CANARY, [CANARY]]))),
        ("a text", json(json!(CANARY))),
        ("at the cut", json(json!({"detail": format!("{}{CANARY}", "x".repeat(490))}))),
        (
            "wrong types",
            json(json!({"users": CANARY, "groups": CANARY, "results": CANARY, "profile": CANARY,
            "member_id": [CANARY], "user_id": {CANARY: CANARY}, "total": CANARY, "count": CANARY})),
        ),
        (
            "wrong ids",
            json(json!({"users": [{"id": CANARY, "role": CANARY, "email": CANARY}], "groups": [],
            "results": [{"id": CANARY, "user_id": format!("{CANARY}\n"), "name": CANARY}],
            "profile": {"id": CANARY}, "member_id": format!("{CANARY}\u{7}"), "role": CANARY})),
        ),
        (
            "roles",
            json(json!({"users": [{"id": 7, "role": CANARY, "email": CANARY}], "groups": [], "role": CANARY,
            "member_id": "m1", "results": [{"user_id": "u", "workspaces": [{"workspace_id": "W", "role": CANARY}]}]})),
        ),
        (
            "a next address",
            json(json!({"count": 9, "next": format!("https://{CANARY}/?key={CANARY}"), "results": []})),
        ),
        ("a user", json(user)),
        ("a page", text("text/html", format!("<html><pre>{header}</pre></html>"))),
        ("plain text", text("text/plain", header.clone())),
        ("cut json", text("application/json", format!("{{\"detail\": \"{CANARY}"))),
        ("no utf-8", Reply::text(200, "application/json", [CANARY.as_bytes(), &b"\xff\xfe"[..]].concat())),
        ("headers", Reply::empty(200)),
        ("cut answer", Reply::raw(short)),
        ("reset", Reply::raw(format!("HTTP/1.1 200 {CANARY}\r\nX: {CANARY}")).then(End::Reset)),
        ("no http", Reply::raw(format!("{CANARY} {header}\r\n\r\n"))),
    ]
}

/// The same with the key in every header that is read, and some that are not.
fn echoing(reply: Reply, status: u16) -> Reply {
    reply
        .with_status(status)
        .with_header("X-Request-Id", &format!("id-{CANARY}"))
        .with_header("Retry-After", CANARY)
        .with_header("Location", &format!("http://127.0.0.1:1/{CANARY}"))
        .with_header("Set-Cookie", &format!("session={CANARY}"))
        .with_header("WWW-Authenticate", &format!("Bearer realm={CANARY}"))
}

fn calls(of: &str, who: &str) -> Vec<Call> {
    let key = || member(of, who, Some("m1"));
    vec![
        Call::Me,
        Call::Workspaces(PageRequest::default()),
        Call::Users(PageRequest::default()),
        Call::Groups(PageRequest::default()),
        Call::list(of),
        Call::Members(ListOf::Account, PageRequest::default()),
        Call::get(of, who),
        Call::add(of, who, Role::Viewer),
        Call::set_role(key(), Role::Viewer),
        Call::remove(key()),
    ]
}

/// Every verb that makes several requests, for what it says when it fails.
async fn verbs(account: &dyn WorkspaceMembers, of: &str, who: &str) -> Vec<String> {
    let (of, who) = (workspace(of), principal(who));
    let request = AddMember::new(of.clone(), who.clone(), Role::Viewer);
    let mut said = Vec::new();
    let mut keep = |error: Option<workspace_members_core::Error>| said.extend(error.as_ref().map(chain));
    keep(account.roster(&of).await.err());
    keep(account.find_workspace("no such name").await.err());
    keep(account.find_user(&EmailAddress::new("a@example.com").unwrap()).await.err());
    keep(account.ensure(&request, IfPresent::SetRole).await.err());
    keep(account.change_role(&of, &who, &Role::Viewer).await.err());
    keep(account.change_role_by_remove_then_add(&of, &who, &Role::Viewer).await.err());
    keep(account.remove_member(&of, &who).await.err());
    keep(account.users().try_collect::<Vec<_>>().await.err());
    said
}

fn accounts(url: &str, source: impl Fn() -> Arc<dyn CredentialSource>) -> Vec<Box<dyn WorkspaceMembers>> {
    let http = settings(url);
    let paradigm = |level| {
        let config = ParadigmConfig::default().with_level(level).with_inferred(true);
        Paradigm::new(&config, &http, source()).unwrap()
    };
    let pandadoc = |auth, reach| {
        let config = PandaDocConfig::default().with_auth(auth).with_reach(reach);
        PandaDoc::new(&config, &http, source()).unwrap()
    };
    vec![
        Box::new(paradigm(Level::Owner)),
        Box::new(paradigm(Level::Company)),
        Box::new(pandadoc(Auth::ApiKey, Reach::Organization)),
        Box::new(pandadoc(Auth::Bearer, Reach::Workspace(workspace("42")))),
    ]
}

#[tokio::test]
async fn no_answer_that_repeats_the_key_makes_it_visible() {
    listen();
    let server = Server::adjustable().await;
    let accounts = accounts(&server.url(), || key());
    let mut runs = 0;
    for status in [200, 201, 302, 400, 401, 403, 404, 409, 429, 500, 600] {
        for (name, reply) in bodies() {
            server.answer(echoing(reply, status));
            for account in &accounts {
                for call in calls("42", "user:7") {
                    // Also what came back in place of an error: an answer that repeats the key yields no data.
                    let said = match call.run(account.as_ref()).await {
                        Ok(shown) => shown,
                        Err(error) => chain(&error),
                    };
                    clean(&said, &format!("{call:?}, {status}, {name}"));
                    runs += 1;
                }
                if matches!(status, 200 | 400 | 404 | 409) {
                    for said in verbs(account.as_ref(), "42", "user:7").await {
                        clean(&said, &format!("{status}, {name}"));
                        runs += 1;
                    }
                }
                clean(&format!("{account:?}{account:#?}"), "Debug of the account");
            }
        }
    }
    logs_are_clean("answers");
    println!("{runs} texts without the key");
}

#[tokio::test]
async fn a_key_that_was_renewed_meanwhile_stays_hidden_too() {
    listen();
    let server = Server::always(echoing(Reply::json(401, json!({"detail": CANARY})), 401)).await;
    let next = format!("{CANARY}-next");
    let source = || -> Arc<dyn CredentialSource> { Rotating::new(&[CANARY, &next]) };
    for account in accounts(&server.url(), source) {
        let error = account.me().await.unwrap_err();
        clean(&chain(&error), "401");
        assert!(error.provider_message().is_some_and(|said| said.contains("[redacted]")), "{error:?}");
    }
    logs_are_clean("renewal");
}

#[tokio::test]
async fn an_answer_that_repeats_the_key_is_not_used() {
    let members = json!({"users": [{"id": 7, "email": "a@b", "role": "viewer"}], "groups": [{"id": 1, "name": CANARY, "role": "viewer"}]});
    let server = Server::always(Reply::json(201, members)).await;
    let account = Paradigm::new(&ParadigmConfig::default(), &settings(&server.url()), key()).unwrap();
    for call in [Call::list("42"), Call::add("42", "user:7", Role::Viewer)] {
        let error = call.run(&account).await.unwrap_err();
        assert!(error.message().contains("repeats the key"), "{error}");
        clean(&chain(&error), "data");
    }
}

#[tokio::test]
async fn broken_connections_and_tls_say_nothing_of_the_key() {
    listen();
    let authority = Authority::new();
    let tls = authority.acceptor(&["localhost"], Issued::Now);
    let trusted =
        Server::start_tls(tls, |_, _| echoing(Reply::json(400, json!({"detail": CANARY})), 400)).await;
    let unrelated = Authority::new().acceptor(&["localhost"], Issued::Expired);
    let unknown = Server::start_tls(unrelated, |_, _| Reply::empty(200)).await;
    let silent = Server::always(Reply::empty(200).after(Duration::from_mins(1))).await;
    let mut config = TransportConfig::default();
    config.root_ca_pem = Some(authority.pem().as_bytes().to_vec());
    config.request_timeout = Duration::from_millis(300);
    let pool = Transport::new(config).unwrap();
    for url in [trusted.url(), unknown.url(), silent.url(), "http://127.0.0.1:1".to_owned()] {
        let http = HttpSettings::at(&url).with_transport(pool.clone());
        let account = Paradigm::new(&ParadigmConfig::default(), &http, key()).unwrap();
        for call in [Call::Me, Call::add("42", "user:7", Role::Viewer)] {
            clean(&chain(&call.run(&account).await.unwrap_err()), &url);
        }
    }
    assert_eq!(trusted.requests().len(), 2);
    logs_are_clean("connections");
}

#[tokio::test]
async fn what_is_refused_unsent_says_nothing_of_the_key() {
    for account in accounts("http://127.0.0.1:1", || key()) {
        for call in [
            Call::list("not a number"),
            Call::add("42", "user:7", Role::Custom(NativeRole::from_static("no such role"))),
            Call::remove(member("42", "group:7", None)),
            Call::Groups(PageRequest::default()),
        ] {
            let said = call.run(account.as_ref()).await.map_err(|error| chain(&error));
            clean(&format!("{said:?}"), &format!("{call:?}"));
        }
    }
}

#[tokio::test]
async fn configurations_and_sources_show_no_secret() {
    let secret = || SecretString::from(CANARY);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, format!("{CANARY}\u{0}\n")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let sources: [Arc<dyn CredentialSource>; 4] = [
        Arc::new(StaticCredential::new(secret())),
        Arc::new(FileCredential::new(&file)),
        Arc::new(CommandCredential::new(vec!["cat".into(), file.to_string_lossy().into_owned()])),
        Credential::OAuth(OAuth::new(
            "application",
            Credential::Static(secret()),
            Credential::Static(secret()),
        ))
        .into_source(Some("http://127.0.0.1:1/token".to_owned()), &transport(Duration::from_secs(1)))
        .unwrap(),
    ];
    let mut config = TransportConfig::default();
    config.proxy = Proxy::Url(format!("http://user:{CANARY}@127.0.0.1:1").parse().unwrap());
    clean(&format!("{config:?}"), "TransportConfig");
    let pool = Transport::new(config).unwrap();
    clean(&format!("{pool:?}"), "Transport");
    for source in sources {
        clean(&format!("{source:?}"), "source");
        clean(&format!("{:?}", Credential::from(Arc::clone(&source))), "Credential");
        let http = HttpSettings::default().with_transport(pool.clone());
        clean(&format!("{http:?}"), "HttpSettings");
        let paradigm = Paradigm::new(&ParadigmConfig::default(), &http, Arc::clone(&source));
        let pandadoc = PandaDoc::new(&PandaDocConfig::default(), &http, source);
        // Through a proxy that is not there, with a key from the file that no header can carry.
        for account in [Box::new(paradigm.unwrap()) as Box<dyn WorkspaceMembers>, Box::new(pandadoc.unwrap())]
        {
            clean(&format!("{account:?}"), "account");
            clean(&chain(&account.me().await.unwrap_err()), "no proxy");
        }
    }
}

const URL: &str = "WORKSPACE_MEMBERS_TEST_URL";

/// Panics when it is first asked, with everything that it knows.
#[derive(Debug)]
struct Panicking {
    key: SecretString,
    asked: AtomicU64,
}

#[async_trait::async_trait]
impl CredentialSource for Panicking {
    async fn credential(&self, _: bool) -> workspace_members_core::Result<SecretString> {
        assert!(self.asked.fetch_add(1, Ordering::SeqCst) > 0, "asked: {self:?}");
        Ok(self.key.clone())
    }
}

/// Panics when it is first given something to record.
#[derive(Debug, Default)]
struct PanickingSink(AtomicU64);

impl AuditSink for PanickingSink {
    fn append(&self, line: String) -> Appended {
        assert!(self.0.fetch_add(1, Ordering::SeqCst) > 0, "to be recorded: {line}");
        Box::pin(async { Ok(()) })
    }
}

/// Not a test by itself: what `panics_say_nothing_of_the_key` runs. Panics in every way that a caller may.
#[tokio::test]
async fn child_panics() {
    let Ok(url) = std::env::var(URL) else { return };
    let (of, who) = (workspace("42"), principal("user:7"));
    let request = AddMember::new(of.clone(), who.clone(), Role::Viewer);
    let mut panics = 0;
    for account in accounts(&url, || key()) {
        let account: Arc<dyn WorkspaceMembers> = Arc::from(account);
        let (a, b, c) = (Arc::clone(&account), Arc::clone(&account), account);
        let (request, of, who) = (request.clone(), of.clone(), who.clone());
        for ended in [
            tokio::spawn(async move { drop(a.me().await.unwrap()) }).await,
            tokio::spawn(async move { drop(b.add(&request).await.expect("added")) }).await,
            tokio::spawn(async move { assert!(c.get(&of, &who).await.is_ok(), "{c:?} {c:#?}") }).await,
        ] {
            println!("{:?}", ended.unwrap_err());
            panics += 1;
        }
    }
    // Where the source of the key panics, the next call asks it again.
    let source = Arc::new(Panicking { key: CANARY.into(), asked: AtomicU64::new(0) });
    let http = HttpSettings::at(&url);
    let account = Arc::new(Paradigm::new(&ParadigmConfig::default(), &http, source.clone()).unwrap());
    let first = Arc::clone(&account);
    println!("{:?}", tokio::spawn(async move { first.me().await }).await.unwrap_err());
    println!("{}", chain(&account.me().await.unwrap_err()));
    assert_eq!(source.asked.load(Ordering::SeqCst), 2);
    let mut layers = LayersConfig::default();
    layers.audit.identify = false;
    let audited = StackBuilder::new(layers).with_sink(Arc::new(PanickingSink::default()));
    let audited = audited.with_email_key(CANARY.repeat(2).into()).build(account).unwrap();
    println!("{audited:?}");
    println!("{:?}", tokio::spawn(async move { audited.add(&request).await }).await.unwrap_err());
    println!("child done after {} panics", panics + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn panics_say_nothing_of_the_key() {
    let server = Server::always(echoing(Reply::json(400, json!({"detail": CANARY})), 400)).await;
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "child_panics", "--nocapture"]);
    child.env(URL, server.url()).env("RUST_BACKTRACE", "full").env("RUST_LOG", "trace");
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("child done after 14 panics"), "{said}");
    assert_eq!(said.matches("panicked at").count(), 14, "{said}");
    // Not "canary" alone: that is this very file, which stands in every backtrace.
    let secret = CANARY.trim_start_matches("canary-");
    assert!(!said.to_lowercase().contains(secret), "{said}");
}

/// The layers around an account, and what they are given.
#[tokio::test]
async fn layers_show_no_secret() {
    let email_key = SecretString::from(CANARY.repeat(2));
    let standard = StackBuilder::new(LayersConfig::default()).with_email_key(email_key.clone());
    clean(&format!("{standard:?}{standard:#?}"), "StackBuilder");
    clean(&format!("{:?}", EmailKey::new(email_key).unwrap()), "EmailKey");
    for account in accounts("http://127.0.0.1:1", || key()) {
        let sink = Arc::new(PanickingSink::default());
        let stack = standard.clone().with_sink(sink).build(account).unwrap().with_connection("c");
        clean(&format!("{stack:?}{stack:#?}"), "stack");
        clean(&chain(&stack.me().await.unwrap_err()), "stack");
    }
}
