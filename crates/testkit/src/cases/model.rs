//! Random sequences of calls, against the reference implementation as the model.

use super::spelling::respelled;
use crate::case::{RAN, Verdict, cases};
use crate::cast::{LEGAL, SALES};
use crate::context::Context;
use crate::failure::{Failure, check, check_eq};
use crate::in_memory::{in_memory, truth_of};
use crate::seed::{Grant, Seed};
use crate::stage::{People, Stage, nobody_where_it_may_be};
use futures_util::TryStreamExt;
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use proptest_state_machine::ReferenceStateMachine;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use tokio::runtime::Handle;
use workspace_members_core::{
    AddMember, Behaviour, Capability, Error, IfPresent, InMemory, ListOf, Member, MemberKey, MembershipId,
    PageRequest, PrincipalId, RemoveMember, Role, SetRole, WorkspaceId, WorkspaceMembers,
    WorkspaceMembersExt,
};

cases! {
    random_calls_do_what_the_reference_does [];
}

/// How long the sequences are. `PROPTEST_CASES` and `PROPTEST_RNG_SEED` change their number and choose others; without a
/// seed the same ones are tried every time, so that a verdict is not a matter of luck.
const STEPS: std::ops::Range<usize> = 8..24;

/// Users 1 and 2 rule the workspaces and are left alone: what becomes of them is other cases' business.
const USERS: std::ops::Range<u8> = 0..7;
const GROUPS: std::ops::Range<u8> = 7..10;

/// Users by another spelling of their ids, where ids fold; else the same users once more.
const RESPELLED: std::ops::Range<u8> = 10..17;

/// Where in the abstract world: which workspace, and which principal.
type At = (bool, u8);

/// The same by the first spelling.
fn spelled(at: At) -> At {
    (at.0, if RESPELLED.contains(&at.1) { at.1 - RESPELLED.start } else { at.1 })
}

/// One call, about things named by number.
#[derive(Debug, Clone)]
enum Step {
    Add(At, u8),
    Ensure(At, u8),
    SetRole(At, u8),
    Remove(At),
    Get(At),
    List(bool, u32),
}

/// Generates steps that are likely to mean something: it remembers who would be a member by now.
struct Machine;

impl ReferenceStateMachine for Machine {
    type State = BTreeMap<At, u8>;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self::State> {
        proptest::collection::btree_map((any::<bool>(), 0..GROUPS.end), 0..4_u8, 0..8).boxed()
    }

    fn transitions(state: &Self::State) -> BoxedStrategy<Step> {
        let anybody = || (any::<bool>(), prop_oneof![3 => USERS, 2 => GROUPS, 1 => RESPELLED]);
        let role = || 0..4_u8;
        let list = (any::<bool>(), 1..4_u32).prop_map(|(workspace, size)| Step::List(workspace, size));
        let on_anybody = prop_oneof![
            4 => (anybody(), role()).prop_map(|(at, role)| Step::Add(at, role)),
            2 => (anybody(), role()).prop_map(|(at, role)| Step::Ensure(at, role)),
            1 => (anybody(), role()).prop_map(|(at, role)| Step::SetRole(at, role)),
            1 => anybody().prop_map(Step::Remove),
            1 => anybody().prop_map(Step::Get),
            1 => list,
        ];
        if state.is_empty() {
            return on_anybody.boxed();
        }
        let mut known: Vec<At> = state.keys().copied().collect();
        known
            .extend(state.keys().filter(|at| USERS.contains(&at.1)).map(|at| (at.0, at.1 + RESPELLED.start)));
        let member = || proptest::sample::select(known.clone());
        let on_a_member = prop_oneof![
            1 => (member(), role()).prop_map(|(at, role)| Step::Add(at, role)),
            1 => (member(), role()).prop_map(|(at, role)| Step::Ensure(at, role)),
            3 => (member(), role()).prop_map(|(at, role)| Step::SetRole(at, role)),
            2 => member().prop_map(Step::Remove),
            1 => member().prop_map(Step::Get),
        ];
        prop_oneof![1 => on_anybody, 1 => on_a_member].boxed()
    }

    fn apply(mut state: Self::State, step: &Step) -> Self::State {
        match step {
            Step::Add(at, role) => {
                state.entry(spelled(*at)).or_insert(*role);
            }
            Step::Ensure(at, role) => {
                state.insert(spelled(*at), *role);
            }
            Step::SetRole(at, role) => {
                state.entry(spelled(*at)).and_modify(|has| *has = *role);
            }
            Step::Remove(at) => {
                state.remove(&spelled(*at));
            }
            Step::Get(_) | Step::List(..) => {}
        }
        state
    }
}

/// The abstract world in an adapter's words.
struct Words {
    context: Context,
    roles: Vec<Role>,
}

impl Words {
    fn new(context: &Context) -> Self {
        let mut roles = context.writable();
        if roles.is_empty() {
            roles.push(Role::Viewer);
        }
        Self { context: context.clone(), roles }
    }

    fn workspace(&self, second: bool) -> WorkspaceId {
        self.context.workspace(if second && !self.context.harness.one_workspace() { SALES } else { LEGAL })
    }

    /// Groups 7, 8 and 9 have the ids of users 7, 8 and 9.
    fn principal(&self, number: u8) -> PrincipalId {
        if RESPELLED.contains(&number) {
            let known = 3 + u64::from(number - RESPELLED.start);
            if self.context.behaves(Behaviour::UserIdsFoldCase) {
                respelled(&self.context, known).into()
            } else {
                self.context.user(known)
            }
        } else if USERS.contains(&number) {
            self.context.user(3 + u64::from(number))
        } else {
            self.context.group(u64::from(number))
        }
    }

    /// Whether principals of this one's kind can be added or removed.
    fn manages(&self, number: u8) -> bool {
        let kind = self.principal(number).kind();
        [Capability::add(kind), Capability::remove(kind)].iter().any(|claim| self.context.has(*claim))
    }

    fn role(&self, number: u8) -> Role {
        self.roles.get(usize::from(number) % self.roles.len()).cloned().unwrap_or(Role::Viewer)
    }

    fn seed(&self, state: &BTreeMap<At, u8>) -> Seed {
        let cast = &self.context;
        let mut seed = cast.seed();
        let rulers = [cast.user(crate::cast::ME), cast.user(crate::cast::BOSS)];
        seed.members.retain(|grant| rulers.contains(&grant.principal));
        for number in 8..10 {
            seed.users.push(cast.make_user(number, "Somebody", &format!("somebody{number}@example.com")));
        }
        for ((second, number), role) in state {
            let apart = GROUPS.contains(number) && seed.groups.is_empty();
            if apart || (*second && self.context.harness.one_workspace()) {
                continue;
            }
            let native = cast.native(&self.role(*role));
            seed.members.push(Grant::new(self.workspace(*second), self.principal(*number), native));
        }
        seed
    }
}

/// What a step came to, in terms that both sides can be compared by.
#[derive(Debug, PartialEq)]
enum Came {
    To(Option<(PrincipalId, String, Role)>),
    Listed(BTreeSet<(PrincipalId, String)>),
    Error(workspace_members_core::ErrorKind),
}

fn came(words: &Words, result: Result<Option<Member>, Error>) -> Came {
    let fold = |who: &PrincipalId| words.context.capabilities().folded(who).into_owned();
    match result {
        Ok(member) => {
            Came::To(member.map(|m| (fold(&m.key.principal), m.native_role.as_str().to_owned(), m.role)))
        }
        Err(error) => Came::Error(error.kind()),
    }
}

/// Takes one step at one side. `key` is what that side addresses the member by.
async fn take(
    members: &dyn WorkspaceMembers,
    words: &Words,
    step: &Step,
    key: Option<MemberKey>,
) -> Result<Came, Failure> {
    Ok(match step {
        Step::Add((workspace, who), role) => {
            let add = AddMember::new(words.workspace(*workspace), words.principal(*who), words.role(*role));
            came(words, members.add(&add).await.map(Some))
        }
        Step::Ensure((workspace, who), role) => {
            let add = AddMember::new(words.workspace(*workspace), words.principal(*who), words.role(*role));
            came(words, members.ensure(&add, IfPresent::SetRole).await.map(|ensured| Some(ensured.member)))
        }
        Step::SetRole((workspace, who), role) => {
            let key =
                key.unwrap_or_else(|| MemberKey::new(words.workspace(*workspace), words.principal(*who)));
            came(words, members.set_role(&SetRole::new(key, words.role(*role))).await.map(Some))
        }
        Step::Remove((workspace, who)) => {
            let key =
                key.unwrap_or_else(|| MemberKey::new(words.workspace(*workspace), words.principal(*who)));
            came(words, members.remove(&RemoveMember::new(key)).await.map(|()| None))
        }
        Step::Get((workspace, who)) => {
            let got = members.get(&words.workspace(*workspace), &words.principal(*who)).await;
            came(words, nobody_where_it_may_be(got))
        }
        Step::List(workspace, size) => {
            let of = ListOf::Workspace(words.workspace(*workspace));
            let mut listed = BTreeSet::new();
            let mut page = PageRequest::default().with_size(*size);
            for _ in 0..1_000 {
                let got = match members.members_page(&of, page).await {
                    Ok(got) => got,
                    Err(error) => return Ok(Came::Error(error.kind())),
                };
                for member in got.items {
                    let who = words.context.capabilities().folded(&member.key.principal).into_owned();
                    let shown = (who, member.native_role.as_str().to_owned());
                    check!(listed.insert(shown.clone()), "{shown:?} was listed twice, by pages of {size}");
                }
                let Some(next) = got.next else { return Ok(Came::Listed(listed)) };
                page = PageRequest::at(Some(next)).with_size(*size);
            }
            return Err(Failure::new("a listing does not end"));
        }
    })
}

/// Both sides hold the same people in both workspaces, as the adapter reads them and, where the harness can tell, as the
/// provider keeps them.
async fn compare(stage: &Stage, model: &InMemory, when: &str) -> Result<(), Failure> {
    let known = truth_of(model);
    for workspace in [stage.workspace(LEGAL), stage.workspace(SALES)] {
        let grants = known.iter().filter(|grant| grant.workspace == workspace);
        let people: People = grants.map(|grant| (grant.principal.clone(), grant.role.clone())).collect();
        // The listing of the whole account reads both at once.
        let kept = stage.expect_kept(&workspace, &people, when)?;
        if !(kept && stage.has(Capability::ListAccountMembers)) {
            stage.expect(&workspace, &people, when).await?;
        }
    }
    if stage.has(Capability::ListAccountMembers) {
        let listed: Vec<Member> = stage.members().members(ListOf::Account).try_collect().await?;
        let mut listed: Vec<Grant> = listed
            .into_iter()
            .map(|member| Grant::new(member.key.workspace, member.key.principal, member.native_role))
            .collect();
        let mut known = known;
        for grant in listed.iter_mut().chain(&mut known) {
            grant.principal = stage.claims().folded(&grant.principal).into_owned();
        }
        listed.sort();
        known.sort();
        check_eq!(listed, known, "{when}, the whole account");
    }
    Ok(())
}

/// Plays one sequence on both sides, and compares the whole rosters after every step.
async fn play(
    words: &Words,
    beginning: &BTreeMap<At, u8>,
    steps: &[Step],
    count: impl Fn(),
) -> Result<(), Failure> {
    let seed = words.seed(beginning);
    let stage = words.context.stage(seed.clone()).await?;
    // The model refuses what the adapter refuses.
    let model = in_memory(&seed, stage.claims().clone());
    compare(&stage, &model, "before anything was done").await?;
    for step in steps {
        count();
        let at = match step {
            Step::SetRole(at, _) | Step::Remove(at) => Some(*at),
            _ => None,
        };
        if matches!(step, Step::Get((_, who)) if !words.manages(*who)) {
            // Of a kind that can be neither added nor removed, a member may be shown by lists alone, or by `get` too.
            continue;
        }
        let (mut here, mut there) = (None, None);
        if let Some((workspace, who)) = at {
            let (workspace, who) = (words.workspace(workspace), words.principal(who));
            here = Some(stage.key(&workspace, &who).await?);
            there = Some(model_key(&model, &stage, &workspace, &who));
        }
        let got = take(&**stage.members(), words, step, here).await?;
        let expected = take(&model, words, step, there).await?;
        check_eq!(got, expected, "what {step:?} came to");
        compare(&stage, &model, &format!("after {step:?}")).await?;
    }
    Ok(())
}

/// What addresses the principal at the model.
fn model_key(model: &InMemory, stage: &Stage, workspace: &WorkspaceId, who: &PrincipalId) -> MemberKey {
    let bare = MemberKey::new(workspace.clone(), who.clone());
    if !stage.behaves(Behaviour::MembershipIds) {
        return bare;
    }
    let known = model.all_members().into_iter().map(|member| member.key);
    let found = known.into_iter().find(|key| key.workspace == *workspace && stage.same(&key.principal, who));
    found.unwrap_or_else(|| bare.with_membership(MembershipId::new("of-nobody").ok()))
}

async fn random_calls_do_what_the_reference_does(context: &Context) -> Verdict {
    let words = Words::new(context);
    let here = Handle::current();
    // The test runner is not asynchronous, so it has a thread on which it may block.
    let tried = tokio::task::spawn_blocking(move || try_sequences(&words, &here)).await;
    tried.map_err(|error| Failure::new(format!("a sequence panicked: {error}")))??;
    let mut also = Vec::new();
    for capability in crate::call::METHODS {
        let untouched = matches!(
            capability,
            Capability::Me | Capability::ListWorkspaces | Capability::ListUsers | Capability::ListGroups
        );
        if context.has(capability) && !untouched {
            also.push(capability);
        }
    }
    Ok(if also.is_empty() { RAN } else { crate::case::Outcome::Ran(also) })
}

fn try_sequences(words: &Words, here: &Handle) -> Result<(), Failure> {
    let mut config = Config { failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = words.context.harness.sequences();
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(7);
    }
    let strategy = Machine::sequential_strategy(STEPS);
    let tried = TestRunner::new(config).run(&strategy, |(state, steps, seen)| {
        let seen = || {
            if let Some(seen) = &seen {
                seen.fetch_add(1, Ordering::SeqCst);
            }
        };
        here.block_on(play(words, &state, &steps, seen))
            .map_err(|failure| TestCaseError::fail(failure.to_string()))
    });
    match tried {
        Ok(()) => Ok(()),
        Err(TestError::Fail(why, (state, steps, _))) => {
            let began: Vec<_> = words.seed(&state).members;
            let message =
                format!("{why}\nthe shortest way there found:\n  {steps:?}\n  beginning with {began:?}");
            Err(Failure::new(message))
        }
        Err(TestError::Abort(why)) => Err(Failure::new(format!("no sequences could be made: {why}"))),
    }
}
