//! How a role is given, and what that costs.

use super::directory::Directory;
use super::step::{Action, Consequence, Step, Strategy};
use workspace_members_core::adapter::ResolvedRole;
use workspace_members_core::{
    AddMember, Behaviour, Capabilities, Capability, Error, Mark, Member, NativeRole, Operation, RemoveMember,
    Role, SetRole, Status,
};

/// How somebody is added. A custom role that the provider accepts only as a change takes two requests: first the lowest
/// role, then the custom one.
pub(super) fn addition(
    capabilities: &Capabilities,
    request: &AddMember,
) -> Result<(Strategy, ResolvedRole), Error> {
    let roles = capabilities.roles();
    let custom = roles.resolve(&request.role).ok().filter(|resolved| resolved.custom);
    let (Some(resolved), Some(lowest), false) =
        (custom, roles.lowest(), capabilities.has(Capability::AddCustomRole))
    else {
        return Ok((Strategy::Atomic, capabilities.check_add(request)?));
    };
    // By its own name: under a policy of exact roles only, the normalized one may be refused.
    let mut first = request.clone();
    first.role = Role::Custom(lowest.native.clone());
    capabilities.check_add(&first)?;
    capabilities.require(Capability::SetCustomRole, Operation::Add)?;
    capabilities.require(Capability::set_role(request.principal.kind()), Operation::Add)?;
    Ok((Strategy::AddThenSetRole, resolved))
}

/// How a member's role is changed: in one request where the provider can; else by removing and adding, if the old role
/// could be put back.
pub(super) fn change(
    capabilities: &Capabilities,
    member: &Member,
    role: &Role,
    resolved: &ResolvedRole,
) -> Result<Strategy, Error> {
    let kind = member.key.principal.kind();
    if capabilities.changes_role_by_adding(kind) {
        let key = member.key.clone();
        let request = AddMember::new(key.workspace, key.principal, role.clone());
        return capabilities.check_add(&request).map(|_| Strategy::Atomic);
    }
    let direct = capabilities.has(Capability::set_role(kind))
        && (!resolved.custom || capabilities.has(Capability::SetCustomRole));
    let around = capabilities.has(Capability::add(kind))
        && capabilities.has(Capability::remove(kind))
        && !capabilities.roles().is_placeholder(&member.native_role);
    if direct || !around {
        let request = SetRole::new(member.key.clone(), role.clone());
        return capabilities.check_set_role(&request).map(|_| Strategy::Atomic);
    }
    for role in [role.clone(), Role::Custom(member.native_role.clone())] {
        let key = member.key.clone();
        capabilities.check_add(&AddMember::new(key.workspace, key.principal, role))?;
    }
    capabilities.check_remove(&RemoveMember::new(member.key.clone()))?;
    Ok(Strategy::RemoveThenAdd)
}

/// Completes a step by what is written, and what follows from that.
pub(super) fn describe(
    directory: &Directory<'_>,
    step: &mut Step,
    role: &Role,
    resolved: ResolvedRole,
    member: Option<&Member>,
) {
    step.consequences.extend_from_slice(price(directory, step, member, &resolved.native));
    let as_member = member.map(|member| member.status).unwrap_or_default();
    if directory.status(&step.principal, as_member) == Status::Inactive
        && matches!(step.action, Action::Add | Action::Promote)
    {
        step.consequences.push(Consequence::Inactive);
    }
    step.role = Some(role.clone());
    step.to = Some(resolved.native);
    step.fit = Some(resolved.fit);
}

/// Whether giving this role may cost money.
///
/// A member marked so buys a seat in any role but the lowest. Somebody whose licence is not known may, and in any role as
/// long as they are not in: what adding them does to their licence is not documented.
fn price(
    directory: &Directory<'_>,
    step: &Step,
    member: Option<&Member>,
    native: &NativeRole,
) -> &'static [Consequence] {
    let capabilities = directory.observed.capabilities();
    if !capabilities.behaves(Behaviour::SellsSeats) {
        return &[];
    }
    let lowest = capabilities.roles().lowest().is_some_and(|row| row.native == *native);
    if directory.is(&step.principal, Mark::SeatOnPromotion) {
        return if lowest { &[] } else { &[Consequence::SeatMayBeBought, Consequence::LicenceUpgraded] };
    }
    let harmless = directory.is_licensed(&step.principal) || (lowest && member.is_some());
    if harmless { &[] } else { &[Consequence::SeatMayBeBought] }
}
