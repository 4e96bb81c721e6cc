//! The handle for changes that may take something away, with its guards.

use super::find::{find_member, read_member};
use super::listing::roster_of_known;
use super::resolve::{Verdict, resolve, send};
use super::write::Write;
use crate::{
    Capability, Change, Effect, Error, Mark, Member, NativeRole, Operation, PrincipalId, PrincipalKind,
    Protection, RemoveMember, Resource, Result, Role, UserId, WorkspaceId, WorkspaceMembers,
};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// The verbs of [`WorkspaceMembersExt`](crate::WorkspaceMembersExt) that may take something away, with what is allowed, and
/// with what they have read.
///
/// A removal, and a change of role that lowers it or cannot be compared, is refused as
/// [`ErrorKind::Protected`](crate::ErrorKind::Protected):
///
/// * [`Protection::ActingIdentity`]: for the user that the key acts as, who would lock themselves out; for a group through
///   which alone they may own the workspace; and for anybody, where the key cannot say whom it acts as.
/// * [`Protection::LastOwner`]: for an owner, or a member whose role is not known to be less, where no other owner would be
///   left who may be active, or where that could not be read. Somebody who has not accepted an invitation does not count.
///
/// Each can be [allowed](Self::allow). [`WorkspaceMembers`]' own methods guard nothing.
///
/// One handle for many changes asks once whom the key acts as, and reads the roster of a workspace once, if at all. It keeps
/// both up to date with its own changes and does not see those of others: use it for a loop, not for hours.
///
/// ```
/// # use workspace_members_core::{InMemory, PrincipalId, Protection, Result, WorkspaceId};
/// # use workspace_members_core::{WorkspaceMembers, WorkspaceMembersExt};
/// async fn empty(account: &dyn WorkspaceMembers, of: &WorkspaceId, people: &[PrincipalId]) -> Result<()> {
///     // The workspace is about to be deleted: it needs no owner.
///     let mut guarded = account.guarded().allow(Protection::LastOwner);
///     for person in people {
///         guarded.remove_member(of, person).await?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Guarded<'a, M: ?Sized> {
    members: &'a M,
    allowed: BTreeSet<Protection>,
    me: Option<UserId>,
    /// Who owns the workspaces whose rosters were read.
    owners: BTreeMap<WorkspaceId, Vec<PrincipalId>>,
    /// Where a change was begun and is not known to be finished, as when its future was dropped.
    unfinished: Option<WorkspaceId>,
}

impl<'a, M: WorkspaceMembers + ?Sized> Guarded<'a, M> {
    pub(super) fn new(members: &'a M) -> Self {
        Self { members, allowed: BTreeSet::new(), me: None, owners: BTreeMap::new(), unfinished: None }
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
        if error.effect() == Effect::Rejected && request.may_echo(&error) {
            // Somebody else was faster, unless they are still there.
            let read = read_member(self.account(), workspace, principal).await;
            return match resolve(&request, error, read, self.account().capabilities(), false) {
                Verdict::Applied(()) => Ok(Change::Unchanged),
                Verdict::NotApplied(error) | Verdict::Stands(error) => Err(error),
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
        if let Some(owners) = self.owners.get_mut(workspace) {
            let capabilities = self.members.capabilities();
            owners.retain(|owner| !capabilities.same_principal(owner, principal));
            owners.extend(now.filter(|member| is_owner(member)).map(|member| member.key.principal.clone()));
        }
    }

    fn allows(&self, protection: Protection) -> bool {
        self.allowed.contains(&protection)
    }

    /// Whether nothing is guarded, so that it need not be known what a change takes away.
    pub(super) fn allows_all(&self) -> bool {
        self.allows(Protection::ActingIdentity) && self.allows(Protection::LastOwner)
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
        if may_be_owner && !stays_owner {
            self.check_owners(member, &what).await?;
        }
        Ok(())
    }

    async fn check_identity(&mut self, member: &Member, what: &str) -> Result<()> {
        let me = match &self.me {
            Some(me) => me,
            None => match self.account().me().await {
                Ok(identity) => self.me.insert(identity.user),
                Err(error) => {
                    let why =
                        format!("may lock out the key's own user, and nobody can say who that is: {error}");
                    return Err(refusal(what, &why, Protection::ActingIdentity).with_source(error));
                }
            },
        };
        let me = PrincipalId::from(me.clone());
        if self.account().capabilities().same_principal(&member.key.principal, &me) {
            return Err(refusal(what, "locks out the key's own user", Protection::ActingIdentity));
        }
        Ok(())
    }

    async fn check_owners(&mut self, member: &Member, what: &str) -> Result<()> {
        let owner_must_stay = !self.allows(Protection::LastOwner);
        // The key's user may own the workspace through this principal alone, unless it is another user: which users a group
        // holds is not known here.
        let through = self.me.clone().map(PrincipalId::from).filter(|_| {
            member.key.principal.kind() != PrincipalKind::User && !self.allows(Protection::ActingIdentity)
        });
        if !owner_must_stay && through.is_none() {
            return Ok(());
        }
        let workspace = &member.key.workspace;
        if !self.owners.contains_key(workspace) {
            let roster = roster_of_known(self.account(), workspace).await.map_err(|error| {
                let protection =
                    if owner_must_stay { Protection::LastOwner } else { Protection::ActingIdentity };
                let why = format!(
                    "may leave the workspace without an owner, and who else owns it could not be read: {error}"
                );
                refusal(what, &why, protection).with_source(error)
            })?;
            let owners = roster.iter().filter(|member| is_owner(member));
            let owners = owners.map(|member| member.key.principal.clone()).collect();
            self.owners.insert(workspace.clone(), owners);
        }
        let capabilities = self.account().capabilities();
        let others: Vec<&PrincipalId> = self.owners[workspace]
            .iter()
            .filter(|other| !capabilities.same_principal(other, &member.key.principal))
            .collect();
        // Who is in a group, and whether they are active, is not known here: it may be nobody.
        let owner_stays = others.iter().any(|other| other.kind() == PrincipalKind::User);
        if owner_must_stay && !owner_stays {
            let why = if member.role == Role::Owner {
                "leaves the workspace without an owner who may be active".to_owned()
            } else {
                format!(
                    "may leave the workspace without an owner: no other user is one, and {} is not known to be less",
                    member.native_role
                )
            };
            return Err(refusal(what, &why, Protection::LastOwner));
        }
        if let Some(me) = through
            && !others.iter().any(|other| capabilities.same_principal(other, &me))
        {
            let why = "may lock out the key's own user, who owns the workspace through no one but this group";
            return Err(refusal(what, why, Protection::ActingIdentity));
        }
        Ok(())
    }

    /// A change of a member of whom nothing was found.
    pub(super) fn not_a_member(&self, workspace: &WorkspaceId, who: &PrincipalId, of: Operation) -> Error {
        let message = format!("{who} is not a member of workspace {workspace}");
        self.account().capabilities().failure(of, Error::not_found(message, &[Resource::Member]))
    }
}

/// Whether this member is an owner who may be active.
fn is_owner(member: &Member) -> bool {
    (member.role == Role::Owner || member.is(Mark::Immovable)) && member.status.may_be_active()
}

fn refusal(what: &str, why: &str, protection: Protection) -> Error {
    let name = match protection {
        Protection::LastOwner => "LastOwner",
        _ => "ActingIdentity",
    };
    Error::protected(
        format!("{what} {why}; to do it all the same, use `guarded().allow(Protection::{name})`"),
        protection,
    )
}
