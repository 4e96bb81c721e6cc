//! Servers that misbehave: the client stays bounded, and says truly what is known of a write.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use async_trait::async_trait;
use futures_util::future::join_all;
use secrecy::SecretString;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use workspace_members_core::{Effect, Error, ErrorKind, Operation, Provider, Result};
use workspace_members_http::{
    Answer, AuthScheme, Client, CredentialSource, Method, Request, Transport, TransportConfig, check_base_url,
};
use workspace_members_tests::{CANARY, End, Reply, Rotating, Server, chain, key, transport};

const X: Provider = Provider::from_static("x");
const SOON: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(20);

fn client(url: &str, transport: &Transport) -> Client {
    Client::new(X, check_base_url(url).unwrap(), transport, AuthScheme::BEARER, key()).unwrap()
}

async fn read(client: &Client) -> Result<Answer> {
    client.send(Request::new(Operation::Get, Method::GET, &["members"])).await
}

async fn write(client: &Client) -> Result<Answer> {
    let request = Request::new(Operation::Add, Method::POST, &["members"]);
    client.send(request.with_json(&json!({"user_id": 7})).unwrap()).await
}

fn what(error: &Error) -> (ErrorKind, Effect, Option<u16>) {
    (error.kind(), error.effect(), error.status())
}

/// Both a read and a write fail in this way; of the write, nothing is known.
async fn both_fail(reply: Reply, timeout: Duration, kind: ErrorKind, status: Option<u16>, case: &str) {
    let server = Server::always(reply).await;
    let client = client(&server.url(), &transport(timeout));
    let started = Instant::now();
    let (reading, writing) = tokio::join!(read(&client), write(&client));
    assert_eq!(what(&reading.unwrap_err()), (kind, Effect::NotApplied, status), "{case}: read");
    assert_eq!(what(&writing.unwrap_err()), (kind, Effect::Unknown, status), "{case}: write");
    assert!(started.elapsed() < Duration::from_secs(10), "{case} took {:?}", started.elapsed());
    assert_eq!(server.requests().len(), 2, "{case}: one request per call");
}

/// Both a read and a write get a status alone: what follows it cannot change what it says.
async fn status_alone(reply: Reply, timeout: Duration, status: u16, case: &str) {
    let server = Server::always(reply).await;
    let client = client(&server.url(), &transport(timeout));
    for answer in [read(&client).await, write(&client).await] {
        let answer = answer.unwrap_or_else(|error| panic!("{case}: {error:?}"));
        assert_eq!((answer.status, answer.body.len()), (status, 0), "{case}");
    }
}

#[tokio::test]
async fn an_endless_body_is_read_up_to_the_limit() {
    let endless = |status| Reply::raw(format!("HTTP/1.1 {status} X\r\n\r\n")).forever(vec![b'x'; 1 << 16]);
    both_fail(endless(200), LONG, ErrorKind::UnexpectedResponse, Some(200), "200").await;
    both_fail(endless(502), LONG, ErrorKind::UnexpectedResponse, Some(502), "502").await;
    status_alone(endless(403), LONG, 403, "403").await;
    let chunked = Reply::raw("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
        .forever(format!("400\r\n{}\r\n", "x".repeat(0x400)).repeat(64));
    both_fail(chunked, LONG, ErrorKind::UnexpectedResponse, Some(200), "chunked").await;
}

#[tokio::test]
async fn a_length_beyond_the_limit_is_refused_before_it_is_read() {
    for length in ["1048577", "99999999999", "18446744073709551615"] {
        let reply = Reply::raw(format!("HTTP/1.1 200 X\r\nContent-Length: {length}\r\n\r\n")).then(End::Hang);
        let started = Instant::now();
        // The server sends nothing more, and the limit on time is far away.
        let kind = if length.len() < 20 { ErrorKind::UnexpectedResponse } else { ErrorKind::Transport };
        let status = (length.len() < 20).then_some(200);
        both_fail(reply, LONG, kind, status, length).await;
        assert!(started.elapsed() < Duration::from_secs(2), "{length}");
    }
}

/// Ten MiB of spaces in some 66 KB: a literal, then copies of 258 bytes at distance 1, in fixed Huffman codes.
fn bomb() -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let mut push = |code: u32, length: u32| bits.extend((0..length).rev().map(|at| code >> at & 1 == 1));
    push(0b110, 3); // The last block, fixed codes: 1, then 01 with its low bit first.
    push(0x30 + 0x20, 8); // The literal space.
    for _ in 0..(10 << 20) / 258 {
        push(0b1100_0101, 8); // Length 258.
        push(0, 5); // Distance 1.
    }
    push(0, 7); // The end of the block.
    let packed = bits
        .chunks(8)
        .map(|byte| byte.iter().enumerate().fold(0, |value, (at, bit)| value | u8::from(*bit) << at));
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    bytes.extend(packed);
    bytes.extend([0; 8]);
    bytes
}

#[tokio::test]
async fn a_compressed_body_is_neither_asked_for_nor_unpacked() {
    let bomb = bomb();
    let reply = Reply::text(200, "application/json", bomb.clone()).with_header("Content-Encoding", "gzip");
    let server = Server::always(reply).await;
    let client = client(&server.url(), &transport(LONG));
    let answer = write(&client).await.unwrap();
    assert_eq!(answer.body, bomb, "it is passed on as it came");
    assert_eq!(server.only().header("accept-encoding"), None);
    let error = answer.json::<serde_json::Value>().unwrap_err();
    assert_eq!(what(&error), (ErrorKind::UnexpectedResponse, Effect::Unknown, Some(200)));
}

#[tokio::test]
async fn an_answer_that_drips_ends_with_the_time_limit() {
    let drip = Duration::from_millis(20);
    let whole = Reply::json(200, json!({"users": []})).bytes();
    both_fail(Reply::raw("").dripping(&whole, drip), SOON, ErrorKind::Timeout, None, "head").await;
    let split = whole.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let body = Reply::raw(&whole[..split]).dripping(&whole[split..], drip * 5);
    both_fail(body, SOON, ErrorKind::Timeout, Some(200), "body").await;
    let refused = Reply::json(409, json!({"detail": "x"})).bytes();
    let split = refused.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    status_alone(Reply::raw(&refused[..split]).dripping(&refused[split..], drip * 5), SOON, 409, "409").await;
    both_fail(Reply::empty(200).after(LONG), SOON, ErrorKind::Timeout, None, "silence").await;
}

#[tokio::test]
async fn a_head_without_end_is_cut_off() {
    let start = || Reply::raw("HTTP/1.1 200 X\r\n");
    both_fail(
        start().forever("X-Header: value\r\n".repeat(1 << 10)),
        LONG,
        ErrorKind::Transport,
        None,
        "many headers",
    )
    .await;
    let one = Reply::raw("HTTP/1.1 200 X\r\nX-Header: ").forever("a".repeat(1 << 14));
    both_fail(one, LONG, ErrorKind::Transport, None, "one header").await;
    both_fail(
        Reply::raw("HTTP/1.1 200 ").forever("a".repeat(1 << 14)),
        LONG,
        ErrorKind::Transport,
        None,
        "reason",
    )
    .await;
    let continues = Reply::raw("").forever("HTTP/1.1 100 Continue\r\n\r\n".repeat(64));
    both_fail(continues, SOON, ErrorKind::Timeout, None, "100 Continue").await;
}

#[tokio::test]
async fn what_is_not_http_is_a_broken_connection() {
    for (case, bytes) in [
        ("another protocol", "SSH-2.0-OpenSSH_9.6\r\n"),
        ("nothing", ""),
        ("a line", "\r\n"),
        ("no version", "200 OK\r\n\r\n"),
        ("a status that is none", "HTTP/1.1 2000 X\r\n\r\n"),
        ("a zero byte", "HTTP/1.1 200 X\r\nA: \0\r\n\r\n"),
        ("two lengths", "HTTP/1.1 200 X\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\n{}"),
        ("a negative length", "HTTP/1.1 200 X\r\nContent-Length: -1\r\n\r\n{}"),
    ] {
        both_fail(Reply::raw(bytes), LONG, ErrorKind::Transport, None, case).await;
    }
    let chunk = Reply::raw("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}");
    both_fail(chunk, LONG, ErrorKind::Transport, Some(200), "a chunk without a size").await;
}

#[tokio::test]
async fn a_body_shorter_than_announced_is_not_taken_for_whole() {
    let cut = Reply::raw("HTTP/1.1 200 X\r\nContent-Length: 50\r\n\r\n{\"users\": []}");
    both_fail(cut, LONG, ErrorKind::Transport, Some(200), "200").await;
    status_alone(Reply::raw("HTTP/1.1 404 X\r\nContent-Length: 50\r\n\r\n{}"), LONG, 404, "404").await;
}

#[tokio::test]
async fn bytes_behind_the_announced_body_never_answer_another_request() {
    let pool = transport(LONG);
    let forged = "HTTP/1.1 200 X\r\nContent-Length: 8\r\n\r\n\"forged\"";
    let first = format!("HTTP/1.1 200 X\r\nContent-Length: 6\r\n\r\n\"real\"{forged}");
    for round in 0..50 {
        let first = first.clone();
        let server = Server::start(move |_, at| match at {
            0 => Reply::raw(first.clone()).then(End::KeepAlive),
            _ => Reply::json(200, "second"),
        })
        .await;
        let client = client(&server.url(), &pool);
        assert_eq!(read(&client).await.unwrap().body, "\"real\"");
        // It fails or it is answered truly; it is never the forged one.
        match read(&client).await {
            Ok(answer) => assert_eq!(answer.body, "\"second\"", "round {round}"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Transport, "round {round}"),
        }
    }
}

#[tokio::test]
async fn http_1_0_is_understood() {
    for (case, bytes, body) in [
        ("with a length", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", "{}"),
        ("until closed", "HTTP/1.0 201 Created\r\n\r\n{\"users\": []}", "{\"users\": []}"),
        ("without reason", "HTTP/1.0 204\r\n\r\n", ""),
    ] {
        let server = Server::always(Reply::raw(bytes)).await;
        let client = client(&server.url(), &transport(LONG));
        for answer in [read(&client).await, write(&client).await] {
            assert_eq!(answer.unwrap().body, body, "{case}");
        }
    }
    // A body that ends with the connection may have been cut anywhere: it does not parse then.
    let cut = Server::always(Reply::raw("HTTP/1.0 201 Created\r\n\r\n{\"users\": [")).await;
    let answer = write(&client(&cut.url(), &transport(LONG))).await.unwrap();
    let error = answer.json::<serde_json::Value>().unwrap_err();
    assert_eq!(what(&error), (ErrorKind::UnexpectedResponse, Effect::Unknown, Some(201)));
}

/// What must be known of an answer of which so many bytes came, when the connection then broke.
fn known_of(
    whole: &[u8],
    status: u16,
    came: usize,
    operation: Operation,
) -> Result<u16, (ErrorKind, Effect)> {
    let head = whole.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let lost = if operation.is_write() { Effect::Unknown } else { Effect::NotApplied };
    let complete = came == whole.len();
    match status {
        _ if came < head => Err((ErrorKind::Transport, lost)),
        300..=499 => Ok(status),
        _ if complete => Ok(status),
        _ => Err((ErrorKind::Transport, lost)),
    }
}

#[tokio::test]
async fn a_connection_that_breaks_at_any_byte_leaves_the_truth() {
    let pool = transport(LONG);
    let replies = [
        (
            201,
            Reply::json(
                201,
                json!({"users": [{"id": 7, "email": "a@example.com", "role": "viewer"}], "groups": []}),
            ),
        ),
        (204, Reply::empty(204)),
        (409, Reply::json(409, json!({"detail": "Member already exists in workspace."}))),
        (503, Reply::json(503, json!({"error": "service_maintenance"}))),
    ];
    let mut runs = 0;
    for (status, reply) in replies {
        let whole = reply.bytes();
        for end in [End::Close, End::Reset] {
            let cut = whole.clone();
            // The request says where to break.
            let server = Server::start(move |request, _| {
                let came: usize = request.query().trim_start_matches("came=").parse().unwrap();
                Reply::raw(&cut[..came]).then(end)
            })
            .await;
            let client = client(&server.url(), &pool);
            for came in 0..=whole.len() {
                for operation in [Operation::Get, Operation::Add] {
                    let method = if operation.is_write() { Method::POST } else { Method::GET };
                    let text = came.to_string();
                    let query = [("came", text.as_str())];
                    let request = Request::new(operation, method, &["members"]).with_query(&query);
                    let got = client.send(request).await;
                    let got = got.map(|answer| answer.status).map_err(|error| (error.kind(), error.effect()));
                    let expected = known_of(&whole, status, came, operation);
                    assert_eq!(got, expected, "{status}, {operation}, {came} of {}, {end:?}", whole.len());
                    runs += 1;
                }
            }
            assert_eq!(server.requests().len(), 2 * (whole.len() + 1), "each call was one request");
        }
    }
    println!("{runs} answers broken off");
    assert!(runs > 1500);
}

#[tokio::test]
async fn what_was_never_sent_was_not_applied() {
    // A port where no server listens.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = client(&format!("http://{address}"), &transport(LONG));
    let expected = (ErrorKind::Transport, Effect::NotApplied, None);
    assert_eq!(what(&read(&client).await.unwrap_err()), expected);
    assert_eq!(what(&write(&client).await.unwrap_err()), expected);
}

#[tokio::test]
async fn redirects_are_not_followed_anywhere() {
    let pool = transport(LONG);
    let elsewhere = Server::always(Reply::json(200, json!({"users": []}))).await;
    for status in [301, 302, 303, 307, 308] {
        for target in [elsewhere.url(), "/members".to_owned(), "//evil.example/".to_owned()] {
            let reply = Reply::empty(status).with_header("Location", &target);
            let server = Server::always(reply).await;
            let client = client(&server.url(), &pool);
            for (answer, operation) in
                [(read(&client).await, Operation::Get), (write(&client).await, Operation::Add)]
            {
                let error = answer.unwrap().failure();
                // "See other", and in practice the two before it, point away from what a body has made.
                let effect = match (status, operation) {
                    (301..=303, Operation::Add) => Effect::Unknown,
                    (303, _) => Effect::NotApplied,
                    _ => Effect::Rejected,
                };
                assert_eq!(what(&error), (ErrorKind::UnexpectedResponse, effect, Some(status)), "{target}");
            }
            assert_eq!(server.requests().len(), 2, "{status} to {target}");
        }
    }
    assert_eq!(elsewhere.connections(), 0, "the key did not follow");
}

#[tokio::test]
async fn a_web_page_in_place_of_data_is_named_as_one() {
    let page = Reply::text(200, "text/html", "<!doctype html><title>Sign in</title>");
    let server = Server::always(page).await;
    let client = client(&server.url(), &transport(LONG));
    let answer = write(&client).await.unwrap();
    let error = answer.json::<serde_json::Value>().unwrap_err();
    assert_eq!(what(&error), (ErrorKind::UnexpectedResponse, Effect::Unknown, Some(200)));
    assert!(error.message().contains("web page"), "{error}");
    // A removal has no data to read; a page is no confirmation either.
    let error = answer.confirm_done().unwrap_err();
    assert_eq!(what(&error), (ErrorKind::UnexpectedResponse, Effect::Unknown, Some(200)));
}

#[tokio::test]
async fn a_removal_is_confirmed_by_what_means_that_it_was_done() {
    for (reply, confirmed) in [
        (Reply::empty(204), Ok(())),
        (Reply::empty(200), Ok(())),
        (Reply::json(200, json!({})), Ok(())),
        (Reply::text(200, "text/plain", "ok"), Err(ErrorKind::UnexpectedResponse)),
        (Reply::text(203, "text/html", "<html>"), Err(ErrorKind::UnexpectedResponse)),
        (Reply::empty(202), Err(ErrorKind::Unconfirmed)),
    ] {
        let server = Server::always(reply).await;
        let answer = write(&client(&server.url(), &transport(LONG))).await.unwrap();
        let got = answer.confirm_done();
        let got = got.map_err(|error| {
            assert_eq!((error.effect(), error.status()), (Effect::Unknown, Some(answer.status)));
            error.kind()
        });
        assert_eq!(got, confirmed, "{}", answer.status);
    }
}

#[tokio::test]
async fn a_connection_closed_while_idle_costs_no_call_and_doubles_none() {
    let server = Server::start(|_, at| {
        let end = if at % 3 == 0 { End::Close } else { End::KeepAlive };
        Reply::raw(Reply::json(200, json!(at)).bytes()).then(end)
    })
    .await;
    let client = client(&server.url(), &transport(LONG));
    let (mut failed, calls) = (0, 300);
    for _ in 0..calls {
        if let Err(error) = write(&client).await {
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Transport, Effect::Unknown));
            failed += 1;
        }
    }
    println!("{failed} of {calls} calls met a connection that was just being closed");
    assert!(server.requests().len() <= calls, "no call was sent twice");
}

#[tokio::test]
async fn path_and_query_are_encoded_so_that_nothing_is_added() {
    let server = Server::always(Reply::json(200, json!({}))).await;
    let client = client(&format!("{}/tenant/", server.url()), &transport(LONG));
    let path = ["w", "a/b", "50%", "a+b", "Ünï", "a b?c#d", "%2e%2e", "...", ";=&@:", "\\"];
    let query = [("q", "a b&c=d+e%"), ("page", "1")];
    let request = Request::new(Operation::Get, Method::GET, &path).with_query(&query);
    client.send(request).await.unwrap();
    assert_eq!(
        server.only().target,
        "/tenant/w/a%2Fb/50%25/a+b/%C3%9Cn%C3%AF/a%20b%3Fc%23d/%252e%252e/.../;=&@:/%5C\
         ?q=a+b%26c%3Dd%2Be%25&page=1"
    );
    for bad in ["", ".", "..", "a\tb", "a\nb", "\u{7f}"] {
        let path = ["w", bad, "members"];
        let error = client.send(Request::new(Operation::Remove, Method::DELETE, &path)).await.unwrap_err();
        assert_eq!(what(&error), (ErrorKind::InvalidInput, Effect::Rejected, None), "{bad:?}");
    }
    assert_eq!(server.requests().len(), 1, "none of these was sent");
}

#[tokio::test]
async fn a_wait_without_bound_is_bounded() {
    for (value, seconds) in [
        ("7", Some(7)),
        ("18446744073709551615", Some(86_400)),
        ("99999999999999999999999", None),
        ("-1", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Some(86_400)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
    ] {
        let server = Server::always(Reply::empty(429).with_header("Retry-After", value)).await;
        let answer = read(&client(&server.url(), &transport(LONG))).await.unwrap();
        assert_eq!(answer.retry_after, seconds.map(Duration::from_secs), "{value}");
    }
}

#[tokio::test]
async fn after_a_401_the_source_is_asked_once_and_the_next_call_uses_what_it_gave() {
    let server = Server::start(|request, _| match request.header("authorization") {
        Some("Bearer second") => Reply::json(200, json!({})),
        _ => Reply::empty(401),
    })
    .await;
    let source = Rotating::new(&["first", "second"]);
    let base = check_base_url(&server.url()).unwrap();
    let client = Client::new(X, base, &transport(LONG), AuthScheme::BEARER, source.clone()).unwrap();
    let refused = write(&client).await.unwrap();
    assert!(refused.renewed);
    let error = refused.failure();
    assert_eq!(what(&error), (ErrorKind::Unauthenticated, Effect::NotApplied, Some(401)));
    assert_eq!((server.requests().len(), source.asked()), (1, (2, 1)));
    assert_eq!(write(&client).await.unwrap().status, 200);
    assert_eq!((server.requests().len(), source.asked()), (2, (2, 1)));
}

#[tokio::test]
async fn a_burst_of_401_asks_the_source_for_all_of_them() {
    let server = Server::always(Reply::empty(401).after(Duration::from_millis(50))).await;
    // A source that has no other key would otherwise be asked once for each call, one after the other.
    let source = Rotating::new(&["only"]);
    let base = check_base_url(&server.url()).unwrap();
    let client = Client::new(X, base, &transport(LONG), AuthScheme::BEARER, source.clone()).unwrap();
    let answers = join_all((0..100).map(|_| write(&client))).await;
    assert!(answers.into_iter().all(|answer| !answer.unwrap().renewed));
    let (_, renewals) = source.asked();
    println!("{renewals} renewals for 100 refused calls");
    assert!(renewals <= 20, "{renewals}");
}

/// A source that is out of order, and counts how often it was asked.
#[derive(Debug, Default)]
struct Broken(AtomicUsize);

#[async_trait]
impl CredentialSource for Broken {
    async fn credential(&self, _renew: bool) -> Result<SecretString> {
        self.0.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        let cause = std::io::Error::other("the store is locked");
        Err(Error::new(ErrorKind::Unavailable, Effect::NotApplied, "no key for now").with_source(cause))
    }
}

#[tokio::test]
async fn a_source_that_gives_no_key_is_asked_once_for_all_who_wait() {
    let server = Server::always(Reply::empty(200)).await;
    let source = Arc::new(Broken::default());
    let base = check_base_url(&server.url()).unwrap();
    let client = Client::new(X, base, &transport(LONG), AuthScheme::BEARER, source.clone()).unwrap();
    for burst in 1..=2 {
        for error in join_all((0..100).map(|_| write(&client))).await {
            let error = error.unwrap_err();
            assert_eq!(what(&error), (ErrorKind::Unavailable, Effect::NotApplied, None));
            assert_eq!(error.operation(), Some(Operation::Add));
            assert!(chain(&error).contains("the store is locked"), "{error:?}");
        }
        assert_eq!(source.0.load(Ordering::SeqCst), burst, "once per burst");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn no_client_sends_a_key_in_clear() {
    for bad in ["http://a.example/", "https://user:secret@a.example/", "https://a.example/?key=1"] {
        let base = bad.parse().unwrap();
        let refused = Client::new(X, base, &transport(LONG), AuthScheme::BEARER, key()).unwrap_err();
        assert_eq!((refused.kind(), refused.provider()), (ErrorKind::Config, Some(&X)), "{bad}");
    }
}

#[tokio::test]
async fn a_key_that_no_header_can_carry_is_refused_unsent_and_unseen() {
    let server = Server::always(Reply::empty(200)).await;
    for bad in [format!("{CANARY}\nX-Injected: 1"), format!("{CANARY}\0"), String::new(), "  ".to_owned()] {
        let source = Rotating::new(&[&bad]);
        let base = check_base_url(&server.url()).unwrap();
        let client = Client::new(X, base, &transport(LONG), AuthScheme::BEARER, source).unwrap();
        let error = write(&client).await.unwrap_err();
        assert_eq!(what(&error), (ErrorKind::Credential, Effect::Rejected, None));
        assert!(!chain(&error).contains("canary"), "{error:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn requests_under_way_are_bounded_and_the_bound_survives_cancellation() {
    let server = Server::start(|_, _| Reply::json(200, json!({})).after(Duration::from_millis(5))).await;
    let mut config = TransportConfig::default();
    config.max_in_flight = 8;
    let client = client(&server.url(), &Transport::new(config).unwrap());
    for round in 0..5 {
        let calls = (0..200).map(|at| {
            let client = &client;
            async move {
                if at % 2 == 0 {
                    return write(client).await.map(drop);
                }
                // Given up while waiting, connecting or reading.
                let limit = Duration::from_micros(200 * at);
                let _ = tokio::time::timeout(limit, write(client)).await;
                Ok(())
            }
        });
        for result in join_all(calls).await {
            result.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        }
    }
    assert_eq!(write(&client).await.unwrap().status, 200, "nothing is stuck");
    // A connection given up may not have been closed on both sides when the next one opens.
    println!("{} connections, {} at once", server.connections(), server.most_open());
    assert!(server.most_open() <= 32, "{}", server.most_open());
}

/// What a call waits for before it is sent takes nothing from the time of the request: this is what adapters declare with
/// `Capabilities::with_own_timeout`.
#[tokio::test]
async fn the_time_of_a_request_begins_when_it_is_sent() {
    const TIMEOUT: Duration = Duration::from_secs(2);
    let server = Server::start(|_, _| Reply::json(200, json!({})).after(TIMEOUT / 2)).await;
    let mut config = TransportConfig::default();
    (config.max_in_flight, config.request_timeout) = (1, TIMEOUT);
    let transport = Transport::new(config).unwrap();
    assert_eq!(transport.request_timeout(), TIMEOUT);
    let client = client(&server.url(), &transport);
    // The third waits for its turn as long as a request may take, and then for its answer.
    for answer in join_all((0..3).map(|_| write(&client))).await {
        assert_eq!(answer.unwrap().status, 200);
    }
}
