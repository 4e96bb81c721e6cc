//! What holds for any account, desired state and guards.

use crate::support::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use workspace_members_core::{Capabilities, InMemory, NativeRole, Role, Status};
use workspace_members_sync::{Action, Desired, Guards, Limit, Mode, Plan, Strategy as How};

#[derive(Debug, Clone)]
struct World {
    paradigm: bool,
    /// Per person: what they are, what they are desired to be, whether they are active.
    people: Vec<(Option<Role>, Option<Role>, bool)>,
    mode: Mode,
    guards: Guards,
}

fn role(paradigm: bool) -> impl Strategy<Value = Role> {
    let custom = Role::Custom(native("Legal review"));
    if paradigm {
        prop_oneof![Just(Role::Owner), Just(Role::Editor), Just(Role::Viewer)].boxed()
    } else {
        prop_oneof![
            Just(Role::Owner),
            Just(Role::Manager),
            Just(Role::Editor),
            Just(Role::Viewer),
            Just(custom)
        ]
        .boxed()
    }
}

fn guards() -> impl Strategy<Value = Guards> {
    let limit = prop_oneof![(0u8..=100).prop_map(Limit::percent), (0u32..6).prop_map(Limit::count)];
    (0u32..3, limit.clone(), limit.clone(), limit, 0u32..6, any::<bool>()).prop_map(
        |(owners, removals, demotions, changes, floor, gap)| {
            Guards::new()
                .with_min_owners(owners)
                .with_max_removals(removals)
                .with_max_demotions(demotions)
                .with_max_owner_changes(changes)
                .with_floor(floor)
                .with_remove_then_add(gap)
        },
    )
}

fn worlds() -> impl Strategy<Value = World> {
    any::<bool>().prop_flat_map(|paradigm| {
        let person =
            (proptest::option::of(role(paradigm)), proptest::option::of(role(paradigm)), any::<bool>());
        let mode = prop_oneof![Just(Mode::Authoritative), Just(Mode::Additive), Just(Mode::RemoveOnly)];
        (proptest::collection::vec(person, 8), mode, guards()).prop_map(move |(people, mode, guards)| World {
            paradigm,
            people,
            mode,
            guards,
        })
    })
}

impl World {
    fn capabilities(&self) -> Capabilities {
        if self.paradigm { paradigm() } else { pandadoc() }
    }

    fn account(&self) -> InMemory {
        let capabilities = self.capabilities();
        let mut built = account(capabilities.clone());
        for (index, (is, _, active)) in self.people.iter().enumerate() {
            let id = index as u64 + 1;
            let status = if *active { Status::Active } else { Status::Inactive };
            built = built.with_user(person(id, NAMES[index]).with_status(status));
            if let Some(role) = is {
                built = built.with_member(ws(1), user(id), written(&capabilities, role));
            }
        }
        built
    }

    fn desired(&self, reversed: bool) -> Desired {
        let mut named: Vec<(usize, &Role)> = self
            .people
            .iter()
            .enumerate()
            .filter_map(|(index, (_, desired_member, _))| Some((index, desired_member.as_ref()?)))
            .collect();
        if reversed {
            named.reverse();
        }
        let mut lists: Vec<(String, Vec<String>)> =
            vec![("owner".into(), vec!["\"robot@example.com\"".into()])];
        for (index, role) in named {
            let who = format!("\"{}@example.com\"", NAMES[index]);
            match lists.iter_mut().find(|(known, _)| *known == role.to_string()) {
                Some((_, people)) => people.push(who),
                None => lists.push((role.to_string(), vec![who])),
            }
        }
        let lines: Vec<String> =
            lists.iter().map(|(role, people)| format!("{role:?} = [{}]", people.join(", "))).collect();
        desired(&self.mode.to_string(), &lines.join("\n"))
    }
}

fn written(capabilities: &Capabilities, role: &Role) -> NativeRole {
    capabilities.roles().resolve(role).unwrap().native
}

fn rank(capabilities: &Capabilities, native: &NativeRole) -> Option<usize> {
    Role::BUILT_IN.iter().position(|role| *role == capabilities.roles().normalize(native))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// Judges a plan from its steps alone, by counting, and shares no code with the guards.
fn count_prefixes(world: &World, plan: &Plan) -> Result<(), TestCaseError> {
    let capabilities = world.capabilities();
    let owner = written(&capabilities, &Role::Owner);
    let mut now: BTreeMap<String, NativeRole> = world
        .people
        .iter()
        .enumerate()
        .filter_map(|(index, (is, _, _))| {
            Some((format!("user:{}", index + 1), written(&capabilities, is.as_ref()?)))
        })
        .collect();
    now.insert("user:99".into(), owner.clone());
    let size = now.len();
    let active = |id: &str| id == "user:99" || world.people[id[5..].parse::<usize>().unwrap() - 1].2;
    let owners = |now: &BTreeMap<String, NativeRole>| {
        now.iter().filter(|(id, role)| **role == owner && active(id)).count()
    };
    let limits = &world.guards;
    let (mut removals, mut demotions, mut changes) = (0u64, 0u64, 0u64);
    let mut phase = Action::Add;
    for step in &plan.steps {
        prop_assert!(phase <= step.action, "{:?} after {phase:?}", step.action);
        phase = step.action;
        let id = step.principal.to_string();
        prop_assert!(id != "user:99", "the acting identity is touched");
        let before = now.remove(&id);
        prop_assert_eq!(&before, &step.from);
        let gap_owners = owners(&now);
        if let Some(to) = &step.to {
            now.insert(id.clone(), to.clone());
        }
        let gap = step.strategy == How::RemoveThenAdd;
        prop_assert!(!gap || limits.allow_remove_then_add());
        let left = if gap { gap_owners } else { owners(&now) };
        let was_owner = before.as_ref() == Some(&owner);
        let is_owner = step.to.as_ref() == Some(&owner);
        if was_owner && (gap || !is_owner) {
            prop_assert!(left as u64 >= u64::from(limits.min_owners()), "{left} owners after {step}");
        }
        removals += u64::from(step.to.is_none());
        if let (Some(before), Some(to)) = (&before, &step.to) {
            let higher = match (rank(&capabilities, to), rank(&capabilities, before)) {
                (Some(to), Some(before)) => to < before,
                _ => false,
            };
            demotions += u64::from(!higher);
        }
        changes += u64::from(was_owner != is_owner);
    }
    prop_assert!(removals <= limits.max_removals().allows(size, limits.floor()));
    prop_assert!(demotions <= limits.max_demotions().allows(size, limits.floor()));
    prop_assert!(changes <= limits.max_owner_changes().allows(size, limits.floor()));
    Ok(())
}

/// Who should be there in the end, by the mode's definition.
fn model(world: &World) -> BTreeMap<String, String> {
    let capabilities = world.capabilities();
    let mut all = BTreeMap::from([("user:99".to_owned(), written(&capabilities, &Role::Owner).to_string())]);
    for (index, (is, desired_member, _)) in world.people.iter().enumerate() {
        let lower = |is: &Role, desired_member: &Role| {
            desired_member.partial_cmp(is) != Some(std::cmp::Ordering::Greater)
        };
        let end = match (world.mode, is, desired_member) {
            (Mode::Authoritative, _, desired_member) => desired_member.as_ref(),
            (Mode::Additive, Some(is), Some(desired_member)) if lower(is, desired_member) => Some(is),
            (Mode::Additive, is, desired_member) => desired_member.as_ref().or(is.as_ref()),
            (Mode::RemoveOnly, is, desired_member) => is.as_ref().filter(|_| desired_member.is_some()),
        };
        if let Some(role) = end {
            all.insert(format!("user:{}", index + 1), written(&capabilities, role).to_string());
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_prefix_of_an_accepted_plan_breaks_a_guard(world in worlds()) {
        runtime().block_on(async {
            let account = world.account();
            match plan(&account, &world.desired(false), &world.guards).await {
                Ok(plan) => count_prefixes(&world, &plan),
                // A plan that only the guards refuse must break one by this counting too.
                Err(refused) => {
                    prop_assert!(refused.refusals.iter().all(|refusal| refusal.guard().is_some()), "{refused}");
                    prop_assert!(count_prefixes(&world, &refused.plan).is_err(), "{refused}");
                    Ok(())
                }
            }
        })?;
    }

    #[test]
    fn the_order_of_the_input_changes_nothing(world in worlds()) {
        runtime().block_on(async {
            let account = world.account();
            let one = plan(&account, &world.desired(false), &loose()).await.unwrap();
            let two = plan(&account, &world.desired(true), &loose()).await.unwrap();
            prop_assert_eq!(one, two);
            Ok(())
        })?;
    }

    #[test]
    fn applied_it_is_as_desired_and_a_second_plan_is_empty(world in worlds()) {
        runtime().block_on(async {
            let (account, state) = (Arc::new(world.account()), state());
            let desired = world.desired(false);
            let report = run(account.clone(), &desired, &loose(), state.path()).await.unwrap();
            prop_assert!(report.is_complete(), "{:?}", report);
            prop_assert_eq!(who(&*account, 1).await, model(&world));
            let second = plan(&*account, &desired, &world.guards).await.unwrap();
            prop_assert!(second.is_empty(), "{:?}", lines(&second));
            Ok(())
        })?;
    }
}
