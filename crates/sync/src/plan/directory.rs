//! Who is who at one connection: from the entries of a desired state or a guard to principals, and from groups to people.

use super::groups::Groups;
use super::key::{Folding, PrincipalKey, UserKey};
use super::members::MemberIndex;
use super::refusal::Problem;
use super::users::{Emails, Users};
use crate::desired::{Entry, People, WhoRef};
use crate::observe::Observed;
use std::collections::{BTreeSet, HashMap};
use workspace_members_core::{
    Capability, EmailAddress, GroupId, Mark, Member, PrincipalId, Status, User, UserId,
};

/// Whether something is so, as far as was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tri {
    No,
    Unknown,
    Yes,
}

/// A principal that an entry means.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// As the provider spells it, where that was read.
    pub(super) principal: PrincipalId,
    /// Where among the members, for a member.
    pub(super) place: Option<usize>,
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

/// What the members that were read say of somebody, in whichever workspace.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    seat_on_promotion: bool,
    licensed: bool,
    role_fixed: bool,
}

/// What a connection says about principals, indexed once.
#[derive(Debug)]
pub(crate) struct Directory<'a> {
    pub(crate) observed: &'a Observed,
    pub(super) folding: Folding,
    people: &'a People,
    users: Users<'a>,
    emails: Emails<'a>,
    groups: Groups<'a>,
    /// Of whom there is something to say.
    seen: HashMap<PrincipalKey<'a>, Seen>,
    /// Who own the whole account, as the list of users or any member read says.
    account_owners: BTreeSet<UserKey<'a>>,
}

impl<'a> Directory<'a> {
    pub(crate) fn new(observed: &'a Observed, people: &'a People) -> Self {
        let folding = Folding::of(observed.capabilities());
        let listed = observed.users().unwrap_or_default();
        let users = Users::new(folding, listed);
        let marked = listed.iter().filter(|user| user.is(Mark::AccountOwner));
        let mut account_owners: BTreeSet<UserKey<'_>> = marked.map(|user| folding.user(&user.id)).collect();
        let mut seen: HashMap<PrincipalKey<'_>, Seen> = HashMap::new();
        for member in observed.members() {
            if let Some(user) = member.key.principal.as_user()
                && member.is(Mark::AccountOwner)
            {
                account_owners.insert(folding.user(user));
            }
            if member.license.is_some() || !member.marks.is_empty() {
                let known = seen.entry(folding.principal(&member.key.principal)).or_default();
                known.seat_on_promotion |= member.is(Mark::SeatOnPromotion);
                known.licensed |= member.license.is_some();
                known.role_fixed |= member.is(Mark::RoleFixed);
            }
        }
        let emails = Emails::new(folding, &users, observed);
        let groups = Groups::new(folding, observed);
        Self { observed, folding, people, users, emails, groups, seen, account_owners }
    }

    /// How an entry is addressed at this connection.
    pub(super) fn who<'b>(&'b self, entry: &'b Entry) -> Option<WhoRef<'b>> {
        self.people.whom(entry, self.observed.connection(), self.observed.provider())
    }

    /// The one principal that an entry means in a workspace.
    pub(super) fn find(
        &self,
        members: &[Member],
        index: &MemberIndex<'_>,
        entry: &Entry,
    ) -> Result<Found, NotFound> {
        let connection = self.observed.connection();
        let Some(who) = self.who(entry) else {
            let message = format!("{entry} has no address at {connection}");
            return Err(unknown(message, "give them one in [people], with email or at"));
        };
        let id = match who {
            WhoRef::Email(email) => {
                // Mostly the members tell at once, if nobody else in the account has the address.
                let place = index.place_of_email(email).filter(|_| !self.emails.is_shared(email));
                match place.and_then(|place| members.get(place)) {
                    Some(member) => member.key.principal.clone(),
                    None => PrincipalId::User(self.find_email(email)?.clone()),
                }
            }
            WhoRef::Id(id) => id.clone(),
        };
        if let Some(place) = index.place(&id) {
            let principal = members.get(place).map_or(id, |member| member.key.principal.clone());
            // Whether the account has a member is no question.
            return Ok(Found { principal, place: Some(place), verified: true });
        }
        let listed = match (&id, who) {
            (_, WhoRef::Email(_)) => Some(true),
            (PrincipalId::User(user), _) => self.observed.users().map(|_| self.users.get(user).is_some()),
            (PrincipalId::Group(group), _) => self.observed.groups().map(|_| self.groups.is_listed(group)),
            _ => None,
        };
        if listed == Some(false) {
            let message = format!("{id} is not in the account of {connection}");
            return Err(unknown(message, "check the id, and that the key's user can see them"));
        }
        let spelled = id.as_user().and_then(|user| self.users.get(user)).map(|user| user.id.clone().into());
        Ok(Found { principal: spelled.unwrap_or(id), place: None, verified: listed.is_some() })
    }

    /// All users with this address, among the account's users and the members that were read.
    pub(crate) fn users_of(&self, email: &EmailAddress) -> impl Iterator<Item = &'a UserId> + '_ {
        self.emails.users_of(email)
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
            (None, _) if !self.observed.capabilities().has(Capability::SeeAddresses) => {
                let message = format!("{connection} does not show addresses, so {email} cannot be found");
                Err(unknown(message, "name them by id, as user:ID"))
            }
            (None, _) if self.observed.users().is_some() => {
                let message = format!("nobody at {connection} has the address {email}");
                Err(unknown(message, "check the address, or invite them there first"))
            }
            (None, _) => {
                let message = format!(
                    "{email} is in none of the workspaces read, and this key may not list the users of {connection}"
                );
                Err(unknown(message, "write user:ID, or use a key that may list users"))
            }
        }
    }

    /// The user, if this is one and the account's users were listed.
    fn listed(&self, principal: &PrincipalId) -> Option<&'a User> {
        principal.as_user().and_then(|user| self.users.get(user))
    }

    fn seen(&self, principal: &PrincipalId) -> Seen {
        self.seen.get(&self.folding.principal(principal)).copied().unwrap_or_default()
    }

    /// The address of a user, as the members or the list of users say it.
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

    /// Whether somebody may be using their access, by the members or else by the list of users.
    pub(crate) fn status(&self, principal: &PrincipalId, as_member: Status) -> Status {
        match as_member {
            Status::Unknown => self.listed(principal).map_or(as_member, |user| user.status),
            said => said,
        }
    }

    /// Whether a promotion may buy a seat for them: by the list of users or any member read.
    pub(super) fn has_seat_on_promotion(&self, principal: &PrincipalId) -> bool {
        self.seen(principal).seat_on_promotion
            || self.listed(principal).is_some_and(|user| user.is(Mark::SeatOnPromotion))
    }

    /// Whether the licence is known: by the list of users or any member read.
    pub(super) fn has_license(&self, principal: &PrincipalId) -> bool {
        self.seen(principal).licensed || self.listed(principal).is_some_and(|user| user.license.is_some())
    }

    /// Whether their role is set by something else, whatever is asked for.
    pub(super) fn has_fixed_role(&self, principal: &PrincipalId) -> bool {
        self.seen(principal).role_fixed || self.listed(principal).is_some_and(|user| user.is(Mark::RoleFixed))
    }

    /// Whether this is the owner of the whole account.
    pub(crate) fn owns_account(&self, principal: &PrincipalId) -> bool {
        principal.as_user().is_some_and(|user| self.account_owners.contains(self.folding.user(user).as_ref()))
    }

    /// The users of a group, where they are known.
    pub(crate) fn users_in(&self, group: &GroupId) -> Option<&BTreeSet<UserKey<'a>>> {
        self.groups.users_in(group)
    }

    /// The users of a group who are known to be active.
    pub(crate) fn active_in<'b>(&'b self, group: &GroupId) -> impl Iterator<Item = &'b UserKey<'a>> {
        let users = self.users_in(group).into_iter().flatten();
        users.filter(|user| self.users.get_by_key(user).is_some_and(|user| user.status == Status::Active))
    }

    /// Whether this group is what an entry names, or holds an active user whom it names.
    pub(super) fn stands_for(&self, group: &GroupId, entry: &Entry) -> bool {
        match self.who(entry) {
            Some(WhoRef::Id(PrincipalId::Group(named))) => named == group,
            Some(WhoRef::Id(PrincipalId::User(named))) => self.holds_active(group, named),
            Some(WhoRef::Email(email)) => self.users_of(email).any(|named| self.holds_active(group, named)),
            // Of another kind of principal it is not known whether the group holds it.
            Some(WhoRef::Id(_)) | None => false,
        }
    }

    fn holds_active(&self, group: &GroupId, user: &UserId) -> bool {
        self.groups.holds(group, user) == Tri::Yes
            && self.users.get(user).is_some_and(|user| user.status == Status::Active)
    }

    /// Whether a principal is the acting identity, or a group that holds it. Unknown, where nobody says who acts.
    pub(crate) fn acts(&self, principal: &PrincipalId) -> Tri {
        let Some(me) = self.observed.me() else { return Tri::Unknown };
        match principal {
            PrincipalId::User(user) if self.folding.user(user) == self.folding.user(&me.user) => Tri::Yes,
            PrincipalId::User(_) => Tri::No,
            PrincipalId::Group(group) => self.groups.holds(group, &me.user),
            // Another kind of principal may hold the acting identity.
            _ => Tri::Unknown,
        }
    }

    /// Whether one of these entries means this principal, or somebody known to be in this group.
    ///
    /// Unknown, for a user whose address is not known while an entry's address belongs to nobody else.
    pub(crate) fn means(&self, entries: &[Entry], principal: &PrincipalId, member: Option<&Member>) -> Tri {
        let yes = |so: bool| if so { Tri::Yes } else { Tri::No };
        let one = |entry: &Entry| match (self.who(entry), principal) {
            (Some(WhoRef::Id(id)), _) if self.folding.principal(id) == self.folding.principal(principal) => {
                Tri::Yes
            }
            (Some(WhoRef::Id(PrincipalId::User(user))), PrincipalId::Group(group)) => {
                yes(self.groups.holds(group, user) == Tri::Yes)
            }
            (Some(WhoRef::Email(email)), PrincipalId::User(user)) => match self.email(user, member) {
                Some(known) if known == email => Tri::Yes,
                None if self.users_of(email).next().is_none() => Tri::Unknown,
                _ => Tri::No,
            },
            (Some(WhoRef::Email(email)), PrincipalId::Group(group)) => {
                yes(self.users_of(email).any(|user| self.groups.holds(group, user) == Tri::Yes))
            }
            (None, _) | (_, PrincipalId::User(_) | PrincipalId::Group(_)) => Tri::No,
            // Another kind of principal may hold whom the entry names.
            _ => Tri::Unknown,
        };
        entries.iter().map(one).max().unwrap_or(Tri::No)
    }

    /// The groups that are known to hold a user, in order.
    pub(super) fn groups_of<'b>(&'b self, user: &UserId) -> impl Iterator<Item = &'a GroupId> + use<'a, 'b> {
        self.groups.of_user(user)
    }
}

fn unknown(message: String, advice: &'static str) -> NotFound {
    NotFound { problem: Problem::UnknownPerson, message, advice }
}
