//! Every verb that takes more than one request, written once for all providers.

use crate::listing::{collect, walk};
use crate::members::only_match;
use crate::{
    AddMember, Behaviour, Capability, Change, Effect, EmailAddress, Error, ErrorKind, Group, ListOf, Listing,
    Member, MemberKey, Notify, Operation, PrincipalId, PrincipalKind, Protection, RemoveMember, Resource,
    Result, Role, Roster, SetRole, User, UserId, Who, Workspace, WorkspaceId, WorkspaceMembers,
};
use async_trait::async_trait;
use futures_util::future::{FutureExt, TryFutureExt};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use std::collections::BTreeMap;

/// How many workspaces are read side by side where each has a list of its own. A layer that bounds concurrency may
/// allow fewer; this bounds what is done without one.
const SIDE_BY_SIDE: usize = 32;

/// What to do with somebody who is a member already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum IfPresent {
    /// Answer [`ErrorKind::AlreadyMember`].
    Fail,
    /// Leave them in whatever role they have.
    Keep,
    /// Give them the role asked for, in one step. The default.
    #[default]
    SetRole,
}

/// A member as they are now, and whether that took a change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Ensured {
    /// Whether anything was changed.
    pub change: Change,
    /// The member as confirmed or read.
    pub member: Member,
}

impl Ensured {
    fn applied(member: Member) -> Self {
        Self { change: Change::Applied, member }
    }

    fn unchanged(member: Member) -> Self {
        Self { change: Change::Unchanged, member }
    }
}

/// What takes several requests, for every [`WorkspaceMembers`]. Nothing to implement.
///
/// A verb that stopped half-way answers [`Effect::Partial`] and says in [`Error::done`] what was done.
#[async_trait]
pub trait WorkspaceMembersExt: WorkspaceMembers {
    /// All workspaces of the account, as a stream.
    fn workspaces(&self) -> Listing<'_, Workspace> {
        walk(Operation::ListWorkspaces, self.provider(), |page| self.workspaces_page(page))
    }

    /// All users of the account, as a stream.
    fn users(&self) -> Listing<'_, User> {
        walk(Operation::ListUsers, self.provider(), |page| self.users_page(page))
    }

    /// All groups of the account, as a stream.
    fn groups(&self) -> Listing<'_, Group> {
        walk(Operation::ListGroups, self.provider(), |page| self.groups_page(page))
    }

    /// The members of one workspace, or of all in one pass, as a stream.
    ///
    /// For decisions about who is *not* a member use [`roster`](Self::roster).
    fn members(&self, of: impl Into<ListOf>) -> Listing<'_, Member> {
        let of = of.into();
        walk(Operation::ListMembers, self.provider(), move |page| {
            let of = of.clone();
            async move { self.members_page(&of, page).await }
        })
    }

    /// A handle on one workspace.
    fn workspace(&self, id: WorkspaceId) -> BoundWorkspace<'_, Self> {
        BoundWorkspace { members: self, id }
    }

    /// Everybody in one workspace, complete or not at all. Idempotent.
    ///
    /// A listing that changed while it was read starts over once, then fails as [`ErrorKind::ListingChanged`]. Needs
    /// [`Capability::Roster`]. Reads the list of workspaces too where that shows the owner who cannot be removed, or
    /// where the provider's listing does not tell an empty workspace from a missing one.
    async fn roster(&self, workspace: &WorkspaceId) -> Result<Roster> {
        let mut rosters = self.rosters(std::slice::from_ref(workspace)).await?;
        rosters.pop().ok_or_else(|| Error::not_found(missing_workspace(workspace), &[Resource::Workspace]))
    }

    /// Everybody in each of these workspaces, in the order asked; in one pass over the account where the provider has
    /// one, else up to 32 workspaces side by side. Idempotent. As [`roster`](Self::roster) in everything else.
    async fn rosters(&self, workspaces: &[WorkspaceId]) -> Result<Vec<Roster>> {
        let capabilities = self.capabilities();
        capabilities.require(Capability::Roster, Operation::ListMembers)?;
        let needs_list = capabilities.has(Capability::ListAccountMembers)
            || capabilities.behaves(Behaviour::FixedWorkspaceOwner);
        let listed = if needs_list { collect(|| self.workspaces()).await? } else { Vec::new() };
        self.rosters_among(workspaces, &listed).await
    }

    /// The same where the account's workspaces were listed just before: they are not listed again.
    async fn rosters_among(&self, workspaces: &[WorkspaceId], listed: &[Workspace]) -> Result<Vec<Roster>> {
        let capabilities = self.capabilities();
        capabilities.require(Capability::Roster, Operation::ListMembers)?;
        let one_pass = capabilities.has(Capability::ListAccountMembers);
        let needs_list = one_pass || capabilities.behaves(Behaviour::FixedWorkspaceOwner);
        let known: BTreeMap<&WorkspaceId, &Workspace> =
            listed.iter().filter(|_| needs_list).map(|workspace| (&workspace.id, workspace)).collect();
        if let Some(missing) = workspaces.iter().find(|id| needs_list && !known.contains_key(id)) {
            return Err(Error::not_found(missing_workspace(missing), &[Resource::Workspace])
                .with_operation(Operation::ListMembers)
                .with_provider(self.provider()));
        }
        let mut rosters: Vec<Roster> = Vec::with_capacity(workspaces.len());
        if one_pass {
            let mut by_workspace: BTreeMap<WorkspaceId, Vec<Member>> = BTreeMap::new();
            for member in collect(|| self.members(ListOf::Account)).await? {
                by_workspace.entry(member.key.workspace.clone()).or_default().push(member);
            }
            for (at, id) in workspaces.iter().enumerate() {
                let roster = if let Some(members) = by_workspace.remove(id) {
                    Roster::from_complete(id, members)
                } else {
                    // Nobody is in it, or it was asked for before.
                    let before = workspaces[..at].iter().position(|earlier| earlier == id);
                    before.map_or_else(|| Roster::from_complete(id, Vec::new()), |at| rosters[at].clone())
                };
                rosters.push(roster);
            }
        } else {
            let one = |id: &WorkspaceId| {
                let id = id.clone();
                let of = id.clone();
                collect(move || self.members(of.clone()))
                    .map_ok(move |members| Roster::from_complete(&id, members))
                    .boxed()
            };
            let all: Vec<_> = workspaces.iter().map(one).collect();
            rosters = stream::iter(all).buffered(SIDE_BY_SIDE).try_collect().await?;
        }
        for roster in &mut rosters {
            if let Some(workspace) = known.get(roster.workspace()) {
                roster.mark_owner(workspace);
            }
        }
        Ok(rosters)
    }

    /// The workspace with this id or, if none has it, with this name. Idempotent.
    ///
    /// [`ErrorKind::Ambiguous`] if several have the name; the message lists their ids.
    async fn find_workspace(&self, id_or_name: &str) -> Result<Workspace> {
        let all = collect(|| self.workspaces()).await?;
        if let Some(found) = all.iter().find(|workspace| workspace.id.as_str() == id_or_name) {
            return Ok(found.clone());
        }
        let named: Vec<&Workspace> = all.iter().filter(|workspace| workspace.name == id_or_name).collect();
        match named.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(Error::not_found(
                format!("no workspace has the id or name {id_or_name:?}, or it is not visible"),
                &[Resource::Workspace],
            )
            .with_provider(self.provider())),
            several => {
                let ids = several.iter().map(|w| w.id.to_string()).collect::<Vec<_>>().join(", ");
                let message = format!("{} workspaces are named {id_or_name:?}: {ids}", several.len());
                Err(Error::new(ErrorKind::Ambiguous, Effect::Rejected, message)
                    .with_provider(self.provider()))
            }
        }
    }

    /// The one user with this address. Reads the whole list of users, since providers cannot search it. Idempotent.
    ///
    /// [`ErrorKind::NotFound`] for none, [`ErrorKind::Ambiguous`] for several, [`ErrorKind::Forbidden`] if the
    /// credential's user may not list users; then use an id.
    async fn find_user(&self, email: &EmailAddress) -> Result<User> {
        let users = collect(|| self.users()).await?;
        let found = only_match(email, users.iter()).map_err(|error| error.with_provider(self.provider()))?;
        found.ok_or_else(|| {
            Error::not_found(format!("no user of the account has the address {email}"), &[Resource::User])
                .with_provider(self.provider())
        })
    }

    /// The principal that a caller named. No request for an id. Idempotent.
    async fn resolve(&self, who: &Who) -> Result<PrincipalId> {
        match who {
            Who::Id(id) => Ok(id.clone()),
            Who::Email(email) => Ok(self.find_user(email).await?.id.into()),
        }
    }

    /// Makes sure that a principal is a member. Idempotent, unless asked to [`IfPresent::Fail`].
    ///
    /// Adds first; for whoever is a member already, reads back the role and does as `if_present` says. With
    /// [`IfPresent::SetRole`] at a provider without a one-step change of role, somebody in another role is
    /// [`ErrorKind::Unsupported`]: see [`change_role_by_remove_then_add`](Self::change_role_by_remove_then_add). A
    /// custom role that can only be given in a second step starts as the lowest role.
    async fn ensure(&self, request: &AddMember, if_present: IfPresent) -> Result<Ensured> {
        let capabilities = self.capabilities();
        let asked = capabilities.roles().resolve(&request.role).map_err(|refused| {
            Error::from(refused).with_operation(Operation::Add).with_provider(self.provider())
        })?;
        let two_steps = asked.custom
            && !capabilities.has(Capability::AddCustomRole)
            && capabilities.has(Capability::SetCustomRole);
        let mut first = request.clone();
        if let (true, Some(lowest)) = (two_steps, capabilities.roles().lowest()) {
            first.role = lowest.role.clone();
        }
        match self.add(&first).await {
            Ok(member) if two_steps => {
                let done = format!("added {} as {}", member.key, member.native_role);
                let change =
                    SetRole::new(member.key, request.role.clone()).with_from(Some(member.native_role));
                let member = self.set_role(&change).await.map_err(|error| error.with_done(vec![done]))?;
                Ok(Ensured::applied(member))
            }
            Ok(member) => Ok(Ensured::applied(member)),
            Err(error) if error.kind() == ErrorKind::AlreadyMember && if_present != IfPresent::Fail => {
                let Some(member) = self.get(&request.workspace, &request.principal).await? else {
                    return Err(error.with_message(
                        "the provider says they are a member, and does not show the membership",
                    ));
                };
                match if_present {
                    IfPresent::SetRole => self.give_role(member, &request.role).await,
                    _ => Ok(Ensured::unchanged(member)),
                }
            }
            Err(error) => Err(self.narrow_not_found(error, &request.key()).await),
        }
    }

    /// Changes a member's role in one step. Idempotent: the role they have already is [`Change::Unchanged`].
    async fn change_role(
        &self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
        role: &Role,
    ) -> Result<Ensured> {
        let capability = Capability::set_role(principal.kind());
        self.capabilities().require(capability, Operation::SetRole)?;
        match self.find_member(workspace, principal, Operation::SetRole).await? {
            Some(member) => self.give_role(member, role).await,
            None => Err(not_a_member(self.provider(), workspace, principal, Operation::SetRole)),
        }
    }

    /// Changes a member's role by removing and adding them, where the provider has no other way.
    ///
    /// Between the two requests they have no access. Refuses, before any change, for the only visible owner and for
    /// the acting identity. If the addition fails, the old role is put back; [`Effect::Partial`] says that this failed
    /// too, and they are outside. Idempotent: the role they have already is [`Change::Unchanged`].
    async fn change_role_by_remove_then_add(
        &self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
        role: &Role,
    ) -> Result<Ensured> {
        let operation = Operation::SetRole;
        let capabilities = self.capabilities();
        capabilities.admit_add(&AddMember::new(workspace.clone(), principal.clone(), role.clone()))?;
        capabilities.require(Capability::remove(principal.kind()), operation)?;
        let asked = capabilities.roles().resolve(role)?;
        let roster = self.roster(workspace).await?;
        let Some(old) = roster.get(principal).cloned() else {
            return Err(not_a_member(self.provider(), workspace, principal, operation));
        };
        if old.native_role == asked.native {
            return Ok(Ensured::unchanged(old));
        }
        if capabilities.roles().is_placeholder(&old.native_role) {
            return Err(Error::invalid_input(format!(
                "the role of {} could not be put back: the provider does not name it",
                old.key
            ))
            .with_operation(operation)
            .with_provider(self.provider()));
        }
        let me = self.me().await?;
        refuse_lockout(&roster, &old, &me.user)
            .map_err(|error| error.with_operation(operation).with_provider(self.provider()))?;

        let removal = RemoveMember::new(old.key.clone()).with_from(Some(old.native_role.clone()));
        if let Err(error) = self.remove(&removal).await {
            // A lost answer leaves it open whether they are out; only a read can tell.
            let gone =
                error.effect() == Effect::Unknown && matches!(self.get(workspace, principal).await, Ok(None));
            if !gone {
                return Err(error);
            }
        }
        let added =
            self.add_and_settle(&AddMember::new(workspace.clone(), principal.clone(), role.clone())).await;
        let error = match added {
            Ok(member) => return Ok(Ensured::applied(member)),
            Err(error) => error,
        };
        let done = format!("removed {} ({})", old.key, old.native_role);
        let back =
            AddMember::new(workspace.clone(), principal.clone(), Role::Custom(old.native_role.clone()));
        match self.add_and_settle(&back).await {
            Ok(_) => {
                let message = format!("{}; the old role {} was put back", error.message(), old.native_role);
                Err(error.with_effect(Effect::Rejected).with_message(message))
            }
            Err(second) => {
                let message = format!(
                    "{}; putting back the old role {} failed too ({second}), so they may be outside",
                    error.message(),
                    old.native_role
                );
                Err(error.with_message(message).with_done(vec![done]))
            }
        }
    }

    /// Makes sure that a principal is not a member. Idempotent: [`Change::Unchanged`] for whoever is none, once the
    /// workspace is known to exist.
    async fn remove_member(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Change> {
        let capability = Capability::remove(principal.kind());
        self.capabilities().require(capability, Operation::Remove)?;
        let Some(member) = self.find_member(workspace, principal, Operation::Remove).await? else {
            return Ok(Change::Unchanged);
        };
        let request = RemoveMember::new(member.key).with_from(Some(member.native_role));
        match self.remove(&request).await {
            Ok(()) => Ok(Change::Applied),
            // Somebody else was faster: what was asked for holds.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                match self.find_member(workspace, principal, Operation::Remove).await? {
                    None => Ok(Change::Unchanged),
                    Some(_) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// One member, or `None` once the workspace is known to exist: a provider that reads members by user does not
    /// notice a wrong workspace. Idempotent.
    async fn find_member(
        &self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
        operation: Operation,
    ) -> Result<Option<Member>> {
        let found = match self.get(workspace, principal).await {
            Ok(found) => found,
            Err(error) => {
                let key = MemberKey::new(workspace.clone(), principal.clone());
                return Err(self.narrow_not_found(error, &key).await);
            }
        };
        let blind = self.capabilities().has(Capability::ListAccountMembers)
            && self.capabilities().has(Capability::ListWorkspaces);
        if found.is_none() && blind {
            let workspaces = collect(|| self.workspaces()).await?;
            if !workspaces.iter().any(|known| known.id == *workspace) {
                return Err(Error::not_found(missing_workspace(workspace), &[Resource::Workspace])
                    .with_operation(operation)
                    .with_provider(self.provider()));
            }
        }
        Ok(found)
    }

    /// Finds out by reading which of several things a [`ErrorKind::NotFound`] is about. Any other error, and one that
    /// reading cannot tell, comes back as it is. Idempotent.
    async fn narrow_not_found(&self, error: Error, key: &MemberKey) -> Error {
        if error.kind() != ErrorKind::NotFound || error.missing().len() < 2 {
            return error;
        }
        let mut open = error.missing().to_vec();
        if open.contains(&Resource::Workspace) && self.capabilities().has(Capability::ListWorkspaces) {
            let Ok(known) = collect(|| self.workspaces()).await else { return error };
            if !known.iter().any(|workspace| workspace.id == key.workspace) {
                return error
                    .with_missing(&[Resource::Workspace])
                    .with_message(missing_workspace(&key.workspace));
            }
            open.retain(|resource| *resource != Resource::Workspace);
        }
        let exists = match &key.principal {
            PrincipalId::User(id) if self.capabilities().has(Capability::ListUsers) => {
                collect(|| self.users()).await.map(|users| users.iter().any(|user| user.id == *id))
            }
            PrincipalId::Group(id) if self.capabilities().has(Capability::ListGroups) => {
                collect(|| self.groups()).await.map(|groups| groups.iter().any(|group| group.id == *id))
            }
            _ => return error,
        };
        let resource = match key.principal.kind() {
            PrincipalKind::User => Resource::User,
            PrincipalKind::Group => Resource::Group,
        };
        match exists {
            Ok(false) => {
                let message = format!("{} does not exist or is not visible", key.principal);
                error.with_missing(&[resource]).with_message(message)
            }
            Ok(true) if open.contains(&Resource::Member) => {
                let message = format!("{key} is not a member");
                error.with_missing(&[Resource::Member]).with_message(message)
            }
            Ok(true) => {
                let message = format!(
                    "workspace {} and {} exist, and the provider does not let this key bring them together",
                    key.workspace, key.principal
                );
                error.with_message(message)
            }
            Err(_) => error,
        }
    }

    /// Gives a member that was just read another role, in one step.
    #[doc(hidden)]
    async fn give_role(&self, member: Member, role: &Role) -> Result<Ensured> {
        let capabilities = self.capabilities();
        let asked = capabilities.roles().resolve(role).map_err(|refused| {
            Error::from(refused).with_operation(Operation::SetRole).with_provider(self.provider())
        })?;
        if member.native_role == asked.native {
            return Ok(Ensured::unchanged(member));
        }
        let capability = Capability::set_role(member.key.principal.kind());
        if let Err(error) = capabilities.require(capability, Operation::SetRole) {
            let message = format!(
                "{} is {} and was to become {}: {}; it can be done by removing and adding, which must be asked for",
                member.key,
                member.native_role,
                asked.native,
                error.message()
            );
            return Err(error.with_message(message));
        }
        let request = SetRole::new(member.key, role.clone()).with_from(Some(member.native_role));
        self.set_role(&request).await.map(Ensured::applied)
    }

    /// Adds, and settles a lost answer by reading once.
    #[doc(hidden)]
    async fn add_and_settle(&self, request: &AddMember) -> Result<Member> {
        let error = match self.add(request).await {
            Ok(member) => return Ok(member),
            Err(error) => error,
        };
        if error.effect() == Effect::Unknown || error.kind() == ErrorKind::AlreadyMember {
            let asked = self.capabilities().roles().resolve(&request.role)?;
            if let Ok(Some(member)) = self.get(&request.workspace, &request.principal).await
                && member.native_role == asked.native
            {
                return Ok(member);
            }
        }
        Err(error)
    }
}

impl<T: WorkspaceMembers + ?Sized> WorkspaceMembersExt for T {}

fn missing_workspace(id: &WorkspaceId) -> String {
    format!("workspace {id} does not exist or is not visible")
}

fn not_a_member(
    provider: crate::Provider,
    workspace: &WorkspaceId,
    principal: &PrincipalId,
    operation: Operation,
) -> Error {
    Error::not_found(format!("{principal} is not a member of workspace {workspace}"), &[Resource::Member])
        .with_operation(operation)
        .with_provider(provider)
}

/// Refuses to take the role, if only for a moment, from whoever keeps the workspace reachable.
fn refuse_lockout(roster: &Roster, target: &Member, me: &UserId) -> Result<()> {
    if target.key.principal.as_user() == Some(me) {
        let message = "the key acts as this member, and would lock itself out";
        return Err(Error::protected(message, Protection::ActingIdentity));
    }
    if target.role != Role::Owner {
        return Ok(());
    }
    let others = || roster.owners().filter(|owner| owner.key.principal != target.key.principal);
    if !others().any(|owner| owner.status.may_be_active()) {
        return Err(Error::protected("this is the only owner to be seen", Protection::LastOwner));
    }
    // The key's user may be an owner through this group alone; which users it holds is not known here.
    let me_directly = others().any(|owner| owner.key.principal.as_user() == Some(me));
    if target.key.principal.kind() == PrincipalKind::Group && !me_directly {
        let message = "the key's user may own the workspace through this group, and would lock itself out";
        return Err(Error::protected(message, Protection::ActingIdentity));
    }
    Ok(())
}

/// One workspace of an account: what [`WorkspaceMembersExt`] offers, without naming the workspace each time.
#[derive(Debug)]
pub struct BoundWorkspace<'a, M: ?Sized> {
    members: &'a M,
    id: WorkspaceId,
}

impl<M: WorkspaceMembers + ?Sized> BoundWorkspace<'_, M> {
    /// Which workspace.
    pub fn id(&self) -> &WorkspaceId {
        &self.id
    }

    /// See [`members`](WorkspaceMembersExt::members).
    pub fn members(&self) -> Listing<'_, Member> {
        self.members.members(self.id.clone())
    }

    /// See [`roster`](WorkspaceMembersExt::roster).
    pub async fn roster(&self) -> Result<Roster> {
        self.members.roster(&self.id).await
    }

    /// The member, or `None`. See [`find_member`](WorkspaceMembersExt::find_member).
    pub async fn get(&self, who: impl Into<Who>) -> Result<Option<Member>> {
        let principal = self.members.resolve(&who.into()).await?;
        self.members.find_member(&self.id, &principal, Operation::Get).await
    }

    /// Makes sure that somebody is a member in this role. See [`ensure`](WorkspaceMembersExt::ensure).
    pub async fn ensure(&self, who: impl Into<Who>, role: Role) -> Result<Ensured> {
        self.add(who, role, Notify::NOBODY, IfPresent::SetRole).await
    }

    /// Adds somebody, with everything that can be said about it. See [`ensure`](WorkspaceMembersExt::ensure).
    pub async fn add(
        &self,
        who: impl Into<Who>,
        role: Role,
        notify: Notify,
        if_present: IfPresent,
    ) -> Result<Ensured> {
        let principal = self.members.resolve(&who.into()).await?;
        let request = AddMember::new(self.id.clone(), principal, role).with_notify(notify);
        self.members.ensure(&request, if_present).await
    }

    /// See [`change_role`](WorkspaceMembersExt::change_role).
    pub async fn change_role(&self, who: impl Into<Who>, role: Role) -> Result<Ensured> {
        let principal = self.members.resolve(&who.into()).await?;
        self.members.change_role(&self.id, &principal, &role).await
    }

    /// See [`remove_member`](WorkspaceMembersExt::remove_member).
    pub async fn remove(&self, who: impl Into<Who>) -> Result<Change> {
        let principal = self.members.resolve(&who.into()).await?;
        self.members.remove_member(&self.id, &principal).await
    }
}
