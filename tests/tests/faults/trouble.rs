//! What goes wrong, and at which request.

use std::fmt::Debug;
use std::time::Duration;
use workspace_members_layers::{LayersConfig, RetryConfig};
use workspace_members_testkit::{Answer, Fault, Proxy, Rule};

/// How many runs go on at once: most of their time they wait.
pub(crate) const SIDE_BY_SIDE: usize = 32;

/// A fault, from which request on, and how often in a row.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    pub(crate) fault: Fault,
    pub(crate) at: usize,
    pub(crate) times: usize,
}

impl Trouble {
    pub(crate) fn arm(self, proxy: &Proxy) {
        proxy.inject(Rule::new(self.fault).nth(self.at).times(self.times));
    }
}

/// Whether no answer comes, until the proxy releases it, which no run here does.
pub(crate) fn no_answer(fault: &Fault) -> bool {
    matches!(fault, Fault::HoldBefore | Fault::HoldAfter)
}

/// Fails with the first few of the runs that ended otherwise than without a fault.
#[track_caller]
pub(crate) fn none_differ(kind: impl Debug, bad: &[String]) {
    assert!(
        bad.is_empty(),
        "{kind:?}: {} bad, the first are\n{}",
        bad.len(),
        bad[..bad.len().min(5)].join("\n")
    );
}

/// Short waits between attempts; a short timeout only where the fault is that no answer comes, so that a busy machine fails
/// no test.
pub(crate) fn layers(trouble: Option<&Trouble>) -> LayersConfig {
    let retry =
        RetryConfig::default().with_base(Duration::from_millis(20)).with_cap(Duration::from_millis(100));
    let silent = trouble.is_some_and(|trouble| no_answer(&trouble.fault));
    let timeout = if silent { Duration::from_secs(3) } else { Duration::from_secs(20) };
    LayersConfig::default().with_timeout(timeout).with_retry(retry)
}

/// Refused for the moment: in words that only PandaDoc's adapter reads, and in the header that both do.
fn throttled() -> [Answer; 2] {
    let words = r#"{"type":"throttled","detail":"Request was throttled. Expected available in 1 seconds."}"#;
    [Answer::json(429, words), Answer::status(429).with_header("retry-after", "0")]
}

/// Every fault of the proxy: before and after the provider acted, refused, cut, garbled and late.
pub(crate) fn faults() -> Vec<Fault> {
    let [words, header] = throttled();
    vec![
        Fault::Answer(words),
        Fault::Answer(header),
        Fault::Answer(Answer::status(503)),
        Fault::Answer(Answer::html(200)),
        Fault::AnswerAfter(Answer::html(200)),
        Fault::AnswerAfter(Answer::status(502)),
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::Truncate,
        Fault::Empty,
        Fault::Slow(Duration::from_millis(200)),
        Fault::HoldBefore,
        Fault::HoldAfter,
    ]
}

/// Those that may last. Faults without an answer would only take longer, and after a 429 that says in words how long to wait,
/// one adapter waits for seconds.
pub(crate) fn lasting() -> Vec<Fault> {
    let [words, _] = throttled();
    let passes = |fault: &Fault| {
        no_answer(fault) || matches!(fault, Fault::Slow(_)) || *fault == Fault::Answer(words.clone())
    };
    faults().into_iter().filter(|fault| !passes(fault)).collect()
}

/// Each of the faults at each of these requests, so many times in a row.
pub(crate) fn at_each(faults: &[Fault], requests: impl Iterator<Item = usize>, times: usize) -> Vec<Trouble> {
    let all = |at: usize| faults.iter().map(move |fault| Trouble { fault: fault.clone(), at, times });
    requests.flat_map(all).collect()
}
