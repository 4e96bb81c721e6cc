//! The refresh of an OAuth access token: what is sent, what is kept, and what of it can be seen.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use async_trait::async_trait;
use futures_util::future::join_all;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use workspace_members_core::{Effect, Error, ErrorKind, Operation, Provider, Result};
use workspace_members_http::{
    AuthScheme, Client, Credential, CredentialSource, Method, OAuth, Request, TokenStore, check_base_url,
};
use workspace_members_tests::{End, Recorded, Reply, Server, chain, transport};

const LONG: Duration = Duration::from_secs(20);

fn oauth(server: &Server) -> OAuth {
    let (secret, token) =
        (Credential::from_key("canary_client_secret"), Credential::from_key("canary_refresh_0"));
    OAuth::new("application", secret, token).with_token_url(format!("{}/oauth2/access_token", server.url()))
}

fn source(oauth: OAuth) -> Result<Arc<dyn CredentialSource>> {
    Credential::OAuth(oauth).into_source(None, &transport(LONG))
}

/// A store that is full for a while.
#[derive(Debug)]
struct Full {
    token: Mutex<SecretString>,
    refusals: Mutex<u32>,
}

#[async_trait]
impl TokenStore for Full {
    async fn load(&self) -> Result<SecretString> {
        Ok(self.token.lock().unwrap().clone())
    }
    async fn save(&self, token: &SecretString) -> Result<()> {
        let mut refusals = self.refusals.lock().unwrap();
        if *refusals > 0 {
            *refusals -= 1;
            return Err(Error::new(ErrorKind::Credential, Effect::Rejected, "no space left"));
        }
        *self.token.lock().unwrap() = token.clone();
        Ok(())
    }
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

fn client(server: &Server, oauth: OAuth) -> Client {
    let (provider, base) = (Provider::from_static("x"), check_base_url(&server.url()).unwrap());
    Client::new(provider, base, &transport(LONG), AuthScheme::BEARER, source(oauth).unwrap()).unwrap()
}

async fn status(client: &Client) -> u16 {
    let request = Request::new(Operation::Me, Method::GET, &["me"]);
    client.send(request).await.map_or(0, |answer| answer.status)
}

#[tokio::test]
async fn the_form_is_the_standards_and_the_token_is_used_until_it_is_refused() {
    let server = rotating(Duration::ZERO).await;
    let client = client(&server, oauth(&server));
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
    let client = client(&server, oauth(&server));
    for _ in 0..3 {
        let limit = Duration::from_millis(20);
        assert!(tokio::time::timeout(limit, status(&client)).await.is_err(), "it is dropped mid-way");
    }
    // Each spent a refresh token. Had the answer been lost with the call, the account would be locked out now.
    assert_eq!(status(&client).await, 200);
    let refused = server.requests().iter().any(|request| {
        request.path() == "/oauth2/access_token" && field(request, "refresh_token") == "canary_refresh_0"
    });
    assert!(refused, "the first was sent");
}

#[tokio::test]
async fn a_refresh_token_that_could_not_be_saved_is_not_lost() {
    let server = rotating(Duration::ZERO).await;
    let (token, refusals) = (Mutex::new(SecretString::from("canary_refresh_0")), Mutex::new(2));
    let store = Arc::new(Full { token, refusals });
    let client = client(&server, oauth(&server).with_store(store.clone()));
    let refreshes = || server.requests().iter().filter(|r| r.path() == "/oauth2/access_token").count();
    assert_eq!((status(&client).await, refreshes()), (0, 1), "the new token cannot be saved");
    assert_eq!((status(&client).await, refreshes()), (0, 1), "and before it is, no other is spent");
    assert_eq!((status(&client).await, refreshes()), (200, 2), "the token that was kept is good");
    assert_eq!(store.token.lock().unwrap().expose_secret(), "canary_refresh_2");
}

#[tokio::test]
async fn what_passes_at_the_token_endpoint_may_be_tried_again() {
    let kind = async |reply: Reply| {
        let server = Server::always(reply).await;
        let client = client(&server, oauth(&server));
        let request = Request::new(Operation::Add, Method::POST, &["members"]);
        let error = client.send(request).await.unwrap_err();
        assert_eq!(server.requests().len(), 1, "the call itself was not sent");
        (error.kind(), error.effect(), error.retry_after().map(|wait| wait.as_secs()))
    };
    let busy = Reply::empty(429).with_header("Retry-After", "7");
    assert_eq!(kind(busy).await, (ErrorKind::RateLimited, Effect::NotApplied, Some(7)));
    assert_eq!(kind(Reply::empty(503)).await, (ErrorKind::Unavailable, Effect::NotApplied, None));
    assert_eq!(kind(Reply::raw("").then(End::Reset)).await, (ErrorKind::Transport, Effect::NotApplied, None));
    let refused = Reply::json(400, json!({"error": "invalid_grant"}));
    assert_eq!(kind(refused).await, (ErrorKind::Credential, Effect::Rejected, None));
}

#[tokio::test]
async fn a_token_endpoint_that_is_out_of_order_does_not_make_a_refused_key_final() {
    let server = Server::start(|request, earlier| match (request.path(), earlier) {
        ("/oauth2/access_token", 0) => Reply::json(200, json!({"access_token": "canary_access"})),
        ("/oauth2/access_token", _) => Reply::empty(503),
        _ => Reply::empty(401),
    })
    .await;
    let client = client(&server, oauth(&server));
    let request = Request::new(Operation::Add, Method::POST, &["members"]);
    let error = client.send(request).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::NotApplied));
}

#[tokio::test]
async fn the_token_url_is_checked_at_once_and_used_as_it_stands() {
    let server = Server::always(Reply::json(200, json!({"access_token": "canary_access"}))).await;
    let at = |url: &str| {
        let secret = || Credential::from_key("canary");
        source(OAuth::new("application", secret(), secret()).with_token_url(url))
    };
    at(&format!("{}/oauth/token/", server.url())).unwrap().credential(false).await.unwrap();
    assert_eq!(server.only().path(), "/oauth/token/");
    for bad in ["http://login.example.com/token", "https://user:canary@login.example.com/", "login"] {
        let error = at(bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
        assert!(error.to_string().contains("token URL") && !chain(&error).contains("canary"), "{error}");
    }
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
        let client = client(&server, oauth(&server));
        let request = Request::new(Operation::Add, Method::POST, &["members"]);
        let error = client.send(request).await.unwrap_err();
        let expected = match case {
            "a reset" => (ErrorKind::Transport, Effect::NotApplied),
            _ => (ErrorKind::Credential, Effect::Rejected),
        };
        assert_eq!((error.kind(), error.effect()), expected, "{case}");
        let shown = format!("{}{client:?}", chain(&error));
        assert!(!shown.contains("canary"), "{case}: {shown}");
        assert_eq!(server.requests().len(), 1, "{case}: the call itself was not sent");
    }
}
