//! Who is who at one connection: from the entries of a desired state or a guard to principals, and from groups to people.

use super::groups::{Groups, Tri};
use super::key::{Folding, Key};
use super::refusal::Problem;
use crate::desired::{Entry, People};
use crate::observe::Observed;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;
use workspace_members_core::{
    Capability, EmailAddress, GroupId, Mark, Member, PrincipalId, Status, User, UserId, Who,
};

/// A principal that an entry means.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// As the provider spells it, where that was read.
    pub(super) principal: PrincipalId,
    /// The index among the members, for a member.
    pub(super) index: Option<usize>,
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

/// What is known of one principal: by the account's list of users, and as a member of whichever workspace was read.
#[derive(Debug, Default)]
struct Profile<'a> {
    user: Option<&'a User>,
    licensed: bool,
    marks: Vec<Mark>,
}

impl Profile<'_> {
    fn add(&mut self, license: Option<&String>, marks: &[Mark]) {
        self.licensed |= license.is_some();
        for mark in marks {
            if !self.marks.contains(mark) {
                self.marks.push(*mark);
            }
        }
    }
}

/// Who has which address, among the account's users and the members that were read: one, and all others.
type Emails = HashMap<EmailAddress, (UserId, Vec<UserId>)>;

/// What a connection says about principals, indexed once.
#[derive(Debug)]
pub(crate) struct Directory<'a> {
    pub(crate) observed: &'a Observed,
    pub(super) folding: Folding,
    people: &'a People,
    /// All users that were listed, and members of whom there is something to say.
    profiles: HashMap<Key<'a>, Profile<'a>>,
    /// Made for the first address that is looked up: a large account is mostly named by id, and then nobody asks.
    emails: OnceLock<Emails>,
    groups: Groups<'a>,
}

impl<'a> Directory<'a> {
    pub(crate) fn new(observed: &'a Observed, people: &'a People) -> Self {
        let folding = Folding::of(observed.capabilities());
        let mut profiles: HashMap<Key<'_>, Profile<'_>> = HashMap::new();
        for user in observed.users().unwrap_or_default() {
            let profile = profiles.entry(folding.user(&user.id)).or_default();
            profile.user = Some(user);
            profile.add(user.license.as_ref(), &user.marks);
        }
        for member in observed.members() {
            if member.license.is_some() || !member.marks.is_empty() {
                let key = folding.principal(&member.key.principal);
                profiles.entry(key).or_default().add(member.license.as_ref(), &member.marks);
            }
        }
        let (emails, groups) = (OnceLock::new(), Groups::new(folding, observed));
        Self { observed, folding, people, profiles, emails, groups }
    }

    fn emails(&self) -> &Emails {
        self.emails.get_or_init(|| {
            let mut emails = Emails::new();
            for user in self.observed.users().unwrap_or_default() {
                if let Some(email) = &user.email {
                    add_email(&mut emails, self.folding, email, &user.id);
                }
            }
            for member in self.observed.members() {
                if let (Some(id), Some(email)) = (member.key.principal.as_user(), &member.email)
                    // Mostly the list of users has said it.
                    && self.user(id).and_then(|user| user.email.as_ref()) != Some(email)
                {
                    add_email(&mut emails, self.folding, email, id);
                }
            }
            emails
        })
    }

    /// How an entry is addressed at this connection.
    pub(super) fn who<'b>(&self, entry: &'b Entry) -> Option<Cow<'b, Who>> {
        entry.who(self.people, self.observed.connection(), self.observed.provider())
    }

    /// The one principal that an entry means in a workspace whose members have these indexes.
    pub(super) fn find(
        &self,
        members: &[Member],
        indexes: &HashMap<Key<'_>, usize>,
        entry: &Entry,
    ) -> Result<Found, NotFound> {
        let connection = self.observed.connection();
        let Some(who) = self.who(entry) else {
            let message = format!("{entry} has no address at {connection}");
            return Err(unknown(message, "give them one in [people], with email or at"));
        };
        let id = match &*who {
            Who::Email(email) => PrincipalId::User(self.find_email(email)?.clone()),
            Who::Id(id) => id.clone(),
        };
        if let Some(&index) = indexes.get(&self.folding.principal(&id)) {
            // That the account has a member is certain.
            let principal = members[index].key.principal.clone();
            return Ok(Found { principal, index: Some(index), verified: true });
        }
        let listed = match (&*who, &id) {
            (Who::Email(_), _) => Some(true),
            (_, PrincipalId::User(user)) => self.observed.users().map(|_| self.user(user).is_some()),
            (_, PrincipalId::Group(group)) => self.observed.groups().map(|_| self.groups.is_listed(group)),
            _ => None,
        };
        if listed == Some(false) {
            let message = format!("{id} is not in the account of {connection}");
            return Err(unknown(message, "check the id, and that the key's user can see them"));
        }
        let spelled = id.as_user().and_then(|user| self.user(user)).map(|user| user.id.clone().into());
        Ok(Found { principal: spelled.unwrap_or(id), index: None, verified: listed.is_some() })
    }

    fn find_email(&self, email: &EmailAddress) -> Result<&UserId, NotFound> {
        let connection = self.observed.connection();
        match self.emails().get(email) {
            Some((user, others)) if others.is_empty() => Ok(user),
            Some(_) => {
                let mut all: Vec<String> = self.users_of(email).map(|user| format!("user:{user}")).collect();
                all.sort_unstable();
                Err(NotFound {
                    problem: Problem::Ambiguous,
                    message: format!("{email} is the address of {} at {connection}", all.join(" and of ")),
                    advice: "name the one that is meant as user:ID",
                })
            }
            None if !self.observed.capabilities().has(Capability::SeeAddresses) => {
                let message = format!("{connection} does not show addresses, so {email} cannot be found");
                Err(unknown(message, "name them by id, as user:ID"))
            }
            None if self.observed.users().is_some() => {
                let message = format!("nobody at {connection} has the address {email}");
                Err(unknown(message, "check the address, or invite them there first"))
            }
            None => {
                let message = format!(
                    "{email} is in none of the workspaces read, and this key may not list the users of {connection}"
                );
                Err(unknown(message, "write user:ID, or use a key that may list users"))
            }
        }
    }

    /// All users with this address, among the account's users and the members that were read.
    pub(crate) fn users_of(&self, email: &EmailAddress) -> impl Iterator<Item = &UserId> {
        let found = self.emails().get(email).into_iter();
        found.flat_map(|(first, others)| std::iter::once(first).chain(others))
    }

    fn profile<'b>(&'b self, principal: &'b PrincipalId) -> Option<&'b Profile<'a>> {
        self.profiles.get(&self.folding.principal(principal))
    }

    /// The user as the account's list of users has them.
    fn user(&self, id: &UserId) -> Option<&'a User> {
        self.profiles.get(&self.folding.user(id))?.user
    }

    /// The address of a user, as the members or the list of users say it.
    fn email<'b>(&'b self, user: &UserId, member: Option<&'b Member>) -> Option<&'b EmailAddress> {
        let listed = || self.user(user).and_then(|user| user.email.as_ref());
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
            Status::Unknown => {
                principal.as_user().and_then(|user| self.user(user)).map_or(as_member, |user| user.status)
            }
            known => known,
        }
    }

    /// Whether they have this mark: in the list of users, or in any workspace.
    pub(super) fn is(&self, principal: &PrincipalId, mark: Mark) -> bool {
        self.profile(principal).is_some_and(|profile| profile.marks.contains(&mark))
    }

    /// Whether their licence is known: by the list of users, or in any workspace.
    pub(super) fn is_licensed(&self, principal: &PrincipalId) -> bool {
        self.profile(principal).is_some_and(|profile| profile.licensed)
    }

    /// The users of a group, where they are known.
    pub(super) fn users_in(&self, group: &GroupId) -> Option<&HashSet<Key<'a>>> {
        self.groups.users_in(group)
    }

    /// The users of a group who are known to be active.
    pub(super) fn active_in(&self, group: &GroupId) -> impl Iterator<Item = &Key<'a>> {
        let active = |key: &&Key<'a>| {
            let user = self.profiles.get(*key).and_then(|profile| profile.user);
            user.is_some_and(|user| user.status == Status::Active)
        };
        self.users_in(group).into_iter().flatten().filter(active)
    }

    /// Whether a group holds a user.
    pub(super) fn holds(&self, group: &GroupId, user: &UserId) -> Tri {
        self.groups.holds(group, user)
    }

    /// Whether this group is what an entry names, or holds an active user whom it names.
    pub(super) fn stands_for(&self, group: &GroupId, entry: &Entry) -> bool {
        let holds_active = |user: &UserId| {
            self.holds(group, user) == Tri::Yes
                && self.user(user).is_some_and(|user| user.status == Status::Active)
        };
        match self.who(entry).as_deref() {
            Some(Who::Id(PrincipalId::Group(named))) => named == group,
            Some(Who::Id(PrincipalId::User(named))) => holds_active(named),
            Some(Who::Email(email)) => self.users_of(email).any(holds_active),
            // Of another kind of principal it is not known whether the group holds it.
            Some(Who::Id(_)) | None => false,
        }
    }

    /// Whether a principal is the acting identity, or a group that holds it. Unknown, where it is not known who acts.
    pub(crate) fn acts(&self, principal: &PrincipalId) -> Tri {
        let Some(me) = self.observed.me() else { return Tri::Unknown };
        match principal {
            PrincipalId::User(user) => yes(self.folding.user(user) == self.folding.user(&me.user)),
            PrincipalId::Group(group) => self.holds(group, &me.user),
            // Another kind of principal may hold the acting identity.
            _ => Tri::Unknown,
        }
    }

    /// Whether one of these entries means this principal, or somebody known to be in this group.
    ///
    /// Unknown, for a user whose address is not known while an entry's address belongs to nobody else.
    pub(crate) fn means(&self, entries: &[Entry], principal: &PrincipalId, member: Option<&Member>) -> Tri {
        let one = |entry: &Entry| {
            let Some(who) = self.who(entry) else { return Tri::No };
            match (&*who, principal) {
                (Who::Id(PrincipalId::User(user)), PrincipalId::Group(group)) => {
                    yes(self.holds(group, user) == Tri::Yes)
                }
                (Who::Id(id), _) if self.folding.principal(id) == self.folding.principal(principal) => {
                    Tri::Yes
                }
                (Who::Id(_), PrincipalId::User(_) | PrincipalId::Group(_)) => Tri::No,
                (Who::Email(email), PrincipalId::User(user)) => match self.email(user, member) {
                    Some(known) => yes(known == email),
                    None if self.users_of(email).next().is_none() => Tri::Unknown,
                    None => Tri::No,
                },
                (Who::Email(email), PrincipalId::Group(group)) => {
                    yes(self.users_of(email).any(|user| self.holds(group, user) == Tri::Yes))
                }
                // Another kind of principal may hold whom the entry names.
                _ => Tri::Unknown,
            }
        };
        entries.iter().map(one).max().unwrap_or(Tri::No)
    }
}

fn add_email(emails: &mut Emails, folding: Folding, email: &EmailAddress, user: &UserId) {
    let (first, others) = emails.entry(email.clone()).or_insert_with(|| (user.clone(), Vec::new()));
    let mut known = std::iter::once(&*first).chain(&*others);
    if known.all(|known| folding.user(known) != folding.user(user)) {
        others.push(user.clone());
    }
}

fn yes(so: bool) -> Tri {
    if so { Tri::Yes } else { Tri::No }
}

fn unknown(message: String, advice: &'static str) -> NotFound {
    NotFound { problem: Problem::UnknownPerson, message, advice }
}
