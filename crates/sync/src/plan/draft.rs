//! The steps that would make one workspace as it is desired to be.

use super::directory::{Directory, Found, Tri};
use super::grant::Grants;
use super::key::PrincipalKey;
use super::members::{MemberIndex, Members};
use super::names;
use super::notes;
use super::refusal::{Problem, Refusal};
use super::step::{Action, Consequence, Kept, KeptReason, Step, Strategy};
use crate::desired::{DesiredMember, DesiredMembership, DesiredWorkspace, Entry, Mode, WhoRef};
use crate::guards::Limits;
use std::cmp::Ordering;
use std::collections::HashMap;
use workspace_members_core::{
    AddMember, Behaviour, Capabilities, Capability, Error, ErrorKind, IfPresent, Mark, Member, PrincipalId,
    RemoveMember, Role, Status,
};

/// What became of one workspace's desired state.
pub(super) struct Draft {
    pub(super) steps: Vec<Step>,
    /// Whom each step changes, as a place among the members.
    pub(super) places: Vec<Option<usize>>,
    pub(super) kept: Vec<Kept>,
    pub(super) problems: Vec<Refusal>,
}

/// Somebody named who is not among the members that were read.
struct Outsider<'a> {
    found: Found,
    desired: &'a DesiredMember,
}

/// Whom a desired state names.
struct Named<'a> {
    /// By place among the members.
    members: Vec<Option<&'a DesiredMember>>,
    /// Ordered by principal.
    outsiders: Vec<Outsider<'a>>,
}

/// Drafts one workspace.
pub(super) struct Drafter<'a> {
    desired: &'a DesiredWorkspace,
    members: Members<'a>,
    directory: &'a Directory<'a>,
    limits: &'a Limits,
    /// Each with the place of the member whom it changes.
    steps: Vec<(Step, Option<usize>)>,
    kept: Vec<Kept>,
    problems: Vec<Refusal>,
}

/// A change of role, compared with what is so.
enum RoleChange {
    None,
    Step(Box<Step>),
    /// They stay as they are, and this is why.
    Kept(KeptReason),
    Refused,
}

impl<'a> Drafter<'a> {
    pub(super) fn new(
        desired: &'a DesiredWorkspace,
        members: Members<'a>,
        directory: &'a Directory<'a>,
        limits: &'a Limits,
    ) -> Self {
        let problems = names::check(desired, directory.observed);
        Self { desired, members, directory, limits, steps: Vec::new(), kept: Vec::new(), problems }
    }

    fn capabilities(&self) -> &'a Capabilities {
        self.directory.observed.capabilities()
    }

    fn grants(&self) -> Grants<'a> {
        Grants { directory: self.directory }
    }

    pub(super) fn draft(mut self) -> Draft {
        let Named { members, outsiders } = self.named();
        for (place, desired) in members.iter().enumerate() {
            match desired {
                Some(desired) => self.member(place, desired),
                None if self.desired.mode.removes() => self.unnamed(place),
                None => {}
            }
        }
        for outsider in outsiders {
            self.outsider(&outsider);
        }
        let roles = self.capabilities().roles();
        // By principal among equals: the second sort is stable.
        self.steps.sort_by(|(a, _), (b, _)| a.principal.cmp(&b.principal));
        self.steps.sort_by_cached_key(|(step, _)| step.rank(roles));
        let (mut steps, places): (Vec<Step>, Vec<Option<usize>>) = self.steps.into_iter().unzip();
        notes::mails(&mut steps, self.desired.notify, self.members, self.directory);
        notes::groups(&mut steps, self.members, self.directory);
        for step in &mut steps {
            step.consequences.sort();
        }
        Draft { steps, places, kept: self.kept, problems: self.problems }
    }

    fn problem(&mut self, problem: Problem, who: &str, message: String, advice: &str) {
        let person = (!who.is_empty()).then(|| who.to_owned());
        self.problems.push(Refusal::problem(problem, &self.desired.target, person, message, advice));
    }

    /// Finds whom the desired state names. Two entries for one principal must ask for the same.
    fn named(&mut self) -> Named<'a> {
        let (desired, directory, all) = (self.desired, self.directory, self.members.all);
        let index = MemberIndex::new(directory.folding, all);
        let mut members: Vec<Option<&'a DesiredMember>> = vec![None; all.len()];
        let mut outsiders: Vec<Outsider<'a>> = Vec::new();
        let mut known: HashMap<PrincipalKey<'static>, usize> = HashMap::new();
        let nameless =
            all.iter().any(|member| member.key.principal.as_user().is_some() && member.email.is_none());
        for one in desired.members.iter() {
            let found = match directory.find(all, &index, &one.who) {
                Ok(found) => found,
                Err(error)
                    if one.membership == DesiredMembership::Absent
                        && self.is_surely_out(&one.who, error.problem, nameless) =>
                {
                    continue;
                }
                Err(error) => {
                    self.problem(error.problem, &one.who.to_string(), error.message, error.advice);
                    continue;
                }
            };
            let principal = found.principal.clone();
            let first = if let Some(place) = found.place {
                *members[place].get_or_insert(one)
            } else {
                let key = directory.folding.principal(&found.principal).owned();
                let at = *known.entry(key).or_insert(outsiders.len());
                if at == outsiders.len() {
                    outsiders.push(Outsider { found, desired: one });
                }
                outsiders[at].desired
            };
            if first.membership != one.membership {
                let message = format!("{} and {} are both {principal}", first.who, one.who);
                self.problem(Problem::Conflict, &one.who.to_string(), message, "name them once");
            }
        }
        outsiders.sort_by(|a, b| a.found.principal.cmp(&b.found.principal));
        Named { members, outsiders }
    }

    /// Whether none of the members can be meant by an entry that could not be found, so that whoever it means is not a
    /// member. Where the account's users are listed, an address that nobody has is a slip. `nameless` is whether there
    /// is a member whose address is not known.
    fn is_surely_out(&self, entry: &Entry, problem: Problem, nameless: bool) -> bool {
        problem == Problem::UnknownPerson
            && self.members.complete
            && self.directory.observed.users().is_none()
            && match self.directory.who(entry) {
                Some(WhoRef::Id(_)) => true,
                Some(WhoRef::Email(_)) => !nameless,
                None => false,
            }
    }

    fn outsider(&mut self, outsider: &Outsider<'a>) {
        let desired = outsider.desired;
        match &desired.membership {
            DesiredMembership::Role(_) if self.desired.mode == Mode::RemoveOnly => {}
            DesiredMembership::Role(role) => self.add(outsider, role, IfPresent::SetRole),
            DesiredMembership::Add { role, if_present } => self.add(outsider, role, *if_present),
            DesiredMembership::SetRole(_) => {
                let label = self.directory.label(&outsider.found.principal, None);
                let message = format!("{label} is not a member of {}", self.desired.target);
                self.problem(Problem::NotAMember, &label, message, "add them instead");
            }
            DesiredMembership::Absent => {}
        }
    }

    fn member(&mut self, place: usize, desired: &DesiredMember) {
        let member = &self.members.all[place];
        match &desired.membership {
            DesiredMembership::Add { if_present: IfPresent::Fail, .. } => {
                let label = member.label();
                let pending = if member.status == Status::Pending {
                    ", and has not accepted the invitation yet"
                } else {
                    ""
                };
                let message = format!(
                    "{label} is a member of {} already, as {}{pending}",
                    self.desired.target, member.native_role
                );
                let advice = "change the role instead, or allow for members";
                self.problem(Problem::AlreadyMember, &label, message, advice);
            }
            DesiredMembership::Add { if_present: IfPresent::Keep, .. } => {}
            DesiredMembership::Role(role)
            | DesiredMembership::Add { role, .. }
            | DesiredMembership::SetRole(role) => match self.change_role(member, role, desired) {
                RoleChange::None | RoleChange::Refused => {}
                RoleChange::Kept(reason) => self.keep(member, Some(role), reason),
                RoleChange::Step(step) => self.steps.push((*step, Some(place))),
            },
            DesiredMembership::Absent if member.is(Mark::Immovable) => self.immovable(member, "removed"),
            DesiredMembership::Absent => self.remove(place, "to be removed".to_owned()),
        }
    }

    /// Somebody in the workspace who is not in the desired state, in a mode that removes.
    fn unnamed(&mut self, place: usize) {
        let member = &self.members.all[place];
        let principal = &member.key.principal;
        let reason = if member.is(Mark::Immovable) {
            KeptReason::Immovable
        } else if self.directory.observed.me().is_some() && self.directory.acts(principal) != Tri::No {
            KeptReason::ActingIdentity
        } else if self.directory.means(&self.limits.protect, principal, Some(member)) != Tri::No {
            KeptReason::Protected
        } else if self.directory.owns_account(principal) {
            KeptReason::AccountOwner
        } else {
            let mode = self.desired.mode;
            return self.remove(place, format!("not in the desired state (mode: {mode})"));
        };
        self.keep(member, None, reason);
    }

    fn keep(&mut self, member: &Member, desired: Option<&Role>, reason: KeptReason) {
        self.kept.push(Kept {
            target: self.desired.target.clone(),
            principal: member.key.principal.clone(),
            label: self.directory.label(&member.key.principal, Some(member)),
            role: member.native_role.clone(),
            desired: desired.cloned(),
            reason,
        });
    }

    fn immovable(&mut self, member: &Member, done: &str) {
        let label = member.label();
        let message = format!("{label} owns the workspace at the provider and cannot be {done}");
        let advice = "leave them as they are, or name another owner at the provider";
        self.problem(Problem::Immovable, &label, message, advice);
    }

    fn refused(&mut self, error: &Error, who: &str) {
        let problem = match error.kind() {
            ErrorKind::InvalidRole => Problem::Role,
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
            if_present: None,
            consequences: Vec::new(),
            requests: 0,
        }
    }

    fn add(&mut self, outsider: &Outsider<'a>, role: &Role, if_present: IfPresent) {
        let (principal, capabilities) = (&outsider.found.principal, self.capabilities());
        let unknown = !self.members.lacks(principal);
        if unknown && capabilities.behaves(Behaviour::AddUpserts) {
            let label = self.directory.label(principal, None);
            let message = format!(
                "whether {label} is a member of {} could not be read, and an addition here changes the role of \
                 whoever is",
                self.desired.target
            );
            let advice = "use a key that may read the members of this workspace";
            return self.problem(Problem::NotRead, &label, message, advice);
        }
        let is =
            if unknown { "; whether they are a member could not be read" } else { " and is not a member" };
        let reason = format!("{}{is}", asked_for(outsider.desired, role));
        let mut step = self.step(principal, None, Action::Add, reason);
        let request = AddMember::new(self.desired.target.workspace.clone(), principal.clone(), role.clone())
            .with_notify(self.desired.notify);
        let resolved = match capabilities.roles().resolve(role) {
            Ok(resolved) if resolved.custom && !capabilities.has(Capability::AddCustomRole) => {
                step.strategy = Strategy::AddThenSetRole;
                self.grants().check_in_two(&request, resolved)
            }
            _ => capabilities.check_add(&request),
        };
        let resolved = match resolved {
            Ok(resolved) => resolved,
            Err(error) => return self.refused(&error, &step.label),
        };
        self.grants().describe(&mut step, role, resolved, None);
        let user = principal.as_user().is_some();
        for (so, consequence) in [
            (!outsider.found.verified, Consequence::Unverified),
            (unknown, Consequence::MembershipUnknown),
            (user && capabilities.behaves(Behaviour::AddMayInvite), Consequence::MayInvite),
            (self.directory.has_fixed_role(principal), Consequence::RoleSetByProvider),
        ] {
            step.consequences.extend(so.then_some(consequence));
        }
        step.if_present = unknown.then_some(if_present);
        self.steps.push((step, None));
    }

    /// What it takes to give a member a role.
    fn change_role(&mut self, member: &Member, role: &Role, desired: &DesiredMember) -> RoleChange {
        let roles = self.capabilities().roles();
        // Any of the provider's names for the role will do.
        if member.role == *role {
            return RoleChange::None;
        }
        let label = self.directory.label(&member.key.principal, Some(member));
        // What is asked of one person is done or refused; a desired state for a workspace goes as far as its mode.
        let gives_way = matches!(desired.membership, DesiredMembership::Role(_));
        let resolved = match roles.resolve(role) {
            Ok(resolved) if resolved.native == member.native_role => return RoleChange::None,
            // Whether the role could be given does not matter where none is.
            _ if gives_way && self.desired.mode == Mode::RemoveOnly => {
                return RoleChange::Kept(KeptReason::Mode);
            }
            Ok(resolved) => resolved,
            Err(error) => {
                self.refused(&error.into(), &label);
                return RoleChange::Refused;
            }
        };
        if self.directory.has_fixed_role(&member.key.principal) {
            return RoleChange::Kept(KeptReason::RoleFixed);
        }
        // The placeholder may stand for the very role that is desired.
        if gives_way && roles.is_placeholder(&member.native_role) {
            return RoleChange::Kept(KeptReason::PlaceholderRole);
        }
        let action = match roles.compare(&resolved.native, &member.native_role) {
            Some(Ordering::Greater) => Action::Promote,
            Some(Ordering::Less) => Action::Demote,
            _ => Action::Change,
        };
        if gives_way && self.desired.mode == Mode::Additive && action != Action::Promote {
            return RoleChange::Kept(KeptReason::Mode);
        }
        if member.is(Mark::Immovable) {
            self.immovable(member, "given another role");
            return RoleChange::Refused;
        }
        let reason = format!("{} and is {}", asked_for(desired, role), member.role);
        let mut step = self.step(&member.key.principal, Some(member), action, reason);
        match self.grants().strategy(member, role, &resolved) {
            Ok(strategy) => step.strategy = strategy,
            Err(error) => {
                self.refused(&error, &label);
                return RoleChange::Refused;
            }
        }
        self.grants().describe(&mut step, role, resolved, Some(member));
        if step.strategy == Strategy::RemoveThenAdd {
            step.consequences.push(Consequence::AccessGap);
        }
        RoleChange::Step(Box::new(step))
    }

    fn remove(&mut self, place: usize, reason: String) {
        let member = &self.members.all[place];
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
            && self.directory.acts(principal) == Tri::Yes
        {
            step.consequences.push(Consequence::KeyDeactivated);
        }
        self.steps.push((step, Some(place)));
    }
}

/// `desired as editor through team "legal"`.
fn asked_for(desired: &DesiredMember, role: &Role) -> String {
    let team = desired.team.as_ref().map(|team| format!(" through team {team:?}")).unwrap_or_default();
    format!("desired as {role}{team}")
}
