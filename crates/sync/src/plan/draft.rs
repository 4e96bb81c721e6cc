//! The steps that would make one workspace as it is wished to be.

use super::directory::{Directory, Map, Places, Sure, as_group};
use super::grant::Giver;
use super::names;
use super::principal::PrincipalRef;
use super::refusal::{Problem, Refusal};
use super::step::{Action, Consequence, Kept, KeptReason, Step, Strategy};
use crate::desired::{DesiredWorkspace, Entry, Mode, Want, WhoRef, Wished};
use crate::guards::Limits;
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use workspace_members_core::{
    AddMember, Behaviour, Capabilities, Capability, Error, GroupId, IfPresent, Mark, Member, PrincipalId,
    RemoveMember, Role, Roster,
};

/// What became of one workspace's wish.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) steps: Vec<Step>,
    pub(super) kept: Vec<Kept>,
    pub(super) problems: Vec<Refusal>,
}

/// Somebody named who is not a member, and by which wish.
#[derive(Clone, Copy)]
struct Stranger<'a> {
    principal: PrincipalRef<'a>,
    verified: bool,
    wished: &'a Wished,
}

/// Whom a wish names.
struct Named<'a> {
    /// By place in the roster.
    members: Vec<Option<&'a Wished>>,
    /// Ordered by principal.
    strangers: Vec<Stranger<'a>>,
}

/// Drafts one workspace.
pub(super) struct Drafter<'a> {
    desired: &'a DesiredWorkspace,
    roster: &'a Roster,
    directory: &'a Directory<'a>,
    limits: &'a Limits,
    /// How many mails an addition causes.
    mails: u32,
    /// Whether the roster has a user whose address is not known.
    anonymous: OnceCell<bool>,
    draft: Draft,
}

/// A change of role, weighed.
enum Weighed {
    Same,
    Step(Box<Step>),
    Refused,
}

impl<'a> Drafter<'a> {
    pub(super) fn new(
        desired: &'a DesiredWorkspace,
        roster: &'a Roster,
        directory: &'a Directory<'a>,
        limits: &'a Limits,
    ) -> Self {
        let owners = if desired.notify.admins { roster.owners().count() } else { 0 };
        let mails =
            u32::from(desired.notify.member).saturating_add(u32::try_from(owners).unwrap_or(u32::MAX));
        let (anonymous, draft) = (OnceCell::new(), Draft::default());
        Self { desired, roster, directory, limits, mails, anonymous, draft }
    }

    fn capabilities(&self) -> &'a Capabilities {
        self.directory.observed.capabilities()
    }

    pub(super) fn draft(mut self) -> Draft {
        self.draft.problems = names::check(self.desired, self.directory.observed);
        let Named { members, strangers } = self.named();
        let roster = self.roster;
        // All in the order of principals, whether they are members or not.
        let mut strangers = strangers.into_iter().peekable();
        for (member, wished) in roster.iter().zip(&members) {
            let Some(wished) = wished else { continue };
            let principal = PrincipalRef::from(&member.key.principal);
            while let Some(stranger) = strangers.next_if(|stranger| stranger.principal < principal) {
                self.stranger(stranger);
            }
            self.member(member, wished);
        }
        strangers.for_each(|stranger| self.stranger(stranger));
        if self.desired.mode.removes() {
            let unnamed = roster.iter().zip(&members).filter(|(_, wished)| wished.is_none());
            unnamed.for_each(|(member, _)| self.unnamed(member));
        }
        self.draft.steps.sort_by(|a, b| order(a).cmp(&order(b)));
        self.note_groups();
        self.draft
    }

    fn problem(&mut self, problem: Problem, who: &str, message: String, advice: &str) {
        let person = (!who.is_empty()).then(|| who.to_owned());
        self.draft.problems.push(Refusal::problem(problem, &self.desired.target, person, message, advice));
    }

    /// Finds whom the wish names. Two entries for one principal must wish the same.
    fn named(&mut self) -> Named<'a> {
        let principals = self.roster.iter().map(|member| PrincipalRef::from(&member.key.principal));
        let places: Places<'a> = principals.zip(0..).collect();
        let mut members: Vec<Option<&Wished>> = vec![None; self.roster.len()];
        let mut strangers: Map<PrincipalRef<'_>, Stranger<'_>> = Map::default();
        for wished in self.desired.members.iter() {
            let found = match self.directory.find(&places, &wished.who) {
                Ok(found) => found,
                Err(error) if wished.want == Want::Gone && self.surely_out(&wished.who, error.problem) => {
                    continue;
                }
                Err(error) => {
                    self.problem(error.problem, &wished.who.to_string(), error.message, error.advice);
                    continue;
                }
            };
            let principal = found.principal;
            let first = if let Some(place) = found.place {
                *members[place].get_or_insert(wished)
            } else {
                let stranger = Stranger { principal, verified: found.verified, wished };
                strangers.entry(principal).or_insert(stranger).wished
            };
            if first.want != wished.want {
                let principal = PrincipalId::from(principal);
                let message = format!("{} and {} are both {principal}", first.who, wished.who);
                self.problem(Problem::Conflict, &wished.who.to_string(), message, "name them once");
            }
        }
        let mut strangers: Vec<Stranger<'_>> = strangers.into_values().collect();
        strangers.sort_unstable_by_key(|stranger| stranger.principal);
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
        match &stranger.wished.want {
            Want::Role(_) if self.desired.mode == Mode::RemoveOnly => {}
            Want::Role(role) | Want::Add { role, .. } => self.add(stranger, role),
            Want::SetRole(_) => {
                let label = self.directory.label(&stranger.principal.into(), None);
                let message = format!("{label} is not a member of {}", self.desired.target);
                self.problem(Problem::NotAMember, &label, message, "add them instead");
            }
            Want::Gone => {}
        }
    }

    fn member(&mut self, member: &Member, wished: &Wished) {
        match &wished.want {
            Want::Role(role) => {
                let unnamed_role = self.is_placeholder(member);
                match self.weigh(member, role, wished) {
                    Weighed::Same | Weighed::Refused => {}
                    // The same placeholder may stand for the very role that is wished.
                    Weighed::Step(_) if unnamed_role => {
                        self.keep(member, Some(role), KeptReason::PlaceholderRole);
                    }
                    Weighed::Step(step) => match self.desired.mode {
                        Mode::Authoritative => self.draft.steps.push(*step),
                        Mode::Additive if step.action == Action::Promote => self.draft.steps.push(*step),
                        Mode::Additive | Mode::RemoveOnly => self.keep(member, Some(role), KeptReason::Mode),
                    },
                }
            }
            Want::Add { if_present: IfPresent::Fail, .. } => {
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
            Want::Add { if_present: IfPresent::Keep, .. } => {}
            Want::Add { role, .. } | Want::SetRole(role) => {
                if let Weighed::Step(step) = self.weigh(member, role, wished) {
                    self.draft.steps.push(*step);
                }
            }
            Want::Gone if member.is(Mark::Immovable) => self.immovable(member, "removed"),
            Want::Gone => self.remove(member, "their removal is asked for".to_owned()),
        }
    }

    /// Somebody in the workspace whom nobody named, in a mode that removes.
    fn unnamed(&mut self, member: &Member) {
        let principal = &member.key.principal;
        if member.is(Mark::Immovable) {
            self.keep(member, None, KeptReason::Immovable);
        } else if self.directory.observed.me().is_some() && self.directory.acts(principal) != Sure::No {
            self.keep(member, None, KeptReason::ActingIdentity);
        } else if self.directory.means(&self.limits.protect, principal, Some(member)) != Sure::No {
            self.keep(member, None, KeptReason::Protected);
        } else {
            self.remove(member, format!("nobody named them, and the wish is {}", self.desired.mode));
        }
    }

    fn keep(&mut self, member: &Member, wished: Option<&Role>, reason: KeptReason) {
        self.draft.kept.push(Kept {
            target: self.desired.target.clone(),
            principal: member.key.principal.clone(),
            label: self.directory.label(&member.key.principal, Some(member)),
            role: member.native_role.clone(),
            wished: wished.cloned(),
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
        let principal = PrincipalId::from(stranger.principal);
        let reason = format!("{} and is not a member", wishes(stranger.wished, role));
        let mut step = self.step(&principal, None, Action::Add, reason);
        let capabilities = self.capabilities();
        let request = AddMember::new(self.desired.target.workspace.clone(), principal, role.clone())
            .with_notify(self.desired.notify);
        let resolved = match capabilities.roles().resolve(role) {
            Ok(resolved) if resolved.custom && !capabilities.has(Capability::AddCustomRole) => {
                step.strategy = Strategy::AddThenSetRole;
                self.giver().admit_in_two(&request, resolved)
            }
            _ => capabilities.admit_add(&request),
        };
        let resolved = match resolved {
            Ok(resolved) => resolved,
            Err(error) => return self.refused(&error, &step.label),
        };
        self.giver().give(&mut step, role, resolved, None);
        if !stranger.verified {
            step.consequences.push(Consequence::Unverified);
        }
        if self.mails > 0 {
            step.consequences.push(Consequence::Mails { count: self.mails });
        }
        self.draft.steps.push(step);
    }

    fn giver(&self) -> Giver<'a> {
        Giver { directory: self.directory }
    }

    /// What it takes to give a member a role.
    fn weigh(&mut self, member: &Member, role: &Role, wished: &Wished) -> Weighed {
        let capabilities = self.capabilities();
        let roles = capabilities.roles();
        if member.role == *role {
            return Weighed::Same;
        }
        let label = self.directory.label(&member.key.principal, Some(member));
        let resolved = match roles.resolve(role) {
            Ok(resolved) if resolved.native == member.native_role => return Weighed::Same,
            Ok(resolved) => resolved,
            Err(error) => {
                self.refused(&error.into(), &label);
                return Weighed::Refused;
            }
        };
        if self.desired.mode == Mode::RemoveOnly && matches!(wished.want, Want::Role(_)) {
            // It will be kept, so it matters neither which way it would go nor whether it could.
            let step = self.step(&member.key.principal, Some(member), Action::Change, String::new());
            return Weighed::Step(Box::new(step));
        }
        if member.is(Mark::Immovable) {
            self.immovable(member, "given another role");
            return Weighed::Refused;
        }
        let action = match roles.compare(&resolved.native, &member.native_role) {
            Some(Ordering::Greater) => Action::Promote,
            Some(Ordering::Less) => Action::Demote,
            _ => Action::Change,
        };
        let reason = format!("{} and is {}", wishes(wished, role), member.role);
        let mut step = self.step(&member.key.principal, Some(member), action, reason);
        if matches!(wished.want, Want::Role(_))
            && (self.is_placeholder(member)
                || (self.desired.mode == Mode::Additive && action != Action::Promote))
        {
            return Weighed::Step(Box::new(step));
        }
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

    fn remove(&mut self, member: &Member, reason: String) {
        let principal = &member.key.principal;
        let mut step = self.step(principal, Some(member), Action::Remove, reason);
        let capabilities = self.capabilities();
        if let Err(error) = capabilities.admit_remove(&RemoveMember::new(member.key.clone())) {
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
        self.draft.steps.push(step);
    }

    /// Notes on every step that lowers a user which groups of the outcome keep them in.
    fn note_groups(&mut self) {
        let mut groups: BTreeSet<GroupId> =
            self.roster.iter().filter_map(|member| as_group(&member.key.principal)).cloned().collect();
        for step in &self.draft.steps {
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
        for step in &mut self.draft.steps {
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

/// `wished as editor through team "legal"`.
fn wishes(wished: &Wished, role: &Role) -> String {
    let team = wished.team.as_ref().map(|team| format!(" through team {team:?}")).unwrap_or_default();
    format!("wished as {role}{team}")
}

/// What is given comes before what is taken, and what is done in one request before what leaves a gap. Among those who
/// gain, owners come first; among those who lose, last.
fn order(step: &Step) -> (Action, bool, usize, &PrincipalId) {
    let rank = |role: Option<&Role>| {
        role.and_then(|role| Role::BUILT_IN.iter().position(|known| known == role))
            .unwrap_or(Role::BUILT_IN.len())
    };
    let gap = step.strategy == Strategy::RemoveThenAdd;
    (step.action, gap, rank(step.role.as_ref()), &step.principal)
}
