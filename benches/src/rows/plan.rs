//! Planning, against a diff of the same tables in SQL.

use crate::clock::Stopwatch;
use crate::floor::Result;
use crate::rounds::{Samples, Timings, order};
use crate::sql::Tables;
use crate::table::{Line, Row, Target};
use crate::world::{Naming, World};
use std::hint::black_box;
use std::process::Command;
use workspace_members_sync::{Observed, Plan};

/// Desired against actual members.
pub const MEMBERS: usize = 1_000_000;

/// One world, ready to be planned for.
struct Case {
    world: World,
    observed: Vec<Observed>,
    tables: Tables,
}

impl Case {
    async fn new(workspaces: usize, each: usize, naming: Naming) -> Result<Self> {
        let world = World::new(workspaces, each, naming)?;
        let observed = vec![world.observe().await?];
        let tables = Tables::new(&world)?;
        Ok(Self { world, observed, tables })
    }

    fn plan(&self) -> Result<usize> {
        let plan = Plan::compute(&self.world.desired, &self.observed, &World::guards())?;
        Ok(black_box(plan).steps.len())
    }

    fn sql(&self) -> Result<usize> {
        Ok(black_box(self.tables.diff()?).len())
    }

    /// Ours and that of `SQLite`.
    fn measure(&self, rounds: usize) -> Result<[Timings; 2]> {
        if self.plan()? != self.sql()? {
            return Err(format!("{} steps, and {} rows", self.plan()?, self.sql()?).into());
        }
        let mut timings = [Timings::default(), Timings::default()];
        for round in 0..rounds {
            for at in order(round, 2) {
                let watch = Stopwatch::start();
                if at == 0 {
                    self.plan()?
                } else {
                    self.sql()?
                };
                timings[at].push(watch.stop(), 1);
            }
        }
        Ok(timings)
    }
}

/// Measures one way of naming people, at full and at a tenth of the size.
pub async fn measure(members: usize, naming: Naming, rounds: usize) -> Result<Row> {
    let each = 1_000;
    let tenth = Case::new(members / 10 / each, each, naming).await?.measure(rounds)?;
    let full = Case::new(members / each, each, naming).await?.measure(rounds)?;
    let single = Case::new(1, members / 10, naming).await?.measure(rounds)?;
    let [ours, sqlite] = &full;
    let named = match naming {
        Naming::Id => "by id",
        Naming::Email => "by address",
    };
    let one = |name: &str, of: &Timings, value, target| {
        let measured = format!("{:.3} s CPU, {:.3} s wall", of.cpu.median(), of.wall.median());
        Line::new(name, measured, value, target)
    };
    let heap = heap(members, named)?;
    Ok(Row {
        title: format!("A plan for {members} members named {named}, against as many"),
        ratio_of: "ratio".to_owned(),
        how: format!(
            "{rounds} rounds, in turn. {} workspaces of {each}; of a hundred members one is added, one removed, one gets \
             another role. The tables hold the same three columns, with the key that the diff needs, and are filled \
             before; `Plan::compute` also judges the guards and makes the fingerprint.",
            members / each
        ),
        lines: vec![
            one("**SQLite's diff**", sqlite, sqlite.cpu.over(&ours.cpu), Target::AtLeast(1.0)),
            one("`Plan::compute`", ours, ours.cpu.over(&ours.cpu), Target::Shown),
            one(
                "a tenth of the members (ratio: ours, ten times over one)",
                &tenth[0],
                ours.cpu.over(&tenth[0].cpu),
                Target::AtMost(12.0),
            ),
            one(
                "a tenth, all in one workspace (ratio: SQLite over ours)",
                &single[0],
                single[1].cpu.over(&single[0].cpu),
                Target::Shown,
            ),
            heap,
        ],
    })
}

/// The heap that one plan takes, in a process whose allocator counts.
fn heap(members: usize, named: &str) -> Result<Line> {
    let naming = if named == "by id" { "id" } else { "email" };
    let out =
        Command::new(crate::program("peak-heap")?).args(["plan", naming, &members.to_string()]).output()?;
    let text = String::from_utf8(out.stdout)?;
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    let mut next = || numbers.next().ok_or("peak-heap printed too little");
    let (peak, kept, input) = (next()??, next()??, next()??);
    #[expect(clippy::cast_precision_loss, reason = "a few millions")]
    let each = |bytes: f64| bytes / members as f64;
    let measured = format!(
        "{:.0} bytes of desired state and rosters, {:.0} bytes of plan when done",
        each(input),
        each(kept)
    );
    Ok(Line::new(
        "heap per member (figure: peak while planning)",
        measured,
        Samples::new([each(peak)]),
        Target::Shown,
    ))
}
