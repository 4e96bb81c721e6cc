//! CPU time of single calls and of long lists, against hand-written clients.

use crate::calls::{self, Call, Contender};
use crate::clock::Stopwatch;
use crate::floor::Result;
use crate::rounds::{Timings, order};
use crate::server::NeutralServer;
use crate::table::{Line, Row, Target};
use std::sync::Arc;

/// One of each.
pub async fn contenders(server: &NeutralServer, call: Call) -> Result<Vec<(Arc<dyn Contender>, Target)>> {
    let long = matches!(call, Call::ParadigmList(count) | Call::PandaDocList(count) if count > 10);
    let adapter = if long { Target::AtMost(1.0) } else { Target::AtMost(1.10) };
    let mut all = vec![
        (calls::floor(server, call)?, Target::Shown),
        (calls::bare(server, call).await?, Target::Shown),
        (calls::ours("the adapter alone", calls::adapter(server, call)?, call), adapter),
    ];
    let stack = if long { Target::Shown } else { Target::AtMost(1.25) };
    all.push((calls::ours("the standard stack", calls::stack(server, call)?, call), stack));
    if matches!(call, Call::ParadigmList(_)) && long {
        let roster =
            calls::our_roster("the adapter alone, as a checked roster", calls::adapter(server, call)?, call);
        all.push((roster, Target::Shown));
    }
    Ok(all)
}

/// How often a call is repeated within one round, so that a round takes about as long for every call.
fn repetitions(call: Call) -> u32 {
    match call {
        Call::ParadigmList(count) if count > 10 => 8,
        Call::PandaDocList(count) if count > 10 => 2,
        _ => 300,
    }
}

/// Measures one call.
pub async fn measure(server: &NeutralServer, call: Call, rounds: usize) -> Result<Row> {
    let contenders = contenders(server, call).await?;
    let times = repetitions(call);
    let seen = contenders[0].0.run(1).await?;
    let mut timings = vec![Timings::default(); contenders.len()];
    // Two rounds to warm up: connections, allocator, the processor's and the server's caches.
    for round in 0..rounds + 2 {
        for at in order(round, contenders.len()) {
            let watch = Stopwatch::start();
            let members = contenders[at].0.run(times).await?;
            let spent = watch.stop();
            if members != seen * times as usize {
                return Err(format!("{} saw {members} members", contenders[at].0.name()).into());
            }
            if round >= 2 {
                timings[at].push(spent, times);
            }
        }
    }
    let lines = contenders
        .iter()
        .zip(&timings)
        .map(|((contender, target), timings_)| Line::cpu(contender.name(), timings_, &timings[0], *target));
    Ok(Row {
        title: call.title(),
        ratio_of: "CPU over by hand".to_owned(),
        how: format!("{rounds} rounds of {times} calls each, in turn, one after the other on one thread."),
        lines: lines.collect(),
    })
}
