//! How a listing goes on, and where it ends.

use super::{FIRST, paradigm, paradigm_over};
use futures_util::TryStreamExt;
use serde_json::{Value, json};
use workspace_members_core::{Cursor, Effect, ErrorKind, Operation, WorkspaceMembers, WorkspaceMembersExt};
use workspace_members_http::{HttpSettings, Transport, TransportConfig};
use workspace_members_tests::{Authority, Call, Expected, Issued, Recorded, Reply, Server, settings};

/// Five workspaces in the form of Django REST framework, pages of two.
fn pages(request: &Recorded, next: impl Fn(u32) -> Value) -> Reply {
    let page: u32 =
        request.query().split('&').find_map(|p| p.strip_prefix("page=")).unwrap().parse().unwrap();
    let all = [1, 2, 3, 4, 5];
    let from = (page as usize - 1) * 2;
    let results: Vec<Value> =
        all.iter().skip(from).take(2).map(|id| json!({"id": id, "name": "x"})).collect();
    let next = if from + 2 < all.len() { next(page + 1) } else { Value::Null };
    Reply::json(200, json!({"count": 5, "next": next, "previous": null, "results": results}))
}

#[tokio::test]
async fn of_a_next_address_only_the_page_number_is_used() {
    let nexts: [fn(u32) -> Value; 4] = [
        |page| json!(format!("https://paradigm.example.com/api/v3/workspaces?page={page}")),
        |page| json!(format!("http://evil.example:1/x?key=y&page={page}&page_size=1#page=9")),
        |page| json!(format!("//evil.example/?page={page}")),
        |page| json!(format!("?page={page}")),
    ];
    for next in nexts {
        let server = Server::start(move |request, _| pages(request, next)).await;
        let paradigm = paradigm_over(&settings(&server.url()).with_page_size(2), |config| config);
        let ids: Vec<String> =
            paradigm.workspaces().map_ok(|workspace| workspace.id.to_string()).try_collect().await.unwrap();
        assert_eq!(ids, ["1", "2", "3", "4", "5"]);
        let targets: Vec<String> = server.requests().into_iter().map(|request| request.target).collect();
        let expected: Vec<String> =
            (1..=3).map(|page| format!("/api/v3/workspaces?page={page}&page_size=2")).collect();
        assert_eq!(targets, expected);
    }
    for next in ["https://paradigm.example.com/?cursor=abc", "", "?page=0", "?page=x", "?page=-1"] {
        let server = Server::start(move |request, _| pages(request, move |_| json!(next))).await;
        let paradigm = paradigm(&server.url(), |config| config);
        let error = Call::Workspaces(FIRST()).run(&paradigm).await.unwrap_err();
        let expected = Expected::new(ErrorKind::UnexpectedResponse, Effect::NotApplied).status(200);
        expected.check(&error, Operation::ListWorkspaces, "paradigm", next);
    }
}

/// A server that does not know of the TLS before it names its pages with http.
#[tokio::test]
async fn a_next_address_over_http_behind_tls_is_asked_for_over_tls() {
    let authority = Authority::new();
    let tls = authority.acceptor(&["localhost"], Issued::Now);
    let server = Server::start_tls(tls, |request, _| {
        let host = request.header("host").unwrap().to_owned();
        let listed = |page| json!(format!("http://{host}/api/v3/workspaces?page={page}"));
        pages(request, listed)
    });
    let server = server.await;
    let mut config = TransportConfig::default();
    config.root_ca_pem = Some(authority.pem().as_bytes().to_vec());
    let pool = Transport::new(config).unwrap();
    let http = HttpSettings::at(server.url()).with_page_size(2).with_transport(pool);
    let paradigm = paradigm_over(&http, |config| config);
    assert_eq!(paradigm.workspaces().try_collect::<Vec<_>>().await.unwrap().len(), 5);
    // This server takes nothing but TLS, so all three pages came by it.
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn both_described_forms_of_a_list_are_read() {
    let one = json!([{"id": 1}]);
    for (case, body, next, total) in [
        ("results", json!({"count": 3, "next": "?page=2", "results": one}), Some("2x100"), Some(3)),
        ("data", json!({"data": one, "pagination": {"total": 3, "next": "?page=2"}}), Some("2x100"), Some(3)),
        ("pages", json!({"data": one, "pagination": {"count": 3, "total_pages": 2}}), Some("2x100"), Some(3)),
        (
            "pages by another name",
            json!({"data": one, "pagination": {"total": 3, "pages": 3}}),
            Some("2x100"),
            Some(3),
        ),
        ("a total", json!({"data": one, "pagination": {"total": 101}}), Some("2x100"), Some(101)),
        ("a total of one page", json!({"data": one, "pagination": {"total": 100}}), None, Some(100)),
        (
            "pages of another size",
            json!({"data": one, "pagination": {"total": 100, "per_page": 20}}),
            Some("2x100"),
            Some(100),
        ),
        ("last page", json!({"data": one, "pagination": {"count": 1, "total_pages": 1}}), None, Some(1)),
        ("bare", json!({"results": one}), None, None),
    ] {
        let server = Server::always(Reply::json(200, body)).await;
        let paradigm = paradigm(&server.url(), |config| config);
        let page = paradigm.groups_page(FIRST()).await.unwrap_or_else(|error| panic!("{case}: {error:?}"));
        assert_eq!(page.items.len(), 1, "{case}");
        assert_eq!(page.next.as_ref().map(Cursor::as_str), next, "{case}");
        assert_eq!(page.total, total, "{case}");
    }
}

#[tokio::test]
async fn a_full_page_that_tells_nothing_is_not_the_last() {
    let full = |count: u32| (1..=count).map(|id| json!({"id": id})).collect::<Value>();
    for (case, body, next) in [
        ("bare", json!({"results": full(100)}), Some("2x100")),
        ("not full", json!({"results": full(99)}), None),
        ("null says that it is the last", json!({"results": full(100), "next": null}), None),
        ("so does a count", json!({"results": full(100), "count": 100}), None),
        ("data", json!({"data": full(100), "pagination": {"page": 1, "per_page": 100}}), Some("2x100")),
        ("a number of pages", json!({"data": full(100), "pagination": {"num_pages": 1}}), None),
    ] {
        let server = Server::always(Reply::json(200, body)).await;
        let paradigm = paradigm(&server.url(), |config| config);
        let page = paradigm.groups_page(FIRST()).await.unwrap();
        assert_eq!(page.next.as_ref().map(Cursor::as_str), next, "{case}");
    }
    // The provider fixes the size of this list, so it is full at 20 whatever was asked for.
    let server = Server::start(move |request, _| {
        let from: u32 = request.query().strip_prefix("page=").unwrap().parse().unwrap();
        Reply::json(200, json!({"results": full(45).as_array().unwrap().chunks(20).nth(from as usize - 1)}))
    })
    .await;
    let paradigm = paradigm(&server.url(), |config| config);
    let users: Vec<_> = paradigm.users().try_collect().await.unwrap();
    assert_eq!((users.len(), server.requests().len()), (45, 3));
    let page = paradigm.users_page(FIRST().with_size(100)).await.unwrap();
    assert_eq!(page.next.as_ref().map(Cursor::as_str), Some("2x20"));
}

#[tokio::test]
async fn a_chain_of_pages_that_never_ends_is_ended() {
    let endless = |results: fn(u32) -> Value, count: Value, step: u32| async move {
        let server = Server::start(move |request, _| {
            let page: u32 = request.query().strip_prefix("page=").unwrap().parse().unwrap();
            let next = format!("?page={}", page + step);
            Reply::json(200, json!({"count": count, "next": next, "results": results(page)}))
        })
        .await;
        let paradigm = paradigm(&server.url(), |config| config);
        let result: Result<Vec<_>, _> = paradigm.users().try_collect().await;
        (result.unwrap_err().kind(), server.requests().len())
    };
    let nobody: fn(u32) -> Value = |_| json!([]);
    let same: fn(u32) -> Value = |_| json!([{"id": 1}]);
    let more: fn(u32) -> Value = |page| json!([{"id": page}]);
    assert_eq!(endless(nobody, Value::Null, 1).await, (ErrorKind::UnexpectedResponse, 100), "empty pages");
    assert_eq!(endless(same, Value::Null, 1).await, (ErrorKind::ListingChanged, 2), "the same record again");
    assert_eq!(
        endless(nobody, Value::Null, 0).await,
        (ErrorKind::UnexpectedResponse, 2),
        "the same page again"
    );
    assert_eq!(endless(more, json!(10), 1).await, (ErrorKind::ListingChanged, 11), "more than it counts");
}
