//! A plan's fingerprint: SHA-256 over one JSON text of what the plan depends on and what it would do.

use super::{Kept, Plan, PlanFingerprint, PlannedAccount, Step};
use crate::desired::Desired;
use crate::guards::Guards;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::io::{self, BufWriter, Write};

/// Fields have one order and maps are sorted, so equal plans have one text; JSON quotes every text, so different plans
/// have different ones. Without the numbers of requests: they change with the account's size, which makes no other plan.
#[derive(Serialize)]
struct Content<'a> {
    version: u32,
    desired: &'a Desired,
    guards: &'a Guards,
    accounts: &'a [PlannedAccount],
    #[serde(serialize_with = "without_requests")]
    steps: &'a [Step],
    kept: &'a [Kept],
}

pub(super) fn of(plan: &Plan) -> PlanFingerprint {
    let Plan { version, desired, guards, accounts, steps, kept, .. } = plan;
    let content = Content { version: *version, desired, guards, accounts, steps, kept };
    let mut text = BufWriter::with_capacity(32 * 1024, Hasher(Sha256::new()));
    // Serializing fails only for maps whose keys are no text, and there are none; hashing never fails.
    _ = serde_json::to_writer(&mut text, &content);
    _ = text.flush();
    PlanFingerprint(super::hex(&text.get_ref().0.clone().finalize()))
}

fn without_requests<S: Serializer>(steps: &[Step], serializer: S) -> Result<S::Ok, S::Error> {
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
    use crate::desired::{Desired, DesiredMember, DesiredMembership, DesiredWorkspace, Mode};
    use crate::guards::Guards;
    use crate::plan::Unjudged;
    use std::collections::HashSet;
    use workspace_members_core::{IfPresent, NativeRole, Role};

    #[test]
    fn no_two_desired_states_have_one_fingerprint() {
        let named = |who: &str, membership: DesiredMembership| {
            DesiredMember::new(who.parse::<crate::Entry>().unwrap(), membership)
        };
        let viewer = || DesiredMembership::Role(Role::Viewer);
        let team = |name: &str| DesiredMember { team: Some(name.to_owned()), ..named("user:1", viewer()) };
        let mut lists = vec![
            vec![],
            vec![team("a")],
            vec![team("")],
            vec![named("user:1", viewer()), named("user:2", viewer())],
        ];
        let people = ["user:1", "group:1", "person:1", "1@example.com"];
        lists.extend(people.map(|who| vec![named(who, viewer())]));
        let add = |if_present| DesiredMembership::Add { role: Role::Viewer, if_present };
        let memberships = [
            DesiredMembership::Role(Role::Owner),
            DesiredMembership::Role(Role::Custom(NativeRole::new("viewer"))),
            DesiredMembership::SetRole(Role::Viewer),
            DesiredMembership::Absent,
            add(IfPresent::Fail),
            add(IfPresent::Keep),
            add(IfPresent::SetRole),
        ];
        lists.extend(memberships.map(|membership| vec![named("user:1", membership)]));
        let fingerprint = |list: &[DesiredMember]| {
            let workspace = DesiredWorkspace::new("acme:1".parse().unwrap(), Mode::Additive);
            let desired = Desired::new().with_workspace(workspace.with_members(list.to_vec()));
            Unjudged::draft(&desired, &[], &Guards::new()).plan.fingerprint
        };
        let all: HashSet<_> = lists.iter().map(|list| fingerprint(list)).collect();
        assert_eq!(all.len(), lists.len());
    }
}
