//! The property tests beside the fuzz targets: the same functions on the same seeds, for a bounded number of changes.
#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use proptest::prelude::*;
use proptest::sample::Index;
use workspace_members_decoders::Target;

/// One change to some bytes.
#[derive(Debug, Clone)]
enum Change {
    /// Another byte in a place.
    Flip(Index, u8),
    /// What stands between two places is left out.
    Cut(Index, Index),
    /// What stands between two places stands there twice.
    Twice(Index, Index),
    /// From a place on it goes on as another seed does.
    Splice(Index, Index, Index),
    /// A word of the target's stands in a place.
    Insert(Index, Index),
    /// Any bytes stand in a place.
    Bytes(Index, Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Flip(at, byte)),
        (at(), at()).prop_map(|(from, to)| Change::Cut(from, to)),
        (at(), at()).prop_map(|(from, to)| Change::Twice(from, to)),
        (at(), at(), at()).prop_map(|(at, seed, from)| Change::Splice(at, seed, from)),
        (at(), at()).prop_map(|(at, word)| Change::Insert(at, word)),
        (at(), prop::collection::vec(any::<u8>(), 1..20)).prop_map(|(at, bytes)| Change::Bytes(at, bytes)),
    ]
}

impl Change {
    fn make(&self, bytes: &mut Vec<u8>, target: &Target, seeds: &[(String, Vec<u8>)]) {
        let end = bytes.len() + 1;
        let range = |one: &Index, other: &Index| {
            let (one, other) = (one.index(end), other.index(end));
            one.min(other)..one.max(other)
        };
        match self {
            Self::Flip(..) if bytes.is_empty() => {}
            Self::Flip(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Self::Cut(from, to) => drop(bytes.drain(range(from, to))),
            Self::Twice(from, to) => {
                let range = range(from, to);
                let copy = bytes[range.clone()].to_vec();
                bytes.splice(range.end..range.end, copy);
            }
            Self::Splice(at, seed, from) => {
                let other = &seed.get(seeds).1;
                bytes.truncate(at.index(end));
                bytes.extend_from_slice(&other[from.index(other.len() + 1)..]);
            }
            Self::Insert(at, word) => {
                let at = at.index(end);
                bytes.splice(at..at, word.get(target.words).bytes());
            }
            Self::Bytes(at, new) => {
                let at = at.index(end);
                bytes.splice(at..at, new.iter().copied());
            }
        }
    }
}

/// All seeds as they are, then so many of them changed a few times.
fn twin(name: &str, cases: u32) {
    let target = Target::named(name).unwrap();
    let seeds = target.seeds().unwrap();
    assert!(seeds.len() >= 4, "{name} has few seeds");
    for (_, bytes) in &seeds {
        (target.run)(bytes);
    }
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let changed = (any::<Index>(), prop::collection::vec(change(), 1..6));
    let result = proptest::test_runner::TestRunner::new(config).run(&changed, |(seed, changes)| {
        let mut bytes = seed.get(&seeds).1.clone();
        for change in &changes {
            change.make(&mut bytes, target, &seeds);
        }
        (target.run)(&bytes);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{name}: {error}");
    }
}

#[test]
fn any_answer_is_a_result() {
    twin("answer", 3_000);
}

#[test]
fn any_answer_to_a_renewal_is_a_token_or_refused() {
    twin("token", 1_000);
}

#[test]
fn any_cursor_is_a_page_or_refused() {
    twin("cursor", 2_000);
}

#[test]
fn any_desired_state_in_toml_is_read_or_refused_where_it_is_wrong() {
    twin("desired_toml", 2_000);
}

#[test]
fn any_desired_state_in_json_is_read_or_refused_where_it_is_wrong() {
    twin("desired_json", 2_000);
}

#[test]
fn any_plan_is_one_that_was_made_or_refused() {
    twin("plan", 2_000);
}

#[test]
fn any_journal_is_recovered_or_refused_as_it_is() {
    twin("journal", 1_000);
}

#[test]
fn any_state_file_is_served_or_refused() {
    twin("state", 1_000);
}

#[test]
fn every_fuzz_target_is_one_of_these() {
    let manifest = include_str!("../../../fuzz/Cargo.toml");
    let listed: Vec<&str> = manifest
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .filter(|name| !name.starts_with("workspace-members"))
        .collect();
    let targets: Vec<&str> = workspace_members_decoders::TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(listed, targets);
    for name in targets {
        assert!(include_str!("decoders.rs").contains(&format!("twin(\"{name}\",")), "{name} has no twin");
    }
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let answer = Target::named("answer").unwrap().run;
    // Paradigm at owner level, listing members, status 200.
    answer(&[&b"040"[..], &vec![b' '; workspace_members_decoders::MAX_BODY + 2]].concat());
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let deep = |open: &str| open.repeat(60_000 / open.len());
    for open in ["[", "{\"a\":", "[{\"workspace\":"] {
        let deep = deep(open);
        for status in b'0'..=b'>' {
            (Target::named("answer").unwrap().run)(&[&[b'3', b'4', status], deep.as_bytes()].concat());
        }
        for name in ["desired_json", "plan", "state", "journal"] {
            (Target::named(name).unwrap().run)(format!("{deep}\n").as_bytes());
            let inside = format!("{{\"desired state\":{deep}\n");
            (Target::named(name).unwrap().run)(inside.as_bytes());
        }
    }
    for text in [
        format!("a = {}", deep("[")),
        format!("a = {}", deep("{a=")),
        deep("a."),
        format!("[{}a]", deep("a.")),
    ] {
        (Target::named("desired_toml").unwrap().run)(text.as_bytes());
        (Target::named("desired_toml").unwrap().run)(format!("{text}a = 1").as_bytes());
    }
}
