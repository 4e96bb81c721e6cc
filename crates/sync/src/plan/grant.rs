//! How a role is given, and what that costs.

use super::directory::Directory;
use super::step::{Action, Consequence, Step, Strategy};
use workspace_members_core::adapter::ResolvedRole;
use workspace_members_core::{
    AddMember, Behaviour, Capabilities, Capability, Error, Member, MemberKey, NativeRole, Operation,
    PrincipalId, RemoveMember, Role, SetRole, Status,
};

/// Decides how roles are given at one connection.
#[derive(Clone, Copy)]
pub(super) struct Grants<'a> {
    pub(super) directory: &'a Directory<'a>,
}

impl<'a> Grants<'a> {
    fn capabilities(self) -> &'a Capabilities {
        self.directory.observed.capabilities()
    }

    /// A custom role that the provider accepts only as a change: first the lowest role, then the custom one.
    pub(super) fn check_in_two(
        self,
        request: &AddMember,
        resolved: ResolvedRole,
    ) -> Result<ResolvedRole, Error> {
        let capabilities = self.capabilities();
        let Some(lowest) = capabilities.roles().lowest() else {
            return capabilities.check_add(request);
        };
        let mut first = request.clone();
        // By its own name: under a policy of exact roles only, the normalized one may be refused.
        first.role = Role::Custom(lowest.native.clone());
        capabilities.check_add(&first)?;
        capabilities.require(Capability::SetCustomRole, Operation::Add)?;
        let change = Capability::set_role(request.principal.kind());
        capabilities.require(change, Operation::Add)?;
        Ok(resolved)
    }

    /// In one request where the provider can; else by removing and adding, if the old role could be put back.
    pub(super) fn strategy(
        self,
        member: &Member,
        role: &Role,
        resolved: &ResolvedRole,
    ) -> Result<Strategy, Error> {
        let capabilities = self.capabilities();
        let kind = member.key.principal.kind();
        let direct = capabilities.has(Capability::set_role(kind))
            && (!resolved.custom || capabilities.has(Capability::SetCustomRole));
        let around = capabilities.has(Capability::add(kind))
            && capabilities.has(Capability::remove(kind))
            && !capabilities.roles().is_placeholder(&member.native_role);
        if direct || !around {
            let request = SetRole::new(member.key.clone(), role.clone());
            return capabilities.check_set_role(&request).map(|_| Strategy::Atomic);
        }
        let add = |role: Role| {
            let key: &MemberKey = &member.key;
            capabilities.check_add(&AddMember::new(key.workspace.clone(), key.principal.clone(), role))
        };
        add(role.clone())?;
        add(Role::Custom(member.native_role.clone()))?;
        capabilities.check_remove(&RemoveMember::new(member.key.clone()))?;
        Ok(Strategy::RemoveThenAdd)
    }

    /// Says what is written, and what that costs.
    pub(super) fn describe(
        self,
        step: &mut Step,
        role: &Role,
        resolved: ResolvedRole,
        member: Option<&Member>,
    ) {
        step.consequences.extend(self.price(&step.principal, member, &resolved.native));
        let status =
            self.directory.status(&step.principal, member.map(|member| member.status).unwrap_or_default());
        if status == Status::Inactive && matches!(step.action, Action::Add | Action::Promote) {
            step.consequences.push(Consequence::Inactive);
        }
        step.role = Some(role.clone());
        step.to = Some(resolved.native);
        step.fit = Some(resolved.fit);
    }

    /// Whether giving this role may cost money.
    ///
    /// A member marked so buys a seat in any role but the lowest. Somebody whose licence is not known may, and in any
    /// role as long as they are not in: what adding them does to their licence is not documented.
    fn price(
        self,
        principal: &PrincipalId,
        member: Option<&Member>,
        native: &NativeRole,
    ) -> Vec<Consequence> {
        let capabilities = self.capabilities();
        if !capabilities.behaves(Behaviour::SellsSeats) {
            return Vec::new();
        }
        let lowest = capabilities.roles().lowest().is_some_and(|row| row.native == *native);
        if self.directory.has_seat_on_promotion(principal) {
            return if lowest {
                Vec::new()
            } else {
                vec![Consequence::SeatMayBeBought, Consequence::LicenceUpgraded]
            };
        }
        let unknown = !self.directory.has_license(principal);
        let harmless = lowest && member.is_some();
        if unknown && !harmless { vec![Consequence::SeatMayBeBought] } else { Vec::new() }
    }
}
