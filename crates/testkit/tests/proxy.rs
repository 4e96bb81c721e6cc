//! The proxy does to a request what a rule says, and nothing to the others. Tested over plain sockets, since an HTTP
//! client would repair what is sent.
#![expect(clippy::unwrap_used, reason = "these are tests, where a panic is the report")]

use async_trait::async_trait;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use workspace_members_core::{
    AddMember, Capabilities, Capability, Error, Evidence, Fit, Identity, ListOf, Member, NativeRole, Page,
    PageRequest, PrincipalId, Provider, RemoveMember, Result, Role, RoleRow, RoleTable, UserId, WorkspaceId,
    WorkspaceMembers,
};
use workspace_members_testkit::{
    Answer, Fault, Harness, HarnessError, Proxy, Request, Rule, Seed, Suite, World,
};

/// A server that says `hello world` to everything, and counts.
async fn server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/base", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            counter.fetch_add(1, Ordering::SeqCst);
            let host =
                String::from_utf8_lossy(&request[..read]).to_ascii_lowercase().contains("host: 127.0.0.1");
            let answer =
                format!("HTTP/1.1 201 Created\r\nContent-Length: 11\r\nX-Host: {host}\r\n\r\nhello world");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, asked)
}

async fn proxied() -> (Proxy, Arc<AtomicUsize>) {
    let (url, asked) = server().await;
    (Proxy::start(&url).await.unwrap(), asked)
}

/// Everything that comes back until the connection ends.
async fn ask(proxy: &Proxy, method: &str, path: &str) -> io::Result<String> {
    let authority = proxy.url().strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
    let mut stream = TcpStream::connect(&authority).await?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer secret\r\nX-Kind: plain\r\n\
         Connection: close\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    // A reset after some bytes is as good an end as any other here.
    let _ = stream.read_to_end(&mut answer).await;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[tokio::test]
async fn without_a_rule_everything_passes_and_is_logged() {
    let (proxy, asked) = proxied().await;
    assert!(proxy.url().ends_with("/base"), "the server's path is kept: {}", proxy.url());
    let answer = ask(&proxy, "POST", "/base/x%2Fy?page=2").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201") && body(&answer) == "hello world", "{answer}");
    assert!(answer.contains("x-host: true"), "the server is asked by its own name: {answer}");
    let log = proxy.log();
    let [exchange] = log.as_slice() else { panic!("one request: {log:?}") };
    assert_eq!(exchange.request.to_string(), "POST /base/x%2Fy?page=2");
    assert_eq!((exchange.request.path(), &exchange.request.body[..]), ("/base/x%2Fy", &b"{}"[..]));
    assert_eq!(exchange.request.header("x-kind"), Some("plain"));
    assert_eq!(exchange.answer.as_ref().map(|answer| (answer.status, answer.body.len())), Some((201, 11)));
    assert!(!format!("{log:?}").contains("secret"), "the credential is not kept");
    assert_eq!((asked.load(Ordering::SeqCst), proxy.count()), (1, 1));
    proxy.clear_log();
    assert_eq!(proxy.count(), 0);
}

#[tokio::test]
async fn answers_of_its_own_leave_the_server_alone() {
    let (proxy, asked) = proxied().await;
    let made_up = Answer::json(429, "{}").with_header("retry-after", "7");
    let armed = proxy.inject(Rule::new(Fault::Answer(made_up)));
    let answer = ask(&proxy, "GET", "/").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("retry-after: 7"), "{answer}");
    assert_eq!((armed.struck(), asked.load(Ordering::SeqCst)), (1, 0));
    assert_eq!(body(&ask(&proxy, "GET", "/").await.unwrap()), "hello world", "a rule strikes once");

    let after = proxy.inject(Rule::new(Fault::AnswerAfter(Answer::html(502))));
    assert!(ask(&proxy, "GET", "/").await.unwrap().starts_with("HTTP/1.1 502"));
    assert_eq!((after.struck(), asked.load(Ordering::SeqCst)), (1, 2));
}

#[tokio::test]
async fn a_cut_sends_nothing_back() {
    let (proxy, asked) = proxied().await;
    for (fault, acted) in [(Fault::CutBefore, 0), (Fault::CutAfter, 1)] {
        let armed = proxy.inject(Rule::new(fault.clone()));
        assert_eq!(ask(&proxy, "POST", "/").await.unwrap(), "", "{fault:?}");
        assert_eq!((armed.struck(), asked.load(Ordering::SeqCst)), (1, acted), "{fault:?}");
    }
}

#[tokio::test]
async fn a_truncated_answer_promises_more_than_it_sends() {
    let (proxy, asked) = proxied().await;
    proxy.inject(Rule::new(Fault::Truncate));
    let answer = ask(&proxy, "GET", "/").await.unwrap();
    assert!(answer.contains("content-length: 11"), "{answer}");
    assert_eq!(body(&answer), "hello");
    proxy.inject(Rule::new(Fault::Empty));
    let answer = ask(&proxy, "GET", "/").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201") && body(&answer).is_empty(), "{answer}");
    assert_eq!(asked.load(Ordering::SeqCst), 2, "the server acted both times");
}

#[tokio::test]
async fn what_is_held_waits_for_its_release() {
    let (proxy, asked) = proxied().await;
    for (fault, acted) in [(Fault::HoldBefore, 0), (Fault::HoldAfter, 2)] {
        let armed = proxy.inject(Rule::new(fault));
        let waiting = tokio::spawn({
            let proxy = proxy.clone();
            async move { ask(&proxy, "GET", "/").await }
        });
        armed.reached().await;
        assert_eq!(asked.load(Ordering::SeqCst), acted);
        assert!(!waiting.is_finished());
        armed.release();
        assert_eq!(body(&waiting.await.unwrap().unwrap()), "hello world");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_takes_its_time() {
    let (proxy, _) = proxied().await;
    let before = tokio::time::Instant::now();
    proxy.inject(Rule::new(Fault::Slow(Duration::from_hours(1))));
    assert_eq!(body(&ask(&proxy, "GET", "/").await.unwrap()), "hello world");
    assert!(before.elapsed() >= Duration::from_hours(1));
}

#[tokio::test]
async fn rules_count_what_they_match() {
    let (proxy, _) = proxied().await;
    let teapot = || Fault::Answer(Answer::status(418));
    let second_write = proxy.inject(Rule::new(teapot()).nth(2).times(2).when(Request::is_write));
    let on_path = proxy.inject(Rule::new(teapot()).when(|request| request.path() == "/there"));
    let mut got = Vec::new();
    for (method, path) in [
        ("POST", "/"),
        ("GET", "/"),
        ("PUT", "/"),
        ("GET", "/there"),
        ("DELETE", "/"),
        ("PATCH", "/"),
        ("GET", "/there"),
    ] {
        got.push(ask(&proxy, method, path).await.unwrap().starts_with("HTTP/1.1 418"));
    }
    assert_eq!(got, [false, false, true, true, true, false, false]);
    assert_eq!((second_write.struck(), on_path.struck()), (2, 1));
    let faults = proxy.log().iter().filter(|exchange| exchange.fault.is_some()).count();
    assert_eq!(faults, 3, "the log shows which requests met a fault");
    proxy.inject(Rule::new(teapot()));
    proxy.clear_rules();
    assert!(ask(&proxy, "GET", "/").await.unwrap().starts_with("HTTP/1.1 201"));
}

#[tokio::test]
async fn an_answer_can_be_played_again() {
    let (proxy, asked) = proxied().await;
    ask(&proxy, "GET", "/").await.unwrap();
    let answer = Answer::from(&proxy.log()[0]);
    proxy.inject(Rule::new(Fault::Answer(answer)));
    assert_eq!(body(&ask(&proxy, "GET", "/other").await.unwrap()), "hello world");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn nobody_connects_to_a_stopped_proxy() {
    let (proxy, _) = proxied().await;
    proxy.stop().await;
    assert_eq!(ask(&proxy, "GET", "/").await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    let (other, _) = proxied().await;
    let url = other.url();
    let last = other.clone();
    drop(other);
    assert!(ask(&last, "GET", "/").await.is_ok(), "a clone keeps it alive");
    drop(last);
    let authority = url.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
    let ended = async {
        while TcpStream::connect(&authority).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ended).await.expect("it ends with the last handle");
}

#[tokio::test]
async fn only_http_servers_can_be_stood_in_front_of() {
    for bad in ["https://127.0.0.1:1", "127.0.0.1:1", "http:///x", "not a url"] {
        assert_eq!(Proxy::start(bad).await.unwrap_err().kind(), io::ErrorKind::InvalidInput, "{bad}");
    }
}

#[tokio::test]
async fn it_can_be_led_to_a_server_that_came_back_elsewhere() {
    let (proxy, first) = proxied().await;
    let url = proxy.url();
    ask(&proxy, "GET", "/base/a").await.unwrap();
    let (elsewhere, second) = server().await;
    proxy.lead_to(&elsewhere).unwrap();
    assert_eq!(body(&ask(&proxy, "GET", "/base/b").await.unwrap()), "hello world");
    assert_eq!((first.load(Ordering::SeqCst), second.load(Ordering::SeqCst)), (1, 1));
    assert_eq!((proxy.url(), proxy.upstream()), (url, elsewhere.clone()));
    assert!(proxy.lead_to(&format!("{elsewhere}/other")).is_err());
    assert!(proxy.lead_to("https://127.0.0.1/base").is_err());
}

/// An adapter that says whom it acts as, whatever it is answered; without a path, it does not even ask.
#[derive(Debug)]
struct Careless {
    proxy: Proxy,
    path: Option<&'static str>,
    capabilities: Capabilities,
}

#[async_trait]
impl WorkspaceMembers for Careless {
    fn provider(&self) -> Provider {
        self.capabilities.provider().clone()
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    async fn me(&self) -> Result<Identity> {
        if let Some(path) = self.path {
            ask(&self.proxy, "GET", path).await.unwrap();
        }
        Ok(Identity::new(UserId::from(1)))
    }
    async fn members_page(&self, _: &ListOf, _: PageRequest) -> Result<Page<Member>> {
        Err(Error::invalid_input("not claimed"))
    }
    async fn get(&self, _: &WorkspaceId, _: &PrincipalId) -> Result<Option<Member>> {
        Err(Error::invalid_input("not claimed"))
    }
    async fn add(&self, _: &AddMember) -> Result<Member> {
        Err(Error::invalid_input("not claimed"))
    }
    async fn remove(&self, _: &RemoveMember) -> Result<()> {
        Err(Error::invalid_input("not claimed"))
    }
}

struct CarelessHarness(Option<&'static str>);

#[async_trait]
impl Harness for CarelessHarness {
    fn name(&self) -> String {
        "careless".to_owned()
    }

    async fn start(&self, _: &Seed) -> std::result::Result<World, HarnessError> {
        let (proxy, _) = proxied().await;
        let roles =
            RoleTable::new([RoleRow::new(Role::Owner, NativeRole::from_static("owner"), Fit::Exact)])?;
        let capabilities = Capabilities::new(Provider::from_static("careless"), roles)
            .claim(Evidence::Documented, &[Capability::Me]);
        let careless = Careless { proxy: proxy.clone(), path: self.0, capabilities };
        Ok(World::new(careless).with_proxy(proxy))
    }
}

#[test]
fn a_failed_case_names_the_fault_and_the_request_that_met_it() {
    for (path, case, named) in [
        (
            Some("/base/me"),
            "a_refused_key_is_unauthenticated",
            "the 1st request, GET /base/me, was answered 401 instead of reaching the server",
        ),
        (
            Some("/base/me"),
            "a_lost_answer_to_a_read_changes_nothing",
            "the connection of the 1st request, GET /base/me, was cut before the server had it",
        ),
        (
            Some("/base/me"),
            "an_empty_answer_is_not_success",
            "the answer to the 1st request, GET /base/me, came without its body",
        ),
        (
            None,
            "a_refused_key_is_unauthenticated",
            "no request met this: a request was answered 401 instead of reaching the server",
        ),
    ] {
        let failure = Suite::new(CarelessHarness(path)).run(case).unwrap_err().to_string();
        assert!(failure.contains(&format!("\n  after: {named}\n")), "{case}: {failure}");
    }
}
