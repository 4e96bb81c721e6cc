//! Retry: what is repeated, what is resolved by reading, and when it ends.

use crate::support::{Fault, Scripted, add, capabilities, invite, key, user, with_memberships, workspace};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use workspace_members_core::{
    Behaviour, Capabilities, Capability, Effect, ErrorKind, InMemory, NativeRole, Operation,
    RateLimit as Limit, RemoveMember, Resource, Result, Role, SetRole, UserId, WorkspaceMembers,
};
use workspace_members_layers::{BudgetConfig, Limiter, RetryConfig, Stack};

use Operation::{Add, Get, ListWorkspaces as List, Me, Remove, SetRole as Set};

const SECOND: Duration = Duration::from_secs(1);

fn retry(inner: &Scripted) -> Stack<Scripted> {
    retry_as(inner, &RetryConfig::default()).with_seed(7)
}

fn retry_as(inner: &Scripted, config: &RetryConfig) -> Stack<Scripted> {
    Stack::new(inner.clone()).with_retry(config.clone())
}

fn with(faults: impl IntoIterator<Item = Fault>) -> Scripted {
    Scripted::new(capabilities()).faults(faults)
}

/// An account that user 3 is a member of.
async fn with_member(faults: impl IntoIterator<Item = Fault>) -> Scripted {
    let inner = Scripted::new(capabilities());
    inner.account.add(&add(3, Role::Editor)).await.unwrap();
    inner.faults(faults)
}

const BUSY: Fault = Fault::Before(ErrorKind::Unavailable, Effect::NotApplied);
const RESET: Fault = Fault::Before(ErrorKind::Transport, Effect::Unknown);
const LOST: Fault = Fault::After(ErrorKind::Transport);

#[tokio::test(start_paused = true)]
async fn reads_are_repeated_and_then_the_error_says_how_often() {
    let inner = with([BUSY, LOST, Fault::Before(ErrorKind::UnexpectedResponse, Effect::Unknown), BUSY]);
    retry(&inner).me().await.unwrap();
    assert_eq!(inner.operations(), [Me; 5]);

    let inner = with([BUSY; 9]);
    let error = retry(&inner).me().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unavailable, 5));
    assert!(error.to_string().contains("gave up after 5 attempts in"), "{error}");
    assert_eq!(inner.operations(), [Me; 5]);
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_is_never_repeated() {
    for kind in ErrorKind::ALL {
        let refusal = Fault::Before(*kind, Effect::Rejected);
        let inner = with([refusal; 4]);
        let layer = retry(&inner);
        assert_eq!(layer.me().await.unwrap_err().kind(), *kind);
        assert_eq!(layer.add(&add(3, Role::Viewer)).await.unwrap_err().kind(), *kind);
        assert_eq!(layer.set_role(&SetRole::new(key(1), Role::Owner)).await.unwrap_err().kind(), *kind);
        let error = layer.remove(&RemoveMember::new(key(3))).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (*kind, 1));
        assert_eq!(error.message(), "scripted");
        assert_eq!(inner.operations(), [Me, Add, Set, Remove], "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_changed_is_not_repeated_page_by_page() {
    let inner = with([Fault::Before(ErrorKind::ListingChanged, Effect::NotApplied)]);
    assert_eq!(retry(&inner).me().await.unwrap_err().kind(), ErrorKind::ListingChanged);
    assert_eq!(inner.operations(), [Me]);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_did_not_happen_is_repeated_without_a_read() {
    let not_applied = |kind| Fault::Before(kind, Effect::NotApplied);
    let (transport, unread) = (not_applied(ErrorKind::Transport), not_applied(ErrorKind::UnexpectedResponse));
    let inner = with([BUSY, Fault::Limited(None), transport, unread]);
    retry(&inner).add(&add(3, Role::Viewer)).await.unwrap();
    assert_eq!(inner.operations(), [Add; 5]);
    assert_eq!(inner.effects().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_gets_one_more_attempt_at_once() {
    let renewed = Fault::Before(ErrorKind::Unauthenticated, Effect::NotApplied);
    let start = Instant::now();
    let inner = with([renewed]);
    retry(&inner).add(&add(3, Role::Viewer)).await.unwrap();
    let inner = with([renewed, renewed]);
    let error = retry(&inner).me().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unauthenticated, 2));
    assert_eq!(inner.operations(), [Me; 2]);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn waits_are_random_below_a_bound_that_doubles_up_to_the_cap() {
    let config = RetryConfig::default().with_max_attempts(8).with_cap(SECOND * 4);
    let (mut longest, mut shortest) = ([Duration::ZERO; 7], [Duration::MAX; 7]);
    for seed in 0..200 {
        let inner = with([BUSY; 8]);
        let layer = retry_as(&inner, &config).with_seed(seed);
        layer.me().await.unwrap_err();
        for (at, pair) in inner.times().windows(2).enumerate() {
            let wait = pair[1] - pair[0];
            (longest[at], shortest[at]) = (longest[at].max(wait), shortest[at].min(wait));
        }
    }
    for (at, bound) in [0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0].into_iter().enumerate() {
        // The clock of tests rounds up to milliseconds.
        let bound = Duration::from_secs_f64(bound);
        assert!(longest[at] <= bound + Duration::from_millis(2), "wait {at}: {:?}", longest[at]);
        assert!(
            longest[at] > bound.mul_f64(0.9) && shortest[at] < bound.mul_f64(0.1),
            "wait {at} is not full jitter"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_wait_that_the_provider_asks_for_is_kept_up_to_a_cap() {
    let inner = with([Fault::Limited(Some(SECOND * 13))]);
    let start = Instant::now();
    retry(&inner).add(&add(3, Role::Viewer)).await.unwrap();
    assert!((13_000..=13_502).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());

    let inner = with([Fault::Limited(Some(SECOND * 71))]);
    let start = Instant::now();
    let error = retry(&inner).add(&add(3, Role::Viewer)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::RateLimited, Effect::NotApplied));
    assert_eq!(error.retry_after(), Some(SECOND * 71));
    assert!(error.to_string().contains("asks to wait 71s"), "{error}");
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn an_addition_whose_answer_was_lost_is_resolved_and_not_repeated() {
    for fault in [LOST, Fault::After(ErrorKind::Unavailable), Fault::After(ErrorKind::UnexpectedResponse)] {
        let inner = with([fault]);
        let member = retry(&inner).add(&add(3, Role::Editor)).await.unwrap();
        assert_eq!(member.native_role.as_str(), "writer");
        assert_eq!(inner.operations(), [Add, Get]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_addition_that_did_not_happen_is_repeated_after_a_read() {
    let inner = with([RESET, BUSY, Fault::None, RESET]);
    retry(&inner).add(&add(3, Role::Editor)).await.unwrap();
    assert_eq!(inner.operations(), [Add, Get, Get, Add, Get, Add]);
    assert_eq!(inner.effects().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_addition_that_arrives_late_is_recognized_as_our_own() {
    let inner = with([Fault::Late]);
    let member = retry(&inner).add(&add(3, Role::Editor)).await.unwrap();
    assert_eq!(member.native_role.as_str(), "writer");
    assert_eq!(inner.operations(), [Add, Get, Add, Get]);
    assert_eq!(inner.effects().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn already_a_member_is_an_error_where_nothing_was_in_doubt() {
    let inner = with_member([BUSY]).await;
    let error = retry(&inner).add(&add(3, Role::Editor)).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::AlreadyMember, 2));
    assert_eq!(inner.operations(), [Add, Add]);
}

#[tokio::test(start_paused = true)]
async fn a_member_with_another_role_was_added_by_somebody_else() {
    let inner = with_member([RESET]).await;
    let error = retry(&inner).add(&add(3, Role::Viewer)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::AlreadyMember, Effect::Rejected));
    assert!(error.to_string().contains("\"writer\""), "{error}");
    assert_eq!(inner.operations(), [Add, Get]);

    let inner = with_member([Fault::Before(ErrorKind::Unconfirmed, Effect::Unknown)]).await;
    let error = retry(&inner).add(&add(3, Role::Viewer)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unconfirmed, Effect::Unknown));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_back_stays_unknown_and_says_what_was_tried() {
    let faults = [LOST].into_iter().chain([BUSY; 9]);
    let inner = with(faults);
    let error = retry(&inner).add(&add(3, Role::Editor)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Transport, Effect::Unknown, 1));
    let text = error.to_string();
    assert!(text.contains("unknown, for reading back failed too"), "{text}");
    assert!(text.contains("tried: 1 write and 5 reads"), "{text}");
    assert_eq!(inner.operations(), [Add, Get, Get, Get, Get, Get]);
}

#[tokio::test(start_paused = true)]
async fn where_members_cannot_be_read_a_write_in_doubt_is_left_alone() {
    let blind = capabilities().without(&[Capability::GetMember], "test");
    for fault in [LOST, RESET] {
        let inner = Scripted::new(blind.clone()).faults([fault]);
        let error = retry(&inner).add(&add(3, Role::Editor)).await.unwrap_err();
        assert_eq!(error.effect(), Effect::Unknown);
        assert!(error.to_string().contains("cannot read one member back"), "{error}");
        assert_eq!(inner.operations(), [Add]);
    }
}

#[tokio::test(start_paused = true)]
async fn removals_in_doubt_are_resolved() {
    let request = RemoveMember::new(key(3));
    for (faults, operations) in [
        (vec![LOST], vec![Remove, Get]),
        (vec![RESET], vec![Remove, Get, Remove]),
        // Late: the second attempt finds nobody.
        (vec![Fault::Late], vec![Remove, Get, Remove, Get]),
        // And even where that cannot be read: they were there, and are not found.
        (
            vec![Fault::Late, Fault::None, Fault::None, BUSY, BUSY, BUSY, BUSY, BUSY],
            vec![Remove, Get, Remove, Get, Get, Get, Get, Get],
        ),
    ] {
        let inner = with_member(faults.clone()).await;
        retry(&inner).remove(&request).await.unwrap();
        assert_eq!(inner.operations(), operations, "{faults:?}");
        assert_eq!(inner.effects().len(), 1);
        assert_eq!(inner.role_of(3).await, None);
    }
    // Nobody to remove, and nothing in doubt.
    let inner = with([BUSY]);
    assert_eq!(retry(&inner).remove(&request).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_new_membership_of_the_same_person_is_left_alone() {
    let inner = Scripted::new(with_memberships());
    let first = inner.account.add(&add(3, Role::Editor)).await.unwrap();
    inner.account.remove(&RemoveMember::new(first.key.clone())).await.unwrap();
    inner.account.add(&add(3, Role::Editor)).await.unwrap();
    let inner = inner.faults([RESET, Fault::None, RESET]);
    // The old membership is gone, as asked; the new one was not asked about.
    retry(&inner).remove(&RemoveMember::new(first.key.clone())).await.unwrap();
    assert_eq!(inner.operations(), [Remove, Get]);
    let error = retry(&inner).set_role(&SetRole::new(first.key, Role::Viewer)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::Rejected));
    assert_eq!(error.missing(), [Resource::Member]);
    assert_eq!(inner.role_of(3).await.as_deref(), Some("writer"));
}

#[tokio::test(start_paused = true)]
async fn role_changes_in_doubt_are_resolved() {
    let request = SetRole::new(key(3), Role::Viewer);
    for (fault, operations) in [
        (LOST, vec![Set, Get]),
        (RESET, vec![Set, Get, Set]),
        (Fault::Late, vec![Set, Get, Set]),
        (Fault::Before(ErrorKind::Unconfirmed, Effect::Unknown), vec![Set, Get, Set]),
    ] {
        let inner = with_member([fault]).await;
        let member = retry(&inner).set_role(&request).await.unwrap();
        assert_eq!(member.native_role.as_str(), "guest");
        assert_eq!(inner.operations(), operations, "{fault:?}");
    }
    let inner = with([RESET]);
    let error = retry(&inner).set_role(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::Rejected));
}

/// An account that resets the first connection, and that user 3 is a member of with some custom role.
fn behind_a_placeholder() -> Scripted {
    let (three, custom) = (UserId::from(3), NativeRole::from_static("Custom"));
    let account = InMemory::new(capabilities()).with_member(workspace(), three, custom);
    Scripted::on(account, capabilities()).faults([RESET])
}

#[tokio::test(start_paused = true)]
async fn a_custom_role_behind_a_placeholder_stays_unknown() {
    let custom = Role::Custom(NativeRole::from_static("Legal review"));
    let inner = behind_a_placeholder();
    let error = retry(&inner).set_role(&SetRole::new(key(3), custom)).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    assert_eq!(inner.operations(), [Set, Get]);
}

#[tokio::test(start_paused = true)]
async fn nor_is_an_addition_behind_a_placeholder_taken_for_our_own() {
    let custom = Role::Custom(NativeRole::from_static("Legal review"));
    // The lost answer was a refusal: they had another custom role all along.
    let inner = behind_a_placeholder();
    let error = retry(&inner).add(&add(3, custom)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Transport, Effect::Unknown));
    assert!(error.to_string().contains("does not name the role"), "{error}");
    assert_eq!(inner.operations(), [Add, Get]);
}

#[tokio::test(start_paused = true)]
async fn an_addition_is_not_repeated_where_its_workspace_cannot_be_read() {
    let inner = with([RESET, Fault::Before(ErrorKind::NotFound, Effect::Rejected)]);
    let error = retry(&inner).add(&add(3, Role::Editor)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Transport, Effect::Unknown));
    assert_eq!(inner.operations(), [Add, Get]);
}

/// An account, as at GitHub's teams, at which a read of somebody who is no member answers "not found", and does not say whether
/// the workspace, the user or the member is missing.
fn ambiguous(capabilities: Capabilities) -> Scripted {
    Scripted::on(InMemory::new(capabilities.clone()).with_ambiguous_not_found(), capabilities)
}

async fn ambiguous_with_member(faults: impl IntoIterator<Item = Fault>) -> Scripted {
    let inner = ambiguous(capabilities());
    inner.account.add(&add(3, Role::Editor)).await.unwrap();
    inner.faults(faults)
}

#[tokio::test(start_paused = true)]
async fn which_of_several_things_is_missing_is_found_out_before_a_write_is_resolved() {
    // A removal that took effect, one that did not, and one that was late.
    for (fault, operations) in [
        (LOST, vec![Remove, Get, List]),
        (RESET, vec![Remove, Get, Remove]),
        (Fault::Late, vec![Remove, Get, Remove, Get, List]),
    ] {
        let inner = ambiguous_with_member([fault]).await;
        retry(&inner).remove(&RemoveMember::new(key(3))).await.unwrap();
        assert_eq!(inner.operations(), operations, "{fault:?}");
        assert_eq!(inner.effects().len(), 1, "{fault:?}");
    }
    // A change of the role of somebody who is gone, which would otherwise stay unknown for ever.
    let inner = ambiguous(capabilities()).faults([RESET]);
    let error = retry(&inner).set_role(&SetRole::new(key(3), Role::Viewer)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::Rejected));
    assert_eq!(error.missing(), [Resource::Member]);
    assert_eq!(inner.operations(), [Set, Get, List]);
    // An addition that did not happen, and one that did.
    for (fault, operations) in [(RESET, vec![Add, Get, List, Add]), (LOST, vec![Add, Get])] {
        let inner = ambiguous(capabilities()).faults([fault]);
        retry(&inner).add(&add(3, Role::Editor)).await.unwrap();
        assert_eq!(inner.operations(), operations, "{fault:?}");
        assert_eq!(inner.effects().len(), 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_list_can_tell_stays_unknown() {
    let blind = capabilities().without(&[Capability::ListWorkspaces], "test");
    let inner = ambiguous(blind);
    inner.account.add(&add(3, Role::Editor)).await.unwrap();
    let inner = inner.faults([LOST, Fault::None, RESET]);
    let error = retry(&inner).remove(&RemoveMember::new(key(3))).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Transport, Effect::Unknown));
    assert!(error.to_string().contains("tried: 1 write and 1 read"), "{error}");
    let error = retry(&inner).set_role(&SetRole::new(key(3), Role::Viewer)).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    assert_eq!(inner.operations(), [Remove, Get, Set, Get]);
    // Nor does a list that fails.
    let inner = ambiguous_with_member([LOST, Fault::None, BUSY, BUSY, BUSY, BUSY, BUSY]).await;
    let error = retry(&inner).remove(&RemoveMember::new(key(3))).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Transport, Effect::Unknown));
    assert!(error.to_string().contains("tried: 1 write and 6 reads"), "{error}");
    assert_eq!(inner.operations(), [Remove, Get, List, List, List, List, List]);
}

/// The list of workspaces that says what is missing is a request like every other.
#[tokio::test(start_paused = true)]
async fn the_reads_that_resolve_a_write_are_limited_repeated_and_bounded_in_time() {
    let request = RemoveMember::new(key(3));
    let inner = ambiguous_with_member([LOST]).await;
    let limiter = Limiter::new([Limit::assumed(&[], 1, SECOND * 60, "test")]);
    let start = Instant::now();
    retry(&inner).with_limiter(limiter).remove(&request).await.unwrap();
    // The connection broke, so the removal may still have been under way when the reads were counted.
    assert_eq!(start.elapsed().as_secs(), 65 + 60);

    let inner = ambiguous_with_member([LOST, Fault::None, Fault::Hang]).await;
    retry(&inner).with_timeout(SECOND * 2).remove(&request).await.unwrap();
    assert_eq!(inner.operations(), [Remove, Get, List, List]);

    // Both reads together have the ten seconds that are left where the write took all the time.
    let inner = ambiguous_with_member([Fault::HangAfter, Fault::None, Fault::Hang]).await;
    let config = RetryConfig::default().with_deadline(SECOND * 20);
    let start = Instant::now();
    let error = retry_as(&inner, &config).remove(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::Unknown));
    assert!(error.to_string().contains("tried: 1 write and 2 reads"), "{error}");
    assert_eq!(start.elapsed().as_secs(), 30);
}

/// Calls one of the writes to the account's users that are not idempotent.
async fn write_to_users(operation: Operation, stack: &Stack<Scripted>) -> Result<()> {
    match operation {
        Operation::Invite => stack.invite(&invite()).await.map(drop),
        Operation::CancelInvitation => stack.cancel_invitation(&8.into()).await,
        Operation::DeleteUser => stack.delete_user(&3.into()).await,
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn writes_to_users_are_repeated_only_where_they_did_not_happen() {
    for operation in [Operation::Invite, Operation::CancelInvitation, Operation::DeleteUser] {
        for fault in [BUSY, Fault::Limited(None)] {
            let inner = with([fault]);
            write_to_users(operation, &retry(&inner)).await.unwrap();
            assert_eq!(inner.operations(), [operation; 2], "{fault:?}");
        }
        for fault in [RESET, LOST, Fault::Late] {
            let inner = with([fault]);
            let error = write_to_users(operation, &retry(&inner)).await.unwrap_err();
            assert_eq!((error.effect(), error.attempts()), (Effect::Unknown, 1));
            assert_eq!(inner.operations(), [operation], "{fault:?}");
        }
    }
    // Asked for once or twice, a user is active or not.
    for fault in [BUSY, RESET, LOST] {
        let inner = with([fault]);
        retry(&inner).set_user_active(&3.into(), false).await.unwrap();
        assert_eq!(inner.operations(), [Operation::SetUserActive; 2], "{fault:?}");
    }
}

/// Where an addition changes the role of somebody who is a member already, one in doubt is sent again only if the read shows
/// them outside: somebody else may have changed the role meanwhile.
#[tokio::test(start_paused = true)]
async fn an_addition_that_upserts_is_sent_again_only_if_the_read_shows_no_member() {
    let upserts = || capabilities().with_behaviours(&[Behaviour::AddUpserts]);
    let inner = Scripted::new(upserts()).faults([RESET]);
    retry(&inner).add(&add(3, Role::Viewer)).await.unwrap();
    assert_eq!(inner.operations(), [Add, Get, Add]);

    // A member with another role; the read fails; members cannot be read.
    let changed = Scripted::new(upserts());
    changed.account.add(&add(3, Role::Editor)).await.unwrap();
    let unread = Scripted::new(upserts()).faults([RESET, BUSY, BUSY, BUSY, BUSY, BUSY]);
    let blind = Scripted::new(upserts().without(&[Capability::GetMember], "test")).faults([RESET]);
    for inner in [changed.faults([RESET]), unread, blind] {
        retry(&inner).add(&add(3, Role::Viewer)).await.unwrap_err();
        assert_eq!(inner.operations().iter().filter(|operation| **operation == Add).count(), 1);
        assert!(inner.effects().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn no_attempt_follows_when_reading_back_took_all_the_time() {
    // The write fails at once. The first read is not answered, and the second, after the deadline, shows them outside.
    let inner = with([RESET, Fault::Hang]);
    let config = RetryConfig::default().with_deadline(SECOND * 5);
    let stack = retry_as(&inner, &config).with_timeout(SECOND * 6);
    let error = stack.add(&add(3, Role::Viewer)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Transport, Effect::NotApplied));
    assert!(error.to_string().contains("the deadline of 5s has passed"), "{error}");
    assert_eq!(inner.operations(), [Add, Get, Get]);
}

/// How many requests a provider gets that always fails, for so many calls with such gaps between.
async fn requests_in_an_outage(calls: u32, gap: Duration) -> usize {
    let inner = with(vec![BUSY; 5 * calls as usize]);
    let layer = Arc::new(retry(&inner));
    let mut tasks = Vec::new();
    for _ in 0..calls {
        let layer = Arc::clone(&layer);
        tasks.push(tokio::spawn(async move { layer.me().await.unwrap_err() }));
        tokio::time::sleep(gap).await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    inner.operations().len()
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_no_storm() {
    for (calls, gap) in [(2_000, SECOND / 10), (1_000, SECOND), (500, SECOND * 5), (200, SECOND * 30)] {
        let start = Instant::now();
        let requests = requests_in_an_outage(calls, gap).await;
        let (calls, seconds) = (f64::from(calls), start.elapsed().as_secs_f64());
        let bound = calls + 30.0 + 0.2 * calls + 0.1 * seconds;
        #[expect(clippy::cast_precision_loss, reason = "thousands")]
        let requests = requests as f64;
        assert!(requests <= bound && requests > bound - 35.0, "{requests} at {gap:?}, {bound} allowed");
    }
    // Few calls may all be repeated.
    assert_eq!(requests_in_an_outage(100, SECOND * 60).await, 500);
}

#[tokio::test(start_paused = true)]
async fn one_attempt_means_no_repetition_and_still_an_answer() {
    let once = RetryConfig::default().with_max_attempts(1);
    let layer = |inner: &Scripted| retry_as(inner, &once);
    let inner = with([LOST]);
    layer(&inner).add(&add(3, Role::Editor)).await.unwrap();
    assert_eq!(inner.operations(), [Add, Get]);
    let inner = with([RESET]);
    let error = layer(&inner).add(&add(3, Role::Editor)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Transport, Effect::NotApplied));
    assert!(error.to_string().contains("did not happen"), "{error}");
    // A renewed key is no repetition of what failed.
    let inner = with([Fault::Before(ErrorKind::Unauthenticated, Effect::NotApplied)]);
    layer(&inner).me().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_deadline_includes_the_calls_themselves() {
    // Each attempt takes 30 seconds to fail.
    let inner = with([Fault::Hang; 9]);
    let config = RetryConfig::default().with_deadline(SECOND * 70);
    let layer = retry_as(&inner, &config).with_timeout(SECOND * 30).with_seed(1);
    let start = Instant::now();
    let error = layer.me().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::NotApplied));
    assert_eq!(start.elapsed().as_secs(), 70);
    assert_eq!(inner.operations(), [Me; 3]);
}

#[tokio::test(start_paused = true)]
async fn without_a_timeout_the_deadline_cuts_and_writes_are_resolved_after_it() {
    let config = RetryConfig::default().with_deadline(SECOND * 20);
    let start = Instant::now();
    let inner = with([Fault::Hang]);
    let error = retry_as(&inner, &config).me().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::NotApplied));
    assert_eq!(start.elapsed().as_secs(), 20);

    let inner = with([Fault::HangAfter]);
    retry_as(&inner, &config).add(&add(3, Role::Editor)).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 40);
    assert_eq!(inner.operations(), [Add, Get]);

    let inner = with([Fault::HangAfter, Fault::Hang]);
    let error = retry_as(&inner, &config).add(&add(3, Role::Editor)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Timeout, Effect::Unknown));
    assert_eq!(start.elapsed().as_secs(), 70);
}

#[tokio::test(start_paused = true)]
async fn time_in_line_for_a_limit_is_not_the_providers_fault() {
    let inner = with([]);
    let limiter = Limiter::new([Limit::assumed(&[], 1, SECOND * 60, "test")]);
    let config = RetryConfig::default().with_deadline(SECOND);
    let layer = Arc::new(retry_as(&inner, &config).with_limiter(limiter));
    let start = Instant::now();
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let layer = Arc::clone(&layer);
            tokio::spawn(async move { layer.me().await.map(|_| ()) })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(start.elapsed().as_secs(), 240);
}

#[tokio::test(start_paused = true)]
async fn nor_is_the_time_in_line_of_the_read_that_resolves() {
    let inner = with([RESET]);
    let limiter = Limiter::new([Limit::assumed(&[], 1, SECOND * 60, "test")]);
    let config = RetryConfig::default().with_deadline(SECOND);
    let layer = retry_as(&inner, &config).with_limiter(limiter);
    let start = Instant::now();
    layer.add(&add(3, Role::Editor)).await.unwrap();
    assert_eq!(inner.operations(), [Add, Get, Add]);
    // The connection was reset, so the request may still have been under way when the others were counted.
    assert_eq!(start.elapsed().as_secs(), 65 + 60);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_reading_back_shows_as_made_takes_nothing_from_the_budget() {
    let budget = BudgetConfig::default().with_share(0.0).with_reserve(1).with_per_second(0.0);
    let inner = with([LOST, Fault::None, LOST, Fault::None, RESET, Fault::None, Fault::None, RESET]);
    let stack = retry_as(&inner, &RetryConfig::default().with_budget(budget));
    for user in [3, 4] {
        stack.add(&add(user, Role::Editor)).await.unwrap();
    }
    stack.remove(&RemoveMember::new(key(3))).await.unwrap();
    assert_eq!(inner.operations(), [Add, Get, Add, Get, Remove, Get, Remove], "one is sent again");
    let error = stack.remove(&RemoveMember::new(key(4))).await.unwrap_err();
    assert!(error.to_string().contains("the budget for repetitions is spent"), "{error}");
    assert_eq!(error.effect(), Effect::NotApplied, "it was read back all the same");
}

#[tokio::test(start_paused = true)]
async fn the_budget_bounds_repetitions_of_what_fails_and_not_of_what_is_limited() {
    let budget = BudgetConfig::default().with_share(0.0).with_reserve(3).with_per_second(0.0);
    let config = RetryConfig::default().with_budget(budget);
    let inner = with([BUSY; 20]);
    let layer = retry_as(&inner, &config);
    for _ in 0..10 {
        layer.me().await.unwrap_err();
    }
    assert_eq!(inner.operations().len(), 13);
    let error = layer.me().await.unwrap_err();
    assert!(error.to_string().contains("budget"), "{error}");

    let inner = with([Fault::Limited(Some(SECOND)); 4]);
    retry_as(&inner, &config.with_budget(budget.with_reserve(0))).me().await.unwrap();
    assert_eq!(inner.operations().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_does_nothing_more() {
    let inner = with([BUSY; 5]);
    let layer = retry(&inner);
    let request = add(3, Role::Editor);
    let call = layer.add(&request);
    tokio::time::timeout(Duration::from_millis(1), call).await.unwrap_err();
    let sent = inner.operations().len();
    tokio::time::sleep(SECOND * 600).await;
    assert_eq!(inner.operations().len(), sent);
    assert_eq!(inner.account.get(&workspace(), &user(3)).await.unwrap(), None);
}
