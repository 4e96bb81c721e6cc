//! The steps that would make one workspace as it is desired to be.

use super::directory::{Directory, Found, MemberIndex};
use super::grant;
use super::groups::Tri;
use super::members::Members;
use super::names;
use super::notes;
use super::refusal::{Cause, Problem, Refusal};
use super::step::{Action, Consequence, Kept, KeptReason, Step, Strategy};
use crate::desired::{DesiredMember, DesiredMembership, DesiredWorkspace, Entry, Mode};
use crate::guards::Guards;
use std::cmp::Ordering;
use workspace_members_core::{
    AddMember, Behaviour, Capabilities, Error, ErrorKind, IfPresent, Mark, Member, PrincipalId, RemoveMember,
    Role, Status, Who,
};

/// Somebody named who is not among the members that were read.
struct Outsider<'a> {
    principal: PrincipalId,
    /// Whether the account is known to have them.
    verified: bool,
    desired: &'a DesiredMember,
}

/// Drafts one workspace.
pub(super) struct Draft<'a> {
    desired: &'a DesiredWorkspace,
    members: Members<'a>,
    directory: &'a Directory<'a>,
    guards: &'a Guards,
    pub(super) steps: Vec<Step>,
    pub(super) kept: Vec<Kept>,
    pub(super) problems: Vec<Refusal>,
}

impl<'a> Draft<'a> {
    pub(super) fn of(
        desired: &'a DesiredWorkspace,
        members: Members<'a>,
        directory: &'a Directory<'a>,
        guards: &'a Guards,
    ) -> Self {
        let problems = names::check(desired, directory.observed);
        let mut draft =
            Self { desired, members, directory, guards, steps: Vec::new(), kept: Vec::new(), problems };
        let index =
            MemberIndex::new(members.all, directory.folding, desired.members.iter().map(|one| &one.who));
        let (named, outsiders) = draft.named(&index);
        let twice = index.ids.len() < members.all.len();
        let mut first: Option<&Member> = None;
        for (at, (member, named)) in members.all.iter().zip(named).enumerate() {
            let twin = first.take();
            // Two memberships of one principal stand side by side, and an entry finds the last.
            if twice && members.all.get(at + 1).is_some_and(|next| draft.is_same(member, next)) {
                first = Some(member);
                continue;
            }
            match (named, twin) {
                (None, _) if !desired.mode.removes() => {}
                (_, Some(twin)) => draft.doubled(twin, member),
                (Some(named), None) => draft.member(member, named),
                (None, None) => draft.unnamed(member),
            }
        }
        for outsider in &outsiders {
            draft.outsider(outsider);
        }
        let roles = draft.capabilities().roles();
        // By principal among equals: the second sort is stable.
        draft.steps.sort_by(|a, b| a.principal.cmp(&b.principal));
        draft.steps.sort_by_cached_key(|step| step.rank(roles));
        notes::mails(&mut draft.steps, desired.notify, members, directory);
        notes::groups(&mut draft.steps, members, directory);
        for step in &mut draft.steps {
            step.consequences.sort();
        }
        draft
    }

    fn capabilities(&self) -> &'a Capabilities {
        self.directory.observed.capabilities()
    }

    fn problem(&mut self, problem: Problem, who: &str, message: String, advice: &str) {
        let (cause, target) = (Cause::Problem(problem), self.desired.target.clone());
        self.problems.push(Refusal::new(cause, target, who.to_owned(), message, advice));
    }

    fn is_same(&self, one: &Member, other: &Member) -> bool {
        self.capabilities().same_principal(&one.key.principal, &other.key.principal)
    }

    /// Of two memberships none is chosen: the two may differ in role, and to remove one leaves the other.
    fn doubled(&mut self, one: &Member, other: &Member) {
        let id = |member: &Member| {
            member.key.membership.as_ref().map_or("one without an id".to_owned(), ToString::to_string)
        };
        let (label, target) = (one.label(), &self.desired.target);
        let message = format!("{label} has two memberships in {target}, {} and {}", id(one), id(other));
        self.problem(Problem::Ambiguous, &label, message, "end one of them at the provider");
    }

    /// Finds whom the desired state names: of each member who is, and of others, ordered by principal. Two entries for one
    /// principal must ask for the same.
    fn named(&mut self, index: &MemberIndex<'_>) -> (Vec<Option<&'a DesiredMember>>, Vec<Outsider<'a>>) {
        let (desired, directory, all) = (self.desired, self.directory, self.members.all);
        let mut members: Vec<Option<&'a DesiredMember>> = vec![None; all.len()];
        let mut outsiders: Vec<Outsider<'a>> = Vec::new();
        let nameless =
            all.iter().any(|member| member.key.principal.as_user().is_some() && member.email.is_none());
        for one in desired.members.iter() {
            match directory.find(index, &one.who) {
                Ok(Found::Member(index)) => {
                    let first = *members[index].get_or_insert(one);
                    self.check_same(first, one, &all[index].key.principal);
                }
                Ok(Found::Outsider { principal, verified }) => {
                    outsiders.push(Outsider { principal, verified, desired: one });
                }
                Err(error)
                    if one.membership == DesiredMembership::Absent
                        && self.is_surely_out(&one.who, error.problem, nameless) => {}
                Err(error) => self.problem(error.problem, &one.who.to_string(), error.message, error.advice),
            }
        }
        let capabilities = self.capabilities();
        // Stable, so that of two entries for one principal the first stays first.
        outsiders.sort_by_cached_key(|one| capabilities.folded(&one.principal).into_owned());
        let mut distinct: Vec<Outsider<'a>> = Vec::with_capacity(outsiders.len());
        for next in outsiders {
            match distinct.last() {
                Some(first) if capabilities.same_principal(&first.principal, &next.principal) => {
                    self.check_same(first.desired, next.desired, &next.principal);
                }
                _ => distinct.push(next),
            }
        }
        (members, distinct)
    }

    fn check_same(&mut self, first: &DesiredMember, second: &DesiredMember, principal: &PrincipalId) {
        if first.membership != second.membership {
            let message = format!("{} and {} are both {principal}", first.who, second.who);
            self.problem(Problem::Conflict, &second.who.to_string(), message, "name them once");
        }
    }

    /// Whether none of the members can be meant by an entry that could not be found. Where the account's users are listed,
    /// an address that nobody has is a mistake. `nameless` is whether there is a member whose address is not known.
    fn is_surely_out(&self, entry: &Entry, problem: Problem, nameless: bool) -> bool {
        problem == Problem::UnknownPerson
            && self.members.complete
            && self.directory.observed.users().is_none()
            && self.directory.who(entry).is_some_and(|who| matches!(*who, Who::Id(_)) || !nameless)
    }

    fn outsider(&mut self, outsider: &Outsider<'_>) {
        match &outsider.desired.membership {
            DesiredMembership::Role(_) if self.desired.mode == Mode::RemoveOnly => {}
            DesiredMembership::Role(role) => self.add(outsider, role, IfPresent::SetRole),
            DesiredMembership::Add { role, if_present } => self.add(outsider, role, *if_present),
            DesiredMembership::SetRole(_) => {
                let label = self.directory.label(&outsider.principal, None);
                let message = format!("{label} is not a member of {}", self.desired.target);
                self.problem(Problem::NotAMember, &label, message, "add them instead");
            }
            DesiredMembership::Absent => {}
        }
    }

    /// A member who is named.
    fn member(&mut self, member: &'a Member, desired: &DesiredMember) {
        match &desired.membership {
            DesiredMembership::Add { if_present: IfPresent::Fail, .. } => {
                let label = member.label();
                let pending = match member.status {
                    Status::Pending => ", and has not accepted the invitation yet",
                    _ => "",
                };
                let (target, role) = (&self.desired.target, &member.native_role);
                let message = format!("{label} is a member of {target} already, as {role}{pending}");
                let advice = "change their role instead, or say with if_present what to do with a member";
                self.problem(Problem::AlreadyMember, &label, message, advice);
            }
            DesiredMembership::Add { if_present: IfPresent::Keep, .. } => {}
            DesiredMembership::Role(role)
            | DesiredMembership::Add { role, .. }
            | DesiredMembership::SetRole(role) => self.change_role(member, role, desired),
            DesiredMembership::Absent if member.is(Mark::Immovable) => self.immovable(member, "removed"),
            DesiredMembership::Absent => self.remove(member, "to be removed".to_owned()),
        }
    }

    /// A member who is not named, in a mode that removes.
    fn unnamed(&mut self, member: &'a Member) {
        let (principal, directory) = (&member.key.principal, self.directory);
        let reason = if member.is(Mark::Immovable) {
            KeptReason::Immovable
        } else if directory.observed.me().is_some() && directory.acts(principal) != Tri::No {
            KeptReason::ActingIdentity
        } else if directory.means(&self.guards.protect, principal, Some(member)) != Tri::No {
            KeptReason::Protected
        } else if directory.is(principal, Mark::AccountOwner) {
            KeptReason::AccountOwner
        } else {
            let mode = self.desired.mode;
            return self.remove(member, format!("not in the desired state (mode: {mode})"));
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

    fn add(&mut self, outsider: &Outsider<'_>, role: &Role, if_present: IfPresent) {
        let (principal, capabilities) = (&outsider.principal, self.capabilities());
        let DesiredWorkspace { target, notify, .. } = self.desired;
        let unknown = !self.members.lacks(principal);
        if unknown && capabilities.behaves(Behaviour::AddUpserts) {
            let label = self.directory.label(principal, None);
            let message = format!(
                "whether {label} is a member of {target} could not be read, and an addition here changes the role of \
                 a member"
            );
            let advice = "use a key that may read the members of this workspace";
            return self.problem(Problem::NotRead, &label, message, advice);
        }
        let is =
            if unknown { "; whether they are a member could not be read" } else { " and is not a member" };
        let reason = format!("{}{is}", asked_for(outsider.desired, role));
        let mut step = self.step(principal, None, Action::Add, reason);
        let request =
            AddMember::new(target.workspace.clone(), principal.clone(), role.clone()).with_notify(*notify);
        let (strategy, resolved) = match grant::addition(capabilities, &request) {
            Ok(how) => how,
            Err(error) => return self.refused(&error, &step.label),
        };
        step.strategy = strategy;
        grant::describe(self.directory, &mut step, role, resolved, None);
        let may_invite = principal.as_user().is_some() && capabilities.behaves(Behaviour::AddMayInvite);
        for (so, consequence) in [
            (!outsider.verified, Consequence::Unverified),
            (unknown, Consequence::MembershipUnknown),
            (may_invite, Consequence::MayInvite),
            (self.directory.is(principal, Mark::RoleFixed), Consequence::RoleSetByProvider),
        ] {
            step.consequences.extend(so.then_some(consequence));
        }
        step.if_present = unknown.then_some(if_present);
        self.steps.push(step);
    }

    /// Gives a member a role, if they have another.
    fn change_role(&mut self, member: &Member, role: &Role, desired: &DesiredMember) {
        let roles = self.capabilities().roles();
        if roles.satisfies(role, &member.native_role) {
            return;
        }
        let principal = &member.key.principal;
        // What is asked of one person is done or refused; a desired state for a workspace goes as far as its mode.
        let described = matches!(desired.membership, DesiredMembership::Role(_));
        let mode = Some(self.desired.mode).filter(|_| described);
        let resolved = match roles.resolve(role) {
            // Whether the role could be given does not matter where none is.
            _ if mode == Some(Mode::RemoveOnly) => return self.keep(member, Some(role), KeptReason::Mode),
            Ok(resolved) => resolved,
            Err(error) => {
                let label = self.directory.label(principal, Some(member));
                return self.refused(&error.into(), &label);
            }
        };
        if self.directory.is(principal, Mark::RoleFixed) {
            return self.keep(member, Some(role), KeptReason::RoleFixed);
        }
        // The placeholder may stand for the very role that is desired.
        if described && roles.is_placeholder(&member.native_role) {
            return self.keep(member, Some(role), KeptReason::PlaceholderRole);
        }
        let action = match roles.compare(&resolved.native, &member.native_role) {
            Some(Ordering::Greater) => Action::Promote,
            Some(Ordering::Less) => Action::Demote,
            _ => Action::Change,
        };
        if mode == Some(Mode::Additive) && action != Action::Promote {
            return self.keep(member, Some(role), KeptReason::Mode);
        }
        if member.is(Mark::Immovable) {
            return self.immovable(member, "given another role");
        }
        let reason = format!("{} and is {}", asked_for(desired, role), member.role);
        let mut step = self.step(principal, Some(member), action, reason);
        match grant::change(self.capabilities(), member, role, &resolved) {
            Ok(strategy) => step.strategy = strategy,
            Err(error) => return self.refused(&error, &step.label),
        }
        grant::describe(self.directory, &mut step, role, resolved, Some(member));
        if step.strategy == Strategy::RemoveThenAdd {
            step.consequences.push(Consequence::AccessGap);
        }
        self.steps.push(step);
    }

    fn remove(&mut self, member: &Member, reason: String) {
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
        self.steps.push(step);
    }
}

/// `desired as editor through team "legal"`.
fn asked_for(desired: &DesiredMember, role: &Role) -> String {
    let team = desired.team.as_ref().map(|team| format!(" through team {team:?}")).unwrap_or_default();
    format!("desired as {role}{team}")
}
