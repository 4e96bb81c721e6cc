//! Ten thousand calls at once on one adapter value, and storms of calls that are given up: what they take of the
//! machine, measured in a process of its own that may open few files.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]
#![cfg(target_os = "linux")]

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use workspace_members_core::{AddMember, Role, WorkspaceMembers};
use workspace_members_http::HttpSettings;
use workspace_members_paradigm::{Paradigm, ParadigmConfig};
use workspace_members_tests::{Reply, Server, key, principal, workspace};

const CALLS: usize = 10_000;
const URL: &str = "WORKSPACE_MEMBERS_TEST_URL";

/// A server of a small list, and a child of this executable that may open 256 files and talks to it.
async fn run_child(name: &'static str) -> (Server, String) {
    let users = json!([{"id": 7, "email": "a@example.com", "role": "viewer"}]);
    let reply = Reply::json(201, json!({"users": users, "groups": []}));
    let server = Server::start(move |_, _| reply.clone().after(Duration::from_millis(1))).await;
    let url = server.url();
    let output = tokio::task::spawn_blocking(move || {
        Command::new("sh")
            .args(["-c", "ulimit -n 256; exec \"$0\" --exact \"$1\" --nocapture"])
            .arg(std::env::current_exe().unwrap())
            .arg(name)
            .env(URL, url)
            .output()
            .unwrap()
    })
    .await
    .unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("child done"), "{text}");
    (server, text)
}

/// In the child: the adapter that talks to the parent's server. `None` in the parent.
fn child() -> Option<Paradigm> {
    let url = std::env::var(URL).ok()?;
    Some(Paradigm::new(&ParadigmConfig::default(), &HttpSettings::at(url), key()).unwrap())
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// A line of `/proc/self/status`, in KiB.
fn status(name: &str) -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':').trim().split(' ').next().unwrap().parse().unwrap()
}

/// Looks at the open files as long as it lives; answers the most there were.
struct Watch(Arc<AtomicUsize>, tokio::task::JoinHandle<()>);

impl Watch {
    fn start() -> Self {
        let most = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&most);
        let task = tokio::spawn(async move {
            loop {
                seen.fetch_max(open_files(), Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        Self(most, task)
    }

    fn most(self) -> usize {
        self.1.abort();
        self.0.load(Ordering::Relaxed)
    }
}

/// Not a test by itself: what `ten_thousand_calls_at_once_…` runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_calls() {
    let Some(paradigm) = child() else { return };
    let (of, who) = (workspace("42"), principal("user:7"));
    paradigm.get(&of, &who).await.unwrap();
    let (files, memory, started) = (open_files(), status("VmHWM"), Instant::now());
    let watch = Watch::start();
    let mut calls: FuturesUnordered<_> = (0..CALLS).map(|_| paradigm.get(&of, &who)).collect();
    let mut answered = 0;
    while let Some(result) = calls.next().await {
        assert!(result.unwrap().is_some());
        answered += 1;
    }
    assert_eq!(answered, CALLS);
    let (most, grown) = (watch.most(), status("VmHWM") - memory);
    println!(
        "{CALLS} calls at once: {:?}, at most {most} open files ({files} before), {} KiB more at the peak",
        started.elapsed(),
        grown
    );
    // 64 under way, and as many that are being opened or closed.
    assert!(most <= files + 140, "{most} open files");
    assert!(grown < 96 << 10, "{grown} KiB");
    println!("child done");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_calls_at_once_stay_within_few_files_and_little_memory() {
    let (server, text) = run_child("child_calls").await;
    println!("{text}");
    println!("{} connections, {} at once", server.connections(), server.most_open());
    assert_eq!(server.requests().len(), CALLS + 1);
    assert!(server.most_open() <= 140, "{}", server.most_open());
}

/// Not a test by itself: what `storms_of_calls_given_up_…` runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_storms() {
    let Some(paradigm) = child() else { return };
    let paradigm = Arc::new(paradigm);
    let request = AddMember::new(workspace("42"), principal("user:7"), Role::Viewer);
    let (watch, started) = (Watch::start(), Instant::now());
    let (mut dropped, mut answered) = (0, 0);
    for storm in 0..10_u64 {
        let tasks: Vec<_> = (0..CALLS as u64 / 10)
            .map(|at| {
                let (paradigm, request) = (Arc::clone(&paradigm), request.clone());
                tokio::spawn(async move {
                    if at % 2 == 0 {
                        return paradigm.add(&request).await.map(Some);
                    }
                    // At every moment of a call: waiting for its turn, connecting, sending, reading.
                    let patience = Duration::from_micros((at * 7919 + storm * 104_729) % 40_000);
                    tokio::time::timeout(patience, paradigm.add(&request)).await.ok().transpose()
                })
            })
            .collect();
        for task in tasks {
            match task.await.unwrap().unwrap() {
                Some(_) => answered += 1,
                None => dropped += 1,
            }
        }
        // Nothing is stuck: the next call has its turn at once.
        tokio::time::timeout(Duration::from_secs(5), paradigm.add(&request)).await.unwrap().unwrap();
    }
    let most = watch.most();
    println!(
        "storms: {answered} answered, {dropped} given up in {:?}, at most {most} open files",
        started.elapsed()
    );
    assert!(dropped > CALLS / 10, "{dropped}");
    println!("child done");
}

#[tokio::test(flavor = "multi_thread")]
async fn storms_of_calls_given_up_leave_the_pool_as_it_was() {
    let (server, text) = run_child("child_storms").await;
    println!("{text}");
    println!("{} connections, {} at once", server.connections(), server.most_open());
    assert!(server.requests().len() <= CALLS + 10, "no call was sent twice");
}
