//! Keeps the provider's limits: counts requests by windows, exactly, so that no window sees more than its limit.

use crate::duration::{self, shown};
use crate::lock::lock;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
#[cfg(doc)]
use workspace_members_core::Capabilities;
use workspace_members_core::{Effect, Error, ErrorKind, Operation, RateLimit, Result};

/// Tokio's timers count in milliseconds; one more keeps two requests at both ends of a window apart.
const TICK: Duration = Duration::from_millis(1);

/// How long a request that was given up may still be on its way to the provider.
const IN_TRANSIT: Duration = Duration::from_secs(5);

/// The first hold after a 429 that does not say how long; the next ones double, up to the longest window.
const FIRST_HOLD: Duration = Duration::from_secs(2);

/// Keeps requests below limits, for all clones together. Share one where the provider counts several values as one:
/// `PandaDoc` counts per user, over all of that user's keys and workspaces.
///
/// # The law
///
/// For each limit, in whatever window of its length, no more requests *arrive* than it allows. An arrival lies somewhere
/// between sending and answer, so a request holds its slot from before it is sent until one window *after it was
/// answered*: of any requests that arrive within one window, the one sent last then found the slots of all others taken.
/// A log of sending times alone lets more through: a slow request and, a window later, a fast burst arrive together.
///
/// The price is the latency per window: 10 ms in a window of a second lose one percent. A request that was given up without
/// an answer may still arrive; its slot stays taken up to 5 seconds longer. Clocks are taken to run equally fast; a
/// headroom covers those that do not.
///
/// # Waiting
///
/// First come, first served, per limit: a wait for one limit does not hold up requests that it does not cover, also
/// in a [`Stack`](crate::Stack) that bounds concurrency, where calls in line here hold no permit. A waiting future that is
/// dropped gives everything back.
///
/// A 429 that comes all the same (somebody else used the account) holds everything back for as long as the provider
/// asked; where it did not say, for 2 seconds, doubling as long as they go on, up to the longest window and to
/// [`with_max_hold`](Limiter::with_max_hold).
#[derive(Debug, Clone)]
pub struct Limiter {
    shared: Arc<Shared>,
    max_hold: Duration,
}

#[derive(Debug)]
struct Shared {
    limits: Vec<RateLimit>,
    /// One per limit, narrowest first, so that who waits for a wide gate keeps no slot of a narrow one for long.
    gates: Vec<Gate>,
    hold: Mutex<Hold>,
}

/// One limit: who is in line, and which slots are taken.
#[derive(Debug)]
struct Gate {
    limit: RateLimit,
    /// Locked by the first in line. Tokio's mutex is fair, and forgets those who stop waiting.
    first: tokio::sync::Mutex<()>,
    slots: Mutex<Slots>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Slots {
    /// Requests without an answer yet.
    open: u32,
    /// When the slots of the others become free, in order.
    leaving: VecDeque<Instant>,
}

/// How long all requests wait.
#[derive(Debug, Default)]
struct Hold {
    /// Until when the provider asked to wait.
    asked: Option<Instant>,
    /// From when and until when we chose to wait, since it did not say.
    chosen: Option<(Instant, Instant)>,
    since: Option<Instant>,
    /// Holds in a row of which the provider did not say how long.
    unspecified: u32,
}

impl Limiter {
    /// Keeps these limits, such as those that an adapter declares ([`Capabilities::limits`]).
    pub fn new(limits: impl IntoIterator<Item = RateLimit>) -> Self {
        let limits: Vec<RateLimit> = limits.into_iter().collect();
        let mut narrowest_first = limits.clone();
        narrowest_first.sort_by(|a, b| rate(a).total_cmp(&rate(b)));
        let gates = narrowest_first.into_iter().map(Gate::new).collect();
        let shared = Shared { limits, gates, hold: Mutex::default() };
        Self { shared: Arc::new(shared), max_hold: Duration::MAX }
    }

    /// Refuses a call at once ([`ErrorKind::RateLimited`], with the time left) if the provider has asked for a longer
    /// wait than this; where it did not say how long, a 429 holds calls back for at most this. For this clone only.
    pub fn with_max_hold(mut self, longest: Duration) -> Self {
        self.max_hold = longest;
        self
    }

    /// The limits kept, less the headroom, in the order given.
    pub fn limits(&self) -> &[RateLimit] {
        &self.shared.limits
    }

    /// Stands in line for the slots of a request, and takes them. [`Slot::start`] says when it may be sent.
    pub(crate) async fn acquire(&self, operation: Operation) -> Result<Slot<'_>> {
        self.hold_left(Instant::now())?;
        let mut slot = Slot { limiter: self, operation, taken: 0, sent: None };
        for gate in self.shared.covering(operation) {
            gate.enter().await;
            slot.taken += 1;
        }
        Ok(slot)
    }

    /// How long all requests have to wait still, if at all.
    fn hold_left(&self, now: Instant) -> Result<Option<Duration>> {
        let (asked, chosen) = {
            let hold = lock(&self.shared.hold);
            (hold.asked, hold.chosen)
        };
        let asked = asked.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        // What we chose ourselves is no reason to refuse a call, only to wait.
        let chosen = chosen.map_or(Duration::ZERO, |(from, until)| {
            let longest = self.max_hold.saturating_sub(now.saturating_duration_since(from));
            until.saturating_duration_since(now).min(longest)
        });
        if asked > self.max_hold {
            let left = shown(asked);
            let message =
                format!("the provider asked for a wait, of which {left} are left; nothing was sent");
            let error = Error::new(ErrorKind::RateLimited, Effect::NotApplied, message);
            return Err(error.with_retry_after(Some(asked)));
        }
        Ok(Some(asked.max(chosen)).filter(|left| !left.is_zero()))
    }
}

/// Requests per second.
fn rate(limit: &RateLimit) -> f64 {
    f64::from(limit.max) / limit.per.as_secs_f64()
}

/// Leaves a share of each limit, from 0 to less than 1, to others, and says so in its source. At least one request per window
/// remains.
pub(crate) fn with_headroom(mut limits: Vec<RateLimit>, headroom: f64) -> Vec<RateLimit> {
    if headroom > 0.0 {
        for limit in &mut limits {
            let kept = (f64::from(limit.max) * (1.0 - headroom.min(1.0)) + 1e-9).floor().max(1.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 1 and the limit itself, which is a u32"
            )]
            let kept = kept as u32;
            limit.source =
                format!("{}; {kept} of {} used, the rest left to others", limit.source, limit.max).into();
            limit.max = kept;
        }
    }
    limits
}

impl Shared {
    fn covering(&self, operation: Operation) -> impl Iterator<Item = &Gate> {
        self.gates.iter().filter(move |gate| gate.limit.covers(operation))
    }

    /// A 429 for a request sent at that time.
    fn hold_back(&self, operation: Operation, sent: Instant, asked: Option<Duration>) {
        let now = Instant::now();
        let mut hold = lock(&self.hold);
        // Of several requests that were under way together, the first answer counts.
        let news = hold.since.is_none_or(|since| sent > since);
        let wait = asked.unwrap_or_else(|| {
            if news {
                hold.unspecified = hold.unspecified.saturating_add(1);
            }
            let longest =
                self.gates.iter().map(|gate| gate.limit.per).max().unwrap_or(Duration::from_mins(1));
            let doublings = hold.unspecified.saturating_sub(1).min(16);
            FIRST_HOLD.saturating_mul(1 << doublings).min(longest)
        });
        let wait = wait.min(Duration::from_hours(24));
        let until = now + wait;
        let before = hold.asked.max(hold.chosen.map(|(_, until)| until));
        match asked {
            Some(_) => hold.asked = hold.asked.max(Some(until)),
            None if hold.chosen.is_none_or(|(_, before)| until > before) => hold.chosen = Some((now, until)),
            None => {}
        }
        if before.is_none_or(|before| until > before) {
            tracing::warn!(
                wsm.operation = operation.as_str(),
                wsm.wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                wsm.wait_asked = asked.is_some(),
                "the provider limits the rate; all requests wait"
            );
        }
        if news {
            hold.since = Some(now);
        }
    }

    /// An answer other than 429, for a request sent at that time.
    fn passed(&self, sent: Instant) {
        let mut hold = lock(&self.hold);
        if hold.unspecified > 0 && hold.since.is_none_or(|since| sent > since) {
            hold.unspecified = 0;
        }
    }
}

impl Gate {
    fn new(mut limit: RateLimit) -> Self {
        // What an adapter declares is not checked by anybody, and must not overflow the clock.
        limit.per = limit.per.min(duration::MAX);
        Self { limit, first: tokio::sync::Mutex::default(), slots: Mutex::default(), freed: Notify::new() }
    }

    /// Waits in line for a slot, and takes it. Dropped before it completes, it has taken nothing.
    async fn enter(&self) {
        let _first = self.first.lock().await;
        loop {
            let taken = lock(&self.slots).take(self.limit.max.max(1), Instant::now());
            match taken {
                Ok(()) => return,
                // Nobody else takes slots meanwhile, and none is given back before the one that leaves next, unless
                // a request turns out not to have been sent.
                Err(Some(next)) => {
                    _ = tokio::time::timeout_at(next, self.freed.notified()).await;
                }
                Err(None) => self.freed.notified().await,
            }
        }
    }

    /// A request of this gate ended; it counts for as long after its end, or not at all.
    fn leave(&self, counts: Option<Duration>, now: Instant) {
        let mut slots = lock(&self.slots);
        slots.open = slots.open.saturating_sub(1);
        if let Some(lag) = counts {
            slots.leave_at(now + self.limit.per + lag + TICK);
        }
        drop(slots);
        self.freed.notify_one();
    }
}

impl Slots {
    /// Takes a slot, or says when the next one leaves (`None`: when a request that is under way ends).
    fn take(&mut self, max: u32, now: Instant) -> Result<(), Option<Instant>> {
        while self.leaving.front().is_some_and(|at| *at <= now) {
            self.leaving.pop_front();
        }
        if (self.open as usize).saturating_add(self.leaving.len()) < max as usize {
            self.open += 1;
            return Ok(());
        }
        Err(self.leaving.front().copied())
    }

    /// A slot becomes free then.
    fn leave_at(&mut self, at: Instant) {
        let index = self.leaving.partition_point(|other| *other <= at);
        self.leaving.insert(index, at);
    }
}

/// The slots of one request. Dropped without an [`end`](Self::end), the request was given up: not sent at all, or
/// perhaps still on its way.
#[derive(Debug)]
pub(crate) struct Slot<'a> {
    limiter: &'a Limiter,
    operation: Operation,
    /// How many of the gates that cover the operation were passed.
    taken: usize,
    sent: Option<Instant>,
}

/// How a request ended, as far as counting goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The provider answered.
    Answered,
    /// The provider answered that it was too much, and perhaps for how long.
    Limited(Option<Duration>),
    /// It may still arrive.
    GivenUp,
    /// It was refused here.
    NotSent,
}

impl End {
    pub(crate) fn of<T>(result: &Result<T>) -> Self {
        let Err(error) = result else { return Self::Answered };
        match error.kind() {
            ErrorKind::RateLimited => Self::Limited(error.retry_after()),
            ErrorKind::Timeout | ErrorKind::Transport => Self::GivenUp,
            ErrorKind::InvalidInput
            | ErrorKind::Unsupported
            | ErrorKind::InvalidRole
            | ErrorKind::Config
            | ErrorKind::Credential
                if error.status().is_none() =>
            {
                Self::NotSent
            }
            _ => Self::Answered,
        }
    }
}

impl Slot<'_> {
    /// Waits as long as all requests have to. Then the request counts as sent.
    pub(crate) async fn start(&mut self) -> Result<()> {
        while let Some(left) = self.limiter.hold_left(Instant::now())? {
            tokio::time::sleep(left).await;
        }
        self.sent = Some(Instant::now());
        Ok(())
    }

    pub(crate) fn end(mut self, end: End) {
        self.leave(end);
    }

    fn leave(&mut self, end: End) {
        let counts = match end {
            End::Answered | End::Limited(_) => Some(Duration::ZERO),
            End::GivenUp => Some(IN_TRANSIT),
            End::NotSent => None,
        };
        let taken = std::mem::take(&mut self.taken);
        let (shared, now) = (&self.limiter.shared, Instant::now());
        shared.covering(self.operation).take(taken).for_each(|gate| gate.leave(counts, now));
        match (end, self.sent.take()) {
            (End::Limited(asked), Some(sent)) => shared.hold_back(self.operation, sent, asked),
            (End::Answered, Some(sent)) => shared.passed(sent),
            _ => {}
        }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let end = if self.sent.is_some() { End::GivenUp } else { End::NotSent };
        self.leave(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(operations: &[Operation], max: u32, seconds: u64) -> RateLimit {
        RateLimit::assumed(operations, max, Duration::from_secs(seconds), "test")
    }

    async fn send(limiter: &Limiter, operation: Operation, end: End) {
        take(limiter, operation).await.unwrap().end(end);
    }

    async fn take(limiter: &Limiter, operation: Operation) -> Result<Slot<'_>> {
        let mut slot = limiter.acquire(operation).await?;
        slot.start().await.map(|()| slot)
    }

    #[test]
    fn headroom_leaves_at_least_one_request() {
        let kept = |max, headroom| with_headroom(vec![limit(&[], max, 60)], headroom)[0].max;
        assert_eq!(
            [kept(100, 0.1), kept(10, 0.3), kept(100, 0.9), kept(1, 0.5), kept(7, 0.0)],
            [90, 7, 10, 1, 7]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_slot_is_free_a_window_after_the_answer() {
        let limiter = Limiter::new([limit(&[], 2, 60)]);
        let start = Instant::now();
        let slow = take(&limiter, Operation::Get).await.unwrap();
        send(&limiter, Operation::Get, End::Answered).await;
        tokio::time::sleep(Duration::from_secs(20)).await;
        slow.end(End::Answered);
        send(&limiter, Operation::Get, End::Answered).await;
        assert_eq!(start.elapsed().as_secs(), 60);
        send(&limiter, Operation::Get, End::Answered).await;
        assert_eq!(start.elapsed().as_secs(), 80);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_sent_does_not_count_and_what_was_given_up_counts_longer() {
        let limiter = Limiter::new([limit(&[], 1, 60)]);
        let start = Instant::now();
        for _ in 0..10 {
            send(&limiter, Operation::Get, End::NotSent).await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        drop(take(&limiter, Operation::Get).await.unwrap());
        send(&limiter, Operation::Get, End::Answered).await;
        assert_eq!(start.elapsed().as_secs(), 65);
        // How long a request travels has nothing to do with the window.
        let short = Limiter::new([limit(&[], 1, 1)]);
        send(&short, Operation::Get, End::GivenUp).await;
        send(&short, Operation::Get, End::Answered).await;
        assert_eq!(start.elapsed().as_secs(), 71);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_for_one_limit_does_not_hold_up_others() {
        let limiter = Limiter::new([limit(&[], 100, 60), limit(&[Operation::Add], 1, 60)]);
        send(&limiter, Operation::Add, End::Answered).await;
        let waiting = limiter.clone();
        let second = tokio::spawn(async move { send(&waiting, Operation::Add, End::Answered).await });
        tokio::task::yield_now().await;
        let start = Instant::now();
        for _ in 0..50 {
            send(&limiter, Operation::Get, End::Answered).await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        second.await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn first_come_first_served_and_a_dropped_wait_leaves_nothing() {
        let limiter = Limiter::new([limit(&[], 1, 10)]);
        send(&limiter, Operation::Get, End::Answered).await;
        let served = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for number in 0..5 {
            let (limiter, served) = (limiter.clone(), Arc::clone(&served));
            tasks.push(tokio::spawn(async move {
                send(&limiter, Operation::Get, End::Answered).await;
                served.lock().unwrap().push(number);
            }));
            tokio::task::yield_now().await;
        }
        tasks.remove(0).abort();
        tasks.remove(1).abort();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*served.lock().unwrap(), [1, 3, 4]);
        let start = Instant::now();
        send(&limiter, Operation::Get, End::Answered).await;
        assert_eq!(start.elapsed().as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_429_holds_every_clone_back_for_as_long_as_asked() {
        let limiter = Limiter::new([]);
        let impatient = limiter.clone().with_max_hold(Duration::from_secs(10));
        let start = Instant::now();
        send(&limiter, Operation::Add, End::Limited(Some(Duration::from_secs(13)))).await;
        let refused = take(&impatient, Operation::Get).await.unwrap_err();
        assert_eq!((refused.kind(), refused.effect()), (ErrorKind::RateLimited, Effect::NotApplied));
        assert_eq!(refused.retry_after().map(|left| left.as_secs()), Some(13));
        send(&limiter, Operation::Get, End::Answered).await;
        assert_eq!(start.elapsed().as_secs(), 13);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hold_that_the_provider_did_not_ask_for_refuses_nobody() {
        let limiter = Limiter::new([limit(&[], 1_000, 60)]);
        let impatient = limiter.clone().with_max_hold(Duration::from_secs(1));
        let start = Instant::now();
        // Two seconds are chosen, and then four.
        send(&limiter, Operation::Add, End::Limited(None)).await;
        send(&impatient, Operation::Get, End::Limited(None)).await;
        assert_eq!(start.elapsed().as_secs(), 1);
        send(&impatient, Operation::Get, End::NotSent).await;
        assert_eq!(start.elapsed().as_secs(), 2);
        send(&limiter, Operation::Get, End::NotSent).await;
        assert_eq!(start.elapsed().as_secs(), 5);
        // What the provider asks for is kept, also under a longer wait of our own.
        let (one, two) = tokio::join!(take(&limiter, Operation::Get), take(&limiter, Operation::Get));
        one.unwrap().end(End::Limited(Some(Duration::from_secs(3))));
        two.unwrap().end(End::Limited(None));
        let refused = take(&impatient, Operation::Get).await.unwrap_err();
        assert_eq!(refused.retry_after(), Some(Duration::from_secs(3)));
        send(&limiter, Operation::Get, End::NotSent).await;
        assert_eq!(start.elapsed().as_secs(), 9);
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_that_no_clock_reaches_is_no_panic() {
        let limiter = Limiter::new([RateLimit::assumed(&[], 2, Duration::MAX, "test")]);
        send(&limiter, Operation::Get, End::Answered).await;
        drop(take(&limiter, Operation::Get).await.unwrap());
        let third = take(&limiter, Operation::Get);
        tokio::time::timeout(Duration::from_hours(24), third).await.unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn holds_of_unspecified_length_double_once_per_round() {
        let limiter = Limiter::new([limit(&[], 1_000, 60)]);
        let start = Instant::now();
        for expected in [2, 6, 14, 30, 62, 122] {
            let (one, two) = tokio::join!(take(&limiter, Operation::Get), take(&limiter, Operation::Add));
            one.unwrap().end(End::Limited(None));
            two.unwrap().end(End::Limited(None));
            take(&limiter, Operation::Get).await.unwrap().end(End::NotSent);
            assert_eq!(start.elapsed().as_secs(), expected);
        }
        send(&limiter, Operation::Get, End::Answered).await;
        send(&limiter, Operation::Get, End::Limited(None)).await;
        send(&limiter, Operation::Get, End::Answered).await;
        assert_eq!(start.elapsed().as_secs(), 124);
    }
}
