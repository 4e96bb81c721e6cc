//! The refresh of an OAuth access token: what is sent, what is kept, and what of it can be seen.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use futures_util::future::join_all;
use secrecy::SecretString;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use workspace_members_core::{Effect, ErrorKind, Operation, Provider};
use workspace_members_http::{
    AuthScheme, Client, CredentialSource, Method, OAuthRefresh, Request, check_base_url,
};
use workspace_members_tests::{End, Recorded, Reply, Server, chain, transport};

const LONG: Duration = Duration::from_secs(20);

fn refresh(server: &Server) -> OAuthRefresh {
    OAuthRefresh::new(
        format!("{}/oauth2/access_token", server.url()),
        "application",
        SecretString::from("canary_client_secret"),
        SecretString::from("canary_refresh_0"),
        transport(LONG),
    )
}

fn field(request: &Recorded, name: &str) -> String {
    let fields = url::form_urlencoded::parse(&request.body);
    fields.into_owned().find(|(field, _)| field == name).map(|(_, value)| value).unwrap_or_default()
}

/// A token endpoint that spends each refresh token, and an API beside it that takes the newest access token only.
async fn rotating(wait: Duration) -> Server {
    let spent = Mutex::new(0);
    Server::start(move |request, _| {
        let mut spent = spent.lock().unwrap();
        if request.path() != "/oauth2/access_token" {
            let good = request.header("authorization") == Some(&format!("Bearer canary_access_{spent}"));
            return if good { Reply::json(200, json!({})) } else { Reply::empty(401) };
        }
        if field(request, "refresh_token") != format!("canary_refresh_{spent}") {
            return Reply::json(400, json!({"error": "invalid_grant"}));
        }
        *spent += 1;
        let tokens = json!({
            "access_token": format!("canary_access_{spent}"),
            "token_type": "Bearer",
            "expires_in": 31_535_999,
            "refresh_token": format!("canary_refresh_{spent}"),
        });
        Reply::json(200, tokens).after(wait)
    })
    .await
}

fn client(server: &Server, source: OAuthRefresh) -> Client {
    let (provider, base) = (Provider::from_static("x"), check_base_url(&server.url()).unwrap());
    Client::new(provider, base, &transport(LONG), AuthScheme::BEARER, Arc::new(source)).unwrap()
}

async fn status(client: &Client) -> u16 {
    let request = Request::new(Operation::Me, Method::GET, &["me"]);
    client.send(request).await.map_or(0, |answer| answer.status)
}

#[tokio::test]
async fn the_form_is_the_standards_and_the_token_is_used_until_it_is_refused() {
    let server = rotating(Duration::ZERO).await;
    let client = client(&server, refresh(&server));
    let statuses = join_all((0..50).map(|_| status(&client))).await;
    assert_eq!(statuses, vec![200; 50]);
    let requests = server.requests();
    let refreshes: Vec<_> = requests.iter().filter(|r| r.path() == "/oauth2/access_token").collect();
    assert_eq!(refreshes.len(), 1, "one refresh for fifty calls at once");
    assert_eq!(refreshes[0].method, "POST");
    assert_eq!(refreshes[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(refreshes[0].header("authorization"), None);
    let sent = String::from_utf8(refreshes[0].body.clone()).unwrap();
    assert_eq!(
        sent,
        "grant_type=refresh_token&client_id=application&client_secret=canary_client_secret\
         &refresh_token=canary_refresh_0"
    );
}

#[tokio::test]
async fn a_refresh_is_carried_to_its_end_though_the_call_is_dropped() {
    let server = rotating(Duration::from_millis(100)).await;
    let client = client(&server, refresh(&server));
    for _ in 0..3 {
        let patience = Duration::from_millis(20);
        assert!(tokio::time::timeout(patience, status(&client)).await.is_err(), "it is dropped mid-way");
    }
    // Each spent a refresh token. Had the answer been lost with the call, the account would be locked out now.
    assert_eq!(status(&client).await, 200);
    let refused = server.requests().iter().any(|request| {
        request.path() == "/oauth2/access_token" && field(request, "refresh_token") == "canary_refresh_0"
    });
    assert!(refused, "the first was sent");
}

#[tokio::test]
async fn no_failure_of_the_refresh_shows_a_secret() {
    let echo = |status, body| Reply::json(status, body);
    let everything = "canary_client_secret canary_refresh_0";
    for (case, reply) in [
        ("a code that is known", echo(400, json!({"error": "invalid_grant", "hint": everything}))),
        ("a code that is the secret", echo(400, json!({"error": "canary_client_secret"}))),
        ("a page", Reply::text(400, "text/html", everything)),
        ("a page in place of tokens", Reply::text(200, "text/html", everything)),
        ("tokens of another type", echo(200, json!({"access_token": ["canary_refresh_0"]}))),
        ("a token with a line break", echo(200, json!({"access_token": "canary_access\nX: 1"}))),
        ("an endless answer", Reply::raw("HTTP/1.1 200 X\r\n\r\n").forever(everything.repeat(100))),
        ("a redirect", Reply::empty(307).with_header("Location", "http://127.0.0.1:1/canary_client_secret")),
        ("a reset", Reply::raw("HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\ncanary").then(End::Reset)),
    ] {
        let server = Server::always(reply).await;
        let client = client(&server, refresh(&server));
        let request = Request::new(Operation::Add, Method::POST, &["members"]);
        let error = client.send(request).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Credential, Effect::Rejected), "{case}");
        let shown = format!("{}{client:?}", chain(&error));
        assert!(!shown.contains("canary"), "{case}: {shown}");
        assert_eq!(server.requests().len(), 1, "{case}: the call itself was not sent");
    }
    let inside_url = OAuthRefresh::new(
        "https://user:canary@login.example.com/",
        "application",
        SecretString::from("canary"),
        SecretString::from("canary"),
        transport(LONG),
    );
    let error = inside_url.credential(false).await.unwrap_err();
    assert!(!format!("{inside_url:?}{}", chain(&error)).contains("canary"));
}
