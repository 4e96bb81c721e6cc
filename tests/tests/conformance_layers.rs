//! Every layer, and the standard stack, keeps what the contract promises: a wrapper around any `WorkspaceMembers` is one.

use std::sync::Arc;
use std::time::Duration;
use workspace_members_core::{RateLimit as Limit, WorkspaceMembers};
use workspace_members_layers::{
    Audit, AuditFile, Concurrency, LayersConfig, Limiter, RateLimit, ReadOnly, Retry, RetryConfig, Standard,
    Timeout, Trace,
};
use workspace_members_testkit::{Harness, InMemoryHarness, Layered};

type Members = Arc<dyn WorkspaceMembers>;

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

fn standard_stack(members: Members) -> Members {
    let config = LayersConfig::default().with_retry(quick());
    let stack = Standard::new(config).with_limiter(limiter()).with_sink(log()).with_seed(7);
    stack.build(members).expect("the settings are valid")
}

/// One layer that neither repeats nor ends anything.
fn bare(name: &str, wrap: impl Fn(Members) -> Members + Send + Sync + 'static) -> impl Harness {
    Layered::new(name, InMemoryHarness::new(), wrap).bare()
}

mod retry {
    workspace_members_testkit::conformance!(super::Layered::new(
        "retry",
        super::InMemoryHarness::new(),
        |members| { super::Arc::new(super::Retry::new(members, super::quick())) }
    ));
}

mod rate_limit {
    workspace_members_testkit::conformance!(super::bare("rate limit", |members| {
        super::Arc::new(super::RateLimit::new(members, super::limiter()))
    }));
}

mod concurrency {
    workspace_members_testkit::conformance!(super::bare("concurrency", |members| {
        super::Arc::new(super::Concurrency::new(members, 1))
    }));
}

mod timeout {
    workspace_members_testkit::conformance!(super::bare("timeout", |members| {
        super::Arc::new(super::Timeout::new(members, super::Duration::from_mins(1)))
    }));
}

mod trace {
    workspace_members_testkit::conformance!(super::bare("trace", |members| super::Arc::new(
        super::Trace::new(members)
    )));
}

mod audit {
    workspace_members_testkit::conformance!(super::bare("audit", |members| {
        super::Arc::new(super::Audit::new(members, super::log()))
    }));
}

mod read_only {
    workspace_members_testkit::conformance!(super::bare("read-only", |members| {
        super::Arc::new(super::ReadOnly::new(members))
    }));
}

mod standard_around_memory {
    workspace_members_testkit::conformance!(super::Layered::new(
        "standard",
        super::InMemoryHarness::new(),
        super::standard_stack
    ));
}

mod standard_around_paradigm {
    use workspace_members_paradigm::Level;
    use workspace_members_tests::harness::ParadigmHarness;

    workspace_members_testkit::conformance!(super::Layered::new(
        "standard",
        ParadigmHarness::new(Level::Owner),
        super::standard_stack
    ));
}

mod standard_around_pandadoc {
    use workspace_members_tests::harness::PandaDocHarness;

    workspace_members_testkit::conformance!(super::Layered::new(
        "standard",
        PandaDocHarness::organization(),
        super::standard_stack
    ));
}

/// A stack that ends a call by itself. The time is real, and long enough for a busy machine.
mod timeout_around_pandadoc {
    use workspace_members_tests::harness::PandaDocHarness;

    workspace_members_testkit::conformance!(
        super::Layered::new("timeout", PandaDocHarness::organization(), |members| {
            super::Arc::new(super::Timeout::new(members, super::Duration::from_secs(2)))
        })
        .bare()
        .gives_up()
    );
}
