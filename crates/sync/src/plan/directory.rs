//! Who is who at one connection: from the entries of a wish or a guard to principals, and from groups to people.

use super::refusal::Problem;
use crate::desired::{Entry, People};
use crate::observe::Observed;
use std::collections::{BTreeMap, BTreeSet};
use workspace_members_core::{
    EmailAddress, GroupId, Mark, Member, PrincipalId, Roster, Status, User, UserId, Who,
};

/// Whether something is so, as far as was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sure {
    No,
    Maybe,
    Yes,
}

/// A principal that an entry means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) principal: PrincipalId,
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

/// What a connection says about principals, indexed once.
#[derive(Debug)]
pub(crate) struct Directory<'a> {
    pub(crate) observed: &'a Observed,
    people: &'a People,
    users: BTreeMap<&'a UserId, &'a User>,
    emails: BTreeMap<&'a EmailAddress, BTreeSet<&'a UserId>>,
    groups: BTreeMap<&'a GroupId, Option<BTreeSet<&'a UserId>>>,
    /// Who own the whole account, as a list of users or any roster read says.
    account_owners: BTreeSet<&'a UserId>,
}

impl<'a> Directory<'a> {
    pub(crate) fn new(observed: &'a Observed, people: &'a People) -> Self {
        let users: BTreeMap<&UserId, &User> =
            observed.users().unwrap_or_default().iter().map(|user| (&user.id, user)).collect();
        let mut emails: BTreeMap<&EmailAddress, BTreeSet<&UserId>> = BTreeMap::new();
        let members = observed.rosters().values().flat_map(Roster::iter);
        let of_member = |member: &'a Member| Some((member.email.as_ref()?, member.key.principal.as_user()?));
        let of_user = |user: &&'a User| Some((user.email.as_ref()?, &user.id));
        for (email, user) in users.values().filter_map(of_user).chain(members.filter_map(of_member)) {
            emails.entry(email).or_default().insert(user);
        }
        // A user's own list of groups counts only if every user has one: otherwise somebody may be missing.
        let told_by_users = !users.is_empty() && users.values().all(|user| user.groups.is_some());
        let by_users = |group: &GroupId| {
            let holds = |user: &&&User| user.groups.as_ref().is_some_and(|groups| groups.contains(group));
            users.values().filter(holds).map(|user| &user.id).collect()
        };
        let listed = observed.groups().unwrap_or_default();
        let mut groups: BTreeMap<&GroupId, Option<BTreeSet<&UserId>>> = listed
            .iter()
            .map(|group| (&group.id, group.users.as_ref().map(|users| users.iter().collect())))
            .collect();
        let members = observed.rosters().values().flat_map(Roster::iter);
        for id in members.filter_map(|member| as_group(&member.key.principal)) {
            groups.entry(id).or_insert(None);
        }
        if told_by_users {
            for (id, users) in &mut groups {
                users.get_or_insert_with(|| by_users(id));
            }
        }
        let marked = users.values().filter(|user| user.is(Mark::AccountOwner)).map(|user| &user.id);
        let members = observed.rosters().values().flat_map(Roster::iter);
        let marked_members = members
            .filter(|member| member.is(Mark::AccountOwner))
            .filter_map(|member| member.key.principal.as_user());
        let account_owners = marked.chain(marked_members).collect();
        Self { observed, people, users, emails, groups, account_owners }
    }

    /// How an entry is addressed at this connection.
    pub(super) fn who(&self, entry: &Entry) -> Option<Who> {
        self.people.who(entry, self.observed.connection(), self.observed.provider())
    }

    /// The one principal that an entry means in a workspace.
    pub(super) fn find(&self, roster: &Roster, entry: &Entry) -> Result<Found, NotFound> {
        let unknown = |message: String, advice| NotFound { problem: Problem::UnknownPerson, message, advice };
        let connection = self.observed.connection();
        let Some(who) = self.who(entry) else {
            let message = format!("{entry} has no address at {connection}");
            return Err(unknown(message, "give them one in [people], with email or at"));
        };
        match who {
            Who::Email(email) => self.find_email(&email),
            Who::Id(principal) => {
                let member = roster.get(&principal).is_some();
                let listed = match &principal {
                    PrincipalId::User(id) => self.observed.users().map(|_| self.users.contains_key(id)),
                    PrincipalId::Group(id) => {
                        self.observed.groups().map(|all| all.iter().any(|group| group.id == *id))
                    }
                };
                if listed == Some(false) && !member {
                    let message = format!("{principal} is not in the account of {connection}");
                    return Err(unknown(message, "check the id, and that the key's user can see them"));
                }
                Ok(Found { principal, verified: member || listed.is_some() })
            }
        }
    }

    /// All users with this address, among the account's users and the members of all rosters read.
    pub(crate) fn users_of(&self, email: &EmailAddress) -> impl Iterator<Item = &'a UserId> + '_ {
        self.emails.get(email).into_iter().flatten().copied()
    }

    fn find_email(&self, email: &EmailAddress) -> Result<Found, NotFound> {
        let connection = self.observed.connection();
        let mut found = self.users_of(email);
        match (found.next(), found.next()) {
            (Some(user), None) => Ok(Found { principal: user.clone().into(), verified: true }),
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
        let listed = self.users.get(user).and_then(|user| user.email.as_ref());
        member.and_then(|member| member.email.as_ref()).or(listed)
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
        match (in_roster, principal.as_user().and_then(|user| self.users.get(user))) {
            (Status::Unknown, Some(user)) => user.status,
            (status, _) => status,
        }
    }

    /// Marks of the user or of their membership.
    pub(super) fn is(&self, principal: &PrincipalId, member: Option<&Member>, mark: Mark) -> bool {
        let user = principal.as_user().and_then(|user| self.users.get(user));
        let elsewhere = || {
            let rosters = self.observed.rosters().values();
            rosters.filter_map(|roster| roster.get(principal)).any(|member| member.is(mark))
        };
        member.is_some_and(|member| member.is(mark)) || user.is_some_and(|user| user.is(mark)) || elsewhere()
    }

    /// Whether this is the owner of the whole account.
    pub(crate) fn owns_account(&self, principal: &PrincipalId) -> bool {
        principal.as_user().is_some_and(|user| self.account_owners.contains(user))
    }

    /// Whether the licence is known: by the roster, the list of users or another roster.
    pub(super) fn has_license(&self, principal: &PrincipalId, member: Option<&Member>) -> bool {
        let user = principal.as_user().and_then(|user| self.users.get(user));
        let elsewhere = || {
            let rosters = self.observed.rosters().values();
            rosters.filter_map(|roster| roster.get(principal)).any(|member| member.license.is_some())
        };
        member.is_some_and(|member| member.license.is_some())
            || user.is_some_and(|user| user.license.is_some())
            || elsewhere()
    }

    /// The users of a group, where they are known.
    pub(crate) fn users_in(&self, group: &GroupId) -> Option<&BTreeSet<&'a UserId>> {
        self.groups.get(group)?.as_ref()
    }

    /// The users of a group who are known to be active.
    pub(crate) fn active_in<'b>(&'b self, group: &GroupId) -> impl Iterator<Item = &'a UserId> + 'b {
        let users = self.users_in(group).into_iter().flatten().copied();
        users.filter(|id| self.users.get(id).is_some_and(|user| user.status == Status::Active))
    }

    /// Whether this group is what an entry names, or holds an active user whom it names.
    pub(super) fn stands_for(&self, group: &GroupId, entry: &Entry) -> bool {
        match self.who(entry) {
            Some(Who::Id(PrincipalId::Group(named))) => named == *group,
            Some(Who::Id(PrincipalId::User(named))) => self.active_in(group).any(|user| *user == named),
            Some(Who::Email(email)) => {
                self.users_of(&email).any(|named| self.active_in(group).any(|user| user == named))
            }
            None => false,
        }
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
            (Some(Who::Id(id)), _) if id == *principal => Sure::Yes,
            (Some(Who::Id(PrincipalId::User(user))), PrincipalId::Group(group)) => {
                if self.holds(group, &user) == Sure::Yes { Sure::Yes } else { Sure::No }
            }
            (Some(Who::Email(email)), PrincipalId::User(user)) => match self.email(user, member) {
                Some(known) if *known == email => Sure::Yes,
                None if self.users_of(&email).next().is_none() => Sure::Maybe,
                _ => Sure::No,
            },
            (Some(Who::Email(email)), PrincipalId::Group(group)) => {
                if self.users_of(&email).any(|user| self.holds(group, user) == Sure::Yes) {
                    Sure::Yes
                } else {
                    Sure::No
                }
            }
            _ => Sure::No,
        };
        entries.iter().map(one).max().unwrap_or(Sure::No)
    }

    /// The groups of a workspace's outcome that hold a user, and whether that is known of one at least.
    pub(super) fn remaining_groups<'b>(
        &self,
        user: &UserId,
        groups: impl Iterator<Item = &'b GroupId>,
    ) -> Option<(Vec<String>, bool)> {
        let held: Vec<(&GroupId, Sure)> = groups.map(|group| (group, self.holds(group, user))).collect();
        let certain = held.iter().any(|(_, sure)| *sure == Sure::Yes);
        let wanted = if certain { Sure::Yes } else { Sure::Maybe };
        let named: Vec<String> = held
            .into_iter()
            .filter(|(_, sure)| *sure == wanted)
            .map(|(group, _)| PrincipalId::Group(group.clone()).to_string())
            .collect();
        (!named.is_empty()).then_some((named, certain))
    }
}

pub(super) fn as_group(principal: &PrincipalId) -> Option<&GroupId> {
    match principal {
        PrincipalId::Group(group) => Some(group),
        PrincipalId::User(_) => None,
    }
}
