//! The window law, whatever the latencies, and the throughput it leaves.

use async_trait::async_trait;
use proptest::prelude::*;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use workspace_members_core::{
    AddMember, Capabilities, Effect, ErrorKind, Group, Identity, ListOf, Member, Operation, Page,
    PageRequest, PrincipalId, Provider, RateLimit as Limit, RemoveMember, Result, Role, SetRole, User,
    Workspace, WorkspaceId, WorkspaceMembers,
};
use workspace_members_layers::{Limiter, RetryConfig, Stack};

use crate::support::{Fault, Scripted, add, capabilities, invite, user, workspace};

/// A provider of which requests arrive some time after they were sent, and answers some time after that. A request that
/// the caller gave up arrives all the same.
#[derive(Debug, Clone)]
struct Distant {
    inner: Scripted,
    arrivals: Arc<Mutex<Vec<(Operation, Instant)>>>,
    there: Duration,
    back: Duration,
}

impl Distant {
    async fn travel(&self, operation: Operation) {
        let (there, arrivals) = (self.there, Arc::clone(&self.arrivals));
        let arrival = tokio::spawn(async move {
            sleep(there).await;
            arrivals.lock().unwrap().push((operation, Instant::now()));
        });
        arrival.await.unwrap();
        sleep(self.back).await;
    }
}

#[async_trait]
impl WorkspaceMembers for Distant {
    fn provider(&self) -> Provider {
        self.inner.provider()
    }
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }
    async fn me(&self) -> Result<Identity> {
        self.inner.me().await
    }
    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.inner.workspaces_page(page).await
    }
    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.inner.users_page(page).await
    }
    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.inner.groups_page(page).await
    }
    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.inner.members_page(of, page).await
    }
    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.travel(Operation::Get).await;
        self.inner.get(workspace, principal).await
    }
    async fn add(&self, request: &AddMember) -> Result<Member> {
        self.travel(Operation::Add).await;
        self.inner.add(request).await
    }
    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        self.inner.set_role(request).await
    }
    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.inner.remove(request).await
    }
}

#[derive(Debug, Clone)]
struct Request {
    write: bool,
    after: u64,
    there: u64,
    back: u64,
    /// When the caller gives up, in milliseconds from the call.
    gives_up: Option<u64>,
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    let gives_up = proptest::option::weighted(0.2, 0_u64..4_000);
    let request = (any::<bool>(), 0_u64..3_000, 0_u64..3_000, 0_u64..3_000, gives_up)
        .prop_map(|(write, after, there, back, gives_up)| Request { write, after, there, back, gives_up });
    proptest::collection::vec(request, 1..50)
}

fn paused() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// Sends all requests through one limiter, and says when they arrived.
async fn arrivals(limits: &[Limit], requests: &[Request]) -> Vec<(Operation, Instant)> {
    let inner = Scripted::new(capabilities());
    let limiter = Limiter::new(limits.iter().cloned());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for request in requests.iter().cloned() {
        let millis = Duration::from_millis;
        let arrivals = Arc::clone(&seen);
        let (there, back) = (millis(request.there), millis(request.back));
        let distant = Distant { inner: inner.clone(), arrivals, there, back };
        let layer = Stack::new(distant).with_limiter(limiter.clone());
        tasks.push(tokio::spawn(async move {
            sleep(millis(request.after)).await;
            let call = async {
                if request.write {
                    _ = layer.add(&add(3, Role::Viewer)).await;
                } else {
                    _ = layer.get(&workspace(), &user(3)).await;
                }
            };
            match request.gives_up {
                Some(gives_up) => _ = tokio::time::timeout(millis(gives_up), call).await,
                None => call.await,
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    sleep(Duration::from_secs(10)).await;

    seen.lock().unwrap().clone()
}

/// More arrivals in one closed window than the limit allows, if there are.
fn excess(limit: &Limit, arrivals: &[(Operation, Instant)]) -> Option<String> {
    let mut times: Vec<Instant> =
        arrivals.iter().filter(|(operation, _)| limit.covers(*operation)).map(|(_, at)| *at).collect();
    times.sort_unstable();
    let max = limit.max as usize;
    times.windows(max + 1).find(|window| window[max] - window[0] <= limit.per).map(|window| {
        format!(
            "{} requests within {:?}, where {max} are allowed in {:?}",
            max + 1,
            window[max] - window[0],
            limit.per
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_window_ever_sees_more_arrivals_than_its_limit(
        requests in requests(),
        (max, per) in (1_u32..8, 1_u64..10),
        (write_max, write_per) in (1_u32..4, 1_u64..10),
    ) {
        let limits = [
            Limit::assumed(&[], max, Duration::from_secs(per), "test"),
            Limit::assumed(&[Operation::Add], write_max, Duration::from_secs(write_per), "test"),
        ];
        let arrivals = paused().block_on(arrivals(&limits, &requests));
        for limit in &limits {
            prop_assert_eq!(excess(limit, &arrivals), None);
        }
        // And those that did not give up all got through.
        let waiting = requests.iter().filter(|request| request.gives_up.is_none()).count();
        prop_assert!(arrivals.len() >= waiting);
    }
}

#[test]
fn the_law_is_able_to_fail() {
    let start = Instant::now();
    let arrivals: Vec<_> = [0, 1, 59].map(|s| (Operation::Get, start + Duration::from_secs(s))).to_vec();
    let limit = |max| Limit::assumed(&[], max, Duration::from_mins(1), "test");
    assert!(excess(&limit(2), &arrivals).is_some());
    assert_eq!(excess(&limit(3), &arrivals), None);
}

#[tokio::test(start_paused = true)]
async fn a_fast_provider_is_used_at_98_percent_of_its_limit() {
    let limit = Limit::assumed(&[], 100, Duration::from_secs(1), "test");
    for millis in [1, 5, 10] {
        let travel = Duration::from_micros(millis * 500);
        let arrivals = Arc::default();
        let inner = Scripted::new(capabilities());
        let distant = Distant { inner, arrivals, there: travel, back: travel };
        let layer =
            Arc::new(Stack::new(distant).with_limiter(Limiter::new([limit.clone()])).with_concurrency(8));
        let start = Instant::now();
        let tasks: Vec<_> = (0..2_000)
            .map(|_| {
                let layer = Arc::clone(&layer);
                tokio::spawn(async move { layer.get(&workspace(), &user(1)).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        // The first hundred are free; the other 1,900 take 19 seconds at best.
        let took = start.elapsed().as_secs_f64();
        assert!(19.0 / took >= 0.98, "{took} s at a latency of {millis} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn who_comes_out_of_the_line_waits_for_a_permit() {
    let arrivals = Arc::new(Mutex::new(Vec::new()));
    let distant = |arrivals: &Arc<Mutex<Vec<_>>>| Distant {
        inner: Scripted::new(capabilities()),
        arrivals: Arc::clone(arrivals),
        there: Duration::ZERO,
        back: Duration::from_secs(1),
    };
    let limiter = Limiter::new([Limit::assumed(&[], 6, Duration::from_secs(10), "test")]);
    let wide = Stack::new(distant(&Arc::default())).with_limiter(limiter.clone());
    let narrow = Arc::new(Stack::new(distant(&arrivals)).with_limiter(limiter).with_concurrency(2));
    let start = Instant::now();
    // All slots become free at once, after 11 seconds.
    let (workspace, user) = (workspace(), user(1));
    futures_util::future::join_all((0..6).map(|_| wide.get(&workspace, &user))).await;
    let mut calls: Vec<_> = (0..7)
        .map(|_| {
            let (narrow, workspace, user) = (Arc::clone(&narrow), workspace.clone(), user.clone());
            tokio::spawn(async move { narrow.get(&workspace, &user).await.map(drop) })
        })
        .collect();
    // One is dropped with a slot, and without a permit.
    sleep(Duration::from_millis(10_500)).await;
    calls.remove(5).abort();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let seconds: Vec<u64> = arrivals.lock().unwrap().iter().map(|(_, at)| (*at - start).as_secs()).collect();
    assert_eq!(seconds, [11, 11, 12, 12, 13, 13]);
}

#[tokio::test(start_paused = true)]
async fn a_shared_limiter_counts_several_values_as_one() {
    let limit = Limit::assumed(&[], 2, Duration::from_mins(1), "test");
    let limiter = Limiter::new([limit]);
    let (one, two) = (Scripted::new(capabilities()), Scripted::new(capabilities()));
    let first = Stack::new(one).with_limiter(limiter.clone());
    let second = Stack::new(two).with_limiter(limiter);
    let start = Instant::now();
    for _ in 0..2 {
        first.me().await.unwrap();
        second.me().await.unwrap();
    }
    assert_eq!(start.elapsed().as_secs(), 60);
    assert_eq!(first.capabilities().limits()[0].max, 2);
}

#[tokio::test(start_paused = true)]
async fn a_429_holds_back_the_other_operations_too() {
    let inner = Scripted::new(capabilities()).faults([Fault::Limited(Some(Duration::from_secs(13)))]);
    let layer = Stack::new(inner.clone()).with_limiter(Limiter::new([]));
    let start = Instant::now();
    layer.add(&add(3, Role::Viewer)).await.unwrap_err();
    layer.me().await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 13);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_here_takes_no_slot() {
    let inner = Scripted::new(capabilities());
    let limit = Limit::assumed(&[], 1, Duration::from_mins(1), "test");
    let layer = Stack::new(inner).with_limiter(Limiter::new([limit]));
    let start = Instant::now();
    for _ in 0..5 {
        layer.add(&add(3, Role::Manager)).await.unwrap_err();
    }
    layer.me().await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn writes_to_users_are_counted_too() {
    let limit = Limit::assumed(&[], 1, Duration::from_mins(1), "test");
    let layer = Stack::new(Scripted::new(capabilities())).with_limiter(Limiter::new([limit]));
    let start = Instant::now();
    layer.invite(&invite()).await.unwrap();
    layer.invitations_page(&ListOf::Account, PageRequest::default()).await.unwrap();
    layer.cancel_invitation(&8.into()).await.unwrap();
    layer.set_user_active(&3.into(), false).await.unwrap();
    layer.delete_user(&3.into()).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 4 * 60);
}

#[tokio::test(start_paused = true)]
async fn timeouts_say_what_may_have_happened() {
    let inner = Scripted::new(capabilities()).faults([Fault::Hang, Fault::Hang]);
    let layer = Stack::new(inner).with_timeout(Duration::from_secs(5));
    let start = Instant::now();
    let read = layer.me().await.unwrap_err();
    let write = layer.add(&add(3, Role::Viewer)).await.unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 10);
    assert_eq!((read.kind(), read.effect()), (ErrorKind::Timeout, Effect::NotApplied));
    assert_eq!((write.kind(), write.effect()), (ErrorKind::Timeout, Effect::Unknown));
    assert_eq!(write.to_string(), "add at example: no answer within 5s");
}

/// An adapter that bounds its requests itself is not cut, however long it waits before it sends; one that bounds them by more
/// than was asked is.
#[tokio::test(start_paused = true)]
async fn an_adapter_that_bounds_its_requests_is_left_to_it() {
    let second = Duration::from_secs(1);
    for (own, cut_after) in [(None, Some(5)), (Some(6), Some(5)), (Some(5), None), (Some(1), None)] {
        let own = own.map(|own| second * own);
        let inner = Scripted::new(capabilities().with_own_timeout(own)).faults([Fault::Hang]);
        let stack = Stack::new(inner).with_timeout(second * 5);
        assert_eq!(stack.capabilities().own_timeout(), None, "another stack around this one must cut");
        let start = Instant::now();
        let request = add(3, Role::Viewer);
        let cut = tokio::time::timeout(second * 60, stack.add(&request)).await.ok();
        assert_eq!(cut.is_some(), cut_after.is_some(), "{own:?}");
        assert_eq!(start.elapsed().as_secs(), cut_after.unwrap_or(60), "{own:?}");
    }
    // The deadline of retry holds all the same.
    let inner = Scripted::new(capabilities().with_own_timeout(Some(second))).faults([Fault::Hang]);
    let config = RetryConfig::default().with_deadline(second * 20);
    let stack = Stack::new(inner).with_retry(config).with_timeout(second * 5);
    let start = Instant::now();
    let error = stack.me().await.unwrap_err();
    assert_eq!((error.kind(), start.elapsed().as_secs()), (ErrorKind::Timeout, 20));
    assert!(error.to_string().contains("no answer within the deadline of 20s"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn concurrency_is_bounded_and_fair_and_survives_drops() {
    let arrivals = Arc::new(Mutex::new(Vec::new()));
    let second = Duration::from_secs(1);
    let distant = Distant {
        inner: Scripted::new(capabilities()),
        arrivals: Arc::clone(&arrivals),
        there: Duration::ZERO,
        back: second,
    };
    let layer = Arc::new(Stack::new(distant).with_concurrency(2));
    let start = Instant::now();
    let mut tasks: Vec<_> = (0..7)
        .map(|_| {
            let layer = Arc::clone(&layer);
            tokio::spawn(async move { layer.get(&workspace(), &user(1)).await.map(|_| ()) })
        })
        .collect();
    tokio::task::yield_now().await;
    tasks.remove(4).abort();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let seconds: Vec<u64> = arrivals.lock().unwrap().iter().map(|(_, at)| (*at - start).as_secs()).collect();
    assert_eq!(seconds, [0, 0, 1, 1, 2, 2]);
}
