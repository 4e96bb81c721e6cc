//! Every layer alone, and the standard stack, keep what the contract promises around the reference implementation and
//! around both adapters over real HTTP: a wrapper around any `WorkspaceMembers` is one.

#[path = "../../crates/adapters/pandadoc/tests/harness/mod.rs"]
mod pandadoc_harness;
#[path = "../../crates/adapters/paradigm/tests/harness/mod.rs"]
mod paradigm_harness;

use std::sync::Arc;
use std::time::Duration;
use workspace_members_core::{RateLimit as Limit, WorkspaceMembers};
use workspace_members_layers::{Audit, AuditFile, LayersConfig, Limiter, RetryConfig, Stack, StackBuilder};
use workspace_members_testkit::{Harness, Layered};

/// Waits that end at once, so that the suite does not wait for them.
fn quick() -> RetryConfig {
    RetryConfig::default().with_base(Duration::from_millis(1)).with_cap(Duration::from_millis(2))
}

/// So much in any minute that nobody waits; the layer counts all the same.
fn limiter() -> Limiter {
    Limiter::new([Limit::assumed(&[], 1_000_000, Duration::from_mins(1), "out of the way of the test")])
}

/// An audit log on the null device: every line is written, and none is kept.
fn log() -> Arc<AuditFile> {
    Arc::new(AuditFile::open("/dev/null", false).expect("the null device can be written"))
}

fn retry(harness: impl Harness) -> Layered<impl Harness> {
    Layered::new("retry", harness, |members| Arc::new(Stack::new(members).with_retry(quick())))
}

/// Not bare, though it sends each request once: after a 429 the whole account waits, and a call reports what is left of that
/// wait.
fn rate_limit(harness: impl Harness) -> Layered<impl Harness> {
    Layered::new("rate limit", harness, |members| Arc::new(Stack::new(members).with_limiter(limiter())))
}

/// With room for the calls that go on beside a slow one.
fn concurrency(harness: impl Harness) -> Layered<impl Harness> {
    Layered::new("concurrency", harness, |members| Arc::new(Stack::new(members).with_concurrency(8))).bare()
}

fn timeout(harness: impl Harness) -> Layered<impl Harness> {
    Layered::new("timeout", harness, give_up_after(Duration::from_mins(1))).bare()
}

fn give_up_after(time: Duration) -> impl Fn(Arc<dyn WorkspaceMembers>) -> Arc<dyn WorkspaceMembers> {
    move |members| Arc::new(Stack::new(members).with_timeout(time))
}

/// Ends calls by itself, before the adapters do. The time is real, and long enough for a busy machine.
fn short_timeout(harness: impl Harness) -> Layered<impl Harness> {
    Layered::new("timeout that passes", harness, give_up_after(Duration::from_secs(2))).bare().gives_up()
}

fn trace(harness: impl Harness) -> Layered<impl Harness> {
    Layered::new("trace", harness, |members| Arc::new(Stack::new(members).with_trace())).bare()
}

/// Does not ask who acts, which would be a second request of the first write.
fn audit(harness: impl Harness) -> Layered<impl Harness> {
    let audit = || Audit::new(log()).with_identify(false);
    Layered::new("audit", harness, move |members| Arc::new(Stack::new(members).with_audit(audit()))).bare()
}

fn read_only(harness: impl Harness) -> Layered<impl Harness> {
    Layered::new("read-only", harness, |members| Arc::new(Stack::new(members).with_read_only())).bare()
}

fn standard(harness: impl Harness) -> Layered<impl Harness> {
    Layered::new("standard", harness, |members| {
        let config = LayersConfig::default().with_retry(quick());
        let stack = StackBuilder::new(config).with_limiter(limiter()).with_sink(log());
        Arc::new(stack.build(members).expect("the settings are valid").with_seed(7))
    })
}

/// The suite on each of these around the reference implementation and around both adapters.
///
/// Around the adapters, pages are large enough for the people of most cases (the boundaries between pages have their own
/// cases), and there are as many random sequences of calls as said: three dozen suites take their time.
macro_rules! around_all {
    ($($layer:ident)+; $sequences:literal) => {$(
        mod $layer {
            mod around_memory {
                use workspace_members_testkit::InMemoryHarness;

                workspace_members_testkit::conformance!(crate::$layer(InMemoryHarness::new()));
            }

            mod around_paradigm {
                use crate::paradigm_harness::ParadigmHarness;

                workspace_members_testkit::conformance!(
                    crate::$layer(ParadigmHarness { page_size: 12, ..Default::default() }).sequences($sequences)
                );
            }

            mod around_pandadoc {
                use crate::pandadoc_harness::PandaDocHarness;

                workspace_members_testkit::conformance!(
                    crate::$layer(PandaDocHarness { page_size: 12, ..Default::default() }).sequences($sequences)
                );
            }
        }
    )+};
}

around_all! { retry rate_limit concurrency timeout short_timeout trace audit read_only; 8 }
around_all! { standard; 24 }
