//! How a listing goes on, and where it ends.

use super::{pandadoc, pandadoc_over, user};
use futures_util::TryStreamExt;
use serde_json::{Value, json};
use workspace_members_core::{ErrorKind, WorkspaceMembersExt};
use workspace_members_tests::{Recorded, Reply, Server, settings, workspace};

fn page_of(request: &Recorded) -> (usize, usize) {
    let value = |name: &str| request.query().split('&').find_map(|part| part.strip_prefix(name)).unwrap();
    (value("page=").parse().unwrap(), value("count=").parse().unwrap())
}

/// So many users, with or without the total.
async fn organization(people: usize, total: bool) -> Server {
    Server::start(move |request, _| {
        let (page, count) = page_of(request);
        let ids = (0..people).skip((page - 1) * count).take(count);
        let results: Vec<Value> = ids.map(|id| user(&format!("u{id}"), "Member", "W1")).collect();
        let total = if total { json!(people) } else { Value::Null };
        Reply::json(200, json!({"total": total, "results": results}))
    })
    .await
}

#[tokio::test]
async fn pages_go_on_until_the_total_or_a_page_that_is_not_full() {
    for (people, total, size, requests) in [
        (0, true, 50, 1),
        (49, true, 50, 1),
        (50, true, 50, 1),
        (51, true, 50, 2),
        (101, true, 50, 3),
        (7, true, 3, 3),
        (0, false, 50, 1),
        (49, false, 50, 1),
        // Without a total, a full page may be followed by an empty one.
        (50, false, 50, 2),
        (51, false, 50, 2),
    ] {
        let server = organization(people, total).await;
        let http = settings(&server.url()).with_page_size(size);
        let pandadoc = pandadoc_over(&http, |config| config);
        let members: Vec<_> = pandadoc.members(workspace("W1")).try_collect().await.unwrap();
        let case = format!("{people} people, pages of {size}, total {total}");
        assert_eq!((members.len(), server.requests().len()), (people, requests), "{case}");
        assert!(server.requests().iter().all(|r| r.query().starts_with("show_removed=false&")), "{case}");
    }
}

#[tokio::test]
async fn a_listing_that_disagrees_with_itself_makes_no_list() {
    let lying = |total: fn(usize) -> u64, ids: fn(usize) -> usize| async move {
        let server = Server::start(move |request, _| {
            let (page, _) = page_of(request);
            let from = ids(page);
            let results: Vec<Value> =
                (from..from + 50).map(|id| user(&format!("u{id}"), "Member", "W1")).collect();
            Reply::json(200, json!({"total": total(page), "results": results}))
        })
        .await;
        let pandadoc = pandadoc(&server.url(), |config| config);
        let result: Result<Vec<_>, _> = pandadoc.members(workspace("W1")).try_collect().await;
        (result.unwrap_err().kind(), server.requests().len())
    };
    let changed = ErrorKind::ListingChanged;
    assert_eq!(lying(|page| 150 + page as u64, |page| page * 50).await, (changed, 2), "the total moves");
    assert_eq!(lying(|_| 150, |_| 0).await, (changed, 2), "the same page again");
    assert_eq!(lying(|_| 150, |page| page * 49).await, (changed, 2), "somebody moved between pages");
    assert_eq!(lying(|_| u64::MAX, |page| page * 50 / page).await, (changed, 2), "a total without end");
    assert_eq!(lying(|_| 20, |page| page * 50).await, (changed, 1), "more than it counts");
}
