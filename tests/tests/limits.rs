//! Rate limits over real HTTP: many tasks, several values of one account and one shared limiter, at simulators that count
//! as the providers do.
//!
//! The figures are the providers' own, a tenth of the requests in windows of a quarter of a second, so that they are met
//! several times in a second or two.
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built fails the test")]

use futures_util::future::{join_all, try_join_all};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use workspace_members_core::{
    AddMember, ErrorKind, MemberKey, PageRequest, RateLimit as Limit, RemoveMember, Result, Role, UserId,
    WorkspaceId, WorkspaceMembers,
};
use workspace_members_http::{HttpSettings, StaticCredential};
use workspace_members_layers::{LayersConfig, Limiter, RetryConfig, StackBuilder};
use workspace_members_pandadoc::{PandaDoc, PandaDocConfig};
use workspace_members_paradigm::{Paradigm, ParadigmConfig};
use workspace_members_simulator::paradigm::PlatformRole;
use workspace_members_simulator::{Options, RateLimit, Request, Simulator, State};

/// The providers' minute.
const WINDOW: Duration = Duration::from_millis(250);
/// How many requests of each operation the simulators allow in a window: a tenth of 100, and of 2,000 for PandaDoc's lists and removals.
const FEW: u32 = 10;
const MANY: u32 = 200;

/// Values of the account, tasks of each, people each task adds.
const VALUES: usize = 3;
const TASKS: usize = 4;
const PEOPLE: usize = 3;

#[derive(Debug, Clone, Copy)]
enum Which {
    Paradigm,
    PandaDoc,
}

/// An account with everybody whom the tasks add, and a key for each value, all of one user.
struct Account {
    simulator: Simulator,
    workspace: WorkspaceId,
    people: Vec<UserId>,
}

const KEYS: [&str; VALUES] = ["the-first-key", "the-second-key", "the-third-key"];

impl Account {
    async fn start(which: Which, window: Duration) -> Self {
        let mut state = State::empty();
        let address = |number: usize| format!("user.{number}@example.com");
        let count = VALUES * TASKS * PEOPLE;
        let (workspace, people) = match which {
            Which::Paradigm => {
                let paradigm = &mut state.paradigm;
                let company = paradigm.add_company("Example SA");
                let owner = paradigm.add_user("owner@example.com", company);
                paradigm.user_mut(owner).unwrap().roles.push(PlatformRole::CompanyAdmin);
                let workspace = paradigm.add_workspace("Legal", company);
                paradigm.grant_user(workspace, owner, "owner");
                for key in KEYS {
                    paradigm.add_key(key, owner);
                }
                let people = (0..count).map(|number| paradigm.add_user(address(number), company).into());
                (WorkspaceId::from(workspace), people.collect())
            }
            Which::PandaDoc => {
                let pandadoc = &mut state.pandadoc;
                let admin = pandadoc.add_user("admin@example.com", "Full");
                pandadoc.user_mut(&admin).unwrap().is_organization_admin = true;
                let workspace = pandadoc.add_workspace("Legal", &admin);
                for key in KEYS {
                    pandadoc.add_key(key, &admin, &workspace);
                }
                let people =
                    (0..count).map(|number| UserId::new(pandadoc.add_user(address(number), "Full")).unwrap());
                let people = people.collect();
                (WorkspaceId::new(workspace).unwrap(), people)
            }
        };
        let mut options = Options::default();
        let (few, many) = (RateLimit { requests: FEW, window }, RateLimit { requests: MANY, window });
        options.paradigm.users_limit = Some(few);
        options.paradigm.other_limit = Some(few);
        options.pandadoc.list_limit = Some(many);
        options.pandadoc.other_limit = Some(few);
        let simulator = Simulator::builder().state(state).options(options).start().await.unwrap();
        Self { simulator, workspace, people }
    }

    fn adapter(&self, which: Which, key: &'static str) -> Arc<dyn WorkspaceMembers> {
        let key = Arc::new(StaticCredential::new(key.into()));
        match which {
            Which::Paradigm => {
                let http = HttpSettings::at(self.simulator.paradigm_url());
                Arc::new(Paradigm::new(&ParadigmConfig::default(), &http, key).unwrap())
            }
            Which::PandaDoc => {
                let http = HttpSettings::at(self.simulator.pandadoc_url());
                Arc::new(PandaDoc::new(&PandaDocConfig::default(), &http, key).unwrap())
            }
        }
    }

    /// What each task does at once with the others: adds people, reads them, lists users, removes the last one.
    async fn play(&self, values: &[Arc<dyn WorkspaceMembers>]) -> Result<()> {
        let tasks = self.people.chunks(PEOPLE).enumerate().map(|(number, people)| {
            let (members, workspace) = (values[number % values.len()].clone(), self.workspace.clone());
            let people = people.to_vec();
            tokio::spawn(async move {
                let mut last = None;
                for user in people {
                    members.add(&AddMember::new(workspace.clone(), user.clone(), Role::Viewer)).await?;
                    last = members.get(&workspace, &user.into()).await?;
                    members.users_page(PageRequest::default()).await?;
                }
                let key = last.map(|member| member.key);
                let key = key.unwrap_or_else(|| MemberKey::new(workspace, UserId::from(0)));
                members.remove(&RemoveMember::new(key)).await
            })
        });
        try_join_all(tasks).await.unwrap().into_iter().collect()
    }
}

/// The adapter's own figures, scaled as the simulator's are.
fn scaled(limits: &[Limit], window: Duration) -> Vec<Limit> {
    let mut limits = limits.to_vec();
    for limit in &mut limits {
        assert_eq!(limit.per, Duration::from_mins(1), "{limit:?}");
        (limit.max, limit.per) = (limit.max / 10, window);
    }
    limits
}

/// The most requests of one operation that any window saw.
fn fullest(log: &[Request]) -> BTreeMap<&'static str, usize> {
    let mut times: BTreeMap<&'static str, Vec<Instant>> = BTreeMap::new();
    for request in log {
        times.entry(request.operation.unwrap()).or_default().push(request.at);
    }
    let fullest = |times: Vec<Instant>| {
        let window =
            |first: &Instant| times.iter().filter(|at| **at >= *first && **at - *first < WINDOW).count();
        times.iter().map(window).max().unwrap_or_default()
    };
    times.into_iter().map(|(operation, times)| (operation, fullest(times))).collect()
}

async fn keeps_the_limits(which: Which) {
    let account = Account::start(which, WINDOW).await;
    let adapters = KEYS.map(|key| account.adapter(which, key));
    let limiter = Limiter::new(scaled(adapters[0].capabilities().limits(), WINDOW));
    let values = adapters.map(|adapter| {
        let builder = StackBuilder::new(LayersConfig::default()).with_limiter(limiter.clone());
        Arc::new(builder.build(adapter).unwrap()) as Arc<dyn WorkspaceMembers>
    });
    let start = Instant::now();
    account.play(&values).await.unwrap();
    let took = start.elapsed();

    let log = account.simulator.requests();
    let refused =
        log.iter().filter(|request| request.status != 200 && request.status != 201 && request.status != 204);
    assert_eq!(refused.map(|request| (request.operation, request.status)).collect::<Vec<_>>(), []);
    // Of each person one addition and two reads, of each task one removal.
    let people = VALUES * TASKS * PEOPLE;
    assert_eq!(log.len(), people * 3 + VALUES * TASKS);
    let fullest = fullest(&log);
    assert_eq!(fullest.len(), 4, "{fullest:?}");
    for (operation, count) in &fullest {
        let listed = matches!(which, Which::PandaDoc) && ["list_users", "remove_member"].contains(operation);
        let allowed = if listed { MANY } else { FEW } as usize;
        assert!(*count <= allowed, "{count} of {operation} in one window, {allowed} are allowed");
    }
    // The limit was met: so many additions take so many windows, and one was as full as it may be.
    assert!(took >= WINDOW * (u32::try_from(people).unwrap() / FEW - 1), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_share_a_limiter_keep_paradigms_limits_together() {
    keeps_the_limits(Which::Paradigm).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_share_a_limiter_keep_pandadocs_limits_together() {
    keeps_the_limits(Which::PandaDoc).await;
}

/// Twelve additions at once in a window of ten: each value keeps the limit for itself, and together they exceed it. This
/// is what the shared limiter prevents, and shows that the simulators count.
#[tokio::test(flavor = "multi_thread")]
async fn values_that_share_nothing_are_refused() {
    const MINUTE: Duration = Duration::from_mins(1);
    for which in [Which::Paradigm, Which::PandaDoc] {
        let account = Account::start(which, MINUTE).await;
        let values = KEYS.map(|key| {
            let adapter = account.adapter(which, key);
            let limiter = Limiter::new(scaled(adapter.capabilities().limits(), MINUTE));
            // A call that would have to wait for the minute fails at once.
            let retry = RetryConfig::default().with_max_attempts(1).with_max_retry_after(Duration::ZERO);
            let config = LayersConfig::default().with_retry(retry);
            Arc::new(StackBuilder::new(config).with_limiter(limiter).build(adapter).unwrap())
        });
        let additions = account.people.iter().take(12).enumerate().map(|(number, user)| {
            let request = AddMember::new(account.workspace.clone(), user.clone(), Role::Viewer);
            let members = values[number % VALUES].clone();
            async move { members.add(&request).await.map(drop).map_err(|error| error.kind()) }
        });
        let results = join_all(additions).await;
        assert!(results.contains(&Err(ErrorKind::RateLimited)), "{which:?}: {results:?}");
        assert!(account.simulator.requests().iter().any(|request| request.status == 429));
    }
}
