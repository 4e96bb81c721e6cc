//! Members that were read one by one, where a plan needs no whole roster or cannot have one.

use std::collections::BTreeSet;
use workspace_members_core::{
    Capability, Error, ErrorKind, Member, PrincipalId, Resource, Result, WorkspaceId, WorkspaceMembers,
    WorkspaceMembersExt as _,
};

/// What was read of some principals in one workspace. Nothing is known of anybody else there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Singles {
    pub(crate) asked: Vec<PrincipalId>,
    /// Ordered by principal.
    pub(crate) members: Vec<Member>,
    /// Those asked about who are no members.
    pub(crate) outside: BTreeSet<PrincipalId>,
}

impl Singles {
    /// Nothing is known of these yet.
    pub(super) fn unread(asked: Vec<PrincipalId>) -> Self {
        Self { asked, ..Self::default() }
    }

    /// Reads each of these. Answers what could be read, and the first reason why not all could.
    pub(super) async fn read(
        members: &dyn WorkspaceMembers,
        workspace: &WorkspaceId,
        asked: Vec<PrincipalId>,
    ) -> Result<(Self, Option<Error>)> {
        let (mut singles, mut unread) = (Self::unread(asked), None);
        for principal in singles.asked.clone() {
            match members.get(workspace, &principal).await {
                Ok(Some(member)) => singles.members.push(member),
                Ok(None) => _ = singles.outside.insert(principal),
                // That a user or a workspace is not visible says nothing about the membership.
                Err(error) if error.missing() == [Resource::Member] => _ = singles.outside.insert(principal),
                Err(error) if unknowable(&error) => _ = unread.get_or_insert(error),
                Err(error) => return Err(error),
            }
        }
        singles.members.sort_unstable_by(|a, b| a.key.principal.cmp(&b.key.principal));
        Ok((singles, unread))
    }

    /// The same principals once more, all of them or none.
    pub(super) async fn again(
        &self,
        members: &dyn WorkspaceMembers,
        workspace: &WorkspaceId,
    ) -> Result<Self> {
        if members.capabilities().has(Capability::GetMember) {
            let (singles, unread) = Self::read(members, workspace, self.asked.clone()).await?;
            return unread.map_or(Ok(singles), Err);
        }
        let roster = members.roster(workspace).await?;
        let mut singles = Self::unread(self.asked.clone());
        for principal in &self.asked {
            match roster.get(principal) {
                Some(member) => singles.members.push(member.clone()),
                None => _ = singles.outside.insert(principal.clone()),
            }
        }
        Ok(singles)
    }
}

/// Whether an error says that the provider will not show something, and will not when asked again either: it refuses,
/// it denies that it is there, or it answers in another form.
pub(crate) fn unknowable(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::Rejected
            | ErrorKind::UnexpectedResponse
            | ErrorKind::Unsupported
    )
}
