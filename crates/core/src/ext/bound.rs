//! A handle on one workspace.

use crate::listing::collect;
use crate::{
    AddMember, Change, Ensured, ErrorKind, IfPresent, Listing, Member, Notify, Operation, PrincipalId,
    Result, Role, Roster, Who, WorkspaceId, WorkspaceMembers, WorkspaceMembersExt,
};

/// One workspace of an account: what [`WorkspaceMembersExt`] offers, without naming the workspace each time.
#[derive(Debug)]
pub struct BoundWorkspace<'a, M: ?Sized> {
    pub(super) members: &'a M,
    pub(super) id: WorkspaceId,
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
        let principal = self.resolve(&who.into()).await?;
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
        let principal = self.resolve(&who.into()).await?;
        let request = AddMember::new(self.id.clone(), principal, role).with_notify(notify);
        self.members.ensure(&request, if_present).await
    }

    /// See [`change_role`](WorkspaceMembersExt::change_role).
    pub async fn change_role(&self, who: impl Into<Who>, role: Role) -> Result<Ensured> {
        let principal = self.resolve(&who.into()).await?;
        self.members.change_role(&self.id, &principal, &role).await
    }

    /// See [`change_role_by_remove_then_add`](WorkspaceMembersExt::change_role_by_remove_then_add).
    pub async fn change_role_by_remove_then_add(&self, who: impl Into<Who>, role: Role) -> Result<Ensured> {
        let principal = self.resolve(&who.into()).await?;
        self.members.change_role_by_remove_then_add(&self.id, &principal, &role).await
    }

    /// The principal that a caller named. Where the credential may not list users, a member is found in the workspace's
    /// own list, which shows addresses at providers that keep the other from mere owners.
    async fn resolve(&self, who: &Who) -> Result<PrincipalId> {
        let (error, email) = match (self.members.resolve(who).await, who) {
            (Err(error), Who::Email(email)) if error.kind() == ErrorKind::Forbidden => (error, email),
            (resolved, _) => return resolved,
        };
        // Whoever is not in it may still exist, so not to be found is no answer.
        let Ok(members) = collect(|| self.members()).await else { return Err(error) };
        let mut found = members.into_iter().filter(|member| member.email.as_ref() == Some(email));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one.key.principal),
            _ => Err(error),
        }
    }

    /// See [`remove_member`](WorkspaceMembersExt::remove_member).
    pub async fn remove(&self, who: impl Into<Who>) -> Result<Change> {
        let principal = self.resolve(&who.into()).await?;
        self.members.remove_member(&self.id, &principal).await
    }
}
