//! How much memory a listing takes that is walked as a stream: measured by a counting allocator in a process that does
//! nothing else, over real HTTP from a server in another one.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use futures_util::TryStreamExt;
use peak_alloc::PeakAlloc;
use std::fmt::Write as _;
use std::process::Command;
use workspace_members_core::{ListOf, WorkspaceMembers, WorkspaceMembersExt};
use workspace_members_pandadoc::{PandaDoc, PandaDocConfig};
use workspace_members_tests::{Recorded, Reply, Server, key, settings};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const URL: &str = "WORKSPACE_MEMBERS_TEST_URL";

/// The variable with another number of people, for a measurement by hand.
const PEOPLE: &str = "WORKSPACE_MEMBERS_TEST_PEOPLE";

/// One more than what fills the table of what was seen: it has just been copied into one of twice the size, so this is
/// where most bytes are in use for each.
const WORST: usize = 57_345;

const PAGE: usize = 50;

/// What each id seen may cost, in bytes.
const PER_ID: usize = 64;

fn people() -> usize {
    std::env::var(PEOPLE).map_or(WORST, |text| text.parse().unwrap())
}

fn person(text: &mut String, number: usize) {
    let _ = write!(
        text,
        r#"{{"user_id":"User{number:018}","email":"person.number.{number}@example.com","first_name":"Number","last_name":"{number}","is_organization_owner":false,"license":"Full","workspaces":[{{"workspace_id":"Workspace000000000001","membership_id":"Member{number:016}","role":"Member"}}]}}"#
    );
}

/// One page of `/users`.
fn users(request: &Recorded, people: usize) -> Reply {
    let page = request.query().split('&').find_map(|pair| pair.strip_prefix("page=")).unwrap();
    let first = (page.parse::<usize>().unwrap() - 1) * PAGE;
    let mut text = format!(r#"{{"total":{people},"results":["#);
    for number in first..people.min(first + PAGE) {
        if number > first {
            text.push(',');
        }
        person(&mut text, number);
    }
    text.push_str("]}");
    Reply::text(200, "application/json", text)
}

fn account(url: &str) -> PandaDoc {
    PandaDoc::new(&PandaDocConfig::default(), &settings(url), key()).unwrap()
}

/// Walks the whole account; answers how many there were, and how many bytes were in use at the most above what was
/// before.
async fn walk(pandadoc: &impl WorkspaceMembers) -> (usize, usize) {
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    let mut count = 0;
    let mut members = pandadoc.members(ListOf::Account);
    while members.try_next().await.unwrap().is_some() {
        count += 1;
    }
    (count, HEAP.peak_usage() - before)
}

/// Not a test by itself: what `an_account_is_streamed_…` runs. A server of one page is at the first URL, one of all at
/// the second.
#[tokio::test]
async fn child() {
    let Ok(urls) = std::env::var(URL) else { return };
    let (one, all) = urls.split_once(' ').unwrap();
    let small = account(one);
    // What a process or a connection allocates once, such as a trust store, is no part of it.
    walk(&small).await;
    let (_, page) = walk(&small).await;
    let account = account(all);
    let (count, peak) = walk(&account).await;
    assert_eq!(count, people());
    let per_id = (peak.saturating_sub(page) * 10).div_ceil(count);
    println!(
        "{count} people: {peak} bytes at the peak, of which {page} for a page: {}.{} for each id seen",
        per_id / 10,
        per_id % 10
    );
    assert!(peak <= page + PER_ID * count, "{peak} bytes for {count} people");
    println!("child done");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_streamed_in_one_page_and_64_bytes_for_each_id_seen() {
    let one = Server::start(|request, _| users(request, PAGE)).await;
    let all = Server::start(|request, _| users(request, people())).await;
    let urls = format!("{} {}", one.url(), all.url());
    let child = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child", "--nocapture"]).env(URL, urls).output().unwrap()
    });
    let output = child.await.unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("child done"), "{text}");
    println!("{text}");
    assert_eq!(all.requests().len(), people().div_ceil(PAGE));
}
