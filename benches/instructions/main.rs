//! Instructions that the calls take, counted by callgrind: what must not regress, measured where time cannot be.
//!
//! `cargo bench -p workspace-members-benches`; needs valgrind, and gungraun's runner of the same version
//! (`cargo install gungraun-runner --version 0.20.0`). Only what runs in the client's process is counted, the kernel is
//! not. Each figure is of so many calls after a warm-up, over loopback HTTP to the neutral server, on one thread.
#![expect(
    missing_docs,
    unused_qualifications,
    reason = "the macros write undocumented items with whole paths"
)]

use gungraun::{Callgrind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};
use std::hint::black_box;
use std::sync::Arc;
use tokio::runtime::Runtime;
use workspace_members_benches::calls::{self, Call, Contender};
use workspace_members_benches::server::NeutralServer;
use workspace_members_benches::world::{Naming, World};
use workspace_members_sync::{Observed, Plan};

/// Who does it.
#[derive(Debug, Clone, Copy)]
enum By {
    /// Reqwest and serde by hand.
    Hand,
    /// The adapter alone.
    Adapter,
    /// The adapter in the standard stack.
    Stack,
}

/// A contender with a warm connection.
struct Ready {
    contender: Arc<dyn Contender>,
    runtime: Runtime,
    times: u32,
    _server: NeutralServer,
}

#[expect(clippy::expect_used, reason = "a benchmark that cannot be set up has nothing to say")]
fn ready(by: By, call: Call, times: u32) -> Ready {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let server = NeutralServer::start().expect("the neutral server");
    let contender = match by {
        By::Hand => calls::floor(&server, call),
        By::Adapter => calls::adapter(&server, call).map(|adapter| calls::ours("adapter", adapter, call)),
        By::Stack => calls::stack(&server, call).map(|stack| calls::ours("stack", stack, call)),
    };
    let contender = contender.expect("a contender");
    runtime.block_on(contender.run(3)).expect("an answer");
    Ready { contender, runtime, times, _server: server }
}

// Everything is handed back, so that taking it down is not counted.
#[library_benchmark(setup = ready)]
#[bench::paradigm_add_by_hand(By::Hand, Call::ParadigmAdd, 100)]
#[bench::paradigm_add_adapter(By::Adapter, Call::ParadigmAdd, 100)]
#[bench::paradigm_add_stack(By::Stack, Call::ParadigmAdd, 100)]
#[bench::paradigm_list_10_by_hand(By::Hand, Call::ParadigmList(10), 100)]
#[bench::paradigm_list_10_adapter(By::Adapter, Call::ParadigmList(10), 100)]
#[bench::paradigm_list_10_stack(By::Stack, Call::ParadigmList(10), 100)]
#[bench::pandadoc_add_by_hand(By::Hand, Call::PandaDocAdd, 100)]
#[bench::pandadoc_add_adapter(By::Adapter, Call::PandaDocAdd, 100)]
#[bench::pandadoc_add_stack(By::Stack, Call::PandaDocAdd, 100)]
#[bench::pandadoc_list_10_by_hand(By::Hand, Call::PandaDocList(10), 100)]
#[bench::pandadoc_list_10_adapter(By::Adapter, Call::PandaDocList(10), 100)]
#[bench::pandadoc_list_10_stack(By::Stack, Call::PandaDocList(10), 100)]
#[bench::paradigm_list_10000_by_hand(By::Hand, Call::ParadigmList(10_000), 1)]
#[bench::paradigm_list_10000_adapter(By::Adapter, Call::ParadigmList(10_000), 1)]
fn call(ready: Ready) -> Ready {
    let done = ready.runtime.block_on(ready.contender.run(black_box(ready.times)));
    assert!(done.is_ok(), "{done:?}");
    ready
}

/// A desired state and what was read.
struct ToPlan {
    world: World,
    observed: [Observed; 1],
}

#[expect(clippy::expect_used, reason = "a benchmark that cannot be set up has nothing to say")]
fn to_plan(naming: Naming, workspaces: usize) -> ToPlan {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let world = World::new(workspaces, 1_000, naming).expect("a world");
    let observed = [runtime.block_on(world.observe()).expect("what is there")];
    ToPlan { world, observed }
}

#[library_benchmark(setup = to_plan)]
#[bench::plan_1000_by_id(Naming::Id, 1)]
#[bench::plan_1000_by_address(Naming::Email, 1)]
#[bench::plan_10000_by_id(Naming::Id, 10)]
#[bench::plan_10000_by_address(Naming::Email, 10)]
fn plan(ready: ToPlan) -> (ToPlan, Plan) {
    let plan = Plan::compute(black_box(&ready.world.desired), &ready.observed, &World::guards());
    match plan {
        Ok(plan) => (ready, plan),
        Err(refused) => panic!("{refused}"),
    }
}

library_benchmark_group!(name = calls_group, benchmarks = [call]);
library_benchmark_group!(name = plan_group, benchmarks = [plan]);

main!(
    config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--trace-children=no"])),
    library_benchmark_groups = [calls_group, plan_group]
);
