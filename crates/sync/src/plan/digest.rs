//! A plan's fingerprint.

use super::{Kept, Plan, PlanFingerprint, PlannedAccount, Step};
use crate::desired::{Desired, DesiredMember, DesiredMembership, DesiredWorkspace, Entry, People, Target};
use crate::guards::Guards;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::io::{self, BufWriter, Write};
use std::iter;
use workspace_members_core::{IfPresent, Notify, PrincipalId, Role, Who};

/// How much is hashed at once.
const PIECE: usize = 32 * 1024;

/// What a plan depends on and what it would do. Fields have one order and maps are sorted, so equal plans have one text.
/// Not the estimates: they change with the account's size, which makes no other plan.
#[derive(Serialize)]
struct Content<'a> {
    version: u32,
    desired: Input<'a>,
    guards: &'a Guards,
    accounts: &'a [PlannedAccount],
    #[serde(serialize_with = "priceless")]
    steps: &'a [Step],
    kept: &'a [Kept],
}

#[derive(Serialize)]
struct Input<'a> {
    guards: &'a Guards,
    people: &'a People,
    workspaces: Vec<Workspace<'a>>,
}

/// A workspace of the desired state with its members hashed apart, for they are many.
#[derive(Serialize)]
struct Workspace<'a> {
    target: &'a Target,
    mode: crate::Mode,
    account: Option<&'a str>,
    name: Option<&'a str>,
    notify: Notify,
    members: String,
}

/// `hashes` are those of the members of each workspace of the desired state, in order, where they were made already
/// ([`of_members`]).
pub(super) fn of(plan: &Plan, hashes: Vec<Option<String>>) -> PlanFingerprint {
    let Desired { guards, people, workspaces } = &plan.desired;
    let hashes = hashes.into_iter().chain(iter::repeat(None));
    let workspaces = workspaces.iter().zip(hashes).map(|(workspace, hash)| Workspace::new(workspace, hash));
    let content = Content {
        version: plan.version,
        desired: Input { guards, people, workspaces: workspaces.collect() },
        guards: &plan.guards,
        accounts: &plan.accounts,
        steps: &plan.steps,
        kept: &plan.kept,
    };
    let mut text = BufWriter::with_capacity(PIECE, Hasher(Sha256::new()));
    // Only maps with keys that are no text can fail to serialize, and there are none; nor does hashing fail. What was
    // hashed until then would still yield a fingerprint that matches no whole plan's.
    _ = serde_json::to_writer(&mut text, &content);
    _ = text.flush();
    PlanFingerprint(super::hex(&text.get_ref().0.clone().finalize()))
}

impl<'a> Workspace<'a> {
    fn new(workspace: &'a DesiredWorkspace, hash: Option<String>) -> Self {
        let DesiredWorkspace { target, mode, account, name, notify, members } = workspace;
        Self {
            target,
            mode: *mode,
            account: account.as_deref(),
            name: name.as_deref(),
            notify: *notify,
            members: hash.unwrap_or_else(|| of_members(members)),
        }
    }
}

/// Hashes members as texts, each with its kind and its length before it, so that no two lists have one text.
pub(super) fn of_members(members: &[DesiredMember]) -> String {
    let (mut hash, mut text) = (Sha256::new(), Vec::with_capacity(PIECE + 1024));
    for DesiredMember { who, membership, team } in members {
        match who {
            Entry::Who(Who::Email(email)) => put(&mut text, b'e', email.as_str()),
            Entry::Who(Who::Id(PrincipalId::User(user))) => put(&mut text, b'u', user.as_str()),
            Entry::Who(Who::Id(PrincipalId::Group(group))) => put(&mut text, b'g', group.as_str()),
            Entry::Person(name) => put(&mut text, b'p', name),
        }
        match membership {
            DesiredMembership::Role(role) => put(&mut text, b'r', &of_role(role)),
            DesiredMembership::Add { role, if_present: IfPresent::Fail } => {
                put(&mut text, b'f', &of_role(role))
            }
            DesiredMembership::Add { role, if_present: IfPresent::Keep } => {
                put(&mut text, b'k', &of_role(role))
            }
            DesiredMembership::Add { role, if_present: IfPresent::SetRole } => {
                put(&mut text, b'a', &of_role(role))
            }
            DesiredMembership::SetRole(role) => put(&mut text, b's', &of_role(role)),
            DesiredMembership::Absent => put(&mut text, b'x', ""),
        }
        if let Some(team) = team {
            put(&mut text, b't', team);
        }
        if text.len() >= PIECE {
            hash.update(&text);
            text.clear();
        }
    }
    hash.update(&text);
    super::hex(&hash.finalize())
}

fn put(text: &mut Vec<u8>, kind: u8, part: &str) {
    match u8::try_from(part.len()) {
        Err(_) | Ok(u8::MAX) => {
            text.extend_from_slice(&[kind, u8::MAX]);
            text.extend_from_slice(&(part.len() as u64).to_le_bytes());
        }
        Ok(short) => text.extend_from_slice(&[kind, short]),
    }
    text.extend_from_slice(part.as_bytes());
}

fn of_role(role: &Role) -> Cow<'static, str> {
    match role {
        Role::Owner => "owner".into(),
        Role::Manager => "manager".into(),
        Role::Editor => "editor".into(),
        Role::Viewer => "viewer".into(),
        other => other.to_string().into(),
    }
}

fn priceless<S: Serializer>(steps: &[Step], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(steps.iter().map(|step| Step { requests: 0, ..step.clone() }))
}

struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.0.update(piece);
        Ok(piece.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_lists_of_members_have_one_hash() {
        let desired_member = |who: &str, membership: DesiredMembership| {
            DesiredMember::new(who.parse::<Entry>().unwrap(), membership)
        };
        let viewer = || DesiredMembership::Role(Role::Viewer);
        let add = |if_present| DesiredMembership::Add { role: Role::Viewer, if_present };
        let native = Role::Custom(workspace_members_core::NativeRole::new("viewer"));
        let team =
            |name: &str| DesiredMember { team: Some(name.to_owned()), ..desired_member("user:1", viewer()) };
        let mut lists = vec![
            vec![],
            vec![team("a")],
            vec![team("")],
            // Around the length that no longer fits into one byte.
            vec![team(&"a".repeat(254))],
            vec![team(&"a".repeat(255))],
            vec![team(&"a".repeat(256))],
            vec![desired_member("user:1", viewer()), desired_member("user:2", viewer())],
            vec![desired_member("user:2", viewer()), desired_member("user:1", viewer())],
        ];
        let people = ["user:1", "group:1", "person:1", "1@example.com"];
        lists.extend(people.map(|who| vec![desired_member(who, viewer())]));
        let memberships = [
            DesiredMembership::Role(Role::Owner),
            DesiredMembership::Role(native),
            DesiredMembership::SetRole(Role::Viewer),
            DesiredMembership::Absent,
            add(IfPresent::Fail),
            add(IfPresent::Keep),
            add(IfPresent::SetRole),
        ];
        lists.extend(memberships.map(|membership| vec![desired_member("user:1", membership)]));
        // Longer than what is hashed at once, and different in the first and the last only.
        let long = |first: &str, last: &str| {
            let mut list: Vec<DesiredMember> =
                (0..5_000).map(|_| desired_member("user:1", viewer())).collect();
            list[0] = desired_member(first, viewer());
            list[4_999] = desired_member(last, viewer());
            list
        };
        lists.extend([long("user:1", "user:1"), long("user:2", "user:1"), long("user:1", "user:2")]);
        let hashes: HashSet<String> = lists.iter().map(|list| of_members(list)).collect();
        assert_eq!(hashes.len(), lists.len());
    }
}
