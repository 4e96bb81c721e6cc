//! Certificates and proxies: which hosts get the key.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use std::process::Command;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;
use url::Url;
use workspace_members_core::{Effect, Error, ErrorKind, Operation, Provider, Result};
use workspace_members_http::{
    Answer, AuthScheme, Client, Method, Proxy, Request, Transport, TransportConfig, check_base_url,
};
use workspace_members_tests::{Authority, CANARY, End, Issued, Reply, Server, chain, key};

const X: Provider = Provider::from_static("x");

/// A pool with these authorities and this proxy.
fn pool(root: Option<&str>, proxy: Proxy) -> Transport {
    let mut config = TransportConfig::default();
    config.root_ca_pem = root.map(|pem| pem.as_bytes().to_vec());
    config.proxy = proxy;
    config.connect_timeout = Duration::from_secs(5);
    Transport::new(config).unwrap()
}

fn client(url: &str, pool: &Transport) -> Client {
    Client::new(X, check_base_url(url).unwrap(), pool, AuthScheme::BEARER, key()).unwrap()
}

async fn write(client: &Client) -> Result<Answer> {
    client.send(Request::new(Operation::Add, Method::POST, &["members"])).await
}

/// Nothing was sent, and the reason is said in words that help.
fn never_sent(error: &Error, words: &str) {
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Transport, Effect::NotApplied), "{error:?}");
    assert!(error.message().contains(words), "{error} does not say {words:?}");
    assert!(!chain(error).contains("canary"));
}

#[tokio::test]
async fn a_private_authority_is_trusted_once_it_is_named() {
    let authority = Authority::new();
    let tls = authority.acceptor(&["localhost", "127.0.0.1"], Issued::Now);
    let server = Server::start_tls(tls, |_, _| Reply::json(200, "in")).await;

    let error = write(&client(&server.url(), &pool(None, Proxy::System))).await.unwrap_err();
    never_sent(&error, "is not trusted; add its authority");
    assert_eq!(server.requests().len(), 0);

    let other = Authority::new();
    let error = write(&client(&server.url(), &pool(Some(other.pem()), Proxy::System))).await.unwrap_err();
    never_sent(&error, "is not trusted; add its authority");

    let both = format!("{}{}", other.pem(), authority.pem());
    for named in [authority.pem(), both.as_str()] {
        let answer = write(&client(&server.url(), &pool(Some(named), Proxy::System))).await.unwrap();
        assert_eq!((answer.status, answer.body.as_ref()), (200, b"\"in\"".as_slice()));
    }
    assert_eq!(server.requests()[0].header("authorization"), Some(format!("Bearer {CANARY}").as_str()));
}

#[tokio::test]
async fn a_certificate_that_has_expired_or_is_for_another_name_is_refused() {
    let authority = Authority::new();
    for (names, issued, words) in [
        (&["localhost"], Issued::Expired, "has expired"),
        (&["paradigm.example.com"], Issued::Now, "is for another name"),
    ] {
        let tls = authority.acceptor(names, issued);
        let server = Server::start_tls(tls, |_, _| Reply::empty(200)).await;
        let pool = pool(Some(authority.pem()), Proxy::System);
        never_sent(&write(&client(&server.url(), &pool)).await.unwrap_err(), words);
        assert_eq!(server.requests().len(), 0);
    }
}

/// What a server can choose from is in the TLS configuration of this crate, whichever features reqwest is built with.
#[tokio::test]
async fn http_2_is_not_offered() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let call = tokio::spawn(async move { write(&client(&url, &pool(None, Proxy::System))).await });
    let (tcp, _) = listener.accept().await.unwrap();
    let hello = LazyConfigAcceptor::new(Acceptor::default(), tcp).await.unwrap();
    let offered: Vec<_> =
        hello.client_hello().alpn().into_iter().flatten().map(String::from_utf8_lossy).collect();
    assert!(offered.iter().all(|protocol| protocol == "http/1.1"), "{offered:?}");
    drop(hello);
    never_sent(&call.await.unwrap().unwrap_err(), "no connection could be made");
}

#[tokio::test]
async fn a_server_that_speaks_http_2_all_the_same_leaves_the_write_unknown() {
    let authority = Authority::new();
    // An empty SETTINGS frame, which every HTTP/2 server sends first.
    let tls = authority.acceptor(&["localhost"], Issued::Now);
    let server = Server::start_tls(tls, |_, _| Reply::raw([0, 0, 0, 4, 0, 0, 0, 0, 0])).await;
    let pool = pool(Some(authority.pem()), Proxy::System);
    let error = write(&client(&server.url(), &pool)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Transport, Effect::Unknown), "{error:?}");
    assert_eq!(server.only().method, "POST");
}

#[tokio::test]
async fn a_host_that_takes_the_connection_and_no_handshake_is_given_up() {
    // The system takes connections for a listener that never accepts.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut config = TransportConfig::default();
    config.connect_timeout = Duration::from_millis(200);
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let started = Instant::now();
    let error = write(&client(&url, &Transport::new(config).unwrap())).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::NotApplied));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_tls_server_that_breaks_off_leaves_the_write_unknown() {
    let authority = Authority::new();
    let tls = authority.acceptor(&["localhost"], Issued::Now);
    let server = Server::start_tls(tls, |_, at| {
        Reply::raw("HTTP/1.1 200 X\r\n").then(if at == 0 { End::Close } else { End::Reset })
    })
    .await;
    let client = client(&server.url(), &pool(Some(authority.pem()), Proxy::System));
    for _ in 0..2 {
        let error = write(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Transport, Effect::Unknown));
    }
}

/// A proxy that refuses every connection, and keeps what it was asked.
async fn refusing_proxy() -> Server {
    Server::always(Reply::empty(403).then(End::Close)).await
}

#[tokio::test]
async fn a_proxy_that_is_named_gets_what_leaves_the_machine_and_never_the_key() {
    let proxy = refusing_proxy().await;
    let mut url = Url::parse(&format!("http://127.0.0.1:{}", proxy.address().port())).unwrap();
    url.set_username("porter").unwrap();
    url.set_password(Some("canary-proxy-password")).unwrap();
    let pool = pool(None, Proxy::Url(url));
    let error = write(&client("https://paradigm.example.com", &pool)).await.unwrap_err();
    never_sent(&error, "no connection could be made");
    let asked = proxy.only();
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("CONNECT", "paradigm.example.com:443"));
    assert_eq!(asked.header("authorization"), None);
    assert!(asked.header("proxy-authorization").is_some_and(|value| value.starts_with("Basic ")));
    assert!(!format!("{asked:?}").contains(CANARY));

    // The same pool, and a host on this machine.
    let here = Server::always(Reply::empty(200)).await;
    assert_eq!(write(&client(&here.url(), &pool)).await.unwrap().status, 200);
    assert_eq!(here.only().header("proxy-authorization"), None);
    assert_eq!(proxy.connections(), 1);
    // Both pools are there now, each with its setting of the proxy.
    assert!(!format!("{pool:?}").contains("canary"));
}

#[tokio::test]
async fn a_proxy_with_credentials_that_is_not_there_keeps_them_to_itself() {
    let url = Url::parse("http://porter:canary-proxy-password@127.0.0.1:1").unwrap();
    let error =
        write(&client("https://paradigm.example.com", &pool(None, Proxy::Url(url)))).await.unwrap_err();
    never_sent(&error, "no connection could be made");
}

#[tokio::test]
async fn a_socks_proxy_is_used_with_its_own_protocol() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxy = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 512];
        let greeting = stream.read(&mut asked).await.unwrap();
        assert_eq!(asked[..greeting], [5, 1, 0], "version 5, one method, no authentication");
        stream.write_all(&[5, 0]).await.unwrap();
        let length = stream.read(&mut asked).await.unwrap();
        // Not allowed by the ruleset.
        stream.write_all(&[5, 2, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
        asked[..length].to_vec()
    });
    let pool = pool(None, Proxy::Url(Url::parse(&format!("socks5h://127.0.0.1:{port}")).unwrap()));
    let error = write(&client("https://paradigm.example.com", &pool)).await.unwrap_err();
    never_sent(&error, "no connection could be made");
    let asked = proxy.await.unwrap();
    assert_eq!(asked[..5], [5, 1, 0, 3, 20], "connect to a name of 20 letters");
    assert_eq!(asked[5..25], *b"paradigm.example.com");

    let mut config = TransportConfig::default();
    config.proxy = Proxy::Url(Url::parse("ftp://user:canary@proxy.example.com").unwrap());
    let error = Transport::new(config).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!chain(&error).contains("canary"), "{error}");
}

const CHILD: &str = "WORKSPACE_MEMBERS_TEST_CHILD";

/// Runs this executable's `child` with these variables, which would change the whole process.
fn run_child(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture"]).env(CHILD, "1");
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    text
}

/// Not a test by itself: what `a_proxy_in_the_environment_…` runs in a process of its own.
#[tokio::test]
async fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    for proxy in [Proxy::System, Proxy::Direct] {
        let here = Server::always(Reply::empty(200)).await;
        let pool = pool(None, proxy.clone());
        for host in ["127.0.0.1", "localhost"] {
            let url = format!("http://{host}:{}", here.address().port());
            assert_eq!(write(&client(&url, &pool)).await.unwrap().status, 200, "{host}");
        }
        assert_eq!(here.requests().len(), 2);
    }
    // A name that does not exist: only a proxy can be asked for it.
    let error = write(&client("https://paradigm.invalid", &pool(None, Proxy::System))).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Transport, Effect::NotApplied), "{error:?}");
    println!("child done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_in_the_environment_never_gets_what_stays_on_the_machine() {
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"] {
        let proxy = refusing_proxy().await;
        let url = format!("http://127.0.0.1:{}", proxy.address().port());
        let text = tokio::task::spawn_blocking(move || run_child(&[(name, &url)])).await.unwrap();
        assert!(text.contains("child done"), "{text}");
        let asked = proxy.requests();
        assert!(
            asked.iter().all(|request| request.target == "paradigm.invalid:443"),
            "{name}: only what leaves the machine: {asked:?}"
        );
        // The environment is used: what leaves went there, under a name that is for https.
        let used = !name.eq_ignore_ascii_case("HTTP_PROXY");
        assert_eq!(asked.len(), usize::from(used), "{name}");
        assert!(!format!("{asked:?}").contains(CANARY), "{name}");
    }
}
