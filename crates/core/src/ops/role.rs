//! Changing a member's role, in one step or by removing and adding.

use super::ensure::Ensured;
use super::find::{find_member, read_member};
use super::guarded::Guarded;
use super::resolve::{Failed, Unread, send, send_after_removal};
use crate::{
    AddMember, Capability, Change, Effect, Error, ErrorKind, Mark, Member, Operation, PrincipalId,
    RemoveMember, Resource, Result, Role, SetRole, WorkspaceId, WorkspaceMembers,
};

impl<M: WorkspaceMembers + ?Sized> Guarded<'_, M> {
    /// See [`change_role`](crate::WorkspaceMembersExt::change_role).
    pub async fn change_role(
        &mut self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
        role: &Role,
    ) -> Result<Ensured> {
        self.begin(workspace);
        let operation = Operation::SetRole;
        let capabilities = self.account().capabilities();
        if !capabilities.changes_role_by_adding(principal.kind()) {
            capabilities.require(Capability::set_role(principal.kind()), operation)?;
        }
        let member = self.member(workspace, principal).await?;
        let done = self.give_role(member, role).await?;
        self.end_with(&done.member);
        Ok(done)
    }

    /// See [`change_role_by_remove_then_add`](crate::WorkspaceMembersExt::change_role_by_remove_then_add).
    pub async fn change_role_by_remove_then_add(
        &mut self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
        role: &Role,
    ) -> Result<Ensured> {
        self.begin(workspace);
        let done = self.removed_then_added(workspace, principal, role).await?;
        self.end_with(&done.member);
        Ok(done)
    }

    /// The member whose role is to be changed.
    async fn member(&self, workspace: &WorkspaceId, principal: &PrincipalId) -> Result<Member> {
        let operation = Operation::SetRole;
        find_member(self.account(), workspace, principal, operation).await?.ok_or_else(|| {
            let message = format!("{principal} is not a member of workspace {workspace}");
            let error = Error::not_found(message, &[Resource::Member]);
            self.account().capabilities().failure(operation, error)
        })
    }

    /// Gives a member that was just read another role, in one step.
    pub(super) async fn give_role(&mut self, member: Member, role: &Role) -> Result<Ensured> {
        let operation = Operation::SetRole;
        let capabilities = self.account().capabilities();
        let asked = capabilities.resolve_role(role, operation)?;
        if capabilities.roles().satisfies(role, &member.native_role) || member.is(Mark::RoleFixed) {
            return Ok(Ensured { change: Change::Unchanged, member });
        }
        let by_adding = capabilities.changes_role_by_adding(member.key.principal.kind());
        let capability = Capability::set_role(member.key.principal.kind());
        if !by_adding && let Err(error) = capabilities.require(capability, operation) {
            let message = format!(
                "{} is {} and was to become {}: {}; it can be done by removing and adding, which must be asked for",
                member.key,
                member.native_role,
                asked.native,
                error.message()
            );
            return Err(error.with_message(message));
        }
        self.check(&member, Some(&asked.native), operation).await?;
        let changed = if by_adding {
            let request = AddMember::new(member.key.workspace, member.key.principal, role.clone());
            send(self.account(), &request).await
        } else {
            let request = SetRole::new(member.key, role.clone()).with_from(Some(member.native_role));
            send(self.account(), &request).await
        };
        let member = changed.map_err(|failed| failed.error)?;
        Ok(Ensured { change: Change::Applied, member })
    }

    async fn removed_then_added(
        &mut self,
        workspace: &WorkspaceId,
        principal: &PrincipalId,
        role: &Role,
    ) -> Result<Ensured> {
        let operation = Operation::SetRole;
        let capabilities = self.account().capabilities();
        let add = AddMember::new(workspace.clone(), principal.clone(), role.clone());
        capabilities.check_add(&add)?;
        capabilities.require(Capability::remove(principal.kind()), operation)?;
        let old = self.member(workspace, principal).await?;
        if capabilities.roles().satisfies(role, &old.native_role) || old.is(Mark::RoleFixed) {
            return Ok(Ensured { change: Change::Unchanged, member: old });
        }
        let removal = RemoveMember::new(old.key.clone()).with_from(Some(old.native_role.clone()));
        capabilities.check_remove(&removal)?;
        let back =
            AddMember::new(workspace.clone(), principal.clone(), Role::Custom(old.native_role.clone()));
        // Somebody who is out must be able to come back in, whatever happens to the addition.
        capabilities.check_add(&back).map_err(|refused| {
            let (role, why) = (&old.native_role, refused.message());
            let message = format!("the role {role} of {} could not be put back: {why}", old.key);
            capabilities.failure(operation, Error::unsupported(message))
        })?;
        // They are out for a moment, whatever comes after.
        self.check(&old, None, operation).await?;

        let unrecorded = remove_for_now(self.account(), &removal).await?;
        let member = match send_after_removal(self.account(), &add).await {
            Ok(member) => member,
            Err(failed) => put_back(self.account(), failed, &old, &back, role).await?,
        };
        match unrecorded {
            None => Ok(Ensured { change: Change::Applied, member }),
            Some(error) => {
                let removed = format!("removed {} ({})", old.key, old.native_role);
                Err(error.with_done(vec![removed, format!("added {} as {}", member.key, member.native_role)]))
            }
        }
    }
}

/// Removes somebody who is to be added again. A removal that was made and could not be recorded must not leave them out:
/// then this is the error to end with.
async fn remove_for_now(account: &dyn WorkspaceMembers, removal: &RemoveMember) -> Result<Option<Error>> {
    let error = match send(account, removal).await {
        Ok(()) => return Ok(None),
        // It was read back and had not happened yet. Nobody sends it again here, and it may still arrive.
        Err(Failed { error, found: Ok(Some(_)) }) => error.with_effect(Effect::Unknown),
        Err(failed) => failed.error,
    };
    let unrecorded = error.kind() == ErrorKind::RecordFailed && error.effect() == Effect::Partial;
    if unrecorded && let Ok(None) = read_member(account, &removal.key.workspace, &removal.key.principal).await
    {
        return Ok(Some(error));
    }
    Err(error)
}

/// After a removal whose addition failed: gives the old role again, unless they turn out to have the new one, and says
/// where they are now.
async fn put_back(
    account: &dyn WorkspaceMembers,
    failed: Failed,
    old: &Member,
    back: &AddMember,
    asked: &Role,
) -> Result<Member> {
    let Failed { error, mut found } = failed;
    // They are in, and not in the role asked for.
    let inside = |error: Error, how: String| {
        let effect = if error.kind().is_transient() { Effect::NotApplied } else { Effect::Rejected };
        let message = format!("{}; {how}", error.message());
        Err(error.with_effect(effect).with_message(message))
    };
    let mut second = String::new();
    if !matches!(found, Ok(Some(_))) {
        match send_after_removal(account, back).await {
            Ok(_) => return inside(error, format!("the old role {} was put back", old.native_role)),
            Err(failed) => {
                found = failed.found;
                second = format!(" ({})", failed.error);
            }
        }
    }
    // The first addition may have come through late, or somebody else's.
    if found.is_err() {
        found = read_member(account, &back.workspace, &back.principal).await.map_err(|_| Unread);
    }
    let whereabouts = match found {
        Ok(Some(member)) if account.capabilities().roles().satisfies(asked, &member.native_role) => {
            return Ok(member);
        }
        Ok(Some(member)) => {
            return inside(error, format!("reading back shows them in role {}", member.native_role));
        }
        Ok(None) => "they are outside",
        Err(Unread) => "they may be outside",
    };
    let message = format!(
        "{}; putting back the old role {} failed too{second}, so {whereabouts}",
        error.message(),
        old.native_role
    );
    let done = format!("removed {} ({})", old.key, old.native_role);
    Err(error.with_message(message).with_done(vec![done]))
}
