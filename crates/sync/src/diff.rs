//! Who is in one workspace and not in another, and whose role differs; across providers.

use crate::desired::{Entry, People, Target};
use crate::observe::Observed;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use workspace_members_core::{
    Capabilities, EmailAddress, Member, NativeRole, PrincipalId, PrincipalKind, Provider, Role, Roster, Who,
    WorkspaceId,
};

/// One workspace to be compared.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    connection: &'a str,
    provider: &'a Provider,
    roster: &'a Roster,
    /// How ids compare there, where that is known.
    capabilities: Option<&'a Capabilities>,
}

impl<'a> Side<'a> {
    /// A workspace of a connection, by its roster.
    pub fn new(connection: &'a str, provider: &'a Provider, roster: &'a Roster) -> Self {
        Self { connection, provider, roster, capabilities: None }
    }

    /// Says how ids compare there, for people whose alias is an id. Else exactly.
    pub fn with_capabilities(mut self, capabilities: &'a Capabilities) -> Self {
        self.capabilities = Some(capabilities);
        self
    }

    /// A workspace that was read.
    pub fn of(observed: &'a Observed, workspace: &WorkspaceId) -> Option<Self> {
        let side = Self::new(observed.connection(), observed.provider(), observed.roster(workspace)?);
        Some(side.with_capabilities(observed.capabilities()))
    }

    fn folded(&self, principal: &PrincipalId) -> PrincipalId {
        let as_it_is = || principal.clone();
        self.capabilities.map_or_else(as_it_is, |known| known.folded(principal).into_owned())
    }

    fn target(&self) -> Target {
        Target::new(self.connection, self.roster.workspace().clone())
    }
}

/// A member of one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DiffMember {
    /// The id there.
    pub principal: PrincipalId,
    /// The address, the name, or the id.
    pub label: String,
    /// The role, normalized.
    pub role: Role,
    /// The role in the provider's word.
    pub native_role: NativeRole,
}

impl DiffMember {
    fn of(member: &Member) -> Self {
        Self {
            principal: member.key.principal.clone(),
            label: member.label(),
            role: member.role.clone(),
            native_role: member.native_role.clone(),
        }
    }
}

/// Somebody on both sides whose roles are not, or may not be, the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RoleDifference {
    /// What they have in common: `person:NAME`, an address, or an id of the one account.
    pub who: String,
    /// On the left.
    pub left: DiffMember,
    /// On the right.
    pub right: DiffMember,
    /// Whether the roles are known to differ: not where a provider does not name one of them.
    pub certain: bool,
}

/// Several members of one side whom the same address or alias means. Nothing is said about them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Ambiguity {
    /// What they have in common.
    pub who: String,
    /// On the left.
    pub left: Vec<DiffMember>,
    /// On the right.
    pub right: Vec<DiffMember>,
}

/// What two workspaces do not have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Diff {
    /// The left workspace.
    pub left: Target,
    /// The right workspace.
    pub right: Target,
    /// Who is only on the left.
    pub only_left: Vec<DiffMember>,
    /// Who is only on the right.
    pub only_right: Vec<DiffMember>,
    /// Who is on both, with roles that differ or may.
    pub roles: Vec<RoleDifference>,
    /// How many are on both with the same role.
    pub same: usize,
    /// Who could not be told apart.
    pub ambiguous: Vec<Ambiguity>,
    /// Members of the left who cannot be looked for on the right: groups of another account, users without an address.
    pub unmatched_left: Vec<DiffMember>,
    /// The same for the right.
    pub unmatched_right: Vec<DiffMember>,
}

/// What a member is matched by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Person(String),
    Email(EmailAddress),
    Id(PrincipalId),
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person(name) => write!(f, "person:{name}"),
            Self::Email(email) => email.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

impl Diff {
    /// Compares two workspaces. No I/O.
    ///
    /// Within one connection members are matched by id. Otherwise by the people's aliases, and whoever has none by
    /// e-mail address. Two members who match by the same are ambiguous, and neither is compared.
    pub fn compute(left: &Side<'_>, right: &Side<'_>, people: &People) -> Self {
        let by_id = left.connection == right.connection;
        let (left_keyed, unmatched_left, mut mixed) = keyed(left, people, by_id);
        let (right_keyed, unmatched_right, mixed_right) = keyed(right, people, by_id);
        for ambiguity in mixed_right {
            mixed.push(Ambiguity { left: Vec::new(), right: ambiguity.left, who: ambiguity.who });
        }
        let mut diff = Self {
            left: left.target(),
            right: right.target(),
            only_left: Vec::new(),
            only_right: Vec::new(),
            roles: Vec::new(),
            same: 0,
            ambiguous: mixed,
            unmatched_left,
            unmatched_right,
        };
        // Where both sides have a key, the left one's spelling is shown.
        let mut keys = BTreeSet::new();
        for key in left_keyed.keys().chain(right_keyed.keys()) {
            keys.insert(key);
        }
        for key in keys {
            let of = |keyed: &BTreeMap<Key, Vec<Member>>| keyed.get(key).cloned().unwrap_or_default();
            let (on_left, on_right) = (of(&left_keyed), of(&right_keyed));
            match (on_left.as_slice(), on_right.as_slice()) {
                ([one], []) => diff.only_left.push(DiffMember::of(one)),
                ([], [one]) => diff.only_right.push(DiffMember::of(one)),
                ([one], [other]) => diff.both(key, one, other, by_id),
                (many, others) => diff.ambiguous.push(Ambiguity {
                    who: key.to_string(),
                    left: many.iter().map(DiffMember::of).collect(),
                    right: others.iter().map(DiffMember::of).collect(),
                }),
            }
        }
        diff
    }

    fn both(&mut self, key: &Key, left: &Member, right: &Member, by_id: bool) {
        // Only within one account are two placeholders the same word for possibly the same role.
        let certain = left.fit.is_some() && right.fit.is_some();
        if left.role == right.role && (certain || by_id) {
            self.same += 1;
            return;
        }
        let (who, left, right) = (key.to_string(), DiffMember::of(left), DiffMember::of(right));
        self.roles.push(RoleDifference { who, left, right, certain });
    }

    /// Whether the two have the same members in the same roles, as far as members could be matched.
    pub fn is_empty(&self) -> bool {
        self.only_left.is_empty()
            && self.only_right.is_empty()
            && self.roles.is_empty()
            && self.ambiguous.is_empty()
            && self.unmatched_left.is_empty()
            && self.unmatched_right.is_empty()
    }
}

type Keyed = (BTreeMap<Key, Vec<Member>>, Vec<DiffMember>, Vec<Ambiguity>);

/// Finds what each member of a side is matched by; who cannot be matched; and whom several people claim, as the left of
/// an ambiguity.
fn keyed(side: &Side<'_>, people: &People, by_id: bool) -> Keyed {
    let (mut keyed, mut unmatched, mut mixed) = (BTreeMap::<Key, Vec<Member>>::new(), Vec::new(), Vec::new());
    let claimed = if by_id { Claimed::default() } else { Claimed::of(side, people) };
    for member in side.roster {
        if by_id {
            keyed.entry(Key::Id(member.key.principal.clone())).or_default().push(member.clone());
            continue;
        }
        let by_email = member.email.as_ref().and_then(|email| claimed.emails.get(email));
        let by_id = claimed.ids.get(&side.folded(&member.key.principal));
        let claims: Vec<&str> = by_email
            .into_iter()
            .chain(by_id)
            .flatten()
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        match (claims.as_slice(), &member.email) {
            ([name], _) => keyed.entry(Key::Person((*name).to_owned())).or_default().push(member.clone()),
            ([], Some(email)) if member.key.principal.kind() == PrincipalKind::User => {
                keyed.entry(Key::Email(email.clone())).or_default().push(member.clone());
            }
            ([], _) => unmatched.push(DiffMember::of(member)),
            (several, _) => mixed.push(Ambiguity {
                who: several.iter().map(|name| format!("person:{name}")).collect::<Vec<_>>().join(", "),
                left: vec![DiffMember::of(member)],
                right: Vec::new(),
            }),
        }
    }
    (keyed, unmatched, mixed)
}

/// Which people are meant by an address or an id at one side.
#[derive(Default)]
struct Claimed<'a> {
    emails: BTreeMap<EmailAddress, Vec<&'a str>>,
    ids: BTreeMap<PrincipalId, Vec<&'a str>>,
}

impl<'a> Claimed<'a> {
    fn of(side: &Side<'_>, people: &'a People) -> Self {
        let mut claimed = Self::default();
        for (name, _) in people.iter() {
            match people.who(&Entry::Person(name.to_owned()), side.connection, side.provider) {
                Some(Who::Email(email)) => claimed.emails.entry(email).or_default().push(name),
                Some(Who::Id(id)) => claimed.ids.entry(side.folded(&id)).or_default().push(name),
                None => {}
            }
        }
        claimed
    }
}
