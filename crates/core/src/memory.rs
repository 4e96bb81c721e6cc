//! A whole provider in memory: the reference implementation, the model of the conformance suite, and a fake for tests.

use crate::adapter::Record;
use crate::{
    AddMember, Behaviour, Capabilities, Capability, Cursor, Effect, Error, ErrorKind, Group, Identity,
    ListOf, Mark, Member, MemberKey, MembershipId, NativeRole, Operation, Page, PageRequest, PrincipalId,
    Protection, Provider, RemoveMember, Resource, Result, Role, SetRole, Status, User, UserId, Workspace,
    WorkspaceId, WorkspaceMembers,
};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A provider whose account lives in memory and behaves as its [`Capabilities`] say: what they do not claim is refused,
/// roles go through their table, and the last owner, the workspace's owner and membership ids are treated as their
/// [`Behaviour`]s say.
///
/// ```
/// use workspace_members_core::{
///     AddMember, Behaviour, Capabilities, Capability, Evidence, Fit, InMemory, NativeRole, Provider, Role, RoleRow,
///     RoleTable, User, UserId, Workspace, WorkspaceId, WorkspaceMembers, WorkspaceMembersExt,
/// };
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let roles = RoleTable::new([RoleRow::new(Role::Owner, NativeRole::from_static("boss"), Fit::Exact)])?;
/// let capabilities = Capabilities::new(Provider::from_static("example"), roles)
///     .claim(Evidence::Documented, Capability::ALL)
///     .with_behaviours(&[Behaviour::KeepsLastOwner]);
/// let account = InMemory::new(capabilities)
///     .with_workspace(Workspace::new(WorkspaceId::from(1), "Legal"))
///     .with_user(User::new(UserId::from(7)));
/// account.add(&AddMember::new(WorkspaceId::from(1), UserId::from(7), Role::Owner)).await?;
/// assert_eq!(account.roster(&WorkspaceId::from(1)).await?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct InMemory {
    capabilities: Capabilities,
    me: Option<Identity>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    workspaces: BTreeMap<WorkspaceId, Workspace>,
    users: BTreeMap<UserId, User>,
    groups: BTreeMap<crate::GroupId, Group>,
    members: BTreeMap<(WorkspaceId, PrincipalId), Member>,
    memberships_made: u64,
    key_is_dead: bool,
}

impl InMemory {
    /// An account with nothing in it.
    pub fn new(capabilities: Capabilities) -> Self {
        Self { capabilities, me: None, state: Mutex::default() }
    }

    /// Says whom calls act as.
    pub fn with_me(mut self, me: Identity) -> Self {
        self.me = Some(me);
        self
    }

    /// Adds a workspace, or replaces the one with its id.
    pub fn with_workspace(self, workspace: Workspace) -> Self {
        self.state().workspaces.insert(workspace.id.clone(), workspace);
        self
    }

    /// Adds a user, or replaces the one with the id.
    pub fn with_user(self, user: User) -> Self {
        self.state().users.insert(user.id.clone(), user);
        self
    }

    /// Adds a group, or replaces the one with its id.
    pub fn with_group(self, group: Group) -> Self {
        self.state().groups.insert(group.id.clone(), group);
        self
    }

    /// Makes somebody a member without any of the provider's rules, for instance in a role that cannot be written. The
    /// user or group, if known, lends the address, name, status, licence and marks.
    pub fn with_member(
        self,
        workspace: WorkspaceId,
        principal: impl Into<PrincipalId>,
        role: NativeRole,
    ) -> Self {
        let mut state = self.state();
        let member = state.make_member(&self.capabilities, workspace, principal.into(), role);
        state.members.insert((member.key.workspace.clone(), member.key.principal.clone()), member);
        drop(state);
        self
    }

    /// How many members the account has in all workspaces together.
    pub fn member_count(&self) -> usize {
        self.state().members.len()
    }

    /// Everybody in every workspace, whatever is claimed: for tests that check the state without going through calls.
    pub fn all_members(&self) -> Vec<Member> {
        self.state().members.values().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held; were it so, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, error: Error, operation: Operation) -> Error {
        error.with_operation(operation).with_provider(self.provider())
    }

    /// The state, unless the key died with its user's membership.
    fn live(&self, operation: Operation) -> Result<MutexGuard<'_, State>> {
        let state = self.state();
        if state.key_is_dead {
            let message = "the key was deactivated when its user left the workspace";
            let error = Error::new(ErrorKind::Unauthenticated, Effect::Rejected, message);
            return Err(self.fail(error, operation));
        }
        Ok(state)
    }

    fn page<T: Record + Clone>(
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

    /// The workspace must exist and be one whose members can be managed.
    fn check_workspace(&self, state: &State, id: &WorkspaceId, operation: Operation) -> Result<()> {
        match state.workspaces.get(id) {
            Some(workspace) if workspace.may_be_manageable() => Ok(()),
            Some(_) => {
                let error = Error::new(
                    ErrorKind::Forbidden,
                    Effect::Rejected,
                    "the members of this workspace cannot be managed",
                );
                Err(self.fail(error, operation))
            }
            None => {
                let message = format!("workspace {id} does not exist or is not visible");
                Err(self.fail(Error::not_found(message, &[Resource::Workspace]), operation))
            }
        }
    }

    /// The member that a removal or a change of role addresses, if the provider would let it happen.
    fn check_loss(
        &self,
        state: &State,
        key: &MemberKey,
        becomes: Option<&NativeRole>,
        operation: Operation,
    ) -> Result<()> {
        self.check_workspace(state, &key.workspace, operation)?;
        let member = state.members.get(&(key.workspace.clone(), key.principal.clone()));
        let Some(member) = member.filter(|m| key.membership.is_none() || m.key.membership == key.membership)
        else {
            let message = format!("{key} is not a member");
            return Err(self.fail(Error::not_found(message, &[Resource::Member]), operation));
        };
        if becomes == Some(&member.native_role) {
            return Ok(());
        }
        let fixed = state.workspaces.get(&key.workspace).and_then(|workspace| workspace.owner.as_ref());
        if member.is(Mark::Immovable) || (fixed.is_some() && member.email.as_ref() == fixed) {
            let error = Error::protected(
                "the owner of the workspace stays, and stays owner",
                Protection::ProviderOwner,
            );
            return Err(self.fail(error, operation));
        }
        let stays_owner =
            becomes.is_some_and(|role| self.capabilities.roles().normalize(role) == Role::Owner);
        if self.capabilities.behaves(Behaviour::KeepsLastOwner) && member.role == Role::Owner && !stays_owner
        {
            let owners = state.members.values().filter(|other| {
                other.key.workspace == key.workspace
                    && other.role == Role::Owner
                    && other.key.principal != key.principal
            });
            if owners.count() == 0 {
                let error = Error::protected("this is the last owner", Protection::LastOwner);
                return Err(self.fail(error, operation));
            }
        }
        Ok(())
    }
}

impl State {
    fn make_member(
        &mut self,
        capabilities: &Capabilities,
        workspace: WorkspaceId,
        principal: PrincipalId,
        role: NativeRole,
    ) -> Member {
        let membership = capabilities.behaves(Behaviour::MembershipIds).then(|| {
            self.memberships_made += 1;
            MembershipId::from(self.memberships_made)
        });
        let mut marks = Vec::new();
        let (email, name, status, license) = match &principal {
            PrincipalId::User(id) => match self.users.get(id) {
                Some(user) => {
                    marks.clone_from(&user.marks);
                    (user.email.clone(), user.name.clone(), user.status, user.license.clone())
                }
                None => (None, None, Status::Unknown, None),
            },
            PrincipalId::Group(id) => {
                (None, self.groups.get(id).map(|group| group.name.clone()), Status::Unknown, None)
            }
        };
        let key = MemberKey::new(workspace, principal).with_membership(membership);
        let member = Member::new(key, role, capabilities.roles())
            .with_email(email)
            .with_name(name)
            .with_status(status)
            .with_license(license);
        marks.into_iter().fold(member, Member::with_mark)
    }
}

#[async_trait]
impl WorkspaceMembers for InMemory {
    fn provider(&self) -> Provider {
        self.capabilities.provider().clone()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn me(&self) -> Result<Identity> {
        self.capabilities.require(Capability::Me, Operation::Me)?;
        let _live = self.live(Operation::Me)?;
        let unknown = || {
            let message = "no acting identity was given to this account";
            self.fail(Error::new(ErrorKind::Unauthenticated, Effect::Rejected, message), Operation::Me)
        };
        self.me.clone().ok_or_else(unknown)
    }

    async fn workspaces_page(&self, page: PageRequest) -> Result<Page<Workspace>> {
        self.capabilities.require(Capability::ListWorkspaces, Operation::ListWorkspaces)?;
        let all: Vec<_> = self.live(Operation::ListWorkspaces)?.workspaces.values().cloned().collect();
        self.page(&all, &page, Operation::ListWorkspaces)
    }

    async fn users_page(&self, page: PageRequest) -> Result<Page<User>> {
        self.capabilities.require(Capability::ListUsers, Operation::ListUsers)?;
        let all: Vec<_> = self.live(Operation::ListUsers)?.users.values().cloned().collect();
        self.page(&all, &page, Operation::ListUsers)
    }

    async fn groups_page(&self, page: PageRequest) -> Result<Page<Group>> {
        self.capabilities.require(Capability::ListGroups, Operation::ListGroups)?;
        let all: Vec<_> = self.live(Operation::ListGroups)?.groups.values().cloned().collect();
        self.page(&all, &page, Operation::ListGroups)
    }

    async fn members_page(&self, of: &ListOf, page: PageRequest) -> Result<Page<Member>> {
        self.capabilities.check_list(of)?;
        let state = self.live(Operation::ListMembers)?;
        let all: Vec<Member> = match of {
            ListOf::Account => state.members.values().cloned().collect(),
            ListOf::Workspace(id) => {
                self.check_workspace(&state, id, Operation::ListMembers)?;
                state.members.values().filter(|member| member.key.workspace == *id).cloned().collect()
            }
        };
        drop(state);
        self.page(&all, &page, Operation::ListMembers)
    }

    async fn get(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Option<Member>> {
        self.capabilities.check_get(principal)?;
        let state = self.live(Operation::Get)?;
        self.check_workspace(&state, workspace, Operation::Get)?;
        Ok(state.members.get(&(workspace.clone(), principal.clone())).cloned())
    }

    async fn add(&self, request: &AddMember) -> Result<Member> {
        let role = self.capabilities.check_add(request)?;
        let mut state = self.live(Operation::Add)?;
        self.check_workspace(&state, &request.workspace, Operation::Add)?;
        let (exists, resource) = match &request.principal {
            PrincipalId::User(id) => (state.users.contains_key(id), Resource::User),
            PrincipalId::Group(id) => (state.groups.contains_key(id), Resource::Group),
        };
        if !exists {
            let message = format!("{} does not exist or is not visible", request.principal);
            return Err(self.fail(Error::not_found(message, &[resource]), Operation::Add));
        }
        let at = (request.workspace.clone(), request.principal.clone());
        if state.members.contains_key(&at) {
            let message = format!("{} is a member already", request.key());
            let error = Error::new(ErrorKind::AlreadyMember, Effect::Rejected, message);
            return Err(self.fail(error, Operation::Add));
        }
        let member = state.make_member(&self.capabilities, at.0.clone(), at.1.clone(), role.native);
        state.members.insert(at, member.clone());
        Ok(member)
    }

    async fn set_role(&self, request: &SetRole) -> Result<Member> {
        let role = self.capabilities.check_set_role(request)?;
        let mut state = self.live(Operation::SetRole)?;
        self.check_loss(&state, &request.key, Some(&role.native), Operation::SetRole)?;
        let at = (request.key.workspace.clone(), request.key.principal.clone());
        let Some(member) = state.members.get_mut(&at) else {
            let message = format!("{} is not a member", request.key);
            return Err(self.fail(Error::not_found(message, &[Resource::Member]), Operation::SetRole));
        };
        member.role = self.capabilities.roles().normalize(&role.native);
        member.fit = self.capabilities.roles().fit(&role.native);
        member.native_role = role.native;
        Ok(member.clone())
    }

    async fn remove(&self, request: &RemoveMember) -> Result<()> {
        self.capabilities.check_remove(request)?;
        let mut state = self.live(Operation::Remove)?;
        self.check_loss(&state, &request.key, None, Operation::Remove)?;
        state.members.remove(&(request.key.workspace.clone(), request.key.principal.clone()));
        let me = self.me.as_ref().map(|me| PrincipalId::User(me.user.clone()));
        if self.capabilities.behaves(Behaviour::KeyDiesWithMembership)
            && me.as_ref() == Some(&request.key.principal)
        {
            state.key_is_dead = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Evidence, Fit, RoleRow, RoleTable};

    #[test]
    fn a_member_has_the_marks_of_the_user() {
        let roles = RoleTable::new([RoleRow::new(Role::Owner, NativeRole::from_static("boss"), Fit::Exact)]);
        let capabilities = Capabilities::new(Provider::from_static("example"), roles.unwrap())
            .claim(Evidence::Documented, Capability::ALL);
        let guest =
            User::new(UserId::from(7)).with_mark(Mark::SeatOnPromotion).with_mark(Mark::SeatOnPromotion);
        assert!(guest.is(Mark::SeatOnPromotion) && !guest.is(Mark::AccountOwner));
        let account = InMemory::new(capabilities)
            .with_workspace(Workspace::new(WorkspaceId::from(1), "Legal"))
            .with_user(guest)
            .with_member(WorkspaceId::from(1), UserId::from(7), NativeRole::from_static("boss"));
        let state = account.state();
        assert_eq!(state.members.values().next().unwrap().marks, [Mark::SeatOnPromotion]);
    }

    #[test]
    fn all_members_shows_what_no_call_may_read() {
        let role = NativeRole::from_static("clerk");
        let account =
            InMemory::new(Capabilities::new(Provider::from_static("example"), RoleTable::new([]).unwrap()))
                .with_member(WorkspaceId::from(1), UserId::from(7), role.clone())
                .with_member(WorkspaceId::from(2), UserId::from(7), role);
        let places: Vec<_> = account.all_members().into_iter().map(|member| member.key.workspace).collect();
        assert_eq!(places, [WorkspaceId::from(1), WorkspaceId::from(2)]);
    }
}
