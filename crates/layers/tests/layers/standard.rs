//! The whole stack under every fault at every request of a script: the account ends as it should, no write takes effect
//! twice, no audit line is missing, and no window sees more requests than its limit.

use crate::support::{Fault, Lines, Scripted, add, capabilities, user, with_memberships, workspace};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use workspace_members_core::{
    AddMember, Capabilities, Effect, ErrorKind, GroupId, IfPresent, Notify, Operation, PrincipalId,
    RateLimit as Limit, Result, Role, Roster, WorkspaceId, WorkspaceMembers, WorkspaceMembersExt,
};
use workspace_members_layers::{
    LayersConfig, LimitConfig, Limiter, RateLimitConfig, RetryConfig, Stack, StackBuilder,
};

const LIMIT: u32 = 10;
const WINDOW: Duration = Duration::from_mins(1);

/// What an integration does in a day: 20 calls.
async fn script(members: &dyn WorkspaceMembers) -> Result<()> {
    let (legal, sales) = (workspace(), WorkspaceId::from(5));
    let group = PrincipalId::from(GroupId::from(7));
    let ensure = async |workspace: &WorkspaceId, who: &PrincipalId, role: Role| {
        let request = AddMember::new(workspace.clone(), who.clone(), role).with_notify(Notify::NOBODY);
        members.ensure(&request, IfPresent::SetRole).await.map(|_| ())
    };
    members.me().await?;
    members.find_workspace("Legal").await?;
    members.roster(&legal).await?;
    for id in 2..6 {
        ensure(&legal, &user(id), Role::Viewer).await?;
    }
    ensure(&legal, &user(2), Role::Editor).await?;
    ensure(&legal, &group, Role::Editor).await?;
    members.change_role(&legal, &user(3), &Role::Editor).await?;
    members.change_role(&legal, &user(3), &Role::Owner).await?;
    members.remove_member(&legal, &user(4)).await?;
    members.remove_member(&legal, &user(4)).await?;
    ensure(&legal, &user(4), Role::Viewer).await?;
    ensure(&sales, &user(1), Role::Owner).await?;
    ensure(&sales, &user(2), Role::Viewer).await?;
    members.rosters(&[legal.clone(), sales.clone()]).await?;
    members.change_role_by_remove_then_add(&legal, &user(5), &Role::Editor).await?;
    members.remove_member(&sales, &user(2)).await?;
    members.remove_member(&legal, &group).await?;
    Ok(())
}

async fn rosters(inner: &Scripted) -> Vec<Vec<String>> {
    let all = inner.account.rosters(&[workspace(), WorkspaceId::from(5)]).await.unwrap();
    let lines =
        |roster: &Roster| roster.iter().map(|m| format!("{} {}", m.key.principal, m.native_role)).collect();
    all.iter().map(lines).collect()
}

struct Ran {
    inner: Scripted,
    lines: Arc<Lines>,
    result: Result<()>,
}

async fn run(capabilities: Capabilities, faults: impl IntoIterator<Item = Fault>) -> Ran {
    let inner = Scripted::new(capabilities).faults(faults);
    let lines = Arc::<Lines>::default();
    let stack = StackBuilder::new(LayersConfig::default())
        .with_sink(Arc::clone(&lines) as Arc<dyn workspace_members_layers::AuditSink>)
        .build(inner.clone())
        .unwrap()
        .with_seed(3);
    let result = script(&stack).await;
    Ran { inner, lines, result }
}

/// Every intent has one outcome, in this order, and every request that wrote stands between the two of one.
fn check_audit(lines: &[Value], name: &str) {
    let mut open: BTreeMap<String, bool> = BTreeMap::new();
    for line in lines {
        let id = line["id"].as_str().unwrap().to_owned();
        match line["event"].as_str() {
            Some("intent") => assert_eq!(open.insert(id, false), None, "{name}"),
            Some("outcome") => assert_eq!(open.insert(id, true), Some(false), "{name}"),
            _ => panic!("{name}: {line}"),
        }
    }
    assert!(open.values().all(|closed| *closed), "{name}: an intent has no outcome");
}

fn check_limit(inner: &Scripted, name: &str) {
    let times = inner.times();
    let max = LIMIT as usize;
    assert!(
        times.windows(max + 1).all(|window| window[max] - window[0] > WINDOW),
        "{name}: too many requests"
    );
}

const FAULTS: [Fault; 10] = [
    Fault::Limited(Some(Duration::from_secs(13))),
    Fault::Limited(None),
    Fault::Before(ErrorKind::Unavailable, Effect::NotApplied),
    Fault::Before(ErrorKind::Transport, Effect::NotApplied),
    Fault::Before(ErrorKind::Transport, Effect::Unknown),
    Fault::After(ErrorKind::Transport),
    Fault::After(ErrorKind::UnexpectedResponse),
    Fault::Hang,
    Fault::HangAfter,
    Fault::Late,
];

#[tokio::test(start_paused = true)]
async fn every_fault_at_every_request_changes_nothing_in_the_end() {
    for capabilities in [capabilities(), with_memberships()] {
        let capabilities = capabilities.with_limits([Limit::assumed(&[], LIMIT, WINDOW, "test")]);
        let model = run(capabilities.clone(), []).await;
        model.result.unwrap();
        let (expected, effects) = (rosters(&model.inner).await, sorted(model.inner.effects()));
        let requests = model.inner.operations().len();
        assert!(requests >= 20, "{requests}");
        for at in 0..requests {
            for fault in FAULTS {
                let name = format!("{fault:?} at request {at} ({})", model.inner.operations()[at]);
                let faults = (0..at).map(|_| Fault::None).chain([fault]);
                let ran = run(capabilities.clone(), faults).await;
                ran.result.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(rosters(&ran.inner).await, expected, "{name}");
                assert_eq!(sorted(ran.inner.effects()), effects, "{name}");
                check_audit(&ran.lines.values(), &name);
                assert_eq!(ran.lines.values().len(), model.lines.values().len(), "{name}");
                check_limit(&ran.inner, &name);
            }
        }
    }
}

fn sorted(mut effects: Vec<String>) -> Vec<String> {
    effects.sort();
    effects
}

#[tokio::test(start_paused = true)]
async fn storms_and_bursts_end_in_an_error_or_in_the_right_state() {
    let capabilities = capabilities().with_limits([Limit::assumed(&[], LIMIT, WINDOW, "test")]);
    let model = run(capabilities.clone(), []).await;
    let expected = rosters(&model.inner).await;
    for fault in FAULTS {
        for length in [2, 3, 4, 5, 8, 40] {
            for at in [0, 5, 9, 17] {
                let name = format!("{length} times {fault:?} from request {at}");
                let faults = (0..at).map(|_| Fault::None).chain((0..length).map(|_| fault));
                let ran = run(capabilities.clone(), faults).await;
                match &ran.result {
                    Ok(()) => assert_eq!(rosters(&ran.inner).await, expected, "{name}"),
                    // Four repetitions of one request are made; less is no reason to fail, unless a write in doubt and
                    // the reads that resolve it meet the same fault.
                    Err(error) => assert!(length > 4, "{name}: {error}"),
                }
                check_audit(&ran.lines.values(), &name);
                check_limit(&ran.inner, &name);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn whatever_fails_a_success_is_a_success_and_the_record_is_whole(
        faults in proptest::collection::vec(
            prop_oneof![3 => Just(Fault::None), 1 => proptest::sample::select(FAULTS.to_vec())],
            0..60,
        ),
        memberships in any::<bool>(),
    ) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let capabilities = if memberships { with_memberships() } else { capabilities() };
            let capabilities = capabilities.with_limits([Limit::assumed(&[], LIMIT, WINDOW, "test")]);
            let model = run(capabilities.clone(), []).await;
            let ran = run(capabilities, faults).await;
            check_audit(&ran.lines.values(), "random");
            check_limit(&ran.inner, "random");
            let (effects, all) = (ran.inner.effects(), model.inner.effects());
            if ran.result.is_ok() {
                assert_eq!(rosters(&ran.inner).await, rosters(&model.inner).await);
                assert_eq!(effects, all);
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_for_one_limit_holds_up_nothing_else() {
    let one_a_minute = Limit::assumed(&[Operation::Add], 1, WINDOW, "test");
    let inner = Scripted::new(capabilities().with_limits([one_a_minute]));
    let stack = Arc::new(Stack::standard(inner.clone(), &LayersConfig::default()).unwrap());
    let start = tokio::time::Instant::now();
    // More than may be under way at once.
    let additions: Vec<_> = (0..20)
        .map(|_| {
            let stack = Arc::clone(&stack);
            tokio::spawn(async move { stack.add(&add(3, Role::Viewer)).await.map(drop) })
        })
        .collect();
    tokio::task::yield_now().await;
    for _ in 0..50 {
        stack.get(&workspace(), &user(1)).await.unwrap();
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    let mut added = 0;
    for addition in additions {
        added += u32::from(addition.await.unwrap().is_ok());
    }
    assert_eq!((added, start.elapsed().as_secs()), (1, 19 * 60));
}

#[tokio::test(start_paused = true)]
async fn the_settings_reach_the_layers() {
    let inner = Scripted::new(capabilities().with_limits([Limit::assumed(&[], 100, WINDOW, "test")]));
    let build = |config: LayersConfig| StackBuilder::new(config).build(inner.clone()).unwrap();
    let limits = |config| build(config).capabilities().limits().to_vec();

    let rate = RateLimitConfig::default();
    let with = |rate: RateLimitConfig| LayersConfig::default().with_rate_limit(rate);
    assert_eq!(limits(LayersConfig::default()), inner.capabilities().limits());
    assert_eq!(limits(with(rate.clone().with_headroom(0.25)))[0].max, 75);
    let own = LimitConfig::new(7, WINDOW).with_operations(vec![Operation::Add]);
    let own = limits(with(rate.clone().with_limits(Some(vec![own])).with_headroom(0.5)));
    assert_eq!((own.len(), own[0].max, own[0].operations.as_slice()), (1, 3, [Operation::Add].as_slice()));

    let off = with(rate.with_off(true));
    let shared = StackBuilder::new(off.clone()).with_limiter(Limiter::new([])).build(inner.clone());
    assert_eq!(shared.unwrap_err().kind(), ErrorKind::Config);
    let off = build(off);
    let start = tokio::time::Instant::now();
    for _ in 0..300 {
        off.me().await.unwrap();
    }
    assert_eq!(start.elapsed(), Duration::ZERO);

    let read_only = build(LayersConfig::default().with_read_only(true));
    let error = read_only.ensure(&add(3, Role::Viewer), IfPresent::Keep).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);

    let once = RetryConfig::default().with_max_attempts(1);
    let quick = LayersConfig::default().with_timeout(Duration::from_secs(2)).with_retry(once);
    let slow = inner.clone().faults([Fault::Hang]);
    let start = tokio::time::Instant::now();
    let error = StackBuilder::new(quick).build(slow).unwrap().me().await.unwrap_err();
    assert_eq!((error.kind(), start.elapsed().as_secs()), (ErrorKind::Timeout, 2));

    let invalid = LayersConfig::default().with_concurrency(0);
    assert_eq!(StackBuilder::new(invalid).build(inner).unwrap_err().kind(), ErrorKind::Config);
}
