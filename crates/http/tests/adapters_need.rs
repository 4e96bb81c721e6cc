//! What adapters to come need of a server's answers: headers both ways, four ways of paging, waits, ids of any text.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use workspace_members_core::{Cursor, ErrorKind, Operation, PageRequest, Provider};
use workspace_members_http::{
    Answer, AuthScheme, Client, Method, PageNumber, PageToken, Request, StartIndex, check_base_url,
    page_of_next, parameter,
};
use workspace_members_tests::{CANARY, Recorded, Reply, Server, key, transport};

const X: Provider = Provider::from_static("x");
const LIST: Operation = Operation::ListMembers;

fn client(server: &Server) -> Client {
    let base = check_base_url(&server.url()).unwrap();
    Client::new(X, base, &transport(Duration::from_secs(10)), AuthScheme::BEARER, key()).unwrap()
}

async fn get(client: &Client, query: &[(&str, &str)]) -> Answer {
    client.send(Request::new(LIST, Method::GET, &["members"]).with_query(query)).await.unwrap()
}

/// The numbers from 1 to 7, of which a page holds some.
fn numbers(from: usize, size: usize) -> Vec<usize> {
    (from..=7).take(size).collect()
}

fn query(request: &Recorded, name: &str) -> Option<String> {
    parameter(&request.target, name)
}

fn number(request: &Recorded, name: &str) -> usize {
    query(request, name).unwrap().parse().unwrap()
}

#[derive(Deserialize)]
struct Listing {
    items: Vec<usize>,
    #[serde(default, alias = "totalResults")]
    total: u64,
    #[serde(default)]
    next_cursor: Option<String>,
}

fn read(answer: &Answer) -> Listing {
    answer.json().unwrap()
}

#[tokio::test]
async fn by_page_number() {
    let server = Server::start(|request, _| {
        let (page, size) = (number(request, "page"), number(request, "size"));
        Reply::json(200, json!({ "items": numbers((page - 1) * size + 1, size), "total": 7 }))
    })
    .await;
    let (client, mut all, mut cursor) = (client(&server), Vec::new(), None);
    loop {
        let page = client.page::<PageNumber>(&PageRequest::at(cursor), 3, 3, LIST).unwrap();
        let (number, size) = (page.number.to_string(), page.size.to_string());
        let listing = read(&get(&client, &[("page", &number), ("size", &size)]).await);
        all.extend(listing.items);
        cursor = page.next_of(listing.total);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((all, server.requests().len()), ((1..=7).collect(), 3));
}

/// The next address names another host: nothing but its page number is used, and the key stays here.
#[tokio::test]
async fn by_link() {
    let server = Server::start(|request, _| {
        let page = query(request, "page").map_or(1, |page| page.parse().unwrap());
        let reply = Reply::json(200, json!({ "items": numbers((page - 1) * 3 + 1, 3) }));
        let links = format!(
            "<https://elsewhere.example/members?page=1>; rel=\"first\", <https://elsewhere.example/members?page={}>; \
             rel=\"next\"",
            page + 1
        );
        if page < 3 { reply.with_header("Link", &links) } else { reply }
    })
    .await;
    let (client, mut all, mut cursor) = (client(&server), Vec::new(), None);
    loop {
        let page = client.page::<PageNumber>(&PageRequest::at(cursor), 3, 3, LIST).unwrap();
        let answer = get(&client, &[("page", &page.number.to_string())]).await;
        all.extend(read(&answer).items);
        cursor = answer.next_link().and_then(page_of_next).map(|number| page.cursor(number));
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((all, server.requests().len()), ((1..=7).collect(), 3));
}

#[tokio::test]
async fn by_the_providers_cursor() {
    let server = Server::start(|request, _| {
        let from =
            query(request, "cursor").map_or(1, |cursor| cursor.strip_prefix("at=").unwrap().parse().unwrap());
        let items = numbers(from, number(request, "limit"));
        let next =
            items.last().filter(|last| **last < 7).map_or(String::new(), |last| format!("at={}", last + 1));
        Reply::json(200, json!({ "items": items, "next_cursor": next }))
    })
    .await;
    let (client, mut all, mut cursor) = (client(&server), Vec::new(), None);
    loop {
        let page = client.page::<PageToken>(&PageRequest::at(cursor), 3, 3, LIST).unwrap();
        let size = page.size.to_string();
        let mut query = vec![("limit", size.as_str())];
        query.extend(page.token.as_deref().map(|token| ("cursor", token)));
        let listing = read(&get(&client, &query).await);
        all.extend(listing.items);
        cursor = page.next_of(listing.next_cursor.as_deref());
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((all, server.requests().len()), ((1..=7).collect(), 3));
}

/// SCIM's server may give fewer than are asked for; the next part begins after what came.
#[tokio::test]
async fn by_start_index() {
    let server = Server::start(|request, _| {
        let items = numbers(number(request, "startIndex"), number(request, "count").min(2));
        Reply::json(200, json!({ "items": items, "totalResults": 7 }))
    })
    .await;
    let (client, mut all, mut cursor) = (client(&server), Vec::new(), None);
    loop {
        let part = client.page::<StartIndex>(&PageRequest::at(cursor), 5, 100, LIST).unwrap();
        let (start, count) = (part.start.to_string(), part.count.to_string());
        let listing = read(&get(&client, &[("startIndex", &start), ("count", &count)]).await);
        cursor = part.next_of(listing.items.len(), listing.total);
        all.extend(listing.items);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((all, server.requests().len()), ((1..=7).collect(), 4));
}

#[tokio::test]
async fn a_foreign_cursor_is_refused_unsent() {
    let server = Server::always(Reply::empty(200)).await;
    let client = client(&server);
    let page = PageRequest::at(Some(Cursor::new("of another adapter's")));
    for refused in [
        client.page::<PageNumber>(&page, 3, 3, LIST).map(drop),
        client.page::<PageToken>(&page, 3, 3, LIST).map(drop),
        client.page::<StartIndex>(&page, 3, 3, LIST).map(drop),
    ] {
        let error = refused.unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::InvalidInput, Some(LIST)));
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn headers_go_both_ways() {
    let reply = Reply::json(200, json!({})).with_header("ETag", "\"v7\"").with_header("X-Echo", CANARY);
    let server = Server::always(reply).await;
    let client = client(&server).with_header("X-Api-Version", "2022-11-28").unwrap();
    let request = || Request::new(Operation::Add, Method::POST, &["members"]);
    let scim = request().with_header("Content-Type", "application/scim+json").unwrap();
    let answer = client.send(scim.with_json(&json!({})).unwrap()).await.unwrap();
    assert_eq!((answer.header("etag"), answer.header("X-Nothing")), (Some("\"v7\""), None));
    assert_eq!(answer.header("x-echo"), Some("[redacted]"), "a server may repeat the key");
    let replaced = request().with_header("x-api-version", "next").unwrap();
    client.send(replaced.with_header("Accept", "application/vnd.x+json").unwrap()).await.unwrap();

    let sent = server.requests();
    let header = |at: usize, name| sent[at].header(name);
    assert_eq!(header(0, "x-api-version"), Some("2022-11-28"));
    assert_eq!(header(0, "content-type"), Some("application/scim+json"));
    assert_eq!(header(0, "accept"), Some("application/json"));
    assert_eq!(header(1, "x-api-version"), Some("next"));
    assert_eq!(header(1, "accept"), Some("application/vnd.x+json"));
    for (name, value) in [("Authorization", "Bearer other"), ("a b", "x"), ("x-y", "a\nb")] {
        let error = request().with_header(name, value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}");
        assert!(!error.to_string().contains("other"), "{error}");
    }
}

#[tokio::test]
async fn ids_of_any_text_stay_one_part_of_the_path() {
    let server = Server::always(Reply::json(200, json!({}))).await;
    let client = client(&server);
    let ids =
        ["a/b", "100%", "%2e%2e", "?x=1", "#x", "a b", "é", "a\\b", "user@example.com", "a;b", "..a", "&=+"];
    for id in ids {
        client.send(Request::new(Operation::Get, Method::GET, &["members", id])).await.unwrap();
    }
    let paths: Vec<String> = server.requests().iter().map(|request| request.target.clone()).collect();
    for (id, path) in ids.iter().zip(&paths) {
        let part = path.strip_prefix("/members/").unwrap();
        assert!(!part.contains(['/', '?', '#', ' ', '\\']), "{id}: {path}");
        let decoded = url::Url::parse(&format!("x:/?p={}", part.replace('+', "%2B"))).unwrap();
        let decoded = decoded.query_pairs().next().map(|(_, text)| text.into_owned());
        // What splits a query and not a path stands as it is.
        assert!(decoded.as_deref() == Some(id) || id.contains('&'), "{id}: {path}");
    }
}

/// The server's clock is a year behind ours; its dates mean what they mean there.
#[tokio::test]
async fn waits_come_from_whichever_header_has_them() {
    let date = "Sun, 09 Sep 2001 01:46:40 GMT";
    for (status, headers, expected) in [
        (429, &[("Retry-After", "7")][..], Some(7)),
        (503, &[("Retry-After", "Sun, 09 Sep 2001 01:47:10 GMT")], Some(30)),
        (429, &[("X-RateLimit-Reset", "1000000012")], Some(12)),
        (429, &[("RateLimit-Reset", "9")], Some(9)),
        (403, &[("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1000000012")], Some(12)),
        (403, &[("X-RateLimit-Remaining", "3"), ("X-RateLimit-Reset", "1000000012")], None),
        (500, &[], None),
    ] {
        let reply = Reply::json(status, json!({})).with_header("Date", date);
        let reply = headers.iter().fold(reply, |reply, (name, value)| reply.with_header(name, value));
        let server = Server::always(reply).await;
        let client = client(&server);
        let answer = get(&client, &[]).await;
        let error = answer.failure();
        assert_eq!(answer.retry_after, expected.map(Duration::from_secs), "{status} {headers:?}");
        assert_eq!(error.retry_after(), answer.retry_after);
    }
}

#[tokio::test]
async fn the_providers_words_stand_where_the_adapter_says() {
    let server =
        Server::always(Reply::json(400, json!({ "scimType": "x", "reason": "no seat", "error": "e" }))).await;
    let said = |client: Client| async move {
        let answer = get(&client, &[]).await;
        answer.failure().provider_message().map(str::to_owned)
    };
    assert_eq!(said(client(&server)).await.as_deref(), Some("e"));
    let own = client(&server).with_message_fields(&["reason"]);
    assert_eq!(said(own).await.as_deref(), Some("no seat"));
}
