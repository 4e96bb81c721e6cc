//! Who is who at one connection: from the entries of a desired state or a guard to principals, and from groups to people.

use super::groups::{Groups, Tri};
use super::key::{Folding, Key};
use super::refusal::Problem;
use crate::desired::{Entry, People};
use crate::observe::Observed;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use workspace_members_core::{
    Capability, EmailAddress, GroupId, Mark, Member, PrincipalId, Status, User, UserId, Who,
};

/// Whom an entry means in a workspace.
#[derive(Debug)]
pub(super) enum Found {
    /// The member with this index.
    Member(usize),
    /// Somebody who is not among the members that were read.
    Outsider {
        /// As the provider spells it, where that was read.
        principal: PrincipalId,
        /// Whether the account is known to have them.
        verified: bool,
    },
}

/// Nobody, or nobody certain, that an entry means.
#[derive(Debug)]
pub(super) struct NotFound {
    pub(super) problem: Problem,
    pub(super) message: String,
    pub(super) advice: &'static str,
}

/// What is special about one principal: by the account's list of users, or as a member of whichever workspace was read.
#[derive(Debug, Default)]
struct Profile {
    licensed: bool,
    marks: Vec<Mark>,
}

/// Who has which address, among the account's users and the members that were read.
#[derive(Debug)]
struct Emails<'a> {
    /// The first who has it.
    first: HashMap<&'a EmailAddress, &'a UserId>,
    /// All who have it, where these are several.
    shared: HashMap<&'a EmailAddress, Vec<&'a UserId>>,
}

/// The members of one workspace by id and by address, each with its index.
pub(super) struct MemberIndex<'a> {
    /// Fewer than the members where somebody is there twice; then of the last.
    pub(super) ids: HashMap<Key<'a>, usize>,
    /// Empty if no entry is an address. Looking here first is quicker than among the whole account.
    emails: HashMap<&'a EmailAddress, usize>,
}

/// What a connection says about principals, indexed once.
#[derive(Debug)]
pub(crate) struct Directory<'a> {
    pub(crate) observed: &'a Observed,
    pub(super) folding: Folding,
    people: &'a People,
    users: HashMap<Key<'a>, &'a User>,
    /// Only those of whom there is something to say.
    profiles: HashMap<Key<'a>, Profile>,
    /// Only where many addresses are looked up: for a large account it takes as long as much of the rest.
    emails: Option<Emails<'a>>,
    groups: Groups<'a>,
}

impl<'a> Directory<'a> {
    pub(crate) fn new(observed: &'a Observed, people: &'a People) -> Self {
        let folding = Folding::of(observed.capabilities());
        let listed = observed.users().unwrap_or_default();
        let users = listed.iter().map(|user| (folding.user(&user.id), user)).collect();
        let mut profiles: HashMap<Key<'_>, Profile> = HashMap::new();
        let mut add = |key, license: &Option<String>, marks: &[Mark]| {
            if license.is_some() || !marks.is_empty() {
                let profile = profiles.entry(key).or_default();
                profile.licensed |= license.is_some();
                profile.marks.extend_from_slice(marks);
            }
        };
        for user in listed {
            add(folding.user(&user.id), &user.license, &user.marks);
        }
        for member in observed.members() {
            add(folding.principal(&member.key.principal), &member.license, &member.marks);
        }
        let (emails, groups) = (None, Groups::new(folding, observed));
        Self { observed, folding, people, users, profiles, emails, groups }
    }

    /// Makes it ready for looking up many addresses. Without, each is found too, but slowly.
    pub(crate) fn with_addresses(self) -> Self {
        let emails = Some(Emails::of(self.observed, self.folding));
        Self { emails, ..self }
    }

    /// How an entry is addressed at this connection.
    pub(super) fn who<'b>(&self, entry: &'b Entry) -> Option<Cow<'b, Who>> {
        entry.who(self.people, self.observed.connection(), self.observed.provider())
    }

    /// The one principal that an entry means in the workspace of these members.
    pub(super) fn find(&self, members: &MemberIndex<'_>, entry: &Entry) -> Result<Found, NotFound> {
        let connection = self.observed.connection();
        let Some(who) = self.who(entry) else {
            let message = format!("{entry} has no address at {connection}");
            return Err(unknown(message, "give them one in [people], with email or at"));
        };
        let id = match &*who {
            Who::Email(email) => match members.emails.get(email) {
                Some(&index)
                    if self.emails.as_ref().is_some_and(|emails| !emails.shared.contains_key(email)) =>
                {
                    return Ok(Found::Member(index));
                }
                _ => PrincipalId::User(self.find_email(email)?.clone()),
            },
            Who::Id(id) => id.clone(),
        };
        if let Some(&index) = members.ids.get(&self.folding.principal(&id)) {
            return Ok(Found::Member(index));
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
        Ok(Found::Outsider { principal: spelled.unwrap_or(id), verified: listed.is_some() })
    }

    fn find_email(&self, email: &EmailAddress) -> Result<&'a UserId, NotFound> {
        let connection = self.observed.connection();
        match self.users_of(email).as_slice() {
            [one] => Ok(one),
            users @ [_, ..] => {
                let mut all: Vec<String> = users.iter().map(|user| format!("user:{user}")).collect();
                all.sort_unstable();
                Err(NotFound {
                    problem: Problem::Ambiguous,
                    message: format!("{email} is the address of {} at {connection}", all.join(" and of ")),
                    advice: "name the one that is meant as user:ID",
                })
            }
            [] if !self.observed.capabilities().has(Capability::SeeAddresses) => {
                let message = format!("{connection} does not show addresses, so {email} cannot be found");
                Err(unknown(message, "name them by id, as user:ID"))
            }
            [] if self.observed.users().is_some() => {
                let message = format!("nobody at {connection} has the address {email}");
                Err(unknown(message, "check the address, or invite them there first"))
            }
            [] => {
                let message = format!(
                    "{email} is in none of the workspaces read, and this key may not list the users of {connection}"
                );
                Err(unknown(message, "write user:ID, or use a key that may list users"))
            }
        }
    }

    /// All users with this address, among the account's users and the members that were read.
    pub(crate) fn users_of(&self, email: &EmailAddress) -> Vec<&'a UserId> {
        match &self.emails {
            Some(emails) => emails.users_of(email),
            None => Emails::of(self.observed, self.folding).users_of(email),
        }
    }

    fn profile<'b>(&'b self, principal: &'b PrincipalId) -> Option<&'b Profile> {
        self.profiles.get(&self.folding.principal(principal))
    }

    /// The user as the account's list of users has them.
    fn user(&self, id: &UserId) -> Option<&'a User> {
        self.users.get(&self.folding.user(id)).copied()
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
        let active = |key: &&Key<'a>| self.users.get(*key).is_some_and(|user| user.status == Status::Active);
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
            Some(Who::Email(email)) => self.users_of(email).into_iter().any(holds_active),
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
                    None if self.users_of(email).is_empty() => Tri::Unknown,
                    None => Tri::No,
                },
                (Who::Email(email), PrincipalId::Group(group)) => {
                    yes(self.users_of(email).into_iter().any(|user| self.holds(group, user) == Tri::Yes))
                }
                // Another kind of principal may hold whom the entry names.
                _ => Tri::Unknown,
            }
        };
        entries.iter().map(one).max().unwrap_or(Tri::No)
    }
}

impl<'a> Emails<'a> {
    fn of(observed: &'a Observed, folding: Folding) -> Self {
        let users = observed.users().unwrap_or_default();
        let listed = users.iter().filter_map(|user| Some((&user.id, user.email.as_ref()?)));
        let read = observed.members();
        let read = read.filter_map(|member| Some((member.key.principal.as_user()?, member.email.as_ref()?)));
        let (mut first, mut shared) = (HashMap::with_capacity(users.len()), HashMap::<_, Vec<_>>::new());
        for (user, email) in listed.chain(read) {
            let known = *first.entry(email).or_insert(user);
            let differs = |other: &UserId| folding.user(other) != folding.user(user);
            if differs(known) {
                let all = shared.entry(email).or_insert_with(|| vec![known]);
                if all.iter().all(|other| differs(other)) {
                    all.push(user);
                }
            }
        }
        Self { first, shared }
    }

    fn users_of(&self, email: &EmailAddress) -> Vec<&'a UserId> {
        let one = || self.first.get(email).copied().into_iter().collect();
        self.shared.get(email).cloned().unwrap_or_else(one)
    }
}

impl<'a> MemberIndex<'a> {
    /// To be looked up by these entries.
    pub(super) fn new<'b>(
        all: &'a [Member],
        folding: Folding,
        mut entries: impl Iterator<Item = &'b Entry>,
    ) -> Self {
        let ids = all.iter().map(|member| folding.principal(&member.key.principal)).zip(0..).collect();
        let mut emails = HashMap::new();
        if entries.any(Entry::may_be_address) {
            let users = all.iter().zip(0..).filter(|(member, _)| member.key.principal.as_user().is_some());
            emails.extend(users.filter_map(|(member, index)| Some((member.email.as_ref()?, index))));
        }
        Self { ids, emails }
    }
}

fn yes(so: bool) -> Tri {
    if so { Tri::Yes } else { Tri::No }
}

fn unknown(message: String, advice: &'static str) -> NotFound {
    NotFound { problem: Problem::UnknownPerson, message, advice }
}
