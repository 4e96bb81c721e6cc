//! A handle on one workspace.

use crate::{
    AddMember, Change, Ensured, IfPresent, Listing, Member, Notify, Operation, Result, Role, Roster, Who,
    WorkspaceId, WorkspaceMembers, WorkspaceMembersExt,
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
