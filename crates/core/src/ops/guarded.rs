//! The handle for changes that may take something away, with its guards.

use super::find::{find_member, read_member};
use super::listing::{groups, roster_of_known, users};
use super::resolve::{Attempt, Verdict, resolve, send};
use super::write::Write;
use crate::listing::collect;
use crate::{
    Capability, Change, Effect, Error, Group, Mark, Member, NativeRole, Operation, PrincipalId,
    PrincipalKind, Protection, RemoveMember, Result, Role, User, UserId, WorkspaceId, WorkspaceMembers,
};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// The verbs of [`WorkspaceMembersExt`](crate::WorkspaceMembersExt) that may take something away, with what is allowed, and
/// with what they have read.
///
/// A removal, and a change of role that lowers it or cannot be compared, is refused as
/// [`ErrorKind::Protected`](crate::ErrorKind::Protected):
///
/// * [`Protection::ActingIdentity`]: for the user that the key acts as; for a group, unless the list of groups or of users
///   shows that this user is not in it; and for anybody, where the key cannot say whom it acts as.
/// * [`Protection::LastOwner`]: for an owner, or a member whose role is not known to be less, where no other user is left
///   who owns the workspace and may be active, or where that could not be read. A group does not count, since it may hold
///   nobody, nor does somebody who has not accepted an invitation. Who is listed without a status counts: many
///   lists of members have none.
///
/// Each can be [allowed](Self::allow). [`WorkspaceMembers`]' own methods guard nothing.
///
/// One handle for many changes asks once whom the key acts as, and reads those lists and the roster of a workspace once, if
/// at all. It keeps the rosters up to date with its own changes and does not see those of others: use it for a
/// loop, not for hours.
#[derive(Debug)]
pub struct Guarded<'a, M: ?Sized> {
    members: &'a M,
    allowed: BTreeSet<Protection>,
    me: Option<UserId>,
    groups: Option<Vec<Group>>,
    users: Option<Vec<User>>,
    /// The users who own the workspaces whose rosters were read, and may be active.
    owners: BTreeMap<WorkspaceId, Vec<PrincipalId>>,
    /// Where a change was begun and is not known to be finished, as when its future was dropped.
    unfinished: Option<WorkspaceId>,
}

impl<'a, M: WorkspaceMembers + ?Sized> Guarded<'a, M> {
    pub(super) fn new(members: &'a M) -> Self {
        let (allowed, owners) = (BTreeSet::new(), BTreeMap::new());
        Self { members, allowed, me: None, groups: None, users: None, owners, unfinished: None }
    }

    /// Allows what would be refused for this reason. What the provider itself protects, it still refuses.
    pub fn allow(mut self, protection: Protection) -> Self {
        self.allowed.insert(protection);
        self
    }

    /// See [`remove_member`](crate::WorkspaceMembersExt::remove_member).
    pub async fn remove_member(
        &mut self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
    ) -> Result<Change> {
        self.begin(workspace);
        let change = self.removed(workspace, principal).await?;
        self.end(workspace, principal, None);
        Ok(change)
    }

    async fn removed(&mut self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Change> {
        let operation = Operation::Remove;
        self.account().capabilities().require(Capability::remove(principal.kind()), operation)?;
        let Some(member) = find_member(self.account(), workspace, principal, operation).await? else {
            return Ok(Change::Unchanged);
        };
        self.check(&member, None, operation).await?;
        let request = RemoveMember::new(member.key).with_from(Some(member.native_role));
        let error = match send(self.account(), &request).await {
            Ok(()) => return Ok(Change::Applied),
            Err(failed) => failed.error,
        };
        if error.effect() == Effect::Rejected && request.may_mean_done(&error) {
            // Somebody else was faster, unless they are still there.
            let read = read_member(self.account(), workspace, principal).await;
            return match resolve(&request, error, read, self.account().capabilities(), Attempt::First) {
                Verdict::Applied(()) => Ok(Change::Unchanged),
                Verdict::NotApplied(error) | Verdict::Final(error) => Err(error),
            };
        }
        Err(error)
    }

    pub(super) fn account(&self) -> &dyn WorkspaceMembers {
        &self.members
    }

    /// A change begins in this workspace. What is known of one where a change did not end is forgotten.
    pub(super) fn begin(&mut self, workspace: &WorkspaceId) {
        if let Some(before) = self.unfinished.replace(workspace.clone()) {
            self.owners.remove(&before);
        }
    }

    /// The change ended, and this member is there now.
    pub(super) fn end_with(&mut self, member: &Member) {
        self.end(&member.key.workspace, &member.key.principal, Some(member));
    }

    fn end(&mut self, workspace: &WorkspaceId, principal: &PrincipalId, now: Option<&Member>) {
        self.unfinished = None;
        let is_owner = now.filter(|member| is_owner(member));
        if let Some(owners) = self.owners.get_mut(workspace) {
            owners.retain(|owner| !self.members.capabilities().same_principal(owner, principal));
            owners.extend(is_owner.map(|member| member.key.principal.clone()));
        }
    }

    fn is_same(&self, principal: &PrincipalId, user: &UserId) -> bool {
        self.account().capabilities().same_principal(principal, &user.clone().into())
    }

    fn allows(&self, protection: Protection) -> bool {
        self.allowed.contains(&protection)
    }

    /// Refuses to remove a member, or to give them another role, where that may take away what is protected.
    pub(super) async fn check(
        &mut self,
        member: &Member,
        becomes: Option<&NativeRole>,
        operation: Operation,
    ) -> Result<()> {
        let checked = self.check_loss(member, becomes).await;
        checked.map_err(|error| {
            // Nothing was begun.
            self.unfinished = None;
            self.account().capabilities().failure(operation, error)
        })
    }

    async fn check_loss(&mut self, member: &Member, becomes: Option<&NativeRole>) -> Result<()> {
        let roles = self.account().capabilities().roles();
        let what = match becomes {
            None => format!("removing {}", member.key),
            Some(role) => {
                let order = roles.compare(&member.native_role, role);
                if matches!(order, Some(Ordering::Less | Ordering::Equal)) {
                    return Ok(());
                }
                format!("giving {} the role {role}", member.key)
            }
        };
        let stays_owner = becomes.is_some_and(|role| roles.normalize(role) == Role::Owner);
        // A custom role, or one that the provider does not name, is not known to be lower.
        let may_be_owner = matches!(member.role, Role::Owner | Role::Custom(_));
        if !self.allows(Protection::ActingIdentity) {
            self.check_identity(member, &what).await?;
        }
        if may_be_owner && !stays_owner && !self.allows(Protection::LastOwner) {
            self.check_owners(member, &what).await?;
        }
        Ok(())
    }

    async fn check_identity(&mut self, member: &Member, what: &str) -> Result<()> {
        let refuse = |why: &str| refusal(&format!("{what} {why}"), Protection::ActingIdentity);
        let me = match &self.me {
            Some(me) => me.clone(),
            None => match self.account().me().await {
                Ok(identity) => self.me.insert(identity.user).clone(),
                Err(error) => {
                    let why = format!(
                        "may take access from the user that the key acts as, who is not known: {error}"
                    );
                    return Err(refuse(&why).with_source(error));
                }
            },
        };
        match self.is_or_holds(&member.key.principal, &me).await {
            Ok(Some(false)) => Ok(()),
            Ok(Some(true)) => Err(refuse("takes access from the user that the key acts as")),
            Ok(None) => Err(refuse(
                "may take access from the user that the key acts as: who is in the group is not known",
            )),
            Err(error) => {
                let why = format!(
                    "may take access from the user that the key acts as: who is in the group could not be read: {error}"
                );
                Err(refuse(&why).with_source(error))
            }
        }
    }

    /// Whether a principal is this user, or a group that holds them; `None` where the provider does not say.
    async fn is_or_holds(&mut self, principal: &PrincipalId, user: &UserId) -> Result<Option<bool>> {
        if principal.kind() == PrincipalKind::User {
            return Ok(Some(self.is_same(principal, user)));
        }
        if self.groups.is_none() {
            self.groups = Some(collect(|| groups(self.members)).await?);
        }
        let mut listed = self.groups.iter().flatten();
        let group = listed.find(|listed| principal.as_group() == Some(&listed.id));
        if let Some(users) = group.and_then(|group| group.users.as_ref()) {
            return Ok(Some(users.iter().any(|one| self.is_same(&one.clone().into(), user))));
        }
        // Some providers say of users in which groups they are, and not the other way round.
        if self.users.is_none() {
            self.users = Some(collect(|| users(self.members)).await?);
        }
        let mut listed = self.users.iter().flatten();
        let me = listed.find(|listed| self.is_same(&listed.id.clone().into(), user));
        let mine = me.and_then(|me| me.groups.as_ref()).zip(principal.as_group());
        Ok(mine.map(|(mine, group)| mine.contains(group)))
    }

    async fn check_owners(&mut self, member: &Member, what: &str) -> Result<()> {
        let refuse = |why: &str| refusal(&format!("{what} {why}"), Protection::LastOwner);
        let workspace = &member.key.workspace;
        if !self.owners.contains_key(workspace) {
            let roster = roster_of_known(self.account(), workspace).await.map_err(|error| {
                let why = format!(
                    "may leave the workspace without an owner: who else owns it could not be read: {error}"
                );
                refuse(&why).with_source(error)
            })?;
            let owners = roster.iter().filter(|member| is_owner(member));
            let owners = owners.map(|member| member.key.principal.clone()).collect();
            self.owners.insert(workspace.clone(), owners);
        }
        let capabilities = self.account().capabilities();
        let mut owners = self.owners[workspace].iter();
        if owners.any(|other| !capabilities.same_principal(other, &member.key.principal)) {
            return Ok(());
        }
        Err(if member.role == Role::Owner {
            refuse("leaves the workspace without an owner who may be active")
        } else {
            refuse(&format!(
                "may leave the workspace without an owner: no other user is one, and the role {} may be an owner's",
                member.native_role
            ))
        })
    }
}

/// Whether this is a user who owns the workspace and may be active.
fn is_owner(member: &Member) -> bool {
    (member.role == Role::Owner || member.is(Mark::Immovable))
        && member.key.principal.kind() == PrincipalKind::User
        && member.status.may_be_active()
}

/// What would happen, why it is refused, and what to do.
fn refusal(message: &str, protection: Protection) -> Error {
    let (first, name) = match protection {
        Protection::LastOwner => ("make somebody else owner first", "LastOwner"),
        _ => ("use the key of somebody else", "ActingIdentity"),
    };
    let message = format!("{message}; {first}, or allow it with `guarded().allow(Protection::{name})`");
    Error::protected(message, protection)
}
