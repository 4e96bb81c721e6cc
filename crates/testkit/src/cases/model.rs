//! Random sequences of calls, against the reference implementation as the model.

use super::prelude::*;
use super::spelling::respelled;
use crate::failure::Failure;
use crate::in_memory::{in_memory, truth_of};
use crate::stage::nobody_where_it_may_be;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use std::fmt;
use tokio::runtime::Handle;

cases! {
    __model_cases;
    random_calls_do_what_the_reference_does [];
}

/// How long the sequences are. `PROPTEST_CASES` and `PROPTEST_RNG_SEED` change their number and choose others; without a
/// seed the same ones are tried every time, so that a verdict is not a matter of luck.
const STEPS: std::ops::Range<usize> = 1..32;

/// Whom a step is about. Users 1 and 2 own the workspaces and are left alone: what becomes of them is other cases'
/// business. Some users and groups have the same ids, and all are few, so that steps often meet a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    User(u64),
    /// By another spelling of the id, where ids fold.
    Respelled(u64),
    Group(u64),
}

const USERS: std::ops::Range<u64> = 5..9;
const GROUPS: std::ops::Range<u64> = 7..10;

/// Who has which role in the beginning: in the second workspace or in the first one.
type Beginning = BTreeMap<(bool, Who), usize>;

#[derive(Debug, Clone, Copy)]
enum Method {
    Add,
    Ensure,
    SetRole,
    Remove,
    Get,
    List,
}

/// One call, about a workspace, a principal and a role by number.
#[derive(Clone)]
struct Step {
    method: Method,
    second: bool,
    who: Who,
    role: usize,
    page_size: u32,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, who, role, page_size, .. } = self;
        let workspace = if self.second { "second" } else { "first" };
        match method {
            Method::List => write!(f, "{method:?} the {workspace} workspace by pages of {page_size}"),
            Method::Remove | Method::Get => write!(f, "{method:?} {who:?} in the {workspace} workspace"),
            _ => write!(f, "{method:?} {who:?} in the {workspace} workspace, role {role}"),
        }
    }
}

fn beginning() -> impl Strategy<Value = Beginning> {
    let who = prop_oneof![USERS.prop_map(Who::User), GROUPS.prop_map(Who::Group)];
    btree_map((any::<bool>(), who), 0..4_usize, 0..8)
}

fn step() -> impl Strategy<Value = Step> {
    let method = prop_oneof![
        4 => Just(Method::Add),
        2 => Just(Method::Ensure),
        3 => Just(Method::SetRole),
        3 => Just(Method::Remove),
        1 => Just(Method::Get),
        1 => Just(Method::List),
    ];
    let who = prop_oneof![
        3 => USERS.prop_map(Who::User),
        2 => GROUPS.prop_map(Who::Group),
        1 => USERS.prop_map(Who::Respelled),
    ];
    let step = (method, any::<bool>(), who, 0..4_usize, 1..4_u32);
    step.prop_map(|(method, second, who, role, page_size)| Step { method, second, who, role, page_size })
}

/// The numbers of steps in an adapter's words.
struct Words {
    context: Context,
    roles: Vec<Role>,
}

impl Words {
    fn workspace(&self, second: bool) -> &WorkspaceId {
        let sales = second && !self.context.harness.one_workspace();
        if sales { &self.context.sales } else { &self.context.legal }
    }

    fn principal(&self, who: Who) -> PrincipalId {
        match who {
            Who::Respelled(number) if self.context.behaves(Behaviour::UserIdsFoldCase) => {
                respelled(&self.context, number).into()
            }
            Who::User(number) | Who::Respelled(number) => self.context.user(number),
            Who::Group(number) => self.context.group(number),
        }
    }

    fn role(&self, number: usize) -> Role {
        self.roles.get(number % self.roles.len().max(1)).cloned().unwrap_or(Role::Viewer)
    }

    fn seed(&self, beginning: &Beginning) -> Seed {
        let context = &self.context;
        let mut seed = context.seed();
        let owners = [context.user(ME), context.user(BOSS)];
        seed.members.retain(|grant| owners.contains(&grant.principal));
        seed.users.push(context.make_user(8, "Eight", "eight@example.com"));
        for ((second, who), role) in beginning {
            let no_such_group = matches!(who, Who::Group(_)) && seed.groups.is_empty();
            let out_of_reach = *second && context.harness.one_workspace();
            if !no_such_group && !out_of_reach {
                let role = context.native(&self.role(*role));
                seed.members.push(Grant::new(self.workspace(*second).clone(), self.principal(*who), role));
            }
        }
        seed
    }
}

/// What a step came to, in terms that both sides can be compared by: the members in the answer, or the kind of error.
type StepOutcome = Result<BTreeMap<PrincipalId, (NativeRole, Role)>, ErrorKind>;

/// Takes one step at one side, about the member of this key there.
async fn take_step(
    members: &dyn WorkspaceMembers,
    words: &Words,
    step: &Step,
    key: MemberKey,
) -> Checked<StepOutcome> {
    let role = words.role(step.role);
    let one = |member: Member| Some(member);
    let result = match step.method {
        Method::Add => members.add(&AddMember::new(key.workspace, key.principal, role)).await.map(one),
        Method::Ensure => {
            let add = AddMember::new(key.workspace, key.principal, role);
            members.ensure(&add, IfPresent::SetRole).await.map(|ensured| Some(ensured.member))
        }
        Method::SetRole => members.set_role(&SetRole::new(key, role)).await.map(one),
        Method::Remove => members.remove(&RemoveMember::new(key)).await.map(|()| None),
        Method::Get => nobody_where_it_may_be(members.get(&key.workspace, &key.principal).await),
        Method::List => return list(members, words, key.workspace, step.page_size).await,
    };
    let shown =
        |member: Member| (words.context.folded(&member.key.principal), (member.native_role, member.role));
    Ok(result.map(|member| member.into_iter().map(shown).collect()).map_err(|error| error.kind()))
}

async fn list(
    members: &dyn WorkspaceMembers,
    words: &Words,
    workspace: WorkspaceId,
    size: u32,
) -> Checked<StepOutcome> {
    let of = ListOf::Workspace(workspace);
    let (mut listed, mut page) = (BTreeMap::new(), PageRequest::default().with_size(size));
    for _ in 0..1_000 {
        let got = match members.members_page(&of, page).await {
            Ok(got) => got,
            Err(error) => return Ok(Err(error.kind())),
        };
        for member in got.items {
            let who = words.context.folded(&member.key.principal);
            let twice = listed.insert(who, (member.native_role, member.role));
            check!(twice.is_none(), "{} was listed twice, by pages of {size}", member.key);
        }
        let Some(next) = got.next else { return Ok(Ok(listed)) };
        page = PageRequest::at(Some(next)).with_size(size);
    }
    Err(Stop::failed("a listing does not end"))
}

/// Both sides hold the same people in both workspaces, as the adapter reads them and, where the harness can tell, as the
/// provider keeps them.
async fn compare(stage: &Stage, model: &InMemory, when: &str) -> Checked {
    let known = truth_of(model);
    for workspace in [&stage.legal, &stage.sales] {
        let grants = known.iter().filter(|grant| grant.workspace == *workspace);
        stage.expect_only(workspace, grants.map(|grant| (grant.principal.clone(), grant.role.clone())));
        // The listing of the whole account reads both at once.
        let kept = stage.expect_kept(workspace, when)?;
        if !(kept && stage.has(Capability::ListAccountMembers)) {
            stage.expect_members(workspace, when).await?;
        }
    }
    if stage.has(Capability::ListAccountMembers) {
        stage.expect_account(when).await?;
    }
    Ok(())
}

/// Plays one sequence on both sides, and compares the whole rosters after every step.
async fn play(words: &Words, beginning: &Beginning, steps: &[Step]) -> Checked {
    let seed = words.seed(beginning);
    let stage = words.context.stage(seed.clone()).await?;
    // The model refuses what the adapter refuses.
    let model = in_memory(&seed, stage.capabilities.clone());
    compare(&stage, &model, "before anything was done").await?;
    for step in steps {
        let bare = MemberKey::new(words.workspace(step.second).clone(), words.principal(step.who));
        let kind = bare.principal.kind();
        let managed = stage.has(Capability::add(kind)) || stage.has(Capability::remove(kind));
        if matches!(step.method, Method::Get) && !managed {
            // Of a kind that can be neither added nor removed, a member may be shown by lists alone, or by `get` too.
            continue;
        }
        let (here, there) = match step.method {
            Method::SetRole | Method::Remove => {
                (stage.key(&bare.workspace, &bare.principal).await?, model_key(&model, &stage, bare))
            }
            _ => (bare.clone(), bare),
        };
        let got = take_step(stage.members(), words, step, here).await?;
        let expected = take_step(&model, words, step, there).await?;
        check_eq!(got, expected, "what {step:?} came to");
        compare(&stage, &model, &format!("after {step:?}")).await?;
    }
    Ok(())
}

/// What addresses the principal at the model.
fn model_key(model: &InMemory, stage: &Stage, bare: MemberKey) -> MemberKey {
    if !stage.behaves(Behaviour::MembershipIds) {
        return bare;
    }
    let known = model.all_members().into_iter().map(|member| member.key);
    let same =
        |key: &MemberKey| key.workspace == bare.workspace && stage.same(&key.principal, &bare.principal);
    let found = known.into_iter().find(same);
    found.unwrap_or_else(|| bare.with_membership(MembershipId::new("of-nobody").ok()))
}

async fn random_calls_do_what_the_reference_does(context: &Context) -> Checked {
    use Capability::{ListGroups, ListUsers, ListWorkspaces, Me};
    let words = Words { context: context.clone(), roles: context.writable() };
    let here = Handle::current();
    // The test runner is not asynchronous, so it has a thread on which it may block.
    let tried = tokio::task::spawn_blocking(move || try_sequences(&words, &here)).await;
    tried.map_err(|error| Stop::failed(format!("a sequence panicked: {error}")))?.map_err(Stop::Failed)?;
    for method in methods(context) {
        if ![Me, ListWorkspaces, ListUsers, ListGroups].contains(&method) {
            context.note_exercised(method);
        }
    }
    Ok(())
}

fn try_sequences(words: &Words, here: &Handle) -> Result<(), Failure> {
    let mut config = Config { failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = words.context.harness.sequences();
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(7);
    }
    let sequences = (beginning(), vec(step(), STEPS));
    let tried = TestRunner::new(config).run(&sequences, |(beginning, steps)| {
        match here.block_on(play(words, &beginning, &steps)) {
            Ok(()) => Ok(()),
            Err(Stop::Failed(failure)) => Err(TestCaseError::fail(failure.to_string())),
            Err(Stop::NotApplicable(why)) => Err(TestCaseError::reject(why)),
        }
    });
    tried.map_err(|error| match error {
        TestError::Fail(why, (beginning, steps)) => {
            let began = words.seed(&beginning).members;
            let found = "the shortest way there found";
            Failure::new(format!("{why}\n{found}:\n  {steps:?}\n  beginning with {began:?}"))
        }
        TestError::Abort(why) => Failure::new(format!("no sequences could be made: {why}")),
    })
}
