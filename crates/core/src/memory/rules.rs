//! What the provider refuses, and the pages it answers.

use super::InMemory;
use super::state::State;
use crate::adapter::{Parts, Record};
use crate::{
    Behaviour, Capability, Cursor, Effect, Error, ErrorKind, Mark, Member, MemberKey, NativeRole, Notify,
    Operation, Page, PageRequest, PrincipalId, Protection, Resource, Result, Role, User, UserId, WorkspaceId,
};
use std::sync::MutexGuard;

impl InMemory {
    pub(super) fn fail(&self, error: Error, operation: Operation) -> Error {
        self.capabilities.failure(operation, error)
    }

    /// The state, unless the key died with its user's membership.
    pub(super) fn live(&self, operation: Operation) -> Result<MutexGuard<'_, State>> {
        let state = self.state();
        if state.key_is_dead {
            let message = "the key was deactivated with its user";
            let error = Error::new(ErrorKind::Unauthenticated, Effect::Rejected, message);
            return Err(self.fail(error, operation));
        }
        Ok(state)
    }

    /// The same, for a call that must be claimed.
    pub(super) fn claimed(
        &self,
        capability: Capability,
        operation: Operation,
    ) -> Result<MutexGuard<'_, State>> {
        self.capabilities.require(capability, operation)?;
        self.live(operation)
    }

    /// Whether the key acts as this principal.
    pub(super) fn is_me(&self, principal: &PrincipalId) -> bool {
        let same = |me: UserId| self.capabilities.same_principal(&me.into(), principal);
        self.me.as_ref().is_some_and(|me| same(me.user.clone()))
    }

    /// The workspace must exist and be one whose members can be managed.
    pub(super) fn check_workspace(
        &self,
        state: &State,
        id: &WorkspaceId,
        operation: Operation,
    ) -> Result<()> {
        let error = match state.workspaces.get(id) {
            Some(workspace) if workspace.may_be_manageable() => return Ok(()),
            Some(_) => {
                let message = "the members of this workspace cannot be managed";
                Error::new(ErrorKind::Forbidden, Effect::Rejected, message)
            }
            None => {
                let message = format!("workspace {id} does not exist or is not visible");
                Error::not_found(message, &[Resource::Workspace])
            }
        };
        Err(self.fail(error, operation))
    }

    /// The principal must be one that can be added: of the account, or one who can be invited by adding them.
    pub(super) fn check_principal(&self, state: &State, principal: &PrincipalId) -> Result<()> {
        let invites = self.capabilities.behaves(Behaviour::AddMayInvite);
        let is_person = self.person(state, principal).is_some_and(|person| invites || !person.outside);
        if is_person || state.groups.contains_key(principal) {
            return Ok(());
        }
        let message = format!("{principal} does not exist or is not visible");
        Err(self.fail(Error::not_found(message, &[principal.kind().into()]), Operation::Add))
    }

    /// The role that somebody gets who is added in this one.
    pub(super) fn role_given(&self, state: &State, principal: &PrincipalId, asked: NativeRole) -> NativeRole {
        let fixed = self.person(state, principal).is_some_and(|person| person.user.is(Mark::RoleFixed));
        let rows = self.capabilities.roles().rows().iter();
        let highest =
            rows.max_by(|one, other| one.role.partial_cmp(&other.role).unwrap_or(std::cmp::Ordering::Equal));
        match highest {
            Some(row) if fixed => row.native.clone(),
            _ => asked,
        }
    }

    /// The member that a removal or a change of role addresses.
    pub(super) fn addressed(&self, state: &State, key: &MemberKey, operation: Operation) -> Result<Member> {
        self.check_workspace(state, &key.workspace, operation)?;
        let found = state.members.get(&self.member_id(&key.workspace, &key.principal));
        let found = found.filter(|found| key.membership.is_none() || found.key.membership == key.membership);
        found.cloned().ok_or_else(|| {
            let message = format!("{key} is not a member");
            self.fail(Error::not_found(message, &[Resource::Member]), operation)
        })
    }

    /// The provider must let the member go, or have another role.
    pub(super) fn check_loss(
        &self,
        state: &State,
        member: &Member,
        becomes: Option<&NativeRole>,
        operation: Operation,
    ) -> Result<()> {
        if becomes == Some(&member.native_role) {
            return Ok(());
        }
        let owner =
            state.workspaces.get(&member.key.workspace).and_then(|workspace| workspace.owner.as_ref());
        if member.is(Mark::Immovable) || (owner.is_some() && member.email.as_ref() == owner) {
            let message = "the owner of the workspace stays, and stays owner";
            return Err(self.fail(Error::protected(message, Protection::ProviderOwner), operation));
        }
        let stays_owner =
            becomes.is_some_and(|role| self.capabilities.roles().normalize(role) == Role::Owner);
        let is_lost = member.role == Role::Owner && !stays_owner;
        let another = || {
            state.members.values().any(|other| {
                other.key.workspace == member.key.workspace
                    && !self.capabilities.same_principal(&other.key.principal, &member.key.principal)
                    && other.role == Role::Owner
            })
        };
        if self.capabilities.behaves(Behaviour::KeepsLastOwner) && is_lost && !another() {
            let error = Error::protected("this is the last owner", Protection::LastOwner);
            return Err(self.fail(error, operation));
        }
        Ok(())
    }

    /// The user must be one of the account, and not the one whom it belongs to.
    pub(super) fn check_user(&self, state: &State, id: &UserId, operation: Operation) -> Result<User> {
        let person = self.person(state, &id.clone().into()).filter(|person| !person.outside);
        let Some(person) = person else {
            let message = format!("user {id} does not exist or is not visible");
            return Err(self.fail(Error::not_found(message, &[Resource::User]), operation));
        };
        if person.user.is(Mark::AccountOwner) {
            let error = Error::protected("the owner of the account stays", Protection::ProviderOwner);
            return Err(self.fail(error, operation));
        }
        Ok(person.user.clone())
    }

    /// How many mails an addition or an invitation sends.
    pub(super) fn mails(&self, invited: bool, notify: Notify) -> usize {
        let person = notify.member || (invited && self.capabilities.behaves(Behaviour::InvitationsMail));
        usize::from(person) + usize::from(notify.admins)
    }

    pub(super) fn page<T: Record + Clone>(
        &self,
        all: &[T],
        request: &PageRequest,
        operation: Operation,
    ) -> Result<Page<T>> {
        let from = match &request.cursor {
            None => 0,
            Some(cursor) => cursor.as_str().parse::<usize>().map_err(|_| {
                self.fail(Error::invalid_input("the cursor is not one of this adapter's"), operation)
            })?,
        };
        let own = self.capabilities.page_size_of(operation).unwrap_or(u32::MAX);
        let size = request.size.filter(|size| *size < own).unwrap_or(own).max(1) as usize;
        let end = from.saturating_add(size).min(all.len());
        let items = all.get(from..end).unwrap_or_default().to_vec();
        let next = (end < all.len()).then(|| Cursor::new(end.to_string()));
        Ok(Page::new(items).with_next(next).with_total(Some(all.len() as u64)))
    }

    /// A page of a listing that has one part for each native role, and one for all that have no row.
    pub(super) fn page_in_parts(&self, all: &[Member], request: &PageRequest) -> Result<Page<Member>> {
        const OTHERS: &str = "all others";
        let operation = Operation::ListMembers;
        let rows = self.capabilities.roles().rows();
        let mut names: Vec<&str> = rows.iter().map(|row| row.native.as_str()).collect();
        let with_row = |member: &Member| rows.iter().any(|row| row.native == member.native_role);
        names.push(OTHERS);
        let parts = Parts::new(&names);
        let part = parts.at(request).map_err(|error| self.fail(error, operation))?;
        let in_part = |member: &&Member| {
            if part.name == OTHERS { !with_row(member) } else { member.native_role.as_str() == part.name }
        };
        let of_part: Vec<Member> = all.iter().filter(in_part).cloned().collect();
        let page = parts.page(&part, self.page(&of_part, &part.page, operation)?.with_total(None));
        // Only at the end is it known how many there are.
        let total = page.next.is_none().then_some(all.len() as u64);
        Ok(page.with_total(total))
    }
}
