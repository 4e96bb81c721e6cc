//! What adapters check before they build a request, and compare once an answer came.

use crate::adapter::ResolvedRole;
use crate::{
    AddMember, Behaviour, Capabilities, Capability, Effect, Error, ErrorKind, Invite, ListOf, Mark, Member,
    MemberKey, Notify, Operation, PrincipalId, PrincipalKind, RemoveMember, Result, Role, SetRole, Support,
};

/// What adapters ask before they build a request. Each refusal is made here, so that all providers refuse alike.
impl Capabilities {
    /// Refuses an operation that is not claimed, and says why it is not.
    pub fn require(&self, capability: Capability, operation: Operation) -> Result<()> {
        if self.has(capability) { Ok(()) } else { Err(self.unsupported(capability, operation)) }
    }

    /// The refusal of an operation that is not claimed, with why it is not.
    pub fn unsupported(&self, capability: Capability, operation: Operation) -> Error {
        let why = match self.support(capability) {
            Support::Absent(why) => why,
            Support::Claimed(_) => "this adapter claims it and has not written it".into(),
        };
        self.refusal(format!("{} is not supported: {why}", capability.description()), operation)
    }

    fn refusal(&self, message: String, operation: Operation) -> Error {
        self.failure(operation, Error::unsupported(message))
    }

    /// An error of an operation at this provider.
    pub(crate) fn failure(&self, operation: Operation, error: impl Into<Error>) -> Error {
        error.into().with_operation(operation).with_provider(self.provider().clone())
    }

    /// The one of these members who is this principal. Of two, such as two memberships of one user in one workspace, none is
    /// chosen: their roles may differ, and to remove one leaves the other.
    pub fn only_member(
        &self,
        listed: Vec<Member>,
        principal: &PrincipalId,
        operation: Operation,
    ) -> Result<Option<Member>> {
        let mut found =
            listed.into_iter().filter(|member| self.same_principal(&member.key.principal, principal));
        let (one, other) = match (found.next(), found.next()) {
            (Some(one), Some(other)) => (one, other),
            (found, _) => return Ok(found),
        };
        let [first, second] = [&one, &other].map(|member| match &member.key.membership {
            Some(id) => format!("{id} ({})", member.native_role),
            None => member.native_role.to_string(),
        });
        let message = format!(
            "{} is there twice, as {first} and {second}: end one of the two at the provider, or address one by its \
             membership id",
            one.key
        );
        Err(self.failure(operation, Error::new(ErrorKind::Ambiguous, Effect::Rejected, message)))
    }

    /// Refuses a listing that is not claimed.
    pub fn check_list(&self, of: &ListOf) -> Result<()> {
        let capability = match of {
            ListOf::Workspace(_) => Capability::ListMembers,
            ListOf::Account => Capability::ListAccountMembers,
        };
        self.require(capability, Operation::ListMembers)
    }

    /// Refuses reading one member where that is not claimed, or where only another kind of principal can be a member.
    pub fn check_get(&self, principal: &PrincipalId) -> Result<()> {
        let operation = Operation::Get;
        self.require(Capability::GetMember, operation)?;
        let kind = principal.kind();
        if self.principal_kinds().any(|known| known == kind) {
            return Ok(());
        }
        let why = match self.support(Capability::add(kind)) {
            Support::Absent(why) => why,
            Support::Claimed(_) => "it cannot be a member".into(),
        };
        Err(self.refusal(format!("reading a {kind} as a member is not supported: {why}"), operation))
    }

    /// Refuses an addition that is not claimed, and decides which native role to send.
    pub fn check_add(&self, request: &AddMember) -> Result<ResolvedRole> {
        let operation = Operation::Add;
        self.check_kind(Capability::add, request.principal.kind(), operation)?;
        self.check_notify(request.notify, operation)?;
        self.check_role(&request.role, Capability::AddCustomRole, operation)
    }

    /// Refuses a change of role that is not claimed, and decides which native role to send.
    pub fn check_set_role(&self, request: &SetRole) -> Result<ResolvedRole> {
        let operation = Operation::SetRole;
        self.check_kind(Capability::set_role, request.key.principal.kind(), operation)?;
        self.check_key(&request.key, operation)?;
        self.check_role(&request.role, Capability::SetCustomRole, operation)
    }

    /// Refuses a removal that is not claimed.
    pub fn check_remove(&self, request: &RemoveMember) -> Result<()> {
        self.check_kind(Capability::remove, request.key.principal.kind(), Operation::Remove)?;
        self.check_key(&request.key, Operation::Remove)
    }

    /// Refuses an invitation that is not claimed, and decides which native role to send for each workspace, in order.
    pub fn check_invite(&self, request: &Invite) -> Result<Vec<ResolvedRole>> {
        let operation = Operation::Invite;
        self.require(Capability::InviteUser, operation)?;
        // Where every invitation is mailed, to ask for that is to ask for what happens anyway.
        let mailed = self.behaves(Behaviour::InvitationsMail);
        let notify = Notify { member: request.notify.member && !mailed, ..request.notify };
        self.check_notify(notify, operation)?;
        if request.seat.is_some() && !self.behaves(Behaviour::SellsSeats) {
            let message = format!("{} sells no seats, and the invitation names one", self.provider());
            return Err(self.refusal(message, operation));
        }
        for (at, (workspace, _)) in request.workspaces.iter().enumerate() {
            if request.workspaces[..at].iter().any(|(before, _)| before == workspace) {
                let message = format!("the invitation names workspace {workspace} twice");
                return Err(self.failure(operation, Error::invalid_input(message)));
            }
        }
        let roles = request.workspaces.iter();
        roles.map(|(_, role)| self.check_role(role, Capability::AddCustomRole, operation)).collect()
    }

    fn check_notify(&self, notify: Notify, operation: Operation) -> Result<()> {
        if notify.member {
            self.require(Capability::NotifyMember, operation)?;
        }
        if notify.admins {
            self.require(Capability::NotifyAdmins, operation)?;
        }
        Ok(())
    }

    fn check_kind(
        &self,
        capability: fn(PrincipalKind) -> Capability,
        kind: PrincipalKind,
        operation: Operation,
    ) -> Result<()> {
        let asked = capability(kind);
        let instead = PrincipalKind::ALL.iter().map(|kind| capability(*kind)).find(|other| self.has(*other));
        match (self.support(asked), instead) {
            (Support::Absent(why), Some(instead)) => {
                let (asked, instead) = (asked.description(), instead.description());
                let message = format!("{asked} is not supported: {why}; supported: {instead}");
                Err(self.refusal(message, operation))
            }
            _ => self.require(asked, operation),
        }
    }

    fn check_key(&self, key: &MemberKey, operation: Operation) -> Result<()> {
        if !self.behaves(Behaviour::MembershipIds) || key.membership.is_some() {
            return Ok(());
        }
        let what = operation.as_str().replace('_', " ");
        let message = format!("{what} needs the membership id of {key}, which `get` or a listing yields");
        Err(self.failure(operation, Error::invalid_input(message)))
    }

    fn check_role(&self, role: &Role, custom: Capability, operation: Operation) -> Result<ResolvedRole> {
        let resolved = self.resolve_role(role, operation)?;
        if resolved.custom {
            self.require(custom, operation)?;
        }
        Ok(resolved)
    }

    /// What to send for a role, whatever is claimed.
    pub(crate) fn resolve_role(&self, role: &Role, operation: Operation) -> Result<ResolvedRole> {
        self.roles().resolve(role).map_err(|refused| self.failure(operation, refused))
    }

    /// Compares what a write's answer shows with what was asked. A placeholder confirms a custom role, which it stands
    /// for, and no other; a role that something else sets ([`Mark::RoleFixed`]) confirms whatever was asked.
    pub fn confirm(&self, asked: &ResolvedRole, member: Member, operation: Operation) -> Result<Member> {
        let stands_for_it = asked.custom && self.roles().is_placeholder(&member.native_role);
        if member.native_role == asked.native || stands_for_it || member.is(Mark::RoleFixed) {
            return Ok(member);
        }
        // Whatever an answer says may be quoted, but not at any length.
        let answered: String = member.native_role.as_str().chars().take(64).collect();
        let message = format!(
            "the provider reported success and answered role {answered:?} where {:?} was asked",
            asked.native.as_str()
        );
        Err(self.failure(operation, Error::new(ErrorKind::Unconfirmed, Effect::Unknown, message)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Evidence, Fit, GroupId, NativeRole, Provider, RoleRow, RoleTable, UserId, WorkspaceId};

    fn claiming(some: &[Capability]) -> Capabilities {
        let roles = RoleTable::new([RoleRow::new(Role::Editor, NativeRole::new("writer"), Fit::Exact)]);
        Capabilities::new(Provider::from_static("x"), roles.unwrap()).claim(Evidence::Documented, some)
    }

    #[test]
    fn a_group_that_can_be_seen_can_be_read_though_it_cannot_be_added() {
        let (user, group) = (UserId::from(7).into(), GroupId::from(7).into());
        let reader = claiming(&[Capability::GetMember, Capability::ListGroups]);
        assert!(reader.check_get(&user).is_ok() && reader.check_get(&group).is_ok());
        let without_groups = claiming(&[Capability::GetMember, Capability::AddUser]);
        assert!(without_groups.check_get(&user).is_ok());
        let refused = without_groups.without(&[Capability::AddGroup], "there are none").check_get(&group);
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        assert_eq!(refused.message(), "reading a group as a member is not supported: there are none");
    }

    #[test]
    fn an_invitation_is_checked_as_a_whole_before_it_is_sent() {
        let bare = Invite::new("ana@example.com".parse().unwrap());
        let into = |role| bare.clone().with_workspace(WorkspaceId::from(1), role);
        let inviting = claiming(&[Capability::InviteUser]);
        let natives = |checked: Result<Vec<ResolvedRole>>| -> Vec<String> {
            checked.unwrap().into_iter().map(|role| role.native.to_string()).collect()
        };
        assert_eq!(natives(inviting.check_invite(&into(Role::Editor))), ["writer"]);
        let kind = |request: &Invite, capabilities: &Capabilities| {
            let error = capabilities.check_invite(request).unwrap_err();
            assert_eq!((error.operation(), error.effect()), (Some(Operation::Invite), Effect::Rejected));
            error.kind()
        };
        assert_eq!(kind(&bare, &claiming(&[])), ErrorKind::Unsupported);
        assert_eq!(kind(&into(Role::Owner), &inviting), ErrorKind::InvalidRole);
        let twice = into(Role::Editor).with_workspace(WorkspaceId::from(1), Role::Editor);
        assert_eq!(kind(&twice, &inviting), ErrorKind::InvalidInput);
        assert_eq!(kind(&bare.clone().with_seat(Some("full".into())), &inviting), ErrorKind::Unsupported);
        let mailed = bare.clone().with_notify(Notify::MEMBER);
        assert_eq!(kind(&mailed, &inviting), ErrorKind::Unsupported);
        let always = inviting.with_behaviours(&[Behaviour::InvitationsMail]);
        assert!(always.check_invite(&mailed).is_ok(), "it is mailed anyway");
        assert_eq!(
            kind(&mailed.with_notify(Notify::MEMBER.with_admins(true)), &always),
            ErrorKind::Unsupported
        );
    }
}
