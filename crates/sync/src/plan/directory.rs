//! Who is who at one connection: from the entries of a desired state or a guard to principals, and from groups to people.

use super::refusal::Problem;
use super::roster_index::RosterIndex;
use crate::desired::{Entry, People, WhoRef};
use crate::observe::Observed;
use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;
use workspace_members_core::{
    Behaviour, EmailAddress, GroupId, Mark, Member, PrincipalId, Roster, Status, User, UserId,
};

/// Whether something is so, as far as was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sure {
    No,
    Maybe,
    Yes,
}

/// A principal that an entry means.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) principal: PrincipalId,
    /// The position in the roster, for a member.
    pub(super) position: Option<usize>,
    /// Whether the account is known to have them.
    pub(super) verified: bool,
}

/// Nobody, or nobody certain, that an entry means.
#[derive(Debug)]
pub(super) struct NotFound {
    pub(super) problem: Problem,
    pub(super) message: String,
    pub(super) advice: &'static str,
}

/// The users of an account, as listed.
#[derive(Debug)]
struct Users<'a> {
    listed: &'a [User],
    positions: HashMap<&'a UserId, usize>,
}

impl<'a> Users<'a> {
    fn new(listed: &'a [User]) -> Self {
        Self { listed, positions: listed.iter().map(|user| &user.id).zip(0..).collect() }
    }

    fn get(&self, id: &UserId) -> Option<&'a User> {
        self.listed.get(*self.positions.get(id)?)
    }
}

/// Who has which address, among the account's users and the members of all rosters read.
#[derive(Debug)]
struct Emails<'a> {
    /// The first user with each.
    first: HashMap<&'a EmailAddress, &'a UserId>,
    /// All users with an address that several have.
    shared: HashMap<&'a EmailAddress, BTreeSet<&'a UserId>>,
}

impl<'a> Emails<'a> {
    fn new(users: &Users<'a>, observed: &'a Observed) -> Self {
        let mut all = Self { first: HashMap::new(), shared: HashMap::new() };
        for user in users.listed {
            if let Some(email) = &user.email {
                all.hold(email, &user.id);
            }
        }
        for member in observed.rosters().values().flat_map(Roster::iter) {
            if let (PrincipalId::User(id), Some(email)) = (&member.key.principal, &member.email)
                && users.get(id).and_then(|user| user.email.as_ref()) != Some(email)
            {
                all.hold(email, id);
            }
        }
        all
    }

    /// Notes that a user has an address.
    fn hold(&mut self, email: &'a EmailAddress, user: &'a UserId) {
        match self.first.entry(email) {
            Slot::Vacant(free) => {
                free.insert(user);
            }
            Slot::Occupied(taken) if *taken.get() == user => {}
            Slot::Occupied(taken) => {
                self.shared.entry(email).or_insert_with(|| BTreeSet::from([*taken.get()])).insert(user);
            }
        }
    }
}

/// What the rosters say of somebody's licence, in whichever workspace.
#[derive(Debug, Clone, Copy, Default)]
struct Seat {
    on_promotion: bool,
    licensed: bool,
}

/// What a connection says about principals, indexed once.
#[derive(Debug)]
pub(crate) struct Directory<'a> {
    pub(crate) observed: &'a Observed,
    people: &'a People,
    users: Users<'a>,
    /// Made when somebody is first named by address.
    emails: OnceLock<Emails<'a>>,
    /// The users of each group, where they are known.
    groups: BTreeMap<&'a GroupId, Option<BTreeSet<&'a UserId>>>,
    /// The known groups of each user: `groups`, the other way round.
    groups_of: HashMap<&'a UserId, BTreeSet<&'a GroupId>>,
    listed_groups: BTreeSet<&'a GroupId>,
    /// Only where the provider sells seats.
    seats: HashMap<&'a PrincipalId, Seat>,
    /// Who own the whole account, as a list of users or any roster read says.
    account_owners: BTreeSet<&'a UserId>,
}

impl<'a> Directory<'a> {
    pub(crate) fn new(observed: &'a Observed, people: &'a People) -> Self {
        let listed = observed.users().unwrap_or_default();
        let users = Users::new(listed);
        let mut groups = listed_groups(observed);
        let marked = listed.iter().filter(|user| user.is(Mark::AccountOwner));
        let mut account_owners: BTreeSet<&UserId> = marked.map(|user| &user.id).collect();
        let mut seats: HashMap<&PrincipalId, Seat> = HashMap::new();
        let sells = observed.capabilities().behaves(Behaviour::SellsSeats);
        for member in observed.rosters().values().flat_map(Roster::iter) {
            match &member.key.principal {
                PrincipalId::User(id) if member.is(Mark::AccountOwner) => {
                    account_owners.insert(id);
                }
                PrincipalId::User(_) => {}
                PrincipalId::Group(id) => {
                    groups.entry(id).or_insert(None);
                }
            }
            if !sells {
                continue;
            }
            // What the list of users says needs no second place.
            let listed = || member.key.principal.as_user().and_then(|user| users.get(user));
            let seat = Seat {
                on_promotion: member.is(Mark::SeatOnPromotion),
                licensed: member.license.is_some() && listed().is_none_or(|user| user.license.is_none()),
            };
            if seat.on_promotion || seat.licensed {
                let known = seats.entry(&member.key.principal).or_default();
                known.on_promotion |= seat.on_promotion;
                known.licensed |= seat.licensed;
            }
        }
        told_by_users(listed, &mut groups);
        let mut groups_of: HashMap<&UserId, BTreeSet<&GroupId>> = HashMap::new();
        for (group, users) in &groups {
            for user in users.iter().flatten() {
                groups_of.entry(user).or_default().insert(group);
            }
        }
        let listed_groups = observed.groups().unwrap_or_default().iter().map(|group| &group.id).collect();
        let emails = OnceLock::new();
        Self { observed, people, users, emails, groups, groups_of, listed_groups, seats, account_owners }
    }

    /// How an entry is addressed at this connection.
    pub(super) fn who<'b>(&'b self, entry: &'b Entry) -> Option<WhoRef<'b>> {
        self.people.whom(entry, self.observed.connection(), self.observed.provider())
    }

    /// The one principal that an entry means in a workspace.
    pub(super) fn find(&self, roster: &RosterIndex<'_>, entry: &Entry) -> Result<Found, NotFound> {
        let unknown = |message: String, advice| NotFound { problem: Problem::UnknownPerson, message, advice };
        let connection = self.observed.connection();
        let Some(who) = self.people.whom(entry, connection, self.observed.provider()) else {
            let message = format!("{entry} has no address at {connection}");
            return Err(unknown(message, "give them one in [people], with email or at"));
        };
        match who {
            WhoRef::Email(email) => {
                // Mostly the roster tells at once, if nobody else in the account has the address.
                let shared = self.emails().shared.contains_key(email);
                if !shared
                    && let Some(position) = roster.position_of_email(email)
                    && let Some(member) = roster.member(position)
                {
                    let principal = member.key.principal.clone();
                    return Ok(Found { principal, position: Some(position), verified: true });
                }
                let principal = PrincipalId::User(self.find_email(email)?.clone());
                let position = roster.position(&principal);
                Ok(Found { principal, position, verified: true })
            }
            WhoRef::Id(id) => {
                let position = roster.position(id);
                let listed = match id {
                    // Whether the account has a member is no question.
                    _ if position.is_some() => Some(true),
                    PrincipalId::User(id) => self.observed.users().map(|_| self.users.get(id).is_some()),
                    PrincipalId::Group(id) => self.observed.groups().map(|_| self.listed_groups.contains(id)),
                };
                if listed == Some(false) {
                    let message = format!("{id} is not in the account of {connection}");
                    return Err(unknown(message, "check the id, and that the key's user can see them"));
                }
                Ok(Found { principal: id.clone(), position, verified: listed.is_some() })
            }
        }
    }

    fn emails(&self) -> &Emails<'a> {
        self.emails.get_or_init(|| Emails::new(&self.users, self.observed))
    }

    /// All users with this address, among the account's users and the members of all rosters read.
    pub(crate) fn users_of(&self, email: &EmailAddress) -> impl Iterator<Item = &'a UserId> + '_ {
        let emails = self.emails();
        let several = emails.shared.get(email);
        let one = if several.is_none() { emails.first.get(email) } else { None };
        one.into_iter().chain(several.into_iter().flatten()).copied()
    }

    fn find_email(&self, email: &EmailAddress) -> Result<&'a UserId, NotFound> {
        let connection = self.observed.connection();
        let mut found = self.users_of(email);
        match (found.next(), found.next()) {
            (Some(user), None) => Ok(user),
            (Some(first), Some(second)) => Err(NotFound {
                problem: Problem::Ambiguous,
                message: format!(
                    "{email} is the address of user:{first} and of user:{second} at {connection}"
                ),
                advice: "name the one that is meant as user:ID",
            }),
            (None, _) => {
                let (message, advice) = if self.observed.users().is_some() {
                    (
                        format!("nobody at {connection} has the address {email}"),
                        "check the address, or invite them there first",
                    )
                } else {
                    let message = format!(
                        "{email} is in none of the workspaces read, and this key may not list the users of {connection}"
                    );
                    (message, "write user:ID, or use a key that may list users")
                };
                Err(NotFound { problem: Problem::UnknownPerson, message, advice })
            }
        }
    }

    /// The address of a user, as the roster or the list of users says it.
    fn email<'b>(&'b self, user: &UserId, member: Option<&'b Member>) -> Option<&'b EmailAddress> {
        let listed = || self.users.get(user).and_then(|user| user.email.as_ref());
        member.and_then(|member| member.email.as_ref()).or_else(listed)
    }

    /// How to name a principal to a person.
    pub(crate) fn label(&self, principal: &PrincipalId, member: Option<&Member>) -> String {
        if let Some(email) = principal.as_user().and_then(|user| self.email(user, member)) {
            return email.to_string();
        }
        member.map_or_else(|| principal.to_string(), Member::label)
    }

    /// Whether somebody may be using their access, by the roster or else by the list of users.
    pub(crate) fn status(&self, principal: &PrincipalId, in_roster: Status) -> Status {
        let listed = || principal.as_user().and_then(|user| self.users.get(user));
        match in_roster {
            Status::Unknown => listed().map_or(in_roster, |user| user.status),
            said => said,
        }
    }

    /// Whether a promotion may buy a seat for them: by the roster, the list of users or another roster.
    pub(super) fn has_seat_on_promotion(&self, principal: &PrincipalId, member: Option<&Member>) -> bool {
        let mark = Mark::SeatOnPromotion;
        let user = principal.as_user().and_then(|user| self.users.get(user));
        member.is_some_and(|member| member.is(mark))
            || user.is_some_and(|user| user.is(mark))
            || self.seats.get(principal).is_some_and(|seat| seat.on_promotion)
    }

    /// Whether this is the owner of the whole account.
    pub(crate) fn owns_account(&self, principal: &PrincipalId) -> bool {
        principal.as_user().is_some_and(|user| self.account_owners.contains(user))
    }

    /// Whether the licence is known: by the roster, the list of users or another roster.
    pub(super) fn has_license(&self, principal: &PrincipalId, member: Option<&Member>) -> bool {
        let user = principal.as_user().and_then(|user| self.users.get(user));
        member.is_some_and(|member| member.license.is_some())
            || user.is_some_and(|user| user.license.is_some())
            || self.seats.get(principal).is_some_and(|seat| seat.licensed)
    }

    /// The users of a group, where they are known.
    pub(crate) fn users_in(&self, group: &GroupId) -> Option<&BTreeSet<&'a UserId>> {
        self.groups.get(group)?.as_ref()
    }

    /// The users of a group who are known to be active.
    pub(crate) fn active_in<'b>(&'b self, group: &GroupId) -> impl Iterator<Item = &'a UserId> + 'b {
        let users = self.users_in(group).into_iter().flatten().copied();
        users.filter(|user| self.is_active(user))
    }

    /// Whether this group is what an entry names, or holds an active user whom it names.
    pub(super) fn stands_for(&self, group: &GroupId, entry: &Entry) -> bool {
        match self.who(entry) {
            Some(WhoRef::Id(PrincipalId::Group(named))) => named == group,
            Some(WhoRef::Id(PrincipalId::User(named))) => self.holds_active(group, named),
            Some(WhoRef::Email(email)) => self.users_of(email).any(|named| self.holds_active(group, named)),
            None => false,
        }
    }

    fn holds_active(&self, group: &GroupId, user: &UserId) -> bool {
        self.holds(group, user) == Sure::Yes && self.is_active(user)
    }

    fn is_active(&self, user: &UserId) -> bool {
        self.users.get(user).is_some_and(|user| user.status == Status::Active)
    }

    /// Whether a group holds a user.
    pub(crate) fn holds(&self, group: &GroupId, user: &UserId) -> Sure {
        match self.users_in(group) {
            Some(users) if users.contains(user) => Sure::Yes,
            Some(_) => Sure::No,
            None => Sure::Maybe,
        }
    }

    /// Whether a principal is the acting identity, or a group that holds it. Maybe, where nobody says who acts.
    pub(crate) fn acts(&self, principal: &PrincipalId) -> Sure {
        match (self.observed.me(), principal) {
            (None, _) => Sure::Maybe,
            (Some(me), PrincipalId::User(user)) if *user == me.user => Sure::Yes,
            (Some(_), PrincipalId::User(_)) => Sure::No,
            (Some(me), PrincipalId::Group(group)) => self.holds(group, &me.user),
        }
    }

    /// Whether one of these entries means this principal, or somebody known to be in this group.
    ///
    /// Maybe, for a user whose address is not known while an entry's address belongs to nobody else.
    pub(crate) fn means(&self, entries: &[Entry], principal: &PrincipalId, member: Option<&Member>) -> Sure {
        let one = |entry: &Entry| match (self.who(entry), principal) {
            (Some(WhoRef::Id(id)), _) if id == principal => Sure::Yes,
            (Some(WhoRef::Id(PrincipalId::User(user))), PrincipalId::Group(group)) => {
                if self.holds(group, user) == Sure::Yes { Sure::Yes } else { Sure::No }
            }
            (Some(WhoRef::Email(email)), PrincipalId::User(user)) => match self.email(user, member) {
                Some(known) if known == email => Sure::Yes,
                None if self.users_of(email).next().is_none() => Sure::Maybe,
                _ => Sure::No,
            },
            (Some(WhoRef::Email(email)), PrincipalId::Group(group)) => {
                if self.users_of(email).any(|user| self.holds(group, user) == Sure::Yes) {
                    Sure::Yes
                } else {
                    Sure::No
                }
            }
            _ => Sure::No,
        };
        entries.iter().map(one).max().unwrap_or(Sure::No)
    }

    /// The groups that are known to hold a user, in order.
    pub(super) fn groups_of(&self, user: &UserId) -> impl Iterator<Item = &'a GroupId> + '_ {
        self.groups_of.get(user).into_iter().flatten().copied()
    }
}

/// The account's groups, with their users where their list has them.
fn listed_groups(observed: &Observed) -> BTreeMap<&GroupId, Option<BTreeSet<&UserId>>> {
    let listed = observed.groups().unwrap_or_default().iter();
    listed.map(|group| (&group.id, group.users.as_ref().map(|users| users.iter().collect()))).collect()
}

/// Fills in the groups of which only the users tell. A user's own list of groups counts only if every user has one:
/// otherwise somebody may be missing.
fn told_by_users<'a>(listed: &'a [User], groups: &mut BTreeMap<&'a GroupId, Option<BTreeSet<&'a UserId>>>) {
    if listed.is_empty() || listed.iter().any(|user| user.groups.is_none()) {
        return;
    }
    let mut told: HashMap<&GroupId, BTreeSet<&UserId>> = HashMap::new();
    for user in listed {
        for group in user.groups.iter().flatten() {
            told.entry(group).or_default().insert(&user.id);
        }
    }
    for (group, users) in groups {
        users.get_or_insert_with(|| told.remove(group).unwrap_or_default());
    }
}

pub(super) fn as_group(principal: &PrincipalId) -> Option<&GroupId> {
    match principal {
        PrincipalId::Group(group) => Some(group),
        PrincipalId::User(_) => None,
    }
}
