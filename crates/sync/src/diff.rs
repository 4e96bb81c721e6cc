//! Who is in one workspace and not in another, and whose role differs; across providers.

use crate::desired::{People, Target};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use workspace_members_core::{
    Capabilities, EmailAddress, Member, NativeRole, PrincipalId, Role, Roster, Who,
};

/// One workspace to be compared.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    connection: &'a str,
    capabilities: &'a Capabilities,
    roster: &'a Roster,
}

impl<'a> Side<'a> {
    /// A workspace of a connection, by its roster.
    pub fn new(connection: &'a str, capabilities: &'a Capabilities, roster: &'a Roster) -> Self {
        Self { connection, capabilities, roster }
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

/// Members whom the same address or alias means, or one member whom several people mean. Nothing is said about them.
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
    /// Members who cannot be matched for certain.
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
    /// Several people, by name, who all mean this member. Of one side, so that it matches nothing.
    People(usize, PrincipalId, Vec<String>),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(name) => write!(f, "person:{name}"),
            Self::Email(email) => email.fmt(f),
            Self::Id(id) => id.fmt(f),
            Self::People(.., names) => write!(f, "person:{}", names.join(", person:")),
        }
    }
}

/// The members of both sides who match by one key.
type Pairs<'a> = BTreeMap<Key, [Vec<&'a Member>; 2]>;

impl Diff {
    /// Compares two workspaces. No I/O.
    ///
    /// Within one connection members are matched by id. Otherwise by the people's aliases, and who has none by e-mail
    /// address. Two members who match by the same are ambiguous, and neither is compared.
    pub fn compute(left: &Side<'_>, right: &Side<'_>, people: &People) -> Self {
        let by_id = left.connection == right.connection;
        let mut diff = Self {
            left: left.target(),
            right: right.target(),
            only_left: Vec::new(),
            only_right: Vec::new(),
            roles: Vec::new(),
            same: 0,
            ambiguous: Vec::new(),
            unmatched_left: Vec::new(),
            unmatched_right: Vec::new(),
        };
        // The left comes first: where both sides have a key, its spelling is shown.
        let mut pairs = Pairs::new();
        for (at, side, unmatched) in
            [(0, left, &mut diff.unmatched_left), (1, right, &mut diff.unmatched_right)]
        {
            let claims = if by_id { Claims::new() } else { claims(side, people) };
            for member in side.roster {
                let id = side.capabilities.folded(&member.key.principal).into_owned();
                let key = if by_id { Some(Key::Id(id)) } else { key(member, at, id, &claims) };
                match key {
                    Some(key) => pairs.entry(key).or_default()[at].push(member),
                    None => unmatched.push(DiffMember::of(member)),
                }
            }
        }
        for (key, [on_left, on_right]) in &pairs {
            let matched = !matches!(key, Key::People(..));
            match (on_left.as_slice(), on_right.as_slice()) {
                ([one], []) if matched => diff.only_left.push(DiffMember::of(one)),
                ([], [one]) if matched => diff.only_right.push(DiffMember::of(one)),
                ([one], [other]) if matched => diff.both(key, one, other, by_id),
                sides => {
                    let all = |members: &[&Member]| members.iter().copied().map(DiffMember::of).collect();
                    let (left, right) = (all(sides.0), all(sides.1));
                    diff.ambiguous.push(Ambiguity { who: key.to_string(), left, right });
                }
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

/// Which people mean an address or an id, by name.
type Claims = BTreeMap<Who, BTreeSet<String>>;

fn claims(side: &Side<'_>, people: &People) -> Claims {
    let mut claims = Claims::new();
    for (name, person) in people {
        if let Some(who) = person.who(side.connection, side.capabilities.provider()) {
            let who = match who {
                Who::Id(id) => Who::Id(side.capabilities.folded(&id).into_owned()),
                email @ Who::Email(_) => email,
            };
            claims.entry(who).or_default().insert(name.clone());
        }
    }
    claims
}

/// What a member is matched by in another account, if they can be.
fn key(member: &Member, at: usize, id: PrincipalId, claims: &Claims) -> Option<Key> {
    let addresses = member.email.clone().map(Who::Email).into_iter().chain([Who::Id(id.clone())]);
    let names: BTreeSet<&String> = addresses.filter_map(|who| claims.get(&who)).flatten().collect();
    match (names.len(), names.first(), &member.email) {
        (1, Some(name), _) => Some(Key::Person((*name).clone())),
        (0, _, Some(email)) => id.as_user().map(|_| Key::Email(email.clone())),
        (0, ..) => None,
        _ => Some(Key::People(at, id, names.into_iter().cloned().collect())),
    }
}
