//! What is not about processors: how many requests are sent, and how fast at a limit or a latency.

use crate::floor::Result;
use crate::rounds::Samples;
use crate::server::{LATENCY, NeutralServer, SLOW_WORKSPACES};
use crate::table::{Line, Row, Target, seconds};
use secrecy::SecretString;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use workspace_members_core::{
    Operation, Role, UserId, Who, WorkspaceId, WorkspaceMembers, WorkspaceMembersExt as _,
};
use workspace_members_http::{HttpSettings, StaticCredential};
use workspace_members_layers::{LayersConfig, LimitConfig, RateLimitConfig, Stack};
use workspace_members_pandadoc::{PandaDoc, PandaDocConfig};
use workspace_members_paradigm::{Paradigm, ParadigmConfig};
use workspace_members_simulator::{Options, RateLimit, Simulator, State};
use workspace_members_sync::{
    ApplyOptions, Connections, Desired, DesiredMember, DesiredMembership, DesiredWorkspace, Event, Mode,
    Plan, Progress, Target as Place, apply, observe,
};

fn key(text: &str) -> Arc<StaticCredential> {
    Arc::new(StaticCredential::new(SecretString::from(text)))
}

fn pandadoc(simulator: &Simulator) -> Result<PandaDoc> {
    let http = HttpSettings::at(simulator.pandadoc_url());
    Ok(PandaDoc::new(&PandaDocConfig::default(), &http, key(simulator.pandadoc_key()))?)
}

/// An organization with an administrator who has a key, `people` more, and `workspaces`, of which everybody is in three and the administrator,
/// who owns them, in all.
fn organization(people: usize, workspaces: usize, memberships: bool) -> (State, Vec<String>, Vec<String>) {
    let mut state = State::empty();
    let pandadoc = &mut state.pandadoc;
    let admin = pandadoc.add_user("admin@example.com", "Full");
    if let Some(admin) = pandadoc.user_mut(&admin) {
        admin.is_organization_admin = true;
    }
    let homes: Vec<String> =
        (0..workspaces).map(|number| pandadoc.add_workspace(format!("Workspace {number}"), &admin)).collect();
    pandadoc.add_key("made-up", &admin, &homes[0]);
    let users: Vec<String> =
        (0..people).map(|number| pandadoc.add_user(format!("user.{number}@example.com"), "Full")).collect();
    if memberships {
        for (number, user) in users.iter().enumerate() {
            for place in 0..3 {
                pandadoc.add_member(&homes[(number + place * 7) % workspaces], user, "Member");
            }
        }
    }
    (state, users, homes)
}

/// Rosters of many workspaces in one pass.
pub async fn requests() -> Result<Row> {
    // With the administrator they are 5,000.
    let (state, users, homes) = organization(4_999, 200, true);
    let simulator =
        Simulator::builder().state(state).options(Options::default().without_limits()).start().await?;
    let account = pandadoc(&simulator)?;
    let ids = homes.iter().map(WorkspaceId::new).collect::<std::result::Result<Vec<_>, _>>()?;
    let start = Instant::now();
    let rosters = account.rosters(&ids).await?;
    let took = start.elapsed().as_secs_f64();
    let members: usize = rosters.iter().map(workspace_members_core::Roster::len).sum();
    if members != users.len() * 3 + homes.len() {
        return Err(format!("{members} members").into());
    }
    let log = simulator.requests();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred requests")]
    let count = |path: &str| log.iter().filter(|request| request.path == path).count() as f64;
    let (to_users, to_workspaces) = (count("/public/v1/users"), count("/public/v1/workspaces"));
    #[expect(clippy::cast_precision_loss, reason = "a few hundred requests")]
    let others = log.len() as f64 - to_users - to_workspaces;
    let line = |name: &str, count: f64, wanted| {
        Line::new(
            name,
            format!("{members} members in {}", seconds(took)),
            Samples::new([count]),
            Target::Exactly(wanted),
        )
    };
    Ok(Row {
        title: "PandaDoc: rosters of 200 workspaces, 5,000 people".to_owned(),
        ratio_of: "requests".to_owned(),
        how: "As the simulator's log counts them.".to_owned(),
        lines: vec![
            line("to `/users`", to_users, 100.0),
            line("to `/workspaces`", to_workspaces, 2.0),
            line("any other", others, 0.0),
        ],
    })
}

/// Applying a plan of many additions at a provider that allows 100 a second.
pub async fn at_the_limit(rounds: usize) -> Result<Row> {
    const ADDITIONS: u32 = 1_000;
    const A_SECOND: u32 = 100;
    let (mut shares, mut refused, mut times) = (Samples::default(), Samples::default(), Samples::default());
    for _ in 0..rounds {
        let (state, users, homes) = organization(ADDITIONS as usize, 8, false);
        let mut options = Options::default().without_limits();
        options.pandadoc.other_limit = Some(RateLimit { requests: A_SECOND, window: Duration::from_secs(1) });
        let simulator = Simulator::builder().state(state).options(options).start().await?;
        let limit = LimitConfig::new(A_SECOND, Duration::from_secs(1)).with_operations(vec![Operation::Add]);
        let layers = LayersConfig::default()
            .with_rate_limit(RateLimitConfig::default().with_limits(Some(vec![limit])));
        let account: Arc<dyn WorkspaceMembers> = Arc::new(Stack::standard(pandadoc(&simulator)?, &layers)?);
        let mut desired = Desired::new();
        for (at, home) in homes.iter().enumerate() {
            let target = Place::new("measured", WorkspaceId::new(home)?);
            let mut desired_member = Vec::new();
            for user in users.iter().skip(at).step_by(homes.len()) {
                let who = Who::Id(UserId::new(user)?.into());
                desired_member.push(DesiredMember::new(who, DesiredMembership::Role(Role::Editor)));
            }
            desired = desired
                .with_workspace(DesiredWorkspace::new(target, Mode::Additive).with_members(desired_member));
        }
        let connections = Connections::from([("measured".to_owned(), account)]);
        let observed = observe(&connections, &desired).await?;
        let plan = Plan::compute(&desired, &observed, &workspace_members_sync::Guards::new())?;
        let folder = tempfile::tempdir()?;
        // From the first step to the last, as the progress tells them.
        let ends = Arc::new(Mutex::new((None::<Instant>, None::<Instant>, 0_u32)));
        let seen = Arc::clone(&ends);
        let progress = Progress::new(move |event: &Event<'_>| {
            if let (Ok(mut ends), Event::Done(_)) = (seen.lock(), event) {
                let now = Instant::now();
                ends.0.get_or_insert(now);
                ends.1 = Some(now);
                ends.2 += 1;
            }
        });
        let options = ApplyOptions::new(folder.path()).with_concurrency(8).with_progress(progress);
        let report = apply(&connections, &plan, &options).await?;
        if report.remaining != Some(0) {
            return Err(format!("{:?} steps remain", report.remaining).into());
        }
        let (first, last, steps) = *ends.lock().map_err(|_| "the progress failed")?;
        let took = last.zip(first).map(|(last, first)| last - first).unwrap_or_default().as_secs_f64();
        if steps != ADDITIONS {
            return Err(format!("{steps} steps were told").into());
        }
        // The first hundred may go at once, each further hundred a second after the one before.
        let floor = f64::from(ADDITIONS / A_SECOND - 1);
        shares.push(floor / took);
        times.push(took);
        let too_many = simulator.requests().iter().filter(|request| request.status == 429).count();
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        refused.push(too_many as f64);
    }
    Ok(Row {
        title: "Applying 1,000 additions where 100 a second are permitted".to_owned(),
        ratio_of: "figure".to_owned(),
        how: format!(
            "{rounds} rounds through the standard stack; the simulator refuses what exceeds 100 in any second. Permitted \
             is 100 at once and 100 more with every second that passes, so 9 seconds from the first to the last."
        ),
        lines: vec![
            Line::new("share of the permitted rate", seconds(times.median()), shares, Target::AtLeast(0.98)),
            Line::new("answers 429", "", refused, Target::Exactly(0.0)),
        ],
    })
}

/// Rosters of a thousand workspaces where every answer takes 50 ms.
pub async fn latency(server: &NeutralServer, rounds: usize) -> Result<Row> {
    let ids: Vec<WorkspaceId> = (1..=SLOW_WORKSPACES).map(WorkspaceId::from).collect();
    let mut lines = Vec::new();
    for concurrency in [8_u32, 32] {
        let (mut ratios, mut times) = (Samples::default(), Samples::default());
        let layers = LayersConfig::default()
            .with_concurrency(concurrency)
            .with_rate_limit(RateLimitConfig::default().with_limits(Some(Vec::new())));
        let http = HttpSettings::at(server.slow_paradigm());
        let paradigm = Paradigm::new(&ParadigmConfig::default(), &http, key("made-up"))?;
        let account = Arc::new(Stack::standard(paradigm, &layers)?);
        #[expect(clippy::cast_precision_loss, reason = "a thousand")]
        let least = LATENCY.as_secs_f64() * ids.len() as f64 / f64::from(concurrency);
        for _ in 0..rounds {
            let start = Instant::now();
            let rosters = account.rosters(&ids).await?;
            let took = start.elapsed().as_secs_f64();
            if rosters.iter().any(|roster| roster.len() != 10) {
                return Err("a roster is not whole".into());
            }
            times.push(took);
            ratios.push(took / least);
        }
        let name = format!("{concurrency} at once (least: {})", seconds(least));
        lines.push(Line::new(name, seconds(times.median()), ratios, Target::AtMost(1.1)));
    }
    Ok(Row {
        title: "Rosters of 1,000 workspaces at 50 ms latency".to_owned(),
        ratio_of: "time over latency x calls / concurrency".to_owned(),
        how: format!(
            "{rounds} rounds through the standard stack; the neutral server waits before it answers."
        ),
        lines,
    })
}
