//! What no verb takes away unless that is allowed: the access of the key's own user, and the last owner.

use super::listing::roster_of_known;
use crate::{
    Error, Mark, Member, NativeRole, Operation, PrincipalId, PrincipalKind, Protection, Result, Role, Roster,
    UserId, WorkspaceId, WorkspaceMembers,
};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// What is allowed, and what was read to guard the rest.
#[derive(Debug, Clone, Default)]
pub(super) struct Guard {
    allowed: BTreeSet<Protection>,
    me: Option<UserId>,
    rosters: BTreeMap<WorkspaceId, Roster>,
    /// Where a change was begun and is not known to be finished, as when its future was dropped.
    unfinished: Option<WorkspaceId>,
}

impl Guard {
    pub(super) fn allow(&mut self, protection: Protection) {
        self.allowed.insert(protection);
    }

    fn allows(&self, protection: Protection) -> bool {
        self.allowed.contains(&protection)
    }

    /// Whether nothing is guarded, so that it need not be known what a change takes away.
    pub(super) fn allows_all(&self) -> bool {
        self.allows(Protection::ActingIdentity) && self.allows(Protection::LastOwner)
    }

    /// A change begins in this workspace. What is known of one where a change did not end is forgotten.
    pub(super) fn begin(&mut self, workspace: &WorkspaceId) {
        if let Some(before) = self.unfinished.replace(workspace.clone()) {
            self.rosters.remove(&before);
        }
    }

    /// The change ended, and this member is there now.
    pub(super) fn ended_with(&mut self, member: &Member) {
        self.unfinished = None;
        if let Some(roster) = self.rosters.get_mut(&member.key.workspace) {
            roster.put(member.clone());
        }
    }

    /// The change ended, and this principal is no member now.
    pub(super) fn ended_without(&mut self, workspace: &WorkspaceId, principal: &PrincipalId) {
        self.unfinished = None;
        if let Some(roster) = self.rosters.get_mut(workspace) {
            roster.take_out(principal);
        }
    }

    /// Refuses to remove a member, or to give them another role, where that may take away what is protected.
    pub(super) async fn check<M: WorkspaceMembers + ?Sized>(
        &mut self,
        members: &M,
        member: &Member,
        becomes: Option<&NativeRole>,
        operation: Operation,
    ) -> Result<()> {
        let roles = members.capabilities().roles();
        if let Some(role) = becomes
            && matches!(roles.compare(&member.native_role, role), Some(Ordering::Less | Ordering::Equal))
        {
            return Ok(());
        }
        let what = match becomes {
            None => format!("removing {}", member.key),
            Some(role) => format!("giving {} the role {role}", member.key),
        };
        let stays_owner = becomes.is_some_and(|role| roles.normalize(role) == Role::Owner);
        // A custom role, or one that the provider does not name, is not known to be lower.
        let may_be_owner = matches!(member.role, Role::Owner | Role::Custom(_));
        let checked = async {
            self.check_identity(members, member, &what).await?;
            if may_be_owner && !stays_owner {
                self.check_owners(members, member, &what).await?;
            }
            Ok(())
        };
        checked
            .await
            .map_err(|error: Error| error.with_operation(operation).with_provider(members.provider()))
    }

    async fn check_identity<M: WorkspaceMembers + ?Sized>(
        &mut self,
        members: &M,
        member: &Member,
        what: &str,
    ) -> Result<()> {
        if self.allows(Protection::ActingIdentity) {
            return Ok(());
        }
        let me = match &self.me {
            Some(me) => me,
            None => match members.me().await {
                Ok(identity) => self.me.insert(identity.user),
                Err(error) => {
                    let why =
                        format!("may lock out the key's own user, and nobody can say who that is: {error}");
                    return Err(refusal(what, &why, Protection::ActingIdentity).with_source(error));
                }
            },
        };
        if members.capabilities().same_principal(&member.key.principal, &me.clone().into()) {
            return Err(refusal(what, "locks out the key's own user", Protection::ActingIdentity));
        }
        Ok(())
    }

    async fn check_owners<M: WorkspaceMembers + ?Sized>(
        &mut self,
        members: &M,
        member: &Member,
        what: &str,
    ) -> Result<()> {
        let owner_must_stay = !self.allows(Protection::LastOwner);
        // The key's user may own the workspace through this group alone; which users it holds is not known here.
        let through_group = self.me.clone().filter(|_| {
            member.key.principal.kind() == PrincipalKind::Group && !self.allows(Protection::ActingIdentity)
        });
        if !owner_must_stay && through_group.is_none() {
            return Ok(());
        }
        let protection = if owner_must_stay { Protection::LastOwner } else { Protection::ActingIdentity };
        let workspace = &member.key.workspace;
        if !self.rosters.contains_key(workspace) {
            match roster_of_known(members, workspace).await {
                Ok(roster) => {
                    self.rosters.insert(workspace.clone(), roster);
                }
                Err(error) => {
                    let why = format!(
                        "may leave the workspace without an owner, and who else owns it could not be read: {error}"
                    );
                    return Err(refusal(what, &why, protection).with_source(error));
                }
            }
        }
        let capabilities = members.capabilities();
        let others: Vec<&Member> = self.rosters[workspace]
            .iter()
            .filter(|other| other.role == Role::Owner || other.is(Mark::Immovable))
            .filter(|other| other.status.may_be_active())
            .filter(|other| !capabilities.same_principal(&other.key.principal, &member.key.principal))
            .collect();
        if owner_must_stay && others.is_empty() {
            let why = if member.role == Role::Owner {
                "leaves the workspace without an owner who may be active".to_owned()
            } else {
                format!(
                    "may leave the workspace without an owner: nobody else is one, and {} is not known to be less",
                    member.native_role
                )
            };
            return Err(refusal(what, &why, Protection::LastOwner));
        }
        if let Some(me) = through_group.map(PrincipalId::from)
            && !others.iter().any(|other| capabilities.same_principal(&other.key.principal, &me))
        {
            let why = "may lock out the key's own user, who owns the workspace through no one but this group";
            return Err(refusal(what, why, Protection::ActingIdentity));
        }
        Ok(())
    }
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
