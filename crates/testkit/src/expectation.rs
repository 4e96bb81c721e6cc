//! What a case expects of calls, answers and workspaces.

use crate::failure::{Checked, Stop, check, check_eq, outcome, shown};
use crate::proxy::Proxy;
use crate::seed::Grant;
use crate::stage::{People, Stage};
use futures_util::TryStreamExt;
use std::fmt;
use workspace_members_core::{
    Behaviour, Effect, Error, ErrorKind, ListOf, Member, MemberKey, PrincipalId, Resource, Role, Status,
    Workspace, WorkspaceId, WorkspaceMembersExt,
};

impl Stage {
    /// Nothing may have been sent since [`forget`](Self::forget).
    #[track_caller]
    pub(crate) fn expect_silence(&self, what: &str) -> Checked {
        let sent = self.world.proxy.as_ref().map(Proxy::log).unwrap_or_default();
        let sent: Vec<String> = sent.iter().map(|exchange| exchange.request.to_string()).collect();
        check!(sent.is_empty(), "{what} must send nothing, and sent {sent:?}");
        Ok(())
    }

    /// All workspaces hold whom they should. Those that the case changed are read through the adapter, or else the first
    /// one; the others only where the provider itself cannot be looked at: reading is most of what the suite takes.
    pub(crate) async fn expect_state(&self, when: &str) -> Checked {
        let manageable: Vec<_> =
            self.seed.workspaces.iter().filter(|workspace| workspace.may_be_manageable()).collect();
        let changed = |workspace: &Workspace| {
            self.expected_in(&workspace.id) != self.by_folded_id(self.seed.members_of(&workspace.id))
        };
        let any_changed = manageable.iter().any(|workspace| changed(workspace));
        for (number, workspace) in manageable.into_iter().enumerate() {
            let read = if any_changed { changed(workspace) } else { number == 0 };
            if read || !self.expect_kept(&workspace.id, when)? {
                self.expect_members(&workspace.id, when).await?;
            }
        }
        Ok(())
    }

    /// The workspace holds whom it should: by the adapter, and by the provider itself where the harness can tell.
    pub(crate) async fn expect_members(&self, workspace: &WorkspaceId, when: &str) -> Checked {
        self.expect_kept(workspace, when)?;
        if let Some(read) = self.read_members(workspace).await? {
            let read: People = read.into_iter().map(|(who, member)| (who, member.native_role)).collect();
            // Where a custom role shows as a placeholder only, it is no difference.
            let expected = self.expected_listing(workspace).into_iter();
            let expected: People = expected.map(|(who, role)| (who, self.shown_role(&role))).collect();
            check_eq!(read, expected, "{when}, the adapter's members of {workspace}");
        }
        Ok(())
    }

    /// The listing of the whole account is of those who should be in its workspaces. Returns it.
    pub(crate) async fn expect_account(&self, when: &str) -> Checked<Vec<Member>> {
        let listed: Vec<Member> = self.members().members(ListOf::Account).try_collect().await?;
        let grant = |Member { key, native_role, .. }: &Member| {
            Grant::new(key.workspace.clone(), self.folded(&key.principal), native_role.clone())
        };
        let (mut shown, mut expected): (Vec<_>, Vec<_>) = (listed.iter().map(grant).collect(), Vec::new());
        for Workspace { id, .. } in &self.seed.workspaces {
            let people = self.expected_listing(id).into_iter();
            expected.extend(people.map(|(who, role)| Grant::new(id.clone(), who, role)));
        }
        shown.sort();
        expected.sort();
        check_eq!(shown, expected, "{when}, the whole account");
        Ok(listed)
    }

    /// The workspace holds whom it should by the provider itself. Returns whether the harness can tell.
    pub(crate) fn expect_kept(&self, workspace: &WorkspaceId, when: &str) -> Checked<bool> {
        let Some(truth) = &self.world.truth else { return Ok(false) };
        let known: Vec<_> = truth().into_iter().filter(|grant| grant.workspace == *workspace).collect();
        let count = known.len();
        let known = self.by_folded_id(known.into_iter().map(|grant| (grant.principal, grant.role)));
        check_eq!(known, self.expected_in(workspace), "{when}, the provider's members of {workspace}");
        check_eq!(count, known.len(), "{when}, the provider holds somebody twice in {workspace}");
        Ok(true)
    }

    /// The call fails as one of these kinds. A stack that retries may as well have made it succeed, where the failure
    /// passes by itself; then this returns `None`.
    pub(crate) fn expect_error<T: fmt::Debug>(
        &self,
        what: &str,
        result: Result<T, Error>,
        kinds: &[ErrorKind],
    ) -> Checked<Option<Error>> {
        match result {
            Err(error) if kinds.contains(&error.kind()) => {
                let provider = self.members().provider();
                check_eq!(error.provider(), Some(&provider), "{what}: the error does not name the provider");
                check!(
                    self.bare() || error.attempts() >= 1,
                    "{what}: the error must count at least one attempt: {}",
                    shown(&error)
                );
                Ok(Some(error))
            }
            Ok(_) if !self.bare() && kinds.iter().any(|kind| passes(*kind)) => Ok(None),
            other => Err(Stop::failed(format!("{what}: expected {kinds:?}, got {}", outcome(&other)))),
        }
    }

    /// A refusal: of one of these kinds, with nothing applied.
    pub(crate) fn expect_refusal<T: fmt::Debug>(
        &self,
        what: &str,
        result: Result<T, Error>,
        kinds: &[ErrorKind],
    ) -> Checked {
        if let Some(error) = self.expect_error(what, result, kinds)? {
            check_eq!(error.effect(), Effect::Rejected, "{what}: the effect of {}", shown(&error));
        }
        Ok(())
    }

    /// A refusal that names this among what may be missing. An adapter that reaches one workspace refuses every other one
    /// by itself.
    pub(crate) fn expect_missing<T: fmt::Debug>(
        &self,
        what: &str,
        result: Result<T, Error>,
        missing: Resource,
    ) -> Checked {
        let kinds: &[ErrorKind] = match missing {
            Resource::Workspace => &[ErrorKind::NotFound, ErrorKind::Unsupported],
            _ => &[ErrorKind::NotFound],
        };
        if let Some(error) = self.expect_error(what, result, kinds)? {
            let named = error.kind() == ErrorKind::Unsupported || error.missing().contains(&missing);
            check!(named, "{what}: {missing} is not among {:?}, which may be missing", error.missing());
        }
        Ok(())
    }

    /// The member is the one asked for, in the role asked for.
    pub(crate) fn expect_answer(
        &self,
        member: &Member,
        (workspace, who): (&WorkspaceId, &PrincipalId),
        role: &Role,
    ) -> Checked {
        let key = &member.key;
        let meant = key.workspace == *workspace && self.same(&key.principal, who);
        check!(meant, "the answer is about {key}, and {who} in workspace {workspace} was meant");
        check!(
            member.status != Status::Pending || self.is_pending(who),
            "{key} was let in, and the answer says that they have to accept first"
        );
        check_eq!(member.native_role, self.native(role), "the answer's native role of {key}");
        self.expect_reading(member)?;
        self.expect_membership_id(key)
    }

    /// The member's native role is read as the table says.
    pub(crate) fn expect_reading(&self, member: &Member) -> Checked {
        let table = self.capabilities.roles();
        check_eq!(member.role, table.normalize(&member.native_role), "the role of {}", member.key);
        check_eq!(member.fit, table.fit(&member.native_role), "the fit of {}", member.key);
        Ok(())
    }

    pub(crate) fn expect_membership_id(&self, key: &MemberKey) -> Checked {
        let fine = !self.behaves(Behaviour::MembershipIds) || key.membership.is_some();
        check!(fine, "the provider goes by membership ids, and {key} has none");
        Ok(())
    }
}

/// Whether the call may work when it is repeated.
fn passes(kind: ErrorKind) -> bool {
    kind.is_transient() || matches!(kind, ErrorKind::UnexpectedResponse | ErrorKind::Unconfirmed)
}
