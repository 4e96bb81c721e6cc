//! Runs cases, each once, and counts.

use crate::case::{Case, Outcome, Verdict};
use crate::cases;
use crate::context::Context;
use crate::failure::Failure;
use crate::harness::Harness;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use workspace_members_core::{Capabilities, Capability};

/// No case takes longer, unless the adapter waits for something that never comes.
const LONGEST: Duration = Duration::from_mins(2);

/// Every case for one harness. [`conformance!`](crate::conformance) makes one, and a test for each case.
///
/// Cases may be asked for in any order and from any thread; each runs once.
pub struct Suite {
    harness: Arc<dyn Harness>,
    capabilities: OnceLock<Result<Capabilities, Failure>>,
    verdicts: BTreeMap<&'static str, OnceLock<Verdict>>,
}

impl std::fmt::Debug for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Suite").field("harness", &self.harness.name()).finish_non_exhaustive()
    }
}

impl Suite {
    /// The whole suite for this harness. Runs nothing yet.
    pub fn new(harness: impl Harness) -> Self {
        let verdicts = cases::all().map(|case| (case.name, OnceLock::new())).collect();
        Self { harness: Arc::new(harness), capabilities: OnceLock::new(), verdicts }
    }

    /// The names of all cases, in the order of the summary.
    pub fn names() -> Vec<&'static str> {
        cases::all().map(|case| case.name).collect()
    }

    /// Runs the case, unless it ran before.
    ///
    /// # Panics
    ///
    /// If the case fails, or if there is none of this name. Must not be called from within a tokio runtime.
    pub fn check(&self, name: &str) {
        if let Err(failure) = self.run(name) {
            panic!("{name}, {}: {failure}", self.harness.name());
        }
    }

    /// Runs the case, unless it ran before, and returns why it failed: for suites that are meant to fail.
    ///
    /// # Panics
    ///
    /// If there is no case of this name. Must not be called from within a tokio runtime.
    pub fn run(&self, name: &str) -> Result<(), Failure> {
        let Some(case) = cases::all().find(|case| case.name == name) else {
            panic!("there is no case {name:?}")
        };
        self.verdict(case).clone().map(drop)
    }

    /// Runs what has not run, prints how many cases ran for each capability, and fails unless each claimed capability
    /// ran at least one, and none failed.
    ///
    /// # Panics
    ///
    /// If there is anything to complain of. Must not be called from within a tokio runtime.
    pub fn summarize(&self) {
        let report = self.report();
        // Not `print!`, which the test runner keeps to itself when a test passes: the counts are there to be seen.
        let _ = writeln!(std::io::stderr().lock(), "{}", report.text);
        assert!(report.complaints.is_empty(), "{}: {}", self.harness.name(), report.complaints.join("\n"));
    }

    /// What [`summarize`](Self::summarize) prints and complains of.
    pub fn report(&self) -> Report {
        let mut counts: BTreeMap<Capability, (usize, usize)> = BTreeMap::new();
        let (mut ran, mut refused, mut failed) = (0, 0, 0);
        let mut not_applicable: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut complaints = Vec::new();
        for case in cases::all() {
            match self.verdict(case) {
                Ok(Outcome::Ran(worked)) => {
                    ran += 1;
                    for capability in worked {
                        counts.entry(*capability).or_default().0 += 1;
                    }
                }
                Ok(Outcome::Refused(unclaimed)) => {
                    refused += 1;
                    for capability in unclaimed {
                        counts.entry(*capability).or_default().1 += 1;
                    }
                }
                Ok(Outcome::NotApplicable(why)) => not_applicable.entry(why).or_default().push(case.name),
                Err(failure) => {
                    failed += 1;
                    complaints.push(format!("{} failed: {failure}", case.name));
                }
            }
        }
        // A harness that cannot start has failed every case already.
        let claims = self.capabilities().as_ref().ok();
        let mut text = format!(
            "conformance of {}: {} cases, {ran} ran, {refused} checked a refusal, {} not applicable, {failed} failed\n",
            self.harness.name(),
            cases::all().count(),
            not_applicable.values().map(Vec::len).sum::<usize>(),
        );
        for capability in Capability::ALL {
            let (works, refusals) = counts.get(capability).copied().unwrap_or_default();
            let claimed = claims.is_some_and(|claims| claims.has(*capability));
            if claimed && works == 0 {
                complaints.push(format!("{capability} is claimed, and no case ran for it"));
            }
            if !claimed && refusals == 0 {
                complaints
                    .push(format!("{capability} is not claimed, and no case checked that it is refused"));
            }
            let _ = if claimed {
                writeln!(text, "  {capability:<22} claimed      {works:>3} ran")
            } else {
                writeln!(text, "  {capability:<22} not claimed  {refusals:>3} refused")
            };
        }
        if ran == 0 {
            complaints.push("no case ran".to_owned());
        }
        for (why, names) in not_applicable {
            let _ = writeln!(text, "  not applicable, since {why}: {}", names.join(", "));
        }
        Report { text, complaints }
    }

    /// What the adapter claims, asked once: the harness may have to start a world for it.
    fn capabilities(&self) -> &Result<Capabilities, Failure> {
        self.capabilities.get_or_init(|| Ok(block_on(async { self.harness.capabilities().await })?))
    }

    fn verdict(&self, case: &'static Case) -> &Verdict {
        let Some(verdict) = self.verdicts.get(case.name) else { panic!("{} is not in the table", case.name) };
        verdict.get_or_init(|| {
            let (harness, capabilities) = (self.harness.clone(), self.capabilities().clone()?);
            block_on(async move {
                let context = Context::new(harness, capabilities);
                let given = context.clone();
                let play = tokio::spawn(async move { case.play(&given).await });
                let verdict = match tokio::time::timeout(LONGEST, play).await {
                    Ok(Ok(verdict)) => verdict,
                    Ok(Err(panicked)) => Err(Failure::new(format!("the case panicked: {panicked}"))),
                    Err(_) => Err(Failure::new(format!("the case had not ended after {LONGEST:?}"))),
                };
                verdict.map_err(|failure| failure.after(&context.faults()))
            })
        })
    }
}

/// What a run came to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// The table of counts.
    pub text: String,
    /// What is wrong: failed cases, and capabilities that no case ran for. Empty if all is well.
    pub complaints: Vec<String>,
}

/// Each case has a runtime of its own, so that one that leaves tasks behind disturbs no other.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    match runtime {
        Ok(runtime) => {
            let done = runtime.block_on(future);
            runtime.shutdown_background();
            done
        }
        Err(error) => panic!("no runtime: {error}"),
    }
}
