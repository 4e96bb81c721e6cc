//! `peak-heap plan id|email MEMBERS` prints the peak of planning, what the plan holds, and what the desired state and the rosters
//! hold. `peak-heap paradigm|pandadoc floor|bare|adapter` prints the peak of one list of 10,000 members, and what is kept when
//! it is done, in bytes, both above what was allocated before.

use peak_alloc::PeakAlloc;
use std::sync::atomic::{AtomicUsize, Ordering};
use workspace_members_benches::calls::{self, Call};
use workspace_members_benches::floor::Result;
use workspace_members_benches::server::NeutralServer;
use workspace_members_benches::world::{Naming, World};
use workspace_members_sync::Plan;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the figures are this program's output")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("peak-heap PROVIDER CONTENDER");
    let (provider, contender) = (next()?, next()?);
    if provider == "plan" {
        let naming = if contender == "id" { Naming::Id } else { Naming::Email };
        return plan(naming, next()?.parse()?).await;
    }
    let (short, long) = match provider.as_str() {
        "paradigm" => (Call::ParadigmList(10), Call::ParadigmList(10_000)),
        "pandadoc" => (Call::PandaDocList(10), Call::PandaDocList(10_000)),
        other => return Err(format!("unknown provider {other}").into()),
    };
    let server = NeutralServer::start()?;
    let make = async |call| {
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(match contender.as_str() {
            "floor" => calls::floor(&server, call)?,
            "bare" => calls::bare(&server, call).await?,
            "adapter" => calls::ours("adapter", calls::adapter(&server, call)?, call),
            other => return Err(format!("unknown contender {other}").into()),
        })
    };
    // What a process allocates once, such as trust stores, belongs to nobody.
    make(short).await?.run(3).await?;
    let list = make(long).await?;
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let kept = AtomicUsize::new(0);
    let members = list.hold(&|| kept.store(HEAP.current_usage(), Ordering::Relaxed)).await?;
    if members != 10_000 {
        return Err(format!("{members} members").into());
    }
    println!("{} {}", HEAP.peak_usage() - before, kept.into_inner().saturating_sub(before));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the figures are this program's output")]
async fn plan(naming: Naming, members: usize) -> Result<()> {
    let nothing = HEAP.current_usage();
    let mut world = World::new(members / 1_000, 1_000, naming)?;
    let observed = [world.observe().await?];
    let desired = std::mem::take(&mut world.desired);
    // What is not needed for planning goes.
    drop(world);
    let input = HEAP.current_usage() - nothing;
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let plan = Plan::compute(&desired, &observed, &World::guards())?;
    println!("{} {} {input}", HEAP.peak_usage() - before, HEAP.current_usage() - before);
    drop(plan);
    Ok(())
}
