//! The steps that would make one workspace as it is desired to be.

use super::directory::{Directory, Sure, as_group};
use super::grant::Giver;
use super::names;
use super::refusal::{Problem, Refusal};
use super::roster_index::RosterIndex;
use super::step::{Action, Consequence, Kept, KeptReason, Step, Strategy};
use crate::desired::{DesiredMember, DesiredMembership, DesiredWorkspace, Entry, Mode, WhoRef};
use crate::guards::Limits;
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use workspace_members_core::{
    AddMember, Behaviour, Capabilities, Capability, Error, GroupId, IfPresent, Mark, Member, PrincipalId,
    RemoveMember, Role, RoleTable, Roster,
};

/// What became of one workspace's desired state.
pub(super) struct Draft<'a> {
    pub(super) steps: Vec<Step>,
    /// Whom each step changes, if they are a member.
    pub(super) members: Vec<Option<&'a Member>>,
    pub(super) kept: Vec<Kept>,
    pub(super) problems: Vec<Refusal>,
}

/// Somebody named who is not a member, and by which desired state.
struct Stranger<'a> {
    principal: PrincipalId,
    verified: bool,
    desired_member: &'a DesiredMember,
}

/// Whom a desired state names.
struct Named<'a> {
    /// By position in the roster.
    members: Vec<Option<&'a DesiredMember>>,
    /// Ordered by principal.
    strangers: Vec<Stranger<'a>>,
}

/// Drafts one workspace.
pub(super) struct Drafter<'a, 'd> {
    desired: &'a DesiredWorkspace,
    roster: &'d Roster,
    directory: &'a Directory<'d>,
    limits: &'a Limits,
    /// Whether the roster has a user whose address is not known.
    anonymous: OnceCell<bool>,
    /// Each with whom it changes, if they are a member.
    steps: Vec<(Step, Option<&'d Member>)>,
    kept: Vec<Kept>,
    problems: Vec<Refusal>,
}

/// A change of role, weighed.
enum Weighed {
    Same,
    Step(Box<Step>),
    /// A desired state for a whole workspace gives way.
    Kept(KeptReason),
    Refused,
}

impl<'a, 'd> Drafter<'a, 'd> {
    pub(super) fn new(
        desired: &'a DesiredWorkspace,
        roster: &'d Roster,
        directory: &'a Directory<'d>,
        limits: &'a Limits,
    ) -> Self {
        let (steps, kept, problems) = (Vec::new(), Vec::new(), names::check(desired, directory.observed));
        Self { desired, roster, directory, limits, anonymous: OnceCell::new(), steps, kept, problems }
    }

    fn capabilities(&self) -> &'a Capabilities {
        self.directory.observed.capabilities()
    }

    pub(super) fn draft(mut self) -> Draft<'d> {
        let Named { members, strangers } = self.named();
        let roster = self.roster;
        // All in the order of principals, whether they are members or not.
        let mut strangers = strangers.into_iter().peekable();
        for (member, desired_member) in roster.iter().zip(&members) {
            let Some(desired_member) = desired_member else { continue };
            let principal = &member.key.principal;
            while let Some(stranger) = strangers.next_if(|stranger| stranger.principal < *principal) {
                self.stranger(stranger);
            }
            self.member(member, desired_member);
        }
        strangers.for_each(|stranger| self.stranger(stranger));
        if self.desired.mode.removes() {
            let unnamed = roster.iter().zip(&members).filter(|(_, desired_member)| desired_member.is_none());
            unnamed.for_each(|(member, _)| self.unnamed(member));
        }
        let roles = self.capabilities().roles();
        // By principal within one place, which is found once for each step: the second sort is stable too.
        self.steps.sort_by(|(a, _), (b, _)| a.principal.cmp(&b.principal));
        self.steps.sort_by_cached_key(|(step, _)| order(step, roles));
        self.note_mails();
        self.note_groups();
        let (steps, members) = self.steps.into_iter().unzip();
        Draft { steps, members, kept: self.kept, problems: self.problems }
    }

    fn problem(&mut self, problem: Problem, who: &str, message: String, advice: &str) {
        let person = (!who.is_empty()).then(|| who.to_owned());
        self.problems.push(Refusal::problem(problem, &self.desired.target, person, message, advice));
    }

    /// Finds whom the desired state names. Two entries for one principal must desired state the same.
    fn named(&mut self) -> Named<'a> {
        let (directory, index) = (self.directory, RosterIndex::new(self.roster, self.capabilities()));
        let mut members: Vec<Option<&DesiredMember>> = vec![None; self.roster.len()];
        let mut strangers: BTreeMap<PrincipalId, Stranger<'_>> = BTreeMap::new();
        for desired_member in self.desired.members.iter() {
            let found = match directory.find(&index, &desired_member.who) {
                Ok(found) => found,
                Err(error)
                    if desired_member.membership == DesiredMembership::Absent
                        && self.surely_out(&desired_member.who, error.problem) =>
                {
                    continue;
                }
                Err(error) => {
                    self.problem(error.problem, &desired_member.who.to_string(), error.message, error.advice);
                    continue;
                }
            };
            let principal = found.principal;
            let first = if let Some(position) = found.position {
                *members[position].get_or_insert(desired_member)
            } else {
                let folded = self.capabilities().folded(&principal).into_owned();
                let stranger =
                    Stranger { principal: principal.clone(), verified: found.verified, desired_member };
                strangers.entry(folded).or_insert(stranger).desired_member
            };
            if first.membership != desired_member.membership {
                let message = format!("{} and {} are both {principal}", first.who, desired_member.who);
                self.problem(Problem::Conflict, &desired_member.who.to_string(), message, "name them once");
            }
        }
        let mut strangers: Vec<Stranger<'_>> = strangers.into_values().collect();
        strangers.sort_unstable_by(|a, b| a.principal.cmp(&b.principal));
        Named { members, strangers }
    }

    /// Whether nobody in the complete roster can be meant by an entry that could not be found: then they are not a
    /// member. Where the account's users are listed, an address that nobody has is a slip.
    fn surely_out(&self, entry: &Entry, problem: Problem) -> bool {
        let anonymous = || {
            let mut users = self.roster.iter().filter(|member| member.key.principal.as_user().is_some());
            users.any(|member| member.email.is_none())
        };
        problem == Problem::UnknownPerson
            && self.directory.observed.users().is_none()
            && match self.directory.who(entry) {
                // An id that is not in the roster is nobody's there.
                Some(WhoRef::Id(_)) => true,
                // Nor is an address that no member is known to have, unless somebody's is not known.
                Some(WhoRef::Email(_)) => !*self.anonymous.get_or_init(anonymous),
                None => false,
            }
    }

    fn stranger(&mut self, stranger: Stranger<'a>) {
        match &stranger.desired_member.membership {
            DesiredMembership::Role(_) if self.desired.mode == Mode::RemoveOnly => {}
            DesiredMembership::Role(role) | DesiredMembership::Add { role, .. } => self.add(stranger, role),
            DesiredMembership::SetRole(_) => {
                let label = self.directory.label(&stranger.principal, None);
                let message = format!("{label} is not a member of {}", self.desired.target);
                self.problem(Problem::NotAMember, &label, message, "add them instead");
            }
            DesiredMembership::Absent => {}
        }
    }

    fn member(&mut self, member: &'d Member, desired_member: &DesiredMember) {
        match &desired_member.membership {
            DesiredMembership::Add { if_present: IfPresent::Fail, .. } => {
                let label = member.label();
                let message = format!(
                    "{label} is a member of {} already, as {}",
                    self.desired.target, member.native_role
                );
                self.problem(
                    Problem::AlreadyMember,
                    &label,
                    message,
                    "change the role instead, or allow for members",
                );
            }
            DesiredMembership::Add { if_present: IfPresent::Keep, .. } => {}
            DesiredMembership::Role(role)
            | DesiredMembership::Add { role, .. }
            | DesiredMembership::SetRole(role) => match self.weigh(member, role, desired_member) {
                Weighed::Same | Weighed::Refused => {}
                Weighed::Kept(reason) => self.keep(member, Some(role), reason),
                Weighed::Step(step) => self.steps.push((*step, Some(member))),
            },
            DesiredMembership::Absent if member.is(Mark::Immovable) => self.immovable(member, "removed"),
            DesiredMembership::Absent => self.remove(member, "their removal is asked for".to_owned()),
        }
    }

    /// Somebody in the workspace whom nobody named, in a mode that removes.
    fn unnamed(&mut self, member: &'d Member) {
        let principal = &member.key.principal;
        if member.is(Mark::Immovable) {
            self.keep(member, None, KeptReason::Immovable);
        } else if self.directory.observed.me().is_some() && self.directory.acts(principal) != Sure::No {
            self.keep(member, None, KeptReason::ActingIdentity);
        } else if self.directory.means(&self.limits.protect, principal, Some(member)) != Sure::No {
            self.keep(member, None, KeptReason::Protected);
        } else if self.directory.owns_account(principal) {
            self.keep(member, None, KeptReason::AccountOwner);
        } else {
            self.remove(member, format!("nobody named them, and the desired state is {}", self.desired.mode));
        }
    }

    fn keep(&mut self, member: &Member, desired_member: Option<&Role>, reason: KeptReason) {
        self.kept.push(Kept {
            target: self.desired.target.clone(),
            principal: member.key.principal.clone(),
            label: self.directory.label(&member.key.principal, Some(member)),
            role: member.native_role.clone(),
            desired_member: desired_member.cloned(),
            reason,
        });
    }

    fn is_placeholder(&self, member: &Member) -> bool {
        self.capabilities().roles().is_placeholder(&member.native_role)
    }

    fn immovable(&mut self, member: &Member, done: &str) {
        let label = member.label();
        let message = format!("{label} owns the workspace at the provider and cannot be {done}");
        self.problem(
            Problem::Immovable,
            &label,
            message,
            "leave them as they are, or name another owner at the provider",
        );
    }

    fn refused(&mut self, error: &Error, who: &str) {
        let problem = match error.kind() {
            workspace_members_core::ErrorKind::InvalidRole => Problem::Role,
            _ => Problem::Unsupported,
        };
        self.problem(problem, who, error.message().to_owned(), error.advice());
    }

    fn step(&self, principal: &PrincipalId, member: Option<&Member>, action: Action, reason: String) -> Step {
        Step {
            number: 0,
            target: self.desired.target.clone(),
            principal: principal.clone(),
            label: self.directory.label(principal, member),
            action,
            strategy: Strategy::Atomic,
            from: member.map(|member| member.native_role.clone()),
            role: None,
            to: None,
            fit: None,
            reason,
            consequences: Vec::new(),
            requests: 0,
        }
    }

    fn add(&mut self, stranger: Stranger<'a>, role: &Role) {
        let principal = stranger.principal;
        let reason = format!("{} and is not a member", desired_states(stranger.desired_member, role));
        let mut step = self.step(&principal, None, Action::Add, reason);
        let capabilities = self.capabilities();
        let request = AddMember::new(self.desired.target.workspace.clone(), principal, role.clone())
            .with_notify(self.desired.notify);
        let resolved = match capabilities.roles().resolve(role) {
            Ok(resolved) if resolved.custom && !capabilities.has(Capability::AddCustomRole) => {
                step.strategy = Strategy::AddThenSetRole;
                self.giver().check_in_two(&request, resolved)
            }
            _ => capabilities.check_add(&request),
        };
        let resolved = match resolved {
            Ok(resolved) => resolved,
            Err(error) => return self.refused(&error, &step.label),
        };
        self.giver().give(&mut step, role, resolved, None);
        if !stranger.verified {
            step.consequences.push(Consequence::Unverified);
        }
        self.steps.push((step, None));
    }

    fn giver(&self) -> Giver<'a, 'd> {
        Giver { directory: self.directory }
    }

    /// What it takes to give a member a role.
    fn weigh(&mut self, member: &Member, role: &Role, desired_member: &DesiredMember) -> Weighed {
        let capabilities = self.capabilities();
        let roles = capabilities.roles();
        if member.role == *role {
            return Weighed::Same;
        }
        let label = self.directory.label(&member.key.principal, Some(member));
        // What is desired of one person is done or refused; a desired state for a whole workspace goes as far as its mode.
        let gives_way = matches!(desired_member.membership, DesiredMembership::Role(_));
        let resolved = match roles.resolve(role) {
            Ok(resolved) if resolved.native == member.native_role => return Weighed::Same,
            // Whether the role could be given does not matter where none is.
            _ if gives_way && self.desired.mode == Mode::RemoveOnly => {
                return Weighed::Kept(KeptReason::Mode);
            }
            Ok(resolved) => resolved,
            Err(error) => {
                self.refused(&error.into(), &label);
                return Weighed::Refused;
            }
        };
        // The placeholder may stand for the very role that is desired.
        if gives_way && self.is_placeholder(member) {
            return Weighed::Kept(KeptReason::PlaceholderRole);
        }
        let action = match roles.compare(&resolved.native, &member.native_role) {
            Some(Ordering::Greater) => Action::Promote,
            Some(Ordering::Less) => Action::Demote,
            _ => Action::Change,
        };
        if gives_way && self.desired.mode == Mode::Additive && action != Action::Promote {
            return Weighed::Kept(KeptReason::Mode);
        }
        if member.is(Mark::Immovable) {
            self.immovable(member, "given another role");
            return Weighed::Refused;
        }
        let reason = format!("{} and is {}", desired_states(desired_member, role), member.role);
        let mut step = self.step(&member.key.principal, Some(member), action, reason);
        match self.giver().strategy(member, role, &resolved) {
            Ok(strategy) => step.strategy = strategy,
            Err(error) => {
                self.refused(&error, &label);
                return Weighed::Refused;
            }
        }
        self.giver().give(&mut step, role, resolved, Some(member));
        if step.strategy == Strategy::RemoveThenAdd {
            step.consequences.push(Consequence::AccessGap);
        }
        Weighed::Step(Box::new(step))
    }

    fn remove(&mut self, member: &'d Member, reason: String) {
        let principal = &member.key.principal;
        let mut step = self.step(principal, Some(member), Action::Remove, reason);
        let capabilities = self.capabilities();
        if let Err(error) = capabilities.check_remove(&RemoveMember::new(member.key.clone())) {
            return self.refused(&error, &step.label);
        }
        if principal.as_user().is_some() && capabilities.behaves(Behaviour::OrphansDocuments) {
            step.consequences.push(Consequence::DocumentsOrphaned);
        }
        if capabilities.behaves(Behaviour::KeyDiesWithMembership)
            && self.directory.acts(principal) == Sure::Yes
        {
            step.consequences.push(Consequence::KeyDeactivated);
        }
        self.steps.push((step, Some(member)));
    }

    /// Notes on every addition how many mails it sends at most. Whoever is made owner may be mailed about that, and about
    /// those who follow.
    fn note_mails(&mut self) {
        let notify = self.desired.notify;
        let roles = self.capabilities().roles();
        let mut owners = u32::try_from(self.roster.owners().count()).unwrap_or(u32::MAX);
        for (step, _) in self.steps.iter_mut().filter(|(step, _)| step.action == Action::Add) {
            if step.to.as_ref().is_some_and(|native| roles.normalize(native) == Role::Owner) {
                owners = owners.saturating_add(1);
            }
            let to_owners = if notify.admins { owners } else { 0 };
            let count = u32::from(notify.member).saturating_add(to_owners);
            if count > 0 {
                step.consequences.push(Consequence::Mails { count });
            }
        }
    }

    /// Notes on every step that lowers a user which groups of the outcome keep them in.
    fn note_groups(&mut self) {
        let mut groups: BTreeSet<GroupId> =
            self.roster.iter().filter_map(|member| as_group(&member.key.principal)).cloned().collect();
        for (step, _) in &self.steps {
            match (as_group(&step.principal), step.action) {
                (Some(group), Action::Add) => {
                    groups.insert(group.clone());
                }
                (Some(group), Action::Remove) => {
                    groups.remove(group);
                }
                _ => {}
            }
        }
        let named = |group: &GroupId| PrincipalId::Group(group.clone()).to_string();
        // They may hold anybody.
        let unknown = groups.iter().filter(|group| self.directory.users_in(group).is_none());
        let unknown: Vec<String> = unknown.map(named).collect();
        let grants = self.capabilities().behaves(Behaviour::GroupsGrantAccess);
        for (step, _) in &mut self.steps {
            if let (true, true, Some(user)) = (grants, step.lowers(), step.principal.as_user()) {
                let held = self.directory.groups_of(user).filter(|group| groups.contains(group));
                let held: Vec<String> = held.map(named).collect();
                let certain = !held.is_empty();
                let groups = if certain { held } else { unknown.clone() };
                if !groups.is_empty() {
                    step.consequences.push(Consequence::AccessRemainsThroughGroup { groups, certain });
                }
            }
            step.consequences.sort();
        }
    }
}

/// `desired_member as editor through team "legal"`.
fn desired_states(desired_member: &DesiredMember, role: &Role) -> String {
    let team = desired_member.team.as_ref().map(|team| format!(" through team {team:?}")).unwrap_or_default();
    format!("desired as {role}{team}")
}

/// What is given comes before what is taken, and what is done in one request before what leaves a gap. Among those who
/// gain, owners come first; among those who lose, last, and with them whoever has a role that the provider does not name.
fn order(step: &Step, roles: &RoleTable) -> (Action, bool, usize) {
    let rank = |role: &Role| Role::BUILT_IN.iter().position(|known| known == role);
    let lowest = Role::BUILT_IN.len();
    let place = match (step.action, &step.from) {
        (Action::Add | Action::Promote, _) | (_, None) => step.role.as_ref().and_then(rank).unwrap_or(lowest),
        (_, Some(native)) if roles.is_placeholder(native) => lowest,
        (_, Some(native)) => lowest - rank(&roles.normalize(native)).unwrap_or(lowest),
    };
    (step.action, step.strategy == Strategy::RemoveThenAdd, place)
}
